"""The NF-e's access key (chave de acesso), taken apart and checked.

44 characters, and always a text: since 2026 it may have letters.

Source: TChNFe in tiposBasico_v4.00.xsd; Nota Técnica Conjunta 2025.001 for the letters.
"""

import re
from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import Final

from spapi_invoices.documents.findings import Found
from spapi_invoices.documents.tax_ids import mod11_digit

PATTERN: Final = re.compile(r"[0-9]{6}[0-9A-Z]{12}[0-9]{26}", re.ASCII)
_PARTS: Final = tuple(pairwise((0, 2, 6, 20, 22, 25, 34, 35, 43, 44)))
_LENGTH: Final = 44


@dataclass(frozen=True, slots=True)
class AccessKey:
    """The parts in order, each at its full width; ``str()`` puts them together again.

    Attributes:
        uf: IBGE code of the issuer's state.
        year_month: Of the issue date, ``yymm``.
        cnpj: Of the issuer; a CPF stands here with three zeros before it.
        model: ``55`` for an NF-e, ``65`` for an NFC-e.
        series: Three digits.
        number: Nine digits.
        emission_type: ``1`` is normal.
        code: Eight digits the issuer chose.
        check_digit: Modulus 11 over all that stands before it.
    """

    uf: str
    year_month: str
    cnpj: str
    model: str
    series: str
    number: str
    emission_type: str
    code: str
    check_digit: str

    def __str__(self) -> str:
        """The 44 characters."""
        return "".join(astuple(self))


def check_digit(first43: str) -> str:
    """The digit that ends the key.

    >>> check_digit("3526071" "2ABC34501DE35" "55001000000001112345678")
    '4'
    """
    return mod11_digit(first43)


def parse(text: str) -> AccessKey:
    """Take a key apart.

    Raises:
        ValueError: It is not 44 characters of the right kind, or the check digit is wrong.

    >>> parse("13181017921427000125650010000000309887251170").number
    '000000030'
    """
    if found := fault(text):
        raise ValueError(found.words)
    return split(text)


def fault(text: str) -> Found | None:
    """What is wrong with a key by itself; a text that is no key is not repeated."""
    if not PATTERN.fullmatch(text):
        said = f"the access key has {len(text)} characters, or a letter in a wrong place; it takes 44"
        return Found("access_key_malformed", said)
    if (expected := check_digit(text[:-1])) != text[-1]:
        return Found("check_digit_wrong", f"the access key's check digit is {text[-1]}, it should be {expected}")
    return None


def split(text: str) -> AccessKey:
    """Cut 44 characters into parts without a check."""
    if len(text) != _LENGTH:
        raise ValueError(f"{len(text)} characters are no access key; it takes {_LENGTH}")
    return AccessKey(*(text[start:end] for start, end in _PARTS))
