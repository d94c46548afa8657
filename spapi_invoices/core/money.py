"""Amounts as texts become exact decimals or a stated problem. Not for currencies or arithmetic."""

import re
from decimal import Context, Decimal
from functools import cache
from typing import Final, NamedTuple

# What may be shown as evidence: one mistyped number, nothing that could be a name or a number of a person, which have
# letters, spaces, several dashes or slashes (CPF 123.456.789-09).
_SHOWABLE: Final = re.compile(r"[+-]?\d{0,16}([.,]\d{3}){0,5}[.,]?\d{0,6}(\d[eE][+-]?\d{1,3})?", re.ASCII)


class _Form(NamedTuple):
    pattern: re.Pattern[str]
    last_place: Decimal
    # Of its own, so that a caller who set a small precision gets the same digits.
    context: Context


def parse_amount(text: str, *, digits: int = 18, places: int = 2) -> Decimal:
    """Read a decimal text with a dot, exactly, to so many places.

    Args:
        text: What stands there.
        digits: Of the whole number, those behind the dot included, as in ``Decimal(18, 2)``.
        places: Digits behind the dot. More than these may only be zeros.

    Raises:
        ValueError: The text is no such number, or has more digits.

    >>> parse_amount("1234.5")
    Decimal('1234.50')
    >>> parse_amount("12.505")
    Traceback (most recent call last):
    ...
    ValueError: '12.505' is no amount with a decimal point and at most 2 decimals
    """
    form = _form(digits, places)
    if not form.pattern.fullmatch(text):
        shown = repr(text) if _SHOWABLE.fullmatch(text) else f"a text of {len(text)} characters"
        raise ValueError(f"{shown} is no amount with a decimal point and at most {places} decimals")
    return Decimal(text).quantize(form.last_place, context=form.context)


def amount_pattern(digits: int = 18, places: int = 2) -> str:
    """The texts that `parse_amount` reads, as a regular expression for other engines than Python's too."""
    # Zeros behind the last place lose nothing.
    return rf"[+-]?[0-9]{{1,{digits - places}}}(\.[0-9]{{1,{places}}}0*)?"


@cache
def _form(digits: int, places: int) -> _Form:
    return _Form(re.compile(amount_pattern(digits, places)), Decimal(1).scaleb(-places), Context(prec=digits))
