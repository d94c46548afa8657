"""The token bucket of Amazon's usage plans, as a value. Not for whose it is, nor for what waits on it.

Source: developer guide, "Usage plans and rate limits": it begins full, holds ``burst`` and fills at ``rate`` a second.
"""

from dataclasses import dataclass
from typing import Final

# A client that waits exactly long enough is not refused for the last digit of a float.
_SLACK: Final = 1e-6


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
