"""Asks for many things, several at once where answers take long, and hands the answers on in order. Not for frames."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

from spapi_invoices.core.customer_invoices import ApiVersion, CustomerInvoicePage
from spapi_invoices.core.windows import Window
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.endpoints import OPERATIONS
from spapi_invoices.errors import InvalidRequest, SpapiInvoicesError
from spapi_invoices.frames.build import Asked, Row, customer_invoice_rows
from spapi_invoices.io.answers import Progress
from spapi_invoices.io.pages import Entry, follow
from spapi_invoices.io.pool import in_order
from spapi_invoices.io.progress import Advance, Show, shown

# What ended a fetch early, if anything: a failure or Ctrl-C.
Ended = SpapiInvoicesError | KeyboardInterrupt | None
# Seconds of answers that the threads cover: they are seen to take up to 0.8, and an account may have twice the published rate.
_SECONDS_UNDER_WAY: Final = 1.6
_MOST_WORKERS: Final = 16
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(slots=True)
class WindowAnswer:
    """What came for a window: its ledger row, the rows of its pages, fields that the official model does not have."""

    entry: Entry
    rows: list[Row] = field(default_factory=list)
    unknown_fields: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Asking:
    """How one account is asked.

    Attributes:
        call: Sends a request with the right token and returns the answer.
        api_version: Of Vendor Direct Fulfillment Shipping.
        now: The clock, for answers without a Date header.
        concurrent: ``call`` may be called by several threads at once.
    """

    call: Callable[[HttpRequest], HttpResponse]
    api_version: ApiVersion
    now: Callable[[], datetime]
    concurrent: bool

    def workers(self, operation_id: str) -> int:
        """How many threads keep an operation's quota busy while answers are slow."""
        rate = next(row.rate for row in OPERATIONS if row.operation_id == operation_id)
        return min(_MOST_WORKERS, math.ceil(rate * _SECONDS_UNDER_WAY)) if self.concurrent and rate else 1

    def time(self, response: HttpResponse) -> datetime:
        """When an answer was sent."""
        try:
            return parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
        except (KeyError, ValueError):
            return self.now()

    def pages(self, window: Window, **parameters: Any) -> Iterator[tuple[CustomerInvoicePage, HttpResponse, list[Row]]]:  # noqa: ANN401 - of `build_get_customer_invoices`
        """The pages of a window, each asked for when the one before was taken: as parsed, as answered, as rows."""
        for page, response in follow(self.call, window, version=self.api_version, **parameters):
            asked = Asked(
                self.api_version, self.time(response), parameters.get("ship_from_party_id"), window.start, window.end
            )
            yield page, response, customer_invoice_rows(page, asked)

    def window(self, window: Window, parameters: dict[str, Any]) -> WindowAnswer:
        """All pages of a window, as far as they could be had. A failure is noted in the entry: the caller raises it."""
        answer = WindowAnswer(Entry("getCustomerInvoices", window))
        try:
            for page, response, rows in self.pages(window, **parameters):
                answer.entry.add(response, self.time(response), len(rows))
                answer.rows += rows
                answer.unknown_fields |= page.unknown_fields
        except SpapiInvoicesError as error:
            answer.entry.fail(error, self.now())
        return answer

    def each(
        self,
        ids: Iterable[str],
        build_request: Callable[[str], HttpRequest],
        take: Callable[[str, HttpResponse], None],
        progress: Show,
        unit: str = "shipment",
    ) -> Ended:
        """Ask for each id, once, and hand on the answers; what ended it early, if anything. All ids are checked first."""
        requests = {one: build_request(one) for one in dict.fromkeys(texts(ids))}
        taken = itertools.count(1)

        def ask(one: str) -> HttpResponse | SpapiInvoicesError:
            try:
                return self.call(requests[one])
            except SpapiInvoicesError as error:
                return error

        def take_answer(one: str, answer: HttpResponse | SpapiInvoicesError) -> int:
            if isinstance(answer, SpapiInvoicesError):
                raise answer
            take(one, answer)
            return next(taken)

        if not requests:
            return None
        operation_id = next(iter(requests.values())).operation.operation_id
        with shown(progress, unit) as advance:
            return self.all(operation_id, list(requests), ask, take_answer, advance)

    def all(
        self,
        operation_id: str,
        tasks: Sequence[_T],
        ask: Callable[[_T], _R],
        take: Callable[[_T, _R], int],
        advance: Advance,
    ) -> Ended:
        """Ask for all tasks and take the answers in order; what ended it early, if anything.

        After a failure no further task is begun; the answers that were under way are still taken.

        Args:
            operation_id: What is asked for, which says how many at once.
            tasks: Given to ``ask`` one by one.
            ask: Called by several threads; returns a failure, does not raise it.
            take: Takes an answer, by the caller's thread, and returns how many rows there are so far; raises a failure.
            advance: Told at the beginning and after each task.
        """
        ended: Ended = None
        wanted = (task for task in tasks if ended is None)
        rows = 0
        advance(Progress(0, len(tasks), rows))
        try:
            answers = in_order(lambda task: (task, ask(task)), wanted, self.workers(operation_id))
            for done, (task, answer) in enumerate(answers, 1):
                try:
                    rows = take(task, answer)
                except SpapiInvoicesError as error:
                    ended = ended or error
                advance(Progress(done, len(tasks), rows))
        except KeyboardInterrupt as interrupt:
            return interrupt
        return ended


def texts(ids: Iterable[str]) -> Iterable[str]:
    """The ids.

    Raises:
        InvalidRequest: A single text, whose letters would be taken for ids.
    """
    if isinstance(ids, str):
        raise InvalidRequest(f"one text, {ids!r}, where a list of ids belongs. Next: give [{ids!r}]")
    return ids
