"""Follows the pages of a window to the last, and keeps the ledger of windows. Not for frames or threads: the client's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

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
# Pages of one window: so many alike in a row, or so many at all, are no window of seven days.
_MOST_ALIKE: Final = 9
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
    last: int = 0
    alike: int = 0

    def leads_nowhere(self, page: CustomerInvoicePage) -> str | None:
        """Why following the page's token would never end, if so; a token may be spelled anew each time and say the same."""
        if page.next_token in self.tokens:
            return "a page whose nextToken came before"
        self.tokens.add(page.next_token)
        this = hash((page.invoices, page.bad))
        self.last, self.alike = this, self.alike + 1 if this == self.last else 1
        # An invoice may be listed twice, and a page may be empty; not that often in a row.
        if self.alike > _MOST_ALIKE:
            return f"the same page for the {self.alike}th time in a row"
        return f"over {_MOST_PAGES} pages" if len(self.tokens) > _MOST_PAGES else None


@dataclass(slots=True)
class Entry:
    """A row of `FetchWindows` while it is written.

    Attributes:
        operation_id: Amazon's name of the operation.
        window: What is asked; ``None`` if it is asked by number.
        finished_at: When the last answer came; ``None`` if nothing was asked.
        error: What ended it early.
    """

    operation_id: str
    window: Window | None = None
    pages: int = 0
    rows: int = 0
    attempts: int = 0
    request_ids: list[str] = field(default_factory=list)
    error: SpapiInvoicesError | None = None
    finished_at: datetime | None = None

    def add(self, response: HttpResponse, at: datetime, rows: int) -> None:
        """Note an answer with so many records."""
        self.pages, self.rows, self.attempts = self.pages + 1, self.rows + rows, self.attempts + response.attempts
        self.finished_at = at
        if response.request_id:
            self.request_ids.append(response.request_id)

    def fail(self, error: SpapiInvoicesError, at: datetime) -> None:
        """Note what ended it."""
        self.error, self.finished_at = error, at
        self.attempts += error.attempts

    @property
    def state(self) -> str:
        """As in `FetchWindows`."""
        if self.finished_at is None:
            return "not_asked"
        return "complete" if self.error is None else "truncated" if self.pages else "failed"

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
            "request_ids": self.request_ids,
            "error": None if self.error is None else str(self.error),
            "finished_at": self.finished_at,
        }
