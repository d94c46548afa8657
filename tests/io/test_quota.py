"""Many threads, one bucket: by a clock that only waiting moves."""

import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from spapi_invoices.core.wire import HttpResponse, Secret
from spapi_invoices.endpoints import OPERATIONS, operation
from spapi_invoices.errors import TransportFailed
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.io.quota import Quota, quota_of
from spapi_invoices.io.settings import Profile
from spapi_invoices.sandbox import running

INVOICES = operation("getCustomerInvoices", "v1")
STATUS = operation("getInvoiceStatus", "v0")
DETAILS = operation("getShipmentDetails", "v0")
LWA = operation("getAccessToken", "o2")
HOST = "https://host.example"
LOCAL = "http://127.0.0.1:8642"
OK = HttpResponse(status=200)
REFUSED = HttpResponse(status=429)


class Time:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, list[float]()
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def quota(time) -> Quota:
    return Quota(time.monotonic)


def sent_at(time: Time, quota: Quota, count: int, came: object = OK, asked=INVOICES, host: str = HOST) -> list[float]:
    """When each of so many requests was sent."""
    sent: list[float] = []

    def send() -> object:
        sent.append(time.now)
        return came

    for _ in range(count):
        quota.ask(asked, host, send, time.sleep)
    return sent


class TestAsk:
    """In its turn."""

    def test_burst_then_rate(self, time, quota):
        """Five at once, then one each 1/9.9 second."""
        sent = sent_at(time, quota, 100)
        assert sent[:5] == [0.0] * 5
        assert sent[5:] == pytest.approx([n / 9.9 for n in range(1, 96)], abs=0.002)

    def test_what_came_is_returned(self, time, quota):
        """As it is."""
        assert quota.ask(INVOICES, HOST, lambda: "no answer", time.sleep) == "no answer"

    def test_buckets(self, time, quota):
        """One for each operation and host: one that is empty delays no other."""
        sent_at(time, quota, 6)
        before = time.now
        assert sent_at(time, quota, 1, asked=STATUS) == [before]
        assert sent_at(time, quota, 1, host="https://other.example") == [before]
        assert sent_at(time, quota, 1) != [before]

    @pytest.mark.parametrize("asked", [row for row in OPERATIONS if row.rate is not None])
    def test_every_documented_operation(self, time, quota, asked):
        """All with a usage plan wait, that of tokens too."""
        sent_at(time, quota, 30, asked=asked)
        assert time.now > 0

    def test_without_a_plan(self, time, quota):
        """Login with Amazon publishes none: nothing waits."""
        sent_at(time, quota, 1000, asked=LWA)
        assert time.waits == []

    @pytest.mark.parametrize(("rate", "pace"), [("20.0", 19.8), ("5.0", 4.95), ("inf", 9.9), ("-1", 9.9), ("x", 9.9)])
    def test_the_stated_rate(self, time, quota, rate: str, pace: float):
        """Adopted at once, if it is one."""
        sent = sent_at(time, quota, 40, HttpResponse(status=200, headers={"x-amzn-ratelimit-limit": rate}))
        assert [later - one for one, later in pairwise(sent[8:])] == pytest.approx([1 / pace] * 31, abs=0.002)

    @pytest.mark.parametrize(("rate", "seconds"), [("1e-9", 10.1), ("1e9", 0.0)])
    def test_a_stated_rate_that_cannot_be(self, time, quota, rate: str, seconds: float):
        """Stops nobody for ever: at worst a request goes each 100 times the documented seconds."""
        sent_at(time, quota, 5, HttpResponse(status=200, headers={"x-amzn-ratelimit-limit": rate}))
        before = time.now
        assert sent_at(time, quota, 1)[0] - before == pytest.approx(seconds, abs=0.01)

    def test_a_rate_that_is_too_high_and_refusals(self, time, quota):
        """After a 429 the documented rate counts, however high a one each answer states."""
        headers = {"x-amzn-ratelimit-limit": "1e9"}
        sent_at(time, quota, 20, HttpResponse(status=200, headers=headers))
        sent_at(time, quota, 1, HttpResponse(status=429, headers=headers))
        before = time.now
        sent_at(time, quota, 10, HttpResponse(status=200, headers=headers))
        assert time.now - before == pytest.approx(10 / 9.9, abs=0.05)

    def test_a_refusal_empties(self, time, quota):
        """After a 429 the next one waits for half a second, and then for a whole token."""
        sent_at(time, quota, 1, REFUSED)
        assert sent_at(time, quota, 1) == pytest.approx([0.5 + 1 / 9.9], abs=0.002)

    @pytest.mark.parametrize(("scale", "seconds"), [("1", 10.2), ("10", 1.02), ("0", 0)])
    @pytest.mark.parametrize("status", [200, 429])
    def test_a_sandbox(self, time, quota, status: int, scale: str, seconds: float):
        """It states how fast its clock is; of one that stands still there is no quota, whatever it answers first."""
        headers = {"x-sandbox-time-scale": scale}
        sent_at(time, quota, 1, HttpResponse(status=status, headers=headers), host=LOCAL)
        before = time.now
        sent_at(time, quota, 101, HttpResponse(status=200, headers=headers), host=LOCAL)
        assert time.now - before == pytest.approx(seconds, abs=0.8)

    @pytest.mark.parametrize(
        ("host", "scale"), [(HOST, "0"), (HOST, "100"), *((LOCAL, text) for text in ("abc", "", "-1", "nan", "inf"))]
    )
    def test_no_sandbox(self, time, quota, host: str, scale: str):
        """No other host has a say in our clock, and what is no number has none either: the plan is kept."""
        sent = sent_at(time, quota, 20, HttpResponse(status=200, headers={"x-sandbox-time-scale": scale}), host=host)
        assert [later - one for one, later in pairwise(sent[5:])] == pytest.approx([1 / 9.9] * 14, abs=0.002)

    def test_what_sleep_raises(self, time, quota):
        """Ends the wait; no token is taken, so the next one has it."""

        def leave(_: float) -> None:
            raise TransportFailed("called off")

        sent_at(time, quota, 5)
        for _ in range(5):
            with pytest.raises(TransportFailed):
                quota.ask(INVOICES, HOST, lambda: pytest.fail("sent"), leave)
        assert sent_at(time, quota, 1) == pytest.approx([1 / 9.9], abs=0.002)

    def test_what_send_raises(self, time, quota):
        """Is no reason to wait for its answer."""
        with pytest.raises(MemoryError):
            quota.ask(INVOICES, HOST, _no_memory, time.sleep)
        assert sent_at(time, quota, 4) == [0.0] * 4

    def test_threads(self, time, quota):
        """However many threads ask, together they send no more than one bucket allows."""
        sent: list[float] = []

        def send() -> HttpResponse:
            sent.append(time.now)
            return OK

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: quota.ask(STATUS, HOST, send, time.sleep), range(200)))
        sent.sort()
        assert len(sent) == 200
        for first in range(200):
            # By this clock a thread may be late, but the token that it took was there before.
            assert 200 - first <= 25 + 1.133 * (time.now - sent[first]) + 16


def _no_memory() -> HttpResponse:
    raise MemoryError


class TestSharing:
    """Who asks whom."""

    @pytest.fixture
    def profile(self) -> Callable[..., Profile]:
        def make(client_id: str = "id", refresh_token: str = "token", **more: str) -> Profile:
            return Profile(client_id=client_id, refresh_token=Secret(refresh_token), **more)

        return make

    def test_one_account(self, profile):
        """The same application and partner have one quota, whatever the profile is called."""
        assert quota_of(profile(name="a")) is quota_of(profile(name="b", region="eu"))

    def test_other_accounts(self, profile):
        """Another application or another partner has its own."""
        several = {quota_of(one) for one in (profile(), profile("other"), profile(refresh_token="other"))}
        assert len(several) == 3

    def test_forgotten_with_its_clients(self, profile):
        """Nobody holds it: the next one begins anew."""
        quota = quota_of(profile())
        sent_at(Time(), quota, 1)
        assert quota_of(profile())._buckets != {}
        del quota
        gc.collect()
        assert quota_of(profile())._buckets == {}

    def test_no_secret_in_sight(self):
        """Neither the key nor the quota shows who it is for."""
        from spapi_invoices.io import quota as module

        held = quota_of(SANDBOX_PROFILE)
        secret = SANDBOX_PROFILE.refresh_token.reveal()
        assert secret not in repr(dict(module._SHARED)) + repr(vars(held))
        assert secret.encode() not in b"".join(module._SHARED.keys())


def test_clients_of_a_sandbox():
    """Two clients of one account, four threads each, on a clock twenty times as fast: all is answered, nothing is refused."""
    lines: list[str] = []
    with running(customer_invoices=0, shipments=40, time_scale=20, log=lines.append) as sandbox:
        clients, ids = (sandbox.client(), sandbox.client()), list(sandbox.world.shipments)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda at: clients[at % 2].invoice_statuses(ids[at::8]), range(8)))
    assert sum(one.height for one in found) == 40
    assert [line for line in lines if " 429 " in line] == []
    assert sum("/invoice/status" in line for line in lines) == 40
