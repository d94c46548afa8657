"""Syncing: everything, exactly once, only what is missing, and never a partial answer as success."""

import base64
import json
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from archived import FROM, TO, ask, broken, files, fresh, held, page, scripted, truth
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.errors import FileFailed, InvalidRequest
from spapi_invoices.io.answers import Progress
from spapi_invoices.io.archive import Archive, parts
from spapi_invoices.sandbox import running

WORLD = {"customer_invoices": 60, "shipments": 25, "time_scale": 0, "page_size": 4}


def invoice(number: str, content: bytes) -> dict[str, str]:
    return {"purchaseOrderNumber": number, "content": base64.b64encode(content).decode()}


def error(status: int, code: str) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps({"errors": [{"code": code, "message": "no"}]}).encode())


def asked(request) -> str:
    """The start of the window that a request asks for."""
    return dict(request.query)["createdAfter"]


class TestEverything:
    """The archive becomes the world."""

    def test_document_for_document(self, tmp_path):
        """After a sync the archive has each document of the world once, whole, and each shipment with its status."""
        with running(**WORLD) as sandbox:
            archive = fresh(tmp_path)
            done = archive.sync(sandbox.client(), FROM, TO, shipment_ids=sandbox.world.shipments)
            statuses = {one: shipment.invoice_status for one, shipment in sandbox.world.shipments.items()}
        assert (done.complete, done.invoices, done.shipments, done.statuses) == (
            True,
            len(truth(sandbox.world)),
            25,
            25,
        )
        assert Counter(held(archive)) == Counter(truth(sandbox.world))
        assert broken(archive) == []
        assert archive.scan("customer_invoices").collect()["content"].null_count() == done.invoices
        found = archive.scan("invoice_statuses").select("amazon_shipment_id", "invoice_status").collect()
        assert dict(found.rows()) == statuses
        assert archive.scan("shipments").collect()["amazon_shipment_id"].to_list() == list(statuses)

    def test_as_the_client_fetches_it(self, tmp_path):
        """The tables are those of the client's own fetch, but for the content, which is in the files."""
        with running(**WORLD) as sandbox:
            client, archive = sandbox.client(), fresh(tmp_path)
            archive.sync(client, FROM, TO, shipment_ids=sandbox.world.shipments)
            fetched, shipments = client.customer_invoices(FROM, TO), client.shipments(sandbox.world.shipments)
            statuses = client.invoice_statuses(sandbox.world.shipments)
        key = ["purchase_order_number", "sha256"]
        ours = archive.with_documents(archive.scan("customer_invoices").collect()).sort(key)
        assert ours.drop("request_id", "created_after", "created_before").equals(
            fetched.frame.sort(key).drop("request_id", "created_after", "created_before")
        )
        assert archive.scan("shipments").collect().drop("request_id").equals(shipments.shipments.drop("request_id"))
        for name, theirs in (
            ("items", shipments.items),
            ("payments", shipments.payments),
            ("tax_ids", shipments.tax_ids),
        ):
            assert archive.scan(f"shipment_{name}").collect().equals(theirs)
        assert archive.scan("invoice_statuses").collect().drop("request_id").equals(statuses.drop("request_id"))
        assert set(shipments.problems["record"]) <= set(archive.scan("problems").collect()["record"])

    def test_replayed_from_the_demo(self, tmp_path):
        """A recording fills an archive as well."""
        import spapi_invoices as spi
        from spapi_invoices.io.demo_files import demo_file

        done = fresh(tmp_path).sync(spi.connect(replay=demo_file("demo.yaml")), FROM, "2026-11-01")
        assert (done.complete, done.invoices) == (True, 16)


class TestOnlyWhatIsMissing:
    """What was answered is not asked again, but for the look-back."""

    def test_the_second_sync(self, tmp_path):
        """Only what became available in the seven days before it was asked for is asked again; nothing comes twice."""
        with running(**WORLD) as sandbox:
            archive = fresh(tmp_path)
            archive.sync(sandbox.client(), FROM, TO)
            before = held(archive)
            again = archive.sync(sandbox.client(), FROM, TO)
        # The sandbox's now is 2 November, 9:00; a minute is the margin.
        assert again.windows["window_start"].to_list() == [datetime(2026, 10, 26, 8, 59, tzinfo=UTC)]
        assert (again.complete, again.invoices, held(archive)) == (True, 0, before)

    def test_without_look_back(self, tmp_path):
        """With a look-back of zero nothing that was answered is asked again."""
        with running(**WORLD) as sandbox:
            archive = fresh(tmp_path)
            archive.sync(sandbox.client(), FROM, TO)
            again = archive.sync(sandbox.client(), FROM, TO, look_back=timedelta(0))
        assert (again.complete, again.windows.height) == (True, 0)

    def test_a_hole_in_the_middle(self, tmp_path):
        """Between two ranges that are there, what lies between them is asked for, a margin into both."""
        seen = []
        client = scripted(lambda request: seen.append(dict(request.query)) or [])
        archive = fresh(tmp_path)
        archive.sync(client, "2026-09-01", "2026-09-05")
        archive.sync(client, "2026-09-08", "2026-09-12")
        seen.clear()
        archive.sync(client, "2026-09-01", "2026-09-12")
        assert [(one["createdAfter"], one["createdBefore"]) for one in seen] == [
            ("2026-09-04T23:59:00Z", "2026-09-08T00:01:00Z")
        ]

    def test_a_warehouse(self, tmp_path):
        """What was asked of one warehouse is not known of all; what was asked of all is known of each."""
        seen = []
        client = scripted(lambda request: seen.append(dict(request.query).get("shipFromPartyId")) or [])
        archive = fresh(tmp_path)
        for party in ("A", "A", None, "A", "B"):
            archive.sync(client, "2026-09-01", "2026-09-05", ship_from_party_id=party)
        assert seen == ["A", None]

    def test_the_same_document_of_two_orders(self, tmp_path):
        """A document is a row per purchase order and a file once; the same row from two windows is there once."""
        twice = [invoice("A", b"%PDF-1"), invoice("B", b"%PDF-1"), invoice("A", b"%PDF-2")]
        archive = fresh(tmp_path)
        done = archive.sync(scripted(lambda _: twice), "2026-09-01", "2026-09-30")
        assert (done.windows.height, done.invoices) == (5, 3)
        assert len({path for path in files(archive.folder) if path.parts[0] == "documents"}) == 2

    @given(
        st.lists(
            st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from([b"1", b"2", b""])), max_size=6), max_size=4
        )
    )
    def test_once_whatever_comes(self, tmp_path_factory, pages):
        """Whatever the pages of two syncs hold, each order's document is a row once, in the order in which it came."""
        answers = iter([*pages, *pages])
        archive = fresh(tmp_path_factory.mktemp("a"))
        for _ in pages:
            client = scripted(lambda _: [invoice(number, content) for number, content in next(answers)])
            archive.sync(client, "2026-10-30", "2026-11-01")
        came = dict.fromkeys((number, sha256(content).hexdigest()) for page in pages for number, content in page)
        assert held(archive) == list(came)
        assert broken(archive) == []

    def test_an_order_without_a_number(self, tmp_path):
        """Entries that cannot be read are rows, as in the client: no number and the same hash is the same row."""
        bad = {"content": "x"}
        archive = fresh(tmp_path)
        done = archive.sync(scripted(lambda _: [bad, bad, {"content": "y"}]), "2026-09-01", "2026-09-30")
        assert (done.complete, done.invoices) == (True, 2)
        assert archive.scan("problems").collect()["operation"].to_list() == ["getCustomerInvoices"] * 2


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_a_document_that_was_damaged_is_mended(tmp_path, damage):
    """A document that comes again and is not there as it was is written again; nothing else changes."""
    archive = fresh(tmp_path)
    client = scripted(lambda _: [invoice("A", b"%PDF-1"), invoice("B", b"%PDF-2")])
    archive.sync(client, "2026-10-30", "2026-11-01")
    damage(next((archive.folder / "documents").rglob("*.pdf")))
    assert len(broken(archive)) == 1
    assert archive.sync(client, "2026-10-30", "2026-11-01").invoices == 0
    assert (broken(archive), len(held(archive))) == ([], 2)


class TestWhatFails:
    """Explicitly incomplete, with evidence; the rest is there."""

    def test_one_window(self, tmp_path):
        """A window that fails is noted with its error, the others are stored, and the next sync asks for it alone."""
        fails = {"2026-09-06T23:59:00Z"}

        def answer(request):
            if asked(request) in fails:
                return error(500, "InternalFailure")
            return [invoice(asked(request)[:10].replace("-", ""), b"%PDF")]

        archive = fresh(tmp_path)
        done = archive.sync(scripted(answer), "2026-09-01", "2026-09-30")
        assert not done.complete
        assert done.windows["state"].to_list() == ["complete", "failed", "complete", "complete", "complete"]
        assert len(done.errors) == 1
        assert "HTTP 500" in done.errors[0]
        assert "2026-09-06 23:59 to 2026-09-13 00:00" in done.errors[0]
        fails.clear()
        again = archive.sync(scripted(answer), "2026-09-01", "2026-09-30")
        assert (again.complete, again.windows.height, again.invoices) == (True, 1, 1)
        assert set(archive.scan("fetch_windows").collect()["state"]) == {"complete"}

    def test_in_the_middle_of_a_window(self, tmp_path):
        """Pages that came before a failure are stored, and the window is truncated and asked for again."""

        def answer(request):
            if "nextToken" in dict(request.query):
                return HttpResponse(status=503, body=b"<html>")
            return page([invoice("A", b"%PDF")], token="more")

        archive = fresh(tmp_path)
        done = archive.sync(scripted(answer), "2026-09-01", "2026-09-05")
        assert done.windows["state"].to_list() == ["truncated"]
        assert [number for number, _ in held(archive)] == ["A"]
        again = archive.sync(scripted(lambda _: [invoice("B", b"%PDF")]), "2026-09-01", "2026-09-05")
        assert (again.complete, [number for number, _ in held(archive)]) == (True, ["A", "B"])

    def test_refused_credentials_end_it(self, tmp_path):
        """After 403 no further window and no shipment is asked for; they are not asked, not complete."""
        seen = []

        def answer(request):
            seen.append(request.operation.operation_id)
            return error(403, "Unauthorized")

        done = fresh(tmp_path).sync(scripted(answer), "2026-09-01", "2026-09-30", shipment_ids=["D1"])
        assert seen == ["getCustomerInvoices"]
        assert done.windows["state"].to_list() == ["failed", *["not_asked"] * 4]
        assert not done.complete

    def test_a_shipment_that_cannot_be_had_holds_up_no_other(self, tmp_path):
        """An answer that is none costs its shipment alone; it is asked for again by the next sync, and only it."""
        seen = []

        def answer(request):
            seen.append(request.path)
            if request.path.endswith("/D2"):
                return HttpResponse(status=200, body=b"<html>")
            one = request.path.split("/")[6]
            if request.path.endswith("status"):
                payload = {"Shipments": {"AmazonShipmentId": one, "InvoiceStatus": "Accepted"}}
            else:
                payload = {"AmazonShipmentId": one, "ShipmentItems": [ITEM]}
            return HttpResponse(status=200, body=json.dumps({"payload": payload}).encode())

        archive = fresh(tmp_path)
        done = archive.sync(scripted(answer), shipment_ids=["D1", "D2", "D3"])
        assert (done.complete, done.shipments, done.statuses, len(done.errors)) == (False, 2, 3, 1)
        assert "D2" in done.errors[0]
        seen.clear()
        archive.sync(scripted(answer))
        assert [one.split("/")[6:] for one in seen] == [["D2"]]

    def test_a_network_that_is_gone(self, tmp_path):
        """When shipment after shipment fails, the rest is left for the next sync, and that is said."""
        done = fresh(tmp_path).sync(
            scripted(lambda _: HttpResponse(status=503, body=b"")), shipment_ids=[f"D{n}" for n in range(9)]
        )
        assert (done.complete, done.shipments) == (False, 0)
        assert done.errors[-1] == "6 more shipments were not asked for"

    def test_a_few_that_always_fail(self, tmp_path):
        """Ids that fail each time keep no other from its turn: those that failed are asked for last."""
        archive, bad = fresh(tmp_path), {f"D{n}" for n in range(4)}

        def answer(request):
            one = request.path.split("/")[6]
            if one in bad:
                return HttpResponse(status=500, body=b"")
            if request.path.endswith("status"):
                payload = {"Shipments": {"AmazonShipmentId": one, "InvoiceStatus": "Accepted"}}
            else:
                payload = {"AmazonShipmentId": one, "ShipmentItems": [ITEM]}
            return HttpResponse(status=200, body=json.dumps({"payload": payload}).encode())

        came = [archive.sync(scripted(answer), shipment_ids=[*sorted(bad), "D5", "D6"]).shipments]
        came += [archive.sync(scripted(answer)).shipments for _ in range(2)]
        assert (sum(came), archive.status().shipments["without_details"]) == (2, 4)

    @pytest.mark.parametrize("bad", ["", " D1", "..", "D\n1", "D\ud800"])
    def test_an_id_that_cannot_be_asked_for(self, tmp_path, bad):
        """None of the ids is remembered, so the next sync has nothing to stumble over."""
        archive = fresh(tmp_path)
        with pytest.raises(InvalidRequest, match="shipment id"):
            archive.sync(scripted(lambda _: []), "2026-10-30", shipment_ids=["D1", bad])
        assert archive.status().shipments["remembered"] == 0
        assert archive.sync(scripted(lambda _: []), "2026-10-30").complete

    def test_an_id_that_an_older_version_remembered(self, tmp_path):
        """One that cannot be asked for is named, and all others and the windows are asked for."""
        archive = fresh(tmp_path)
        with closing(sqlite3.connect(archive.folder / "ledger.sqlite")) as db, db:
            db.executemany(
                "INSERT INTO shipments (amazon_shipment_id, added_at) VALUES (?, '2026')", [("A\tB",), ("",)]
            )
        done = archive.sync(scripted(known), "2026-10-30", "2026-11-01", shipment_ids=["D1"])
        assert (done.shipments, done.statuses, done.windows["state"].to_list()) == (1, 1, ["complete"])
        assert [said.split(":")[0] for said in done.errors] == [r"shipment 'A\tB'", "shipment ''"]
        assert all("take it out of the archive" in said for said in done.errors)
        assert archive.forget(["A\tB", ""]) == ("A\tB", "")
        assert archive.sync(scripted(known)).complete

    def test_an_id_that_amazon_does_not_know(self, tmp_path):
        """It has no details, whatever the row says of it; it is named and asked for again, and is no shipment that came."""

        def answer(request):
            return error(404, "NotFound") if "/D2" in request.path else known(request)

        archive = fresh(tmp_path)
        for ids, came in ((["D1", "D2", "D3"], 2), ([], 0)):
            done = archive.sync(scripted(answer), shipment_ids=ids)
            assert (done.complete, done.shipments, len(done.errors)) == (False, came, 1)
            assert done.errors[0].startswith("shipment 'D2': getShipmentDetails: HTTP 404")
            assert (archive.status().shipments["without_details"], archive.status().complete) == (1, False)
        assert archive.sync(scripted(known)).complete
        assert archive.status().complete

    def test_details_outlive_an_answer_without(self, tmp_path):
        """What is known of a shipment stays if Amazon does not know it any more; that is named, and no reason to take it out."""
        archive = fresh(tmp_path)
        some = [{**ITEM, "ItemPrice": {"CurrencyCode": "BRL", "Amount": "12,50"}}]
        payload = {"payload": {"AmazonShipmentId": "D1", "ShipmentItems": some}}
        archive.sync(
            scripted(lambda _: HttpResponse(status=200, body=json.dumps(payload).encode())), shipment_ids=["D1"]
        )
        before = {name: archive.read(name) for name in parts.SHIPMENT_TABLES}
        done = archive.sync(scripted(lambda _: error(404, "NotFound")))
        assert (done.complete, done.shipments, done.errors) == (True, 0, ())
        (said,) = done.warnings
        assert said.startswith("shipment 'D1' keeps the details that it has: getShipmentDetails: HTTP 404: NotFound")
        assert said.count("Next: ") == 1
        assert "archive forget" not in said
        assert archive.status().complete
        assert all(archive.read(name).equals(frame) for name, frame in before.items())
        assert archive.status().shipments["without_details"] == 0

    def test_nothing_wanted(self, tmp_path):
        """Neither dates nor shipments is a request to mend, and so is an empty range."""
        archive = fresh(tmp_path)
        with pytest.raises(InvalidRequest, match="neither dates nor shipments"):
            archive.sync(scripted(lambda _: []))
        with pytest.raises(InvalidRequest, match="is no range"):
            archive.sync(scripted(lambda _: []), "2026-09-02", "2026-09-02")
        for ask_for in (archive.status, lambda **end: archive.sync(scripted(lambda _: []), shipment_ids=["D1"], **end)):
            with pytest.raises(InvalidRequest, match="an end without a start"):
                ask_for(end="2026-09-02")
        with pytest.raises(InvalidRequest, match="0 to 36500 days"):
            archive.sync(scripted(lambda _: []), "2026-09-02", look_back=timedelta(days=-1))


def known(request):
    """No invoices, and whatever shipment is asked for."""
    if "brazil" not in request.path:
        return []
    one = request.path.split("/")[6]
    if request.path.endswith("status"):
        payload = {"Shipments": {"AmazonShipmentId": one, "InvoiceStatus": "Accepted"}}
    else:
        payload = {"AmazonShipmentId": one, "ShipmentItems": [ITEM]}
    return HttpResponse(status=200, body=json.dumps({"payload": payload}).encode())


ITEM = {"ItemPrice": {"CurrencyCode": "BRL", "Amount": "10.00"}, "QuantityOrdered": 1}


class TestShipments:
    """Details once, statuses until accepted, the newest answer."""

    def test_the_newest_answer_counts(self, tmp_path):
        """A shipment with a problem is asked for again; its newest rows stand alone, also where they are fewer."""
        items = [{**ITEM, "ItemPrice": {"CurrencyCode": "BRL", "Amount": "12,50"}}, ITEM]
        status = "Processing"

        def answer(request):
            if request.path.endswith("status"):
                payload = {"Shipments": {"AmazonShipmentId": "D1", "InvoiceStatus": status}}
            else:
                payload = {"AmazonShipmentId": "D1", "ShipmentItems": items}
            return HttpResponse(status=200, body=json.dumps({"payload": payload}).encode())

        archive = fresh(tmp_path)
        archive.sync(scripted(answer), shipment_ids=["D1", "D1"])
        assert archive.scan("shipment_items").collect().height == 2
        assert archive.scan("problems").collect()["record"].to_list() == ["D1"]
        items, status = [ITEM], "Accepted"
        done = archive.sync(scripted(answer))
        assert (done.shipments, done.statuses) == (1, 1)
        assert archive.scan("shipments").collect()["problem"].to_list() == [None]
        assert archive.scan("shipment_items").collect().height == 1
        assert archive.scan("invoice_statuses").collect()["invoice_status"].to_list() == ["Accepted"]
        assert archive.scan("problems").collect().height == 0
        assert archive.sync(scripted(answer)).statuses == 0


class TestInterrupted:
    """Ctrl-C and a caller's own error."""

    @pytest.mark.parametrize("raised", [KeyboardInterrupt, RuntimeError])
    def test_what_came_is_kept(self, tmp_path, raised):
        """What is raised in the middle ends the sync; the windows before it are there, and the lock is free."""

        def stop(progress: Progress) -> None:
            if progress.done == 2:
                raise raised

        archive = fresh(tmp_path)
        answer = scripted(lambda request: [invoice(asked(request)[:10].replace("-", ""), b"%PDF")])
        with pytest.raises(raised):
            archive.sync(answer, "2026-09-01", "2026-09-30", progress=stop)
        assert len(held(archive)) == 2
        assert archive.sync(answer, "2026-09-01", "2026-09-30").complete
        assert len(held(archive)) == 5

    def test_ctrl_c_between_two_pages(self, tmp_path):
        """The page before Ctrl-C is stored, and its window is said to be truncated."""

        def answer(request):
            if "nextToken" in dict(request.query):
                raise KeyboardInterrupt
            return page([invoice("A", b"%PDF")], token="more")

        archive = fresh(tmp_path)
        with pytest.raises(KeyboardInterrupt):
            archive.sync(scripted(answer), "2026-09-01", "2026-09-05")
        assert [number for number, _ in held(archive)] == ["A"]
        assert archive.scan("fetch_windows").collect().select("state", "error").rows() == [
            ("truncated", "interrupted before its last page")
        ]

    def test_ctrl_c_while_a_page_is_stored(self, tmp_path, monkeypatch):
        """A page that is being stored when Ctrl-C comes is stored whole; no other is asked for."""
        write, requests = parts.write, []

        def interrupted(*arguments):
            signal.raise_signal(signal.SIGINT)
            return write(*arguments)

        def answer(request):
            requests.append(request)
            return page([invoice("A", b"%PDF")], token="more")

        archive = fresh(tmp_path)
        monkeypatch.setattr(parts, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            archive.sync(scripted(answer), "2026-09-01", "2026-09-05")
        assert ([number for number, _ in held(archive)], len(requests), broken(archive)) == (["A"], 1, [])

    def test_a_crash_leaves_nothing_behind(self, tmp_path):
        """What no transaction names is deleted by the next sync: personal data must not lie about."""
        archive = fresh(tmp_path)
        archive.sync(scripted(lambda _: [invoice("A", b"%PDF")]), "2026-09-01", "2026-09-05")
        before = files(archive.folder)
        for name in (
            f"documents/ab/{'ab' * 32}.pdf",
            f"documents/ab/{'ab' * 32}.pdf.new",
            f"tables/shipments/{'c' * 32}.parquet",
            f"tables/shipments/.{'c' * 32}.parquet.y",
        ):
            (archive.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (archive.folder / name).write_bytes(b"left")
        archive.sync(scripted(lambda _: []), "2026-09-01", "2026-09-05")
        assert files(archive.folder) == before


def test_pages_are_stored_before_the_next_is_asked(tmp_path):
    """When a page is asked for, the one before it is in the archive."""
    archive = fresh(tmp_path)
    counts = []

    def answer(request):
        counts.append(len(held(archive)))
        number = int(dict(request.query).get("nextToken", "0"))
        return page([invoice(f"A{number}", b"%PDF")], token=str(number + 1) if number < 5 else None)

    archive.sync(scripted(answer), "2026-09-01", "2026-09-05")
    assert counts == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("way", ["tables/customer_invoices", "documents"])
def test_a_file_in_the_way(tmp_path, way):
    """What cannot be written ends the sync at once, with the archive as it was; what is in the way is said."""
    archive, path = fresh(tmp_path), tmp_path / "archive" / way
    if path.exists():
        path.rmdir()
    path.write_text("a file, where a folder belongs")
    with pytest.raises(FileFailed, match=f"{way}/.*Next: .*(give another path|take away what is in its place)"):
        archive.sync(scripted(lambda _: [invoice("A", b"%PDF")]), "2026-09-01", "2026-09-30")
    assert held(archive) == []
    assert ask(archive, "SELECT count(*) FROM documents") == [(0,)]


def test_another_account(tmp_path):
    """An archive is of the account of its first sync: another is refused before anything is asked."""
    archive, seen = fresh(tmp_path), []
    mine, other = (scripted(lambda _: seen.append(1) or []) for _ in range(2))
    mine.account, other.account = "india", "brazil"
    archive.sync(mine, "2026-09-01", "2026-09-05")
    with pytest.raises(InvalidRequest, match="archive of the profile india, and brazil was to be asked"):
        archive.sync(other, "2026-09-01", "2026-09-30")
    assert archive.sync(mine, "2026-09-01", "2026-09-05").complete
    assert seen == [1]


def test_the_clock_of_the_answer_counts(tmp_path):
    """A local clock that is wrong settles nothing: what a window proves ends at the answer's own date."""
    archive = Archive(fresh(tmp_path).folder, now=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    archive.sync(scripted(lambda _: []), "2026-10-30", "2026-11-10")
    assert archive.status("2026-10-30", "2026-11-10").coverage["state"].to_list() == ["empty", "never_asked"]
