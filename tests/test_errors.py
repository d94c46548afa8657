"""Errors carry their evidence, wherever they go."""

import copy
import pickle
from collections.abc import Callable

import pytest

from spapi_invoices import errors
from spapi_invoices.core.status import decode_json
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.endpoints import operation
from spapi_invoices.errors import ApiError, ErrorDetail, Explanation, FetchIncomplete, MalformedResponse, SchemaMismatch

_STATUS = operation("getInvoiceStatus", "v0")
PLAIN = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, errors.SpapiInvoicesError)
    and not issubclass(kind, (ApiError, MalformedResponse, SchemaMismatch, FetchIncomplete))
]
API = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ApiError)]
EACH = [
    *(kind("what happened. Next: what to do") for kind in PLAIN),
    *(
        kind(
            "getInvoiceStatus",
            400,
            [ErrorDetail("a", "b")],
            request_id="R1",
            rate_limit=1.133,
            attempts=3,
            explanation=Explanation("name", "It means this.", "do that"),
        )
        for kind in API
    ),
    MalformedResponse("getInvoiceStatus", 200, "empty", "R1", 2),
    SchemaMismatch("shipments", ["currency: no null"]),
    FetchIncomplete("half of it. Next: ask again", {"rows": 1}),
]


@pytest.mark.parametrize("duplicate", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("error", EACH, ids=lambda error: type(error).__name__)
def test_sent_between_processes(error: Exception, duplicate: Callable[[Exception], Exception]):
    """An error that comes out of a pool of processes is the one that was raised there, with all it knows."""
    other = duplicate(error)
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert vars(other) == vars(error)


@pytest.mark.parametrize(("status", "body"), [(400, b"{}"), (503, b"<html>"), (200, b""), (302, b"")])
@pytest.mark.parametrize(("attempts", "told"), [(1, "(request id R1)"), (7, "(request id R1, after 7 attempts)")])
def test_attempts(status: int, body: bytes, attempts: int, told: str):
    """An error says how many requests it took to get it, if one was not enough."""
    with pytest.raises((ApiError, MalformedResponse)) as caught:
        decode_json(
            _STATUS, HttpResponse(status=status, headers={"x-amzn-requestid": "R1"}, body=body, attempts=attempts)
        )
    assert caught.value.attempts == attempts
    assert told in str(caught.value)


def test_next_step():
    """The next step is the explanation's, or else what is true of all errors of the type."""
    explained = ApiError("x", 400, explanation=Explanation("name", "It means this.", "do that"))
    assert explained.next_step == "do that"
    assert str(explained).endswith("(request id none). It means this. Next: do that")
    assert str(ApiError("x", 400)).endswith(f"(request id none). Next: {ApiError.next_step}")
