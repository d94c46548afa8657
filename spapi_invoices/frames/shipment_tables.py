"""From raw columns to the shipment tables: sums over items and payments, and in words what is wrong. Not for the lines.

A line that cannot be read leaves its shipment without sums: none is better than a wrong one.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

import polars as pl

from spapi_invoices.frames import shipment_lines
from spapi_invoices.frames.schemas import (
    Problems,
    ShipmentItems,
    ShipmentPayments,
    Shipments,
    ShipmentTaxIds,
    Table,
    polars_schema,
    validate,
)
from spapi_invoices.frames.shipment_records import PAYMENT_VALUE, PRICES, RawShipments
from spapi_invoices.frames.values import INSTANT, TEXTS, fitting, read_instant, size_problem

_ITEM_SUMS: Final = {price.total: price.column for price in PRICES} | {"expected_amount": "expected"}
_SUMS: Final = (*_ITEM_SUMS, PAYMENT_VALUE.total)


def shipment_tables(raw: RawShipments, failures: Sequence[Mapping[str, Any]] = ()) -> dict[str, pl.DataFrame]:
    """The validated tables by name: shipments, items, payments, tax_ids, problems.

    Args:
        raw: What the answers hold.
        failures: A row for each shipment that could not be had: columns of `Shipments`, and ``at``.
    """
    items = shipment_lines.items(_numbered(raw.items, raw.shipments, section_read="items_read"))
    payments = shipment_lines.payments(_numbered(raw.payments, raw.shipments, section_read="payments_read"))
    answered = _shipments(raw.shipments, items, payments)
    failed = pl.DataFrame(failures, schema=answered.schema, orient="row")
    shipments = pl.concat([answered, failed]).sort("at")
    problems = shipments.filter(pl.col("problem").is_not_null()).with_columns(
        record="amazon_shipment_id", operation=pl.lit("getShipmentDetails")
    )
    return {
        "shipments": _table(Shipments, shipments),
        "items": _table(ShipmentItems, items.with_columns(pl.col("serial_numbers").str.json_decode(TEXTS))),
        "payments": _table(ShipmentPayments, payments),
        "tax_ids": _table(ShipmentTaxIds, _numbered(raw.tax_ids, raw.shipments)),
        "problems": _table(Problems, problems),
    }


def _table(table: type[Table], data: pl.DataFrame) -> pl.DataFrame:
    return validate(table, data.select(*polars_schema(table)))


def _numbered(lines: pl.DataFrame, shipments: pl.DataFrame, **more: str) -> pl.DataFrame:
    """Lines numbered within their shipment, with its id and more of its columns."""
    of_shipment = shipments.select("at", "amazon_shipment_id", **more)
    first = pl.col("at").search_sorted(pl.col("at"))
    return lines.join(of_shipment, on="at", how="left", maintain_order="left").with_columns(
        line_number=pl.int_range(1, pl.len() + 1) - first
    )


def _shipments(raw: pl.DataFrame, items: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """The shipments with the sums of their lines, where these can be added."""
    parts = (_item_sums(items), _payment_sums(payments), _told("ShipmentItems", items), _told("Payments", payments))
    whole = reduce(lambda left, right: left.join(right, on="at", how="left", maintain_order="left"), parts, raw)
    # The amounts of another shipment are not this one's.
    summable = pl.col("items_readable") & ~_is_another()
    payable = summable & pl.col("payments_readable") & (pl.col("paid_currency") == pl.col("currency"))
    return (
        whole.with_columns(
            pl.col("fetched_at").cast(INSTANT),
            pl.col("payment_method_details").str.json_decode(TEXTS),
            pl.col("item_count").fill_null(0),
            pl.when(summable).then(pl.col("quantity")),
            *(pl.when(summable & pl.col("currency").is_not_null()).then(pl.col(total)) for total in _ITEM_SUMS),
            pl.when(payable).then(pl.col(PAYMENT_VALUE.total)),
            purchase_date=read_instant(pl.col("purchase_date.text")),
        )
        .with_columns(problem=pl.concat_str(_problems(), separator="; ", ignore_nulls=True))
        .with_columns(pl.col("problem").replace("", None), *(fitting(pl.col(total)) for total in _SUMS))
    )


def _problems() -> list[pl.Expr]:
    """All that can be wrong with a shipment, in the order in which it is told."""
    told = {
        "AmazonShipmentId: missing": pl.col("answered_id").is_null(),
        "ShipmentItems: none": pl.col("item_count") == 0,
        "ShipmentItems: more than one currency, so no sum": pl.col("currencies") > 1,
        "PurchaseDate: no ISO 8601 time with a zone": (
            pl.col("purchase_date").is_null() & pl.col("purchase_date.text").is_not_null()
        ),
    }
    asked = pl.format("AmazonShipmentId: asked for {}, got {}", "amazon_shipment_id", "answered_id")
    return [
        *(pl.col(section) for section in ("unread", "ShipmentItems", "Payments")),
        pl.when(_is_another()).then(asked),
        *(pl.when(wrong).then(pl.lit(words)) for words, wrong in told.items()),
        *(size_problem(total, pl.col(total)) for total in _SUMS),
    ]


def _is_another() -> pl.Expr:
    return (pl.col("answered_id") != pl.col("amazon_shipment_id")).fill_null(value=False)


def _item_sums(items: pl.DataFrame) -> pl.DataFrame:
    currency = pl.col("currency")
    return items.group_by("at").agg(
        *(_sum(column).alias(total) for total, column in _ITEM_SUMS.items()),
        item_count=pl.len().cast(pl.Int64),
        quantity=_sum("quantity_ordered"),
        currency=pl.when(currency.n_unique() == 1).then(currency.first()),
        currencies=pl.when(currency.null_count() == 0).then(currency.n_unique()),
        items_readable=pl.col("readable").all(),
    )


def _payment_sums(payments: pl.DataFrame) -> pl.DataFrame:
    currency = pl.col("currency")
    return payments.group_by("at").agg(
        _sum(PAYMENT_VALUE.column).alias(PAYMENT_VALUE.total),
        paid_currency=pl.when(currency.n_unique() == 1).then(currency.first()),
        payments_readable=pl.col("readable").all(),
    )


def _sum(column: str) -> pl.Expr:
    """The sum; null if there is nothing to add."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum())


def _told(section: str, lines: pl.DataFrame) -> pl.DataFrame:
    """The problems of all of a shipment's lines in one text, each with its place."""
    each = pl.format(f"{section}[{{}}].{{}}", pl.col("line_number") - 1, "problems")
    return (
        lines.filter(pl.col("problem").is_not_null())
        .explode("problems")
        .group_by("at", maintain_order=True)
        .agg(each.str.join("; ").alias(section))
    )
