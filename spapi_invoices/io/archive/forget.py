"""Takes shipments out of an archive, as if they had never been given. Not for personal data by its age: that is `purge`."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.io.archive import parts
from spapi_invoices.io.archive.ledger import transaction

_FORGET: Final = "DELETE FROM shipments WHERE amazon_shipment_id = ?"


def forget(folder: Path, db: sqlite3.Connection, shipment_ids: Iterable[str]) -> tuple[str, ...]:
    """Take shipments out of the tables and the ledger; returns those that were remembered.

    The files that held their rows go with the next sweep.

    Raises:
        FileFailed: A part is lost or cannot be read, or the disk is full.
    """
    parts.whole(folder, db, parts.SHIPMENT_TABLES)
    ids = pl.Series(list(dict.fromkeys(shipment_ids)), dtype=pl.String)
    gone = pl.col("amazon_shipment_id").is_in(ids.implode())
    changed = list(parts.rewritten(folder, db, parts.SHIPMENT_TABLES, gone, lambda rows, _: rows.filter(~gone)))
    with transaction(db):
        for old, new in changed:
            parts.replace(db, [old], new)
        removed = [one for one in ids if db.execute(_FORGET, (one,)).rowcount]
    return tuple(removed)
