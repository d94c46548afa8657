"""Follows the pages of a window to the last, and keeps the ledger of windows. Not for frames or threads: the client's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl

from spapi_invoices.core.customer_invoices import (
    CustomerInvoicePage,
    build_get_customer_invoices,
    parse_get_customer_invoices,
)
from spapi_invoices.core.status import malformed
from spapi_invoices.core.windows import Window
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.errors import SpapiInvoicesError

Call = Callable[[HttpRequest], HttpResponse]
# Pages of one window: so many in a row without news, or so many at all, are no window of seven days.
_MOST_ALIKE: Final = 9
_MOST_EMPTY: Final = 99
_MOST_PAGES: Final = 10_000


def follow(call: Call, window: Window, **parameters: Any) -> Iterator[tuple[CustomerInvoicePage, HttpResponse]]:  # noqa: ANN401 - of `build_get_customer_invoices`
    """Ask for the pages of a window, each when the one before was taken.

    Raises:
        MalformedResponse: An answer that is no page, or pages that never end.
        SpapiInvoicesError: Whatever else asking for a page raises.
    """
    seen, token = _Seen(), None
    while True:
        request = build_get_customer_invoices(window.start, window.end, next_token=token, **parameters)
        response = call(request)
        page = parse_get_customer_invoices(response)
        if page.next_token is not None and (endless := seen.leads_nowhere(page)):
            raise malformed(request.operation, response, f"{endless}, so the pages never end")
        yield page, response
        if page.next_token is None:
            return
        token = page.next_token


@dataclass(slots=True)
class _Seen:
    """What is remembered of a window's pages: no page itself, for they are large."""

    tokens: set[str | None] = field(default_factory=set)
    entries: set[int] = field(default_factory=set)
    without_news: int = 0
    empty: int = 0

    def leads_nowhere(self, page: CustomerInvoicePage) -> str | None:
        """Why following the page's token would never end, if so; a token may be spelled anew each time and say the same."""
        if page.next_token in self.tokens:
            return "a page whose nextToken came before"
        self.tokens.add(page.next_token)
        entries = {hash(one) for one in (*page.invoices, *page.bad)}
        # An invoice may be listed twice, and a page may be empty; not that often in a row.
        self.without_news = 0 if entries - self.entries else self.without_news + bool(entries)
        self.empty = 0 if entries else self.empty + 1
        self.entries |= entries
        if self.without_news > _MOST_ALIKE:
            return f"a page without anything new for the {self.without_news}th time in a row"
        if self.empty > _MOST_EMPTY:
            return f"an empty page for the {self.empty}th time in a row"
        return f"over {_MOST_PAGES} pages" if len(self.tokens) > _MOST_PAGES else None


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What is kept of a page, and how it was answered.

    Attributes:
        frame: Its rows, as `frames.build.customer_invoice_frame` has them; not in the repr, for they hold documents.
    """

    frame: pl.DataFrame = field(repr=False)
    at: datetime
    attempts: int
    request_id: str | None
    unknown_fields: frozenset[str]


@dataclass(slots=True)
class WindowAnswer:
    """What came for a window so far. One thread adds to it, and another may look at any moment.

    Attributes:
        window: What is asked.
        pages: That came, in order.
        done: The last page came.
        error: What ended it early.
    """

    window: Window
    pages: list[PageAnswer] = field(default_factory=list)
    done: bool = False
    error: SpapiInvoicesError | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of `FetchWindows`.

    Attributes:
        operation_id: Amazon's name of the operation.
        state: As in `FetchWindows`.
        window: What was asked; ``None`` if by number.
        error: What ended it early.
        finished_at: When the last answer came, or the failure; ``None`` if nothing was asked.
    """

    operation_id: str
    state: str = "not_asked"
    window: Window | None = None
    pages: int = 0
    rows: int = 0
    attempts: int = 0
    request_ids: tuple[str, ...] = ()
    error: str | None = None
    finished_at: datetime | None = None

    def row(self) -> dict[str, Any]:
        """The row, columns in their order."""
        return {
            "operation": self.operation_id,
            "window_start": self.window and self.window.start,
            "window_end": self.window and self.window.end,
            "state": self.state,
            "pages": self.pages,
            "rows": self.rows,
            "attempts": self.attempts,
            "request_ids": list(self.request_ids),
            "error": self.error,
            "finished_at": self.finished_at,
        }


def entry_of(answer: WindowAnswer, now: datetime) -> Entry:
    """The ledger's row of a window as it stands; one that is under way was interrupted ``now``."""
    done, pages = answer.done, answer.pages[:]
    error = None if done else str(answer.error or "interrupted: it was not answered to its last page")
    return Entry(
        "getCustomerInvoices",
        state_of(done=done, pages=len(pages)),
        answer.window,
        pages=len(pages),
        rows=sum(page.frame.height for page in pages),
        attempts=sum(page.attempts for page in pages) + (0 if answer.error is None else answer.error.attempts),
        request_ids=tuple(page.request_id for page in pages if page.request_id),
        error=error,
        finished_at=pages[-1].at if done else now,
    )


def state_of(*, done: bool, pages: int) -> str:
    """The state of what was asked for."""
    return "complete" if done else "truncated" if pages else "failed"
