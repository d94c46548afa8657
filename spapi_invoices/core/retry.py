"""Whether and how long to wait before asking again, as plain values. Not for waiting: the transport sleeps.

A 429 refuses a request before anything is done, so whatever it was it may be asked again. After anything else only what
changes nothing may: a submission that was answered 503, or not at all, may have been taken.
"""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import msgspec

from spapi_invoices.core.wire import HttpRequest, HttpResponse

RETRY_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
# Beside every GET: a token more than is used changes nothing.
_SAFE_TO_REPEAT: Final = frozenset({"lwa", "tokens"})
Reason = Literal["throttled", "failed"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is asked again.

    Attributes:
        attempts: At most, the first one included.
        base_seconds: The first wait's upper bound; it doubles each time.
        cap_seconds: No bound is higher.
        deadline_seconds: No wait ends so long after the first failure, one for the quota included.
    """

    attempts: int = 7
    base_seconds: float = 1.0
    cap_seconds: float = 30.0
    deadline_seconds: float = 300.0

    def wait_seconds(self, attempt: int, chance: float, *, told: float = 0.0, passed: float = 0.0) -> float | None:
        """Seconds to wait after the ``attempt``-th failure (from 1); ``None`` means give up.

        Full jitter: ``chance`` in [0, 1) picks a point below the doubled bound.

        Args:
            attempt: How many requests have failed.
            chance: The draw.
            told: What the answer said to wait (see `told_seconds`): the jitter comes on top.
            passed: Seconds since the first failure.

        >>> RetryPolicy().wait_seconds(3, 0.5)
        2.0
        """
        # 2**1024 is no float any more; no cap is that long.
        bound: float = min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt - 1, 1000))
        wait = told + chance * bound
        return None if attempt >= self.attempts or passed + wait >= self.deadline_seconds else wait


NO_RETRY: Final = RetryPolicy(attempts=1)


def reason_to_repeat(request: HttpRequest, answer: HttpResponse | None) -> Reason | None:
    """Why a request should be asked again after an answer, or after none at all; ``None``: it should not."""
    if answer is not None and answer.status == 429:
        return "throttled"
    changes_nothing = request.method == "GET" or request.operation.api in _SAFE_TO_REPEAT
    return "failed" if changes_nothing and (answer is None or _failed(answer)) else None


def _failed(answer: HttpResponse) -> bool:
    return answer.status in RETRY_STATUSES or (200 <= answer.status < 300 and not _is_json(answer.body))


def _is_json(body: bytes) -> bool:
    """Whether a body is JSON to its end: skimmed, at half the cost of decoding it."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def told_seconds(answer: HttpResponse | None) -> float:
    """What a ``Retry-After`` says to wait, in seconds or as a date; 0 without one. Amazon has not been seen to send it.

    A date is compared with the answer's own, so it does not matter whether our clock is right.

    >>> told_seconds(HttpResponse(status=503, headers={"retry-after": "5"}))
    5.0
    """
    headers = {} if answer is None else answer.headers
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return 0.0
    return max(0.0, wait.total_seconds())
