"""Mends an archive whose tables lost a part, to a broken disk or a hand. Not for documents: `store` writes those again.

Nothing is asked for here. Rows of invoices are made again from what the ledger knows. Shipments whose rows are gone are
without details from now on, and the next sync asks for them; but not for those that were purged, for that would bring back
what was removed. What was found is said, and a damaged file stays until a purge removes what it may hold.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.frames.schemas import CustomerInvoices, frame, polars_schema
from spapi_invoices.io.archive import parts
from spapi_invoices.io.archive.ledger import instant, text, transaction

_LOST: Final = "its rows were missing or damaged"
_UNKNOWN: Final = "unknown"
_KEY: Final = ["sha256", "purchase_order_number"]


def mend(folder: Path, db: sqlite3.Connection, now: datetime) -> tuple[str, ...]:
    """Let parts that are lost count no more, and do what can be done for their rows.

    Returns:
        What `parts.left_out` says afterwards, if anything was lost.

    Raises:
        FileFailed: A part cannot be read, or the disk is full; the archive is as it was.
    """
    there = parts.parts(db)
    if not (lost := parts.lost(folder, there)):
        return ()
    left = [one for one in there if one not in lost]
    made = parts.write(folder, {"customer_invoices": _without_rows(folder, db, left)}, parts.next_batch(db))
    incomplete = _without_details(folder, db, left, {one.name for one in lost} & set(parts.SHIPMENT_TABLES))
    with transaction(db):
        parts.leave_out(db, lost, text(now))
        parts.add(db, made)
        db.executemany(
            "UPDATE shipments SET details_at = NULL, problem = ? WHERE amazon_shipment_id = ?",
            [(_LOST, one) for one in sorted(incomplete)],
        )
    return parts.left_out(db)


def _without_rows(folder: Path, db: sqlite3.Connection, left: Sequence[parts.Part]) -> pl.DataFrame:
    """Rows for the documents that have none in the parts that are left, with nulls for what only the row told."""
    known = db.execute(
        "SELECT purchase_order_number, media_type, size_bytes, sha256, fetched_at FROM documents ORDER BY id"
    )
    empty = dict.fromkeys(polars_schema(CustomerInvoices))
    names = ("purchase_order_number", "media_type", "size_bytes", "sha256", "problem", "api_version", "fetched_at")
    rows = [empty | dict(zip(names, (*row, _LOST, _UNKNOWN, instant(at)), strict=True)) for *row, at in known]
    held = parts.current(folder, left, "customer_invoices").select(_KEY).collect()
    return frame(CustomerInvoices, rows).join(held, on=_KEY, how="anti", nulls_equal=True)


def _without_details(folder: Path, db: sqlite3.Connection, left: Sequence[parts.Part], tables: set[str]) -> set[str]:
    """The shipments that have no row left in one of the tables; which never had any there is not known.

    The rows of a shipment that count are in one part of each table, so that it has all of them or none. What it has may also
    be an earlier answer, of another time than the ledger says.
    """
    if not tables:
        return set()
    answered = db.execute(
        "SELECT amazon_shipment_id, details_at FROM shipments WHERE details_at IS NOT NULL"
    ).fetchall()
    rows = parts.current(folder, left, "shipments").select("amazon_shipment_id", "fetched_at").collect().iter_rows()
    whole = set(answered) & {(one, text(at)) for one, at in rows}
    kept = [
        set(parts.current(folder, left, name).select("amazon_shipment_id").collect().to_series()) for name in tables
    ]
    return {one for one, _ in answered} - {one for one, _ in whole}.intersection(*kept)
