"""The documents of an archive: files that are named by their hash, each written whole and once. Not for their rows."""

import hashlib
import os
import re
import sqlite3
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.archive.ledger import DOCUMENTS
from spapi_invoices.io.archive.parts import delete, entries
from spapi_invoices.io.documents import suffix_of
from spapi_invoices.io.files import read_bytes

FOLDER: Final = DOCUMENTS
# Files of our own making, whole or in the making: what else a folder has is not ours to delete.
_OURS: Final = re.compile(r"[0-9a-f]{64}\.\w+(\.new)?")
_OUR_FOLDER: Final = re.compile(r"[0-9a-f]{2}")


def path_of(folder: Path, sha256: str, media_type: str | None) -> Path:
    """Where a document is: ``documents/ab/ab12....pdf``."""
    return folder / f"{FOLDER}/{sha256[:2]}/{sha256}{suffix_of(media_type)}"


def write(folder: Path, invoices: pl.DataFrame) -> None:
    """Write the documents of rows that are not there yet; they count once the ledger names them.

    Raises:
        FileFailed: The disk is full.
    """
    for sha256, media_type, content in invoices.select("sha256", "media_type", "content").iter_rows():
        if content is not None:
            _write(path_of(folder, sha256, media_type), content)


def read(folder: Path, sha256: str, media_type: str | None) -> bytes | None:
    """A document; ``None`` if it is missing, cannot be read, or is not what was stored."""
    try:
        content = read_bytes(path_of(folder, sha256, media_type))
    except FileFailed:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


def unseen(db: sqlite3.Connection, invoices: pl.DataFrame) -> pl.DataFrame:
    """The rows whose purchase order and document the ledger does not have, purged ones included."""
    known = "SELECT 1 FROM documents WHERE sha256 = ? AND purchase_order_number IS ?"
    pairs = invoices.select("sha256", "purchase_order_number").iter_rows()
    return invoices.filter(pl.Series([db.execute(known, pair).fetchone() is None for pair in pairs], dtype=pl.Boolean))


def lost(folder: Path, db: sqlite3.Connection, invoices: pl.DataFrame) -> pl.DataFrame:
    """The rows whose document should be there and is missing or damaged, as a power cut may leave it."""
    rows = invoices.select("sha256", "media_type", "purchase_order_number").iter_rows()
    wanted = [is_held(db, sha256, number) and read(folder, sha256, kind) is None for sha256, kind, number in rows]
    return invoices.filter(pl.Series(wanted, dtype=pl.Boolean))


def is_held(db: sqlite3.Connection, sha256: str, number: str | None) -> bool:
    """Whether the document of a purchase order should be there; another order may have the same, and another fate."""
    held = (
        "SELECT 1 FROM documents WHERE sha256 = ? AND purchase_order_number IS ? "
        "AND size_bytes IS NOT NULL AND purged_at IS NULL"
    )
    return db.execute(held, (sha256, number)).fetchone() is not None


def sweep(folder: Path, db: sqlite3.Connection) -> None:
    """Delete the files that the ledger does not name: what was being written in a crash, and what was purged since."""
    # Folder by folder, so that little is held at a time.
    for inner in entries(folder / FOLDER, _OUR_FOLDER, os.DirEntry.is_dir):
        span = (inner.name, inner.name + "g")
        rows = db.execute(
            "SELECT DISTINCT sha256, media_type FROM documents WHERE sha256 BETWEEN ? AND ? "
            "AND size_bytes IS NOT NULL AND purged_at IS NULL",
            span,
        )
        named = {path_of(folder, *row).name for row in rows}
        for path in entries(inner, _OURS):
            if path.name not in named:
                delete(path)


def _write(path: Path, content: bytes) -> None:
    """As `io.files.write_whole`, in a third of its time, for a folder in which nobody else writes and nothing is a link."""
    target, temporary = str(path), f"{path}.new"
    try:
        try:
            handle = _create(temporary)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = _create(temporary)
        with open(handle, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor, no path
            left = memoryview(content)
            while left:
                left = left[file.write(left) :]
        os.replace(temporary, target)  # noqa: PTH105 - see above: Path costs more than the call
    except OSError as error:
        raise FileFailed(
            f"{path} cannot be written: {error.strerror}. Next: make room, or take away what "
            "is in its place, then sync again"
        ) from None


def _create(path: str) -> int:
    return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
