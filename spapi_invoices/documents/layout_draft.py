"""A first draft of a layout's TOML from one invoice: what can be guessed, and what the page says. Not for a finished one.

A guess stands in the draft only if a layout with it finds the guessed value here; whether it is right, a person decides.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final, TypeVar

from spapi_invoices.documents.currencies import MARK, marks
from spapi_invoices.documents.date_pictures import MONTHS, dates, picture_flaw
from spapi_invoices.documents.layout_fields import BELOW, FIELDS, Field, Layout
from spapi_invoices.documents.layouts import REQUIRED, Outcome, outcomes
from spapi_invoices.documents.notations import NUMBERS, Stated, amounts
from spapi_invoices.documents.order_ids import find_order_ids
from spapi_invoices.documents.page_lines import Line

_Way = TypeVar("_Way")
_CENTS: Final = tuple(name for name, way in NUMBERS.items() if way.decimal)
_NUMERIC: Final = (
    *("dd.mm.yyyy", "yyyy-mm-dd", "dd/mm/yyyy", "mm/dd/yyyy", "dd-mm-yyyy", "d.m.yyyy", "d/m/yyyy", "yyyy/mm/dd"),
    "yyyy年m月d日",
)
_NAMED: Final = (
    *("d mmmm yyyy", "mmmm d, yyyy", "d. mmmm yyyy", "d de mmmm de yyyy", "dth mmmm yyyy", "mmmm dth, yyyy"),
    *("dd-mmm-yyyy", "d mmm yyyy", "mmm d, yyyy"),
)
_LANGUAGES: Final = (
    MONTHS,
    (
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    (
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ),
    (
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ),
    (
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ),
)
_WAYS: Final = (
    *((picture, MONTHS) for picture in _NUMERIC),
    *((picture, months) for months in _LANGUAGES for picture in _NAMED if not picture_flaw(picture, months)),
)
_COMMON: Final = ("USD", "JPY", "INR", "SEK", "CHF")  # the likeliest of those that share a sign
# What stands before an invoice's number, in a few languages: the invoice, the number, or both in either order.
_INVOICE: Final = r"\w*(?:invoice|rechnung|facture|factura|fattura|fatura|factuur|faktur|bill|nota)\w*"
_NUMBER: Final = r"(?:number|nummer|num[ée]ro|n[úu]mero|nr|no|nº|n°|#)"
# The likeliest first.
_NUMBERED: Final = tuple(
    re.compile(label, re.IGNORECASE)
    for label in (
        rf"\b{_INVOICE}\W{{1,3}}{_NUMBER}(?!\w)|\b{_NUMBER}\s+d\w+\s+{_INVOICE}|\b\w+{_NUMBER}(?!\w)",
        rf"\b{_INVOICE}",
        rf"\b{_NUMBER}(?!\w)",
    )
)
_TOTAL: Final = re.compile(
    r"(?<!sub[ -])\b(?:grand |gesamt|end|rechnungs)?(?:total|totale|totaal|summe|betrag)\b"
    r"|\bttc\b|\b(?:amount|balance) due\b|\ba pagar\b|\bimporte\b",
    re.IGNORECASE,
)
_ISSUED: Final = re.compile(rf"\b{_INVOICE}|\b(?:issue|emiss)", re.IGNORECASE)
_SHOWN: Final = 200  # lines of the document at the end of the draft
_TRIED: Final = 50  # labels for a field
_LABEL: Final = 60  # signs of a label, at most
_UNKNOWN: Final = "THE WORDS BESIDE IT"


def draft(page_lines: Sequence[Line]) -> str:
    """The TOML of a layout for this document, to be corrected by hand."""
    numbers = _likeliest(_CENTS, page_lines, amounts)
    picture, months = _likeliest(_WAYS, page_lines, lambda text, way: dates(text, *way))
    layout = Layout(name="draft", match=_titles(page_lines), fields=(), numbers=numbers, dates=picture, months=months)
    sections = (_section(name, _guess(layout, name, page_lines)) for name in REQUIRED)
    return "\n\n".join([_head(layout), *sections, _others(page_lines), _shown(page_lines)]) + "\n"


def _likeliest(ways: Sequence[_Way], page_lines: Sequence[Line], read: Callable[[str, _Way], Iterable[Stated]]) -> _Way:
    """The way by which most values are read, of several the first."""
    return max(ways, key=lambda way: sum(one.value is not None for line in page_lines for one in read(line.text, way)))


def _titles(page_lines: Sequence[Line]) -> tuple[str, ...]:
    """The first two texts without a digit, as a company's name and a title are."""
    columns = (column for line in page_lines for column in line.text.split("  "))
    titles = (one for one in columns if re.search(r"[^\W\d_]{3}", one) and not re.search(r"\d", one))
    return tuple(islice(dict.fromkeys(titles), 2)) or (_UNKNOWN,)


def _guess(layout: Layout, name: str, page_lines: Sequence[Line]) -> Outcome | None:
    """The first way to find a field that finds what is wanted."""
    fields, wanted = _GUESSES[name](layout, page_lines)
    told = (outcomes(replace(layout, fields=(field,)), page_lines)[0] for field in islice(fields, _TRIED))
    return next((one for one in told if one.hit is not None and wanted(one.value)), None)


_Guess = tuple[Iterable[Field], Callable[[Any], bool]]


def _currency(_: Layout, page_lines: Sequence[Line]) -> _Guess:
    named = (codes for line in page_lines for _, codes in marks(line.text))
    likeliest = Counter(code for codes in named for code in (codes if len(codes) == 1 else _shared(codes)))
    return [Field("currency", "value", (code,)) for code, _ in likeliest.most_common(1)], lambda _: True


def _shared(codes: frozenset[str]) -> tuple[str, ...]:
    return tuple(code for code in _COMMON if code in codes)[:1]


def _invoice_number(layout: Layout, page_lines: Sequence[Line]) -> _Guess:
    labels = dict.fromkeys(
        found[0] for numbered in _NUMBERED for line in page_lines for found in numbered.finditer(line.text)
    )
    ways = (("beside", ""), ("below", ""), ("below", "first"))
    fields = (Field("invoice_number", how, (label,), which) for label in labels for how, which in ways)
    return fields, lambda value: not [*dates(value, layout.dates), *amounts(value, layout.numbers)]


def _issue_date(layout: Layout, page_lines: Sequence[Line]) -> _Guess:
    """The first date that is said to be the invoice's, else the first."""
    found = ((line, one) for line in page_lines for one in dates(line.text, layout.dates, layout.months))
    seen = [(line, one) for line, one in found if one.value is not None]
    issued = (one for one in seen if _ISSUED.search(next(_labels(_before(*one)), "")))
    return _leading_to("issue_date", next(issued, next(iter(seen), None)), page_lines)


def _total_amount(layout: Layout, page_lines: Sequence[Line]) -> _Guess:
    """The largest amount on lines that speak of a total, else the largest; where it stands last."""
    seen = [(line, one) for line in page_lines for one in amounts(line.text, layout.numbers) if one.value is not None]
    totals = [one for one in seen if _TOTAL.search(_before(*one))] or seen
    return _leading_to("total_amount", max(reversed(totals), key=lambda one: one[1].value, default=None), page_lines)


def _leading_to(name: str, seen: tuple[Line, Stated] | None, page_lines: Sequence[Line]) -> _Guess:
    if seen is None:
        return (), lambda _: False
    line, stated = seen
    over = _above(line, stated, page_lines)
    ways = (("beside", _before(line, stated)), *(("below", text) for text in over))
    labels = ((how, label) for how, text in ways for label in _labels(text))
    fields = (Field(name, how, (label,), which) for how, label in labels for which in ("", "last", "first"))
    return fields, lambda value: value == stated.value


def _before(line: Line, stated: Stated) -> str:
    return line.text[: stated.at[0]]


def _labels(text: str) -> Iterator[str]:
    """The words at the end of the columns, the nearest first, without numbers and currencies."""
    for column in reversed(text.split("  ")):
        words = re.search(rf"[^\W\d_][^\d]*?(?=(?:{MARK}|[\s:.#=|(-])*$)", column[-_LABEL:])
        if words and re.sub(MARK, "", words[0]).strip():
            yield words[0]


def _above(line: Line, stated: Stated, page_lines: Sequence[Line]) -> Iterator[str]:
    """The words right above the value, on the lines over it."""
    begin, end = stated.at
    own = [word for start, word in line.words if begin < start + len(word.text) and start < end]
    over = [one for one in page_lines if one.page == line.page and 0 < line.number - one.number <= BELOW]
    for one in reversed(over):
        yield " ".join(word.text for _, word in one.words if word.left < own[-1].right and own[0].left < word.right)


_GUESSES: Final = {
    "invoice_number": _invoice_number,
    "issue_date": _issue_date,
    "currency": _currency,
    "total_amount": _total_amount,
}


def _head(layout: Layout) -> str:
    months = "" if layout.months == MONTHS else f"\nmonths = {_quoted(list(layout.months))}"
    return f"""\
# How to read one kind of invoice. A line that begins with # is a remark and does nothing.
# See what is found with: spapi-invoices documents layout explain THIS_FILE INVOICE

# Words that stand on every such invoice, and on no other document.
match = {_quoted(list(layout.match))}

# How amounts and dates are written. Where months have names, as in 5 March 2027: dates = "d mmmm yyyy", and if they are
# not English: months = [...] with the twelve names.
numbers = {_quoted(layout.numbers)}
dates = {_quoted(layout.dates)}{months}

# Each field, and the words it stands beside (to the right of them) or below."""


def _section(name: str, told: Outcome | None) -> str:
    if told is None or told.hit is None:
        return f"[fields.{name}]  # not found: give the words beside it\nbeside = {_quoted(_UNKNOWN)}"
    where = "" if told.hit.line is None else f" (page {told.hit.line.page}, line {told.hit.line.number})"
    which = f"\nwhich = {_quoted(told.field.which)}" if told.field.which else ""
    (what,) = told.field.what
    return f"[fields.{name}]  # here: {told.value}{where}\n{told.field.how} = {_quoted(what)}{which}"


def _others(page_lines: Sequence[Line]) -> str:
    order_ids = ", ".join(find_order_ids("\n".join(line.text for line in page_lines))) or "none"
    others = ", ".join(name for name in FIELDS if name not in REQUIRED)
    return f"""\
# Other fields, if you need them: {others}.
# Where some invoices do not have one: optional = true.
# Amazon order ids are found without being asked for; here: {order_ids}."""


def _shown(page_lines: Sequence[Line]) -> str:
    """The document's lines as remarks."""
    shown = [f"# {line.page:>4} {line.number:>4}  {line.text}" for line in page_lines[:_SHOWN]]
    return "\n".join(["# The document, by page and line:", *shown])


def _quoted(value: str | list[str]) -> str:
    # JSON's texts are TOML's, once nothing is left in them that cannot be printed.
    return json.dumps(value, ensure_ascii=False)
