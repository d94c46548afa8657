"""What the tests of the archive share: the sandbox's world as it should be in an archive, and what an archive holds."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spapi_invoices.core.media import decode_base64
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.io.archive import Archive, open_archive
from spapi_invoices.io.client import Client

FROM, TO = "2026-10-01", "2026-11-02"
Pair = tuple[str | None, str]


def truth(world: Any) -> set[Pair]:
    """Purchase order and hash of every document of a world."""
    return {(order.number, decode_base64(order.content).sha256) for order in world.purchase_orders}


def held(archive: Archive) -> list[Pair]:
    """Purchase order and hash of every row of an archive."""
    return archive.scan("customer_invoices").select("purchase_order_number", "sha256").collect().rows()


def broken(archive: Archive) -> list[str]:
    """What the ledger names and is not there, or is not what it says."""
    rows = ask(archive, "SELECT sha256 FROM documents WHERE size_bytes IS NOT NULL AND purged_at IS NULL")
    files = {path.stem: path for path in (archive.folder / "documents").rglob("*.*")}
    wrong = [
        sha256
        for (sha256,) in rows
        if sha256 not in files or hashlib.sha256(files[sha256].read_bytes()).hexdigest() != sha256
    ]
    parts = ask(archive, "SELECT name, file FROM parts WHERE lost_at IS NULL")
    return wrong + [file for name, file in parts if not (archive.folder / "tables" / name / file).is_file()]


def ask(archive: Archive, statement: str) -> list[tuple[Any, ...]]:
    """Rows of the ledger."""
    db = sqlite3.connect(archive.folder / "ledger.sqlite")
    try:
        return db.execute(statement).fetchall()
    finally:
        db.close()


def files(folder: Path) -> set[Path]:
    """The files of documents and tables, as paths in the archive."""
    return {
        path.relative_to(folder)
        for inner in ("documents", "tables")
        for path in (folder / inner).rglob("*")
        if path.is_file()
    }


def at(moment: str, archive: Archive) -> Archive:
    """The archive at another time."""
    return Archive(archive.folder, now=lambda: datetime.fromisoformat(moment))


def scripted(answers: Callable[[HttpRequest], HttpResponse | Iterable[dict[str, str]]]) -> Client:
    """A client of a function: a response, or the customer invoices of a window's only page."""

    def call(request: HttpRequest) -> HttpResponse:
        answer = answers(request)
        return answer if isinstance(answer, HttpResponse) else page(answer)

    return Client(call, now=lambda: datetime(2026, 11, 2, 9, tzinfo=UTC))


def page(invoices: Iterable[dict[str, str]], token: str | None = None) -> HttpResponse:
    """An answer of getCustomerInvoices."""
    payload = {"pagination": {"nextToken": token} if token else {}, "customerInvoices": list(invoices)}
    headers = {"date": "Mon, 02 Nov 2026 09:00:00 GMT", "x-amzn-requestid": "r-1"}
    return HttpResponse(status=200, headers=headers, body=json.dumps({"payload": payload}).encode())


def fresh(tmp_path: Path, name: str = "archive") -> Archive:
    """A new archive, at the moment of the sandbox's clock and of most answers."""
    return at("2026-11-02T09:00:00+00:00", open_archive(tmp_path / name))


def backwards(archive: Archive, *statements: str) -> None:
    """Make a ledger of the second version of one of the newest."""
    with closing(sqlite3.connect(archive.folder / "ledger.sqlite", isolation_level=None)) as db:
        for one in (
            *statements,
            "ALTER TABLE parts DROP COLUMN sha256",
            "ALTER TABLE parts DROP COLUMN lost_at",
            "ALTER TABLE documents DROP COLUMN stored_at",
            "ALTER TABLE shipments DROP COLUMN stored_at",
            "PRAGMA user_version = 2",
        ):
            db.execute(one)
