"""Tokens: made once, renewed early, the right one for each operation."""

import gc
import json
import signal
import threading
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spapi_invoices as spi
from spapi_invoices.core.shipment_invoicing import build_get_invoice_status, build_get_shipment_details
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.endpoints import Operation, Rdt, operation
from spapi_invoices.errors import AccessDenied, AuthFailed, ServiceUnavailable, SpapiInvoicesError, Throttled
from spapi_invoices.io.auth import Kept, Tokens, kept_for
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.io.pause import end_pauses_on, pause
from tests.scripted_server import scripted

INVOICES = operation("getCustomerInvoices", "v1")
INVOICE = operation("getCustomerInvoice", "v1")
SHIPMENT = operation("getShipmentDetails", "v0")
STATUS = operation("getInvoiceStatus", "v0")


class FakeLwa:
    """Answers token requests and keeps a list of what was asked."""

    def __init__(self, lifetime: int = 3600, refused: tuple[int, str] | None = None) -> None:
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        self.lifetime, self.refused = lifetime, refused
        self._lock = threading.Lock()

    def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
        with self._lock:
            self.asked.append(request.operation.operation_id)
            self.bodies.append(request.body)
            number = len(self.asked)
        if self.refused is not None:
            status, error = self.refused
            return HttpResponse(
                status=status, body=json.dumps({"error": error, "error_description": "As Amazon says"}).encode()
            )
        if request.operation.api == "lwa":
            body = f'{{"access_token":"access-{number}","expires_in":{self.lifetime},"token_type":"bearer"}}'
        else:
            body = f'{{"restrictedDataToken":"restricted-{number}","expiresIn":{self.lifetime}}}'
        return HttpResponse(status=200, body=body.encode())


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Arrivals:
    """A clock that goes on at each look, and says when it was looked at so many times: once by each who comes."""

    def __init__(self, many: int) -> None:
        self.all_came, self._many = threading.Event(), many
        self._looks, self._lock = 0, threading.Lock()

    def __call__(self) -> float:
        with self._lock:
            self._looks += 1
            if self._looks == self._many:
                self.all_came.set()
            return self._looks


def refusal(status: int, code: str, message: str, details: str = "") -> HttpResponse:
    body = {"errors": [{"code": code, "message": message, "details": details}]}
    return HttpResponse(status=status, body=json.dumps(body).encode())


EXPIRED = refusal(403, "Unauthorized", "Denied", "The access token you provided has expired.")
NO_ROLE = refusal(400, "InvalidInput", "Application do not have access to some or all requested resource")
INVOICE_STATUS = "/fba/outbound/brazil/v0/shipments/D1/invoice/status"
STATUS_ANSWER = (200, b'{"payload": {"Shipments": {"AmazonShipmentId": "D1", "InvoiceStatus": "Accepted"}}}')


def test_each_operation_gets_its_kind_of_token():
    """Restricted operations get a restricted data token, one for all of their API version; others the access token."""
    lwa = FakeLwa()
    tokens = Tokens(SANDBOX_PROFILE, lwa)
    got = [tokens.token_for(one).reveal() for one in (INVOICES, INVOICE, SHIPMENT, STATUS)]
    assert got == ["restricted-2", "restricted-2", "restricted-3", "access-1"]
    assert b"customerInvoices/{purchaseOrderNumber}" in lwa.bodies[1]
    assert b"shipments" not in lwa.bodies[1]


def test_renewed_five_minutes_early():
    """A token is kept until five minutes before its end."""
    lwa, clock = FakeLwa(), Clock()
    tokens = Tokens(SANDBOX_PROFILE, lwa, Kept(clock))
    tokens.token_for(STATUS)
    clock.now = 3299
    assert tokens.token_for(STATUS).reveal() == "access-1"
    clock.now = 3300
    assert tokens.token_for(STATUS).reveal() == "access-2"


@pytest.mark.parametrize(
    ("refused", "got"),
    [((503, "unavailable"), "access-1"), ((429, "slow"), "access-1"), ((400, "invalid_grant"), None)],
)
def test_renewal_that_fails_for_a_while_leaves_a_token_in_use_until_it_ends(
    refused: tuple[int, str], got: str | None
) -> None:
    """A token that cannot be renewed early is used on, and renewed a minute later; refused credentials fail at once."""
    lwa, clock = FakeLwa(), Clock()
    tokens = Tokens(SANDBOX_PROFILE, lwa, Kept(clock))
    tokens.token_for(STATUS)
    clock.now, lwa.refused = 3500, refused
    if got is None:
        with pytest.raises(AuthFailed):
            tokens.token_for(STATUS)
        return
    assert [tokens.token_for(STATUS).reveal() for _ in range(2)] == [got] * 2
    assert len(lwa.asked) == 2
    clock.now = 3560
    tokens.token_for(STATUS)
    assert len(lwa.asked) == 3
    clock.now = 3600
    with pytest.raises((ServiceUnavailable, Throttled)):
        tokens.token_for(STATUS)
    clock.now, lwa.refused = 3601, None
    assert tokens.token_for(STATUS).reveal() == "access-5"


@pytest.mark.parametrize("status", [200, 302, 403, 404])
def test_what_stands_between_refuses_no_renewal(status: int) -> None:
    """An HTML page in place of the new token is a proxy's, and no reason to give up one that is good."""
    lwa, clock, pages = FakeLwa(), Clock(), list[bool]()

    def send(request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
        between = pages and request.operation.api == "tokens"
        return HttpResponse(status=status, body=b"<html>blocked</html>") if between else lwa(request, token, asked)

    tokens = Tokens(SANDBOX_PROFILE, send, Kept(clock))
    tokens.token_for(SHIPMENT)
    pages.append(True)
    clock.now = 3400
    assert tokens.token_for(SHIPMENT).reveal() == "restricted-2"


def test_nobody_waits_for_a_renewal_while_the_token_is_good() -> None:
    """Whoever asks while another thread renews a token gets the one that is still good."""
    clock, asked, answer = Clock(), threading.Event(), threading.Event()

    class Slow(FakeLwa):
        """Answers the second request when told to."""

        def __call__(self, request: HttpRequest, token: Secret | None, asked_for: Operation) -> HttpResponse:
            if self.asked:
                asked.set()
                answer.wait(20)
            return super().__call__(request, token, asked_for)

    tokens = Tokens(SANDBOX_PROFILE, Slow(), Kept(clock))
    tokens.token_for(STATUS)
    clock.now = 3400
    renewing = Asking(tokens, STATUS)
    assert asked.wait(10)
    assert tokens.token_for(STATUS).reveal() == "access-1"
    assert not answer.is_set()
    answer.set()
    assert renewing.join() == [Secret("access-2")]
    assert tokens.token_for(STATUS).reveal() == "access-2"


def test_a_short_lived_token_is_not_renewed_at_every_call():
    """A token that lives shorter than the margin serves for half its life."""
    lwa, clock = FakeLwa(lifetime=60), Clock()
    tokens = Tokens(SANDBOX_PROFILE, lwa, Kept(clock))
    for second in range(30):
        clock.now = second
        tokens.token_for(STATUS)
    assert len(lwa.asked) == 1


class Awaiting(FakeLwa):
    """Answers the first request once all have come, with an answer of the test's if it has one."""

    def __init__(self, clock: Arrivals, first: HttpResponse | None = None) -> None:
        super().__init__()
        self._clock, self._first = clock, first

    def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
        answer = super().__call__(request, token, asked)
        assert self._clock.all_came.wait(10)
        return self._first if self._first is not None and len(self.asked) == 1 else answer


class Asking:
    """Threads that all ask for a token at once; what each got, or the error it raised."""

    def __init__(self, tokens: Tokens, *asked: Operation) -> None:
        self.got: list[Secret | SpapiInvoicesError] = []
        self._tokens, self._start = tokens, threading.Barrier(len(asked))
        self._threads = [threading.Thread(target=self._ask, args=(one,)) for one in asked]
        for thread in self._threads:
            thread.start()

    def _ask(self, asked: Operation) -> None:
        self._start.wait(10)
        try:
            self.got.append(self._tokens.token_for(asked))
        except SpapiInvoicesError as error:
            self.got.append(error)

    def join(self) -> list[Secret | SpapiInvoicesError]:
        for thread in self._threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in self._threads)
        return self.got


class TestThreads:
    """Any number of threads, one token."""

    @settings(max_examples=50)
    @given(st.lists(st.sampled_from([INVOICES, INVOICE, SHIPMENT, STATUS]), min_size=1, max_size=16))
    def test_made_once(self, asked: list[Operation]) -> None:
        """Whatever threads need at once is made once: an access token, and a restricted one for each API version."""
        lwa = FakeLwa()
        got = Asking(Tokens(SANDBOX_PROFILE, lwa), *asked).join()
        kinds = {one.api if one.restricted else "" for one in asked}
        assert sorted(lwa.asked) == ["createRestrictedDataToken"] * len(kinds - {""}) + ["getAccessToken"]
        assert len({one.reveal() for one in got}) == len(kinds)

    @settings(max_examples=20)
    @given(st.lists(st.sampled_from([INVOICES, SHIPMENT, STATUS]), min_size=2, max_size=16))
    def test_refused_once(self, asked: list[Operation]) -> None:
        """Refused credentials are asked for once, whenever in that minute a thread comes; each has Amazon's own words."""
        lwa = FakeLwa(refused=(400, "invalid_grant"))
        got = Asking(Tokens(SANDBOX_PROFILE, lwa), *asked).join()
        assert lwa.asked == ["getAccessToken"]
        assert [type(error) for error in got] == [AuthFailed] * len(asked)
        assert all("HTTP 400: invalid_grant: As Amazon says" in str(error) for error in got)
        assert len({id(error) for error in got}) == len(asked)

    def test_all_who_wait_get_what_is_made(self) -> None:
        """Eight threads that are all there before the token is get that one."""
        clock = Arrivals(8)
        lwa = Awaiting(clock)
        assert Asking(Tokens(SANDBOX_PROFILE, lwa, Kept(clock)), *[STATUS] * 8).join() == [Secret("access-1")] * 8
        assert lwa.asked == ["getAccessToken"]

    def test_a_passing_failure_is_that_of_all_who_waited(self) -> None:
        """When Login with Amazon cannot answer, all who waited for it fail with it; who comes later asks again."""
        clock = Arrivals(8)
        lwa = Awaiting(clock, HttpResponse(status=503))
        tokens = Tokens(SANDBOX_PROFILE, lwa, Kept(clock))
        got = Asking(tokens, *[STATUS] * 8).join()
        assert [type(error) for error in got] == [ServiceUnavailable] * 8
        assert lwa.asked == ["getAccessToken"]
        assert tokens.token_for(STATUS).reveal() == "access-2"

    def test_called_off(self) -> None:
        """Who is called off while making a token fails alone: of eight who are there, the next one makes it, for the rest too."""

        class CalledOff(Awaiting):
            """Whose first caller leaves when all have come."""

            def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
                answer = super().__call__(request, token, asked)
                if len(self.asked) == 1:
                    left = threading.Event()
                    end_pauses_on(left)
                    left.set()
                    pause(1.0)
                return answer

        clock = Arrivals(8)
        lwa = CalledOff(clock)
        got = Asking(Tokens(SANDBOX_PROFILE, lwa, Kept(clock)), *[STATUS] * 8).join()
        assert [one for one in got if isinstance(one, Secret)] == [Secret("access-2")] * 7
        assert lwa.asked == ["getAccessToken"] * 2

    def test_another_kind_is_not_waited_for(self) -> None:
        """While one token is made, another that is there is handed out."""
        under_way, go_on = threading.Event(), threading.Event()

        class Slow(FakeLwa):
            """Makes restricted tokens when told to."""

            def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
                if request.operation.api == "tokens":
                    under_way.set()
                    assert go_on.wait(10)
                return super().__call__(request, token, asked)

        lwa = Slow()
        tokens = Tokens(SANDBOX_PROFILE, lwa)
        asking = Asking(tokens, INVOICES)
        assert under_way.wait(10)
        assert tokens.token_for(STATUS).reveal() == "access-1"
        assert lwa.asked == ["getAccessToken"]
        go_on.set()
        assert asking.join() == [Secret("restricted-2")]

    def test_renewed_once(self) -> None:
        """Eight threads whose token Amazon calls expired, all before the first of them gets a new one, get one new one."""
        refused = threading.Barrier(8)

        class Expiring(FakeLwa):
            """Calls the first access token expired, to all eight at once."""

            def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
                if request.operation is not STATUS:
                    return super().__call__(request, token, asked)
                if token == Secret("access-1"):
                    refused.wait(10)
                    return EXPIRED
                return HttpResponse(status=200)

        lwa = Expiring()
        tokens = Tokens(SANDBOX_PROFILE, lwa)
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(tokens.send, build_get_invoice_status("D1")) for _ in range(8)]
            assert [one.result(10).status for one in asked] == [200] * 8
        assert lwa.asked == ["getAccessToken"] * 2

    def test_interrupted(self) -> None:
        """Ctrl-C while a token is made leaves nothing behind: the next one makes it."""

        class Interrupted(FakeLwa):
            """Interrupts the first request."""

            def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
                answer = super().__call__(request, token, asked)
                if len(self.asked) == 1:
                    raise KeyboardInterrupt
                return answer

        tokens = Tokens(SANDBOX_PROFILE, Interrupted())
        with pytest.raises(KeyboardInterrupt):
            tokens.token_for(STATUS)
        assert Asking(tokens, STATUS).join() == [Secret("access-2")]


def test_who_waits_for_another_threads_token_is_interrupted() -> None:
    """Ctrl-C ends the wait for a token that another thread is making, long before that one has it."""
    asked, answer = threading.Event(), threading.Event()
    main = threading.main_thread().ident
    assert main is not None

    class Slow(FakeLwa):
        """Answers when told to."""

        def __call__(self, request: HttpRequest, token: Secret | None, asked_for: Operation) -> HttpResponse:
            asked.set()
            answer.wait(20)
            return super().__call__(request, token, asked_for)

    tokens = Tokens(SANDBOX_PROFILE, Slow())
    other = threading.Thread(target=tokens.token_for, args=(STATUS,))
    other.start()
    assert asked.wait(10)
    threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        tokens.token_for(STATUS)
    assert not answer.is_set()
    assert other.is_alive()
    answer.set()
    other.join(10)
    assert tokens.token_for(STATUS).reveal() == "access-1"


class TestRefused:
    """What Amazon refused is not asked again at once."""

    @pytest.mark.parametrize(
        ("status", "error"), [(400, "invalid_grant"), (401, "invalid_client"), (400, "unauthorized_client")]
    )
    def test_final_for_a_minute(self, status: int, error: str) -> None:
        """One request, and the same words for a minute, after which it is asked again: an account may have been mended."""
        lwa, clock = FakeLwa(refused=(status, error)), Clock()
        tokens = Tokens(SANDBOX_PROFILE, lwa, Kept(clock))
        for clock.now in (0, 1, 59, 60):
            with pytest.raises(AuthFailed, match=f"HTTP {status}: {error}: As Amazon says"):
                tokens.token_for(SHIPMENT)
            assert len(lwa.asked) == (1 if clock.now < 60 else 2)

    def test_mended(self) -> None:
        """Once it is granted, what was refused before is forgotten."""
        lwa, clock = FakeLwa(refused=(400, "invalid_grant")), Clock()
        tokens = Tokens(SANDBOX_PROFILE, lwa, Kept(clock))
        with pytest.raises(AuthFailed):
            tokens.token_for(STATUS)
        clock.now, lwa.refused = 60, None
        assert tokens.token_for(STATUS).reveal() == "access-2"

    def test_a_restricted_token(self) -> None:
        """A restricted token that is refused says why, and does not lead to another kind of token."""

        class NoRole(FakeLwa):
            """Refuses restricted tokens."""

            def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
                answer = super().__call__(request, token, asked)
                return answer if request.operation.api == "lwa" else NO_ROLE

        lwa = NoRole()
        with pytest.raises(AccessDenied, match="The application lacks a role") as caught:
            Tokens(SANDBOX_PROFILE, lwa).send(build_get_shipment_details("D1"))
        assert caught.value.operation_id == "createRestrictedDataToken"
        assert lwa.asked == ["getAccessToken", "createRestrictedDataToken"]


class TestRdt:
    """The setting ``rdt``."""

    @pytest.mark.parametrize(
        ("rdt", "expected"),
        [
            ("auto", ["restricted-2", "restricted-2", "restricted-3", "access-1"]),
            ("always", ["restricted-2", "restricted-2", "restricted-3", "restricted-3"]),
            ("never", ["access-1"] * 4),
        ],
    )
    def test_modes(self, rdt: Rdt, expected: list[str]) -> None:
        """By default restricted operations get a restricted token; always or never, those of the same API versions too."""
        tokens = Tokens(replace(SANDBOX_PROFILE, rdt=rdt), FakeLwa())
        assert [tokens.token_for(one).reveal() for one in (INVOICES, INVOICE, SHIPMENT, STATUS)] == expected

    def test_modes_do_not_mix(self) -> None:
        """Clients of one account that differ in it share the access token, and no token that opens less than is needed."""
        lwa, kept = FakeLwa(), Kept()
        by_default, always, never = (Tokens(replace(SANDBOX_PROFILE, rdt=rdt), lwa, kept) for rdt in get_args(Rdt))
        got = [one.token_for(SHIPMENT).reveal() for one in (by_default, always, never, always)]
        assert got == ["restricted-2", "restricted-3", "access-1", "restricted-3"]


class FakeTransport(FakeLwa):
    """Stands for the wire to Amazon: answers token requests, and what became of a shipment's invoice."""

    def send(self, request: HttpRequest, _: str, token: Secret | None = None) -> HttpResponse:
        answer = self(request, token, request.operation)
        return HttpResponse(status=200, body=STATUS_ANSWER[1]) if request.operation is STATUS else answer


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> FakeTransport:
    """What every client of the test is connected to."""
    one = FakeTransport()
    monkeypatch.setattr("spapi_invoices.io.connect.Transport", lambda *_, **__: one)
    return one


def write_profiles(folder: Path, profiles: Mapping[str, Mapping[str, str]]) -> None:
    tables = (
        "\n".join([f"[profiles.{name}]", *(f"{key} = '{text}'" for key, text in keys.items())])
        for name, keys in profiles.items()
    )
    (folder / "config.toml").write_text("\n".join(tables))


class TestShared:
    """Clients of one account share its tokens."""

    @pytest.fixture
    def account(self, tmp_path: Path) -> dict[str, str]:
        """An account that no other test has: what is shared lives as long as any client, also one that waits for the collector."""
        return {"client_id": "i", "client_secret": "s", "refresh_token": str(tmp_path)}

    def test_one_account(self, wire: FakeTransport, tmp_path: Path, account: dict[str, str]) -> None:
        """A cell that is run again makes a client whose tokens are there already, also with other settings beside."""
        write_profiles(tmp_path, {"one": account, "same": {**account, "time_zone": "Asia/Kolkata"}})
        clients = [spi.connect("one"), spi.connect("one", rdt="never"), spi.connect("same")]
        for client in clients:
            client.invoice_statuses(["D1"])
        assert wire.asked.count("getAccessToken") == 1

    @pytest.mark.parametrize("setting", ["client_id", "client_secret", "refresh_token"])
    def test_other_account(self, wire: FakeTransport, tmp_path: Path, account: dict[str, str], setting: str) -> None:
        """Another account has tokens of its own, if it differs in one thing alone."""
        write_profiles(tmp_path, {"one": account, "other": {**account, setting: "else"}})
        clients = [spi.connect(name) for name in ("one", "other")]
        for client in clients:
            client.invoice_statuses(["D1"])
        assert wire.asked.count("getAccessToken") == 2

    @pytest.mark.parametrize(
        "other", [{"endpoint": "https://sp-api.example"}, {"lwa_endpoint": "https://login.example"}, {"region": "fe"}]
    )
    def test_another_host(
        self, wire: FakeTransport, tmp_path: Path, account: dict[str, str], other: dict[str, str]
    ) -> None:
        """A token is not sent to a host, or a region, for which it was not got."""
        write_profiles(tmp_path, {"one": account, "other": {**account, **other}})
        clients = [spi.connect(name) for name in ("one", "other")]
        for client in clients:
            client.invoice_statuses(["D1"])
        assert wire.asked.count("getAccessToken") == 2

    def test_a_recording(self, wire: FakeTransport, tmp_path: Path, account: dict[str, str]) -> None:
        """A recording asks for its own tokens, whoever had some before, so that their requests are in it too."""
        write_profiles(tmp_path, {"one": account})
        clients = [spi.connect("one"), spi.connect("one", record=tmp_path / "x.yaml")]
        for client in clients:
            client.invoice_statuses(["D1"])
        assert wire.asked.count("getAccessToken") == 2

    def test_a_host_on_this_machine(self) -> None:
        """A sandbox that was started anew under the same address is asked for tokens of its own."""
        with scripted({INVOICE_STATUS: [STATUS_ANSWER]}) as server:
            clients = [spi.connect(endpoint=server.endpoint) for _ in range(2)]
            for client in clients:
                client.invoice_statuses(["D1"])
            assert server.asked.count("/auth/o2/token") == 2

    def test_as_long_as_a_client_lives(self) -> None:
        """What is shared ends with the last client: nothing of an account stays in the process."""
        kept = kept_for(SANDBOX_PROFILE, "https://x", "https://y")
        assert kept_for(SANDBOX_PROFILE, "https://x", "https://y") is kept
        gone = weakref.ref(kept)
        del kept
        gc.collect()
        assert gone() is None


def test_forgetting_an_old_token_keeps_the_new_one():
    """A token that another thread renewed meanwhile is not dropped."""
    lwa, kept = FakeLwa(), Kept()
    tokens = Tokens(SANDBOX_PROFILE, lwa, kept)
    old = tokens.token_for(STATUS)
    kept[()].forget(old)
    new = tokens.token_for(STATUS)
    kept[()].forget(old)
    assert tokens.token_for(STATUS) == new != old


def test_an_expired_access_token_is_renewed_for_a_restricted_one():
    """When Amazon calls the access token expired while a restricted one is asked for, it is renewed, once."""

    class Slept(FakeLwa):
        """Refuses the first access token, as after a night in which the clock stood still."""

        def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
            answer = super().__call__(request, token, asked)
            if request.operation.api == "tokens" and token == Secret("access-1"):
                return EXPIRED
            return answer

    lwa = Slept()
    tokens = Tokens(SANDBOX_PROFILE, lwa)
    tokens.token_for(STATUS)
    assert tokens.token_for(SHIPMENT).reveal() == "restricted-4"
    assert lwa.asked == ["getAccessToken", "createRestrictedDataToken", "getAccessToken", "createRestrictedDataToken"]


def test_attempts_with_an_expired_token_count():
    """What it took to learn that the token had expired is part of the answer's attempts."""

    def expired(request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
        if request.operation.restricted or request.operation.api != SHIPMENT.api:
            return FakeLwa()(request, token, asked)
        said = (
            b'{"errors":[{"code":"Unauthorized","message":"x","details":"The access token you provided has expired."}]}'
        )
        return HttpResponse(status=403, body=said, attempts=3)

    assert Tokens(SANDBOX_PROFILE, expired).send(build_get_invoice_status("D1")).attempts == 6
