"""Fakes of the same form: the same value becomes the same fake, another value another, and a fake is known by machine.

Letters become ``x y z w k q v j``, digits 0, 7, 8 or 9, what is not ASCII one of a few characters; case, blanks and punctuation
stay. A number with check digits gets right ones. Nobody without the key can try values against the fakes.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from spapi_invoices.documents import access_key
from spapi_invoices.documents.tax_ids import (
    cnpj_is_valid,
    cpf_is_valid,
    gstin_check_character,
    gstin_is_valid,
    mod11_digit,
)

SCRUBBED: Final = "SCRUBBED"
_LETTERS: Final = "xyzwkqvj"
# Two digits would leave 64 fakes for all authorization codes; with more a real number looks like a fake too often.
_DIGITS: Final = "0789"
_FOREIGN: Final = "þýð"
# The base of a faked CPF or CNPJ begins with 9 and leaves 13 when divided by this: a mark that a machine can see. The
# larger, the fewer real numbers have it by chance, and the fewer fakes there are: a million CPF, ten million CNPJ.
_MARK: Final = 13
_CPF_MODULUS: Final = 97
_CNPJ_MODULUS: Final = 9973

# How many fakes are tried for one that is nobody's yet.
_TRIES: Final = 32
_SCRUBBED: Final = r"SCRUBBED(?:-[xyzwkqvj]{24})?"


@dataclass(frozen=True, slots=True)
class Fakes:
    """Makes the fakes of one key, in one recording.

    No two values get the same fake as long as there are enough of that form: 4096 for six digits, 64 for two letters. So
    the fake of a short value may be another one in a recording in which a value before it has that fake.

    Attributes:
        key: Secret bytes; the same key gives the same fakes. Not in the repr.
        keeps_fakes: What already looks like a fake stays, so that faking twice is faking once. Off, everything is
            replaced, also the rare real value that looks like a fake.
        owners: Fake -> the value that it stands for, both whatever their case; grows with each fake that is made.
    """

    key: bytes = field(repr=False)
    keeps_fakes: bool = False
    owners: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def text(self, text: str) -> str:
        """A fake of the whole text; numbers with check digits, e-mail addresses and tokens in it by their own rules.

        >>> Fakes(b"k").text("João da Silva, 529.982.247-25")
        'Yvðz qy Jwwvw, 971.143.158-05'
        """
        return self.shapes(text, rest=self.characters)

    def within(self, text: str) -> str:
        """The text with fakes only for what gives itself away by its form."""
        return self.shapes(text, rest=str)

    def shapes(self, text: str, rest: Callable[[str], str]) -> str:
        """The text with fakes for what gives itself away by its form, and ``rest`` of what stands between."""
        pieces: list[tuple[Shape | None, str]] = [(None, text)]
        # Shape by shape, for what only looks like the one may hold another.
        for shape in SHAPES:
            pieces = [cut for done, piece in pieces for cut in ([(done, piece)] if done else shape.cut(piece))]
        return "".join(self._shaped(shape, piece) if shape else rest(piece) for shape, piece in pieces)

    def characters(self, text: str) -> str:
        """A fake character for each character, with no regard to what they mean together."""
        if not any(map(_pool, text)) or (self.keeps_fakes and is_made_of_fakes(text)):
            return text
        return self._own(text, lambda salt: self._drawn(salt, text))

    def token(self, text: str) -> str:
        """A word in place of a secret: all secrets become the same."""
        return text and SCRUBBED

    def page_token(self, text: str) -> str:
        """A fake of fixed length for a token that must stay different from others, as a page's next."""
        if not text or re.fullmatch(_SCRUBBED, text):
            return text
        stream = self._stream("page token", text, 24)
        return f"{SCRUBBED}-{''.join(_LETTERS[byte % len(_LETTERS)] for byte in stream)}"

    def number(self, text: str) -> str:
        """A fake of a number as JSON writes it: sign, point and exponent stay, and it gets no zero to begin with."""
        digits = "".join(filter(str.isdigit, text))
        first = "0" if digits[0] == "0" else "9"
        if self.keeps_fakes and digits[0] == first and is_made_of_fakes(digits):
            return text
        return _dressed(text, self._own(digits, lambda salt: first + self._drawn(salt, digits)[1:]), str.isdigit)

    def cpf(self, number: str) -> str:
        """A CPF with right check digits for a CPF, bare or with punctuation."""
        return self._tax_id(number, lambda bare: _is_marked(bare[:9], _CPF_MODULUS), self._bare_cpf)

    def cnpj(self, number: str) -> str:
        """A CNPJ with right check digits for a CNPJ, bare or with punctuation, with letters or without."""
        return self._tax_id(number, _is_fake_cnpj, self._bare_cnpj)

    def gstin(self, number: str) -> str:
        """A GSTIN with a right check character for a GSTIN."""
        return self._tax_id(number, lambda bare: is_made_of_fakes(bare[:14]), self._bare_gstin)

    def access_key(self, key: str) -> str:
        """An NF-e's access key of the faked issuer, else with the same parts."""
        parts = access_key.split(key)
        cpf = parts.cnpj[3:]
        issuer = f"000{self.cpf(cpf)}" if parts.cnpj.startswith("000") and cpf_is_valid(cpf) else self.cnpj(parts.cnpj)
        faked = str(replace(parts, cnpj=issuer))
        return faked[:-1] + access_key.check_digit(faked[:-1])

    def email(self, address: str) -> str:
        """An address at example.com, which belongs to nobody."""
        local = address.partition("@")[0]
        if self.keeps_fakes and is_made_of_fakes(local) and address.endswith("@example.com"):
            return address
        return f"{self.characters(local)}@example.com"

    def _shaped(self, shape: "Shape", found: str) -> str:
        return found if self.keeps_fakes and is_made_of_fakes(found) else shape.fake(self, found)

    def _tax_id(self, number: str, is_fake: Callable[[str], bool], make: Callable[[str, str], str]) -> str:
        bare = _bare(number)
        if self.keeps_fakes and (is_fake(bare) or is_made_of_fakes(bare)):
            return number
        return _dressed(number, self._own(bare, lambda salt: make(salt, bare)), str.isalnum)

    def _own(self, text: str, make: Callable[[str], str]) -> str:
        """The first fake that is not the text itself nor another value's; if there is none, one that is another's as well."""
        value, shared = text.casefold(), text
        for salt in range(_TRIES):
            fake = make(str(salt))
            if fake == text:
                continue
            if self.owners.setdefault(fake.casefold(), value) == value:
                return fake
            shared = fake
        return shared

    def _bare_cpf(self, salt: str, bare: str) -> str:
        return _with_check_digits(self._marked(salt, bare, 9, _CPF_MODULUS), highest_weight=11)

    def _bare_cnpj(self, salt: str, bare: str) -> str:
        base = self._marked(salt, bare, 12, _CNPJ_MODULUS) if bare.isdigit() else self._drawn(salt, bare[:12])
        return _with_check_digits(base, highest_weight=9)

    def _bare_gstin(self, salt: str, bare: str) -> str:
        base = f"{self._drawn(salt, bare[:12])}9Z"
        return base + gstin_check_character(base)

    def _marked(self, salt: str, bare: str, width: int, modulus: int) -> str:
        """A number of so many digits that begins with 9 and bears the mark."""
        lowest = 9 * 10 ** (width - 1)
        lowest += (_MARK - lowest) % modulus
        room = (10**width - 1 - lowest) // modulus + 1
        return str(lowest + modulus * (int.from_bytes(self._stream(salt, bare, 16)) % room))

    def _drawn(self, salt: str, text: str) -> str:
        """A fake character for each character, whatever its case: a name in capitals is the same name."""
        pairs = zip(map(_pool, text), text, self._stream(salt, text.casefold(), len(text)), strict=True)
        return "".join(pool[byte % len(pool)] if pool else character for pool, character, byte in pairs)

    def _stream(self, salt: str, text: str, size: int) -> bytes:
        """Bytes that follow from key and text."""
        said = f"{salt}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.shake_256(hashlib.sha256(self.key).digest() + said).digest(size)


@dataclass(frozen=True, slots=True)
class Shape:
    """A form by which something gives itself away in any text.

    Attributes:
        name: What it is.
        form: Begins at no place in the middle of what it matches, so that no text takes long.
        is_valid: Whether the check digits are right, by the letters and digits of what has the form.
        fake: What becomes of it.
    """

    name: str
    form: re.Pattern[str]
    is_valid: Callable[[str], bool]
    fake: Callable[[Fakes, str], str]

    def cut(self, text: str) -> "list[tuple[Shape | None, str]]":
        """The text in pieces: what has the shape, and what stands between, with ``None``."""
        pieces: list[tuple[Shape | None, str]] = []
        at = 0
        for found in self.form.finditer(text):
            if self.is_valid(_bare(found[0])):
                pieces += [(None, text[at : found.start()]), (self, found[0])]
                at = found.end()
        return [*pieces, (None, text[at:])]


def _shape(name: str, form: str, is_valid: Callable[[str], bool], fake: Callable[[Fakes, str], str]) -> Shape:
    return Shape(name, re.compile(form, re.ASCII), is_valid, fake)


def _is_access_key(bare: str) -> bool:
    return access_key.check_digit(bare[:-1]) == bare[-1]


_CNPJ: Final = (
    r"(?<![0-9A-Z])[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?[0-9]{2}(?![0-9A-Z])|(?<!\d)\d{14}(?!\d)"
)
# The first that matches counts.
SHAPES: Final = (
    _shape("scrubbed", _SCRUBBED, bool, lambda _, found: found),
    # Tokens of Login with Amazon, restricted data tokens, client ids and secrets (developer guide), keys of AWS.
    _shape(
        "token",
        r"At[a-z]{1,2}(?:\.sprdt)?\|[^\s\"'&<>]*|amzn1\.[\w-]+\.[\w.-]+|A[KS]IA[0-9A-Z]{16}",
        bool,
        Fakes.token,
    ),
    _shape("email", r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+", bool, Fakes.email),
    _shape("access_key", r"(?<!\d)[0-9]{6}[0-9A-Z]{12}[0-9]{26}(?!\d)", _is_access_key, Fakes.access_key),
    _shape("cnpj", _CNPJ, cnpj_is_valid, Fakes.cnpj),
    _shape("cpf", r"(?<!\d)\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?!\d)", cpf_is_valid, Fakes.cpf),
    _shape(
        "gstin", r"(?<![0-9A-Z])[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z](?![0-9A-Z])", gstin_is_valid, Fakes.gstin
    ),
    _shape("phone", r"(?<!\d)(?:\d{2}[-.])?\d{4,5}-\d{4}(?!\d)", bool, Fakes.characters),
)


def shape_of(text: str) -> str | None:
    """What in the text gives itself away: ``token``, ``email``, ``access_key``, ``cnpj``, ``cpf``, ``gstin`` or ``phone``.

    >>> shape_of("CPF 529.982.247-25"), shape_of("Maria")
    ('cpf', None)
    """
    return next((shape.name for shape in SHAPES[1:] if len(shape.cut(text)) > 1), None)


def is_made_of_fakes(text: str) -> bool:
    """Whether all letters, digits and foreign characters are such as fakes have.

    >>> is_made_of_fakes("Kzq Wyvxj, 90"), is_made_of_fakes("Maria")
    (True, False)
    """
    return all(not (pool := _pool(one)) or one in pool for one in text)


@lru_cache(maxsize=4096)
def _pool(character: str) -> str:
    """What a character may become; ``""`` if it stays: blanks and punctuation."""
    if character.isascii():
        if character.isdigit():
            return _DIGITS
        return (_LETTERS.upper() if character.isupper() else _LETTERS) if character.isalpha() else ""
    if unicodedata.category(character)[0] in "PZ":
        return ""
    if plane := ord(character) >> 16:
        # Of the same plane, so that what breaks on such characters still does.
        return "".join(chr((plane << 16) + 0xF00 + one) for one in range(4))
    return _FOREIGN.upper() if character.isupper() else _FOREIGN


def _bare(number: str) -> str:
    return "".join(filter(str.isalnum, number))


def _dressed(form: str, characters: str, takes: Callable[[str], bool]) -> str:
    """The characters in place of those of ``form`` that it takes; punctuation stays."""
    one_by_one = iter(characters)
    return "".join(next(one_by_one) if takes(one) else one for one in form)


def _is_fake_cnpj(bare: str) -> bool:
    return _is_marked(bare[:12], _CNPJ_MODULUS) or is_made_of_fakes(bare[:12])


def _is_marked(base: str, modulus: int) -> bool:
    return base.isdigit() and base[0] == "9" and int(base) % modulus == _MARK


def _with_check_digits(base: str, *, highest_weight: int) -> str:
    first = mod11_digit(base, highest_weight=highest_weight)
    return base + first + mod11_digit(base + first, highest_weight=highest_weight)
