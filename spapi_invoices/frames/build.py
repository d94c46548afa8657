"""From Amazon's structs to validated frames. Not for asking Amazon, and not for what a document states.

A record that is not as it should be stays as a row: what could be read is there, the rest is null, and ``problem`` names
field and reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl

from spapi_invoices.core.customer_invoices import CustomerInvoicePage
from spapi_invoices.core.media import decode_base64
from spapi_invoices.core.shipment_invoicing import ShipmentAnswer
from spapi_invoices.errors import ApiError, MalformedResponse
from spapi_invoices.frames.schemas import CustomerInvoices, InvoiceStatuses, polars_schema, validate
from spapi_invoices.frames.shipment_records import RawShipments, Taken, joined, raw_shipments
from spapi_invoices.frames.shipment_tables import shipment_tables

Row = dict[str, Any]
# Answers held as structs: few enough for the processor's cache, many enough for polars.
_BATCH: Final = 128


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for and when the answer came, as the rows of `CustomerInvoices` repeat it.

    ``created_after`` and ``created_before`` are ``None`` if a purchase order was asked for by its number.
    """

    api_version: str
    fetched_at: datetime
    ship_from_party_id: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


def customer_invoice_rows(page: CustomerInvoicePage, asked: Asked) -> list[Row]:
    """The rows of one page, each document decoded, typed and hashed."""
    common = {
        "ship_from_party_id": asked.ship_from_party_id,
        "api_version": asked.api_version,
        "created_after": asked.created_after,
        "created_before": asked.created_before,
        "request_id": page.request_id,
        "fetched_at": asked.fetched_at,
    }
    rows = [
        {
            "purchase_order_number": invoice.purchaseOrderNumber,
            "media_type": document.media_type,
            "size_bytes": None if document.content is None else len(document.content),
            "sha256": document.sha256,
            "content": document.content,
            "problem": document.problem,
            **common,
        }
        for invoice in page.invoices
        for document in (decode_base64(invoice.content),)
    ]
    bad = [
        {"purchase_order_number": one.purchase_order_number, "sha256": one.sha256, "problem": one.reason, **common}
        for one in page.bad
    ]
    return rows + bad


def customer_invoice_frame(rows: Sequence[Row]) -> pl.DataFrame:
    """Rows as a frame with the columns of `CustomerInvoices`, not checked yet; their documents are copied, once."""
    return _frame(CustomerInvoices, rows)


def customer_invoices(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The `CustomerInvoices` table of some frames; a purchase order's same document, seen twice, is kept once, the first time."""
    found = pl.concat([customer_invoice_frame([]), *frames])
    return validate(CustomerInvoices, found).unique(
        ["purchase_order_number", "sha256"], keep="first", maintain_order=True
    )


def invoice_status_row(  # noqa: PLR0913 - a column each
    asked_id: str,
    status: str | None,
    problem: str | None,
    checked_at: datetime,
    request_id: str | None,
    attempts: int | None = None,
) -> Row:
    """A row of `InvoiceStatuses`."""
    return {
        "amazon_shipment_id": asked_id,
        "invoice_status": status,
        "checked_at": checked_at,
        "problem": problem,
        "request_id": request_id,
        "attempts": attempts,
    }


def invoice_statuses(rows: Sequence[Row]) -> pl.DataFrame:
    """The `InvoiceStatuses` table."""
    return validate(InvoiceStatuses, _frame(InvoiceStatuses, rows))


@dataclass(slots=True, repr=False)
class ShipmentRows:
    """The four shipment tables and `Problems`, gathered answer by answer.

    Answers are copied into columns by the thousand: as structs they take several times the memory, and the time to get it.
    """

    _taken: list[Taken] = field(default_factory=list)
    _copied: list[RawShipments] = field(default_factory=list)
    _failures: list[Row] = field(default_factory=list)
    _count: int = 0

    def add(self, asked_id: str, answer: ShipmentAnswer, fetched_at: datetime) -> None:
        """Add one answer, under the id that was asked for."""
        self._taken.append(Taken(self._count, asked_id, answer, fetched_at))
        self._count += 1
        if len(self._taken) == _BATCH:
            self._copied.append(raw_shipments(self._taken))
            self._taken.clear()

    def fail(self, asked_id: str, error: ApiError | MalformedResponse, fetched_at: datetime) -> None:
        """Add a shipment that could not be had, as a row of its own."""
        self._failures.append(
            {
                "at": self._count,
                "amazon_shipment_id": asked_id,
                "problem": str(error),
                "request_id": error.request_id,
                "attempts": error.attempts,
                "fetched_at": fetched_at,
            }
        )
        self._count += 1

    def frames(self) -> dict[str, pl.DataFrame]:
        """The validated tables by name: shipments, items, payments, tax_ids, problems."""
        raw = joined([*self._copied, raw_shipments(self._taken)])
        return shipment_tables(raw, self._failures)


def _frame(table: type[Any], rows: Sequence[Row]) -> pl.DataFrame:
    """Rows as columns: row by row polars takes five times as long. What a row does not have is null."""
    schema = polars_schema(table)
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema, strict=True)
