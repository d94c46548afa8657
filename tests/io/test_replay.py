"""The replay of a recording."""

import gzip
import threading
from pathlib import Path

import pytest
import yaml
from conftest import DEMO, WEEK

from spapi_invoices.errors import CassetteInvalid, UnrecordedRequest
from spapi_invoices.io.cassettes import RequestKey, load


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

    def test_compressed_body_and_stale_length(self, tmp_path: Path):
        """A gzip body is decompressed; headers about the transfer are dropped."""
        response = {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Encoding": ["gzip"], "Content-Length": ["3"], "X-Kept": ["1"]},
            "body": {"string": gzip.compress(b"hello")},
        }
        request = {"method": "GET", "uri": WEEK, "body": None, "headers": {}}
        path = tmp_path / "c.yaml"
        path.write_text(yaml.safe_dump({"interactions": [{"request": request, "response": response}], "version": 1}))
        answer = load(path).answer(RequestKey.of("GET", WEEK, b""))
        assert (answer.body, dict(answer.headers)) == (b"hello", {"x-kept": "1"})


def test_the_demo_is_read():
    """The shipped recording is a cassette of some dozens of requests."""
    assert len(load(DEMO).answers) > 50
