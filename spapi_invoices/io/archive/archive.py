"""An archive: one folder with all that was fetched, and what may be done with it. Not for how: the modules beside it.

::

    ledger.sqlite       what was asked for and how that went, which documents and parts count, settings
    documents/ab/...    documents, named by their hash
    tables/NAME/...     the tables' parts, in Parquet
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from spapi_invoices.core.durations import check_duration
from spapi_invoices.core.shipment_invoicing import build_get_shipment_details, build_submit_invoice
from spapi_invoices.core.windows import Instant, Window, parse_instant
from spapi_invoices.errors import ArchiveInvalid, InvalidRequest
from spapi_invoices.io.answers import Receipt
from spapi_invoices.io.archive import export, ledger, parts, submissions, tables
from spapi_invoices.io.archive.forget import forget
from spapi_invoices.io.archive.lock import locked
from spapi_invoices.io.archive.mend import mend
from spapi_invoices.io.archive.purge import Purged, due, remove, see, sweep
from spapi_invoices.io.archive.status import Status, read_status
from spapi_invoices.io.archive.store import Attempt, Store
from spapi_invoices.io.archive.sync import Synced, Syncing, windows_table, windows_to_ask
from spapi_invoices.io.asking import texts
from spapi_invoices.io.client import MARGIN, Client
from spapi_invoices.io.files import read_bytes
from spapi_invoices.io.progress import Show, shown

LOOK_BACK: Final = timedelta(days=7)
# Amazon's data-protection policy: personal data for at most 30 days after delivery.
RETENTION: Final = timedelta(days=30)


def open_archive(folder: Path | str, *, create: bool = True) -> "Archive":
    """Open the archive in a folder.

    Args:
        folder: Its folder; ``~`` is your home.
        create: Make one where there is none. The folder must be new or empty; what is put in it only you can read.

    Raises:
        ArchiveInvalid: There is no archive, something else is in the folder, its ledger is lost, or a newer version made it.
        FileFailed: The folder cannot be read or written.
    """
    # SQLite and polars take some paths for something else, as one that begins with ~ or file:, but no absolute one.
    path = Path(os.path.expanduser(folder)).absolute()  # noqa: PTH111 - which raises for a ~name that is nobody's
    if create and not ledger.exists(path):
        ledger.create(path)
    with ledger.opened(path):
        return Archive(path)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive; made by `open_archive`. Any number may read it while one process writes to it.

    Attributes:
        folder: Where it is.
        now: The clock.
    """

    folder: Path
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False, compare=False)

    def scan(self, name: str) -> pl.LazyFrame:
        """A table, lazily; without rows it has all columns.

        ``customer_invoices`` has no ``content``: the documents are files, and `with_documents` reads them. Of a shipment
        that was asked for again the newest answer counts. Collect a scan before the archive is synced twice, or purged; a
        `read` need not care.

        Raises:
            InvalidRequest: There is no such table.
            FileFailed: A part of it is missing, damaged or cannot be read.
        """
        _check_name(name)
        with ledger.opened(self.folder) as db:
            return tables.scan(self.folder, db, name)

    def read(self, name: str) -> pl.DataFrame:
        """A table as `scan` gives it, in memory, also while somebody else syncs or purges.

        Raises:
            InvalidRequest: There is no such table.
            FileFailed: A part of it is missing, damaged or cannot be read.
        """
        _check_name(name)
        with ledger.opened(self.folder) as db:
            return tables.read(self.folder, db, name)

    def with_documents(self, invoices: pl.DataFrame) -> pl.DataFrame:
        """Rows of ``customer_invoices`` with their documents in ``content``; all of them are then in memory.

        Raises:
            FileFailed: A document is missing or damaged.
        """
        with ledger.opened(self.folder) as db:
            return export.with_documents(self.folder, db, invoices)

    def sync(  # noqa: PLR0913 - what may be wanted, all but the client with a default
        self,
        client: Client,
        start: Instant | None = None,
        end: Instant | None = None,
        *,
        shipment_ids: Iterable[str] = (),
        ship_from_party_id: str | None = None,
        look_back: timedelta = LOOK_BACK,
        progress: Show = None,
        wait: float = 0,
    ) -> Synced:
        """Ask for what is missing or may have changed, and store it page by page.

        Args:
            client: Of the archive's account, which is that of the first sync.
            start: Of the customer invoices that are wanted, inclusive; ``None`` asks for none.
            end: Exclusive; ``None`` is now.
            shipment_ids: Shipments to remember. Of all that are remembered, details are asked for if there are none or
                they have a problem, and the invoice's status unless it is accepted.
            ship_from_party_id: Only this warehouse's customer invoices.
            look_back: What became available so shortly before it was asked for is asked for again.
            progress: Called after each window, and after some shipments. ``True`` shows a bar.
            wait: Seconds to wait for another sync to end.

        Returns:
            What was done. Its ``complete`` says whether all was answered; what was not is asked for by the next sync.

        Raises:
            InvalidRequest: A date or an id is none, the range is empty, the look-back is negative, nothing is wanted, or the
                client is of another account.
            ArchiveBusy: Another process is writing to the archive.
            FileFailed: The disk is full. What had been stored is there.
        """
        wanted = _wanted(start, end, client.zone, self.now())
        check_duration(look_back)
        ids = texts(shipment_ids)
        for one in ids:
            build_get_shipment_details(one)  # One that can never be asked for is not remembered.
        with self._writing(wait) as db:
            _check_account(self.folder, db, client.account)
            ledger.set_setting(db, "time_zone", str(client.zone))
            with ledger.transaction(db):
                see(db, self.now())
            lost = mend(self.folder, db, self.now())
            parts.compact(self.folder, db)
            store = Store(self.folder, db, self.now)
            store.shipment_ids(ids, self.now())
            if wanted is None and not _ids(db, "TRUE"):
                raise InvalidRequest("neither dates nor shipments. Next: say from when, or give shipment ids")
            attempts = []
            if wanted is not None:
                settled = tables.settled(db, ship_from_party_id, look_back)
                attempts = [Attempt(one, ship_from_party_id) for one in windows_to_ask(wanted, settled, MARGIN)]
            store.want(attempts)
            done = _run(Syncing(client, store, self.now), db, attempts, progress)
            tables.forget_outdated(db)
            parts.compact(self.folder, db)
            return replace(done, lost=lost)

    def status(
        self,
        start: Instant | None = None,
        end: Instant | None = None,
        *,
        ship_from_party_id: str | None = None,
        expected: Iterable[str] | None = None,
    ) -> Status:
        """How complete the archive is.

        Args:
            start: Of the range, with ``end``; ``None`` is all that was ever wanted.
            end: Exclusive; ``None`` is now.
            ship_from_party_id: Only this warehouse's customer invoices.
            expected: Purchase orders that should have an invoice.

        Raises:
            InvalidRequest: A date does not parse, or the range is empty.
            FileFailed: A part of the tables is missing, damaged or cannot be read.
        """
        now = self.now()
        with ledger.opened(self.folder) as db:
            parts.whole(self.folder, db)
            zone = _zone(ledger.setting(db, "time_zone"))
            wanted = _wanted(start, end, zone, now)
            overdue_before = now - _retention(db)
            return read_status(self.folder, db, wanted, ship_from_party_id, zone, expected, overdue_before, now)

    def purge(self, older_than: timedelta | None = None, *, dry_run: bool = False, wait: float = 0) -> Purged:
        """Remove the personal data that has been held for longer, and say of how many.

        Documents are deleted and personal columns become null. Numbers, hashes, amounts and statuses stay. What was purged
        is not stored again when it is fetched again.

        Args:
            older_than: Since it was fetched; ``None`` is the archive's retention.
            dry_run: Only say it.
            wait: Seconds to wait for a sync to end.

        Raises:
            InvalidRequest: The time is negative or longer than a century.
            ArchiveBusy: Another process is writing to the archive.
            FileFailed: A file cannot be written or deleted, or the ledger is being read. Purge again: what is left is
                removed then.
        """
        with ledger.opened(self.folder) as db:
            now = self.now()
            before = now - (_retention(db) if older_than is None else check_duration(older_than))
            # Before anything is swept, so that what a killed purge left is counted.
            found = due(db, before, now)
        if dry_run:
            return found
        with self._writing(wait) as db:
            return remove(self.folder, db, found, now)

    def forget(self, shipment_ids: Iterable[str], *, wait: float = 0) -> tuple[str, ...]:
        """Take shipments out of the archive, as if they had never been given, and say which of them it had.

        Args:
            shipment_ids: Also ones that no sync takes any more.
            wait: Seconds to wait for a sync to end.

        Raises:
            ArchiveBusy: Another process is writing to the archive.
            FileFailed: A part of the tables is missing or damaged, or a file cannot be read, written or deleted.
        """
        with self._writing(wait) as db:
            removed = forget(self.folder, db, texts(shipment_ids))
            sweep(self.folder, db)
            return removed

    def submit_invoice(  # noqa: PLR0913 - as the client's
        self,
        client: Client,
        shipment_id: str,
        document: Path | str | bytes,
        *,
        marketplace_id: str | None = None,
        dry_run: bool = True,
        wait: float = 0,
    ) -> Receipt:
        """Submit a shipment's authorised NF-e XML as `Client.submit_invoice` does, and never the same one twice.

        What was sent is remembered, by shipment and SHA-256, and each sync asks what became of it. One to which no answer
        came is not sent again for a quarter of an hour, and then only if Amazon says that it has none.

        Args:
            client: Of the archive's account.
            shipment_id: The shipment.
            document: The file's path, or its bytes untouched.
            marketplace_id: Optional in the API.
            dry_run: Ask for the status and build the request, but do not send it. Say ``False`` to send.
            wait: Seconds to wait for a sync to end.

        Raises:
            AlreadySubmitted: The same document was sent, or Amazon has an invoice for the shipment; nothing was sent.
            ArchiveBusy: Another process is writing to the archive.
            SpapiInvoicesError: As `Client.submit_invoice`.
        """
        content = document if isinstance(document, bytes) else read_bytes(Path(document))
        build_submit_invoice(shipment_id, content, marketplace_id=marketplace_id)
        send = partial(client.submit_invoice, shipment_id, content, marketplace_id=marketplace_id, dry_run=dry_run)
        with self._writing(wait) as db:
            _check_account(self.folder, db, client.account)
            submissions.refuse_known(db, shipment_id, content, self.now())
            if dry_run:
                return send()
            Store(self.folder, db, self.now).shipment_ids([shipment_id], self.now())
            return submissions.submit(db, shipment_id, content, send, self.now)

    def export_documents(self, folder: Path | str) -> export.Exported:
        """Save each document as ``{purchase_order_number}.pdf``, never over a different one, and say what is missing.

        Raises:
            FileFailed: The folder cannot be written.
        """
        with ledger.opened(self.folder) as db:
            return export.export_documents(self.folder, db, Path(folder))

    @property
    def retention(self) -> timedelta:
        """For how long personal data may be held; 30 days unless set."""
        with ledger.opened(self.folder) as db:
            return _retention(db)

    def keep_for(self, retention: timedelta) -> None:
        """Set for how long personal data may be held.

        Raises:
            InvalidRequest: It is negative or longer than a century.
        """
        seconds = int(check_duration(retention).total_seconds())
        with ledger.opened(self.folder) as db:
            ledger.set_setting(db, "retention_seconds", str(seconds))

    @contextmanager
    def _writing(self, wait: float) -> Iterator[sqlite3.Connection]:
        """The ledger, with nobody else writing and without what a crash left."""
        with locked(self.folder, wait, self.now()), ledger.opened(self.folder) as db:
            sweep(self.folder, db)
            yield db


def _check_name(name: str) -> None:
    if name not in tables.NAMES:
        raise InvalidRequest(f"an archive has no table {name!r}. Next: name one of {', '.join(tables.NAMES)}")


def _run(syncing: Syncing, db: sqlite3.Connection, attempts: list[Attempt], progress: Show) -> Synced:
    """Windows, then details, then statuses of shipments: of which ids is asked when it is their turn."""
    with shown(progress, "window") as advance:
        invoices = syncing.invoices(attempts, advance)
    ids = _ids(db, "purged_at IS NULL AND (details_at IS NULL OR problem IS NOT NULL)")
    with shown(progress, "shipment") as advance:
        shipments = syncing.shipments(ids, advance)
    ids = _ids(db, f"invoice_status IS NOT '{tables.ACCEPTED}'")
    with shown(progress, "status") as advance:
        statuses = syncing.statuses(ids, advance)
    said = {"errors": tuple(syncing.errors), "warnings": tuple(syncing.warnings)}
    return Synced(windows_table(attempts), invoices, shipments, statuses, **said)


def _ids(db: sqlite3.Connection, rule: str) -> list[str]:
    """Those that never failed, then those that failed longest ago: a few that always do keep no other from its turn."""
    rows = db.execute(f"SELECT amazon_shipment_id FROM shipments WHERE {rule} ORDER BY failed_at, rowid")  # noqa: S608 - ours
    return [one for (one,) in rows]


def _wanted(start: Instant | None, end: Instant | None, zone: tzinfo, now: datetime) -> Window | None:
    if start is None:
        if end is not None:
            raise InvalidRequest("an end without a start. Next: give both, or neither")
        return None
    window = Window(parse_instant(start, zone), parse_instant(now if end is None else end, zone))
    if window.end.year == MAXYEAR:  # Its days, and the weeks of a calendar, would lead out of it.
        raise InvalidRequest(f"{window} ends in year {MAXYEAR}. Next: give an end before it")
    if window.end <= window.start:
        raise InvalidRequest(f"{window} is no range. Next: give an end that is later; it is exclusive")
    return window


def _check_account(folder: Path, db: sqlite3.Connection, account: str) -> None:
    """Of two accounts in one archive, what was answered for one would count as answered for the other."""
    known = ledger.setting(db, "account")
    if known is None:
        ledger.set_setting(db, "account", account)
    elif known != account:
        raise InvalidRequest(
            f"{folder} is the archive of the profile {known or 'without a name'}, and {account or 'one without a name'} "
            "was to be asked. Next: give each account a folder of its own"
        )


def _zone(name: str | None) -> tzinfo:
    """The zone of the last sync."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _retention(db: sqlite3.Connection) -> timedelta:
    written = ledger.setting(db, "retention_seconds")
    if written is None:
        return RETENTION
    if not written.isdecimal():
        raise ArchiveInvalid(f"the retention {written!r} is no number of seconds. Next: set it (archive retention)")
    return timedelta(seconds=int(written))
