"""``spapi-invoices customer-invoices``: fetch and get."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spapi_invoices.cli.session import Session, SessionCommand, counted
from spapi_invoices.errors import NotFound, Rejected

if TYPE_CHECKING:
    import polars as pl


@click.group("customer-invoices")
def customer_invoices() -> None:
    """Customer invoices of a vendor (Direct Fulfillment, India)."""


_save_documents = click.option(
    "--save-documents",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Save each document as PURCHASE_ORDER_NUMBER.pdf, never over a different one.",
)


@customer_invoices.command(
    cls=SessionCommand,
    epilog="Example: spapi-invoices customer-invoices fetch --from 2026-10-01 --to 2026-11-01 -o invoices.parquet",
)
@click.option("--from", "start", required=True, metavar="DATE", help="First day or moment, inclusive (ISO 8601).")
@click.option("--to", "end", required=True, metavar="DATE", help="Last day or moment, exclusive (ISO 8601).")
@click.option("--ship-from", metavar="ID", help="Only this warehouse (shipFromPartyId).")
@_save_documents
@click.pass_obj
def fetch(session: Session, start: str, end: str, ship_from: str | None, save_documents: Path | None) -> None:
    """Fetch every invoice whose order became available in a range of any length.

    The range is asked in windows of seven days. If one cannot be answered to its last page, nothing is printed and the
    exit code is 3. A date alone begins at midnight in the profile's time zone (default UTC).
    """
    with session.progress("windows") as progress:
        fetched = session.client().customer_invoices(start, end, ship_from_party_id=ship_from, progress=progress)
    session.say(
        f"{counted(fetched.frame.height, 'customer invoice')}; {counted(fetched.windows.height, 'window')}, all complete"
    )
    _tell(session, fetched.frame, fetched.unknown_fields)
    _save(session, fetched.frame, save_documents)
    session.emit(fetched.frame)


@customer_invoices.command(
    cls=SessionCommand, epilog="Example: spapi-invoices customer-invoices get 2JK3S9VC --save-documents pdf"
)
@click.argument("purchase_order_numbers", nargs=-1, required=True, metavar="PURCHASE_ORDER_NUMBER...")
@_save_documents
@click.pass_obj
def get(session: Session, purchase_order_numbers: tuple[str, ...], save_documents: Path | None) -> int:
    """Get the invoices of purchase orders by number.

    A number for which Amazon has no invoice is said on stderr; the exit code is then 3.
    """
    import polars as pl

    from spapi_invoices.frames.build import customer_invoices

    client = session.client()
    found, missing = [customer_invoices([])], []
    for number in dict.fromkeys(purchase_order_numbers):
        try:
            found.append(client.customer_invoice(number))
        except (NotFound, Rejected) as error:
            missing.append(error)
    frame = pl.concat(found)
    _tell(session, frame, frozenset())
    _save(session, frame, save_documents)
    session.emit(frame)
    for refusal in missing:
        click.echo(f"Error: {refusal}", err=True)
    return 3 if missing else 0


def _tell(session: Session, frame: "pl.DataFrame", unknown_fields: frozenset[str]) -> None:
    """Say what is odd, once."""
    for number, problem in (
        frame.filter(frame["problem"].is_not_null()).select("purchase_order_number", "problem").iter_rows()
    ):
        session.say(f"Problem: {f'purchase order {number}' if number else 'an entry without number'}: {problem}")
    if unknown_fields:
        session.say(f"Amazon sent fields that this version does not know: {', '.join(sorted(unknown_fields))}")


def _save(session: Session, frame: "pl.DataFrame", folder: Path | None) -> None:
    if folder is not None:
        from spapi_invoices.io.documents import save_documents

        session.say(f"{counted(len(save_documents(frame, folder)), 'document')} in {folder}")
