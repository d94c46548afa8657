"""The client on recordings and against the sandbox."""

import base64
import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from conftest import DEMO, INVOICES, SHIPMENT, WEEK

import spapi_invoices as spi
from spapi_invoices.core.windows import NO_MARGIN
from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.errors import (
    AccessDenied,
    AlreadySubmitted,
    AuthFailed,
    FetchIncomplete,
    FileFailed,
    InvalidRequest,
    MalformedResponse,
    NotFound,
    ServiceUnavailable,
    TransportFailed,
    UnrecordedRequest,
)
from spapi_invoices.frames.schemas import CustomerInvoices, Shipments, personal_columns, polars_schema
from spapi_invoices.io.client import Client

PDF = base64.b64encode(b"%PDF-1.4 x").decode()
DATE = {"Date": "Mon, 05 Oct 2026 10:00:00 GMT", "x-amzn-RequestId": "r-1"}


def page(*invoices: tuple[str, str], token: str | None = None) -> str:
    """A v1 page."""
    entries = [{"purchaseOrderNumber": number, "content": content} for number, content in invoices]
    return json.dumps({"payload": {"pagination": {"nextToken": token} if token else {}, "customerInvoices": entries}})


class TestCustomerInvoices:
    """A range of any length, exactly once, or an error."""

    def test_a_page_becomes_rows(self, cassette):
        """Every column of a row is what was asked and answered."""
        client = spi.connect(replay=cassette(("GET", WEEK, 200, page(("PO1", PDF))), headers=DATE))
        row = client.customer_invoices("2026-10-01", "2026-10-08").frame.row(0, named=True)
        assert row == {
            "purchase_order_number": "PO1",
            "media_type": "application/pdf",
            "size_bytes": 10,
            "sha256": hashlib.sha256(b"%PDF-1.4 x").hexdigest(),
            "content": b"%PDF-1.4 x",
            "problem": None,
            "ship_from_party_id": None,
            "api_version": "v1",
            "created_after": datetime(2026, 10, 1, tzinfo=UTC),
            "created_before": datetime(2026, 10, 8, tzinfo=UTC),
            "request_id": "r-1",
            "fetched_at": datetime(2026, 10, 5, 10, tzinfo=UTC),
        }

    def test_pages_are_followed(self, cassette):
        """All pages of a window are in the frame, in order; an invoice on two pages is there once."""
        second = f"{WEEK}&nextToken=t%2B1"
        client = spi.connect(
            replay=cassette(
                ("GET", WEEK, 200, page(("A", PDF), token="t+1")), ("GET", second, 200, page(("A", PDF), ("B", PDF)))
            )
        )
        fetched = client.customer_invoices("2026-10-01", "2026-10-08")
        assert fetched.frame["purchase_order_number"].to_list() == ["A", "B"]
        assert fetched.windows.select("pages", "rows", "state").rows() == [(2, 3, "complete")]

    def test_an_empty_range_is_complete_with_all_columns(self, cassette):
        """No invoices is an answer: an empty frame with its schema, complete."""
        fetched = spi.connect(replay=cassette(("GET", WEEK, 200, page()))).customer_invoices("2026-10-01", "2026-10-08")
        assert (fetched.complete, dict(fetched.frame.schema)) == (True, polars_schema(CustomerInvoices))

    def test_pages_that_never_end(self, cassette):
        """A nextToken that comes again is an error, not an endless loop, and the window is truncated."""
        again = f"{WEEK}&nextToken=t"
        client = spi.connect(
            replay=cassette(
                ("GET", WEEK, 200, page(("A", PDF), token="t")), ("GET", again, 200, page(("A", PDF), token="t"))
            )
        )
        with pytest.raises(FetchIncomplete, match="nextToken came before") as raised:
            client.customer_invoices("2026-10-01", "2026-10-08")
        assert raised.value.fetched.windows["state"].to_list() == ["truncated"]

    @pytest.mark.parametrize(
        ("numbers", "most", "says"),
        [
            (["A"], 10, "a page without anything new for the 10th time in a row, so the pages never end"),
            (["A", "B"], 11, "a page without anything new for the 10th time in a row"),
            ([], 99, "an empty page for the 100th time in a row"),
        ],
        ids=["one page", "two in turns", "empty ones"],
    )
    @pytest.mark.parametrize("more", [0, 1])
    def test_the_same_pages_under_ever_new_tokens(self, cassette, numbers: list[str], most: int, says: str, more: int):
        """Pages may bring nothing new nine times in a row, as an invoice may be listed twice, and be empty longer; no more."""
        asked = [WEEK, *(f"{WEEK}&nextToken=t{at}" for at in range(most + more))]
        answers = [
            ("GET", uri, 200, page(*[(one, PDF) for one in numbers[at % 2 :][:1] or numbers], token=f"t{at}"))
            for at, uri in enumerate(asked[:-1])
        ]
        client = spi.connect(replay=cassette(*answers, ("GET", asked[-1], 200, page(("Z", PDF)))))
        if not more:
            assert client.customer_invoices("2026-10-01", "2026-10-08").complete
            return
        with pytest.raises(FetchIncomplete, match=says):
            client.customer_invoices("2026-10-01", "2026-10-08")

    def test_content_that_is_no_base64_is_a_row(self, cassette):
        """The row is there, with a problem and without a document."""
        frame = (
            spi.connect(replay=cassette(("GET", WEEK, 200, page(("A", "base 64 content goes here"), ("B", PDF)))))
            .customer_invoices("2026-10-01", "2026-10-08")
            .frame
        )
        assert frame["problem"].to_list() == ["content is not base64: character ' ' at position 4", None]
        assert frame["content"].to_list() == [None, b"%PDF-1.4 x"]

    @pytest.mark.parametrize(
        ("status", "body", "cause"),
        [
            (503, "<html><title>Website Temporarily Unavailable</title></html>", ServiceUnavailable),
            (200, "", MalformedResponse),
            (200, page(("A", PDF))[:-20], MalformedResponse),
            (200, '{"payload": null}', MalformedResponse),
            (200, "<html></html>", MalformedResponse),
        ],
    )
    def test_no_answer_is_never_an_empty_frame(self, cassette, status: int, body: str, cause: type[Exception]):
        """Each of these raises, with the ledger saying that the window failed and the next was not asked."""
        with pytest.raises(FetchIncomplete) as raised:
            spi.connect(replay=cassette(("GET", WEEK, status, body))).customer_invoices(
                "2026-10-01", "2026-10-10", margin=NO_MARGIN
            )
        assert isinstance(raised.value.__cause__, cause)
        assert raised.value.fetched.windows["state"].to_list() == ["failed", "not_asked"]
        assert not raised.value.fetched.complete

    def test_what_arrived_can_be_kept(self, cassette):
        """keep_incomplete returns what arrived, and complete is false."""
        client = spi.connect(replay=cassette(("GET", WEEK, 200, page(("A", PDF)))))
        fetched = client.customer_invoices("2026-10-01", "2026-10-10", margin=NO_MARGIN, keep_incomplete=True)
        assert (fetched.frame.height, fetched.complete) == (1, False)

    def test_dates_begin_in_the_profiles_zone(self, cassette, tmp_path: Path):
        """A bare date is midnight in the profile's time zone."""
        (tmp_path / "config.toml").write_text('[profiles.india]\ntime_zone = "Asia/Kolkata"\n')
        uri = f"{INVOICES}?createdAfter=2026-09-30T18%3A30%3A00Z&createdBefore=2026-10-01T18%3A30%3A00Z&limit=100"
        client = spi.connect("india", replay=cassette(("GET", uri, 200, page())))
        assert client.customer_invoices(date(2026, 10, 1), date(2026, 10, 2)).complete

    def test_unrecorded_is_said(self):
        """Replay never goes to the network: what is not recorded is an error."""
        with pytest.raises(FetchIncomplete, match=r"is not in the cassette demo\.yaml") as raised:
            spi.connect(replay=DEMO).customer_invoices("2025-01-01", "2025-01-02")
        assert isinstance(raised.value.__cause__, UnrecordedRequest)

    def test_another_orders_invoice_is_no_answer(self, cassette):
        """An invoice of another purchase order is not taken for the one that was asked."""
        body = json.dumps({"payload": {"purchaseOrderNumber": "OTHER", "content": PDF}})
        with pytest.raises(MalformedResponse, match="of another purchase order"):
            spi.connect(replay=cassette(("GET", f"{INVOICES}/PO1", 200, body))).customer_invoice("PO1")

    def test_by_number(self, cassette):
        """One purchase order's invoice is a frame of one row, without a window."""
        body = json.dumps({"payload": {"purchaseOrderNumber": "PO1", "content": PDF}})
        frame = spi.connect(replay=cassette(("GET", f"{INVOICES}/PO1", 200, body))).customer_invoice("PO1")
        assert frame.select("purchase_order_number", "created_after", "problem").rows() == [("PO1", None, None)]


class TestShipments:
    """Shipments by id, four tables, problems named."""

    def detail(self, **more: object) -> str:
        money = lambda amount: {"CurrencyCode": "BRL", "Amount": amount}  # noqa: E731
        item = {
            "ASIN": "B0",
            "QuantityOrdered": 2,
            "ItemPrice": money("100"),
            "ShippingPrice": money("20.5"),
            "GiftWrapPrice": money("1"),
            "ShippingDiscount": money("10"),
            "PromotionDiscount": money("10.00"),
        }
        return json.dumps({"payload": {"AmazonShipmentId": "D1", "AmazonOrderId": "1", "ShipmentItems": [item | more]}})

    def test_the_expected_amount(self, cassette):
        """Item price (already times quantity) plus shipping plus gift wrap less both discounts."""
        found = spi.connect(replay=cassette(("GET", SHIPMENT, 200, self.detail()))).shipments(["D1"])
        row = found.shipments.select("expected_amount", "item_amount", "quantity", "currency", "problem").row(0)
        assert row == (Decimal("101.50"), Decimal("100.00"), 2.0, "BRL", None)
        assert found.items["expected_amount"].to_list() == [Decimal("101.50")]

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            (
                {"ItemPrice": {"CurrencyCode": "BRL", "Amount": "12,50"}},
                "ShipmentItems[0].ItemPrice.Amount: '12,50' is no amount",
            ),
            ({"ItemPrice": {"CurrencyCode": "BRL", "Amount": "12.505"}}, "'12.505' is no amount"),
            ({"ItemPrice": None}, "ShipmentItems[0].ItemPrice.Amount: missing"),
            ({"ShippingPrice": {"CurrencyCode": "USD", "Amount": "1"}}, "more than one"),
            ({"QuantityOrdered": "two"}, "ShipmentItems[0].QuantityOrdered: Expected `float | null`, got `str`"),
            ({"ShippingPrice": "free"}, "ShipmentItems[0].ShippingPrice: Expected"),
        ],
    )
    def test_a_bad_field_makes_a_problem_and_no_amount(self, cassette, more: dict[str, object], says: str):
        """The row stays, the problem names the field, and there is no expected amount that could be believed."""
        found = spi.connect(replay=cassette(("GET", SHIPMENT, 200, self.detail(**more)))).shipments(["D1"])
        row = found.shipments.row(0, named=True)
        assert says in row["problem"]
        assert row["expected_amount"] is None
        assert found.problems["record"].to_list() == ["D1"]

    def test_a_negative_discount_is_subtracted_all_the_same(self, cassette):
        """The absolute value is subtracted, and a problem says so."""
        negative = {"PromotionDiscount": {"CurrencyCode": "BRL", "Amount": "-10"}}
        row = (
            spi.connect(replay=cassette(("GET", SHIPMENT, 200, self.detail(**negative))))
            .shipments(["D1"])
            .shipments.row(0, named=True)
        )
        assert row["expected_amount"] == Decimal("101.50")
        assert "is negative" in row["problem"]

    def test_an_unknown_id_does_not_sink_the_others(self, sandbox):
        """An id that Amazon refuses is a row with a problem; the others are there."""
        known = next(iter(sandbox.world.shipments))
        found = sandbox.client().shipments(["NOPE", known, known])
        assert found.shipments["amazon_shipment_id"].to_list() == ["NOPE", known]
        assert found.problems["record"].to_list() == ["NOPE"]

    def test_unreadable_amounts_leave_no_partial_sums(self, cassette):
        """With one price or one payment unreadable there is no sum of the others that could pass for a total."""
        money = [{"CurrencyCode": "BRL", "Amount": amount} for amount in ("100", "12,50")]
        payload = {
            "AmazonShipmentId": "D1",
            "ShipmentItems": [{"ItemPrice": one} for one in money] + [7],
            "Payments": [{"PaymentValue": one} for one in money],
        }
        found = spi.connect(replay=cassette(("GET", SHIPMENT, 200, json.dumps({"payload": payload})))).shipments(["D1"])
        row = found.shipments.row(0, named=True)
        assert (row["item_amount"], row["expected_amount"], row["paid_amount"], row["item_count"]) == (
            None,
            None,
            None,
            3,
        )
        assert found.items["line_number"].to_list() == [1, 2, 3]

    def test_another_shipments_amounts_are_not_this_ones(self, cassette):
        """An answer about another shipment stays under the id that was asked, with a problem and without an amount."""
        other = self.detail().replace('"D1"', '"D2"')
        row = spi.connect(replay=cassette(("GET", SHIPMENT, 200, other))).shipments(["D1"]).shipments.row(0, named=True)
        assert (row["amazon_shipment_id"], row["expected_amount"]) == ("D1", None)
        assert "asked for D1, got D2" in row["problem"]

    def test_what_had_arrived_is_kept(self, cassette):
        """A failure in the middle raises, and what arrived before is in the error."""
        second = SHIPMENT.replace("D1", "D2")
        client = spi.connect(replay=cassette(("GET", SHIPMENT, 200, self.detail()), ("GET", second, 503, "")))
        with pytest.raises(FetchIncomplete, match="1 shipments had arrived; the first that had not: D2") as raised:
            client.shipments(["D1", "D2"])
        assert raised.value.fetched.shipments["amazon_shipment_id"].to_list() == ["D1"]
        assert isinstance(raised.value.__cause__, ServiceUnavailable)

    @pytest.mark.parametrize("value", [b'"\xff"', b'"\\ud800"', b"1e400"])
    def test_a_value_that_no_decoder_reads_does_not_sink_the_others(self, value: bytes):
        """A record that is JSON to its end, with half a character or a number past all bounds, is a problem of its own row."""

        def call(request: HttpRequest) -> HttpResponse:
            bad = b"D1" in request.path.encode()
            body = (
                b'{"payload": {"AmazonShipmentId": "D1", "BuyerName": %s}}' % value if bad else self.detail().encode()
            )
            return HttpResponse(status=200, body=body.replace(b'"D1"', b'"D2"'))

        found = Client(call).shipments(["D1", "D2"])
        assert found.shipments["amazon_shipment_id"].to_list() == ["D1", "D2"]
        assert found.shipments["buyer_name"].is_null()[0]
        assert found.problems["record"].to_list() == ["D1"]
        assert "JSON with a value that cannot be read" in found.problems["problem"][0]

    def test_an_unknown_ids_status_does_not_sink_the_others(self, sandbox):
        """An id that Amazon refuses is a row with a problem and without a status."""
        known = next(iter(sandbox.world.shipments))
        statuses = sandbox.client().invoice_statuses(["NOPE", known])
        assert statuses["amazon_shipment_id"].to_list() == ["NOPE", known]
        assert statuses.select(pl.col("invoice_status").is_null(), pl.col("problem").is_null()).rows() == [
            (True, False),
            (False, True),
        ]

    def test_a_text_is_no_list(self):
        """One id where a list belongs would be asked letter by letter."""
        with pytest.raises(InvalidRequest, match="list of ids"):
            spi.connect(replay=DEMO).shipments("D1")


class TestSubmitInvoice:
    """Sent once, and only when asked to."""

    @pytest.fixture(params=[0, 1], ids=["clock stands still", "clock runs"])
    def own(self, request):
        """A sandbox of their own: what is submitted here must not show elsewhere."""
        from spapi_invoices.sandbox import running

        with running(customer_invoices=16, shipments=25, time_scale=request.param) as one:
            yield one

    def test_a_dry_run_sends_nothing(self, own):
        """By default the status is asked and nothing is sent."""
        client, (shipment, document) = own.client(), _not_submitted(own)
        receipt = client.submit_invoice(shipment, document)
        assert (receipt.sent, receipt.invoice_status) == (False, "NotFound")
        assert client.invoice_statuses([shipment])["invoice_status"].to_list() == ["NotFound"]
        assert list(own.submissions) == []

    def test_sent_once(self, own):
        """After a submission no second one is sent, neither while it is checked (30 s) nor when it is accepted."""
        client, (shipment, document) = own.client(), _not_submitted(own)
        assert client.submit_invoice(shipment, document, dry_run=False).sent
        status = "Accepted" if own.clock.stands_still else "Processing"
        for _ in range(2):
            with pytest.raises(AlreadySubmitted, match=f"status {status}"):
                client.submit_invoice(shipment, document, dry_run=False)
        assert [one.shipment_id for one in own.submissions] == [shipment]

    def test_a_status_amazon_added_is_no_licence(self, cassette):
        """With a status that is not known to mean "none yet", nothing is sent."""
        body = '{"payload": {"Shipments": {"AmazonShipmentId": "D1", "InvoiceStatus": "Queued"}}}'
        with pytest.raises(AlreadySubmitted, match="Queued"):
            spi.connect(replay=cassette(("GET", f"{SHIPMENT}/invoice/status", 200, body))).submit_invoice("D1", b"x")

    def test_a_file_that_is_not_there(self, tmp_path: Path):
        """A missing document is FileFailed, before anything is asked."""
        with pytest.raises(FileFailed, match="cannot be read"):
            spi.connect(replay=DEMO).submit_invoice("D1", tmp_path / "none.xml")


class TestAgainstTheSandbox:
    """Over real HTTP, tokens and all."""

    def test_the_same_rows_as_the_recording(self, sandbox):
        """A live fetch and the replay of the recording give equal frames, but for the names and texts that a recording fakes."""
        live, recorded = sandbox.client(), spi.connect(replay=DEMO)
        assert live.customer_invoices("2026-10-01", "2026-10-31").frame.equals(
            recorded.customer_invoices("2026-10-01", "2026-10-31").frame
        )
        ids, faked = list(sandbox.world.shipments), (*personal_columns(Shipments), "seller_display_name")
        one, other = (client.shipments(ids).shipments for client in (live, recorded))
        assert one.drop(faked).equals(other.drop(faked))
        assert one.select(faked).null_count().equals(other.select(faked).null_count())

    def test_both_api_versions_agree(self, sandbox, tmp_path: Path):
        """2021-12-28, unwrapped, gives the rows of v1."""
        (tmp_path / "config.toml").write_text(
            "[profiles.new]\nclient_id = 'sandbox-client'\nclient_secret = 'sandbox-secret'\n"
            "refresh_token = 'sandbox-refresh-token'\napi_version = '2021-12-28'\n"
        )
        new = spi.connect("new", endpoint=sandbox.endpoint).customer_invoices("2026-10-01", "2026-10-31").frame
        old = sandbox.client().customer_invoices("2026-10-01", "2026-10-31").frame
        assert new["api_version"].unique().to_list() == ["2021-12-28"]
        assert new.drop("api_version", "request_id").equals(old.drop("api_version", "request_id"))

    def test_every_invoice_of_the_world_arrives(self, sandbox):
        """What is fetched is what there is, document for document."""
        frame = sandbox.client().customer_invoices("2026-10-01", "2026-11-01").frame
        assert frame["purchase_order_number"].to_list() == [order.number for order in sandbox.world.purchase_orders]

    def test_an_unknown_purchase_order(self, sandbox):
        """A number without an invoice is NotFound, with the request id."""
        with pytest.raises(NotFound, match=r"request id [0-9a-f-]{36}"):
            sandbox.client().customer_invoice("NOPE1234")

    def test_wrong_credentials(self, sandbox, tmp_path: Path):
        """Login with Amazon's own words come through, and no secret does."""
        (tmp_path / "config.toml").write_text(
            "[profiles.bad]\nclient_id = 'x'\nclient_secret = 'hidden-1'\nrefresh_token = 'hidden-2'\n"
        )
        with pytest.raises(AuthFailed, match="invalid_client: Client authentication failed") as raised:
            spi.connect("bad", endpoint=sandbox.endpoint).customer_invoice("X")
        assert "hidden" not in str(raised.value)

    def test_an_expired_token_is_renewed_once(self, cassette):
        """Amazon's "has expired" leads to one new token and one repeat."""
        from spapi_invoices.core.wire import HttpResponse
        from spapi_invoices.io import connect as module

        sent: list[str | None] = []

        class Expiring:
            """Refuses the first restricted token as expired."""

            def __init__(self, **_: object) -> None:
                self.minted = 0

            def send(self, request, base_url, token=None):
                if request.operation.api == "lwa":
                    return HttpResponse(status=200, body=b'{"access_token":"a","expires_in":3600}')
                if request.operation.api == "tokens":
                    self.minted += 1
                    return HttpResponse(
                        status=200, body=b'{"restrictedDataToken":"r%d","expiresIn":3600}' % self.minted
                    )
                sent.append(token.reveal())
                if token.reveal() == "r1":
                    details = '{"errors":[{"code":"Unauthorized","message":"Access denied","details":"The access token you provided has expired."}]}'
                    return HttpResponse(status=403, body=details.encode())
                return HttpResponse(status=200, body=page().encode())

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "Transport", Expiring)
            assert spi.connect(endpoint="http://127.0.0.1:1").customer_invoices("2026-10-01", "2026-10-02").complete
        assert sent == ["r1", "r2"]


class TestConnect:
    """Which host, which credentials."""

    def test_credentials_do_not_go_over_plain_http(self, tmp_path: Path):
        """A host that is not this machine must be https."""
        (tmp_path / "config.toml").write_text(
            "[profiles.p]\nclient_id = 'x'\nclient_secret = 'y'\nrefresh_token = 'z'\n"
        )
        with pytest.raises(InvalidRequest, match="without encryption"):
            spi.connect("p", endpoint="http://example.com")

    def test_own_credentials_do_not_go_to_this_machine(self, sandbox, monkeypatch: pytest.MonkeyPatch):
        """A loopback endpoint gets the sandbox's credentials, though the environment has an account."""
        for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
            monkeypatch.setenv(f"SPAPI_INVOICES_{name}", "mine")
        assert spi.connect(endpoint=sandbox.endpoint).customer_invoices("2026-10-01", "2026-10-02").complete

    def test_nobody_there(self):
        """A connection that is refused is TransportFailed and names host and next step."""
        import socket

        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        from spapi_invoices.core.shipment_invoicing import build_get_invoice_status
        from spapi_invoices.io.transport import Transport

        with pytest.raises(TransportFailed, match=rf"no answer from 127\.0\.0\.1:{port} \(ConnectionError\)"):
            Transport().send(build_get_invoice_status("D1"), f"http://127.0.0.1:{port}")

    def test_without_a_token_the_sandbox_refuses(self, sandbox):
        """The sandbox does look at tokens: a request without one is AccessDenied."""
        from spapi_invoices.core.shipment_invoicing import build_get_shipment_details, parse_get_shipment_details
        from spapi_invoices.io.transport import Transport

        answer = Transport().send(build_get_shipment_details("D1"), sandbox.endpoint)
        with pytest.raises(AccessDenied, match="Access token is missing"):
            parse_get_shipment_details(answer)


def _not_submitted(sandbox) -> tuple[str, bytes]:
    """A shipment whose NF-e was issued and not submitted, and that NF-e."""
    return next(
        (name, one.nfe) for name, one in sandbox.world.shipments.items() if one.nfe and one.invoice_status == "NotFound"
    )


def test_reprs_show_no_content():
    """What a notebook prints of a fetch is counts."""
    fetched = spi.connect(replay=DEMO).customer_invoices("2026-10-01", "2026-10-31")
    assert repr(fetched) == "<Fetched: 16 customer invoices, 5 of 5 windows complete>"
    assert isinstance(fetched.frame, pl.DataFrame)
