import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.retry import (
    NO_RETRY,
    RETRY_STATUSES,
    Reason,
    RetryPolicy,
    reason_to_repeat,
    told_seconds,
)
from spapi_invoices.core.shipment_invoicing import build_get_invoice_status, build_submit_invoice
from spapi_invoices.core.tokens import build_create_restricted_data_token, build_refresh_access_token
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.endpoints import operation

GET = build_get_invoice_status("D1")
SUBMIT = build_submit_invoice("D1", b"<x/>")
LWA = build_refresh_access_token("id", Secret("secret"), Secret("refresh"))
TOKENS = build_create_restricted_data_token((operation("getShipmentDetails", "v0"),))
_CHANCES = st.floats(0, 1, exclude_max=True)


class TestWaitSeconds:
    """How long to wait before asking again."""

    @given(st.integers(1, 10_000), _CHANCES, st.floats(0.001, 60), st.floats(0.001, 3600))
    def test_bounds(self, attempt: int, chance: float, base: float, cap: float) -> None:
        """A wait is never negative and never over the cap, however many failures went before."""
        policy = RetryPolicy(attempts=20_000, base_seconds=base, cap_seconds=cap, deadline_seconds=math.inf)
        wait = policy.wait_seconds(attempt, chance)
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

    @given(_CHANCES, st.floats(0, 400), st.floats(0, 400))
    def test_deadline(self, chance: float, told: float, passed: float) -> None:
        """No wait is shorter than what was told, and none ends after the deadline: then there is none."""
        wait = RetryPolicy().wait_seconds(1, chance, told=told, passed=passed)
        assert wait is None if passed + told + chance >= 300 else told <= (wait or 0) < 300 - passed

    @pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 415])
    def test_final_statuses(self, status: int) -> None:
        """An answer that would be the same again is not asked for again."""
        assert status not in RETRY_STATUSES


class TestReason:
    """What is asked again, and why."""

    @pytest.mark.parametrize("request_", [GET, LWA, TOKENS])
    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (None, "failed"),
            *((HttpResponse(status=status, body=b"{}"), "failed") for status in (500, 502, 503, 504)),
            *((HttpResponse(status=status, body=b"{}"), None) for status in (200, 301, 400, 403, 404, 415, 501)),
            *(
                (HttpResponse(status=200, body=body), "failed")
                for body in (b"", b" ", b'{"a": 1', b'{"a": tru}', b"{}{}", b"<html>", b"\xef\xbb\xbf", b"[" * 99_999)
            ),
            *((HttpResponse(status=200, body=body), None) for body in (b"{}", b"[]", b' {"a": "\xc3\xa9"}\n', b"null")),
            (HttpResponse(status=404, body=b"<html>"), None),
            (HttpResponse(status=429), "throttled"),
        ],
    )
    def test_what_changes_nothing(self, request_: HttpRequest, answer: HttpResponse | None, reason: Reason | None):
        """No answer, a server's failure, and a success whose body is not all there; nothing that would be the same again."""
        assert reason_to_repeat(request_, answer) == reason

    @pytest.mark.parametrize("status", [200, 201, 500, 503, 504, 400, 403])
    @pytest.mark.parametrize("body", [b"", b"{}", b'{"a'])
    def test_a_submission(self, status: int, body: bytes):
        """It may have been taken, whatever came in place of an answer: it is not sent again."""
        assert reason_to_repeat(SUBMIT, HttpResponse(status=status, body=body)) is None
        assert reason_to_repeat(SUBMIT, None) is None

    def test_a_throttled_submission(self):
        """A 429 refuses before anything is done."""
        assert reason_to_repeat(SUBMIT, HttpResponse(status=429)) == "throttled"


class TestTold:
    """What ``Retry-After`` says."""

    NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)

    def told(self, said: str, date: str | None = None) -> float:
        date = format_datetime(self.NOW, usegmt=True) if date is None else date
        return told_seconds(HttpResponse(status=503, headers={"retry-after": said, "date": date}))

    @pytest.mark.parametrize(("said", "seconds"), [("0", 0), ("5", 5), (" 120 ", 120), ("9" * 5000, math.inf)])
    def test_seconds(self, said: str, seconds: float):
        """As a number, however large."""
        assert self.told(said) == seconds

    @given(st.integers(-(10**6), 10**6))
    def test_a_date(self, ahead: int):
        """As a date it is counted from the answer's own; one that is over says nothing."""
        at = format_datetime(self.NOW + timedelta(seconds=ahead), usegmt=True)
        assert self.told(at) == max(0, ahead)

    @given(st.text(st.characters(codec="latin-1")), st.text(st.characters(codec="latin-1")))
    def test_anything(self, said: str, date: str):
        """What is neither says nothing; it is never an error and never negative."""
        assert self.told(said, date) >= 0

    @pytest.mark.parametrize(
        "said",
        ["-5", "5.5", "soon", "\u0663", "Wed, 21 Oct 99999 07:28:00 GMT", "Mon, 2 Nov 2026 12:00:09 +" + "9" * 20],
    )
    def test_neither(self, said: str):
        """No number and no date."""
        assert self.told(said) == 0

    def test_none(self):
        """Without one, without a date to count from, or without an answer."""
        assert told_seconds(HttpResponse(status=503)) == told_seconds(None) == 0
        assert self.told("Mon, 02 Nov 2026 12:00:09 GMT", date="") == 0
