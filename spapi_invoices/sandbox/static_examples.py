"""The static examples of Amazon's own sandbox (``x-amzn-api-sandbox``), as a table. Not for anything of our world.

Amazon's sandbox compares what is asked with these by their text, asks for nothing else, and answers the most specific one
that fits, tokens aside. The version 2021-12-28 has none.

Source: vendorDirectFulfillmentShippingV1.json, shipmentInvoicingV0.json and tokens_2021-03-01.json of
amzn/selling-partner-api-models (Apache-2.0), carried over as they are; developer guide, "The Selling Partner API sandbox".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from spapi_invoices.endpoints import Operation, operation
from spapi_invoices.sandbox.answer import Answer, answer_json, invalid
from spapi_invoices.sandbox.call import Call, placeholder

# Requests a second and at once, for every operation.
USAGE_PLAN: Final = (5.0, 15)


@dataclass(frozen=True, slots=True)
class Example:
    """An answer, and the parameters that ask for it: of path and query, and ``body`` for a whole body."""

    operation: Operation
    parameters: Mapping[str, Any]
    status: int
    answer: Mapping[str, Any]


_INVOICES: Final = operation("getCustomerInvoices", "v1")
_INVOICE: Final = operation("getCustomerInvoice", "v1")
_DETAILS: Final = operation("getShipmentDetails", "v0")
_SUBMIT: Final = operation("submitInvoice", "v0")
_STATUS: Final = operation("getInvoiceStatus", "v0")
_TOKENS: Final = operation("createRestrictedDataToken", "2021-03-01")


def _errors(code: str, message: str, details: str) -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message, "details": details}]}


def _page(number: str) -> dict[str, Any]:
    invoice = {"purchaseOrderNumber": number, "content": "base 64 content goes here"}
    # The token is always there: a client that follows it without a guard never ends.
    return {"payload": {"pagination": {"nextToken": "MDAwMDAwMDAwMQ=="}, "customerInvoices": [invoice]}}


def _content(number: str) -> dict[str, Any]:
    return {"payload": {"purchaseOrderNumber": number, "content": "base 64 encoded string"}}


def _money(amount: str, currency: str = "USD") -> dict[str, str]:
    return {"CurrencyCode": currency, "Amount": amount}


def _asking_for(path: str, method: str = "GET", **more: str) -> dict[str, Any]:
    return {"body": {**more, "restrictedResources": [{"method": method, "path": path}]}}


_APPLICATION: Final = "amzn1.sellerapps.app.target-application"
_NO_SHIPMENT: Final = _errors("InvalidInput", "Invalid Shipment ID", "'BadShipId' is an invalid ShipmentID")
_NO_TRANSMISSION: Final = _errors("InvalidInput", "Invalid transmission ID.", "")
_SHIPMENT: Final = {
    "WarehouseId": "wID1234",
    "AmazonOrderId": "222-333-4444333",
    "AmazonShipmentId": "F4385943758",
    "PurchaseDate": "2020-10-07T17:36:47.470Z",
    "ShippingAddress": {
        "Name": "User Address1",
        "AddressLine1": "123 any st",
        "City": "Ann Arbor",
        "County": "Washtenaw",
        "StateOrRegion": "MI",
        "PostalCode": "48104",
        "CountryCode": "US",
        "Phone": "333-444-5555",
        "AddressType": "Residential",
    },
    "PaymentMethodDetails": ["GiftCertificate"],
    "Payments": [
        {
            "PaymentMethod": "CreditCard",
            "AcquirerId": "XX.XXX.XXX/0001-ZZ",
            "CardBrand": "Visa",
            "PaymentValue": _money("100", "BRL"),
            "AuthorizationCode": "123456",
        }
    ],
    "MarketplaceId": "ATV943520DER",
    "SellerId": "TEST34509GOGM",
    "BuyerName": "1",
    "BuyerCounty": "Washtenaw",
    "BuyerTaxInfo": {
        "CompanyLegalName": "Buyer Company",
        "TaxingRegion": "MI",
        "TaxClassifications": [{"Name": "Millage", "Value": "10"}],
    },
    "MarketplaceTaxInfo": {
        "CompanyLegalName": "Seller Legal Company Name",
        "TaxingRegion": "SP",
        "TaxClassifications": [{"Name": "CNPJ", "Value": "15436940000103"}],
    },
    "SellerDisplayName": "Seller Display Name in the marketplace",
    "ShipmentItems": [
        {
            "ASIN": "BKUO9348543",
            "SellerSKU": "BKUO9348543SKU",
            "OrderItemId": "23423424",
            "Title": "Pencil",
            "QuantityOrdered": 1,
            "ItemPrice": _money("100"),
            "ShippingPrice": _money("20"),
            "GiftWrapPrice": _money("1"),
            "ShippingDiscount": _money("10"),
            "PromotionDiscount": _money("10"),
            "SerialNumbers": ["23424", "23423"],
        }
    ],
}

EXAMPLES: Final = (
    Example(
        _INVOICES,
        {
            "createdBefore": "2020-02-20T00:00:00-08:00",
            "createdAfter": "2020-02-15T14:00:00-08:00",
            "limit": 2,
            "sortOrder": "DESC",
        },
        200,
        _page("PO98676856"),
    ),
    Example(_INVOICES, {}, 200, _page("mockpurchaseOrderNumber")),
    Example(_INVOICES, {"shipFromPartyId": "dummy"}, 400, _NO_TRANSMISSION),
    Example(
        _INVOICES,
        {"createdBefore": "2019-09-2100:00:00", "createdAfter": "2019-08-20T14:00:00"},
        403,
        _errors("InvalidRequest", "The request is invalid.", ""),
    ),
    Example(_INVOICE, {"purchaseOrderNumber": "PO98676856"}, 200, _content("PO98676856")),
    Example(_INVOICE, {}, 200, _content("mockpurchaseOrderNumber")),
    Example(_INVOICE, {"purchaseOrderNumber": "mockpurchaseOrderNumberDummy"}, 400, _NO_TRANSMISSION),
    Example(_DETAILS, {"shipmentId": "shipmentId1"}, 200, {"payload": _SHIPMENT}),
    Example(_DETAILS, {"shipmentId": "BadShipId"}, 400, _NO_SHIPMENT),
    Example(
        _SUBMIT,
        {
            "shipmentId": "shipmentId1",
            "body": {
                # A digest of nothing: neither of the text nor of what it decodes to, and in hex.
                "InvoiceContent": "SGF2ZSB0byBkZWFsIHdpdGggQmFzZTY0IGZvcm1hdD8=",
                "ContentMD5Value": "9906bd8f227f6a43f1e27db4b9258ad4",
            },
        },
        200,
        {},
    ),
    Example(
        _SUBMIT,
        {
            "shipmentId": "BadIDForShipment",
            "body": {
                "InvoiceContent": "NonBase64EncodedValue",
                "ContentMD5Value": "8f6df519a2125946820bc34a561164c2",
            },
        },
        400,
        _errors(
            "InvalidInput",
            "Shipment ID is invalid",
            "InvoiceContent fails encoding. Shipment 'BadIDForShipment' does not exist",
        ),
    ),
    Example(
        _STATUS,
        {"shipmentId": "shipmentId1"},
        200,
        {"payload": {"Shipments": {"AmazonShipmentId": "shipmentId1", "InvoiceStatus": "Accepted"}}},
    ),
    Example(_STATUS, {"shipmentId": "BadShipId"}, 400, _NO_SHIPMENT),
    Example(
        _TOKENS,
        _asking_for("/orders/v0/orders/{orderId}/address", targetApplication=_APPLICATION),
        200,
        {"restrictedDataToken": "Atz.sprdt|IQEBLjAsAhRmHjNgHpi0U-Dme37rR6CuUpSR", "expiresIn": 3600},
    ),
    Example(
        _TOKENS,
        _asking_for("/orders/v0/orders/943-12-123434/address"),
        200,
        {"restrictedDataToken": "Atz.sprdt|AODFNESLjAsAhRmHjNgHpi0U-Dme37rR6CuUpSR", "expiresIn": 3600},
    ),
    Example(
        _TOKENS,
        _asking_for("/orders/v1/orders/902-1845936-5435065/address", method="", targetApplication=_APPLICATION),
        400,
        _errors("InvalidRequest", "Request is missing or has invalid parameters", "Resource not provided."),
    ),
)


def answer(call: Call) -> Answer | None:
    """The answer of the most specific example that fits a call.

    ``None`` for a restricted data token that is in none: Amazon has one fetched from production and passed to its sandbox.

    Raises:
        Refusal: 400: no example fits.
    """
    asked = {placeholder(call.operation): call.identifier, **dict(call.query), "body": _json(call.body)}
    fitting = [one for one in EXAMPLES if one.operation == call.operation and _fits(one, asked)]
    if not fitting:
        if call.operation == _TOKENS:
            return None
        raise invalid("Could not match input arguments")
    best = max(fitting, key=lambda one: len(one.parameters))
    return answer_json(best.answer, best.status)


def _fits(example: Example, asked: Mapping[str, Any]) -> bool:
    """A body is compared as a value, all else as text: ``limit`` is the number 2 in the model and a text in the query."""
    return all(
        name in asked and asked[name] == (value if name == "body" else str(value))
        for name, value in example.parameters.items()
    )


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
