"""The client asks for many windows and ids at once: order, ledger, margins, plans, and Ctrl-C."""

import base64
import functools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spapi_invoices as spi
from spapi_invoices.core.windows import WINDOW, split
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.errors import (
    FetchIncomplete,
    Interrupted,
    InvalidRequest,
    ServiceUnavailable,
    SpapiInvoicesError,
    TransportFailed,
)
from spapi_invoices.io.answers import Progress
from spapi_invoices.io.client import MARGIN, Client
from spapi_invoices.sandbox import running
from tests.scripted_server import scripted
from tests.strategies import ranges

SECONDS = 20.0
NOW = datetime(2026, 11, 1, tzinfo=UTC)
START = datetime(2026, 10, 1, tzinfo=UTC)


def page(*numbers: str, attempts: int = 1) -> HttpResponse:
    """A page of these purchase orders; the invoice of each is its number."""
    invoices = [{"purchaseOrderNumber": one, "content": base64.b64encode(one.encode()).decode()} for one in numbers]
    return HttpResponse(
        status=200, body=json.dumps({"payload": {"customerInvoices": invoices}}).encode(), attempts=attempts
    )


def window_of(request: HttpRequest) -> tuple[datetime, datetime]:
    """The range that a request asks for."""
    asked = dict(request.query)
    return datetime.fromisoformat(asked["createdAfter"]), datetime.fromisoformat(asked["createdBefore"])


def fail(_: HttpRequest) -> HttpResponse:
    """Nothing may be asked."""
    raise AssertionError("was asked")


def world(orders: dict[str, datetime], *, inclusive: bool = True) -> Callable[[HttpRequest], HttpResponse]:
    """An Amazon with these orders; a window's own borders are in it, or are not: the documentation does not say."""

    def call(request: HttpRequest) -> HttpResponse:
        start, end = window_of(request)
        return page(*(n for n, at in orders.items() if (start <= at <= end if inclusive else start < at < end)))

    return call


def by_id(request: HttpRequest) -> HttpResponse:
    """Details or status of a shipment."""
    detail = {"AmazonShipmentId": request.path.split("/")[5], "InvoiceStatus": "Accepted"}
    status = request.operation.operation_id == "getInvoiceStatus"
    return HttpResponse(status=200, body=json.dumps({"payload": {"Shipments": detail} if status else detail}).encode())


class TestSeveralAtOnce:
    """Threads change how long it takes, nothing else."""

    def test_all_windows_are_under_way_together(self):
        """None of five windows would be answered alone; their rows and ledger are in the order of time."""
        together = threading.Barrier(5)

        def call(request: HttpRequest) -> HttpResponse:
            together.wait(SECONDS)
            return page(window_of(request)[1].strftime("PO%m%d"))

        fetched = Client(call, concurrent=True).customer_invoices("2026-10-01", "2026-10-31")
        assert fetched.frame["purchase_order_number"].to_list() == ["PO1007", "PO1013", "PO1019", "PO1025", "PO1031"]
        assert fetched.windows["window_start"].is_sorted()
        assert fetched.complete

    @given(ids=st.lists(st.sampled_from("ABCDE"), max_size=8), concurrent=st.booleans())
    @settings(max_examples=20)
    def test_ids_are_in_the_order_they_were_given(self, ids: list[str], *, concurrent: bool):
        """Statuses stand in the order of the ids, each once, with one thread as with several."""

        def call(request: HttpRequest) -> HttpResponse:
            shipment = request.path.split("/")[-3]
            shown = {"AmazonShipmentId": shipment, "InvoiceStatus": f"Status{shipment}"}
            return HttpResponse(status=200, body=json.dumps({"payload": {"Shipments": shown}}).encode())

        statuses = Client(call, concurrent=concurrent).invoice_statuses(ids)
        expected = [(one, f"Status{one}") for one in dict.fromkeys(ids)]
        assert statuses.select("amazon_shipment_id", "invoice_status").rows() == expected

    def test_what_was_under_way_is_kept(self):
        """After a failure no window is begun; those that were under way are in the frame and in the ledger."""
        together = threading.Barrier(3)

        def call(request: HttpRequest) -> HttpResponse:
            together.wait(SECONDS)
            start, _ = window_of(request)
            if start == START:
                raise TransportFailed("no answer")
            return page(start.strftime("PO%m%d"))

        with pytest.raises(FetchIncomplete) as raised:
            Client(call, concurrent=True).customer_invoices("2026-10-01", "2026-10-15")
        fetched = raised.value.fetched
        assert fetched.windows["state"].to_list() == ["failed", "complete", "complete"]
        assert fetched.frame["purchase_order_number"].to_list() == ["PO1006", "PO1012"]

    def test_after_a_failure_nothing_is_begun(self):
        """With one thread the windows behind a failed one are not asked for."""
        asked: list[HttpRequest] = []

        def call(request: HttpRequest) -> HttpResponse:
            asked.append(request)
            raise ServiceUnavailable("getCustomerInvoices", 503)

        fetched = Client(call).customer_invoices("2026-10-01", "2026-10-31", keep_incomplete=True)
        assert (len(asked), fetched.windows["state"].to_list()) == (1, ["failed"] + 4 * ["not_asked"])

    def test_threads_are_for_live_accounts(self):
        """An operation gets threads for its rate and the time that answers take; a plain client has one."""
        operations = ("getCustomerInvoices", "getShipmentDetails", "getAccessToken")
        assert [Client(world({}), concurrent=True).workers(one) for one in operations] == [16, 2, 1]
        assert [Client(world({})).workers(one) for one in operations] == [1, 1, 1]


class TestMargin:
    """Exactly once, whatever Amazon holds of borders."""

    @given(ends=ranges, places=st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=6), inclusive=st.booleans())
    @settings(max_examples=40)
    def test_each_order_once(self, ends: tuple[datetime, datetime], places: list[Any], *, inclusive: bool):
        """Every order inside the range is there once, also exactly at a window's border, if borders count or do not."""
        start, end = ends
        borders = [window.end for window in split(start, end, margin=MARGIN)][:-1]
        orders = {
            f"PO{n}": borders[int(share * (len(borders) - 1))]
            if at_border and borders
            else start + share * (end - start)
            for n, (share, at_border) in enumerate(places)
        }
        inside = {number for number, at in orders.items() if start < at < end}
        found = Client(world(orders, inclusive=inclusive)).customer_invoices(start, end).frame["purchase_order_number"]
        assert inside <= set(found)
        assert found.is_unique().all()

    def test_windows_overlap_by_the_margin(self):
        """The ledger holds the windows as they were asked, and rows before duplicates were removed."""
        orders = {"PO1": START + timedelta(days=6, hours=12)}
        windows = Client(world(orders)).customer_invoices(START, START + WINDOW * 2, margin=timedelta(days=1)).windows
        ends = [(start - START, end - START) for start, end in windows.select("window_start", "window_end").rows()]
        day = timedelta(days=1)
        assert ends == [(0 * day, 6 * day), (5 * day, 12 * day), (11 * day, 14 * day)]
        assert Client(world(orders)).customer_invoices(START, START + WINDOW * 2, margin=timedelta(days=3)).windows[
            "rows"
        ].to_list() == [0, 1, 1, 0]

    def test_another_document_under_the_same_number_stays(self):
        """Duplicates are told by number and content: a corrected invoice is a row of its own."""
        answers = iter([page("PO1"), HttpResponse(status=200, body=page("PO1").body.replace(b"UE8x", b"UE8y"))])
        frame = Client(lambda _: next(answers)).customer_invoices("2026-10-01", "2026-10-10").frame
        assert frame["content"].to_list() == [b"PO1", b"PO2"]


class TestByNumber:
    """Purchase orders in place of a range."""

    def call(self, request: HttpRequest) -> HttpResponse:
        number = request.path.rpartition("/")[2]
        if number.startswith("X"):
            errors = [{"code": "NotFound", "message": "no such order"}]
            return HttpResponse(status=404, body=json.dumps({"errors": errors}).encode())
        if number.startswith("E"):
            raise TransportFailed("no answer")
        content = base64.b64encode(number.encode()).decode()
        body = json.dumps({"payload": {"purchaseOrderNumber": number, "content": content}}).encode()
        return HttpResponse(status=200, body=body, attempts=2)

    @pytest.mark.parametrize("concurrent", [False, True])
    def test_found_and_missing(self, *, concurrent: bool):
        """Invoices in the order of the numbers; what Amazon does not have is named with its words; all was answered."""
        fetched = Client(self.call, concurrent=concurrent).customer_invoices(purchase_orders=["B", "X1", "A", "B"])
        assert fetched.frame.select("purchase_order_number", "created_after").rows() == [("B", None), ("A", None)]
        assert list(fetched.missing) == ["X1"]
        assert "no such order" in fetched.missing["X1"]
        row = fetched.windows.select("operation", "state", "pages", "rows", "attempts", "window_start").row(0)
        assert row == ("getCustomerInvoice", "complete", 3, 2, 5, None)
        assert fetched.complete

    def test_a_failure_is_no_missing_invoice(self):
        """What could not be asked is an error, and the ledger says so; what arrived is kept."""
        with pytest.raises(
            FetchIncomplete, match=r"no answer \(1 invoices had arrived; the first that had not: E1\)"
        ) as raised:
            Client(self.call).customer_invoices(purchase_orders=["A", "E1", "X1"])
        fetched = raised.value.fetched
        assert (fetched.missing, fetched.windows["state"].to_list(), fetched.complete) == ({}, ["truncated"], False)

    def test_none_are_none(self):
        """No numbers, no rows, and that is complete."""
        fetched = Client(self.call).customer_invoices(purchase_orders=[])
        assert (fetched.frame.height, fetched.windows.height, fetched.complete) == (0, 0, True)

    @pytest.mark.parametrize("asked", [{}, {"created_after": "2026-10-01"}, {"purchase_orders": "PO1"}])
    def test_what_is_asked_must_be_said(self, asked: dict[str, Any]):
        """Half a range, nothing, or one text in place of a list is refused before anything is asked."""
        with pytest.raises(InvalidRequest, match="Next: give"):
            Client(self.call).customer_invoices(**asked)

    def test_either_or(self):
        """A range, or what narrows one, together with numbers is refused: it would be ignored."""
        with pytest.raises(InvalidRequest, match="together with a range"):
            Client(self.call).customer_invoices("2026-10-01", "2026-10-08", purchase_orders=["A"])

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (404, b"<html><title>Not here</title></html>"),
            (407, b"<html><title>Log in to the proxy</title></html>"),
            (404, b'{"errors": [{"code": "SellingPartnerNotFoundError", "message": "not found"}]}'),
        ],
        ids=["gateway", "proxy", "vendor not enabled"],
    )
    def test_what_is_said_of_the_account_is_no_missing_invoice(self, status: int, body: bytes):
        """A refusal that is not of the one number would come for each: it ends the fetch, and no number is called missing."""
        client = Client(lambda _: HttpResponse(status=status, body=body))
        for ask in (lambda: client.customer_invoices(purchase_orders=["A", "B"]), lambda: client.shipments(["A"])):
            with pytest.raises(FetchIncomplete, match="Next: "):
                ask()
        fetched = client.customer_invoices(purchase_orders=["A", "B"], keep_incomplete=True)
        assert (fetched.missing, fetched.not_asked, fetched.complete) == ({}, ("A", "B"), False)

    def test_a_record_that_is_none_is_its_own(self):
        """JSON without the record that was asked for concerns that one: the others are fetched."""

        def call(request: HttpRequest) -> HttpResponse:
            bad = HttpResponse(status=200, body=b'{"payload": null}')
            return bad if "BAD" in request.path else self.call(request)

        fetched = Client(call).customer_invoices(purchase_orders=["A", "BAD", "B"])
        assert fetched.frame["purchase_order_number"].to_list() == ["A", "B"]
        assert "payload is null" in fetched.missing["BAD"]

        def shipment(request: HttpRequest) -> HttpResponse:
            name = next(part for part in request.path.split("/") if part.startswith("D"))
            shown = {"AmazonShipmentId": name, "Shipments": {"AmazonShipmentId": name, "InvoiceStatus": "Accepted"}}
            return HttpResponse(status=200, body=json.dumps({"payload": None if name == "D2" else shown}).encode())

        ids = ["D1", "D2", "D3"]
        assert Client(shipment).shipments(ids).problems["record"].to_list() == ["D1", "D2", "D3"]
        assert Client(shipment).invoice_statuses(ids)["problem"].is_not_null().to_list() == [False, True, False]


class TestParameters:
    """What cannot be asked is refused before anything is."""

    @pytest.mark.parametrize(
        "asked",
        [
            {"limit": 0},
            {"limit": True},
            {"sort_order": "up"},
            {"ship_from_party_id": ""},
            {"margin": 60},
            {"margin": timedelta(days=7)},
            {"width": timedelta(days=8)},
            {"created_before": 1.5},
        ],
        ids=str,
    )
    def test_of_a_range(self, asked: dict[str, Any]):
        """Not as windows that failed: as an InvalidRequest, also where what arrived would be kept."""
        asked = {"created_after": "2026-10-01", "created_before": "2026-10-31", "keep_incomplete": True} | asked
        with pytest.raises(InvalidRequest, match="Next: "):
            Client(fail).customer_invoices(**asked)

    @pytest.mark.parametrize("ids", [[1], [None], b"ABC", "ABC", [b"A"]], ids=str)
    def test_of_ids(self, ids: Any):
        """An id is a text, and ids are several."""
        client = Client(fail)
        for ask in (
            client.shipments,
            client.invoice_statuses,
            lambda one: client.customer_invoices(purchase_orders=one),
        ):
            with pytest.raises(InvalidRequest, match="Next: "):
                ask(ids)

    @pytest.mark.parametrize(
        "asked",
        [
            {"limit": 0},
            {"limit": 1000},
            {"invoices": -1},
            {"purchase_orders": ["A"]},
            {"shipment_ids": ["A"]},
            {"created_before": None},
        ],
        ids=str,
    )
    def test_of_a_plan(self, asked: dict[str, Any]):
        """A plan refuses what the fetch would, and more than one thing to plan."""
        with pytest.raises(InvalidRequest, match="Next: "):
            Client(fail).plan(**{"created_after": "2026-10-01", "created_before": "2026-10-31"} | asked)

    @pytest.mark.parametrize(
        "date", ["Mon, 99999999999999 Jan 2026 00:00:00 GMT", "Fri, 31 Dec 9999 23:00:00 -0800", "now"]
    )
    def test_an_odd_date_header(self, date: str):
        """A Date that is none costs nothing: the clock says when."""
        client = Client(
            lambda _: HttpResponse(status=200, body=page("A").body, headers={"date": date}), now=lambda: NOW
        )
        assert client.customer_invoices("2026-10-01", "2026-10-02").frame["fetched_at"].to_list() == [NOW]

    def test_narrow_windows(self):
        """A week with many pages is faster in narrow windows: they are asked for at once."""
        windows = Client(world({})).customer_invoices(START, START + WINDOW, width=timedelta(days=1)).windows
        assert windows.height == 7 + 1


class TestPlan:
    """What is said beforehand is what happens."""

    @given(ranges)
    @settings(max_examples=30)
    def test_as_many_calls_as_planned(self, ends: tuple[datetime, datetime]):
        """With a page a window, a fetch asks exactly as often as planned, for the same windows."""
        asked: list[tuple[datetime, datetime]] = []

        def call(request: HttpRequest) -> HttpResponse:
            asked.append(window_of(request))
            return page()

        client = Client(call)
        plan = client.plan(*ends)
        client.customer_invoices(*ends)
        assert plan.calls == len(asked)
        assert [(window.start, window.end) for window in plan.windows] == asked

    @pytest.mark.parametrize("given", [{"purchase_orders": ["A B"]}, {"shipment_ids": [""]}, {"shipment_ids": "D1"}])
    def test_what_would_be_refused_is_refused(self, given: dict[str, Any]):
        """What the fetch would refuse has no plan."""
        with pytest.raises(InvalidRequest, match="Next: "):
            Client(fail).plan(**given)

    def test_seconds_at_the_quota(self):
        """A burst is free, everything after it waits for the rate."""
        client = Client(world({}))
        ids = [str(n) for n in range(365)]
        assert client.plan(shipment_ids=ids).seconds == 300.1
        assert client.plan(shipment_ids=ids[:25]).seconds == 0
        assert client.plan(purchase_orders=ids).seconds == 35.5
        assert client.plan("2026-10-01", "2026-10-08", invoices=12_345).calls == 124


class TestProgress:
    """Told at the beginning and after each step."""

    def test_steps(self):
        """Windows done of all, with the rows so far."""
        seen: list[Progress] = []
        Client(world({"A": START, "B": START + WINDOW})).customer_invoices(
            START, START + 2 * WINDOW, progress=seen.append
        )
        assert seen == [Progress(0, 3, 0), Progress(1, 3, 1), Progress(2, 3, 2), Progress(3, 3, 2)]

    @pytest.mark.parametrize("broken", [None, "closed", "full"])
    def test_a_bar_costs_nobody_his_data(self, broken: str | None, monkeypatch: pytest.MonkeyPatch):
        """Where stderr is none, closed or full, the fetch ends as without a bar; the next one too."""
        stream = None if broken is None else open("/dev/full" if broken == "full" else os.devnull, "w")  # noqa: SIM115, PTH123
        if stream is not None and broken == "closed":
            stream.close()
        monkeypatch.setattr(sys, "stderr", stream)
        client = Client(world({"A": START}))
        for _ in range(2):
            assert client.customer_invoices(START, START + 2 * WINDOW, progress=True).frame.height == 1
        with suppress(AttributeError, OSError):
            stream.close()

    def test_a_bar(self, capsys: pytest.CaptureFixture[str]):
        """True shows windows, rows, rate and time left on stderr; nothing does not."""
        client = Client(world({"A": START}))
        client.customer_invoices(START, START + 2 * WINDOW)
        assert capsys.readouterr().err == ""
        client.customer_invoices(START, START + 2 * WINDOW, progress=True)
        shown = capsys.readouterr()
        assert ("3/3 [" in shown.err, "window/s" in shown.err, "rows=1" in shown.err, shown.out) == (
            True,
            True,
            True,
            "",
        )

    def test_a_bar_in_a_notebook(self, monkeypatch: pytest.MonkeyPatch):
        """The widget is as long as there are windows, and as full as they are done."""
        import tqdm.auto
        import tqdm.notebook

        seen: list[tuple[float, float]] = []

        class Seen(tqdm.notebook.tqdm):
            """Notes how full it is."""

            def update(self, n: float | None = 1) -> bool | None:
                told = super().update(n)
                self.refresh()
                widget = self.container.children[1]
                seen.append((widget.value, widget.max))
                return told

        monkeypatch.setattr(tqdm.auto, "tqdm", functools.partial(Seen, display=False))
        Client(world({"A": START})).customer_invoices(START, START + 2 * WINDOW, progress=True)
        assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


class TestAttempts:
    """Every request that was sent is counted."""

    def test_of_a_window(self):
        """The ledger adds up what each page took, and what a failure took."""

        class Broken(SpapiInvoicesError):
            attempts = 7

        answers = iter([page("A", attempts=3), Broken("broken")])

        def call(_: HttpRequest) -> HttpResponse:
            answer = next(answers)
            if isinstance(answer, SpapiInvoicesError):
                raise answer
            return answer

        fetched = Client(call).customer_invoices("2026-10-01", "2026-10-10", keep_incomplete=True)
        assert fetched.windows["attempts"].to_list() == [3, 7]

    def test_of_shipments_and_statuses(self):
        """Each row says what its answer took, a refused one too."""

        def call(request: HttpRequest) -> HttpResponse:
            shipment = next(part for part in request.path.split("/") if part.startswith("D"))
            if shipment == "D2":
                refusal = {"errors": [{"code": "NotFound", "message": "no such shipment"}]}
                return HttpResponse(status=404, body=json.dumps(refusal).encode(), attempts=3)
            shown = {
                "Shipments": {"AmazonShipmentId": shipment, "InvoiceStatus": "Accepted"},
                "AmazonShipmentId": shipment,
            }
            return HttpResponse(status=200, body=json.dumps({"payload": shown}).encode(), attempts=2)

        client = Client(call)
        assert client.shipments(["D1", "D2"]).shipments["attempts"].to_list() == [2, 3]
        assert client.invoice_statuses(["D1", "D2"])["attempts"].to_list() == [2, 3]

    def test_of_no_answer(self):
        """A window that no answer came to says how often it was asked for."""
        with scripted({"/vendor/directFulfillment/shipping/v1/customerInvoices": [None]}) as server:
            client = spi.connect(endpoint=server.endpoint)
            fetched = client.customer_invoices("2026-10-01", "2026-10-08", keep_incomplete=True)
        assert fetched.windows["attempts"].to_list() == [server.asked.count(server.asked[-1])] == [3]


class TestInterrupted:
    """Ctrl-C ends a fetch at once and keeps what had arrived."""

    def test_what_had_arrived_is_kept(self):
        """Interrupted is a KeyboardInterrupt with the windows that were answered; the others were not asked."""

        def interrupt(progress: Progress) -> None:
            if progress.done == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt) as raised:
            Client(world({"A": START})).customer_invoices("2026-10-01", "2026-10-31", progress=interrupt)
        assert isinstance(raised.value, Interrupted)
        fetched = raised.value.fetched
        assert fetched.windows["state"].to_list() == 2 * ["complete"] + 3 * ["not_asked"]
        assert (fetched.frame.height, fetched.complete) == (1, False)

    def test_by_number(self):
        """Numbers that were not answered are named, and the ledger is not complete."""

        def interrupt(progress: Progress) -> None:
            if progress.done == 2:
                raise KeyboardInterrupt

        with pytest.raises(Interrupted) as raised:
            Client(TestByNumber().call).customer_invoices(purchase_orders=list("ABCD"), progress=interrupt)
        fetched = raised.value.fetched
        assert (fetched.frame.height, fetched.not_asked, fetched.complete) == (2, ("C", "D"), False)
        assert fetched.windows.select("state", "pages", "rows").row(0) == ("truncated", 2, 2)

    def test_the_pages_of_a_window_under_way_are_kept(self):
        """A window that was interrupted is truncated: its pages are there, with their requests."""
        answers = iter([page("A", attempts=2), page("B"), None])

        def call(_: HttpRequest) -> HttpResponse:
            answer = next(answers)
            if answer is None:
                raise KeyboardInterrupt
            body = json.loads(answer.body)
            body["payload"]["pagination"] = {"nextToken": f"after {answer.attempts}"}
            return HttpResponse(status=200, body=json.dumps(body).encode(), attempts=answer.attempts)

        with pytest.raises(Interrupted) as raised:
            Client(call).customer_invoices("2026-10-01", "2026-10-08")
        fetched = raised.value.fetched
        assert fetched.frame["purchase_order_number"].to_list() == ["A", "B"]
        assert fetched.windows.select("state", "pages", "attempts").row(0) == ("truncated", 2, 3)
        assert "interrupted" in fetched.windows["error"][0]

    def test_windows_that_were_answered_are_kept_behind_one_that_was_not(self):
        """A slow first window does not cost the others."""
        others, come = threading.Semaphore(0), threading.Event()

        def call(request: HttpRequest) -> HttpResponse:
            if window_of(request)[0] == START:
                come.wait(SECONDS)
                return page()
            others.release()
            return page(window_of(request)[0].strftime("PO%m%d"))

        def interrupt(progress: Progress) -> None:
            if progress.done == 4:
                raise KeyboardInterrupt

        with pytest.raises(Interrupted) as raised:
            Client(call, concurrent=True).customer_invoices("2026-10-01", "2026-10-31", progress=interrupt)
        come.set()
        fetched = raised.value.fetched
        assert fetched.windows["state"].to_list() == ["failed", *4 * ["complete"]]
        assert fetched.frame["purchase_order_number"].to_list() == ["PO1006", "PO1012", "PO1018", "PO1024"]

    @pytest.mark.parametrize("ask", ["windows", "numbers", "shipments", "statuses"])
    @pytest.mark.parametrize("first", ["at the end", "before"])
    def test_while_frames_are_built(self, ask: str, first: str, monkeypatch: pytest.MonkeyPatch):
        """Ctrl-C while frames are built, and again, is no reason to lose what is there; nor after one that ended the fetch."""
        from spapi_invoices.io import client as module

        built: list[str] = []

        def interrupted(builder: Callable[..., Any]) -> Callable[..., Any]:
            def build(*arguments: Any) -> Any:
                signal.raise_signal(signal.SIGINT)
                frame = builder(*arguments)
                signal.raise_signal(signal.SIGINT)
                built.append(ask)
                return frame

            return build

        def interrupt(progress: Progress) -> None:
            if first == "before" and progress.done:
                raise KeyboardInterrupt

        for owner, name in (
            (module.build, "customer_invoices"),
            (module.build, "invoice_statuses"),
            (module.build.ShipmentRows, "frames"),
        ):
            monkeypatch.setattr(owner, name, interrupted(getattr(owner, name)))
        calls: dict[str, Callable[[], object]] = {
            "windows": lambda: Client(world({"A": START})).customer_invoices(
                "2026-10-01", "2026-10-08", progress=interrupt
            ),
            "numbers": lambda: Client(TestByNumber().call).customer_invoices(purchase_orders=["A"], progress=interrupt),
            "shipments": lambda: Client(by_id).shipments(["D1"], progress=interrupt),
            "statuses": lambda: Client(by_id).invoice_statuses(["D1"], progress=interrupt),
        }
        with pytest.raises(Interrupted) as raised:
            calls[ask]()
        fetched = raised.value.fetched
        frame = fetched if ask == "statuses" else fetched.shipments if ask == "shipments" else fetched.frame
        assert (frame.height, built) == (1, [ask])

    @pytest.mark.parametrize("ask", ["page", "number"])
    def test_while_one_frame_is_built(self, ask: str, monkeypatch: pytest.MonkeyPatch):
        """Ctrl-C while the frame of one answer is built comes when it is: polars would make a panic of it."""
        from spapi_invoices.io import client as module

        builder, built = module.build.customer_invoices, []

        def interrupted(frames: Any) -> Any:
            signal.raise_signal(signal.SIGINT)
            built.append(builder(frames))
            return built[-1]

        monkeypatch.setattr(module.build, "customer_invoices", interrupted)
        window = split(START, START + WINDOW)[0]
        calls: dict[str, Callable[[], object]] = {
            "page": lambda: next(Client(world({"A": START})).pages(window)),
            "number": lambda: Client(TestByNumber().call).customer_invoice("A"),
        }
        with pytest.raises(KeyboardInterrupt):
            calls[ask]()
        assert [frame.height for frame in built] == [1]

    def test_while_an_answer_is_taken(self, monkeypatch: pytest.MonkeyPatch):
        """An answer that is being taken when Ctrl-C comes is taken, and no other is asked for."""
        from spapi_invoices.io import client as module

        add = module.build.ShipmentRows.add

        def interrupted(*arguments: Any) -> None:
            signal.raise_signal(signal.SIGINT)
            add(*arguments)

        monkeypatch.setattr(module.build.ShipmentRows, "add", interrupted)
        with pytest.raises(Interrupted) as raised:
            Client(by_id).shipments(["D1", "D2"])
        assert raised.value.fetched.shipments["amazon_shipment_id"].to_list() == ["D1"]

    def test_answers_that_do_not_come_are_not_waited_for(self):
        """With every thread waiting for an answer, Ctrl-C ends the program long before the answers would."""
        asked = threading.Semaphore(0)

        def log(line: str) -> None:
            if "slow" in line:
                asked.release()

        with (
            running(customer_invoices=16, shipments=1, time_scale=0, log=log) as sandbox,
            sandbox.faults.striking("slow", operation="getCustomerInvoices"),
        ):
            code = (
                "import spapi_invoices as spi\n"
                f"client = spi.connect(endpoint={sandbox.endpoint!r})\n"
                "try:\n"
                "    client.customer_invoices('2026-10-01', '2026-10-31')\n"
                "except KeyboardInterrupt as error:\n"
                "    print(error.fetched.windows['state'].to_list())\n"
            )
            with subprocess.Popen(
                [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as process:
                assert all(asked.acquire(timeout=SECONDS) for _ in range(5))
                os.kill(process.pid, signal.SIGINT)
                out, err = process.communicate(timeout=SECONDS)
        assert (out.split("\n")[0], err) == (str(5 * ["failed"]), "")
