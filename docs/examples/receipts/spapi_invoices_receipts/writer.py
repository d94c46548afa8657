"""The report as Markdown: the summary, and what needs attention. For a ticket or a mail."""

from typing import Final

from spapi_invoices.reconciliation import Result
from spapi_invoices.report import ReportContext, ReportWriter

_BREAKS: Final = str.maketrans({"|": r"\|", "\n": " ", "<": "&lt;", "`": "'"})


def write(result: Result, context: ReportContext) -> bytes:
    """The file's bytes."""
    summary = result.summary.select("status", "currency", "keys", "difference").rows()
    attention = result.exceptions.select("key", "status", "currency", "difference", "reasons").rows()
    parts = [
        f"# {_cell(context.title)}",
        *_table(("status", "currency", "orders", "difference"), summary),
        "## What needs attention",
        *_table(("order", "status", "currency", "difference", "reasons"), attention),
        *(f"- {_cell(note)}" for note in (*context.notes, *result.notes)),
    ]
    return ("\n".join(parts) + "\n").encode()


WRITER: Final = ReportWriter("markdown", ".md", write)


def _table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *(tuple(map(_cell, row)) for row in rows)]
    return ["", *(f"| {' | '.join(line)} |" for line in lines), ""]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.translate(_BREAKS)
