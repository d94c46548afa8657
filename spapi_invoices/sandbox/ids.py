"""Ids that look random and lead back to the number they were made from. Not secret: the seed gives them all.

So nothing has to be kept: an id of a world of any size is computed, and so is what it stands for.
"""

import math
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_DIGITS: Final = "0123456789"
# Without vowels no id spells a word.
_LETTERS_AND_DIGITS: Final = f"BCDFGHJKLMNPQRSTVWXZ{_DIGITS}"


@dataclass(frozen=True, slots=True)
class Code:
    """A text of fixed length for each number from 0, one to one: the number times ``factor`` plus ``shift``, spelled out.

    Attributes:
        alphabet: Its characters.
        length: Of every text.
        factor: Has no divisor in common with the alphabet's length, so that no two numbers share a text.
        shift: Any number.
    """

    alphabet: str
    length: int
    factor: int
    shift: int

    def encode(self, number: int) -> str:
        """The number's text; from ``len(alphabet) ** length`` on texts repeat."""
        rest, base = (number * self.factor + self.shift) % self._size, len(self.alphabet)
        return "".join([self.alphabet[rest // base**place % base] for place in range(self.length)])

    def decode(self, text: str) -> int | None:
        """The number whose text this is, however large; ``None`` if it is of another form."""
        if len(text) != self.length or not set(text) <= set(self.alphabet):
            return None
        value = 0
        for character in reversed(text):
            value = value * len(self.alphabet) + self.alphabet.index(character)
        return (value - self.shift) * pow(self.factor, -1, self._size) % self._size

    @property
    def _size(self) -> int:
        return int(len(self.alphabet) ** self.length)


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of a world. Each counts from 0, and a number beyond the world has an id as well."""

    documents: Code
    shipments: Code
    orders: Code

    def purchase_order_number(self, document: int) -> str:
        """The number of a purchase order, by its first document."""
        return self.documents.encode(document)

    def document_of(self, purchase_order_number: str) -> int | None:
        """The document that a purchase order number is made from."""
        return self.documents.decode(purchase_order_number)

    def shipment_id(self, shipment: int) -> str:
        """The ``AmazonShipmentId``."""
        return f"D{self.shipments.encode(shipment)}"

    def shipment_of(self, shipment_id: str) -> int | None:
        """The shipment that an id is made from."""
        return self.shipments.decode(shipment_id[1:]) if shipment_id.startswith("D") else None

    def order_id(self, order: int) -> str:
        """The ``AmazonOrderId``."""
        digits = self.orders.encode(order)
        return f"40{2 + int(digits[-1]) % 7}-{digits[:7]}-{digits[7:]}"


@lru_cache(maxsize=16)
def ids_of(seed: int) -> Ids:
    """The ids of a seed's world, whatever its size."""
    chance = random.Random(f"{seed} ids")  # noqa: S311 - a made-up world, not a secret
    return Ids(_code(chance, _LETTERS_AND_DIGITS, 8), _code(chance, _LETTERS_AND_DIGITS, 8), _code(chance, _DIGITS, 14))


def _code(chance: random.Random, alphabet: str, length: int) -> Code:
    size = len(alphabet) ** length
    factor = chance.randrange(size)
    while math.gcd(factor, len(alphabet)) != 1:
        factor += 1
    return Code(alphabet, length, factor, chance.randrange(size))
