"""Amazon's JSON as msgspec structs, field names exactly Amazon's. Not for judging values: `spapi_invoices.frames` does.

Every field that Amazon does not mark as required may be absent, which reads as ``None``. Enums that Amazon may extend are
texts; the values known today are listed as ``KNOWN_*`` and checked against the official models in the tests.

Sources: shipmentInvoicingV0.json, vendorDirectFulfillmentShippingV1.json, vendorDirectFulfillmentShipping_2021-12-28.json,
tokens_2021-03-01.json of amzn/selling-partner-api-models.
"""

# Amazon's spelling, not ours.
# ruff: noqa: N815
from functools import cache
from typing import Any, Final

import msgspec

KNOWN_ADDRESS_TYPES: Final = ("Residential", "Commercial")
KNOWN_PAYMENT_METHODS: Final = ("CreditCard", "DebitCard", "Pix", "BankSlip", "GiftCard", "Other")
KNOWN_INVOICE_STATUSES: Final = ("Processing", "Accepted", "Errored", "NotFound")
SORT_ORDERS: Final = ("ASC", "DESC")


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Immutable, fields by name."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """No fields for ``rich`` to print: msgspec's own gives all, tokens and names included."""
        return []


class Answered(_Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A part of an answer. A field that is not here is refused, so that none is passed over: `core.lenient` reads on, and names it.

    The garbage collector need not look at these: what is frozen and made of texts and numbers has no cycle.
    """


class Error(_Struct, frozen=True):
    """An entry of an error list."""

    code: str
    message: str
    details: str | None = None


class Pagination(Answered, frozen=True):
    """``nextToken`` is absent on the last page."""

    nextToken: str | None = None


class CustomerInvoice(Answered, frozen=True):
    """A purchase order's invoice; ``content`` is the document in base64, in India a PDF."""

    purchaseOrderNumber: str
    content: str

    def __repr__(self) -> str:
        return f"CustomerInvoice({self.purchaseOrderNumber}, {len(self.content)} characters)"


class CustomerInvoiceList(Answered, frozen=True):
    """One page of invoices."""

    pagination: Pagination | None = None
    customerInvoices: list[CustomerInvoice] | None = None


class Money(Answered, frozen=True):
    """``Amount`` is a decimal text."""

    CurrencyCode: str | None = None
    Amount: str | None = None


class Address(Answered, frozen=True):
    """Where a shipment goes. Personal data."""

    Name: str | None = None
    AddressLine1: str | None = None
    AddressLine2: str | None = None
    AddressLine3: str | None = None
    City: str | None = None
    County: str | None = None
    District: str | None = None
    StateOrRegion: str | None = None
    PostalCode: str | None = None
    CountryCode: str | None = None
    Phone: str | None = None
    AddressType: str | None = None

    def __repr__(self) -> str:
        return "Address('***')"


class PaymentInformation(Answered, frozen=True):
    """A payment. ``AcquirerId`` is the acquirer's CNPJ; ``AuthorizationCode`` is personal data."""

    PaymentMethod: str | None = None
    AcquirerId: str | None = None
    CardBrand: str | None = None
    PaymentValue: Money | None = None
    AuthorizationCode: str | None = None

    def __repr__(self) -> str:
        return f"PaymentInformation({self.PaymentMethod!r})"


class TaxClassification(Answered, frozen=True):
    """A tax identifier, as CNPJ or CPF, and its value."""

    Name: str | None = None
    Value: str | None = None

    def __repr__(self) -> str:
        return f"TaxClassification({self.Name!r})"


class TaxInfo(Answered, frozen=True):
    """Tax identifiers of the buyer (``BuyerTaxInfo``, personal data) or of the marketplace (``MarketplaceTaxInfo``)."""

    CompanyLegalName: str | None = None
    TaxingRegion: str | None = None
    TaxClassifications: list[TaxClassification] | None = None

    def __repr__(self) -> str:
        return "TaxInfo('***')"


class ShipmentItem(Answered, frozen=True):
    """A line. ``ItemPrice`` is already multiplied by ``QuantityOrdered`` and excludes shipping and gift wrap."""

    ASIN: str | None = None
    SellerSKU: str | None = None
    OrderItemId: str | None = None
    Title: str | None = None
    QuantityOrdered: float | None = None
    ItemPrice: Money | None = None
    ShippingPrice: Money | None = None
    GiftWrapPrice: Money | None = None
    ShippingDiscount: Money | None = None
    PromotionDiscount: Money | None = None
    SerialNumbers: list[str] | None = None


class ShipmentDetail(Answered, frozen=True):
    """What a seller needs to issue a shipment's invoice."""

    WarehouseId: str | None = None
    AmazonOrderId: str | None = None
    AmazonShipmentId: str | None = None
    PurchaseDate: str | None = None
    ShippingAddress: Address | None = None
    PaymentMethodDetails: list[str] | None = None
    Payments: list[PaymentInformation] | None = None
    MarketplaceId: str | None = None
    SellerId: str | None = None
    BuyerName: str | None = None
    BuyerCounty: str | None = None
    BuyerTaxInfo: TaxInfo | None = None
    MarketplaceTaxInfo: TaxInfo | None = None
    SellerDisplayName: str | None = None
    ShipmentItems: list[ShipmentItem] | None = None

    def __repr__(self) -> str:
        return f"ShipmentDetail({self.AmazonShipmentId!r}, {len(self.ShipmentItems or ())} items)"


class SubmitInvoiceRequest(_Struct, frozen=True, omit_defaults=True):
    """``ContentMD5Value`` is the base64 of the 16-byte MD5 of the document's bytes, not of their base64."""

    InvoiceContent: str
    ContentMD5Value: str
    MarketplaceId: str | None = None

    def __repr__(self) -> str:
        return f"SubmitInvoiceRequest({len(self.InvoiceContent)} characters)"


class ShipmentInvoiceStatusInfo(Answered, frozen=True):
    """A shipment and the state of its invoice."""

    AmazonShipmentId: str | None = None
    InvoiceStatus: str | None = None


class RestrictedResource(_Struct, frozen=True, omit_defaults=True):
    """A path, concrete or with its placeholders, that a restricted data token shall open."""

    method: str
    path: str
    dataElements: list[str] | None = None


class CreateRestrictedDataTokenRequest(_Struct, frozen=True, omit_defaults=True):
    """At most 50 resources."""

    restrictedResources: list[RestrictedResource]
    targetApplication: str | None = None


class CreateRestrictedDataTokenResponse(_Struct, frozen=True):
    """``expiresIn`` is in seconds."""

    restrictedDataToken: str
    expiresIn: int

    def __repr__(self) -> str:
        return f"CreateRestrictedDataTokenResponse(expiresIn={self.expiresIn})"


class AccessTokenResponse(_Struct, frozen=True):
    """Login with Amazon's answer; ``expires_in`` is in seconds."""

    access_token: str
    expires_in: int
    token_type: str = "bearer"  # noqa: S105 - a kind, not a token
    refresh_token: str | None = None
    scope: str | None = None

    def __repr__(self) -> str:
        return f"AccessTokenResponse(expires_in={self.expires_in})"


def unknown_fields(raw: Any, struct: type[msgspec.Struct]) -> frozenset[str]:  # noqa: ANN401 - parsed JSON
    """Name the fields in ``raw`` that ``struct`` does not know, list indexes left out.

    >>> sorted(unknown_fields({"Amount": "1", "Tax": {"Rate": 1}}, Money))
    ['Tax']
    """
    return known_part(raw, struct)[1]


def known_part(raw: Any, struct: type[msgspec.Struct]) -> tuple[Any, frozenset[str]]:  # noqa: ANN401 - parsed JSON
    """A copy without the fields that ``struct`` does not know, and their names, list indexes left out."""
    unknown: set[str] = set()
    return _known(raw, struct, "", unknown), frozenset(unknown)


def _known(raw: Any, struct: type[msgspec.Struct], at: str, unknown: set[str]) -> Any:  # noqa: ANN401 - parsed JSON
    if not isinstance(raw, dict):
        return raw
    inside, kept = _inside(struct), {}
    for name, value in raw.items():
        if name not in inside:
            unknown.add(at + name)
        elif (inner := inside[name]) is None:
            kept[name] = value
        elif isinstance(value, list):
            path = f"{at}{name}."
            kept[name] = [_known(one, inner, path, unknown) for one in value]
        else:
            kept[name] = _known(value, inner, f"{at}{name}.", unknown)
    return kept


# msgspec reads the annotations anew each time, which takes longer than a shipment.
fields: Final = cache(msgspec.structs.fields)


@cache
def _inside(struct: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct] | None]:
    """Each field's name in JSON, and the struct in it."""
    return {field.encode_name: _struct_in(field.type) for field in fields(struct)}


def _struct_in(annotation: Any) -> type[msgspec.Struct] | None:  # noqa: ANN401 - a type annotation
    """The struct inside ``X | None`` or ``list[X] | None``, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation
    return next((found for inner in getattr(annotation, "__args__", ()) if (found := _struct_in(inner))), None)
