"""Reading in several processes: the same answers in the same order, whatever becomes of a process."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spapi_invoices.documents import gst, nfe
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.reader import DocumentReader, read_document
from spapi_invoices.documents.table import from_file, read_all
from spapi_invoices.workers import _Worker, reading

# A module that a worker can import, which it finds by the path of this process.
_READER = """
import os, sys, threading
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.reader import DocumentReader
from spapi_invoices.errors import MissingExtra

def claims(content):
    return True

def read(content):
    if content == b"die":
        os._exit(1)
    open(f"{os.path.dirname(__file__)}/{os.getpid()}.pid", "w").close()
    if content.startswith(b"wait"):
        threading.Event().wait()
    if content == b"extra":
        raise MissingExtra.of("pypdfium2", "pdf")
    if content == b"exit":
        sys.exit(0)
    print("a reader that prints", flush=True)
    return Facts(invoice_number=content.decode(), purchase_order_number=str(os.getpid()))

READER = DocumentReader("made", claims, read)
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DocumentReader:
    """A reader in a module of its own."""
    (tmp_path / "made_reader.py").write_text(_READER)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("made_reader", None)
    from made_reader import READER

    assert isinstance(READER, DocumentReader)
    return READER


def _read(contents: list[bytes], reader: DocumentReader, processes: int = 2) -> list[tuple[str | None, str | None]]:
    documents = (from_file("x", content) for content in contents)
    with reading([reader], processes) as (submit, ahead):
        facts = read_all(documents, submit, ahead=ahead).facts
    return facts.select("invoice_number", "purchase_order_number").rows()


def test_rows_are_in_order_and_read_elsewhere(made: DocumentReader) -> None:
    """Two processes, neither of them this one, read a hundred documents; the rows are in their order."""
    rows = _read([b"%d" % at for at in range(100)], made)
    assert [number for number, _ in rows] == [str(at) for at in range(100)]
    pids = {pid for _, pid in rows}
    assert str(os.getpid()) not in pids
    assert 1 <= len(pids) <= 2


def test_our_readers_read_the_same_in_another_process() -> None:
    """Whether in this process or in others, each document states the same."""
    contents = [b"<NFe/>", b"%PDF-1.4", b"", b"PK\x05\x06", b"<NFe><infNFe Id='NFe1'/></NFe>", b"x"]
    readers = (nfe.READER, gst.READER)
    with reading(readers, 2) as (submit, ahead):
        assert ahead > 0
        assert [submit(one).result() for one in contents] == [read_document(one, readers) for one in contents]


def test_a_document_that_ends_its_process_costs_its_own_row(made: DocumentReader) -> None:
    """The worker is replaced, and every other document is read."""
    contents = [b"1", b"die", b"2", b"3", b"4", b"die ", b"5"]
    documents = [from_file("x", content) for content in contents]
    with reading([made], 2) as (submit, ahead):
        facts = read_all(documents, submit, ahead=ahead).facts
    assert facts["invoice_number"].to_list() == ["1", None, "2", "3", "4", "die ", "5"]
    assert facts["findings"].to_list() == [["reader_failed"] if one == b"die" else [] for one in contents]


def test_what_a_reader_raises_costs_its_row(made: DocumentReader) -> None:
    """As in one process, whatever it is."""
    documents = [from_file("x", content) for content in (b"1", b"extra", b"exit", b"2")]
    with reading([made], 2) as (submit, ahead):
        facts = read_all(documents, submit, ahead=ahead).facts
    assert facts["findings"].to_list() == [[], ["package_missing"], ["reader_failed"], []]
    assert "spapi-invoices[pdf]" in facts["problem"][1]
    assert "SystemExit" in facts["problem"][2]


def test_a_stopped_worker_has_no_successor(made: DocumentReader) -> None:
    """A document that comes after the end is not read, and no process is started for it."""
    worker = _Worker((pickle.dumps(made),))
    assert worker.lost() == []
    assert worker.read(b"1").invoices[0].invoice_number == "1"
    worker.stop()
    assert worker.read(b"2").invoices[0].findings == ("reader_failed",)
    assert worker.read(b"3").invoices[0].findings == ("reader_failed",)
    worker.end()


def _here(content: bytes) -> Facts:
    return Facts(invoice_number=content.decode(), purchase_order_number=str(os.getpid()))


def test_readers_that_no_other_process_can_have_are_used_here(tmp_path: Path) -> None:
    """A lambda cannot be sent, a function of a module that is gone cannot be found: both read, and one is told why here."""
    me = str(os.getpid())
    lambdas = DocumentReader("lambdas", lambda _: True, _here)
    with pytest.warns(RuntimeWarning, match=r"another cannot have the reader lambdas\. Next: "):
        assert _read([b"1"], lambdas) == [("1", me)]
    assert _read([b"1"], lambdas, processes=1) == [("1", me)]
    gone = tmp_path / "gone_reader.py"
    gone.write_text(_READER)
    sys.path.insert(0, str(tmp_path))
    try:
        from gone_reader import READER
    finally:
        sys.path.remove(str(tmp_path))
        gone.unlink()
    with pytest.warns(RuntimeWarning, match=r"another cannot have the reader made\. Next: "):
        assert _read([b"1"], READER) == [("1", me)]


def test_only_those_that_cannot_be_had_are_named(made: DocumentReader) -> None:
    """Among others that could be."""
    readers = [nfe.READER, DocumentReader("lambdas", lambda _: False, _here), made]
    with (
        pytest.warns(RuntimeWarning, match=r"another cannot have the reader lambdas\. Next: "),
        reading(readers, 2) as (submit, ahead),
    ):
        assert (ahead, submit(b"1").result().reader) == (0, "made")


def test_a_module_that_ends_whoever_imports_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that was to read is gone before it began: documents are read here."""
    path = tmp_path / "ending_reader.py"
    path.write_text(_READER)
    monkeypatch.syspath_prepend(tmp_path)
    from ending_reader import READER

    path.write_text("import os; os._exit(0)")
    with pytest.warns(RuntimeWarning, match="another cannot have the reader made"):
        assert _read([b"1"], READER) == [("1", str(os.getpid()))]


# A shell that starts its jobs in the background has them ignore Ctrl-C, and Python leaves it so.
_SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {folder!r})
print("run", flush=True)
from made_reader import READER
from spapi_invoices.documents.table import from_file, read_all
from spapi_invoices.workers import reading
documents = [from_file("x", content) for content in {contents!r}]
with reading([READER], 2) as (submit, ahead):
    read = read_all(documents, submit, ahead=ahead, done=lambda rows: print(rows, flush=True))
print(*read.facts["purchase_order_number"].unique())
print("done")
"""


def _script(folder: Path, contents: list[bytes]) -> Path:
    (folder / "made_reader.py").write_text(_READER)
    path = folder / "script.py"
    path.write_text(_SCRIPT.format(folder=str(folder), contents=contents))
    return path


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    """A worker does not run the caller's script again, as multiprocessing's would."""
    script = _script(tmp_path, [b"1"])
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=100)
    lines = done.stdout.splitlines()
    assert [line for line in lines if not line[0].isdigit()] == ["run", "done"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_an_interrupt_ends_the_workers(tmp_path: Path) -> None:
    """After Ctrl-C no worker is left, not even one that is busy, and none complains."""
    script = _script(tmp_path, [b"%d" % at for at in range(8)] + [b"wait", b"wait too"])
    run = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert run.stdout is not None
        while run.stdout.readline() != "8\n":
            assert run.poll() is None
        pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
        os.killpg(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=100)
    finally:
        run.kill()
        run.communicate()
    assert run.returncode == -signal.SIGINT
    assert errors.count("Traceback") == 1
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
