import copy
import dataclasses
import inspect
import json
import logging
import marshal
import math
import pickle
import pprint
import reprlib
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.endpoints import operation
from tests.strategies import texts

_SHIPMENT = operation("getShipmentDetails", "v0")
_TOKEN = "Atza|IwEBIExample"


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """What holds a secret, as a profile does."""

    name: str = "india"
    token: Secret = dataclasses.field(default_factory=lambda: Secret(_TOKEN))


class TestSecret:
    """A text that shows itself only when asked to."""

    @pytest.mark.parametrize(
        "shown",
        [
            repr(Secret(_TOKEN)),
            str(Secret(_TOKEN)),
            f"{Secret(_TOKEN)}",
            f"{Secret(_TOKEN)!r:>40}",
            f"{Secret(_TOKEN):>40}",
            "%s %r" % (Secret(_TOKEN), Secret(_TOKEN)),  # noqa: UP031 - the old way is the one that logging uses
            "{0} {0!s}".format(Secret(_TOKEN)),  # likewise
            repr([{"token": (Secret(_TOKEN),)}]),
        ],
    )
    def test_hidden(self, shown: str) -> None:
        """No way of turning a secret into text shows it."""
        assert "Atza" not in shown
        assert "IwEB" not in shown
        assert "***" in shown

    def test_logging(self, caplog: pytest.LogCaptureFixture) -> None:
        """A secret that is logged, alone or inside something, is not in the log."""
        logging.getLogger("test").warning("token %s %r %s", Secret(_TOKEN), Secret(_TOKEN), [Secret(_TOKEN)])
        assert caplog.messages == ["token Secret('***') Secret('***') [Secret('***')]"]

    @pytest.mark.parametrize(
        "write",
        [
            *(partial(pickle.dumps, protocol=protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
            marshal.dumps,
            json.dumps,
            msgspec.json.encode,
            msgspec.to_builtins,
            yaml.dump,
            yaml.safe_dump,
        ],
    )
    def test_not_written(self, write: Callable[[object], object]) -> None:
        """No serialiser writes a secret, to disk or for another process, alone or inside something."""
        for one in (Secret(_TOKEN), [Secret(_TOKEN)], Account()):
            with pytest.raises((TypeError, ValueError, yaml.YAMLError)) as caught:
                write(one)
            assert "IwEB" not in str(caught.value)

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
    def test_handed_on(self, duplicate: Callable[[Secret], Secret]) -> None:
        """A copy of a secret is the secret itself."""
        secret = Secret(_TOKEN)
        assert duplicate(secret) is secret

    @pytest.mark.parametrize(
        "dump",
        [
            lambda secret: {name: getattr(secret, name) for name in dir(secret)},
            inspect.getmembers,
            lambda secret: {name: getattr(secret, name) for name in type(secret).__slots__},
            lambda secret: secret.__getstate__(),
            lambda _: dataclasses.asdict(Account()),
            lambda _: dataclasses.astuple(Account()),
            lambda _: Account(),
            lambda _: pprint.pformat(Account()),
            lambda secret: reprlib.repr([secret]),
            lambda _: json.dumps(dataclasses.asdict(Account()), default=str),
            lambda _: json.dumps(dataclasses.asdict(Account()), default=repr),
            lambda secret: traceback.format_exception(ValueError(secret)),
            lambda secret: traceback.StackSummary.extract(
                [(inspect.currentframe(), 1)],
                capture_locals=True,  # type: ignore[list-item]
            ).format(),
        ],
    )
    def test_dumped(self, dump: Callable[[Secret], object]) -> None:
        """Whatever looks into a secret, or into what holds one, finds no text."""
        assert "IwEB" not in str(dump(Secret(_TOKEN)))

    @given(texts, texts)
    def test_value(self, one: str, other: str) -> None:
        """Secrets are equal where their texts are, never equal to a text, and give their text back."""
        assert Secret(one).reveal() == one
        assert (Secret(one) == Secret(other)) == (one == other)
        assert Secret(one) != one
        assert len({Secret(one), Secret(one)}) == 1
        assert bool(Secret(one)) == bool(one)

    def test_no_other_attributes(self) -> None:
        """A secret has no ``__dict__`` in which a debugger's dump would find its text."""
        with pytest.raises(TypeError):
            vars(Secret(_TOKEN))

    def test_no_text(self) -> None:
        """A secret cannot be used as the text by accident: joined, counted, indexed, searched or encoded."""
        secret: Any = Secret(_TOKEN)
        for use in (
            lambda: "x" + secret,
            lambda: len(secret),
            lambda: secret[0],
            lambda: "x" in secret,
            lambda: bytes(secret),
        ):
            with pytest.raises(TypeError):
                use()


class TestHttpRequest:
    """A request without host and without token."""

    def test_target_without_query(self) -> None:
        """Without a query the target is the path as it is."""
        assert HttpRequest(operation=_SHIPMENT, path="/a%2Fb").target() == "/a%2Fb"

    def test_target(self) -> None:
        """A query keeps its order and is percent-encoded, ``+`` and space included."""
        request = HttpRequest(
            operation=_SHIPMENT, path="/a", query=(("z", "2026-10-01T00:00:00+05:30"), ("a", "b c&d=é/"))
        )
        assert request.target() == "/a?z=2026-10-01T00%3A00%3A00%2B05%3A30&a=b%20c%26d%3D%C3%A9%2F"
        assert request.method == "GET"

    def test_repr(self) -> None:
        """The body, which may be a secret or a document, is not in the repr."""
        assert "Atza" not in repr(HttpRequest(operation=_SHIPMENT, path="/a", body=_TOKEN.encode()))


class TestHttpResponse:
    """An answer."""

    def test_headers_in_any_case(self) -> None:
        """Headers are found whatever their case on the wire."""
        response = HttpResponse.of(200, [("X-AMZN-REQUESTID", "R1"), ("x-Amzn-RateLimit-Limit", "1.133")])
        assert (response.request_id, response.rate_limit) == ("R1", 1.133)

    def test_without_headers(self) -> None:
        """Headers that are absent are ``None``."""
        assert (HttpResponse(status=200).request_id, HttpResponse(status=200).rate_limit) == (None, None)

    @pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400", "0", "-1", "", "ten", "10,0"])
    def test_no_rate(self, text: str) -> None:
        """A rate that no bucket can be filled with is none at all."""
        assert HttpResponse.of(429, [("x-amzn-RateLimit-Limit", text)]).rate_limit is None

    @given(st.floats(min_value=1e-9, allow_infinity=False) | st.text())
    def test_rate_is_usable(self, sent: object) -> None:
        """Whatever the header says, the rate is ``None`` or a finite positive number."""
        rate = HttpResponse.of(200, [("x-amzn-RateLimit-Limit", str(sent))]).rate_limit
        assert rate is None or 0 < rate < math.inf

    def test_repr(self) -> None:
        """Neither body nor headers are in the repr."""
        assert repr(HttpResponse.of(200, [("set-cookie", _TOKEN)], _TOKEN.encode())) == "HttpResponse(status=200)"
