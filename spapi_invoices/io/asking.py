"""Asks for many things, several at once where answers take long, and takes the answers in order. Not for frames."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

from spapi_invoices.core.customer_invoices import ApiVersion
from spapi_invoices.core.windows import Window
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.endpoints import OPERATIONS
from spapi_invoices.errors import InvalidRequest, SpapiInvoicesError
from spapi_invoices.frames.build import Asked, customer_invoice_frame, customer_invoice_rows
from spapi_invoices.io.answers import Progress
from spapi_invoices.io.pages import PageAnswer, WindowAnswer, follow
from spapi_invoices.io.pause import uninterrupted
from spapi_invoices.io.pool import Workers
from spapi_invoices.io.progress import Advance, Show, shown

# What ended a fetch early, if anything: a failure or Ctrl-C.
Ended = SpapiInvoicesError | KeyboardInterrupt | None
# Seconds of answers that the threads cover: they are seen to take up to 0.8, and an account may have twice the published rate.
_SECONDS_UNDER_WAY: Final = 1.6
_MOST_WORKERS: Final = 16
_T = TypeVar("_T")
_R = TypeVar("_R")


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
        """When an answer was sent, by its Date header; by our clock, if that is none."""
        try:
            at = parsedate_to_datetime(response.headers["date"])
            # Without a zone Python would take the machine's.
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (KeyError, ValueError, OverflowError):
            return self.now()

    def pages(self, window: Window, **parameters: Any) -> Iterator[PageAnswer]:  # noqa: ANN401 - of `build_get_customer_invoices`
        """The pages of a window, each asked for when the one before was taken."""
        for page, response in follow(self.call, window, version=self.api_version, **parameters):
            at = self.time(response)
            asked = Asked(self.api_version, at, parameters.get("ship_from_party_id"), window.start, window.end)
            with uninterrupted():
                frame = customer_invoice_frame(customer_invoice_rows(page, asked))
            yield PageAnswer(frame, at, response.attempts, response.request_id, page.unknown_fields)
            del (
                page,
                frame,
            )  # Else a traceback would show them, and they would be held while the next page is asked for.

    def window(self, answer: WindowAnswer, **parameters: Any) -> SpapiInvoicesError | None:  # noqa: ANN401 - likewise
        """Add all pages of a window to its answer, as far as they can be had; what ended it early, if anything."""
        try:
            for page in self.pages(answer.window, **parameters):
                answer.pages.append(page)
        except SpapiInvoicesError as error:
            answer.error = error
            return error
        answer.done = True
        return None

    def each(  # noqa: PLR0913 - what asking by id is made of
        self,
        ids: Iterable[str],
        build_request: Callable[[str], HttpRequest],
        parse: Callable[[str, HttpResponse], _R],
        take: Callable[[str, _R], None],
        progress: Show,
        unit: str = "shipment",
    ) -> Ended:
        """Ask for each id, once; what ended it early, if anything. All ids are checked before the first is asked for.

        Args:
            ids: One given twice is asked once.
            build_request: For an id.
            parse: Makes something of an answer, on any thread; raises a failure.
            take: Takes that, on the caller's thread, in the order of the ids.
            progress: What is told of each.
            unit: What an id stands for.
        """
        requests = {one: build_request(one) for one in dict.fromkeys(texts(ids))}
        if not requests:
            return None

        def ask(one: str) -> _R | SpapiInvoicesError:
            try:
                return parse(one, self.call(requests[one]))
            except SpapiInvoicesError as error:
                return error

        operation_id = next(iter(requests.values())).operation.operation_id
        with shown(progress, unit) as advance:
            return self.all(operation_id, list(requests), ask, take, advance)

    def all(
        self,
        operation_id: str,
        tasks: Sequence[_T],
        ask: Callable[[_T], _R | SpapiInvoicesError],
        take: Callable[[_T, _R], int | None],
        advance: Advance,
    ) -> Ended:
        """Ask for all tasks and take the answers in order; what ended it early, if anything.

        After a failure no further task is begun; the answers that were under way are still taken. After Ctrl-C those that
        had come are.

        Args:
            operation_id: What is asked for, which says how many at once.
            tasks: Given to ``ask`` one by one.
            ask: Called by several threads; returns a failure, does not raise it.
            take: Takes an answer, on the caller's thread; returns how many rows it has, ``None`` for one.
            advance: Told at the beginning and after each task.
        """
        ended: Ended = None
        early: dict[int, _R] = {}
        following, done, rows = 0, 0, 0
        wanted = (task for task in tasks if ended is None)
        with Workers(ask, wanted, self.workers(operation_id)) as workers:
            try:
                advance(Progress(0, len(tasks), 0))
                for place, answer in workers:
                    done += 1
                    if isinstance(answer, SpapiInvoicesError):
                        ended = ended or answer
                    else:
                        early[place] = answer
                    with uninterrupted():
                        while following in early:
                            taken = take(tasks[following], early.pop(following))
                            rows += 1 if taken is None else taken
                            following += 1
                    advance(Progress(done, len(tasks), rows))
            except KeyboardInterrupt as interrupt:
                ended = interrupt
            with uninterrupted():
                early |= {place: one for place, one in workers.finished() if not isinstance(one, SpapiInvoicesError)}
                for place in sorted(early):
                    take(tasks[place], early[place])
        return ended


def texts(ids: Iterable[str]) -> Iterable[str]:
    """The ids.

    Raises:
        InvalidRequest: A single text, whose letters would be taken for ids, or something that is no text.
    """
    if isinstance(ids, str | bytes):
        raise InvalidRequest(f"one text, {ids!r}, where a list of ids belongs. Next: give [{ids!r}]")
    found = list(ids)
    if wrong := [one for one in found if not isinstance(one, str)]:
        raise InvalidRequest(f"{wrong[0]!r} is no text. Next: give ids and numbers as texts, in quotes")
    return found
