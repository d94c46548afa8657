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
    return note_repeats(lead(left, leading_elsewhere(left, right)), right)


def leading_elsewhere(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """The shipments that lead a left row to another key than its own: ``shipment_id`` and ``owner``, each once.

    Only ``key`` and ``shipment_id`` of the rows are read, and of a shipment all rows of both sides must be here.
    """
    if not left["shipment_id"].is_not_null().any():
        return pl.DataFrame(schema={"shipment_id": pl.String, "owner": pl.String})
    shipments = right.select("shipment_id", owner="key").drop_nulls().unique()
    owners = shipments.filter(pl.col("shipment_id").is_unique())
    met = left.select("key", "shipment_id").join(owners, on="shipment_id")
    return met.filter(pl.col("owner").ne_missing(pl.col("key"))).select("shipment_id", "owner").unique()


def lead(left: pl.DataFrame, elsewhere: pl.DataFrame) -> pl.DataFrame:
    """The left rows with the keys of the shipments they state, or with notes of those that belong elsewhere."""
    if not elsewhere.height:
        return left
    rows = left.join(elsewhere, on="shipment_id", how="left", maintain_order="left")
    strayed = pl.col("owner").ne(pl.col("key"))
    words = pl.format("states shipment {}, which belongs to {}", "shipment_id", "owner")
    return give_keys(
        rows.with_columns(joined("note", pl.when(strayed).then(words))),
        pl.when(_MAY_JOIN).then("owner"),
        pl.lit("joined by the shipment it states"),
    ).select(left.columns)


def give_keys(rows: pl.DataFrame, target: pl.Expr, note: pl.Expr) -> pl.DataFrame:
    """Give rows the key ``target`` where it is not null, with a note; having had none is then no problem any more."""
    told = target.is_not_null()
    settled = told & pl.col("problem").eq(pl.col("key_problem"))
    return rows.with_columns(
        pl.coalesce(target, "key").alias("key"),
        pl.when(~settled.fill_null(value=False)).then("problem").alias("problem"),
        joined("note", pl.when(told).then(note)),
    )


def note_repeats(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Note where two invoices state one shipment, and another shipment of the order is stated by none.

    Of a key all rows of both sides must be here.
    """
    stated = left.select("key", "shipment_id").drop_nulls()
    # One column first: most are stated once, and then there is nothing more to do.
    repeated = stated.filter(pl.col("shipment_id").is_duplicated())
    again = repeated.filter(pl.struct("key", "shipment_id").is_duplicated()).unique()
    if not again.height:
        return left
    missed = (
        right.select("key", "shipment_id")
        .drop_nulls()
        .join(again.select("key").unique(), on="key", how="semi")
        .join(stated, on=["key", "shipment_id"], how="anti")
        .group_by("key")
        .agg(pl.col("shipment_id").unique().sort().str.join(", ").alias("missed"))
    )
    words = pl.format("another invoice states shipment {} too, and none states {}", "shipment_id", "missed")
    told = again.join(missed, on="key").select("key", "shipment_id", words.alias("said"))
    rows = left.join(told, on=["key", "shipment_id"], how="left", maintain_order="left")
    return rows.with_columns(joined("note", pl.col("said"))).select(left.columns)
