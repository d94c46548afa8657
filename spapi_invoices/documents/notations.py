"""How documents write numbers and dates, each way named by an example or a picture. Not for finding the right one.

A way is chosen once for a kind of document, so nothing is guessed: where ``1.234,56`` is the way, ``1.234`` is no amount.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from spapi_invoices.core.money import parse_amount


class Numbers(NamedTuple):
    """A way to write amounts: an expression of the digits in groups, the sign between groups, and the one before cents."""

    grouped: str
    group: str
    decimal: str


# The example is the name in a layout. Groups may be left out; the decimals, or that there are none, may not.
NUMBERS: Final = {
    "1,234.56": Numbers(r"\d{1,3}(?:,\d{3})+", ",", "."),
    "1.234,56": Numbers(r"\d{1,3}(?:\.\d{3})+", ".", ","),
    "1 234,56": Numbers(r"\d{1,3}(?: \d{3})+", " ", ","),
    "1'234.56": Numbers("\\d{1,3}(?:['\u2019]\\d{3})+", "'\u2019", "."),
    "1,23,456.78": Numbers(r"\d{1,2}(?:,\d{2})*,\d{3}", ",", "."),
    "1,234": Numbers(r"\d{1,3}(?:,\d{3})+", ",", ""),
    "1.234": Numbers(r"\d{1,3}(?:\.\d{3})+", ".", ""),
}

_CODES: Final = (
    *("AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HUF", "INR"),
    *("JPY", "MXN", "NOK", "NZD", "PLN", "RON", "SAR", "SEK", "SGD", "TRY", "USD", "ZAR"),
)
_SIGNS: Final = {"€": "EUR", "£": "GBP", "₹": "INR", "Rs": "INR", "R$": "BRL", "US$": "USD", "zł": "PLN"}
# Sign or code to ISO 4217. A bare $ is not here: twenty countries use it.
CURRENCIES: Final = {code: code for code in _CODES} | _SIGNS
_CURRENCY: Final = re.compile(
    r"(?<![^\W\d_])(?:" + "|".join(map(re.escape, sorted(CURRENCIES, key=len, reverse=True))) + r")(?![^\W\d_])"
)

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# The parts of a date's picture: what each is, and its expression. In a run of letters that is made of these and no
# others; all else stands for itself, so that `d de mmmm de yyyy` is a picture.
PARTS: Final = {
    "yyyy": ("the year in four digits", r"(?P<year>\d{4})"),
    "yy": ("the year in two digits, from 2000 to 2099", r"(?P<year>\d{2})"),
    "mmmm": ("the month's name", "(?P<name>{names})"),
    "mmm": ("the first three letters of the month's name, with a dot or without", r"(?P<name>{shorts})\.?"),
    "mm": ("the month in two digits", r"(?P<month>\d{2})"),
    "m": ("the month in one digit or two", r"(?P<month>\d{1,2})"),
    "dd": ("the day in two digits", r"(?P<day>\d{2})"),
    "d": ("the day in one digit or two", r"(?P<day>\d{1,2})"),
}
_PART: Final = "|".join(PARTS)
_LETTERS: Final = r"[^\W\d_]+"
_NEAR: Final = 12  # how many signs before and behind a number may speak of it
# 1 234,56 where groups are not written with a blank: perhaps they are after all.
_TORN: Final = re.compile(r"(?<!\S)\d{1,3} \n\d{3}(?!\d)")
_DASHES: Final = "-−–"  # noqa: RUF001 - a minus, and what stands for one in print


@dataclass(frozen=True, slots=True)
class Stated:
    """A value in a text: a decimal, a date or a text; ``None`` where it cannot be told, as 31 June or perhaps negative.

    ``currency`` is what an amount is marked with.
    """

    shown: str
    value: Any
    currency: str | None = None


def amounts(text: str, numbers: str) -> Iterator[Stated]:
    """The amounts in a text, in order; a rate in percent and a part of a longer number or code are none.

    A minus right before or behind an amount makes it negative. One with a blank between, or brackets, may mean that or
    not, so then the amount is not told; nor where digits before a blank may be the beginning of it.

    >>> [one.value for one in amounts("19,00 % of 1.000,00 €: -190,00 (2,00)", "1.234,56")]
    [Decimal('1000.00'), Decimal('-190.00'), None]
    """
    for number in _amount(numbers).finditer(text):
        lead, trail = text[max(0, number.start() - _NEAR) : number.start()], text[number.end() : number.end() + _NEAR]
        before, after = re.split(r"\s", lead)[-1], re.split(r"\s", trail)[0]
        if re.search(r"\d", before + after) or trail.lstrip().startswith("%"):
            continue
        beside = (*lead.removesuffix(before).split()[-1:], *trail.removeprefix(after).split()[:1])
        torn = _TORN.search(f"{lead}\n{number[0]}") if NUMBERS[numbers].group != " " else None
        sign = None if torn else _sign(before, after, beside)
        value = _value(number[0], NUMBERS[numbers])
        marked = {CURRENCIES[mark] for mark in _CURRENCY.findall(" ".join((before, after, *beside)))}
        yield Stated(
            f"{before}{number[0]}{after}",
            None if sign is None or value is None else sign * value,
            marked.pop() if len(marked) == 1 else None,
        )


def _sign(before: str, after: str, beside: tuple[str, ...]) -> int | None:
    """1 or -1 by the signs right at an amount; ``None`` where they, or a dash beside it, may mean either."""
    if before.count("(") > before.count(")") or after.count(")") > after.count("(") or {*beside} & {*_DASHES}:
        return None
    return {0: 1, 1: -1}.get(sum(map((before + after).count, _DASHES)))


def _value(digits: str, way: Numbers) -> Decimal | None:
    for sign in way.group:
        digits = digits.replace(sign, "")
    try:
        return parse_amount(digits.replace(way.decimal, ".") if way.decimal else digits)
    except ValueError:
        return None


@lru_cache
def _amount(numbers: str) -> re.Pattern[str]:
    way = NUMBERS[numbers]
    cents = rf"{re.escape(way.decimal)}\d{{2}}" if way.decimal else ""
    # Where groups are apart by a blank, three digits behind one more blank are no number of their own.
    alone = r"(?<!\d )" if way.group == " " else ""
    # Not from within a number: its digits would be gone through as often as there are.
    return re.compile(rf"(?<!\d){alone}(?:{way.grouped}|\d+){cents}", re.ASCII)


def currencies(text: str) -> Iterator[Stated]:
    """The currencies that a text names by code or sign.

    >>> [one.value for one in currencies("€ 12.50, US$ 3")]
    ['EUR', 'USD']
    """
    return (Stated(mark, CURRENCIES[mark]) for mark in _CURRENCY.findall(text))


def dates(text: str, picture: str, months: tuple[str, ...] = MONTHS) -> Iterator[Stated]:
    """The dates in a text that look like the picture, in order.

    >>> [one.value for one in dates("5. October 2026, 5.10.2026", "d. mmmm yyyy")]
    [datetime.date(2026, 10, 5)]
    """
    return (Stated(found[0], _day(found, months)) for found in _date(picture, months).finditer(text))


def _day(found: re.Match[str], months: tuple[str, ...]) -> date | None:
    part = found.groupdict()
    year = int(part["year"]) + (2000 if len(part["year"]) == 2 else 0)
    named = {name.casefold(): at for at, full in enumerate(months, 1) for name in (full[:3], full)}
    month = part.get("month") or named.get((part.get("name") or "").casefold(), 0)
    try:
        return date(year, int(month), int(part["day"]))
    except ValueError:
        return None


def picture_flaw(picture: str, months: tuple[str, ...] = MONTHS) -> str | None:
    """What is wrong with a date's picture, or ``None``.

    >>> picture_flaw("dd.mm")
    'has no year'
    """
    parts = [part for run in re.findall(_LETTERS, picture) if _is_date(run) for part in re.findall(_PART, run)]
    for letter, name in (("d", "day"), ("m", "month"), ("y", "year")):
        times = sum(part[0] == letter for part in parts)
        if times != 1:
            return f"has {'more than one' if times else 'no'} {name}"
    shorts = {month[:3].casefold() for month in months}
    return "cannot tell the months by three letters" if "mmm" in parts and len(shorts) < len(months) else None


def _is_date(run: str) -> bool:
    return re.fullmatch(f"(?:{_PART})+", run) is not None


@lru_cache
def _date(picture: str, months: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(months, key=len, reverse=True)))
    shorts = "|".join(re.escape(month[:3]) for month in months)

    def expression(piece: str) -> str:
        if _is_date(piece):
            parts = "".join(PARTS[part][1] for part in re.findall(_PART, piece))
            return parts.replace("{names}", names).replace("{shorts}", shorts)
        return r"\s+".join(map(re.escape, re.split(r"\s+", piece)))

    looked_for = "".join(map(expression, re.split(f"({_LETTERS})", picture)))
    return re.compile(rf"(?<![\w.,/-])(?:{looked_for})(?!\d|[./-]\d)", re.IGNORECASE)
