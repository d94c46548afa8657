import json
import string
import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from spapi_invoices.core.customer_invoices import parse_get_customer_invoice, parse_get_customer_invoices
from spapi_invoices.core.lenient import convert
from spapi_invoices.core.models import CustomerInvoice, ShipmentDetail, ShipmentItem, unknown_fields
from spapi_invoices.core.shipment_invoicing import (
    parse_get_invoice_status,
    parse_get_shipment_details,
    parse_submit_invoice,
)
from spapi_invoices.core.status import (
    decode_json,
    decode_payload,
    describe_body,
    raise_for_status,
    says_expired,
)
from spapi_invoices.core.tokens import parse_access_token, parse_create_restricted_data_token
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.endpoints import operation
from spapi_invoices.errors import (
    AccessDenied,
    ApiError,
    ErrorDetail,
    MalformedResponse,
    NotFound,
    Rejected,
    ServiceUnavailable,
    SpapiInvoicesError,
    Throttled,
)
from tests.strategies import ODD_BODIES, bodies, json_values, paths_of, put, shipment_details, statuses, texts

_STATUS = operation("getInvoiceStatus", "v0")
PARSERS: list[Callable[[HttpResponse], object]] = [
    parse_get_customer_invoices,
    parse_get_customer_invoice,
    parse_get_shipment_details,
    parse_submit_invoice,
    parse_get_invoice_status,
    parse_access_token,
    parse_create_restricted_data_token,
]
# Of signs that no word has: hypothesis likes to draw the names in our own source, and those may be shown.
secrets = st.text("QXZ" + string.digits, min_size=20, max_size=24).map(lambda text: f"Atza|{text}")


def outcomes(response: HttpResponse) -> list[object]:
    """What each parser returns, or the typed error it raises; any other exception goes on."""
    made: list[object] = []
    for parse in PARSERS:
        try:
            made.append(parse(response))
        except SpapiInvoicesError as error:
            made.append(error)
    return made


class TestEveryParser:
    """Laws that hold for all parsers and any answer whatever."""

    @settings(max_examples=400)
    @given(statuses, bodies)
    def test_any_answer(self, status: int, body: bytes) -> None:
        """Any status with any body is a value or a typed error; an error of ours always tells the status."""
        for made in outcomes(HttpResponse(status=status, body=body)):
            if isinstance(made, SpapiInvoicesError):
                assert f"HTTP {status}" in str(made)
            else:
                assert 200 <= status < 300

    @pytest.mark.parametrize("body", ODD_BODIES, ids=lambda body: repr(body[:40]))
    @pytest.mark.parametrize("status", [200, 400, 503])
    def test_odd_answers(self, status: int, body: bytes) -> None:
        """The odd ones are all tried: no JSON, too deep, no UTF-8, a BOM, NaN, huge numbers, HTML."""
        assert len(outcomes(HttpResponse(status=status, body=body))) == len(PARSERS)

    @given(st.data(), statuses, secrets)
    @settings(max_examples=300)
    def test_nothing_of_the_body_is_shown(self, data: st.DataObject, status: int, secret: str) -> None:
        """A secret anywhere in a body but in Amazon's own words is in no error, traceback or repr of a result."""
        body = data.draw(hidden_in_json(secret) | hidden_in_page(secret))
        for made in outcomes(HttpResponse.of(status, [("x-amzn-RequestId", "R1")], body)):
            shown = f"{made} {made!r}"
            if isinstance(made, BaseException):
                shown += "".join(traceback.format_exception(made))
            assert secret not in shown
            assert secret[5:20] not in shown

    @given(secrets, st.integers(0, 200))
    def test_tokens_are_not_shown(self, secret: str, cut: int) -> None:
        """Nor is the token of a token answer, whole, cut off, or of a wrong type beside it."""
        for token, seconds in ((secret, 3600), (secret, secret), ([secret], 1), ({secret: 1}, 1)):
            given_answer = {
                "access_token": token,
                "expires_in": seconds,
                "restrictedDataToken": token,
                "expiresIn": seconds,
            }
            text = json.dumps(given_answer)
            for body in (text, text[: cut % len(text)]):
                assert secret[5:20] not in " ".join(
                    f"{made} {made!r}" for made in outcomes(HttpResponse(status=200, body=body.encode()))
                )


@st.composite
def hidden_in_json(draw: st.DrawFn, secret: str) -> bytes:
    """JSON of any shape, or an answer's, whole or cut off, with the secret as a value somewhere in it."""
    shapes = (
        json_values
        | st.fixed_dictionaries({"payload": shipment_details.map(msgspec.to_builtins)})
        | st.fixed_dictionaries(
            {"payload": st.fixed_dictionaries({"Shipments": json_values, "customerInvoices": json_values})}
        )
        | st.fixed_dictionaries(
            {"customerInvoices": st.lists(st.just({"purchaseOrderNumber": "A", "content": "x"}), min_size=1)}
        )
    )
    value = draw(shapes)
    path = draw(paths_of(value))
    # What these hold is shown on purpose: Amazon's words, and the numbers by which a record is named.
    assume(not {"errors", "error", "error_description", "purchaseOrderNumber", "AmazonShipmentId"} & set(path))
    hidden = put(value, path, draw(st.sampled_from([secret, [secret], {"details": secret}, {"content": secret}])))
    body = json.dumps(hidden).encode()
    return body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body


@st.composite
def hidden_in_page(draw: st.DrawFn, secret: str) -> bytes:
    """An HTML page, or a broken one, with the secret anywhere but in its title."""
    start = draw(st.sampled_from(["<html>", "<!DOCTYPE html>\n<html>", "<?xml version='1.0'?>", "", "\ufeff<html>"]))
    title = draw(st.sampled_from(["<title>Sorry</title>", ""]))
    return f"{start}{title}<body data='{secret}'>{draw(texts)}{secret}".encode()


class TestDescribeBody:
    """`describe_body`."""

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "empty"),
            (b" \r\n\t", "empty"),
            (b"<HTML><TITLE>\n Sorry </TITLE>", "an HTML page titled 'Sorry' (29 bytes)"),
            (b"<!doctype html><p>Maria", "an HTML page (23 bytes)"),
            ("<html><title>Manutenção</title>".encode("latin-1"), "an HTML page titled 'Manutenção' (31 bytes)"),
            (b"<html><title>" + b"a" * 200, f"an HTML page titled '{'a' * 80}' (213 bytes)"),
            (b'{"a": "Maria', "no complete JSON (Input data was truncated; 12 bytes)"),
            (b'{"a": Maria}', "no complete JSON (JSON is malformed: invalid character (byte 6); 12 bytes)"),
            (b'"\xff"', "JSON with a value that cannot be read (text is not UTF-8; 3 bytes)"),
            (
                b"[%s]" % (b"1" * 5000),
                "JSON with a value that cannot be read (Integer value out of range - at `$[0]`; 5002 bytes)",
            ),
            (b"[1e400]", "JSON with a value that cannot be read (Number out of range - at `$[0]`; 7 bytes)"),
            (b"[" * 100_000, "no complete JSON (nested too deeply; 100000 bytes)"),
            (b'{"a": "Maria"}', "JSON of another shape (14 bytes)"),
        ],
    )
    def test_said(self, body: bytes, said: str) -> None:
        """A body is described by what it is and how long it is."""
        assert describe_body(body) == said

    @given(bodies)
    def test_short(self, body: bytes) -> None:
        """Any body has a description of one short line."""
        assert 0 < len(describe_body(body)) < 400


class TestRaiseForStatus:
    """`raise_for_status`."""

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_success(self, status: int) -> None:
        """A success raises nothing, whatever its body holds."""
        raise_for_status(_STATUS, HttpResponse(status=status, body=b"<html>"))

    def test_a_redirect_is_no_answer(self) -> None:
        """Something stands between us and Amazon: that says nothing about the request."""
        with pytest.raises(MalformedResponse, match="HTTP 302, but the body is empty"):
            raise_for_status(_STATUS, HttpResponse(status=302))

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (400, "InvalidInput", Rejected),
            (400, "Unauthorized", AccessDenied),
            (400, "AccessDenied", AccessDenied),
            (401, "Unauthorized", AccessDenied),
            (403, "InvalidRequest", AccessDenied),
            (404, "NotFound", NotFound),
            (415, "InvalidInput", Rejected),
            (429, "QuotaExceeded", Throttled),
            (500, "InternalFailure", ServiceUnavailable),
            (503, "Unauthorized", ServiceUnavailable),
        ],
    )
    def test_kinds(self, status: int, code: str, kind: type[ApiError]) -> None:
        """The type is the status's; a denial that comes as a bad request is a denial."""
        body = json.dumps({"errors": [{"code": code, "message": "No", "details": None}]}).encode()
        headers = [("x-amzn-RequestId", "R1"), ("x-amzn-RateLimit-Limit", "1.133")]
        with pytest.raises(ApiError) as caught:
            raise_for_status(_STATUS, HttpResponse.of(status, headers, body))
        error = caught.value
        assert type(error) is kind
        assert (error.operation_id, error.status, error.request_id, error.rate_limit) == (
            "getInvoiceStatus",
            status,
            "R1",
            1.133,
        )
        assert error.errors == (ErrorDetail(code, "No"),)
        assert str(error) == f"getInvoiceStatus: HTTP {status}: {code}: No (request id R1). Next: {kind.next_step}"

    def test_html(self) -> None:
        """The page that Amazon sends with 503 is told by its title."""
        body = b"<!DOCTYPE html><html><head><title>Website Temporarily Unavailable</title></head></html>"
        with pytest.raises(
            ServiceUnavailable, match=r"HTTP 503: the body is an HTML page titled 'Website Temporarily Unavailable'"
        ):
            raise_for_status(_STATUS, HttpResponse(status=503, body=body))

    @pytest.mark.parametrize(
        "body", [b"", b'{"errors": []}', b'{"errors": "x"}', b'{"errors": ["x", 5]}', b"[]", b"\xff", b"[" * 100_000]
    )
    def test_without_error_list(self, body: bytes) -> None:
        """An error without an error list says what the body is instead."""
        with pytest.raises(Rejected, match="HTTP 400: the body is ") as caught:
            raise_for_status(_STATUS, HttpResponse(status=400, body=body))
        assert caught.value.errors == ()

    @pytest.mark.parametrize("entry", [{}, {"code": {"a": "S3CRET"}, "message": ["S3CRET"], "details": 5}])
    def test_entry_without_words(self, entry: dict[str, Any]) -> None:
        """An entry whose words are no texts is counted, and the body is described in their place."""
        with pytest.raises(Rejected, match="HTTP 400: the body is JSON of another shape") as caught:
            raise_for_status(_STATUS, HttpResponse(status=400, body=json.dumps({"errors": [entry]}).encode()))
        assert caught.value.errors == (ErrorDetail("", ""),)
        assert "S3CRET" not in str(caught.value)

    def test_several(self) -> None:
        """All entries are kept, in order, each on one line."""
        entries = [{"code": "A", "message": "one\n  line", "details": "more"}, {"message": "no code"}]
        with pytest.raises(Rejected, match=r"HTTP 400: A: one line more; no code \(request id none\)") as caught:
            raise_for_status(_STATUS, HttpResponse(status=400, body=json.dumps({"errors": entries}).encode()))
        assert caught.value.errors == (ErrorDetail("A", "one\n  line", "more"), ErrorDetail("", "no code"))


class TestSaysExpired:
    """`says_expired`."""

    @pytest.mark.parametrize(
        ("status", "expired"), [(400, True), (401, True), (403, True), (200, False), (429, False), (500, False)]
    )
    def test_status(self, status: int, expired: bool) -> None:  # noqa: FBT001
        """Only a refusal can say that the token expired."""
        body = b'{"errors": [{"code": "Unauthorized", "details": "The access token you provided has expired."}]}'
        assert says_expired(HttpResponse(status=status, body=body)) is expired

    def test_other_refusals(self) -> None:
        """A token that was revoked has not expired: a new one would be refused as well."""
        body = b'{"errors": [{"details": "The access token you provided is revoked, malformed or invalid."}]}'
        assert not says_expired(HttpResponse(status=403, body=body))


class TestDecode:
    """`decode_json` and `decode_payload`."""

    @given(st.dictionaries(texts.filter(lambda name: name not in {"errors", "payload"}), json_values))
    def test_object(self, value: dict[str, Any]) -> None:
        """An object is read as it is, and as its own payload where it is not wrapped in one."""
        response = HttpResponse(status=200, body=msgspec.json.encode(value))
        assert decode_json(_STATUS, response) == value
        wrapped = HttpResponse(status=200, body=msgspec.json.encode({"payload": {**value, "Shipments": 1}}))
        assert decode_payload(_STATUS, wrapped, "Shipments") == {**value, "Shipments": 1}

    def test_errors_in_a_success(self) -> None:
        """A success that holds errors raises them with its own status."""
        body = b'{"payload": {"Shipments": {}}, "errors": [{"code": "A", "message": "B"}]}'
        with pytest.raises(Rejected, match="HTTP 200: A: B"):
            decode_json(_STATUS, HttpResponse(status=200, body=body))

    @pytest.mark.parametrize("errors", ["x", {"code": "A"}, ["x"], 5, True])
    def test_unreadable_errors(self, errors: Any) -> None:
        """Errors in another shape are not passed over."""
        with pytest.raises(MalformedResponse, match="errors is no list of objects"):
            decode_json(_STATUS, HttpResponse(status=200, body=json.dumps({"payload": {}, "errors": errors}).encode()))


class TestConvert:
    """`convert`."""

    @given(st.data())
    def test_one_broken_field(self, data: st.DataObject) -> None:
        """One field of the wrong type is one problem that names it; every other field keeps its value."""
        detail = data.draw(shipment_details)
        raw = msgspec.to_builtins(detail)
        path = data.draw(paths_of(raw).filter(bool))
        # A truth value is wrong everywhere: no field of a shipment is one.
        read = convert(put(raw, path, data.draw(st.booleans())), ShipmentDetail)
        *parents, last = path
        inner = raw
        for step in parents:
            inner = inner[step]
        # In a list a struct leaves an empty one in its place, so that the others keep their numbers; a text leaves nothing.
        gone = [{}] if isinstance(inner, list) and isinstance(inner[last], dict) else []
        left = {**inner, last: None} if isinstance(inner, dict) else inner[:last] + gone + inner[last + 1 :]
        assert read.record == msgspec.convert(put(raw, tuple(parents), left), ShipmentDetail)
        (problem,) = read.problems
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
        assert problem.startswith(f"{where}: Expected `")
        assert problem.endswith("got `bool`")
        assert read.unknown == frozenset()

    @given(json_values)
    @example([[[]]])
    @example({"ShipmentItems": [[[{"ASIN": 1}]]]})
    @example({"ShipmentItems": {"ASIN": 1}})
    @example({"a.b[0]": 1, "[0]": {"$": 1}})
    def test_any_json(self, raw: Any) -> None:
        """Any JSON is a record, or problems and no record."""
        for struct in (ShipmentDetail, CustomerInvoice):
            read = convert(raw, struct)
            assert isinstance(read.record, struct) or (read.record is None and read.problems)

    def test_every_entry_broken(self) -> None:
        """Thousands of broken entries are as many problems, each with its own place."""
        raw = {"ShipmentItems": [1, {"ASIN": 2}] * 2000, "PaymentMethodDetails": [None] * 2000}
        read = convert(raw, ShipmentDetail)
        assert read.record == ShipmentDetail(ShipmentItems=[ShipmentItem()] * 4000, PaymentMethodDetails=[])
        assert len(set(read.problems)) == len(read.problems) == 6000

    @pytest.mark.parametrize("content", [None, 5, ["x"], {}])
    def test_required(self, content: Any) -> None:
        """A required field that cannot be read sinks its record and is one problem."""
        read = convert({"purchaseOrderNumber": "A", "content": content, "x": 1}, CustomerInvoice)
        assert read.record is None
        assert [problem.partition(":")[0] for problem in read.problems] == ["content"]
        assert read.unknown == {"x"}

    def test_input_is_kept(self) -> None:
        """What is converted is not changed."""
        raw = {"BuyerName": 5, "ShipmentItems": [None, {"ASIN": 1}]}
        before = json.dumps(raw)
        convert(raw, ShipmentDetail)
        assert json.dumps(raw) == before


class TestUnknownFields:
    """`unknown_fields`."""

    @given(shipment_details)
    def test_none(self, detail: ShipmentDetail) -> None:
        """A record of the model has none."""
        assert unknown_fields(msgspec.to_builtins(detail), ShipmentDetail) == frozenset()

    @given(json_values)
    def test_any_json(self, raw: Any) -> None:
        """For any JSON the names are found, and those of the top level are its keys that the struct has not."""
        found = unknown_fields(raw, ShipmentDetail)
        keys = set(raw) if isinstance(raw, dict) else set()
        assert keys - set(ShipmentDetail.__struct_fields__) <= found
