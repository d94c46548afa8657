"""An answer of the sandbox as a value, and the refusals among them in Amazon's form. Not for when one is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is sent.

    Attributes:
        status: The HTTP status.
        headers: Lower-case name to value, without ``content-length``; Date and request id are added to every answer later.
        body: The bytes.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def answer_json(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in JSON."""
    return Answer(status, {"content-type": "application/json", **(headers or {})}, msgspec.json.encode(body))


class Refusal(Exception):
    """An answer that ends the handling of a request where it is raised."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def refusal(status: int, code: str, message: str, details: str = "", kind: str | None = None) -> Refusal:
    """A refusal in the form of all SP-API operations, a list of one error; ``kind`` is what its header calls it."""
    error = {"code": code, "message": message, "details": details}
    headers = {} if kind is None else {"x-amzn-errortype": kind}
    return Refusal(answer_json({"errors": [error]}, status, headers))


def invalid(message: str, details: str = "") -> Refusal:
    """400: a parameter is missing or wrong."""
    return refusal(400, "InvalidInput", message, details)


def denied(details: str, code: str = "Unauthorized") -> Refusal:
    """403: no token, the wrong one, or none that could help."""
    return refusal(403, code, "Access to requested resource is denied.", details, "AccessDeniedException")


def internal_failure() -> Refusal:
    """500, as seen in the wild.

    Source: issue 2684 of amzn/selling-partner-api-models.
    """
    return refusal(500, "InternalFailure", "We encountered an internal error. Please try again.")


def throttled() -> Refusal:
    """429, as seen in the wild: without ``Retry-After`` and without the rate.

    Source: dump in issue 746 of amzn/selling-partner-api-models.
    """
    message = "You exceeded your quota for the requested resource."
    return refusal(429, "QuotaExceeded", message, kind="TooManyRequestsException")
