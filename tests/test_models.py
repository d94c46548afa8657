"""Amazon's official models against our tables, builders, structs and parsers. The models are read, never shipped.

``SPAPI_MODELS`` names their folder; with ``SPAPI_MODELS_REQUIRED=1`` their absence is a failure instead of a skip.
"""

import base64
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spapi_invoices.core import customer_invoices, models, windows
from spapi_invoices.core.customer_invoices import (
    build_get_customer_invoice,
    build_get_customer_invoices,
    parse_get_customer_invoice,
    parse_get_customer_invoices,
)
from spapi_invoices.core.shipment_invoicing import (
    build_get_invoice_status,
    build_get_shipment_details,
    build_submit_invoice,
    parse_get_invoice_status,
    parse_get_shipment_details,
    parse_submit_invoice,
)
from spapi_invoices.core.tokens import build_create_restricted_data_token, parse_create_restricted_data_token
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.endpoints import OPERATIONS, Operation, restricted_operations
from spapi_invoices.errors import AccessDenied, ApiError, ErrorDetail, InvalidRequest, Rejected

MODELS = Path(os.environ.get("SPAPI_MODELS") or Path(__file__).parents[2] / "shared" / "models")
if not MODELS.is_dir():
    _WHY = f"the official models are not at {MODELS}: set SPAPI_MODELS to their folder"
    if os.environ.get("SPAPI_MODELS_REQUIRED") == "1":
        raise FileNotFoundError(_WHY)
    pytest.skip(_WHY, allow_module_level=True)

FILES = {
    ("vendorDirectFulfillmentShipping", "v1"): "vendorDirectFulfillmentShippingV1.json",
    ("vendorDirectFulfillmentShipping", "2021-12-28"): "vendorDirectFulfillmentShipping_2021-12-28.json",
    ("shipmentInvoicing", "v0"): "shipmentInvoicingV0.json",
    ("tokens", "2021-03-01"): "tokens_2021-03-01.json",
}
NAMES = {
    "getCustomerInvoices",
    "getCustomerInvoice",
    "getShipmentDetails",
    "submitInvoice",
    "getInvoiceStatus",
    "createRestrictedDataToken",
}
# Definition -> struct, in all four models.
STRUCTS: dict[str, type[msgspec.Struct]] = {
    "Address": models.Address,
    "BuyerTaxInfo": models.TaxInfo,
    "CreateRestrictedDataTokenRequest": models.CreateRestrictedDataTokenRequest,
    "CreateRestrictedDataTokenResponse": models.CreateRestrictedDataTokenResponse,
    "CustomerInvoice": models.CustomerInvoice,
    "CustomerInvoiceList": models.CustomerInvoiceList,
    "Error": models.Error,
    "MarketplaceTaxInfo": models.TaxInfo,
    "Money": models.Money,
    "Pagination": models.Pagination,
    "PaymentInformation": models.PaymentInformation,
    "RestrictedResource": models.RestrictedResource,
    "ShipmentDetail": models.ShipmentDetail,
    "ShipmentInvoiceStatusInfo": models.ShipmentInvoiceStatusInfo,
    "ShipmentItem": models.ShipmentItem,
    "SubmitInvoiceRequest": models.SubmitInvoiceRequest,
    "TaxClassification": models.TaxClassification,
}
# Wrappers that the parsers open by hand, and all that is in them.
ENVELOPES = {
    "ErrorList": {"errors"},
    "GetCustomerInvoiceResponse": {"payload", "errors"},
    "GetCustomerInvoicesResponse": {"payload", "errors"},
    "GetInvoiceStatusResponse": {"payload", "errors"},
    "GetShipmentDetailsResponse": {"payload", "errors"},
    "ShipmentInvoiceStatusResponse": {"Shipments"},
    "SubmitInvoiceResponse": {"errors"},
}
ENUMS = {
    "AddressTypeEnum": models.KNOWN_ADDRESS_TYPES,
    "PaymentMethodEnum": models.KNOWN_PAYMENT_METHODS,
    "ShipmentInvoiceStatus": models.KNOWN_INVOICE_STATUSES,
}
# Not marked as required by Amazon, but an answer without them is of no use.
STRICTER = {"CreateRestrictedDataTokenResponse": {"restrictedDataToken", "expiresIn"}}
# Structs of answers that no official model describes: Login with Amazon.
NOT_MODELLED = {models.AccessTokenResponse}


@dataclass(frozen=True)
class Spec:
    """An operation as its model describes it."""

    method: str
    path: str
    operation: dict[str, Any]


@cache
def load(file: str) -> dict[str, Any]:
    model: dict[str, Any] = json.loads((MODELS / file).read_text("utf-8"))
    return model


def specs(file: str) -> dict[str, Spec]:
    """The operations of ours in a model, by Amazon's name."""
    return {
        operation["operationId"]: Spec(method.upper(), path, operation)
        for path, item in load(file)["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and operation.get("operationId") in NAMES
    }


def spec_of(row: Operation) -> Spec:
    return specs(FILES[row.api, row.version])[row.operation_id]


def reachable(file: str) -> dict[str, dict[str, Any]]:
    """The definitions that our operations in a model refer to, directly or not."""
    found: dict[str, dict[str, Any]] = {}
    todo = [name for spec in specs(file).values() for name in references(spec.operation)]
    while todo:
        name = todo.pop()
        if name not in found:
            found[name] = load(file)["definitions"][name]
            todo += references(found[name])
    return found


def references(node: Any) -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "$ref":
            yield value.rpartition("/")[2]
        else:
            yield from references(value)


def shape_of_schema(file: str, schema: dict[str, Any], name: str = "") -> Any:
    """What a schema is: the name of a plain type, a list around what it is a list of, or our struct for an object."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return shape_of_schema(file, load(file)["definitions"][name], name)
    if schema["type"] == "array":
        return [shape_of_schema(file, schema["items"])]
    return STRUCTS[name] if schema["type"] == "object" else schema["type"]


def shape_of_annotation(annotation: Any) -> Any:
    """The same for a field of a struct, ``None`` left out."""
    kinds = [kind for kind in getattr(annotation, "__args__", ()) if kind is not type(None)]
    if getattr(annotation, "__origin__", None) is list:
        return [shape_of_annotation(kinds[0])]
    if kinds:
        (annotation,) = kinds
    elif issubclass(annotation, msgspec.Struct):
        return annotation
    plain = {str: "string", float: "number", int: "integer"}
    return plain[annotation] if annotation in plain else shape_of_annotation(annotation)


OURS = [row for row in OPERATIONS if row.api != "lwa"]
OBJECTS = [
    pytest.param(file, name, id=f"{file.removesuffix('.json')}-{name}")
    for file in FILES.values()
    for name, definition in sorted(reachable(file).items())
    if definition["type"] == "object" and name not in ENVELOPES
]
every_operation = pytest.mark.parametrize("row", OURS, ids=lambda row: f"{row.operation_id}-{row.version}")
every_file = pytest.mark.parametrize("file", FILES.values())
every_object = pytest.mark.parametrize(("file", "name"), OBJECTS)

AFTER, BEFORE = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 8, tzinfo=UTC)
RESTRICTED = restricted_operations("shipmentInvoicing", "v0")


def with_everything(row: Operation) -> HttpRequest:
    """A request in which every parameter of the operation is given."""
    builders: dict[str, Callable[[], HttpRequest]] = {
        "getCustomerInvoices": lambda: build_get_customer_invoices(
            AFTER,
            BEFORE,
            ship_from_party_id="ABCD",
            limit=50,
            sort_order="ASC",
            next_token="T",
            version=row.version,  # type: ignore[arg-type]
        ),
        "getCustomerInvoice": lambda: build_get_customer_invoice("2JK3S9VC", version=row.version),  # type: ignore[arg-type]
        "getShipmentDetails": lambda: build_get_shipment_details("D1"),
        "submitInvoice": lambda: build_submit_invoice("D1", b"<nfeProc/>", marketplace_id="A2Q3Y263D00KWC"),
        "getInvoiceStatus": lambda: build_get_invoice_status("D1"),
        "createRestrictedDataToken": lambda: build_create_restricted_data_token(RESTRICTED, target_application="app"),
    }
    return builders[row.operation_id]()


def with_the_required(row: Operation) -> HttpRequest:
    """A request in which only what Amazon requires is given."""
    if row.operation_id == "getCustomerInvoices":
        return build_get_customer_invoices(AFTER, BEFORE, version=row.version)  # type: ignore[arg-type]
    if row.operation_id == "submitInvoice":
        return build_submit_invoice("D1", b"<nfeProc/>")
    if row.operation_id == "createRestrictedDataToken":
        return build_create_restricted_data_token(RESTRICTED)
    return with_everything(row)


def names_sent(request: HttpRequest) -> dict[str, set[str]]:
    """The names of what a request sends, by the place it stands in."""
    return {
        "path": set(re.findall(r"\{(\w+)\}", request.operation.path)),
        "query": {name for name, _ in request.query},
        "body": set(json.loads(request.body)) if request.body else set(),
    }


def names_in_model(row: Operation, *, required: bool) -> dict[str, set[str]]:
    """The names that the model has, all or only the required ones."""
    found: dict[str, set[str]] = {"path": set(), "query": set(), "body": set()}
    definitions = load(FILES[row.api, row.version])["definitions"]
    for parameter in spec_of(row).operation["parameters"]:
        if parameter["in"] == "body":
            body = definitions[parameter["schema"]["$ref"].rpartition("/")[2]]
            found["body"] |= set(body["required"] if required else body["properties"])
        elif parameter["required"] or not required:
            found[parameter["in"]].add(parameter["name"])
    return found


def parameter_of(row: Operation, name: str) -> dict[str, Any]:
    (found,) = [one for one in spec_of(row).operation["parameters"] if one["name"] == name]
    return dict(found)


class TestOperations:
    """The table of operations."""

    def test_none_is_missing(self) -> None:
        """Every one of the six operations is in the table, in each version that has it, and nothing else is."""
        modelled = {(*key, name) for key, file in FILES.items() for name in specs(file)}
        assert {(row.api, row.version, row.operation_id) for row in OURS} == modelled
        assert {name for *_, name in modelled} == NAMES

    @every_operation
    def test_method_and_path(self, row: Operation) -> None:
        """Method and path are the model's, placeholders included."""
        spec = spec_of(row)
        assert (row.method, row.path) == (spec.method, spec.path)

    @every_operation
    def test_usage_plan(self, row: Operation) -> None:
        """Rate and burst are those of the usage plan in the operation's description."""
        ((rate, burst),) = re.findall(r"\|\s*([\d.]+)\s*\|\s*(\d+)\s*\|", spec_of(row).operation["description"])
        assert (row.rate, row.burst) == (float(rate), int(burst))


class TestParameters:
    """The builders against the parameters of the model."""

    @every_operation
    def test_every_parameter_can_be_sent(self, row: Operation) -> None:
        """A request with everything given sends exactly the model's parameters, each in its place."""
        assert names_sent(with_everything(row)) == names_in_model(row, required=False)

    @every_operation
    def test_the_required_ones_are_always_sent(self, row: Operation) -> None:
        """A request with nothing optional given sends exactly the required parameters."""
        assert names_sent(with_the_required(row)) == names_in_model(row, required=True)

    @every_operation
    def test_the_path_is_filled_in(self, row: Operation) -> None:
        """The path that is sent is the model's with its placeholders replaced by one segment each."""
        pattern = re.sub(r"\\\{\w+\\\}", "[^/{}]+", re.escape(spec_of(row).path))
        assert re.fullmatch(pattern, with_everything(row).path)

    @pytest.mark.parametrize("version", ["v1", "2021-12-28"])
    def test_limit(self, version: customer_invoices.ApiVersion) -> None:
        """``limit`` is accepted from the model's minimum to its maximum and refused one step beyond."""
        (row,) = [row for row in OURS if (row.operation_id, row.version) == ("getCustomerInvoices", version)]
        limit = parameter_of(row, "limit")
        for accepted in (limit["minimum"], limit["maximum"]):
            query = build_get_customer_invoices(AFTER, BEFORE, limit=accepted, version=version).query
            assert ("limit", str(accepted)) in query
        for refused in (limit["minimum"] - 1, limit["maximum"] + 1):
            with pytest.raises(InvalidRequest, match=rf"limit is {refused}\b"):
                build_get_customer_invoices(AFTER, BEFORE, limit=refused, version=version)

    @pytest.mark.parametrize("version", ["v1", "2021-12-28"])
    def test_sort_order(self, version: customer_invoices.ApiVersion) -> None:
        """The sort orders are the model's, each is accepted and no other."""
        (row,) = [row for row in OURS if (row.operation_id, row.version) == ("getCustomerInvoices", version)]
        assert tuple(parameter_of(row, "sortOrder")["enum"]) == models.SORT_ORDERS
        for order in models.SORT_ORDERS:
            request = build_get_customer_invoices(AFTER, BEFORE, sort_order=order, version=version)
            assert ("sortOrder", order) in request.query
        with pytest.raises(InvalidRequest, match="sort_order"):
            build_get_customer_invoices(AFTER, BEFORE, sort_order="asc", version=version)  # type: ignore[arg-type]

    @pytest.mark.parametrize("version", ["v1", "2021-12-28"])
    def test_dates(self, version: customer_invoices.ApiVersion) -> None:
        """Both ends are sent as date-time with their offset, and read back as the same instants."""
        (row,) = [row for row in OURS if (row.operation_id, row.version) == ("getCustomerInvoices", version)]
        query = dict(with_everything(row).query)
        for name, instant in (("createdAfter", AFTER), ("createdBefore", BEFORE)):
            assert parameter_of(row, name)["format"] == "date-time"
            assert datetime.fromisoformat(query[name]) == instant

    @pytest.mark.parametrize("version", ["v1", "2021-12-28"])
    def test_range(self, version: str) -> None:
        """The longest range is the one in the operation's description."""
        (row,) = [row for row in OURS if (row.operation_id, row.version) == ("getCustomerInvoices", version)]
        (days,) = re.findall(r"no more than (\d+) days", spec_of(row).operation["description"])
        assert timedelta(days=int(days)) == windows.WINDOW

    @pytest.mark.parametrize("version", ["v1", "2021-12-28"])
    @pytest.mark.parametrize("number", ["2JK3S9VC", "a", "", "A/B", "A B", "A-B", "Ä", "\u0663", "A\n"])
    def test_purchase_order_number(self, version: customer_invoices.ApiVersion, number: str) -> None:
        """A purchase order number is accepted exactly where the model's pattern matches all of it."""
        (row,) = [row for row in OURS if (row.operation_id, row.version) == ("getCustomerInvoice", version)]
        pattern = parameter_of(row, "purchaseOrderNumber")["pattern"]
        assert pattern == f"^{customer_invoices._PURCHASE_ORDER_NUMBER.pattern}$"
        if re.fullmatch(pattern, number):
            assert build_get_customer_invoice(number, version=version).path.endswith(f"/{number}")
        else:
            with pytest.raises(InvalidRequest, match="purchase order number"):
                build_get_customer_invoice(number, version=version)


class TestDefinitions:
    """The structs against the definitions that our operations reach."""

    @every_file
    def test_all_are_known(self, file: str) -> None:
        """Every object that can be reached has a struct or is a wrapper whose fields are all known."""
        for name, definition in reachable(file).items():
            if definition["type"] == "object" and name in ENVELOPES:
                assert set(definition["properties"]) == ENVELOPES[name]
            elif definition["type"] == "object":
                assert name in STRUCTS

    def test_no_row_is_idle(self) -> None:
        """Every row of the tables is reached, and every struct of ours stands in them."""
        names = {name for file in FILES.values() for name in reachable(file)}
        assert (STRUCTS.keys() | ENVELOPES.keys() | ENUMS.keys()) - names == set()
        ours = {one for one in vars(models).values() if isinstance(one, type) and issubclass(one, models._Struct)}
        assert ours - {models._Struct, models.Answered} == set(STRUCTS.values()) | NOT_MODELLED

    @every_object
    def test_fields(self, file: str, name: str) -> None:
        """Definition and struct have the same fields of the same types."""
        ours = {field.encode_name: shape_of_annotation(field.type) for field in msgspec.structs.fields(STRUCTS[name])}
        properties = reachable(file)[name]["properties"]
        assert ours == {field: shape_of_schema(file, schema) for field, schema in properties.items()}

    @every_object
    def test_required(self, file: str, name: str) -> None:
        """A field is required exactly where the definition says so, but for the few that are named as stricter."""
        ours = {field.encode_name for field in msgspec.structs.fields(STRUCTS[name]) if field.required}
        assert ours == set(reachable(file)[name].get("required", ())) | STRICTER.get(name, set())

    @every_file
    def test_enums(self, file: str) -> None:
        """Named enums are the tuples of known values; the one inline enum covers the methods we ask tokens for."""
        named = {
            name: tuple(definition["enum"]) for name, definition in reachable(file).items() if "enum" in definition
        }
        assert named == {name: values for name, values in ENUMS.items() if name in reachable(file)}
        inline = {
            (name, field): set(schema["enum"])
            for name, definition in reachable(file).items()
            for field, schema in definition.get("properties", {}).items()
            if "enum" in schema
        }
        assert inline.keys() <= {("RestrictedResource", "method")}
        assert all({row.method for row in OURS} <= methods for methods in inline.values())


@dataclass(frozen=True)
class Answer:
    """An example or a static sandbox answer of a model."""

    row: Operation
    status: int
    body: dict[str, Any]
    request: dict[str, Any] | None

    def response(self) -> HttpResponse:
        """The answer as it would arrive."""
        return HttpResponse.of(self.status, [("x-amzn-RequestId", "R1")], json.dumps(self.body).encode())

    def parse(self) -> Any:
        """The answer through the operation's parser."""
        parsers: dict[str, Callable[[HttpResponse], Any]] = {
            "getCustomerInvoices": parse_get_customer_invoices,
            "getCustomerInvoice": parse_get_customer_invoice,
            "getShipmentDetails": parse_get_shipment_details,
            "submitInvoice": parse_submit_invoice,
            "getInvoiceStatus": parse_get_invoice_status,
            "createRestrictedDataToken": parse_create_restricted_data_token,
        }
        return parsers[self.row.operation_id](self.response())


def answers() -> Iterator[Answer]:
    for row in OURS:
        for status, response in spec_of(row).operation["responses"].items():
            for key, example in response.get("examples", {}).items():
                # Some stand under their media type, some bare.
                body = example if "/" in key else {key: example}
                yield Answer(row, int(status), body, None)
            for case in response.get("x-amzn-api-sandbox", {}).get("static", ()):
                yield Answer(row, int(status), case["response"], case["request"]["parameters"])


ANSWERS = list(answers())


def only(operation_id: str, *, good: bool = True, sandbox: bool = False) -> list[Any]:
    """The answers of an operation, as pytest parameters."""
    found = [
        one
        for one in ANSWERS
        if one.row.operation_id == operation_id
        and (one.status == 200) == good
        and (one.request is not None or not sandbox)
    ]
    return [pytest.param(one, id=f"{one.row.version}-{one.status}-{i}") for i, one in enumerate(found)]


def unwrapped(answer: Answer) -> dict[str, Any]:
    payload: dict[str, Any] = answer.body.get("payload", answer.body)
    return payload


class TestAnswers:
    """Examples and static sandbox answers of the models through our parsers."""

    def test_all_operations_have_some(self) -> None:
        """Every operation has a success and an error among its answers, but for one that has no error."""
        seen = {(row.row.operation_id, row.row.version, row.status == 200) for row in ANSWERS}
        wanted = {(row.operation_id, row.version, good) for row in OURS for good in (True, False)}
        assert wanted - seen == {("getCustomerInvoice", "2021-12-28", False)}

    @pytest.mark.parametrize("answer", only("getCustomerInvoices"))
    def test_customer_invoices(self, answer: Answer) -> None:
        """A page gives the invoices in order and the token of the next page, wrapped or not."""
        page, payload = answer.parse(), unwrapped(answer)
        assert [(one.purchaseOrderNumber, one.content) for one in page.invoices] == [
            (one["purchaseOrderNumber"], one["content"]) for one in payload["customerInvoices"]
        ]
        assert (page.next_token, page.request_id) == (payload["pagination"]["nextToken"], "R1")
        assert (page.bad, page.unknown_fields) == ((), frozenset())

    @pytest.mark.parametrize("answer", only("getCustomerInvoice"))
    def test_customer_invoice(self, answer: Answer) -> None:
        """An invoice gives its purchase order number and its content, wrapped or not."""
        page = answer.parse()
        assert [msgspec.to_builtins(one) for one in page.invoices] == [unwrapped(answer)]
        assert (page.bad, page.unknown_fields, page.next_token) == ((), frozenset(), None)

    @pytest.mark.parametrize("answer", only("getShipmentDetails"))
    def test_shipment_details(self, answer: Answer) -> None:
        """A shipment gives every value of the answer and none that is not in it."""
        shipment = answer.parse()
        assert without_nulls(msgspec.to_builtins(shipment.detail)) == unwrapped(answer)
        assert (shipment.problems, shipment.unknown_fields, shipment.request_id) == ((), frozenset(), "R1")

    @pytest.mark.parametrize("answer", only("submitInvoice"))
    def test_submit_invoice(self, answer: Answer) -> None:
        """A taken invoice is answered with an empty object, which is no error."""
        assert answer.body == {}
        assert answer.parse() is None

    @pytest.mark.parametrize("answer", only("getInvoiceStatus"))
    def test_invoice_status(self, answer: Answer) -> None:
        """A status gives the shipment's id and its state."""
        assert msgspec.to_builtins(answer.parse()) == unwrapped(answer)["Shipments"]

    @pytest.mark.parametrize("answer", only("createRestrictedDataToken"))
    def test_restricted_data_token(self, answer: Answer) -> None:
        """A restricted data token gives its text and its seconds."""
        token = answer.parse()
        assert {"restrictedDataToken": token.secret.reveal(), "expiresIn": token.expires_in} == answer.body

    @pytest.mark.parametrize("answer", [one for name in sorted(NAMES) for one in only(name, good=False)])
    def test_errors(self, answer: Answer) -> None:
        """An error raises the type of its status with Amazon's code, message and details."""
        with pytest.raises(ApiError) as caught:
            answer.parse()
        assert type(caught.value) is {400: Rejected, 403: AccessDenied}[answer.status]
        assert caught.value.errors == tuple(
            ErrorDetail(one["code"], one["message"], one.get("details", "")) for one in answer.body["errors"]
        )
        assert (caught.value.status, caught.value.request_id) == (answer.status, "R1")
        assert caught.value.operation_id == answer.row.operation_id
        assert all(str(error) in str(caught.value) for error in caught.value.errors)


class TestSandbox:
    """The requests that the static sandbox answers with success can be made with our builders."""

    @pytest.mark.parametrize("answer", only("submitInvoice", sandbox=True))
    def test_submit_invoice(self, answer: Answer) -> None:
        """The sandbox wants a literal that is no MD5 of the document; giving it makes the body it answers."""
        assert answer.request is not None
        wanted = answer.request["body"]["value"]
        request = build_submit_invoice(
            answer.request["shipmentId"]["value"],
            base64.b64decode(wanted["InvoiceContent"], validate=True),
            content_md5=wanted["ContentMD5Value"],
        )
        assert json.loads(request.body) == wanted
        assert request.path == "/fba/outbound/brazil/v0/shipments/shipmentId1/invoice"

    def test_customer_invoices(self) -> None:
        """The sandbox's dates, limit and order make the request with those instants in UTC."""
        (case,) = [
            one.request
            for one in ANSWERS
            if one.row.operation_id == "getCustomerInvoices"
            and one.status == 200
            and one.request
            and "limit" in one.request
        ]
        given = {name: one["value"] for name, one in case.items()}
        request = build_get_customer_invoices(
            datetime.fromisoformat(given["createdAfter"]),
            datetime.fromisoformat(given["createdBefore"]),
            limit=given["limit"],
            sort_order=given["sortOrder"],
        )
        assert dict(request.query) == {
            "createdAfter": "2020-02-15T22:00:00Z",
            "createdBefore": "2020-02-20T08:00:00Z",
            "limit": "2",
            "sortOrder": "DESC",
        }


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value
