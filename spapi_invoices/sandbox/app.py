"""The sandbox as an ASGI application: from a request to its answer. Not for what an operation answers, nor for a port.

A request is matched to its operation, may be struck by a fault, and then passes Amazon's gates in their order: token,
account, quota. What is left is a function of the world and the call.
"""

import base64
import hashlib
import logging
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from email.utils import format_datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from spapi_invoices.endpoints import Operation
from spapi_invoices.sandbox import control, customer_invoices, login, shipments, static_examples, tokens
from spapi_invoices.sandbox.accounts import Account, check_access
from spapi_invoices.sandbox.answer import Answer, Refusal, denied, internal_failure, invalid, throttled
from spapi_invoices.sandbox.buckets import Bucket, Plan
from spapi_invoices.sandbox.call import Call, find_operation
from spapi_invoices.sandbox.delivery import deliver
from spapi_invoices.sandbox.faults import instead
from spapi_invoices.sandbox.state import State

_LOG: Final = logging.getLogger(__name__)
_LONGEST_USER_AGENT: Final = 500
Handler = Callable[[State, Call, Account], Answer]


def make_app(state: State) -> ASGIApp:
    """An application that answers with a sandbox's state.

    On a clock that stands still quotas are off, a submission is validated at once, and equal requests get equal answers
    to the byte.

    What is certain, because Amazon documents it or it was seen in the wild:

    ==================  ================================================================================================
    Login with Amazon   Both grant types; parameters as a form or, as Amazon's own SDKs send them, as a JSON object;
                        ``{"error", "error_description"}``; a token lives 3600 s.
    Tokens API          1 to 50 resources; paths with placeholders or ids; a path of another form gives a token that
                        opens nothing; without the roles 400 InvalidInput.
    Refusals            403 Unauthorized for no token, an expired, a made-up or the wrong kind of one; 403
                        MissingAuthenticationToken for a path that is none; a User-Agent of over 500 characters.
    Other regions       An empty list of customer invoices; 404 SellingPartnerNotFoundError for a vendor not enabled.
    Quotas              Rate and burst of each operation, per account; in the static sandbox 5 a second and 15; the 429's
                        body and headers; the rate's header on 20x, 400 and 404 alone.
    Customer invoices   Names, forms and bounds of the parameters; both dates required; at most 7 days; six months back.
    Shipments           Wording of an unknown shipment and of a wrong encoding; NotFound, Processing, Accepted, Errored.
    Static examples     Their answers; "Could not match input arguments" for all else.
    ==================  ================================================================================================

    What is a guess, because nobody says:

    ==================  ================================================================================================
    Login with Amazon   Wording for a wrong content type or body, a missing parameter or an unknown scope.
    Tokens API          A placeholder of another name than the model's opens nothing; wording for over 50 resources.
    Refusals            A restricted operation refuses an access token (elsewhere Amazon has masked the data instead), a
                        plain one refuses a restricted data token; a wrong method is answered as a wrong path; the
                        long User-Agent gets 400 InvalidInput.
    Other regions       Shipment invoicing refuses with 403; a single customer invoice is not found.
    Quotas              v1 and 2021-12-28 have a bucket each; a refused request takes nothing from it.
    Customer invoices   createdAfter is inclusive and createdBefore is not; ASC and 100 a page unless told otherwise;
                        older than 184 days is 400, not empty, and counted from when the sandbox began, so that a fast
                        clock does not age its world; unknown and repeated parameters are 400, but for the marketplace
                        that clients send with every GET; a page token lives an hour and wants the same query; of a
                        re-issued invoice the single one is the newest; wording of the 400s.
    Shipments           30 s from Processing to the end; a second submission is always taken and starts anew; what makes
                        an invoice end as Errored (`sandbox.shipments.fault_of`).
    ==================  ================================================================================================
    """
    return Router(control.routes(state), redirect_slashes=False, default=_endpoint(state))


def _endpoint(state: State) -> ASGIApp:
    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        call = _call(state, scope, body)
        answer = _stamped(state, call, _answer(state, call), _request_id(state, scope, body))
        fault = None if call is None else call.fault
        if state.log is not None:
            state.log(_line(state, scope, answer, fault))
        await deliver(fault, answer)(scope, receive, send)

    return endpoint


def _call(state: State, scope: Scope, body: bytes) -> Call | None:
    """The call, or ``None`` for a path or a method that no operation has."""
    # The path as it was sent: an encoded slash belongs to the identifier.
    found = find_operation(scope["method"], scope["raw_path"].decode("latin-1"))
    if found is None:
        return None
    operation, identifier = found
    query = tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Call(operation, identifier, query, headers, body, state.faults.draw(operation.operation_id))


def _answer(state: State, call: Call | None) -> Answer:
    if call is None:
        return denied("", "MissingAuthenticationToken").answer
    try:
        return instead(call.fault) or _carried_out(state, call)
    except Refusal as refusal:
        return refusal.answer
    except Exception:  # noqa: BLE001 - see below
        # The outermost edge: a mistake of ours must reach the client as Amazon's would, and us with its traceback.
        _LOG.exception("%s was not answered", call.operation.operation_id)
        return internal_failure().answer


def _carried_out(state: State, call: Call) -> Answer:
    """The answer, once the call has passed the gates.

    Raises:
        Refusal: It does not pass, or the operation refuses it.
    """
    if call.operation.api == "lwa":
        return login.log_in(call, state.clock.now())
    account = tokens.authorise(call, state.clock.now())
    check_access(account, call.operation)
    _take(state, call.operation, account)
    if len(call.headers.get("user-agent", "")) > _LONGEST_USER_AGENT:
        raise invalid(f"User-Agent must have no more than {_LONGEST_USER_AGENT} characters.")
    example = static_examples.answer(call) if state.static else None
    return example or _HANDLERS[call.operation.operation_id](state, call, account)


_HANDLERS: Final[dict[str, Handler]] = {
    "createRestrictedDataToken": tokens.create_restricted_data_token,
    "getCustomerInvoices": customer_invoices.get_customer_invoices,
    "getCustomerInvoice": customer_invoices.get_customer_invoice,
    "getShipmentDetails": shipments.get_shipment_details,
    "submitInvoice": shipments.submit_invoice,
    "getInvoiceStatus": shipments.get_invoice_status,
}


def _usage_plan(state: State, operation: Operation) -> Plan | None:
    """``None`` where no usage plan is published."""
    if operation.rate is None or operation.burst is None:
        return None
    rate, burst = static_examples.USAGE_PLAN if state.static else (operation.rate, operation.burst)
    return state.plans.get(operation.operation_id) or Plan(operation.operation_id, rate, burst)


def _take(state: State, operation: Operation, account: Account) -> None:
    """Take one from the bucket of account and operation."""
    plan = _usage_plan(state, operation)
    if plan is None or state.clock.stands_still:
        return
    now = state.clock.seconds()
    key = (account.name, operation.operation_id, operation.version)
    bucket = state.buckets.setdefault(key, Bucket(plan.held, now)).take(plan.rate, plan.burst, now)
    if bucket is None:
        raise throttled()
    state.buckets[key] = bucket


def _request_id(state: State, scope: Scope, body: bytes) -> uuid.UUID:
    """One of its own for each answer; on a clock that stands still a digest of the request."""
    if not state.clock.stands_still:
        return uuid.uuid4()
    said = f"{scope['method']} {_target(scope)}\n".encode("latin-1") + body
    return uuid.UUID(bytes=hashlib.sha256(said).digest()[:16])


def _stamped(state: State, call: Call | None, answer: Answer, request_id: uuid.UUID) -> Answer:
    """With the headers that every answer has, and the rate where Amazon sends it.

    Source: developer guide, "Usage plans and rate limits": not for what is throttled, unauthorised or not authenticated.
    """
    headers = {
        "date": format_datetime(state.clock.now().astimezone(UTC), usegmt=True),
        "x-amzn-requestid": str(request_id),
        "x-amz-apigw-id": base64.urlsafe_b64encode(request_id.bytes[:12]).decode("ascii"),
        # Not Amazon's: a client that keeps to the quota must know whose seconds it counts.
        "x-sandbox-time-scale": f"{state.clock.scale:g}",
    }
    plan = None if call is None else _usage_plan(state, call.operation)
    if plan is not None and plan.stated and answer.status in {200, 400, 404}:
        headers["x-amzn-ratelimit-limit"] = str(float(plan.rate))
    return replace(answer, headers=answer.headers | headers)


def _target(scope: Scope) -> str:
    """Path and query as they were sent."""
    sent: bytes = b"?".join(filter(None, (scope["raw_path"], scope["query_string"])))
    return sent.decode("latin-1")


def _line(state: State, scope: Scope, answer: Answer, fault: str | None) -> str:
    at = f"{state.clock.now():%Y-%m-%dT%H:%M:%S%z}"
    request_id = answer.headers["x-amzn-requestid"]
    return f"{at} {scope['method']} {_target(scope)} {answer.status} {request_id} {fault or ''}".rstrip()
