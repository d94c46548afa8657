"""The sandbox's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.sandbox.clock import Clock

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("scale", [0, 0.5, 1, 3600])
def test_scale(scale):
    """After s of our seconds it shows its start plus scale times s, and says the same in seconds."""
    ours = [100.0, 107.0, 107.0]
    clock = Clock(START, scale, lambda: ours.pop(0))
    assert clock.seconds() == 7 * scale
    assert clock.now() == START + timedelta(seconds=7 * scale)
    assert clock.stands_still == (scale == 0)


def test_it_runs_by_itself():
    """Without another source it goes by the machine's own clock, forward."""
    clock = Clock(START)
    assert START <= clock.now() <= clock.now()


@pytest.mark.parametrize("scale", [-1, float("inf"), float("nan")])
def test_no_such_scale(scale):
    """Time that runs backwards, at once or not at all like a number is refused."""
    with pytest.raises(InvalidRequest, match="Next: "):
        Clock(START, scale)
