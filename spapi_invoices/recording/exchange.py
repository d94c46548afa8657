"""A request and its answer as they went over the wire. Not for meaning: the parsers of the core know that."""

from dataclasses import dataclass, field

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer. Only method and status are in the repr: all else may hold a secret or personal data.

    Attributes:
        method: The HTTP method.
        url: The whole address, percent-encoded.
        request_headers: Name and value in any case; a name may repeat.
        request_body: The bytes sent, ``b""`` for none.
        status: The HTTP status.
        reason: The words beside the status, ``""`` for none.
        response_headers: As the request's.
        response_body: The bytes, decompressed.
        body_sha256: Of the request's body as it was sent, where the one here has another document in its place; else ``""``.
    """

    method: str
    url: str = field(repr=False)
    request_headers: Headers = field(default=(), repr=False)
    request_body: bytes = field(default=b"", repr=False)
    status: int = 200
    reason: str = field(default="", repr=False)
    response_headers: Headers = field(default=(), repr=False)
    response_body: bytes = field(default=b"", repr=False)
    body_sha256: str = field(default="", repr=False)
