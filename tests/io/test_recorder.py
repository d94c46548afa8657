"""Recording: what is in the file, when it is written, and that a replay gives what was had live."""

import base64
import json
import sys
import threading
import urllib.request
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from conftest import DEMO
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import RESTRICTED, TOKEN, Reply, scripted

import spapi_invoices as spi
from spapi_invoices.errors import (
    FetchIncomplete,
    FileFailed,
    InvalidRequest,
    MalformedResponse,
    MissingExtra,
    NotFound,
    ServiceUnavailable,
    SpapiInvoicesError,
    TransportFailed,
)
from spapi_invoices.io.cassettes import exchanges
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.io.recorder import as_cassette
from spapi_invoices.io.transport import Transport
from spapi_invoices.recording import Exchange, audit

# What a transport does that is told nothing else.
DEFAULTS = Transport.__init__.__kwdefaults__
SHIPMENTS = "/fba/outbound/brazil/v0/shipments"
INVOICES = "/vendor/directFulfillment/shipping/v1/customerInvoices"
DOWN: Reply = (503, b"<html><title>Website Temporarily Unavailable</title></html>")
EXPIRED: Reply = (
    403,
    json.dumps(
        {
            "errors": [
                {
                    "code": "Unauthorized",
                    "message": "Access to requested resource is denied.",
                    "details": "The access token you provided has expired.",
                }
            ]
        }
    ).encode(),
)
UNKNOWN: Reply = (404, b'{"errors": [{"code": "NotFound", "message": "Resource not found"}]}')


def status(shipment_id: str, state: str = "Accepted") -> Reply:
    """An answer of getInvoiceStatus."""
    return 200, json.dumps(
        {"payload": {"Shipments": {"AmazonShipmentId": shipment_id, "InvoiceStatus": state}}}
    ).encode()


def of(*shipment_ids: str) -> dict[str, list[Reply | None]]:
    """A script that knows the invoice status of these shipments."""
    return {f"{SHIPMENTS}/{one}/invoice/status": [status(one)] for one in shipment_ids}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where to record."""
    return tmp_path / "recording.yaml"


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch):
    """Live waits are not waited for."""
    monkeypatch.setitem(DEFAULTS, "sleep", lambda _: None)


@contextmanager
def recording(path: Path, replies: dict, **options):
    """A recording client of a scripted server, and the script."""
    with scripted(replies) as script:
        yield spi.connect(endpoint=script.endpoint, record=path, **options), script


def paths(file: Path) -> list[str]:
    """The paths asked, tokens left out, in the order they stand in a cassette."""
    asked = [requests.utils.urlparse(one.url).path for one in exchanges(file)]
    return [one for one in asked if one.startswith(("/fba", "/vendor"))]


class TestWhatIsRecorded:
    """Every exchange of the client, scrubbed, in vcrpy's own format."""

    def test_a_replay_gives_what_was_had_live(self, sandbox, path: Path):
        """Invoices, shipments and statuses come from the recording as they came from the sandbox, but for faked people."""
        world = sandbox.world
        ids = list(world.shipments)[:12]

        def ask(client: spi.Client):
            found = client.shipments(ids)
            return (
                client.customer_invoices(world.start, world.end).frame.drop("content", "sha256", "size_bytes"),
                found.shipments.select(
                    "amazon_shipment_id", "amazon_order_id", "expected_amount", "paid_amount", "currency"
                ),
                found.items.select("amazon_shipment_id", "line_number", "asin", "expected_amount"),
                client.invoice_statuses(ids),
            )

        live, replayed = ask(sandbox.client(record=path)), ask(spi.connect(replay=path))
        assert all(one.equals(other) for one, other in zip(live, replayed, strict=True))
        assert audit(exchanges(path)) == ()

    def test_no_token_no_credential_no_host_is_in_it(self, path: Path):
        """Neither the tokens of the server nor the account's credentials nor the server's address are in the file."""
        with recording(path, of("D1")) as (client, script):
            client.invoice_statuses(["D1"])
            host = script.endpoint.partition("//")[2]
        text = path.read_text()
        secrets = [TOKEN, RESTRICTED, host, SANDBOX_PROFILE.client_id, SANDBOX_PROFILE.refresh_token.reveal()]
        assert [one for one in [*secrets, SANDBOX_PROFILE.client_secret.reveal()] if one in text] == []
        assert {requests.utils.urlparse(one.url).path for one in exchanges(path)} >= {"/auth/o2/token"}

    def test_vcrpy_replays_it(self, path: Path):
        """The file is a cassette of vcrpy's: it answers a request of somebody else's client."""
        import vcr

        with recording(path, of("D1")) as (client, _):
            client.invoice_statuses(["D1"])
        with vcr.use_cassette(str(path), record_mode="none"):
            url = f"https://sellingpartnerapi-na.amazon.com{SHIPMENTS}/D1/invoice/status"
            assert requests.get(url, timeout=1).content == status("D1")[1]

    def test_what_others_ask_is_not_in_it(self, path: Path):
        """Other code of the process may ask whom it likes, at the same time: it is not heard."""
        with recording(path, of("D1", "D2")) as (client, script), client:
            client.invoice_statuses(
                ["D1"],
                progress=lambda _: urllib.request.urlopen(f"{script.endpoint}{SHIPMENTS}/D2/invoice/status").read(),
            )
            requests.get(f"{script.endpoint}{SHIPMENTS}/D2/invoice/status", timeout=5)
        assert paths(path) == [f"{SHIPMENTS}/D1/invoice/status"]

    def test_a_call_in_a_call_is_recorded_with_it(self, path: Path):
        """Progress, told at the beginning and twice, may ask something itself: that is recorded, and what comes behind it."""
        with recording(path, of("D1", "D2", "D3")) as (client, _):
            client.invoice_statuses(["D1", "D2"], progress=lambda _: client.invoice_statuses(["D3"]))
        asked = [one.split("/")[-3] for one in paths(path)]
        assert sorted(asked) == ["D1", "D2", "D3", "D3", "D3"]

    def test_documents_are_replaced_unless_they_are_to_be_kept(self, tmp_path: Path):
        """An invoice is in the file only with keep_documents."""
        mine = b"%PDF-1.4 of Maria da Silva"
        body = json.dumps({"payload": {"purchaseOrderNumber": "PO1", "content": base64.b64encode(mine).decode()}})
        for keep in (False, True):
            with recording(
                tmp_path / f"{keep}.yaml", {f"{INVOICES}/PO1": [(200, body.encode())]}, keep_documents=keep
            ) as (client, _):
                assert client.customer_invoice("PO1")["content"][0] == mine
        kept = {keep: spi.connect(replay=tmp_path / f"{keep}.yaml").customer_invoice("PO1") for keep in (False, True)}
        assert kept[True]["content"][0] == mine
        assert kept[False]["content"][0] not in (mine, None)
        assert kept[False]["media_type"].equals(kept[True]["media_type"])

    def test_a_submission_is_matched_by_the_users_own_document(self, path: Path):
        """The document that was sent is not in the file, and sending it again finds its answer; another one does not."""
        mine = b"<nfeProc>Maria da Silva</nfeProc>"
        script = {
            f"{SHIPMENTS}/D1/invoice/status": [status("D1", "NotFound")],
            f"{SHIPMENTS}/D1/invoice": [(200, b"{}")],
        }
        with recording(path, script) as (client, _):
            assert client.submit_invoice("D1", mine, dry_run=False).sent
        assert base64.b64encode(mine).decode() not in path.read_text()
        assert spi.connect(replay=path).submit_invoice("D1", mine, dry_run=False).sent
        with pytest.raises(TransportFailed, match="the body"):
            spi.connect(replay=path).submit_invoice("D1", b"<other/>", dry_run=False)

    def test_dates_begin_where_they_began(self, path: Path, tmp_path: Path):
        """A bare date is replayed in the time zone of whoever recorded, without a profile."""
        credentials = 'client_id = "i"\nclient_secret = "a-secret"\nrefresh_token = "a-refresh-token"\n'
        (tmp_path / "config.toml").write_text(f'[profiles.india]\n{credentials}time_zone = "Asia/Kolkata"\n')
        page = (200, b'{"payload": {"customerInvoices": []}}')
        with recording(path, {INVOICES: [page]}, profile="india") as (client, _):
            client.customer_invoices("2026-10-01", "2026-10-02")
        (tmp_path / "config.toml").unlink()
        assert spi.connect(replay=path).customer_invoices("2026-10-01", "2026-10-02").complete

    def test_threads_record_everything_once(self, path: Path):
        """Whatever the threads do, each of their requests is in the file once, and the file answers them all."""
        ids = [f"D{number}" for number in range(40)]
        with recording(path, of(*ids)) as (client, _), client:
            threads = [threading.Thread(target=client.invoice_statuses, args=(ids[at::8],)) for at in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sorted(paths(path)) == sorted(f"{SHIPMENTS}/{one}/invoice/status" for one in ids)
        assert spi.connect(replay=path).invoice_statuses(ids)["invoice_status"].to_list() == ["Accepted"] * 40


class TestWhenItIsWritten:
    """A call is in the file when it ended, and the file is complete or absent."""

    def test_after_each_call(self, path: Path):
        """Nobody has to close anything: after each call the file has all that was asked so far; only its owner reads it."""
        with recording(path, of("D1", "D2")) as (client, _):
            for count, one in enumerate(("D1", "D2"), 1):
                client.invoice_statuses([one])
                assert len(paths(path)) == count
        assert path.stat().st_mode & 0o777 == 0o600

    def test_at_the_end_of_the_block(self, path: Path):
        """In a block, in an inner one as well, the file waits for the end of the outermost."""
        with recording(path, of("D1", "D2")) as (client, _):
            with client:
                with client:
                    client.invoice_statuses(["D1"])
                assert not path.exists()
                client.invoice_statuses(["D2"])
            assert len(paths(path)) == 2

    @pytest.mark.parametrize(
        ("reply", "error"),
        [
            (UNKNOWN, NotFound),
            ((400, b'{"errors": [{"code": "InvalidInput", "message": "Request is invalid"}]}'), SpapiInvoicesError),
            ((200, b""), MalformedResponse),
            ((200, b'{"payload": {"purch'), MalformedResponse),
            ((200, b"<html></html>"), MalformedResponse),
        ],
    )
    def test_an_answered_error_is_recorded(self, path: Path, reply: Reply, error: type[Exception]):
        """The recording one wants to show: the call that failed, failing alike when it is replayed."""
        with recording(path, {f"{INVOICES}/PO1": [reply]}) as (client, _), pytest.raises(error) as live:
            client.customer_invoice("PO1")
        with pytest.raises(error) as replayed:
            spi.connect(replay=path).customer_invoice("PO1")
        assert type(replayed.value) is type(live.value)

    def test_a_fetch_that_an_answer_ended_is_recorded(self, path: Path):
        """What arrived before the refusal is there too."""
        script = {**of("D1"), f"{SHIPMENTS}/D2/invoice/status": [EXPIRED]}
        with recording(path, script) as (client, _), pytest.raises(FetchIncomplete):
            client.invoice_statuses(["D1", "D2"])
        with pytest.raises(FetchIncomplete) as replayed:
            spi.connect(replay=path).invoice_statuses(["D1", "D2"])
        assert replayed.value.fetched["amazon_shipment_id"].to_list() == ["D1"]

    @pytest.mark.parametrize("block", [True, False])
    def test_a_call_without_an_answer_changes_nothing(self, path: Path, *, block: bool):
        """Where no answer came the file is what it was before the call, in a block as well."""
        script = {**of("D1"), f"{SHIPMENTS}/D2/invoice/status": [None]}
        with recording(path, script) as (client, _), client if block else nullcontext():
            client.invoice_statuses(["D1"])
            with pytest.raises(FetchIncomplete):
                client.invoice_statuses(["D2"])
            with pytest.raises(FetchIncomplete):
                client.invoice_statuses(["D1", "D2"])
        assert paths(path) == [f"{SHIPMENTS}/D1/invoice/status"]

    @pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
    def test_an_interrupted_call_changes_nothing(self, path: Path, stop: type[BaseException]):
        """No file where there was none; else the file as it was, to the byte."""

        def raise_it(_: object) -> None:
            raise stop

        with recording(path, of("D1", "D2", "D3")) as (client, _):
            with pytest.raises(stop):
                client.invoice_statuses(["D1"], progress=raise_it)
            assert not path.exists()
            client.invoice_statuses(["D1"])
            before = path.read_bytes()
            with pytest.raises(stop), client:
                client.invoice_statuses(["D2", "D3"], progress=raise_it)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("stop", [KeyboardInterrupt, ZeroDivisionError, TransportFailed])
    def test_a_block_that_does_not_end_changes_nothing(self, path: Path, stop: type[BaseException]):
        """A good recording is not replaced by the first half of another, though its calls had ended."""
        with recording(path, of("D1", "D2")) as (client, _):
            client.invoice_statuses(["D1", "D2"])
            before = path.read_bytes()
        with recording(path, of("D1", "D2")) as (client, _):
            client.__enter__()
            client.invoice_statuses(["D1"])
            client.__exit__(stop, stop(), None)
        assert path.read_bytes() == before

    def test_a_block_that_an_answer_ends_is_written(self, path: Path):
        """The refusal and what came before it."""
        script = {**of("D1"), f"{INVOICES}/PO1": [UNKNOWN]}

        def ask(client: spi.Client) -> None:
            with client:
                client.invoice_statuses(["D1"])
                client.customer_invoice("PO1")

        with recording(path, script) as (client, _), pytest.raises(NotFound):
            ask(client)
        assert len(paths(path)) == 2

    def test_a_call_succeeds_where_its_recording_does_not(self, path: Path):
        """What was fetched or sent is returned, with a warning; the end of a block is an error."""
        with recording(path, of("D1", "D2")) as (client, _):
            path.mkdir()
            with pytest.warns(RuntimeWarning, match="was answered, its recording is not written: .* cannot be written"):
                assert client.invoice_statuses(["D1"]).height == 1
            # The token that was asked for is recorded as well.
            assert (client.recorder.written, client.recorder.pending) == (0, 2)
            with pytest.raises(FileFailed, match="cannot be written"), client:
                assert client.invoice_statuses(["D2"]).height == 1
            path.rmdir()
            with client:
                pass
        assert len(paths(path)) == 2

    def test_what_is_discarded_is_not_written(self, path: Path):
        """What is in the file already stays there."""
        with recording(path, of("D1", "D2")) as (client, _):
            client.invoice_statuses(["D1"])
            with client:
                client.invoice_statuses(["D2"])
                client.recorder.discard()
        assert paths(path) == [f"{SHIPMENTS}/D1/invoice/status"]

    def test_nothing_asked_is_nothing_written(self, path: Path):
        """A request that is refused here leaves no file and does not touch one that is there."""
        path.write_text("an older recording")
        with recording(path, {}) as (client, _), client, pytest.raises(InvalidRequest):
            client.customer_invoice("no number")
        assert path.read_text() == "an older recording"

    def test_a_change_of_folder_changes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """A relative path is meant from where the client was made."""
        monkeypatch.chdir(tmp_path)
        with recording(Path("here.yaml"), of("D1")) as (client, _):
            (tmp_path / "elsewhere").mkdir()
            monkeypatch.chdir(tmp_path / "elsewhere")
            client.invoice_statuses(["D1"])
        assert [one.name for one in tmp_path.rglob("*.yaml")] == ["here.yaml"]
        assert (tmp_path / "here.yaml").exists()

    def test_an_older_file_is_replaced(self, path: Path):
        """A recording begins empty: what was in the file is gone after the first call."""
        path.write_text("an older recording")
        with recording(path, of("D1")) as (client, _):
            client.invoice_statuses(["D1"])
        assert "older" not in path.read_text()
        assert len(paths(path)) == 1


class TestReplayOfFailures:
    """What was asked again live is asked again in the replay, at once."""

    @pytest.mark.parametrize("before", [[DOWN], [DOWN, (429, UNKNOWN[1]), DOWN], [EXPIRED], [DOWN, EXPIRED, DOWN]])
    def test_refused_attempts_come_first(self, path: Path, before: list[Reply], monkeypatch: pytest.MonkeyPatch):
        """Refusals are recorded; the replayed client meets them too and ends with the same answer, without waiting."""
        with recording(path, {f"{SHIPMENTS}/D1/invoice/status": [*before, status("D1")]}) as (client, _):
            live = client.invoice_statuses(["D1"])["invoice_status"].to_list()
        assert [one.status for one in exchanges(path) if "/fba" in one.url] == [one[0] for one in before] + [200]
        monkeypatch.setitem(DEFAULTS, "sleep", lambda seconds: pytest.fail(f"waited {seconds} s"))
        assert spi.connect(replay=path).invoice_statuses(["D1"])["invoice_status"].to_list() == live == ["Accepted"]

    def test_a_call_that_gave_up_gives_up_again(self, path: Path):
        """Live gave up, was asked once more and then answered: the replay does the same, call by call."""
        address = f"{INVOICES}/PO1"
        answer = (200, json.dumps({"payload": {"purchaseOrderNumber": "PO1", "content": "aGVsbG8="}}).encode())
        with recording(path, {address: [*[DOWN] * 7, answer]}) as (client, script):
            with pytest.raises(ServiceUnavailable):
                client.customer_invoice("PO1")
            client.customer_invoice("PO1")
        assert script.asked.count(address) == 8
        replayed = spi.connect(replay=path)
        with pytest.raises(ServiceUnavailable):
            replayed.customer_invoice("PO1")
        assert replayed.customer_invoice("PO1").height == 1

    def test_a_submission_is_not_asked_again(self, path: Path):
        """What is sent once live is sent once in the replay."""
        script = {
            f"{SHIPMENTS}/D1/invoice/status": [status("D1", "NotFound")],
            f"{SHIPMENTS}/D1/invoice": [DOWN, (200, b"{}")],
        }
        with recording(path, script) as (client, _):
            for error in (ServiceUnavailable, None):
                with pytest.raises(error) if error else nullcontext():
                    client.submit_invoice("D1", b"<x/>", dry_run=False)
        replayed = spi.connect(replay=path)
        with pytest.raises(ServiceUnavailable):
            replayed.submit_invoice("D1", b"<x/>", dry_run=False)
        assert replayed.submit_invoice("D1", b"<x/>", dry_run=False).sent


class TestRefusals:
    """What cannot be recorded is said before anything is asked."""

    def test_a_folder(self, tmp_path: Path):
        """A folder is no file to record to."""
        with recording(tmp_path / "x.yaml", {}) as (_, script), pytest.raises(FileFailed, match="is a folder"):
            spi.connect(endpoint=script.endpoint, record=tmp_path)
        assert script.asked == []

    def test_a_path_below_a_file(self, path: Path):
        """Where no folder can be made nothing can be recorded."""
        path.write_text("")
        with pytest.raises(FileFailed, match="cannot be recorded to: "):
            spi.connect(endpoint="http://127.0.0.1:9", record=path / "x.yaml")

    def test_links_in_a_circle(self, path: Path):
        """A link that leads to itself is no path."""
        path.symlink_to(path)
        with pytest.raises(FileFailed):
            spi.connect(endpoint="http://127.0.0.1:9", record=path)

    @pytest.mark.parametrize(
        "more",
        [
            {"replay": DEMO},
            {"record": None, "keep_documents": True},
            {"record": None, "replay": DEMO, "keep_documents": True},
        ],
    )
    def test_what_does_not_go_together(self, path: Path, more: dict):
        """A replay is not recorded, and documents are kept in a recording only."""
        with pytest.raises(InvalidRequest, match="Next: give"):
            spi.connect(**{"record": path, **more})

    def test_without_vcrpy(self, path: Path, monkeypatch: pytest.MonkeyPatch):
        """Without the extra it is named, and a client that does not record needs none."""
        monkeypatch.setitem(sys.modules, "vcr", None)
        with pytest.raises(MissingExtra, match=r"spapi-invoices\[record\]"):
            spi.connect(endpoint="http://127.0.0.1:9", record=path)
        assert spi.connect(endpoint="http://127.0.0.1:9").recorder is None

    def test_the_line_that_makes_an_equal_client(self, path: Path):
        """made_by records again."""
        client = spi.connect(endpoint="http://127.0.0.1:9", record=path, keep_documents=True)
        assert (
            client.made_by == f"spi.connect(endpoint='http://127.0.0.1:9', record={str(path)!r}, keep_documents=True)"
        )


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True)
HEADERS = st.dictionaries(NAMES, TEXTS, max_size=3).map(lambda found: tuple(sorted(found.items())))
EXCHANGES = st.builds(
    Exchange,
    method=st.sampled_from(["GET", "POST"]),
    url=st.just("https://h.example/p?q=%E2%98%83"),
    request_headers=HEADERS,
    request_body=st.binary(max_size=20) | TEXTS.map(str.encode),
    status=st.integers(100, 599),
    reason=TEXTS,
    response_headers=HEADERS,
    response_body=st.binary(max_size=20) | TEXTS.map(str.encode),
    body_sha256=st.just("") | st.just("0" * 64),
)


@given(st.lists(EXCHANGES, max_size=4))
def test_what_is_written_is_what_is_read(tmp_path_factory, recorded: list[Exchange]):
    """Every byte of every exchange comes back out of the file; only the words beside the status are not read."""
    file = tmp_path_factory.mktemp("any") / "any.yaml"
    file.write_text(as_cassette(recorded, SANDBOX_PROFILE), "utf-8")
    read = [replace(one, reason="") for one in exchanges(file)]
    assert read == [replace(one, reason="") for one in recorded]
