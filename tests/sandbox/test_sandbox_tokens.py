"""Login with Amazon, restricted data tokens, and what each account may ask."""

import json

import pytest
from asking import (
    DETAILS,
    INVOICE,
    INVOICES,
    INVOICES_2021,
    LWA,
    STATUS,
    SUBMIT,
    TOKENS,
    WEEK,
    Local,
    world,
)

from spapi_invoices.sandbox.accounts import ACCOUNTS

DENIED = "Access to requested resource is denied."
INVALID = (403, "Unauthorized", DENIED, "The access token you provided is revoked, malformed or invalid.")
MISSING = (403, "Unauthorized", DENIED, "Access token is missing in the request header.")
EXPIRED = (403, "Unauthorized", DENIED, "The access token you provided has expired.")
SHIPMENT, OTHER = list(world().shipments)[:2]
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
REFRESH = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
GRANTLESS = {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"}


@pytest.fixture
def local():
    return Local()


class TestLogIn:
    """Login with Amazon."""

    def test_for_a_refresh_token(self, local):
        """An access token for an hour, with the refresh token again, not to be stored."""
        answer = local.log_in(**REFRESH)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        token = answer.json.pop("access_token")
        assert token.startswith("Atza|")
        assert {name: answer.json[name] for name in ("refresh_token", "token_type", "expires_in")} == {
            "refresh_token": "sandbox-refresh-token",
            "token_type": "bearer",
            "expires_in": 3600,
        }

    def test_for_a_scope(self, local):
        """A grantless token names its scope, has no refresh token, and opens none of the operations."""
        answer = local.log_in(**GRANTLESS)
        assert (answer.json["scope"], "refresh_token" in answer.json) == ("sellingpartnerapi::notifications", False)
        token = answer.json["access_token"]
        for asked, at in ((INVOICES, ""), (STATUS, SHIPMENT), (TOKENS, ""), (SUBMIT, SHIPMENT)):
            assert local.ask(asked, token, at=at).error == INVALID

    @pytest.mark.parametrize(
        ("form", "status", "error", "says"),
        [
            ({"client_id": "x"}, 401, "invalid_client", "Client authentication failed"),
            ({"client_secret": "x"}, 401, "invalid_client", "Client authentication failed"),
            (
                {"refresh_token": "x"},
                400,
                "invalid_grant",
                "The request has an invalid grant parameter : refresh_token",
            ),
            ({"grant_type": "password"}, 400, "unsupported_grant_type", "not supported"),
            ({"grant_type": ""}, 400, "invalid_request", ": grant_type"),
            ({"client_id": ""}, 400, "invalid_request", ": client_id"),
            ({"client_secret": ""}, 400, "invalid_request", ": client_secret"),
            ({"refresh_token": ""}, 400, "invalid_request", ": refresh_token"),
            ({"scope": "sellingpartnerapi::notifications"}, 400, "invalid_request", "scope and refresh_token"),
            (GRANTLESS, 400, "invalid_request", "scope and refresh_token"),
            (GRANTLESS | {"refresh_token": "", "scope": ""}, 400, "invalid_request", ": scope"),
            (GRANTLESS | {"refresh_token": "", "scope": "profile"}, 400, "invalid_scope", "scope"),
        ],
    )
    def test_refusals(self, local, form, status, error, says):
        """Each mistake has its own error, in the body that is Login with Amazon's and not SP-API's."""
        answer = local.log_in(**REFRESH | form)
        assert (answer.status, answer.json["error"]) == (status, error)
        assert says in answer.json["error_description"]
        assert set(answer.json) == {"error", "error_description"}
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("content_type", ["", "text/plain", "text/json", "application/jsonl"])
    def test_a_form_must_say_so(self, local, content_type):
        """Another content type is refused before anything is read."""
        assert local.log_in(content_type, **REFRESH).json["error"] == "invalid_request"

    def test_the_charset_is_part_of_no_type(self, local):
        """What follows the content type, and its case, make no difference."""
        assert local.log_in("Application/X-WWW-Form-Urlencoded;charset=UTF-8", **REFRESH).status == 200

    @pytest.mark.parametrize(
        "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
    )
    def test_json(self, local, content_type):
        """A JSON object of the same parameters is answered as the form is, as Amazon's SDKs for Java and C# send it."""
        body = json.dumps(CLIENT | REFRESH).encode()
        assert local.log_in_with(body, content_type).json == local.log_in(**REFRESH).json

    @pytest.mark.parametrize("change", [{"refresh_token": ""}, {"client_secret": "x"}, {"grant_type": "password"}])
    def test_json_is_refused_as_the_form_is(self, local, change):
        """Each mistake has the same answer in either form."""
        answer, same = (
            local.log_in_with(json.dumps(CLIENT | REFRESH | change).encode()),
            local.log_in(**REFRESH | change),
        )
        assert (answer.status, answer.json) == (same.status, same.json)

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"null", b'"x"', b'{"grant_type": 1}', b'{"scope": ["x"]}', b"\xff", b"[" * 10**5]
    )
    def test_json_that_is_no_object_of_strings(self, local, body):
        """Anything else is 400 invalid_request, in Login with Amazon's form."""
        answer = local.log_in_with(body)
        assert (answer.status, answer.json["error"]) == (400, "invalid_request")

    def test_a_form_that_calls_itself_json(self, local):
        """The content type decides how a body is read, and not what it looks like."""
        assert local.log_in("application/json", **REFRESH).json["error"] == "invalid_request"

    def test_no_form_at_all(self, local):
        """Bytes that are no form lack all parameters."""
        answer = local.send("POST", LWA.path, b"\xff\x00{}", content_type="application/x-www-form-urlencoded")
        assert (answer.status, answer.json["error"]) == (400, "invalid_request")


class TestLifetime:
    """Tokens live 3600 of the sandbox's seconds."""

    def test_to_the_second(self, local):
        """Good for 3599 seconds, called expired from 3600 on, and for ever after: nothing has to remember it."""
        access, restricted = local.access(), local.restricted()
        for seconds, status in ((3599, 200), (3600, 403), (10**7, 403)):
            local.seconds = seconds
            plain = local.ask(STATUS, access, at=SHIPMENT)
            data = local.ask(DETAILS, restricted, at=SHIPMENT)
            assert (plain.status, data.status) == (status, status)
            if status == 403:
                assert plain.error == data.error == EXPIRED

    def test_nothing_is_kept(self, local):
        """A thousand tokens later the sandbox's state is what it was."""
        local.access()
        before = repr(local.state)
        for _ in range(1000):
            local.access()
        assert repr(local.state) == before

    def test_expired_before_wrong(self, local):
        """An expired access token where a restricted one belongs is called expired: renewing is the first thing to do."""
        token = local.access()
        local.seconds = 3600
        assert local.ask(INVOICES, token, WEEK).error == EXPIRED


class TestRestrictedDataToken:
    """createRestrictedDataToken."""

    def test_any_of_a_kind(self, local):
        """A path with its placeholder opens every id of that operation and version, and no other operation."""
        token = local.restricted("everything", DETAILS.path)
        assert [local.ask(DETAILS, token, at=one).status for one in (SHIPMENT, OTHER)] == [200, 200]
        assert local.ask(INVOICES, token, WEEK).error == INVALID

    def test_one_alone(self, local):
        """A path with an id opens that id."""
        token = local.restricted("everything", DETAILS.path.replace("{shipmentId}", SHIPMENT))
        assert local.ask(DETAILS, token, at=SHIPMENT).status == 200
        assert local.ask(DETAILS, token, at=OTHER).error == INVALID

    def test_versions_apart(self, local):
        """A token for v1 opens no 2021-12-28."""
        token = local.restricted("everything", INVOICES.path)
        assert local.ask(INVOICES, token, WEEK).status == 200
        assert local.ask(INVOICES_2021, token, WEEK).error == INVALID

    def test_a_list_is_no_single_one(self, local):
        """The list's path does not open a single invoice, nor the other way round."""
        number = world().purchase_orders[0].number
        assert local.ask(INVOICE, local.restricted("everything", INVOICES.path), at=number).error == INVALID
        assert local.ask(INVOICES, local.restricted("everything", INVOICE.path), WEEK).error == INVALID

    @pytest.mark.parametrize(
        "path",
        [
            "getOrders",
            "/orders/v0/orders",
            f"{INVOICES.path}/",
            f"{DETAILS.path}?x=1",
            DETAILS.path.replace("Id}", "}"),
        ],
    )
    def test_a_useless_one(self, local, path):
        """A path that no operation has gives 200 and a token that opens nothing."""
        answer = local.restrict("everything", path)
        assert answer.status == 200
        token = answer.json["restrictedDataToken"]
        assert local.ask(DETAILS, token, at=SHIPMENT).error == INVALID
        assert local.ask(INVOICES, token, WEEK).error == INVALID

    def test_another_method(self, local):
        """A resource of another method opens nothing."""
        body = {"restrictedResources": [{"method": "POST", "path": DETAILS.path}]}
        token = local.ask(TOKENS, local.access(), body=body).json["restrictedDataToken"]
        assert local.ask(DETAILS, token, at=SHIPMENT).error == INVALID

    def test_what_else_is_taken(self, local):
        """dataElements, a target application and what clients add of their own make no difference."""
        resource = {"method": "GET", "path": DETAILS.path, "dataElements": ["buyerInfo"]}
        body = {
            "restrictedResources": [resource],
            "targetApplication": "amzn1.sellerapps.app.x",
            "marketplaceIds": ["A"],
        }
        answer = local.ask(TOKENS, local.access(), body=body)
        assert (answer.status, answer.json["expiresIn"]) == (200, 3600)
        assert answer.json["restrictedDataToken"].startswith("Atz.sprdt|")

    def test_fifty_ids_fit(self, local):
        """A token for fifty ids opens the last of them and fits into a header that servers take."""
        paths = [DETAILS.path.replace("{shipmentId}", f"D{number:08}") for number in range(49)]
        token = local.restricted("everything", *paths, DETAILS.path.replace("{shipmentId}", SHIPMENT))
        assert len(token) < 2048
        assert local.ask(DETAILS, token, at=SHIPMENT).status == 200

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"restrictedResources": []},
            {"restrictedResources": {}},
            {"restrictedResources": ["GET"]},
            {"restrictedResources": [{"method": "GET"}]},
            {"restrictedResources": [{"path": "/x"}]},
            {"restrictedResources": [{"method": "", "path": "/x"}]},
            {"restrictedResources": [{"method": ["GET"], "path": "/x"}]},
            {"restrictedResources": [{"method": "GET", "path": ""}]},
            {"restrictedResources": [{"method": "GET", "path": 1}]},
            {"restrictedResources": [{"method": "GET", "path": "/x"}] * 51},
            [],
            "text",
            None,
        ],
    )
    def test_refusals(self, local, body):
        """No resource, over fifty, one without method or path, no JSON object: 400 in the model's words."""
        status, code, message, _ = local.ask(TOKENS, local.access(), body=body).error
        assert (status, code, message) == (400, "InvalidRequest", "Request is missing or has invalid parameters")

    def test_over_fifty(self, local):
        """One too many is called that, and not a resource that is missing."""
        body = {"restrictedResources": [{"method": "GET", "path": INVOICES.path}] * 51}
        details = "A token is for 50 resources at most, not for 51."
        assert local.ask(TOKENS, local.access(), body=body).error[3] == details

    def test_no_query(self, local):
        """It takes no parameter beside its body, as the other operations take none that they do not have."""
        body = {"restrictedResources": [{"method": "GET", "path": INVOICES.path}]}
        answer = local.ask(TOKENS, local.access(), {"x": "1"}, body=body)
        assert answer.error[:3] == (400, "InvalidInput", "x is not a parameter of createRestrictedDataToken.")


class TestWhatOpensWhat:
    """The token of the right kind, and no other."""

    @pytest.mark.parametrize(
        ("asked", "at"), [(INVOICES, ""), (INVOICES_2021, ""), (INVOICE, "A1"), (DETAILS, SHIPMENT)]
    )
    def test_restricted(self, local, asked, at):
        """A restricted operation refuses no token, an access token and a made-up one."""
        assert local.ask(asked, None, at=at).error == MISSING
        assert local.ask(asked, "", at=at).error == MISSING
        for token in (local.access(), "nonsense", "Atz.sprdt|", "Atz.sprdt|nonsense", "\xff|\xfe"):
            assert local.ask(asked, token, at=at).error == INVALID

    @pytest.mark.parametrize(("asked", "at"), [(STATUS, SHIPMENT), (SUBMIT, SHIPMENT), (TOKENS, "")])
    def test_plain(self, local, asked, at):
        """A plain operation refuses no token, a restricted one and a made-up one."""
        assert local.ask(asked, None, at=at).error == MISSING
        for token in (local.restricted(), "nonsense"):
            assert local.ask(asked, token, at=at).error == INVALID

    def test_a_prefix_makes_no_token(self, local):
        """A token under the other kind's prefix is none."""
        access, restricted = local.access(), local.restricted()
        swapped = access.replace("Atza|", "Atz.sprdt|"), restricted.replace("Atz.sprdt|", "Atza|")
        for token in swapped:
            assert local.ask(STATUS, token, at=SHIPMENT).error == INVALID
            assert local.ask(INVOICES, token, WEEK).error == INVALID

    def test_a_page_token_is_no_access_token(self, local):
        """What is sealed for another use opens nothing."""
        page = local.ask(INVOICES, local.restricted(), WEEK | {"limit": "1"}).json["payload"]["pagination"]["nextToken"]
        for token in (page, f"Atza|{page}", f"page|{page}"):
            assert local.ask(STATUS, token, at=SHIPMENT).error == INVALID


class TestAccounts:
    """Selling partners that see less."""

    def test_the_table(self):
        """Names and refresh tokens are each account's own, the first is the profile's, and each says what it is for."""
        assert len({one.name for one in ACCOUNTS}) == len({one.refresh_token for one in ACCOUNTS}) == len(ACCOUNTS)
        assert ACCOUNTS[0].refresh_token.reveal() == "sandbox-refresh-token"
        assert all(one.meaning.endswith(".") for one in ACCOUNTS)

    @pytest.mark.parametrize("asked", [INVOICES, INVOICES_2021])
    def test_the_wrong_region_of_customer_invoices(self, local, asked):
        """A seller in Brazil gets empty lists, without a next page, and no single invoice."""
        token = local.restricted("na-only")
        answer = local.ask(asked, token, WEEK)
        page = answer.json.get("payload", answer.json)
        assert (answer.status, page) == (200, {"pagination": {}, "customerInvoices": []})
        status, code, *_ = local.ask(INVOICE, token, at=world().purchase_orders[0].number).error
        assert (status, code) == (404, "NotFound")

    def test_an_empty_account_is_still_checked(self, local):
        """Wrong parameters are wrong for an account that has nothing, too."""
        assert local.ask(INVOICES, local.restricted("na-only")).status == 400

    def test_the_seller_sees_the_shipments(self, local):
        """And its shipments are all there."""
        assert local.ask(DETAILS, local.restricted("na-only"), at=SHIPMENT).status == 200

    @pytest.mark.parametrize("account", ["eu-only", "not-enabled", "no-roles"])
    def test_shipments_refused(self, local, account):
        """Who is no seller in Brazil gets 403 from shipment invoicing."""
        for asked in (STATUS, SUBMIT):
            assert local.ask(asked, local.access(account), at=SHIPMENT).error == (403, "Unauthorized", DENIED, "")

    def test_without_roles(self, local):
        """No restricted data token without the roles, in Amazon's words."""
        assert local.restrict("no-roles").error == (
            400,
            "InvalidInput",
            "Application do not have access to some or all requested resource",
            "",
        )

    def test_not_enabled(self, local):
        """A vendor who is not enabled gets a token and 404 with it."""
        token = local.restricted("not-enabled")
        for asked, at in ((INVOICES, ""), (INVOICE, "A1")):
            status, code, *_ = local.ask(asked, token, WEEK if asked is INVOICES else (), at=at).error
            assert (status, code) == (404, "SellingPartnerNotFoundError")
