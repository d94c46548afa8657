"""The rows in which a browser shows an HTML page's text, and the columns of its tables. Not for styles or scripts.

Not by html.parser, which takes hours for a text that is made for it.
"""

import html
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

# What is not closed goes to the end of the text, as in a browser, so each of these goes through it once.
_HIDDEN: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|title)\b.*?(?:</\1[^>]*(?:>|\Z)|\Z)|<[!?][^>]*(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)([^>]*)(?:>|\Z)", re.IGNORECASE)
_SPAN: Final = re.compile(r"\b(col|row)span\s*=\s*[\"']?(\d{1,4})", re.IGNORECASE)
_WIDEST: Final = 100  # columns in which cells may reach over others: no invoice's table has more
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "big", "code", "em", "font", "i", "label", "mark", "small", "span", "strong", "u"}
)
# A sign's number with so many digits is none, and Python refuses to read it.
_LONG_REFERENCE: Final = re.compile(r"&#\d{8,};?")


class Cell(NamedTuple):
    """A text, and the columns it takes: ``left`` to before ``right``. What stands in no table is in the first."""

    texts: list[str]
    left: int = 0
    right: int = 1


def html_rows(page: str) -> Iterator[list[Cell]]:
    """The rows from top to bottom, each with its cells from left to right."""
    shown, *tags = _TAG.split(_HIDDEN.sub("", page))
    row, number, in_row = [Cell([_text(shown)])], 0, False
    taken: dict[int, int] = {}  # column -> the last row of the table in which a cell from above takes it
    for slash, name, attributes, behind in zip(tags[::4], tags[1::4], tags[2::4], tags[3::4], strict=True):
        tag, ends = name.lower(), bool(slash)
        in_row = (in_row or tag == "tr") and not (ends and tag in {"tr", "table"})
        if tag in {"td", "th"}:
            row += [] if ends else [_cell(attributes, row, number, taken)]
        elif tag == "tr" or not (in_row or tag in _INLINE):
            yield row
            row, number = [Cell([])], number + (tag == "tr" and not ends)
            if tag == "table":
                taken.clear()
        elif tag not in _INLINE:
            # A paragraph within a cell is a blank there, so that the row stays one line.
            row[-1].texts.append(" ")
        row[-1].texts.append(_text(behind))
    yield row


def _cell(attributes: str, row: list[Cell], number: int, taken: dict[int, int]) -> Cell:
    """A cell in the first column that is free: the row's first entry is what stands before its cells."""
    spans = {"col": 1, "row": 1} | {name.lower(): int(times) or 1 for name, times in _SPAN.findall(attributes)}
    left = row[-1].right if len(row) > 1 else 0
    while taken.get(left, 0) >= number > 0:
        left += 1
    right = left + spans["col"]
    if spans["row"] > 1:
        taken.update(dict.fromkeys(range(left, min(right, _WIDEST)), number + spans["row"] - 1))
    return Cell([], left, right)


def _text(shown: str) -> str:
    """What is between two tags, without line breaks; a reference to one is a blank too."""
    return re.sub(r"\s", " ", html.unescape(_LONG_REFERENCE.sub(" ", shown)))
