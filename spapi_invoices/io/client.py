"""The client: asks, follows pages, keeps the ledger, returns frames. Not for meaning: the core parses, frames validate."""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Final, Literal, ParamSpec, Self, TypeVar

import polars as pl

from spapi_invoices.core.customer_invoices import (
    ApiVersion,
    CustomerInvoicePage,
    build_get_customer_invoice,
    build_get_customer_invoices,
    iso_utc,
    parse_get_customer_invoice,
    parse_get_customer_invoices,
)
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
from spapi_invoices.errors import (
    AlreadySubmitted,
    FetchIncomplete,
    InvalidRequest,
    NotFound,
    Rejected,
    SpapiInvoicesError,
)
from spapi_invoices.frames import build
from spapi_invoices.frames.schemas import FetchWindows, frame
from spapi_invoices.io.answers import Fetched, Progress, Receipt, Shipments
from spapi_invoices.io.files import read_bytes
from spapi_invoices.io.recorder import Recorder

# Statuses after which an invoice may be sent. With any other, one Amazon adds included, it may have one already.
_MAY_SEND: Final = frozenset({"NotFound", "Errored"})
# Pages of one window: so many alike in a row, or so many at all, are no window of seven days.
_MOST_ALIKE: Final = 9
_MOST_PAGES: Final = 10_000
_P = ParamSpec("_P")
_R = TypeVar("_R")


def _recorded(method: Callable[Concatenate["Client", _P], _R]) -> Callable[Concatenate["Client", _P], _R]:
    """A call of the client: what it asks is recorded together."""

    @wraps(method)
    def call(self: "Client", /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with nullcontext() if self.recorder is None else self.recorder.call():
            return method(self, *args, **kwargs)

    return call


@dataclass(frozen=True, slots=True)
class _Ledger:
    """A row of `FetchWindows` while it is written."""

    window: Window
    pages: list[CustomerInvoicePage] = field(default_factory=list)
    finished_at: datetime | None = None
    error: SpapiInvoicesError | None = None

    def row(self, state: str) -> dict[str, Any]:
        return {
            "operation": "getCustomerInvoices",
            "window_start": self.window.start,
            "window_end": self.window.end,
            "state": state,
            "pages": len(self.pages),
            "rows": sum(len(page.invoices) + len(page.bad) for page in self.pages),
            "request_ids": [page.request_id for page in self.pages if page.request_id],
            "error": None if self.error is None else str(self.error),
            "finished_at": self.finished_at,
        }


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
    ) -> None:
        self._call, self.zone, self.api_version, self._now, self.made_by = call, zone, api_version, now, made_by
        self.recorder = recorder

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
        created_after: Instant,
        created_before: Instant,
        *,
        ship_from_party_id: str | None = None,
        limit: int | None = 100,
        sort_order: Literal["ASC", "DESC"] | None = None,
        keep_incomplete: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> Fetched:
        """Fetch every customer invoice of ``[created_after, created_before)``, a range of any length.

        Args:
            created_after: Inclusive. A bare date is that day at 00:00 in the profile's time zone.
            created_before: Exclusive.
            ship_from_party_id: The vendor's warehouse; ``None`` for all.
            limit: Invoices a page.
            sort_order: By order creation date, within a window.
            keep_incomplete: Return what arrived when a window fails, with ``complete`` false, instead of raising.
            progress: Called after each window. What it raises ends the fetch.

        Raises:
            InvalidRequest: A date does not parse, the range is empty, or a parameter is out of bounds.
            FetchIncomplete: A window failed; what arrived is in its ``.fetched``, the cause is its ``__cause__``.
        """
        windows = split(parse_instant(created_after, self.zone), parse_instant(created_before, self.zone))
        parameters = {"ship_from_party_id": ship_from_party_id, "limit": limit, "sort_order": sort_order}
        rows: list[build.Row] = []
        ledger: list[dict[str, Any]] = []
        unknown: frozenset[str] = frozenset()
        failure: SpapiInvoicesError | None = None
        for window in windows:
            if failure is not None:
                ledger.append(_Ledger(window).row("not_asked"))
                continue
            entry, found = self._window(window, parameters)
            failure = entry.error
            ledger.append(entry.row("complete" if failure is None else "truncated" if entry.pages else "failed"))
            rows += found
            unknown |= frozenset().union(*(page.unknown_fields for page in entry.pages))
            if progress is not None:
                progress(Progress(len(ledger), len(windows), len(rows)))
        fetched = Fetched(build.customer_invoices(rows), frame(FetchWindows, _tuples(ledger)), unknown)
        if failure is not None and not keep_incomplete:
            raise _incomplete(fetched, failure) from failure
        return fetched

    @_recorded
    def customer_invoice(self, purchase_order_number: str) -> pl.DataFrame:
        """Fetch the invoice of one purchase order: `CustomerInvoices` with one row.

        Raises:
            InvalidRequest: The number has anything but letters and digits.
            NotFound: Amazon has no invoice for it.
        """
        request = build_get_customer_invoice(purchase_order_number, version=self.api_version)
        response = self._call(request)
        page = parse_get_customer_invoice(response)
        found = [one.purchaseOrderNumber for one in page.invoices] + [one.purchase_order_number for one in page.bad]
        if found != [purchase_order_number]:
            raise malformed(request.operation, response, "the invoice of another purchase order")
        return build.customer_invoices(
            build.customer_invoice_rows(page, build.Asked(self.api_version, self._time(response)))
        )

    @_recorded
    def shipments(
        self, shipment_ids: Iterable[str], *, progress: Callable[[Progress], None] | None = None
    ) -> Shipments:
        """Fetch shipments by id; the ids come from FBA_OUTBOUND_SHIPMENT_STATUS notifications, for there is no list operation.

        An id that Amazon does not know, or whose record cannot be read in full, is a row with a ``problem``. An answer that
        is no answer (an HTML page, an empty body, a refused token) ends the fetch. An id given twice is asked once.

        Raises:
            InvalidRequest: An id is empty.
            FetchIncomplete: An answer failed; what arrived is in its ``.fetched``, the cause is its ``__cause__``.
        """
        rows, unknown = build.ShipmentRows(), set[str]()

        def take(shipment_id: str, response: HttpResponse) -> None:
            try:
                answer = parse_get_shipment_details(response)
            except (NotFound, Rejected) as error:
                rows.fail(shipment_id, str(error), error.request_id, self._time(response))
            else:
                unknown.update(answer.unknown_fields)
                rows.add(shipment_id, answer, self._time(response))

        failure = self._each(shipment_ids, build_get_shipment_details, take, progress)
        found = Shipments(**rows.frames(), unknown_fields=frozenset(unknown))
        if failure is not None:
            raise FetchIncomplete(f"{failure} ({found.shipments.height} shipments had arrived)", found) from failure
        return found

    @_recorded
    def invoice_statuses(
        self, shipment_ids: Iterable[str], *, progress: Callable[[Progress], None] | None = None
    ) -> pl.DataFrame:
        """Ask what became of the invoices of shipments: `InvoiceStatuses`, a row per id, in that order; twice given is asked once.

        An id that Amazon does not know is a row with a ``problem``.

        Raises:
            InvalidRequest: An id is empty.
            FetchIncomplete: An answer failed; what arrived is in its ``.fetched``, the cause is its ``__cause__``.
        """
        rows: list[build.Row] = []

        def take(shipment_id: str, response: HttpResponse) -> None:
            at, request_id = self._time(response), response.request_id
            try:
                info = parse_get_invoice_status(response)
            except (NotFound, Rejected) as error:
                rows.append(build.invoice_status_row(shipment_id, None, str(error), at, request_id))
                return
            if info.AmazonShipmentId not in {None, shipment_id}:
                other = f"AmazonShipmentId: asked for {shipment_id}, got {info.AmazonShipmentId}"
                rows.append(build.invoice_status_row(shipment_id, None, other, at, request_id))
            else:
                rows.append(build.invoice_status_row(shipment_id, info.InvoiceStatus, None, at, request_id))

        failure = self._each(shipment_ids, build_get_invoice_status, take, progress)
        found = build.invoice_statuses(rows)
        if failure is not None:
            raise FetchIncomplete(f"{failure} ({found.height} statuses had arrived)", found) from failure
        return found

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
        info = parse_get_invoice_status(self._call(build_get_invoice_status(shipment_id)))
        status = info.InvoiceStatus or ""
        if status not in _MAY_SEND or info.AmazonShipmentId not in {None, shipment_id}:
            raise AlreadySubmitted(
                f"shipment {shipment_id}: Amazon has an invoice for it, or may have (status {status or 'unknown'}); "
                "nothing was sent. Next: ask for its status again; only after NotFound or Errored is one sent"
            )
        sha256 = hashlib.sha256(content).hexdigest()
        if dry_run:
            return Receipt(shipment_id, sha256, sent=False, invoice_status=status)
        response = self._call(request)
        parse_submit_invoice(response)
        return Receipt(shipment_id, sha256, sent=True, invoice_status=status, request_id=response.request_id)

    def _each(
        self,
        shipment_ids: Iterable[str],
        build_request: Callable[[str], HttpRequest],
        take: Callable[[str, HttpResponse], None],
        progress: Callable[[Progress], None] | None,
    ) -> SpapiInvoicesError | None:
        """Ask for each id, once, and hand on the answers; the failure that ended it, if one did. All ids are checked first."""
        asked = [(one, build_request(one)) for one in dict.fromkeys(_texts(shipment_ids))]
        for at, (shipment_id, request) in enumerate(asked, 1):
            try:
                take(shipment_id, self._call(request))
            except SpapiInvoicesError as error:
                return error
            if progress is not None:
                progress(Progress(at, len(asked), at))
        return None

    def _window(self, window: Window, parameters: dict[str, Any]) -> tuple[_Ledger, list[build.Row]]:
        """All pages of one window. A failure is noted in the ledger, never swallowed: the caller raises it."""
        entry, rows = _Ledger(window), list[build.Row]()
        token: str | None = None
        while True:
            request = build_get_customer_invoices(
                window.start, window.end, next_token=token, version=self.api_version, **parameters
            )
            try:
                response = self._call(request)
                page = parse_get_customer_invoices(response)
                if page.next_token is not None and (endless := _endless(page, entry.pages)):
                    raise malformed(request.operation, response, f"{endless}, so the pages never end")
            except SpapiInvoicesError as error:
                return _Ledger(window, entry.pages, self._now(), error), rows
            entry.pages.append(page)
            at = self._time(response)
            asked = build.Asked(self.api_version, at, parameters["ship_from_party_id"], window.start, window.end)
            rows += build.customer_invoice_rows(page, asked)
            if page.next_token is None:
                return _Ledger(window, entry.pages, at), rows
            token = page.next_token

    def _time(self, response: HttpResponse) -> datetime:
        try:
            return parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
        except (KeyError, ValueError):
            return self._now()


def _endless(page: CustomerInvoicePage, before: list[CustomerInvoicePage]) -> str | None:
    """Why following a page's token would lead nowhere; a token may be spelled anew each time and say the same."""
    if any(one.next_token == page.next_token for one in before):
        return "a page whose nextToken came before"
    last = before[-_MOST_ALIKE:]
    # An invoice may be listed twice, and a page may be empty; not that often in a row.
    if len(last) == _MOST_ALIKE and all((one.invoices, one.bad) == (page.invoices, page.bad) for one in last):
        return f"the same page for the {_MOST_ALIKE + 1}th time in a row"
    return f"over {_MOST_PAGES} pages" if len(before) >= _MOST_PAGES else None


def _incomplete(fetched: Fetched, failure: SpapiInvoicesError) -> FetchIncomplete:
    states = fetched.windows["state"]
    first = fetched.windows.filter(states != "complete").row(0, named=True)
    done = int((states == "complete").sum())
    return FetchIncomplete(
        f"{failure} ({done} of {states.len()} windows are complete; the first that is not: "
        f"{iso_utc(first['window_start'])} to {iso_utc(first['window_end'])}, {first['state']})",
        fetched,
    )


def _tuples(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows]


def _texts(ids: Iterable[str]) -> Iterable[str]:
    if isinstance(ids, str):
        raise InvalidRequest(f"one text, {ids!r}, where a list of ids belongs. Next: give [{ids!r}]")
    return ids
