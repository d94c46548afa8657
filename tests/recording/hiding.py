"""Where something can hide in an exchange, and what: every place, secrets and personal data of every shape. Not for laws."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st
from strategies import put

from spapi_invoices.documents.access_key import check_digit
from spapi_invoices.documents.tax_ids import mod11_digit
from spapi_invoices.endpoints import LWA_HOST
from spapi_invoices.recording import Exchange

EU, NA = "https://sellingpartnerapi-eu.amazon.com", "https://sellingpartnerapi-na.amazon.com"
DF = f"{EU}/vendor/directFulfillment/shipping/v1/customerInvoices"
SHIPMENT = f"{NA}/fba/outbound/brazil/v0/shipments/D1aB2"
JSON = (("content-type", "application/json"),)
FORM = (("content-type", "application/x-www-form-urlencoded;charset=UTF-8"),)
ANSWERED = (
    *JSON,
    ("Date", "Mon, 02 Nov 2026 09:00:00 GMT"),
    ("x-amzn-RequestId", "6ced82a6-ee88-f27f-cb5e-50446e5a2498"),
    ("x-amzn-RateLimit-Limit", "1.133"),
    ("x-amzn-ErrorType", "AccessDeniedException"),
    ("cache-control", "no-store, max-age=0"),
)
SYNTHETIC = base64.b64encode(b"Synthetic document\n").decode()
MONEY = {"CurrencyCode": "BRL", "Amount": "8016.87"}
TAX = {"CompanyLegalName": "Zx Kq", "TaxingRegion": "XK", "TaxClassifications": [{"Name": "CPF", "Value": "9"}]}
ADDRESS = {
    **dict.fromkeys(("Name", "AddressLine1", "AddressLine2", "AddressLine3", "City", "County", "District"), "Zx Kq"),
    "StateOrRegion": "XK",
    "PostalCode": "90090-090",
    "CountryCode": "BR",
    "Phone": "+90 99 99999-0990",
    "AddressType": "Residential",
}
DETAIL = {
    "WarehouseId": "GRU5",
    "AmazonOrderId": "701-3580649-1540386",
    "AmazonShipmentId": "D1aB2",
    "PurchaseDate": "2026-10-02T07:41:00.000Z",
    "ShippingAddress": ADDRESS,
    "PaymentMethodDetails": ["CreditCard"],
    "Payments": [
        {
            "PaymentMethod": "Pix",
            "AcquirerId": "9",
            "CardBrand": "Visa",
            "PaymentValue": MONEY,
            "AuthorizationCode": "9",
        }
    ],
    "MarketplaceId": "A2Q3Y263D00KWC",
    "SellerId": "A1EXAMPLESELLER",
    "BuyerName": "Zx Kq",
    "BuyerCounty": "Zx Kq",
    "BuyerTaxInfo": TAX,
    "MarketplaceTaxInfo": TAX,
    "SellerDisplayName": "Zx Kq",
    "ShipmentItems": [
        {
            "ASIN": "B08VS6JH2N",
            "SellerSKU": "SKU-00FJR",
            "OrderItemId": "99452963745534",
            "Title": "Zx Kq",
            **dict.fromkeys(("ItemPrice", "ShippingPrice", "GiftWrapPrice", "ShippingDiscount"), MONEY),
            "PromotionDiscount": MONEY,
            "QuantityOrdered": 2,
            "SerialNumbers": ["XZ990"],
        }
    ],
    "InvoiceDeadline": "zx",
    "vendorNotes": {"lines": [["zx", 9]], "flag": True, "text": None},
}
INVOICE = {"purchaseOrderNumber": "2JK3S9VC", "content": SYNTHETIC}
PAGE = {"pagination": {"nextToken": f"SCRUBBED-{'xyzwkqvj' * 3}"}, "customerInvoices": [INVOICE]}
ERRORS = {
    "errors": [
        {"code": "InvalidInput", "message": "Invalid Shipment ID", "details": "'D1aB2' is an invalid ShipmentID"},
        {"code": "Unauthorized", "message": "Access to requested resource is denied."},
    ]
}
RDT = {
    "restrictedResources": [{"method": "GET", "path": "/fba/outbound/brazil/v0/shipments/{shipmentId}"}],
    "targetApplication": "SCRUBBED",
}
SUBMIT = {"InvoiceContent": SYNTHETIC, "ContentMD5Value": "9", "MarketplaceId": "A2Q3Y263D00KWC"}
QUERY = {
    "shipFromPartyId": "ABCD",
    "createdAfter": "2026-10-01T00:00:00Z",
    "createdBefore": "2026-10-08T00:00:00Z",
    "limit": "100",
    "sortOrder": "ASC",
    "nextToken": f"SCRUBBED-{'xyzwkqvj' * 3}",
    "other": "zx",
}
LOGIN = {
    "grant_type": "refresh_token",
    "refresh_token": "SCRUBBED",
    "client_id": "SCRUBBED",
    "client_secret": "SCRUBBED",
    "scope": "sellingpartnerapi::notifications",
}
LOGIN_REFUSED = {
    "error": "invalid_grant",
    "error_description": "The request has an invalid grant parameter : refresh_token",
}
TOKEN = {"access_token": "SCRUBBED", "refresh_token": "SCRUBBED", "token_type": "bearer", "expires_in": 3600}

BASE = Exchange(
    method="GET", url=SHIPMENT, request_headers=(("accept", "application/json"),), response_headers=ANSWERED
)
# Answer -> the exchange it belongs to.
ANSWERS: dict[str, tuple[Exchange, Any]] = {
    "page": (replace(BASE, url=DF), {"payload": PAGE}),
    "unwrapped page": (replace(BASE, url=DF.replace("v1", "2021-12-28")), PAGE),
    "invoice": (replace(BASE, url=f"{DF}/2JK3S9VC"), {"payload": INVOICE}),
    "shipment": (BASE, {"payload": DETAIL}),
    "status": (
        replace(BASE, url=f"{SHIPMENT}/invoice/status"),
        {"payload": {"Shipments": {"AmazonShipmentId": "D1aB2", "InvoiceStatus": "Accepted"}}},
    ),
    "errors": (replace(BASE, status=400), ERRORS),
    "token": (replace(BASE, method="POST", url=f"{LWA_HOST}/auth/o2/token"), TOKEN),
    "login refused": (replace(BASE, method="POST", url=f"{LWA_HOST}/auth/o2/token", status=400), LOGIN_REFUSED),
    "restricted token": (
        replace(BASE, method="POST", url=f"{EU}/tokens/2021-03-01/restrictedDataToken"),
        {"restrictedDataToken": "SCRUBBED", "expiresIn": 3600},
    ),
}
# Request with a JSON body.
ASKED: dict[str, tuple[Exchange, Any]] = {
    "restricted token": (ANSWERS["restricted token"][0], RDT),
    "invoice": (replace(BASE, method="POST", url=f"{SHIPMENT}/invoice"), SUBMIT),
    "token": (ANSWERS["token"][0], LOGIN),
}


@dataclass(frozen=True)
class Place:
    """A place in an exchange.

    Attributes:
        name: As an audit names it, or how that begins.
        hide: The exchange with a text there.
    """

    name: str
    hide: Callable[[str], Exchange]

    def __repr__(self) -> str:
        return self.name


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of all that is neither object nor list."""
    if not isinstance(value, dict | list):
        yield path
        return
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from leaves(inner, (*path, step))


def objects(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every object."""
    if isinstance(value, dict):
        yield path
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from objects(inner, (*path, step))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def encoded(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def in_bodies() -> Iterator[Place]:
    """Every field, name and list of every JSON body, in both ways JSON can be written."""
    for where, bodies in (("response body", ANSWERS), ("request body", ASKED)):
        part = where.replace(" ", "_")
        for exchange, body in bodies.values():
            for path in leaves(body):
                for write in (encoded, lambda new: json.dumps(new).encode("ascii")):
                    yield Place(
                        f"{where} {dotted(path)}",
                        lambda text, e=exchange, b=body, p=path, w=write, n=part: replace(e, **{n: w(put(b, p, text))}),
                    )
            for path in objects(body):
                yield Place(
                    f"{where} {dotted(path)}",
                    lambda text, e=exchange, b=body, p=path, n=part: replace(
                        e, **{n: encoded(put(b, p, {**at(b, p), text: "zx"}))}
                    ),
                )


def in_address() -> Iterator[Place]:
    """Host, user, path, names and values of the query, and behind the #."""
    yield Place("request host", lambda text: replace(BASE, url=f"https://{quote(text, safe='')}.example/x"))
    yield Place("request host", lambda text: replace(BASE, url=SHIPMENT.replace("//", f"//{quote(text, safe='')}@")))
    yield Place("request path", lambda text: replace(BASE, url=f"{DF}/{quote(text, safe='')}"))
    yield Place("request path", lambda text: replace(BASE, url=f"{SHIPMENT[:-5]}{quote(text, safe='')}/invoice/status"))
    yield Place("request path", lambda text: replace(BASE, url=f"{NA}/{quote(text)}/customerInvoices"))
    yield Place("request address", lambda text: replace(BASE, url=f"{SHIPMENT}#{quote(text)}"))
    yield Place("query name", lambda text: replace(BASE, url=f"{DF}?{quote(text, safe='')}=1"))
    for name in QUERY:
        for write in (lambda text: quote(text, safe=""), quote_plus):
            yield Place(
                f"query {name}",
                lambda text, n=name, w=write: replace(
                    BASE, url=f"{DF}?{'&'.join(f'{k}={w(text if k == n else v)}' for k, v in QUERY.items())}"
                ),
            )


def in_headers() -> Iterator[Place]:
    """Names and values of headers, of those that stay and of others."""
    for where in ("request", "response"):
        part = f"{where}_headers"
        for name in (
            "Accept",
            "content-type",
            "Date",
            "x-amzn-RequestId",
            "x-amzn-ErrorType",
            "Cache-Control",
            "cookie",
        ):
            yield Place(
                f"{where} header {name.lower()}", lambda text, p=part, n=name: replace(BASE, **{p: ((n, text),)})
            )
        yield Place(f"{where} header ", lambda text, p=part: replace(BASE, **{p: ((text, "x"), ("accept", "*/*"))}))


def in_forms() -> Iterator[Place]:
    """Names and values of the form that asks for a token."""
    login = replace(ANSWERS["token"][0], request_headers=FORM)
    for name in LOGIN:
        yield Place(
            f"request form {name}",
            lambda text, n=name: replace(
                login,
                request_body="&".join(f"{k}={quote_plus(text if k == n else v)}" for k, v in LOGIN.items()).encode(),
            ),
        )
    yield Place(
        "request form name", lambda text: replace(login, request_body=f"{quote_plus(text)}=1&grant_type=x".encode())
    )
    yield Place("request form", lambda text: replace(login, request_headers=(), request_body=encoded_text(text)))


def encoded_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def in_other_bodies() -> Iterator[Place]:
    """Bodies that are no JSON, or no longer."""
    page = json.dumps({"payload": DETAIL})
    writers: tuple[Callable[[str], bytes], ...] = (
        lambda text: f"<html><title>{text}</title></html>".encode("utf-8", "surrogatepass"),
        lambda text: f"<?xml version='1.0'?><e>{text}</e>".encode("utf-8", "surrogatepass"),
        encoded_text,
        lambda text: b"\xff\xfe" + encoded_text(text),
        lambda text: f"{page[:400]}{text}".encode("utf-8", "surrogatepass"),
        lambda text: f'{page[:400]}"BuyerName": "{text}'.encode("utf-8", "surrogatepass"),
        lambda text: f'{{"BuyerName": "\\q{text}"}}'.encode("utf-8", "surrogatepass"),
        lambda text: f"{'[' * 3000}{json.dumps(text)}".encode(),
        lambda text: f'{{"ASIN": "B1", "ASIN": {json.dumps(text)}, "ASIN": NaN}}'.encode(),
        lambda text: f"service unavailable: {text}\n".encode("utf-8", "surrogatepass"),
    )
    for part in ("request_body", "response_body"):
        for write in writers:
            yield Place(part.replace("_", " "), lambda text, p=part, w=write: replace(BASE, **{p: w(text)}))
    yield Place("response reason", lambda text: replace(BASE, reason=text))
    yield Place("request method", lambda text: replace(BASE, method=text))


PLACES = (*in_bodies(), *in_address(), *in_headers(), *in_forms(), *in_other_bodies())
DOCUMENT_PLACES = tuple(
    place
    for place in PLACES
    if place.name.rpartition(".")[2] in {"content", "InvoiceContent", "BuyerName", "InvoiceDeadline"}
    and "body" in place.name
)

letters = st.sampled_from("abcdefghilmnoprstuABCDEFGHILMNOPRSTU")
alphanumeric = st.sampled_from("abcdefghilmnoprstuABCDEFGHILMNOPRSTU123456")
digits = st.integers(0, 9).map(str)


def texts_of(characters: st.SearchStrategy[str], low: int, high: int | None = None) -> st.SearchStrategy[str]:
    return st.lists(characters, min_size=low, max_size=high or low).map("".join)


long = texts_of(alphanumeric, 20, 40)
tokens = st.one_of(
    st.tuples(st.sampled_from(["Atza|", "Atzr|", "Atz.sprdt|", "Atc|"]), long).map("".join),
    st.tuples(st.sampled_from(["amzn1.application-oa2-client.", "amzn1.oa2-cs.v1."]), long).map("".join),
    st.tuples(st.just("AKIA"), texts_of(st.sampled_from("ABCDEFGH23456"), 16)).map("".join),
)
words = texts_of(letters, 5, 12)
foreign = texts_of(st.characters(min_codepoint=0xC0, exclude_categories=["Cs", "P", "Z", "Cn"]), 3, 8)
names = st.tuples(words, st.sampled_from([" ", " da ", "'"]), words | foreign).map("".join)
addresses = st.tuples(names, st.integers(100, 9999), words).map(
    lambda parts: f"Rua {parts[0]}, {parts[1]} - {parts[2]}"
)
emails = st.tuples(words, words).map(lambda pair: f"{pair[0]}@{pair[1]}.com.br")
phones = st.tuples(texts_of(st.sampled_from("123456"), 2), texts_of(digits, 5), texts_of(digits, 4)).flatmap(
    lambda parts: st.sampled_from(["+55 {} {}-{}", "({}) {}-{}", "+55{}{}{}", "{}-{}-{}"]).map(
        lambda form: form.format(*parts)
    )
)


def _ended(base: str, highest: int) -> str:
    first = mod11_digit(base, highest_weight=highest)
    return base + first + mod11_digit(base + first, highest_weight=highest)


cpfs = texts_of(st.sampled_from("123456"), 9).map(lambda base: _ended(base, 11))
cnpjs = (texts_of(st.sampled_from("123456"), 12) | texts_of(st.sampled_from("ABCDEFGH123456"), 12)).map(
    lambda base: _ended(base, 9)
)
tax_ids = st.one_of(
    cpfs,
    cnpjs,
    cpfs.map(lambda n: f"{n[:3]}.{n[3:6]}.{n[6:9]}-{n[9:]}"),
    cnpjs.map(lambda n: f"{n[:2]}.{n[2:5]}.{n[5:8]}/{n[8:12]}-{n[12:]}"),
)
access_keys = cnpjs.map(lambda n: f"352610{n}55001000012345112345678").map(lambda body: body + check_digit(body))
personal = st.one_of(names, addresses, emails, phones, tax_ids, access_keys)


def written(text: str) -> set[str]:
    """A text in all the ways in which it could still be read."""
    data = text.encode("utf-8", "surrogatepass")
    shifted = (base64.b64encode(b"\0" * by + data).decode()[4 if by else 0 : -4] for by in range(3))
    return {
        text,
        text.lower(),
        text.upper(),
        quote(text, safe=""),
        quote_plus(text),
        json.dumps(text)[1:-1],
        data.hex(),
        *(one for one in shifted if len(one) > 4),
    }


def everything(exchange: Exchange) -> str:
    """All that is in an exchange, bytes as Latin-1 and as UTF-8."""
    headers = [text for pair in (*exchange.request_headers, *exchange.response_headers) for text in pair]
    bodies = (exchange.request_body, exchange.response_body)
    texts = [body.decode(encoding, "replace") for body in bodies for encoding in ("utf-8", "latin-1")]
    return "\n".join([exchange.method, exchange.url, exchange.reason, exchange.body_sha256, *headers, *texts])
