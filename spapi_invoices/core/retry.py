"""Whether and how long to wait before asking again, as plain values. Not for waiting: the transport sleeps."""

from dataclasses import dataclass
from typing import Final

RETRY_STATUSES: Final = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request that changes nothing is asked again.

    Attributes:
        attempts: At most, the first one included.
        base_seconds: The first wait's upper bound; it doubles each time.
        cap_seconds: No wait is longer.
    """

    attempts: int = 7
    base_seconds: float = 1.0
    cap_seconds: float = 30.0

    def wait_seconds(self, attempt: int, chance: float) -> float | None:
        """Seconds to wait after the ``attempt``-th failure (from 1); ``None`` means give up.

        Full jitter: ``chance`` in [0, 1) picks a point below the doubled bound.

        >>> RetryPolicy().wait_seconds(3, 0.5)
        2.0
        """
        if attempt >= self.attempts:
            return None
        # 2**1024 is no float any more; no cap is that long.
        bound: float = min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt - 1, 1000))
        return chance * bound


NO_RETRY: Final = RetryPolicy(attempts=1)
