"""Serves the sandbox on loopback, in this thread or beside it. Not for what it answers: `sandbox.app` does."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import uvicorn

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.io.client import Client
from spapi_invoices.io.connect import connect
from spapi_invoices.sandbox.app import make_app
from spapi_invoices.sandbox.world import SEED, World, make_world

HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: its address, as ``http://127.0.0.1:8642``, and its world."""

    endpoint: str
    world: World

    def client(self) -> Client:
        """A client of it."""
        return connect(endpoint=self.endpoint)


@contextlib.contextmanager
def running(seed: int = SEED, port: int = 0) -> Iterator[Sandbox]:
    """Run a sandbox beside the caller for the length of the block; port 0 takes a free one.

    Raises:
        InvalidRequest: The port is taken.
    """
    world = make_world(seed)
    listening = _listen(port)
    server = _server(world)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="spapi-sandbox", daemon=True)
    thread.start()
    try:
        yield Sandbox(_address(listening), world)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def serve(seed: int, port: int, announce: Callable[[Sandbox], None]) -> None:
    """Serve until interrupted. ``announce`` is called with the sandbox once its port is bound."""
    world = make_world(seed)
    listening = _listen(port)
    announce(Sandbox(_address(listening), world))
    with contextlib.suppress(KeyboardInterrupt):
        _server(world).run(sockets=[listening])
    listening.close()


def _listen(port: int) -> socket.socket:
    """A listening socket, so that the first request is queued even before the server loop runs."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise InvalidRequest(
            f"port {port} on {HOST} cannot be used: {error.strerror}. Next: give another with --port"
        ) from None


def _address(listening: socket.socket) -> str:
    return f"http://{HOST}:{listening.getsockname()[1]}"


def _server(world: World) -> uvicorn.Server:
    # The application sets the Date itself.
    return uvicorn.Server(
        uvicorn.Config(
            make_app(world),
            log_level="warning",
            access_log=False,
            date_header=False,
            server_header=False,
            lifespan="off",
        )
    )
