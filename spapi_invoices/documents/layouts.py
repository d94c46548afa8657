"""Layouts: how an invoice that no reader of ours knows is read, as a value that a person can write. Not for its TOML.

A layout is told by words, and finds each field by the words it stands beside or below, or by an expression. It never
takes one of several: what is not there, or not told apart, is a finding, and an invoice of which a field that it must
state is unknown has no amounts. The TOML of a layout is read in `layout_file`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache, partial
from itertools import islice, zip_longest
from typing import Any, Final, NamedTuple

import polars as pl

from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.findings import Found, Unreadable, names, words
from spapi_invoices.documents.notations import MONTHS, Stated, amounts, currencies, dates
from spapi_invoices.documents.order_ids import find_order_ids
from spapi_invoices.documents.page_lines import Line, lines
from spapi_invoices.documents.reader import DocumentReader

# Field -> the kind of its value. The names are columns of `InvoiceFacts`.
FIELDS: Final = {
    "invoice_number": "identifier",
    "issue_date": "date",
    "currency": "currency",
    "total_amount": "amount",
    "goods_amount": "amount",
    "shipping_amount": "amount",
    "discount_amount": "discount",
    "other_amount": "amount",
    "tax_amount": "amount",
    "seller_tax_id": "identifier",
    "buyer_tax_id": "identifier",
    "place_of_supply": "words",
    "purchase_order_number": "identifier",
    "amazon_shipment_id": "identifier",
}
# Kind -> what is taken of the text that the field's words lead to. An expression's group is taken as a whole.
KINDS: Final = {
    "identifier": "the word right there, without the signs around it; it must have a digit",
    "words": "the rest of the column",
    "date": "every date that looks like the picture `dates`",
    "currency": "every ISO code, or the sign of a currency; a bare `$` is none, as many countries use it",
    "amount": "every amount that is written as `numbers` says; a rate in percent is none, and one in brackets or with a dash "
    "beside it is not told, for it may be negative",
    "discount": "an amount, without its minus if it has one",
}
_MONEY: Final = frozenset({"amount", "discount"})
# Without these no invoice can be reconciled.
REQUIRED: Final = ("invoice_number", "issue_date", "currency", "total_amount")
# How many lines down a field may stand below its words.
BELOW: Final = 3
# A longer line is passed over: no line of an invoice is, and looking for fields in it could take long.
LONGEST: Final = 1_000
_COMPARED: Final = 5_000  # words in which the nearest are looked for: comparing takes long
_PLACES: Final = 3  # how many a problem names
_NEXT: Final = "Next: see it with spapi-invoices documents layout explain"


@dataclass(frozen=True, slots=True)
class Field:
    """Where one field stands.

    Attributes:
        name: One of `FIELDS`.
        how: One of ``beside``, ``below``, ``regex`` and ``value``.
        what: The words, of which the first that lead to a value count; or the one expression, or the one value.
        which: Of several different values the ``first`` or the ``last``; empty takes none of them.
        required: Without it the invoice has no amounts.
    """

    name: str
    how: str
    what: tuple[str, ...]
    which: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one kind of invoice is laid out.

    Attributes:
        name: In the column ``reader`` it is ``layout:NAME``.
        match: Words that are all on every such invoice, however they are spaced and in capitals or not.
        unless: Words of which none is.
        fields: Each field once.
        numbers: How amounts are written: a key of `notations.NUMBERS`.
        dates: How dates are: a picture, as ``dd.mm.yyyy``.
        months: January to December, where dates have their names.
        document_type: What kind of document it is, in the column of that name.
    """

    name: str
    match: tuple[str, ...]
    fields: tuple[Field, ...]
    numbers: str
    dates: str
    unless: tuple[str, ...] = ()
    months: tuple[str, ...] = MONTHS
    document_type: str = "invoice"


class Hit(NamedTuple):
    """A value that a field may have. ``line`` is ``None`` where the layout itself states it."""

    stated: Stated
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one field: its hit, or why there is none. ``problem`` holds nothing of the document."""

    field: Field
    hit: Hit | None = None
    finding: str = ""
    problem: str = ""

    @property
    def value(self) -> Any:  # noqa: ANN401 - by the field's kind
        """The field's value; ``None`` if it has none."""
        return None if self.hit is None else self.hit.stated.value

    @property
    def counts(self) -> bool:
        """Whether having no hit is a finding: a field that may be missing may be missing, and not be unclear."""
        return self.field.required or self.finding != "field_missing"


def layout_reader(layout: Layout) -> DocumentReader:
    """The reader of a layout, to be registered as any other."""
    return DocumentReader(f"layout:{layout.name}", partial(_claims, layout), partial(_read, layout))


def missing_words(layout: Layout, page_lines: Sequence[Line]) -> tuple[str, ...]:
    """Why the layout is not for this document: its words that are not in it; none if it is.

    Words of ``unless`` that are in it stand behind ``not``.
    """
    text = _plain(" ".join(line.text for line in page_lines))
    absent = (_quoted(one) for one in layout.match if _plain(one) not in text)
    present = (f"not {_quoted(one)}" for one in layout.unless if _plain(one) in text)
    return (*absent, *present)


def outcomes(layout: Layout, page_lines: Sequence[Line]) -> tuple[Outcome, ...]:
    """What becomes of each of the layout's fields."""
    found = tuple(_outcome(layout, field, page_lines) for field in layout.fields)
    currency = next((one.value for one in found if one.field.name == "currency"), None)
    return tuple(_in_currency(one, currency) for one in found)


def facts(layout: Layout, page_lines: Sequence[Line]) -> Facts:
    """What the document states; amounts only where every field that it must state is known.

    The Amazon order ids are looked for in all of the text, as in any document.
    """
    told = outcomes(layout, page_lines)
    if all(one.hit is None for one in told if one.field.how != "value"):
        return Facts(document_type=layout.document_type, findings=("layout_misfits",), problem=_misfits(layout))
    held_back = any(one.field.required and one.hit is None for one in told)
    found = [Found(one.finding, f"{one.field.name} {one.problem}") for one in told if one.problem and one.counts]
    return Facts(
        document_type=layout.document_type,
        order_ids=find_order_ids("\n".join(line.text for line in page_lines)),
        findings=names(found),
        problem=_problem(layout, words(found), held_back=held_back),
        **{one.field.name: one.value for one in told if not (held_back and FIELDS[one.field.name] in _MONEY)},
    )


def _misfits(layout: Layout) -> str:
    return f"layout {layout.name} no longer fits: its words are in the document, and none of its fields. {_NEXT}"


def _problem(layout: Layout, said: str | None, *, held_back: bool) -> str | None:
    if said is None:
        return None
    return f"layout {layout.name}: {said}{'; no amount is taken' if held_back else ''}. {_NEXT}"


def nearest(field: Field, page_lines: Sequence[Line]) -> tuple[str, Line] | None:
    """The words in the document that look most like those the field stands beside or below, and their line."""
    for label in field.what if field.how in {"beside", "below"} else ():
        seen: dict[str, tuple[str, Line]] = {}
        for shown, line in islice(_runs(len(label.split()), page_lines), _COMPARED):
            seen.setdefault(_plain(shown), (shown, line))
        for close in get_close_matches(_plain(label), seen, n=1):
            return seen[close]
    return None


def _runs(width: int, page_lines: Sequence[Line]) -> Iterator[tuple[str, Line]]:
    for line in page_lines:
        shown = [word.text for _, word in line.words]
        for at in range(len(shown)):
            yield " ".join(shown[at : at + width]), line


def _claims(layout: Layout, content: bytes) -> bool:
    try:
        return not missing_words(layout, lines(content))
    except Unreadable:
        # Who else claims it says what is wrong with it.
        return False


def _read(layout: Layout, content: bytes) -> Facts:
    return facts(layout, lines(content))


def _plain(text: str) -> str:
    return _spaced(text).casefold()


def _outcome(layout: Layout, field: Field, page_lines: Sequence[Line]) -> Outcome:
    hits = _hits(layout, field, page_lines)
    if not hits:
        return Outcome(field, finding="field_missing", problem=f"not found: {_sought(layout, field)}")
    different = dict.fromkeys(hit.stated.value for hit in hits)
    if len(different) > 1 and not field.which:
        places = list(dict.fromkeys(_place(hit.line) for hit in hits))
        shown = "; ".join([*places[:_PLACES], *(["..."] if len(places) > _PLACES else [])])
        said = f'has {len(different)} different values ({shown}): add which = "first" or "last", or more words'
        return Outcome(field, finding="field_unclear", problem=said)
    hit = hits[-1 if field.which == "last" else 0]
    if hit.stated.value is None:
        kind = "is no day" if FIELDS[field.name] == "date" else "may be negative or not, or is too long"
        return Outcome(field, finding="field_unclear", problem=f"{kind} ({_place(hit.line)})")
    return Outcome(field, hit)


def _sought(layout: Layout, field: Field) -> str:
    wanted = {
        "identifier": "no word with a digit",
        "words": "no word",
        "date": f"no date as {layout.dates}",
        "currency": "no currency",
        "amount": f"no amount as {layout.numbers}",
        "discount": f"no amount as {layout.numbers}",
    }[FIELDS[field.name]]
    if field.how == "regex":
        return f"{wanted} in what its regex finds"
    return f"{wanted} {field.how} {' or '.join(map(_quoted, field.what))}"


def _quoted(words: str) -> str:
    return f'"{words}"'


def _place(line: Line | None) -> str:
    return "the layout" if line is None else f"page {line.page}, line {line.number}"


def _in_currency(outcome: Outcome, currency: str | None) -> Outcome:
    """An amount that is marked with another currency than the invoice's is not taken."""
    hit = outcome.hit
    if hit is None or currency is None or hit.stated.currency in {None, currency}:
        return outcome
    said = f"is in {hit.stated.currency}, the invoice in {currency} ({_place(hit.line)})"
    return Outcome(outcome.field, finding="field_unclear", problem=said)


def _hits(layout: Layout, field: Field, page_lines: Sequence[Line]) -> list[Hit]:
    """All that the field may be, in the order in which a person reads."""
    if field.how == "value":
        return [Hit(Stated(field.what[0], field.what[0]))]
    kind = _KINDS[FIELDS[field.name]]
    page_lines = [line for line in page_lines if len(line.text) <= LONGEST]
    for what in field.what:
        areas = _AREAS[field.how](what, page_lines)
        if found := [Hit(stated, area.line) for area in areas for stated in kind(layout, field.how, area)]:
            return found
    return []


class _Area(NamedTuple):
    """A text in which a field may stand. At ``reached`` begins the first word of it that its words lead to."""

    line: Line
    text: str
    reached: int = 0


def _beside(label: str, page_lines: Sequence[Line]) -> Iterator[_Area]:
    """What stands to the right of the words, to the end of the line or to where they stand again."""
    for line in page_lines:
        found = list(_label(label).finditer(line.text))
        for one, after in zip_longest(found, found[1:]):
            yield _Area(line, line.text[one.end() : after.start() if after else None])


def _below(label: str, page_lines: Sequence[Line]) -> Iterator[_Area]:
    """What stands under the words: the columns they reach into, of the first line that has any."""
    for at, line in enumerate(page_lines):
        for found in _label(label).finditer(line.text):
            over = [one for start, one in line.words if found.start() < start + len(one.text) and start < found.end()]
            beneath = (one for one in page_lines[at + 1 : at + 1 + BELOW] if one.page == line.page)
            areas = (_columns(one, over[0].left, over[-1].right) for one in beneath)
            yield from islice(filter(None, areas), 1)


def _columns(line: Line, left: float, right: float) -> _Area | None:
    """The columns of the line that have a word between left and right."""
    reached = [start for start, word in line.words if word.left < right and left < word.right]
    if not reached:
        return None
    begin = line.text.rfind("  ", 0, reached[0]) + 1
    end = line.text.find("  ", reached[-1])
    return _Area(line, line.text[begin : end if end > 0 else None], reached[0] - begin)


def _matching(expression: str, page_lines: Sequence[Line]) -> Iterator[_Area]:
    """What the group of the expression holds, once a line.

    By polars, whose engine takes time in proportion to the text whatever the expression is.
    """
    found = pl.Series([line.text for line in page_lines], dtype=pl.String).str.extract(expression, 1)
    return (_Area(line, text) for line, text in zip(page_lines, found, strict=True) if text)


@lru_cache
def _label(label: str) -> re.Pattern[str]:
    """The words, as words of their own; a sign at an end may stand right at a letter."""
    label = _spaced(label)
    begins, ends = (r"\b" if re.match(r"\w", sign) else "" for sign in (label[0], label[-1]))
    return re.compile(begins + r"\s+".join(map(re.escape, label.split())) + ends, re.IGNORECASE)


def _identifiers(_: Layout, how: str, area: _Area) -> Iterator[Stated]:
    """The word right there, if it has a digit; or all that an expression took."""
    # Signs alone are no word, and those around one are no part of it.
    word = re.search(r"[^\W_](?:\S*[^\W_])?", area.text[area.reached :])
    shown = _spaced(area.text) if how == "regex" else word[0] if word else ""
    if re.search(r"\d", shown):
        yield Stated(shown, shown)


def _words(_: Layout, how: str, area: _Area) -> Iterator[Stated]:
    """The rest of the column; or all that an expression took."""
    shown = area.text if how == "regex" else area.text[area.reached :].lstrip(" :").partition("  ")[0]
    if shown.strip():
        yield Stated(_spaced(shown), _spaced(shown))


def _unsigned(stated: Stated) -> Stated:
    return replace(stated, value=None if stated.value is None else abs(stated.value))


def _spaced(text: str) -> str:
    return " ".join(text.split())


_AREAS: Final[dict[str, Callable[[str, Sequence[Line]], Iterator[_Area]]]] = {
    "beside": _beside,
    "below": _below,
    "regex": _matching,
}
_KINDS: Final[dict[str, Callable[[Layout, str, _Area], Iterator[Stated]]]] = {
    "identifier": _identifiers,
    "words": _words,
    "amount": lambda layout, _, area: amounts(area.text, layout.numbers),
    "discount": lambda layout, _, area: map(_unsigned, amounts(area.text, layout.numbers)),
    "date": lambda layout, _, area: dates(area.text, layout.dates, layout.months),
    "currency": lambda _, __, area: currencies(area.text),
}
