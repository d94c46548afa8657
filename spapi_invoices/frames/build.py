"""From Amazon's structs to validated frames. Not for asking Amazon, and not for what a document states.

A record that is not as it should be stays as a row: what could be read is there, the rest is null, and ``problem`` names
field and reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl

from spapi_invoices.core.customer_invoices import CustomerInvoicePage
from spapi_invoices.core.media import Document, decode_base64
from spapi_invoices.core.models import (
    Address,
    Money,
    PaymentInformation,
    ShipmentDetail,
    ShipmentItem,
    TaxInfo,
)
from spapi_invoices.core.money import parse_amount
from spapi_invoices.core.shipment_invoicing import ShipmentAnswer
from spapi_invoices.core.windows import as_utc
from spapi_invoices.frames.schemas import (
    CustomerInvoices,
    InvoiceStatuses,
    Problems,
    ShipmentItems,
    ShipmentPayments,
    Shipments,
    ShipmentTaxIds,
    frame,
)

Row = dict[str, Any]
_LARGEST: Final = Decimal("9999999999999999.99")
# Item column, Amazon's field, its sign in the expected amount, the shipment column of its sum.
_MONEY: Final = (
    ("item_price", "ItemPrice", 1, "item_amount"),
    ("shipping_price", "ShippingPrice", 1, "shipping_amount"),
    ("gift_wrap_price", "GiftWrapPrice", 1, "gift_wrap_amount"),
    ("shipping_discount", "ShippingDiscount", -1, "shipping_discount_amount"),
    ("promotion_discount", "PromotionDiscount", -1, "promotion_discount_amount"),
)
_SUMS: Final = (*((column, total) for column, _, _, total in _MONEY), ("expected_amount", "expected_amount"))
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for and when the answer came, as the rows of `CustomerInvoices` repeat it.

    ``created_after`` and ``created_before`` are ``None`` if a purchase order was asked for by its number.
    """

    api_version: str
    fetched_at: datetime
    ship_from_party_id: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


def customer_invoice_rows(page: CustomerInvoicePage, asked: Asked) -> list[Row]:
    """The rows of one page, each document decoded, typed and hashed."""
    common = {
        "ship_from_party_id": asked.ship_from_party_id,
        "api_version": asked.api_version,
        "created_after": asked.created_after,
        "created_before": asked.created_before,
        "request_id": page.request_id,
        "fetched_at": asked.fetched_at,
    }
    rows = [
        {
            "purchase_order_number": invoice.purchaseOrderNumber,
            "media_type": document.media_type,
            "size_bytes": None if document.content is None else len(document.content),
            "sha256": document.sha256,
            "content": document.content,
            "problem": document.problem,
            **common,
        }
        for invoice, document in zip(page.invoices, _documents(page), strict=True)
    ]
    bad = [
        {"purchase_order_number": one.purchase_order_number, "sha256": one.sha256, "problem": one.reason, **common}
        for one in page.bad
    ]
    return rows + bad


def _documents(page: CustomerInvoicePage) -> list[Document]:
    """The documents of a page. Nearly all are plain base64, which polars decodes three times as fast; it finds the others."""
    texts = [invoice.content for invoice in page.invoices]
    contents = pl.Series(texts, dtype=pl.String).str.decode("base64", strict=False)
    return [
        Document.of(content) if content else decode_base64(text) for text, content in zip(texts, contents, strict=True)
    ]


def customer_invoices(rows: Sequence[Row]) -> pl.DataFrame:
    """The `CustomerInvoices` table; a purchase order's same document, seen twice, is kept once, the first time."""
    return frame(CustomerInvoices, _complete(CustomerInvoices, rows)).unique(
        ["purchase_order_number", "sha256"], keep="first", maintain_order=True
    )


def invoice_status_row(
    asked_id: str, status: str | None, problem: str | None, checked_at: datetime, request_id: str | None
) -> Row:
    """A row of `InvoiceStatuses`."""
    return {
        "amazon_shipment_id": asked_id,
        "invoice_status": status,
        "checked_at": checked_at,
        "problem": problem,
        "request_id": request_id,
    }


def invoice_statuses(rows: Sequence[Row]) -> pl.DataFrame:
    """The `InvoiceStatuses` table."""
    return frame(InvoiceStatuses, _complete(InvoiceStatuses, rows))


@dataclass(slots=True, repr=False)
class ShipmentRows:
    """Rows of the four shipment tables and of `Problems`, gathered answer by answer."""

    shipments: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    tax_ids: list[Row] = field(default_factory=list)
    problems: list[Row] = field(default_factory=list)

    def add(self, asked_id: str, answer: ShipmentAnswer, fetched_at: datetime) -> None:
        """Add the rows of one answer, all under the id that was asked for."""
        # An entry with an unreadable field is marked, for what is absent must not count as zero in a sum.
        broken = {
            name for name in ("ShipmentItems", "Payments") if any(one.startswith(name) for one in answer.problems)
        }
        items = [
            _item(asked_id, at, item, "ShipmentItems" not in broken)
            for at, item in enumerate(answer.detail.ShipmentItems or (), 1)
        ]
        payments = [
            _payment(asked_id, at, payment, "Payments" not in broken)
            for at, payment in enumerate(answer.detail.Payments or (), 1)
        ]
        row = _shipment(asked_id, answer, items, payments)
        row |= {"request_id": answer.request_id, "fetched_at": fetched_at}
        self.shipments.append(row)
        self.items += items
        self.payments += payments
        self.tax_ids += _tax_ids(asked_id, answer.detail)
        if row["problem"]:
            self.problem(asked_id, row["problem"], answer.request_id)

    def fail(self, asked_id: str, problem: str, request_id: str | None, fetched_at: datetime) -> None:
        """Add a shipment that could not be had, as a row of its own."""
        self.shipments.append(
            {"amazon_shipment_id": asked_id, "problem": problem, "request_id": request_id, "fetched_at": fetched_at}
        )
        self.problem(asked_id, problem, request_id)

    def problem(self, record: str, problem: str, request_id: str | None) -> None:
        """Add a row to `Problems`."""
        self.problems.append(
            {"record": record, "operation": "getShipmentDetails", "problem": problem, "request_id": request_id}
        )

    def frames(self) -> dict[str, pl.DataFrame]:
        """The validated tables by name: shipments, items, payments, tax_ids, problems."""
        tables = {
            "shipments": Shipments,
            "items": ShipmentItems,
            "payments": ShipmentPayments,
            "tax_ids": ShipmentTaxIds,
            "problems": Problems,
        }
        return {name: frame(table, _complete(table, getattr(self, name))) for name, table in tables.items()}


def _complete(table: type[Any], rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Rows as tuples in column order; a column that a row does not have is null."""
    columns = table.to_schema().columns
    return [tuple(row.get(name) for name in columns) for row in rows]


def _shipment(asked_id: str, answer: ShipmentAnswer, items: list[Row], payments: list[Row]) -> Row:
    detail = answer.detail
    problems = [*answer.problems, *_line_problems("ShipmentItems", items), *_line_problems("Payments", payments)]
    if detail.AmazonShipmentId is None:
        problems.append("AmazonShipmentId: missing")
    elif detail.AmazonShipmentId != asked_id:
        problems.append(f"AmazonShipmentId: asked for {asked_id}, got {detail.AmazonShipmentId}")
    if not items:
        problems.append("ShipmentItems: none")
    currency = _one_currency([item["currency"] for item in items])
    # The amounts of another shipment are not this one's.
    summable = all(item["readable"] for item in items) and detail.AmazonShipmentId in {None, asked_id}
    if items and currency is None and all(item["currency"] for item in items):
        problems.append("ShipmentItems: more than one currency, so no sum")
    address = detail.ShippingAddress or Address()
    row: Row = {
        "amazon_shipment_id": asked_id,
        "amazon_order_id": detail.AmazonOrderId,
        "purchase_date": _instant(detail.PurchaseDate, problems),
        "warehouse_id": detail.WarehouseId,
        "marketplace_id": detail.MarketplaceId,
        "seller_id": detail.SellerId,
        "seller_display_name": detail.SellerDisplayName,
        "buyer_name": detail.BuyerName,
        "buyer_county": detail.BuyerCounty,
        **{column: getattr(address, name) for column, name in _ADDRESS.items()},
        "payment_method_details": detail.PaymentMethodDetails,
        "currency": currency,
        "item_count": len(items),
        "quantity": _sum_quantity(items) if summable else None,
        **{
            total: _sum([item[column] for item in items], problems, total) if currency and summable else None
            for column, total in _SUMS
        },
        "paid_amount": _paid(payments, currency, problems) if summable else None,
    }
    return row | {"problem": "; ".join(problems) or None}


def _item(shipment_id: str, line_number: int, item: ShipmentItem, readable: bool) -> Row:  # noqa: FBT001 - private
    problems: list[str] = []
    amounts = {column: _amount(name, getattr(item, name), problems) for column, name, _, _ in _MONEY}
    readable = readable and not problems
    for column, name, sign, _ in _MONEY:
        if sign < 0 and (amount := amounts[column]) is not None and amount < 0:
            problems.append(f"{name}.Amount: {amount} is negative; its absolute value is subtracted")
            amounts[column] = -amount
    currency = _one_currency([money.CurrencyCode for _, name, _, _ in _MONEY if (money := getattr(item, name))])
    if currency is None:
        problems.append("CurrencyCode: missing, or more than one in the item")
    expected = None
    if currency is not None and readable:
        expected = sum((sign * (amounts[column] or 0) for column, _, sign, _ in _MONEY), Decimal("0.00"))
    return {
        "amazon_shipment_id": shipment_id,
        "line_number": line_number,
        "asin": item.ASIN,
        "seller_sku": item.SellerSKU,
        "order_item_id": item.OrderItemId,
        "title": item.Title,
        "quantity_ordered": item.QuantityOrdered,
        "currency": currency,
        **amounts,
        "expected_amount": expected,
        "serial_numbers": item.SerialNumbers,
        **_state(problems, readable=readable),
    }


def _payment(shipment_id: str, line_number: int, payment: PaymentInformation, readable: bool) -> Row:  # noqa: FBT001 - private
    problems: list[str] = []
    value = _amount("PaymentValue", payment.PaymentValue, problems)
    return {
        "amazon_shipment_id": shipment_id,
        "line_number": line_number,
        "payment_method": payment.PaymentMethod,
        "acquirer_id": payment.AcquirerId,
        "card_brand": payment.CardBrand,
        "currency": payment.PaymentValue.CurrencyCode if payment.PaymentValue else None,
        "payment_value": value,
        "authorization_code": payment.AuthorizationCode,
        **_state(problems, readable=readable and not problems),
    }


def _state(problems: list[str], *, readable: bool) -> Row:
    """The column ``problem``, and for the shipment's row what stands behind it: each problem, and whether all amounts count."""
    return {"problem": "; ".join(problems) or None, "problems": problems, "readable": readable}


def _tax_ids(shipment_id: str, detail: ShipmentDetail) -> list[Row]:
    parties = (("buyer", detail.BuyerTaxInfo), ("marketplace", detail.MarketplaceTaxInfo))
    named = [(party, info, one) for party, info in parties for one in (info or TaxInfo()).TaxClassifications or ()]
    return [
        {
            "amazon_shipment_id": shipment_id,
            "line_number": at,
            "party": party,
            "company_legal_name": info.CompanyLegalName if info else None,
            "taxing_region": info.TaxingRegion if info else None,
            "name": one.Name,
            "value": one.Value,
        }
        for at, (party, info, one) in enumerate(named, 1)
    ]


def _amount(name: str, money: Money | None, problems: list[str]) -> Decimal | None:
    """The amount; ``None`` if there is none. An absent ItemPrice is a problem, any other absent amount counts as zero."""
    if money is None or money.Amount is None:
        if name == "ItemPrice" or money is not None:
            problems.append(f"{name}.Amount: missing")
        return None
    try:
        return parse_amount(money.Amount)
    except ValueError as error:
        problems.append(f"{name}.Amount: {error}")
        return None


def _one_currency(currencies: list[str | None]) -> str | None:
    return currencies[0] if currencies and len(set(currencies)) == 1 else None


def _sum(amounts: list[Decimal | None], problems: list[str], name: str) -> Decimal | None:
    """The exact sum; ``None`` if there is nothing to add."""
    known = [amount for amount in amounts if amount is not None]
    if not known:
        return None
    total = sum(known, Decimal("0.00"))
    if abs(total) > _LARGEST:
        problems.append(f"{name}: the sum has more than 16 digits before the point")
        return None
    return total


def _sum_quantity(items: list[Row]) -> float | None:
    known = [item["quantity_ordered"] for item in items if item["quantity_ordered"] is not None]
    return sum(known) if known else None


def _paid(payments: list[Row], currency: str | None, problems: list[str]) -> Decimal | None:
    if currency is None or not all(payment["readable"] and payment["currency"] == currency for payment in payments):
        return None
    return _sum([payment["payment_value"] for payment in payments], problems, "paid_amount")


def _instant(text: str | None, problems: list[str]) -> datetime | None:
    if text is None:
        return None
    try:
        return as_utc(datetime.fromisoformat(text), "PurchaseDate")
    except ValueError:
        # InvalidRequest, which as_utc raises for a time without zone or out of the calendar, is one.
        problems.append("PurchaseDate: no ISO 8601 time with a zone")
        return None


def _line_problems(name: str, rows: list[Row]) -> list[str]:
    return [f"{name}[{row['line_number'] - 1}].{problem}" for row in rows for problem in row["problems"]]
