"""The PDF of a GST invoice in the place of a real one: the pieces that its facts come from, page by page. Not for its looks.

A piece that a pattern of the reader found stays as it is. Between the cells of the lines, and where else whoever wrote the
invoice chose the words, each word becomes a fake of its form. All else is left out.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final, Protocol

from spapi_invoices.documents import gst, gst_lines, pdf_text, rupees
from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.documents.tax_ids import gstin_is_valid
from spapi_invoices.synthetic import pdf

_TITLE: Final = "Synthetic document"
_BROKEN: Final = b"%PDF-1.4\n% Synthetic document, broken as the real one is\n"
# Enough of a PDF to ask for a password; there is none.
_ENCRYPTED: Final = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    b"trailer\n<< /Root 1 0 R /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 "
    b"/O <" + b"00" * 32 + b"> /U <" + b"00" * 32 + b"> >> >>\n%%EOF\n"
)
# Why a PDF cannot be read -> one that cannot be read for the same reason.
UNREADABLE: Final = {
    "pdf_broken": _BROKEN,
    "pdf_encrypted": _ENCRYPTED,
    "pdf_without_text": pdf.document(_TITLE, [pdf.box_at(36, 36, 523, 770, grey=0.6, line=False)]),
}
# Words that name nobody: those of amounts, and of the states and union territories.
_STATES: Final = """
    andhra arunachal assam bihar chhattisgarh goa gujarat haryana himachal jharkhand karnataka kerala madhya maharashtra
    manipur meghalaya mizoram nagaland odisha pradesh punjab rajasthan sikkim tamil nadu telangana tripura uttar uttarakhand
    west bengal andaman nicobar islands chandigarh dadra nagar haveli daman diu delhi jammu kashmir ladakh lakshadweep
    puducherry
"""
_HARMLESS: Final = rupees.WORDS | frozenset(_STATES.split())
_WORD: Final = re.compile(r"[^\W_]+")
# A row ends behind a letter or a digit: behind a hyphen PDFium sets no blank.
_ROW: Final = re.compile(r"(.{120,}?[A-Za-z0-9]) ")
_LEFT_OUT, _FAKED, _NUMBER, _KEPT = range(4)


class Fakes(Protocol):
    """Puts a fake of the same form in a value's place, for the same value always the same."""

    def text(self, text: str, /) -> str:
        """Letters for letters and digits for digits."""

    def gstin(self, number: str, /) -> str:
        """A valid GSTIN for a valid one."""

    def within(self, text: str, /) -> str:
        """The text with fakes only for what gives itself away by its form."""


def stand_in(document: bytes, fakes: Fakes) -> bytes:
    """The document's stand-in, with a page for each page.

    Raises:
        MissingExtra: pypdfium2 is not installed.
    """
    try:
        pages = pdf_text.pages(document)
    except Unreadable as error:
        return UNREADABLE[error.found.finding]
    made = [rows for invoice in gst.invoices(pages) for rows in pieces(invoice, fakes)]
    # Not on every page: a piece may go on on the next one.
    made[0].insert(0, _TITLE)
    return pdf.document(_TITLE, *map(_drawn, made))


def pieces(pages: Iterable[str], fakes: Fakes) -> list[list[str]]:
    """For each page of an invoice that has a text, the parts that `gst.read_text` looks at, in order.

    Behind each stands a character that takes part in no pattern, so that no two are read as one; not where a piece goes on
    on the next page.

    >>> from spapi_invoices.recording.fakes import Fakes
    >>> pieces(["Tax Invoice for Ana, Flat 1. Invoice Number:", "A-1 Thank you"], Fakes(b""))
    [['Tax Invoice _', 'Invoice Number:'], ['A-1 _']]
    """
    rows = [row for page in pages if (row := " ".join(page.split()))]
    text = _with_other_buyers(gst.joined(rows), fakes)
    marks = _marks(text)
    made, at = [], 0
    for row in rows:
        end = at + len(row)
        goes_on = end < len(text) and marks[end] != _LEFT_OUT
        found = [_drawable(_written(text, marks, span, fakes)) for span in _spans(marks, at, end)]
        made.append(
            [f"{piece} _" for piece in found[:-1]] + [piece if goes_on else f"{piece} _" for piece in found[-1:]]
        )
        at = end + 1
    return made


def _with_other_buyers(text: str, fakes: Fakes) -> str:
    at, parts = 0, list[str]()
    for is_sellers, found in gst.gstins(text):
        if not is_sellers:
            parts += text[at : found.start("gstin")], _gstin(found["gstin"], fakes)
            at = found.end("gstin")
    return "".join((*parts, text[at:]))


def _gstin(number: str, fakes: Fakes) -> str:
    """A valid GSTIN for a valid one, and none for what is none."""
    if gstin_is_valid(number):
        return fakes.gstin(number)
    made = fakes.text(number)
    return made if not gstin_is_valid(made) else made[:-1] + ("0" if made[-1] != "0" else "9")


def _marks(text: str) -> bytearray:
    """What becomes of each character."""
    marks = bytearray(len(text))

    def mark(start: int, end: int, what: int) -> None:
        marks[start:end] = bytes([what]) * (end - start)

    worded = [found for pattern in gst.WORDED for found in pattern.finditer(text)]
    lines = list(gst_lines.rows(text))
    for line in lines:
        mark(line.begin or line.cells.start(), line.cells.end(), _FAKED)
    for found in worded:
        mark(*found.span(1), _FAKED)
    for found in worded:
        mark(found.start(), found.start(1), _KEPT)
        mark(found.end(1), found.end(), _KEPT)
    for line in lines:
        # The line's number in the table.
        mark(line.begin, line.described, _KEPT)
    for pattern in (*gst.PATTERNS, *gst_lines.PATTERNS):
        for found in pattern.finditer(text):
            mark(*found.span(), _KEPT)
    for pattern in gst.NUMBERS:
        for found in pattern.finditer(text):
            mark(*found.span(1), _NUMBER)
    return marks


def _spans(marks: bytearray, start: int, end: int) -> Iterator[range]:
    """The runs of what is not left out."""
    for stays, run in groupby(range(start, end), key=lambda at: marks[at] != _LEFT_OUT):
        if stays:
            first, *rest = run
            yield range(first, rest[-1] + 1 if rest else first + 1)


def _written(text: str, marks: bytearray, span: range, fakes: Fakes) -> str:
    runs = ((mark, "".join(text[at] for at in run)) for mark, run in groupby(span, key=marks.__getitem__))
    made: dict[int, Callable[[str], str]] = {
        _KEPT: str,
        # The seller makes these numbers up: what has the form of a person's number goes.
        _NUMBER: fakes.within,
        _FAKED: lambda part: _WORD.sub(lambda word: _word(word[0], fakes), part),
    }
    return "".join(made[mark](part) for mark, part in runs)


def _word(word: str, fakes: Fakes) -> str:
    return word if word.lower() in _HARMLESS else fakes.text(word)


def _drawable(text: str) -> str:
    """In characters that every PDF viewer has a font for: in place of a rupee sign what older fonts have there."""
    return "".join(_letter(one) for one in text.replace("₹", "`"))


def _letter(character: str) -> str:
    if character.encode("cp1252", "ignore"):
        return character
    # A letter that counts as another one where case is ignored, as the long s does. Never a digit: that makes amounts.
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return plain if character.isalpha() and plain else "?"


def _drawn(found: Iterable[str]) -> Iterator[str]:
    """What draws a page: rows as large as there is room for, none cut."""
    rows = [row for piece in found for row in _ROW.sub(r"\1\n", piece).split("\n")]
    widest = max((pdf.width(row, pdf.REGULAR, 1) for row in rows), default=1)
    size = min(8, 523 / widest, 770 / max(1, len(rows)) / 1.5)
    return (pdf.text_at(36, 798 - 1.5 * size * at, row, pdf.REGULAR, size) for at, row in enumerate(rows))
