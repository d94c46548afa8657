"""What a person at a desk calls: read documents from anywhere, reconcile, save the report. Joins the pure parts to files.

Not for the parts themselves: reading is `spapi_invoices.documents`, comparing is `spapi_invoices.reconciliation`.
"""

import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from spapi_invoices import __version__, plugins
from spapi_invoices.documents.table import Documents, Received, from_file, from_table, from_unread_file, read_all
from spapi_invoices.errors import FileFailed, InvalidRequest
from spapi_invoices.io.answers import Fetched, Progress
from spapi_invoices.io.files import new_folder, read_bytes, write_whole
from spapi_invoices.io.progress import Show, shown
from spapi_invoices.io.tables import to_parquet
from spapi_invoices.reconciliation import AGREEING, Result
from spapi_invoices.reconciliation import reconcile as reconcile_sides
from spapi_invoices.reconciliation import reconcile_in_passes as sides_in_passes
from spapi_invoices.reconciliation.result import total
from spapi_invoices.report.writer import ReportContext, ReportWriter
from spapi_invoices.workers import reading

# Below, starting processes takes longer than they save.
_WORTH_PROCESSES: Final = 200

Source = pl.DataFrame | Fetched | Path | str


def read_documents(
    source: Source | Iterable[Source],
    *,
    processes: int | None = None,
    progress: Show = None,
) -> Documents:
    """Read documents: what each states, or why it could not be read, as ``.facts`` and ``.lines``.

    Args:
        source: A `CustomerInvoices` frame or the fetch that holds one; a folder (its files and those of all folders
            below, by path, hidden ones left out); a file; or several of these.
        processes: How many read at once; ``None`` is one, or for a large set as many as there are processors.
        progress: Called after each document, with rows of `InvoiceFacts` so far; ``True`` shows a bar.

    Raises:
        FileFailed: A file cannot be read, or a folder holds none.
        InvalidRequest: ``processes`` is less than one.

    >>> from spapi_invoices.io.demo_files import demo_file
    >>> read_documents(demo_file("demo-nfe"))
    <Documents: 11 invoices, 11 lines, 1 with a problem or finding>
    """
    if processes is not None and processes < 1:
        raise InvalidRequest(f"processes is {processes}. Next: give 1 or more, or None")
    parts = list(map(_part, _several(source)))
    total = sum(map(len, parts))
    if processes is None:
        processes = (os.cpu_count() or 1) if total >= _WORTH_PROCESSES else 1
    counted = itertools.count(1)

    received = itertools.chain.from_iterable(map(_received, parts))
    with (
        shown(progress, "document") as advance,
        reading(plugins.document_readers(), min(processes, total)) as (submit, ahead),
    ):
        return read_all(received, submit, ahead=ahead, done=lambda rows: advance(Progress(next(counted), total, rows)))


def _several(source: Source | Iterable[Source]) -> list[Source]:
    return [source] if isinstance(source, pl.DataFrame | Fetched | Path | str) else list(source)


@dataclass(frozen=True, slots=True)
class _File:
    """A file to read: its path, its name below the folder that was given, and whether it was given by itself."""

    path: Path
    name: str
    by_itself: bool

    def received(self) -> Received:
        """Its bytes; of one below a folder, a row that says why they cannot be had."""
        try:
            return from_file(self.name, read_bytes(self.path))
        except FileFailed as error:
            if self.by_itself:
                raise
            return from_unread_file(self.name, str(error).partition(" cannot be read: ")[2].partition(". Next")[0])


def _part(source: Source) -> pl.DataFrame | list[_File]:
    """The rows or files of a source, so that they can be counted before any is read."""
    if isinstance(source, Fetched):
        return source.frame
    if isinstance(source, pl.DataFrame):
        return source
    path = Path(source)
    if not path.is_dir():
        return [_File(path, path.name, by_itself=True)]
    return [_File(one, one.relative_to(path).as_posix(), by_itself=False) for one in _below(path)]


def _received(part: pl.DataFrame | list[_File]) -> Iterator[Received]:
    return from_table(part) if isinstance(part, pl.DataFrame) else (file.received() for file in part)


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
            FileFailed: The path cannot be written, or the plugin that writes such reports failed.
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

    The rules of plugins apply too; what went wrong with a plugin is among the result's notes.

    Args:
        left: `InvoiceSide` or any frame with key, amount and currency; from `customer_side`.
        right: Likewise; from `shipment_side`.
        crosswalk: A frame with columns ``left`` and ``right``: an identifier of a left row, and the key it belongs to.
        tolerance: The difference to let pass, per key, in units of the currency.
        as_of: The day that ages are counted to; ``None`` is today (UTC).
    """
    result = reconcile_sides(
        left,
        right,
        crosswalk=crosswalk,
        tolerance=tolerance,
        as_of=as_of or datetime.now(UTC).date(),
        rules=plugins.reconcile_rules(),
    )
    found = {one.name: getattr(result, one.name) for one in fields(result)}
    # Whoever signs the report must know that a plugin did not have its say.
    return Reconciliation(**found | {"notes": (*result.notes, *plugins.faults())})


@dataclass(frozen=True, slots=True)
class SavedReconciliation:
    """What `reconcile_in_passes` found. The lines are in the folder, a Parquet file for each pass.

    Attributes:
        folder: Where they are.
        summary: As of a `Reconciliation`, of all passes.
        notes: Likewise.
    """

    folder: Path
    summary: pl.DataFrame
    notes: tuple[str, ...] = field(repr=False)

    @property
    def matches(self) -> pl.LazyFrame:
        """All lines, in order within a pass."""
        return pl.scan_parquet(self.folder)

    @property
    def exceptions(self) -> pl.LazyFrame:
        """The lines that need attention."""
        return self.matches.filter(~pl.col("status").is_in(AGREEING))


def reconcile_in_passes(  # noqa: PLR0913 - what a comparison depends on
    left: Any,  # noqa: ANN401 - a LazyFrame, or any frame narwhals reads
    right: Any,  # noqa: ANN401 - likewise
    folder: Path | str,
    *,
    passes: int | None = None,
    crosswalk: Any = None,  # noqa: ANN401 - any frame narwhals reads
    tolerance: str | int | Decimal = "0.01",
    as_of: date | None = None,
) -> SavedReconciliation:
    """Compare two sides that are larger than memory, a share of the keys at a time, and write what is found to a folder.

    See `spapi_invoices.reconciliation.reconcile_in_passes`, which gives the result of each pass instead.

    Args:
        left: As of `reconcile`, or a LazyFrame, as of ``pl.scan_parquet``; it is read once for each pass.
        right: Likewise.
        folder: Where to; it must not be there yet, and is there when all passes are done or not at all.
        passes: How many; ``None`` is one for each five million rows of the larger side, which take about 4 GB.
        crosswalk: As of `reconcile`.
        tolerance: As of `reconcile`.
        as_of: As of `reconcile`.

    Raises:
        FileFailed: The folder is there already, or cannot be written; or a side cannot be read to its end.
    """
    folder = Path(folder)
    with new_folder(folder) as filling, _damage_told():
        parts = sides_in_passes(
            left,
            right,
            passes=passes,
            crosswalk=crosswalk,
            tolerance=tolerance,
            as_of=as_of or datetime.now(UTC).date(),
            rules=plugins.reconcile_rules(),
        )
        paths = (filling / f"{number:04}.parquet" for number in itertools.count())
        # Not a loop: its variable would hold one result while the next is made.
        told = list(map(_save_pass, paths, parts))
    notes = dict.fromkeys(note for _, notes in told for note in notes)
    return SavedReconciliation(folder, total(summary for summary, _ in told), (*notes, *plugins.faults()))


@contextmanager
def _damage_told() -> Iterator[None]:
    """What polars finds wrong while it reads a side is said of the side."""
    try:
        yield
    except pl.exceptions.ComputeError as error:
        reason = type(error).__name__
        raise FileFailed(
            f"a side cannot be read to its end ({reason}): a file of it is damaged. Next: write its files again"
        ) from None


def _save_pass(path: Path, result: Result) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Write the lines; return what is kept of the result."""
    write_whole(path, to_parquet(result.matches))
    return result.summary, result.notes


def _below(folder: Path) -> list[Path]:
    found = [one for one in folder.rglob("*") if one.is_file() or (one.is_symlink() and not one.exists())]
    shown = sorted(one for one in found if not any(part.startswith(".") for part in one.relative_to(folder).parts))
    if not shown:
        raise FileFailed(f"{folder} holds no file. Next: give a folder with documents")
    return shown
