"""Reading documents against what any reading of them takes: pypdfium2's text alone, and xml.etree's parsing alone.

Then a folder of mixed documents through the command line, a part of them broken: a row each. Medians of interleaved runs
in one process: ``python tests/benchmarks/documents.py [DOCUMENTS]``.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
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

RUNS = 7
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
    name: str, bare: Callable[[bytes], object], read: Callable[[bytes], object], documents: Sequence[bytes]
) -> None:
    """Print both medians in documents a second of one core, and the ratio."""
    times: dict[Callable[[bytes], object], list[float]] = {bare: [], read: []}
    for _ in range(RUNS):
        for function, found in times.items():
            began = process_time()
            for content in documents:
                function(content)
            found.append(process_time() - began)
    alone, whole = (statistics.median(found) / len(documents) for found in times.values())
    size = sum(map(len, documents)) / len(documents) / 1024
    print(f"{name} ({size:.0f} KiB): bare {1 / alone:,.0f}/s, read {1 / whole:,.0f}/s, {whole / alone:.2f} x")


def folder(count: int) -> None:
    """The command line over a folder, with one process and with two."""
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
            print(f"{count:,} mixed documents, {processes} processes: {rows:,} rows in {took:.1f} s")


def main(count: int) -> None:
    """Print a line per comparison."""
    samples = sorted(Path(str(files("nfelib") / "nfe/samples/v4_0/leiauteNFe")).glob("*.xml"))
    compare("NF-e of the sandbox", ET.fromstring, NFE.read, [nfe(number) for number in range(1, 300)])
    compare("NF-e, nfelib's samples", ET.fromstring, NFE.read, [path.read_bytes() for path in samples] * 5)
    invoices = [gst(number) for number in range(100)]
    compare("GST invoice", pdf_text, GST.read, invoices)
    other, own = (
        layout_reader(parse_layout(f"match = '{word}'\n{LAYOUT}", "benchmark")) for word in ("ACME", "Sold By")
    )
    compare("GST invoice, a layout for others", pdf_text, lambda one: read_document(one, [other, GST]), invoices)
    compare("GST invoice, by a layout", pdf_text, lambda one: read_document(one, [own, GST]), invoices)
    # Each with a word of its own: their cost is a search each, and the document is opened once.
    fifty = [layout_reader(parse_layout(f"match = 'ACME{at}'\n{LAYOUT}", f"{at}")) for at in range(50)]
    compare("GST invoice, 50 layouts for others", pdf_text, lambda one: read_document(one, [*fifty, GST]), invoices)
    folder(count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
