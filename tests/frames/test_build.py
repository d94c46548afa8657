"""From structs to frames: what is computed, and what becomes of what is wrong."""

import base64
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.customer_invoices import CustomerInvoicePage
from spapi_invoices.core.media import Document, decode_base64
from spapi_invoices.core.models import (
    CustomerInvoice,
    Money,
    PaymentInformation,
    ShipmentDetail,
    ShipmentItem,
    TaxClassification,
    TaxInfo,
)
from spapi_invoices.core.shipment_invoicing import ShipmentAnswer
from spapi_invoices.frames.build import Asked, ShipmentRows, customer_invoice_rows

NOW = datetime(2026, 10, 1, tzinfo=UTC)
cents = st.integers(0, 10**12).map(lambda value: Decimal(value) / 100)


def money(amount: object, currency: str | None = "BRL") -> Money:
    return Money(CurrencyCode=currency, Amount=str(amount))


def built(*details: ShipmentDetail, problems: tuple[str, ...] = ()) -> dict[str, pl.DataFrame]:
    rows = ShipmentRows()
    for detail in details:
        rows.add("D1", ShipmentAnswer(detail, problems), NOW)
    return rows.frames()


items = st.lists(
    st.builds(
        ShipmentItem,
        QuantityOrdered=st.integers(1, 9).map(float),
        ItemPrice=cents.map(money),
        ShippingPrice=st.none() | cents.map(money),
        GiftWrapPrice=st.none() | cents.map(money),
        ShippingDiscount=st.none() | cents.map(money),
        PromotionDiscount=st.none() | cents.map(money),
    ),
    min_size=1,
    max_size=5,
)


def amount(price: Money | None) -> Decimal:
    return Decimal(0) if price is None or price.Amount is None else Decimal(price.Amount)


@given(items)
def test_the_expected_amount_is_the_formula(lines: list[ShipmentItem]):
    """Over the items: item + shipping + gift wrap - shipping discount - promotion discount, exactly; quantity has no part in it."""
    row = built(ShipmentDetail(AmazonShipmentId="D1", ShipmentItems=lines))["shipments"].row(0, named=True)
    plus = sum(amount(line.ItemPrice) + amount(line.ShippingPrice) + amount(line.GiftWrapPrice) for line in lines)
    minus = sum(amount(line.ShippingDiscount) + amount(line.PromotionDiscount) for line in lines)
    assert row["expected_amount"] == plus - minus
    assert row["item_amount"] == sum(amount(line.ItemPrice) for line in lines)
    assert row["problem"] is None


def test_two_currencies_have_no_sum():
    """Items in two currencies: no currency, no amount, a problem that says so; each item keeps its own."""
    lines = [ShipmentItem(ItemPrice=money("1")), ShipmentItem(ItemPrice=money("2", "USD"))]
    frames = built(ShipmentDetail(AmazonShipmentId="D1", ShipmentItems=lines))
    row = frames["shipments"].row(0, named=True)
    assert (row["currency"], row["expected_amount"]) == (None, None)
    assert "more than one currency" in row["problem"]
    assert frames["items"].select("currency", "expected_amount").rows() == [
        ("BRL", Decimal("1.00")),
        ("USD", Decimal("2.00")),
    ]


def test_one_bad_item_leaves_no_total():
    """A shipment with an unreadable price has no expected amount, though the other item is fine."""
    lines = [ShipmentItem(ItemPrice=money("1")), ShipmentItem(ItemPrice=money("1,00"))]
    frames = built(ShipmentDetail(AmazonShipmentId="D1", ShipmentItems=lines))
    assert frames["shipments"]["expected_amount"].to_list() == [None]
    assert "ShipmentItems[1].ItemPrice.Amount: '1,00'" in frames["shipments"]["problem"][0]


def test_payments_in_another_currency_are_not_added():
    """The sum of the payments is null if one is in another currency than the items; that is no problem."""
    payment = PaymentInformation(PaymentMethod="Pix", PaymentValue=money("100", "BRL"))
    detail = ShipmentDetail(
        AmazonShipmentId="D1", ShipmentItems=[ShipmentItem(ItemPrice=money("1", "USD"))], Payments=[payment]
    )
    assert built(detail)["shipments"].select("paid_amount", "problem").row(0) == (None, None)


def test_no_payments_are_no_zero():
    """Without payments the amount paid is not known, rather than zero."""
    detail = ShipmentDetail(AmazonShipmentId="D1", ShipmentItems=[ShipmentItem(ItemPrice=money("1"))])
    assert built(detail)["shipments"]["paid_amount"].to_list() == [None]


def test_a_sum_too_large_is_a_problem():
    """Two amounts that fit, whose sum does not: no amount, and a problem."""
    lines = [ShipmentItem(ItemPrice=money("9999999999999999.99"))] * 2
    row = built(ShipmentDetail(AmazonShipmentId="D1", ShipmentItems=lines))["shipments"].row(0, named=True)
    assert row["expected_amount"] is None
    assert "more than 16 digits" in row["problem"]


def test_a_missing_id_is_the_one_that_was_asked_for():
    """A shipment without id is named by the id it was asked by, with a problem."""
    row = built(ShipmentDetail(ShipmentItems=[ShipmentItem(ItemPrice=money("1"))]))["shipments"].row(0, named=True)
    assert (row["amazon_shipment_id"], row["problem"]) == ("D1", "AmazonShipmentId: missing")


def test_tax_ids_name_their_party():
    """A row per classification, buyer before marketplace, numbered through."""
    info = TaxInfo(CompanyLegalName="x", TaxClassifications=[TaxClassification(Name="CNPJ", Value="1")])
    frames = built(ShipmentDetail(AmazonShipmentId="D1", BuyerTaxInfo=info, MarketplaceTaxInfo=info))
    assert frames["tax_ids"].select("line_number", "party", "name", "value").rows() == [
        (1, "buyer", "CNPJ", "1"),
        (2, "marketplace", "CNPJ", "1"),
    ]


@given(
    st.lists(
        st.binary(max_size=40).map(lambda content: base64.b64encode(content).decode())
        | st.binary(max_size=40).map(lambda content: base64.urlsafe_b64encode(content).decode().rstrip("="))
        | st.text("ABab01+/=\n-_ ", max_size=12),
        max_size=5,
    )
)
def test_a_page_of_documents_is_decoded_as_each_alone(texts: list[str]):
    """What a page's document is does not depend on how a page is decoded: by one rule, odd texts beside plain ones."""
    page = CustomerInvoicePage(tuple(CustomerInvoice(str(at), text) for at, text in enumerate(texts)))
    rows = customer_invoice_rows(page, Asked("v1", NOW))
    alone = [decode_base64(text) for text in texts]
    assert [Document(row["sha256"], row["content"], row["media_type"], row["problem"]) for row in rows] == alone
