"""``spapi-invoices documents``: read, and the group layout."""

from pathlib import Path

import click

from spapi_invoices.cli.layout import layout
from spapi_invoices.cli.session import Session, SessionCommand, counted


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
    session.emit(documents.lines if lines else facts)


documents.add_command(layout)
