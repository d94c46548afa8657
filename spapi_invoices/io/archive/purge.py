"""Removes personal data that an archive has held for too long. Not for when that is: the caller says.

Documents are deleted, and the columns of shipments that are tagged as personal become null. Purchase order number and
hash, shipment id, amounts and statuses stay, so what is purged is known to have been there and is not stored again.

What was stored is held since then: by Amazon's clock or the machine's, whichever is later and not in the future; if both
are, since a sync or purge first sees it. So a clock that was wrong makes no purge early; only the machine's at the purge
itself has to be right.
"""

# ruff: noqa: S608 - all statements are of our own words

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl

from spapi_invoices.errors import FileFailed
from spapi_invoices.frames.schemas import TABLES, personal_columns
from spapi_invoices.io.archive import documents, parts
from spapi_invoices.io.archive.ledger import NAME, set_setting, text, transaction
from spapi_invoices.io.archive.mend import mend
from spapi_invoices.io.archive.store import UNFINISHED

_HELD_DOCUMENTS = "size_bytes IS NOT NULL AND purged_at IS NULL"
_HELD_SHIPMENTS = "held_since IS NOT NULL AND purged_at IS NULL"
_SINCE = "max(iif({0} > :now, stored_at, {0}), iif(stored_at > :now, {0}, stored_at))"
# Whatever a clock said, there is nothing from after now.
_OLD = f"({_SINCE} < :before OR :before >= :now)"
_DUE_DOCUMENTS = f"{_HELD_DOCUMENTS} AND {_OLD.format('fetched_at')}"
_DUE_SHIPMENTS = f"{_HELD_SHIPMENTS} AND {_OLD.format('held_since')}"
_UNDATED = (
    f"SELECT count(*) FROM documents WHERE {_HELD_DOCUMENTS} AND min(fetched_at, stored_at) > ?",
    f"SELECT count(*) FROM shipments WHERE {_HELD_SHIPMENTS} AND min(held_since, stored_at) > ?",
)
_SEEN = (
    "UPDATE documents SET stored_at = min(fetched_at, ?1) WHERE stored_at > ?1",
    "UPDATE shipments SET stored_at = min(held_since, ?1) WHERE stored_at > ?1",
)
# Of the tables of shipments that have any.
_PERSONAL = {name: found for name in parts.SHIPMENT_TABLES if (found := personal_columns(TABLES[name]))}
# In the place of errors, for Amazon's words may name a person.
_SAID = "what Amazon said was purged"
_WITHOUT_WORDS = (
    f"UPDATE windows SET error = :said WHERE error != '{UNFINISHED}' AND finished_at NOT BETWEEN :before AND :now",
    (
        "UPDATE shipments SET status_problem = :said "
        "WHERE status_problem IS NOT NULL AND checked_at NOT BETWEEN :before AND :now"
    ),
)
# Whose data a lost part holds cannot be told: somebody's that is due, of long ago, or of nobody who is not purged.
_WITHOUT_LOST = (
    "DELETE FROM parts WHERE lost_at IS NOT NULL AND (:anything OR lost_at NOT BETWEEN :before AND :now OR NOT EXISTS "
    f"(SELECT 1 FROM documents WHERE {_HELD_DOCUMENTS} UNION SELECT 1 FROM shipments WHERE {_HELD_SHIPMENTS}))"
)
# Set to the moment of a purge until its files are gone.
_PURGING = "purging"
_UNFINISHED = "purged_at = (SELECT value FROM settings WHERE name = :purging)"


@dataclass(frozen=True, slots=True)
class Purged:
    """Whose personal data is held for too long, or was removed.

    Attributes:
        documents: Documents of customer invoices.
        shipments: Shipments.
        before: All that was stored before this moment.
        lost: Files of the tables that were found missing or damaged, each with how many rows it had.
    """

    documents: int
    shipments: int
    before: datetime
    lost: tuple[str, ...] = ()


def due(db: sqlite3.Connection, before: datetime, now: datetime) -> Purged:
    """What was stored before a moment and is there, also what a purge that was killed has left on the disk."""
    when = {"before": text(before), "now": text(now), "purging": _PURGING}
    of_documents, of_shipments = (
        db.execute(f"SELECT count(*) FROM {table} WHERE ({rule}) OR {_UNFINISHED}", when).fetchone()[0]
        for table, rule in (("documents", _DUE_DOCUMENTS), ("shipments", _DUE_SHIPMENTS))
    )
    return Purged(of_documents, of_shipments, before)


def undated(db: sqlite3.Connection, now: datetime) -> int:
    """How many documents and shipments are of the future, so that since when they are held is not known."""
    return sum(db.execute(statement, (text(now),)).fetchone()[0] for statement in _UNDATED)


def see(db: sqlite3.Connection, now: datetime) -> None:
    """Let what was stored in the future, by the machine's clock, be held since Amazon's or now; in a transaction."""
    for statement in _SEEN:
        db.execute(statement, (text(now),))


def remove(folder: Path, db: sqlite3.Connection, found: Purged, now: datetime) -> Purged:
    """Remove documents, then what tables hold; each from the ledger first, then from the disk.

    If it is killed, `due` tells of what may be left, and the next sweep deletes it. A damaged file of the tables is kept
    while nothing is due, for at most as long as what is stored.

    Returns:
        What was found due, with what was lost.

    Raises:
        FileFailed: A file cannot be written or deleted, or somebody is reading the ledger.
    """
    when = {"before": text(found.before), "now": text(now), "said": _SAID}
    # First, and whatever happens to the tables.
    with transaction(db):
        set_setting(db, _PURGING, text(now))
        see(db, now)
        db.execute(f"UPDATE documents SET purged_at = :now WHERE {_DUE_DOCUMENTS}", when)
    documents.sweep(folder, db)
    lost = mend(folder, db, now)
    rows = db.execute(f"SELECT amazon_shipment_id FROM shipments WHERE {_DUE_SHIPMENTS}", when)
    ids = pl.Series([*(one for (one,) in rows), *_refused(folder, db, found.before, now)], dtype=pl.String)
    is_due = pl.col("amazon_shipment_id").is_in(ids.implode())
    changed = list(parts.rewritten(folder, db, _PERSONAL, is_due, partial(_hidden, is_due)))
    with transaction(db):
        for old, new in changed:
            parts.replace(db, [old], new)
        db.execute(f"UPDATE shipments SET purged_at = :now WHERE {_DUE_SHIPMENTS}", when)
        for statement in _WITHOUT_WORDS:
            db.execute(statement, when)
        db.execute(_WITHOUT_LOST, when | {"anything": bool(found.documents or found.shipments)})
    if not sweep(folder, db):
        raise FileFailed(
            f"{folder / NAME} is being read, and its log still holds what Amazon said in errors. "
            "Next: end what reads it, then purge again"
        )
    return replace(found, lost=lost)


def _refused(folder: Path, db: sqlite3.Connection, before: datetime, now: datetime) -> Iterable[str]:
    """The shipments of which only what Amazon said is held, and that was said too long ago, or by a wrong clock."""
    said = pl.col("item_count").is_null() & (pl.col("problem") != _SAID) & ~pl.col("fetched_at").is_between(before, now)
    return parts.scan(folder, db, "shipments").filter(said).select("amazon_shipment_id").collect().to_series()


def _hidden(is_due: pl.Expr, rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """The rows of a table without the personal data of those that are due."""
    hidden = rows.with_columns(pl.when(~is_due).then(pl.col(_PERSONAL[name])))
    if name != "shipments":
        return hidden
    # What has no count of lines is no shipment: its problem is what Amazon said in the place of one.
    said = is_due & pl.col("item_count").is_null()
    return hidden.with_columns(pl.when(said).then(pl.lit(_SAID)).otherwise("problem").alias("problem"))


def sweep(folder: Path, db: sqlite3.Connection) -> bool:
    """Delete all files that the ledger does not name, and what SQLite's log still holds of deleted rows.

    Returns:
        Whether the log is empty: not while somebody is reading an older state.
    """
    parts.sweep(folder, db)
    documents.sweep(folder, db)
    db.execute("DELETE FROM settings WHERE name = ?", (_PURGING,))
    busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
