"""Amounts as Indian invoices print them: in figures with Indian grouping, and in words. Not for finding them."""

import re
from decimal import Decimal
from typing import Final

from spapi_invoices.core.money import parse_amount
from spapi_invoices.documents.findings import Found

# A backtick is what fonts older than the rupee sign left in its place. A rate of 0.25 % is no amount.
# With a sign, an amount may follow a letter: behind a line that ends in a hyphen PDFium sets no blank.
MONEY: Final = r"(?:-?(?:₹|Rs\.?|INR|`)\s?-?|(?<![\w,.-])-?)\d[\d,]*\.\d{2}(?![\d,]|\.\d|\s?%)"
_AMOUNT: Final = re.compile(r"(-?)(?:(?:₹|Rs\.?|INR|`)\s?)?(-?)([\d,]+\.\d{2})", re.ASCII)
# 1,23,456.78 in India; 123,456.78 means the same and can mean nothing else.
_GROUPED: Final = re.compile(r"\d+\.\d{2}|\d{1,2}(,\d{2})*,\d{3}\.\d{2}|\d{1,3}(,\d{3})+\.\d{2}", re.ASCII)
_UNITS: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL: Final = {word: value for value, word in enumerate(_UNITS)} | {
    word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)
}
_SCALES: Final = {
    **dict.fromkeys(("crore", "crores"), 10_000_000),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), 100_000),
    "million": 1_000_000,
    "thousand": 1_000,
}
_FILLERS: Final = frozenset({"and", "rupee", "rupees", "inr", "rs", "only", "indian"})
# All that an amount in words is made of.
WORDS: Final = frozenset({*_SMALL, *_SCALES, *_FILLERS, "hundred", "paisa", "paise"})


def amount(shown: str, found: list[Found]) -> Decimal | None:
    """An amount in figures, with or without a sign for rupees; ``None``, and a finding, if it is none.

    >>> amount("Rs.1,23,456.78", [])
    Decimal('123456.78')
    """
    parts = _AMOUNT.fullmatch(shown)
    if parts is None or not _GROUPED.fullmatch(parts[3]):
        found.append(Found("amount_malformed", f"{shown!r} is no amount with Indian grouping and 2 decimals"))
        return None
    try:
        value = parse_amount(parts[3].replace(",", ""))
    except ValueError as error:
        found.append(Found("amount_malformed", str(error)))
        return None
    return -value if parts[1] or parts[2] else value


def in_words(words: str) -> Decimal | None:
    """An amount in words, to the rupee or, where paise are named, to the paisa; ``None`` if a word is not understood.

    >>> in_words("One Lakh Twenty-three Thousand Four Hundred Fifty-six Rupees and Seventy-eight Paise only")
    Decimal('123456.78')
    """
    rupees, named, paise = words.lower().replace("paisa", "paise").partition("paise")
    if named:
        rupees, split, paise = rupees.partition("rupees")
        if not split:
            return None
    whole, hundredths = _number(rupees), _number(paise) if named else 0
    if whole is None or hundredths is None or hundredths > 99:
        return None
    return Decimal(whole) + (Decimal(hundredths) / 100 if named else 0)


def _number(words: str) -> int | None:
    spoken = [word for word in re.findall(r"[^\W_]+", words) if word not in _FILLERS]
    if not spoken:
        return None
    total = current = 0
    for word in spoken:
        if word in _SMALL:
            current += _SMALL[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in _SCALES:
            # A scale counts all smaller ones before it: nine thousand crore.
            larger, smaller = divmod(total, _SCALES[word])
            total, current = (larger + (smaller + current or 1)) * _SCALES[word], 0
        else:
            return None
    return total + current
