"""``spapi-invoices documents``: read."""

from pathlib import Path

import click

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
@click.pass_obj
def read(session: Session, files: tuple[Path, ...]) -> None:
    """Read documents: a row each, with what it states or why it could not be read.

    FILE is a document, a folder (with all folders below), or a Parquet file that `customer-invoices fetch` wrote.
    """
    import polars as pl

    from spapi_invoices.analysis import read_documents
    from spapi_invoices.frames.schemas import CustomerInvoices
    from spapi_invoices.io.tables import read_table

    def facts_of(path: Path) -> pl.DataFrame:
        if path.suffix.lower() == ".parquet":
            return read_documents(read_table(path, CustomerInvoices))
        return read_documents(path)

    facts = pl.concat([facts_of(path) for path in files])
    odd = facts.filter(facts["problem"].is_not_null())
    for file_name, number, problem in odd.select("file_name", "purchase_order_number", "problem").iter_rows():
        session.say(f"Problem: {file_name or f'purchase order {number}'}: {problem}")
    session.say(f"{counted(facts.height, 'document')}, {facts['problem'].count()} with a problem or finding")
    session.emit(facts)
