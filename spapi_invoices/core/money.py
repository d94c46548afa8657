"""Amounts as texts become exact decimals or a stated problem. Not for currencies or arithmetic."""

import re
from decimal import Context, Decimal
from typing import Final

# What fits Decimal(18, 2) without losing a digit: zeros behind the second decimal lose nothing.
_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,16}(\.[0-9]{1,2}0*)?", re.ASCII)
_CENT: Final = Decimal("0.01")
# Of its own, so that a caller who set a small precision gets the same digits.
_EIGHTEEN_DIGITS: Final = Context(prec=18)
# What may be shown as evidence: one mistyped number, nothing that could be a name or a number of a person, which have
# letters, spaces, several dashes or slashes (CPF 123.456.789-09).
_SHOWABLE: Final = re.compile(r"[+-]?\d{0,16}([.,]\d{3}){0,5}[.,]?\d{0,6}(\d[eE][+-]?\d{1,3})?", re.ASCII)


def parse_amount(text: str) -> Decimal:
    """Read a decimal text with a dot, exactly, to two places.

    Raises:
        ValueError: The text is no such number, or two places or sixteen digits before the dot cannot hold it.

    >>> parse_amount("1234.5")
    Decimal('1234.50')
    >>> parse_amount("12.505")
    Traceback (most recent call last):
    ...
    ValueError: '12.505' is no amount with a decimal point and at most 2 decimals
    """
    if not _AMOUNT.fullmatch(text):
        shown = repr(text) if _SHOWABLE.fullmatch(text) else f"a text of {len(text)} characters"
        raise ValueError(f"{shown} is no amount with a decimal point and at most 2 decimals")
    return Decimal(text).quantize(_CENT, context=_EIGHTEEN_DIGITS)
