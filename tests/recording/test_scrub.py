"""Nothing secret and nothing personal is left, whatever it is and wherever it stood; what a program needs is left."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import hiding
import polars as pl
import pytest
import yaml
from conftest import DEMO
from hiding import ANSWERS, ASKED, BASE, DETAIL, DF, PLACES, SHIPMENT, everything, written
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from strategies import ODD_BODIES, bodies

from spapi_invoices.core.customer_invoices import parse_get_customer_invoices
from spapi_invoices.core.media import decode_base64
from spapi_invoices.core.shipment_invoicing import build_submit_invoice, parse_get_shipment_details
from spapi_invoices.core.status import describe_body, says_expired
from spapi_invoices.core.wire import HttpResponse, Secret
from spapi_invoices.errors import MalformedResponse
from spapi_invoices.frames.build import ShipmentRows
from spapi_invoices.recording import Exchange, Fakes, audit, scrub
from spapi_invoices.recording.fakes import shape_of
from spapi_invoices.recording.vocabulary import IDENTIFIER
from spapi_invoices.synthetic.stand_in import is_synthetic

KEY = b"key"
UUID = "52998224-7250-4000-8000-000000000000"
places = st.sampled_from(PLACES)
many = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])


ENCODINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    lambda text: text.encode().hex(),
    lambda text: f"x-{text}-1",
)


def left(recording: list[Exchange], text: str) -> list[str]:
    """The ways in which a text is still in a recording."""
    all_of_it = "\n".join(map(everything, recording))
    return [form for form in written(text) if form in all_of_it]


class TestNothingIsLeft:
    """The law of the whole package."""

    @many
    @given(places, hiding.tokens | hiding.personal, st.sampled_from(["{}", "of {}", "({})", "a{}b"]))
    def test_of_what_has_a_shape(self, place: hiding.Place, text: str, form: str):
        """A token or something personal is gone from any place, alone or in a sentence, in every encoding."""
        hidden = form.format(text)
        # What was asked by stays: see TestWhatIsAskedBy.
        assume(place.name != "request path" or not IDENTIFIER.fullmatch(hidden) or shape_of(hidden) == "token")
        clean = scrub([place.hide(hidden)], KEY)
        assert left(clean, text) == []
        assert audit(clean) == ()

    @pytest.mark.parametrize(
        ("raw", "secret"),
        [
            (replace(BASE, response_headers=(("x-amzn-RequestId", UUID),)), UUID),
            (replace(BASE, response_headers=(("date", "Mon, 02 Nov 2026 09:00:00 GMT"),)), "02 Nov 2026"),
            (replace(BASE, response_body=b'{"PurchaseDate": "2026-10-02T07:41:00Z"}'), "2026-10-02T07:41"),
            (replace(BASE, response_body=b'{"Amount": "8016.87"}'), "8016.87"),
            (replace(BASE, response_body=b'{"Amount": 8016.87, "QuantityOrdered": 80168}'), "80168"),
            (replace(BASE, response_body=b'{"message": "access denied"}'), "Denied"),
            (replace(BASE, response_body=b'{"requestDenied": 1}'), "Denied"),
            (replace(BASE, url=f"{SHIPMENT[:-5]}{UUID}"), UUID),
            (replace(BASE, url=f"{DF}?createdAfter=2026-10-01T00:00:00Z"), "2026-10-01T"),
        ],
    )
    def test_of_a_secret_in_a_harmless_form(self, raw: Exchange, secret: str):
        """A secret that is given has no form and no place in which it may stay."""
        clean = scrubbed(raw, secret)
        assert secret.casefold() not in everything(clean).casefold()
        assert scrub([clean], KEY, [Secret(secret)]) == [clean]

    @pytest.mark.parametrize("written", ["11987654321", "987654321", "5511987654321", "SKU-87654321"])
    def test_of_a_telephone_in_an_identifier(self, written: str):
        """It is looked for by its last digits."""
        raw = answering({"payload": {"Phone": "+55 11 98765-4321", "SellerSKU": written}})
        assert "87654321" not in everything(scrubbed(raw))

    @many
    @given(places, hiding.long, st.sampled_from(ENCODINGS))
    def test_of_a_secret_of_any_shape(self, place: hiding.Place, text: str, encode: Callable[[str], str]):
        """A secret that is given is gone wherever it stands, in any encoding, also where an identifier may."""
        clean = scrub([place.hide(encode(text)), BASE], KEY, [Secret(text)])
        assert left(clean, encode(text)) == []
        assert audit(clean) == ()

    @many
    @given(places, hiding.words, st.sampled_from(["BuyerName", "AuthorizationCode", "SerialNumbers"]))
    def test_of_what_was_personal_elsewhere(self, place: hiding.Place, text: str, field: str):
        """What is personal in one answer is gone from all others, earlier ones included, even as an identifier."""
        told = replace(BASE, response_body=json.dumps({"payload": {field: text}}).encode())
        clean = scrub([place.hide(text), told], KEY)
        assert left(clean, text) == []

    @settings(max_examples=100)
    @given(
        st.sampled_from(hiding.DOCUMENT_PLACES),
        hiding.personal,
        st.sampled_from(["<nfe>{}</nfe>", "%PDF-1.4 {}", "^XA {}"]),
    )
    def test_of_a_document(self, place: hiding.Place, text: str, form: str):
        """A document in base64 is replaced in whatever field it stands."""
        document = form.format(text).encode("utf-8")
        clean = scrub([place.hide(base64.b64encode(document).decode())], KEY)
        found = "\n".join(decoded for exchange in clean for decoded in documents(exchange))
        assert left(clean, text) == []
        assert text not in found
        assert audit(clean) == ()


def documents(exchange: Exchange) -> list[str]:
    """All base64 in the bodies, decoded."""
    bodies = (exchange.request_body, exchange.response_body)
    found = (decode_base64(text).content for body in bodies for text in body.decode("utf-8", "replace").split('"'))
    return [document.decode("latin-1") for document in found if document]


def answering(body: object, exchange: Exchange = BASE) -> Exchange:
    return replace(exchange, response_body=hiding.encoded(body))


def payload(exchange: Exchange) -> dict:
    return json.loads(exchange.response_body)["payload"]


def scrubbed(exchange: Exchange, *secrets: str) -> Exchange:
    (clean,) = scrub([exchange], KEY, map(Secret, secrets))
    return clean


class TestSameAgain:
    """One value, one fake; one recording, one result."""

    @many
    @given(places, hiding.tokens | hiding.personal | st.text())
    def test_scrubbing_twice_is_scrubbing_once(self, place: hiding.Place, text: str):
        """A scrubbed recording comes back as it is, with whatever key, and an audit finds nothing in it."""
        clean = scrub([place.hide(text)], KEY)
        assert audit(clean) == ()
        assert scrub(clean, b"another key") == clean

    @given(bodies)
    @example(b"\x001\xc2\x80")
    def test_of_any_body(self, body: bytes):
        """That holds for bodies of any kind, as answer and as request."""
        clean = scrub([replace(BASE, request_body=body, response_body=body)], KEY)
        assert audit(clean) == ()
        assert scrub(clean, b"another key") == clean

    def test_everywhere(self):
        """A name is the same fake in every field, answer and recording of one key, and another one with another key."""
        first = {"payload": {"BuyerName": "Maria Souza", "ShippingAddress": {"Name": "MARIA SOUZA"}}}
        second = {"payload": {"BuyerTaxInfo": {"CompanyLegalName": "Maria Souza"}}}
        one, two = scrub([answering(first), answering(second)], KEY)
        fake = payload(one)["BuyerName"]
        assert payload(one)["ShippingAddress"]["Name"] == fake.upper()
        assert payload(two)["BuyerTaxInfo"]["CompanyLegalName"] == fake
        assert payload(scrubbed(answering(second)))["BuyerTaxInfo"]["CompanyLegalName"] == fake
        (other,) = scrub([answering(first)], b"another key")
        assert payload(other)["BuyerName"] != fake

    def test_a_page_is_asked_for_with_the_token_it_was_answered_with(self):
        """A nextToken has one fake in answer and request, another for another, and one that can be sent."""
        # Tokens as base64 has them, and with the first bytes of an XML.
        first, second = (base64.b64encode(f"<page{n}/> and some more".encode()).decode() for n in (1, 2))
        pages = [{"pagination": {"nextToken": token}, "customerInvoices": []} for token in (first, second)]
        asked = replace(BASE, url=f"{DF}?nextToken={quote(first, safe='')}")
        one, two, three = scrub([answering(pages[0]), answering(pages[1]), asked], KEY)
        tokens = [json.loads(page.response_body)["pagination"]["nextToken"] for page in (one, two)]
        assert three.url == f"{DF}?nextToken={tokens[0]}"
        assert tokens[0] != tokens[1]

    def test_page_tokens_that_differ_in_case(self):
        """Two pages stay two pages."""
        asked = [replace(BASE, url=f"{DF}?nextToken={token}") for token in ("AAAa", "AAaA", "aaaa")]
        assert len({one.url for one in scrub(asked, KEY)}) == 3

    def test_short_values_of_a_recording(self):
        """Two hundred postcodes are two hundred, again and with more exchanges behind them."""
        raw = [answering({"payload": {"PostalCode": f"{1310100 + n:08}"}}) for n in range(200)]
        clean = scrub(raw, KEY)
        assert len({payload(one)["PostalCode"] for one in clean}) == 200
        assert scrub([*raw, answering({"payload": {"BuyerName": "Maria"}})], KEY)[:-1] == clean

    def test_what_looks_like_a_fake_is_replaced_in_a_recording_that_is_not_scrubbed(self):
        """One real number in a thousand looks like a fake; a recording with a token in it is a real one."""
        lucky = Fakes(b"somebody else's").cpf("52998224725")
        raw = replace(
            answering({"payload": {"BuyerTaxInfo": {"TaxClassifications": [{"Value": lucky}]}}}),
            request_headers=(("x-amz-access-token", "Atza|abc"),),
        )
        assert lucky not in everything(scrubbed(raw))


class TestWhatIsAskedBy:
    """The identifier in a request's path."""

    @pytest.mark.parametrize("asked", ["D1", "52998224725", "1234-5678", "11222333000181"])
    def test_stays_in_path_and_answers(self, asked: str):
        """Whatever it looks like, so that a replay is asked by the same one and joins with what the user has."""
        other = answering({"payload": {"customerInvoices": [{"purchaseOrderNumber": asked}]}})
        error = answering({"errors": [{"message": f"'{asked}' is an invalid ShipmentID"}]}, replace(BASE, status=400))
        raw = [other, replace(error, url=f"{SHIPMENT[:-5]}{asked}")]
        assert scrub([*raw, answering({"payload": {"BuyerName": "Maria"}})], KEY)[:2] == raw
        assert audit(raw) == ()

    @pytest.mark.parametrize("asked", ["52998224725", "Souza-1", "D1souza9"])
    def test_goes_if_it_is_personal_elsewhere(self, asked: str):
        """From the path, the answers and the errors; it is the same fake in all of them."""
        url = f"{SHIPMENT[:-5]}{asked}"
        told = answering({"payload": {"BuyerName": asked}})
        error = answering({"errors": [{"message": f"Invalid {asked}"}]}, replace(BASE, status=400, url=url))
        answer = answering({"payload": {"AmazonShipmentId": asked}}, replace(BASE, url=url))
        clean = scrub([told, error, answer], KEY)
        assert asked not in "".join(map(everything, clean))
        assert clean[2].url == f"{SHIPMENT[:-5]}{payload(clean[2])['AmazonShipmentId']}"

    def test_goes_if_it_is_a_token(self):
        """Nobody asks by one."""
        clean = scrubbed(replace(BASE, url=f"{SHIPMENT[:-5]}amzn1.oa2-cs.v1.0a"))
        assert clean.url == f"{SHIPMENT[:-5]}SCRUBBED"


class TestWhatStays:
    """What a program works with."""

    @pytest.mark.parametrize("name", ANSWERS)
    def test_of_answers_without_anything_personal(self, name: str):
        """The official fields in their forms are as they were, byte for byte."""
        exchange = answering(ANSWERS[name][1], ANSWERS[name][0])
        assert audit([exchange]) == ()
        assert scrub([exchange], KEY) == [exchange]

    def test_of_what_is_asked(self):
        """Method, path, query, and the resources of a restricted token stay; host and headers are as Amazon's."""
        url = SHIPMENT.replace("https://sellingpartnerapi-na.amazon.com", "http://127.0.0.1:8642")
        headers = (
            ("Accept", "application/json"),
            ("x-amz-access-token", "Atza|a"),
            ("user-agent", "me (Language=Python)"),
        )
        clean = scrubbed(replace(BASE, url=url, request_headers=headers))
        assert (clean.method, clean.url, clean.request_headers) == ("GET", SHIPMENT, headers[:1])
        exchange, body = ASKED["restricted token"]
        asked = replace(exchange, request_body=hiding.encoded(body))
        assert scrub([asked], KEY) == [asked]

    def test_login_is_what_a_replaying_client_sends(self):
        """All secrets become one word, so that a client without any asks for what is recorded."""
        form = (
            b"grant_type=refresh_token&refresh_token=Atzr%7Ca&client_id=amzn1.application-oa2-client.b&client_secret=c"
        )
        clean = scrubbed(replace(ANSWERS["token"][0], request_headers=hiding.FORM, request_body=form))
        assert clean.request_body == (
            b"grant_type=refresh_token&refresh_token=SCRUBBED&client_id=SCRUBBED&client_secret=SCRUBBED"
        )

    def test_amazons_errors(self):
        """Codes, messages and the id that was asked for stay, so that an expired token is still one; a name does not."""
        said = {
            "code": "Unauthorized",
            "message": "Access denied.",
            "details": "The access token you provided has expired. (D1aB2, Maria)",
        }
        clean = scrubbed(answering({"errors": [said]}, replace(BASE, status=403)))
        (error,) = json.loads(clean.response_body)["errors"]
        assert (error["code"], error["message"]) == ("Unauthorized", "Access denied.")
        assert error["details"].startswith("The access token you provided has expired. (D1aB2, ")
        assert "Maria" not in error["details"]
        assert says_expired(HttpResponse(status=403, body=clean.response_body))

    def test_every_message_of_the_sandbox_and_of_the_official_models(self):
        """Nothing that Amazon says is lost."""
        for message in MESSAGES:
            exchange = answering({"errors": [{"code": "InvalidInput", "message": message, "details": message}]})
            assert audit([exchange]) == (), message

    @pytest.mark.parametrize("name", [b"Mar\x01ia", b"Maria\nSouza", b"Maria\\n\tSouza", b"\\ud800Maria", b"Mar\\qia"])
    def test_an_answer_that_is_refused_still_is(self, name: bytes):
        """A replay gives no row that the live run did not give; the name is gone all the same."""
        raw = replace(BASE, response_body=b'{"payload": {"AmazonShipmentId": "D1", "BuyerName": "' + name + b'"}}')
        clean = scrubbed(raw)
        for one in (raw, clean):
            with pytest.raises(MalformedResponse):
                parse_get_shipment_details(HttpResponse(status=200, body=one.response_body))
        assert b"ia" not in clean.response_body
        assert b"Souza" not in clean.response_body

    @pytest.mark.parametrize("amount", ["1234567890123", "12345678901", "-12345678901.10", "529982247.25"])
    def test_large_amounts(self, amount: str):
        """Up to thirteen digits, or with decimals."""
        raw = answering({"payload": {"Amount": amount}})
        assert scrub([raw], KEY) == [raw]

    @pytest.mark.parametrize("number", ["52998224725", "-52998224725", "+5511987654321"])
    def test_amounts_that_are_none(self, number: str):
        """A CPF or a telephone where an amount belongs."""
        assert number not in everything(scrubbed(answering({"payload": {"Amount": number}})))

    def test_numbers(self):
        """Counts stay as they are written; any other number becomes one of as many digits."""
        body = b'{"QuantityOrdered": 1.50, "expires_in": 3600, "Phone": 5511912345678, "sum": -0.25e2, "flag": true, "tax": NaN}'
        made = scrubbed(replace(BASE, response_body=body)).response_body
        assert made.startswith(b'{"QuantityOrdered": 1.50, "expires_in": 3600, "Phone": 9')
        assert made.endswith(b'"flag": true, "tax": NaN}')
        assert b"-0.25e2" not in made
        assert [len(part) for part in made.split(b",")] == [len(part) for part in body.split(b",")]

    @pytest.mark.parametrize("body", [*ODD_BODIES, b'{"payload": {"BuyerName": "Mar', b'{"BuyerName": "Maria\\'])
    def test_the_kind_of_a_body_that_is_no_answer(self, body: bytes):
        """Empty stays empty, a page stays a page, what broke off stays broken off; an error message says the same of it."""
        clean = scrubbed(replace(BASE, response_body=body))
        kinds = [describe_body(one).partition(" (")[0].partition(" titled")[0] for one in (body, clean.response_body)]
        assert kinds[0] == kinds[1]

    def test_frames(self):
        """Amounts, currencies, ids, dates, counts and problems of the scrubbed answers are those of the real ones."""
        raw = answering({"payload": {**DETAIL, "BuyerName": "Maria Souza", "SellerDisplayName": "Loja"}})
        odd = answering(
            {
                "payload": {
                    "AmazonShipmentId": "D1",
                    "ShipmentItems": [{"ItemPrice": {"Amount": "12.505", "CurrencyCode": "BRL"}}],
                }
            }
        )
        before, after = frames([raw, odd]), frames(scrub([raw, odd], KEY))
        for table, frame in before.items():
            kept = [name for name in frame.columns if not any(word in name for word in FAKED)]
            assert frame.select(kept).equals(after[table].select(kept)), table
        assert after["shipments"]["buyer_name"][0] not in {"Maria Souza", None}

    def test_the_demo(self):
        """A whole recording: every page, shipment and status is read as before."""
        raw = list(recorded())
        clean = scrub(
            [
                replace(one, url=one.url.replace("https://sellingpartnerapi-eu.amazon.com", "http://localhost:1"))
                for one in raw
            ],
            KEY,
        )
        before, after = frames(raw), frames(clean)
        # One 14-digit order item id in a hundred is a valid CNPJ, and so becomes another one.
        assert before["items"].drop("title", "order_item_id").equals(after["items"].drop("title", "order_item_id"))
        assert before["shipments"]["expected_amount"].equals(after["shipments"]["expected_amount"])
        for one, other in zip(raw, clean, strict=True):
            if b"customerInvoices" in one.response_body:
                was, now = (
                    parse_get_customer_invoices(HttpResponse(status=200, body=x.response_body)) for x in (one, other)
                )
                assert was.invoices == now.invoices
        assert [one.url for one in raw if "nextToken" not in one.url] == [
            one.url for one in clean if "nextToken" not in one.url
        ]


# Columns that hold what is faked, by what is in their names.
FAKED = (
    "buyer",
    "ship_to",
    "tax",
    "company",
    "seller_display",
    "acquirer",
    "authorization",
    "title",
    "serial",
    "value",
    "region",
)
MESSAGES = (
    "The request is invalid.",
    "Invalid Shipment ID",
    "Shipment ID is invalid",
    "Invalid PO",
    "Invalid PO ID.",
    "Invalid transmission ID.",
    "The content of element 'ShipmentConfirmation' is not complete. Pass valid PO.",
    "Request is missing or has invalid parameters",
    "Resource not provided.",
    "You exceeded your quota for the requested resource.",
    "Access to requested resource is denied.",
    "Access token is missing in the request header.",
    "The access token you provided has expired.",
    "The access token you provided is revoked, malformed or invalid.",
    "Application do not have access to some or all requested resource",
    "We encountered an internal error. Please try again.",
    "Could not match input arguments",
    "InvoiceContent fails encoding. Shipment does not exist",
    "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission.",
    "Client authentication failed",
    "The authorization grant type is not supported by the authorization server",
    "ContentMD5Value does not match InvoiceContent.",
    "The date range must be positive and no more than 7 days.",
    "The resource specified was not found.",
    "SellingPartnerNotFoundError",
    "MissingAuthenticationToken",
    "InternalFailure",
    "ServiceUnavailable",
    "QuotaExceeded",
)


def frames(exchanges: list[Exchange]) -> dict[str, pl.DataFrame]:
    rows = ShipmentRows()
    for exchange in exchanges:
        if b"AmazonShipmentId" in exchange.response_body and b"InvoiceStatus" not in exchange.response_body:
            answer = parse_get_shipment_details(HttpResponse(status=200, body=exchange.response_body))
            rows.add("D1", answer, datetime(2026, 10, 1, tzinfo=UTC))
    return rows.frames()


def recorded() -> Iterator[Exchange]:
    for one in yaml.load(DEMO.read_bytes(), yaml.CSafeLoader)["interactions"]:
        request, response = one["request"], one["response"]
        yield Exchange(
            method=request["method"],
            url=request["uri"],
            request_body=(request["body"] or "").encode(),
            status=response["status"]["code"],
            response_body=response["body"]["string"].encode(),
        )


class TestDocuments:
    """What becomes of invoices."""

    def submitted(self, document: bytes, **more: str) -> Exchange:
        request = build_submit_invoice("D1aB2", document, **more)
        return replace(BASE, method="POST", url=f"{SHIPMENT}/invoice", request_body=request.body)

    def test_of_a_submitted_invoice(self):
        """Its stand-in comes with the stand-in's digest, and the sum of what was sent tells that it was this file."""
        raw = self.submitted(b"<nfe>Maria Souza</nfe>")
        clean = scrubbed(raw)
        body = json.loads(clean.request_body)
        document = base64.b64decode(body["InvoiceContent"])
        assert is_synthetic(document)
        assert base64.b64decode(body["ContentMD5Value"]) == hashlib.md5(document, usedforsecurity=False).digest()
        assert clean.body_sha256 == hashlib.sha256(raw.request_body).hexdigest()
        assert scrub([clean], KEY) == [clean]

    def test_a_digest_that_was_wrong_stays_wrong(self):
        """So that Amazon's answer to it still makes sense."""
        body = json.loads(scrubbed(self.submitted(b"<nfe/>", content_md5="AAAAAAAAAAAAAAAAAAAAAA==")).request_body)
        document = base64.b64decode(body["InvoiceContent"])
        assert base64.b64decode(body["ContentMD5Value"]) != hashlib.md5(document, usedforsecurity=False).digest()

    def test_only_a_submitted_invoice_has_a_sum(self):
        """The sum of a body that can be guessed would tell what was in it."""
        login = replace(
            ANSWERS["token"][0], request_headers=hiding.FORM, request_body=b"client_secret=a", body_sha256="0" * 64
        )
        assert scrubbed(login).body_sha256 == ""

    def test_kept_on_request(self):
        """With keep_documents they stay to the byte; all else is scrubbed, and an audit says that they are there."""
        raw = replace(self.submitted(b"<nfe>Maria Souza</nfe>"), request_headers=(("x-amz-access-token", "Atza|a"),))
        (clean,) = scrub([raw], KEY, keep_documents=True)
        assert (clean.request_body, clean.request_headers, clean.body_sha256) == (raw.request_body, (), "")
        assert audit([clean], allow_documents=True) == ()
        assert {one.kind for one in audit([clean])} == {"document"}

    def test_synthetic_ones_stay(self):
        """What is made up needs no stand-in."""
        raw = self.submitted(b"Synthetic document\n")
        assert scrub([raw], KEY) == [raw]

    def test_what_is_no_base64_stays_none(self):
        """It gets no stand-in, and the problem is the same at the same position."""
        raw = answering({"payload": {"purchaseOrderNumber": "A1", "content": "Maria da Silva! Atza|x"}})
        content = payload(scrubbed(raw))["content"]
        assert decode_base64(content).problem == "content is not base64: character ' ' at position 5"
        assert "Maria" not in content

    def test_each_is_made_once(self):
        """A stand-in of a document that comes twice is not made twice: it takes long."""
        made = []
        content = base64.b64encode(b"<nfe>Maria</nfe>").decode()
        page = answering({"payload": {"customerInvoices": [{"purchaseOrderNumber": "A1", "content": content}] * 2}})
        scrub([page, page], KEY, stand_in=lambda document, _: made.append(document) or b"Synthetic document\n")
        assert made == [b"<nfe>Maria</nfe>"]
