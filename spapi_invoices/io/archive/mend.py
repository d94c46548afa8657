"""Mends an archive whose tables lost a part, to a broken disk or a hand. Not for documents: `store` writes those again.

Nothing is asked for here. Rows of invoices are made again from what the ledger knows; shipments get a problem, so that
the next sync asks for their details. Those that were purged do not, for that would bring back what was removed.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.frames.schemas import CustomerInvoices, frame, polars_schema
from spapi_invoices.io.archive import parts
from spapi_invoices.io.archive.ledger import instant, transaction

_LOST: Final = "its rows were missing or damaged"
_UNKNOWN: Final = "unknown"
_KEY: Final = ["sha256", "purchase_order_number"]


def mend(folder: Path, db: sqlite3.Connection) -> None:
    """Take parts that are missing or damaged out of the ledger, and do what can be done for their rows.

    Raises:
        FileFailed: The disk is full; the archive is as it was.
    """
    there = parts.parts(db)
    if not (lost := parts.damaged(folder, there)):
        return
    left = [one for one in there if one not in lost]
    made = parts.write(folder, {"customer_invoices": _without_rows(folder, db, left)}, parts.next_batch(db))
    with transaction(db):
        parts.replace(db, lost, made)
        if any(one.name in parts.SHIPMENT_TABLES for one in lost):
            # A merged part does not tell whose rows it had.
            db.execute("UPDATE shipments SET problem = ? WHERE details_at IS NOT NULL AND purged_at IS NULL", (_LOST,))


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
