"""``spapi-invoices archive``: sync, status, purge, forget, retention, export."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from spapi_invoices.cli.session import Session, SessionCommand, counted
from spapi_invoices.cli.shipments import ids_file_option, ids_option, shipment_ids
from spapi_invoices.errors import InvalidRequest

if TYPE_CHECKING:
    from spapi_invoices.io.archive import Purged, Status

# State -> its mark in the calendar, in the order of the legend.
_MARKS: Final = {"complete": "#", "empty": "-", "failed": "!", "never_asked": "?"}
# So many errors are shown: a range that Amazon refuses has one for each window.
_MOST_ERRORS: Final = 5
_TABLES: Final = (
    *("customer_invoices", "shipments", "shipment_items", "shipment_payments", "shipment_tax_ids"),
    *("invoice_statuses", "problems", "fetch_windows"),
)
# The largest that says it exactly is shown.
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1)}


@click.group()
def archive() -> None:
    """Keep everything on disk: fetched once, provably complete, purged in time."""


def _duration(_: click.Context, __: click.Parameter, value: str | None) -> timedelta | None:
    from spapi_invoices.core.durations import parse_duration

    return None if value is None else parse_duration(value)


_folder = click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="ARCHIVE")
_from = click.option("--from", "start", metavar="DATE", help="First day or moment, inclusive (ISO 8601).")
_to = click.option("--to", "end", metavar="DATE", help="Last day or moment, exclusive; by default now.")
_ship_from = click.option("--ship-from", metavar="ID", help="Only this warehouse (shipFromPartyId).")
_wait = click.option(
    "--wait", type=click.FloatRange(min=0), default=0, metavar="SECONDS", help="Wait so long for another sync to end."
)


@archive.command(
    cls=SessionCommand, epilog="Example: spapi-invoices archive sync invoices --from 2026-05-01 --profile india"
)
@_folder
@_from
@_to
@_ship_from
@ids_option
@ids_file_option
@click.option(
    "--look-back",
    callback=_duration,
    default="7d",
    show_default=True,
    metavar="TIME",
    help="Ask again for what became available so shortly before it was asked for: 7d, 12h, 2w.",
)
@_wait
@click.pass_obj
def sync(  # noqa: PLR0913 - click's
    session: Session,
    folder: Path,
    start: str | None,
    end: str | None,
    ship_from: str | None,
    ids: str | None,
    ids_file: Path | None,
    look_back: timedelta,
    wait: float,
) -> int:
    """Ask for what the archive lacks, and store it page by page.

    ARCHIVE is a folder, made if it is not there. What was answered in full is not asked for again, so the same line can be
    run every night, and after a crash. Shipments are remembered: of all of them, details that are missing and invoice
    statuses that are not Accepted are asked for each time. An archive is of one account.

    Prints the windows that were asked. If one failed, the others are stored, and the exit code is 3: sync again.
    """
    from spapi_invoices.io.archive import open_archive

    wanted = shipment_ids(ids, ids_file) if ids or ids_file else []
    client = session.client()
    done = open_archive(folder).sync(
        client,
        start,
        end,
        shipment_ids=wanted,
        ship_from_party_id=ship_from,
        look_back=look_back,
        progress=session.progress,
        wait=wait,
    )
    session.say(
        f"{counted(done.windows.height, 'window')}, {counted(done.invoices, 'new customer invoice')}, "
        f"{counted(done.shipments, 'shipment')}, {done.statuses} invoice statuses"
    )
    session.emit(done.windows)
    _say_lost(done.lost)
    _say_first("Warning", done.warnings, f"archive export {folder} --table problems")
    _say_first("Error", done.errors, f"archive export {folder} --table fetch_windows (or problems)")
    if not done.complete:
        click.echo(f"Error: {folder} is incomplete. Next: sync again; what failed is asked for then", err=True)
    return 0 if done.complete else 3


@archive.command(
    cls=SessionCommand, asks=False, epilog="Example: spapi-invoices archive status invoices --expect orders.csv"
)
@_folder
@_from
@_to
@_ship_from
@click.option(
    "--expect",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A list of purchase orders: print which have no invoice yet, and which invoices are not in it.",
)
@click.pass_obj
def status(  # noqa: PLR0913 - click's
    session: Session, folder: Path, start: str | None, end: str | None, ship_from: str | None, expect: Path | None
) -> int:
    """Show how complete the archive is: by stretches of time, and as a calendar.

    The exit code is 3 if a part of the range failed or was never asked for, a shipment has no details, or an expected
    invoice is missing. FILE is a table with the column purchase_order_number. Without dates the range is all that was
    wanted, also by a sync that was killed. Without a warehouse, one that was asked for alone and lacks something is named.
    """
    from spapi_invoices.io.archive import open_archive
    from spapi_invoices.io.tables import read_purchase_orders

    expected = None if expect is None else read_purchase_orders(expect)
    found = open_archive(folder, create=False).status(start, end, ship_from_party_id=ship_from, expected=expected)
    missing = found.expected.filter(found.expected["state"] == "missing").height
    _tell(session, folder, found)
    if expected is None:
        session.emit(found.coverage, _calendar(found))
    else:
        session.say(f"{missing} of {counted(len(expected), 'purchase order')} without an invoice")
        session.emit(found.expected)
    return 0 if found.complete and not missing else 3


@archive.command(
    cls=SessionCommand,
    asks=False,
    emits=False,
    without=("format", "output"),
    epilog="Example: spapi-invoices archive purge invoices --older-than 30d --dry-run",
)
@_folder
@click.option(
    "--older-than",
    callback=_duration,
    metavar="TIME",
    help="Since it was fetched: 30d, 12h, 4w; by default the retention.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@_wait
@click.pass_obj
def purge(session: Session, folder: Path, older_than: timedelta | None, dry_run: bool, wait: float) -> None:
    """Remove personal data that was fetched long ago.

    Documents are deleted, and names, addresses and numbers of persons become null. Purchase order numbers, hashes, ids,
    amounts and statuses stay, and what is purged is not stored again. Amazon allows to keep personal data for 30 days after
    delivery, unless a law requires more.
    """
    from spapi_invoices.io.archive import open_archive

    found = open_archive(folder, create=False).purge(older_than, dry_run=dry_run, wait=wait)
    session.say(
        f"{'would be purged' if dry_run else 'purged'}, from before {found.before:%Y-%m-%d %H:%M} UTC: {_held(found)}"
    )
    _say_lost(found.lost)


@archive.command(
    cls=SessionCommand,
    asks=False,
    emits=False,
    without=("format", "output"),
    epilog="Example: spapi-invoices archive forget shipments --ids D1aB2",
)
@_folder
@ids_option
@click.option(
    "--ids-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A file of shipment ids, one a line.",
)
@_wait
@click.pass_obj
def forget(session: Session, folder: Path, ids: str | None, ids_file: Path | None, wait: float) -> int:
    """Take shipments out of the archive, as if they had never been given.

    It is for ids that were mistyped, or that Amazon does not know. All their rows go, those of purged ones too.

    Ids are taken letter by letter: blanks count, and in FILE commas too. If the archive does not have one, it is named, and
    the exit code is 3.
    """
    from spapi_invoices.io.archive import open_archive

    wanted = _exact_ids(ids, ids_file)
    removed = open_archive(folder, create=False).forget(wanted, wait=wait)
    session.say(f"{len(removed)} of {counted(len(wanted), 'shipment')} forgotten")
    unknown = [one for one in wanted if one not in removed]
    for one in unknown:
        click.echo(f"Error: {folder} has no shipment {one!r}. Next: give it as archive sync names it", err=True)
    return 3 if unknown else 0


@archive.command(
    cls=SessionCommand,
    asks=False,
    emits=False,
    without=("format", "output"),
    epilog="Example: spapi-invoices archive retention invoices 45d",
)
@_folder
@click.argument("time", callback=_duration, required=False, metavar="[TIME]")
@click.pass_obj
def retention(_: Session, folder: Path, time: timedelta | None) -> None:
    """Show for how long the archive may hold personal data, or set it.

    `status` warns of what is older, and `purge` removes it.
    """
    from spapi_invoices.io.archive import open_archive

    found = open_archive(folder, create=False)
    if time is not None:
        found.keep_for(time)
    click.echo(_written(found.retention))


@archive.command(
    cls=SessionCommand,
    asks=False,
    emits=False,
    epilog="Example: spapi-invoices archive export invoices --table customer_invoices -o invoices.parquet",
)
@_folder
@click.option(
    "--save-documents",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Save each document as PURCHASE_ORDER_NUMBER.pdf, never over a different one.",
)
@click.option("--table", type=click.Choice(_TABLES), help="Print this table.")
@click.pass_obj
def export(session: Session, folder: Path, save_documents: Path | None, table: str | None) -> int:
    """Take documents or a table out of the archive.

    Each document is checked against its hash; one that is missing or damaged is said, and the exit code is then 3. In
    Parquet, customer_invoices has the documents too, for `documents read`.
    """
    from spapi_invoices.io.archive import open_archive

    if table is None and save_documents is None:
        raise InvalidRequest("nothing to export. Next: give --save-documents DIR or --table NAME")
    if table is not None:
        session.form  # noqa: B018 - raises before anything is written
    found, code = open_archive(folder, create=False), 0
    if save_documents is not None:
        done = found.export_documents(save_documents)
        session.say(
            f"{counted(done.saved, 'document')} in {save_documents}, {done.purged} purged, {done.without_document} never readable"
        )
        _say_damaged(done.damaged)
        code = 3 if done.damaged else 0
    if table is not None:
        frame = found.read(table)
        with_documents = table == "customer_invoices" and session.form == "parquet"
        session.emit(found.with_documents(frame) if with_documents else frame)
    return code


def _exact_ids(ids: str | None, ids_file: Path | None) -> dict[str, None]:
    """The ids of both options, once and in order, as they are: what an older version remembered may be no id."""
    from spapi_invoices.io.files import read_text

    given = [] if ids is None else ids.split(",")
    if ids_file is not None:
        given += [line.rstrip("\r\n") for line in StringIO(read_text(ids_file))]
    if not given:
        raise InvalidRequest("no shipment ids. Next: give --ids D1aB2,D3cD4 or --ids-file FILE")
    return dict.fromkeys(given)


def _tell(session: Session, folder: Path, found: "Status") -> None:
    """What stands in no table."""
    _say_lost(found.lost)
    if found.warehouses:
        session.say(f"asked for by warehouse too: {', '.join(found.warehouses)}")
    elif not found.coverage.height:
        session.say("no customer invoices were ever asked for")
    for one in (name for name, complete in found.warehouses.items() if not complete):
        click.echo(
            f"Error: warehouse {one} lacks something. Next: spapi-invoices archive status {folder} --ship-from {one}",
            err=True,
        )
    if found.without_document:
        session.say(
            f"{counted(found.without_document, 'customer invoice')} whose document cannot be read: see the table problems"
        )
    if found.shipments["remembered"]:
        said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.shipments.items())
        session.say(f"shipments: {said}")
    if found.undated:
        click.echo(
            f"Warning: {found.undated} documents and shipments from the future, by a clock that was fast; held since the "
            "next sync or purge. Next: see that the clock is right, then sync",
            err=True,
        )
    if found.overdue.documents or found.overdue.shipments:
        click.echo(
            f"Warning: {_held(found.overdue)} from before {found.overdue.before:%Y-%m-%d %H:%M} UTC, longer than the "
            f"retention allows. Next: spapi-invoices archive purge {folder}",
            err=True,
        )


def _calendar(found: "Status") -> str:
    from spapi_invoices.cli.calendar import calendar

    if not found.days:
        return ""
    legend = "   ".join(f"{mark} {state.replace('_', ' ')}" for state, mark in _MARKS.items())
    return f"\n{calendar({day: _MARKS[state] for day, state in found.days.items()})}\n\n{legend}\n"


def _say_damaged(names: Iterable[str]) -> None:
    for name in names:
        click.echo(
            f"Error: the document of {name} is missing or not what was stored. "
            "Next: archive sync with a --look-back that reaches it, which writes it again",
            err=True,
        )


def _say_first(kind: str, said: Sequence[str], where: str) -> None:
    for one in said[:_MOST_ERRORS]:
        click.echo(f"{kind}: {' '.join(one.split())}", err=True)
    if more := said[_MOST_ERRORS:]:
        click.echo(f"{kind}: and {len(more)} more: {where}", err=True)


def _say_lost(files: Iterable[str]) -> None:
    for file in files:
        click.echo(
            f"Warning: {file} was missing or damaged, and counts no more; what can be had is made or asked for again. "
            "Next: see archive status for what is missing; to have the rest, restore the whole folder from a backup",
            err=True,
        )


def _held(found: "Purged") -> str:
    return f"{counted(found.documents, 'document')} and the personal data of {counted(found.shipments, 'shipment')}"


def _written(length: timedelta) -> str:
    """In days or hours if that says it exactly."""
    return next((f"{length // unit}{name}" for name, unit in _UNITS.items() if not length % unit), str(length))
