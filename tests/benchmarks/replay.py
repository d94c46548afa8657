"""Asking from many threads: a replayed cassette against plain ``requests`` with the same answers from a server on loopback.

The server is a process of its own and its connections are kept open, each thread's in a session of its own. Every answer is
checked. Medians of five interleaved runs: ``python tests/benchmarks/replay.py [THREADS] [REQUESTS]``.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import requests
import yaml

from spapi_invoices.core.shipment_invoicing import build_get_invoice_status, parse_get_invoice_status
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.endpoints import LWA_HOST
from spapi_invoices.io.cassettes import load
from spapi_invoices.io.transport import ReplayAdapter, Transport

Ask = Callable[[str], HttpResponse]


def body(shipment_id: str) -> str:
    """What is answered for a shipment."""
    return json.dumps({"payload": {"Shipments": {"AmazonShipmentId": shipment_id, "InvoiceStatus": "Accepted"}}})


class Handler(BaseHTTPRequestHandler):
    """Answers for any shipment, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    # Head and body in one packet, or the kernel waits with the second.
    wbufsize = -1

    def do_GET(self) -> None:
        """Send the shipment's answer."""
        content = body(self.path.split("/")[-3]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


class Server(ThreadingHTTPServer):
    """Takes as many connections at once as there are threads."""

    request_queue_size = 128


def serve(pipe: Any) -> None:
    """Serve until the process is ended; the port goes through the pipe."""
    server = Server(("127.0.0.1", 0), Handler)
    pipe.send(server.server_port)
    server.serve_forever()


@contextmanager
def served() -> Iterator[str]:
    """The address of a server in another process."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def cassette(ids: list[str]) -> Path:
    """A recording of the same answers."""
    interactions = [
        {
            "request": {
                "method": "GET",
                "uri": LWA_HOST + build_get_invoice_status(one).path,
                "body": None,
                "headers": {},
            },
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"content-type": ["application/json"]},
                "body": {"string": body(one)},
            },
        }
        for one in ids
    ]
    path = Path(tempfile.mkdtemp()) / "statuses.yaml"
    path.write_text(yaml.safe_dump({"interactions": interactions, "version": 1}), "utf-8")
    return path


def seconds(threads: int, ids: list[str], asker: Callable[[], Ask]) -> float:
    """How long until each thread has asked for all ids and checked all answers."""

    def work(_: int) -> int:
        ask = asker()
        answers = [(one, parse_get_invoice_status(ask(one))) for one in ids]
        return sum((info.AmazonShipmentId, info.InvoiceStatus) == (one, "Accepted") for one, info in answers)

    began = perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        right = sum(pool.map(work, range(threads)))
    taken = perf_counter() - began
    assert right == threads * len(ids), f"{right} right answers"
    return taken


def main(threads: int, count: int, runs: int = 5) -> None:
    """Print both medians per request and their ratio."""
    ids = [f"D{at}" for at in range(count)]
    times: dict[str, list[float]] = {"loopback": [], "replay": []}
    transport = Transport(adapter=ReplayAdapter(load(cassette(ids))))
    with served() as address:

        def plain() -> Ask:
            session = requests.Session()
            session.trust_env = False

            def ask(shipment_id: str) -> HttpResponse:
                answer = session.get(address + build_get_invoice_status(shipment_id).path)
                return HttpResponse.of(answer.status_code, answer.headers.items(), answer.content)

            return ask

        for _ in range(runs):
            times["loopback"].append(seconds(threads, ids, plain))
            times["replay"].append(
                seconds(threads, ids, lambda: lambda one: transport.send(build_get_invoice_status(one), LWA_HOST))
            )
    loopback, replay = (statistics.median(found) / (threads * count) * 1e6 for found in times.values())
    print(
        f"{threads} threads x {count} requests: loopback {loopback:.0f} us, replay {replay:.0f} us a request, "
        f"{replay / loopback:.2f} x"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:])) if len(sys.argv) > 1 else main(16, 500)
