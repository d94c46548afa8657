"""How documents write amounts, each way named by an example. Not for finding the right way, nor for dates.

A way is chosen once for a kind of document, so nothing is guessed: where ``1.234,56`` is the way, ``1.234`` is no amount.
Nor is a sign: what stands around an amount is plus, is minus, or leaves it untold.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from spapi_invoices.core.money import parse_amount
from spapi_invoices.documents.currencies import MARK, agreed, marks
from spapi_invoices.documents.letters import DASH, LETTER


class Numbers(NamedTuple):
    """A way to write amounts: an expression of the digits in groups, the sign between groups, and the one before cents."""

    grouped: str
    group: str
    decimal: str


# The example is the name in a layout. Groups may be left out; the decimals, or that there are none, may not.
NUMBERS: Final = {
    "1,234.56": Numbers(r"\d{1,3}(?:,\d{3})+", ",", "."),
    "1.234,56": Numbers(r"\d{1,3}(?:\.\d{3})+", ".", ","),
    "1 234,56": Numbers("\\d{1,3}(?:[ \u00a0]\\d{3})+", " \u00a0", ","),
    "1'234.56": Numbers("\\d{1,3}(?:['\u2019]\\d{3})+", "'\u2019", "."),
    "1,23,456.78": Numbers(r"\d{1,2}(?:,\d{2})*,\d{3}", ",", "."),
    "1,234": Numbers(r"\d{1,3}(?:,\d{3})+", ",", ""),
    "1.234": Numbers(r"\d{1,3}(?:\.\d{3})+", ".", ""),
}

NEAR: Final = 24  # how many signs before and behind a number may speak of it
_MINUS: Final = rf"(?:{DASH}|\({DASH}\))"
_MARKED: Final = rf"(?:{MARK}|[(\[](?:in\s)?{MARK}[)\]])"
_MARK_BEFORE: Final = rf"{_MARKED}(?:\s?[:=|,;])?"
_MARK_BEHIND: Final = rf"(?:[|,;/]\s?)?{_MARKED}"
_CREDIT: Final = rf"[(\[]?(?<!{LETTER})(?i:cr|dr|credit|debit|minus)(?!{LETTER})[.)\]]*"
# All that may say what sign and currency an amount has. A dash that stands far behind it is the next column's.
_BEFORE: Final = re.compile(rf"(?:\s|{_MARK_BEFORE}|(?<!\d){_MINUS}|{_CREDIT}|[(\[{{<])*\Z")
_BEHIND: Final = re.compile(rf"(?:\s*(?:{_MARK_BEHIND}|(?:[,;]\s?)?{_CREDIT}|[)\]}}>])|\s?{_MINUS}(?!\d))*")
# What stands before and behind -> the sign; all else leaves it untold.
_PLAIN_BEFORE: Final = rf"(?:\s|{_MARK_BEFORE})*"
_PLAIN_BEHIND: Final = rf"(?:\s*{_MARK_BEHIND})*"
_SIGNS: Final = tuple(
    (re.compile(before), re.compile(behind), sign)
    for before, behind, sign in (
        (_PLAIN_BEFORE, _PLAIN_BEHIND, 1),
        (rf"{_PLAIN_BEFORE}{_MINUS}(?:{_MARKED}\s*)?", _PLAIN_BEHIND, -1),
        (_PLAIN_BEFORE, rf"(?:\s*{_MARKED})?{_MINUS}{_PLAIN_BEHIND}", -1),
    )
)
# 1 234,56 where groups are not written with a blank: perhaps they are after all.
_TORN: Final = re.compile(r"(?<!\S)\d{1,3}[ \u00a0]\n\d{3}(?!\d)")
# Letters right at an amount that are no currency, or a word for so many of it.
_UNIT: Final = re.compile(rf"{LETTER}|\s*(?i:lakhs?|crores?|thousand|million|mio|billion|mrd)(?!{LETTER})")
# Where 20 200,00 is one number: elsewhere it may be a rate, and an amount behind it.
_BEGINS: Final = re.compile(r"(?:\A|\s\s|[:=|]\s?)\Z")


@dataclass(frozen=True, slots=True)
class Stated:
    """A value in a text: a decimal, a date or a text; ``None`` where it cannot be told, as 31 June or perhaps negative.

    ``at`` is where it stands in the text, of an amount its digits. ``currencies`` are those that the marks of an amount
    may stand for; ``None`` if it has no mark.
    """

    shown: str
    value: Any
    at: tuple[int, int] = (0, 0)
    currencies: frozenset[str] | None = None


def amounts(text: str, numbers: str, *, signed: bool = True) -> Iterator[Stated]:
    """The amounts in a text, in order; a rate in percent and a part of a longer number or code are none.

    A minus right at an amount or at its currency makes it negative. One with a blank between, brackets, or a word for
    credit may mean that or not, so then the amount is not told; nor where digits before a blank may be the beginning of
    it, or letters right at it a unit, as in 1.50M. Where it is not ``signed``, as a discount, no sign is looked at.

    >>> [one.value for one in amounts("19,00 % of 1.000,00 €: -190,00 (2,00)", "1.234,56")]
    [Decimal('1000.00'), Decimal('-190.00'), None]
    """
    for number in _amount(numbers).finditer(text):
        lead, trail = text[max(0, number.start() - NEAR) : number.start()], text[number.end() : number.end() + NEAR]
        right_before, right_behind = re.split(r"\s", lead)[-1], re.split(r"\s", trail)[0]
        if re.search(r"\d", right_before + right_behind) or trail.lstrip().startswith("%"):
            continue
        before, behind = _run(_BEFORE.search(lead)), _run(_BEHIND.match(trail))
        value, sign = _value(number[0], NUMBERS[numbers]), _sign(before, behind) if signed else 1
        whole = not (_is_torn(number[0], lead, before, numbers) or _is_part(lead, before, behind, trail))
        yield Stated(
            f"{right_before}{number[0]}{right_behind}",
            sign * value if whole and sign is not None and value is not None else None,
            number.span(),
            agreed(codes for _, codes in marks(f"{before}\n{behind}")),
        )


def _run(found: re.Match[str] | None) -> str:
    return found[0] if found else ""


def _sign(before: str, behind: str) -> int | None:
    """1 or -1 by what stands around an amount; ``None`` where it may mean either."""
    return next((sign for one, other, sign in _SIGNS if one.fullmatch(before) and other.fullmatch(behind)), None)


def _is_torn(number: str, lead: str, before: str, numbers: str) -> bool:
    """Whether the digits before a blank may be no part of the number that they seem to be, or a part of one that follows."""
    if " " not in NUMBERS[numbers].group:
        return _TORN.search(f"{lead}\n{number}") is not None
    return " " in number and not before.strip() and not _BEGINS.search(lead)


def _is_part(lead: str, before: str, behind: str, trail: str) -> bool:
    """Whether letters make another amount of it, as in ``1.50M``, or stand right before it and may be a currency."""
    letter = re.match(LETTER, lead.removesuffix(before)[-1:])
    return bool((letter and not before[:1].isspace()) or _UNIT.match(trail.removeprefix(behind)))


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
    alone = r"(?<!\d[ \u00a0])" if " " in way.group else ""
    # Not from within a number: its digits would be gone through as often as there are.
    return re.compile(rf"(?<!\d){alone}(?:{way.grouped}|\d+){cents}", re.ASCII)


def currencies(text: str) -> Iterator[Stated]:
    """The currencies that a text names by a code, or by a sign of one country.

    >>> [one.value for one in currencies("€ 12.50, US$ 3, $ 5")]
    ['EUR', 'USD']
    """
    for mark, codes in marks(text):
        if len(codes) == 1:
            yield Stated(mark, next(iter(codes)))
