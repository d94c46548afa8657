"""The transport against a server on loopback that records what it was sent."""

import gzip
import itertools
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from spapi_invoices.core.retry import NO_RETRY, RetryPolicy
from spapi_invoices.core.shipment_invoicing import build_get_invoice_status, build_submit_invoice
from spapi_invoices.core.wire import HttpRequest, Secret
from spapi_invoices.errors import TransportFailed
from spapi_invoices.io.quota import Quota
from spapi_invoices.io.transport import USER_AGENT, BoundedAdapter, RecordingAdapter, Transport
from spapi_invoices.recording import Exchange

Reply = tuple[int, dict[str, str], bytes]


class Server:
    """Answers with the given replies in order, the last one again; keeps what it was sent."""

    def __init__(self, *replies: Reply) -> None:
        self.replies, self.sent = list(replies), list[tuple[str, str, dict[str, str]]]()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("content-length", 0))
                self.rfile.read(length)
                server.sent.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
                status, headers, body = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            do_POST = do_GET  # noqa: N815 - http.server's name

            def log_message(self, *_: object) -> None:
                """Nothing on stderr."""

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers, and end them."""
    started: list[Server] = []

    def start(*replies: Reply) -> Server:
        started.append(Server(*replies))
        return started[-1]

    yield start
    for server in started:
        server.http.shutdown()
        server.http.server_close()


def transport(waits: list[float] | None = None, **more: object) -> Transport:
    return Transport(retry=RetryPolicy(attempts=3), sleep=(waits if waits is not None else []).append, **more)


STATUS: HttpRequest = build_get_invoice_status("D1")
SUBMIT: HttpRequest = build_submit_invoice("D1", b"<x/>")
DOWN: Reply = (503, {}, b"")
GOOD: Reply = (200, {"x-amzn-RequestId": "r"}, b"{}")


def test_what_is_sent(serve):
    """Token, date and user agent are there; no netrc, no cookies, no other header of the environment's."""
    server = serve(GOOD)
    Transport().send(STATUS, server.endpoint, Secret("the-token"))
    method, path, headers = server.sent[0]
    assert (method, path) == ("GET", "/fba/outbound/brazil/v0/shipments/D1/invoice/status")
    assert headers["x-amz-access-token"] == "the-token"
    assert headers["user-agent"] == USER_AGENT
    assert headers["x-amz-date"].endswith("Z")
    assert "authorization" not in headers


def test_netrc_and_environment_are_not_read(serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A .netrc for the host, or a proxy in the environment, changes nothing."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hidden")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server = serve(GOOD)
    assert Transport(proxy="http://127.0.0.1:9").send(STATUS, server.endpoint).status == 200
    assert "authorization" not in server.sent[0][2]


def test_a_get_is_asked_again(serve):
    """503 twice, then an answer: three requests, none waited for before the first, each other wait below its bound."""
    waits: list[float] = []
    server = serve(DOWN, DOWN, GOOD)
    assert transport(waits).send(STATUS, server.endpoint).status == 200
    assert len(server.sent) == 3
    assert [0 <= wait <= bound for wait, bound in zip(waits, (0, 1, 2), strict=True)] == [True] * 3


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b'{"payload": {"Shipments": {"InvoiceSt'])
def test_a_success_that_is_cut_off_is_asked_again(serve, body: bytes):
    """A 2xx whose body is no JSON to its end is no answer yet; one that stays so is returned, for the parser to refuse."""
    server = serve((200, {}, body), (200, {}, body), GOOD)
    answer = transport().send(STATUS, server.endpoint)
    assert (answer.body, answer.attempts, len(server.sent)) == (b"{}", 3, 3)
    assert transport().send(STATUS, serve((200, {}, body)).endpoint).body == body


def test_attempts_are_counted(serve):
    """Those that got no answer too; and a failure says how many there were."""
    half = (200, {"content-length": "100"}, b"{")
    assert transport().send(STATUS, serve(half, DOWN, GOOD).endpoint).attempts == 3
    with pytest.raises(TransportFailed, match=r"\(ProtocolError\) after 3 attempts\. Next: "):
        transport().send(STATUS, serve(half).endpoint)


def test_told_to_wait(serve):
    """Retry-After is honoured; past the deadline nobody waits, and what came is returned."""
    waits: list[float] = []
    assert transport(waits).send(STATUS, serve((503, {"retry-after": "7"}, b""), GOOD).endpoint).status == 200
    assert 7 <= waits[1] < 8
    late = serve((503, {"retry-after": "300"}, b""), GOOD)
    assert (transport(waits).send(STATUS, late.endpoint).status, len(late.sent)) == (503, 1)


def test_the_deadline(serve):
    """When it has passed, what came last is returned, however many attempts are left."""
    seconds, server = [0.0], serve(DOWN)

    def sleep(_: float) -> None:
        seconds[0] += 150

    sender = Transport(retry=RetryPolicy(attempts=99), sleep=sleep, monotonic=lambda: seconds[0])
    assert (sender.send(STATUS, server.endpoint).status, len(server.sent)) == (503, 3)


def test_every_attempt_takes_a_token(serve):
    """Each one waits for its turn, and a 429 empties the bucket."""
    seconds = [0.0]

    def sleep(wait: float) -> None:
        seconds[0] += wait

    server = serve((429, {}, b""), DOWN, DOWN, GOOD)
    policy = RetryPolicy(base_seconds=0)
    sender = Transport(retry=policy, quota=Quota(lambda: seconds[0]), sleep=sleep)
    assert sender.send(STATUS, server.endpoint).attempts == 4
    assert seconds[0] == pytest.approx(1 / 1.133 + 3 / (0.99 * 1.133), abs=0.002)


def test_the_deadline_ends_waits_for_the_quota(serve):
    """After a failure nobody waits for the next turn past the deadline; for the first one everybody waits as long as it takes."""
    seconds, server = [0.0], serve((429, {"x-amzn-ratelimit-limit": "0.02"}, b""))

    def sleep(wait: float) -> None:
        seconds[0] += wait

    def clock() -> float:
        return seconds[0]

    policy = RetryPolicy(deadline_seconds=60)
    sender = Transport(retry=policy, quota=Quota(clock), sleep=sleep, monotonic=clock)
    # 50 seconds until the server's bucket may be thought to have one to spare, then 50.5 for ours.
    for sent, ended in ((1, 60), (2, 100.5 + 60)):
        answer = sender.send(STATUS, server.endpoint)
        assert (answer.status, answer.attempts, len(server.sent)) == (429, 1, sent)
        assert seconds[0] == pytest.approx(ended, abs=0.3)


def test_called_off_between_attempts(serve):
    """What the pause raises ends the request: nothing more is sent."""

    def leave(wait: float) -> None:
        if wait:
            raise TransportFailed("called off")

    server = serve(DOWN)
    with pytest.raises(TransportFailed, match="called off"):
        Transport(retry=RetryPolicy(), sleep=leave).send(STATUS, server.endpoint)
    assert len(server.sent) == 1


def test_the_last_answer_is_returned(serve):
    """When all attempts are used up, the answer is what Amazon said last."""
    server = serve(DOWN)
    assert transport().send(STATUS, server.endpoint).status == 503
    assert len(server.sent) == 3


def test_a_submission_is_sent_once(serve):
    """Whatever the answer, submitInvoice is not repeated: it may have been carried out."""
    server = serve(DOWN)
    assert transport().send(SUBMIT, server.endpoint).status == 503
    assert [method for method, _, _ in server.sent] == ["POST"]


def test_a_throttled_submission_is_sent_again(serve):
    """A 429 refused it before anything was done; what comes after that is final."""
    server = serve((429, {}, b""), (429, {}, b""), DOWN, GOOD)
    answer = transport().send(SUBMIT, server.endpoint)
    assert (answer.status, answer.attempts, len(server.sent)) == (503, 3, 3)


def test_redirects_are_not_followed(serve):
    """A redirect could carry the token to another host."""
    other = serve(GOOD)
    server = serve((302, {"location": other.endpoint}, b""))
    assert Transport().send(STATUS, server.endpoint, Secret("t")).status == 302
    assert other.sent == []


@pytest.mark.parametrize(
    "reply",
    [(200, {"content-length": "100"}, b"{"), (200, {"content-encoding": "gzip"}, b"no gzip")],
)
def test_half_a_body_is_no_answer(serve, reply: Reply):
    """A body shorter than said, or no gzip where gzip was said, is TransportFailed, and names host and next step."""
    server = serve(reply)
    with pytest.raises(TransportFailed, match=r"getInvoiceStatus: no answer from 127\.0\.0\.1:\d+ .* Next: "):
        Transport(retry=NO_RETRY).send(STATUS, server.endpoint)


class TestBoundedAdapter:
    """No answer is endless."""

    @pytest.mark.parametrize(("headers", "pack"), [({}, bytes), ({"content-encoding": "gzip"}, gzip.compress)])
    def test_size(self, serve, headers: dict[str, str], pack: Callable[[bytes], bytes]):
        """A body of the bound's size arrives, one byte more is no answer; it counts as it is unpacked."""
        sender = Transport(adapter=BoundedAdapter(longest_body=200_000))
        assert sender.send(STATUS, serve((200, headers, pack(b" " * 200_000))).endpoint).body == b" " * 200_000
        with pytest.raises(TransportFailed, match=r"no answer from .* \(AnswerTooLarge\)"):
            sender.send(STATUS, serve((200, headers, pack(b" " * 200_001))).endpoint)

    @pytest.mark.parametrize("head", [b"Content-Length: 9\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n9\r\n{"])
    def test_time(self, head: bytes):
        """A body that still arrives, byte by byte, after five minutes is no answer; the rest of it is not waited for."""
        done = threading.Event()

        def drip(server: socket.socket) -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n" + head)
                done.wait(20)

        seconds = itertools.count(step=301)
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=drip, args=(server,))
            thread.start()
            sender = Transport(monotonic=lambda: next(seconds), timeout_seconds=(5.0, 5.0))
            try:
                with pytest.raises(TransportFailed, match=r"\(AnswerTooSlow\)"):
                    sender.send(STATUS, f"http://127.0.0.1:{server.getsockname()[1]}")
            finally:
                done.set()
                thread.join(20)

    def test_connections_are_kept(self):
        """One serves the next request too, whether a body was packed, in chunks or empty."""
        said = (
            b"Content-Length: 2\r\n\r\n{}",
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            b"Content-Length: 0\r\n\r\n",
            b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed := gzip.compress(b"{}")), packed),
        )

        def answer(server: socket.socket) -> None:
            connection, _ = server.accept()
            with connection:
                for one in said:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\n" + one)

        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=answer, args=(server,))
            thread.start()
            sender = Transport(timeout_seconds=(5.0, 5.0))
            got = [sender.send(STATUS, f"http://127.0.0.1:{server.getsockname()[1]}").body for _ in said]
            thread.join(20)
        assert got == [b"{}", b"{}", b"", b"{}"]


class TestRecordingAdapter:
    """What went over the wire is handed on, once it is all there."""

    def test_an_exchange_is_what_was_sent_and_answered(self, serve):
        """Method, address, headers and body of both sides; the answer's body decompressed."""
        heard: list[Exchange] = []
        server = serve((200, {"content-encoding": "gzip", "x-amzn-RequestId": "r"}, gzip.compress(b'{"a": 1}')))
        Transport(adapter=RecordingAdapter(heard.append)).send(SUBMIT, server.endpoint, Secret("the-token"))
        (one,) = heard
        assert (one.method, one.url) == ("POST", f"{server.endpoint}{SUBMIT.target()}")
        assert (one.request_body, dict(one.request_headers)["x-amz-access-token"]) == (SUBMIT.body, "the-token")
        assert (one.status, one.reason, one.response_body) == (200, "OK", b'{"a": 1}')
        assert dict(one.response_headers)["x-amzn-RequestId"] == "r"

    def test_every_answered_attempt_is_an_exchange(self, serve):
        """Refusals before the answer are handed on too, in order."""
        heard: list[Exchange] = []
        answer = transport(adapter=RecordingAdapter(heard.append)).send(STATUS, serve(DOWN, DOWN, GOOD).endpoint)
        assert ([one.status for one in heard], answer.status) == ([503, 503, 200], 200)

    @pytest.mark.parametrize(
        "reply", [(200, {"content-length": "100"}, b"{"), (200, {"content-encoding": "gzip"}, b"no gzip")]
    )
    def test_half_an_answer_is_none(self, serve, reply: Reply):
        """What did not arrive in full is not handed on."""
        heard: list[Exchange] = []
        with pytest.raises(TransportFailed):
            Transport(adapter=RecordingAdapter(heard.append)).send(STATUS, serve(reply).endpoint)
        assert heard == []


@pytest.mark.parametrize("token", ["with\nbreak", "snow ☃"])
def test_a_token_that_cannot_be_sent_is_not_shown(serve, token: str):
    """It fails without an answer, and neither message nor anything behind it holds the token."""
    with pytest.raises(TransportFailed) as raised:
        Transport().send(STATUS, serve(GOOD).endpoint, Secret(token))
    behind: BaseException | None = raised.value
    while behind is not None:
        assert token not in repr(behind)
        behind = behind.__context__


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_shows_no_token(kind: type[BaseException]):
    """Ctrl-C while the answer is waited for: no local variable of the traceback, nor what lies behind it, holds the token."""

    class Interrupted(HTTPAdapter):
        def send(self, request: PreparedRequest, *_: object, **__: object) -> Response:
            assert "the-token" in repr(request.headers)
            raise kind(130) from OSError(f"broken off: {request.headers}")

    with pytest.raises(kind) as raised:
        Transport(adapter=Interrupted()).send(STATUS, "https://host.example", Secret("the-token"))
    shown = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert "_in_turn" in shown
    assert "x-amz-access-token" not in shown
    assert raised.value.__cause__ is raised.value.__context__ is None
    assert raised.value.args == (130,)
