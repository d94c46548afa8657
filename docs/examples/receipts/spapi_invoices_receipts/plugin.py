"""What the entry point names: the four hooks. Nothing else, so that a start of the command line loads little.

A hook imports what it registers when it is called. The command's hook is called at each start, the others when documents
are read, sides compared or reports written.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from spapi_invoices.plugins import hookimpl

if TYPE_CHECKING:
    import click
    from spapi_invoices.documents.reader import DocumentReader
    from spapi_invoices.reconciliation import Rule
    from spapi_invoices.report import ReportWriter


@hookimpl
def register_commands(cli: "click.Group") -> None:
    """Add ``spapi-invoices receipt``."""
    from spapi_invoices_receipts.command import receipt

    cli.add_command(receipt)


@hookimpl
def register_document_readers(register: "Callable[[DocumentReader], None]") -> None:
    """Add the reader of receipts."""
    from spapi_invoices_receipts.reader import READER

    register(READER)


@hookimpl
def register_reconcile_rules(register: "Callable[[Rule], None]") -> None:
    """Add the rule for large amounts."""
    from spapi_invoices_receipts.rule import SECOND_SIGNATURE

    register(SECOND_SIGNATURE)


@hookimpl
def register_report_writers(register: "Callable[[ReportWriter], None]") -> None:
    """Add the report as Markdown."""
    from spapi_invoices_receipts.writer import WRITER

    register(WRITER)
