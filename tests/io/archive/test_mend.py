"""Mending: a part of the tables that is lost is noticed, costs no document, and its rows come back."""

from datetime import timedelta

import pytest
from archived import FROM, TO, Archive, at, broken, fresh, held
from test_purge import LATER, everything

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.archive import parts
from spapi_invoices.sandbox import running

WORLD = {"customer_invoices": 30, "shipments": 6, "time_scale": 0, "page_size": 10}


def filled(tmp_path) -> Archive:
    archive = fresh(tmp_path)
    with running(**WORLD) as sandbox:
        archive.sync(sandbox.client(), FROM, TO, shipment_ids=sandbox.world.shipments)
    return archive


def spoil(archive: Archive, name: str, how: str) -> str:
    """Delete, cut or change the first part of a table; its path."""
    path = next(iter(sorted((archive.folder / "tables" / name).iterdir())))
    if how == "deleted":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(content[:-9] if how == "cut" else content[:40] + b"\0xx" + content[43:])
    return str(path)


@pytest.mark.parametrize("how", ["deleted", "cut", "changed"])
@pytest.mark.parametrize("name", ["customer_invoices", "shipments", "shipment_items"])
class TestLost:
    """Whatever became of whichever part."""

    def test_it_is_said(self, tmp_path, name, how):
        """Status and whoever reads the table are told which file it is, and what to do."""
        archive = filled(tmp_path)
        path = spoil(archive, name, how)
        for read in (archive.status, lambda: archive.scan(name)):
            with pytest.raises(FileFailed, match=r"missing or not what was written\. Next: sync") as caught:
                read()
            assert path in str(caught.value)

    def test_a_sync_mends_it(self, tmp_path, name, how):
        """After the next sync every row is there once, every document too, and nothing is said any more."""
        archive = filled(tmp_path)
        before = {one: archive.scan(one).collect() for one in parts.STORED}
        pairs = sorted(held(archive), key=str)
        spoil(archive, name, how)
        with running(**WORLD) as sandbox:
            done = archive.sync(sandbox.client(), FROM, TO, look_back=timedelta(0))
        assert done.complete
        assert {one: archive.scan(one).collect().height for one in before} == {
            one: f.height for one, f in before.items()
        }
        assert sorted(held(archive), key=str) == pairs
        versions = set(archive.scan("customer_invoices").collect()["api_version"])
        assert versions == ({"unknown", "v1"} if name == "customer_invoices" else {"v1"})
        assert (broken(archive), archive.status(FROM, TO).complete) == ([], True)

    def test_purge(self, tmp_path, name, how):
        """What is due goes all the same: every document, and every name in every part."""
        archive = filled(tmp_path)
        names = archive.scan("shipments").collect()["buyer_name"].drop_nulls().to_list()
        assert names
        spoil(archive, name, how)
        at(LATER, archive).purge()
        assert list((archive.folder / "documents").rglob("*.pdf")) == []
        after = everything(archive.folder)
        assert [one for one in names if one.encode() in after] == []


def test_what_was_purged_stays_away(tmp_path):
    """Shipments that were purged are not asked for again, though their rows are lost; invoices keep their rows."""
    archive = filled(tmp_path)
    at(LATER, archive).purge()
    pairs = sorted(held(archive), key=str)
    for name in ("customer_invoices", "shipments"):
        spoil(archive, name, "deleted")
    with running(**WORLD) as sandbox:
        done = archive.sync(sandbox.client(), FROM, TO, look_back=timedelta(0))
    assert (done.shipments, sorted(held(archive), key=str)) == (0, pairs)
    assert list((archive.folder / "documents").rglob("*.pdf")) == []


def test_documents_are_purged_whatever_happens_to_tables(tmp_path, monkeypatch):
    """A disk that has no room for a new part keeps no document that is due."""

    def full(*_: object) -> None:
        raise FileFailed("no room. Next: make room")

    archive = filled(tmp_path)
    monkeypatch.setattr(parts, "write_whole", full)
    with pytest.raises(FileFailed, match="no room"):
        at(LATER, archive).purge()
    assert list((archive.folder / "documents").rglob("*.pdf")) == []
