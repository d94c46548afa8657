"""The words of a PDF in the rows in which a viewer shows them, by PDFium. Not for what is in a row."""

import ctypes
import math
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from spapi_invoices.documents import pdf_text

# Between digits a blank that does not break is a sign between groups, and no end of a word.
IN_WORD: Final = r"(?:[^\s\x02]|(?<=\d)[\u00a0\u2007\u2009\u202f](?=\d))"
# PDFium's sign for a hyphen at the end of a line, after which it goes on without a break.
_HYPHEN: Final = "\x02"
_WORD: Final = re.compile(rf"{IN_WORD}+{_HYPHEN}?|{_HYPHEN}")
_LEAN: Final = 10  # degrees that a level line may be off, as in a scan
# Where a point comes to stand if the page is turned by so many quarters, so that letters stand upright.
_TURNS: Final[tuple[Callable[[float, float], tuple[float, float]], ...]] = (
    lambda x, y: (x, y),
    lambda x, y: (y, -x),
    lambda x, y: (-x, -y),
    lambda x, y: (-y, x),
)


class Seen(NamedTuple):
    """A word and where it stands, in points, when its letters stand upright."""

    text: str
    left: float
    right: float
    bottom: float
    top: float


def pdf_rows(content: bytes) -> Iterator[list[list[Seen]]]:
    """The rows of each page from top to bottom, each with its words from left to right.

    What is written up or down the page comes behind the rest, and what is aslant, as a watermark, is one row at the end.

    Raises:
        Unreadable: The PDF cannot be opened, needs a password, or has more than an invoice can have.
        MissingExtra: pypdfium2 is not installed.
    """
    with pdf_text.opened(content) as pdf:
        for text in pdf_text.texts(pdf):
            turned = defaultdict[int | None, list[Seen]](list)
            for turn, word in _words(text):
                turned[turn].append(word)
            aslant = turned.pop(None, [])
            level = sorted(turned.values(), key=len, reverse=True)
            yield [*(row for words in level for row in _rows(words)), *([aslant] if aslant else [])]


def _rows(words: Iterable[Seen]) -> Iterator[list[Seen]]:
    """Two words are on a line if each has its middle within the height of the other: else a title would join several."""
    row: list[Seen] = []
    for word in sorted(words, key=_middle, reverse=True):
        if row and not (_reaches(row[0], word) and _reaches(word, row[0])):
            yield sorted(row, key=lambda one: one.left)
            row = []
        row.append(word)
    if row:
        yield sorted(row, key=lambda one: one.left)


def _middle(word: Seen) -> float:
    return (word.bottom + word.top) / 2


def _reaches(word: Seen, other: Seen) -> bool:
    return word.bottom <= _middle(other) <= word.top


def _words(text: Any) -> Iterator[tuple[int | None, Seen]]:  # noqa: ANN401 - pypdfium2 has no types
    """Runs of signs without a blank, in the order in which they were drawn, and by how many quarters each is turned."""
    from pypdfium2 import raw  # noqa: PLC0415 - in the extra [pdf]

    first, last = raw.FS_RECTF(), raw.FS_RECTF()
    for run in _WORD.finditer(_signs(text)):
        quarters, off = divmod(-math.degrees(raw.FPDFText_GetCharAngle(text, run.start())) + _LEAN, 90)
        raw.FPDFText_GetLooseCharBox(text, run.start(), first)
        raw.FPDFText_GetLooseCharBox(text, run.end() - 1, last)
        turn = int(quarters) % 4
        across, up = zip(
            *(_TURNS[turn](x, y) for box in (first, last) for x, y in ((box.left, box.bottom), (box.right, box.top))),
            strict=True,
        )
        word = Seen(run[0].replace(_HYPHEN, "-"), min(across), max(across), min(up), max(up))
        yield turn if off <= 2 * _LEAN else None, word


def _signs(text: Any) -> str:  # noqa: ANN401 - pypdfium2 has no types
    """The signs of a page, each at its number: all at once, unless some of them are none or two in UTF-16."""
    from pypdfium2 import raw  # noqa: PLC0415 - in the extra [pdf]

    length = text.count_chars()
    signs = (ctypes.c_ushort * (length + 1))()
    if raw.FPDFText_GetText(text, 0, length, signs) == length + 1:
        return "".join(map(chr, signs[:length]))
    codes = (raw.FPDFText_GetUnicode(text, at) for at in range(length))
    return "".join(chr(code) if code <= sys.maxunicode else " " for code in codes)
