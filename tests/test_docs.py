"""What the documentation says is what the code does."""

import re
import runpy
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import example, given
from hypothesis import strategies as st

import spapi_invoices
from spapi_invoices.plugins import Hooks

README = (ROOT / "README.md").read_text("utf-8")
GENERATE = runpy.run_path(str(ROOT / "docs" / "generate.py"))


@pytest.mark.parametrize("name", GENERATE["PAGES"])
def test_the_generated_reference_is_fresh(name: str):
    """Each generated page is what the generator writes; after a change: python docs/generate.py."""
    assert (ROOT / "docs" / "reference" / name).read_text("utf-8") == GENERATE["PAGES"][name]()


def test_two_commands_set_everything_up():
    """The README has these two set-up commands, to the letter, and no other."""
    commands = re.findall(r"^pip install .*$", README, re.MULTILINE)
    assert commands == ['pip install -e ".[all]" && spapi-invoices demo', 'pip install -e ".[all,test]" && pytest']


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path):
    """Each line of the README's sample output is a line of the demo's output."""
    sample = re.search(r"What the demo prints:\n\n```text\n(.*?)```", README, re.DOTALL)[1]
    done = subprocess.run(
        [sys.executable, "-m", "spapi_invoices", "demo"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    shown = set(done.stdout.splitlines())
    assert [line for line in sample.splitlines() if "..." not in line and line not in shown] == []


def test_the_readmes_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The Python of the README runs as it stands, in the checkout."""
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1].replace("report.html", str(tmp_path / "report.html"))
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["fetched"].complete
    assert (tmp_path / "report.html").exists()


def test_the_how_to_of_long_ranges_says_what_happens(monkeypatch: pytest.MonkeyPatch):
    """Its blocks run one after the other, and each result is what the comment behind it says."""
    text = (ROOT / "docs" / "how-to" / "fetch-months-and-trust-it.md").read_text("utf-8")
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "how-to", "exec"), names)
    plan = re.search(r"# (Plan\(.*\))", text)[1]
    assert repr(eval('client.plan("2026-04-01", "2026-10-01", invoices=5000)', names)) == plan
    assert names["fetched"].complete
    assert names["asked"].missing == {}


def test_the_how_to_of_an_nfe_runs(monkeypatch: pytest.MonkeyPatch):
    """The how-to's code reads all of a shipped NF-e, as it stands, in the checkout."""
    text = (ROOT / "docs" / "how-to" / "read-all-of-an-nfe.md").read_text("utf-8")
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    nfe = names["nfe"]
    assert (nfe.operation_type, nfe.purpose, nfe.protocol.status) == ("1", "1", "100")
    assert nfe.totals["ICMSTot/vNF"] == sum(payment.amount for payment in nfe.payments) > 0


def test_the_tutorials_commands_run(tmp_path: Path):
    """The tutorial's commands lead from the recording to the report, copied as they stand."""
    text = (ROOT / "docs" / "tutorial" / "first-report.md").read_text("utf-8")
    block = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[1]
    (tmp_path / "cassettes").symlink_to(ROOT / "cassettes")
    for line in block.strip().splitlines():
        words = line.split()
        assert words[0] == "spapi-invoices"
        subprocess.run(
            [sys.executable, "-m", "spapi_invoices", *words[1:]], cwd=tmp_path, check=True, capture_output=True
        )
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_every_hook_explains_itself():
    """Each hook has a docstring, and the changelog names the version's unreleased changes."""
    assert all(hook.__doc__ for name, hook in vars(Hooks).items() if name.startswith("register_"))
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_plugin_of_the_how_to_reads_its_document(tmp_path: Path):
    """The how-to's code, registered as it stands, reads a document of its kind."""
    import types

    import spapi_invoices as spi
    from spapi_invoices import plugins

    text = (ROOT / "docs" / "how-to" / "write-a-plugin.md").read_text("utf-8")
    module = types.ModuleType("my_receipts")
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], vars(module))
    (tmp_path / "r.txt").write_text("RECEIPT 7 12.50")
    plugins.manager().register(module, "receipts")
    try:
        facts = spi.read_documents(tmp_path / "r.txt").facts
    finally:
        plugins.manager.cache_clear()
    assert facts.select("reader", "invoice_number", "total_amount").rows() == [("receipts", "7", Decimal("12.50"))]
    assert [hook for hook in vars(Hooks) if hook.startswith("register_") and f"`{hook}(" not in text] == []


@given(st.binary(max_size=30).map(lambda rest: b"RECEIPT " + rest))
@example(b"RECEIPT \xff")
@example(b"RECEIPT 7 12.505")
@example(b"RECEIPT 7 1e9")
def test_the_reader_of_the_how_to_never_raises(content: bytes):
    """As its docstring says: a bad receipt is facts with a problem."""
    from spapi_invoices.documents.reader import read_document

    text = (ROOT / "docs" / "how-to" / "write-a-plugin.md").read_text("utf-8")
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names := {})
    (facts,), reader = read_document(content, [names["READER"]])
    assert (reader, facts.findings) == ("receipts", ())
    assert (facts.problem is None) == (facts.total_amount is not None)


def test_links_lead_somewhere():
    """Every relative link of README and docs is a file."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_version_is_in_one_place():
    """The distribution's version is the package's."""
    from importlib.metadata import version

    assert version("spapi-invoices") == spapi_invoices.__version__
