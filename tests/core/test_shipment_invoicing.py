import base64
import hashlib
import json
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core import shipment_invoicing
from spapi_invoices.core.models import ShipmentDetail, ShipmentInvoiceStatusInfo, ShipmentItem
from spapi_invoices.core.shipment_invoicing import (
    build_get_invoice_status,
    build_get_shipment_details,
    build_submit_invoice,
    parse_get_invoice_status,
    parse_get_shipment_details,
    parse_submit_invoice,
)
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.errors import (
    InvalidRequest,
    MalformedResponse,
    Rejected,
    ServiceUnavailable,
    SpapiInvoicesError,
    Throttled,
)
from tests.strategies import bodies, json_values, shipment_details, statuses

_BASE = "/fba/outbound/brazil/v0/shipments/"
_BUILDERS = [
    build_get_shipment_details,
    build_get_invoice_status,
    lambda shipment_id: build_submit_invoice(shipment_id, b"<x/>"),
]
every_builder = pytest.mark.parametrize("build", _BUILDERS, ids=["details", "status", "submit"])


def ok(body: Any) -> HttpResponse:
    return HttpResponse.of(200, [("x-amzn-RequestId", "R1")], json.dumps(body).encode())


class TestShipmentId:
    """The id in the path of all three operations."""

    @pytest.mark.parametrize(
        ("shipment_id", "path"),
        [
            ("D1aB2", "D1aB2"),
            ("a/b?c#d%", "a%2Fb%3Fc%23d%25"),
            ("%2F", "%252F"),
            ("a b+c", "a%20b%2Bc"),
            ("{x}", "%7Bx%7D"),
            ("{shipmentId}", "%7BshipmentId%7D"),
            ("ü", "%C3%BC"),
            ("...", "..."),
        ],
    )
    def test_encoded(self, shipment_id: str, path: str) -> None:
        """Whatever is odd in an id is percent-encoded once."""
        assert build_get_shipment_details(shipment_id).target() == _BASE + path
        assert build_get_invoice_status(shipment_id).target() == f"{_BASE}{path}/invoice/status"
        assert build_submit_invoice(shipment_id, b"<x/>").target() == f"{_BASE}{path}/invoice"

    @every_builder
    @pytest.mark.parametrize("shipment_id", ["", " ", "D1 ", "\tD1", "D1\n", ".", "..", "a\x00b", "a\nb", "\ud800"])
    def test_refused(self, build: Any, shipment_id: str) -> None:
        """An id that is blank, that a path would resolve, or that cannot be sent is refused."""
        with pytest.raises(InvalidRequest, match=r"shipment id .*give the AmazonShipmentId"):
            build(shipment_id)

    @given(st.text())
    def test_one_segment(self, shipment_id: str) -> None:
        """An id is one segment of the path and reads back, or it is refused."""
        try:
            target = build_get_shipment_details(shipment_id).target()
        except InvalidRequest:
            return
        parts = urlsplit(target)
        assert (parts.path, parts.query, parts.fragment) == (target, "", "")
        assert parts.path.count("/") == _BASE.count("/")
        assert unquote(parts.path.removeprefix(_BASE)) == shipment_id


class TestBuildSubmitInvoice:
    """`build_submit_invoice`."""

    def test_body(self) -> None:
        """The document goes in base64 with the base64 of its MD5, here a vector from another client's tests."""
        request = build_submit_invoice("D1", b"xml content file", marketplace_id="A2Q3Y263D00KWC")
        assert json.loads(request.body) == {
            "InvoiceContent": "eG1sIGNvbnRlbnQgZmlsZQ==",
            "ContentMD5Value": "KoXUCoEHwYTCPipqsKslTw==",
            "MarketplaceId": "A2Q3Y263D00KWC",
        }
        assert request.headers == (("content-type", "application/json"),)
        assert request.method == "POST"

    @given(st.binary(min_size=1))
    def test_bytes_are_untouched(self, document: bytes) -> None:
        """The bytes that arrive are the bytes given, and the digest is theirs; what is optional is left out."""
        body = json.loads(build_submit_invoice("D1", document).body)
        assert base64.b64decode(body["InvoiceContent"], validate=True) == document
        assert base64.b64decode(body["ContentMD5Value"]) == hashlib.md5(document).digest()
        assert set(body) == {"InvoiceContent", "ContentMD5Value"}

    def test_digest_given(self) -> None:
        """A digest that is given is sent as it is: the static sandbox wants one that matches nothing."""
        body = json.loads(build_submit_invoice("D1", b"x", content_md5="9906bd8f227f6a43f1e27db4b9258ad4").body)
        assert body["ContentMD5Value"] == "9906bd8f227f6a43f1e27db4b9258ad4"

    def test_empty(self) -> None:
        """An empty document is refused."""
        with pytest.raises(InvalidRequest, match="the invoice for shipment D1 is empty"):
            build_submit_invoice("D1", b"")

    def test_repr(self) -> None:
        """The document is not in the repr."""
        shown = repr(build_submit_invoice("D1", b"xml content file"))
        assert "eG1s" not in shown
        assert "xml content" not in shown


class TestParseGetShipmentDetails:
    """`parse_get_shipment_details`."""

    @given(shipment_details, st.booleans())
    def test_round_trip(self, detail: ShipmentDetail, wrapped: bool) -> None:  # noqa: FBT001
        """A shipment that was written is the shipment that is read, wrapped or not."""
        body = msgspec.json.encode({"payload": detail} if wrapped else detail)
        answer = parse_get_shipment_details(HttpResponse(status=200, body=body))
        assert answer.detail == detail
        assert (answer.problems, answer.unknown_fields) == ((), frozenset())

    def test_wrong_types(self) -> None:
        """Fields of the wrong type are problems that name them as Amazon sent them; all others stay."""
        answer = parse_get_shipment_details(
            ok(
                {
                    "payload": {
                        "AmazonShipmentId": "D1",
                        "BuyerName": 5,
                        "ShipmentItems": [
                            None,
                            {"ASIN": "A", "QuantityOrdered": "2"},
                            7,
                            {"ASIN": "B", "SerialNumbers": ["x", 1]},
                        ],
                        "PaymentMethodDetails": {"a": 1},
                    }
                }
            )
        )
        assert answer.problems == (
            "PaymentMethodDetails: Expected `array | null`, got `object`",
            "BuyerName: Expected `str | null`, got `int`",
            "ShipmentItems[0]: Expected `object`, got `null`",
            "ShipmentItems[1].QuantityOrdered: Expected `float | null`, got `str`",
            "ShipmentItems[2]: Expected `object`, got `int`",
            "ShipmentItems[3].SerialNumbers[1]: Expected `str`, got `int`",
        )
        assert answer.detail == ShipmentDetail(
            AmazonShipmentId="D1",
            ShipmentItems=[
                ShipmentItem(),
                ShipmentItem(ASIN="A"),
                ShipmentItem(),
                ShipmentItem(ASIN="B", SerialNumbers=["x"]),
            ],
        )
        assert answer.request_id == "R1"

    def test_unknown_fields(self) -> None:
        """Fields that the model does not have are named once, with the field they stand in."""
        payload = {
            "AmazonShipmentId": "D1",
            "New": 1,
            "ShipmentItems": [{"NCM": "1"}, {"NCM": "2", "ItemPrice": {"Tax": 1}}],
        }
        answer = parse_get_shipment_details(ok({"payload": payload}))
        assert answer.unknown_fields == {"New", "ShipmentItems.NCM", "ShipmentItems.ItemPrice.Tax"}
        assert answer.problems == ()

    def test_unknown_enum_values(self) -> None:
        """A value that Amazon added to an enum is kept as text."""
        payload = {"ShippingAddress": {"AddressType": "Locker"}, "Payments": [{"PaymentMethod": "Drex"}]}
        detail = parse_get_shipment_details(ok({"payload": payload})).detail
        assert detail.ShippingAddress is not None
        assert detail.ShippingAddress.AddressType == "Locker"
        assert [payment.PaymentMethod for payment in detail.Payments or ()] == ["Drex"]

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "empty"),
            (b'{"payload": null}', "payload is null"),
            (b'{"payload": {}}', "payload is empty"),
            (b"{}", "payload is empty"),
            (b'{"payload": []}', "payload is no object"),
            (b'{"message": "Forbidden"}', "payload has no field of a shipment"),
            (b'{"errors": {"code": "InvalidInput"}}', "errors is no list of objects"),
            (b'{"payload": {"BuyerName": "Maria"}, "errors": ["x"]}', "errors is no list of objects"),
            (b'[{"AmazonShipmentId": "D1"}]', "a JSON list"),
            (b'{"payload": {"BuyerName": "Maria', "no complete JSON"),
            (b'{"payload": {"BuyerName": "\xff"}}', "JSON with a value that cannot be read (text is not UTF-8"),
            (b'{"payload": {"BuyerName": "A\\ud800"}}', "JSON with a value that cannot be read"),
            (b'{"payload":' + b"[" * 100_000, "no complete JSON (nested too deeply"),
            (b'\xef\xbb\xbf{"payload": {"BuyerName": "Maria"}}', "no complete JSON"),
        ],
    )
    def test_malformed(self, body: bytes, said: str) -> None:
        """A success without a shipment is an error that says what the body is; never an empty shipment."""
        with pytest.raises(MalformedResponse, match="getShipmentDetails: HTTP 200") as caught:
            parse_get_shipment_details(HttpResponse(status=200, body=body))
        assert said in caught.value.excerpt
        assert "Maria" not in str(caught.value)

    def test_errors_and_payload(self) -> None:
        """An answer with both a payload and errors is an error."""
        body = {
            "payload": {"AmazonShipmentId": "D1"},
            "errors": [{"code": "InvalidInput", "message": "Bad", "details": "D1"}],
        }
        with pytest.raises(Rejected, match="InvalidInput: Bad D1"):
            parse_get_shipment_details(ok(body))

    def test_repr(self) -> None:
        """No personal data is in the repr of a shipment or of any part of it that holds some."""
        personal = {
            "BuyerName": "Maria Silva",
            "BuyerCounty": "Moema",
            "ShippingAddress": {"Name": "Maria Silva", "AddressLine1": "Rua das Flores 5", "Phone": "119"},
            "BuyerTaxInfo": {
                "CompanyLegalName": "Silva ME",
                "TaxClassifications": [{"Name": "CPF", "Value": "12345678909"}],
            },
            "Payments": [{"PaymentMethod": "Pix", "AuthorizationCode": "AUTH77", "AcquirerId": "ACQ1"}],
        }
        answer = parse_get_shipment_details(ok({"payload": {"AmazonShipmentId": "D1", **personal}}))
        detail = answer.detail
        assert detail.BuyerTaxInfo is not None
        parts = [
            answer,
            detail,
            detail.ShippingAddress,
            detail.BuyerTaxInfo,
            detail.BuyerTaxInfo.TaxClassifications,
            detail.Payments,
        ]
        shown = " ".join(f"{part!r} {part}" for part in parts)
        hidden = ("Maria", "Moema", "Flores", "119", "Silva", "12345678909", "AUTH77", "ACQ1")
        assert [text for text in hidden if text in shown] == []


def deepest(part: dict[str, Any], steps: list[str]) -> dict[str, Any]:
    """The object that the steps lead to, those that lead nowhere left out."""
    for step in steps:
        inner = part.get(step)
        inner = inner[0] if isinstance(inner, list) and inner else inner
        part = inner if isinstance(inner, dict) else part
    return part


def as_read(response: HttpResponse) -> object:
    """What is made of an answer: the answer, or the error's class and words."""
    try:
        return parse_get_shipment_details(response)
    except SpapiInvoicesError as error:
        return type(error), str(error)


class TestTwoRoads:
    """Straight from the bytes, and field by field."""

    @given(bodies, statuses)
    def test_lead_to_the_same(self, body: bytes, status: int) -> None:
        """Whatever is answered, well-formed or damaged: what is read straight from the bytes is what is read field by field."""
        response = HttpResponse(status=status, body=body)
        straight = as_read(response)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shipment_invoicing, "_as_modelled", lambda _: None)
            assert as_read(response) == straight

    @given(
        shipment_details,
        st.lists(st.sampled_from(ShipmentDetail.__struct_fields__ + ShipmentItem.__struct_fields__)),
        json_values,
    )
    def test_lead_to_the_same_with_a_field_more(self, detail: ShipmentDetail, steps: list[str], value: object) -> None:
        """A field that the model does not have changes nothing else, wherever it stands, and is named."""
        payload = msgspec.to_builtins(detail) | {"AmazonShipmentId": "D1"}
        part = deepest(payload, steps)
        answer = parse_get_shipment_details(ok({"payload": payload}))
        part["AddedLater"] = value
        with_more = parse_get_shipment_details(ok({"payload": payload}))
        assert (with_more.detail, with_more.problems) == (answer.detail, ())
        assert [name.rpartition(".")[2] for name in with_more.unknown_fields] == ["AddedLater"]


class TestParseSubmitInvoice:
    """`parse_submit_invoice`."""

    @pytest.mark.parametrize("status", [200, 201, 202, 204])
    @pytest.mark.parametrize("body", [b"", b" \n", b"{}", b'{"payload": {}}', b'{"errors": []}'])
    def test_taken(self, status: int, body: bytes) -> None:
        """Any success with nothing in it means that the invoice was taken."""
        assert parse_submit_invoice(HttpResponse(status=status, body=body)) is None

    @pytest.mark.parametrize("body", [b"[]", b"null", b"OK", b"<html>", b'{"errors": "x"}', b"\xff"])
    def test_malformed(self, body: bytes) -> None:
        """A success with something else in it is no receipt."""
        with pytest.raises(MalformedResponse, match="submitInvoice: HTTP 200"):
            parse_submit_invoice(HttpResponse(status=200, body=body))

    def test_errors(self) -> None:
        """Errors in a success are errors, and one is raised for any other status."""
        body = json.dumps({"errors": [{"code": "InvalidInput", "message": "Shipment ID is invalid"}]}).encode()
        for status in (200, 400):
            with pytest.raises(Rejected, match="InvalidInput: Shipment ID is invalid"):
                parse_submit_invoice(HttpResponse(status=status, body=body))
        with pytest.raises(Throttled):
            parse_submit_invoice(HttpResponse(status=429))
        with pytest.raises(ServiceUnavailable):
            parse_submit_invoice(HttpResponse(status=503, body=b"<html><title>Website Temporarily Unavailable</title>"))


class TestParseGetInvoiceStatus:
    """`parse_get_invoice_status`."""

    @pytest.mark.parametrize("state", ["Processing", "Accepted", "Errored", "NotFound", "Quarantined"])
    @pytest.mark.parametrize(
        "wrap", [lambda s: {"payload": {"Shipments": s}}, lambda s: {"Shipments": [s]}], ids=["object", "list"]
    )
    def test_read(self, state: str, wrap: Any) -> None:
        """A status is read from an object and from a list of one, wrapped or not; one added since is kept as text."""
        given_status = {"AmazonShipmentId": "D1", "InvoiceStatus": state}
        read = parse_get_invoice_status(ok(wrap(given_status)))
        assert read == ShipmentInvoiceStatusInfo(AmazonShipmentId="D1", InvoiceStatus=state)

    @pytest.mark.parametrize(
        ("shipments", "said"),
        [
            (None, "payload has no Shipments"),
            ([], "Shipments is no object"),
            ("Accepted", "Shipments is no object"),
            ([{"InvoiceStatus": "Accepted"}, {"InvoiceStatus": "Errored"}], "Shipments is no object"),
            ([None], "Shipments is no object"),
            ({}, "without an InvoiceStatus"),
            ({"InvoiceStatus": None}, "without an InvoiceStatus"),
            ({"InvoiceStatus": 5}, "InvoiceStatus: Expected `str | null`, got `int`"),
            (
                {"InvoiceStatus": "Accepted", "AmazonShipmentId": ["D1"]},
                "AmazonShipmentId: Expected `str | null`, got `array`",
            ),
        ],
    )
    def test_malformed(self, shipments: Any, said: str) -> None:
        """A success without one readable status is an error."""
        with pytest.raises(MalformedResponse) as caught:
            parse_get_invoice_status(ok({"payload": {"Shipments": shipments}}))
        assert said in caught.value.excerpt
