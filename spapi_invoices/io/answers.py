"""What the client returns: frames with what must be known about them. Not for getting them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is: windows or ids done, of how many, with how many rows so far."""

    done: int
    total: int
    rows: int


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """One page of a window.

    Attributes:
        frame: `CustomerInvoices`, in the order of the answer. Not in the repr.
        at: When it was answered, in UTC.
        attempts: How many requests it took.
        request_id: Of the answer.
        unknown_fields: Fields in the answer that the official model does not have.
    """

    frame: pl.DataFrame = field(repr=False)
    at: datetime
    attempts: int = 1
    request_id: str | None = None
    unknown_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fetched:
    """Customer invoices of a range, or of purchase orders.

    Attributes:
        frame: `CustomerInvoices`, in the order Amazon gave them, window by window; or in the order of the numbers asked.
        windows: `FetchWindows`, a row per window, in time order; one row for all that was asked for by number.
        unknown_fields: Fields in the answers that the official model does not have.
        missing: Purchase orders asked for by number that have no invoice, each with what Amazon said.
        not_asked: Purchase orders that were not answered, for something else failed first.
    """

    frame: pl.DataFrame
    windows: pl.DataFrame
    unknown_fields: frozenset[str] = frozenset()
    missing: Mapping[str, str] = field(default_factory=dict)
    not_asked: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Every window of the range was answered to its last page, or every number was answered."""
        return bool((self.windows["state"] == "complete").all())

    def __repr__(self) -> str:
        done = int((self.windows["state"] == "complete").sum())
        return f"<Fetched: {self.frame.height} customer invoices, {done} of {self.windows.height} windows complete>"


@dataclass(frozen=True, slots=True)
class Shipments:
    """Shipments as four tables, and what was wrong with any.

    Attributes:
        shipments: `Shipments`, a row per id asked, in that order.
        items: `ShipmentItems`.
        payments: `ShipmentPayments`.
        tax_ids: `ShipmentTaxIds`.
        problems: `Problems`, a row per shipment that could not be had or read in full.
        unknown_fields: Fields in the answers that the official model does not have.
    """

    shipments: pl.DataFrame
    items: pl.DataFrame
    payments: pl.DataFrame
    tax_ids: pl.DataFrame
    problems: pl.DataFrame
    unknown_fields: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<Shipments: {self.shipments.height} shipments, {self.items.height} items, {self.problems.height} problems>"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a submission.

    Attributes:
        amazon_shipment_id: The shipment.
        sha256: Of the document.
        sent: It went to Amazon. False for a dry run.
        invoice_status: Before it was sent.
        request_id: Of the answer; ``None`` for a dry run.
    """

    amazon_shipment_id: str
    sha256: str
    sent: bool
    invoice_status: str
    request_id: str | None = None
