"""Answers of getShipmentDetails to the four validated tables and the problems, against what others would do with the bytes.

``orjson.loads`` of the same bytes is the floor: it makes no table. ``json.loads`` with ``pl.from_dicts`` makes the same
tables, for answers without a flaw; they are compared. Medians of five interleaved runs in one process:
``python tests/benchmarks/parse.py [SHIPMENTS]``.
"""

import json
import random
import re
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter

import msgspec
import orjson
import polars as pl

from spapi_invoices.core.shipment_invoicing import parse_get_shipment_details
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.frames.build import ShipmentRows
from spapi_invoices.frames.schemas import TABLES, polars_schema
from spapi_invoices.sandbox.items import GOODS, Item, shipment_item
from spapi_invoices.sandbox.world import make_world

RUNS = 5
NOW = datetime(2026, 11, 2, tzinfo=UTC)
MOST, LEAST = 4, 5
Answers = list[tuple[str, HttpResponse]]
Frames = dict[str, pl.DataFrame]


def answers(count: int) -> Answers:
    """The sandbox's shipments, each with three more items that have every part of a price: 2.6 kB in the mean."""
    chance, world = random.Random(2026), make_world(customer_invoices=0, shipments=count)
    made = []
    for shipment_id, shipment in world.shipments.items():
        lines = shipment.detail["ShipmentItems"]
        if lines:
            currency = lines[0]["ItemPrice"]["CurrencyCode"]
            lines += [shipment_item(item(chance), currency) for _ in range(3)]
        body = msgspec.json.encode({"payload": shipment.detail})
        made.append((shipment_id, HttpResponse.of(200, [("x-amzn-RequestId", f"R-{shipment_id}")], body)))
    return made


def item(chance: random.Random) -> Item:
    """Something that was bought, wrapped and sent, at a discount."""

    def price(most: int) -> Decimal:
        return Decimal(chance.randrange(1, most)) / 100

    code = str(chance.randrange(10**13, 10**14))
    return Item(
        good=chance.choice(GOODS),
        asin=f"B0{code[:8]}",
        sku=f"SKU-{code[8:]}",
        order_item_id=code,
        price=price(89900),
        quantity=chance.randint(1, 3),
        shipping=price(4900),
        gift_wrap=price(990),
        shipping_discount=price(990),
        promotion_discount=price(2400),
    )


def floor(given: Answers) -> None:
    """Read the JSON and let it go."""
    for _, response in given:
        orjson.loads(response.body)


def ours(given: Answers) -> Frames:
    """As the client does it."""
    rows = ShipmentRows()
    for shipment_id, response in given:
        rows.add(shipment_id, parse_get_shipment_details(response), NOW)
    return rows.frames()


AMOUNT = pl.Decimal(18, 2)
PRICES = ("item_price", "shipping_price", "gift_wrap_price", "shipping_discount", "promotion_discount")
SUMS = {f"{price.removesuffix('_price')}_amount": price for price in PRICES} | {"expected_amount": "expected_amount"}


def plain(given: Answers) -> Frames:
    """Python's JSON, a frame of nested dicts, and no check of anything."""
    payloads = [
        json.loads(response.body)["payload"]
        | {"asked_id": shipment_id, "request_id": response.request_id, "attempts": response.attempts}
        for shipment_id, response in given
    ]
    raw = snake(pl.from_dicts(payloads, infer_schema_length=None)).with_row_index("at")
    raw = raw.with_columns(amazon_shipment_id="asked_id")
    items, payments = plain_items(raw), plain_payments(raw)
    shipments = plain_shipments(raw, items, payments)
    problems = shipments.filter(pl.col("problem").is_not_null()).with_columns(
        record="amazon_shipment_id", operation=pl.lit("getShipmentDetails")
    )
    return {
        "shipments": shaped("shipments", shipments),
        "items": shaped("shipment_items", items),
        "payments": shaped("shipment_payments", payments),
        "tax_ids": shaped("shipment_tax_ids", plain_tax_ids(raw)),
        "problems": shaped("problems", problems),
    }


def snake(data: pl.DataFrame, prefix: str = "") -> pl.DataFrame:
    """``SellerSKU`` is the column ``seller_sku``."""
    return data.rename(lambda name: prefix + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def shaped(table: str, data: pl.DataFrame) -> pl.DataFrame:
    """All columns of a table; what no answer had is null."""
    schema = polars_schema(TABLES[table])
    absent = {name: pl.lit(None, kind) for name, kind in schema.items() if name not in data.columns}
    return data.with_columns(**absent).select(pl.col(name).cast(kind) for name, kind in schema.items())


def lines(raw: pl.DataFrame, column: str) -> pl.DataFrame:
    """A row per entry of a list of structs."""
    entries = raw.select("at", "amazon_shipment_id", column).explode(column).filter(pl.col(column).is_not_null())
    return entries.select("at", "amazon_shipment_id").hstack(snake(entries[column].struct.unnest()))


def numbered(data: pl.DataFrame) -> pl.DataFrame:
    """From 1 within each shipment."""
    return data.with_columns(line_number=pl.int_range(1, pl.len() + 1).over("at"))


def plain_items(raw: pl.DataFrame) -> pl.DataFrame:
    """The items with their expected amounts."""
    codes = pl.coalesce(pl.col(price).struct.field("CurrencyCode") for price in PRICES)
    amounts = {price: pl.col(price).struct.field("Amount").cast(AMOUNT) for price in PRICES}
    read = numbered(lines(raw, "shipment_items")).with_columns(currency=codes, **amounts)
    item_price, shipping, gift_wrap, *discounts = (pl.col(price).fill_null(0) for price in PRICES)
    return read.with_columns(expected_amount=item_price + shipping + gift_wrap - discounts[0] - discounts[1])


def plain_payments(raw: pl.DataFrame) -> pl.DataFrame:
    """The payments."""
    value = pl.col("payment_value").struct
    return numbered(lines(raw, "payments")).with_columns(
        payment_value=value.field("Amount").cast(AMOUNT), currency=value.field("CurrencyCode")
    )


def plain_tax_ids(raw: pl.DataFrame) -> pl.DataFrame:
    """The tax classifications, the buyer's before the marketplace's."""
    parties = []
    for party in ("buyer", "marketplace"):
        info = raw.select("at", "amazon_shipment_id", f"{party}_tax_info")
        info = lines(info.with_columns(pl.concat_list(f"{party}_tax_info")), f"{party}_tax_info")
        ids = lines(info, "tax_classifications").with_columns(party=pl.lit(party))
        parties.append(ids.join(info.select("at", "company_legal_name", "taxing_region"), on="at"))
    return numbered(pl.concat(parties, how="diagonal").sort("at", "party"))


def plain_shipments(raw: pl.DataFrame, items: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """The shipments with the sums of their items."""
    sums = items.group_by("at").agg(
        *(total(column).alias(name) for name, column in SUMS.items()),
        currency=pl.col("currency").first(),
        item_count=pl.len(),
        quantity=total("quantity_ordered"),
    )
    paid = payments.group_by("at").agg(paid_amount=pl.col("payment_value").sum())
    address = snake(raw["shipping_address"].struct.unnest(), "ship_to_")
    return (
        raw.hstack(address)
        .join(sums, on="at", how="left", maintain_order="left")
        .join(paid, on="at", how="left", maintain_order="left")
        .with_columns(
            pl.col("purchase_date").str.to_datetime("%+", time_unit="us", time_zone="UTC"),
            pl.col("item_count").fill_null(0),
            pl.when(pl.col("currency").is_not_null()).then(pl.col("paid_amount")),
            problem=pl.when(pl.col("item_count").is_null()).then(pl.lit("ShipmentItems: none")),
            fetched_at=pl.lit(NOW).cast(pl.Datetime("us", "UTC")),
        )
    )


def total(column: str) -> pl.Expr:
    """Null if there is nothing to add."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum())


def seconds(function: Callable[[Answers], object], given: Answers) -> float:
    """How long it takes."""
    began = perf_counter()
    function(given)
    return perf_counter() - began


def main(count: int) -> None:
    """Print the medians, both ratios, and whether they are what was promised."""
    given = answers(count)
    made, expected = ours(given), plain(given)
    assert all(made[name].equals(expected[name]) for name in made), "the tables differ"
    assert made["shipments"].height == count
    del made, expected
    times: dict[Callable[[Answers], object], list[float]] = {floor: [], ours: [], plain: []}
    for _ in range(RUNS):
        for function, found in times.items():
            found.append(seconds(function, given))
    bare, whole, slow = (statistics.median(found) for found in times.values())
    size = sum(len(response.body) for _, response in given) / 1e6
    print(f"{count:,} shipments, {size:.0f} MB: orjson {bare:.2f} s, ours {whole:.2f} s, from_dicts {slow:.2f} s")
    print(f"{whole / bare:.2f} x orjson.loads, at most {MOST}: {'yes' if whole <= MOST * bare else 'NO'}")
    print(f"{slow / whole:.1f} x faster than from_dicts, at least {LEAST}: {'yes' if slow >= LEAST * whole else 'NO'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
