"""Amazon's hosts, marketplaces and operations as tables. The only place where a host, a path or a quota is written.

Sources: hosts and marketplaces are from the SP-API developer guide ("SP-API endpoints", "Marketplace IDs"); operations
are from the official models (amzn/selling-partner-api-models), named beside each row.
"""

from dataclasses import dataclass
from typing import Final, Literal

LWA_HOST: Final = "https://api.amazon.com"
# What this machine calls itself.
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the Selling Partner API. A refresh token belongs to one region."""

    code: str
    endpoint: str
    sandbox_endpoint: str


REGIONS: Final = {
    region.code: region
    for region in (
        Region(
            "na",
            "https://sellingpartnerapi-na.amazon.com",
            "https://sandbox.sellingpartnerapi-na.amazon.com",
        ),
        Region(
            "eu",
            "https://sellingpartnerapi-eu.amazon.com",
            "https://sandbox.sellingpartnerapi-eu.amazon.com",
        ),
        Region(
            "fe",
            "https://sellingpartnerapi-fe.amazon.com",
            "https://sandbox.sellingpartnerapi-fe.amazon.com",
        ),
    )
}

# Marketplace id by country code, then its region. The docs write UK today and wrote GB in 2022: both are here.
MARKETPLACES: Final = {
    "CA": ("A2EUQ1WTGCTBG2", "na"),
    "US": ("ATVPDKIKX0DER", "na"),
    "MX": ("A1AM78C64UM0Y8", "na"),
    "BR": ("A2Q3Y263D00KWC", "na"),
    "IE": ("A28R8C7NBKEWEA", "eu"),
    "ES": ("A1RKKUPIHCS9HS", "eu"),
    "UK": ("A1F83G8C2ARO7P", "eu"),
    "GB": ("A1F83G8C2ARO7P", "eu"),
    "FR": ("A13V1IB3VIYZZH", "eu"),
    "BE": ("AMEN7PMS3EDWL", "eu"),
    "NL": ("A1805IZSGTT6HS", "eu"),
    "DE": ("A1PA6795UKMFR9", "eu"),
    "IT": ("APJ6JRA9NG5V4", "eu"),
    "SE": ("A2NODRKZP88ZB9", "eu"),
    "ZA": ("AE08WJ6YKNBMC", "eu"),
    "PL": ("A1C3SOZRARQ6R3", "eu"),
    "EG": ("ARBP9OOSHTCHU", "eu"),
    "TR": ("A33AVAJ2PDY3EV", "eu"),
    "SA": ("A17E79C6D8DWNP", "eu"),
    "AE": ("A2VIGQ35RCS4UG", "eu"),
    "IN": ("A21TJRUUN4KGV", "eu"),
    "SG": ("A19VAU5U5O7RUS", "fe"),
    "AU": ("A39IBJ37TRP1C6", "fe"),
    "JP": ("A1VC38T7YXB528", "fe"),
}

# Which operations are sent with a restricted data token: those that Amazon's list restricts, all that are in an API version
# with one of those, or none.
Rdt = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one version of an API.

    Attributes:
        operation_id: Amazon's name of it.
        api: The model it belongs to. A restricted data token covers all restricted operations of one ``api`` and ``version``.
        version: As in the path.
        method: The HTTP method.
        path: The path with ``{placeholders}``, which is also what a restricted data token is asked for.
        rate: Tokens a second that refill the bucket; ``None`` where no usage plan is published.
        burst: Size of the bucket; ``None`` likewise.
        restricted: Needs a restricted data token.
        region: Where the operation is offered, so where to ask when the profile names no region; ``None`` means everywhere.
    """

    operation_id: str
    api: str
    version: str
    method: str
    path: str
    rate: float | None
    burst: int | None
    restricted: bool = False
    region: str | None = None


_DF, _BRAZIL = "vendorDirectFulfillmentShipping", "shipmentInvoicing"
_V1, _V2021 = "v1", "2021-12-28"
_DF_PATH = "/vendor/directFulfillment/shipping/"
_SHIPMENT_PATH = "/fba/outbound/brazil/v0/shipments/{shipmentId}"

# Customer invoices exist in the India marketplace only (guide "Get customer invoices"), shipment invoicing in Brazil only
# (guide "Shipment Invoicing API"); restricted: guide "Tokens API use case guide".
OPERATIONS: Final = (
    # vendorDirectFulfillmentShippingV1.json
    Operation(
        "getCustomerInvoices", _DF, _V1, "GET", f"{_DF_PATH}v1/customerInvoices", 10, 10, restricted=True, region="eu"
    ),
    Operation(
        "getCustomerInvoice",
        _DF,
        _V1,
        "GET",
        f"{_DF_PATH}v1/customerInvoices/{{purchaseOrderNumber}}",
        10,
        10,
        restricted=True,
        region="eu",
    ),
    # vendorDirectFulfillmentShipping_2021-12-28.json
    Operation(
        "getCustomerInvoices",
        _DF,
        _V2021,
        "GET",
        f"{_DF_PATH}2021-12-28/customerInvoices",
        10,
        10,
        restricted=True,
        region="eu",
    ),
    Operation(
        "getCustomerInvoice",
        _DF,
        _V2021,
        "GET",
        f"{_DF_PATH}2021-12-28/customerInvoices/{{purchaseOrderNumber}}",
        10,
        10,
        restricted=True,
        region="eu",
    ),
    # shipmentInvoicingV0.json
    Operation("getShipmentDetails", _BRAZIL, "v0", "GET", _SHIPMENT_PATH, 1.133, 25, restricted=True, region="na"),
    Operation("submitInvoice", _BRAZIL, "v0", "POST", f"{_SHIPMENT_PATH}/invoice", 1.133, 25, region="na"),
    Operation("getInvoiceStatus", _BRAZIL, "v0", "GET", f"{_SHIPMENT_PATH}/invoice/status", 1.133, 25, region="na"),
    # tokens_2021-03-01.json
    Operation(
        "createRestrictedDataToken", "tokens", "2021-03-01", "POST", "/tokens/2021-03-01/restrictedDataToken", 1, 10
    ),
    # Login with Amazon: developer guide, "Connecting to the Selling Partner API", step 1
    Operation("getAccessToken", "lwa", "o2", "POST", "/auth/o2/token", None, None),
)

_BY_NAME: Final = {(operation.operation_id, operation.version): operation for operation in OPERATIONS}


def operation(operation_id: str, version: str) -> Operation:
    """Find an operation by Amazon's name and version.

    >>> operation("getShipmentDetails", "v0").rate
    1.133
    """
    return _BY_NAME[operation_id, version]


def restricted_operations(api: str, version: str) -> tuple[Operation, ...]:
    """All operations of one API version that a restricted data token is asked for, in table order."""
    return tuple(row for row in OPERATIONS if row.restricted and (row.api, row.version) == (api, version))
