"""``spapi-invoices reconcile``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spapi_invoices.cli.session import Session, SessionCommand, counted
from spapi_invoices.errors import InvalidRequest

if TYPE_CHECKING:
    import polars as pl

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
@click.option("--fail-on", metavar="STATUS,...", help="Exit with 1 if any order has one of these statuses.")
@click.pass_obj
def reconcile(  # noqa: PLR0913 - one per option
    session: Session,
    left: Path,
    right: Path,
    statuses: Path | None,
    crosswalk: Path | None,
    tolerance: str,
    fail_on: str | None,
) -> int:
    """Compare customer invoices (LEFT) against shipments (RIGHT), order by order.

    LEFT is what `documents read` wrote, RIGHT what `shipments fetch` wrote; either may be a table of your own with the
    columns key, amount and currency, and if you like ref, date and aliases. With -o the report is written as .html, .xlsx, .csv, .json or .parquet;
    the summary goes to stderr. Without, the orders are printed.
    """
    from spapi_invoices.analysis import reconcile as compare
    from spapi_invoices.analysis import report_writer
    from spapi_invoices.cli.output import as_table, stdout_for_data
    from spapi_invoices.plugins import faults

    wanted = _statuses(fail_on)
    report = session.output is not None and session.format is None
    # Either raises before anything is read.
    _ = report_writer(session.output) if session.output is not None and report else session.form
    with stdout_for_data():
        result = compare(_left(left), _right(right, statuses), crosswalk=_crosswalk(crosswalk), tolerance=tolerance)
    for note in result.notes:
        # With --quiet too: a rule had no say, or the crosswalk has lines that lead nowhere. What is wrong with a plugin
        # was said when it happened.
        if note not in faults():
            click.echo(f"Warning: {note}", err=True)
    session.say(as_table(result.summary).rstrip())
    if session.output is not None and report:
        with stdout_for_data():
            result.save(session.output, sources=[f"Invoices: {left.name}", f"Shipments: {right.name}"])
        session.say(f"Report: {session.output}")
    else:
        session.emit(result.matches)
    found = result.matches.filter(result.matches["status"].cast(str).is_in(wanted)).height
    if found:
        click.echo(f"{counted(found, 'line')} with {', '.join(wanted)}", err=True)
    return 1 if found else 0


def _left(path: Path) -> "pl.DataFrame":
    from spapi_invoices.frames.schemas import InvoiceFacts
    from spapi_invoices.io.tables import read_own_side, read_table
    from spapi_invoices.reconciliation import customer_side

    own = read_own_side(path)
    return customer_side(read_table(path, InvoiceFacts)) if own is None else own


def _right(path: Path, statuses: Path | None) -> "pl.DataFrame":
    from spapi_invoices.frames.schemas import InvoiceStatuses, Shipments
    from spapi_invoices.io.tables import read_own_side, read_table
    from spapi_invoices.reconciliation import shipment_side

    own = read_own_side(path)
    if own is not None:
        return own
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
