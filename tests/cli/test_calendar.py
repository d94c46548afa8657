"""Days as a grid of text."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.cli.calendar import calendar


def test_two_months():
    """Weeks begin on Monday; a day without a mark has its number alone; months follow each other after a blank line."""
    shown = calendar({date(2026, 10, 31): "#", date(2026, 11, 1): "!"}).splitlines()
    assert shown[:2] == ["October 2026", "   Mo   Tu   We   Th   Fr   Sa   Su"]
    assert shown[2] == "                  1    2    3    4"
    assert shown[6] == "  26   27   28   29   30   31#"
    assert shown[7:10] == ["", "November 2026", shown[1]]
    assert shown[10] == " " * 33 + "1!"


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 70))
def test_each_day_once(first: date, length: int):
    """Each marked day is marked once."""
    days = [first + timedelta(days=n) for n in range(length + 1)]
    assert calendar(dict.fromkeys(days, "#")).count("#") == len(days)


def test_nothing():
    """No days are no months."""
    assert calendar({}) == ""
