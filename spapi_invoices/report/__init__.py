"""A result becomes bytes: a page to sign, a workbook, a table. Pure: no file is written in here.

Not for the comparison itself, and not for where the bytes go.
"""

from typing import Final

from spapi_invoices.report import html, table, xlsx
from spapi_invoices.report.writer import ReportContext, ReportWriter

WRITERS: Final[tuple[ReportWriter, ...]] = (html.WRITER, xlsx.WRITER, *table.WRITERS)

__all__ = ["WRITERS", "ReportContext", "ReportWriter"]
