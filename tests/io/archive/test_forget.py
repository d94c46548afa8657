"""Forgetting: nothing of a shipment is left, and nothing of another is lost."""

import pytest
from archived import Archive, ask, fresh, scripted
from test_purge import everything, shipment

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.archive import ledger, parts

DATE = "Mon, 02 Nov 2026 09:00:00 GMT"


@pytest.fixture(params=["merged", "as they came"])
def archive(tmp_path, request, monkeypatch) -> Archive:
    """Three shipments, of which D1 was asked for twice, in a part for each sync or in merged ones."""
    made = fresh(tmp_path)
    for ids, name in ((["D1"], "Maria Silva"), (["D2", "D3"], "Ana Souza")):
        made.sync(scripted(lambda one, name=name: shipment(one, DATE, amount="12,50", name=name)), shipment_ids=ids)
    if request.param == "merged":
        with ledger.opened(made.folder) as db:
            monkeypatch.setattr(parts, "_MANY", 2)
            parts.compact(made.folder, db)
    return made


def ids(archive: Archive, name: str) -> list[str]:
    return archive.scan(name).collect()["amazon_shipment_id"].to_list()


def test_no_row_is_left(archive):
    """A shipment goes from every table and the ledger, older answers too; which there were is said."""
    assert archive.forget(["D1", "D9", "D1"]) == ("D1",)
    for name in ("shipments", "shipment_items", "invoice_statuses"):
        assert ids(archive, name) == ["D2", "D3"]
    assert ask(archive, "SELECT amazon_shipment_id FROM shipments") == [("D2",), ("D3",)]
    assert b"D1" not in everything(archive.folder)


def test_the_others_stay(archive):
    """Rows of others are as they were, in their order."""
    before = {name: archive.scan(name).collect() for name in parts.SHIPMENT_TABLES}
    archive.forget(["D2"])
    for name, frame in before.items():
        assert archive.scan(name).collect().equals(frame.filter(frame["amazon_shipment_id"] != "D2"))
    archive.forget(["D1", "D3"])
    assert ids(archive, "shipments") == []


def test_a_damaged_part(archive):
    """Nothing is mended in silence: a part that is damaged is an error, and after the sync that mends it, it is none."""
    path = next((archive.folder / "tables" / "shipments").iterdir())
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FileFailed, match="not what was written"):
        archive.forget(["D1"])
    assert archive.sync(scripted(lambda one: shipment(one, DATE))).lost
    assert archive.forget(["D1"]) == ("D1",)
    assert sorted(ids(archive, "shipments")) == ["D2", "D3"]


def test_given_again(archive):
    """One that is given again is asked for as if for the first time."""
    archive.forget(["D1"])
    done = archive.sync(scripted(lambda one: shipment(one, DATE)), shipment_ids=["D1"])
    assert (done.complete, sorted(ids(archive, "shipments"))) == (True, ["D1", "D2", "D3"])
