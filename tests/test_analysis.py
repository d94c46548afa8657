"""Reading documents from wherever they are: tables, folders and files, in one process or several."""

from pathlib import Path

import polars as pl
import pytest
from conftest import DEMO

import spapi_invoices as spi
from spapi_invoices.errors import FileFailed, InvalidRequest

pytest.importorskip("pypdfium2")
from mixed_documents import mixed

_NFE = DEMO.parent / "demo-nfe"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred and twenty documents in a folder and one below it, every third of them broken or packed."""
    made: Path = tmp_path_factory.mktemp("documents")
    (made / "z").mkdir()
    for number in range(220):
        name, content, _ = mixed(number)
        path = made / ("z" if number >= 110 else "") / f"{number:04}-{name}"
        path.write_bytes(content)
    return made


@pytest.mark.parametrize("processes", [1, 2, None])
def test_none_is_missing(folder: Path, processes: int | None) -> None:
    """Each document of a folder has its row, in order, with what it states or why it could not be read."""
    seen = []
    documents = spi.read_documents(folder, processes=processes, progress=seen.append)
    expected = [mixed(number) for number in range(220)]
    names = [f"{'z/' if at >= 110 else ''}{at:04}-{name}" for at, (name, _, _) in enumerate(expected)]
    assert documents.facts["file_name"].to_list() == names
    assert documents.facts["findings"].to_list() == [[] if finding is None else [finding] for *_, finding in expected]
    read = documents.facts.filter(pl.col("problem").is_null())
    assert read["total_amount"].null_count() == 0
    # Each that could be read has its lines, and they make up its goods.
    sums = documents.lines.group_by("document_id").agg(pl.col("goods_amount").sum().alias("lines"))
    assert read.join(sums, on="document_id", how="left").filter(pl.col("goods_amount") != pl.col("lines")).is_empty()
    assert documents.lines["document_id"].n_unique() == read.height
    assert [(one.done, one.total, one.rows) for one in seen] == [(at, 220, at) for at in range(1, 221)]


def test_processes_change_nothing(folder: Path) -> None:
    """One process and two read the same tables."""
    one, two = (spi.read_documents(folder, processes=count) for count in (1, 2))
    assert one.facts.equals(two.facts)
    assert one.lines.equals(two.lines)


def test_several_sources() -> None:
    """Tables, fetches, folders and files in one call are the rows of all, in order; the same bytes are read once."""
    fetched = spi.connect(replay=DEMO).customer_invoices("2026-10-01", "2026-10-31")
    file = min(_NFE.iterdir())
    apart = [spi.read_documents(one) for one in (fetched, fetched.frame, _NFE, file)]
    together = spi.read_documents([fetched, fetched.frame, _NFE, str(file)])
    assert together.facts.equals(pl.concat([one.facts for one in apart]))
    assert together.lines.equals(pl.concat([apart[0].lines, apart[2].lines]))


def test_the_result_is_a_side() -> None:
    """What was read can be compared as it is."""
    documents = spi.read_documents(_NFE)
    assert spi.customer_side(documents).equals(spi.customer_side(documents.facts))


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    """No process, an empty folder and a file that is not there are refused with a next step."""
    with pytest.raises(InvalidRequest, match=r"processes is 0\. Next: give 1 or more"):
        spi.read_documents(_NFE, processes=0)
    with pytest.raises(FileFailed, match="holds no file"):
        spi.read_documents(tmp_path)
    with pytest.raises(FileFailed, match="Next: "):
        spi.read_documents([_NFE, tmp_path / "none.xml"])


def test_nothing_is_nothing() -> None:
    """No sources give empty tables with all their columns."""
    documents = spi.read_documents([])
    assert (documents.facts.height, documents.lines.height) == (0, 0)
    assert "findings" in documents.facts.columns


def test_a_file_that_cannot_be_read_is_a_row(tmp_path: Path) -> None:
    """A link below a folder that leads nowhere has its row and costs no other; a file given by itself is an error."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.xml").write_bytes(b"<a/>")
    (tmp_path / "inner" / "gone.pdf").symlink_to(tmp_path / "nowhere")
    facts = spi.read_documents(tmp_path).facts
    assert facts["file_name"].to_list() == ["inner/a.xml", "inner/gone.pdf"]
    assert facts["findings"].to_list()[1] == ["file_unread"]
    with pytest.raises(FileFailed, match="cannot be read"):
        spi.read_documents([tmp_path / "inner" / "a.xml", tmp_path / "inner" / "gone.pdf"])
