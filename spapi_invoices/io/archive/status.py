"""Says how complete an archive is, and what it holds for too long. Not for mending either: `sync` and `purge` do."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.core.coverage import Asked, State, Stretch, days, stretches
from spapi_invoices.core.windows import Window
from spapi_invoices.frames.schemas import ArchiveCoverage, ExpectedInvoices, frame
from spapi_invoices.io.archive import tables
from spapi_invoices.io.archive.parts import left_out
from spapi_invoices.io.archive.purge import Purged, due, undated

_ANSWERED: Final = ("complete", "empty")


@dataclass(frozen=True, slots=True)
class Status:
    """How complete an archive is.

    Attributes:
        coverage: `ArchiveCoverage`.
        days: The state of each day, of the worst there is in it: failed, never_asked, complete, empty.
        without_document: Customer invoices that came and whose document could not be decoded.
        overdue: What is held for longer than the archive's retention.
        undated: Documents and shipments that were stored in the future, by a fast clock: held since the next sync or purge.
        shipments: Shipments that are remembered, by what is known of them.
        expected: `ExpectedInvoices`; without rows if no list was given.
        warehouses: Those that were asked for alone, each with whether all that was wanted of it was answered; none if
            the status is of one of them.
        lost: Files of the tables that were missing or damaged and count no more, each with how many rows it had; until
            something is purged.
    """

    coverage: pl.DataFrame
    days: dict[date, State]
    without_document: int
    overdue: Purged
    undated: int
    shipments: dict[str, int]
    expected: pl.DataFrame
    warehouses: dict[str, bool]
    lost: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """The whole range was answered, of each warehouse too, and so were the details of all shipments."""
        answered = self.coverage["state"].is_in(_ANSWERED).all()
        return bool(answered) and all(self.warehouses.values()) and not self.shipments["without_details"]


def known_range(made: Iterable[Asked]) -> Window | None:
    """From the first that was wanted to the last that an answer can tell of; ``None`` if nothing was."""
    spans = [(one.window.start, min(one.window.end, max(one.at, one.window.start))) for one in made]
    start, end = min((one for one, _ in spans), default=None), max((one for _, one in spans), default=None)
    return Window(start, end) if start and end and start < end else None


def read_status(  # noqa: PLR0913 - what is said depends on all of it
    folder: Path,
    db: sqlite3.Connection,
    wanted: Window | None,
    ship_from_party_id: str | None,
    zone: tzinfo,
    expected: Iterable[str] | None,
    overdue_before: datetime,
    now: datetime,
) -> Status:
    """What the ledger says of a range, ``None`` for all that was wanted."""
    cut = _cut(db, wanted, ship_from_party_id)
    alone = tables.warehouses(db) if ship_from_party_id is None else ()
    rows = [(one.window.start, one.window.end, one.state, one.error) for one in cut]
    return Status(
        frame(ArchiveCoverage, rows),
        days(cut, zone),
        tables.without_document(db),
        due(db, overdue_before, now),
        undated(db, now),
        _shipments(db),
        frame(
            ExpectedInvoices, [] if expected is None else _expected(folder, db, wanted, ship_from_party_id, expected)
        ),
        {one: all(each.state in _ANSWERED for each in _cut(db, wanted, one)) for one in alone},
        left_out(db),
    )


def _cut(db: sqlite3.Connection, wanted: Window | None, ship_from_party_id: str | None) -> tuple[Stretch, ...]:
    made = list(tables.attempts(db, ship_from_party_id).values())
    window = wanted or known_range([*made, *tables.wanted(db, ship_from_party_id)])
    return () if window is None else stretches(window, made)


def _shipments(db: sqlite3.Connection) -> dict[str, int]:
    row = db.execute(
        "SELECT count(*), count(*) FILTER (WHERE details_at IS NULL), count(problem), "
        "count(*) FILTER (WHERE invoice_status = ?) FROM shipments",
        (tables.ACCEPTED,),
    ).fetchone()
    return dict(zip(("remembered", "without_details", "with_problem", "accepted"), row, strict=True))


def _expected(
    folder: Path, db: sqlite3.Connection, wanted: Window | None, ship_from_party_id: str | None, listed: Iterable[str]
) -> list[tuple[str, str]]:
    numbers = dict.fromkeys(listed)
    held = tables.read(folder, db, "customer_invoices").filter(pl.col("purchase_order_number").is_not_null())
    there = set(_numbers(held.filter(pl.col("size_bytes").is_not_null())))
    # Of which warehouse an invoice is, an answer does not say: one asked of all is none that should be in its list.
    in_range = held if ship_from_party_id is None else held.clear()
    if wanted is not None:
        in_range = in_range.filter(pl.col("created_before") > wanted.start, pl.col("created_after") < wanted.end)
    return [
        *((number, "invoiced" if number in there else "missing") for number in numbers),
        *((number, "unexpected") for number in _numbers(in_range) if number not in numbers),
    ]


def _numbers(held: pl.DataFrame) -> list[str]:
    return held["purchase_order_number"].unique(maintain_order=True).to_list()
