"""The client's bucket: its laws, and how it fares against servers that are as documented and such that are not."""

import heapq
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.throttle import Bucket

RATES = st.floats(0.01, 100)
BURSTS = st.integers(1, 50)
# What may happen to a bucket, and the seconds before it.
EVENTS = st.lists(
    st.tuples(st.sampled_from(["take", "take", "take", "answer", "refusal", "rate"]), st.floats(0, 10)), max_size=80
)


def after(bucket: Bucket, events: list[tuple[str, float]], now: float = 0.0) -> Iterator[tuple[Bucket, float, bool]]:
    """The bucket after each event, when, and whether a token was taken."""
    for event, gap in events:
        now, taken = now + gap, False
        if event == "take":
            bucket, wait = bucket.taken(now)
            taken = wait == 0
        elif event == "answer":
            bucket = bucket.answered(now)
        elif event == "refusal":
            bucket = bucket.refused(now, sent_at=now - gap)
        else:
            bucket = bucket.at_rate(gap + 0.01)
        yield bucket, now, taken


class TestLaws:
    """What holds whatever happens."""

    @given(RATES, BURSTS, EVENTS)
    def test_never_over_the_documented_bucket(self, rate, burst, events):
        """In any interval no more is sent than a full bucket of the plan allows."""
        kept = [one for one in events if one[0] != "rate"]
        sent = [now for _, now, taken in after(Bucket.of(rate, burst, 0.0), kept) if taken]
        for first, start in enumerate(sent):
            for last in range(first, len(sent)):
                assert last - first + 1 <= burst + rate * (sent[last] - start) + 1e-6

    @given(RATES, BURSTS, EVENTS, st.lists(st.floats(-100, 100), max_size=80))
    def test_bounds(self, rate, burst, events, jumps):
        """Tokens are from 0 to the capacity, by any clock, one that jumps and goes back too."""
        jumping = [(event, jump) for (event, _), jump in zip(events, jumps, strict=False) if event != "rate"]
        for bucket, _, _ in after(Bucket.of(rate, burst, 0.0), jumping):
            assert 0 <= bucket.tokens <= bucket.capacity <= max(1, burst - 1)
            assert 0 <= bucket.doubt <= max(0, bucket.capacity - 1)
            assert 0.1 <= bucket.share <= 0.99

    @given(RATES, BURSTS, EVENTS)
    def test_a_wait_is_long_enough(self, rate, burst, events):
        """Who waits as long as was said gets a token, if nobody was faster; nobody is told to wait for ever."""
        now, bucket = 0.0, Bucket.of(rate, burst, 0.0)
        for one, at, _ in after(bucket, events):
            bucket, now = one, at
        waiting, wait = bucket.taken(now)
        assert 0 <= wait < 1e6
        if wait:
            assert waiting.taken(now + wait + 1e-6)[1] == 0

    def test_a_clock_that_goes_back(self):
        """Nothing flows in until the clock is where it was, or an answer comes."""
        bucket = Bucket(rate=1, published=1, burst=10, tokens=0, doubt=0, at=100)
        assert bucket.refilled(50).tokens == 0
        assert bucket.refilled(101).tokens == pytest.approx(0.99)
        assert bucket.answered(50).refilled(51).tokens == pytest.approx(0.99)


class TestBeginning:
    """Nobody knows whether the server's bucket is full."""

    def test_one_goes_first(self):
        """One request; the next one after its answer, which may take two seconds and no more."""
        bucket, wait = Bucket.of(10, 10, 0.0).taken(0.0)
        assert wait == 0
        assert bucket.taken(0.5)[1] == pytest.approx(1.5 + 1 / 9.9)
        assert bucket.answered(0.5).taken(0.5)[1] == 0
        assert bucket.taken(2.2)[1] == 0

    def test_each_answer_takes_a_doubt(self):
        """At one moment as many are sent as answers came and one, until the bucket is used up."""
        bucket, sent = Bucket.of(1.133, 25, 0.0), []
        for _ in range(25):
            count = 0
            while bucket.taken(0.0)[1] == 0:
                bucket, count = bucket.taken(0.0)[0], count + 1
            sent.append(count)
            bucket = bucket.answered(0.0)
        assert sent == [1] * 24 + [0]


class TestRate:
    """What an answer states."""

    def test_adopted_at_once(self):
        """The next wait is at the new rate."""
        bucket = Bucket(rate=10, published=10, burst=10, tokens=0, doubt=0, at=0)
        waits = [bucket.at_rate(rate).taken(0)[1] for rate in (None, 10, 20, 5)]
        assert waits == pytest.approx([1 / 9.9, 1 / 9.9, 1 / 19.8, 1 / 4.95])

    @pytest.mark.parametrize(("stated", "adopted"), [(1e-9, 0.1), (0.1, 0.1), (1000, 1000), (1e9, 1000)])
    def test_only_a_plausible_one(self, stated, adopted):
        """From a hundredth to a hundred times the published rate, whatever was stated before."""
        bucket = Bucket.of(10, 10, 0.0)
        assert [one.at_rate(stated).rate for one in (bucket, bucket.at_rate(20), bucket.at_rate(1e9))] == [adopted] * 3

    def test_above_the_published_one_until_a_429(self):
        """Then it is the published one that counts; the rest comes back in little more than two minutes."""
        bucket = Bucket.of(10, 10, 0.0).at_rate(30).refused(1, sent_at=0.5).at_rate(30)
        paces = [round(bucket.pace(1 + later), 2) for later in (0, 30, 60, 120, 150)]
        assert paces == [9.9, 10.8, 13.5, 24.3, 29.7]
        assert bucket.at_rate(5).pace(1) == pytest.approx(4.95)

    def test_no_more_than_the_new_capacity(self):
        """At a higher rate more may bunch up, so less is held."""
        assert Bucket(rate=1, published=1, burst=10, tokens=8, doubt=6, at=0).at_rate(14).refilled(0).tokens == 3


class TestRefusals:
    """What a 429 says."""

    FULL = Bucket(rate=10, published=10, burst=10, tokens=4, doubt=2, at=0)

    def test_empties(self):
        """The first one says that the bucket was empty, and nothing about the rate."""
        bucket = self.FULL.refused(1, sent_at=0.5)
        assert (bucket.tokens, bucket.doubt, bucket.pace(1)) == (0, 0, self.FULL.pace(0))

    def test_soon_again(self):
        """A second one soon after cuts our share; late after it does not."""
        once = self.FULL.refused(1, sent_at=0.5)
        assert once.refused(2, sent_at=1.5).pace(2) == pytest.approx(9.9 * 0.7)
        assert once.refused(4, sent_at=3.5).pace(4) == pytest.approx(9.9)

    def test_on_their_way_together(self):
        """What was sent before the first one came says nothing new."""
        bucket = self.FULL.refused(1, sent_at=0.5)
        for at in (1.1, 1.2, 1.3):
            bucket = bucket.refused(at, sent_at=0.9)
        assert (bucket.pace(1.3), bucket.refused_at) == (9.9, 1)

    def test_grows_back(self):
        """Slowly first, then faster, to the whole in little more than two minutes; never below a tenth."""
        bucket = self.FULL
        for at in range(1, 30):
            bucket = bucket.refused(at, sent_at=at - 0.5)
        assert bucket.share == 0.1
        assert [round(bucket.pace(29 + later), 2) for later in (0, 30, 60, 120, 140)] == [1.0, 1.45, 2.8, 8.2, 9.9]


@dataclass
class Server:
    """A server's bucket, and what it did."""

    rate: float
    burst: int
    tokens: float
    at: float = 0.0
    allowed: int = 0
    refused: list[float] = field(default_factory=list)

    def __call__(self, now: float) -> bool:
        self.tokens, self.at = min(self.burst, self.tokens + (now - self.at) * self.rate), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(frozen=True)
class Case:
    """A plan as documented, a server, and what lies between.

    Attributes:
        plan: Rate and burst.
        rate: The server's; ``None`` is the plan's.
        tokens: In the server's bucket at the start; ``None`` is all of the burst.
        stated: Whether answers state the server's rate, or what they state.
        latency: Seconds from and to which an answer takes.
        others: Requests a second that another process sends.
        fast: Seconds of the client's clock for each of the server's.
    """

    plan: tuple[float, int] = (10, 10)
    rate: float | None = None
    tokens: float | None = None
    stated: bool | float = True
    latency: tuple[float, float] = (0.05, 0.8)
    others: float = 0.0
    fast: float = 1.0


def played(case: Case, seed: int, seconds: float = 120.0, workers: int = 18) -> tuple[float, list[float], float]:
    """The share of what the server allowed that was ours, when 429s came, and the others' share.

    Workers ask again as soon as they have an answer; after a 429 they wait up to a second, as the transport does.
    """
    chance, order = random.Random(seed), itertools.count()
    rate, burst = case.plan
    server = Server(case.rate or rate, burst, burst if case.tokens is None else case.tokens)
    bucket, begun, others = Bucket.of(rate, burst, 0.0), server.tokens, 0
    events = [(0.0, next(order), "ask", 0.0) for _ in range(workers)]
    events += [(n / case.others, next(order), "other", 0.0) for n in range(int(seconds * case.others))]
    heapq.heapify(events)
    while events and events[0][0] <= seconds:
        now, _, event, about = heapq.heappop(events)
        ours = now * case.fast
        if event == "ask":
            bucket, wait = bucket.taken(ours)
            trip = chance.uniform(*case.latency) / 2
            then = (now + min(wait, 0.5) + 1e-6, "ask", 0.0) if wait else (now + trip, "arrive", now)
        elif event == "arrive":
            good = server(now)
            server.allowed += good
            then = (now + chance.uniform(*case.latency) / 2, "good" if good else "refused", about)
        elif event == "other":
            others += server(now)
            continue
        elif event == "good":
            bucket = bucket.at_rate(server.rate if case.stated is True else case.stated or None).answered(ours)
            then = (now, "ask", 0.0)
        else:
            server.refused.append(now)
            bucket = bucket.refused(ours, about * case.fast)
            then = (now + chance.random(), "ask", 0.0)
        heapq.heappush(events, (then[0], next(order), *then[1:]))
    # A part of a request is none.
    allowed = int(begun + server.rate * seconds)
    return server.allowed / allowed, server.refused, others / allowed


SLOW_PLAN = (1.133, 25)


class TestAgainstAServer:
    """Two minutes against a simulated server."""

    @pytest.mark.parametrize("seed", range(2))
    @pytest.mark.parametrize("latency", [(0.05, 0.05), (0.05, 0.8), (0.8, 0.8)])
    @pytest.mark.parametrize("plan", [(10, 10), SLOW_PLAN])
    def test_as_documented(self, plan, latency, seed):
        """At least 97 % of what the server allows, and no 429."""
        share, refused, _ = played(Case(plan, latency=latency), seed)
        assert (share >= 0.97, refused) == (True, [])

    @pytest.mark.parametrize("plan", [(10, 10), SLOW_PLAN])
    def test_a_fast_clock(self, plan):
        """Nor if our clock runs 1 % fast."""
        assert played(Case(plan, fast=1.01), 1)[1] == []

    @pytest.mark.parametrize("seed", range(2))
    @pytest.mark.parametrize("plan", [(10, 10), SLOW_PLAN])
    @pytest.mark.parametrize("latency", [(0.05, 0.05), (0.05, 0.8)])
    def test_drained_at_the_start(self, plan, latency, seed):
        """Two 429s at most, at the start, then none, and no less than of a full one."""
        share, refused, _ = played(Case(plan, tokens=0, latency=latency), seed)
        assert len(refused) <= 2
        assert all(at < 5 for at in refused)
        assert share >= 0.97

    @pytest.mark.parametrize("seed", range(2))
    @pytest.mark.parametrize(("plan", "rate"), [((10, 10), 5), ((10, 10), 2), (SLOW_PLAN, 0.5)])
    def test_slower(self, plan, rate, seed):
        """A server that states a lower rate: two 429s at most, and most of what it allows."""
        share, refused, _ = played(Case(plan, rate), seed)
        assert len(refused) <= 2
        assert share >= 0.94

    @pytest.mark.parametrize("seed", range(2))
    @pytest.mark.parametrize("latency", [(0.05, 0.05), (0.05, 0.8), (0.8, 0.8)])
    def test_faster(self, latency, seed):
        """A server that states twice the rate: at least 94 % of it, no 429."""
        share, refused, _ = played(Case(rate=20, latency=latency), seed)
        assert (share >= 0.94, refused) == (True, [])

    @pytest.mark.parametrize("seed", range(2))
    def test_slower_and_silent(self, seed):
        """A server that is half as fast and does not say so: 429s are some in a hundred, and most is used."""
        share, refused, _ = played(Case(rate=5, stated=False), seed)
        assert len(refused) <= 15
        assert share >= 0.85

    @pytest.mark.parametrize("seed", range(2))
    @pytest.mark.parametrize("plan", [(10, 10), SLOW_PLAN])
    def test_a_rate_that_is_far_too_high(self, plan, seed):
        """A server that states what it does not give: no more 429s than a tenth of what it allows, and two thirds are used."""
        share, refused, _ = played(Case(plan, stated=1e9), seed)
        assert len(refused) <= 0.1 * 120 * plan[0] + plan[1]
        assert share >= 0.65

    @pytest.mark.parametrize("seed", range(2))
    def test_another_process(self, seed):
        """One that takes half: it gets its half, we get most of ours, and 429s are some in a hundred."""
        share, refused, others = played(Case(others=5), seed)
        assert len(refused) <= 15
        assert share >= 0.4
        assert others >= 0.45

    def test_another_process_that_takes_nearly_all(self):
        """We are not starved, and come back when it has gone."""
        share, _, _ = played(Case(others=9), 1)
        assert share >= 0.08
