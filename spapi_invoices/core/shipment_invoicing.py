"""getShipmentDetails, submitInvoice and getInvoiceStatus, built and parsed. Brazil, sellers, FBA Onsite. Not for sending."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import msgspec

from spapi_invoices.core.lenient import convert
from spapi_invoices.core.models import Answered, ShipmentDetail, ShipmentInvoiceStatusInfo, SubmitInvoiceRequest
from spapi_invoices.core.status import decode_json, decode_payload, malformed_record, raise_for_status
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.endpoints import operation
from spapi_invoices.errors import InvalidRequest

VERSION: Final = "v0"
_JSON: Final = (("content-type", "application/json"),)


class _Envelope(Answered, frozen=True):
    """What getShipmentDetails answers, if it answers as the official model says."""

    payload: ShipmentDetail


_DECODER: Final = msgspec.json.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class ShipmentAnswer:
    """What getShipmentDetails answered.

    Attributes:
        detail: The shipment; a field that could not be read is ``None``.
        problems: Field and reason of each such field.
        request_id: ``x-amzn-RequestId`` of the answer.
        unknown_fields: Fields that the official model does not have.
        attempts: How many requests the answer took.
    """

    detail: ShipmentDetail
    problems: tuple[str, ...] = ()
    request_id: str | None = None
    unknown_fields: frozenset[str] = frozenset()
    attempts: int = 1


def build_get_shipment_details(shipment_id: str) -> HttpRequest:
    """Ask for what is needed to invoice a shipment. The id comes from an FBA_OUTBOUND_SHIPMENT_STATUS notification.

    Raises:
        InvalidRequest: The id is empty, blank or cannot stand in a path.

    >>> build_get_shipment_details("D1aB2").target()
    '/fba/outbound/brazil/v0/shipments/D1aB2'

    Source: shipmentInvoicingV0.json, getShipmentDetails.
    """
    return _build("getShipmentDetails", shipment_id)


def parse_get_shipment_details(response: HttpResponse) -> ShipmentAnswer:
    """Read a shipment. A field of the wrong type is a problem of that field, not of the shipment.

    Raises:
        ApiError: Amazon answered with an error.
        MalformedResponse: A success without a shipment.
    """
    asked = operation("getShipmentDetails", VERSION)
    raise_for_status(asked, response)
    detail = _as_modelled(response.body)
    if detail is not None:
        return ShipmentAnswer(detail, request_id=response.request_id, attempts=response.attempts)
    found = _payload(decode_json(asked, response))
    if isinstance(found, str):
        raise malformed_record(asked, response, found)
    one = convert(found, ShipmentDetail)
    return ShipmentAnswer(
        one.record or ShipmentDetail(), one.problems, response.request_id, one.unknown, response.attempts
    )


def build_submit_invoice(
    shipment_id: str, document: bytes, *, marketplace_id: str | None = None, content_md5: str | None = None
) -> HttpRequest:
    """Submit a shipment's invoice, an NF-e XML as SEFAZ authorised it.

    Args:
        shipment_id: The shipment.
        document: The file's bytes, untouched: an XML that is written anew loses its signature.
        marketplace_id: Optional in the API.
        content_md5: ``None`` computes base64(MD5(document)), as the guide asks; Amazon's static sandbox wants a literal
            that matches nothing, so it can be given.

    Raises:
        InvalidRequest: The id is empty or blank, or the document is empty.

    Source: shipmentInvoicingV0.json, submitInvoice; guide "Submit a shipment invoice".
    """
    if not document:
        raise InvalidRequest(f"the invoice for shipment {shipment_id} is empty. Next: give the authorised NF-e XML")
    # MD5 is what the API asks for; it proves transport, not origin.
    digest = hashlib.md5(document, usedforsecurity=False).digest()
    body = SubmitInvoiceRequest(
        InvoiceContent=base64.b64encode(document).decode("ascii"),
        ContentMD5Value=content_md5 or base64.b64encode(digest).decode("ascii"),
        MarketplaceId=marketplace_id,
    )
    return _build("submitInvoice", shipment_id, headers=_JSON, body=msgspec.json.encode(body))


def parse_submit_invoice(response: HttpResponse) -> None:
    """Check that the invoice was taken for validation. The success body is empty or ``{}``.

    Raises:
        ApiError: Amazon answered with an error.
        MalformedResponse: A success whose body is neither empty nor JSON.
    """
    asked = operation("submitInvoice", VERSION)
    raise_for_status(asked, response)
    if response.body.strip():
        decode_json(asked, response)


def build_get_invoice_status(shipment_id: str) -> HttpRequest:
    """Ask what became of the invoice submitted for a shipment.

    Raises:
        InvalidRequest: The id is empty or blank.

    Source: shipmentInvoicingV0.json, getInvoiceStatus.
    """
    return _build("getInvoiceStatus", shipment_id)


def parse_get_invoice_status(response: HttpResponse) -> ShipmentInvoiceStatusInfo:
    """Read a shipment's invoice status: Processing, Accepted, Errored, NotFound, or a text Amazon added since.

    The payload's ``Shipments`` is an object in the model and was a list in the API before it; a list of one is accepted.

    Raises:
        ApiError: Amazon answered with an error.
        MalformedResponse: A success without a status.
    """
    asked = operation("getInvoiceStatus", VERSION)
    found = _status(decode_payload(asked, response, needs="Shipments")["Shipments"])
    if isinstance(found, str):
        raise malformed_record(asked, response, found)
    return found


def _as_modelled(body: bytes) -> ShipmentDetail | None:
    """The shipment, straight from the bytes; ``None`` for anything that is not exactly as the official model has it.

    Nearly all are. The others are read again, field by field, which takes ten times as long and can name what is wrong.
    """
    try:
        detail = _DECODER.decode(body).payload
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return detail if detail.AmazonShipmentId else None


def _payload(raw: dict[str, Any]) -> dict[str, Any] | str:
    """The shipment's object, or what is wrong; returned and not raised, so that no traceback's locals hold what the body says.

    Unlike the others it has no required field, so one without any known field is no shipment.
    """
    payload = raw.get("payload", raw)
    if payload is None or payload == {}:
        return f"JSON whose payload is {'null' if payload is None else 'empty'}"
    if not isinstance(payload, dict):
        return "JSON whose payload is no object"
    if payload.keys().isdisjoint(ShipmentDetail.__struct_fields__):
        return "JSON whose payload has no field of a shipment"
    return payload


def _status(shipments: object) -> ShipmentInvoiceStatusInfo | str:
    """The status, or what is wrong; see `_payload`."""
    if isinstance(shipments, list) and len(shipments) == 1:
        shipments = shipments[0]
    if not isinstance(shipments, dict):
        return "JSON whose payload.Shipments is no object"
    one = convert(shipments, ShipmentInvoiceStatusInfo)
    if one.problems:
        return f"JSON with an unreadable status ({'; '.join(one.problems)})"
    if one.record.InvoiceStatus is None:
        return "JSON without an InvoiceStatus"
    return one.record  # type: ignore[no-any-return]


def _build(
    operation_id: str, shipment_id: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
) -> HttpRequest:
    # "." and ".." would be resolved on the way, so that another path was asked for.
    if (
        not shipment_id
        or shipment_id in {".", ".."}
        or shipment_id != shipment_id.strip()
        or not shipment_id.isprintable()
    ):
        raise InvalidRequest(
            f"shipment id {shipment_id!r}. Next: give the AmazonShipmentId of the notification, without spaces"
        )
    asked = operation(operation_id, VERSION)
    return HttpRequest(
        operation=asked, path=asked.path.format(shipmentId=quote(shipment_id, safe="")), headers=headers, body=body
    )
