"""Shipments, and frames of the user's, become one side of a comparison: key, reference, amount, and what hinders it.

A row that cannot be compared is kept with its ``problem``; only a frame that cannot be read as a whole is refused.
"""

from typing import Any, Final

import polars as pl

from spapi_invoices.frames.schemas import InvoiceSide, polars_schema, validate
from spapi_invoices.reconciliation.columns import amount, amount_problem, day, day_problem, read_table, text, texts

_SIDE: Final = polars_schema(InvoiceSide)
_SHIPMENTS_NEEDED: Final = (
    "amazon_shipment_id",
    "amazon_order_id",
    "purchase_date",
    "currency",
    "expected_amount",
    "problem",
)
_STATUSES_NEEDED: Final = ("amazon_shipment_id", "invoice_status", "checked_at")
_SIDE_NEEDED: Final = ("key", "amount", "currency")
NO_REFERENCE: Final = "(no reference)"
# Of two answers of the same instant the more final one counts; a text Amazon added since is not known to be final.
_FINALITY: Final = {"NotFound": 0, "Processing": 2, "Accepted": 3, "Errored": 3}
_UNKNOWN_FINALITY: Final = 1


def shipment_side(shipments: Any, statuses: Any = None) -> pl.DataFrame:  # noqa: ANN401 - any dataframe narwhals reads
    """Bring shipments, and what Amazon says of their invoices, into the form that is compared.

    One row per shipment, in the order given. The key is the Amazon order id: an order sent in parts has several rows.
    Of repeated statuses the latest counts, and of those of one instant the more final one: Accepted or Errored before
    Processing before NotFound. A status of a shipment that is not here is left out.

    Args:
        shipments: The shipments table, or a result that has it as ``.shipments``.
        statuses: The invoice_statuses table; ``None`` if the statuses were not asked.

    Raises:
        InvalidRequest: A column is missing, or its type cannot be read without loss.

    >>> from spapi_invoices.frames.schemas import Shipments, frame
    >>> shipment_side(frame(Shipments, [])).shape
    (0, 11)
    """
    table = read_table(getattr(shipments, "shipments", shipments), _SHIPMENTS_NEEDED, "the shipments")
    known = table.select(
        text(table, "amazon_order_id").alias("key"),
        text(table, "amazon_shipment_id").alias("ref"),
        amount(table, "expected_amount").alias("amount"),
        text(table, "currency"),
        day(table, "purchase_date").alias("date"),
        text(table, "problem").alias("finding"),
    ).with_columns(
        pl.when(pl.col("key").is_null()).then(pl.lit("names no Amazon order id")).alias("key_problem"),
        pl.coalesce(
            pl.when(pl.col("amount").is_null()).then(pl.coalesce("finding", pl.lit("has no expected amount"))),
            pl.when(pl.col("currency").is_null()).then(pl.coalesce("finding", pl.lit("names no currency"))),
        ).alias("unknown"),
        pl.col("ref").alias("shipment_id"),
        aliases_of("ref", "key"),
    )
    asked = pl.DataFrame(schema=["ref", "invoice_status"]) if statuses is None else _latest(statuses)
    asked = asked.cast(pl.String)
    return finish(known.join(asked, on="ref", how="left", maintain_order="left"))


def as_side(data: Any, name: str) -> pl.DataFrame:  # noqa: ANN401 - any dataframe narwhals reads
    """Read a frame of the user's as a side; what is missing beyond key, amount and currency is filled in.

    The result has the columns of ``InvoiceSide`` and ``named``: whether the reference is the row's own, not its key.
    ``named`` is never null, so after a join it tells whether the side is there. Amounts may be decimals, whole numbers
    or texts; one that two decimals cannot hold makes its row a problem.

    Args:
        data: The frame.
        name: What messages call it: left or right.

    Raises:
        InvalidRequest: A column is missing, is a float, or is of a type that cannot be read.
    """
    table = read_table(data, _SIDE_NEEDED, f"the {name} side")
    columns = ("key", "ref", "currency", "shipment_id", "invoice_status", "problem", "key_problem", "note")
    known = table.select(
        *(text(table, column) for column in columns),
        amount(table, "amount"),
        day(table, "date"),
        texts(table, "aliases"),
        amount_problem=amount_problem(table, "amount"),
        day_problem=day_problem(table, "date"),
    )
    # What is missing is a problem, so that ``problem`` alone decides.
    missing = {"amount": "has no amount", "currency": "has no currency"}
    return known.with_columns(
        pl.coalesce(
            "problem",
            "amount_problem",
            *(pl.when(pl.col(column).is_null()).then(pl.lit(words)) for column, words in missing.items()),
        ).alias("problem"),
        pl.coalesce("ref", "key", pl.lit(NO_REFERENCE)).alias("ref"),
        joined("note", pl.col("day_problem")),
        named=pl.col("ref").is_not_null(),
    ).select(*_SIDE, "named")


def joined(note: str, more: pl.Expr) -> pl.Expr:
    """A column of words with more of them behind; null where both are."""
    return pl.concat_str(note, more, separator="; ", ignore_nulls=True).replace("", None).alias(note)


def aliases_of(*columns: str) -> pl.Expr:
    """The texts of these columns as a list, each once."""
    return pl.concat_list(columns).list.drop_nulls().list.unique(maintain_order=True).alias("aliases")


def finish(known: pl.DataFrame) -> pl.DataFrame:
    """Sort a finding into what forbids the comparison and what is only worth a note.

    Args:
        known: The columns of ``InvoiceSide`` but for problem and note, and ``unknown`` (why amount or currency are not
            known), ``finding`` (what was said of the row) and perhaps ``remark`` (what is a note in any case).
    """
    said = pl.col("problem").str.contains(pl.col("finding"), literal=True).fill_null(value=False)
    remark = pl.col("remark") if "remark" in known.columns else pl.lit(None, pl.String)
    side = known.with_columns(problem=pl.coalesce("unknown", "key_problem")).with_columns(
        note=pl.when(~said).then("finding")
    )
    return validate(InvoiceSide, side.with_columns(joined("note", remark)).select(*_SIDE))


def _latest(statuses: Any) -> pl.DataFrame:  # noqa: ANN401 - any dataframe narwhals reads
    """Shipment and status, each shipment once; an answer that could not be had says nothing."""
    table = read_table(statuses, _STATUSES_NEEDED, "the invoice statuses")
    finality = pl.col("invoice_status").replace_strict(_FINALITY, default=_UNKNOWN_FINALITY, return_dtype=pl.Int8)
    return (
        table.select(text(table, "amazon_shipment_id").alias("ref"), text(table, "invoice_status"), "checked_at")
        .drop_nulls("invoice_status")
        .sort(pl.col("checked_at"), finality, "invoice_status", nulls_last=False)
        .unique("ref", keep="last", maintain_order=True)
        .drop("checked_at")
    )
