"""Laws of what was asked and what is still to be asked, on a line of hours; truth is a set of hours."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.coverage import Asked, Stretch, days, missing, outdated, overlapping, stretches, union
from spapi_invoices.core.windows import Window

ZERO = datetime(2026, 10, 1, tzinfo=UTC)
HOURS = 40
ALL = Window(ZERO, ZERO + timedelta(hours=HOURS))


def hour(at: int) -> datetime:
    return ZERO + timedelta(hours=at)


windows = st.tuples(st.integers(-3, HOURS + 3), st.integers(1, 20)).map(
    lambda one: Window(hour(one[0]), hour(one[0] + one[1]))
)
attempts = st.lists(
    st.builds(
        Asked, windows, st.integers(-3, HOURS + 5).map(hour), st.booleans(), st.integers(0, 2), st.sampled_from("ab")
    ),
    max_size=8,
)


def covered(found: tuple[Window, ...] | list[Window]) -> set[int]:
    """The hours of the line that lie in windows."""
    return {at for at in range(HOURS) if any(one.start <= hour(at) < one.end for one in found)}


class TestMissing:
    """Wanted less settled."""

    @given(st.lists(windows, max_size=8))
    def test_is_what_is_not_settled(self, settled):
        """Each hour that is wanted is settled or missing, and none is both; no part is empty and none touches the next."""
        gaps = missing(ALL, settled)
        assert covered(gaps) == set(range(HOURS)) - covered(settled)
        assert all(one.start < one.end for one in gaps)
        assert union(gaps) == gaps

    @given(st.lists(windows, max_size=8))
    def test_settles(self, settled):
        """When what is missing is settled too, nothing is."""
        assert missing(ALL, [*settled, *missing(ALL, settled)]) == ()

    @given(st.lists(windows, max_size=8))
    def test_union_is_the_same_time(self, some):
        """A union covers the same hours, in any order of the windows, and its windows lie apart."""
        assert covered(union(some)) == covered(some)
        assert union(some) == union(reversed(some))


class TestOverlapping:
    """Borders that are asked for from both sides."""

    def test_reaches_into_what_is_settled_and_nowhere_else(self):
        """A gap grows by the margin where it touches what is settled; the ends of the range stay where they are."""
        settled, margin = [Window(hour(4), hour(8))], timedelta(hours=1)
        gaps = missing(Window(hour(0), hour(12)), settled)
        assert overlapping(gaps, settled, margin) == (Window(hour(0), hour(5)), Window(hour(7), hour(12)))
        assert overlapping(gaps, [], margin) == gaps


class TestProven:
    """What an answer says of its window."""

    def test_an_answer_knows_nothing_of_the_future(self):
        """A window is proven up to the answer, less the look-back; one that failed is not proven at all."""
        asked = Asked(Window(hour(0), hour(10)), hour(8), complete=True)
        assert asked.proven() == (Window(hour(0), hour(8)),)
        assert asked.proven(timedelta(hours=3)) == (Window(hour(0), hour(5)),)
        assert asked.proven(timedelta(hours=8)) == ()
        assert Asked(asked.window, hour(20), complete=False).proven() == ()
        assert Asked(asked.window, hour(20), complete=True).proven(timedelta(hours=3)) == (asked.window,)


class TestOutdated:
    """Attempts that say nothing more."""

    @given(attempts)
    def test_nothing_is_forgotten(self, made):
        """Without the outdated attempts, the same time has the same state but for errors, and is proven alike."""
        gone = set(outdated(made))
        kept = [one for at, one in enumerate(made) if at not in gone]
        assert [(one.window, one.state) for one in stretches(ALL, kept)] == [
            (one.window, one.state) for one in stretches(ALL, made)
        ]
        assert union(w for one in kept for w in one.proven()) == union(w for one in made for w in one.proven())

    def test_a_failure_that_was_mended(self):
        """A failed window that a later complete one covers is outdated; the other way round neither is."""
        failed = Asked(Window(hour(2), hour(5)), hour(30), complete=False)
        complete = Asked(Window(hour(0), hour(9)), hour(31), complete=True)
        assert (outdated([failed, complete]), outdated([complete, failed])) == ([0], [])


class TestStretches:
    """A range, cut where the state changes."""

    @given(attempts)
    def test_covers_the_range_once(self, made):
        """The stretches follow each other from the start to the end, and neighbours differ."""
        cut = stretches(ALL, made)
        assert [one.window.start for one in cut] == [ALL.start, *(one.window.end for one in cut[:-1])]
        assert cut[-1].window.end == ALL.end
        assert all((a.state, a.error) != (b.state, b.error) for a, b in pairwise(cut))

    @given(attempts)
    def test_each_hour_has_its_state(self, made):
        """An hour is complete or empty by the last attempt that proves it, failed if one that failed asked for it."""
        cut = stretches(ALL, made)
        for at in range(HOURS):
            (state,) = [one.state for one in cut if one.window.start <= hour(at) < one.window.end]
            proving = [one for one in made if at in covered(one.proven())]
            trying = [one for one in made if not one.complete and at in covered([one.window])]
            assert state == (
                ("complete" if proving[-1].rows else "empty") if proving else "failed" if trying else "never_asked"
            )

    def test_says_why(self):
        """A failed stretch has the error of the last attempt."""
        window = Window(hour(0), hour(4))
        made = [Asked(window, hour(9), complete=False, error=one) for one in ("old", "new")]
        assert stretches(window, made) == (Stretch(window, "failed", "new"),)


class TestDays:
    """What a calendar shows."""

    def test_the_worst_of_a_day(self):
        """A day that failed in part is failed; one that was asked for in part is never asked; the zone says what a day is."""
        cut = (
            Stretch(Window(hour(0), hour(20)), "complete"),
            Stretch(Window(hour(20), hour(30)), "empty"),
            Stretch(Window(hour(30), hour(47)), "never_asked"),
            Stretch(Window(hour(47), hour(60)), "failed"),
        )
        assert days(cut, UTC) == {
            date(2026, 10, 1): "complete",
            date(2026, 10, 2): "failed",
            date(2026, 10, 3): "failed",
        }
        # Midnight of the 2nd in India is 18:30 UTC of the 1st.
        assert days(cut[:1], ZoneInfo("Asia/Kolkata")) == {date(2026, 10, 1): "complete", date(2026, 10, 2): "complete"}

    @given(windows, st.sampled_from(["UTC", "Asia/Kolkata", "America/Sao_Paulo", "Europe/London", "Africa/Cairo"]))
    def test_no_day_is_left_out(self, window, zone):
        """The days of a stretch follow each other; the first has its start and the last its last moment."""
        found = list(days([Stretch(window, "complete")], ZoneInfo(zone)))
        assert found[0] == window.start.astimezone(ZoneInfo(zone)).date()
        assert found[-1] == (window.end - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
        assert all(b - a == timedelta(days=1) for a, b in pairwise(found))
