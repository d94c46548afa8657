"""Takes documents out of an archive, each checked against its hash. Not for tables: `io.tables` writes those."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.archive import documents, tables
from spapi_invoices.io.documents import save_document

_KEY: Final = ("sha256", "purchase_order_number")


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of the documents.

    Attributes:
        saved: Written, or there already.
        purged: Removed from the archive, so none could be written.
        without_document: Rows that came without one that could be decoded.
        damaged: What is missing or not what was stored: purchase order number, or the hash where it has none.
    """

    saved: int
    purged: int
    without_document: int
    damaged: tuple[str, ...]


def export_documents(folder: Path, db: sqlite3.Connection, target: Path) -> Exported:
    """Save each document by its purchase order number, one at a time.

    Raises:
        FileFailed: The target cannot be written.
    """
    # All of them first: an open cursor would keep a purge from emptying SQLite's log.
    rows = db.execute(
        "SELECT purchase_order_number, media_type, sha256, purged_at FROM documents "
        "WHERE size_bytes IS NOT NULL ORDER BY id"
    ).fetchall()
    saved, purged, damaged = 0, 0, []
    for number, media_type, sha256, purged_at in rows:
        content = None if purged_at else documents.read(folder, sha256, media_type)
        if content is not None:
            save_document(target, number, media_type, sha256, content)
            saved += 1
        # Asked again: it may have been purged since the rows were read.
        elif purged_at or not documents.is_held(db, sha256, number):
            purged += 1
        else:
            damaged.append(number or sha256)
    return Exported(saved, purged, tables.without_document(db), tuple(damaged))


def with_documents(folder: Path, db: sqlite3.Connection, invoices: pl.DataFrame) -> pl.DataFrame:
    """The rows with their documents in ``content``; null where there was none or it was purged.

    Raises:
        FileFailed: A document is missing or damaged.
    """
    contents = [_content(folder, db, *row) for row in invoices.select(*_KEY, "media_type").iter_rows()]
    return invoices.with_columns(pl.Series("content", contents, pl.Binary))


def _content(
    folder: Path, db: sqlite3.Connection, sha256: str, number: str | None, media_type: str | None
) -> bytes | None:
    content = documents.read(folder, sha256, media_type) if documents.is_held(db, sha256, number) else None
    if content is None and documents.is_held(db, sha256, number):  # Asked again: it may have been purged meanwhile.
        path = documents.path_of(folder, sha256, media_type)
        raise FileFailed(
            f"{path} is missing or not what was stored. Next: sync with a look-back that reaches it, which writes it again"
        )
    return content
