"""Mending: a part of the tables that is lost is noticed, costs no document, and its rows come back."""

import os
import uuid
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from archived import FROM, TO, Archive, ask, at, backwards, broken, files, fresh, held, scripted
from test_purge import LATER, everything, invoices, shipment

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.archive import parts
from spapi_invoices.io.tables import to_parquet
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
            with pytest.raises(FileFailed, match=r"missing or not what was written\. Next: restore") as caught:
                read()
            assert path in str(caught.value)

    def test_a_sync_mends_it(self, tmp_path, name, how):
        """After the next sync every row is there once, every document too, and nothing is said any more."""
        archive = filled(tmp_path)
        before = {one: archive.scan(one).collect() for one in parts.STORED}
        pairs = sorted(held(archive), key=str)
        path = Path(spoil(archive, name, how)).relative_to(archive.folder)
        ((rows,),) = ask(archive, f"SELECT rows FROM parts WHERE file = '{path.name}'")
        with running(**WORLD) as sandbox:
            done = archive.sync(sandbox.client(), FROM, TO, look_back=timedelta(0))
        assert done.complete
        assert done.lost == archive.status().lost == (f"{path} ({rows} rows)",)
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
        assert len(at(LATER, archive).purge().lost) == 1
        assert at(LATER, archive).status().lost == ()
        assert list((archive.folder / "documents").rglob("*.pdf")) == []
        after = everything(archive.folder)
        assert [one for one in names if one.encode() in after] == []


@pytest.mark.parametrize("how", ["zeroed", "changed", "another"])
@pytest.mark.parametrize("named", ["by hash", "by chance"])
@pytest.mark.parametrize("name", ["customer_invoices", "shipments"])
class TestOfAnOlderVersion:
    """Parts of which the ledger has no hash."""

    def spoiled(self, tmp_path, name, named, how) -> tuple[Archive, Path]:
        """An archive with a lost part."""
        archive = filled(tmp_path)
        path = Path(min((archive.folder / "tables" / name).iterdir()))
        if named == "by chance":
            old, path = path.name, path.rename(path.with_name(f"{uuid.uuid4().hex}.parquet"))
            backwards(archive, f"UPDATE parts SET file = '{path.name}' WHERE file = '{old}'")
        else:
            backwards(archive)
        content = path.read_bytes()
        wrong = {
            "zeroed": content[:-50] + bytes(50),
            "changed": content[:4] + bytes(99) + content[103:],
            "another": to_parquet(pl.read_parquet(content).head(0)),
        }
        path.write_bytes(wrong[how])
        return archive, path

    def test_it_is_lost(self, tmp_path, name, named, how):
        """It is said by its path, and the next sync mends it; all other parts count as they are."""
        archive, path = self.spoiled(tmp_path, name, named, how)
        for read in (archive.status, lambda: archive.read(name), lambda: archive.scan(name)):
            with pytest.raises(FileFailed, match=f"{path.name} is missing or not what was written"):
                read()
        with running(**WORLD) as sandbox:
            (lost,) = archive.sync(sandbox.client(), FROM, TO, look_back=timedelta(0)).lost
        assert path.name in lost
        assert archive.status(FROM, TO).complete

    def test_purge(self, tmp_path, name, named, how):
        """It keeps no name and no document from being removed."""
        archive, _ = self.spoiled(tmp_path, name, named, how)
        assert len(at(LATER, archive).purge().lost) == 1
        assert archive.read("shipments")["buyer_name"].null_count() == archive.read("shipments").height
        assert not any(path.suffix == ".pdf" for path in files(archive.folder))


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
    found = archive.status()
    assert (found.shipments["without_details"], found.complete) == (len(sandbox.world.shipments), False)


class TestShipments:
    """Whose rows are gone is known, and nobody is told otherwise."""

    DATE = "Mon, 02 Nov 2026 09:00:00 GMT"

    def answer(self, request):
        """Shipments, or an invoice."""
        return shipment(request, self.DATE) if "brazil" in request.path else invoices(request)

    def test_without_details(self, tmp_path):
        """After a purge that mends, or a sync whose asking fails, those that lost their rows count as without details."""
        archive = fresh(tmp_path)
        for one in ("D1", "D2"):
            archive.sync(scripted(self.answer), shipment_ids=[one])
        spoil(archive, "shipments", "deleted")
        archive.purge(timedelta(days=3000))
        ((gone,),) = ask(archive, "SELECT amazon_shipment_id FROM shipments WHERE details_at IS NULL")
        (left,) = {"D1", "D2"} - {gone}
        assert archive.scan("shipments").collect()["amazon_shipment_id"].to_list() == [left]
        assert (archive.status().shipments["without_details"], archive.status().complete) == (1, False)
        asked = []
        done = archive.sync(scripted(lambda request: asked.append(request.path) or self.answer(request)))
        assert (done.shipments, [path.split("/")[-1] for path in asked]) == (1, [gone])
        assert archive.status().shipments["without_details"] == 0

    def test_an_older_answer_is_none(self, tmp_path):
        """If the newest rows of a shipment are lost, the older ones that come to light again do not count as its details."""
        archive = fresh(tmp_path)
        archive.sync(
            scripted(lambda one: shipment(one, "Mon, 02 Nov 2026 08:00:00 GMT", amount="12,50")), shipment_ids=["D1"]
        )
        old = files(archive.folder)
        archive.sync(scripted(lambda one: shipment(one, self.DATE, name="Ana Souza")))
        for path in files(archive.folder) - old:
            (archive.folder / path).unlink()
        archive.purge(timedelta(days=3000))
        assert archive.status().shipments["without_details"] == 1


def test_rows_without_a_number_are_made_once(tmp_path):
    """An invoice without an order number whose row is not lost is not made again."""
    archive = fresh(tmp_path)
    for one in ({"content": "x"}, {"purchaseOrderNumber": "A", "content": "JVBERi0xLjQK"}):
        archive.sync(scripted(lambda _, one=one: [one]), "2026-10-30", "2026-11-01")
    (file,) = (file for (file,) in ask(archive, "SELECT file FROM parts ORDER BY id DESC LIMIT 1"))
    (archive.folder / "tables" / "customer_invoices" / file).unlink()
    archive.purge(timedelta(days=3000))
    assert sorted((number for number, _ in held(archive)), key=str) == ["A", None]


class TestUnreadable:
    """A part that cannot be read may be as it was."""

    def refuse(self, monkeypatch, archive, name: str) -> None:
        """Let the first part of a table not be read, as a disk or a limit on open files does."""
        read, path = Path.read_bytes, min((archive.folder / "tables" / name).iterdir())

        def refusing(one: Path) -> bytes:
            if one == path:
                raise OSError(24, "Too many open files")
            return read(one)

        monkeypatch.setattr(Path, "read_bytes", refusing)

    @pytest.mark.parametrize("name", ["customer_invoices", "shipments"])
    def test_it_is_an_error_and_stays(self, tmp_path, monkeypatch, name):
        """Whoever needs it is told why it cannot be read; the ledger and the file stay, and count again afterwards."""
        archive = filled(tmp_path)
        rows, before = archive.scan(name).collect(), files(archive.folder)
        with monkeypatch.context() as patch, running(**WORLD) as sandbox:
            self.refuse(patch, archive, name)
            for use in (archive.status, lambda: archive.scan(name), lambda: archive.sync(sandbox.client())):
                with pytest.raises(FileFailed, match="cannot be read: Too many open files"):
                    use()
        assert files(archive.folder) == before
        assert archive.scan(name).collect().equals(rows)

    def test_documents_are_purged(self, tmp_path, monkeypatch):
        """Documents that are due go even so."""
        archive = filled(tmp_path)
        self.refuse(monkeypatch, archive, "shipments")
        with pytest.raises(FileFailed, match="Too many open files"):
            at(LATER, archive).purge()
        assert list((archive.folder / "documents").rglob("*.pdf")) == []


def test_a_damaged_file_stays_until_a_purge(tmp_path):
    """What is damaged is kept for whoever can read something of it, and goes as soon as anything is due."""
    archive = filled(tmp_path)
    path = Path(spoil(archive, "shipments", "changed"))
    content = path.read_bytes()
    with running(**WORLD) as sandbox:
        archive.sync(sandbox.client())
    archive.purge()
    assert path.read_bytes() == content
    at(LATER, archive).purge()
    assert not os.path.lexists(path)


def lost_and_forgotten(tmp_path) -> tuple[Archive, Path]:
    """An archive with a damaged file of a shipment that it does not have any more, and with one that it has."""
    archive = fresh(tmp_path)
    client = scripted(lambda request: shipment(request, "Mon, 02 Nov 2026 09:00:00 GMT"))
    archive.sync(client, shipment_ids=["D1"])
    path = Path(spoil(archive, "shipments", "changed"))
    archive.purge(timedelta(days=3000))
    archive.forget(["D1"])
    return archive, path


def test_a_damaged_file_grows_old(tmp_path):
    """When it was found longer ago than the retention it goes, though nothing else is due."""
    archive, path = lost_and_forgotten(tmp_path)
    late = scripted(lambda request: shipment(request, "Mon, 30 Nov 2026 09:00:00 GMT"))
    at("2026-11-30T09:00:00+00:00", archive).sync(late, shipment_ids=["D2"])
    at("2026-12-01T00:00:00+00:00", archive).purge()
    assert b"Maria Silva" in path.read_bytes()
    done = at(LATER, archive).purge()
    assert (done.shipments, os.path.lexists(path), archive.status().lost) == (0, False, ())


def test_a_damaged_file_of_nobody(tmp_path):
    """It goes when nothing is left that it could hold: all was forgotten, or purged before."""
    archive, path = lost_and_forgotten(tmp_path)
    archive.purge()
    assert (os.path.lexists(path), archive.status().lost) == (False, ())
    archive = filled(tmp_path / "another")
    at(LATER, archive).purge()
    spoil(archive, "shipments", "changed")
    assert len(at(LATER, archive).purge().lost) == 1
    assert archive.status().lost == ()


def test_documents_are_purged_whatever_happens_to_tables(tmp_path, monkeypatch):
    """A disk that has no room for a new part keeps no document that is due."""

    def full(*_: object) -> None:
        raise FileFailed("no room. Next: make room")

    archive = filled(tmp_path)
    monkeypatch.setattr(parts, "write_whole", full)
    with pytest.raises(FileFailed, match="no room"):
        at(LATER, archive).purge()
    assert list((archive.folder / "documents").rglob("*.pdf")) == []
