"""A document's words in the lines in which a person sees them: PDF, HTML, plain text. Not for what the words state.

A PDF may draw all labels first and all values after them, so its words are put into lines by where they stand. A wide gap
between two words is two blanks in a line's text: there one column ends and another begins.
"""

import html
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, Final, NamedTuple

from spapi_invoices.core.media import sniff
from spapi_invoices.documents import pdf_text
from spapi_invoices.documents.findings import Unreadable

# HTML or text: no invoice is larger, and all that looks at it stays quick.
LARGEST: Final = 1 << 20
_HYPHEN: Final = "\x02"  # PDFium's sign for a hyphen at the end of a line, after which it goes on without a break
_COLUMN: Final = 10_000.0  # where the next cell of an HTML table begins
# Not html.parser, which takes hours for a text that is made for it. What is not closed goes to the end of the text, as in
# a browser, so each of these goes through it once.
_HIDDEN: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|title)\b.*?(?:</\1[^>]*(?:>|\Z)|\Z)|<[!?][^>]*(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*(?:>|\Z)", re.IGNORECASE)
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "big", "code", "em", "font", "i", "label", "mark", "small", "span", "strong", "u"}
)
# A sign's number with so many digits is none, and Python refuses to read it.
_LONG_REFERENCE: Final = re.compile(r"&#\d{8,};?")
# What a viewer makes of a page that is turned by so many quarters: where a point of it comes to stand.
_TURNS: Final[tuple[Callable[[float, float], tuple[float, float]], ...]] = (
    lambda x, y: (x, y),
    lambda x, y: (y, -x),
    lambda x, y: (-x, -y),
    lambda x, y: (-y, x),
)


class Placed(NamedTuple):
    """A word and its place across the page: points in a PDF, columns in a text."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page; both are counted from 1.

    Attributes:
        page: The page. HTML and text have one.
        number: The line on the page, from the top. Empty lines do not count.
        text: Its words with one blank between two, or two where the gap is wide.
        words: Its words from left to right, and where each begins in ``text``.
    """

    page: int
    number: int
    text: str
    words: tuple[tuple[int, Placed], ...]


@lru_cache(maxsize=1)
def lines(content: bytes) -> tuple[Line, ...]:
    r"""All lines of a document, from top to bottom, page by page. The last document is kept, for the next who asks.

    Raises:
        Unreadable: It is none of the three kinds, too large, or a PDF that cannot be opened or has no text.
        MissingExtra: It is a PDF and pypdfium2 is not installed.

    >>> [line.text for line in lines(b"Invoice  A-1\n\nTotal: 12.50")]
    ['Invoice  A-1', 'Total: 12.50']
    """
    kind = sniff(content)
    if kind == "application/pdf":
        found = tuple(_pdf(content))
        if not found:
            raise Unreadable("pdf_without_text", "the PDF has no text (a scan?)")
        return found
    if kind not in {"text/html", "text/plain"}:
        raise Unreadable("type_unknown", f"a layout reads PDF, HTML and text, not {kind}")
    if len(content) > LARGEST:
        raise Unreadable("type_unknown", f"a layout reads a text of at most {LARGEST} bytes, not {len(content)}")
    text = _decoded(content)
    rows = _html_rows(text) if kind == "text/html" else [[row.expandtabs()] for row in text.splitlines()]
    return tuple(_numbered(1, ((_in_cells(cells), 1.0) for cells in rows)))


def _numbered(page: int, rows: Iterable[tuple[list[Placed], float]]) -> Iterator[Line]:
    """The lines of a page; with each row comes the widest gap that is one blank."""
    numbers = count(1)
    for words, blank in rows:
        if words:
            yield _line(page, next(numbers), words, blank)


def _line(page: int, number: int, words: list[Placed], blank: float) -> Line:
    text, placed = "", []
    for before, word in zip([None, *words], words, strict=False):
        if before is not None:
            text += "  " if word.left - before.right > blank else " "
        placed.append((len(text), word))
        text += word.text
    return Line(page, number, text, tuple(placed))


def _in_cells(cells: list[str]) -> list[Placed]:
    return [
        Placed(_printable(word[0]), at * _COLUMN + word.start(), at * _COLUMN + word.end())
        for at, cell in enumerate(cells)
        for word in re.finditer(r"\S+", cell)
        if _printable(word[0])
    ]


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a browser takes a page for that does not say: five of its 256 bytes mean nothing.
        return content.decode("cp1252", "replace")


def _html_rows(text: str) -> list[list[str]]:
    shown = html.unescape(_LONG_REFERENCE.sub(" ", "".join(_html_text(text))))
    return [[" ".join(cell.split()) for cell in row.split("\t")] for row in shown.split("\n")]


def _html_text(text: str) -> Iterator[str]:
    """What a browser shows of a page, with a line feed where a line begins and a tab where a cell does."""
    shown, *tags = _TAG.split(_HIDDEN.sub("", text))
    yield _blank(shown)
    in_row = False
    for slash, name, behind in zip(tags[::3], tags[1::3], tags[2::3], strict=True):
        tag, ends = name.lower(), bool(slash)
        in_row = (in_row or tag == "tr") and not (ends and tag in {"tr", "table"})
        yield _break(tag, ends=ends, in_row=in_row) + _blank(behind)


def _break(tag: str, *, ends: bool, in_row: bool) -> str:
    """What a tag does to a line. A paragraph within a cell is a blank there, so that the row stays one line."""
    if tag in {"td", "th"}:
        return "" if ends else "\t"
    if tag in _INLINE:
        return ""
    return " " if in_row and tag != "tr" else "\n"


def _blank(text: str) -> str:
    return re.sub(r"\s", " ", text)


class _Seen(NamedTuple):
    """A word and its height."""

    word: Placed
    bottom: float
    top: float


def _pdf(content: bytes) -> Iterator[Line]:
    with pdf_text.opened(content) as pdf:
        for number, page in enumerate(pdf, 1):
            seen = _pdf_words(page.get_textpage(), _TURNS[page.get_rotation() // 90])
            yield from _numbered(number, _pdf_rows(seen))


def _pdf_rows(seen: Iterable[_Seen]) -> Iterator[tuple[list[Placed], float]]:
    """The words by lines: what has its middle within the height of a line's highest word is on it."""
    row: list[_Seen] = []
    for one in sorted(seen, key=lambda one: -one.bottom - one.top):
        if row and one.bottom + one.top < 2 * row[0].bottom:
            yield _pdf_row(row)
            row = []
        row.append(one)
    if row:
        yield _pdf_row(row)


def _pdf_row(row: list[_Seen]) -> tuple[list[Placed], float]:
    # A blank is a quarter to a third of the letters' height, in a justified line perhaps a half.
    blank = 0.6 * (row[0].top - row[0].bottom)
    return sorted((one.word for one in row), key=lambda word: word.left), blank


def _pdf_words(text: Any, turn: Callable[[float, float], tuple[float, float]]) -> Iterator[_Seen]:  # noqa: ANN401 - pypdfium2 has no types
    """Runs of signs without a blank, in the order in which they were drawn."""
    from pypdfium2 import raw  # noqa: PLC0415 - in the extra [pdf]

    codes = (raw.FPDFText_GetUnicode(text, at) for at in range(text.count_chars()))
    signs = "".join(chr(code) if code <= sys.maxunicode else " " for code in codes)
    for run in re.finditer(rf"[^\s{_HYPHEN}]+{_HYPHEN}?|{_HYPHEN}", signs):
        if shown := _printable(run[0].replace(_HYPHEN, "-")):
            first, last = (text.get_charbox(at, loose=True) for at in (run.start(), run.end() - 1))
            corners = [turn(x, y) for box in (first, last) for x, y in (box[:2], box[2:])]
            across, up = zip(*corners, strict=True)
            yield _Seen(Placed(shown, min(across), max(across)), min(up), max(up))
