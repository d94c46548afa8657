"""Layouts: how an invoice that no reader of ours knows is read, as a value that a person can write. Not for its TOML.

A layout is told by words, and finds each field where `layout_fields` says. It never takes one of several: what is not
there, or not told apart, is a finding, and an invoice of which a field that it must state is unknown has no amounts. The
TOML of a layout is read in `layout_file`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import Any, Final

from spapi_invoices.documents.currencies import agreed
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.findings import Found, Unreadable, names, words
from spapi_invoices.documents.layout_fields import FIELDS, MOST, Field, Hit, Layout, hits, label
from spapi_invoices.documents.order_ids import find_order_ids
from spapi_invoices.documents.page_lines import Line, lines, loose_text
from spapi_invoices.documents.reader import DocumentReader

_MONEY: Final = frozenset({"amount", "discount"})
# Without these no invoice can be reconciled.
REQUIRED: Final = ("invoice_number", "issue_date", "currency", "total_amount")
_COMPARED: Final = 5_000  # words in which the nearest are looked for: comparing takes long
_PLACES: Final = 3  # how many a problem names
_UNTOLD: Final = {
    "date": "is no day",
    "amount": "may be negative or not, stands right at other signs, or is too long",
    "discount": "stands right at other signs, or is too long",
}


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
    text = " ".join(line.text for line in page_lines)
    absent = (_quoted(one) for one in layout.match if not label(one).search(text))
    present = (f"not {_quoted(one)}" for one in layout.unless if label(one).search(text))
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
    return f"layout {layout.name} no longer fits: its words are in the document, and none of its fields. {_next_step(layout)}"


def _problem(layout: Layout, said: str | None, *, held_back: bool) -> str | None:
    if said is None:
        return None
    return f"layout {layout.name}: {said}{'; no amount is taken' if held_back else ''}. {_next_step(layout)}"


def _next_step(layout: Layout) -> str:
    """What to type, but for the document's path: its name may be personal."""
    return f"Next: see it with spapi-invoices documents layout explain {layout.name}.toml DOCUMENT"


def nearest(field: Field, page_lines: Sequence[Line]) -> tuple[str, Line] | None:
    """The words in the document that look most like those the field stands beside or below, and their line."""
    for sought in field.what if field.how in {"beside", "below"} else ():
        seen: dict[str, tuple[str, Line]] = {}
        for shown, line in islice(_runs(len(sought.split()), page_lines), _COMPARED):
            seen.setdefault(shown.casefold(), (shown, line))
        for close in get_close_matches(" ".join(sought.split()).casefold(), seen, n=1):
            return seen[close]
    return None


def _runs(width: int, page_lines: Sequence[Line]) -> Iterator[tuple[str, Line]]:
    for line in page_lines:
        shown = [word.text for _, word in line.words]
        for at in range(len(shown)):
            yield " ".join(shown[at : at + width]), line


def _claims(layout: Layout, content: bytes) -> bool:
    """By its words one by one before any line is made: that takes most of the time, and most documents have not even them."""
    try:
        text = loose_text(content)
        single = (word for several in layout.match for word in several.split())
        return all(label(word).search(text) for word in single) and not missing_words(layout, lines(content))
    except Unreadable:
        # Who else claims it says what is wrong with it.
        return False


def _read(layout: Layout, content: bytes) -> Facts:
    return facts(layout, lines(content))


def _outcome(layout: Layout, field: Field, page_lines: Sequence[Line]) -> Outcome:
    found = hits(layout, field, page_lines)
    if found is None:
        return Outcome(
            field, finding="field_unclear", problem=f"may stand in more than {MOST:,} places: add more words"
        )
    if not found:
        return Outcome(field, finding="field_missing", problem=f"not found: {_sought(layout, field)}")
    different = dict.fromkeys(hit.stated.value for hit in found)
    if len(different) > 1 and not field.which:
        places = list(dict.fromkeys(_place(hit.line) for hit in found))
        shown = "; ".join([*places[:_PLACES], *(["..."] if len(places) > _PLACES else [])])
        said = f'has {len(different)} different values ({shown}): add which = "first" or "last", or more words'
        return Outcome(field, finding="field_unclear", problem=said)
    hit = found[-1 if field.which == "last" else 0]
    if hit.stated.value is None:
        return Outcome(field, finding="field_unclear", problem=f"{_UNTOLD[FIELDS[field.name]]} ({_place(hit.line)})")
    same = (one.stated.currencies for one in found if one.stated.value == hit.stated.value)
    return Outcome(field, Hit(replace(hit.stated, currencies=agreed(same)), hit.line))


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
    if hit is None or currency is None or hit.stated.currencies is None or currency in hit.stated.currencies:
        return outcome
    said = f"is marked with another currency than {currency} ({_place(hit.line)})"
    return Outcome(outcome.field, finding="field_unclear", problem=said)
