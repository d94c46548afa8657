"""Lengths of time as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.durations import check_duration, parse_duration
from spapi_invoices.errors import InvalidRequest


@given(st.integers(0, 5000), st.sampled_from(["h", "d", "w"]))
def test_a_number_and_a_unit(number, unit):
    """Hours, days and weeks are what they are called."""
    assert parse_duration(f" {number}{unit} ") == number * {"h": 1, "d": 24, "w": 168}[unit] * timedelta(hours=1)


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5d", "30 d", "30m", "999999w", "٣d", "1d2h"])
def test_anything_else(text):
    """Any other text is refused, with a form that is right."""
    with pytest.raises(InvalidRequest, match="Next: give one"):
        parse_duration(text)


def test_a_length_that_is_none():
    """A negative length is refused, and so is one longer than a century."""
    for length in (timedelta(seconds=-1), timedelta(days=36_501)):
        with pytest.raises(InvalidRequest, match="0 to 36500 days"):
            check_duration(length)
    assert check_duration(timedelta(0)) == timedelta(0)
