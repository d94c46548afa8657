"""``spapi-invoices reconcile``."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spapi_invoices.cli.session import Session, SessionCommand, counted
from spapi_invoices.errors import InvalidRequest

if TYPE_CHECKING:
    import polars as pl

    from spapi_invoices.analysis import Reconciliation, SavedReconciliation

# Reads a table of the user's own, or says that it is none.
Own = Callable[[Path], "pl.DataFrame | pl.LazyFrame | None"]
Inputs = Callable[[Own], dict[str, Any]]

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(
    cls=SessionCommand,
    asks=False,
    emits=False,
    epilog="Example: spapi-invoices reconcile facts.parquet shipments.parquet --statuses statuses.csv -o report.html",
)
@click.argument("left", type=_file)
@click.argument("right", type=_file)
@click.option("--statuses", type=_file, metavar="FILE", help="What `shipments status` wrote.")
@click.option(
    "--crosswalk",
    type=_file,
    metavar="FILE",
    help="CSV with columns left,right: an invoice's identifier and its order id.",
)
@click.option("--tolerance", default="0.01", show_default=True, help="Difference to let pass, per order.")
@click.option(
    "--passes",
    type=click.IntRange(min=1),
    metavar="N",
    help="For tables larger than memory: take a share of the orders at a time, and write a folder of Parquet files.",
)
@click.option("--fail-on", metavar="STATUS,...", help="Exit with 1 if any order has one of these statuses.")
@click.pass_obj
def reconcile(  # noqa: PLR0913 - one per option
    session: Session,
    left: Path,
    right: Path,
    statuses: Path | None,
    crosswalk: Path | None,
    tolerance: str,
    passes: int | None,
    fail_on: str | None,
) -> int:
    """Compare customer invoices (LEFT) against shipments (RIGHT), order by order.

    LEFT is what `documents read` wrote, RIGHT what `shipments fetch` wrote; either may be a table of your own with the
    columns key, amount and currency, and if you like ref, date and aliases. With -o the report is written as .html, .xlsx, .csv, .json or .parquet;
    the summary goes to stderr. Without, the orders are printed.
    With --passes, -o is a new folder for them, and tables of your own in Parquet are not held in memory.
    """
    wanted = _statuses(fail_on)
    inputs = partial(_read, left, right, statuses, crosswalk)
    if passes is None:
        sources = [f"Invoices: {left.name}", f"Shipments: {right.name}"]
        summary = _at_once(session, inputs, tolerance, sources)
    else:
        summary = _in_passes(session, inputs, tolerance, passes)
    found = int(summary.filter(summary["status"].cast(str).is_in(wanted))["keys"].sum())
    if found:
        click.echo(f"{counted(found, 'line')} with {', '.join(wanted)}", err=True)
    return 1 if found else 0


def _at_once(session: Session, inputs: Inputs, tolerance: str, sources: list[str]) -> "pl.DataFrame":
    """Compare in memory, write the report or the lines, and return the summary."""
    from spapi_invoices.analysis import reconcile as compare
    from spapi_invoices.analysis import report_writer
    from spapi_invoices.cli.output import stdout_for_data
    from spapi_invoices.io.tables import read_own_side

    report = session.output is not None and session.format is None
    # Either raises before anything is read.
    _ = report_writer(session.output) if session.output is not None and report else session.form
    with stdout_for_data():
        result = compare(**inputs(read_own_side), tolerance=tolerance)
    _tell(session, result)
    if session.output is not None and report:
        with stdout_for_data():
            result.save(session.output, sources=sources)
        session.say(f"Report: {session.output}")
    else:
        session.emit(result.matches)
    return result.summary


def _in_passes(session: Session, inputs: Inputs, tolerance: str, passes: int) -> "pl.DataFrame":
    """Compare in passes, write the lines to a folder, and return the summary."""
    from spapi_invoices.analysis import reconcile_in_passes
    from spapi_invoices.cli.output import stdout_for_data
    from spapi_invoices.io.tables import scan_own_side

    if session.output is None or session.format is not None:
        raise InvalidRequest("--passes writes a folder of Parquet files. Next: give -o FOLDER, and no --format")
    with stdout_for_data():
        result = reconcile_in_passes(**inputs(scan_own_side), folder=session.output, passes=passes, tolerance=tolerance)
    _tell(session, result)
    session.say(f"Lines: {session.output}")
    return result.summary


def _tell(session: Session, result: "Reconciliation | SavedReconciliation") -> None:
    from spapi_invoices.cli.output import as_table
    from spapi_invoices.plugins import faults

    for note in result.notes:
        # With --quiet too: a rule had no say, or the crosswalk has lines that lead nowhere. What is wrong with a plugin
        # was said when it happened.
        if note not in faults():
            click.echo(f"Warning: {note}", err=True)
    session.say(as_table(result.summary).rstrip())


def _read(left: Path, right: Path, statuses: Path | None, crosswalk: Path | None, own: Own) -> dict[str, Any]:
    """What is compared, as `reconcile` calls it; tables of the user's own are read by ``own``."""
    return {
        "left": _left(left, own),
        "right": _right(right, statuses, own),
        "crosswalk": _crosswalk(crosswalk),
    }


def _left(path: Path, own: Own) -> "pl.DataFrame | pl.LazyFrame":
    from spapi_invoices.frames.schemas import InvoiceFacts
    from spapi_invoices.io.tables import read_table
    from spapi_invoices.reconciliation import customer_side

    side = own(path)
    return customer_side(read_table(path, InvoiceFacts)) if side is None else side


def _right(path: Path, statuses: Path | None, own: Own) -> "pl.DataFrame | pl.LazyFrame":
    from spapi_invoices.frames.schemas import InvoiceStatuses, Shipments
    from spapi_invoices.io.tables import read_table
    from spapi_invoices.reconciliation import shipment_side

    side = own(path)
    if side is not None:
        return side
    known = None if statuses is None else read_table(statuses, InvoiceStatuses)
    return shipment_side(read_table(path, Shipments), known)


def _crosswalk(path: Path | None) -> "pl.DataFrame | None":
    from spapi_invoices.io.tables import read_crosswalk

    return None if path is None else read_crosswalk(path)


def _statuses(fail_on: str | None) -> list[str]:
    from spapi_invoices.frames.schemas import STATUSES

    wanted = [] if fail_on is None else [one.strip() for one in fail_on.split(",")]
    if unknown := [one for one in wanted if one not in STATUSES]:
        raise InvalidRequest(
            f"--fail-on {', '.join(map(repr, unknown))}: no such status. Next: give any of {', '.join(STATUSES)}"
        )
    return wanted
