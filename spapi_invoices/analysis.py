"""What a person at a desk calls: read documents from anywhere, reconcile, save the report. Joins the pure parts to files.

Not for the parts themselves: reading is `spapi_invoices.documents`, comparing is `spapi_invoices.reconciliation`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from spapi_invoices import __version__, plugins
from spapi_invoices.documents.table import read_contents, read_frame
from spapi_invoices.errors import FileFailed, InvalidRequest
from spapi_invoices.io.answers import Fetched
from spapi_invoices.io.files import read_bytes, write_whole
from spapi_invoices.reconciliation import Result
from spapi_invoices.reconciliation import reconcile as reconcile_sides
from spapi_invoices.report.writer import ReportContext, ReportWriter


def read_documents(source: pl.DataFrame | Fetched | Path | str | Iterable[Path | str]) -> pl.DataFrame:
    """Read documents: `InvoiceFacts`, one row per document, what it states or why it could not be read.

    Args:
        source: A `CustomerInvoices` frame or the fetch that holds one; a folder (its files and those of all folders
            below, by path, hidden ones left out); a file; or several files.

    Raises:
        FileFailed: A file cannot be read, or a folder holds none.
        MissingExtra: A PDF is among them and the extra ``[pdf]`` is not installed.

    >>> from spapi_invoices.io.demo_files import demo_file
    >>> read_documents(demo_file("demo-nfe"))["authorised"].sum()
    10
    """
    if isinstance(source, Fetched):
        source = source.frame
    if isinstance(source, pl.DataFrame):
        return read_frame(source, plugins.document_readers())
    return read_contents([(path.name, read_bytes(path)) for path in _files(source)], plugins.document_readers())


@dataclass(frozen=True, eq=False, repr=False)
class Reconciliation(Result):
    """A `Result` that can be saved. See `spapi_invoices.reconciliation.Result` for its tables."""

    def save(  # noqa: PLR0913 - what a report says about itself, all optional
        self,
        path: Path | str,
        *,
        title: str = "Customer invoices against shipments",
        sources: Iterable[str] = (),
        notes: Iterable[str] = (),
        windows: pl.DataFrame | None = None,
        created_at: datetime | None = None,
    ) -> Path:
        """Write the report; the suffix chooses the form: .html, .xlsx, .csv, .json, .parquet, or a plugin's.

        Args:
            path: Where to; an existing file is replaced, whole or not at all.
            title: At the top.
            sources: Where both sides came from, a line each.
            notes: What the reader must know, a line each.
            windows: `FetchWindows`, to show how complete the fetch was.
            created_at: ``None`` is now.

        Returns:
            The path.

        Raises:
            InvalidRequest: No writer has the suffix.
            FileFailed: The path cannot be written.
            MissingExtra: The writer's extra is not installed.
        """
        path = Path(path)
        writer = report_writer(path)
        context = ReportContext(
            title=title,
            created_at=created_at or datetime.now(UTC),
            sources=tuple(sources),
            notes=tuple(notes),
            windows=windows,
            version=__version__,
        )
        write_whole(path, writer.write(self, context))
        return path


def report_writer(path: Path) -> ReportWriter:
    """The writer that a path's suffix asks for.

    Raises:
        InvalidRequest: There is none.
    """
    writers = plugins.report_writers()
    if path.suffix.lower() not in writers:
        raise InvalidRequest(f"no report is written as {path.suffix!r}. Next: give {', '.join(sorted(writers))}")
    return writers[path.suffix.lower()]


def reconcile(
    left: Any,  # noqa: ANN401 - any frame narwhals reads
    right: Any,  # noqa: ANN401 - any frame narwhals reads
    *,
    crosswalk: Any = None,  # noqa: ANN401 - any frame narwhals reads
    tolerance: str | int | Decimal = "0.01",
    as_of: date | None = None,
) -> Reconciliation:
    """Compare two sides; see `spapi_invoices.reconciliation.reconcile` for keys, statuses and laws.

    Args:
        left: `InvoiceSide` or any frame with key, amount and currency; from `customer_side`.
        right: Likewise; from `shipment_side`.
        crosswalk: A frame with columns ``left`` and ``right``: an identifier of a left row, and the key it belongs to.
        tolerance: The difference to let pass, per key, in units of the currency.
        as_of: The day that ages are counted to; ``None`` is today (UTC).
    """
    result = reconcile_sides(
        left, right, crosswalk=crosswalk, tolerance=tolerance, as_of=as_of or datetime.now(UTC).date()
    )
    return Reconciliation(**{field.name: getattr(result, field.name) for field in fields(result)})


def _files(source: Path | str | Iterable[Path | str]) -> list[Path]:
    if isinstance(source, str | Path):
        path = Path(source)
        return _below(path) if path.is_dir() else [path]
    return [Path(one) for one in source]


def _below(folder: Path) -> list[Path]:
    found = [one for one in folder.rglob("*") if one.is_file()]
    shown = sorted(one for one in found if not any(part.startswith(".") for part in one.relative_to(folder).parts))
    if not shown:
        raise FileFailed(f"{folder} holds no file. Next: give a folder with documents")
    return shown
