"""Which parts of time were asked for, and which are still to be asked. Not for a clock, and not for keeping the ledger.

An answer says nothing of what becomes available after it: a window that reaches beyond the moment it was asked at is
proven only up to that moment.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, Literal

from spapi_invoices.core.windows import Window

State = Literal["complete", "empty", "failed", "never_asked"]
# Of several in one day, the first that applies is the day's.
STATES: Final[tuple[State, ...]] = ("failed", "never_asked", "complete", "empty")
NOTHING: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Asked:
    """One attempt at a window.

    Attributes:
        window: What was asked for.
        at: When the first of its answers was made.
        complete: It was answered to its last page.
        rows: Records in the answers.
        error: Why it is not complete.
    """

    window: Window
    at: datetime
    complete: bool
    rows: int = 0
    error: str | None = None

    def proven(self, look_back: timedelta = NOTHING) -> tuple[Window, ...]:
        """The part of the window that need not be asked again, as a window or none.

        Args:
            look_back: How long before the answer things may still have been changing.
        """
        end = min(self.window.end, self.at - look_back)
        return (Window(self.window.start, end),) if self.complete and end > self.window.start else ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time of one state; ``error`` is why, if it failed."""

    window: Window
    state: State
    error: str | None = None


def union(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The same time as windows that neither overlap nor touch, in order."""
    merged: list[Window] = []
    for one in sorted(windows):
        if merged and one.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return tuple(merged)


def missing(wanted: Window, settled: Iterable[Window]) -> tuple[Window, ...]:
    """What is wanted and not settled, in order.

    >>> from spapi_invoices.core.windows import parse_instant
    >>> october = [parse_instant(f"2026-10-{day:02}") for day in range(1, 31)]
    >>> [str(one) for one in missing(Window(october[0], october[9]), [Window(october[2], october[4])])]
    ['2026-10-01 00:00 to 2026-10-03 00:00 UTC', '2026-10-05 00:00 to 2026-10-10 00:00 UTC']
    """
    gaps, begin = [], wanted.start
    for one in union(settled):
        if begin < (until := min(one.start, wanted.end)):
            gaps.append(Window(begin, until))
        begin = max(begin, one.end)
    return (*gaps, Window(begin, wanted.end)) if begin < wanted.end else tuple(gaps)


def overlapping(gaps: Iterable[Window], settled: Iterable[Window], margin: timedelta) -> tuple[Window, ...]:
    """The gaps, each reaching ``margin`` into what is settled beside it: to which side Amazon counts a border is not known."""
    beside = union(settled)
    ends, starts = {one.end for one in beside}, {one.start for one in beside}
    return tuple(
        Window(gap.start - margin * (gap.start in ends), gap.end + margin * (gap.end in starts)) for gap in gaps
    )


def outdated(attempts: Sequence[Asked]) -> list[int]:
    """The positions of attempts, given from first to last, of which later complete ones say everything."""
    proven: tuple[Window, ...] = ()
    found = []
    for at, one in reversed(list(enumerate(attempts))):
        said = one.proven() if one.complete else (one.window,)
        if all(not missing(each, proven) for each in said):
            found.append(at)
        proven = union((*proven, *one.proven()))
    return found[::-1]


def stretches(wanted: Window, attempts: Sequence[Asked]) -> tuple[Stretch, ...]:
    """The wanted time, without gap, cut where the state changes. Of several attempts the last that is complete counts.

    Args:
        wanted: The whole range.
        attempts: From first to last.
    """
    borders = {wanted.start, wanted.end}
    for one in attempts:
        for window in (one.window, *one.proven()):
            borders |= {edge for edge in (window.start, window.end) if wanted.start < edge < wanted.end}
    edges = sorted(borders)
    proven = _last(edges, ((window, one) for one in attempts for window in one.proven()))
    failed = _last(edges, ((one.window, one) for one in attempts if not one.complete))
    cells = zip(map(Window, edges, edges[1:]), proven, failed, strict=True)
    return tuple(_joined(_stretch(*cell) for cell in cells))


def days(cut: Iterable[Stretch], zone: tzinfo) -> dict[date, State]:
    """The state of each day that the stretches touch, in order; of a day that they cover in part, that part's."""
    found: dict[date, set[State]] = {}
    for one in cut:
        for day in _days(one.window, zone):
            found.setdefault(day, set()).add(one.state)
    return {day: next(state for state in STATES if state in there) for day, there in sorted(found.items())}


def _last(edges: Sequence[datetime], said: Iterable[tuple[Window, Asked]]) -> list[Asked | None]:
    """For each cell between two edges the last that is said of it."""
    found: list[Asked | None] = [None] * (len(edges) - 1)
    for window, one in said:
        cells = range(bisect_left(edges, window.start), min(bisect_left(edges, window.end), len(found)))
        for at in cells:
            found[at] = one
    return found


def _stretch(window: Window, proven: Asked | None, failed: Asked | None) -> Stretch:
    if proven is not None:
        return Stretch(window, "complete" if proven.rows else "empty")
    return Stretch(window, "never_asked") if failed is None else Stretch(window, "failed", failed.error)


def _joined(cut: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours that say the same as one."""
    last: Stretch | None = None
    for one in cut:
        if last is not None and (last.state, last.error) == (one.state, one.error):
            last = Stretch(Window(last.window.start, one.window.end), one.state, one.error)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _days(window: Window, zone: tzinfo) -> Iterator[date]:
    """Each day of the zone that a window touches."""
    day = window.start.astimezone(zone).date()
    while datetime(day.year, day.month, day.day, tzinfo=zone) < window.end:
        yield day
        day += timedelta(days=1)
