"""The paths below ``/sandbox``: what the world holds, its faults and quotas at run time, for clients in any language.

Not part of SP-API: no token is asked for, no quota counts these requests, and no fault strikes them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from spapi_invoices.sandbox.buckets import Plan
from spapi_invoices.sandbox.faults import FAULTS, Rule
from spapi_invoices.sandbox.state import State

_BATCH: Final = 1000
_T = TypeVar("_T", bound=msgspec.Struct)
Handler = Callable[[State, Request, bytes], Response]


def routes(state: State) -> list[Route]:
    """The routes, with their whole paths."""
    return [Route(path, _endpoint(state, handler), methods=[method]) for method, path, handler in _ROUTES]


def _endpoint(state: State, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return handler(state, request, await request.body())

    return endpoint


def _about(state: State, _: Request, __: bytes) -> Response:
    return _json(
        {
            "about": "A local stand-in for Amazon's SP-API. All it holds is made up.",
            "paths": [f"{method} {path}" for method, path, _ in _ROUTES],
            "customer_invoices": len(state.world.purchase_orders),
            "shipments": len(state.world.shipments),
            "submissions": len(state.submissions),
            "now": state.clock.now(),
            "time_scale": state.clock.scale,
            "page_size": state.page_size,
            "static": state.static,
            "quotas": list(state.plans.values()),
            **_faults_now(state),
        }
    )


def _shipment_ids(state: State, _: Request, __: bytes) -> Response:
    return StreamingResponse(_lines(state.world.shipments), media_type="text/plain")


def _crosswalk(state: State, _: Request, __: bytes) -> Response:
    rows = (f"{number},{order_id}" for number, order_id in state.world.crosswalk.items())
    return StreamingResponse(_lines(rows, "left,right"), media_type="text/csv")


def _kept(document: str, state: State, request: Request, _: bytes) -> Response:
    """A document that the shipment's seller keeps: its NF-e, or the registered cancellation of it."""
    shipment = state.world.shipments.get(request.path_params["shipmentId"])
    content = None if shipment is None else getattr(shipment, document)
    if content is None:
        said = "its seller keeps none" if shipment else "there is no such shipment"
        return PlainTextResponse(f"{said}. Next: take an id of /sandbox/shipment-ids\n", 404)
    return Response(content, media_type="application/xml")


def _faults(state: State, _: Request, __: bytes) -> Response:
    return _json({**_faults_now(state), "known": {name: fault.meaning for name, fault in FAULTS.items()}})


def _set_fault(state: State, request: Request, body: bytes) -> Response:
    rule = _read(body, Rule, '{"name": "reset", "rate": 0.1, "operation": "getInvoiceStatus"}')
    if isinstance(rule, Response):
        return rule
    state.faults.set(**msgspec.structs.asdict(rule))
    return _faults(state, request, body)


def _clear_faults(state: State, request: Request, body: bytes) -> Response:
    state.faults.clear(request.query_params.get("name"))
    return _faults(state, request, body)


def _quotas(state: State, _: Request, __: bytes) -> Response:
    return _json({"quotas": list(state.plans.values())})


def _set_quota(state: State, request: Request, body: bytes) -> Response:
    plan = _read(body, Plan, '{"operation": "getInvoiceStatus", "rate": 0.5, "burst": 25, "tokens": 0}')
    if isinstance(plan, Response):
        return plan
    state.set_plan(plan)
    return _quotas(state, request, body)


# Method, path, handler.
_ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "/sandbox", _about),
    ("GET", "/sandbox/shipment-ids", _shipment_ids),
    ("GET", "/sandbox/nfe/{shipmentId}", partial(_kept, "nfe")),
    ("GET", "/sandbox/nfe-cancellation/{shipmentId}", partial(_kept, "nfe_event")),
    ("GET", "/sandbox/crosswalk.csv", _crosswalk),
    ("GET", "/sandbox/faults", _faults),
    ("PUT", "/sandbox/faults", _set_fault),
    ("DELETE", "/sandbox/faults", _clear_faults),
    ("GET", "/sandbox/quotas", _quotas),
    ("PUT", "/sandbox/quotas", _set_quota),
)


def _faults_now(state: State) -> dict[str, Any]:
    return {"faults": state.faults.rules, "struck": state.faults.struck}


def _read(body: bytes, struct: type[_T], example: str) -> _T | Response:
    """The body, or the answer that says what is wrong with it."""
    try:
        return msgspec.json.decode(body, type=struct)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return PlainTextResponse(f"{error}\nExample: {example}\n", 400)


def _json(content: dict[str, Any]) -> Response:
    return Response(msgspec.json.format(msgspec.json.encode(content)) + b"\n", media_type="application/json")


async def _lines(lines: Iterable[str], *head: str) -> AsyncIterator[str]:
    """A batch at a time, so that a large world is not held and other requests are answered in between."""
    for line in head:
        yield f"{line}\n"
    rest = iter(lines)
    while batch := list(islice(rest, _BATCH)):
        yield "".join(f"{line}\n" for line in batch)
        await asyncio.sleep(0)
