from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.customer_invoices import build_get_customer_invoices
from spapi_invoices.core.windows import WINDOW, Window, as_utc, parse_instant, split
from spapi_invoices.errors import InvalidRequest
from tests.strategies import ranges

_INDIA = timezone(timedelta(hours=5, minutes=30))
_NEW_YORK = ZoneInfo("America/New_York")
zones = st.sampled_from([UTC, _INDIA, _NEW_YORK, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Pacific/Apia")])


class _NoOffset(tzinfo):
    """A zone that knows no offset: Python calls a time with it naive."""

    def utcoffset(self, _: datetime | None) -> None:
        return None


class TestParseInstant:
    """Dates as people give them."""

    @pytest.mark.parametrize(
        ("value", "read"),
        [
            ("2026-10-01", "2026-10-01T00:00:00+00:00"),
            ("20261001", "2026-10-01T00:00:00+00:00"),
            ("2026-10-01T09:30:00+05:30", "2026-10-01T04:00:00+00:00"),
            ("2026-10-01T09:30Z", "2026-10-01T09:30:00+00:00"),
            ("2026-10-01 09:30:00.000001Z", "2026-10-01T09:30:00.000001+00:00"),
            (date(2026, 10, 1), "2026-10-01T00:00:00+00:00"),
            (datetime(2026, 10, 1, 9, tzinfo=_INDIA), "2026-10-01T03:30:00+00:00"),
        ],
    )
    def test_read(self, value: date | str, read: str) -> None:
        """A date, an aware time and ISO text are the same instant in UTC."""
        instant = parse_instant(value)
        assert (instant.isoformat(), instant.tzinfo) == (read, UTC)

    @pytest.mark.parametrize("value", ["2026-10-01", date(2026, 10, 1)])
    def test_bare_date_in_a_zone(self, value: date | str) -> None:
        """A bare date is that day's midnight in the zone given."""
        assert parse_instant(value, _INDIA) == datetime(2026, 9, 30, 18, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        "value",
        ["", "yesterday", "2026-13-01", "2026-10-01T25:00Z", " 2026-10-01", "01/10/2026", "\ud800", "٢٠٢٦-10-01"],
    )
    def test_no_date(self, value: str) -> None:
        """A text that is no ISO date or time is refused with an example of one."""
        with pytest.raises(InvalidRequest, match=r"is no date. Next: give YYYY-MM-DD"):
            parse_instant(value)

    @pytest.mark.parametrize(
        "value",
        ["2026-10-01T09:30:00", datetime(2026, 10, 1), datetime(2026, 10, 1, tzinfo=_NoOffset())],  # noqa: DTZ001
    )
    def test_no_zone(self, value: datetime | str) -> None:
        """A time without zone is refused, never taken to be in the machine's own."""
        with pytest.raises(InvalidRequest, match="has no time zone"):
            parse_instant(value)

    @pytest.mark.parametrize("value", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
    def test_out_of_the_calendar(self, value: str) -> None:
        """A time that UTC's calendar does not reach is refused."""
        with pytest.raises(InvalidRequest, match="out of the calendar"):
            parse_instant(value)

    @given(st.text(), zones)
    def test_any_text(self, text: str, zone: tzinfo) -> None:
        """Any text is an aware instant in UTC or an InvalidRequest."""
        try:
            instant = parse_instant(text, zone)
        except InvalidRequest:
            return
        assert instant.tzinfo is UTC

    @given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), zones)
    def test_text_and_date_agree(self, day: date, zone: tzinfo) -> None:
        """A date and its ISO text are the same instant in every zone."""
        assert parse_instant(day, zone) == parse_instant(day.isoformat(), zone)


class TestAsUtc:
    """The one place where a time's zone is judged."""

    @given(st.datetimes(timezones=zones))
    def test_instant_is_kept(self, instant: datetime) -> None:
        """The instant is the same, in UTC, or refused at the calendar's edge."""
        try:
            read = as_utc(instant)
        except InvalidRequest:
            assert instant.year in {1, 9999}
        else:
            assert read.tzinfo is UTC
            assert read.timestamp() == pytest.approx(instant.timestamp(), abs=1e-3)


class TestSplit:
    """A range cut into windows."""

    @given(ranges, st.timedeltas(timedelta(minutes=1), timedelta(days=40)))
    def test_any_width(self, ends: tuple[datetime, datetime], width: timedelta) -> None:
        """Windows start at the start, end at the end, touch each other, are not empty and none is wider than asked."""
        width = max(width, (ends[1] - ends[0]) / 500)
        windows = split(*ends, width)
        assert (windows[0].start, windows[-1].end) == ends
        assert all(one.end == other.start for one, other in pairwise(windows))
        assert all(timedelta(0) < window.end - window.start <= width for window in windows)

    @given(ranges)
    def test_each_can_be_asked_for(self, ends: tuple[datetime, datetime]) -> None:
        """No window is over seven days, so each is accepted as a request; and only the last is shorter."""
        windows = split(*ends)
        for window in windows:
            build_get_customer_invoices(window.start, window.end)
        assert all(window.end - window.start == WINDOW for window in windows[:-1])

    @given(ranges, st.timedeltas(timedelta(0), timedelta(days=6)))
    def test_with_a_margin(self, ends: tuple[datetime, datetime], margin: timedelta) -> None:
        """Every window but the first begins the margin before the last one's end; none is over seven days or within another."""
        windows = split(*ends, margin=margin)
        assert (windows[0].start, windows[-1].end) == ends
        assert all(other.start == one.end - margin and other.end > one.end for one, other in pairwise(windows))
        assert all(timedelta(0) < window.end - window.start <= WINDOW for window in windows)

    @given(ranges, st.timedeltas(timedelta(microseconds=1), timedelta(days=6)))
    def test_borders_lie_whole_days_apart(self, ends: tuple[datetime, datetime], margin: timedelta) -> None:
        """With a margin the windows end whole days after the start, as many as leave room for it."""
        windows = split(*ends, margin=margin)
        days = [(window.end - ends[0]) / timedelta(days=1) for window in windows[:-1]]
        assert days == [(timedelta(days=7) - margin) // timedelta(days=1) * at for at in range(1, len(windows))]

    @pytest.mark.parametrize("margin", [timedelta(days=-1), timedelta(days=7)])
    def test_no_room_for_the_margin(self, margin: timedelta) -> None:
        """A margin that leaves no window to ask for is refused."""
        start = datetime(2026, 10, 1, tzinfo=UTC)
        with pytest.raises(InvalidRequest, match="cannot overlap by"):
            split(start, start + timedelta(days=1), margin=margin)

    @given(st.data())
    def test_in_any_zone(self, data: st.DataObject) -> None:
        """Also where clocks change: ends in any zone give the windows of the same instants in UTC."""
        start, end = data.draw(ranges)
        zone = data.draw(zones)
        windows = split(start.astimezone(zone), end.astimezone(zone))
        assert windows == split(start, end)
        assert all(window.start.tzinfo is window.end.tzinfo is UTC for window in windows)

    def test_week_with_25_hours(self) -> None:
        """A week on the wall in which clocks go back is an hour over seven days, so it makes two windows."""
        start, end = datetime(2026, 10, 30, tzinfo=_NEW_YORK), datetime(2026, 11, 6, tzinfo=_NEW_YORK)
        assert [window.end - window.start for window in split(start, end)] == [WINDOW, timedelta(hours=1)]

    def test_to_the_end_of_the_calendar(self) -> None:
        """The last window may end where the calendar does."""
        end = datetime.max.replace(tzinfo=UTC)
        assert split(end - timedelta(days=1), end) == (Window(end - timedelta(days=1), end),)

    @pytest.mark.parametrize("days", [0, -1])
    def test_inverted(self, days: int) -> None:
        """An empty or inverted range is refused, not an empty list of windows."""
        start = datetime(2026, 10, 1, tzinfo=UTC)
        with pytest.raises(InvalidRequest, match="it is exclusive"):
            split(start, start + timedelta(days=days))

    @pytest.mark.parametrize("width", [timedelta(0), timedelta(days=-1)])
    def test_width(self, width: timedelta) -> None:
        """A width that would never reach the end is refused."""
        start = datetime(2026, 10, 1, tzinfo=UTC)
        with pytest.raises(InvalidRequest, match="width"):
            split(start, start + timedelta(days=1), width)

    def test_naive(self) -> None:
        """A naive end is refused, also where both are."""
        naive, aware = datetime(2026, 10, 1), datetime(2026, 10, 9, tzinfo=UTC)  # noqa: DTZ001
        for ends in ((naive, aware), (aware, naive), (naive, naive + timedelta(days=1))):
            with pytest.raises(InvalidRequest, match="has no time zone"):
                split(*ends)
