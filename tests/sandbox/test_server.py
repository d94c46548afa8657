"""Serving: what `running` gives, and that it ends at once."""

import inspect
import logging
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.sandbox import running
from spapi_invoices.sandbox.server import _listen

SMALL = {"customer_invoices": 16, "shipments": 25}


def address(endpoint: str) -> tuple[str, int]:
    parts = urlsplit(endpoint)
    return parts.hostname, parts.port


class TestRunning:
    """A sandbox for the length of a block."""

    def test_a_client_that_is_ready(self):
        """The client needs nothing more, and what it fetches is the world's."""
        with running(seed=7, **SMALL, time_scale=0) as one:
            found = one.client().shipments(one.world.shipments).shipments
        assert found["amazon_shipment_id"].to_list() == list(one.world.shipments)

    def test_a_hundred_of_each_and_real_time(self):
        """The defaults: a full deck, quotas and lifetimes as Amazon's."""
        with running() as one:
            assert (len(one.world.purchase_orders), len(one.world.shipments), one.clock.scale) == (100, 100, 1.0)

    def test_on_loopback_only(self):
        """It listens on 127.0.0.1, and is reached by no other address of the machine."""
        listening = _listen(0)
        assert listening.getsockname()[0] == "127.0.0.1"
        listening.close()

    def test_several_at_once(self):
        """Two sandboxes have a world, a clock and faults each."""
        with running(seed=1, **SMALL, time_scale=0) as one, running(seed=2, **SMALL, faults={"500": 1}) as two:
            assert one.endpoint != two.endpoint
            assert (one.faults.rules, len(two.faults.rules)) == ((), 1)
            assert not set(one.world.shipments) & set(two.world.shipments)

    def test_equal_answers_where_time_stands_still(self):
        """With time scale 0 an equal request gets an equal answer, to the byte."""
        with running(**SMALL, time_scale=0) as one:
            first, second = (requests.get(f"{one.endpoint}/fba", timeout=10) for _ in range(2))
        assert (first.headers, first.content) == (second.headers, second.content)

    def test_pages(self):
        """No page has more invoices than the page size, whatever is asked for."""
        with running(**SMALL, time_scale=0, page_size=2) as one:
            windows = one.client().customer_invoices("2026-10-01", "2026-11-01").windows
        assert all(row["rows"] <= 2 * row["pages"] for row in windows.iter_rows(named=True))
        assert windows["rows"].sum() == 16

    def test_log(self):
        """A line for each request, with its path and its status, and no token."""
        lines: list[str] = []
        with running(**SMALL, time_scale=0, log=lines.append) as one:
            one.client().invoice_statuses(list(one.world.shipments)[:2])
        assert [line.split()[1:4:2] for line in lines] == [["POST", "200"], ["GET", "200"], ["GET", "200"]]
        assert "Atza|" not in "".join(lines)

    @pytest.mark.parametrize("faults", ["429@getInvoiceStatus:1", {"429@getInvoiceStatus": 1}])
    def test_faults_from_the_start(self, faults: Any):
        """As the command line takes them, or as a mapping."""
        with running(**SMALL, faults=faults) as one:
            assert one.faults.draw("getInvoiceStatus") == "429"

    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({"time_scale": -1}, "time_scale is -1. Next: give one from 0"),
            ({"time_scale": float("nan")}, "time_scale is nan"),
            ({"time_scale": float("inf")}, "time_scale is inf"),
            ({"port": 70000}, "port is 70000. Next: give one from 0 to 65535"),
            ({"page_size": 0}, "page_size is 0. Next: give one from 1 to 100"),
            ({"customer_invoices": -1}, "Next: "),
            ({"faults": "flood:1"}, "no fault 'flood'"),
            ({"faults": "reset"}, "names no fault with a rate"),
        ],
    )
    def test_settings_that_cannot_be(self, settings: dict[str, Any], says: str):
        """Refused before anything is served, with what would do."""
        with pytest.raises(InvalidRequest, match=says), running(**settings):
            pass

    def test_a_port_that_is_taken(self):
        """It is said, and how to take another."""
        with running(**SMALL) as one:
            taken = address(one.endpoint)[1]
            with pytest.raises(InvalidRequest, match=r"cannot be used: .*Next: give another"), running(port=taken):
                pass


def half_a_request(one: Any) -> socket.socket:
    """A connection whose request has not all arrived."""
    connection = socket.create_connection(address(one.endpoint), timeout=10)
    connection.sendall(b"POST /auth/o2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ngrant")
    return connection


def kept_alive(one: Any) -> socket.socket:
    """A connection that waits for its next request."""
    connection = socket.create_connection(address(one.endpoint), timeout=10)
    connection.sendall(b"GET /sandbox HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    return connection


def stalled(one: Any) -> socket.socket:
    """A connection in the middle of a slow answer."""
    one.faults.set("slow")
    connection = socket.create_connection(address(one.endpoint), timeout=10)
    connection.sendall(b"POST /auth/o2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 400")
    return connection


def silent(one: Any) -> socket.socket:
    """A connection that never said a word."""
    return socket.create_connection(address(one.endpoint), timeout=10)


def said(one: Any, request: bytes) -> bytes:
    """All that is answered to bytes as they are."""
    with socket.create_connection(address(one.endpoint), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


class TestHttp:
    """What HTTP allows and few clients do."""

    @pytest.mark.parametrize("host", ["http://127.0.0.1:1", "HTTPS://sellingpartnerapi-eu.amazon.com"])
    @pytest.mark.parametrize(
        ("path", "answer"),
        [
            ("/sandbox?x=1", b"200 OK"),
            ("/fba/outbound/brazil/v0/shipments/D1/invoice/status", b"Access token is missing"),
            ("", b"MissingAuthenticationToken"),
        ],
    )
    def test_a_whole_address(self, host: str, path: str, answer: bytes):
        """A target in absolute form, as a proxy is sent, is asked for as its path is."""
        with running(**SMALL, time_scale=0) as one:
            head = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            assert answer in said(one, b"GET " + f"{host}{path}".encode() + head)

    @pytest.mark.parametrize(
        "request_",
        [
            b"GARBAGE\r\n\r\n",
            b"GET /sandbox HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n",
        ],
    )
    def test_no_noise(self, request_: bytes):
        """A client's mistake is its own: where nobody listens to the log, nothing comes on stderr."""
        code = (
            "import socket, sys\nfrom spapi_invoices.sandbox import running\n"
            "with running(customer_invoices=16, shipments=25) as one:\n"
            "    connection = socket.create_connection(('127.0.0.1', int(one.endpoint.rpartition(':')[2])), 10)\n"
            f"    connection.sendall({request_!r})\n    print(connection.recv(8))\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert (done.stdout, done.stderr) == ("b'HTTP/1.1'\n", "")


class TestEnd:
    """Nobody is waited for, and nothing is said."""

    @pytest.mark.parametrize("waiting", [half_a_request, kept_alive, stalled, silent])
    def test_ends_whatever_is_open(self, waiting: Callable[[Any], socket.socket], caplog: pytest.LogCaptureFixture):
        """The block ends without waiting for a connection's end: no grace period ran out, and the client is cut off."""
        with caplog.at_level(logging.WARNING), running(**SMALL) as one:
            connection = waiting(one)
            # It is answered beside the waiting one, so that one has arrived.
            assert requests.get(f"{one.endpoint}/sandbox", timeout=10).ok
        assert caplog.messages == []
        with connection, pytest.raises((ConnectionError, TimeoutError)):  # noqa: PT012 - what is left of the answer, then the end
            while connection.recv(65536):
                pass
            raise ConnectionError

    def test_the_port_is_free_again(self):
        """Another sandbox can have the port at once."""
        with running(**SMALL) as one:
            kept_alive(one).close()
        with running(port=address(one.endpoint)[1], **SMALL) as two:
            assert two.endpoint == one.endpoint

    @pytest.mark.parametrize("waiting", [half_a_request, stalled])
    def test_a_client_that_leaves(self, waiting: Callable[[Any], socket.socket], caplog: pytest.LogCaptureFixture):
        """A client that leaves in the middle is no fault of the sandbox: nothing is logged, and others are served."""
        with caplog.at_level(logging.WARNING), running(**SMALL) as one:
            waiting(one).close()
            assert requests.get(f"{one.endpoint}/sandbox", timeout=10).ok
        assert caplog.messages == []


def test_only_what_is_public():
    """The package has its public names, loaded when they are asked for, and says so of any other."""
    from spapi_invoices import sandbox

    assert sandbox.running is running
    with pytest.raises(AttributeError, match="has no attribute 'run'; it has Sandbox, running, serve"):
        _ = sandbox.run


@pytest.mark.parametrize("package", ["uvicorn", "starlette"])
def test_without_the_extra(package: str):
    """Where the server is not installed each public name says which extra brings it, as everything else of ours does."""
    code = (
        f"import sys\nsys.modules['{package}'] = None\nfrom spapi_invoices.errors import MissingExtra\n"
        "try:\n    from spapi_invoices.sandbox import running\nexcept MissingExtra as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{package} is not installed. Next: pip install 'spapi-invoices[sandbox]'\n"


def test_the_command_line_has_the_same_defaults():
    """What the command line shows as a default is what `running` takes as one, but for the port."""
    from spapi_invoices.cli.sandbox import sandbox as command
    from spapi_invoices.core.windows import parse_instant
    from spapi_invoices.plugins.commands import copied

    parameters = inspect.signature(running).parameters
    # A copy: click keeps the first help option that it makes, and here there is no parent that says what it is called.
    given = copied(command).make_context("sandbox", []).params
    shown = {name: value for name, value in given.items() if name in parameters}
    shown |= {name: parse_instant(shown[name]) for name in ("start", "end")}
    assert {name: parameters[name].default for name in shown} == {**shown, "port": 0, "log": None}
