"""The tables of an archive: Parquet files that the ledger names. Not for documents, nor for what SQLite keeps itself.

A part is written once and never changed. Each row of it has the number of the batch it came with: a shipment that is
fetched again gets new rows in all its tables, and the rows of its newest batch are those that count.

A part is lost if there is no file of its name, or one with other bytes. Of a part that an older version wrote the bytes
may not be known: it is lost if its rows cannot be read. A file that the system does not let us read is not lost: it may be
as it was, so that is an error, and nothing is changed.
"""

import hashlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.errors import FileFailed
from spapi_invoices.frames.schemas import TABLES, polars_schema
from spapi_invoices.io.archive.ledger import PARTS, transaction
from spapi_invoices.io.files import read_if_there, write_whole
from spapi_invoices.io.tables import to_parquet

FOLDER: Final = PARTS
# Files of our own making, and what `write_whole` has in the making: what else a folder has is not ours to delete.
_OURS: Final = re.compile(r"[0-9a-f]{32}\.parquet|\.[0-9a-f]{32}\.parquet\.\w+")
SHIPMENT_TABLES: Final = ("shipments", "shipment_items", "shipment_payments", "shipment_tax_ids")
STORED: Final = ("customer_invoices", *SHIPMENT_TABLES)
_KEY: Final = "amazon_shipment_id"
_BATCH: Final = "batch"
# So many small parts are merged, into parts of at most so many rows: few files to read, and little to hold at a time.
_MANY: Final = 32
_FULL: Final = 25_000


@dataclass(frozen=True, slots=True)
class Part:
    """A row of the ledger's table of parts; without a hash if an older version wrote it."""

    id: int
    name: str
    file: str
    rows: int
    batch: int
    sha256: str | None


def parts(db: sqlite3.Connection, names: Iterable[str] = STORED) -> tuple[Part, ...]:
    """The parts of some tables, in the order of what they hold."""
    wanted = set(names)
    rows = db.execute("SELECT id, name, file, rows, batch, sha256 FROM parts WHERE lost_at IS NULL ORDER BY id")
    found = (Part(*row) for row in rows)
    return tuple(one for one in found if one.name in wanted)


def next_batch(db: sqlite3.Connection) -> int:
    """The number of what is stored next."""
    return int(db.execute("SELECT ifnull(max(batch), 0) + 1 FROM parts").fetchone()[0])


def write(folder: Path, tables: Mapping[str, pl.DataFrame], batch: int) -> tuple[Part, ...]:
    """Write a part of each table that has rows; they count once `add` names them.

    Raises:
        FileFailed: The disk is full.
    """
    return tuple(
        _write(folder, name, frame.with_columns(pl.lit(batch, pl.Int64).alias(_BATCH)), batch)
        for name, frame in tables.items()
        if frame.height
    )


def add(db: sqlite3.Connection, written: Iterable[Part]) -> None:
    """Name parts in the ledger; in a transaction, together with what else is known of their rows."""
    rows = [(one.id or None, one.name, one.file, one.rows, one.batch, one.sha256) for one in written]
    db.executemany("INSERT INTO parts (id, name, file, rows, batch, sha256) VALUES (?, ?, ?, ?, ?, ?)", rows)


def scan(folder: Path, db: sqlite3.Connection, name: str) -> pl.LazyFrame:
    """A table, lazily: what counts of its parts, without their batches.

    Raises:
        FileFailed: A part is lost or cannot be read.
    """
    names = {name, "shipments"} if name in SHIPMENT_TABLES else {name}
    return current(folder, whole(folder, db, names), name).select(polars_schema(TABLES[name]).keys())


def current(folder: Path, there: Iterable[Part], name: str, files: Iterable[Part] | None = None) -> pl.LazyFrame:
    """What counts of a table's parts, or of some of them, with their batches.

    Args:
        folder: The archive's.
        there: All parts, for what counts of one table is said by another.
        name: The table.
        files: Those to read; ``None`` for all.
    """
    there = tuple(there)
    rows = _read(folder, name, [one for one in (there if files is None else files) if one.name == name])
    if name not in SHIPMENT_TABLES:
        return rows
    shipments = _read(folder, "shipments", [one for one in there if one.name == "shipments"])
    newest = shipments.group_by(_KEY).agg(pl.col(_BATCH).max())
    return rows.join(newest, on=[_KEY, _BATCH], how="semi", maintain_order="left")


def lost(folder: Path, there: Iterable[Part]) -> tuple[Part, ...]:
    """Those that are missing, or not what was written.

    Raises:
        FileFailed: One is there and cannot be read.
    """
    return tuple(one for one in there if not _is_whole(folder, one))


def whole(folder: Path, db: sqlite3.Connection, names: Iterable[str] = STORED) -> tuple[Part, ...]:
    """The parts of some tables, if each of them is as it was written.

    Raises:
        FileFailed: One is lost or cannot be read, by its path.
    """
    while gone := lost(folder, there := parts(db, names)):
        if gone[0] in parts(db, names):  # Else it was replaced since the ledger was asked.
            raise FileFailed(
                f"{_path(folder, gone[0])} is missing or not what was written. Next: restore the archive from a backup, or "
                "sync, which mends what can be mended"
            )
    return there


def leave_out(db: sqlite3.Connection, gone: Iterable[Part], at: str) -> None:
    """Let parts count no more; in a transaction. A file that is there stays, for whoever can still read something of it."""
    db.executemany("UPDATE parts SET lost_at = ? WHERE id = ?", [(at, one.id) for one in gone])


def left_out(db: sqlite3.Connection) -> tuple[str, ...]:
    """The file of each part that was lost and counts no more, and how many rows it had."""
    rows = db.execute("SELECT name, file, rows FROM parts WHERE lost_at IS NOT NULL ORDER BY id")
    return tuple(f"{FOLDER}/{name}/{file} ({count} rows)" for name, file, count in rows)


def compact(folder: Path, db: sqlite3.Connection) -> None:
    """Merge small parts, without what no longer counts. The old files stay until they are swept: somebody may be reading.

    Raises:
        FileFailed: The disk is full; nothing is lost.
    """
    there = parts(db)
    for name in STORED:
        small = [one for one in there if one.name == name and one.rows < _FULL]
        for pile in _piles(small) if len(small) >= _MANY else ():
            merged = rewrite(folder, name, pile, current(folder, there, name, pile).collect())
            with transaction(db):
                replace(db, pile, merged)


def rewritten(
    folder: Path,
    db: sqlite3.Connection,
    names: Iterable[str],
    touched: pl.Expr,
    change: Callable[[pl.DataFrame, str], pl.DataFrame],
) -> Iterator[tuple[Part, tuple[Part, ...]]]:
    """Each part of shipments that is to be another, and what is to stand in its place.

    Args:
        folder: The archive's.
        db: Its ledger.
        names: The tables.
        touched: Whether a row is to change.
        change: Of rows and the table's name, the rows that are to be.

    Raises:
        FileFailed: The disk is full.
    """
    there = parts(db)
    for part in (one for one in there if one.name in set(names)):
        rows = current(folder, there, part.name, [part]).collect()
        # Rows that no longer count go as well: they are of an earlier answer.
        if rows.height < part.rows or rows.select(touched.any()).item():
            yield part, rewrite(folder, part.name, [part], change(rows, part.name))


def rewrite(folder: Path, name: str, old: Iterable[Part], rows: pl.DataFrame) -> tuple[Part, ...]:
    """Write the part that is to stand in the place of others, or none if no row is left."""
    first = next(iter(old))
    batch = rows[_BATCH].max() if rows.height else 0
    return (_write(folder, name, rows, int(batch), first.id),) if rows.height else ()  # type: ignore[arg-type]


def replace(db: sqlite3.Connection, old: Iterable[Part], new: Iterable[Part]) -> None:
    """Name new parts in the place of old ones; in a transaction."""
    db.executemany("DELETE FROM parts WHERE id = ?", [(one.id,) for one in old])
    add(db, new)


def sweep(folder: Path, db: sqlite3.Connection) -> None:
    """Delete the files that the ledger does not name: what was being written in a crash, and what was merged since."""
    named = {folder / FOLDER / name / file for name, file in db.execute("SELECT name, file FROM parts")}
    for path in (path for name in STORED for path in entries(folder / FOLDER / name, _OURS)):
        if path not in named:
            delete(path)


def entries(folder: Path, form: re.Pattern[str], kind: Callable[..., bool] = os.DirEntry.is_file) -> Iterator[Path]:
    """What a folder has of a form and kind, links excluded; nothing if it is none."""
    if folder.is_dir():
        with os.scandir(folder) as found:
            yield from (
                Path(one.path) for one in found if form.fullmatch(one.name) and kind(one, follow_symlinks=False)
            )


def delete(path: Path) -> None:
    """Delete a file that may be gone already.

    Raises:
        FileFailed: It cannot be deleted.
    """
    try:
        with suppress(FileNotFoundError):
            path.unlink()
    except OSError as error:
        raise FileFailed(f"{path} cannot be deleted: {error.strerror}. Next: delete it by hand") from None


def _read(folder: Path, name: str, files: list[Part]) -> pl.LazyFrame:
    if not files:
        return pl.LazyFrame(schema=_schema(name))
    return _rows([_path(folder, one) for one in files], name)


def _rows(sources: list[Path] | bytes, name: str) -> pl.LazyFrame:
    # A column that this version added is null in older parts.
    return pl.scan_parquet(sources, schema=_schema(name), missing_columns="insert", hive_partitioning=False, glob=False)


def _schema(name: str) -> dict[str, pl.DataType]:
    return {**polars_schema(TABLES[name]), _BATCH: pl.Int64()}


def _path(folder: Path, part: Part) -> Path:
    return folder / FOLDER / part.name / part.file


def _is_whole(folder: Path, part: Part) -> bool:
    content = read_if_there(_path(folder, part))
    if content is None:
        return False
    sha256 = hashlib.sha256(content).hexdigest()
    if part.sha256 is not None:
        return part.sha256 == sha256
    # An older version named its files by their hash, and one before it by chance.
    return part.file.startswith(sha256[:32]) or _has_its_rows(content, part)


def _has_its_rows(content: bytes, part: Part) -> bool:
    try:
        return _rows(content, part.name).collect().height == part.rows
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False


def _write(folder: Path, name: str, rows: pl.DataFrame, batch: int, part_id: int = 0) -> Part:
    content = to_parquet(rows)
    sha256 = hashlib.sha256(content).hexdigest()
    part = Part(part_id, name, f"{sha256[:32]}.parquet", rows.height, batch, sha256)
    path = _path(folder, part)
    with suppress(OSError):  # Whatever keeps it from being made is said by what writes into it.
        path.parent.mkdir(mode=0o700, exist_ok=True)
    write_whole(path, content)
    return part


def _piles(small: list[Part]) -> Iterator[list[Part]]:
    """Neighbours that together make a part of at most the full size; one alone stays as it is."""
    pile: list[Part] = []
    for one in small:
        if sum(each.rows for each in pile) + one.rows > _FULL:
            if len(pile) > 1:
                yield pile
            pile = []
        pile.append(one)
    if len(pile) > 1:
        yield pile
