"""Proof from outside: python-amazon-sp-api, a client that is not ours, against a running sandbox.

Only addresses are changed: the client's ``endpoint``, and scheme and host of its login.
"""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from sp_api.api import ShipmentInvoicing, Tokens, VendorDirectFulfillmentShipping
from sp_api.auth import access_token_client
from sp_api.auth.exceptions import AuthorizationError
from sp_api.base import (
    AccessTokenClient,
    Marketplaces,
    SellingApiBadRequestException,
    SellingApiForbiddenException,
    SellingApiNotFoundException,
    SellingApiRequestThrottledException,
)
from sp_api.util import load_all_pages

from spapi_invoices.documents import nfe
from spapi_invoices.endpoints import OPERATIONS
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.sandbox import Sandbox, running

START = datetime(2026, 10, 1, tzinfo=UTC)
WEEKS = [START + timedelta(days=7 * week) for week in range(5)]
VERSIONS = ["v1", "2021-12-28"]


@pytest.fixture(scope="module")
def fast() -> Iterator[Sandbox]:
    """Its seconds are a hundredth of ours, so that quotas never wait and tokens outlive a test."""
    with running(time_scale=100, page_size=3, customer_invoices=40, shipments=40) as one:
        yield one


@pytest.fixture(autouse=True)
def _no_cached_tokens() -> None:
    """The client keeps its tokens in the module, by refresh token alone: those of another sandbox would be taken."""
    access_token_client.cache.clear()
    access_token_client.grantless_cache.clear()


@pytest.fixture
def connect():
    """Make a client of theirs that asks a sandbox, and close it in the end."""
    with ExitStack() as open_ones:

        def made(kind, sandbox, marketplace=Marketplaces.IN, refresh_token=None, **options):
            class Login(AccessTokenClient):
                scheme, _, host = sandbox.endpoint.partition("//")
                scheme += "//"

            credentials = {
                "lwa_app_id": SANDBOX_PROFILE.client_id,
                "lwa_client_secret": SANDBOX_PROFILE.client_secret.reveal(),
                "refresh_token": refresh_token or SANDBOX_PROFILE.refresh_token.reveal(),
            }
            client = kind(marketplace, credentials=credentials, auth_token_client_class=Login, timeout=10, **options)
            client.endpoint = sandbox.endpoint
            open_ones.callback(client.close)
            open_ones.callback(client._auth._transport.close)
            return client

        yield made


@pytest.fixture
def restricted(connect):
    """A restricted data token for all that needs one, asked for with their client."""

    def given(sandbox):
        resources = [{"method": row.method, "path": row.path} for row in OPERATIONS if row.restricted]
        answer = connect(Tokens, sandbox).create_restricted_data_token(restrictedResources=resources)
        assert answer.payload["expiresIn"] == 3600
        return answer.payload["restrictedDataToken"]

    return given


def window(start, days=7):
    return {
        "createdAfter": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "createdBefore": (start + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


class TestTokens:
    """Login with Amazon and the Tokens API."""

    def test_a_refresh_token(self, fast, connect):
        """Their client gets an access token for the refresh token."""
        assert connect(Tokens, fast).auth.access_token.startswith("Atza|")

    def test_a_grantless_token(self, fast, connect):
        """And one for a scope, without a selling partner."""
        client = connect(Tokens, fast)
        client.grantless_scope = "sellingpartnerapi::notifications"
        assert client.grantless_auth.access_token.startswith("Atza|")

    def test_a_wrong_refresh_token(self, fast, connect):
        """Login with Amazon's error arrives as their error, with code and status."""
        with pytest.raises(AuthorizationError) as caught:
            connect(Tokens, fast, refresh_token="wrong").auth  # noqa: B018
        assert (caught.value.error_code, caught.value.status_code) == ("invalid_grant", 400)

    def test_without_roles(self, fast, connect):
        """An account without the roles gets their exception for 400, with Amazon's words."""
        client = connect(Tokens, fast, refresh_token="sandbox-refresh-token-no-roles")
        resources = [{"method": "GET", "path": "/fba/outbound/brazil/v0/shipments/{shipmentId}"}]
        with pytest.raises(SellingApiBadRequestException, match="Application do not have access"):
            client.create_restricted_data_token(restrictedResources=resources)


@pytest.mark.parametrize("version", VERSIONS)
class TestCustomerInvoices:
    """Both operations in both versions."""

    @pytest.fixture
    def client(self, fast, connect, restricted, version):
        return connect(VendorDirectFulfillmentShipping, fast, version=version, restricted_data_token=restricted(fast))

    def test_every_invoice_of_the_world(self, fast, client):
        """Their pager over five windows gives each document of the world once, in order, with its content."""
        every_page = load_all_pages(throttle_by_seconds=0, next_token_param="nextToken")(client.get_customer_invoices)
        pages = [page.payload["customerInvoices"] for start in WEEKS for page in every_page(**window(start))]
        found = [(one["purchaseOrderNumber"], one["content"]) for page in pages for one in page]
        assert found == [(one.number, one.content) for one in fast.world.purchase_orders]
        assert len(found) == 40
        assert max(map(len, pages)) == 3

    def test_one(self, fast, client):
        """A purchase order's invoice, and 404 for one that is none."""
        order = fast.world.purchase_orders[-1]
        answer = client.get_customer_invoice(order.number)
        assert answer.payload == {"purchaseOrderNumber": order.number, "content": order.content}
        assert answer.rate_limit == "10.0"
        with pytest.raises(SellingApiNotFoundException):
            client.get_customer_invoice("NONE0000")

    def test_too_long_a_range(self, client):
        """Eight days are their exception for 400."""
        with pytest.raises(SellingApiBadRequestException) as caught:
            client.get_customer_invoices(**window(START, days=8))
        assert caught.value.amzn_code == "InvalidInput"
        assert "7 days" in caught.value.message

    def test_without_a_restricted_token(self, fast, connect, version):
        """With the access token, which is what their client sends by itself, it is their exception for 403."""
        client = connect(VendorDirectFulfillmentShipping, fast, version=version)
        with pytest.raises(SellingApiForbiddenException) as caught:
            client.get_customer_invoices(**window(START))
        assert caught.value.amzn_code == "Unauthorized"


class TestShipments:
    """The three operations of shipment invoicing."""

    def test_details_and_statuses(self, fast, connect, restricted):
        """Every shipment's details and status are the world's."""
        details = connect(ShipmentInvoicing, fast, Marketplaces.BR, restricted_data_token=restricted(fast))
        plain = connect(ShipmentInvoicing, fast, Marketplaces.BR)
        for name, one in list(fast.world.shipments.items())[:20]:
            assert details.get_shipment_details(name).payload == one.detail
            status = {"AmazonShipmentId": name, "InvoiceStatus": one.invoice_status}
            assert plain.get_invoice_status(name).payload == {"Shipments": status}

    def test_submit(self, connect):
        """An NF-e that is submitted is processed and then accepted, and was taken once."""
        with running(time_scale=1000, shipments=40) as sandbox:
            name, document = next(
                (name, one.nfe)
                for name, one in sandbox.world.shipments.items()
                if one.invoice_status == "NotFound" and one.nfe and nfe.READER.read(one.nfe).problem is None
            )
            client = connect(ShipmentInvoicing, sandbox, Marketplaces.BR)
            answer = client.submit_invoice(
                name,
                InvoiceContent=base64.b64encode(document).decode(),
                ContentMD5Value=base64.b64encode(hashlib.md5(document).digest()).decode(),
            )
            assert answer.payload == {}
            statuses = []
            while "Accepted" not in statuses:
                assert len(statuses) < 1000
                statuses.append(client.get_invoice_status(name).payload["Shipments"]["InvoiceStatus"])
            assert set(statuses) <= {"Processing", "Accepted"}
            digest = hashlib.sha256(document).hexdigest()
            assert [(one.shipment_id, one.sha256) for one in sandbox.submissions] == [(name, digest)]

    def test_a_wrong_shipment(self, fast, connect):
        """The official example's words arrive in their exception."""
        with pytest.raises(SellingApiBadRequestException) as caught:
            connect(ShipmentInvoicing, fast, Marketplaces.BR).get_invoice_status("BadShipId")
        assert caught.value.error == [
            {
                "code": "InvalidInput",
                "message": "Invalid Shipment ID",
                "details": "'BadShipId' is an invalid ShipmentID",
            }
        ]

    def test_a_throttle(self, connect):
        """At our own pace the burst of 25 is soon used up, which is their exception for 429, without a rate."""
        answered = []

        def ask_on():
            for _ in range(1000):
                answered.append(client.get_invoice_status(name).rate_limit)  # noqa: PERF401 - until it is refused

        with running() as sandbox:
            client, name = connect(ShipmentInvoicing, sandbox, Marketplaces.BR), next(iter(sandbox.world.shipments))
            with pytest.raises(SellingApiRequestThrottledException) as caught:
                ask_on()
        assert caught.value.amzn_code == "QuotaExceeded"
        assert not {"retry-after", "x-amzn-ratelimit-limit"} & set(caught.value.headers)
        assert len(answered) >= 25
        assert set(answered) == {"1.133"}
