"""The ledger of an archive: SQLite in WAL mode, its tables and how they came about. Not for what is done with them.

The ledger is the truth: a file that it does not name does not count. Times are texts in UTC to the microsecond, so that
they sort, and so that a person with any SQLite tool can read them.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from spapi_invoices.errors import ArchiveInvalid, FileFailed

NAME: Final = "ledger.sqlite"
# Whose files the ledger names.
DOCUMENTS: Final = "documents"
PARTS: Final = "tables"
# Another process of ours writes for milliseconds at a time.
_PATIENCE_SECONDS: Final = 30

# SQLite's own words would send a person with a full disk to look at rights alone: see `_connected`.
_WORDS: Final = {sqlite3.SQLITE_READONLY: "it can be read and not written, for want of leave or of room"}

# The n-th brings a ledger from version n to n + 1. Never change one that was released: add one.
MIGRATIONS: Final = (
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE windows (
        id INTEGER PRIMARY KEY,
        operation TEXT NOT NULL,
        ship_from_party_id TEXT,
        window_start TEXT NOT NULL,
        window_end TEXT NOT NULL,
        state TEXT NOT NULL,
        pages INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        request_ids TEXT NOT NULL,
        error TEXT,
        asked_at TEXT NOT NULL,
        finished_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY,
        purchase_order_number TEXT,
        sha256 TEXT NOT NULL,
        media_type TEXT,
        size_bytes INTEGER,
        fetched_at TEXT NOT NULL,
        purged_at TEXT
    ) STRICT;
    CREATE UNIQUE INDEX documents_once
        ON documents (sha256, purchase_order_number IS NULL, ifnull(purchase_order_number, ''));
    CREATE INDEX documents_of_orders ON documents (purchase_order_number);
    CREATE TABLE shipments (
        amazon_shipment_id TEXT PRIMARY KEY,
        added_at TEXT NOT NULL,
        details_at TEXT,
        problem TEXT,
        purged_at TEXT,
        invoice_status TEXT,
        checked_at TEXT,
        status_problem TEXT,
        status_request_id TEXT,
        status_attempts INTEGER
    ) STRICT;
    CREATE TABLE submissions (
        id INTEGER PRIMARY KEY,
        amazon_shipment_id TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('sending', 'sent', 'refused')),
        at TEXT NOT NULL,
        request_id TEXT,
        UNIQUE (amazon_shipment_id, sha256)
    ) STRICT;
    CREATE TABLE parts (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        file TEXT NOT NULL UNIQUE,
        rows INTEGER NOT NULL,
        batch INTEGER NOT NULL
    ) STRICT;
    """,
    """
    ALTER TABLE shipments ADD COLUMN held_since TEXT;
    UPDATE shipments SET held_since = details_at;
    ALTER TABLE shipments ADD COLUMN failed_at TEXT
    """,
    """
    ALTER TABLE parts ADD COLUMN sha256 TEXT;
    ALTER TABLE parts ADD COLUMN lost_at TEXT;
    ALTER TABLE documents ADD COLUMN stored_at TEXT;
    UPDATE documents SET stored_at = fetched_at;
    ALTER TABLE shipments ADD COLUMN stored_at TEXT;
    UPDATE shipments SET details_at = NULL, held_since = NULL, purged_at = NULL, problem = 'without details'
        WHERE problem LIKE 'getShipmentDetails: HTTP %';
    UPDATE shipments SET stored_at = held_since
    """,
)


def exists(folder: Path) -> bool:
    """Whether the folder has a ledger."""
    return (folder / NAME).is_file()


def create(folder: Path) -> None:
    """Make the folder, those in it and an empty ledger, for their owner only; a folder that is there stays as it is.

    Raises:
        ArchiveInvalid: The folder holds something else, or an archive that lost its ledger.
        FileFailed: It cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What is ours may be there: of somebody who makes the same archive now, or began to.
        if any(one.name not in (DOCUMENTS, PARTS) and not one.name.startswith(NAME) for one in folder.iterdir()):
            raise ArchiveInvalid(f"{folder} holds other files and no archive. Next: give a folder that is new or empty")
        # Asked for last: whoever makes the same archive now has its ledger before its files.
        if _holds_files(folder) and not exists(folder):
            raise _without_ledger(folder)
        for name in (DOCUMENTS, PARTS):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        # Last, for a folder with a ledger is an archive. SQLite's own files beside it get its mode.
        os.close(os.open(folder / NAME, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise FileFailed(f"{folder} cannot be written: {error.strerror}. Next: give another folder") from None


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection, with the newest tables; statements outside of `transaction` are transactions of their own.

    Raises:
        ArchiveInvalid: There is none, it was emptied, or another program or a newer version of this package wrote it.
        FileFailed: The disk is full or broken, or somebody else keeps the ledger.
    """
    path = folder / NAME
    if not path.is_file():
        if _holds_files(folder):
            raise _without_ledger(folder)
        raise ArchiveInvalid(f"{folder} is no archive. Next: make one with spapi-invoices archive sync {folder}")
    try:
        with closing(_connected(path)) as db:
            _migrate(path, db)
            yield db
    except sqlite3.OperationalError as error:
        # Extended codes have the plain one in their last byte.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_ERROR:
            raise ArchiveInvalid(
                f"{path} is no ledger of an archive: {error}. Next: restore it from a backup"
            ) from None
        raise FileFailed(
            f"{path} cannot be used: {_WORDS.get(code, error)}. "
            "Next: see that you may write there, that there is room, and who else uses it"
        ) from None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise  # A fault of ours, and not of the file.
        raise ArchiveInvalid(f"{path} cannot be read: {error}. Next: restore it from a backup") from None


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All that is written in the block, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled it back already.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def text(instant: datetime) -> str:
    """An aware time as it stands in the ledger."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def instant(written: str) -> datetime:
    """A time of the ledger."""
    return datetime.fromisoformat(written)


def setting(db: sqlite3.Connection, name: str) -> str | None:
    """A setting of the archive; ``None`` if it was never set."""
    row = db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def set_setting(db: sqlite3.Connection, name: str, value: str) -> None:
    """Set a setting."""
    db.execute("INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value))


def _holds_files(folder: Path) -> bool:
    return any(
        path.is_symlink() or not path.is_dir() for name in (DOCUMENTS, PARTS) for path in (folder / name).rglob("*")
    )


def _without_ledger(folder: Path) -> ArchiveInvalid:
    # With a new one every file would count as left over, and be deleted.
    return ArchiveInvalid(
        f"{folder} has files in {DOCUMENTS} or {PARTS}, and no ledger that names them. "
        f"Next: restore {NAME} from a backup; if they are of no archive, give a folder that is new or empty"
    )


def _connected(path: Path) -> sqlite3.Connection:
    try:
        return _connection(str(path))
    except sqlite3.OperationalError:
        # WAL wants to make a small file beside it, for which a full disk has no room and a read-only one no leave. With
        # nothing in the log, all that was committed is in the ledger itself, and it can be read as it stands.
        log = path.with_name(f"{NAME}-wal")
        if log.exists() and log.stat().st_size:
            raise
        return _connection(f"file:{quote(str(path.absolute()))}?immutable=1")


def _connection(database: str) -> sqlite3.Connection:
    db = sqlite3.connect(
        database,
        timeout=_PATIENCE_SECONDS,
        isolation_level=None,
        uri=database.startswith("file:"),
    )
    try:
        # What is deleted is overwritten. A commit is not forced to the disk: it outlives the process, and not a power cut.
        db.executescript("PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL; PRAGMA user_version")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _migrate(path: Path, db: sqlite3.Connection) -> None:
    if _version(db) == len(MIGRATIONS):
        return
    if not _version(db):
        # Asked again, as in `create`.
        if _holds_files(path.parent) and not _version(db):
            raise _without_ledger(path.parent)
        db.execute("PRAGMA journal_mode = WAL")
    with transaction(db):
        # Asked again: somebody else may have been faster.
        version = _version(db)
        if not 0 <= version <= len(MIGRATIONS):
            raise ArchiveInvalid(
                f"{path} has version {version}, and this package knows up to {len(MIGRATIONS)}. "
                "Next: pip install --upgrade spapi-invoices; if that changes nothing, restore it from a backup"
            )
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
