"""The table of static examples: the official models', completely, and how they are found."""

import json
import os
from pathlib import Path

import pytest
from asking import (
    DETAILS,
    INVOICE,
    INVOICE_2021,
    INVOICES,
    INVOICES_2021,
    STATUS,
    SUBMIT,
    TOKENS,
    Local,
    world,
)

from spapi_invoices.endpoints import OPERATIONS
from spapi_invoices.sandbox.static_examples import EXAMPLES

MODELS = Path(os.environ.get("SPAPI_MODELS") or Path(__file__).parents[3] / "shared" / "models")
FILES = {
    ("vendorDirectFulfillmentShipping", "v1"): "vendorDirectFulfillmentShippingV1.json",
    ("vendorDirectFulfillmentShipping", "2021-12-28"): "vendorDirectFulfillmentShipping_2021-12-28.json",
    ("shipmentInvoicing", "v0"): "shipmentInvoicingV0.json",
    ("tokens", "2021-03-01"): "tokens_2021-03-01.json",
}
COULD_NOT_MATCH = (400, "InvalidInput", "Could not match input arguments", "")


@pytest.fixture
def local():
    return Local(scale=0, static=True)


def token_for(local, asked):
    return local.restricted() if asked.restricted else local.access()


def ask(local, asked, parameters):
    """Send an example's parameters, each where its name belongs."""
    own = {name: str(value) for name, value in parameters.items() if name != "body"}
    at = own.pop("shipmentId", None) or own.pop("purchaseOrderNumber", None) or ("any" if "{" in asked.path else "")
    return local.ask(asked, token_for(local, asked), own, at=at, body=parameters.get("body"))


def in_the_models():
    """Every static example of our operations: operation, version, parameters, status, answer."""
    for row in OPERATIONS:
        if row.api == "lwa":
            continue
        model = json.loads((MODELS / FILES[row.api, row.version]).read_text("utf-8"))
        for status, response in model["paths"][row.path][row.method.lower()]["responses"].items():
            for case in response.get("x-amzn-api-sandbox", {}).get("static", ()):
                parameters = {name: one["value"] for name, one in case["request"]["parameters"].items()}
                yield row.operation_id, row.version, parameters, int(status), case["response"]


def test_all_of_the_models():
    """The table has every static example of the official models, and none besides."""
    if not MODELS.is_dir():
        if os.environ.get("SPAPI_MODELS_REQUIRED") == "1":
            raise FileNotFoundError(MODELS)
        pytest.skip(f"the official models are not at {MODELS}: set SPAPI_MODELS to their folder")
    ours = [
        (one.operation.operation_id, one.operation.version, dict(one.parameters), one.status, dict(one.answer))
        for one in EXAMPLES
    ]
    official = list(in_the_models())
    assert len(official) == 16
    assert sorted(ours, key=repr) == sorted(official, key=repr)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.operation.operation_id}-{one.status}")
def test_each_is_answered(local, example):
    """Asking with an example's parameters gives its answer."""
    answer = ask(local, example.operation, example.parameters)
    assert (answer.status, answer.json) == (example.status, example.answer)


class TestMatching:
    """By text, the most specific one, else what fits all, else 400."""

    def test_the_most_specific(self, local):
        """All four parameters give the example with four; one of another text gives the one that asks for nothing."""
        exact = dict(EXAMPLES[0].parameters)
        for change, number in (({}, "PO98676856"), ({"limit": 3}, "mockpurchaseOrderNumber")):
            answer = ask(local, INVOICES, exact | change)
            assert answer.json["payload"]["customerInvoices"][0]["purchaseOrderNumber"] == number

    def test_text_and_not_meaning(self, local):
        """The same instant in another offset is another text."""
        exact = dict(EXAMPLES[0].parameters) | {"createdBefore": "2020-02-20T08:00:00Z"}
        page = ask(local, INVOICES, exact).json["payload"]
        assert page["customerInvoices"][0]["purchaseOrderNumber"] == "mockpurchaseOrderNumber"

    def test_pages_never_end(self, local):
        """The next page of an example is the example again: a client needs a guard."""
        query = {name: str(value) for name, value in EXAMPLES[0].parameters.items()} | {"nextToken": "MDAwMDAwMDAwMQ=="}
        answer = local.ask(INVOICES, local.restricted(), query)
        assert answer.json == EXAMPLES[0].answer

    def test_no_seven_days(self, local):
        """No range is too long for an example, nor are dates needed."""
        query = {"createdAfter": "2001-01-01T00:00:00Z", "createdBefore": "2026-01-01T00:00:00Z"}
        assert local.ask(INVOICES, local.restricted(), query).status == 200
        assert local.ask(INVOICES, local.restricted()).status == 200

    @pytest.mark.parametrize(
        ("asked", "at"),
        [
            (DETAILS, "D1"),
            (DETAILS, next(iter(world().shipments))),
            (STATUS, "shipmentid1"),
            (SUBMIT, "D1"),
            (INVOICES_2021, ""),
            (INVOICE_2021, "PO98676856"),
        ],
    )
    def test_no_match(self, local, asked, at):
        """What no example fits is 400, shipments of our world and the whole of 2021-12-28 included."""
        assert local.ask(asked, token_for(local, asked), at=at).error == COULD_NOT_MATCH

    @pytest.mark.parametrize("change", [{"ContentMD5Value": "x"}, {"MarketplaceId": "A1"}, {"InvoiceContent": None}])
    def test_a_body_fits_as_a_whole(self, local, change):
        """A body that differs in a value or has one more is another."""
        (example,) = [one for one in EXAMPLES if one.operation == SUBMIT and one.status == 200]
        answer = ask(local, SUBMIT, {**example.parameters, "body": example.parameters["body"] | change})
        assert answer.error == COULD_NOT_MATCH

    def test_an_order_of_fields_is_none(self, local):
        """A JSON object is the same in another order and with blanks."""
        (example,) = [one for one in EXAMPLES if one.operation == SUBMIT and one.status == 200]
        body = json.dumps(dict(reversed(example.parameters["body"].items())), indent=2).encode()
        answer = local.send(
            "POST", "/fba/outbound/brazil/v0/shipments/shipmentId1/invoice", body, x_amz_access_token=local.access()
        )
        assert (answer.status, answer.json) == (200, {})


class TestAround:
    """What the static sandbox has besides examples."""

    def test_tokens_are_those_of_production(self, local):
        """A request for our own paths gives a token that opens the examples; the examples' own tokens open nothing."""
        (example,) = [
            one for one in EXAMPLES if one.operation == TOKENS and "targetApplication" not in one.parameters["body"]
        ]
        given = ask(local, TOKENS, example.parameters).json["restrictedDataToken"]
        assert local.ask(INVOICE, given, at="PO98676856").status == 403
        assert local.ask(INVOICE, local.restricted(), at="PO98676856").status == 200
        assert local.ask(INVOICE, None, at="PO98676856").status == 403

    @pytest.mark.parametrize("asked", [INVOICES, STATUS, TOKENS])
    def test_quota(self, asked):
        """Five a second and fifteen at once for every operation, and the header says five."""
        local = Local(static=True)
        token = token_for(local, asked)
        local.seconds = 100
        at = "shipmentId1" if asked is STATUS else ""
        answers = [local.ask(asked, token, at=at) for _ in range(16)]
        assert [one.status == 429 for one in answers] == [False] * 15 + [True]
        assert answers[0].headers["x-amzn-ratelimit-limit"] == "5.0"
