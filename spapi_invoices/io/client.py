"""The client: asks, follows pages, keeps the ledger, returns frames. Not for meaning: the core parses, frames validate."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta, tzinfo
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Final, Literal, ParamSpec, Self, TypeVar

import polars as pl

from spapi_invoices.core.customer_invoices import (
    ApiVersion,
    build_get_customer_invoice,
    build_get_customer_invoices,
    iso_utc,
)
from spapi_invoices.core.plan import Plan, plan, plan_windows
from spapi_invoices.core.shipment_invoicing import (
    ShipmentAnswer,
    build_get_invoice_status,
    build_get_shipment_details,
    build_submit_invoice,
    parse_get_invoice_status,
    parse_get_shipment_details,
    parse_submit_invoice,
)
from spapi_invoices.core.windows import WINDOW, Instant, Window, parse_instant, split
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.endpoints import operation
from spapi_invoices.errors import (
    AlreadySubmitted,
    FetchIncomplete,
    Interrupted,
    InvalidRequest,
    SpapiInvoicesError,
)
from spapi_invoices.frames import build
from spapi_invoices.io.answers import Fetched, InvoicePage, Receipt, Shipments
from spapi_invoices.io.asking import Asking, Ended, texts
from spapi_invoices.io.fetching import Refused, by_number, by_window, of_one, parse_invoice, whole
from spapi_invoices.io.files import read_bytes
from spapi_invoices.io.pause import uninterrupted
from spapi_invoices.io.progress import Show
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
        width: timedelta = WINDOW,
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
            width: Of a window, at most seven days. The pages of a window come one after the other and windows at once, so
                where a week has many pages, narrower ones are faster.
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
            if (created_after, created_before, ship_from_party_id, sort_order) != (None, None, None, None):
                raise InvalidRequest(
                    "purchase orders were given together with a range or its parameters. Next: give one of them"
                )
            fetched, ended = by_number(self._asking, purchase_orders, progress)
        else:
            windows = self._windows(created_after, created_before, width, margin)
            parameters: dict[str, Any] = {
                "ship_from_party_id": ship_from_party_id,
                "limit": limit,
                "sort_order": sort_order,
            }
            # What Amazon would refuse in each window is refused before the first is asked for.
            build_get_customer_invoices(windows[0].start, windows[0].end, version=self.api_version, **parameters)
            fetched, ended = by_window(self._asking, windows, parameters, progress)
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
            for page in self._asking.pages(window, ship_from_party_id=ship_from_party_id, limit=limit):
                yield InvoicePage(
                    frame=_checked(page.frame),
                    at=page.at,
                    attempts=page.attempts,
                    request_id=page.request_id,
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
        limit: int | None = 100,
        width: timedelta = WINDOW,
        margin: timedelta = MARGIN,
    ) -> Plan:
        """Say beforehand what `customer_invoices`, or with ``shipment_ids`` `shipments` or `invoice_statuses`, will ask for.

        Nothing is asked. Give the range, the numbers or the ids that you would give there.

        Args:
            created_after: Inclusive, as there.
            created_before: Exclusive, as there.
            purchase_orders: Numbers, in place of a range.
            shipment_ids: Ids, in place of a range.
            invoices: How many you expect; pages beyond one a window are counted by it.
            limit: Invoices a page.
            width: Of a window.
            margin: By how much windows overlap.

        Raises:
            InvalidRequest: As there, or more than one of a range, numbers and ids.

        >>> from spapi_invoices.io.demo_files import demo_file
        >>> from spapi_invoices.io.connect import connect
        >>> connect(replay=demo_file("demo.yaml")).plan("2026-04-01", "2026-10-01")
        Plan(operation_id='getCustomerInvoices', calls=31, seconds=2.1)
        """
        given = (created_after or created_before, purchase_orders, shipment_ids)
        if sum(one is not None for one in given) > 1:
            raise InvalidRequest("a range, purchase orders and shipment ids: more than one was given. Next: give one")
        if shipment_ids is not None:
            asked = {build_get_shipment_details(one) for one in texts(shipment_ids)}
            return plan(operation("getShipmentDetails", "v0"), len(asked))
        if purchase_orders is not None:
            asked = {build_get_customer_invoice(one, version=self.api_version) for one in texts(purchase_orders)}
            return plan(operation("getCustomerInvoice", self.api_version), len(asked))
        windows = self._windows(created_after, created_before, width, margin)
        return plan_windows(windows, version=self.api_version, invoices=invoices, limit=limit)

    @_recorded
    def customer_invoice(self, purchase_order_number: str) -> pl.DataFrame:
        """Fetch the invoice of one purchase order: `CustomerInvoices` with one row.

        Raises:
            InvalidRequest: The number has anything but letters and digits.
            NotFound: Amazon has no invoice for it.
        """
        response = self._asking.call(build_get_customer_invoice(purchase_order_number, version=self.api_version))
        page = parse_invoice(self._asking, purchase_order_number, response)
        asked = build.Asked(self.api_version, self._asking.time(response))
        return _checked(build.customer_invoice_frame(build.customer_invoice_rows(page, asked)))

    @_recorded
    def shipments(self, shipment_ids: Iterable[str], *, progress: Show = None) -> Shipments:
        """Fetch shipments by id; the ids come from FBA_OUTBOUND_SHIPMENT_STATUS notifications, for there is no list operation.

        An id that Amazon does not know, or whose record cannot be read, or not in full, is a row with a ``problem``. An answer
        that is no answer (an HTML page, an empty body, a refused token) ends the fetch. An id given twice is asked once.

        Raises:
            InvalidRequest: An id is empty.
            FetchIncomplete: An answer failed; what arrived is in its ``.fetched``, the cause is its ``__cause__``.
            Interrupted: Ctrl-C; what had arrived is in its ``.fetched``.
        """
        ids = list(texts(shipment_ids))
        rows, unknown = build.ShipmentRows(), set[str]()

        def take(shipment_id: str, answer: tuple[ShipmentAnswer | Refused, datetime]) -> None:
            detail, at = answer
            if isinstance(detail, Refused):
                rows.fail(shipment_id, detail, at)
            else:
                unknown.update(detail.unknown_fields)
                rows.add(shipment_id, detail, at)

        def parse(_: str, response: HttpResponse) -> tuple[ShipmentAnswer | Refused, datetime]:
            return of_one(parse_get_shipment_details, response), self._asking.time(response)

        found, ended = whole(
            lambda: self._asking.each(ids, build_get_shipment_details, parse, take, progress),
            lambda _: Shipments(**rows.frames(), unknown_fields=frozenset(unknown)),
        )
        if isinstance(ended, SpapiInvoicesError):
            arrived = found.shipments["amazon_shipment_id"]
            raise FetchIncomplete(f"{ended} ({_had_arrived(arrived, ids, 'shipments')})", found) from ended
        return _unless_interrupted(found, ended)

    @_recorded
    def invoice_statuses(self, shipment_ids: Iterable[str], *, progress: Show = None) -> pl.DataFrame:
        """Ask what became of the invoices of shipments: `InvoiceStatuses`, a row per id, in that order; twice given is asked once.

        An id that Amazon does not know, or whose answer has no status, is a row with a ``problem``.

        Raises:
            InvalidRequest: An id is empty.
            FetchIncomplete: An answer failed; what arrived is in its ``.fetched``, the cause is its ``__cause__``.
            Interrupted: Ctrl-C; what had arrived is in its ``.fetched``.
        """
        ids = list(texts(shipment_ids))
        rows: list[build.Row] = []

        def parse(shipment_id: str, response: HttpResponse) -> build.Row:
            status, problem = None, None
            info = of_one(parse_get_invoice_status, response)
            if isinstance(info, Refused):
                problem = str(info)
            elif info.AmazonShipmentId in {None, shipment_id}:
                status = info.InvoiceStatus
            else:
                problem = f"AmazonShipmentId: asked for {shipment_id}, got {info.AmazonShipmentId}"
            at = self._asking.time(response)
            return build.invoice_status_row(shipment_id, status, problem, at, response.request_id, response.attempts)

        def take(_: str, row: build.Row) -> None:
            rows.append(row)

        found, ended = whole(
            lambda: self._asking.each(ids, build_get_invoice_status, parse, take, progress),
            lambda _: build.invoice_statuses(rows),
        )
        if isinstance(ended, SpapiInvoicesError):
            arrived = found["amazon_shipment_id"]
            raise FetchIncomplete(f"{ended} ({_had_arrived(arrived, ids, 'statuses')})", found) from ended
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

    def _windows(
        self, after: Instant | None, before: Instant | None, width: timedelta, margin: timedelta
    ) -> tuple[Window, ...]:
        if after is None or before is None:
            raise InvalidRequest("no range. Next: give created_after and created_before, or numbers or ids")
        if isinstance(width, timedelta) and width > WINDOW:
            raise InvalidRequest(f"windows of {width}, and Amazon answers at most {WINDOW}. Next: give a smaller width")
        return split(parse_instant(after, self.zone), parse_instant(before, self.zone), width, margin)

    def _recording(self) -> AbstractContextManager[None]:
        return nullcontext() if self.recorder is None else self.recorder.call()


@uninterrupted()
def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    return build.customer_invoices([frame])


def _unless_interrupted(found: _R, ended: Ended) -> _R:
    if isinstance(ended, KeyboardInterrupt):
        raise Interrupted(found) from None
    return found


def _had_arrived(arrived: Iterable[str], ids: list[str], what: str) -> str:
    """How many, and which is the first that had not."""
    there = set(arrived)
    return f"{len(there)} {what} had arrived; the first that had not: {next(one for one in ids if one not in there)}"


def _incomplete(fetched: Fetched, failure: SpapiInvoicesError) -> FetchIncomplete:
    states = fetched.windows["state"]
    first = fetched.windows.filter(states != "complete").row(0, named=True)
    if first["window_start"] is None:
        arrived = [one for one in fetched.frame["purchase_order_number"] if one is not None]
        return FetchIncomplete(f"{failure} ({_had_arrived(arrived, list(fetched.not_asked), 'invoices')})", fetched)
    done = int((states == "complete").sum())
    return FetchIncomplete(
        f"{failure} ({done} of {states.len()} windows are complete; the first that is not: "
        f"{iso_utc(first['window_start'])} to {iso_utc(first['window_end'])}, {first['state']})",
        fetched,
    )
