"""Fetches customer invoices by window and by number, and keeps the ledger. Not for what a caller may ask: the client's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import polars as pl

from spapi_invoices.core.customer_invoices import (
    CustomerInvoicePage,
    build_get_customer_invoice,
    parse_get_customer_invoice,
)
from spapi_invoices.core.status import malformed_record
from spapi_invoices.core.windows import Window
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.endpoints import operation
from spapi_invoices.errors import ApiError, MalformedRecord, NotFound, Rejected, SpapiInvoicesError
from spapi_invoices.frames import build
from spapi_invoices.frames.schemas import FetchWindows, frame
from spapi_invoices.io.answers import Fetched
from spapi_invoices.io.asking import Asking, Ended, texts
from spapi_invoices.io.pages import Entry, WindowAnswer, entry_of, state_of
from spapi_invoices.io.pause import uninterrupted
from spapi_invoices.io.progress import Show, shown

# What Amazon said of the one record that was asked for; kept as a value, for the others are not concerned.
Refused = NotFound | Rejected | MalformedRecord
_R = TypeVar("_R")


def by_window(
    asking: Asking, windows: Sequence[Window], parameters: dict[str, Any], progress: Show
) -> tuple[Fetched, Ended]:
    """What arrived, and what ended it early: a failure or Ctrl-C."""
    # Filled while they are asked for, so that Ctrl-C keeps the pages of those under way too.
    begun: dict[Window, WindowAnswer] = {}

    def ask(window: Window) -> WindowAnswer | SpapiInvoicesError:
        begun[window] = answer = WindowAnswer(window)
        return asking.window(answer, **parameters) or answer

    def take(_: Window, answer: WindowAnswer) -> int:
        return sum(page.frame.height for page in answer.pages)

    def asked() -> Ended:
        with shown(progress, "window") as advance:
            return asking.all("getCustomerInvoices", windows, ask, take, advance)

    def gathered(_: Ended) -> Fetched:
        now, there = asking.now(), begun.copy()
        answers = [
            WindowAnswer(one.window, done=one.done, error=one.error, pages=one.pages[:]) for one in there.values()
        ]
        answers.sort(key=lambda one: one.window)
        ledger = {one.window: entry_of(one, now) for one in answers}
        pages = [page for one in answers for page in one.pages]
        return _fetched(
            [page.frame for page in pages],
            [ledger.get(window, Entry("getCustomerInvoices", window=window)) for window in windows],
            frozenset().union(*(page.unknown_fields for page in pages)),
        )

    return whole(asked, gathered)


def by_number(asking: Asking, numbers: Iterable[str], progress: Show) -> tuple[Fetched, Ended]:
    """As `by_window`; the ledger is one row, for all that was asked for."""
    numbers = list(dict.fromkeys(texts(numbers)))
    taken: dict[str, tuple[CustomerInvoicePage | Refused, HttpResponse]] = {}

    def ask(number: str) -> HttpRequest:
        return build_get_customer_invoice(number, version=asking.api_version)

    def parse(number: str, response: HttpResponse) -> tuple[CustomerInvoicePage | Refused, HttpResponse]:
        return of_one(lambda one: parse_invoice(asking, number, one), response), response

    def asked() -> Ended:
        return asking.each(numbers, ask, parse, taken.__setitem__, progress, "invoice")

    def gathered(ended: Ended) -> Fetched:
        found = [(page, response) for page, response in taken.values() if not isinstance(page, Refused)]
        rows = [
            row
            for page, response in found
            for row in build.customer_invoice_rows(page, build.Asked(asking.api_version, asking.time(response)))
        ]
        return _fetched(
            [build.customer_invoice_frame(rows)],
            [_entry(asking, [response for _, response in taken.values()], len(rows), ended)] if numbers else [],
            frozenset().union(*(page.unknown_fields for page, _ in found)),
            missing={number: str(one) for number, (one, _) in taken.items() if isinstance(one, Refused)},
            not_asked=[number for number in numbers if number not in taken],
        )

    return whole(asked, gathered)


def _entry(asking: Asking, responses: Sequence[HttpResponse], rows: int, ended: Ended) -> Entry:
    """The row of the ledger for what was asked by number."""
    failed = ended.attempts if isinstance(ended, SpapiInvoicesError) else 0
    return Entry(
        "getCustomerInvoice",
        state_of(done=ended is None, pages=len(responses)),
        pages=len(responses),
        rows=rows,
        attempts=sum(response.attempts for response in responses) + failed,
        request_ids=tuple(response.request_id for response in responses if response.request_id),
        error=None if ended is None else str(ended) or "interrupted: not all numbers were answered",
        finished_at=asking.now(),
    )


def parse_invoice(asking: Asking, number: str, response: HttpResponse) -> CustomerInvoicePage:
    """The invoice of a purchase order.

    Raises:
        MalformedRecord: It is another order's.
        SpapiInvoicesError: As `parse_get_customer_invoice`.
    """
    page = parse_get_customer_invoice(response)
    found = [one.purchaseOrderNumber for one in page.invoices] + [one.purchase_order_number for one in page.bad]
    if found != [number]:
        asked = operation("getCustomerInvoice", asking.api_version)
        raise malformed_record(asked, response, "the invoice of another purchase order")
    return page


def of_one(parse: Callable[[HttpResponse], _R], response: HttpResponse) -> _R | Refused:
    """What was asked for, or why there is none: Amazon's own words about it, or a record that is none.

    Raises:
        SpapiInvoicesError: What is not said of the one that was asked for, as an HTML page or a missing role: it would be
            said of each.
    """
    try:
        return parse(response)
    except (NotFound, Rejected, MalformedRecord) as error:
        if isinstance(error, ApiError) and not error.errors:
            raise
        return error.with_traceback(None)


def whole(ask: Callable[[], Ended], gather: Callable[[Ended], _R]) -> tuple[_R, Ended]:
    """What is gathered of what was asked for, and what ended the asking early. Ctrl-C does, and does not end the gathering."""
    ended: Ended
    try:
        ended = ask()
    except KeyboardInterrupt as interrupt:
        ended = interrupt
    found: list[_R] = []
    try:
        with uninterrupted():
            found.append(gather(ended))
    except KeyboardInterrupt as interrupt:
        ended = interrupt
    return (found or [gather(ended)])[0], ended


def _fetched(
    frames: Sequence[pl.DataFrame],
    ledger: Iterable[Entry],
    unknown: frozenset[str],
    *,
    missing: Mapping[str, str] | None = None,
    not_asked: Iterable[str] = (),
) -> Fetched:
    windows = frame(FetchWindows, [tuple(entry.row().values()) for entry in ledger])
    return Fetched(build.customer_invoices(frames), windows, unknown, missing or {}, tuple(not_asked))
