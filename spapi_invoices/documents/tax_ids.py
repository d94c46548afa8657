"""The check digits of CNPJ, CPF and GSTIN. They say that a number is well formed, not that a taxpayer has it.

Numbers are taken bare, as the documents state them: punctuation makes a number invalid.
"""

import re
from functools import lru_cache
from itertools import cycle, islice
from operator import mul
from typing import Final

_CNPJ: Final = re.compile(r"(?!0{12})[0-9A-Z]{12}[0-9]{2}", re.ASCII)
# One digit eleven times over adds up, and is nobody's.
_CPF: Final = re.compile(r"(?!([0-9])\1{10})[0-9]{11}", re.ASCII)
# State, PAN, which of the holder's registrations in the state, the letter Z, check character.
_GSTIN: Final = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]", re.ASCII)
# By the highest weight, as many as the longest number needs: an access key.
_WEIGHTS: Final = {highest: tuple(islice(cycle(range(2, highest + 1)), 43)) for highest in (9, 11)}
# A character's value by its code; only those from "0" to "Z" occur.
_VALUES: Final = bytes(max(code - 48, 0) for code in range(256))
_BASE_36: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def mod11_digit(body: str, *, highest_weight: int = 9) -> str:
    """The Brazilian check digit: weights 2 to ``highest_weight`` from the right, over and over; 10 and 11 become 0.

    A character counts ``ord(c) - 48``: digits their value, A 17. That is the rule since the CNPJ of 2026 has letters.

    >>> mod11_digit("12ABC34501DE")
    '3'
    """
    remainder = sum(map(mul, body[::-1].encode("ascii").translate(_VALUES), _WEIGHTS[highest_weight])) % 11
    return str(11 - remainder) if remainder > 1 else "0"


@lru_cache(maxsize=1024)  # a seller's invoices name the same few companies
def cnpj_is_valid(number: str) -> bool:
    """Whether both check digits of a CNPJ are right, with letters (from July 2026) or without.

    >>> cnpj_is_valid("12ABC34501DE35")
    True
    """
    return bool(_CNPJ.fullmatch(number)) and _ends_well(number, highest_weight=9)


def cpf_is_valid(number: str) -> bool:
    """Whether both check digits of a CPF are right.

    >>> cpf_is_valid("52998224725")
    True
    """
    return bool(_CPF.fullmatch(number)) and _ends_well(number, highest_weight=11)


def _ends_well(number: str, *, highest_weight: int) -> bool:
    first = mod11_digit(number[:-2], highest_weight=highest_weight)
    return number[-2:] == first + mod11_digit(number[:-2] + first, highest_weight=highest_weight)


def gstin_check_character(body: str) -> str:
    """The last character of a GSTIN: Luhn in base 36 over the first fourteen.

    >>> gstin_check_character("27AAPFU0939F1Z")
    'V'
    """
    values = map(_BASE_36.index, reversed(body))
    products = (value * factor for value, factor in zip(values, cycle((2, 1)), strict=False))
    return _BASE_36[-sum(sum(divmod(product, 36)) for product in products) % 36]


def gstin_is_valid(number: str) -> bool:
    """Whether a GSTIN has the right form and check character. The state is not looked up: India still adds codes.

    >>> gstin_is_valid("27AAPFU0939F1ZV")
    True
    """
    return bool(_GSTIN.fullmatch(number)) and gstin_check_character(number[:-1]) == number[-1]
