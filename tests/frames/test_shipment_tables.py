"""The shipment tables against an oracle that works record by record, in batches of any size."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_by_row import LIMIT, TOTALS, shipment

from spapi_invoices.core.models import Money, PaymentInformation, ShipmentDetail, ShipmentItem
from spapi_invoices.core.shipment_invoicing import ShipmentAnswer
from spapi_invoices.errors import NotFound
from spapi_invoices.frames import build
from spapi_invoices.frames.build import ShipmentRows
from spapi_invoices.frames.schemas import TABLES, polars_schema

NOW = datetime(2026, 10, 1, tzinfo=UTC)
GONE = NotFound("getShipmentDetails", 404, (), evidence="the body is empty")
plain = st.decimals(-1000, 1000, places=2).map(str)
odd = st.sampled_from(
    ["", "-3.00", "+4.1", "1.5000", "9999999999999999.99", "-9999999999999999.99", "12,50", "12.505", "x", "1\n", "٣"]
)
well_formed = st.builds(Money, CurrencyCode=st.just("BRL"), Amount=plain)
any_money = st.builds(
    Money, CurrencyCode=st.sampled_from(["BRL", "BRL", "USD", "", None]), Amount=plain | odd | st.none()
)


def details(
    money: st.SearchStrategy[Money], price: st.SearchStrategy[Money | None]
) -> st.SearchStrategy[ShipmentDetail]:
    """Shipments whose items have a price drawn from one strategy and all other amounts, if any, from another."""
    maybe = st.none() | money
    item = st.builds(
        ShipmentItem,
        ASIN=st.none() | st.text("AB", max_size=2),
        QuantityOrdered=st.none() | st.integers(0, 9).map(float),
        ItemPrice=price,
        ShippingPrice=maybe,
        GiftWrapPrice=maybe,
        ShippingDiscount=maybe,
        PromotionDiscount=maybe,
        SerialNumbers=st.none() | st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=3),
    )
    return st.builds(
        ShipmentDetail,
        AmazonShipmentId=st.sampled_from(["D1", "D1", "D2", None]),
        PaymentMethodDetails=st.none() | st.lists(st.sampled_from(["Pix", '"', ""]), max_size=2),
        Payments=st.lists(st.builds(PaymentInformation, PaymentValue=maybe), max_size=2),
        ShipmentItems=st.lists(item, min_size=1, max_size=3) | st.sampled_from([None, []]),
    )


answers = st.builds(
    ShipmentAnswer,
    details(well_formed, well_formed) | details(any_money, st.none() | any_money),
    st.sampled_from(
        [(), (), (), (), ("BuyerName: x",), ("ShipmentItems[0].ASIN: x", "Payments[1]: y"), ("Payments: z",)]
    ),
)


def gathered(taken: Sequence[ShipmentAnswer | None]) -> ShipmentRows:
    """All asked for as D1, a second apart; ``None`` is one that could not be had."""
    rows = ShipmentRows()
    for at, answer in enumerate(taken):
        if answer is None:
            rows.fail("D1", GONE, NOW + timedelta(seconds=at))
        else:
            rows.add("D1", answer, NOW + timedelta(seconds=at))
    return rows


@given(st.lists(answers, min_size=3, max_size=8))
def test_the_tables_say_what_the_records_say(taken: list[ShipmentAnswer]):
    """Currency, sums and problem of each shipment, and each item's amounts and problem, are those of the oracle."""
    frames, expected = gathered(taken).frames(), [shipment("D1", one) for one in taken]
    columns = ["currency", *TOTALS, "expected_amount", "paid_amount", "problem"]
    assert frames["shipments"].select(columns).rows() == [tuple(one[name] for name in columns) for one in expected]
    assert frames["items"].select(columns_of_items()).rows() == [
        (
            one["currency"],
            *one["amounts"],
            None if abs(one["expected"] or 0) >= LIMIT else one["expected"],
            "; ".join(one["problems"]) or None,
        )
        for found in expected
        for one in found["items"]
    ]
    assert frames["problems"]["problem"].to_list() == [one["problem"] for one in expected if one["problem"]]


def columns_of_items() -> list[str]:
    prices = ("item_price", "shipping_price", "gift_wrap_price", "shipping_discount", "promotion_discount")
    return ["currency", *prices, "expected_amount", "problem"]


@given(st.lists(answers, min_size=1, max_size=4))
def test_what_is_copied_is_as_amazon_sent_it(taken: list[ShipmentAnswer]):
    """Texts and lists of texts come out as they went in, in order; an empty list is not an absent one."""
    frames, items = gathered(taken).frames(), [one for each in taken for one in each.detail.ShipmentItems or ()]
    assert frames["shipments"]["payment_method_details"].to_list() == [one.detail.PaymentMethodDetails for one in taken]
    assert frames["items"].select("asin", "quantity_ordered", "serial_numbers").rows() == [
        (one.ASIN, one.QuantityOrdered, one.SerialNumbers) for one in items
    ]
    assert frames["items"]["line_number"].to_list() == [
        line for each in taken for line, _ in enumerate(each.detail.ShipmentItems or (), 1)
    ]


@settings(max_examples=25)
@given(st.lists(st.none() | answers, max_size=7), st.integers(1, 3))
def test_batches_do_not_show(taken: list[ShipmentAnswer | None], batch: int):
    """However many answers are copied at a time, the tables are the same, also when asked for again; failures keep their place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_BATCH", batch)
        rows = gathered(taken)
    frames, whole = rows.frames(), gathered(taken).frames()
    assert all(frames[name].equals(whole[name]) for name in whole)
    assert all(rows.frames()[name].equals(whole[name]) for name in whole)
    assert whole["shipments"]["fetched_at"].to_list() == [NOW + timedelta(seconds=at) for at in range(len(taken))]
    assert (whole["shipments"]["problem"] == str(GONE)).sum() == taken.count(None)


def test_nothing_asked_is_five_empty_tables():
    """Without answers each table has its columns and no row."""
    frames = ShipmentRows().frames()
    tables = ("shipments", "shipment_items", "shipment_payments", "shipment_tax_ids", "problems")
    assert [dict(found.schema) for found in frames.values()] == [polars_schema(TABLES[name]) for name in tables]
    assert all(found.is_empty() for found in frames.values())


def test_an_item_too_dear_for_its_column():
    """Amounts that fit and whose sum does not leave the item and its shipment without expected amount, and others whole."""
    most = Money(CurrencyCode="BRL", Amount="9999999999999999.99")
    dear = ShipmentDetail(AmazonShipmentId="D1", ShipmentItems=[ShipmentItem(ItemPrice=most, ShippingPrice=most)])
    cheap = ShipmentDetail(AmazonShipmentId="D1", ShipmentItems=[ShipmentItem(ItemPrice=most)])
    frames = gathered([ShipmentAnswer(dear), ShipmentAnswer(cheap)]).frames()
    assert frames["items"]["expected_amount"].to_list() == [None, Decimal("9999999999999999.99")]
    assert frames["shipments"]["expected_amount"].to_list() == [None, Decimal("9999999999999999.99")]
    assert frames["problems"].height == 1
    assert "ShipmentItems[0].expected_amount: the sum has more than 16 digits" in frames["problems"]["problem"][0]


def test_a_name_in_an_amount_is_not_shown():
    """A text that could be a person's name is told by its length."""
    item = ShipmentItem(ItemPrice=Money(CurrencyCode="BRL", Amount="Maria Silva"))
    frames = gathered([ShipmentAnswer(ShipmentDetail(AmazonShipmentId="D1", ShipmentItems=[item]))]).frames()
    (problem,) = frames["items"]["problem"]
    assert problem.startswith("ItemPrice.Amount: a text of 11 characters is no amount")
