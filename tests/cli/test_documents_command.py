"""``spapi-invoices documents read``: rows on stdout, messages on stderr."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import DEMO

from spapi_invoices.cli import run

_NFE = DEMO.parent / "demo-nfe"


def _json(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[list[dict[str, object]], str]:
    assert run(["documents", "read", *map(str, arguments), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_a_row_per_invoice(capsys: pytest.CaptureFixture[str]) -> None:
    """Each document is a row; what is wrong with one is also said."""
    rows, said = _json(capsys, _NFE)
    assert len(rows) == len(list(_NFE.iterdir()))
    assert [row["findings"] for row in rows if row["findings"]] == [["denied"]]
    assert "not authorised: cStat 110, denied" in said
    assert f"{len(rows)} invoices, 1 with a problem or finding" in said


@pytest.mark.parametrize("more", [(), ("--processes", "2")])
def test_lines(capsys: pytest.CaptureFixture[str], more: tuple[str, ...]) -> None:
    """With --lines the lines are the data, with amounts as texts."""
    rows, _ = _json(capsys, _NFE, "--lines", *more)
    assert {"document_id", "invoice_number", "line_number", "commodity_code", "unit_price"} <= rows[0].keys()
    assert all(isinstance(row["goods_amount"], str) for row in rows)


_LOUD = """
import subprocess, sys
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.reader import DocumentReader
from spapi_invoices.plugins import hookimpl

STDOUT = sys.stdout

def claims(content):
    print("JUNK of claims")
    return True

def read(content):
    print("JUNK of read")
    print("JUNK of another name", file=STDOUT)
    subprocess.run([sys.executable, "-c", "print('JUNK of a program')"], check=True)
    if content == b"exit":
        sys.exit(0)
    return Facts(invoice_number="7")

READER = DocumentReader("loud", claims, read)

@hookimpl
def register_document_readers(register):
    register(READER)
"""


@pytest.mark.parametrize("more", [(), ("--processes", "2")])
def test_what_a_reader_prints_is_no_data(tmp_path: Path, more: tuple[str, ...]) -> None:
    """In whatever way it prints: stdout is the table, with a row also for the document at which it wanted to exit."""
    (tmp_path / "loud_reader.py").write_text(_LOUD)
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for file, content in zip(files, ("exit", "fine"), strict=True):
        file.write_text(content)
    arguments = ["documents", "read", *map(str, files), "--format", "ndjson", *more]
    code = (
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport loud_reader\n"
        "from spapi_invoices import plugins\nfrom spapi_invoices.cli import run\n"
        f"plugins.manager().register(loud_reader, 'loud')\nsys.exit(run({arguments!r}))"
    )
    # What waits in a buffer must not come out among the data.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=buffered)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [row["invoice_number"] for row in rows]) == (0, [None, "7"])
    assert [row["findings"] for row in rows] == [["reader_failed"], []]
    assert {line for line in done.stderr.splitlines() if line.startswith("JUNK")} == {
        "JUNK of claims",
        "JUNK of read",
        "JUNK of another name",
        "JUNK of a program",
    }


def test_without_the_pdf_extra_the_rest_is_read(tmp_path: Path) -> None:
    """A row per document, and the PDF's says what to install."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "b.xml").write_bytes(next(_NFE.glob("*.xml")).read_bytes())
    code = (
        "import sys\nsys.modules['pypdfium2'] = None\nfrom spapi_invoices.cli import run\n"
        f"sys.exit(run(['documents', 'read', {str(tmp_path)!r}, '--format', 'json']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=100)
    rows = json.loads(done.stdout)
    assert (done.returncode, [row["findings"] for row in rows]) == (0, [["package_missing"], []])
    assert "Problem: a.pdf: pypdfium2 is not installed. Next: pip install 'spapi-invoices[pdf]'" in done.stderr


def test_processes_start_at_one() -> None:
    """No process at all is a usage error."""
    from spapi_invoices.cli import cli

    assert CliRunner().invoke(cli, ["documents", "read", str(_NFE), "--processes", "0"]).exit_code == 2
