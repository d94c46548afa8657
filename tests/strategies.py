"""What the property tests draw from: JSON, bodies, records of Amazon's shapes, dates, amounts. Not for expectations."""

from datetime import UTC, datetime, timedelta
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import msgspec
from hypothesis import settings
from hypothesis import strategies as st

from spapi_invoices.core.models import CustomerInvoiceList, ShipmentDetail

# A test never times: a slow machine is no finding.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as hypothesis asks
ranges = st.tuples(instants, st.timedeltas(timedelta(microseconds=1), timedelta(days=400))).map(
    lambda r: (r[0], r[0] + r[1])
)


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of a struct's field by its annotation: texts, numbers, lists, structs, or ``None`` where allowed."""
    if isinstance(annotation, UnionType):
        return st.one_of([values_of(one) for one in annotation.__args__])
    if get_origin(annotation) is list:
        return st.lists(values_of(*get_args(annotation)), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return records(annotation)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        NoneType: st.none(),
        str: texts,
        float: st.floats(allow_nan=False, allow_infinity=False),
        int: st.integers(0, 2**53),
    }
    return plain[annotation]


def records(struct: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Records of a struct, fields drawn by their annotations."""
    return st.builds(struct, **{field.name: values_of(field.type) for field in msgspec.structs.fields(struct)})


shipment_details = records(ShipmentDetail).filter(lambda detail: detail != ShipmentDetail())
customer_invoice_lists = records(CustomerInvoiceList).filter(
    lambda page: (
        page.customerInvoices is not None and ((page.pagination and page.pagination.nextToken) or "").isprintable()
    )
)


@st.composite
def paths_of(draw: st.DrawFn, value: Any) -> tuple[str | int, ...]:
    """Where something stands in a JSON value: keys and indexes from the root; the root itself is ``()``."""
    steps: list[str | int] = []
    while isinstance(value, dict | list) and value and draw(st.booleans()):
        step = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        steps.append(step)
        value = value[step]
    return tuple(steps)


def put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """A copy of a JSON value with something else at a path."""
    if not path:
        return new
    head, *rest = path
    inner = put(value[head], tuple(rest), new)
    if isinstance(value, list):
        return [inner if i == head else one for i, one in enumerate(value)]
    return {**value, head: inner}


@st.composite
def mutated(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> bytes:
    """A valid answer with one thing wrong: another value somewhere, cut off, or with bytes of something else inside."""
    value = draw(values)
    body = msgspec.json.encode(put(value, draw(paths_of(value)), draw(json_values)))
    kind = draw(st.sampled_from(["as it is", "cut", "spoilt"]))
    at = draw(st.integers(0, len(body)))
    if kind == "cut":
        return body[:at]
    return body if kind == "as it is" else body[:at] + draw(st.binary(min_size=1, max_size=8)) + body[at + 1 :]


ODD_BODIES = (
    b"",
    b" \n",
    b"null",
    b"[]",
    b"{}",
    b'{"payload":null}',
    b'{"payload":[]}',
    b'{"payload":{}}',
    b'{"payload":{"customerInvoices":null,"Shipments":null}}',
    b'\xef\xbb\xbf{"payload":{"AmazonShipmentId":"D1"}}',
    b'{"payload":{"BuyerName":"\xff\xfe"}}',
    b'{"\xff":1}',
    b'{"payload":{"BuyerName":"\\ud800"}}',
    b'{"payload":{"ShipmentItems":[{"QuantityOrdered":NaN}]}}',
    b'{"payload":{"ShipmentItems":[{"QuantityOrdered":1e999}]}}',
    b'{"payload":{"ShipmentItems":[{"QuantityOrdered":' + b"9" * 5000 + b"}]}}",
    b'{"payload":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"payload":' * 100_000,
    b'{"payload":{"BuyerName":' + b"[" * 300 + b"]" * 300 + b"}}",
    b'{"customerInvoices":[' + b'{"content":' * 300 + b"1" + b"}" * 300 + b"]}",
    b'{"AmazonShipmentId":"a","AmazonShipmentId":5,"AmazonShipmentId":"b"}',
    b'{"errors":{"code":"InvalidInput"}}',
    b'{"errors":["InvalidInput"]}',
    b'{"errors":[{}]}',
    b'{"errors":[{"code":{"a":1},"message":[2],"details":3}]}',
    b"<html><title>Website Temporarily Unavailable</title></html>",
    b"<?xml version='1.0'?><Error/>",
    b"Service Unavailable",
)
bodies = (
    st.sampled_from(ODD_BODIES)
    | st.binary(max_size=60)
    | json_values.map(msgspec.json.encode)
    | mutated(st.fixed_dictionaries({"payload": shipment_details.map(msgspec.to_builtins)}))
    | mutated(customer_invoice_lists.map(msgspec.to_builtins))
    | mutated(
        st.fixed_dictionaries(
            {
                "payload": st.fixed_dictionaries(
                    {"Shipments": st.just({"AmazonShipmentId": "D1", "InvoiceStatus": "Accepted"})}
                ),
                "errors": st.lists(st.fixed_dictionaries({"code": texts, "message": texts}), max_size=2),
            }
        )
    )
)
statuses = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 415, 429, 500, 503])
