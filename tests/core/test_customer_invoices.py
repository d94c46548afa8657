import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.customer_invoices import (
    BadRecord,
    build_get_customer_invoice,
    build_get_customer_invoices,
    iso_utc,
    parse_get_customer_invoice,
    parse_get_customer_invoices,
)
from spapi_invoices.core.models import CustomerInvoice, CustomerInvoiceList
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.errors import (
    AccessDenied,
    InvalidRequest,
    MalformedResponse,
    NotFound,
    Rejected,
    ServiceUnavailable,
    SpapiInvoicesError,
    Throttled,
)
from tests.strategies import customer_invoice_lists, instants, ranges, texts

_START = datetime(2026, 10, 1, tzinfo=UTC)
_END = _START + timedelta(days=7)
_GOOD = {"purchaseOrderNumber": "2JK3S9VC", "content": "JVBERi0="}
_INVOICE = CustomerInvoice(purchaseOrderNumber="2JK3S9VC", content="JVBERi0=")


def ok(body: Any) -> HttpResponse:
    return HttpResponse.of(200, [("x-amzn-RequestId", "R1")], json.dumps(body).encode())


def page(*entries: Any, **more: Any) -> HttpResponse:
    return ok({"payload": {"customerInvoices": list(entries), **more}})


class TestBuildGetCustomerInvoices:
    """`build_get_customer_invoices`."""

    def test_all(self) -> None:
        """Every argument is sent under Amazon's name, times in UTC."""
        request = build_get_customer_invoices(
            _START,
            _END,
            ship_from_party_id="AB CD",
            limit=100,
            sort_order="DESC",
            next_token="MDAwMDAwMDAwMQ==",
            version="2021-12-28",
        )
        assert request.query == (
            ("shipFromPartyId", "AB CD"),
            ("createdAfter", "2026-10-01T00:00:00Z"),
            ("createdBefore", "2026-10-08T00:00:00Z"),
            ("limit", "100"),
            ("sortOrder", "DESC"),
            ("nextToken", "MDAwMDAwMDAwMQ=="),
        )
        assert request.path == "/vendor/directFulfillment/shipping/2021-12-28/customerInvoices"
        assert request.target().endswith("nextToken=MDAwMDAwMDAwMQ%3D%3D")
        assert (request.method, request.body) == ("GET", b"")

    @given(ranges)
    def test_range(self, ends: tuple[datetime, datetime]) -> None:
        """A range is accepted exactly where it is at most seven days long."""
        if ends[1] - ends[0] > timedelta(days=7):
            with pytest.raises(InvalidRequest, match="over 7 days"):
                build_get_customer_invoices(*ends)
        else:
            query = dict(build_get_customer_invoices(*ends).query)
            assert tuple(datetime.fromisoformat(query[name]) for name in ("createdAfter", "createdBefore")) == ends

    @pytest.mark.parametrize("length", [timedelta(0), timedelta(microseconds=-1), timedelta(days=-30)])
    def test_inverted(self, length: timedelta) -> None:
        """An empty or inverted range is refused."""
        with pytest.raises(InvalidRequest, match="is not after created_after"):
            build_get_customer_invoices(_START, _START + length)

    def test_naive(self) -> None:
        """A naive time is refused, and the message names the argument."""
        naive = datetime(2026, 10, 2)  # noqa: DTZ001 - the point
        with pytest.raises(InvalidRequest, match="created_before 2026-10-02T00:00:00 has no time zone"):
            build_get_customer_invoices(_START, naive)
        with pytest.raises(InvalidRequest, match="created_after 2026-10-02T00:00:00 has no time zone"):
            build_get_customer_invoices(naive, _END)

    def test_a_zone_without_offset_is_naive(self) -> None:
        """A time whose zone knows no offset is refused, not read in the machine's own zone."""

        class NoOffset(tzinfo):
            def utcoffset(self, _: datetime | None) -> None:
                return None

        with pytest.raises(InvalidRequest, match="has no time zone"):
            build_get_customer_invoices(_START, datetime(2026, 10, 2, tzinfo=NoOffset()))

    def test_week_with_25_hours(self) -> None:
        """Seven days on the wall in which clocks go back are over seven days."""
        zone = ZoneInfo("America/New_York")
        with pytest.raises(InvalidRequest, match="over 7 days"):
            build_get_customer_invoices(datetime(2026, 10, 30, tzinfo=zone), datetime(2026, 11, 6, tzinfo=zone))

    def test_out_of_the_calendar(self) -> None:
        """A time that UTC's calendar does not reach is refused."""
        early = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))
        with pytest.raises(InvalidRequest, match="out of the calendar"):
            build_get_customer_invoices(early, early + timedelta(days=1))

    @pytest.mark.parametrize("limit", [0, 101, -1, True, 1.5, "50", float("nan")])
    def test_limit(self, limit: Any) -> None:
        """Anything but a whole number from 1 to 100 is refused."""
        with pytest.raises(InvalidRequest, match=r"limit is .*give a whole number from 1 to 100"):
            build_get_customer_invoices(_START, _END, limit=limit)

    def test_sort_order(self) -> None:
        """An unknown sort order is refused."""
        with pytest.raises(InvalidRequest, match="sort_order is 'UP'"):
            build_get_customer_invoices(_START, _END, sort_order="UP")  # type: ignore[arg-type]

    @pytest.mark.parametrize("text", ["", "\ud800", "a\nb"])
    @pytest.mark.parametrize("name", ["ship_from_party_id", "next_token"])
    def test_unsendable_text(self, name: str, text: str) -> None:
        """An empty filter or one that cannot be encoded is refused and not shown."""
        with pytest.raises(InvalidRequest, match=f"^{name} is empty or has characters that cannot be sent"):
            build_get_customer_invoices(_START, _END, **{name: text})  # type: ignore[arg-type]

    def test_version(self) -> None:
        """An unknown version of the API is refused with those that are known."""
        with pytest.raises(InvalidRequest, match=r"'v2' is unknown. Next: give v1 or 2021-12-28"):
            build_get_customer_invoices(_START, _END, version="v2")  # type: ignore[arg-type]


class TestBuildGetCustomerInvoice:
    """`build_get_customer_invoice`."""

    @pytest.mark.parametrize("version", ["v1", "2021-12-28"])
    def test_path(self, version: Any) -> None:
        """The number stands in the path of the version asked for."""
        request = build_get_customer_invoice("2JK3S9VC", version=version)
        assert request.target() == f"/vendor/directFulfillment/shipping/{version}/customerInvoices/2JK3S9VC"

    @pytest.mark.parametrize("number", ["", "A/B", "..", "A B", " A", "A\n", "A-1", "A%2F", "Ä1", "٣", "\uff11"])
    def test_number(self, number: str) -> None:
        """Anything but ASCII letters and digits is refused, also a line end behind them and other scripts' digits."""
        with pytest.raises(InvalidRequest, match=r"purchase order number .*letters and digits only"):
            build_get_customer_invoice(number)

    @given(st.text())
    def test_path_has_one_more_segment(self, number: str) -> None:
        """No number whatever adds a segment, a query or a fragment to the path."""
        try:
            path = build_get_customer_invoice(number).path
        except InvalidRequest:
            return
        assert path == f"/vendor/directFulfillment/shipping/v1/customerInvoices/{number}"
        assert number.isascii()
        assert number.isalnum()


class TestIsoUtc:
    """`iso_utc`."""

    @given(instants)
    def test_round_trip(self, instant: datetime) -> None:
        """The text is the instant, with a Z and without an offset."""
        text = iso_utc(instant)
        assert datetime.fromisoformat(text) == instant
        assert text.endswith("Z")
        assert "+" not in text

    def test_fraction(self) -> None:
        """Microseconds are sent where there are some, and only there."""
        assert iso_utc(_START + timedelta(microseconds=5)) == "2026-10-01T00:00:00.000005Z"
        assert iso_utc(_START) == "2026-10-01T00:00:00Z"

    def test_naive(self) -> None:
        """A naive time has no UTC text: the machine's zone is never assumed."""
        with pytest.raises(InvalidRequest, match="has no time zone"):
            iso_utc(datetime(2026, 10, 1))  # noqa: DTZ001 - the point


class TestParseGetCustomerInvoices:
    """`parse_get_customer_invoices`."""

    @given(customer_invoice_lists, st.booleans())
    def test_round_trip(self, given_page: CustomerInvoiceList, wrapped: bool) -> None:  # noqa: FBT001
        """A page that was written is the page that is read, wrapped or not."""
        body = msgspec.json.encode({"payload": given_page} if wrapped else given_page)
        read = parse_get_customer_invoices(HttpResponse(status=200, body=body))
        assert list(read.invoices) == given_page.customerInvoices
        assert read.next_token == ((given_page.pagination and given_page.pagination.nextToken) or None)
        assert (read.bad, read.unknown_fields) == ((), frozenset())

    def test_empty_page(self) -> None:
        """An empty list is a page without invoices, not an error."""
        assert parse_get_customer_invoices(page()).invoices == ()

    @pytest.mark.parametrize("pagination", [None, {}, {"nextToken": None}, {"nextToken": ""}])
    def test_last_page(self, pagination: Any) -> None:
        """No token, or an empty one, is the last page."""
        assert parse_get_customer_invoices(page(_GOOD, pagination=pagination)).next_token is None

    @pytest.mark.parametrize(
        "pagination", [[], "T", 5, False, {"nextToken": 5}, {"nextToken": ["T"]}, {"nextToken": False}]
    )
    def test_unreadable_pagination(self, pagination: Any) -> None:
        """A pagination that cannot be read is an error: taken for the last page, the pages behind it would be lost."""
        with pytest.raises(MalformedResponse, match="pagination"):
            parse_get_customer_invoices(page(_GOOD, pagination=pagination))

    @pytest.mark.parametrize(
        ("entry", "number", "reason"),
        [
            (None, None, "Expected `object`, got `null`"),
            (5, None, "Expected `object`, got `int`"),
            ([_GOOD], None, "Expected `object`, got `array`"),
            ({}, None, "purchaseOrderNumber: Object missing required field; content: Object missing required field"),
            ({"purchaseOrderNumber": "4Z32PABC"}, "4Z32PABC", "content: Object missing required field"),
            ({"purchaseOrderNumber": "4Z32PABC", "content": None}, "4Z32PABC", "content: Expected `str`, got `null`"),
            (
                {"purchaseOrderNumber": "4Z32PABC", "content": {"a": 1}},
                "4Z32PABC",
                "content: Expected `str`, got `object`",
            ),
            ({"purchaseOrderNumber": 7, "content": "JVBERi0="}, None, "purchaseOrderNumber: Expected `str`, got `int`"),
        ],
    )
    def test_bad_entry(self, entry: Any, number: str | None, reason: str) -> None:
        """An entry that cannot be read stays as one that names the field; the entries around it are read."""
        read = parse_get_customer_invoices(page(_GOOD, entry, _GOOD, pagination={"nextToken": "T"}))
        assert read.invoices == (_INVOICE, _INVOICE)
        assert read.bad == (BadRecord(number, reason),)
        assert (read.next_token, read.request_id) == ("T", "R1")

    def test_two_bad_entries_stay_two(self) -> None:
        """Entries that differ have hashes that differ, also where number and reason are the same."""
        one, other = parse_get_customer_invoices(page({"content": 1}, {"content": 2})).bad
        assert one.sha256 != other.sha256

    def test_unknown_fields(self) -> None:
        """A field that the model does not have is named, wherever it stands, and does no harm."""
        read = parse_get_customer_invoices(page(_GOOD | {"total": 1}, pagination={"pages": 3}, region="IN"))
        assert read.invoices == (_INVOICE,)
        assert read.unknown_fields == {"customerInvoices.total", "pagination.pages", "region"}

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "empty"),
            (b" \r\n", "empty"),
            (b'{"payload": null}', "payload is null"),
            (b'{"payload": []}', "payload is no object"),
            (b'{"payload": {}}', "payload has no customerInvoices"),
            (b'{"payload": {"customerInvoices": null}}', "payload has no customerInvoices"),
            (b'{"payload": {"customerInvoices": {}}}', "customerInvoices is no list"),
            (b"{}", "payload has no customerInvoices"),
            (b"[]", "a JSON list, not an object"),
            (b"null", "not an object"),
            (b'{"payload": {"customerInvoices": [{"purc', "no complete JSON"),
            (b"<html><title>Sorry</title></html>", "an HTML page titled 'Sorry'"),
        ],
    )
    def test_malformed(self, body: bytes, said: str) -> None:
        """A success without a list of invoices is an error that says what the body is; never an empty page."""
        with pytest.raises(MalformedResponse, match="getCustomerInvoices: HTTP 200, but the body is") as caught:
            parse_get_customer_invoices(HttpResponse.of(200, [("x-amzn-requestid", "R1")], body))
        assert said in caught.value.excerpt
        assert caught.value.request_id == "R1"

    def test_errors_and_payload(self) -> None:
        """An answer with both a payload and errors is an error: half a page is no page."""
        body = {"payload": {"customerInvoices": [_GOOD]}, "errors": [{"code": "InternalFailure", "message": "Sorry"}]}
        with pytest.raises(ServiceUnavailable, match="InternalFailure: Sorry"):
            parse_get_customer_invoices(ok(body))

    @pytest.mark.parametrize("nothing", [None, []])
    def test_no_errors_and_payload(self, nothing: Any) -> None:
        """A field for errors without any is no error."""
        assert parse_get_customer_invoices(ok({"customerInvoices": [_GOOD], "errors": nothing})).invoices == (_INVOICE,)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, Rejected),
            (401, AccessDenied),
            (403, AccessDenied),
            (404, NotFound),
            (415, Rejected),
            (429, Throttled),
            (500, ServiceUnavailable),
            (503, ServiceUnavailable),
        ],
    )
    def test_status(self, status: int, kind: type[SpapiInvoicesError]) -> None:
        """Every status that is no success has its type, whatever the body holds."""
        for body in (b"", b"<html>", json.dumps({"customerInvoices": []}).encode()):
            with pytest.raises(kind):
                parse_get_customer_invoices(HttpResponse(status=status, body=body))

    def test_repr(self) -> None:
        """Neither documents nor tokens are in a page's repr."""
        shown = repr(parse_get_customer_invoices(page(_GOOD, {"content": "S3CRET"}, pagination={"nextToken": "T0KEN"})))
        assert not any(hidden in shown for hidden in ("JVBERi0", "S3CRET", "T0KEN"))


class TestParseGetCustomerInvoice:
    """`parse_get_customer_invoice`."""

    @given(texts, texts, st.booleans())
    def test_round_trip(self, number: str, content: str, wrapped: bool) -> None:  # noqa: FBT001
        """An invoice that was written is the invoice that is read, wrapped or not."""
        one = CustomerInvoice(purchaseOrderNumber=number, content=content)
        body = msgspec.json.encode({"payload": one} if wrapped else one)
        assert parse_get_customer_invoice(HttpResponse(status=200, body=body)).invoices == (one,)

    def test_bad(self) -> None:
        """An invoice without content stays as a record that says so."""
        read = parse_get_customer_invoice(ok({"purchaseOrderNumber": "4Z32PABC", "content": None, "total": 1}))
        assert (read.invoices, read.bad) == ((), (BadRecord("4Z32PABC", "content: Expected `str`, got `null`"),))
        assert read.unknown_fields == {"total"}

    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"payload": null}', b'{"payload": {"content": "x"}}'])
    def test_malformed(self, body: bytes) -> None:
        """A success without an invoice is an error."""
        with pytest.raises(MalformedResponse, match="getCustomerInvoice: HTTP 200"):
            parse_get_customer_invoice(HttpResponse(status=200, body=body))
