"""The page a finance person reads and signs: one file, no script, no request to anywhere, and it prints on A4.

What needs attention stands before what agrees. Amounts are written from their decimals; currencies are never added.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from html import escape
from typing import Any, Final

import polars as pl

from spapi_invoices.reconciliation.result import Result
from spapi_invoices.reconciliation.rules import RULES, Rule
from spapi_invoices.report import words
from spapi_invoices.report.style import CSS
from spapi_invoices.report.writer import ReportContext, ReportWriter

# A table longer than this is read in a workbook, not on paper.
_SHOWN_ROWS: Final = 2000
_NOTHING: Final = "-"
_RULES: Final = {rule.status: rule for rule in RULES}
_WINDOW_WORDS: Final = {
    "complete": "complete",
    "failed": "failed: nothing arrived",
    "truncated": "cut off: a part arrived",
    "not_asked": "not asked",
}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a page's table; ``kind`` is the way its values are written and the class of its cells."""

    title: str
    kind: str = "text"


def write_html(result: Result, context: ReportContext) -> bytes:
    """Write the report as one page."""
    sections = (
        _header(context, result),
        _verdict(result, context),
        _totals(result, context),
        _answers(result),
        _summary(result, context),
        _exceptions(result, context),
        _agreeing(result, context),
        _completeness(context),
        _list("Sources", context.sources),
        _list("Notes", (*context.notes, *result.notes)),
        _list("Method", words.method(result, context)),
        _SIGN_OFF,
    )
    # The policy makes a browser refuse what the page does not ask for anyway.
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(context.title)}</title><style>{CSS}</style></head>\n<body><main>\n"
        + "\n".join(section for section in sections if section)
        + f"\n</main><footer>spapi-invoices {escape(context.version)}</footer></body></html>\n"
    ).encode()


def _header(context: ReportContext, result: Result) -> str:
    counted = f" · ages counted to {result.as_of.isoformat()}" if result.as_of else ""
    made = context.created_at.astimezone(UTC)
    return (
        f"<header><h1>{escape(context.title)}</h1><p class='about'>Made {made:%Y-%m-%d %H:%M} UTC{counted}</p></header>"
    )


def _verdict(result: Result, context: ReportContext) -> str:
    found = words.verdict(result, context)
    sentence, *more = found.lines
    extra = "".join(f"<p>{escape(line)}</p>" for line in more)
    said = f"<p class='label'>{found.label}</p><p class='sentence'>{escape(sentence)}</p>{extra}"
    return f"<section class='verdict {found.kind}'>{said}</section>"


def _totals(result: Result, context: ReportContext) -> str:
    rows = words.totals(result)
    name, *amounts = words.total_titles(context)
    columns = (_Column(name), *(_Column(title, "number") for title in amounts))
    return _section("Totals by currency", _table(columns, rows)) if rows else ""


def _answers(result: Result) -> str:
    rows = words.answers(result)
    status, currency, *amounts = words.ANSWER_TITLES
    columns = (_Column(status), _Column(currency), *(_Column(title, "number") for title in amounts))
    return _section(words.ANSWERS_TITLE, _table(columns, rows)) if rows else ""


def _summary(result: Result, context: ReportContext) -> str:
    rows = [
        (
            status,
            currency,
            keys,
            left,
            right,
            difference,
            f"{_RULES[status].meaning} {words.next_step(_RULES[status])}".strip(),
        )
        for status, currency, keys, left, right, difference in result.summary.rows()
    ]
    columns = (
        _Column("Status", "status"),
        _Column("Currency"),
        _Column("Lines", "number"),
        *_amount_columns(context),
        _Column("What it means, and what to do"),
    )
    lead = "<p>A line is an order in one currency, or a row that names no order.</p>"
    return _section("Summary", lead + _table(columns, rows)) if rows else ""


def _exceptions(result: Result, context: ReportContext) -> str:
    return _by_status("What needs attention", [rule for rule in RULES if not rule.agrees], result, context)


def _agreeing(result: Result, context: ReportContext) -> str:
    return _by_status("What agrees", [rule for rule in RULES if rule.agrees], result, context)


def _by_status(title: str, rules: Iterable[Rule], result: Result, context: ReportContext) -> str:
    parts = []
    for rule in rules:
        matches = result.matches.filter(status=rule.status)
        if matches.height:
            head = f"<h3>{_status(rule.status)} <span class='count'>{words.counted(matches.height, 'line')}</span></h3>"
            meaning = f"<p>{escape(rule.meaning)} <strong>{escape(words.next_step(rule))}</strong></p>"
            parts.append(f"{head}{meaning}{_matches(matches, context)}")
    return _section(title, "".join(parts)) if parts else ""


def _amount_columns(context: ReportContext) -> Iterable[_Column]:
    titles = words.column_titles(context)
    return (_Column(titles[name], "number") for name in ("left_amount", "right_amount", "difference"))


def _matches(matches: pl.DataFrame, context: ReportContext) -> str:
    columns = (
        _Column("Order", "code"),
        _Column("Invoices", "list"),
        _Column("Shipments", "list"),
        _Column("Currency"),
        *_amount_columns(context),
        _Column("Age, days", "number"),
        _Column("Reason", "reasons"),
    )
    names = (
        *("key", "left_refs", "right_refs", "currency", "left_amount", "right_amount"),
        *("difference", "age_days", "reasons"),
    )
    shown = matches.head(_SHOWN_ROWS).select(names)
    hidden = matches.height - shown.height
    more = f"<p class='more'>{hidden:,} more lines are in the .xlsx and .parquet reports.</p>" if hidden else ""
    return _table(columns, shown.rows(), kind="matches") + more


def _completeness(context: ReportContext) -> str:
    windows = context.windows
    if windows is None:
        return ""
    complete = words.complete_windows(windows)
    kind, word = ("open", "Not complete") if words.missing_windows(context) else ("good", "Complete")
    answered = f"{complete:,} of {words.counted(windows.height, 'window')} answered in full."
    if not windows.height:
        answered = "no window was asked for."
    operations = ", ".join(windows["operation"].unique().sort())
    covers = escape(f" This covers {operations} only, not the shipments." if operations else "")
    lead = f"<p class='state {kind}'><strong>{word}:</strong> {answered}{covers}</p>"
    # What is missing first, then in the order of time.
    names = ("operation", "window_start", "window_end", "state", "pages", "rows", "error")
    ordered = windows.sort(pl.col("state").cast(pl.String) == "complete", "window_start", "operation").select(names)
    columns = (
        _Column("Operation"),
        _Column("From (UTC)", "instant"),
        _Column("Until, exclusive", "instant"),
        _Column("State", "window"),
        _Column("Pages", "number"),
        _Column("Records", "number"),
        _Column("Error"),
    )
    return _section("Completeness of the fetch", lead + _table(columns, ordered.head(_SHOWN_ROWS).rows()))


_SIGN_OFF: Final = (
    "<section class='sign'><h2>Sign-off</h2><div class='fields'>"
    + "".join(f"<div><span class='line'></span>{name}</div>" for name in ("Prepared by", "Reviewed by", "Date"))
    + "</div></section>"
)


def _list(title: str, lines: Sequence[str]) -> str:
    return _section(title, f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>") if lines else ""


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _status(status: str) -> str:
    kind = "good" if _RULES[status].agrees else "open"
    return f"<span class='badge {kind}'>{escape(_RULES[status].title)}</span>"


def _number(value: Decimal | int) -> str:
    return f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}"


# How a value of each kind of column is written; what is not here is escaped as it is.
_WRITE: Final[dict[str, Callable[[Any], str]]] = {
    "number": _number,
    "status": _status,
    "list": lambda texts: "<br>".join(map(escape, texts)) or _NOTHING,
    "reasons": lambda texts: "<br>".join(map(escape, texts)),
    "instant": lambda value: f"{value:%Y-%m-%d %H:%M}",
    "window": lambda state: escape(_WINDOW_WORDS.get(state, state)),
}


def _table(columns: Sequence[_Column], rows: Iterable[Sequence[Any]], kind: str = "plain") -> str:
    head = "".join(f"<th scope='col' class='{column.kind}'>{escape(column.title)}</th>" for column in columns)
    kinds = [column.kind for column in columns]
    body = "\n".join(
        "<tr>" + "".join(_cell(kind, value) for kind, value in zip(kinds, row, strict=True)) + "</tr>" for row in rows
    )
    return f"<table class='{kind}'><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _cell(kind: str, value: Any) -> str:  # noqa: ANN401 - what a frame holds
    written = _NOTHING if value is None else _WRITE.get(kind, escape)(value)
    return f"<td class='{kind}'>{written}</td>"


WRITER: Final = ReportWriter("html", ".html", write_html)
