"""A usage plan's token bucket as a value, as its client sees it. Not for waiting, and without a clock: ``now`` is given.

Amazon refills ``rate`` tokens a second up to ``burst``, each request takes one, and one without a token is answered 429
(developer guide, "Usage plans and rate limits"). The client keeps its own count, a little below the server's:

- It counts 99 % of the rate, so a clock of ours that runs 1 % fast draws no 429, and always a token less than the server
  has, or as many as flow in in half a second, so requests that bunch up on the way draw none either.
- Whether the server's bucket is full when we begin is not known: another run may just have ended. So one request goes
  first; its answer starts the clock, and each answer that is no 429 takes one token out of doubt.
- A 429 says that the server's bucket was empty, whatever we had counted: ours is, until the server's has those spare
  ones again. Another one soon after, to a request that was sent in the knowledge of the first, says that somebody else
  draws on the quota, or that the server is slower than it says. Then our share of the rate is cut, and grows back, the
  faster the longer no 429 comes.
- The rate that an answer states (``x-amzn-RateLimit-Limit``) is adopted at once, from a hundredth to a hundred times
  the published one: plans of single sellers differ from it, but a wrong number must neither stop us nor let all through.
  What it is above the published one counts for nothing after a 429, and comes back as our share does.
  The burst is never stated.

Times are seconds of any clock. While one goes back, nothing flows in.
"""

from dataclasses import dataclass, replace
from typing import Final, Self

_SHARE: Final = 0.99
# So far requests of one pace may come apart on the way: over a new connection they take longer than those behind them.
_BUNCHED_SECONDS: Final = 0.5
# No longer is the first answer waited for.
_PROBE_SECONDS: Final = 2.0
_CUT: Final = 0.7
_LEAST: Final = 0.1
# Times the square of the seconds since the last 429: 0.05 of the rate after half a minute, all of it after little more than two.
_REGAIN: Final = 5e-5
# Of two 429s, the second is soon if it comes before the bucket could be filled so often.
_SOON: Final = 2
# No stated rate is further from the published one: at a hundredth of the slowest a request goes in under two minutes.
_PLAUSIBLE: Final = 100.0
# Who waits exactly long enough does not wait once more for the last digits of a float.
_DUST: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Bucket:
    """What the client believes of one operation's bucket.

    Attributes:
        rate: Tokens a second that the server refills.
        published: Those that the usage plan documents.
        burst: Tokens that the server's bucket holds.
        tokens: What ours holds; never negative, never over `capacity`.
        doubt: How many of them the server may not have.
        at: When that was so. In the future where nothing flows in until then.
        share: The part of the rate, as far as it is published, that was ours to use after the last 429.
        refused_at: When the last 429 came; ``None`` if none did.
    """

    rate: float
    published: float
    burst: int
    tokens: float
    doubt: float
    at: float
    share: float = _SHARE
    refused_at: float | None = None

    @classmethod
    def of(cls, rate: float, burst: int, now: float) -> Self:
        """The bucket of a usage plan before the first request: of all that it may hold, one token is not in doubt.

        >>> bucket = Bucket.of(10, 10, now=0.0)
        >>> bucket.tokens, bucket.doubt
        (5.0, 4.0)
        """
        empty = cls(rate, rate, burst, tokens=0.0, doubt=0.0, at=now + _PROBE_SECONDS)
        return replace(empty, tokens=empty.capacity, doubt=empty.capacity - 1)

    @property
    def capacity(self) -> float:
        """The most it holds."""
        return self.burst - self.spare

    @property
    def spare(self) -> float:
        """What the server's bucket should hold beyond ours."""
        return min(self.burst - 1.0, max(1.0, _BUNCHED_SECONDS * self.rate))

    def pace(self, now: float) -> float:
        """Tokens a second that are ours to use."""
        known = min(self.rate, self.published)
        trusted = self._regained(_SHARE if self.refused_at is None else 0.0, now)
        return known * self._regained(self.share, now) + (self.rate - known) * trusted

    def refilled(self, now: float) -> Self:
        """The bucket at a later time."""
        held = self.tokens + max(0.0, now - self.at) * self.pace(now)
        capacity = self.capacity
        return replace(self, tokens=min(capacity, held), doubt=min(self.doubt, capacity - 1), at=max(self.at, now))

    def taken(self, now: float) -> tuple[Self, float]:
        """Take a token: the bucket after, and 0.0; or the bucket as it is, and the seconds after which to ask again.

        An answer may come before, so that less is to be waited for.

        >>> bucket, wait = Bucket.of(10, 10, now=0.0).taken(0.0)
        >>> bucket.tokens, wait
        (4.0, 0.0)
        >>> bucket.answered(0.2).taken(0.2)[1]
        0.0
        """
        bucket = self.refilled(now)
        lacking = 1 - (bucket.tokens - bucket.doubt)
        if lacking <= _DUST:
            return replace(bucket, tokens=max(0.0, bucket.tokens - 1)), 0.0
        return bucket, bucket.at - now + lacking / bucket.pace(now)

    def at_rate(self, stated: float | None) -> Self:
        """At the rate that an answer states, or the nearest plausible one; ``None`` if it states none."""
        if stated is None:
            return self
        return replace(self, rate=min(max(stated, self.published / _PLAUSIBLE), self.published * _PLAUSIBLE))

    def answered(self, now: float) -> Self:
        """After an answer that was no 429, or none at all."""
        bucket = self._heard(now)
        return replace(bucket, doubt=max(0.0, bucket.doubt - 1))

    def refused(self, now: float, sent_at: float) -> Self:
        """After a 429.

        Args:
            now: When it came.
            sent_at: When its request was sent.
        """
        bucket = replace(self._heard(now), tokens=0.0, doubt=0.0, at=now + self.spare / self.rate)
        last = bucket.refused_at
        # All that was on its way at a 429 and is refused too is the same piece of news.
        if last is not None and sent_at <= last:
            return bucket
        share = self._regained(self.share, now)
        soon = last is not None and now - last < _SOON * bucket.burst / min(bucket.rate, bucket.published)
        cut = soon or share < _SHARE
        return replace(bucket, share=max(_LEAST, share * _CUT) if cut else share, refused_at=now)

    def _regained(self, share: float, now: float) -> float:
        """What a share has grown to since the last 429."""
        calm = 0.0 if self.refused_at is None else max(0.0, now - self.refused_at)
        return min(_SHARE, share + _REGAIN * calm**2)

    def _heard(self, now: float) -> Self:
        """After the first answer the server's bucket is known to fill; after a 429 it is waited for in `refused`."""
        latest = now if self.refused_at is None else now + self.spare / self.rate
        return replace(self, at=min(self.at, latest)).refilled(now)
