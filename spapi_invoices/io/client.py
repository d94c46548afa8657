"""The client: asks, follows pages, keeps the ledger, returns frames. Not for meaning: the core parses, frames validate."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta, tzinfo
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Final, Literal, ParamSpec, Self, TypeVar

import polars as pl

from spapi_invoices.core.customer_invoices import (
    ApiVersion,
    CustomerInvoicePage,
    build_get_customer_invoice,
    iso_utc,
    parse_get_customer_invoice,
)
from spapi_invoices.core.plan import Plan, plan, plan_windows
from spapi_invoices.core.shipment_invoicing import (
    build_get_invoice_status,
    build_get_shipment_details,
    build_submit_invoice,
    parse_get_invoice_status,
    parse_get_shipment_details,
    parse_submit_invoice,
)
from spapi_invoices.core.status import malformed
from spapi_invoices.core.windows import Instant, Window, parse_instant, split
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.endpoints import operation
from spapi_invoices.errors import (
    AlreadySubmitted,
    FetchIncomplete,
    Interrupted,
    InvalidRequest,
    NotFound,
    Rejected,
    SpapiInvoicesError,
)
from spapi_invoices.frames import build
from spapi_invoices.frames.schemas import FetchWindows, frame
from spapi_invoices.io.answers import Fetched, InvoicePage, Receipt, Shipments
from spapi_invoices.io.asking import Asking, Ended, WindowAnswer, texts
from spapi_invoices.io.files import read_bytes
from spapi_invoices.io.pages import Entry
from spapi_invoices.io.progress import Show, shown
from spapi_invoices.io.recorder import Recorder

# By how much windows overlap.
MARGIN: Final = timedelta(minutes=1)
# Statuses after which an invoice may be sent. With any other, one Amazon adds included, it may have one already.
_MAY_SEND: Final = frozenset({"NotFound", "Errored"})
_P = ParamSpec("_P")
_R = TypeVar("_R")


def _recorded(method: Callable[Concatenate["Client", _P], _R]) -> Callable[Concatenate["Client", _P], _R]:
    """A call of the client: what it asks is recorded together."""

    @wraps(method)
    def call(self: "Client", /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self._recording():
            return method(self, *args, **kwargs)

    return call


class Client:
    """Asks one account's APIs; made by `spapi_invoices.connect`.

    ``with client:`` writes a recording once, at the end of the block, in place of after each call; without a recording it
    does nothing, for there is nothing to close.

    Args:
        call: Sends a request with the right token and returns the answer.
        zone: Where a bare date begins.
        api_version: Of Vendor Direct Fulfillment Shipping.
        now: The clock, for answers without a Date header.
        made_by: The line of code that makes an equal client.
        recorder: Records what is asked; ``None`` for no recording.
        concurrent: ``call`` may be called by several threads at once, which is worth it where answers take long.
        account: Who is asked, by the profile's name: an archive is of one account.
    """

    def __init__(  # noqa: PLR0913 - what a client is made of, all but the first with a default
        self,
        call: Callable[[HttpRequest], HttpResponse],
        *,
        zone: tzinfo = UTC,
        api_version: ApiVersion = "v1",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        made_by: str = "spi.connect()",
        recorder: Recorder | None = None,
        concurrent: bool = False,
        account: str = "",
    ) -> None:
        self.account = account
        self.zone, self.api_version, self.made_by, self.recorder = zone, api_version, made_by, recorder
        # A recording is in the order of the tasks, whatever the answers' own.
        self._asking = Asking(call, api_version, now, concurrent=concurrent and recorder is None)

    def __repr__(self) -> str:
        return f"<spapi_invoices client, Direct Fulfillment {self.api_version}>"

    def __enter__(self) -> Self:
        if self.recorder is not None:
            self.recorder.begin_block()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.recorder is not None:
            self.recorder.end_block(error)

    @_recorded
    def customer_invoices(  # noqa: PLR0913 - the operation's parameters, one for one
        self,
        created_after: Instant | None = None,
        created_before: Instant | None = None,
        *,
        purchase_orders: Iterable[str] | None = None,
        ship_from_party_id: str | None = None,
        limit: int | None = 100,
        sort_order: Literal["ASC", "DESC"] | None = None,
        margin: timedelta = MARGIN,
        keep_incomplete: bool = False,
        progress: Show = None,
    ) -> Fetched:
        """Fetch every customer invoice of ``[created_after, created_before)``, a range of any length; or of purchase orders.

        Args:
            created_after: Inclusive. A bare date is that day at 00:00 in the profile's time zone.
            created_before: Exclusive.
            purchase_orders: Numbers, in place of a range; one given twice is asked once.
            ship_from_party_id: The vendor's warehouse; ``None`` for all.
            limit: Invoices a page.
            sort_order: By order creation date, within a window.
            margin: By how much windows overlap, for whether Amazon counts an order that became available exactly at a
                window's end is not documented. What two windows hold is there once. The range's own ends have no margin.
            keep_incomplete: Return what arrived when something failed, with ``complete`` false, instead of raising.
            progress: Called at the beginning and after each window or number; what it raises ends the fetch. ``True``
                shows a bar.

        Raises:
            InvalidRequest: A date does not parse, the range is empty, or a parameter is out of bounds.
            FetchIncomplete: A window failed; what arrived is in its ``.fetched``, the cause is its ``__cause__``.
            Interrupted: Ctrl-C; what had arrived is in its ``.fetched``.
        """
        if purchase_orders is not None:
            if created_after is not None or created_before is not None:
                raise InvalidRequest("a range and purchase orders were both given. Next: give one of them")
            fetched, ended = self._by_number(purchase_orders, progress)
        else:
            start, end = (parse_instant(one, self.zone) for one in _range(created_after, created_before))
            parameters = {"ship_from_party_id": ship_from_party_id, "limit": limit, "sort_order": sort_order}
            fetched, ended = self._by_window(split(start, end, margin=margin), parameters, progress)
        if isinstance(ended, SpapiInvoicesError) and not keep_incomplete:
            raise _incomplete(fetched, ended) from ended
        return _unless_interrupted(fetched, ended)

    def pages(
        self, window: Window, *, ship_from_party_id: str | None = None, limit: int | None = 100
    ) -> Iterator[InvoicePage]:
        """The pages of one window of at most seven days, each asked for when the one before was taken.

        Raises:
            InvalidRequest: The window is empty or too wide, or a parameter is out of bounds.
            MalformedResponse: An answer that is no page, or pages that never end.
            SpapiInvoicesError: Whatever else asking for a page raises.
        """
        with self._recording():
            for page, response, rows in self._asking.pages(window, ship_from_party_id=ship_from_party_id, limit=limit):
                yield InvoicePage(
                    frame=build.customer_invoices(rows),
                    at=self._asking.time(response),
                    attempts=response.attempts,
                    request_id=response.request_id,
                    unknown_fields=page.unknown_fields,
                )

    def plan(  # noqa: PLR0913 - as `customer_invoices`
        self,
        created_after: Instant | None = None,
        created_before: Instant | None = None,
        *,
        purchase_orders: Iterable[str] | None = None,
        shipment_ids: Iterable[str] | None = None,
        invoices: int = 0,
        limit: int = 100,
        margin: timedelta = MARGIN,
    ) -> Plan:
        """Say beforehand what `customer_invoices`, or with ``shipment_ids`` `shipments` or `invoice_statuses`, will ask for.

        Nothing is asked. Give what you would give there.

        Args:
            created_after: Inclusive, as there.
            created_before: Exclusive, as there.
            purchase_orders: Numbers, in place of a range.
            shipment_ids: Ids, in place of a range.
            invoices: How many you expect; pages beyond one a window are counted by it.
            limit: Invoices a page.
            margin: By how much windows overlap.

        Raises:
            InvalidRequest: As there.

        >>> from spapi_invoices.io.demo_files import demo_file
        >>> from spapi_invoices.io.connect import connect
        >>> connect(replay=demo_file("demo.yaml")).plan("2026-04-01", "2026-10-01")
        Plan(operation_id='getCustomerInvoices', calls=31, seconds=2.1)
        """
        if shipment_ids is not None:
            return plan(operation("getShipmentDetails", "v0"), len(set(texts(shipment_ids))))
        if purchase_orders is not None:
            return plan(operation("getCustomerInvoice", self.api_version), len(set(texts(purchase_orders))))
        return plan_windows(
            *_range(created_after, created_before),
            self.zone,
            version=self.api_version,
            invoices=invoices,
            limit=limit,
            margin=margin,
        )

    @_recorded
    def customer_invoice(self, purchase_order_number: str) -> pl.DataFrame:
        """Fetch the invoice of one purchase order: `CustomerInvoices` with one row.

        Raises:
            InvalidRequest: The number has anything but letters and digits.
            NotFound: Amazon has no invoice for it.
        """
        response = self._asking.call(build_get_customer_invoice(purchase_order_number, version=self.api_version))
        page = self._invoice(purchase_order_number, response)
        return build.customer_invoices(
            build.customer_invoice_rows(page, build.Asked(self.api_version, self._asking.time(response)))
        )

    @_recorded
    def shipments(self, shipment_ids: Iterable[str], *, progress: Show = None) -> Shipments:
        """Fetch shipments by id; the ids come from FBA_OUTBOUND_SHIPMENT_STATUS notifications, for there is no list operation.

        An id that Amazon does not know, or whose record cannot be read in full, is a row with a ``problem``. An answer that
        is no answer (an HTML page, an empty body, a refused token) ends the fetch. An id given twice is asked once.

        Raises:
            InvalidRequest: An id is empty.
            FetchIncomplete: An answer failed; what arrived is in its ``.fetched``, the cause is its ``__cause__``.
            Interrupted: Ctrl-C; what had arrived is in its ``.fetched``.
        """
        rows, unknown = build.ShipmentRows(), set[str]()

        def take(shipment_id: str, response: HttpResponse) -> None:
            try:
                answer = parse_get_shipment_details(response)
            except (NotFound, Rejected) as error:
                rows.fail(shipment_id, error, self._asking.time(response))
            else:
                unknown.update(answer.unknown_fields)
                rows.add(shipment_id, answer, self._asking.time(response))

        ended = self._asking.each(shipment_ids, build_get_shipment_details, take, progress)
        found = Shipments(**rows.frames(), unknown_fields=frozenset(unknown))
        if isinstance(ended, SpapiInvoicesError):
            raise FetchIncomplete(f"{ended} ({found.shipments.height} shipments had arrived)", found) from ended
        return _unless_interrupted(found, ended)

    @_recorded
    def invoice_statuses(self, shipment_ids: Iterable[str], *, progress: Show = None) -> pl.DataFrame:
        """Ask what became of the invoices of shipments: `InvoiceStatuses`, a row per id, in that order; twice given is asked once.

        An id that Amazon does not know is a row with a ``problem``.

        Raises:
            InvalidRequest: An id is empty.
            FetchIncomplete: An answer failed; what arrived is in its ``.fetched``, the cause is its ``__cause__``.
            Interrupted: Ctrl-C; what had arrived is in its ``.fetched``.
        """
        rows: list[build.Row] = []

        def take(shipment_id: str, response: HttpResponse) -> None:
            status, problem = None, None
            try:
                info = parse_get_invoice_status(response)
            except (NotFound, Rejected) as error:
                problem = str(error)
            else:
                if info.AmazonShipmentId in {None, shipment_id}:
                    status = info.InvoiceStatus
                else:
                    problem = f"AmazonShipmentId: asked for {shipment_id}, got {info.AmazonShipmentId}"
            at = self._asking.time(response)
            rows.append(
                build.invoice_status_row(shipment_id, status, problem, at, response.request_id, response.attempts)
            )

        ended = self._asking.each(shipment_ids, build_get_invoice_status, take, progress)
        found = build.invoice_statuses(rows)
        if isinstance(ended, SpapiInvoicesError):
            raise FetchIncomplete(f"{ended} ({found.height} statuses had arrived)", found) from ended
        return _unless_interrupted(found, ended)

    @_recorded
    def submit_invoice(
        self, shipment_id: str, document: Path | str | bytes, *, marketplace_id: str | None = None, dry_run: bool = True
    ) -> Receipt:
        """Submit a shipment's authorised NF-e XML, once: Amazon is asked for the status first.

        Args:
            shipment_id: The shipment.
            document: The file's path, or its bytes untouched.
            marketplace_id: Optional in the API.
            dry_run: Ask for the status and build the request, but do not send it. Say ``False`` to send.

        Raises:
            InvalidRequest: The id or the document is empty.
            AlreadySubmitted: Amazon has an invoice for the shipment; nothing was sent.
            FileFailed: The file cannot be read.
            TransportFailed: No answer arrived: ask `invoice_statuses` before sending again.
        """
        content = document if isinstance(document, bytes) else read_bytes(Path(document))
        request = build_submit_invoice(shipment_id, content, marketplace_id=marketplace_id)
        info = parse_get_invoice_status(self._asking.call(build_get_invoice_status(shipment_id)))
        status = info.InvoiceStatus or ""
        if status not in _MAY_SEND or info.AmazonShipmentId not in {None, shipment_id}:
            raise AlreadySubmitted(
                f"shipment {shipment_id}: Amazon has an invoice for it, or may have (status {status or 'unknown'}); "
                "nothing was sent. Next: ask for its status again; only after NotFound or Errored is one sent"
            )
        sha256 = hashlib.sha256(content).hexdigest()
        if dry_run:
            return Receipt(shipment_id, sha256, sent=False, invoice_status=status)
        response = self._asking.call(request)
        parse_submit_invoice(response)
        return Receipt(shipment_id, sha256, sent=True, invoice_status=status, request_id=response.request_id)

    def workers(self, operation_id: str) -> int:
        """How many threads keep an operation's quota busy while answers are slow; one for a replay or a recording."""
        return self._asking.workers(operation_id)

    def _by_window(
        self, windows: Sequence[Window], parameters: dict[str, Any], progress: Show
    ) -> tuple[Fetched, Ended]:
        """What arrived, and what ended it early: a failure or Ctrl-C."""
        ledger = {window: Entry("getCustomerInvoices", window) for window in windows}
        rows, unknown = list[build.Row](), set[str]()

        def ask(window: Window) -> WindowAnswer:
            return self._asking.window(window, parameters)

        def take(window: Window, answer: WindowAnswer) -> int:
            ledger[window] = answer.entry
            rows.extend(answer.rows)
            unknown.update(answer.unknown_fields)
            if answer.entry.error is not None:
                raise answer.entry.error
            return len(rows)

        with shown(progress, "window") as advance:
            ended = self._asking.all("getCustomerInvoices", windows, ask, take, advance)
        return _fetched(rows, ledger.values(), unknown), ended

    def _by_number(self, numbers: Iterable[str], progress: Show) -> tuple[Fetched, Ended]:
        """As `_by_window`; the ledger is one row, for all that was asked for."""
        entry = Entry("getCustomerInvoice")
        rows, unknown, missing = list[build.Row](), set[str](), dict[str, str]()

        def take(number: str, response: HttpResponse) -> None:
            found = list[build.Row]()
            try:
                page = self._invoice(number, response)
            except (NotFound, Rejected) as refused:
                missing[number] = str(refused)
            else:
                found = build.customer_invoice_rows(page, build.Asked(self.api_version, self._asking.time(response)))
                unknown.update(page.unknown_fields)
            entry.add(response, self._asking.time(response), len(found))
            rows.extend(found)

        def ask(number: str) -> HttpRequest:
            return build_get_customer_invoice(number, version=self.api_version)

        ended = self._asking.each(numbers, ask, take, progress, "invoice")
        if isinstance(ended, SpapiInvoicesError):
            entry.fail(ended, self._asking.now())
        asked = [entry] if ended is not None or entry.pages else []
        return _fetched(rows, asked, unknown, missing), ended

    def _invoice(self, number: str, response: HttpResponse) -> CustomerInvoicePage:
        page = parse_get_customer_invoice(response)
        found = [one.purchaseOrderNumber for one in page.invoices] + [one.purchase_order_number for one in page.bad]
        if found != [number]:
            asked = operation("getCustomerInvoice", self.api_version)
            raise malformed(asked, response, "the invoice of another purchase order")
        return page

    def _recording(self) -> AbstractContextManager[None]:
        return nullcontext() if self.recorder is None else self.recorder.call()


def _range(after: Instant | None, before: Instant | None) -> tuple[Instant, Instant]:
    if after is None or before is None:
        raise InvalidRequest("no range. Next: give created_after and created_before, or numbers or ids")
    return after, before


def _fetched(
    rows: Sequence[build.Row], ledger: Iterable[Entry], unknown: set[str], missing: Mapping[str, str] | None = None
) -> Fetched:
    windows = frame(FetchWindows, [tuple(entry.row().values()) for entry in ledger])
    return Fetched(build.customer_invoices(rows), windows, frozenset(unknown), missing or {})


def _unless_interrupted(found: _R, ended: Ended) -> _R:
    if isinstance(ended, KeyboardInterrupt):
        raise Interrupted(found) from None
    return found


def _incomplete(fetched: Fetched, failure: SpapiInvoicesError) -> FetchIncomplete:
    states = fetched.windows["state"]
    first = fetched.windows.filter(states != "complete").row(0, named=True)
    if first["window_start"] is None:
        return FetchIncomplete(f"{failure} ({fetched.frame.height} invoices had arrived)", fetched)
    done = int((states == "complete").sum())
    return FetchIncomplete(
        f"{failure} ({done} of {states.len()} windows are complete; the first that is not: "
        f"{iso_utc(first['window_start'])} to {iso_utc(first['window_end'])}, {first['state']})",
        fetched,
    )
