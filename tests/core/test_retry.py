from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.retry import NO_RETRY, RETRY_STATUSES, RetryPolicy

_CHANCES = st.floats(0, 1, exclude_max=True)


class TestWaitSeconds:
    """How long to wait before asking again."""

    @given(st.integers(1, 10_000), _CHANCES, st.floats(0.001, 60), st.floats(0.001, 3600))
    def test_bounds(self, attempt: int, chance: float, base: float, cap: float) -> None:
        """A wait is never negative and never over the cap, however many failures went before."""
        wait = RetryPolicy(attempts=20_000, base_seconds=base, cap_seconds=cap).wait_seconds(attempt, chance)
        assert wait is not None
        assert 0 <= wait <= cap

    @given(st.integers(1, 100), _CHANCES)
    def test_gives_up(self, attempts: int, chance: float) -> None:
        """Requests are sent ``attempts`` times: after the last failure there is no wait."""
        policy = RetryPolicy(attempts=attempts)
        assert [policy.wait_seconds(attempt, chance) is None for attempt in range(1, attempts + 2)] == [False] * (
            attempts - 1
        ) + [True] * 2

    def test_doubles_to_the_cap(self) -> None:
        """The bound doubles with each failure until the cap."""
        policy = RetryPolicy(attempts=100, base_seconds=1, cap_seconds=10)
        bounds = [2 * (policy.wait_seconds(attempt, 0.5) or 0) for attempt in range(1, 7)]
        assert bounds == [1, 2, 4, 8, 10, 10]

    @given(_CHANCES, _CHANCES)
    def test_jitter(self, one: float, other: float) -> None:
        """Chance spreads the waits over the whole bound, in its own order."""
        waits = [RetryPolicy().wait_seconds(2, chance) for chance in sorted((one, other))]
        assert all((first or 0) <= (second or 0) for first, second in pairwise(waits))

    def test_no_retry(self) -> None:
        """One attempt is one attempt."""
        assert NO_RETRY.wait_seconds(1, 0.0) is None

    @pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 415])
    def test_final_statuses(self, status: int) -> None:
        """An answer that would be the same again is not asked for again."""
        assert status not in RETRY_STATUSES
