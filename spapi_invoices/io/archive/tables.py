"""The tables that an archive has: those in Parquet, and those that the ledger knows. Not for writing either."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.core.coverage import Asked, outdated
from spapi_invoices.core.windows import Window
from spapi_invoices.errors import FileFailed
from spapi_invoices.frames.schemas import FetchWindows, InvoiceStatuses, Problems, frame, polars_schema
from spapi_invoices.io.archive import parts
from spapi_invoices.io.archive.ledger import instant, transaction

# The state of an invoice that changes no more.
ACCEPTED: Final = "Accepted"


def scan(folder: Path, db: sqlite3.Connection, name: str) -> pl.LazyFrame:
    """A table, lazily."""
    kept = _KEPT.get(name)
    return parts.scan(folder, db, name) if kept is None else kept(folder, db)


def read(folder: Path, db: sqlite3.Connection, name: str) -> pl.DataFrame:
    """A table, in memory; read again if a purge deletes a file of it meanwhile.

    Raises:
        FileFailed: A part is lost or cannot be read.
    """
    there = None
    while there != (there := parts.parts(db)):  # Else no purge replaced what is gone.
        found = scan(folder, db, name)
        with suppress(FileNotFoundError):
            return found.collect()
    raise FileFailed(f"a file of {folder / parts.FOLDER} went while {name} was read. Next: read it again")


def attempts(db: sqlite3.Connection, ship_from_party_id: str | None) -> dict[int, Asked]:
    """By its row in the ledger, each attempt that tells of a warehouse, or of all for ``None``; from first to last."""
    return _noted(db, ship_from_party_id, "state != 'not_asked'")


def wanted(db: sqlite3.Connection, ship_from_party_id: str | None) -> tuple[Asked, ...]:
    """The windows that a sync was to ask for and did not; ``at`` is when it began."""
    return tuple(_noted(db, ship_from_party_id, "state = 'not_asked'").values())


def _noted(db: sqlite3.Connection, ship_from_party_id: str | None, rule: str) -> dict[int, Asked]:
    rows = db.execute(
        "SELECT id, window_start, window_end, asked_at, state = 'complete', rows, error FROM windows "  # noqa: S608 - ours
        f"WHERE (ship_from_party_id IS NULL OR ship_from_party_id = ?) AND {rule} ORDER BY id",
        (ship_from_party_id,),
    )
    return {
        row_id: Asked(Window(instant(start), instant(end)), instant(at), bool(complete), count, error)
        for row_id, start, end, at, complete, count, error in rows
    }


def without_document(db: sqlite3.Connection) -> int:
    """How many customer invoices came with a document that could not be decoded."""
    return int(db.execute("SELECT count(*) FROM documents WHERE size_bytes IS NULL").fetchone()[0])


def warehouses(db: sqlite3.Connection) -> tuple[str, ...]:
    """Those that were asked for alone."""
    rows = db.execute("SELECT DISTINCT ship_from_party_id FROM windows WHERE ship_from_party_id IS NOT NULL ORDER BY 1")
    return tuple(one for (one,) in rows)


def settled(db: sqlite3.Connection, ship_from_party_id: str | None, look_back: timedelta) -> list[Window]:
    """The windows that need not be asked again."""
    return [window for one in attempts(db, ship_from_party_id).values() for window in one.proven(look_back)]


def forget_outdated(db: sqlite3.Connection) -> None:
    """Take from the ledger the attempts, and what was not come to, of which later ones say everything."""
    with transaction(db):
        for party in (None, *warehouses(db)):
            known = _noted(db, party, "TRUE")
            ids = list(known)
            gone = [(ids[at], party) for at in outdated(list(known.values()))]
            # What was asked of all warehouses is outdated by what was asked of all.
            db.executemany("DELETE FROM windows WHERE id = ? AND ship_from_party_id IS ?", gone)


def _statuses(_: Path, db: sqlite3.Connection) -> pl.LazyFrame:
    rows = db.execute(
        "SELECT amazon_shipment_id, invoice_status, checked_at, status_problem, status_request_id, status_attempts "
        "FROM shipments WHERE checked_at IS NOT NULL ORDER BY rowid"
    )
    return frame(InvoiceStatuses, [(one, status, instant(at), *rest) for one, status, at, *rest in rows]).lazy()


def _windows(_: Path, db: sqlite3.Connection) -> pl.LazyFrame:
    rows = db.execute(
        "SELECT operation, window_start, window_end, state, pages, rows, attempts, request_ids, error, "
        "iif(state = 'not_asked', NULL, finished_at) FROM windows ORDER BY window_start, id"
    )
    found = [
        (operation, instant(start), instant(end), *counts, json.loads(request_ids), error, at and instant(at))
        for operation, start, end, *counts, request_ids, error, at in rows
    ]
    return frame(FetchWindows, found).lazy()


def _problems(folder: Path, db: sqlite3.Connection) -> pl.LazyFrame:
    records = {
        "customer_invoices": ("getCustomerInvoices", pl.coalesce("purchase_order_number", "sha256")),
        "shipments": ("getShipmentDetails", pl.col("amazon_shipment_id")),
        "invoice_statuses": ("getInvoiceStatus", pl.col("amazon_shipment_id")),
    }
    found = [
        scan(folder, db, name)
        .filter(pl.col("problem").is_not_null())
        .with_columns(record.alias("record"), pl.lit(operation).alias("operation"))
        .select(polars_schema(Problems).keys())
        for name, (operation, record) in records.items()
    ]
    return pl.concat(found)


_KEPT: Final[dict[str, Callable[[Path, sqlite3.Connection], pl.LazyFrame]]] = {
    "invoice_statuses": _statuses,
    "problems": _problems,
    "fetch_windows": _windows,
}
NAMES: Final = (*parts.STORED, *_KEPT)
