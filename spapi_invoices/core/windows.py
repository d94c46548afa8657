"""Dates as people give them, and ranges cut into windows Amazon accepts. Not for a clock: "today" is the caller's."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from spapi_invoices.errors import InvalidRequest

WINDOW: Final = timedelta(days=7)
NO_MARGIN: Final = timedelta(0)
_DAY: Final = timedelta(days=1)
Instant = date | datetime | str


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open range ``[start, end)`` in UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"


def parse_instant(value: Instant, zone: tzinfo = UTC) -> datetime:
    """Read a date, an aware time or ISO text as an instant in UTC.

    A bare date is that day at 00:00 in ``zone``.

    Raises:
        InvalidRequest: The text is no ISO date or time, or the time has no zone.

    >>> parse_instant("2026-10-01").isoformat()
    '2026-10-01T00:00:00+00:00'
    >>> parse_instant("2026-10-01T09:30:00+05:30").isoformat()
    '2026-10-01T04:00:00+00:00'
    """
    if isinstance(value, str):
        value = _parse_text(value)
    if not isinstance(value, date):
        raise InvalidRequest(f"{value!r} is no date. Next: give a date, a time with its zone, or ISO text")
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=zone)
    return as_utc(value)


def as_utc(instant: datetime, name: str = "the time") -> datetime:
    """An aware time in UTC; ``name`` stands in the message.

    Raises:
        InvalidRequest: The time has no zone (Python would take the machine's own), or UTC's calendar does not reach it.
    """
    if instant.utcoffset() is None:
        raise InvalidRequest(
            f"{name} {instant.isoformat()} has no time zone. Next: add one, as {instant.isoformat()}Z, or give the date alone"
        )
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise InvalidRequest(
            f"{name} {instant.isoformat()} is out of the calendar. Next: give a date between year 2 and 9998"
        ) from None


def split(
    start: datetime, end: datetime, width: timedelta = WINDOW, margin: timedelta = NO_MARGIN
) -> tuple[Window, ...]:
    """Cut ``[start, end)`` into windows of at most ``width``, in UTC and in order, without gap.

    Each window but the first begins ``margin`` before the end of the one before. With a margin the windows end whole days
    after ``start``, as far as that leaves room: a ledger of them is easier to read. A week is seven times 24 hours, also
    where clocks change.

    Raises:
        InvalidRequest: ``start`` is not before ``end``, a time has no zone, or there is no room for the margin.

    >>> start, end = parse_instant("2026-10-01"), parse_instant("2026-10-10")
    >>> [str(w) for w in split(start, end)]
    ['2026-10-01 00:00 to 2026-10-08 00:00 UTC', '2026-10-08 00:00 to 2026-10-10 00:00 UTC']
    >>> [str(w) for w in split(start, end, margin=timedelta(minutes=1))]
    ['2026-10-01 00:00 to 2026-10-07 00:00 UTC', '2026-10-06 23:59 to 2026-10-10 00:00 UTC']
    """
    if not isinstance(margin, timedelta) or not isinstance(width, timedelta):
        raise InvalidRequest(
            f"width {width!r} and margin {margin!r} are not both durations. Next: give timedelta(seconds=60)"
        )
    if not NO_MARGIN <= margin < width:
        raise InvalidRequest(
            f"windows of {width} cannot overlap by {margin}. Next: give a margin of zero or more, below the width"
        )
    start, end = as_utc(start, "the start"), as_utc(end, "the end")
    if end <= start:
        raise InvalidRequest(
            f"the range ends at {end.isoformat()}, not after its start {start.isoformat()}. "
            "Next: give a later end; it is exclusive, so a single day ends on the next"
        )
    if end - start <= width:
        return (Window(start, end),)
    step = _step(width, margin)
    count = -((start - end) // step)
    borders = [start + at * step for at in range(count)]
    ends = [*borders[1:], end]
    return (
        Window(start, ends[0]),
        *(Window(border - margin, until) for border, until in zip(borders[1:], ends[1:], strict=True)),
    )


def _step(width: timedelta, margin: timedelta) -> timedelta:
    """From one window's end to the next one's."""
    room = width - margin
    return room if not margin or room < _DAY else room // _DAY * _DAY


def _parse_text(text: str) -> date | datetime:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(
            f"{text!r} is no date. Next: give YYYY-MM-DD, or a time as 2026-10-01T09:30:00+05:30"
        ) from None
