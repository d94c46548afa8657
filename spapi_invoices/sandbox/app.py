"""The local SP-API as an ASGI application: tokens and the five operations over a `World`. Not for serving it on a port.

Answers are a function of world and request: request ids are digests and the Date is the world's, so that a recording and
a running sandbox give equal rows. Rate limits and faults are not part of it yet.
"""

import base64
import hashlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spapi_invoices.endpoints import OPERATIONS, Operation
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.sandbox.world import World

_PAGE: Final = 3
_LIFETIME_SECONDS: Final = 3600


class Refusal(Exception):
    """An answer with an error list."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.details = status, code, message, details


@dataclass(slots=True)
class _State:
    """What the sandbox remembers.

    Attributes:
        world: What there is.
        access: Access tokens that were given out.
        restricted: Restricted data tokens and the path templates each opens.
        submitted: Shipments whose invoice was submitted, and how often their status was asked since.
    """

    world: World
    access: set[str] = field(default_factory=set)
    restricted: dict[str, frozenset[str]] = field(default_factory=dict)
    submitted: dict[str, int] = field(default_factory=dict)


Handler = Callable[[_State, Request, bytes], dict[str, Any]]


def make_app(world: World) -> Starlette:
    """An application that answers for a world."""
    state = _State(world)
    return Starlette(routes=[_route(state, operation, _HANDLERS[operation.operation_id]) for operation in OPERATIONS])


def _route(state: _State, operation: Operation, handler: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            _authorise(state, operation, request)
            status, answer = 200, handler(state, request, body)
        except Refusal as refusal:
            status, answer = refusal.status, _error_body(operation, refusal)
        said = f"{request.method} {request.url.path}?{request.url.query}".encode() + body
        return _response(state.world, operation, said, status, answer)

    path = operation.path
    typed: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(path, typed, methods=[operation.method])


def _response(world: World, operation: Operation, said: bytes, status: int, answer: dict[str, Any]) -> Response:
    headers = {
        "date": format_datetime(world.now, usegmt=True),
        "x-amzn-requestid": str(uuid.UUID(bytes=hashlib.sha256(said).digest()[:16])),
    }
    if operation.rate is not None and status in {200, 400, 404}:
        headers["x-amzn-ratelimit-limit"] = str(float(operation.rate))
    return Response(msgspec.json.encode(answer), status, headers, "application/json")


def _error_body(operation: Operation, refusal: Refusal) -> dict[str, Any]:
    if operation.api == "lwa":
        return {"error": refusal.code, "error_description": refusal.message}
    return {"errors": [{"code": refusal.code, "message": refusal.message, "details": refusal.details}]}


def _authorise(state: _State, operation: Operation, request: Request) -> None:
    """The right token for the operation: none, an access token, or a restricted data token that opens the path."""
    if operation.api == "lwa":
        return
    token = request.headers.get("x-amz-access-token", "")
    denied = "Access to requested resource is denied."
    if not token:
        raise Refusal(403, "Unauthorized", denied, "Access token is missing in the request header.")
    opens = state.restricted.get(token, frozenset())
    if not (operation.path in opens if operation.restricted else token in state.access):
        raise Refusal(403, "Unauthorized", denied, "The access token you provided is revoked, malformed or invalid.")


def _access_token(state: _State, _: Request, body: bytes) -> dict[str, Any]:
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    profile = SANDBOX_PROFILE
    if (form.get("client_id"), form.get("client_secret")) != (profile.client_id, profile.client_secret.reveal()):
        raise Refusal(401, "invalid_client", "Client authentication failed")
    if form.get("grant_type") != "refresh_token":
        raise Refusal(
            400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server"
        )
    if form.get("refresh_token") != profile.refresh_token.reveal():
        raise Refusal(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token")
    token = f"Atza|{hashlib.sha256(str(len(state.access)).encode()).hexdigest()}"
    state.access.add(token)
    return {
        "access_token": token,
        "refresh_token": form["refresh_token"],
        "token_type": "bearer",
        "expires_in": _LIFETIME_SECONDS,
    }


def _restricted_data_token(state: _State, _: Request, body: bytes) -> dict[str, Any]:
    resources = _json(body).get("restrictedResources")
    if not isinstance(resources, list) or not 1 <= len(resources) <= 50:
        raise Refusal(400, "InvalidRequest", "Request is missing or has invalid parameters", "Resource not provided.")
    paths = frozenset(str(one.get("path")) for one in resources if isinstance(one, dict))
    known = {operation.path for operation in OPERATIONS if operation.restricted}
    if not paths <= known:
        raise Refusal(400, "InvalidInput", "Application do not have access to some or all requested resource")
    token = f"Atz.sprdt|{hashlib.sha256(f'{len(state.restricted)}'.encode()).hexdigest()}"
    state.restricted[token] = paths
    return {"restrictedDataToken": token, "expiresIn": _LIFETIME_SECONDS}


def _customer_invoices(state: _State, request: Request, _: bytes) -> dict[str, Any]:
    query = dict(request.query_params)
    after, before = _instant(query, "createdAfter"), _instant(query, "createdBefore")
    if not after < before <= after + timedelta(days=7):
        raise Refusal(400, "InvalidInput", "The date range must be positive and no more than 7 days.")
    limit = _whole(query.get("limit", str(_PAGE)), 1, 100, "limit")
    start = 0
    scope = hashlib.sha256(repr(sorted(item for item in query.items() if item[0] != "nextToken")).encode()).hexdigest()[
        :16
    ]
    if token := query.get("nextToken"):
        start = _page_start(token, scope)
    found = [
        order
        for order in state.world.purchase_orders
        if after <= order.available_at < before and query.get("shipFromPartyId") in (None, order.ship_from_party_id)
    ]
    if query.get("sortOrder") == "DESC":
        found.reverse()
    end = start + min(limit, _PAGE)
    pagination = {"nextToken": _page_token(end, scope)} if end < len(found) else {}
    invoices = [{"purchaseOrderNumber": order.number, "content": order.content} for order in found[start:end]]
    return _wrapped(request, {"pagination": pagination, "customerInvoices": invoices})


def _customer_invoice(state: _State, request: Request, _: bytes) -> dict[str, Any]:
    number = request.path_params["purchaseOrderNumber"]
    for order in state.world.purchase_orders:
        if order.number == number:
            return _wrapped(request, {"purchaseOrderNumber": order.number, "content": order.content})
    raise Refusal(
        404, "NotFound", "The resource specified was not found.", f"Purchase order '{number}' has no customer invoice"
    )


def _wrapped(request: Request, payload: dict[str, Any]) -> dict[str, Any]:
    """v1 wraps its answers in ``payload``, 2021-12-28 does not."""
    return {"payload": payload} if "/v1/" in request.url.path else payload


def _shipment_details(state: _State, request: Request, _: bytes) -> dict[str, Any]:
    return {"payload": state.world.shipments[_shipment_id(state, request)].detail}


def _submit_invoice(state: _State, request: Request, body: bytes) -> dict[str, Any]:
    shipment_id, sent = _shipment_id(state, request), _json(body)
    try:
        document = base64.b64decode(str(sent.get("InvoiceContent", "")), validate=True)
    except ValueError:  # binascii.Error is one, and so is a text that is not ASCII
        raise Refusal(400, "InvalidInput", "InvoiceContent fails encoding.") from None
    digest = base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode("ascii")
    if sent.get("ContentMD5Value") != digest:
        raise Refusal(400, "InvalidInput", "ContentMD5Value does not match InvoiceContent.")
    state.submitted[shipment_id] = 0
    return {}


def _invoice_status(state: _State, request: Request, _: bytes) -> dict[str, Any]:
    shipment_id = _shipment_id(state, request)
    status = state.world.shipments[shipment_id].invoice_status
    if (asked := state.submitted.get(shipment_id)) is not None:
        # Validation takes time: the first question after a submission finds it under way.
        state.submitted[shipment_id] = asked + 1
        status = "Processing" if asked == 0 else "Accepted"
    return {"payload": {"Shipments": {"AmazonShipmentId": shipment_id, "InvoiceStatus": status}}}


_HANDLERS: Final[dict[str, Handler]] = {
    "getAccessToken": _access_token,
    "createRestrictedDataToken": _restricted_data_token,
    "getCustomerInvoices": _customer_invoices,
    "getCustomerInvoice": _customer_invoice,
    "getShipmentDetails": _shipment_details,
    "submitInvoice": _submit_invoice,
    "getInvoiceStatus": _invoice_status,
}


def _shipment_id(state: _State, request: Request) -> str:
    shipment_id = str(request.path_params["shipmentId"])
    if shipment_id not in state.world.shipments:
        raise Refusal(400, "InvalidInput", "Invalid Shipment ID", f"'{shipment_id}' is an invalid ShipmentID")
    return shipment_id


def _json(body: bytes) -> dict[str, Any]:
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raw = None
    if not isinstance(raw, dict):
        raise Refusal(400, "InvalidRequest", "Request is missing or has invalid parameters")
    return raw


def _instant(query: dict[str, str], name: str) -> datetime:
    try:
        at = datetime.fromisoformat(query[name])
    except (KeyError, ValueError):
        raise Refusal(400, "InvalidInput", f"{name} is missing or not in ISO 8601 format.") from None
    if at.tzinfo is None:
        raise Refusal(400, "InvalidInput", f"{name} has no time zone.")
    return at


def _whole(text: str, low: int, high: int, name: str) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise Refusal(400, "InvalidInput", f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _page_token(start: int, scope: str) -> str:
    return base64.urlsafe_b64encode(f"{scope}:{start}".encode()).decode("ascii")


def _page_start(token: str, scope: str) -> int:
    """Where the page begins; a token of another query is refused."""
    try:
        belongs, _, start = base64.urlsafe_b64decode(token).decode("ascii").partition(":")
    except ValueError:
        belongs, start = "", ""
    if belongs != scope or not start.isdigit():
        raise Refusal(400, "InvalidInput", "nextToken is invalid.")
    return int(start)
