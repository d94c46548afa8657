"""The archive on the command line: data on stdout, messages on stderr, 3 for what is incomplete."""

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from conftest import DEMO, ROOT

from spapi_invoices.cli import run
from spapi_invoices.cli.archive import _TABLES
from spapi_invoices.errors import TableInvalid
from spapi_invoices.io.archive import Archive, open_archive, tables
from spapi_invoices.io.archive.ledger import opened
from spapi_invoices.io.tables import read_purchase_orders

OCTOBER = ["--from", "2026-10-01", "--to", "2026-11-01"]


@pytest.fixture
def synced(tmp_path: Path, capsys) -> str:
    """An archive of the demo's recording."""
    folder, ids = str(tmp_path / "archive"), str(ROOT / "cassettes" / "demo-shipment-ids.txt")
    assert run(["--replay", str(DEMO), "archive", "sync", folder, *OCTOBER, "--ids-file", ids, "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 7
    assert err == "6 windows, 16 new customer invoices, 25 shipments, 25 invoice statuses\n"
    return folder


class TestSync:
    """archive sync."""

    def test_many_errors(self, tmp_path, capsys):
        """Of a year that is not in the recording five windows are told, how many more there are, and where they all are."""
        folder = str(tmp_path / "archive")
        sync = ["--replay", str(DEMO), "archive", "sync", folder, "--from", "2025-01-01", "--to", "2026-01-01"]
        assert run([*sync, "--quiet"]) == 3
        lines = capsys.readouterr().err.splitlines()
        assert len([line for line in lines if line.startswith("Error: 2025-0")]) == 5
        assert f"Error: and 56 more: archive export {folder} --table fetch_windows (or problems)" in lines
        assert run(["archive", "export", folder, "--table", "fetch_windows", "--format", "csv"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 62

    def test_incomplete(self, tmp_path, capsys):
        """Windows that the recording does not have are errors, a line each; the others are stored; the exit code is 3."""
        folder = str(tmp_path / "archive")
        arguments = ["--replay", str(DEMO), "archive", "sync", folder, "--from", "2026-10-01", "--to", "2026-11-08"]
        assert run([*arguments, "--format", "csv"]) == 3
        out, err = capsys.readouterr()
        assert [line.split(",")[3] for line in out.splitlines()[1:]] == [*["complete"] * 5, "failed", "failed"]
        assert err.count("Error: ") == 3
        assert "is incomplete. Next: sync again" in err
        assert run(["archive", "status", folder, "--format", "csv"]) == 3

    def test_what_is_lost_is_said(self, synced, capsys):
        """A part that is gone is a warning of the sync or purge that finds it, and of status after it."""
        for number, command in enumerate(
            (["purge", synced, "--older-than", "9999d"], ["sync", synced, *OCTOBER, "--look-back", "0d"]), 1
        ):
            min((Path(synced) / "tables" / "customer_invoices").iterdir()).unlink()
            assert run(["--quiet", *([] if number == 1 else ["--replay", str(DEMO)]), "archive", *command]) == 0
            assert capsys.readouterr().err.count("rows) was missing or damaged, and counts no more") == number
        assert run(["--quiet", "archive", "status", synced]) == 0
        assert capsys.readouterr().err.count("rows) was missing or damaged") == 2

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ([], "neither dates nor shipments"),
            (["--from", "tomorrow"], "is no date"),
            ([*OCTOBER, "--look-back", "7"], "is no length of time"),
            ([*OCTOBER, "--ids-file", "none.txt"], "none.txt cannot be read"),
        ],
    )
    def test_usage(self, tmp_path, capsys, options, said):
        """What is wrong with the options is said, and the next step."""
        assert run(["--replay", str(DEMO), "archive", "sync", str(tmp_path / "a"), *options]) in {2, 3}
        err = capsys.readouterr().err
        assert said in err
        assert "Next: " in err


class TestStatus:
    """archive status."""

    def test_table_and_calendar(self, synced, capsys):
        """The stretches as a table, under it the days with their marks and what those mean."""
        assert run(["archive", "status", synced, "--from", "2026-09-30", "--to", "2026-10-20"]) == 3
        out, err = capsys.readouterr()
        assert "never_asked" in out
        assert "  12#  13-  14-  15-  16-  17-  18#\n  19#" in out
        assert out.endswith("# complete   - empty   ! failed   ? never asked\n")
        assert "shipments: 25 remembered, 0 without details, 0 with problem, 7 accepted\n" in err

    def test_the_calendar_is_for_people(self, synced, capsys):
        """Other forms have the table alone."""
        assert run(["archive", "status", synced, "--format", "csv"]) == 0
        assert capsys.readouterr().out.splitlines()[0] == "window_start,window_end,state,error"

    def test_expected(self, synced, tmp_path, capsys):
        """Orders without an invoice are missing, invoices that nobody listed are unexpected."""
        (tmp_path / "orders.csv").write_text(
            "date,purchase_order_number\n2026-10-02,NOINVOICE\n2026-10-02,DLWW9QB8\n2026-10-02,NF0QNB7D\n"
        )
        assert run(["archive", "status", synced, "--expect", str(tmp_path / "orders.csv"), "--format", "csv"]) == 3
        out, err = capsys.readouterr()
        # The last came with a document that is no base64.
        assert out.splitlines()[1:4] == ["NOINVOICE,missing", "DLWW9QB8,invoiced", "NF0QNB7D,missing"]
        assert out.count("unexpected") == len(out.splitlines()) - 4
        assert "2 of 3 purchase orders without an invoice" in err
        assert "1 customer invoice whose document cannot be read: see the table problems\n" in err

    def test_overdue(self, synced, capsys, monkeypatch):
        """Personal data that is older than the retention is warned of, also when quiet."""
        run(["archive", "retention", synced, "0h"])
        monkeypatch.setattr(Archive, "status", lambda self, *a, **k: _status(Archive(self.folder, _far), *a, **k))
        capsys.readouterr()
        assert run(["--quiet", "archive", "status", synced, "--format", "csv"]) == 0
        assert "Warning: 15 documents and the personal data of 25 shipments from before" in capsys.readouterr().err

    def test_undated(self, synced, capsys):
        """What a fast clock stored is warned of."""
        with opened(Path(synced)) as db:
            db.execute("UPDATE shipments SET held_since = '2999', stored_at = '2999'")
        assert run(["--quiet", "archive", "status", synced, "--format", "csv"]) == 0
        assert "Warning: 25 documents and shipments from the future" in capsys.readouterr().err

    def test_by_warehouse(self, synced, capsys):
        """A warehouse that lacks something is named, and the exit code is 3; one that does not is only counted."""
        with opened(Path(synced)) as db:
            db.execute("UPDATE windows SET ship_from_party_id = 'W1'")
        assert run(["archive", "status", synced, "--format", "csv"]) == 0
        out, err = capsys.readouterr()
        assert (len(out.splitlines()), err.splitlines()[0]) == (1, "asked for by warehouse too: W1")
        with opened(Path(synced)) as db:
            db.execute("UPDATE windows SET state = 'failed'")
        assert run(["--quiet", "archive", "status", synced, "--format", "csv"]) == 3
        said = f"Error: warehouse W1 lacks something. Next: spapi-invoices archive status {synced} --ship-from W1\n"
        assert capsys.readouterr().err == said

    def test_no_archive(self, tmp_path, capsys):
        """A folder without an archive is not made one by looking."""
        assert run(["archive", "status", str(tmp_path / "none")]) == 2
        assert "is no archive. Next: " in capsys.readouterr().err
        assert not (tmp_path / "none").exists()


_status = Archive.status


def _far():
    from datetime import UTC, datetime

    return datetime(2027, 1, 1, tzinfo=UTC)


class TestPurge:
    """archive purge and retention."""

    def test_dry_then_done(self, synced, capsys):
        """A dry run says what the purge then does."""
        for options, verb in ((["--dry-run"], "would be purged"), ([], "purged")):
            assert run(["archive", "purge", synced, "--older-than", "0h", *options]) == 0
            out, err = capsys.readouterr()
            assert (out, err.startswith(verb)) == ("", True)
            assert "15 documents and the personal data of 25 shipments" in err
        assert list((Path(synced) / "documents").rglob("*.pdf")) == []

    def test_retention(self, synced, capsys):
        """The retention is 30 days, and can be set."""
        for arguments, said in (([], "30d"), (["45d"], "45d"), ([], "45d"), (["36h"], "36h")):
            assert run(["archive", "retention", synced, *arguments]) == 0
            assert capsys.readouterr().out == f"{said}\n"
        for minutes, said in ((0, "0d"), (30, "0:30:00"), (90, "1:30:00")):
            Archive(Path(synced)).keep_for(timedelta(minutes=minutes))
            assert run(["archive", "retention", synced]) == 0
            assert capsys.readouterr().out == f"{said}\n"


class TestForget:
    """archive forget."""

    def test_which(self, synced, capsys):
        """Shipments are taken out; how many there were is said, and which was not there, with exit code 3."""
        one, other = Archive(Path(synced)).scan("shipments").collect()["amazon_shipment_id"][:2]
        assert run(["archive", "forget", synced, "--ids", f"{one},NONE"]) == 3
        said = f"1 of 2 shipments forgotten\nError: {synced} has no shipment 'NONE'. Next: give it as archive sync names it\n"
        assert capsys.readouterr().err == said
        assert run(["archive", "forget", synced, "--ids", other]) == 0
        run(["archive", "status", synced, "--format", "csv"])
        assert "shipments: 23 remembered" in capsys.readouterr().err

    def test_to_the_letter(self, tmp_path, capsys):
        """What an older version remembered can be named as it is: with blanks, commas and nothing; its like stays."""
        folder, file = tmp_path / "archive", tmp_path / "ids.txt"
        ids = ["S1", " S1", "", "a,b", "#1", "c\x0bd"]
        with opened(open_archive(folder).folder) as db:
            db.executemany(
                "INSERT INTO shipments (amazon_shipment_id, added_at) VALUES (?, '2026')", [(one,) for one in ids]
            )
        assert run(["archive", "forget", str(folder), "--ids", " S1,"]) == 0
        file.write_bytes(b"a,b\r\n#1\nc\x0bd")
        assert run(["archive", "forget", str(folder), "--ids-file", str(file)]) == 0
        assert capsys.readouterr().err == "2 of 2 shipments forgotten\n3 of 3 shipments forgotten\n"
        assert open_archive(folder).forget(ids) == ("S1",)

    def test_nothing(self, synced, tmp_path, capsys):
        """Without ids it is misuse, also with a file that has none."""
        (tmp_path / "ids.txt").touch()
        for options in ([], ["--ids-file", str(tmp_path / "ids.txt")]):
            assert run(["archive", "forget", synced, *options]) == 2
            assert "no shipment ids" in capsys.readouterr().err


class TestExport:
    """archive export."""

    def test_documents_and_a_table(self, synced, tmp_path, capsys):
        """Documents are files by purchase order; Parquet has them too, so they can be read on."""
        target, out = tmp_path / "pdf", tmp_path / "invoices.parquet"
        arguments = ["--save-documents", str(target), "--table", "customer_invoices", "-o", str(out)]
        assert run(["archive", "export", synced, *arguments]) == 0
        assert f"15 documents in {target}, 0 purged, 1 never readable" in capsys.readouterr().err
        frame = pl.read_parquet(out)
        assert (frame.height, frame["content"].null_count(), len(list(target.iterdir()))) == (16, 1, 15)
        assert run(["documents", "read", str(out), "-o", str(tmp_path / "facts.csv")]) == 0

    def test_damage_is_said(self, synced, tmp_path, capsys):
        """A document that is gone is named with the next step, and the exit code is 3."""
        next((Path(synced) / "documents").rglob("*.pdf")).unlink()
        assert run(["archive", "export", synced, "--save-documents", str(tmp_path / "pdf")]) == 3
        err = capsys.readouterr().err
        assert "14 documents in" in err
        assert "is missing or not what was stored. Next: archive sync with a --look-back" in err

    def test_nothing(self, synced, capsys):
        """Without a wish nothing is exported, and that is misuse."""
        assert run(["archive", "export", synced]) == 2
        assert "nothing to export" in capsys.readouterr().err

    def test_every_table(self, synced, capsys):
        """The command knows each table of an archive, and each can be written."""
        assert _TABLES == tables.NAMES
        for name in _TABLES:
            assert run(["archive", "export", synced, "--table", name, "--format", "json"]) == 0
            assert capsys.readouterr().out.startswith("[")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("2JK3S9VC\n4Z32PABC\n", "name a column of it purchase_order_number"),
        ("ABCDEFGH\n4Z32PABC\n", "name a column of it purchase_order_number"),
        ('purchase_order_number\n="B2"\n', "is no purchase order number"),
        ("purchase_order_number\tdate\nA\tB\n", "tabs"),
        ("order,date\nA,B\n", "name a column of it purchase_order_number"),
        ("purchase_order_number;date\nA;B\n", "semicolons"),
        ("purchase_order_number;amount,INR\nA;1,5\n", "semicolons"),
        ("purchase_order_number,PURCHASE_ORDER_NUMBER\nA,B\n", "and only one"),
        ("p\0urchase_order_number\nA\n", r"'p\x00urchase"),
    ],
)
def test_a_list_that_is_none(synced, tmp_path, capsys, content, said):
    """A list without its header would lose its first number: it is refused, as is one without the column."""
    (tmp_path / "orders.csv").write_text(content)
    assert run(["archive", "status", synced, "--expect", str(tmp_path / "orders.csv")]) == 2
    assert said in capsys.readouterr().err


def test_a_header_in_other_case(tmp_path):
    """Case and blanks of the header do not matter, and those around a number do not either."""
    (tmp_path / "a.csv").write_text("date, Purchase_Order_Number \n2026-10-02, A1 \n2026-10-02,A1\n2026-10-03,\n")
    assert read_purchase_orders(tmp_path / "a.csv") == ["A1"]


@pytest.mark.parametrize(
    "values", [[["A1"]], [b"A1"], [True], [{"a": "A1"}], [date(2026, 10, 1)], [Decimal("1.5")], [1.0]]
)
def test_a_column_of_another_kind(tmp_path, values):
    """What is neither text nor a whole number is no purchase order, and is said with its kind."""
    pl.DataFrame({"purchase_order_number": values}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(TableInvalid, match=r"holds no texts but .* Next: "):
        read_purchase_orders(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    "values", [pl.Series(["12", None]), pl.Series([12, None]), pl.Series(["12", None], dtype=pl.Categorical)]
)
def test_a_column_of_texts_or_whole_numbers(tmp_path, values):
    """Both are the same numbers."""
    pl.DataFrame({"purchase_order_number": values}).write_parquet(tmp_path / "a.parquet")
    assert read_purchase_orders(tmp_path / "a.parquet") == ["12"]


def test_json_that_is_nested_without_end(tmp_path):
    """It is no table, and no traceback."""
    (tmp_path / "a.json").write_bytes(b"[" * 100_000)
    with pytest.raises(TableInvalid, match="cannot be read as json"):
        read_purchase_orders(tmp_path / "a.json")


def test_a_list_in_another_encoding_or_as_floats(tmp_path):
    """UTF-16, and floats of a Parquet file, are refused: their numbers would not be those that Amazon knows."""
    (tmp_path / "a.csv").write_text("purchase_order_number\nA1\n", encoding="utf-16")
    pl.DataFrame({"purchase_order_number": [1.0, 2.0]}).write_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        with pytest.raises(TableInvalid, match="Next: "):
            read_purchase_orders(tmp_path / name)


def test_the_python_of_the_how_to_runs(tmp_path, monkeypatch):
    """The code of the page runs as it stands, after its command in the same folder, and every document is read."""
    text = (ROOT / "docs" / "how-to" / "keep-an-archive.md").read_text("utf-8")
    (tmp_path / "cassettes").symlink_to(ROOT / "cassettes")
    monkeypatch.chdir(tmp_path)
    replayed = ["--replay", str(DEMO), "archive", "sync", "invoices", *OCTOBER]
    assert [run([*replayed, *more]) for more in ([], ["--look-back", "0d"])] == [0, 0]
    names: dict[str, object] = {}
    exec(compile(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], "keep-an-archive.md", "exec"), names)
    assert names["done"].complete
    assert names["documents"].facts.height == 16
