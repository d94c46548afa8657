"""Writes to an archive what arrived: files first, then one transaction that names them. Not for asking, nor for reading.

So a crash at any moment loses nothing that was stored: a file without a name in the ledger is swept, and asked for again.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from spapi_invoices.core.windows import Window
from spapi_invoices.io.answers import InvoicePage, Shipments
from spapi_invoices.io.archive import documents, parts
from spapi_invoices.io.archive.ledger import text, transaction
from spapi_invoices.io.pause import uninterrupted

OPERATION: Final = "getCustomerInvoices"
UNFINISHED: Final = "interrupted before its last page"
# In the ledger; what Amazon said is in the table alone.
_NO_DETAILS: Final = "without details"


@dataclass(slots=True)
class Attempt:
    """A row of the ledger's windows while it is written.

    Attributes:
        asked_at: When its first answer was made; of what became available later it says nothing.
        error: Why it is not complete.
        row_id: In the ledger, once it is there.
    """

    window: Window
    ship_from_party_id: str | None
    asked_at: datetime | None = None
    finished_at: datetime | None = None
    pages: int = 0
    rows: int = 0
    attempts: int = 0
    request_ids: list[str] = field(default_factory=list)
    error: str | None = UNFINISHED
    row_id: int | None = None

    def add(self, page: InvoicePage) -> None:
        """Note a page."""
        self.asked_at, self.finished_at = self.asked_at or page.at, page.at
        self.pages, self.rows, self.attempts = (
            self.pages + 1,
            self.rows + page.frame.height,
            self.attempts + page.attempts,
        )
        self.request_ids += [page.request_id] if page.request_id else []

    def end(self, error: str | None, at: datetime) -> None:
        """Note how it ended: with an error, or ``None`` after its last page."""
        self.error, self.asked_at, self.finished_at = error, self.asked_at or at, self.finished_at or at

    @property
    def state(self) -> str:
        """As in `FetchWindows`."""
        if self.finished_at is None:
            return "not_asked"
        return "complete" if self.error is None else "truncated" if self.pages else "failed"

    def row(self) -> dict[str, Any]:
        """The columns of `FetchWindows`."""
        return {
            "operation": OPERATION,
            "window_start": self.window.start,
            "window_end": self.window.end,
            "state": self.state,
            "pages": self.pages,
            "rows": self.rows,
            "attempts": self.attempts,
            "request_ids": self.request_ids,
            "error": self.error if self.finished_at else None,
            "finished_at": self.finished_at,
        }


class Store:
    """What writes to one archive.

    Args:
        folder: The archive's.
        db: Its ledger.
        now: The machine's clock. An answer proves nothing of what is later by it or by Amazon's: that is asked for again.
    """

    def __init__(self, folder: Path, db: sqlite3.Connection, now: Callable[[], datetime]) -> None:
        self._folder, self._db, self._now = folder, db, now

    def want(self, attempts: Sequence[Attempt]) -> None:
        """Remember what is to be asked for before anything is, so that what a crash leaves unasked is known to lack."""
        with transaction(self._db):
            if attempts:
                span = min(one.window.start for one in attempts), max(one.window.end for one in attempts)
                self._db.execute(_WANTED_BEFORE, (attempts[0].ship_from_party_id, *map(text, span)))
            for one in attempts:
                self._note(one)

    @uninterrupted()
    def page(self, attempt: Attempt, page: InvoicePage) -> int:
        """Store a page, and that it came; returns how many of its invoices are new.

        Raises:
            FileFailed: The disk is full; the archive is as it was.
        """
        now = self._now()
        new = documents.unseen(self._db, page.frame)
        documents.write(self._folder, new)
        documents.write(self._folder, documents.lost(self._folder, self._db, page.frame))
        bare = new.with_columns(pl.lit(None, pl.Binary).alias("content"))
        written = parts.write(self._folder, {"customer_invoices": bare}, parts.next_batch(self._db))
        attempt.add(replace(page, at=min(page.at, now)))
        with transaction(self._db):
            self._db.executemany(_ADD_DOCUMENT, _document_rows(new, now))
            parts.add(self._db, written)
            self._note(attempt)
        return new.height

    @uninterrupted()
    def end(self, attempt: Attempt, error: str | None, at: datetime) -> None:
        """Store how a window ended."""
        attempt.end(error, at)
        with transaction(self._db):
            self._note(attempt)

    def shipment_ids(self, ids: Iterable[str], at: datetime) -> None:
        """Remember shipments that are to be asked for."""
        with transaction(self._db):
            rows = [(one, text(at)) for one in ids]
            self._db.executemany("INSERT OR IGNORE INTO shipments (amazon_shipment_id, added_at) VALUES (?, ?)", rows)

    def failed(self, shipment_id: str, at: datetime) -> None:
        """Remember that a shipment could not be had, so that the next sync asks for others first."""
        with transaction(self._db):
            self._db.execute("UPDATE shipments SET failed_at = ? WHERE amazon_shipment_id = ?", (text(at), shipment_id))

    @uninterrupted()
    def shipments(self, found: Shipments) -> set[str]:
        """Store the details of shipments; they take the place of older ones, and why there are none does not.

        Returns:
            Of which something was stored.
        """
        tables = dict(
            zip(parts.SHIPMENT_TABLES, (found.shipments, found.items, found.payments, found.tax_ids), strict=True)
        )
        tables["shipments"] = self._news(found.shipments)
        written = parts.write(self._folder, tables, parts.next_batch(self._db))
        now = text(self._now())
        # No lines are a count of zero: one without is none, and its problem is what Amazon said in the place of details.
        came = pl.col("item_count").is_not_null()
        problem = pl.when(came).then("problem").otherwise(pl.lit(_NO_DETAILS))
        rows = tables["shipments"].select(pl.when(came).then("fetched_at"), problem, "amazon_shipment_id").iter_rows()
        with transaction(self._db):
            parts.add(self._db, written)
            self._db.executemany(
                # Its personal data is held since its first details, however often it is asked for again.
                "UPDATE shipments SET details_at = ?1, problem = ?2, held_since = ifnull(held_since, ?1), "
                "stored_at = ifnull(stored_at, iif(?1 IS NULL, NULL, ?3)) WHERE amazon_shipment_id = ?4",
                [(at and text(at), problem, now, shipment_id) for at, problem, shipment_id in rows],
            )
        return set(tables["shipments"]["amazon_shipment_id"])

    def _news(self, shipments: pl.DataFrame) -> pl.DataFrame:
        """Without those of which there are details, and Amazon has none any more."""
        rows = self._db.execute("SELECT amazon_shipment_id FROM shipments WHERE details_at IS NOT NULL")
        known = pl.Series([one for (one,) in rows], dtype=pl.String)
        return shipments.filter(
            pl.col("item_count").is_not_null() | ~pl.col("amazon_shipment_id").is_in(known.implode())
        )

    @uninterrupted()
    def statuses(self, found: pl.DataFrame) -> None:
        """Store what became of invoices; of each shipment the newest status is kept."""
        columns = ("invoice_status", "checked_at", "problem", "request_id", "attempts", "amazon_shipment_id")
        rows = found.select(columns).iter_rows()
        with transaction(self._db):
            self._db.executemany(
                "UPDATE shipments SET invoice_status = ?, checked_at = ?, status_problem = ?, status_request_id = ?, "
                "status_attempts = ? WHERE amazon_shipment_id = ?",
                [(status, text(at), *rest) for status, at, *rest in rows],
            )

    def _note(self, attempt: Attempt) -> None:
        now = self._now()
        row = attempt.row() | {
            "ship_from_party_id": attempt.ship_from_party_id,
            "window_start": text(attempt.window.start),
            "window_end": text(attempt.window.end),
            "request_ids": json.dumps(attempt.request_ids),
            "asked_at": text(attempt.asked_at or now),
            "finished_at": text(attempt.finished_at or now),
            "id": attempt.row_id,
        }
        attempt.row_id = self._db.execute(_NOTE, row).fetchone()[0]


_ADD_DOCUMENT: Final = (
    "INSERT INTO documents (purchase_order_number, sha256, media_type, size_bytes, fetched_at, stored_at) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
# Wanted by an earlier sync, and by this one, if it was not answered since.
_WANTED_BEFORE: Final = (
    "DELETE FROM windows WHERE state = 'not_asked' AND ship_from_party_id IS ? "
    "AND window_start >= ? AND window_end <= ?"
)
_NOTED: Final = (
    *("id", "operation", "ship_from_party_id", "window_start", "window_end", "state", "pages", "rows", "attempts"),
    *("request_ids", "error", "asked_at", "finished_at"),
)
_NOTE: Final = f"INSERT OR REPLACE INTO windows ({', '.join(_NOTED)}) VALUES (:{', :'.join(_NOTED)}) RETURNING id"  # noqa: S608 - our own names


def _document_rows(invoices: pl.DataFrame, now: datetime) -> list[tuple[Any, ...]]:
    columns = ("purchase_order_number", "sha256", "media_type", "size_bytes", "fetched_at")
    return [(*row, text(at), text(now)) for *row, at in invoices.select(columns).iter_rows()]
