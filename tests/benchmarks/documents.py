"""Reading documents against what any reading of them takes: pypdfium2's text alone, and xml.etree's parsing alone.

Then a folder of mixed documents through the command line, a part of them broken: a row each. Medians of interleaved runs
in one process: ``python tests/benchmarks/documents.py [DOCUMENTS]``. Each promise is a line, kept or MISSED; the exit code
is 1 if one was missed.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from importlib.resources import files
from pathlib import Path
from time import perf_counter, process_time
from xml.etree import ElementTree as ET

import pypdfium2

from spapi_invoices.documents.gst import READER as GST
from spapi_invoices.documents.layout_file import parse_layout
from spapi_invoices.documents.layouts import layout_reader
from spapi_invoices.documents.nfe import READER as NFE
from spapi_invoices.documents.reader import read_document

sys.path.insert(0, str(Path(__file__).parents[1]))
from mixed_documents import gst, mixed, nfe

RUNS = 9
MOST = 2.5
# Of the sandbox's GST invoice; with words before it, a layout that matches it or one that does not.
LAYOUT = """
numbers = "1,23,456.78"
dates = "dd.mm.yyyy"
[fields.invoice_number]
beside = "Invoice Number"
[fields.issue_date]
beside = "Invoice Date"
[fields.currency]
value = "INR"
[fields.total_amount]
beside = "TOTAL:"
which = "last"
"""


def pdf_text(content: bytes) -> str:
    """All that any reader of a PDF has to do."""
    with closing(pypdfium2.PdfDocument(content)) as pdf:
        return "".join(page.get_textpage().get_text_bounded() for page in pdf)


def compare(
    name: str,
    bare: Callable[[bytes], object],
    read: Callable[[bytes], object],
    documents: Sequence[bytes],
    least: int | None = None,
) -> bool:
    """Print both medians in documents a second of one core, and the ratio; whether both promises are kept.

    The ratio is the median of those of the runs: what else the machine does slows both halves of a run alike.
    """
    times: list[tuple[float, float]] = []
    for _ in range(RUNS):
        alone, whole = (_seconds(function, documents) for function in (bare, read))
        times.append((alone, whole))
    alone, whole = (statistics.median(found) / len(documents) for found in zip(*times, strict=True))
    ratio = statistics.median(whole / alone for alone, whole in times)
    size = sum(map(len, documents)) / len(documents) / 1024
    print(f"{name} ({size:.0f} KiB): bare {1 / alone:,.0f}/s")
    fast = least is None or _kept(f"  {1 / whole:,.0f}/s, promised {least:,}/s", kept=1 / whole >= least)
    return _kept(f"  {ratio:.2f} x, promised {MOST} x", kept=ratio <= MOST) and fast


def _seconds(function: Callable[[bytes], object], documents: Sequence[bytes]) -> float:
    began = process_time()
    for content in documents:
        function(content)
    return process_time() - began


def _kept(promise: str, *, kept: bool) -> bool:
    print(f"{promise}: {'kept' if kept else 'MISSED'}")
    return kept


def folder(count: int) -> bool:
    """The command line over a folder, with one process and with two: whether no document is missing."""
    complete = True
    with tempfile.TemporaryDirectory() as place:
        for number in range(count):
            name, content, _ = mixed(number)
            (Path(place) / f"{number:06}-{name}").write_bytes(content)
        for processes in ("1", "2"):
            out = Path(place) / ".facts.ndjson"
            command = [sys.executable, "-m", "spapi_invoices", "documents", "read", place, "--processes", processes]
            began = perf_counter()
            subprocess.run([*command, "-o", str(out), "--quiet"], check=True)
            took = perf_counter() - began
            rows = len(out.read_text("utf-8").splitlines())
            said = (
                f"{count:,} mixed documents, {processes} processes: {rows:,} rows in {took:.1f} s, promised {count:,}"
            )
            complete = _kept(said, kept=rows == count) and complete
    return complete


def main(count: int) -> bool:
    """Whether every promise is kept."""
    samples = sorted(Path(str(files("nfelib") / "nfe/samples/v4_0/leiauteNFe")).glob("*.xml"))
    invoices = [gst(number) for number in range(100)]
    other, own = (
        layout_reader(parse_layout(f"match = '{word}'\n{LAYOUT}", "benchmark")) for word in ("ACME", "Sold By")
    )
    # Each with a word of its own: their cost is a search each, and the document is opened once.
    fifty = [layout_reader(parse_layout(f"match = 'ACME{at}'\n{LAYOUT}", f"{at}")) for at in range(50)]
    readers = {"a layout for others": [other, GST], "by a layout": [own, GST], "50 layouts for others": [*fifty, GST]}
    kept = [
        compare("NF-e of the sandbox", ET.fromstring, NFE.read, [nfe(number) for number in range(1, 300)], 1_500),
        # Four times as large: so many a second are promised of the sandbox's.
        compare("NF-e, nfelib's samples", ET.fromstring, NFE.read, [path.read_bytes() for path in samples] * 5),
        compare("GST invoice", pdf_text, GST.read, invoices, 100),
        *(
            compare(f"GST invoice, {name}", pdf_text, partial(read_document, readers=used), invoices, 100)
            for name, used in readers.items()
        ),
        folder(count),
    ]
    return all(kept)


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000) else 1)
