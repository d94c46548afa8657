"""The replay of a recording."""

import gzip
import hashlib
import random
import socket
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests
import yaml
from conftest import DEMO, INVOICES, NA, SHIPMENT, WEEK
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import spapi_invoices as spi
from spapi_invoices.core.shipment_invoicing import build_submit_invoice
from spapi_invoices.endpoints import LWA_HOST
from spapi_invoices.errors import CassetteInvalid, FetchIncomplete, UnrecordedRequest
from spapi_invoices.io.cassettes import RequestKey, exchanges, load
from spapi_invoices.io.transport import ReplayAdapter, Transport


def interaction(
    body: bytes | str | None = b"{}",
    headers: dict[str, Any] | None = None,
    request: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One interaction as vcrpy writes it."""
    return {
        "request": {"method": "GET", "uri": WEEK, "body": None, "headers": {}} | (request or {}),
        "response": {"status": {"code": 200, "message": "OK"}, "headers": headers or {}, "body": {"string": body}},
        **more,
    }


@pytest.fixture
def recording(tmp_path: Path) -> Callable[..., Path]:
    """Write interactions to a file."""

    def write(*interactions: dict[str, Any], **more: Any) -> Path:
        path = tmp_path / "c.yaml"
        path.write_text(yaml.safe_dump({"interactions": list(interactions), "version": 1, **more}), "utf-8")
        return path

    return write


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a socket or asks for a host's address fails."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was asked for")

    for name in ("socket", "create_connection", "getaddrinfo", "socketpair"):
        monkeypatch.setattr(socket, name, refuse)


class TestMatching:
    """A request is matched on method, path, query and body."""

    def test_query_order_and_host_do_not_matter(self):
        """Two spellings of one request have one key."""
        one = RequestKey.of("get", "https://a.example/p?x=1&y=2", b"")
        assert one == RequestKey.of("GET", "http://b.example:8642/p?y=2&x=1", b"")

    @pytest.mark.parametrize(
        ("method", "url", "body"),
        [("POST", "/p?x=1", b""), ("GET", "/q?x=1", b""), ("GET", "/p?x=2", b""), ("GET", "/p?x=1", b"b")],
    )
    def test_everything_else_does(self, method: str, url: str, body: bytes):
        """A change of method, path, a query value or the body is another request."""
        assert RequestKey.of(method, url, body) != RequestKey.of("GET", "/p?x=1", b"")

    def test_repeated_answers_come_in_order_then_the_last_again(self, cassette):
        """The n-th time a request is asked it gets the n-th recorded answer; after the last, the last."""
        tape = load(cassette(("GET", WEEK, 200, "one"), ("GET", WEEK, 200, "two")))
        key = RequestKey.of("GET", WEEK, b"")
        assert [tape.answer(key).body for _ in range(4)] == [b"one", b"two", b"two", b"two"]

    def test_unrecorded_names_the_nearest_and_what_differs(self, cassette):
        """The message holds the request, the nearest recorded one and the parameter in which they differ."""
        tape = load(cassette(("GET", WEEK, 200, "one")))
        with pytest.raises(UnrecordedRequest) as raised:
            tape.answer(RequestKey.of("GET", WEEK.replace("2026-10-08", "2026-10-07"), b""))
        assert "createdBefore: asked 2026-10-07T00:00:00Z, recorded 2026-10-08T00:00:00Z" in str(raised.value)
        assert "Nearest recorded: GET /vendor/directFulfillment/shipping/v1/customerInvoices?" in str(raised.value)

    @pytest.mark.parametrize(
        ("asked", "nearest", "differs"),
        [
            (f"{NA}/fba/outbound/brazil/v0/shipments/D2", "GET /fba/outbound/brazil/v0/shipments/D1", "path: asked "),
            (f"{SHIPMENT}/invoice", "GET /fba/outbound/brazil/v0/shipments/D1/invoice/status", "path: asked "),
            (
                f"{INVOICES}?limit=100",
                "GET /vendor/directFulfillment",
                "createdAfter: asked nothing, recorded 2026-10-01",
            ),
            (f"{WEEK}&limit=100", "GET /vendor/directFulfillment", "limit: asked 100 and 100, recorded 100"),
            (f"{WEEK}&x=", "GET /vendor/directFulfillment", "(x: asked , recorded nothing)"),
        ],
    )
    def test_the_nearest(self, cassette, asked: str, nearest: str, differs: str):
        """The same path is nearest, then the path most alike; each parameter that differs is named, repeated ones too."""
        tape = load(cassette(*[("GET", one, 200, "") for one in (WEEK, SHIPMENT, f"{SHIPMENT}/invoice/status")]))
        with pytest.raises(UnrecordedRequest) as raised:
            tape.answer(RequestKey.of("GET", asked, b""))
        assert f"Nearest recorded: {nearest}" in str(raised.value)
        assert differs in str(raised.value)

    def test_method_and_body_are_named_too(self, cassette):
        """A request that differs in method or body alone is told apart; the body itself is not shown."""
        tape = load(cassette(("GET", SHIPMENT, 200, "")))
        with pytest.raises(UnrecordedRequest, match=r"\(method: asked POST, recorded GET; the body\)") as raised:
            tape.answer(RequestKey.of("POST", SHIPMENT, b"Maria"))
        assert "Maria" not in str(raised.value)

    def test_an_empty_cassette(self, recording):
        """Nothing recorded is no reason to look for what is near."""
        with pytest.raises(UnrecordedRequest, match="which is empty"):
            load(recording()).answer(RequestKey.of("GET", WEEK, b""))

    @given(
        st.lists(st.tuples(st.sampled_from("ab+& é"), st.sampled_from(["", "1", "2", "a b", "é&=+"])), max_size=4),
        st.randoms(use_true_random=False),
    )
    def test_any_query_in_any_order(self, pairs: list[tuple[str, str]], chance: random.Random):
        """However the pairs are ordered and spelt, a query is the same; with one left out it is another."""
        one = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)
        mixed = chance.sample(pairs, len(pairs))
        other = "&".join(f"{quote_plus(name)}={quote_plus(value).replace('+', '%20')}" for name, value in mixed)
        key = RequestKey.of("GET", f"/p?{one}", b"")
        assert RequestKey.of("GET", f"/p?{other}", b"") == key
        if pairs:
            assert RequestKey.of("GET", f"/p?{one.partition('&')[2]}", b"") != key

    def test_a_submission_is_matched_by_what_was_sent(self, recording):
        """Where the document in the body was replaced, the digest beside it is of the body that was sent."""
        sent = build_submit_invoice("D1", b"<nfeProc>mine</nfeProc>")
        request = {"method": "POST", "uri": f"{SHIPMENT}/invoice", "body": '{"InvoiceContent":"c3ludGhldGlj"}'}
        tape = load(recording(interaction(request=request, body_sha256=hashlib.sha256(sent.body).hexdigest())))
        assert Transport(adapter=ReplayAdapter(tape)).send(sent, LWA_HOST).status == 200
        with pytest.raises(UnrecordedRequest, match=r"\(the body\)"):
            Transport(adapter=ReplayAdapter(tape)).send(
                build_submit_invoice("D1", b"<nfeProc>other</nfeProc>"), LWA_HOST
            )

    def test_threads_get_every_answer_once(self, cassette):
        """Answers recorded for one request are dealt out without loss or repeat, whatever the threads do."""
        tape = load(cassette(*[("GET", WEEK, 200, str(i)) for i in range(200)]))
        key, got = RequestKey.of("GET", WEEK, b""), []
        threads = [
            threading.Thread(target=lambda: got.extend(tape.answer(key).body for _ in range(25))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(map(int, got)) == list(range(200))


def test_what_is_cut_off_is_asked_again(cassette):
    """A recorded success that breaks off, and then one that does not: the replay ends with the good one, and counts both."""
    url = f"{SHIPMENT}/invoice/status"
    good = '{"payload": {"Shipments": {"AmazonShipmentId": "D1", "InvoiceStatus": "Accepted"}}}'
    path = cassette(("GET", url, 200, good[:40]), ("GET", url, 200, ""), ("GET", url, 503, ""), ("GET", url, 200, good))
    statuses = spi.connect(replay=path).invoice_statuses(["D1"])
    assert statuses["invoice_status"].to_list() == ["Accepted"]


ODD_TAGS = ("!!bool perhaps", "!!timestamp x", "!!int x", "!!float x", "!!binary é", "2026-13-45", "!x y", "!!set [a]")


class TestLoading:
    """What is no cassette is said to be none."""

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"a: [", "is no YAML (line"),
            (b"\x00\xff", "is no YAML"),
            (b"just a text", "has no list of interactions"),
            (b"interactions: 5", "has no list of interactions"),
            (b"interactions: [{request: {}}]", "interaction 1 has no usable request and response"),
            (b"!!python/object/apply:os.system ['true']", "is no YAML"),
            *((f"a: {text}".encode(), "is no YAML") for text in ODD_TAGS),
            (b"a: &a {b: 1}\ninteractions: [{<<: *a}]", "is no YAML"),
            (b"&a interactions: [&b [*b]]", "interaction 1 has no usable request and response"),
        ],
    )
    def test_says_what_is_wrong(self, tmp_path: Path, content: bytes, says: str):
        """The message names the file and the fault."""
        path = tmp_path / "c.yaml"
        path.write_bytes(content)
        with pytest.raises(CassetteInvalid, match=r"c\.yaml") as raised:
            load(path)
        assert says in str(raised.value)

    def test_missing_file(self, tmp_path: Path):
        """A path that is not there is a cassette that cannot be read."""
        with pytest.raises(CassetteInvalid, match="cannot be read: No such file"):
            load(tmp_path / "none.yaml")

    @pytest.mark.parametrize(
        "content",
        [
            b"[" * 100_000,
            b"{a: " * 100_000,
            b"- " * 100_000,
            b"? " * 100_000,
            b"interactions: " + b"[" * 300 + b"]" * 300,
            b"".join(b"%ba:\n" % (b" " * depth) for depth in range(1500)),
        ],
    )
    def test_deep_nesting(self, tmp_path: Path, content: bytes):
        """A file that nests deeper than any cassette is an error, and not the end of the process."""
        path = tmp_path / "c.yaml"
        path.write_bytes(content)
        with pytest.raises(CassetteInvalid, match=r"nests more than 64 deep \(line \d+\)"):
            load(path)

    @pytest.mark.parametrize("lines", [9, 40])
    def test_aliases_of_aliases(self, tmp_path: Path, lines: int):
        """A few lines that stand for more than a memory holds are an error when the file is read."""
        path = tmp_path / "c.yaml"
        rows = (f"a{at + 1}: &a{at + 1} [{', '.join([f'*a{at}'] * 10)}]\n" for at in range(lines))
        path.write_text(f"a0: &a0 a\n{''.join(rows)}interactions: [*a{lines}]\n")
        with pytest.raises(CassetteInvalid, match=r"aliases make it many times as large \(line \d+\)"):
            load(path)

    def test_aliases_of_headers(self, tmp_path: Path):
        """Headers that it met twice vcrpy writes as an alias, however often that is."""
        one = interaction(headers={"a": ["b"]})
        path = tmp_path / "c.yaml"
        path.write_text(yaml.safe_dump({"interactions": [one] + [{**one} for _ in range(500)]}))
        assert "*id" in path.read_text()
        assert {each.response_headers for each in exchanges(path)} == {(("a", "b"),)}

    @pytest.mark.parametrize(
        "change",
        [
            {"status": {"code": float("inf")}},
            {"status": {"code": 99}},
            {"status": {"code": 10**400}},
            {"status": None},
            {"headers": ["a"]},
            {"headers": {"a": [["b"]]}},
            {"headers": {"a": {"b": "c"}}},
            {"body": None},
            {"body": {"string": ["a"]}},
            {"body": {"string": 5}},
        ],
    )
    def test_unusable_answers(self, recording, change: dict[str, Any]):
        """An answer without a status or a body is refused when the file is read, with its number."""
        broken = interaction()
        broken["response"] |= change
        with pytest.raises(CassetteInvalid, match="interaction 2 has no usable request and response"):
            load(recording(interaction(), broken))

    @pytest.mark.parametrize(
        "change", [{"method": None}, {"uri": None}, {"uri": "http://[a"}, {"body": ["a"]}, {"headers": 5}]
    )
    def test_unusable_requests(self, recording, change: dict[str, Any]):
        """A request that could not have been sent is refused too."""
        with pytest.raises(CassetteInvalid, match="interaction 1"):
            load(recording(interaction(request=change)))

    @pytest.mark.parametrize("digest", ["abc", 5, "G" * 64, ["a"]])
    def test_a_digest_that_is_none(self, recording, digest: object):
        """A digest beside the body is a SHA-256 in hexadecimal digits, or it is refused."""
        with pytest.raises(CassetteInvalid, match="interaction 1"):
            load(recording(interaction(body_sha256=digest)))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @example(b"a: !!binary x")
    @example(b"a: 0001-01-01T00:00:00+23:59")
    @given(
        st.binary(max_size=60)
        | st.lists(
            st.sampled_from(["interactions", ":", " ", "\n", "-", "[", "]", "{", "}", "!!", "int", "set", "&a", "*a"])
        )
        .map("".join)
        .map(str.encode)
    )
    def test_any_file(self, tmp_path: Path, content: bytes):
        """Whatever a file holds, it is a cassette or it is said to be none."""
        path = tmp_path / "any.yaml"
        path.write_bytes(content)
        with suppress(CassetteInvalid):
            assert load(path).name == "any.yaml"


class TestBodies:
    """What a recording may have kept of the transfer."""

    @pytest.mark.parametrize(
        ("coding", "body"),
        [
            (coding, changed)
            for coding, body in (
                ("gzip", gzip.compress(b"hello")),
                ("deflate", zlib.compress(b"hello")),
                ("deflate", zlib.compress(b"hello", wbits=-15)),
            )
            for changed in (body + b"Maria", body[:-1])
        ],
    )
    def test_a_body_is_whole(self, recording, coding: str, body: bytes):
        """One that ends early, or that something follows, stays as it is: nothing of it is lost without a word."""
        path = recording(interaction(body, {"content-encoding": [coding]}))
        assert exchanges(path)[0].response_body == body

    @pytest.mark.parametrize(
        ("coding", "body"),
        [
            ("gzip", gzip.compress(b"hello")),
            ("GZIP", gzip.compress(b"hello")),
            ("x-gzip", gzip.compress(b"hello")),
            ("deflate", zlib.compress(b"hello")),
            ("deflate", zlib.compress(b"hello", wbits=-15)),
            ("gzip", gzip.compress(b"hel") + gzip.compress(b"lo")),
            ("gzip", b"hello"),
            ("deflate", b"hello"),
            ("br", b"hello"),
            ("identity", b"hello"),
        ],
    )
    def test_a_body_is_plain(self, recording, coding: str, body: bytes):
        """A compressed body is decompressed, one that is plain already stays; headers about the transfer are dropped."""
        headers = {
            "Content-Encoding": [coding],
            "Content-Length": ["3"],
            "Transfer-Encoding": ["chunked"],
            "X-Kept": ["1"],
        }
        path = recording(interaction(body, headers))
        answer = load(path).answer(RequestKey.of("GET", WEEK, b""))
        assert (answer.body, dict(answer.headers)) == (b"hello", {"x-kept": "1"})
        session = requests.Session()
        session.mount("https://", ReplayAdapter(load(path)))
        assert session.get(WEEK).text == "hello"

    def test_headers_of_any_kind(self, recording):
        """A header may be a text or a list, repeat, be empty or a number."""
        headers = {"A": "1", "B": ["1", "2"], "C": [], "D": [5]}
        answer = load(recording(interaction(headers=headers))).answer(RequestKey.of("GET", WEEK, b""))
        assert dict(answer.headers) == {"a": "1", "b": "1, 2", "d": "5"}

    def test_no_headers_and_no_body(self, recording):
        """Headers may be missing, a body may be null."""
        bare = interaction(None)
        del bare["response"]["headers"], bare["request"]["headers"], bare["request"]["body"]
        answer = load(recording(bare)).answer(RequestKey.of("GET", WEEK, b""))
        assert (answer.body, dict(answer.headers)) == (b"", {})


class TestExchanges:
    """The file as it is, for who looks into it."""

    def test_all_of_it_in_order(self, recording):
        """Each exchange with its words, headers one by one, and bodies; what is asked twice is there twice."""
        request = {"method": "post", "body": "a=1", "headers": {"Accept": ["x", "y"], "Host": "h"}}
        first, second = exchanges(
            recording(
                interaction(gzip.compress(b"one"), {"content-encoding": ["gzip"]}, request, body_sha256="0" * 64),
                interaction("two"),
                metadata={"by": "me"},
            )
        )
        assert (first.method, first.url, first.request_body, first.body_sha256) == ("POST", WEEK, b"a=1", "0" * 64)
        assert first.request_headers == (("Accept", "x"), ("Accept", "y"), ("Host", "h"))
        assert (first.status, first.reason, first.response_body) == (200, "OK", b"one")
        assert first.response_headers == (("content-encoding", "gzip"),)
        assert (second.method, second.response_body, second.body_sha256) == ("GET", b"two", "")

    def test_metadata(self, recording):
        """What the recorder noted about the whole is there; anything but a mapping is nothing."""
        assert load(recording(metadata={"time_zone": "UTC"})).metadata == {"time_zone": "UTC"}
        assert load(recording(metadata=[1])).metadata == {}

    def test_what_vcrpy_writes(self, tmp_path: Path):
        """A file that vcrpy itself wrote is read, text and binary bodies alike."""
        request, serialize = pytest.importorskip("vcr.request"), pytest.importorskip("vcr.serialize")
        from vcr.serializers import yamlserializer

        made = {
            "requests": [
                request.Request("GET", WEEK, None, {"accept": "a"}),
                request.Request("POST", WEEK, b"\xff", {}),
            ],
            "responses": [
                {"status": {"code": 200, "message": "OK"}, "headers": {"A": ["1"]}, "body": {"string": body}}
                for body in ("é".encode(), b"\xff\x00")
            ],
        }
        path = tmp_path / "vcrpy.yaml"
        path.write_text(serialize.serialize(made, yamlserializer), "utf-8")
        assert [(one.request_body, one.response_body) for one in exchanges(path)] == [
            (b"", "é".encode()),
            (b"\xff", b"\xff\x00"),
        ]


class TestWithoutNetwork:
    """A replayed client opens no socket, from any number of threads."""

    @pytest.mark.usefixtures("no_sockets")
    def test_a_client(self):
        """The whole demo is answered with sockets forbidden."""
        client = spi.connect(replay=DEMO)
        ids = (DEMO.parent / "demo-shipment-ids.txt").read_text().split()
        assert client.customer_invoices("2026-10-01", "2026-10-31").complete
        assert client.invoice_statuses(ids).height == len(ids)

    @pytest.mark.usefixtures("no_sockets")
    def test_an_unrecorded_request(self):
        """What is not recorded is an error, and not asked of anybody either."""
        with pytest.raises(FetchIncomplete) as raised:
            spi.connect(replay=DEMO).invoice_statuses(["D-never-recorded"])
        assert isinstance(raised.value.__cause__, UnrecordedRequest)

    @pytest.mark.usefixtures("no_sockets")
    def test_sixteen_threads(self, cassette):
        """Every thread gets the right answer to every request, all over one session."""
        ids = [f"D{at}" for at in range(60)]
        tape = load(cassette(*[("GET", f"{NA}/s/{one}?a=1&b=2", 200, one) for one in ids]))
        session = requests.Session()
        session.mount("https://", ReplayAdapter(tape))

        def ask(seed: int) -> list[tuple[str, str]]:
            mixed = random.Random(seed).sample(ids, len(ids))
            return [(one, session.get(f"https://any.example/s/{one}?b=2&a=1").text) for one in mixed]

        with ThreadPoolExecutor(16) as pool:
            answers = [pair for found in pool.map(ask, range(16)) for pair in found]
        assert len(answers) == 16 * 60
        assert all(asked == answered for asked, answered in answers)


def test_the_demo_is_read():
    """The shipped recording is a cassette of some dozens of requests."""
    assert len(load(DEMO).answers) > 50
