"""getShipmentDetails, submitInvoice and getInvoiceStatus."""

import base64
import hashlib

import pytest
from asking import DETAILS, STATUS, SUBMIT, Local, world
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_invoices.documents import nfe

SHIPMENTS = world().shipments
WITH_NFE = {name: one.nfe for name, one in SHIPMENTS.items() if one.nfe is not None}
# One that nothing is wrong with and that Amazon has not been given.
GOOD = next(
    name
    for name, document in WITH_NFE.items()
    if SHIPMENTS[name].invoice_status == "NotFound" and nfe.READER.read(document).problem is None
)


@pytest.fixture
def local():
    return Local()


def body_of(document, **change):
    digest = base64.b64encode(hashlib.md5(document).digest()).decode()
    return {"InvoiceContent": base64.b64encode(document).decode(), "ContentMD5Value": digest} | change


def submit(local, document, at=GOOD, **change):
    return local.ask(SUBMIT, local.access(), at=at, body=body_of(document, **change))


def status(local, at=GOOD):
    payload = local.ask(STATUS, local.access(), at=at).json["payload"]["Shipments"]
    assert payload["AmazonShipmentId"] == at
    return payload["InvoiceStatus"]


class TestReading:
    """What there is, before anything is submitted."""

    def test_details_and_status_of_each(self):
        """Every shipment's details are the world's, and so is its status."""
        local = Local(scale=0)
        for name, one in SHIPMENTS.items():
            assert local.ask(DETAILS, local.restricted(), at=name).json == {"payload": one.detail}
            assert status(local, name) == one.invoice_status

    @pytest.mark.parametrize("name", ["BadShipId", "D", "D/invoice", "Ä", f"{GOOD} "])
    @pytest.mark.parametrize("asked", [DETAILS, STATUS])
    def test_unknown(self, local, asked, name):
        """An unknown shipment is 400 in the words of the official model, with the id as it was meant."""
        token = local.restricted() if asked.restricted else local.access()
        answer = local.ask(asked, token, at=name)
        assert answer.error == (400, "InvalidInput", "Invalid Shipment ID", f"'{name}' is an invalid ShipmentID")


class TestEnvelope:
    """What submitInvoice refuses at once."""

    def test_the_model_s_example(self, local):
        """Wrong base64 for a shipment that is none: both are said, as in the official example."""
        body = {"InvoiceContent": "NonBase64EncodedValue", "ContentMD5Value": "8f6df519a2125946820bc34a561164c2"}
        details = "InvoiceContent fails encoding. Shipment 'BadIDForShipment' does not exist"
        answer = local.ask(SUBMIT, local.access(), at="BadIDForShipment", body=body)
        assert answer.error == (400, "InvalidInput", "Shipment ID is invalid", details)

    @pytest.mark.parametrize("content", ["no base64!", "YQ", "YQ==\n", "YWI-", "ä", "YQ==YQ=="])
    def test_encoding(self, local, content):
        """Content that is no base64 to the letter."""
        assert "fails encoding" in submit(local, b"", InvoiceContent=content).error[3]

    @pytest.mark.parametrize("kind", ["hex", "of the base64", "empty"])
    def test_digest(self, local, kind):
        """A digest in hex, of the wrong bytes, or none."""
        document = WITH_NFE[GOOD]
        digest = {
            "hex": hashlib.md5(document).hexdigest(),
            "of the base64": base64.b64encode(hashlib.md5(base64.b64encode(document)).digest()).decode(),
            "empty": "",
        }[kind]
        assert submit(local, document, ContentMD5Value=digest).error[2] == "ContentMD5Value is invalid"

    def test_an_unknown_shipment(self, local):
        """A right document for no shipment."""
        answer = submit(local, WITH_NFE[GOOD], at="D00000000X")
        assert answer.error[2:] == ("Shipment ID is invalid", "Shipment 'D00000000X' does not exist")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'"x"',
            b"{}",
            b"\xff",
            b"[" * 100_000,
            b'{"InvoiceContent": ""}',
            b'{"ContentMD5Value": ""}',
            b'{"InvoiceContent": 1, "ContentMD5Value": ""}',
        ],
        ids=range(11),
    )
    def test_no_object_of_two_texts(self, local, body):
        """A body that is no JSON object with both texts."""
        path = SUBMIT.path.replace("{shipmentId}", GOOD)
        answer = local.send("POST", path, body, x_amz_access_token=local.access())
        assert answer.error[:2] == (400, "InvalidRequest")

    def test_it_says_what_is_missing(self, local):
        """The details name the field, and repeat no content."""
        body = {"InvoiceContent": "c2VjcmV0"}
        details = local.ask(SUBMIT, local.access(), at=GOOD, body=body).error[3]
        assert "ContentMD5Value" in details
        assert "c2VjcmV0" not in details

    def test_nothing_was_taken(self, local):
        """What is refused leaves no trace."""
        submit(local, WITH_NFE[GOOD], ContentMD5Value="")
        submit(local, WITH_NFE[GOOD], at="D00000000X")
        assert (local.state.submissions, local.state.latest) == ([], {})
        assert status(local) == "NotFound"


class TestOutcome:
    """What becomes of a submission."""

    def test_processing_then_accepted(self, local):
        """NotFound before, Processing for thirty seconds, then Accepted for good."""
        assert status(local) == "NotFound"
        answer = submit(local, WITH_NFE[GOOD], MarketplaceId="A2Q3Y263D00KWC")
        assert (answer.status, answer.json) == (200, {})
        for seconds, wanted in ((0, "Processing"), (29.9, "Processing"), (30, "Accepted"), (10**6, "Accepted")):
            local.seconds = seconds
            assert status(local) == wanted

    @pytest.mark.parametrize("name", sorted(WITH_NFE))
    def test_every_document_of_the_world(self, local, name):
        """Each seller's own NF-e ends as Accepted if our reader finds nothing wrong with it, else as Errored."""
        facts = nfe.READER.read(WITH_NFE[name])
        submit(local, WITH_NFE[name], at=name)
        local.seconds = 30
        assert status(local, name) == ("Accepted" if facts.problem is None else "Errored")

    @pytest.mark.parametrize(
        "change",
        [
            lambda document: b"",
            lambda document: b"<nfeProc/>",
            lambda document: b"%PDF-1.4",
            lambda document: document[: len(document) // 2],
            lambda document: document.replace(b"<cStat>100</cStat>", b"<cStat>110</cStat>"),
            lambda document: document[document.index(b"<NFe") : document.index(b"<protNFe")],
            lambda document: document.replace(key_of(document), with_wrong_digit(key_of(document))),
            lambda document: document.replace(b"<nNF>", b"<nNF>9"),
            lambda document: b'<!DOCTYPE x [<!ENTITY a "a">]>' + document,
        ],
        ids=["empty", "hollow", "a PDF", "half", "denied", "bare", "check digit", "another number", "doctype"],
    )
    def test_errored(self, local, change):
        """No XML, no authorised NF-e, an access key that is wrong or another's: taken, and Errored after validation."""
        document = change(WITH_NFE[GOOD])
        assert document != WITH_NFE[GOOD]
        assert submit(local, document).status == 200
        assert status(local) == "Processing"
        local.seconds = 30
        assert status(local) == "Errored"

    @settings(max_examples=50)
    @given(st.data())
    def test_anything_at_all(self, data):
        """Whatever bytes are sent in its place, they are taken, and end as Accepted or Errored."""
        local, document = Local(scale=0), WITH_NFE[GOOD]
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(document))] * 2)))
        changed = document[:start] + data.draw(st.binary(max_size=20)) + document[end:]
        assert submit(local, changed).status == 200
        assert status(local) in ({"Accepted"} if changed == document else {"Accepted", "Errored"})

    def test_another_shipments_document(self, local):
        """The NF-e of another shipment, though authorised, is Errored."""
        other = next(name for name in WITH_NFE if name != GOOD and nfe.READER.read(WITH_NFE[name]).problem is None)
        submit(local, WITH_NFE[other])
        assert local.state.latest[GOOD].fault == "the document states another shipment"

    def test_another_orders_document(self, local):
        """So is one that states another order."""
        order_id = SHIPMENTS[GOOD].detail["AmazonOrderId"].encode()
        submit(local, WITH_NFE[GOOD].replace(order_id, b"409-0000000-0000000"))
        assert local.state.latest[GOOD].fault == "the document states another order"

    def test_a_document_that_states_neither(self, local):
        """An NF-e without order and shipment is nobody else's."""
        document = WITH_NFE[GOOD].replace(SHIPMENTS[GOOD].detail["AmazonOrderId"].encode(), b"none")
        submit(local, document.replace(b"AmazonShipmentId", b"Other"))
        local.seconds = 30
        assert status(local) == "Accepted"

    def test_anew(self, local):
        """After Errored, Processing and Accepted alike a second submission is taken and validated from the start."""
        submit(local, b"<x/>")
        local.seconds = 30
        assert status(local) == "Errored"
        for seconds in (30, 40, 70):
            local.seconds = seconds
            submit(local, WITH_NFE[GOOD])
            assert status(local) == "Processing"
        local.seconds = 100
        assert status(local) == "Accepted"

    def test_what_is_kept(self, local):
        """Each submission is kept with shipment, digest and moment, so that sending twice shows."""
        for seconds, document in ((1, b"<x/>"), (2, WITH_NFE[GOOD]), (3, WITH_NFE[GOOD])):
            local.seconds = seconds
            submit(local, document)
        kept = [
            (one.shipment_id, one.sha256, (one.at - world().now).total_seconds()) for one in local.state.submissions
        ]
        digests = [hashlib.sha256(one).hexdigest() for one in (b"<x/>", WITH_NFE[GOOD], WITH_NFE[GOOD])]
        assert kept == [(GOOD, digest, at) for at, digest in enumerate(digests, 1)]

    def test_other_shipments_stay(self, local):
        """A submission is its own shipment's."""
        submit(local, WITH_NFE[GOOD])
        assert all(
            status(local, name) == one.invoice_status for name, one in list(SHIPMENTS.items())[:5] if name != GOOD
        )

    def test_a_clock_that_stands_still(self):
        """Where no time passes validation takes none, so that nobody waits for ever."""
        local = Local(scale=0)
        submit(local, WITH_NFE[GOOD])
        assert status(local) == "Accepted"


def key_of(document):
    """The access key, as it stands in the document."""
    return nfe.READER.read(document).access_key.encode()


def with_wrong_digit(key):
    return key[:-1] + (b"0" if key[-1:] != b"0" else b"1")
