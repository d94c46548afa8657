import json
from typing import Any, get_args
from urllib.parse import parse_qsl

import pytest
from hypothesis import given

from spapi_invoices.core.tokens import (
    MAX_RESOURCES,
    Token,
    build_client_credentials,
    build_create_restricted_data_token,
    build_refresh_access_token,
    parse_access_token,
    parse_create_restricted_data_token,
    resources_for,
)
from spapi_invoices.core.wire import HttpResponse, Secret
from spapi_invoices.endpoints import OPERATIONS, Operation, Rdt, operation, restricted_operations
from spapi_invoices.errors import (
    AccessDenied,
    AuthFailed,
    InvalidRequest,
    MalformedResponse,
    Rejected,
    ServiceUnavailable,
    Throttled,
)
from tests.strategies import texts

_SHIPMENT = operation("getShipmentDetails", "v0")
_TOKEN = "Atza|IwEBIExample"


def answer(body: Any, status: int = 200) -> HttpResponse:
    return HttpResponse.of(status, [("x-amzn-RequestId", "R1")], json.dumps(body).encode())


class TestBuildLwa:
    """The two ways to ask Login with Amazon."""

    @given(texts, texts, texts)
    def test_refresh(self, client_id: str, client_secret: str, refresh_token: str) -> None:
        """The form reads back as what was given, in any characters."""
        request = build_refresh_access_token(client_id, Secret(client_secret), Secret(refresh_token))
        assert dict(parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)) == {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": client_id,
            "client_secret": client_secret,
        }

    def test_request(self) -> None:
        """The form goes by POST to Login with Amazon's path under its content type."""
        request = build_refresh_access_token("id", Secret("s"), Secret("r"))
        assert (request.method, request.target()) == ("POST", "/auth/o2/token")
        assert request.headers == (("content-type", "application/x-www-form-urlencoded;charset=UTF-8"),)

    def test_grantless(self) -> None:
        """A grantless token is asked for by scope and without a refresh token."""
        form = dict(
            parse_qsl(build_client_credentials("id", Secret("s"), "sellingpartnerapi::notifications").body.decode())
        )
        assert form == {
            "grant_type": "client_credentials",
            "scope": "sellingpartnerapi::notifications",
            "client_id": "id",
            "client_secret": "s",
        }

    def test_repr(self) -> None:
        """No credential is in the repr."""
        shown = repr(build_refresh_access_token("id", Secret("S3CRET"), Secret("Atzr|R")))
        assert "S3CRET" not in shown
        assert "Atzr" not in shown


class TestParseAccessToken:
    """`parse_access_token`."""

    def test_read(self) -> None:
        """Token and seconds are read; a refresh token beside them is not kept, and fields added since do no harm."""
        body = {"access_token": _TOKEN, "token_type": "bearer", "expires_in": 3600, "refresh_token": "Atzr|R", "new": 1}
        assert parse_access_token(answer(body)) == Token(Secret(_TOKEN), 3600)

    def test_repr(self) -> None:
        """A token's repr does not show it."""
        assert repr(parse_access_token(answer({"access_token": _TOKEN, "expires_in": 60}))) == (
            "Token(secret=Secret('***'), expires_in=60)"
        )

    @pytest.mark.parametrize(
        ("status", "body", "said"),
        [
            (
                400,
                {
                    "error": "invalid_grant",
                    "error_description": "The request has an invalid grant parameter : refresh_token",
                },
                "HTTP 400: invalid_grant: The request has an invalid grant parameter : refresh_token. The refresh token is wrong",
            ),
            (
                401,
                {"error": "invalid_client", "error_description": "Client authentication failed", "error_index": "0x1"},
                "HTTP 401: invalid_client: Client authentication failed. Login with Amazon does not know",
            ),
            (
                400,
                {"error": "unauthorized_client"},
                "unauthorized_client: no description. This client may not use this refresh token. Next: check",
            ),
            (400, {"error": "other"}, "other: no description. Next: check client_id, client_secret and refresh_token"),
            (400, {"error": {"a": "S3CRET"}, "error_description": ["S3CRET"]}, "the body is JSON of another shape"),
            (403, [], "the body is JSON of another shape"),
            (400, {"errors": [{"code": "x"}]}, "the body is JSON of another shape"),
        ],
    )
    def test_refused(self, status: int, body: Any, said: str) -> None:
        """A refusal is final, in Amazon's own words and with what to check; only texts are taken for words."""
        with pytest.raises(AuthFailed) as caught:
            parse_access_token(answer(body, status))
        assert said in str(caught.value)
        assert "S3CRET" not in str(caught.value)

    @pytest.mark.parametrize(
        "body", [b"", b"<html><title>Sorry</title>", b'{"error": "server_error"}', b"\xff", b"[" * 100_000]
    )
    def test_not_refused(self, body: bytes) -> None:
        """Too many requests or a failing server say nothing about the credentials, so they are no refusal."""
        for status, kind in ((429, Throttled), (500, ServiceUnavailable), (503, ServiceUnavailable)):
            with pytest.raises(kind, match="getAccessToken: HTTP"):
                parse_access_token(HttpResponse(status=status, body=body))

    @pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000])
    def test_refused_without_words(self, body: bytes) -> None:
        """A refusal whose body is no JSON is still a refusal."""
        with pytest.raises(AuthFailed, match="HTTP 400: the body is"):
            parse_access_token(HttpResponse(status=400, body=body))

    @pytest.mark.parametrize(
        "body",
        [
            {},
            [],
            {"payload": None},
            {"access_token": _TOKEN},
            {"access_token": _TOKEN, "expires_in": "3600"},
            {"access_token": _TOKEN, "expires_in": True},
            {"access_token": _TOKEN, "expires_in": 0},
            {"access_token": _TOKEN, "expires_in": -5},
            {"access_token": "", "expires_in": 3600},
            {"access_token": [_TOKEN], "expires_in": 3600},
        ],
    )
    def test_malformed(self, body: Any) -> None:
        """A success without a usable token is an error that does not show it."""
        with pytest.raises(MalformedResponse, match="getAccessToken: HTTP 200") as caught:
            parse_access_token(answer(body))
        assert "Atza" not in f"{caught.value} {caught.value!r}"


class TestBuildCreateRestrictedDataToken:
    """`build_create_restricted_data_token`."""

    def test_paths_with_placeholders(self) -> None:
        """One request names all restricted paths of the API version, with their placeholders, and no data elements."""
        request = build_create_restricted_data_token(resources_for(operation("getCustomerInvoice", "v1")))
        assert json.loads(request.body) == {
            "restrictedResources": [
                {"method": "GET", "path": "/vendor/directFulfillment/shipping/v1/customerInvoices"},
                {
                    "method": "GET",
                    "path": "/vendor/directFulfillment/shipping/v1/customerInvoices/{purchaseOrderNumber}",
                },
            ]
        }
        assert (request.method, request.target()) == ("POST", "/tokens/2021-03-01/restrictedDataToken")
        assert request.headers == (("content-type", "application/json"),)

    def test_target_application(self) -> None:
        """The application that a token is delegated to is sent where it is given."""
        body = json.loads(build_create_restricted_data_token((_SHIPMENT,), target_application="amzn1.app").body)
        assert body["targetApplication"] == "amzn1.app"

    @pytest.mark.parametrize(("count", "accepted"), [(0, False), (1, True), (50, True), (51, False)])
    def test_count(self, count: int, accepted: bool) -> None:  # noqa: FBT001
        """One to fifty resources are accepted."""
        if accepted:
            body = json.loads(build_create_restricted_data_token((_SHIPMENT,) * count).body)
            assert len(body["restrictedResources"]) == count
        else:
            with pytest.raises(InvalidRequest, match=f"^{count} restricted resources"):
                build_create_restricted_data_token((_SHIPMENT,) * count)

    @pytest.mark.parametrize(
        "plain", [row for row in OPERATIONS if not row.restricted], ids=lambda row: row.operation_id
    )
    def test_unrestricted(self, plain: Operation) -> None:
        """Nothing but operations that need no such token is refused; beside one that does they may be."""
        with pytest.raises(InvalidRequest, match=f"^{plain.operation_id}, {plain.operation_id}: none is restricted"):
            build_create_restricted_data_token((plain, plain))
        body = json.loads(build_create_restricted_data_token((_SHIPMENT, plain)).body)
        assert body["restrictedResources"][1] == {"method": plain.method, "path": plain.path}


class TestResourcesFor:
    """`resources_for`."""

    @pytest.mark.parametrize("asked", OPERATIONS, ids=lambda row: f"{row.operation_id} {row.version}")
    def test_modes(self, asked: Operation) -> None:
        """What is restricted gets a token that opens it, by default; with always its whole version does, with never nothing."""
        auto, always, never = (resources_for(asked, rdt) for rdt in get_args(Rdt))
        assert never == ()
        assert (asked in auto) == asked.restricted
        assert all(row.restricted for row in auto)
        assert set(auto) <= set(always)
        assert (asked in always) == bool(restricted_operations(asked.api, asked.version))
        assert {(row.api, row.version) for row in always} <= {(asked.api, asked.version)}
        assert len(always) <= MAX_RESOURCES

    def test_one_token(self) -> None:
        """Operations that one token opens name the same resources, so that the token is asked for once."""
        shipping = [row for row in OPERATIONS if row.version == "v1"]
        assert len({resources_for(row) for row in shipping}) == 1
        assert len({resources_for(row, "always") for row in OPERATIONS if row.version == "v0"}) == 1


class TestParseCreateRestrictedDataToken:
    """`parse_create_restricted_data_token`."""

    @pytest.mark.parametrize("wrap", [lambda body: body, lambda body: {"payload": body}], ids=["bare", "wrapped"])
    def test_read(self, wrap: Any) -> None:
        """A token is read bare and in the wrapper that a guide showed."""
        body = {"restrictedDataToken": "Atz.sprdt|x", "expiresIn": 3600}
        assert parse_create_restricted_data_token(answer(wrap(body))) == Token(Secret("Atz.sprdt|x"), 3600)

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [(400, "InvalidInput", Rejected), (400, "Unauthorized", AccessDenied), (403, "Unauthorized", AccessDenied)],
    )
    def test_errors(self, status: int, code: str, kind: type[Exception]) -> None:
        """A refusal has the type of its status, or of its code where Amazon sends a denial as a bad request."""
        with pytest.raises(kind, match=f"HTTP {status}: {code}: No"):
            parse_create_restricted_data_token(answer({"errors": [{"code": code, "message": "No"}]}, status))

    @pytest.mark.parametrize(
        "body",
        [{}, {"restrictedDataToken": "Atz.sprdt|x"}, {"expiresIn": 5}, {"restrictedDataToken": "", "expiresIn": 5}],
    )
    def test_malformed(self, body: Any) -> None:
        """A success without a usable token is an error that does not show it."""
        with pytest.raises(MalformedResponse) as caught:
            parse_create_restricted_data_token(answer(body))
        assert "sprdt" not in str(caught.value)
