"""Answers getShipmentDetails, submitInvoice and getInvoiceStatus. Not for what an NF-e states: `documents.nfe` reads it."""

import base64
import hashlib
from datetime import timedelta
from typing import Final

from spapi_invoices.core.models import SubmitInvoiceRequest
from spapi_invoices.documents import nfe
from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.sandbox.accounts import Account
from spapi_invoices.sandbox.answer import Answer, Refusal, answer_json, invalid
from spapi_invoices.sandbox.call import Call, read_body
from spapi_invoices.sandbox.parameters import read_query
from spapi_invoices.sandbox.records import Shipment
from spapi_invoices.sandbox.state import State, Submission

VALIDATION: Final = timedelta(seconds=30)


def get_shipment_details(state: State, call: Call, _: Account) -> Answer:
    """What the seller needs to issue the NF-e."""
    read_query(call)
    return answer_json({"payload": _shipment(state, call).detail})


def get_invoice_status(state: State, call: Call, _: Account) -> Answer:
    """The status of the last submission here, else the one the shipment has in the world."""
    read_query(call)
    shipment = _shipment(state, call)
    last = state.latest.get(call.identifier)
    status = shipment.invoice_status if last is None else _status(state, last)
    return answer_json({"payload": {"Shipments": {"AmazonShipmentId": call.identifier, "InvoiceStatus": status}}})


def submit_invoice(state: State, call: Call, _: Account) -> Answer:
    """Take a document whose envelope is right, whatever is in it: that shows in the status.

    A second one is taken too, and validated from the start.

    Raises:
        Refusal: 400: the body, the base64, the digest or the shipment is wrong.
    """
    read_query(call)
    sent = read_body(call, SubmitInvoiceRequest)
    shipment, document = state.world.shipments.get(call.identifier), _decoded(sent.InvoiceContent)
    if shipment is None or document is None or _md5(document) != sent.ContentMD5Value:
        raise _not_taken(call.identifier, shipment, document)
    taken = Submission(
        call.identifier, hashlib.sha256(document).hexdigest(), state.clock.now(), fault_of(document, shipment)
    )
    state.submissions.append(taken)
    state.latest[call.identifier] = taken
    return answer_json({})


def _not_taken(shipment_id: str, shipment: Shipment | None, document: bytes | None) -> Refusal:
    """All that is wrong in one error, as the official model's example has it."""
    faults = []
    if document is None:
        faults.append(("InvoiceContent is invalid", "InvoiceContent fails encoding."))
    elif shipment is not None:
        faults.append(("ContentMD5Value is invalid", "ContentMD5Value is not the base64 of the document's MD5."))
    if shipment is None:
        faults.append(("Shipment ID is invalid", f"Shipment '{shipment_id}' does not exist"))
    return invalid(faults[-1][0], " ".join(details for _, details in faults))


def _decoded(content: str) -> bytes | None:
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:  # binascii.Error is one, and so is a text that is not ASCII
        return None


def _md5(document: bytes) -> str:
    return base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode("ascii")


def fault_of(document: bytes, shipment: Shipment) -> str | None:
    """Why Amazon would not accept the document for the shipment; ``None`` if it would.

    Amazon publishes no list of reasons. Here it must be an NF-e to which our own reader has no objection (no XML, not
    authorised, an access key that is wrong or another's), and it must not state another shipment or order.
    """
    try:
        facts = nfe.facts_of(nfe.read(document))
    except Unreadable as error:
        return error.problem
    if facts.problem is not None:
        return facts.problem
    if facts.amazon_shipment_id not in {None, shipment.shipment_id}:
        return "the document states another shipment"
    if facts.order_ids and shipment.detail.get("AmazonOrderId") not in facts.order_ids:
        return "the document states another order"
    return None


def _status(state: State, last: Submission) -> str:
    # On a clock that stands still nothing would ever be validated: there it takes no time.
    if not state.clock.stands_still and state.clock.now() - last.at < VALIDATION:
        return "Processing"
    return "Accepted" if last.fault is None else "Errored"


def _shipment(state: State, call: Call) -> Shipment:
    shipment = state.world.shipments.get(call.identifier)
    if shipment is None:
        raise invalid("Invalid Shipment ID", f"'{call.identifier}' is an invalid ShipmentID")
    return shipment
