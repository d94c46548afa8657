"""The ledger: its versions, its transactions, and who may read it."""

import os
import sqlite3
import stat
import uuid
from contextlib import closing
from datetime import timedelta

import pytest
from archived import ask, at, backwards, fresh, scripted

from spapi_invoices.errors import ArchiveInvalid, FileFailed
from spapi_invoices.io.archive import ledger, open_archive


class TestOpen:
    """What is an archive, and what is none."""

    def test_an_archive_is_made_once(self, tmp_path):
        """Opened again it is the same; its folder and files are for their owner only, whatever the umask."""
        before = os.umask(0)
        try:
            archive = fresh(tmp_path)
        finally:
            os.umask(before)
        assert open_archive(archive.folder).folder == archive.folder
        assert stat.S_IMODE(archive.folder.stat().st_mode) == 0o700
        assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in archive.folder.iterdir()} == {
            "ledger.sqlite": 0o600,
            "documents": 0o700,
            "tables": 0o700,
        }

    def test_all_folders_are_their_owners(self, tmp_path):
        """Also those that a sync makes."""
        archive, before = fresh(tmp_path), os.umask(0)
        try:
            archive.sync(
                scripted(lambda _: [{"purchaseOrderNumber": "A", "content": "JVBERi0xLjQK"}]),
                "2026-10-30",
                "2026-11-01",
            )
        finally:
            os.umask(before)
        folders = [path for path in archive.folder.rglob("*") if path.is_dir()]
        assert len(folders) == 4
        assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}

    @pytest.mark.parametrize(
        ("name", "where"),
        [("~/a", "home/a"), ("file:a", "here/file:a"), ("a/../~b", "here/a/../~b"), ("a*", "here/a*")],
    )
    def test_a_name_that_others_read_otherwise(self, tmp_path, monkeypatch, name, where):
        """The folder is the one that a shell means, for its ledger, its tables and its documents, wherever one goes then."""
        for one in ("home", "here/a", "there"):
            (tmp_path / one).mkdir(parents=True)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
        monkeypatch.chdir(tmp_path / "here")
        archive = at("2026-11-02T09:00:00+00:00", open_archive(name))
        monkeypatch.chdir(tmp_path / "there")
        archive.sync(
            scripted(lambda _: [{"purchaseOrderNumber": "A", "content": "JVBERi0xLjQK"}]), "2026-10-30", "2026-11-01"
        )
        assert archive.read("customer_invoices").equals(archive.scan("customer_invoices").collect())
        assert archive.read("customer_invoices").height == 1
        assert {path.name for path in (tmp_path / where).iterdir()} >= {"ledger.sqlite", "documents", "tables"}
        assert at("2026-12-03T00:00:00+00:00", archive).purge().documents == 1

    def test_not_where_something_else_is(self, tmp_path):
        """A folder with other files is left alone."""
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(ArchiveInvalid, match="other files"):
            open_archive(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    @pytest.mark.parametrize("inner", ["documents/2026/mine.docx", "tables/kitchen/oak.txt", "documents/mine.docx"])
    def test_not_where_folders_of_the_same_name_hold_something_else(self, tmp_path, inner):
        """A folder whose documents or tables are somebody's own is left alone."""
        path = tmp_path / inner
        path.parent.mkdir(parents=True)
        path.write_text("mine")
        with pytest.raises(ArchiveInvalid, match="of no archive, give a folder that is new"):
            open_archive(tmp_path)
        assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]

    def test_not_where_a_link_leads_elsewhere(self, tmp_path):
        """Nor one whose documents lead to another folder."""
        (tmp_path / "mine").mkdir()
        (tmp_path / "a" / "documents").mkdir(parents=True)
        (tmp_path / "a" / "documents" / "zz").symlink_to(tmp_path / "mine")
        with pytest.raises(ArchiveInvalid, match="no ledger"):
            open_archive(tmp_path / "a")

    def test_one_that_was_begun(self, tmp_path):
        """What a crash left of making an archive is no reason to refuse it."""
        (tmp_path / "documents").mkdir()
        (tmp_path / "ledger.sqlite").write_bytes(b"")
        assert open_archive(tmp_path).scan("customer_invoices").collect().height == 0

    @pytest.mark.parametrize("create", [True, False])
    @pytest.mark.parametrize("gone", [True, False], ids=["deleted", "emptied"])
    def test_a_lost_ledger(self, tmp_path, gone, create):
        """Without its ledger, or beside an empty one, an archive is refused and all its files stay."""
        archive = fresh(tmp_path)
        document = archive.folder / "documents" / "ab" / f"{'ab' * 32}.pdf"
        document.parent.mkdir()
        document.write_bytes(b"%PDF")
        for path in archive.folder.glob("ledger.sqlite*"):
            path.unlink()
        path = archive.folder / "ledger.sqlite"
        if not gone:
            path.touch()
        for _ in range(2):
            with pytest.raises(ArchiveInvalid, match=r"restore ledger\.sqlite from a backup"):
                open_archive(archive.folder, create=create)
            with pytest.raises(ArchiveInvalid, match="restore"):
                archive.status()
        assert document.is_file()
        assert path.stat().st_size == 0 if path.exists() else gone

    def test_only_if_it_is_there(self, tmp_path):
        """Without leave to create one, nothing is made."""
        with pytest.raises(ArchiveInvalid, match="is no archive"):
            open_archive(tmp_path / "a", create=False)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "content", [b"no database at all, but long enough to look at" * 50, b"SQLite format 3\0" + b"\1" * 4096]
    )
    def test_not_a_ledger(self, tmp_path, content):
        """A file that SQLite cannot read is said to be none, with its path."""
        (tmp_path / "ledger.sqlite").write_bytes(content)
        with pytest.raises((ArchiveInvalid, FileFailed), match=r"ledger\.sqlite"):
            open_archive(tmp_path)

    @pytest.mark.parametrize("version", [1, len(ledger.MIGRATIONS)])
    def test_a_ledger_of_another_program(self, tmp_path, version):
        """A database with the right version and other tables is no archive, and that is said."""
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db:
            db.executescript(f"CREATE TABLE accounts (id INTEGER); PRAGMA user_version = {version}")
        with pytest.raises(ArchiveInvalid, match=r"no such table.*restore"):
            open_archive(tmp_path).status()

    def test_a_disk_without_room_for_the_log(self, tmp_path, monkeypatch):
        """Where SQLite can make no log, an archive can be read, and whoever writes is told of rights and of room."""
        connect = ledger._connection

        def full(database: str) -> sqlite3.Connection:
            if "immutable" not in database:
                raise sqlite3.OperationalError("unable to open database file")
            return connect(database)

        archive = fresh(tmp_path)
        monkeypatch.setattr(ledger, "_connection", full)
        assert archive.scan("customer_invoices").collect().height == 0
        with pytest.raises(FileFailed, match=r"want of leave or of room\. Next: .*that there is room"):
            archive.purge()

    def test_a_retention_that_is_none(self, tmp_path):
        """What somebody wrote in its place is said, and can be set right."""
        archive = fresh(tmp_path)
        with ledger.opened(archive.folder) as db:
            ledger.set_setting(db, "retention_seconds", "abc")
        with pytest.raises(ArchiveInvalid, match="'abc' is no number of seconds"):
            archive.status()
        archive.keep_for(timedelta(days=3))
        assert archive.retention == timedelta(days=3)

    @pytest.mark.parametrize("version", [len(ledger.MIGRATIONS) + 1, -1])
    def test_a_version_that_is_not_known(self, tmp_path, version):
        """An archive of a newer version, or of none there can be, is not touched, and the next step is said."""
        archive = fresh(tmp_path)
        db = sqlite3.connect(archive.folder / "ledger.sqlite")
        db.execute(f"PRAGMA user_version = {version}")
        db.close()
        with pytest.raises(
            ArchiveInvalid, match=rf"has version {version}, and this package knows up to \d+.*pip install --upgrade"
        ):
            open_archive(archive.folder)
        assert ask(archive, "PRAGMA user_version") == [(version,)]

    def test_a_folder_that_cannot_be_made(self, tmp_path):
        """A file in the way is an error with a path."""
        (tmp_path / "file").write_text("")
        with pytest.raises(FileFailed, match="file/archive"):
            open_archive(tmp_path / "file" / "archive")


class TestMigrations:
    """From any version to the newest, with all that was there."""

    def test_an_older_ledger(self, tmp_path, monkeypatch):
        """Each missing step is taken once, in order; rows stay, and the version is the newest."""
        archive = fresh(tmp_path)
        archive.keep_for(archive.retention * 2)
        steps = (
            *ledger.MIGRATIONS,
            "ALTER TABLE documents ADD COLUMN seen_at TEXT; UPDATE settings SET value = value || '0'",
            "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;",
        )
        monkeypatch.setattr(ledger, "MIGRATIONS", steps)
        for _ in range(2):
            open_archive(archive.folder)
        assert ask(archive, "PRAGMA user_version") == [(len(steps),)]
        assert ask(archive, "SELECT value FROM settings WHERE name = 'retention_seconds'") == [(f"{60 * 86400}0",)]
        assert ask(archive, "SELECT count(seen_at) FROM documents") == [(0,)]

    def test_shipments_of_the_first_version(self, tmp_path, monkeypatch):
        """Personal data that a ledger of the first version knows of is held since it was last answered."""
        with monkeypatch.context() as patch:
            patch.setattr(ledger, "MIGRATIONS", ledger.MIGRATIONS[:1])
            archive = fresh(tmp_path)
            with ledger.opened(archive.folder) as db:
                db.execute("INSERT INTO shipments (amazon_shipment_id, added_at, details_at) VALUES ('D', 'a', 'b')")
        open_archive(archive.folder)
        assert ask(archive, "SELECT held_since, failed_at FROM shipments") == [("b", None)]

    def test_shipments_of_the_second_version(self, tmp_path):
        """Those of which Amazon has no details were said to have some, and to be purged; all others are as they were."""
        archive = fresh(tmp_path)
        some = {"D1": "getShipmentDetails: HTTP 404: NotFound: no", "D2": "ItemPrice.Amount: '12,50'", "D3": None}
        with ledger.opened(archive.folder) as db:
            db.executemany(
                "INSERT INTO shipments (amazon_shipment_id, added_at, details_at, held_since, purged_at, problem) "
                "VALUES (?, 'a', 'b', 'b', 'c', ?)",
                some.items(),
            )
        backwards(archive)
        open_archive(archive.folder)
        columns = "amazon_shipment_id, details_at, held_since, stored_at, purged_at, problem"
        assert ask(archive, f"SELECT {columns} FROM shipments") == [
            ("D1", None, None, None, None, "without details"),
            ("D2", "b", "b", "b", "c", some["D2"]),
            ("D3", "b", "b", "b", "c", None),
        ]

    def test_parts_of_the_second_version(self, tmp_path):
        """Parts that are named by chance, as before hashes were kept, count as they are; one that is missing is noticed."""
        archive = fresh(tmp_path)
        archive.sync(
            scripted(lambda _: [{"purchaseOrderNumber": "A", "content": "JVBERi0xLjQK"}]), "2026-10-30", "2026-11-01"
        )
        rows = archive.scan("customer_invoices").collect()
        (path,) = (archive.folder / "tables" / "customer_invoices").iterdir()
        path = path.rename(path.with_name(f"{uuid.uuid4().hex}.parquet"))
        backwards(archive, f"UPDATE parts SET file = '{path.name}'")
        for _ in range(2):
            assert open_archive(archive.folder).sync(scripted(lambda _: []), "2026-10-30", "2026-11-01").lost == ()
            assert archive.scan("customer_invoices").collect().equals(rows)
        assert at("2026-12-03T00:00:00+00:00", archive).purge(dry_run=True).documents == 1
        path.unlink()
        with pytest.raises(FileFailed, match="is missing"):
            archive.scan("customer_invoices")

    def test_submissions_of_the_second_version(self, tmp_path):
        """What the ledger has of submitted invoices stays."""
        archive, row = fresh(tmp_path), (1, "D1", "ab", "sent", "2026-11-02", "r-1")
        with ledger.opened(archive.folder) as db:
            db.execute("INSERT INTO submissions VALUES (?, ?, ?, ?, ?, ?)", row)
        backwards(archive)
        open_archive(archive.folder)
        assert ask(archive, "SELECT * FROM submissions") == [row]

    def test_a_step_that_fails(self, tmp_path, monkeypatch):
        """A step that fails half way is undone, and the ledger is as it was."""
        archive = fresh(tmp_path)
        steps = (*ledger.MIGRATIONS, "CREATE TABLE half (id INTEGER); CREATE TABLE half (id INTEGER)")
        monkeypatch.setattr(ledger, "MIGRATIONS", steps)
        with pytest.raises(ArchiveInvalid, match="already exists"):
            open_archive(archive.folder)
        assert ask(archive, "PRAGMA user_version") == [(len(steps) - 1,)]
        assert ask(archive, "SELECT name FROM sqlite_master WHERE name = 'half'") == []


class TestTransaction:
    """All or nothing."""

    def test_undone(self, tmp_path):
        """What is raised inside undoes what was written inside."""
        archive = fresh(tmp_path)
        with ledger.opened(archive.folder) as db:
            with pytest.raises(RuntimeError), ledger.transaction(db):  # noqa: PT012 - what was written before is the point
                ledger.set_setting(db, "a", "1")
                raise RuntimeError
            assert ledger.setting(db, "a") is None
            with ledger.transaction(db):
                ledger.set_setting(db, "a", "2")
        assert ask(archive, "SELECT value FROM settings WHERE name = 'a'") == [("2",)]
