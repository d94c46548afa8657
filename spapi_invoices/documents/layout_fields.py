"""Where a field of a layout stands on the page, and what it may be: all of it. Not for choosing one.

A field is looked for beside or below its words, or by an expression; each place has values by the field's kind.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice, zip_longest
from typing import Final, NamedTuple

import polars as pl

from spapi_invoices.documents.date_pictures import MONTHS, dates
from spapi_invoices.documents.letters import APOSTROPHE, DASH, UNSPACED
from spapi_invoices.documents.notations import NEAR, Stated, amounts, currencies
from spapi_invoices.documents.page_lines import Line, Placed

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
    "currency": "every code of ISO 4217, or the sign of one currency; a bare `$` is none, as many countries use it",
    "amount": "every amount that is written as `numbers` says; a rate in percent is none, and one is not told that may be "
    "negative, as in brackets or beside a dash, or that letters stand right at",
    "discount": "an amount, without its sign",
}
# How many lines down a field may stand below its words.
BELOW: Final = 3
# How many lines may lie between two rows of a table, as of a description in several lines.
BETWEEN: Final = 20
# A longer line is passed over: no line of an invoice is, and looking for fields in it could take long.
LONGEST: Final = 1_000
# In more places, as rows of a table, no field of an invoice stands.
MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Field:
    """Where one field stands.

    Attributes:
        name: One of `FIELDS`.
        how: One of ``beside``, ``below``, ``regex`` and ``value``.
        what: The words, any of which may lead to it; or the one expression, or the one value.
        which: Of several different values the ``first`` or the ``last`` on the page; empty takes none of them.
        required: Without it the invoice has no amounts.
    """

    name: str
    how: str
    what: tuple[str, ...]
    which: str = ""
    required: bool = True


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


def hits(layout: Layout, field: Field, page_lines: Sequence[Line]) -> list[Hit] | None:
    """All that the field may be, in the order in which a person reads; ``None`` where that is in more than `MOST` places."""
    if field.how == "value":
        return [Hit(Stated(field.what[0], field.what[0]))]
    within = partial(_KINDS[FIELDS[field.name]], layout)
    page_lines = [line for line in page_lines if len(line.text) <= LONGEST]
    areas = [area for what in field.what for area in islice(_AREAS[field.how](what, page_lines, within), MOST + 1)]
    if len(areas) > MOST:
        return None
    areas.sort(key=lambda area: (area.line.page, area.line.number, area.begin))
    return [Hit(stated, area.line) for area in areas for stated in within(area)]


class Area(NamedTuple):
    """A part of a line in which a field may stand: from ``begin`` to ``end``.

    Attributes:
        seen: Where that begins which may speak of what is in it, as a currency's sign before an amount.
        reached: Where its first word begins that the field's words lead to.
        whole: Whether all of it is the value, as an expression says.
    """

    line: Line
    begin: int
    end: int
    seen: int
    reached: int
    whole: bool = False

    @property
    def text(self) -> str:
        """What stands in it."""
        return self.line.text[self.begin : self.end]


_Within = Callable[[Area], Iterator[Stated]]


def _beside(words: str, page_lines: Sequence[Line], _: _Within) -> Iterator[Area]:
    """What stands to the right of the words, to the end of the line or to where they stand again."""
    for line in page_lines:
        found = list(label(words).finditer(line.text))
        for one, after in zip_longest(found, found[1:]):
            end = after.start() if after else len(line.text)
            yield Area(line, one.end(), end, one.start() + len(one[0].rstrip(" :=|")), one.end())


def _below(words: str, page_lines: Sequence[Line], within: _Within) -> Iterator[Area]:
    """What stands under the words: the columns they reach into, line by line as long as there are values."""
    for at, line in enumerate(page_lines):
        for found in label(words).finditer(line.text):
            over = [one for start, one in line.words if found.start() < start + len(one.text) and start < found.end()]
            yield from _column(page_lines, at, over, label(words), within)


def _column(
    page_lines: Sequence[Line], at: int, over: list[Placed], heading: re.Pattern[str], within: _Within
) -> Iterator[Area]:
    """To where the page ends or the heading stands again: a table has a value in every row, and none is the first."""
    last = page_lines[at].number + BELOW
    for line in map(page_lines.__getitem__, range(at + 1, len(page_lines))):
        if line.page != page_lines[at].page or line.number > last:
            return
        area = _columns(line, over[0].left, over[-1].right)
        if area is None:
            continue
        if heading.search(area.text):
            return
        yield area
        if any(True for _ in within(area)):
            last = line.number + BETWEEN


def _columns(line: Line, left: float, right: float) -> Area | None:
    """The columns of the line that have a word between left and right."""
    reached = [start for start, word in line.words if word.left < right and left < word.right]
    if not reached:
        return None
    begin = line.text.rfind("  ", 0, reached[0]) + 1
    end = line.text.find("  ", reached[-1])
    return Area(line, begin, end if end > 0 else len(line.text), 0, reached[0])


def _matching(expression: str, page_lines: Sequence[Line], _: _Within) -> Iterator[Area]:
    """What the group of the expression holds, wherever it matches.

    By polars, whose engine takes time in proportion to the text whatever the expression is. It does not say where a group
    stands, so wherever its text stands in the match.
    """
    texts = pl.Series([line.text for line in page_lines], dtype=pl.String)
    # No line has these signs: they cannot be printed.
    for line, marked in zip(page_lines, texts.str.replace_all(expression, "\0${0}\1${1}\2"), strict=True):
        at = 0
        for before, match, group in zip_longest(*[iter(re.split("[\0\1\2]", marked))] * 3, fillvalue=""):
            at += len(before)
            for found in re.finditer(re.escape(group), match) if group else ():
                yield Area(line, at + found.start(), at + found.end(), 0, at + found.start(), whole=True)
            at += len(match)


@lru_cache(maxsize=4_096)
def label(words: str) -> re.Pattern[str]:
    """What finds these words as words of their own, however they are printed; a sign at an end may stand at a letter."""
    words = " ".join(unicodedata.normalize("NFC", words).split())
    spaced = re.compile(rf"[^\W{UNSPACED}]")
    begins, ends = rf"(?<!{spaced.pattern})", rf"(?!{spaced.pattern})"
    alike = "".join(map(_alike, re.findall(r"(?i:ss)|.", words)))
    return re.compile(
        f"{begins if spaced.match(words[0]) else ''}{alike}{ends if spaced.match(words[-1]) else ''}", re.IGNORECASE
    )


def _alike(sign: str) -> str:
    """What prints a sign, or ``ss``."""
    if sign.lower() in {"ss", "ß"}:
        return "(?:ss|ß)"
    return next((one for one in (r"\s+", DASH, APOSTROPHE) if re.fullmatch(one, sign)), re.escape(sign))


def _identifiers(_: Layout, area: Area) -> Iterator[Stated]:
    """The word right there, if it has a digit."""
    # Signs alone are no word, and those around one are no part of it.
    word = re.search(r"[^\W_](?:\S*[^\W_])?", area.line.text[area.reached : area.end])
    shown = " ".join(area.text.split()) if area.whole else word[0] if word else ""
    if re.search(r"\d", shown):
        yield Stated(shown, shown)


def _words(_: Layout, area: Area) -> Iterator[Stated]:
    """The rest of the column."""
    rest = area.line.text[area.reached : area.end]
    shown = " ".join((rest if area.whole else rest.lstrip(" :").partition("  ")[0]).split())
    if shown:
        yield Stated(shown, shown)


def _amounts(layout: Layout, area: Area, *, signed: bool = True) -> Iterator[Stated]:
    """By all that stands around them, also outside of the area."""
    begin = max(area.seen, area.begin - NEAR)
    for one in amounts(area.line.text[begin : area.end + NEAR], layout.numbers, signed=signed):
        if area.begin <= begin + one.at[0] and begin + one.at[1] <= area.end:
            yield one


_AREAS: Final[dict[str, Callable[[str, Sequence[Line], _Within], Iterator[Area]]]] = {
    "beside": _beside,
    "below": _below,
    "regex": _matching,
}
_KINDS: Final[dict[str, Callable[[Layout, Area], Iterator[Stated]]]] = {
    "identifier": _identifiers,
    "words": _words,
    "amount": _amounts,
    "discount": partial(_amounts, signed=False),
    "date": lambda layout, area: dates(area.text, layout.dates, layout.months),
    "currency": lambda _, area: currencies(area.text),
}
