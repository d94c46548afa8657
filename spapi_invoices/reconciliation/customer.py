"""What documents state becomes the left side of a comparison: one row for each invoice, however often it came.

A document may come twice, may have been taken back by an event, and may stand beside the one that was issued in its
place. Those are told apart here, because a row that is compared counts.
"""

from typing import Any, Final

import polars as pl

from spapi_invoices.reconciliation.columns import amount, day, read_table, text
from spapi_invoices.reconciliation.sides import aliases_of, finish, joined

_NEEDED: Final = (
    "document_id",
    "document_type",
    "invoice_number",
    "issue_date",
    "currency",
    "total_amount",
    "purchase_order_number",
    "amazon_shipment_id",
    "order_ids",
    "access_key",
    "authorised",
    "problem",
)
_NAMES: Final = ("purchase_order_number", "invoice_number", "access_key", "shipment_id", "document_id")
_IS_EVENT: Final = pl.col("document_type").eq_missing(pl.lit("nfe_event"))
# Null is a document for which the question does not arise.
_IS_DEAD: Final = pl.col("authorised").eq_missing(pl.lit(value=False))
# The reader's own words, and ours of an event.
_SAYS_SO: Final = pl.col("finding").str.contains("not authorised|^cancelled by event")


def customer_side(facts: Any) -> pl.DataFrame:  # noqa: ANN401 - any dataframe narwhals reads
    """Bring what the documents state into the form that is compared.

    One row per invoice, in the order given; there may be fewer than documents. The same invoice (equal ``access_key``,
    or equal ``document_id`` and ``invoice_number``) is one row with a note, and an event is told with the NF-e it
    belongs to; if that is not here, the event is a row of its own.

    The key is the Amazon order id if the document states exactly one. A document without a total or a currency, or an
    NF-e that SEFAZ did not authorise or that an event cancelled, has a ``problem`` and will not be compared; a finding
    on a document that can be compared is its ``note``. An NF-e without legal force gets no key if its order has an
    invoice that can be compared: it must not hinder that one.

    Args:
        facts: The invoice_facts table, or a result that has it as ``.facts``.

    Raises:
        InvalidRequest: A column is missing, or its type cannot be read without loss.

    >>> from spapi_invoices.frames.schemas import InvoiceFacts, frame
    >>> customer_side(frame(InvoiceFacts, [])).shape
    (0, 11)
    """
    rows = _read(read_table(getattr(facts, "facts", facts), _NEEDED, "the documents' facts"))
    documents = _with_events(_each_once(rows.filter(~_IS_EVENT)), rows.filter(_IS_EVENT))
    hindered = documents.with_columns(
        unknown=pl.when(_IS_EVENT)
        .then(pl.coalesce("finding", pl.lit("an event, not an invoice")))
        .when(pl.col("amount").is_null())
        .then(pl.coalesce("finding", pl.lit("states no total amount")))
        .when(pl.col("currency").is_null())
        .then(pl.coalesce("finding", pl.lit("states no currency")))
        .when(_IS_DEAD & _SAYS_SO)
        .then("finding")
        .when(_IS_DEAD)
        .then(pl.concat_str(pl.lit("not authorised by SEFAZ"), "finding", separator=": ", ignore_nulls=True)),
    )
    return finish(_without_replaced(hindered).sort("row"))


def _read(table: pl.DataFrame) -> pl.DataFrame:
    stated = pl.col("order_ids").cast(pl.List(pl.String)).list.drop_nulls()
    count = stated.list.len().fill_null(0)
    columns = ("document_id", "document_type", "invoice_number", "purchase_order_number", "access_key", "currency")
    known = table.select(
        pl.when(count == 1).then(stated.list.first()).alias("key"),
        pl.when(count == 0)
        .then(pl.lit("states no Amazon order id; give a crosswalk"))
        .when(count > 1)
        .then(pl.format("states {} order ids; give a crosswalk", count))
        .alias("key_problem"),
        amount(table, "total_amount").alias("amount"),
        day(table, "issue_date").alias("date"),
        pl.col("authorised").cast(pl.Boolean),
        text(table, "amazon_shipment_id").alias("shipment_id"),
        text(table, "problem").alias("finding"),
        *(text(table, column) for column in columns),
    )
    ref = pl.coalesce("invoice_number", "purchase_order_number", "access_key", pl.col("document_id").str.head(12))
    return known.with_row_index("row").with_columns(
        aliases_of(*_NAMES), ref=ref, invoice_status=pl.lit(None, pl.String), remark=pl.lit(None, pl.String)
    )


def _each_once(rows: pl.DataFrame) -> pl.DataFrame:
    """The same document once, as authorised if it is anywhere, with the names of all."""
    # Equal bytes state the same access key; without one, a document may hold several invoices, told apart by number.
    # What states no amount may be anything, say no bytes at all: it is kept.
    invoice = pl.concat_str("document_id", "invoice_number", separator=" ", ignore_nulls=True)
    same = pl.when(pl.col("amount").is_not_null()).then(pl.coalesce("access_key", invoice))
    names = pl.col("aliases").list.explode(keep_nulls=False, empty_as_null=False)
    times = pl.when(pl.len() > 1).then(pl.format("the same document came {} times", pl.len()))
    folded = (
        rows.with_columns(same=same, own=pl.when(same.is_null()).then("row"))
        .sort(_IS_DEAD, "row")
        .group_by("same", "own", maintain_order=True)
        .agg(pl.exclude("aliases", "remark").first(), names.unique(maintain_order=True), times.alias("remark"))
    )
    return folded.select(rows.columns)


def _with_events(documents: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """The documents, each with what its events say, and the events whose NF-e is not among them."""
    said = events.group_by("access_key").agg(
        cancelled=_IS_DEAD.any(),
        told=pl.col("finding").filter(~_IS_DEAD).drop_nulls().unique().sort().str.join("; "),
    )
    cancelled = pl.col("cancelled").fill_null(value=False)
    told = pl.when(pl.col("told") != "").then("told")
    known = (
        documents.join(said, on="access_key", how="left", maintain_order="left")
        .with_columns(
            joined("remark", told),
            authorised=pl.when(cancelled).then(pl.lit(value=False)).otherwise("authorised"),
            finding=pl.when(cancelled)
            .then(pl.concat_str(pl.lit("cancelled by event"), "finding", separator="; ", ignore_nulls=True))
            .otherwise("finding"),
        )
        .select(documents.columns)
    )
    # No crosswalk makes an invoice of an event: it is given no problem with its key that one could settle.
    strangers = events.join(documents, on="access_key", how="anti").with_columns(key_problem=pl.lit(None, pl.String))
    return pl.concat([known, strangers])


def _without_replaced(rows: pl.DataFrame) -> pl.DataFrame:
    """Take the key from dead NF-e whose order has an invoice that can be compared, and say which."""
    # The shipment is the way to the order where none is stated: see stated.py.
    order = pl.coalesce("key", "shipment_id")
    cover = (
        rows.filter(pl.col("unknown").is_null())
        .select("row", order=order, cover="ref")
        .drop_nulls("order")
        .sort("row")
        .unique("order", keep="first", maintain_order=True)
        .drop("row")
    )
    replaced = _IS_DEAD & pl.col("cover").is_not_null()
    return (
        rows.with_columns(order=order)
        .join(cover, on="order", how="left", maintain_order="left")
        .with_columns(
            pl.when(~replaced).then("key").alias("key"),
            pl.when(~replaced).then("key_problem").alias("key_problem"),
            joined("remark", pl.when(replaced).then(pl.format("its order has invoice {}", "cover"))),
        )
    )
