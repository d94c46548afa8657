"""``spapi-invoices demo``: the main job on the shipped recording, step by step."""

from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import click

from spapi_invoices.cli.session import Session, SessionCommand, counted
from spapi_invoices.errors import InvalidRequest, MissingExtra

if TYPE_CHECKING:
    import polars as pl

    from spapi_invoices.io.answers import Fetched, Shipments
    from spapi_invoices.io.client import Client

TITLE: Final = "Demo: customer invoices against shipments"

NOTES: Final = (
    "Demo data: every company, person, order and amount is made up.",
    (
        "In Amazon's world customer invoices exist in India only and FBA Onsite shipments in Brazil only. "
        "The demo gives both sides some orders in common, so that there is something to compare."
    ),
)

# What reads the PDFs and writes the workbook. Better no first step than an end in the middle.
_PACKAGES: Final = ("pypdfium2", "xlsxwriter")


@click.command(
    cls=SessionCommand, emits=False, without=("format",), epilog="Example: spapi-invoices demo -o report.html"
)
@click.pass_obj
def demo(session: Session) -> None:
    """Run the main job offline on a recording: fetch, read, reconcile, report.

    Writes report.html and report.xlsx to the folder spapi-invoices-demo, or beside the file that -o names.
    """
    import spapi_invoices as spi
    from spapi_invoices.cli.output import as_table
    from spapi_invoices.io.demo_files import demo_file
    from spapi_invoices.io.tables import read_crosswalk

    _check(session)
    report = session.output or Path("spapi-invoices-demo") / "report.html"
    if report.suffix.lower() != ".html":
        raise InvalidRequest(f"{report}: the demo writes a page. Next: give a name that ends with .html")
    began = perf_counter()
    recording = session.replay or str(demo_file("demo.yaml"))
    client = session.merged({"replay": None if session.endpoint else recording}).client()
    fetched = _customer_invoices(client)
    shipments, statuses = _shipments(client)
    facts = _documents(fetched)
    _step(4, "Reconciliation: what the documents state against what the shipments should have cost")
    result = spi.reconcile(
        spi.customer_side(facts),
        spi.shipment_side(shipments, statuses),
        crosswalk=read_crosswalk(demo_file("demo-crosswalk.csv")),
        as_of=date(2026, 11, 2),
    )
    click.echo(as_table(result.summary), nl=False)
    sources = (
        f"Left: {fetched.frame.height} customer invoices from getCustomerInvoices, {facts.height - fetched.frame.height} NF-e files",
        f"Right: {shipments.shipments.height} shipments from getShipmentDetails with their getInvoiceStatus",
        "Crosswalk: demo-crosswalk.csv, 1 purchase order",
        f"Answers from {session.endpoint or Path(recording).name}",
    )
    pages = [report.with_suffix(suffix) for suffix in (".html", ".xlsx")]
    created_at = datetime.now(UTC)
    for page in pages:
        result.save(page, title=TITLE, sources=sources, notes=NOTES, windows=fetched.windows, created_at=created_at)
    _step(5, f"Report: {pages[0]} (open it in a browser), {pages[1]}")
    _found(f"done in {perf_counter() - began:.1f} s")


def _check(session: Session) -> None:
    """Raises for what would stop the demo half-way, or would do nothing."""
    if session.record is not None and not (session.replay or session.endpoint):
        raise InvalidRequest(
            "the demo answers from its own recording, so there is nothing to record. Next: leave --record out, or give "
            "--endpoint with the address of a running sandbox"
        )
    for package in _PACKAGES:
        if find_spec(package) is None:
            raise MissingExtra.of(package, "all")


def _customer_invoices(client: "Client") -> "Fetched":
    _step(1, "Customer invoices: getCustomerInvoices, 2026-10-01 to 2026-11-01 (exclusive)")
    fetched = client.customer_invoices("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    windows, pages = counted(fetched.windows.height, "window"), counted(int(fetched.windows["pages"].sum()), "page")
    invoices, complete = counted(fetched.frame.height, "invoice"), "yes" if fetched.complete else "no"
    _found(f"{windows} of at most 7 days, {pages}, {invoices}, complete: {complete}")
    return fetched


def _shipments(client: "Client") -> "tuple[Shipments, pl.DataFrame]":
    from spapi_invoices.io.demo_files import demo_file
    from spapi_invoices.io.files import read_text

    ids = read_text(demo_file("demo-shipment-ids.txt")).split()
    _step(2, f"Shipments: getShipmentDetails and getInvoiceStatus for {len(ids)} shipment ids")
    shipments, statuses = client.shipments(ids), client.invoice_statuses(ids)
    counts = (shipments.shipments.height, shipments.items.height, shipments.problems.height)
    _found("{} shipments, {} items, {} problems".format(*counts))
    _found("Amazon's view of their invoices: " + _counts(statuses, "invoice_status"))
    if shipments.unknown_fields:
        _found(f"fields that the official model does not have: {', '.join(sorted(shipments.unknown_fields))}")
    return shipments, statuses


def _documents(fetched: "Fetched") -> "pl.DataFrame":
    import polars as pl

    from spapi_invoices.analysis import read_documents
    from spapi_invoices.io.demo_files import demo_file

    _step(3, "Documents: the invoices' PDFs and the NF-e XML files the seller keeps")
    facts = read_documents([fetched, demo_file("demo-nfe")]).facts
    unknown = facts["total_amount"].null_count()
    _found(f"{facts.height} documents ({_counts(facts, 'document_type')}), {unknown} without an amount")
    odd = facts.filter(pl.col("problem").is_not_null())
    for number, order, problem in odd.select("invoice_number", "purchase_order_number", "problem").iter_rows():
        _found(f"{f'invoice {number}' if number else f'purchase order {order}'}: {problem}")
    return facts


def _step(number: int, what: str) -> None:
    click.echo(f"{number}. {what}")


def _found(what: str) -> None:
    click.echo(f"   {what}")


def _counts(frame: "pl.DataFrame", column: str) -> str:
    counts = frame.group_by(column).len().sort(column)
    return ", ".join(f"{count} {name or 'unknown'}" for name, count in counts.iter_rows())
