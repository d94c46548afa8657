"""Serves the sandbox on loopback, beside the caller or until interrupted. Not for what it answers: `sandbox.app` does."""

import asyncio
import contextlib
import logging
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.io.client import Client
from spapi_invoices.io.connect import connect
from spapi_invoices.sandbox.app import make_app
from spapi_invoices.sandbox.clock import Clock
from spapi_invoices.sandbox.faults import Faults, parse_rates
from spapi_invoices.sandbox.state import MAX_LIMIT, State, Submission
from spapi_invoices.sandbox.world import END, SEED, START, World, make_world

HOST: Final = "127.0.0.1"
COUNT: Final = 100
_LAST_PORT: Final = 65535
# In a form that only a client's proxy is sent, as a rule: RFC 9112, section 3.2.2.
_AUTHORITY: Final = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)
# What uvicorn says of a client's mistakes is for whoever listens; without this it goes to stderr where nobody does.
logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox.

    Attributes:
        endpoint: Its address, as ``http://127.0.0.1:8642``.
        world: What it holds.
        clock: What time it is there.
        faults: What goes wrong; to be changed at any time.
        submissions: The invoices that submitInvoice took so far, in order; grows.
    """

    endpoint: str
    world: World
    clock: Clock
    faults: Faults
    submissions: Sequence[Submission]

    def client(self, profile: str | None = None, **options: Any) -> Client:  # noqa: ANN401 - those of `connect`
        """A client of it, ready to ask; ``options`` are those of `spapi_invoices.connect`."""
        return connect(profile, endpoint=self.endpoint, **options)


@contextlib.contextmanager
def running(  # noqa: PLR0913 - the settings of a sandbox, all with a default
    seed: int = SEED,
    port: int = 0,
    *,
    customer_invoices: int = COUNT,
    shipments: int = COUNT,
    start: datetime = START,
    end: datetime = END,
    time_scale: float = 1.0,
    faults: Mapping[str, float] | str = "",
    static: bool = False,
    page_size: int = MAX_LIMIT,
    log: Callable[[str], None] | None = None,
) -> Iterator[Sandbox]:
    """Run a sandbox beside the caller for the length of the block.

    Args:
        seed: Which world, and which requests the faults strike.
        port: Of 127.0.0.1; 0 takes a free one.
        customer_invoices: How many documents there are.
        shipments: How many shipments there are.
        start: When the first invoice may become available.
        end: Before when the last one has.
        time_scale: Seconds of the sandbox for each of ours: quotas, tokens and the validation of invoices follow them. 0 is a
            clock that stands still: without quotas, and equal requests get equal answers, as for a recording.
        faults: What goes wrong from the start: rate by name, or ``NAME:RATE,NAME@OPERATION:RATE``.
        static: Answer the official models' examples in place of the world.
        page_size: Invoices of a page at most, whatever ``limit`` says.
        log: Is given a line for each request.

    Raises:
        InvalidRequest: The port is taken, or a setting is not what it may be.

    >>> with running(customer_invoices=20, faults="429@getShipmentDetails:0.5") as sandbox:
    ...     found = sandbox.client().customer_invoices(sandbox.world.start, sandbox.world.end)
    >>> found.complete
    True
    """
    world = make_world(seed, customer_invoices=customer_invoices, shipments=shipments, start=start, end=end)
    rates = parse_rates(faults) if isinstance(faults, str) else faults
    state = State(world, Clock(world.now, time_scale), Faults(seed, rates), static, page_size, log)
    server = _Server(_config(make_app(state)))
    listening = _listen(port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="spapi-sandbox", daemon=True)
    thread.start()
    try:
        endpoint = f"http://{HOST}:{listening.getsockname()[1]}"
        yield Sandbox(endpoint, world, state.clock, state.faults, state.submissions)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def serve(announce: Callable[[Sandbox], None], **settings: Any) -> None:  # noqa: ANN401 - those of `running`
    """Serve until SIGINT or SIGTERM, which are the way to end it and no error.

    Args:
        announce: Is given the sandbox once its port is bound.
        settings: As `running` takes them.

    Raises:
        InvalidRequest: As `running` does.
    """
    # SIGINT too: a shell starts what it runs in the background with that one ignored.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), running(**settings) as sandbox:
        announce(sandbox)
        while True:
            # Not a lock: on Windows Ctrl-C does not end the wait for one.
            time.sleep(3600)


def _listen(port: int) -> socket.socket:
    """A listening socket, so that the first request is queued even before the server loop runs."""
    if not 0 <= port <= _LAST_PORT:
        raise InvalidRequest(f"the sandbox's port is {port}. Next: give one from 0 to {_LAST_PORT}")
    try:
        listening = socket.create_server((HOST, port))
    except OSError as error:
        raise InvalidRequest(
            f"port {port} on {HOST} cannot be used: {error.strerror}. Next: give another with --port"
        ) from None
    # Connections inherit it. Head and body of an answer are two writes, and without it the second waits 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


class _Protocol(H11Protocol):
    """HTTP/1.1 whose connection an answer can reach through the scope, to break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Server(uvicorn.Server):
    """A server that waits for nobody when it ends."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        _edge(app),
        http=_Protocol,
        ws="none",
        # The logging of whoever runs us is theirs.
        log_config=None,
        access_log=False,
        # The application sets the Date itself.
        date_header=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )


def _edge(app: ASGIApp) -> ASGIApp:
    """The application behind HTTP; a client that leaves before its request has arrived is no fault of it."""

    async def edge(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(ClientDisconnect):
            await app(_origin_form(scope), receive, send)

    return edge


def _origin_form(scope: Scope) -> Scope:
    """A request whose target is a path, also where a whole address was sent."""
    found = _AUTHORITY.match(scope["raw_path"])
    if found is None:
        return scope
    path = scope["raw_path"][found.end() :] or b"/"
    return {**scope, "raw_path": path, "path": unquote(path.decode("ascii"))}
