"""The shipment an invoice states is as good as a key: it leads to the order, or shows that something is wrong.

A shipment that is there with two orders leads nowhere.
"""

from typing import Final

import polars as pl

from spapi_invoices.reconciliation.sides import joined

# A problem that is not its key's keeps a row out of any order: an event, an NF-e that another one replaced.
_MAY_JOIN: Final = pl.col("key").is_null() & (pl.col("key_problem").is_not_null() | pl.col("problem").is_null())


def follow_shipments(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Return the left rows: those without a key with that of the shipment they state, and notes where shipments disagree."""
    if not left["shipment_id"].is_not_null().any():
        return left
    shipments = right.select("shipment_id", "key").drop_nulls()
    owners = shipments.unique().filter(pl.col("shipment_id").is_unique()).rename({"key": "owner"})
    rows = left.join(owners, on="shipment_id", how="left", maintain_order="left")
    strayed = pl.col("owner").ne(pl.col("key"))
    led = give_keys(
        rows.with_columns(
            joined(
                "note",
                pl.when(strayed).then(pl.format("states shipment {}, which belongs to {}", "shipment_id", "owner")),
            )
        ),
        pl.when(_MAY_JOIN).then("owner"),
        pl.lit("joined by the shipment it states"),
    )
    return _note_repeats(led, shipments).select(left.columns)


def give_keys(rows: pl.DataFrame, target: pl.Expr, note: pl.Expr) -> pl.DataFrame:
    """Give rows the key ``target`` where it is not null, with a note; having had none is then no problem any more."""
    told = target.is_not_null()
    settled = told & pl.col("problem").eq(pl.col("key_problem"))
    return rows.with_columns(
        pl.coalesce(target, "key").alias("key"),
        pl.when(~settled.fill_null(value=False)).then("problem").alias("problem"),
        joined("note", pl.when(told).then(note)),
    )


def _note_repeats(left: pl.DataFrame, shipments: pl.DataFrame) -> pl.DataFrame:
    """Note where two invoices state one shipment, and another shipment of the order is stated by none."""
    stated = left.select("key", "shipment_id").drop_nulls()
    # One column first: most are stated once, and then there is nothing more to do.
    repeated = stated.filter(pl.col("shipment_id").is_duplicated())
    again = repeated.filter(pl.struct("key", "shipment_id").is_duplicated()).unique()
    if not again.height:
        return left
    missed = (
        shipments.join(again.select("key").unique(), on="key", how="semi")
        .join(stated, on=["key", "shipment_id"], how="anti")
        .group_by("key")
        .agg(pl.col("shipment_id").unique().sort().str.join(", ").alias("missed"))
    )
    words = pl.format("another invoice states shipment {} too, and none states {}", "shipment_id", "missed")
    told = again.join(missed, on="key").select("key", "shipment_id", words.alias("said"))
    return left.join(told, on=["key", "shipment_id"], how="left", maintain_order="left").with_columns(
        joined("note", pl.col("said"))
    )
