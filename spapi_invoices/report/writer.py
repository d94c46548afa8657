"""What a writer of reports is, and what it is told beside the result."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from spapi_invoices.reconciliation.result import Result


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What a report says about itself.

    Attributes:
        title: At the top.
        created_at: When it was made, aware; the only clock of a report, so the same input gives the same bytes.
        left_label: What the left side is called.
        right_label: What the right side is called.
        sources: Where both sides came from, a line each.
        notes: What the reader must know, a line each.
        windows: The ``FetchWindows`` table; ``None`` if nothing is known of the fetch.
        version: Of this package.
    """

    title: str
    created_at: datetime
    left_label: str = "Customer invoices"
    right_label: str = "Shipments"
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    windows: pl.DataFrame | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class ReportWriter:
    """One form of report.

    Attributes:
        name: What a list of forms calls it.
        suffix: Of the files it is for, with the dot.
        write: Result and context to the file's bytes.
    """

    name: str
    suffix: str
    write: Callable[[Result, ReportContext], bytes]
