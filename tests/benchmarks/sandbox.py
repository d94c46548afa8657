"""Requests a second of the sandbox on one core, and its memory, over many requests: ``python tests/benchmarks/sandbox.py [N]``.

The sandbox is a process of its own, pinned to one core where the system can; four connections keep it busy with a mix as a
client has it: mostly statuses, then shipments, single invoices, and now and then a page of a hundred and new tokens.
"""

import http.client
import itertools
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from urllib.parse import urlencode, urlsplit

SHIPMENT = "/fba/outbound/brazil/v0/shipments"
INVOICES = "/vendor/directFulfillment/shipping/v1/customerInvoices"
FORM = {
    "grant_type": "refresh_token",
    "refresh_token": "sandbox-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
}
RESOURCES = [f"{SHIPMENT}/{{shipmentId}}", INVOICES, f"{INVOICES}/{{purchaseOrderNumber}}"]
# Of each hundred requests; the hundredth is the page.
STATUSES, DETAILS = 70, 25
# Quotas 3000 times Amazon's; so is everything else, so a token lives 1.2 seconds.
TIME_SCALE = 3000
CONNECTIONS = 4


class Connection:
    """A connection that is kept alive, with its tokens."""

    def __init__(self, address: str) -> None:
        self.http = http.client.HTTPConnection(address)
        self.log_in()

    def log_in(self) -> None:
        """New tokens, as a client gets them when the old ones have expired."""
        form = {"content-type": "application/x-www-form-urlencoded"}
        self.access = json.loads(self.ask("POST", "/auth/o2/token", urlencode(FORM), form))["access_token"]
        body = json.dumps({"restrictedResources": [{"method": "GET", "path": path} for path in RESOURCES]})
        answer = self.ask("POST", "/tokens/2021-03-01/restrictedDataToken", body, {"x-amz-access-token": self.access})
        self.restricted = json.loads(answer)["restrictedDataToken"]

    def ask(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> bytes:
        """The body of an answer that must be a success."""
        self.http.request(method, path, body, headers or {})
        answer = self.http.getresponse()
        content = answer.read()
        if answer.status == 403 and b"expired" in content:
            self.log_in()
            token = self.restricted if headers and headers["x-amz-access-token"][3] == "." else self.access
            return self.ask(method, path, body, {"x-amz-access-token": token})
        assert answer.status == 200, (path, answer.status, content[:200])
        return content

    def get(self, path: str, *, restricted: bool) -> bytes:
        """With the token that the path needs."""
        token = self.restricted if restricted else self.access
        return self.ask("GET", path, headers={"x-amz-access-token": token})


def mix(ids: list[str], numbers: list[str]) -> Iterator[tuple[str, bool]]:
    """Path and whether it is restricted, for ever."""
    week = urlencode({"createdAfter": "2026-10-08T00:00:00Z", "createdBefore": "2026-10-15T00:00:00Z"})
    ids_again, numbers_again = itertools.cycle(ids), itertools.cycle(numbers)
    while True:
        yield from ((f"{SHIPMENT}/{next(ids_again)}/invoice/status", False) for _ in range(STATUSES))
        yield from ((f"{SHIPMENT}/{next(ids_again)}", True) for _ in range(DETAILS))
        yield from ((f"{INVOICES}/{next(numbers_again)}", True) for _ in range(99 - STATUSES - DETAILS))
        yield f"{INVOICES}?{week}", True


def drive(address: str, paths: Iterator[tuple[str, bool]], count: int) -> None:
    """So many requests over so many connections."""
    lock, left = threading.Lock(), iter(range(count))

    def work() -> None:
        connection = Connection(address)
        while True:
            with lock:
                if next(left, None) is None:
                    return
                path, restricted = next(paths)
            connection.get(path, restricted=restricted)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(work) for _ in range(CONNECTIONS)]:
            done.result()


def memory(pid: int) -> float:
    """Resident memory in megabytes."""
    return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], check=True, capture_output=True).stdout) / 1024


def pin(pid: int) -> str:
    """One core for the sandbox and the others for us."""
    if not hasattr(os, "sched_setaffinity"):
        return "any core"
    first, *others = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(pid, {first})
    if others:
        os.sched_setaffinity(0, others)
    return "one core"


def main(count: int, documents: int = 1000) -> None:
    """Print the rate, the memory at start, middle and end, and the processor's time."""
    sizes = ["--customer-invoices", str(documents), "--shipments", str(documents)]
    command = [sys.executable, "-m", "spapi_invoices", "--quiet", "sandbox", "--port", "0", *sizes]
    with subprocess.Popen([*command, "--time-scale", str(TIME_SCALE)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = urlsplit(server.stdout.readline().strip()).netloc
        cores, one = pin(server.pid), Connection(address)
        ids = one.ask("GET", "/sandbox/shipment-ids").decode().split()
        week = f"{INVOICES}?createdAfter=2026-10-01T00:00:00Z&createdBefore=2026-10-08T00:00:00Z"
        listed = json.loads(one.get(week, restricted=True))["payload"]["customerInvoices"]
        paths = mix(ids, [invoice["purchaseOrderNumber"] for invoice in listed])
        drive(address, paths, 1000)
        sizes_seen, began = [memory(server.pid)], perf_counter()
        for _ in range(2):
            drive(address, paths, count // 2)
            sizes_seen.append(memory(server.pid))
        seconds = perf_counter() - began
        server.terminate()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{count:,} requests on {cores}: {count / seconds:.0f} a second")
    print(f"processor {(used.ru_utime + used.ru_stime) / count * 1000:.2f} ms a request, the start included")
    print(
        "resident memory, after 1000 requests, in the middle, at the end: "
        + ", ".join(f"{one:.0f} MB" for one in sizes_seen)
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
