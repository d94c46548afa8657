"""A first draft of a layout's TOML from one invoice: what can be guessed, and what the page says. Not for a finished one.

A guess stands in the draft only if a layout with it finds the guessed value here; whether it is right, a person decides.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from spapi_invoices.documents.layouts import BELOW, FIELDS, REQUIRED, Field, Layout, Outcome, outcomes
from spapi_invoices.documents.notations import CURRENCIES, NUMBERS, Stated, amounts, currencies, dates
from spapi_invoices.documents.order_ids import find_order_ids
from spapi_invoices.documents.page_lines import Line

_CENTS: Final = tuple(name for name, way in NUMBERS.items() if way.decimal)
_PICTURES: Final = (
    *("dd.mm.yyyy", "yyyy-mm-dd", "dd/mm/yyyy", "mm/dd/yyyy", "dd-mm-yyyy", "d.m.yyyy", "d/m/yyyy", "dd-mmm-yyyy"),
    *("d mmmm yyyy", "mmmm d, yyyy", "d mmm yyyy", "mmm d, yyyy"),
)
# What stands before an invoice's number, in a few languages: the invoice, the number, or both in either order.
_INVOICE: Final = r"\w*(?:invoice|rechnung|facture|factura|fattura|fatura|factuur|faktur|bill|nota)\w*"
_NUMBER: Final = r"(?:number|nummer|num[ée]ro|n[úu]mero|nr|no|nº|n°)"
# The likeliest first.
_NUMBERED: Final = tuple(
    re.compile(label, re.IGNORECASE)
    for label in (
        rf"\b{_INVOICE}\W{{1,3}}{_NUMBER}(?!\w)|\b{_NUMBER}\s+d\w+\s+{_INVOICE}|\b\w+{_NUMBER}(?!\w)",
        rf"\b{_INVOICE}",
        rf"\b{_NUMBER}(?!\w)",
    )
)
_ISSUED: Final = re.compile(rf"\b{_INVOICE}|\b(?:issue|emiss)", re.IGNORECASE)
_SHOWN: Final = 200  # lines of the document at the end of the draft
_TRIED: Final = 50  # labels for a field
_LABEL: Final = 60  # signs of a label, at most
_UNKNOWN: Final = "THE WORDS BESIDE IT"


def draft(page_lines: Sequence[Line]) -> str:
    """The TOML of a layout for this document, to be corrected by hand."""
    numbers, picture = _likeliest(_CENTS, page_lines, amounts), _likeliest(_PICTURES, page_lines, dates)
    layout = Layout(name="draft", match=_titles(page_lines), fields=(), numbers=numbers, dates=picture)
    sections = (_section(name, _guess(layout, name, page_lines)) for name in REQUIRED)
    return "\n\n".join([_head(layout), *sections, _others(page_lines), _shown(page_lines)]) + "\n"


def _likeliest(ways: Sequence[str], page_lines: Sequence[Line], read: Callable[[str, str], Iterable[Stated]]) -> str:
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
    marks = Counter(str(one.value) for line in page_lines for one in currencies(line.text))
    return [Field("currency", "value", (mark,)) for mark, _ in marks.most_common(1)], lambda _: True


def _invoice_number(layout: Layout, page_lines: Sequence[Line]) -> _Guess:
    labels = dict.fromkeys(
        found[0] for numbered in _NUMBERED for line in page_lines for found in numbered.finditer(line.text)
    )
    fields = (Field("invoice_number", how, (label,)) for label in labels for how in ("beside", "below"))
    return fields, lambda value: not [*dates(value, layout.dates), *amounts(value, layout.numbers)]


def _issue_date(layout: Layout, page_lines: Sequence[Line]) -> _Guess:
    """The first date that is said to be the invoice's, else the first."""
    seen = [(line, one) for line in page_lines for one in dates(line.text, layout.dates) if one.value is not None]
    issued = (one for one in seen if _ISSUED.search(next(_labels(_before(*one)), "")))
    return _leading_to("issue_date", next(issued, next(iter(seen), None)), page_lines)


def _total_amount(layout: Layout, page_lines: Sequence[Line]) -> _Guess:
    """The largest amount, where it stands last."""
    seen = [(line, one) for line in page_lines for one in amounts(line.text, layout.numbers) if one.value is not None]
    return _leading_to("total_amount", max(reversed(seen), key=lambda one: one[1].value, default=None), page_lines)


def _leading_to(name: str, seen: tuple[Line, Stated] | None, page_lines: Sequence[Line]) -> _Guess:
    if seen is None:
        return (), lambda _: False
    line, stated = seen
    over = _above(line, len(_before(line, stated)), stated.shown, page_lines)
    ways = (("beside", _before(line, stated)), *(("below", text) for text in over))
    labels = ((how, label) for how, text in ways for label in _labels(text))
    fields = (Field(name, how, (label,), which) for how, label in labels for which in ("", "last", "first"))
    return fields, lambda value: value == stated.value


def _before(line: Line, stated: Stated) -> str:
    return line.text.partition(stated.shown)[0]


def _labels(text: str) -> Iterator[str]:
    """The words at the end of the columns, the nearest first, without numbers and currencies."""
    for column in reversed(text.split("  ")):
        words = re.search(r"[^\W\d_][^\d]*?(?=[\s:.#=|-]*$)", column[-_LABEL:])
        if words and not all(word in CURRENCIES for word in words[0].split()):
            yield words[0]


def _above(line: Line, at: int, shown: str, page_lines: Sequence[Line]) -> Iterator[str]:
    """The words right above the value, on the lines over it."""
    own = [word for start, word in line.words if at < start + len(word.text) and start < at + len(shown)]
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
    return f"""\
# How to read one kind of invoice. A line that begins with # is a remark and does nothing.
# See what is found with: spapi-invoices documents layout explain THIS_FILE INVOICE

# Words that stand on every such invoice, and on no other document.
match = {_quoted(list(layout.match))}

# How amounts and dates are written. Where months have names, as in 5 March 2027: dates = "d mmmm yyyy", and if they are
# not English: months = [...] with the twelve names.
numbers = {_quoted(layout.numbers)}
dates = {_quoted(layout.dates)}

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
# Amazon order ids are found without being asked for; here: {order_ids}."""


def _shown(page_lines: Sequence[Line]) -> str:
    """The document's lines as remarks."""
    shown = [f"# {line.page:>4} {line.number:>4}  {line.text}" for line in page_lines[:_SHOWN]]
    return "\n".join(["# The document, by page and line:", *shown])


def _quoted(value: str | list[str]) -> str:
    # JSON's texts are TOML's, once nothing is left in them that cannot be printed.
    return json.dumps(value, ensure_ascii=False)
