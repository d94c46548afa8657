"""Shipments as structs become raw columns: copied, not judged. Not for sums or problems: `frames.shipment_tables` has them.

Column by column, for a row of Python's own per shipment, item or payment would take more time and memory than reading did.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
import polars as pl

from spapi_invoices.core.models import Address, Money, ShipmentDetail
from spapi_invoices.core.shipment_invoicing import ShipmentAnswer


class Price(NamedTuple):
    """An amount of a line.

    Attributes:
        column: In the table of the lines.
        field: Amazon's.
        total: The shipment's column of its sum.
        sign: In the expected amount.
        required: An amount that is absent is a problem, and does not count as zero.
    """

    column: str
    field: str
    total: str
    sign: int = 1
    required: bool = False


PRICES: Final = (
    Price("item_price", "ItemPrice", "item_amount", required=True),
    Price("shipping_price", "ShippingPrice", "shipping_amount"),
    Price("gift_wrap_price", "GiftWrapPrice", "gift_wrap_amount"),
    Price("shipping_discount", "ShippingDiscount", "shipping_discount_amount", sign=-1),
    Price("promotion_discount", "PromotionDiscount", "promotion_discount_amount", sign=-1),
)
PAYMENT_VALUE: Final = Price("payment_value", "PaymentValue", "paid_amount")
# Column -> Amazon's field.
_SHIPMENT: Final = {
    "answered_id": "AmazonShipmentId",
    "amazon_order_id": "AmazonOrderId",
    "purchase_date.text": "PurchaseDate",
    "warehouse_id": "WarehouseId",
    "marketplace_id": "MarketplaceId",
    "seller_id": "SellerId",
    "seller_display_name": "SellerDisplayName",
    "buyer_name": "BuyerName",
    "buyer_county": "BuyerCounty",
}
_ADDRESS: Final = {
    "ship_to_name": "Name",
    "ship_to_address_line1": "AddressLine1",
    "ship_to_address_line2": "AddressLine2",
    "ship_to_address_line3": "AddressLine3",
    "ship_to_city": "City",
    "ship_to_county": "County",
    "ship_to_district": "District",
    "ship_to_state_or_region": "StateOrRegion",
    "ship_to_postal_code": "PostalCode",
    "ship_to_country_code": "CountryCode",
    "ship_to_phone": "Phone",
    "ship_to_address_type": "AddressType",
}
_ITEM: Final = {
    "asin": "ASIN",
    "seller_sku": "SellerSKU",
    "order_item_id": "OrderItemId",
    "title": "Title",
    "quantity_ordered": "QuantityOrdered",
}
_PAYMENT: Final = {
    "payment_method": "PaymentMethod",
    "acquirer_id": "AcquirerId",
    "card_brand": "CardBrand",
    "authorization_code": "AuthorizationCode",
}
_TAX_INFO: Final = {"company_legal_name": "CompanyLegalName", "taxing_region": "TaxingRegion"}
_TAX_ID: Final = {"name": "Name", "value": "Value"}
_NOWHERE: Final = Address()
# A column without a row here holds texts.
_KINDS: Final[dict[str, type[pl.DataType]]] = {
    "at": pl.UInt32,
    "items_read": pl.Boolean,
    "payments_read": pl.Boolean,
    "quantity_ordered": pl.Float64,
    "fetched_at": pl.Int64,
    "attempts": pl.Int64,
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Columns = dict[str, list[Any]]
_Numbered = Sequence[tuple[int, ShipmentDetail]]


class Taken(NamedTuple):
    """An answer: its place among all, the shipment id that was asked for, and when it came."""

    at: int
    asked_id: str
    answer: ShipmentAnswer
    fetched_at: datetime


class RawShipments(NamedTuple):
    """What answers hold, in four frames; ``at`` in each is the place of the answer, in ascending order.

    An amount is two texts, ``<column>.amount`` and ``<column>.currency``: null if Amazon sent no such amount, empty if the
    amount has no such part. A list of texts is JSON, and ``fetched_at`` in microseconds: over Python's own lists and times
    polars takes ten times as long.
    """

    shipments: pl.DataFrame
    items: pl.DataFrame
    payments: pl.DataFrame
    tax_ids: pl.DataFrame


def raw_shipments(taken: Sequence[Taken]) -> RawShipments:
    """Copy answers into columns."""
    numbered = [(one.at, one.answer.detail) for one in taken]
    return RawShipments(
        _frame(_shipments(taken)),
        _frame(_items(numbered)),
        _frame(_payments(numbered)),
        _frame(_tax_ids(numbered)),
    )


def joined(parts: Iterable[RawShipments]) -> RawShipments:
    """The parts one after the other."""
    return RawShipments(*(pl.concat(frames, rechunk=True) for frames in zip(*parts, strict=True)))


def _shipments(taken: Sequence[Taken]) -> Columns:
    answers = [one.answer for one in taken]
    details = [answer.detail for answer in answers]
    return {
        "at": [one.at for one in taken],
        "amazon_shipment_id": [one.asked_id for one in taken],
        **_fields(details, _SHIPMENT),
        **_fields([detail.ShippingAddress or _NOWHERE for detail in details], _ADDRESS),
        "payment_method_details": _json(detail.PaymentMethodDetails for detail in details),
        "unread": ["; ".join(answer.problems) or None for answer in answers],
        "items_read": [_is_read(answer, "ShipmentItems") for answer in answers],
        "payments_read": [_is_read(answer, "Payments") for answer in answers],
        "request_id": [answer.request_id for answer in answers],
        "attempts": [answer.attempts for answer in answers],
        "fetched_at": [(one.fetched_at - _EPOCH) // _MICROSECOND for one in taken],
    }


def _items(numbered: _Numbered) -> Columns:
    items = [(at, item) for at, detail in numbered for item in detail.ShipmentItems or ()]
    serials = _json(item.SerialNumbers for _, item in items)
    return _lines(items, _ITEM, PRICES) | {"serial_numbers": serials}


def _payments(numbered: _Numbered) -> Columns:
    payments = [(at, payment) for at, detail in numbered for payment in detail.Payments or ()]
    return _lines(payments, _PAYMENT, (PAYMENT_VALUE,))


def _lines(numbered: Sequence[tuple[int, Any]], names: Mapping[str, str], prices: Iterable[Price]) -> Columns:
    records = [record for _, record in numbered]
    columns = {"at": [at for at, _ in numbered], **_fields(records, names)}
    for column, field, *_ in prices:
        found: list[Money | None] = list(map(attrgetter(field), records))
        columns[f"{column}.amount"] = [None if one is None else one.Amount or "" for one in found]
        columns[f"{column}.currency"] = [None if one is None else one.CurrencyCode or "" for one in found]
    return columns


def _tax_ids(numbered: _Numbered) -> Columns:
    named = [
        (at, party, info, one)
        for at, detail in numbered
        for party, info in (("buyer", detail.BuyerTaxInfo), ("marketplace", detail.MarketplaceTaxInfo))
        if info is not None
        for one in info.TaxClassifications or ()
    ]
    return {
        "at": [at for at, _, _, _ in named],
        "party": [party for _, party, _, _ in named],
        **_fields([info for _, _, info, _ in named], _TAX_INFO),
        **_fields([one for _, _, _, one in named], _TAX_ID),
    }


def _fields(records: Sequence[Any], names: Mapping[str, str]) -> Columns:
    return {column: list(map(attrgetter(name), records)) for column, name in names.items()}


def _is_read(answer: ShipmentAnswer, section: str) -> bool:
    """No entry of the section has a field that could not be read: what is absent must not count as zero in a sum."""
    return not answer.problems or not any(problem.startswith(section) for problem in answer.problems)


def _json(lists: Iterable[list[str] | None]) -> list[str | None]:
    return [None if texts is None else msgspec.json.encode(texts).decode() for texts in lists]


def _frame(columns: Columns) -> pl.DataFrame:
    return pl.DataFrame([pl.Series(name, values, _KINDS.get(name, pl.String)) for name, values in columns.items()])
