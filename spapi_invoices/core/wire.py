"""Requests, answers and secrets as frozen values. Not for sending them: `spapi_invoices.io.transport` does."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn
from urllib.parse import quote, urlencode

from spapi_invoices.endpoints import Operation


class Secret:
    """A text that shows itself only when asked to.

    >>> Secret("Atza|example")
    Secret('***')
    >>> Secret("Atza|example").reveal()
    'Atza|example'
    """

    __slots__ = ("_reveal",)

    def __init__(self, text: str) -> None:
        # A bound method of the text, not the text: what dumps attributes, as debuggers do, shows the method's address.
        self._reveal = text.__str__

    def reveal(self) -> str:
        """The text itself: for the line that puts it on the wire, and nowhere else."""
        return self._reveal()

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._reveal() == other._reveal()

    def __hash__(self) -> int:
        return hash(self._reveal())

    def __bool__(self) -> bool:
        return bool(self._reveal())

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, _: object) -> "Secret":
        # So that ``dataclasses.asdict`` of a profile works, and shows as little as the profile itself.
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled. Next: give the other process the profile's name, and let it connect")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request without host and without token, which the I/O layer adds.

    Attributes:
        operation: What is asked; gives the method, the host's region and the kind of token.
        path: Percent-encoded, beginning with a slash.
        query: Name and plain (not encoded) value, in the order they are sent.
        headers: Lower-case name and value.
        body: The bytes to send, ``b""`` for none. Not in the repr: it may hold a secret or a document.
    """

    operation: Operation
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.operation.method

    def target(self) -> str:
        """Path and query, encoded: everything of the address behind the host. ``+`` is sent as ``%2B``."""
        return f"{self.path}?{urlencode(self.query, quote_via=quote)}" if self.query else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer. The body is not in the repr: it may hold personal data or a token.

    Attributes:
        status: The HTTP status.
        headers: Lower-case name to value.
        body: The bytes, decompressed.
        attempts: How many requests it took, those included that were answered otherwise or not at all.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    attempts: int = field(default=1, repr=False)

    @classmethod
    def of(cls, status: int, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> "HttpResponse":
        """Build one from headers in any case."""
        return cls(status=status, headers={name.lower(): value for name, value in headers}, body=body)

    def after(self, other: "HttpResponse") -> "HttpResponse":
        """This answer, with the requests counted that the other one took before it."""
        return replace(self, attempts=other.attempts + self.attempts)

    @property
    def request_id(self) -> str | None:
        """``x-amzn-RequestId``, which Amazon's support asks for."""
        return self.headers.get("x-amzn-requestid")

    @property
    def rate_limit(self) -> float | None:
        """``x-amzn-RateLimit-Limit`` in requests a second; ``None`` if absent or no positive number. Best effort, says Amazon."""
        try:
            rate = float(self.headers["x-amzn-ratelimit-limit"])
        except (KeyError, ValueError):
            return None
        return rate if 0 < rate < math.inf else None
