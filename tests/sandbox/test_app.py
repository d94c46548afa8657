"""The sandbox's answers, over real HTTP."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
import requests

from spapi_invoices.core.customer_invoices import build_get_customer_invoices, parse_get_customer_invoices
from spapi_invoices.core.tokens import build_refresh_access_token, build_restricted_data_token_for
from spapi_invoices.endpoints import operation
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.io.transport import Transport
from spapi_invoices.sandbox.world import make_world

START = datetime(2026, 10, 8, tzinfo=UTC)
PATH = "/vendor/directFulfillment/shipping/v1/customerInvoices"


@pytest.fixture(scope="module")
def tokens(sandbox) -> dict[str, str]:
    """An access token and a restricted data token for customer invoices and one for shipments."""
    transport, profile = Transport(), SANDBOX_PROFILE
    lwa = build_refresh_access_token(profile.client_id, profile.client_secret, profile.refresh_token)
    access = requests.post(
        f"{sandbox.endpoint}{lwa.path}", data=lwa.body, headers=dict(lwa.headers), timeout=10
    ).json()["access_token"]
    from spapi_invoices.core.tokens import parse_create_restricted_data_token
    from spapi_invoices.core.wire import Secret

    found = {"access": access}
    for name, one in (
        ("invoices", operation("getCustomerInvoices", "v1")),
        ("shipments", operation("getShipmentDetails", "v0")),
    ):
        answer = transport.send(build_restricted_data_token_for(one), sandbox.endpoint, Secret(access))
        found[name] = parse_create_restricted_data_token(answer).secret.reveal()
    return found


def get(sandbox, path: str, token: str | None, **query: str) -> requests.Response:
    headers = {} if token is None else {"x-amz-access-token": token}
    return requests.get(f"{sandbox.endpoint}{path}", params=query, headers=headers, timeout=10)


WEEK = {"createdAfter": "2026-10-08T00:00:00Z", "createdBefore": "2026-10-15T00:00:00Z"}


class TestTokens:
    """The right token for each operation, as Amazon asks for it."""

    @pytest.mark.parametrize("token", [None, "access", "shipments", "nonsense"])
    def test_a_restricted_operation_wants_its_own_token(self, sandbox, tokens, token: str | None):
        """No token, an access token, another API's restricted token or a made-up one: 403."""
        answer = get(sandbox, PATH, tokens.get(token, token) if token else None, **WEEK)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "Unauthorized")

    def test_a_plain_operation_wants_the_access_token(self, sandbox, tokens):
        """GetInvoiceStatus takes the access token and not a restricted one."""
        path = f"/fba/outbound/brazil/v0/shipments/{next(iter(sandbox.world.shipments))}/invoice/status"
        assert get(sandbox, path, tokens["access"]).status_code == 200
        assert get(sandbox, path, tokens["shipments"]).status_code == 403

    @pytest.mark.parametrize(
        ("form", "status", "error"),
        [
            ({"client_id": "x"}, 401, "invalid_client"),
            ({"refresh_token": "x"}, 400, "invalid_grant"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ],
    )
    def test_login_refuses(self, sandbox, form: dict[str, str], status: int, error: str):
        """Login with Amazon's error bodies are its own, not SP-API's."""
        profile = SANDBOX_PROFILE
        right = {
            "grant_type": "refresh_token",
            "client_id": profile.client_id,
            "client_secret": profile.client_secret.reveal(),
            "refresh_token": profile.refresh_token.reveal(),
        }
        answer = requests.post(f"{sandbox.endpoint}/auth/o2/token", data=right | form, timeout=10)
        assert (answer.status_code, answer.json()["error"]) == (status, error)

    def test_a_wrong_path_gives_no_restricted_token(self, sandbox, tokens):
        """A path that no operation has is 400, in Amazon's words."""
        body = {"restrictedResources": [{"method": "GET", "path": "getOrders"}]}
        headers = {"x-amz-access-token": tokens["access"]}
        answer = requests.post(
            f"{sandbox.endpoint}/tokens/2021-03-01/restrictedDataToken", json=body, headers=headers, timeout=10
        )
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "InvalidInput")


class TestPages:
    """getCustomerInvoices."""

    def test_all_pages_are_the_window(self, sandbox, tokens):
        """Following nextToken gives each invoice of the window once, in order, at most `limit` a page."""
        from spapi_invoices.core.wire import Secret

        numbers, token = [], None
        while True:
            request = build_get_customer_invoices(START, START + timedelta(days=7), limit=2, next_token=token)
            page = parse_get_customer_invoices(Transport().send(request, sandbox.endpoint, Secret(tokens["invoices"])))
            assert len(page.invoices) <= 2
            numbers += [one.purchaseOrderNumber for one in page.invoices]
            token = page.next_token
            if token is None:
                break
        world = [
            one.number for one in sandbox.world.purchase_orders if START <= one.available_at < START + timedelta(days=7)
        ]
        assert numbers == world
        assert len(world) > 2

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"createdAfter": "2026-10-08T00:00:00Z"},
            WEEK | {"createdBefore": "2026-10-15T00:00:01Z"},
            WEEK | {"createdBefore": "2026-10-07T00:00:00Z"},
            WEEK | {"createdAfter": "8 October"},
            WEEK | {"limit": "0"},
            WEEK | {"limit": "101"},
            WEEK | {"nextToken": "bm9uZQ=="},
        ],
    )
    def test_bad_parameters(self, sandbox, tokens, query: dict[str, str]):
        """Missing or wrong parameters, a range over seven days, a foreign token: 400 with an error list."""
        answer = get(sandbox, PATH, tokens["invoices"], **query)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "InvalidInput")

    def test_a_token_belongs_to_its_query(self, sandbox, tokens):
        """A nextToken with other dates is refused."""
        token = get(sandbox, PATH, tokens["invoices"], **WEEK).json()["payload"]["pagination"]["nextToken"]
        other = WEEK | {"createdAfter": "2026-10-09T00:00:00Z", "nextToken": token}
        assert get(sandbox, PATH, tokens["invoices"], **other).status_code == 400


def test_headers_amazon_sends(sandbox, tokens):
    """Each answer has a request id and the world's date; the rate is on 200, 400 and 404 and not on 403."""
    good, bad, denied = (
        get(sandbox, PATH, tokens["invoices"], **WEEK),
        get(sandbox, PATH, tokens["invoices"]),
        get(sandbox, PATH, None),
    )
    assert [one.headers.get("x-amzn-ratelimit-limit") for one in (good, bad, denied)] == ["10.0", "10.0", None]
    assert all(len(one.headers["x-amzn-requestid"]) == 36 for one in (good, bad, denied))
    assert good.headers["date"] == "Mon, 02 Nov 2026 09:00:00 GMT"


class TestSubmit:
    """submitInvoice checks what it is given."""

    @pytest.mark.parametrize(
        ("content", "digest", "says"),
        [("no base64!", "", "encoding"), (base64.b64encode(b"<x/>").decode(), "wrong", "ContentMD5Value")],
    )
    def test_refusals(self, sandbox, tokens, content: str, digest: str, says: str):
        """Content that is no base64, or a digest that is not of it: 400."""
        path = f"{sandbox.endpoint}/fba/outbound/brazil/v0/shipments/{next(iter(sandbox.world.shipments))}/invoice"
        body = {"InvoiceContent": content, "ContentMD5Value": digest}
        answer = requests.post(path, json=body, headers={"x-amz-access-token": tokens["access"]}, timeout=10)
        assert answer.status_code == 400
        assert says in answer.json()["errors"][0]["message"]


class TestWorld:
    """The seeded world."""

    def test_a_seed_is_a_world(self):
        """One seed, one world, to the byte; another seed, another."""
        assert make_world(5) == make_world(5)
        assert make_world(5) != make_world(6)
        one, two = (make_world(5).shipments for _ in range(2))
        assert [item.nfe for item in one.values()] == [item.nfe for item in two.values()]

    @pytest.mark.parametrize("seed", [1, 2, 2026])
    def test_every_status_occurs(self, seed: int):
        """Whatever the seed, the reconciliation of the world has all statuses."""
        import polars as pl

        import spapi_invoices as spi
        from spapi_invoices.frames.schemas import STATUSES
        from spapi_invoices.sandbox import running

        with running(seed) as one:
            client = one.client()
            fetched = client.customer_invoices("2026-10-01", "2026-11-01")
            shipments = client.shipments(one.world.shipments)
            statuses = client.invoice_statuses(one.world.shipments)
        from spapi_invoices.documents import gst, nfe
        from spapi_invoices.documents.reader import at_once
        from spapi_invoices.documents.table import from_file, read_all

        files = [from_file(name, shipment.nfe) for name, shipment in one.world.shipments.items() if shipment.nfe]
        read = read_all(files, at_once((nfe.READER, gst.READER)))
        facts = pl.concat([spi.read_documents(fetched).facts, read.facts])
        crosswalk = pl.DataFrame(list(one.world.crosswalk.items()), schema=["left", "right"], orient="row")
        result = spi.reconcile(spi.customer_side(facts), spi.shipment_side(shipments, statuses), crosswalk=crosswalk)
        assert set(result.matches["status"].cast(str)) == set(STATUSES)

    def test_tax_ids_are_well_formed(self):
        """Check digits of the made-up CPF and GSTIN are right, by an independent library."""
        from stdnum.br import cpf
        from stdnum.in_ import gstin

        from spapi_invoices.sandbox.world import _GSTIN, _cpf

        assert gstin.is_valid(_GSTIN)
        assert all(cpf.is_valid(_cpf(number)) for number in range(1, 200))


def test_content_is_the_documents_bytes(sandbox):
    """What getCustomerInvoices returns decodes to the bytes of the world's document."""
    frame = sandbox.client().customer_invoices("2026-10-01", "2026-11-01").frame
    contents = [base64.b64decode(one.content) for one in sandbox.world.purchase_orders if " " not in one.content]
    assert [hashlib.sha256(one).hexdigest() for one in contents] == frame.drop_nulls("content")["sha256"].to_list()
