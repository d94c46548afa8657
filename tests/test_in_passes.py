"""Sides in Parquet, compared in passes to a folder: from Python and on the command line."""

import json
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from conftest import DEMO

import spapi_invoices as spi
from spapi_invoices import analysis
from spapi_invoices.cli import run
from spapi_invoices.errors import FileFailed, InvalidRequest
from spapi_invoices.reconciliation import Rule

KEYS = [f"702-{number:03}" for number in range(200)]
LEFT = pl.DataFrame({"key": [*KEYS, None], "ref": "I" + pl.Series([*KEYS, "X"]), "amount": "10", "currency": "INR"})
RIGHT = pl.DataFrame({"key": [*KEYS[5:], "702-900"], "amount": ["10.01", "20", *["10"] * 194], "currency": "INR"})
CROSSWALK = pl.DataFrame({"left": ["IX", "none"], "right": ["702-900", "702-001"]})


@pytest.fixture
def given(tmp_path: Path) -> SimpleNamespace:
    """Both sides and a crosswalk as files, and the folder to be."""
    LEFT.write_parquet(tmp_path / "left.parquet")
    RIGHT.write_parquet(tmp_path / "right.parquet")
    CROSSWALK.write_csv(tmp_path / "crosswalk.csv")
    names = {"left": "left.parquet", "right": "right.parquet", "crosswalk": "crosswalk.csv", "folder": "lines"}
    return SimpleNamespace(**{name: tmp_path / file for name, file in names.items()})


def in_passes(given: SimpleNamespace, **terms: object) -> spi.SavedReconciliation:
    return spi.reconcile_in_passes(
        pl.scan_parquet(given.left), pl.scan_parquet(given.right), given.folder, crosswalk=CROSSWALK, **terms
    )


def left_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


INPUTS = ["crosswalk.csv", "left.parquet", "right.parquet"]


@pytest.mark.parametrize("passes", [1, 7, None])
def test_the_folder_has_what_one_pass_finds(given: SimpleNamespace, passes: int | None) -> None:
    """The lines of all files are those of reconcile; summary and notes are the same."""
    whole = spi.reconcile(LEFT, RIGHT, crosswalk=CROSSWALK)
    saved = in_passes(given, passes=passes)
    assert saved.folder == given.folder
    assert saved.matches.collect().sort("key").equals(whole.matches.sort("key"))
    assert saved.exceptions.collect().sort("key").equals(whole.exceptions.sort("key"))
    assert saved.summary.equals(whole.summary)
    assert saved.notes == whole.notes != ()
    assert left_in(given.folder) == [f"{number:04}.parquet" for number in range(passes or 1)]
    assert left_in(given.folder.parent) == sorted([*INPUTS, "lines"])


def test_a_damaged_side(given: SimpleNamespace) -> None:
    """A file that polars cannot read to its end is told as that, and no folder is there."""
    content = bytearray(given.left.read_bytes())
    content[len(content) // 5 : len(content) // 2] = b"x" * (len(content) // 2 - len(content) // 5)
    given.left.write_bytes(content)
    with pytest.raises(FileFailed, match=r"a side cannot be read to its end .*Next: write its files again"):
        in_passes(given)
    assert left_in(given.folder.parent) == INPUTS


def test_the_rules_of_plugins_apply(given: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a plugin's rule holds back is held back in every pass, and one that fails is noted once."""
    rules = (
        Rule("not_comparable", pl.col("key").is_in(KEYS[::3]), "Held", "Held back.", ""),
        Rule("duplicate", pl.col("nowhere"), "Broken", "It cannot apply.", ""),
    )
    monkeypatch.setattr(analysis.plugins, "reconcile_rules", lambda: rules)
    saved = in_passes(given, passes=3)
    assert saved.exceptions.collect().filter(status="not_comparable")["key"].sort().to_list() == KEYS[::3]
    assert len([note for note in saved.notes if "'Broken'" in note]) == 1


def test_no_key_is_shown(given: SimpleNamespace) -> None:
    """The repr has the summary, and no note, which may name a reference."""
    assert "none" in in_passes(given).notes[0]
    shown = repr(spi.SavedReconciliation(Path("lines"), pl.DataFrame({"keys": [1]}), ("IX",)))
    assert "lines" in shown
    assert "IX" not in shown


def test_what_ends_before_its_end_leaves_no_folder(given: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal in the last pass, and Ctrl-C, leave neither a folder nor a part of one."""
    save = analysis._save_pass

    def interrupted(path: Path, result: spi.Reconciliation) -> object:
        if path.name == "0002.parquet":
            raise KeyboardInterrupt
        return save(path, result)

    monkeypatch.setattr(analysis, "_save_pass", interrupted)
    with pytest.raises(KeyboardInterrupt):
        in_passes(given, passes=3)
    assert left_in(given.folder.parent) == INPUTS
    LEFT.with_columns(amount=pl.when(pl.col("key") == "702-007").then(pl.lit("9" * 16)).otherwise("amount")).vstack(
        LEFT.with_columns(amount=pl.lit("9" * 16))
    ).write_parquet(given.left)
    with pytest.raises(InvalidRequest, match="add up to more than 16 digits"):
        in_passes(given, passes=2)
    assert left_in(given.folder.parent) == INPUTS


def test_a_folder_that_is_there_is_refused_first(given: SimpleNamespace) -> None:
    """Nothing is read, and what is in it stays."""
    given.folder.mkdir()
    (given.folder / "mine.txt").write_text("mine")
    given.left.unlink()
    with pytest.raises(FileFailed, match="File exists"):
        in_passes(given)
    assert left_in(given.folder) == ["mine.txt"]


def command(given: SimpleNamespace, *more: object) -> int:
    parts = ["reconcile", given.left, given.right, "--crosswalk", given.crosswalk, *more]
    return run([str(part) for part in parts])


class TestCommand:
    """``spapi-invoices reconcile --passes``."""

    def test_it_says_what_the_other_says(self, given: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
        """The summary, the warnings and the exit code are those without --passes; the lines are in the folder."""
        wanted = ["--fail-on", "amount_differs"]
        report = given.folder.with_suffix(".json")
        assert command(given, *wanted, "-o", report) == 1
        said = capsys.readouterr().err.replace(f"Report: {report}", "")
        assert command(given, *wanted, "-o", given.folder, "--passes", 4) == 1
        assert capsys.readouterr().err.replace(f"Lines: {given.folder}", "") == said
        lines = pl.read_parquet(given.folder)
        assert sorted(lines["key"].to_list()) == sorted(one["key"] for one in json.loads(report.read_text()))
        assert left_in(given.folder) == [f"{number:04}.parquet" for number in range(4)]

    @pytest.mark.parametrize("more", [(), ("-o", "lines", "--format", "csv")], ids=["no folder", "a format"])
    def test_it_needs_a_folder(self, given: SimpleNamespace, capsys: pytest.CaptureFixture[str], more: tuple) -> None:
        """Lines larger than memory are for no screen and no other format."""
        assert command(given, "--passes", 2, *more) == 2
        assert "--passes writes a folder of Parquet files. Next: give -o FOLDER" in capsys.readouterr().err

    def test_tables_of_other_kinds_will_do(self, given: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
        """CSV, aliases as texts, and what documents read wrote."""
        other = given.left.with_suffix(".csv")
        LEFT.with_columns(aliases=pl.lit('["PO1"]')).write_csv(other)
        given.left = other
        assert command(given, "--passes", 2, "-o", given.folder) == 0
        LEFT.with_columns(aliases=pl.lit("PO1")).write_parquet(given.right)
        assert command(given, "--passes", 2, "-o", given.folder.with_name("more")) == 0
        given.left = given.left.with_name("facts.csv")
        assert run(["documents", "read", str(DEMO.parent / "demo-nfe"), "-o", str(given.left)]) == 0
        assert command(given, "--passes", 2, "-o", given.folder.with_name("facts")) == 0
        assert "Lines: " in capsys.readouterr().err

    def test_what_is_no_table_is_named(self, given: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
        """A file that is not there, and one that is no Parquet, are refused as without --passes."""
        for content in (None, b"PAR1 no"):
            given.left.unlink() if content is None else given.left.write_bytes(content)
            code = command(given)
            said = capsys.readouterr().err
            assert command(given, "--passes", 2, "-o", given.folder) == code != 0
            assert capsys.readouterr().err == said
