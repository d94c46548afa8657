"""How an answer is sent: whole, or spoilt on its way by a fault. Not for which faults there are, nor for when one strikes.

The connection itself is in the scope, where `sandbox.server` puts it: no message of ASGI breaks one.
"""

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spapi_invoices.sandbox.answer import Answer
from spapi_invoices.sandbox.faults import STALL_SECONDS

# struct linger: on, 0 seconds. What is unsent is dropped and the client gets RST. Windows has shorter fields.
_RST: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
Then = Callable[[Scope, Receive], Awaitable[None]]


class _HalfSent(Response):
    """The head and half of the body; then something happens. The other half follows if the client is still there."""

    def __init__(self, answer: Answer, then: Then) -> None:
        super().__init__(answer.body, answer.status, answer.headers)
        self._then = then

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        half = len(self.body) // 2
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[:half], "more_body": True})
        await self._then(scope, receive)
        await send({"type": "http.response.body", "body": self.body[half:]})


class _Unsent(Response):
    """Not a byte of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await _close(scope, receive)


def deliver(fault: str | None, answer: Answer) -> Response:
    """An answer on its way to the client, spoilt if the fault says so."""
    return _SPOILT.get(fault, _whole)(answer)


def _whole(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers)


def _empty(answer: Answer) -> Response:
    return _whole(replace(answer, body=b""))


def _truncated(answer: Answer) -> Response:
    return _whole(replace(answer, body=answer.body[: len(answer.body) // 2]))


def _mislabelled(answer: Answer) -> Response:
    return _whole(replace(answer, headers={**answer.headers, "content-encoding": "gzip"}))


async def _close(scope: Scope, receive: Receive) -> None:
    _transport(scope).close()
    await _ended(receive)


async def _reset(scope: Scope, receive: Receive) -> None:
    transport = _transport(scope)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    transport.abort()
    await _ended(receive)


async def _stall(_: Scope, receive: Receive) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_ended(receive), STALL_SECONDS)


async def _ended(receive: Receive) -> None:
    """Until the connection has ended, by whichever side."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["state"]["transport"]
    return transport


_SPOILT: Final[Mapping[str | None, Callable[[Answer], Response]]] = {
    "lost-answer": lambda _: _Unsent(),
    "empty-200": _empty,
    "truncated-json": _truncated,
    "wrong-length": lambda answer: _HalfSent(answer, _close),
    "gzip-garbage": _mislabelled,
    "reset": lambda answer: _HalfSent(answer, _reset),
    "slow": lambda answer: _HalfSent(answer, _stall),
}
