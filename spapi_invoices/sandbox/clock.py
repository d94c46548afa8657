"""The sandbox's own time, which may run faster than ours or stand still. Not for what waits on it."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from spapi_invoices.errors import InvalidRequest

# A day in less than a second; from the latest world to the end of the calendar it runs for four weeks of ours.
_FASTEST: Final = 100_000


class Clock:
    """A clock that begins at a moment of the sandbox's world.

    Args:
        start: What it shows when it is made.
        scale: Its seconds for each of ours; 0 stands still.
        monotonic: Our seconds, which only rise.

    Raises:
        InvalidRequest: The scale is negative, no number, or above a hundred thousand.

    >>> from datetime import UTC
    >>> Clock(datetime(2026, 11, 2, tzinfo=UTC), 60, iter([0.0, 1.5]).__next__).now().isoformat()
    '2026-11-02T00:01:30+00:00'
    """

    def __init__(self, start: datetime, scale: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        if not 0 <= scale <= _FASTEST:
            raise InvalidRequest(f"the sandbox's time_scale is {scale}. Next: give one from 0 to {_FASTEST}")
        self.start, self.scale = start, scale
        self._monotonic, self._began = monotonic, monotonic()

    def seconds(self) -> float:
        """Its seconds since the start."""
        return (self._monotonic() - self._began) * self.scale

    def now(self) -> datetime:
        """What it shows."""
        return self.start + timedelta(seconds=self.seconds())

    @property
    def stands_still(self) -> bool:
        """Whether no time passes: then nothing may depend on it."""
        return self.scale == 0
