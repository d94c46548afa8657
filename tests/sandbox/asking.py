"""A sandbox in this process: asked without a socket, by a clock that the test moves."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, unquote, urlencode

from spapi_invoices.endpoints import OPERATIONS, Operation, operation
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.sandbox.accounts import BY_NAME
from spapi_invoices.sandbox.app import make_app
from spapi_invoices.sandbox.clock import Clock
from spapi_invoices.sandbox.faults import Faults
from spapi_invoices.sandbox.state import State
from spapi_invoices.sandbox.world import World, make_world

INVOICES = operation("getCustomerInvoices", "v1")
INVOICES_2021 = operation("getCustomerInvoices", "2021-12-28")
INVOICE = operation("getCustomerInvoice", "v1")
INVOICE_2021 = operation("getCustomerInvoice", "2021-12-28")
DETAILS = operation("getShipmentDetails", "v0")
SUBMIT = operation("submitInvoice", "v0")
STATUS = operation("getInvoiceStatus", "v0")
TOKENS = operation("createRestrictedDataToken", "2021-03-01")
LWA = operation("getAccessToken", "o2")
WEEK = {"createdAfter": "2026-10-08T00:00:00Z", "createdBefore": "2026-10-15T00:00:00Z"}

Query = dict[str, str] | Sequence[tuple[str, str]]


@cache
def world() -> World:
    """With every case there is. One for all: it does not change."""
    return make_world(customer_invoices=100, shipments=100)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str, str, str]:
        """Status, code, message and details of an answer with one error."""
        (error,) = self.json["errors"]
        return self.status, error["code"], error["message"], error["details"]


class Local:
    """A sandbox, and who asks it."""

    def __init__(self, scale: float = 1.0, **options: Any) -> None:
        self.seconds = 0.0
        self.faults = Faults()
        self.lines: list[str] = []
        clock = Clock(world().now, scale, lambda: self.seconds)
        self.state = State(world(), clock, self.faults, log=self.lines.append, **options)
        self.app = make_app(self.state)

    def send(self, method: str, target: str, body: bytes = b"", **headers: str) -> Reply:
        """Send a target as it is; a header's name is given with ``_`` for ``-``."""
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
        reply = _exchange(self.app, scope, body)
        # A mistake of the sandbox is answered, and must not pass for an answer that a test expects.
        assert reply.status != 500 or self.faults.rules, self.lines[-1]
        return reply

    def ask(
        self, asked: Operation, token: str | None, query: Query = (), *, at: str = "", body: Any = None, **headers: str
    ) -> Reply:
        """Ask for an operation, with ``at`` in its path and ``body`` as JSON."""
        path = f"{asked.path.partition('{')[0]}{quote(at, safe='')}{asked.path.partition('}')[2]}"
        target = f"{path}?{urlencode(query)}" if query else path
        if token is not None:
            headers["x_amz_access_token"] = token
        return self.send(asked.method, target, b"" if body is None else json.dumps(body).encode(), **headers)

    def log_in_with(self, body: bytes, content_type: str = "application/json; charset=utf-8") -> Reply:
        """Ask Login with Amazon with a body as it is."""
        return self.send("POST", LWA.path, body, content_type=content_type)

    def log_in(self, content_type: str = "application/x-www-form-urlencoded", **form: str) -> Reply:
        """Ask Login with Amazon, with the sandbox's client unless the form has another; an empty text is left out."""
        client = {"client_id": SANDBOX_PROFILE.client_id, "client_secret": SANDBOX_PROFILE.client_secret.reveal()}
        sent = urlencode({name: text for name, text in (client | form).items() if text})
        return self.log_in_with(sent.encode(), content_type)

    def access(self, account: str = "everything") -> str:
        """An access token of an account."""
        refresh = BY_NAME[account].refresh_token.reveal()
        token: str = self.log_in(grant_type="refresh_token", refresh_token=refresh).json["access_token"]
        return token

    def restrict(self, account: str = "everything", *resources: str, **more: Any) -> Reply:
        """Ask for a restricted data token for paths, of all restricted operations if none is given."""
        paths = resources or tuple(row.path for row in OPERATIONS if row.restricted)
        body = {"restrictedResources": [{"method": "GET", "path": path} for path in paths], **more}
        return self.ask(TOKENS, self.access(account), body=body)

    def restricted(self, account: str = "everything", *resources: str) -> str:
        """The token itself."""
        token: str = self.restrict(account, *resources).json["restrictedDataToken"]
        return token


def _exchange(app: Any, scope: dict[str, Any], body: bytes) -> Reply:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    # Nothing here waits for anything, so no event loop is needed: the first step is the whole way.
    with suppress(StopIteration):
        app(scope, receive, send).send(None)
    start, *rest = sent
    headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Reply(start["status"], headers, b"".join(one["body"] for one in rest))
