"""getCustomerInvoices and getCustomerInvoice, built and parsed. India, vendors, Direct Fulfillment. Not for fetching."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from spapi_invoices.core.lenient import convert
from spapi_invoices.core.models import SORT_ORDERS, CustomerInvoice, CustomerInvoiceList, unknown_fields
from spapi_invoices.core.status import decode_payload, malformed
from spapi_invoices.core.windows import WINDOW, as_utc
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.endpoints import Operation, operation
from spapi_invoices.errors import InvalidRequest

ApiVersion = Literal["v1", "2021-12-28"]
_PURCHASE_ORDER_NUMBER: Final = re.compile(r"[a-zA-Z0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class BadRecord:
    """An entry that could not be read.

    Attributes:
        purchase_order_number: If that much was there.
        reason: Field and what is wrong with it.
        sha256: Of the entry as JSON, so that two bad entries stay two.
    """

    purchase_order_number: str | None
    reason: str
    sha256: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class CustomerInvoicePage:
    """One page of getCustomerInvoices.

    Attributes:
        invoices: In the order of the answer.
        bad: Entries that could not be read, likewise.
        next_token: ``None`` on the last page.
        request_id: ``x-amzn-RequestId`` of the answer.
        unknown_fields: Fields that the official model does not have.
    """

    invoices: tuple[CustomerInvoice, ...]
    bad: tuple[BadRecord, ...] = ()
    next_token: str | None = field(default=None, repr=False)
    request_id: str | None = None
    unknown_fields: frozenset[str] = frozenset()


def build_get_customer_invoices(  # noqa: PLR0913 - the operation's parameters, one for one
    created_after: datetime,
    created_before: datetime,
    *,
    ship_from_party_id: str | None = None,
    limit: int | None = None,
    sort_order: Literal["ASC", "DESC"] | None = None,
    next_token: str | None = None,
    version: ApiVersion = "v1",
) -> HttpRequest:
    """Ask for the invoices of orders that became available in a range of at most seven days.

    Args:
        created_after: Aware; whether Amazon includes the instant itself is not documented.
        created_before: Aware; after ``created_after``.
        ship_from_party_id: The vendor's warehouse; ``None`` for all.
        limit: Invoices a page, 1 to 100; ``None`` leaves it to Amazon.
        sort_order: By order creation date.
        next_token: From the page before. All other arguments are then repeated unchanged.
        version: Of the Direct Fulfillment Shipping API.

    Raises:
        InvalidRequest: A naive time, an empty or inverted range, a range over seven days, a limit out of bounds.

    >>> from datetime import UTC, datetime
    >>> build_get_customer_invoices(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 8, tzinfo=UTC), limit=50).target()
    '/vendor/directFulfillment/shipping/v1/customerInvoices?createdAfter=2026-10-01T00%3A00%3A00Z&createdBefore=2026-10-08T00%3A00%3A00Z&limit=50'

    Source: vendorDirectFulfillmentShippingV1.json and vendorDirectFulfillmentShipping_2021-12-28.json, getCustomerInvoices.
    """
    after, before = as_utc(created_after, "created_after"), as_utc(created_before, "created_before")
    _check_range(after, before)
    if limit is not None and (type(limit) is not int or not 1 <= limit <= 100):
        raise InvalidRequest(f"limit is {limit!r}. Next: give a whole number from 1 to 100")
    if sort_order is not None and sort_order not in SORT_ORDERS:
        raise InvalidRequest(f"sort_order is {sort_order!r}. Next: give ASC or DESC")
    for name, text in (("ship_from_party_id", ship_from_party_id), ("next_token", next_token)):
        if text is not None and not (text and text.isprintable()):
            raise InvalidRequest(
                f"{name} is empty or has characters that cannot be sent. Next: give it, or None to leave it out"
            )
    parameters = {
        "shipFromPartyId": ship_from_party_id,
        "createdAfter": iso_utc(after),
        "createdBefore": iso_utc(before),
        "limit": None if limit is None else str(limit),
        "sortOrder": sort_order,
        "nextToken": next_token,
    }
    return HttpRequest(
        operation=(asked := _operation("getCustomerInvoices", version)),
        path=asked.path,
        query=tuple((name, value) for name, value in parameters.items() if value is not None),
    )


def parse_get_customer_invoices(response: HttpResponse) -> CustomerInvoicePage:
    """Read one page of either version, wrapped in ``payload`` or not.

    Raises:
        ApiError: Amazon answered with an error.
        MalformedResponse: A success without a list of invoices. An empty list is a page without invoices.

    >>> parse_get_customer_invoices(HttpResponse(status=200, body=b'{"payload": {"customerInvoices": []}}')).invoices
    ()
    """
    asked = _operation("getCustomerInvoices", "v1")
    found = _page(decode_payload(asked, response, needs="customerInvoices"), response.request_id)
    if isinstance(found, str):
        raise malformed(asked, response, found)
    return found


def build_get_customer_invoice(purchase_order_number: str, *, version: ApiVersion = "v1") -> HttpRequest:
    """Ask for the invoice of one purchase order.

    Raises:
        InvalidRequest: The number has anything but letters and digits.

    Source: getCustomerInvoice in both models; pattern ``^[a-zA-Z0-9]+$``.
    """
    if not _PURCHASE_ORDER_NUMBER.fullmatch(purchase_order_number):
        raise InvalidRequest(
            f"purchase order number {purchase_order_number!r}. Next: give letters and digits only, as 2JK3S9VC"
        )
    asked = _operation("getCustomerInvoice", version)
    return HttpRequest(
        operation=asked, path=asked.path.format(purchaseOrderNumber=quote(purchase_order_number, safe=""))
    )


def parse_get_customer_invoice(response: HttpResponse) -> CustomerInvoicePage:
    """Read one purchase order's invoice in either version, wrapped or not, as a page of one.

    Raises:
        ApiError: Amazon answered with an error.
        MalformedResponse: A success without an invoice.
    """
    payload = decode_payload(_operation("getCustomerInvoice", "v1"), response, needs="purchaseOrderNumber")
    one = convert(payload, CustomerInvoice)
    return CustomerInvoicePage(
        invoices=() if one.record is None else (one.record,),
        bad=(_bad(payload, one.problems),) if one.record is None else (),
        request_id=response.request_id,
        unknown_fields=one.unknown,
    )


def iso_utc(instant: datetime) -> str:
    """An aware time as ISO 8601 in UTC, to the second, or to the microsecond where there is a fraction.

    Raises:
        InvalidRequest: The time has no zone.

    >>> from datetime import timedelta, timezone
    >>> iso_utc(datetime(2026, 10, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    '2026-09-30T18:30:00Z'
    """
    return as_utc(instant, "the time").replace(tzinfo=None).isoformat() + "Z"


def _check_range(after: datetime, before: datetime) -> None:
    """Both in UTC: in a zone where clocks change, seven days on the wall can be more than seven times 24 hours."""
    if before <= after:
        raise InvalidRequest(
            f"created_before {iso_utc(before)} is not after created_after {iso_utc(after)}. Next: swap them"
        )
    if before - after > WINDOW:
        raise InvalidRequest(
            f"{iso_utc(after)} to {iso_utc(before)} is over 7 days in one request. "
            "Next: split it (spapi_invoices.core.windows.split), or let client.customer_invoices do so"
        )


def _operation(operation_id: str, version: str) -> Operation:
    try:
        return operation(operation_id, version)
    except KeyError:
        raise InvalidRequest(f"API version {version!r} is unknown. Next: give v1 or 2021-12-28") from None


def _page(payload: dict[str, Any], request_id: str | None) -> CustomerInvoicePage | str:
    """The page, or what is wrong; returned and not raised, so that no traceback's locals hold what the body says."""
    entries, pagination = payload["customerInvoices"], payload.get("pagination")
    if not isinstance(entries, list):
        return "JSON whose customerInvoices is no list"
    # What cannot be read of a pagination is an error, else the pages after this one were lost.
    if not isinstance(pagination, dict | None):
        return "JSON whose pagination is no object"
    token = (pagination or {}).get("nextToken")
    if not (token is None or (isinstance(token, str) and token.isprintable())):
        return "JSON whose pagination.nextToken is no text that can be sent"
    read = [convert(entry, CustomerInvoice) for entry in entries]
    return CustomerInvoicePage(
        invoices=tuple(one.record for one in read if one.record is not None),
        bad=tuple(_bad(entry, one.problems) for entry, one in zip(entries, read, strict=True) if one.record is None),
        next_token=token or None,
        request_id=request_id,
        unknown_fields=unknown_fields(payload, CustomerInvoiceList),
    )


def _bad(entry: object, problems: tuple[str, ...]) -> BadRecord:
    number = entry.get("purchaseOrderNumber") if isinstance(entry, dict) else None
    digest = hashlib.sha256(msgspec.json.encode(entry)).hexdigest()
    return BadRecord(number if isinstance(number, str) else None, "; ".join(problems), digest)
