"""The how-tos about recordings: every block of them runs as it stands, against a sandbox of this run."""

import re
import shlex
import shutil
from pathlib import Path

import nbformat
import pytest
from conftest import DEMO, ROOT

import spapi_invoices as spi
from spapi_invoices.cli import run

pytest_plugins = ["pytester"]
HOW_TO = ROOT / "docs" / "how-to"
SANDBOX = "http://127.0.0.1:8642"


def blocks(page: str, language: str, sandbox) -> list[str]:
    """The blocks of a page in a language, with the address of a running sandbox."""
    text = (HOW_TO / page).read_text("utf-8").replace(SANDBOX, sandbox.endpoint)
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def project(pytester: pytest.Pytester, sandbox) -> pytest.Pytester:
    """A folder with the notebook and the tests of the how-to."""
    first, notebook_test, own_test = blocks("test-your-notebook-offline.md", "python", sandbox)
    cells = [first, 'assert client.customer_invoices("2026-10-01", "2026-10-31").complete']
    nbformat.write(
        nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells))), pytester.path / "october.ipynb"
    )
    pytester.makepyfile(test_notebook=notebook_test, test_own=own_test)
    (pytester.path / "cassettes").mkdir()
    shutil.copy(DEMO, pytester.path / "cassettes" / "october.yaml")
    return pytester


class TestRecordYourOwnCassette:
    """docs/how-to/record-your-own-cassette.md."""

    def test_the_commands(self, sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary):
        """Recorded, shown, audited without a finding, replayed: each ends with exit code 0."""
        monkeypatch.chdir(tmp_path)
        (block,) = blocks("record-your-own-cassette.md", "sh", sandbox)
        for line in block.strip().splitlines():
            name, *words = shlex.split(line)
            assert (name, run(words)) == ("spapi-invoices", 0), line

    def test_the_python(self, sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """What is asked in the block is answered again by its file."""
        monkeypatch.chdir(tmp_path)
        (block,) = blocks("record-your-own-cassette.md", "python", sandbox)
        names: dict[str, object] = {}
        exec(compile(block, "how-to", "exec"), names)
        again = spi.connect(replay="october.yaml").customer_invoices("2026-10-01", "2026-10-08")
        assert again.frame.height == names["fetched"].frame.height


class TestYourNotebookOffline:
    """docs/how-to/test-your-notebook-offline.md."""

    def test_the_notebook(self, project):
        """The how-to's notebook runs offline in the how-to's test."""
        project.runpytest("-p", "no:cacheprovider", "test_notebook.py").assert_outcomes(passed=1)

    def test_the_plugin(self, project, sandbox):
        """The how-to's commands record its test and replay it."""
        (block,) = blocks("test-your-notebook-offline.md", "sh", sandbox)
        for line in block.strip().splitlines():
            name, *words = shlex.split(line)
            assert name == "pytest"
            project.runpytest("-p", "no:cacheprovider", *words, "test_own.py").assert_outcomes(passed=1)
        assert (project.path / "cassettes" / "test_own" / "test_every_window_is_complete.yaml").exists()
