"""How documents write dates, by a picture as ``dd.mm.yyyy``. Not for finding the right picture."""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Final

from spapi_invoices.documents.letters import LETTER, UNSPACED
from spapi_invoices.documents.notations import Stated

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# The parts of a date's picture: what each is, and its expression. In a run of letters that is made of these and no
# others; all else stands for itself, so that `d de mmmm de yyyy` is a picture, and yyyy年m月d日 too.
PARTS: Final = {
    "yyyy": ("the year in four digits", r"(?P<year>\d{4})"),
    "yy": ("the year in two digits, from 2000 to 2099", r"(?P<year>\d{2})"),
    "mmmm": ("the month's name", "(?P<name>{names})"),
    "mmm": ("the first three letters of the month's name, with a dot or without", r"(?P<short>{shorts})\.?"),
    "mm": ("the month in two digits", r"(?P<month>\d{2})"),
    "m": ("the month in one digit or two", r"(?P<month>\d{1,2})"),
    "dth": ("the day as 1st, 2nd, 3rd or 4th", r"(?P<day>\d{1,2})(?:st|nd|rd|th)"),
    "dd": ("the day in two digits", r"(?P<day>\d{2})"),
    "d": ("the day in one digit or two", r"(?P<day>\d{1,2})"),
}
_PART: Final = "|".join(PARTS)


def dates(text: str, picture: str, months: tuple[str, ...] = MONTHS) -> Iterator[Stated]:
    """The dates in a text that look like the picture, in order. Capitals in either do not matter.

    >>> [one.value for one in dates("5. October 2026, 5.10.2026", "d. mmmm yyyy")]
    [datetime.date(2026, 10, 5)]
    """
    found = _date(picture, months).finditer(text)
    return (Stated(one[0], _day(one.groupdict(), months), one.span()) for one in found)


def _day(part: dict[str, str | None], months: tuple[str, ...]) -> date | None:
    year = part["year"] or ""
    try:
        return date(int(f"20{year}" if len(year) == 2 else year), _month(part, months), int(part["day"] or 0))
    except ValueError:
        return None


def _month(part: dict[str, str | None], months: tuple[str, ...]) -> int:
    if name := part.get("name"):
        return [month.casefold() for month in months].index(name.casefold()) + 1
    if short := part.get("short"):
        return [month[:3].casefold() for month in months].index(short.casefold()) + 1
    return int(part.get("month") or 0)


def picture_flaw(picture: str, months: tuple[str, ...] = MONTHS) -> str | None:
    """What is wrong with a date's picture, or ``None``.

    >>> picture_flaw("dd.mm")
    'has no year'
    """
    parts = [part for piece in _pieces(picture) if _is_date(piece) for part in re.findall(_PART, piece)]
    for letter, name in (("d", "day"), ("m", "month"), ("y", "year")):
        times = sum(part[0] == letter for part in parts)
        if times != 1:
            return f"has {'more than one' if times else 'no'} {name}"
    shorts = {month[:3].casefold() for month in months}
    return "cannot tell the months by three letters" if "mmm" in parts and len(shorts) < len(months) else None


def _pieces(picture: str) -> list[str]:
    return re.split(f"({LETTER}+)", picture.lower())


def _is_date(piece: str) -> bool:
    return re.fullmatch(f"(?:{_PART})+", piece) is not None


@lru_cache
def _date(picture: str, months: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(months, key=len, reverse=True)))
    shorts = "|".join(re.escape(month[:3]) for month in months)

    def expression(piece: str) -> str:
        if _is_date(piece):
            parts = "".join(PARTS[part][1] for part in re.findall(_PART, piece))
            return parts.replace("{names}", names).replace("{shorts}", shorts)
        return r"\s+".join(map(re.escape, re.split(r"\s+", piece)))

    looked_for = "".join(map(expression, _pieces(picture)))
    return re.compile(rf"(?<![^\W{UNSPACED}])(?<![.,/-])(?:{looked_for})(?!\d|[./-]\d)", re.IGNORECASE)
