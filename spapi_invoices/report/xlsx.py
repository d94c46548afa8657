"""The result as a workbook. Numbers of a workbook are floats, so an amount they cannot hold exactly is written as text.

Every text is written as a text: one that starts with ``=`` or ``@`` never becomes a formula.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl

from spapi_invoices.errors import InvalidRequest, MissingExtra
from spapi_invoices.reconciliation.result import Result
from spapi_invoices.reconciliation.rules import RULES
from spapi_invoices.report import words
from spapi_invoices.report.writer import ReportContext, ReportWriter

# xlsxwriter ships no types.
Sheet = Any
Formats = dict[str, Any]

# Limits of the format.
_EXACT_DIGITS: Final = 15
_MAX_ROWS: Final = 1_048_575
_MAX_TEXT: Final = 32_767
_CUT: Final = " ... (cut here; in full in the .parquet report)"

_FORMATS: Final = {
    "head": {"bold": True, "bg_color": "#1f3a5f", "font_color": "#ffffff", "valign": "top", "border": 1},
    "title": {"bold": True, "font_size": 14},
    "money": {"num_format": "#,##0.00"},
    "right": {"align": "right"},
    "day": {"num_format": "yyyy-mm-dd"},
    "instant": {"num_format": "yyyy-mm-dd hh:mm:ss"},
}
_WIDTHS: Final = {
    "reasons": 70,
    "left_refs": 24,
    "right_refs": 24,
    "key": 24,
    "ref": 24,
    "request_ids": 40,
    "error": 60,
}
_NEXT_STEPS: Final = {rule.status: rule.next_step for rule in RULES}


def write_xlsx(result: Result, context: ReportContext) -> bytes:
    """Write sheets Summary, Exceptions, All, Items and, if the fetch is known, Windows.

    Raises:
        MissingExtra: xlsxwriter is not installed.
        InvalidRequest: There are more rows than a sheet holds.
    """
    try:
        import xlsxwriter  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise MissingExtra.of("xlsxwriter", "report") from None
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        # Without it the clock would be in the file.
        book.set_properties(
            {"title": context.title, "created": context.created_at.astimezone(UTC).replace(tzinfo=None)}
        )
        formats = {name: book.add_format(style) for name, style in _FORMATS.items()}
        _write_summary(book.add_worksheet("Summary"), formats, result, context)
        titles = words.column_titles(context)
        for name, table in _sheets(result, context):
            _write_table(book.add_worksheet(name), formats, table, name, titles)
    return out.getvalue()


def _sheets(result: Result, context: ReportContext) -> Iterable[tuple[str, pl.DataFrame]]:
    labels = {"left": context.left_label, "right": context.right_label}
    yield "Exceptions", _in_words(result.exceptions, "status", words.STATUS_TITLES)
    yield "All", _in_words(result.matches, "status", words.STATUS_TITLES)
    yield "Items", _in_words(_in_words(result.items, "status", words.STATUS_TITLES), "side", labels)
    if context.windows is not None:
        yield "Windows", context.windows


def _in_words(table: pl.DataFrame, column: str, titles: dict[str, str]) -> pl.DataFrame:
    return table.with_columns(pl.col(column).cast(pl.String).replace_strict(titles, return_dtype=pl.String))


def _write_summary(sheet: Sheet, formats: Formats, result: Result, context: ReportContext) -> None:
    sheet.write_string(0, 0, context.title, formats["title"])
    made = f"{context.created_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    found = words.verdict(result, context)
    about = (
        f"{found.label}: {found.lines[0]}",
        *found.lines[1:],
        f"made {made}; {context.left_label} against {context.right_label}; tolerance {result.tolerance}",
        *context.sources,
        *context.notes,
        *result.notes,
    )
    for row, line in enumerate(about, start=1):
        sheet.write_string(row, 0, line)
    steps = result.summary.with_columns(next_step=pl.col("status"))
    named = _in_words(_in_words(steps, "status", words.STATUS_TITLES), "next_step", _NEXT_STEPS)
    titles = words.column_titles(context)
    blocks: tuple[tuple[Sequence[str], Sequence[tuple[Any, ...]]], ...] = (
        (words.total_titles(context), words.totals(result)),
        (words.ANSWER_TITLES, words.answers(result)),
        ([titles[name] for name in named.columns], named.rows()),
    )
    top = len(about) + 2
    for heads, rows in blocks:
        if rows:
            _write_rows(sheet, formats, heads, rows, top)
            top += len(rows) + 2
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 5, 20)
    sheet.set_column(6, 6, 60)


def _write_table(sheet: Sheet, formats: Formats, table: pl.DataFrame, name: str, titles: dict[str, str]) -> None:
    if table.height > _MAX_ROWS:
        raise InvalidRequest(
            f"sheet {name}: {table.height} rows, and a sheet holds {_MAX_ROWS}. Next: save the report as .parquet"
        )
    _write_rows(sheet, formats, [titles[column] for column in table.columns], table.iter_rows(), 0)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, table.height, table.width - 1)
    for column, column_name in enumerate(table.columns):
        sheet.set_column(column, column, _WIDTHS.get(column_name, 16))


def _write_rows(
    sheet: Sheet, formats: Formats, titles: Sequence[str], rows: Iterable[tuple[Any, ...]], top: int
) -> None:
    for column, title in enumerate(titles):
        sheet.write_string(top, column, title, formats["head"])
    for row, values in enumerate(rows, start=top + 1):
        for column, value in enumerate(values):
            if value is not None:
                _WRITE[type(value)](sheet, row, column, value, formats)


def _write_amount(sheet: Sheet, row: int, column: int, value: Decimal, formats: Formats) -> None:
    if len(value.normalize().as_tuple().digits) > _EXACT_DIGITS:
        sheet.write_string(row, column, f"{value:,.2f}", formats["right"])
    else:
        # The decimal itself: the library writes a float with one digit more than it holds.
        sheet.write_number(row, column, value, formats["money"])


def _write_text(sheet: Sheet, row: int, column: int, value: str, _formats: Formats) -> None:
    # A longer text would be left out by the library without an error.
    shown = value if len(value) <= _MAX_TEXT else value[: _MAX_TEXT - len(_CUT)] + _CUT
    sheet.write_string(row, column, shown)


def _write_texts(sheet: Sheet, row: int, column: int, value: list[str], formats: Formats) -> None:
    _write_text(sheet, row, column, "; ".join(value), formats)


def _write_count(sheet: Sheet, row: int, column: int, value: int, _formats: Formats) -> None:
    sheet.write_number(row, column, value)


def _write_day(sheet: Sheet, row: int, column: int, value: date, formats: Formats) -> None:
    sheet.write_datetime(row, column, value, formats["day"])


def _write_instant(sheet: Sheet, row: int, column: int, value: datetime, formats: Formats) -> None:
    # The format knows no time zones; all times of ours are UTC.
    sheet.write_datetime(row, column, value.replace(tzinfo=None), formats["instant"])


# Every type a table of ours has.
_WRITE: Final[dict[type, Callable[..., None]]] = {
    Decimal: _write_amount,
    str: _write_text,
    list: _write_texts,
    int: _write_count,
    date: _write_day,
    datetime: _write_instant,
}

WRITER: Final = ReportWriter("xlsx", ".xlsx", write_xlsx)
