"""Answers getCustomerInvoices and getCustomerInvoice, in both versions. Not for the documents: `sandbox.world` has them."""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any, Final

from spapi_invoices.sandbox.accounts import Account, access_of
from spapi_invoices.sandbox.answer import Answer, answer_json, invalid, refusal
from spapi_invoices.sandbox.call import Call
from spapi_invoices.sandbox.parameters import given, read_query
from spapi_invoices.sandbox.records import PurchaseOrder
from spapi_invoices.sandbox.sealed import seal, unseal
from spapi_invoices.sandbox.stage import WAREHOUSES
from spapi_invoices.sandbox.state import State

_LONGEST: Final = timedelta(days=7)
# "A rolling window of the last six months" (guide "Get customer invoices"): the longest six months have 184 days.
_LOOK_BACK: Final = timedelta(days=184)
_PAGE_TOKEN_LIFETIME_SECONDS: Final = 3600
_NUMBER: Final = re.compile(r"[a-zA-Z0-9]+", re.ASCII)


def get_customer_invoices(state: State, call: Call, account: Account) -> Answer:
    """A page of the invoices of a window, by when they became available.

    Raises:
        Refusal: 400: a parameter, the range or the page token is wrong.
    """
    asked, now = read_query(call), state.clock.now()
    after, before = asked["createdAfter"], asked["createdBefore"]
    _check_range(after, before, state.world.now)
    scope = _scope(call, account)
    start = _position(asked["nextToken"], scope, now) if "nextToken" in asked else 0
    found = range(0)
    # Nothing is shipped from a warehouse that is none, and so a large world need not be looked through.
    if access_of(account, call.operation) == "open" and asked.get("shipFromPartyId") in {None, *WAREHOUSES}:
        found = state.world.available(after, before)
    if asked.get("sortOrder") == "DESC":
        found = found[::-1]
    size = min(asked.get("limit", state.page_size), state.page_size)
    orders, following = _page(state, found, start, size, asked.get("shipFromPartyId"))
    token = None if following is None else seal("page", scope, following, now.timestamp())
    if call.fault == "repeat-token":
        # To the byte, as Amazon's static sandbox does: sealed anew it would be another text of the same meaning.
        token = asked.get("nextToken") or seal("page", scope, start, now.timestamp())
    pagination = {} if token is None else {"nextToken": token}
    return _answer(call, {"pagination": pagination, "customerInvoices": [_invoice(order) for order in orders]})


def get_customer_invoice(state: State, call: Call, account: Account) -> Answer:
    """The invoice of a purchase order; of one that was re-issued, the newest.

    Raises:
        Refusal: 400: the number has a wrong form. 404: there is none.
    """
    read_query(call)
    number = call.identifier
    if not _NUMBER.fullmatch(number):
        raise invalid("purchaseOrderNumber must be letters and digits.")
    order = state.world.purchase_order(number) if access_of(account, call.operation) == "open" else None
    if order is None:
        details = f"Purchase order '{number}' has no customer invoice"
        raise refusal(404, "NotFound", "The resource specified was not found.", details)
    return _answer(call, _invoice(order))


def _check_range(after: datetime, before: datetime, world_now: datetime) -> None:
    if not timedelta(0) < before - after <= _LONGEST:
        raise invalid("The date range must be positive and no more than 7 days.")
    # Not from what the clock shows: at a scale of 10 000 it would take the world out of reach within half an hour.
    if world_now - after > _LOOK_BACK:
        raise invalid("createdAfter must be within the last six months.")


def _page(
    state: State, found: range, start: int, size: int, party: str | None
) -> tuple[list[PurchaseOrder], int | None]:
    """The page's orders, and the position in ``found`` where the next page begins, if there is one."""
    taken: list[PurchaseOrder] = []
    for position in range(start, len(found)):
        order = state.world.purchase_orders[found[position]]
        if party in {None, order.ship_from_party_id}:
            if len(taken) == size:
                return taken, position
            taken.append(order)
    return taken, None


def _scope(call: Call, account: Account) -> str:
    """What a page token belongs to: the account and the query but for the token itself."""
    query = sorted(pair for pair in given(call) if pair[0] != "nextToken")
    said = repr((account.name, call.operation.path, query))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


def _position(token: str, scope: str, now: datetime) -> int:
    """Where the page begins."""
    match unseal(token):
        case ["page", str(belongs), int(position), float(issued_at)] if belongs == scope:
            if 0 <= now.timestamp() - issued_at < _PAGE_TOKEN_LIFETIME_SECONDS:
                return position
    raise invalid("nextToken is invalid.", "It belongs to another query or account, or is over an hour old.")


def _invoice(order: PurchaseOrder) -> dict[str, Any]:
    return {"purchaseOrderNumber": order.number, "content": order.content}


def _answer(call: Call, payload: dict[str, Any]) -> Answer:
    """v1 wraps its answers in ``payload``, 2021-12-28 does not."""
    return answer_json({"payload": payload} if call.operation.version == "v1" else payload)
