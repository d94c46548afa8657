"""Purging: no personal data is left anywhere in the folder, and what is not personal stays."""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from archived import FROM, TO, Archive, at, backwards, files, fresh, held, page, scripted

from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.errors import FileFailed, InvalidRequest
from spapi_invoices.frames.schemas import TABLES, personal_columns
from spapi_invoices.io.archive import documents, ledger, parts, purge, tables
from spapi_invoices.sandbox import running

WORLD = {"customer_invoices": 30, "shipments": 25, "time_scale": 0}
# The sandbox's clock stands at 2 November, 9:00.
LATER = "2026-12-03T00:00:00+00:00"


def everything(folder: Path) -> bytes:
    """Every byte of the folder; of a Parquet file also what is packed in it."""
    found = b""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found += path.read_bytes()
            if path.suffix == ".parquet":
                found += json.dumps(pl.read_parquet(path).to_dicts(), default=str, ensure_ascii=False).encode()
    return found


def filled(tmp_path: Path, **world: int) -> Archive:
    archive = fresh(tmp_path)
    with running(**{**WORLD, **world}) as sandbox:
        archive.sync(sandbox.client(), FROM, TO, shipment_ids=sandbox.world.shipments)
    return archive


def personal_values(archive: Archive) -> set[str]:
    """All values in the columns of persons."""
    return {
        str(value)
        for name in parts.SHIPMENT_TABLES
        for column in personal_columns(TABLES[name])
        for value in archive.scan(name).collect()[column].drop_nulls()
    }


class TestPurge:
    """What is old goes."""

    def test_no_byte_is_left(self, tmp_path):
        """No personal value and no document is in any file of the folder: not in old parts, not in SQLite's log."""
        archive = filled(tmp_path)
        values, documents = (
            personal_values(archive),
            [p.read_bytes() for p in (archive.folder / "documents").rglob("*.pdf")],
        )
        assert len(values) > 50
        assert len(documents) > 20
        before = everything(archive.folder)
        assert all(value.encode() in before for value in values)
        done = at(LATER, archive).purge()
        assert (done.documents, done.shipments) == (len(held(archive)) - 1, 25)  # one cannot be decoded
        after = everything(archive.folder)
        assert [value for value in values if len(value) > 3 and value.encode() in after] == []
        assert [content for content in documents if content[-200:] in after] == []
        assert personal_values(archive) == set()

    def test_what_is_not_personal_stays(self, tmp_path):
        """Rows and all other columns are as they were."""
        archive = filled(tmp_path)
        before = {name: archive.scan(name).collect() for name in parts.STORED}
        at(LATER, archive).purge()
        for name, frame in before.items():
            hidden = personal_columns(TABLES[name])
            assert archive.scan(name).collect().drop(hidden).equals(frame.drop(hidden))

    def test_only_what_is_old(self, tmp_path):
        """What was fetched later than that stays, in the same part as well."""
        archive, day = fresh(tmp_path), "Mon, 02 Nov 2026 09:00:00 GMT"
        client = scripted(lambda request: shipment(request, day) if "brazil" in request.path else invoices(request))
        archive.sync(client, "2026-10-01", "2026-10-02", shipment_ids=["D1"])
        day = "Mon, 30 Nov 2026 09:00:00 GMT"
        archive.sync(client, shipment_ids=["D2"])
        with ledger.opened(archive.folder) as db, pytest.MonkeyPatch.context() as patch:
            patch.setattr(parts, "_MANY", 2)
            parts.compact(archive.folder, db)
        done = at(LATER, archive).purge()
        assert (done.documents, done.shipments) == (1, 1)
        assert archive.scan("shipments").select("amazon_shipment_id", "buyer_name").collect().rows() == [
            ("D1", None),
            ("D2", "Maria Silva"),
        ]

    def test_a_document_of_two_orders(self, tmp_path):
        """A document that another order still has is not deleted, and is that order's alone."""
        archive, answers = fresh(tmp_path), iter([("A", "02 Nov"), ("B", "30 Nov")])

        def answer(_):
            number, day = next(answers)
            one = page([{"purchaseOrderNumber": number, "content": PDF}])
            return HttpResponse(status=200, headers={"date": f"Mon, {day} 2026 09:00:00 GMT"}, body=one.body)

        archive.sync(scripted(answer), "2026-10-01", "2026-10-02")
        archive.sync(scripted(answer), "2026-10-02", "2026-10-03")
        assert at(LATER, archive).purge().documents == 1
        assert [path for path in files(archive.folder) if path.suffix == ".pdf"] != []
        found = archive.with_documents(archive.scan("customer_invoices").collect())
        assert found["content"].to_list() == [None, base64.b64decode(PDF)]
        done = archive.export_documents(tmp_path / "out")
        assert (done.saved, done.purged, [path.name for path in (tmp_path / "out").iterdir()]) == (1, 1, ["B.pdf"])

    def test_it_does_not_come_back(self, tmp_path):
        """A purged document or shipment that is fetched again is known, and not stored again."""
        archive = filled(tmp_path)
        at(LATER, archive).purge()
        before = files(archive.folder), held(archive)
        with running(**WORLD) as sandbox:
            again = archive.sync(sandbox.client(), FROM, TO, look_back=timedelta(days=60))
        assert (again.windows.height, again.invoices, again.shipments) == (6, 0, 0)
        assert (files(archive.folder), held(archive)) == before
        assert personal_values(archive) == set()

    def test_dry_run(self, tmp_path):
        """A dry run says the same and changes nothing."""
        archive = filled(tmp_path)
        before = everything(archive.folder)
        dry = at(LATER, archive).purge(dry_run=True)
        assert everything(archive.folder) == before
        assert at(LATER, archive).purge() == dry
        assert at(LATER, archive).purge().documents == 0

    def test_older_than(self, tmp_path):
        """Without a length the retention counts, which is 30 days until it is set; what is exactly so old stays."""
        archive = filled(tmp_path)
        assert archive.retention == timedelta(days=30)
        limit = "2026-12-02T09:00:00+00:00"
        assert at(limit, archive).purge(dry_run=True).documents == 0
        assert at(limit, archive).purge(timedelta(days=29), dry_run=True).documents > 0
        archive.keep_for(timedelta(days=20))
        assert at(limit, archive).purge(dry_run=True).documents > 0
        for change in (archive.keep_for, archive.purge):
            with pytest.raises(InvalidRequest):
                change(timedelta(days=-1))

    def test_outdated_rows_go_too(self, tmp_path):
        """An earlier answer of a shipment that was asked again holds an old name, and goes with the first purge."""
        archive = fresh(tmp_path)
        client = scripted(lambda request: shipment(request, "Mon, 02 Nov 2026 09:00:00 GMT", amount="12,50"))
        archive.sync(client, shipment_ids=["D1", "D2"])
        client = scripted(lambda request: shipment(request, "Mon, 30 Nov 2026 09:00:00 GMT", name="Ana Souza"))
        archive.sync(client)
        assert b"Maria Silva" in everything(archive.folder)
        assert at("2026-12-01T00:00:00+00:00", archive).purge().shipments == 0
        assert b"Maria Silva" not in everything(archive.folder)
        assert archive.scan("shipments").collect()["buyer_name"].to_list() == ["Ana Souza"] * 2

    def test_what_amazon_said(self, tmp_path):
        """An error's text may name a person: of windows, details and statuses only that there was one is left."""
        archive = fresh(tmp_path)
        refuse = scripted(lambda _: unknown("Mon, 02 Nov 2026 09:00:00 GMT"))
        archive.sync(refuse, "2026-10-30", "2026-11-01", shipment_ids=["D1"])
        assert b"Maria Silva" in everything(archive.folder)
        later = at(LATER, archive)
        states = later.status("2026-10-30", "2026-11-01").coverage["state"].to_list()
        later.purge()
        assert b"Maria Silva" not in everything(archive.folder)
        found = later.status("2026-10-30", "2026-11-01")
        assert (found.coverage["state"].to_list(), set(found.coverage["error"])) == (
            states,
            {"what Amazon said was purged"},
        )
        assert (found.shipments["without_details"], found.shipments["with_problem"]) == (1, 1)
        assert archive.read("problems")["problem"].to_list() == ["what Amazon said was purged"] * 2

    @pytest.mark.parametrize("purged", [True, False])
    def test_details_that_came_late(self, tmp_path, purged):
        """What Amazon did not know for a month is held since its details came: not purged before, and then asked for."""
        archive, dates = fresh(tmp_path), ("Mon, 02 Nov 2026 09:00:00 GMT", "Thu, 03 Dec 2026 00:00:00 GMT")
        archive.sync(scripted(lambda _: unknown(dates[0])), shipment_ids=["D1"])
        if purged:
            done = at(LATER, archive).purge()
            assert (done.shipments, b"Maria Silva" in everything(archive.folder)) == (0, False)
        at(LATER, archive).sync(scripted(lambda one: shipment(one, dates[1])))
        assert personal_values(archive) == {"Maria Silva"}
        assert at("2027-01-01T00:00:00+00:00", archive).purge().shipments == 0
        assert at("2027-01-03T00:00:00+00:00", archive).purge().shipments == 1

    def test_what_amazon_said_to_an_older_version(self, tmp_path):
        """A purge of an older version left it, and said that the shipment was purged."""
        archive = fresh(tmp_path)
        archive.sync(scripted(lambda _: unknown("Mon, 02 Nov 2026 09:00:00 GMT")), shipment_ids=["D1"])
        said = archive.read("shipments")["problem"].item()
        with ledger.opened(archive.folder) as db:
            db.execute(
                "UPDATE shipments SET held_since = ?1, purged_at = ?1, problem = ?2",
                ("2026-11-02T09:00:00.000000+00:00", said),
            )
        backwards(archive)
        at(LATER, archive).purge()
        assert b"Maria Silva" not in everything(archive.folder)

    def test_while_somebody_has_it_open(self, tmp_path):
        """Nothing stays in SQLite's log either, which is kept as long as anybody has the ledger open."""
        archive, date = fresh(tmp_path), {"date": "Mon, 02 Nov 2026 09:00:00 GMT"}
        body = json.dumps({"errors": [{"code": "InvalidInput", "message": "buyer Maria Silva"}]}).encode()
        with ledger.opened(archive.folder) as db:
            ledger.setting(db, "account")
            archive.sync(
                scripted(lambda _: HttpResponse(status=400, headers=date, body=body)), "2026-10-30", "2026-11-01"
            )
            assert b"Maria Silva" in everything(archive.folder)
            at(LATER, archive).purge()
            assert b"Maria Silva" not in everything(archive.folder)

    def test_while_somebody_reads_it(self, tmp_path, monkeypatch):
        """What a reader keeps in SQLite's log is not called purged; the next purge removes it."""
        archive = fresh(tmp_path)
        with ledger.opened(archive.folder) as db:
            archive.sync(scripted(lambda _: unknown("Mon, 02 Nov 2026 09:00:00 GMT")), "2026-10-30", "2026-11-01")
            db.execute("BEGIN")
            ledger.setting(db, "account")
            monkeypatch.setattr(ledger, "_PATIENCE_SECONDS", 0)
            with pytest.raises(FileFailed, match="end what reads it, then purge again"):
                at(LATER, archive).purge()
            db.execute("COMMIT")
            at(LATER, archive).purge()
            assert b"Maria Silva" not in everything(archive.folder)

    def test_our_own_words_stay(self, tmp_path):
        """Why a field could not be read is said by us, and stays."""
        archive = fresh(tmp_path)
        archive.sync(
            scripted(lambda one: shipment(one, "Mon, 02 Nov 2026 09:00:00 GMT", amount="12,50")), shipment_ids=["D1"]
        )
        before = archive.read("problems")
        at(LATER, archive).purge()
        assert archive.read("problems").equals(before)

    def test_that_a_window_was_interrupted_stays(self, tmp_path):
        """That is no word of Amazon's."""
        archive, pages = fresh(tmp_path), iter([page(invoices(None), "t")])

        def interrupted(_):
            if (one := next(pages, None)) is None:
                raise KeyboardInterrupt
            return one

        with pytest.raises(KeyboardInterrupt):
            archive.sync(scripted(interrupted), "2026-10-30", "2026-11-01")
        before = archive.read("fetch_windows")["error"].to_list()
        at(LATER, archive).purge()
        assert archive.read("fetch_windows")["error"].to_list() == before == ["interrupted before its last page"]

    def test_what_amazon_said_by_a_fast_clock(self, tmp_path):
        """It is not kept until the clock's time has come."""
        archive = at("2030-01-01T00:00:00+00:00", fresh(tmp_path))
        refuse = scripted(lambda _: unknown("Tue, 01 Jan 2030 09:00:00 GMT"))
        archive.sync(refuse, "2026-10-30", "2026-11-01", shipment_ids=["D1"])
        assert b"Maria Silva" in everything(archive.folder)
        at(LATER, archive).purge()
        assert b"Maria Silva" not in everything(archive.folder)

    def test_a_problem_that_lasts(self, tmp_path):
        """A shipment that is asked for again every night is held since its first answer, and is purged in time."""
        archive = fresh(tmp_path)
        for day in ("Mon, 02 Nov 2026", "Mon, 09 Nov 2026", "Mon, 16 Nov 2026"):
            date = f"{day} 09:00:00 GMT"
            archive.sync(scripted(lambda one, date=date: shipment(one, date, amount="12,50")), shipment_ids=["D1"])
        assert at(LATER, archive).status().overdue.shipments == 1
        assert at(LATER, archive).purge().shipments == 1
        assert b"Maria Silva" not in everything(archive.folder)

    def test_an_answer_from_the_future(self, tmp_path):
        """What Amazon dates decades ahead is of now: it grows old like the rest, and proves nothing of the future."""
        archive, date = at("2026-11-02T09:00:00+00:00", fresh(tmp_path)), "Mon, 02 Nov 2055 09:00:00 GMT"

        def answer(request):
            if "brazil" in request.path:
                return shipment(request, date)
            one = page(invoices(request))
            return HttpResponse(status=200, headers={"date": date}, body=one.body)

        archive.sync(scripted(answer), "2026-11-01", "2026-11-05", shipment_ids=["D1"])
        assert archive.status("2026-11-01", "2026-11-05").coverage["state"].to_list() == ["complete", "never_asked"]
        done = at(LATER, archive).purge()
        assert (done.documents, done.shipments) == (1, 1)

    @pytest.mark.parametrize(
        ("local", "amazon", "not_due", "due"),
        [
            pytest.param("2026-08-01", "2026-11-02", "2026-12-01", "2026-12-04", id="slow"),
            pytest.param("2026-08-01", "2026-11-02", "2026-08-30", "2026-09-02", id="slow for good"),
            pytest.param("2030-01-01", "2026-11-02", "2026-12-01", "2026-12-04", id="fast"),
            pytest.param("2026-11-02", "2055-11-02", "2026-12-01", "2026-12-04", id="Amazon's is fast"),
            pytest.param("2026-11-02", "1970-01-01", "2026-12-01", "2026-12-04", id="Amazon's is slow"),
        ],
    )
    def test_a_clock_that_was_wrong(self, tmp_path, local, amazon, not_due, due):
        """Whichever clock was wrong when it was stored, nothing is purged before 30 days are over, and then all is."""
        archive = at(f"{local}T09:00:00+00:00", fresh(tmp_path))
        date = f"{datetime.fromisoformat(amazon):%a, %d %b %Y} 09:00:00 GMT"

        def answer(request):
            if "brazil" in request.path:
                return shipment(request, date)
            return HttpResponse(status=200, headers={"date": date}, body=page(invoices(request)).body)

        archive.sync(scripted(answer), "2026-07-01", "2026-07-05", shipment_ids=["D1"])
        early, late = (at(f"{day}T00:00:00+00:00", archive) for day in (not_due, due))
        done = early.purge()
        assert (done.documents, done.shipments, early.status().overdue.documents) == (0, 0, 0)
        assert late.status().overdue.documents == 1
        done = late.purge()
        assert (done.documents, done.shipments) == (1, 1)

    @pytest.mark.parametrize("seen", ["sync", "purge", "nobody"])
    def test_a_fast_clock_without_amazons(self, tmp_path, seen):
        """What was stored in the future is warned of, held since it is first seen, and purged with all."""
        archive = at("2030-01-01T09:00:00+00:00", fresh(tmp_path))
        date = (
            "Tue, 01 Jan 2030 09:00:00 GMT"  # As if of the machine's clock, which stands in for one that is not sent.
        )

        def answer(request):
            if "brazil" in request.path:
                return shipment(request, date)
            return HttpResponse(status=200, headers={"date": date}, body=page(invoices(request)).body)

        client = scripted(answer)
        archive.sync(client, "2026-07-01", "2026-07-05", shipment_ids=["D1"])
        first, early, late = (at(f"2027-{day}T00:00:00+00:00", archive) for day in ("01-01", "01-31", "02-01"))
        assert (first.status().undated, first.status().overdue.documents) == (2, 0)
        if seen == "nobody":
            done = first.purge(timedelta(0))
        else:
            assert first.sync(client).complete if seen == "sync" else first.purge().documents == 0
            assert (first.status().undated, early.status().overdue.documents, early.purge().shipments) == (0, 0, 0)
            done = late.purge()
        assert (done.documents, done.shipments) == (1, 1)
        assert b"Maria Silva" not in everything(archive.folder)

    def test_a_clock_that_was_fast_for_some_days(self, tmp_path):
        """It puts no purge off if Amazon's was right and a sync saw it."""
        archive = at("2026-11-22T09:00:00+00:00", fresh(tmp_path))
        client = scripted(lambda one: shipment(one, "Mon, 02 Nov 2026 09:00:00 GMT"))
        archive.sync(client, shipment_ids=["D1"])
        at("2026-11-04T00:00:00+00:00", archive).sync(client)
        assert at(LATER, archive).purge().shipments == 1

    @pytest.mark.parametrize("survived", range(0, 40, 3))
    def test_a_crash_at_any_file(self, tmp_path, monkeypatch, survived):
        """If a purge dies before a file is deleted, it is counted as overdue, and the next purge says and deletes it."""
        archive, left = at(LATER, filled(tmp_path)), iter(range(survived))

        def dying(path: Path) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt
            delete(path)

        delete, values = parts.delete, personal_values(archive)
        with monkeypatch.context() as patch:
            for module in (parts, documents):
                patch.setattr(module, "delete", dying)
            # There may be fewer files.
            with suppress(KeyboardInterrupt):
                archive.purge()
        found, rest = archive.status().overdue, everything(archive.folder)
        assert found == archive.purge(dry_run=True)
        assert found.documents or not any(path.suffix == ".pdf" for path in files(archive.folder))
        assert found.shipments or not any(value.encode() in rest for value in values if len(value) > 3)
        assert archive.purge() == found
        rest = everything(archive.folder)
        assert not any(path.suffix == ".pdf" for path in files(archive.folder))
        assert not any(value.encode() in rest for value in values if len(value) > 3)
        assert (archive.status().overdue.documents, archive.status().overdue.shipments) == (0, 0)

    def test_a_sync_ends_a_purge_that_was_killed(self, tmp_path, monkeypatch):
        """What is left on the disk is deleted before anything is asked."""
        archive = filled(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(documents, "delete", _killed)
            with pytest.raises(KeyboardInterrupt):
                at(LATER, archive).purge()
        assert any(path.suffix == ".pdf" for path in files(archive.folder))
        client = scripted(lambda request: shipment(request, "Mon, 30 Nov 2026 09:00:00 GMT"))
        client.account = "sandbox"
        archive.sync(client)
        assert not any(path.suffix == ".pdf" for path in files(archive.folder))


class TestBeside:
    """Reading while a purge replaces and deletes."""

    def purging(self, archive: Archive, function: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
        """The function, with a purge before or after its first call."""
        left = [1]

        def both(*arguments: object) -> object:
            result = None if before and left else function(*arguments)
            if left and left.pop():
                at(LATER, archive).purge()
            return function(*arguments) if result is None else result

        return both

    @pytest.mark.parametrize("look", [Archive.status, lambda archive: archive.scan("shipments").collect()])
    def test_a_part_that_is_replaced_before_it_is_looked_at(self, tmp_path, monkeypatch, look):
        """It is not called missing: what stands in its place counts."""
        archive = filled(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(parts, "lost", self.purging(archive, parts.lost, before=True))
            look(archive)
        assert personal_values(archive) == set()

    @pytest.mark.parametrize("name", ["shipments", "problems"])
    def test_a_part_that_is_replaced_before_it_is_read(self, tmp_path, monkeypatch, name):
        """A table that is read is read again, and is that after the purge."""
        archive = filled(tmp_path)
        monkeypatch.setattr(tables, "scan", self.purging(archive, tables.scan, before=False))
        assert archive.read(name).equals(archive.scan(name).collect())
        assert personal_values(archive) == set()

    def test_a_part_that_a_hand_deletes_before_it_is_read(self, tmp_path, monkeypatch):
        """What nothing stands in the place of is an error, and not looked for again and again."""
        archive = filled(tmp_path)
        scan = tables.scan

        def deleting(folder, db, name) -> pl.LazyFrame:
            found = scan(folder, db, name)
            min((archive.folder / "tables" / name).iterdir()).unlink()
            return found

        monkeypatch.setattr(tables, "scan", deleting)
        with pytest.raises(FileFailed, match="went while shipments was read"):
            archive.read("shipments")


class TestSweep:
    """What a crash left goes, and nothing else."""

    def test_only_what_is_ours(self, tmp_path):
        """Files and folders of other names stay, and so does what a link leads to."""
        archive, mine = fresh(tmp_path), tmp_path / "mine"
        documents, tables = archive.folder / "documents", archive.folder / "tables" / "shipments"
        for folder in (mine, documents / "ab" / "notes", documents / "2026", tables, tables.with_name("kitchen")):
            folder.mkdir(parents=True)
        name = f"{'ab' * 32}.pdf"
        for folder in (mine, documents, documents / "2026", documents / "ab" / "notes", tables.with_name("kitchen")):
            (folder / name).write_text("mine")
        (documents / "ab" / "thumbs.db").write_text("mine")
        (documents / "ba").symlink_to(mine)
        (tables / f"{'c' * 32}.parquet").symlink_to(mine / name)
        before = set(tmp_path.rglob("*")), everything(mine)
        with ledger.opened(archive.folder) as db:
            purge.sweep(archive.folder, db)
        left = {path for path in before[0] if not path.name.startswith("ledger")}
        assert {path for path in left if not path.is_symlink() and not path.exists()} == set()
        assert (everything(mine), (documents / "ba").is_symlink()) == (before[1], True)

    def test_what_was_in_the_making(self, tmp_path):
        """What a process was writing when it died goes, documents and parts."""
        archive = fresh(tmp_path)
        name, part = "ab" * 32, "c" * 32
        left = [
            *(archive.folder / "documents" / "ab" / f"{name}{ending}" for ending in (".pdf", ".pdf.new", ".bin")),
            *(archive.folder / "tables" / "shipments" / one for one in (f"{part}.parquet", f".{part}.parquet.x_1")),
        ]
        for path in left:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("half")
        with ledger.opened(archive.folder) as db:
            purge.sweep(archive.folder, db)
        assert [path for path in left if path.exists()] == []


def _killed(_: Path) -> None:
    raise KeyboardInterrupt


PDF = base64.b64encode(b"%PDF-1.4 an invoice of Maria Silva").decode()


def invoices(_: object) -> list[dict[str, str]]:
    return [{"purchaseOrderNumber": "A", "content": PDF}]


def shipment(request, date: str, amount: str = "10.00", name: str = "Maria Silva") -> HttpResponse:
    one = request.path.split("/")[6]
    if request.path.endswith("status"):
        payload = {"Shipments": {"AmazonShipmentId": one, "InvoiceStatus": "Accepted"}}
    else:
        price = {"CurrencyCode": "BRL", "Amount": amount}
        payload = {"AmazonShipmentId": one, "BuyerName": name, "ShipmentItems": [{"ItemPrice": price}]}
    return HttpResponse(status=200, headers={"date": date}, body=json.dumps({"payload": payload}).encode())


def unknown(date: str) -> HttpResponse:
    """What Amazon says of something that it does not know, with a name in it."""
    body = json.dumps({"errors": [{"code": "NotFound", "message": "buyer Maria Silva of Rua X"}]}).encode()
    return HttpResponse(status=404, headers={"date": date}, body=body)
