"""``spapi-invoices shipments``: fetch, status and plan."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spapi_invoices.cli.session import Session, SessionCommand
from spapi_invoices.errors import InvalidRequest

if TYPE_CHECKING:
    import polars as pl

_PLAN = ("operation", "calls", "seconds")
_TABLES = ("shipments", "items", "payments", "tax_ids", "problems")


@click.group()
def shipments() -> None:
    """Shipments of a seller and the state of their invoices (FBA Onsite, Brazil)."""


ids_option = click.option("--ids", metavar="ID,...", help="Shipment ids, separated by commas.")
ids_file_option = click.option(
    "--ids-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A file of shipment ids, one a line or with commas; # begins a comment.",
)


@shipments.command(
    cls=SessionCommand, epilog="Example: spapi-invoices shipments fetch --ids-file ids.txt -o shipments.parquet"
)
@ids_option
@ids_file_option
@click.option(
    "--table", type=click.Choice(_TABLES), default="shipments", show_default=True, help="Which table to print."
)
@click.pass_obj
def fetch(session: Session, ids: str | None, ids_file: Path | None, table: str) -> int:
    """Fetch shipments by id. Ids come from FBA_OUTBOUND_SHIPMENT_STATUS notifications: the API has no list.

    A shipment that Amazon does not know, or whose record cannot be read in full, stays as a row with a problem; the exit
    code is then 3.
    """
    found = session.client().shipments(shipment_ids(ids, ids_file), progress=session.progress)
    if found.unknown_fields:
        session.say(f"Amazon sent fields that this version does not know: {', '.join(sorted(found.unknown_fields))}")
    session.emit(getattr(found, table))
    return _problems(found.problems.select("record", "problem"))


@shipments.command(cls=SessionCommand, epilog="Example: spapi-invoices shipments status --ids D1aB2,D3cD4 --format csv")
@ids_option
@ids_file_option
@click.pass_obj
def status(session: Session, ids: str | None, ids_file: Path | None) -> int:
    """Ask what became of the invoices submitted for shipments: Processing, Accepted, Errored or NotFound.

    A shipment that Amazon does not know stays as a row with a problem; the exit code is then 3.
    """
    statuses = session.client().invoice_statuses(shipment_ids(ids, ids_file), progress=session.progress)
    session.emit(statuses)
    return _problems(statuses.filter(statuses["problem"].is_not_null()).select("amazon_shipment_id", "problem"))


@shipments.command(
    cls=SessionCommand,
    without=("replay", "endpoint", "record", "keep_documents"),
    epilog="Example: spapi-invoices shipments plan --ids-file ids.txt",
)
@ids_option
@ids_file_option
@click.pass_obj
def plan(session: Session, ids: str | None, ids_file: Path | None) -> None:
    """Say what fetch and status will ask for: calls, seconds at Amazon's quota. Nothing is asked.

    The seconds are the least: the time that answers take comes on top.
    """
    import polars as pl

    from spapi_invoices.core.plan import plan as plan_calls
    from spapi_invoices.endpoints import operation

    calls = len(set(shipment_ids(ids, ids_file)))
    planned = [plan_calls(operation(one, "v0"), calls) for one in ("getShipmentDetails", "getInvoiceStatus")]
    session.emit(pl.DataFrame([(one.operation_id, one.calls, one.seconds) for one in planned], _PLAN, orient="row"))


def _problems(problems: "pl.DataFrame") -> int:
    """A line each on stderr, and the exit code."""
    for shipment_id, problem in problems.iter_rows():
        step = "" if "Next: " in problem else ". Next: compare the row with the shipment in Seller Central"
        click.echo(f"Error: shipment {shipment_id}: {problem}{step}", err=True)
    return 3 if problems.height else 0


def shipment_ids(ids: str | None, ids_file: Path | None) -> list[str]:
    """The ids of both options, in order.

    Raises:
        InvalidRequest: There is none.
        FileFailed: The file cannot be read.
    """
    from spapi_invoices.io.files import read_text

    given = ids.split(",") if ids else []
    if ids_file is not None:
        given += [one for line in read_text(ids_file).splitlines() for one in re.sub(r"(^|\s)#.*", "", line).split(",")]
    found = [one.strip() for one in given if one.strip()]
    if not found:
        raise InvalidRequest("no shipment ids. Next: give --ids D1aB2,D3cD4 or --ids-file FILE")
    return found
