"""``spapi-invoices customer-invoices``: fetch, get and plan."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from spapi_invoices.cli.session import Session, SessionCommand, counted

if TYPE_CHECKING:
    import polars as pl

    from spapi_invoices.core.customer_invoices import ApiVersion
    from spapi_invoices.io.answers import Fetched


@click.group("customer-invoices")
def customer_invoices() -> None:
    """Customer invoices of a vendor (Direct Fulfillment, India)."""


_save_documents = click.option(
    "--save-documents",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Save each document as PURCHASE_ORDER_NUMBER.pdf, never over a different one.",
)


_from = click.option(
    "--from", "start", required=True, metavar="DATE", help="First day or moment, inclusive (ISO 8601)."
)
_to = click.option("--to", "end", required=True, metavar="DATE", help="Last day or moment, exclusive (ISO 8601).")
_margin = click.option(
    "--margin",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=60.0,
    show_default=True,
    help="By how much windows overlap; what two of them hold is there once.",
)


@customer_invoices.command(
    cls=SessionCommand,
    epilog="Example: spapi-invoices customer-invoices fetch --from 2026-10-01 --to 2026-11-01 -o invoices.parquet",
)
@_from
@_to
@click.option("--ship-from", metavar="ID", help="Only this warehouse (shipFromPartyId).")
@_margin
@_save_documents
@click.pass_obj
def fetch(  # noqa: PLR0913 - an option each
    session: Session, start: str, end: str, ship_from: str | None, margin: float, save_documents: Path | None
) -> None:
    """Fetch every invoice whose order became available in a range of any length.

    The range is asked in windows of at most seven days. If one cannot be answered to its last page, nothing is printed and
    the exit code is 3: `spapi-invoices archive sync` keeps what arrives. A date alone begins at midnight in the profile's
    time zone (default UTC).
    """
    fetched = session.client().customer_invoices(
        start, end, ship_from_party_id=ship_from, margin=timedelta(seconds=margin), progress=session.progress
    )
    session.say(
        f"{counted(fetched.frame.height, 'customer invoice')}; {counted(fetched.windows.height, 'window')}, all complete"
    )
    _tell(session, fetched)
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
    fetched = session.client().customer_invoices(purchase_orders=purchase_order_numbers, progress=session.progress)
    _tell(session, fetched)
    _save(session, fetched.frame, save_documents)
    session.emit(fetched.frame)
    for number, refusal in fetched.missing.items():
        click.echo(f"Error: purchase order {number}: {refusal}", err=True)
    return 3 if fetched.missing else 0


@customer_invoices.command(
    cls=SessionCommand,
    without=("replay", "endpoint", "record", "keep_documents"),
    epilog="Example: spapi-invoices customer-invoices plan --from 2026-04-01 --to 2026-10-01 --invoices 5000",
)
@_from
@_to
@click.option(
    "--invoices",
    type=click.IntRange(min=0),
    metavar="N",
    default=0,
    help="How many you expect: windows of more than 100 need more than one page.",
)
@_margin
@click.pass_obj
def plan(session: Session, start: str, end: str, invoices: int, margin: float) -> None:
    """Say what a fetch will ask for: windows, calls, seconds at Amazon's quota. Nothing is asked, and no credentials are needed.

    Calls and seconds are the least: pages beyond one a window are counted with --invoices, and the time that answers take
    comes on top.
    """
    import polars as pl

    from spapi_invoices.core.plan import plan_windows
    from spapi_invoices.core.windows import parse_instant, split

    account = session.account()
    ends = parse_instant(start, account.zone()), parse_instant(end, account.zone())
    windows = split(*ends, margin=timedelta(seconds=margin))
    one = plan_windows(windows, version=cast("ApiVersion", account.api_version), invoices=invoices)
    row = {"operation": one.operation_id, "windows": len(one.windows), "calls": one.calls, "seconds": one.seconds}
    session.emit(pl.DataFrame([row]))


def _tell(session: Session, fetched: "Fetched") -> None:
    """Say what is odd, once."""
    odd = fetched.frame.filter(fetched.frame["problem"].is_not_null())
    for number, problem in odd.select("purchase_order_number", "problem").iter_rows():
        session.say(f"Problem: {f'purchase order {number}' if number else 'an entry without number'}: {problem}")
    if fetched.unknown_fields:
        session.say(f"Amazon sent fields that this version does not know: {', '.join(sorted(fetched.unknown_fields))}")


def _save(session: Session, frame: "pl.DataFrame", folder: Path | None) -> None:
    if folder is not None:
        from spapi_invoices.io.documents import save_documents

        session.say(f"{counted(len(save_documents(frame, folder)), 'document')} in {folder}")
