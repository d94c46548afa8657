"""Asks for what an archive lacks, and stores each answer before the next is asked for. Not for how it is stored: `store`.

What fails is noted and the rest goes on, for one bad window should not end a night's work. What makes every further
answer the same, as refused credentials, ends it; and so does an archive that cannot be written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import polars as pl

from spapi_invoices.core.coverage import missing, overlapping
from spapi_invoices.core.shipment_invoicing import build_get_shipment_details
from spapi_invoices.core.windows import Window, split
from spapi_invoices.errors import (
    AccessDenied,
    AuthFailed,
    FetchIncomplete,
    FileFailed,
    Interrupted,
    InvalidRequest,
    SpapiInvoicesError,
)
from spapi_invoices.frames.schemas import FetchWindows, frame
from spapi_invoices.io.answers import Progress, Shipments
from spapi_invoices.io.archive.store import Attempt, Store
from spapi_invoices.io.client import Client
from spapi_invoices.io.progress import Advance

# Ids asked for between two writes.
_CHUNK: Final = 200
# Ids that fail one after the other, until the rest is left for the next sync.
_MOST_FAILURES: Final = 3
# After these every answer is the same.
_FINAL: Final = (AuthFailed, AccessDenied)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did.

    Attributes:
        windows: `FetchWindows`, a row per window that was to be asked.
        invoices: Customer invoices that are new in the archive.
        shipments: Shipments whose details were stored; one of which Amazon has none is an error.
        statuses: Shipments whose invoice status was stored.
        errors: Why it is incomplete, a text per window or shipment.
        lost: Files of the tables that were found missing or damaged, each with how many rows it had.
        warnings: Of which shipments Amazon has no details any more; those that were stored stay.
    """

    windows: pl.DataFrame
    invoices: int
    shipments: int
    statuses: int
    errors: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """All that was to be asked was answered."""
        return not self.errors

    def __repr__(self) -> str:
        new = f"{self.invoices} new customer invoices, {self.shipments} shipments, {self.statuses} statuses"
        return f"<Synced: {new}, complete: {'yes' if self.complete else 'no'}>"


def windows_to_ask(wanted: Window, settled: Sequence[Window], margin: timedelta) -> tuple[Window, ...]:
    """The windows of at most seven days in which to ask for what is wanted and not settled.

    >>> from spapi_invoices.core.windows import parse_instant
    >>> october = Window(parse_instant("2026-10-01"), parse_instant("2026-10-10"))
    >>> known = [Window(parse_instant("2026-10-01"), parse_instant("2026-10-08"))]
    >>> [str(one) for one in windows_to_ask(october, known, timedelta(minutes=1))]
    ['2026-10-07 23:59 to 2026-10-10 00:00 UTC']
    """
    gaps = overlapping(missing(wanted, settled), settled, margin)
    return tuple(window for gap in gaps for window in split(gap.start, gap.end, margin=margin))


@dataclass(slots=True)
class Syncing:
    """A sync on its way.

    Attributes:
        client: Whom to ask.
        store: Where to.
        now: The clock, for what failed.
        errors: What went wrong so far.
        refused: Shipments of which Amazon has no details, or that cannot be asked for.
        warnings: Shipments that Amazon does not know any more.
        ended: Something after which nothing more is asked.
    """

    client: Client
    store: Store
    now: Callable[[], datetime]
    errors: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    ended: bool = False

    def invoices(self, attempts: Sequence[Attempt], advance: Advance) -> int:
        """Ask for windows; returns how many invoices are new.

        One after the other, for a page takes a hundred megabytes in passing.
        """
        new = 0
        for done, attempt in enumerate(attempts, 1):
            new += self._window(attempt)
            if attempt.state != "complete":
                self.errors.append(
                    ": ".join(filter(None, (str(attempt.window), attempt.state, attempt.row()["error"])))
                )
            advance(Progress(done, len(attempts), new))
        return new

    def shipments(self, ids: Sequence[str], advance: Advance) -> int:
        """Ask for the details of shipments; returns how many came."""
        asked, before = self._askable(ids), len(self.refused)
        came = self._each(asked, self.client.shipments, self._store_shipments, advance)
        return came - (len(self.refused) - before) - len(self.warnings)

    def statuses(self, ids: Sequence[str], advance: Advance) -> int:
        """Ask what became of the invoices of shipments; returns how many statuses came."""
        return self._each(self._askable(ids), self.client.invoice_statuses, self._store_statuses, advance)

    def _window(self, attempt: Attempt) -> int:
        """Ask for a window page by page, each stored before the next is asked for; returns how many invoices are new."""
        if self.ended:
            return 0
        new, failure = 0, None
        try:
            for page in self.client.pages(attempt.window, ship_from_party_id=attempt.ship_from_party_id):
                new += self.store.page(attempt, page)
        except FileFailed:
            raise
        except SpapiInvoicesError as error:
            failure = error
        self.ended = self.ended or isinstance(failure, _FINAL)
        self.store.end(attempt, None if failure is None else str(failure), self.now())
        return new

    def _askable(self, ids: Sequence[str]) -> list[str]:
        """Those that can be asked for; an older version remembered others too."""
        return [one for one in ids if self._can_be_asked_for(one)]

    def _can_be_asked_for(self, shipment_id: str) -> bool:
        try:
            build_get_shipment_details(shipment_id)
        except InvalidRequest as error:
            self._refuse(shipment_id, str(error))
            return False
        return True

    def _refuse(self, shipment_id: str, why: str) -> None:
        if shipment_id not in self.refused:
            self.refused.add(shipment_id)
            said = _advised(why, "take it out of the archive (archive forget)")
            self.errors.append(f"shipment {shipment_id!r}: {said}")

    def _each(
        self, ids: Sequence[str], ask: Callable[[list[str]], _T], store: Callable[[_T], list[str]], advance: Advance
    ) -> int:
        """Ask for ids, some at a time, and store what comes."""
        left, arrived, in_a_row = list(ids), 0, 0
        while left and not self.ended and in_a_row < _MOST_FAILURES:
            chunk, failure = left[:_CHUNK], None
            try:
                came = store(ask(chunk))
            except FetchIncomplete as error:
                came, failure = store(error.fetched), error
            except Interrupted as interrupt:
                store(interrupt.fetched)
                raise
            # The first that did not come is the one that failed; of those behind it none is known to be bad.
            late = [one for one in chunk if one not in set(came)]
            left = [*late[1:], *left[_CHUNK:]]
            arrived, in_a_row = arrived + len(came), 0 if came else in_a_row + 1
            if failure is not None:
                self.ended = isinstance(failure.__cause__, _FINAL)
                self.errors.append(f"shipment {', '.join(late[:1])}: {failure}")
                for one in late[:1]:
                    self.store.failed(one, self.now())
            advance(Progress(len(ids) - len(left), len(ids), arrived))
        if left:
            self.errors.append(f"{len(left)} more shipments were not asked for")
        return arrived

    def _store_shipments(self, found: Shipments) -> list[str]:
        stored = self.store.shipments(found)
        # No lines are a count of zero: those with none are rows that only say why there is no answer.
        refused = found.shipments.filter(pl.col("item_count").is_null()).select("amazon_shipment_id", "problem")
        for shipment_id, problem in refused.iter_rows():
            if shipment_id in stored:
                self._refuse(shipment_id, problem)
            else:
                said = _advised(problem, "see the table problems for what was asked for again")
                self.warnings.append(f"shipment {shipment_id!r} keeps the details that it has: {said}")
        return found.shipments["amazon_shipment_id"].to_list()

    def _store_statuses(self, found: pl.DataFrame) -> list[str]:
        self.store.statuses(found)
        return found["amazon_shipment_id"].to_list()


def _advised(why: str, step: str) -> str:
    return f"{why}, or {step}" if "Next: " in why else f"{why}. Next: {step}"


def windows_table(attempts: Sequence[Attempt]) -> pl.DataFrame:
    """`FetchWindows` of a sync."""
    columns = FetchWindows.to_schema().columns
    return frame(FetchWindows, [tuple(one.row()[name] for name in columns) for one in attempts])
