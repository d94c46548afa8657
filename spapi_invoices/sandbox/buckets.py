"""Amazon's usage plans and their token bucket, as values. Not for whose it is, nor for what waits on it.

Source: developer guide, "Usage plans and rate limits": it begins full, holds ``burst`` and fills at ``rate`` a second.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from spapi_invoices.endpoints import OPERATIONS
from spapi_invoices.errors import InvalidRequest

# A client that waits exactly long enough is not refused for the last digit of a float.
_SLACK: Final = 1e-6


_PLANNED: Final = tuple(dict.fromkeys(row.operation_id for row in OPERATIONS if row.rate is not None))


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operation's usage plan.

    Attributes:
        operation: Its id; of all its versions.
        rate: Requests a second.
        burst: Requests at once.
        tokens: What a bucket holds that was not used yet; ``None`` is all of the burst.
        stated: Whether answers state the rate; Amazon does so as a rule, and promises nothing.

    Raises:
        InvalidRequest: One of them is not what it may be.
    """

    operation: str
    rate: float
    burst: int
    tokens: float | None = None
    stated: bool = True

    def __post_init__(self) -> None:
        if self.operation not in _PLANNED:
            raise InvalidRequest(f"{self.operation!r} has no quota. Next: name one of {', '.join(_PLANNED)}")
        if not (self.rate > 0 and self.burst >= 1 and 0 <= self.held <= self.burst):
            raise InvalidRequest(
                f"the quota of {self.operation} is {self.rate} a second, {self.held} of {self.burst}. "
                "Next: give a rate above 0, a burst from 1, and tokens from 0 to the burst"
            )

    @property
    def held(self) -> float:
        """What a bucket begins with."""
        return self.burst if self.tokens is None else self.tokens


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a bucket held at a moment.

    Attributes:
        tokens: Requests that it allowed then.
        at: The moment, in seconds.
    """

    tokens: float
    at: float

    def take(self, rate: float, burst: int, now: float) -> "Bucket | None":
        """The bucket after one request, or ``None`` if it is empty; then it stays as it was.

        >>> Bucket(1, at=0).take(rate=10, burst=10, now=0.05)
        Bucket(tokens=0.5, at=0.05)
        >>> Bucket(0, at=0).take(rate=10, burst=10, now=0.05) is None
        True
        """
        held = min(burst, self.tokens + (now - self.at) * rate)
        return Bucket(max(held - 1, 0.0), now) if held >= 1 - _SLACK else None
