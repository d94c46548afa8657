"""The token bucket's laws, and plans that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.sandbox.buckets import Bucket, Plan

RATES = st.floats(0.1, 50)
BURSTS = st.integers(1, 50)
GAPS = st.lists(st.floats(0, 20), max_size=60)


@given(RATES, BURSTS, GAPS)
def test_never_over_the_quota(rate, burst, gaps):
    """In any span no more is allowed than the burst and what flowed in; what it holds is from 0 to the burst."""
    bucket, now, allowed = Bucket(burst, 0), 0.0, []
    for gap in gaps:
        now += gap
        after = bucket.take(rate, burst, now)
        if after is not None:
            bucket = after
            allowed.append(now)
        assert 0 <= bucket.tokens <= burst
    for first, start in enumerate(allowed):
        for last in range(first, len(allowed)):
            assert last - first + 1 <= burst + (allowed[last] - start) * rate + 1e-3


@given(RATES, BURSTS)
def test_a_full_bucket_gives_its_burst(rate, burst):
    """At one moment a full bucket allows its burst, to the last, and nothing more."""
    bucket = Bucket(burst, 5)
    for _ in range(burst):
        bucket = bucket.take(rate, burst, 5)
    assert bucket.take(rate, burst, 5) is None


@given(RATES, st.floats(0, 1e6))
def test_waiting_exactly_long_enough(rate, start):
    """Who waits for one over the rate after emptying it is allowed again, whatever the floats do."""
    assert Bucket(0, start).take(rate, 10, start + 1 / rate) is not None
    assert Bucket(0, start).take(rate, 10, start + 0.9 / rate) is None


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (("getAccessToken", 1, 1), "'getAccessToken' has no quota. Next: name one of getCustomerInvoices, "),
        (("getInvoiceStatus", 0, 1), "is 0 a second, 1 of 1. Next: "),
        (("getInvoiceStatus", float("nan"), 1), "is nan a second"),
        (("getInvoiceStatus", 1, 0), "0 of 0"),
        (("getInvoiceStatus", 1, 5, 6), "6 of 5"),
        (("getInvoiceStatus", 1, 5, -1), "-1 of 5"),
    ],
)
def test_a_plan_that_is_none(plan, says):
    """An operation without a quota, or numbers that no bucket has, are refused."""
    with pytest.raises(InvalidRequest) as raised:
        Plan(*plan)
    assert says in str(raised.value)
