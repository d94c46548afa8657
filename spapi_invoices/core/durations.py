"""Lengths of time as people write them. Not for dates: `core.windows` reads those."""

import re
from datetime import timedelta
from typing import Final

from spapi_invoices.errors import InvalidRequest

_HOURS: Final = {"h": 1, "d": 24, "w": 7 * 24}
# Longer than anything is kept; a longer one could leave the calendar.
LONGEST: Final = timedelta(days=36_500)
_WRITTEN: Final = re.compile(r"([0-9]{1,6})([hdw])", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read a number of hours, days or weeks.

    Raises:
        InvalidRequest: It is none, or longer than a century.

    >>> parse_duration("30d") == parse_duration("720h")
    True
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise InvalidRequest(f"{text!r} is no length of time. Next: give one as 30d, 12h or 2w")
    return check_duration(timedelta(hours=int(found[1]) * _HOURS[found[2]]))


def check_duration(length: timedelta) -> timedelta:
    """The length, if it is one.

    Raises:
        InvalidRequest: It is negative, or longer than a century.
    """
    if not timedelta(0) <= length <= LONGEST:
        raise InvalidRequest(f"a time of {length}. Next: give one from 0 to {LONGEST.days} days")
    return length
