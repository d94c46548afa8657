"""``spapi-invoices documents``: read, and the group layout."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spapi_invoices.cli.layout import layout
from spapi_invoices.cli.session import Session, SessionCommand, counted

if TYPE_CHECKING:
    import polars as pl


@click.group()
def documents() -> None:
    """What invoice documents state: PDF and NF-e."""


@documents.command(
    cls=SessionCommand,
    asks=False,
    epilog="Example: spapi-invoices documents read invoices.parquet nfe/ -o facts.parquet",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--lines", is_flag=True, help="A row per line of the invoices in place of a row per invoice.")
@click.option(
    "--processes", type=click.IntRange(1), help="How many read at once; by default one, or for many files all."
)
@click.pass_obj
def read(session: Session, files: tuple[Path, ...], lines: bool, processes: int | None) -> None:
    """Read documents: a row per invoice, with what it states or why it could not be read.

    FILE is a document, a folder (with all folders below), or a Parquet file that `customer-invoices fetch` wrote.
    """
    from spapi_invoices.analysis import read_documents
    from spapi_invoices.cli.output import stdout_for_data
    from spapi_invoices.frames.schemas import CustomerInvoices
    from spapi_invoices.io.tables import read_table

    sources = [read_table(path, CustomerInvoices) if path.suffix.lower() == ".parquet" else path for path in files]
    with stdout_for_data():
        documents = read_documents(sources, processes=processes, progress=session.progress)
    facts = documents.facts
    odd = facts.filter(facts["problem"].is_not_null())
    for file_name, number, problem in odd.select("file_name", "purchase_order_number", "problem").iter_rows():
        session.say(f"Problem: {file_name or f'purchase order {number}'}: {problem}")
    session.say(
        f"{counted(facts.height, 'invoice')}, {odd.height} with a problem or finding, {counted(documents.lines.height, 'line')}"
    )
    if said := _no_layout(facts):
        session.say(said)
    session.emit(documents.lines if lines else _for_screen(facts) if session.form == "table" else facts)


def _for_screen(facts: "pl.DataFrame") -> "pl.DataFrame":
    """Which document, what it states in short, and what is odd about it; the other formats have all columns."""
    import polars as pl

    return facts.select(
        pl.coalesce("file_name", "purchase_order_number").alias("document"),
        "document_type",
        "invoice_number",
        "issue_date",
        "currency",
        "total_amount",
        "findings",
    )


def _no_layout(facts: "pl.DataFrame") -> str | None:
    """That documents nobody reads match none of the user's layouts; ``None`` if there are no such documents, or layouts."""
    from spapi_invoices.plugins import document_readers

    layouts = [one.name.removeprefix("layout:") for one in document_readers() if one.name.startswith("layout:")]
    unknown = sum(
        not {"type_unknown", "not_a_tax_invoice"}.isdisjoint(found or ()) for found in facts["findings"].to_list()
    )
    if not layouts or not unknown:
        return None
    return (
        f"No layout matches {counted(unknown, 'document')} that no reader reads; there are {', '.join(layouts)}. "
        "Next: see why one does not, with spapi-invoices documents layout explain LAYOUT DOCUMENT"
    )


documents.add_command(layout)
