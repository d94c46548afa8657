"""Days as a calendar of text: a grid for each month, a mark for each day. Not for what the marks mean to an archive."""

from calendar import Calendar, month_name
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

_HEAD: Final = "".join(f"{day:>5}" for day in ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"))


def calendar(marks: Mapping[date, str]) -> str:
    """The months from the first day to the last; a day without a mark is blank.

    >>> calendar({date(2026, 10, 1): "#", date(2026, 10, 2): "!"}).splitlines()[2].split()
    ['1#', '2!', '3', '4']
    """
    return "\n\n".join(
        "\n".join([f"{month_name[month]} {year}", _HEAD, *_weeks(year, month, marks)]) for year, month in _months(marks)
    )


def _months(days: Iterable[date]) -> list[tuple[int, int]]:
    """Year and month of each, without gap."""
    numbers = [day.year * 12 + day.month - 1 for day in days]
    span = range(min(numbers), max(numbers) + 1) if numbers else ()
    return [(number // 12, number % 12 + 1) for number in span]


def _weeks(year: int, month: int, marks: Mapping[date, str]) -> list[str]:
    weeks = Calendar().monthdatescalendar(year, month)
    return [
        "".join(_cell(day, marks.get(day)) if day.month == month else " " * 5 for day in week).rstrip()
        for week in weeks
    ]


def _cell(day: date, mark: str | None) -> str:
    return f"{day.day:>4}{mark or ' '}"
