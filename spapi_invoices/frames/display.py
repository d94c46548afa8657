"""Which columns a person is shown: no personal data, the telling ones first. Not for exports, which have every column."""

from typing import Final

import polars as pl

from spapi_invoices.frames.schemas import TABLES, personal_columns, polars_schema

# A table that is not here is shown with all but its personal columns.
_TELLING: Final = {
    "customer_invoices": (
        "purchase_order_number",
        "media_type",
        "size_bytes",
        "problem",
        "created_after",
        "fetched_at",
    ),
    "shipments": (
        "amazon_shipment_id",
        "amazon_order_id",
        "purchase_date",
        "currency",
        "item_count",
        "expected_amount",
        "paid_amount",
        "problem",
    ),
    "shipment_items": (
        "amazon_shipment_id",
        "line_number",
        "asin",
        "title",
        "quantity_ordered",
        "currency",
        "expected_amount",
        "problem",
    ),
    "invoice_facts": (
        "document_type",
        "invoice_number",
        "issue_date",
        "currency",
        "total_amount",
        "tax_amount",
        "purchase_order_number",
        "order_ids",
        "authorised",
        "problem",
    ),
    "fetch_windows": ("window_start", "window_end", "state", "pages", "rows", "error"),
    "reconciliation": ("key", "status", "currency", "left_amount", "right_amount", "difference", "reasons"),
}


def for_display(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns to show of one of our tables; any other frame unchanged.

    >>> from spapi_invoices.frames.schemas import CustomerInvoices, frame
    >>> "content" in for_display(frame(CustomerInvoices, [])).columns
    False
    """
    for name, table in TABLES.items():
        if frame.columns == list(polars_schema(table)):
            hidden = set(personal_columns(table))
            return frame.select(column for column in _TELLING.get(name, frame.columns) if column not in hidden)
    return frame
