"""A document's words in the lines in which a person sees them: PDF, HTML, plain text. Not for what the words state.

A PDF may draw all labels first and all values after them, so its words are put into lines by where they stand. A wide gap
between two words is two blanks in a line's text: there one column ends and another begins.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final, NamedTuple

from spapi_invoices.core.media import decode_text, sniff
from spapi_invoices.documents import pdf_text
from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.documents.html_rows import Cell, html_rows
from spapi_invoices.documents.last_document import last_kept
from spapi_invoices.documents.pdf_rows import IN_WORD, Seen, pdf_rows

# HTML or text: no invoice is larger, and all that looks at it stays quick.
LARGEST: Final = 1 << 20
_WORD: Final = re.compile(f"{IN_WORD}+")
# The signs of a word that another stands for, so that the same word is the same text.
_SAME: Final = {
    **{at: unicodedata.normalize("NFKC", chr(at)) for at in range(0xFB00, 0xFB07)},  # ligatures, as of f and i
    **dict.fromkeys((0x2007, 0x2009, 0x202F), "\u00a0"),  # blanks that do not break
}
# Only these: Python has encodings that take hours.
_CHARSET: Final = re.compile(
    rb"<meta\b[^>]{0,200}\bcharset\s*=\s*[\"']?"
    rb"(iso-8859-\d{1,2}|windows-\d{3,4}|utf-8|koi8-[ru]|shift_jis|euc-(?:jp|kr)|gb2312|gbk|gb18030|big5)\b",
    re.IGNORECASE,
)


class Placed(NamedTuple):
    """A word and its place across the page: points in a PDF, signs in a text, columns in an HTML table.

    A gap beside it that is wider than ``blank`` is no blank between words.
    """

    text: str
    left: float
    right: float
    blank: float = 1.0


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


def lines(content: bytes) -> tuple[Line, ...]:
    r"""All lines of a document, from top to bottom, page by page. The last document is kept, for the next who asks.

    Raises:
        Unreadable: It is none of the three kinds, too large, or a PDF that cannot be opened or has no text.
        MissingExtra: It is a PDF and pypdfium2 is not installed.

    >>> [line.text for line in lines(b"Invoice  A-1\n\nTotal: 12.50")]
    ['Invoice  A-1', 'Total: 12.50']
    """
    return _lines(content)


def loose_text(content: bytes) -> str:
    """All words of a document with a blank between two: of a PDF in the order in which it was drawn, so this is quick.

    Raises:
        Unreadable, MissingExtra: As `lines`.
    """
    return _loose_text(content)


@last_kept
def _loose_text(content: bytes) -> str:
    if sniff(content) == "application/pdf":
        return " ".join(word.text for word in _placed(" ".join(pdf_text.pages(content))))
    return " ".join(line.text for line in lines(content))


@last_kept
def _lines(content: bytes) -> tuple[Line, ...]:
    found = tuple(line for number, rows in enumerate(_pages(content), 1) for line in _numbered(number, rows))
    if not found and sniff(content) == "application/pdf":
        raise Unreadable("pdf_without_text", "the PDF has no text (a scan?)")
    return found


def _pages(content: bytes) -> Iterator[Iterable[list[Placed]]]:
    kind = sniff(content)
    if kind == "application/pdf":
        yield from (map(_of_pdf, rows) for rows in pdf_rows(content))
    elif kind not in {"text/html", "text/plain"}:
        raise Unreadable("type_unknown", f"a layout reads PDF, HTML and text, not {kind}")
    elif len(content) > LARGEST:
        raise Unreadable("type_unknown", f"a layout reads a text of at most {LARGEST} bytes, not {len(content)}")
    elif kind == "text/html":
        yield map(_of_html, html_rows(_html_text(content)))
    else:
        yield (list(_placed(row.expandtabs())) for row in (decode_text(content) or "").splitlines())


def _html_text(content: bytes) -> str:
    """In the encoding that the page names, else in one that a text may have, else in that of a page that does not say."""
    named = _CHARSET.search(content, 0, 1024)
    if named is None:
        return decode_text(content) or content.decode("cp1252", "replace")
    try:
        # A browser takes what calls itself Latin-1 for Windows-1252, which has the same letters.
        return content.decode("cp1252" if named[1].lower() == b"iso-8859-1" else named[1].decode(), "replace")
    except LookupError:
        return content.decode("cp1252", "replace")


def _numbered(page: int, rows: Iterable[list[Placed]]) -> Iterator[Line]:
    numbers = count(1)
    for words in rows:
        if words:
            yield _line(page, next(numbers), words)


def _line(page: int, number: int, words: list[Placed]) -> Line:
    text, placed = "", []
    for before, word in zip([None, *words], words, strict=False):
        if before is not None:
            text += "  " if word.left - before.right > min(before.blank, word.blank) else " "
        placed.append((len(text), word))
        text += word.text
    return Line(page, number, text, tuple(placed))


def _of_pdf(row: list[Seen]) -> list[Placed]:
    # A blank is a quarter to a third of the letters' height, in a justified line perhaps a half.
    words = ((_clean(one.text), one.left, one.right, 0.6 * (one.top - one.bottom)) for one in row)
    return [Placed(*word) for word in words if word[0]]


def _of_html(row: list[Cell]) -> list[Placed]:
    """All words of a cell stand in all of its columns."""
    words = ((word.text, cell) for cell in row for word in _placed("".join(cell.texts)))
    return [Placed(word, 3.0 * cell.left, 3.0 * cell.right - 2) for word, cell in words]


def _placed(text: str) -> Iterator[Placed]:
    for found in _WORD.finditer(text):
        if shown := _clean(found[0]):
            yield Placed(shown, found.start(), found.end())


def _clean(word: str) -> str:
    """The word as it is printed, and in one way if Unicode has several."""
    if word.isascii() and word.isprintable():
        return word
    signs = unicodedata.normalize("NFC", word.translate(_SAME))
    return "".join(sign for sign in signs if sign == "\u00a0" or sign.isprintable())
