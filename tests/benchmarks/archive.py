"""Pages of customer invoices to an archive: peak memory and megabytes a second: ``python tests/benchmarks/archive.py [MB] [FOLDER]``.

Megabytes are those of the pages as they come over the wire, in base64; those of the documents are printed beside them.

The pages are made on the fly by the call that is given to the client, so there is no network. Memory is that of a process
of its own, over one that has imported the same and stored one small page. The disk's own speed is that of the same bytes
written to one file, in the same run; neither is forced to the disk.
"""

import base64
import json
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.io.archive import open_archive
from spapi_invoices.io.client import Client

INVOICES = 100
SMALLEST, LARGEST = 50_000, 100_000
# As text in base64 it is a third more.
PAGE_MB = INVOICES * (SMALLEST + LARGEST) / 2 / 1e6 * 4 / 3
WEEKS = 26
START = datetime(2026, 4, 1, tzinfo=UTC)
NOW = START + timedelta(weeks=WEEKS + 2)


def pages(count: int, largest: int) -> Callable[[HttpRequest], HttpResponse]:
    """Answers so many pages for each window."""
    chance = random.Random(2026)
    filler = chance.randbytes(largest * 2)

    def document(number: str) -> str:
        at, size = chance.randrange(largest), chance.randrange(largest // 2, largest)
        return base64.b64encode(b"%PDF-1.4 " + number.encode() + filler[at : at + size]).decode("ascii")

    def call(request: HttpRequest) -> HttpResponse:
        query = dict(request.query)
        page = int(query.get("nextToken", "0"))
        numbers = [f"{query['createdAfter'][2:10].replace('-', '')}X{page}X{n}" for n in range(INVOICES)]
        payload = {
            "pagination": {"nextToken": str(page + 1)} if page + 1 < count else {},
            "customerInvoices": [{"purchaseOrderNumber": one, "content": document(one)} for one in numbers],
        }
        headers = {"date": f"{NOW:%a, %d %b %Y %H:%M:%S} GMT"}
        return HttpResponse(status=200, headers=headers, body=json.dumps({"payload": payload}).encode())

    return call


def stored(folder: Path, count: int, largest: int = LARGEST) -> tuple[float, float, float]:
    """Sync into a folder; seconds that it took and seconds of the processor, the making of the answers left out, and their MB."""
    spent, used, asked = 0.0, 0.0, 0
    answer = pages(count, largest)

    def call(request: HttpRequest) -> HttpResponse:
        nonlocal spent, used, asked
        began, cpu = perf_counter(), process_time()
        response = answer(request)
        spent, used = spent + perf_counter() - began, used + process_time() - cpu
        asked += len(response.body)
        return response

    client = Client(call, now=lambda: NOW)
    began, cpu = perf_counter(), process_time()
    done = open_archive(folder).sync(client, START, START + timedelta(weeks=WEEKS))
    assert done.complete, done.errors
    return perf_counter() - began - spent, process_time() - cpu - used, asked / 1e6


def disk(folder: Path, megabytes: int) -> float:
    """Megabytes a second of one file."""
    block = random.Random(1).randbytes(10_000_000)
    began = perf_counter()
    with (folder / "plain").open("wb") as file:
        for _ in range(megabytes // 10):
            file.write(block)
    taken = perf_counter() - began
    (folder / "plain").unlink()
    return megabytes / taken


def peak_mb() -> float:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def child(kind: str, folder: str, count: str) -> None:
    """One measurement, in a process of its own."""
    if kind == "empty":
        stored(Path(folder) / "a", 1, largest=100)
        print(json.dumps({"peak": peak_mb()}))
        return
    seconds, cpu, asked = stored(Path(folder) / "a", int(count))
    megabytes = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
    print(json.dumps({"peak": peak_mb(), "seconds": seconds, "cpu": cpu, "pages": asked, "mb": megabytes}))


def measure(kind: str, folder: Path, count: int) -> dict[str, float]:
    """Run a child in a new folder."""
    with tempfile.TemporaryDirectory(dir=folder) as inner:
        command = [sys.executable, __file__, kind, inner, str(count)]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main(megabytes: int, folder: Path) -> None:
    """Print both numbers, and the disk's."""
    count = max(1, round(megabytes / PAGE_MB / (WEEKS + 4)))
    empty, full = measure("empty", folder, 1), measure("full", folder, count)
    print(
        f"{full['pages']:.0f} MB of pages, {full['mb']:.0f} MB on the disk, in {full['seconds']:.1f} s, "
        f"the making of the pages left out; {full['cpu']:.1f} s of the processor"
    )
    print(
        f"{full['pages'] / full['seconds']:.0f} MB of pages a second, {full['mb'] / full['seconds']:.0f} MB on the disk; "
        f"one plain file: {disk(folder, megabytes):.0f} MB a second"
    )
    print(f"peak memory {full['peak'] - empty['peak']:.0f} MB over {empty['peak']:.0f} MB of the empty process")


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in {"empty", "full"}:
        child(*sys.argv[1:])
    else:
        main(
            int(sys.argv[1]) if len(sys.argv) > 1 else 1000,
            Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.gettempdir()),
        )
