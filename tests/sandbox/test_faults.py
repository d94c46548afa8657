"""Which requests a fault strikes, and what it does to them over real HTTP: to any client, and to ours."""

import contextlib
import functools
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.endpoints import OPERATIONS
from spapi_invoices.errors import FetchIncomplete, InvalidRequest, SpapiInvoicesError, TransportFailed
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.sandbox import Sandbox, delivery, running
from spapi_invoices.sandbox.faults import FAULTS, Faults, Rule, parse_rates

NAMES = st.sampled_from(list(FAULTS))
ASKED = st.lists(st.sampled_from(sorted({one.operation_id for one in OPERATIONS})), max_size=60)
ISSUE = (
    "html-503, empty-200, truncated-json, reset, slow, 429, 500, expired-token, repeat-token, lost-answer, wrong-length, "
    "gzip-garbage"
)


def draws(faults: Faults, asked: list[str]) -> list[str | None]:
    return [faults.draw(operation_id) for operation_id in asked]


class TestTable:
    """All the faults there are."""

    def test_names(self):
        """The names are those of the issue, and each row says what it means in a line."""
        assert sorted(FAULTS) == sorted(ISSUE.split(", "))
        assert all(fault.meaning and "\n" not in fault.meaning and fault.operations for fault in FAULTS.values())

    def test_no_fault_makes_a_success(self):
        """What stands in place of an answer is an error."""
        assert all(fault.instead.status >= 400 for fault in FAULTS.values() if fault.instead)

    def test_each_does_something(self):
        """A fault stands in place of the answer, or spoils it on its way, or is the one that the pages' own handler builds."""
        replaced = {name for name, fault in FAULTS.items() if fault.instead}
        assert sorted([*replaced, *delivery._SPOILT, "repeat-token"]) == sorted(FAULTS)


class TestDraw:
    """Seeded, so that a bad day can be had again."""

    @given(seed=st.integers(), rates=st.dictionaries(NAMES, st.floats(0, 1)), asked=ASKED)
    def test_the_same_seed_strikes_the_same_requests(self, seed: int, rates: dict[str, float], asked: list[str]):
        """Equal seeds, rates and requests in order: equal faults."""
        assert draws(Faults(seed, rates), asked) == draws(Faults(seed, rates), asked)

    @given(seed=st.integers(), one=NAMES, other=NAMES, rate=st.floats(0, 1), asked=ASKED)
    def test_one_fault_does_not_move_another(self, seed: int, one: str, other: str, rate: float, asked: list[str]):
        """With two on, each strikes the requests that it strikes alone; where both do, the first of the table wins."""
        first, second = sorted((one, other), key=list(FAULTS).index)
        alone = [draws(Faults(seed, {name: rate}), asked) for name in (first, second)]
        assert draws(Faults(seed, {second: rate, first: rate}), asked) == [a or b for a, b in zip(*alone, strict=True)]

    @given(name=NAMES, asked=ASKED)
    def test_all_or_none(self, name: str, asked: list[str]):
        """Rate 1 strikes every request that the fault can strike, rate 0 none."""
        assert draws(Faults(0, {name: 1}), asked) == [name if one in FAULTS[name].operations else None for one in asked]
        assert set(draws(Faults(0, {name: 0}), asked)) <= {None}

    @given(times=st.integers(1, 9), skip=st.integers(0, 9), count=st.integers(0, 30))
    def test_times_and_skip(self, times: int, skip: int, count: int):
        """The first ``skip`` requests it could strike pass, the next ``times`` are struck, the rest pass."""
        faults = Faults()
        faults.set("reset", times=times, skip=skip, operation="getInvoiceStatus")
        found = [
            one
            for at in range(count)
            for one in draws(faults, ["getShipmentDetails"] * at + ["getInvoiceStatus"])
            if one
        ]
        assert len(found) == max(0, min(times, count - skip)) == faults.struck["reset"]

    def test_a_rate_is_a_share(self):
        """Over many requests about as many are struck, and another seed strikes others."""
        one, two = (draws(Faults(seed, {"500": 0.2}), ["getInvoiceStatus"] * 5000) for seed in (1, 2))
        assert 900 < one.count("500") < 1100
        assert one != two

    def test_faults_are_not_alike(self):
        """Two faults of the same rate do not strike the same requests."""
        one, two = (draws(Faults(1, {name: 0.5}), ["getInvoiceStatus"] * 100) for name in ("reset", "slow"))
        assert [bool(fault) for fault in one] != [bool(fault) for fault in two]

    def test_only_the_operation_it_was_set_for(self):
        """A rule for one operation leaves the others alone, beside a rule for another one."""
        faults = Faults(rates={"429@getShipmentDetails": 1, "429@submitInvoice": 1})
        assert draws(faults, ["getInvoiceStatus", "getShipmentDetails", "submitInvoice"]) == [None, "429", "429"]
        assert faults.rules == (Rule("429", 1, "getShipmentDetails"), Rule("429", 1, "submitInvoice"))

    def test_cleared(self):
        """One fault goes for all operations, or all faults go; the counts stay."""
        faults = Faults(rates={"429@getShipmentDetails": 1, "429": 1, "500": 1})
        faults.draw("getShipmentDetails")
        faults.clear("429")
        assert faults.draw("getShipmentDetails") == "500"
        faults.clear()
        assert faults.draw("getShipmentDetails") is None
        assert faults.struck == {"429": 1, "500": 1}

    def test_for_the_length_of_a_block(self):
        """After the block, which may fail, all is as it was before."""
        faults = Faults(rates={"reset": 0})
        with contextlib.suppress(KeyError), faults.striking("reset", times=9), faults.striking("500"):
            assert draws(faults, ["getInvoiceStatus", "submitInvoice"]) == ["500", "500"]
            raise KeyError
        assert (faults.draw("getInvoiceStatus"), faults.rules) == (None, (Rule("reset", 0),))

    def test_any_number_of_threads(self):
        """Eight threads together draw a fault as often as it may strike, neither more nor less."""
        faults = Faults()
        faults.set("reset", times=50)
        threads = [threading.Thread(target=draws, args=(faults, ["getInvoiceStatus"] * 100)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults.struck == {"reset": 50}

    @pytest.mark.parametrize(
        ("rule", "says"),
        [
            ({"name": "htlm-503"}, "no fault 'htlm-503'. Next: name one of html-503, "),
            (
                {"name": "lost-answer", "operation": "getInvoiceStatus"},
                "cannot strike 'getInvoiceStatus'. Next: .* submitInvoice",
            ),
            ({"name": "429", "operation": "getAccessToken"}, "cannot strike 'getAccessToken'"),
            ({"name": "429", "operation": "getOrders"}, "cannot strike 'getOrders'"),
            ({"name": "429", "rate": 1.5}, "rate 1.5. Next: give one from 0 to 1"),
            ({"name": "429", "rate": float("nan")}, "rate nan"),
            ({"name": "429", "times": 0}, "times from 1"),
            ({"name": "429", "skip": -1}, "skip from 0"),
        ],
    )
    def test_what_cannot_be(self, rule: dict[str, Any], says: str):
        """A rule that could not strike as it says is refused, and nothing changes."""
        faults = Faults(rates={"429": 0.5})
        with pytest.raises(InvalidRequest, match=says):
            faults.set(**rule)
        assert faults.rules == (Rule("429", 0.5),)


class TestParseRates:
    """As the command line takes them."""

    @given(st.dictionaries(st.sampled_from(["reset", "429@submitInvoice", "slow"]), st.floats(0, 1)))
    def test_reads_what_is_written(self, rates: dict[str, float]):
        """Names and rates joined by commas come back."""
        assert parse_rates(",".join(f"{name}:{rate}" for name, rate in rates.items())) == rates

    @pytest.mark.parametrize(
        "text", ["reset", "reset:", ":0.5", "reset:often", "reset:0.1;slow:0.1", "reset@getInvoiceStatus"]
    )
    def test_a_part_without_a_rate(self, text: str):
        """What is no name with a rate is named, with the way to write it."""
        with pytest.raises(InvalidRequest, match="names no fault with a rate"):
            parse_rates(f"429:0.1,{text}")

    def test_one_rate_each(self):
        """A name that stands twice is refused, as one of the rates would be lost; one name for two operations is fine."""
        with pytest.raises(InvalidRequest, match="the fault reset has two rates"):
            parse_rates("reset:0.1,429:1,reset:0.2")
        twice = parse_rates("reset@submitInvoice:0.1,reset@getInvoiceStatus:0.2,reset:0.3")
        assert list(twice.values()) == [0.1, 0.2, 0.3]

    def test_an_operation_without_a_name(self):
        """What was to strike one operation does not strike all because its name was left out."""
        with pytest.raises(InvalidRequest, match=r"cannot strike ''\. Next: name one of"):
            Faults(rates=parse_rates("reset@:1"))


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    """A sandbox of their own: faults that are switched on here must not strike elsewhere."""
    with running(customer_invoices=16, shipments=25, time_scale=0) as one:
        yield one


@pytest.fixture(autouse=True)
def _no_fault_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "own" in request.fixturenames:
        request.getfixturevalue("own").faults.clear()


@pytest.fixture(scope="module")
def access(own) -> str:
    """An access token."""
    profile = SANDBOX_PROFILE
    form = {
        "grant_type": "refresh_token",
        "client_id": profile.client_id,
        "client_secret": profile.client_secret.reveal(),
        "refresh_token": profile.refresh_token.reveal(),
    }
    return requests.post(f"{own.endpoint}/auth/o2/token", data=form, timeout=10).json()["access_token"]


@pytest.fixture
def ask(own, access) -> Iterator[Any]:
    """Ask for a status over a connection of our own; gives the answer before its body is read."""
    connection = http.client.HTTPConnection(urlsplit(own.endpoint).netloc, timeout=5)

    def go() -> http.client.HTTPResponse:
        path = f"/fba/outbound/brazil/v0/shipments/{next(iter(own.world.shipments))}/invoice/status"
        connection.request("GET", path, headers={"x-amz-access-token": access})
        return connection.getresponse()

    yield go
    connection.close()


class TestOverTheWire:
    """What any client meets."""

    def test_html_503(self, own, ask):
        """The page is XHTML in Latin-1, and no JSON."""
        own.faults.set("html-503")
        answer = ask()
        body = answer.read()
        assert (answer.status, answer.headers["content-type"]) == (503, "text/html; charset=iso-8859-1")
        assert "<title>Website Temporarily Unavailable</title>" in body.decode("iso-8859-1")
        with pytest.raises(UnicodeDecodeError):
            body.decode("utf-8")

    @pytest.mark.parametrize(
        ("fault", "status", "code", "details"),
        [
            ("429", 429, "QuotaExceeded", ""),
            ("500", 500, "InternalFailure", ""),
            ("expired-token", 403, "Unauthorized", "The access token you provided has expired."),
        ],
    )
    def test_errors(self, own, ask, fault: str, status: int, code: str, details: str):
        """An error list as Amazon's, with a request id, and neither Retry-After nor the rate."""
        own.faults.set(fault)
        answer = ask()
        [error] = json.loads(answer.read())["errors"]
        assert (answer.status, error["code"], error["details"]) == (status, code, details)
        assert answer.headers["x-amzn-requestid"]
        assert not {"retry-after", "x-amzn-ratelimit-limit"} & {name.lower() for name in answer.headers}

    def test_empty_200(self, own, ask):
        """Success, and nothing in it."""
        own.faults.set("empty-200")
        answer = ask()
        assert (answer.status, answer.headers["content-length"], answer.read()) == (200, "0", b"")

    def test_truncated_json(self, own, ask):
        """Half of the body, which the headers call whole; the connection lives on."""
        whole = ask().read()
        own.faults.set("truncated-json", times=1)
        assert ask().read() == whole[: len(whole) // 2]
        assert ask().read() == whole

    def test_wrong_length(self, own, ask):
        """Half of the body arrives, then the connection is closed in order."""
        whole = ask().read()
        own.faults.set("wrong-length")
        with pytest.raises(http.client.IncompleteRead) as raised:
            ask().read()
        assert (raised.value.partial, raised.value.expected) == (whole[: len(whole) // 2], len(whole) - len(whole) // 2)

    def test_reset(self, own, ask):
        """The status arrives, then the connection is reset: no orderly end."""
        own.faults.set("reset")
        answer = ask()
        assert answer.status == 200
        with pytest.raises(ConnectionResetError):
            answer.read()

    def test_slow(self, own, ask):
        """Half of the body arrives, then nothing for longer than the client waits."""
        whole = ask().read()
        own.faults.set("slow")
        answer = ask()
        assert answer.read(len(whole) // 2) == whole[: len(whole) // 2]
        answer.fp.raw._sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            answer.read()

    def test_slow_ends(self, own, ask, monkeypatch: pytest.MonkeyPatch):
        """Who waits long enough gets the whole."""
        monkeypatch.setattr(delivery, "STALL_SECONDS", 0.05)
        whole = ask().read()
        own.faults.set("slow")
        assert ask().read() == whole

    def test_gzip_garbage(self, own, ask):
        """The header says gzip, and the body is the JSON it would be without."""
        whole = ask().read()
        own.faults.set("gzip-garbage")
        answer = ask()
        assert (answer.headers["content-encoding"], answer.read()) == ("gzip", whole)

    def test_a_refusal_stays_one(self, own, ask, access, monkeypatch: pytest.MonkeyPatch):
        """Faults on the way spoil a refusal too, and do not make a success of it."""
        own.faults.set("empty-200")
        answer = requests.get(f"{own.endpoint}/fba/outbound/brazil/v0/shipments/NONE/invoice/status", timeout=5)
        assert (answer.status_code, answer.content) == (403, b"")


def shipments(sandbox: Sandbox) -> pl.DataFrame:
    """Three shipments, as our client fetches them."""
    found = sandbox.client().shipments(list(sandbox.world.shipments)[:3]).shipments
    return found.drop("attempts", "request_id")


def outcome(fetch: Callable[[], pl.DataFrame]) -> pl.DataFrame | SpapiInvoicesError:
    """What a fetch gives, or the error that it raises."""
    try:
        return fetch()
    except SpapiInvoicesError as error:
        return error


@pytest.fixture
def _impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our client asks again at once, and gives up half a second after a slow answer's first half."""
    from spapi_invoices.io import connect

    slow = request.node.callspec.params.get("fault") == "slow" if hasattr(request.node, "callspec") else False
    quick = functools.partial(connect.Transport, timeout_seconds=(5.0, 0.5 if slow else 60.0), sleep=lambda _: None)
    monkeypatch.setattr(connect, "Transport", quick)


@pytest.mark.usefixtures("_impatient")
class TestOurClient:
    """Complete or an explicit error, never an empty success; each fault by itself is in tests/io/test_fault_matrix.py."""

    def test_a_bad_day(self, own):
        """Whatever strikes one request in three, each fetch is whole or an error that says how much had arrived."""
        whole = shipments(own)
        for name in set(FAULTS) - {"repeat-token", "lost-answer", "slow"}:
            own.faults.set(name, 0.05)
        found = [outcome(lambda: shipments(own)) for _ in range(20)]
        errors = [one for one in found if isinstance(one, FetchIncomplete)]
        assert all(one.fetched.shipments.height < whole.height for one in errors)
        assert all(one.equals(whole) for one in found if isinstance(one, pl.DataFrame))
        assert 0 < len(errors) < 20


@pytest.mark.usefixtures("_impatient")
class TestSubmit:
    """The one operation that changes something."""

    @pytest.fixture
    def due(self) -> Iterator[tuple[Sandbox, str, bytes]]:
        """A sandbox, and a shipment whose invoice Amazon has not been given, with the NF-e its seller keeps."""
        with running(customer_invoices=16, shipments=25, time_scale=0) as one:
            yield (
                one,
                *next(
                    (name, shipment.nfe)
                    for name, shipment in one.world.shipments.items()
                    if shipment.nfe and shipment.invoice_status == "NotFound"
                ),
            )

    def test_a_lost_answer(self, due):
        """The invoice was taken, the client knows only that no answer came, and did not send it again by itself."""
        sandbox, shipment_id, nfe = due
        with sandbox.faults.striking("lost-answer"), pytest.raises(TransportFailed, match="no answer"):
            sandbox.client().submit_invoice(shipment_id, nfe, dry_run=False)
        assert [one.shipment_id for one in sandbox.submissions] == [shipment_id]
        assert sandbox.client().invoice_statuses([shipment_id])["invoice_status"].to_list() == ["Accepted"]

    @pytest.mark.parametrize("fault", ["html-503", "429", "500", "expired-token"])
    def test_nothing_is_taken_of_what_is_refused(self, due, fault: str):
        """An error in place of the answer: nothing was carried out."""
        sandbox, shipment_id, nfe = due
        with sandbox.faults.striking(fault, operation="submitInvoice"), pytest.raises(SpapiInvoicesError):
            sandbox.client().submit_invoice(shipment_id, nfe, dry_run=False)
        assert list(sandbox.submissions) == []

    @pytest.mark.parametrize("fault", ["truncated-json", "reset", "slow", "wrong-length", "gzip-garbage"])
    def test_a_spoilt_answer(self, due, fault: str):
        """It was carried out once, whatever became of the answer."""
        sandbox, shipment_id, nfe = due
        with sandbox.faults.striking(fault, operation="submitInvoice"), pytest.raises(SpapiInvoicesError):
            sandbox.client().submit_invoice(shipment_id, nfe, dry_run=False)
        assert len(sandbox.submissions) == 1


def test_pages_that_never_end(own):
    """With repeat-token the page's token asks for the same page, again and again; our client does not follow it for ever."""
    with own.faults.striking("repeat-token"), pytest.raises(FetchIncomplete, match="pages never end") as raised:
        own.client().customer_invoices("2026-10-01", "2026-10-08", limit=1)
    assert isinstance(raised.value.fetched.frame, pl.DataFrame)
    assert not raised.value.fetched.complete
