"""What was read of the last document is kept: several readers look at one document in turn. Not for more than one."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from spapi_invoices.documents.findings import Found, Unreadable

_Read = TypeVar("_Read")


def last_kept(read: Callable[[bytes], _Read]) -> Callable[[bytes], _Read]:
    """The function that reads each document once in a row, also one that is `Unreadable`.

    >>> seen = []
    >>> read = last_kept(lambda content: seen.append(content) or len(content))
    >>> [read(b"a"), read(b"a"), read(b"bc")], seen
    ([1, 1, 2], [b'a', b'bc'])
    """

    @lru_cache(maxsize=1)
    def outcome(content: bytes) -> _Read | Found:
        try:
            return read(content)
        except Unreadable as error:
            return error.found

    def kept(content: bytes) -> _Read:
        found = outcome(content)
        if isinstance(found, Found):
            raise Unreadable(*found)
        return found

    return kept
