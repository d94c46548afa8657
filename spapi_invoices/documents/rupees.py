"""Amounts as Indian invoices print them: in figures with Indian grouping, and in words. Not for finding them."""

import re
from decimal import Decimal
from typing import Final

from spapi_invoices.core.money import parse_amount
from spapi_invoices.documents.findings import Found

# A backtick is what fonts older than the rupee sign left in its place.
SIGN: Final = r"(?:₹|Rs\.?|INR|`)"
# A rate of 0.25 % is no amount. With a sign, an amount may follow a letter: behind a line that ends in a hyphen PDFium
# sets no blank.
MONEY: Final = rf"(?:(?:-\s?)?{SIGN}\s?-?|(?<![\w,.-])-?)\d[\d,]*\.\d{{2}}(?![\d,]|\.\d|\s?%)"
_AMOUNT: Final = re.compile(rf"(-?)\s?(?:{SIGN}\s?)?(-?)([\d,]+\.\d{{2}})", re.ASCII)
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
_CURRENCY: Final = {**dict.fromkeys(("rupee", "rupees", "inr", "rs"), "rupees"), "paisa": "paise", "paise": "paise"}
_FILLERS: Final = frozenset({"only", "indian"})
# All that an amount in words is made of.
WORDS: Final = frozenset({*_SMALL, *_SCALES, *_CURRENCY, *_FILLERS, "hundred", "and"})
# First match wins. The last "and" of the third is the one before the paise.
_SPOKEN: Final = (
    re.compile(r"(?P<rupees>.+) rupees (?P<paise>.+) paise"),
    re.compile(r"(?:rupees )?(?P<rupees>.+?)(?: rupees)?(?: and)? paise (?P<paise>.+)"),
    re.compile(r"rupees (?P<rupees>.+) and (?P<paise>.+) paise"),
    re.compile(r"(?:rupees )?(?P<rupees>.+?)(?: rupees)?(?P<paise>)"),
)
# The longest amount that is shown as evidence.
_SHOWN: Final = 40


def amount(shown: str, found: list[Found]) -> Decimal | None:
    """An amount in figures, with or without a sign for rupees; ``None``, and a finding, if it is none.

    >>> amount("Rs.1,23,456.78", [])
    Decimal('123456.78')
    """
    parts = _AMOUNT.fullmatch(shown)
    if parts is None or not _GROUPED.fullmatch(parts[3]):
        evidence = repr(shown) if len(shown) <= _SHOWN else f"a number of {len(shown)} characters"
        found.append(Found("amount_malformed", f"{evidence} is no amount with Indian grouping and 2 decimals"))
        return None
    try:
        value = parse_amount(parts[3].replace(",", ""))
    except ValueError as error:
        found.append(Found("amount_malformed", str(error)))
        return None
    return -value if parts[1] or parts[2] else value


def in_words(words: str) -> Decimal | None:
    """An amount in words, to the rupee or, where paise are named, to the paisa; ``None`` if it is not understood.

    >>> in_words("One Lakh Twenty-three Thousand Four Hundred Fifty-six Rupees and Seventy-eight Paise only")
    Decimal('123456.78')
    >>> in_words("Rupees Nine Thousand and Fifty Paise only")
    Decimal('9000.5')
    """
    spoken = [word for word in re.findall(r"[^\W_]+", words.lower()) if word not in _FILLERS]
    text = " ".join(_CURRENCY.get(word, word) for word in spoken)
    parts = next(filter(None, (form.fullmatch(text) for form in _SPOKEN)), None)
    if parts is None:
        return None
    whole, hundredths = _number(parts["rupees"]), _number(parts["paise"]) if parts["paise"] else 0
    if whole is None or hundredths is None or hundredths > 99:
        return None
    return Decimal(whole) + Decimal(hundredths) / 100


def _number(words: str) -> int | None:
    spoken = [word for word in words.split() if word != "and"]
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
