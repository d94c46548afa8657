"""Every notebook runs top to bottom, offline, and is committed without outputs."""

from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    """The folder is not empty, so the tests below check something."""
    assert [path.name for path in NOTEBOOKS] == ["01-first-look.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_outputs_are_committed(path: Path):
    """Outputs could hold what somebody fetched."""
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.id for cell in cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_runs_offline(path: Path):
    """No cell fails, and the last ones show the report's files and all statuses."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    shown = {
        cell.id: "".join(str(output) for output in cell.outputs) for cell in notebook.cells if cell.cell_type == "code"
    }
    assert "['report.html', 'report.xlsx']" in shown["save"]
    assert "5 of 5 windows complete" in shown["fetch"]
    assert "amount_differs" in shown["reconcile"]
    assert not any("Example Customer" in text for text in shown.values())
