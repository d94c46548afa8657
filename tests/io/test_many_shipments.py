"""Twenty thousand shipments of which one is bad: it alone is a problem, named by shipment and field."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl
import pytest

from spapi_invoices.core.shipment_invoicing import parse_get_shipment_details
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.frames.build import ShipmentRows
from spapi_invoices.io.client import Client

COUNT, BAD = 20_000, 12_345
NOW = datetime(2026, 10, 1, tzinfo=UTC)
IDS = [f"D{at}" for at in range(COUNT)]


def detail(shipment_id: str) -> dict[str, Any]:
    money = {"CurrencyCode": "BRL", "Amount": "12.50"}
    item = {"ASIN": "B0", "QuantityOrdered": 2, "ItemPrice": money, "ShippingPrice": money, "SerialNumbers": []}
    return {"AmazonShipmentId": shipment_id, "ShipmentItems": [item, item]}


def wrong_type(good: dict[str, Any]) -> None:
    good["ShipmentItems"][1] |= {"QuantityOrdered": "two"}


def comma(good: dict[str, Any]) -> None:
    good["ShipmentItems"][1] |= {"ItemPrice": {"CurrencyCode": "BRL", "Amount": "12,50"}}


def without_id(good: dict[str, Any]) -> None:
    del good["AmazonShipmentId"]


FAULTS = [
    (wrong_type, "ShipmentItems[1].QuantityOrdered: Expected `float | null`, got `str`"),
    (comma, "ShipmentItems[1].ItemPrice.Amount: '12,50' is no amount with a decimal point and at most 2 decimals"),
    (without_id, "AmazonShipmentId: missing"),
]


def bodies(spoil: Callable[[dict[str, Any]], None]) -> dict[str, bytes]:
    bad = msgspec.convert(detail(IDS[BAD]), dict[str, Any])
    bad["ShipmentItems"] = [dict(one) for one in bad["ShipmentItems"]]
    spoil(bad)
    return {one: msgspec.json.encode({"payload": detail(one)}) for one in IDS} | {
        IDS[BAD]: msgspec.json.encode({"payload": bad})
    }


def parsed(bodies: dict[str, bytes]) -> dict[str, pl.DataFrame]:
    rows = ShipmentRows()
    for shipment_id, body in bodies.items():
        rows.add(shipment_id, parse_get_shipment_details(HttpResponse(status=200, body=body)), NOW)
    return rows.frames()


def fetched(bodies: dict[str, bytes]) -> dict[str, pl.DataFrame]:
    def call(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200, body=bodies[request.path.rpartition("/")[2]])

    found = Client(call, now=lambda: NOW).shipments(IDS)
    return {"shipments": found.shipments, "items": found.items, "problems": found.problems}


@pytest.mark.parametrize("road", [parsed, fetched])
@pytest.mark.parametrize(("spoil", "said"), FAULTS, ids=["wrong type", "comma", "without id"])
def test_one_bad_record_among_many(
    road: Callable[[dict[str, bytes]], dict[str, pl.DataFrame]], spoil: Callable[[dict[str, Any]], None], said: str
):
    """All shipments are rows in the order asked; all but one are whole; the problem names shipment and field."""
    frames = road(bodies(spoil))
    assert frames["problems"].select("record", "problem").rows() == [(IDS[BAD], said)]
    assert frames["shipments"]["amazon_shipment_id"].to_list() == IDS
    good = frames["shipments"].filter(pl.col("problem").is_null())
    assert good.height == COUNT - 1
    assert good.select("item_count", "quantity", "expected_amount").unique().rows() == [
        (2, 4.0, pl.Series(["50.00"]).cast(pl.Decimal(18, 2))[0])
    ]
    assert frames["items"].height == 2 * COUNT
