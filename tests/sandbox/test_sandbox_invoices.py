"""getCustomerInvoices and getCustomerInvoice: parameters, windows, pages."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from asking import INVOICE, INVOICE_2021, INVOICES, INVOICES_2021, STATUS, SUBMIT, WEEK, Local, world
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_invoices.errors import InvalidRequest

AFTER, BEFORE = datetime(2026, 10, 8, tzinfo=UTC), datetime(2026, 10, 15, tzinfo=UTC)
NOW = world().now


@pytest.fixture
def local():
    return Local()


@pytest.fixture
def token(local):
    return local.restricted()


def text(at):
    return at.isoformat().replace("+00:00", "Z")


def numbers(answer):
    page = answer.json.get("payload", answer.json)
    return [one["purchaseOrderNumber"] for one in page["customerInvoices"]]


def following(answer):
    return answer.json.get("payload", answer.json)["pagination"].get("nextToken")


def walk(local, token, query, asked=INVOICES, most=50):
    """The pages of a query, to the last."""
    pages, more = [], {}
    while more is not None:
        assert len(pages) < most
        answer = local.ask(asked, token, query | more)
        assert answer.status == 200, answer.json
        pages.append(numbers(answer))
        more = {"nextToken": following(answer)} if following(answer) else None
    return pages


def expected(after, before, party=None):
    """By going through all of the world."""
    return [
        one.number
        for one in world().purchase_orders
        if after <= one.available_at < before and party in (None, one.ship_from_party_id)
    ]


class TestParameters:
    """What is asked must be what the model says."""

    @pytest.mark.parametrize(
        ("change", "names"),
        [
            ({"createdAfter": None}, "createdAfter"),
            ({"createdBefore": None}, "createdBefore"),
            ({"createdAfter": ""}, "createdAfter"),
            ({"createdAfter": "8 October"}, "createdAfter"),
            ({"createdAfter": "2026-10-08"}, "createdAfter"),
            ({"createdAfter": "2026-10-08T00:00:00"}, "createdAfter"),
            ({"createdAfter": "2026-10-08 00:00:00Z"}, "createdAfter"),
            ({"createdAfter": "20261008T000000Z"}, "createdAfter"),
            ({"createdAfter": "2026-W41-4T00:00:00Z"}, "createdAfter"),
            ({"createdAfter": "2026-02-31T00:00:00Z"}, "createdAfter"),
            ({"createdAfter": "2026-10-08T24:00:01Z"}, "createdAfter"),
            ({"createdAfter": "2026-10-08T00:00:00+99:00"}, "createdAfter"),
            ({"createdAfter": "٢٠٢٦-10-08T00:00:00Z"}, "createdAfter"),
            ({"createdBefore": "2026-10-15T00:00:00z"}, "createdBefore"),
            ({"limit": "0"}, "limit"),
            ({"limit": "101"}, "limit"),
            ({"limit": "-1"}, "limit"),
            ({"limit": "1.0"}, "limit"),
            ({"limit": ""}, "limit"),
            ({"limit": "٣"}, "limit"),
            ({"limit": "9" * 5000}, "limit"),
            ({"sortOrder": "asc"}, "sortOrder"),
            ({"sortOrder": ""}, "sortOrder"),
            ({"nextToken": ""}, "nextToken"),
            ({"nextToken": "bm9uZQ=="}, "nextToken"),
            ({"nextToken": "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")}, "nextToken"),
            ({"createdafter": "x"}, "createdafter"),
            ({"purchaseOrderNumber": "A1"}, "purchaseOrderNumber"),
            ({"MarketplaceID": "A1"}, "MarketplaceID"),
        ],
    )
    def test_refusals(self, local, token, change, names):
        """Missing, of another form, out of bounds or unknown: 400 InvalidInput that names the parameter."""
        query = {name: value for name, value in (WEEK | change).items() if value is not None}
        status, code, message, _ = local.ask(INVOICES, token, query).error
        assert (status, code) == (400, "InvalidInput")
        assert names in message

    @pytest.mark.parametrize("name", ["createdAfter", "limit", "sortOrder", "nextToken"])
    def test_repeated(self, local, token, name):
        """A parameter that is given twice is refused, even with the same value."""
        full = WEEK | {"limit": "2", "sortOrder": "ASC", "nextToken": "x"}
        answer = local.ask(INVOICES, token, [*full.items(), (name, full[name])])
        assert answer.error[:3] == (400, "InvalidInput", f"{name} is given more than once.")

    def test_a_plus_must_be_encoded(self, local, token):
        """A plus that was not encoded is a blank on arrival, so the offset is wrong; encoded it is right."""
        right = urlencode({"createdAfter": "2026-10-08T05:30:00+05:30", "createdBefore": "2026-10-15T05:30:00+05:30"})
        for query, status in ((right, 200), (right.replace("%2B", "+"), 400)):
            answer = local.send("GET", f"{INVOICES.path}?{query}", x_amz_access_token=token)
            assert answer.status == status

    def test_offsets_are_read(self, local, token):
        """The same instants in another offset are the same window."""
        india = {"createdAfter": "2026-10-08T05:30:00+05:30", "createdBefore": "2026-10-15T05:30:00+0530"}
        assert numbers(local.ask(INVOICES, token, india)) == numbers(local.ask(INVOICES, token, WEEK))

    @pytest.mark.parametrize(("asked", "at"), [(INVOICES, ""), (INVOICE, world().purchase_orders[0].number)])
    def test_the_marketplace_that_clients_send(self, local, token, asked, at):
        """The four spellings of a marketplace are passed over on a GET, repeated or not, and change nothing."""
        spellings = ["MarketplaceId", "MarketplaceIds", "marketplace_ids", "marketplaceIds", "marketplaceIds"]
        query = list(WEEK.items()) if asked is INVOICES else []
        answer = local.ask(asked, token, [*query, *((name, "A21TJRUUN4KGV") for name in spellings)], at=at)
        assert (answer.status, answer.body) == (200, local.ask(asked, token, query, at=at).body)

    def test_pages_of_clients_that_send_it(self, local, token):
        """A page token does not mind whether the marketplace is sent."""
        more = {"nextToken": following(local.ask(INVOICES, token, WEEK | {"limit": "1"})), "limit": "1"}
        assert local.ask(INVOICES, token, WEEK | more | {"MarketplaceId": "A1"}).status == 200

    def test_only_with_a_get(self, local):
        """In the query of a POST it is unknown, as is anything in the query of an operation that takes none."""
        shipment = next(iter(world().shipments))
        for asked, name in ((SUBMIT, "MarketplaceId"), (STATUS, "limit")):
            status, _, message, _ = local.ask(asked, local.access(), {name: "1"}, at=shipment).error
            assert (status, message) == (400, f"{name} is not a parameter of {asked.operation_id}.")


class TestRange:
    """Which range may be asked."""

    @pytest.mark.parametrize(
        ("days", "status"),
        [
            (timedelta(0), 400),
            (timedelta(seconds=-1), 400),
            (timedelta(microseconds=1), 200),
            (timedelta(days=7), 200),
            (timedelta(days=7, microseconds=1), 400),
        ],
    )
    def test_seven_days(self, local, token, days, status):
        """Positive, and seven days at most, to the microsecond."""
        query = {"createdAfter": text(AFTER), "createdBefore": text(AFTER + days)}
        assert local.ask(INVOICES, token, query).status == status

    @pytest.mark.parametrize("years", [0, 1])
    def test_six_months(self, local, years):
        """From six months back on, from when the sandbox began: it does not age, however long or fast its clock runs."""
        local.seconds = years * 365 * 86_400
        first = NOW - timedelta(days=184)
        for earlier, status in ((timedelta(0), 200), (timedelta(microseconds=1), 400)):
            query = {"createdAfter": text(first - earlier), "createdBefore": text(first + timedelta(days=1))}
            assert local.ask(INVOICES, local.restricted(), query).status == status

    @pytest.mark.parametrize("year", ["0001", "9999"])
    @pytest.mark.parametrize("offset", ["Z", "-23:59", "%2B23:59"])
    def test_the_ends_of_time(self, local, token, year, offset):
        """The first and the last days there are do not break anything."""
        for first, last in (("01-01T00:00:00", "01-02T00:00:00"), ("12-30T00:00:00", "12-31T23:59:59")):
            target = f"{INVOICES.path}?createdAfter={year}-{first}{offset}&createdBefore={year}-{last}{offset}"
            answer = local.send("GET", target, x_amz_access_token=token)
            assert answer.status == (400 if year == "0001" else 200)

    def test_after_is_in_and_before_is_out(self, local, token):
        """An invoice is in the window that begins with its moment, not in the one that ends with it."""
        one = world().purchase_orders[3]
        before = {"createdAfter": text(one.available_at - timedelta(days=1)), "createdBefore": text(one.available_at)}
        after = {"createdAfter": text(one.available_at), "createdBefore": text(one.available_at + timedelta(days=1))}
        assert one.number in numbers(local.ask(INVOICES, token, after))
        assert one.number not in numbers(local.ask(INVOICES, token, before))


class TestPages:
    """Pages of a window."""

    @pytest.mark.parametrize("asked", [INVOICES, INVOICES_2021])
    @settings(max_examples=25)
    @given(limit=st.integers(1, 100), size=st.integers(1, 100), descending=st.booleans())
    def test_all_pages_are_the_window(self, asked, limit, size, descending):
        """Whatever limit and page size, the pages hold each invoice of the window once, in order; all but the last are full."""
        local = Local(scale=0, page_size=size)
        query = WEEK | {"limit": str(limit), "sortOrder": "DESC" if descending else "ASC"}
        pages = walk(local, local.restricted(), query, asked)
        wanted = expected(AFTER, BEFORE)
        assert [one for page in pages for one in page] == (wanted[::-1] if descending else wanted)
        assert all(len(page) == min(limit, size) for page in pages[:-1])
        assert pages[-1]

    @pytest.mark.parametrize("size", [0, -1, 101])
    def test_a_page_size_that_is_none(self, size):
        """A sandbox whose pages would hold nothing, or more than Amazon's, is not made."""
        with pytest.raises(InvalidRequest, match=f"page_size is {size}"):
            Local(page_size=size)

    def test_ascending_unless_told(self, local, token):
        """Without sortOrder the oldest comes first."""
        assert numbers(local.ask(INVOICES, token, WEEK)) == expected(AFTER, BEFORE)

    @pytest.mark.parametrize("limit", [{}, {"limit": "1"}])
    def test_one_warehouse(self, limit):
        """A shipFromPartyId leaves the others out, over all pages."""
        local = Local(scale=0)
        for party in {one.ship_from_party_id for one in world().purchase_orders}:
            pages = walk(local, local.restricted(), WEEK | limit | {"shipFromPartyId": party})
            assert [one for page in pages for one in page] == expected(AFTER, BEFORE, party)
            assert pages[0]

    @pytest.mark.parametrize("party", ["", "NONE", "blr7"])
    def test_an_unknown_warehouse(self, local, token, party):
        """Nothing is shipped from where nobody is: an empty page, not an error."""
        assert walk(local, token, WEEK | {"shipFromPartyId": party}) == [[]]

    def test_an_empty_window(self, local, token):
        """A window in which nothing became available is an empty page without a next one."""
        query = {"createdAfter": text(NOW), "createdBefore": text(NOW + timedelta(days=7))}
        assert walk(local, token, query) == [[]]

    def test_wrapped_in_v1_alone(self, local, token):
        """v1 wraps in payload, 2021-12-28 does not; what is inside is the same, but for the token of the next page."""
        one, two = (local.ask(asked, token, WEEK).json for asked in (INVOICES, INVOICES_2021))
        assert list(one) == ["payload"]
        assert one["payload"] == two

    def test_repeat_token_is_the_same_text(self, local, token):
        """On a clock that runs the token that was sent comes back to the byte, page after page, as of Amazon's static sandbox."""
        local.faults.set("repeat-token")
        sent = following(local.ask(INVOICES, token, WEEK | {"limit": "1"}))
        for local.seconds in range(1, 4):
            assert following(local.ask(INVOICES, token, WEEK | {"limit": "1", "nextToken": sent})) == sent

    def test_repeat_token(self, local, token):
        """Under the fault every page, the last one too, points at itself; without it the same token goes on to the end."""
        wanted = expected(AFTER, BEFORE)
        last = f"{len(wanted)}"
        local.faults.set("repeat-token")
        first = local.ask(INVOICES, token, WEEK | {"limit": "1"})
        again = local.ask(INVOICES, token, WEEK | {"limit": "1", "nextToken": following(first)})
        assert numbers(first) == numbers(again) == wanted[:1]
        assert following(local.ask(INVOICES, token, WEEK | {"limit": last}))
        local.faults.clear()
        query = WEEK | {"limit": "1", "nextToken": following(again)}
        assert numbers(local.ask(INVOICES, token, query)) == wanted[:1]


class TestPageTokens:
    """A page token is good for its own query and account, for an hour."""

    @pytest.fixture
    def query(self):
        return WEEK | {"limit": "1"}

    @pytest.fixture
    def more(self, local, token, query):
        return {"nextToken": following(local.ask(INVOICES, token, query))}

    @pytest.mark.parametrize(
        "change",
        [
            {"createdAfter": "2026-10-09T00:00:00Z"},
            {"createdBefore": "2026-10-14T00:00:00Z"},
            {"limit": "2"},
            {"sortOrder": "DESC"},
            {"shipFromPartyId": "BLR7"},
        ],
    )
    def test_another_query(self, local, token, query, more, change):
        """With any parameter changed or added it is refused."""
        assert local.ask(INVOICES, token, query | more | change).error[1:3] == ("InvalidInput", "nextToken is invalid.")

    def test_the_order_of_parameters(self, local, token, query, more):
        """In another order they are the same query."""
        assert local.ask(INVOICES, token, dict(reversed((query | more).items()))).status == 200

    def test_another_version(self, local, token, query, more):
        """The token of v1 is none of 2021-12-28."""
        assert local.ask(INVOICES_2021, token, query | more).status == 400

    def test_another_account(self, local, query, more):
        """The token of one account is none of another's."""
        assert local.ask(INVOICES, local.restricted("eu-only"), query | more).status == 400

    def test_an_hour(self, local, query, more):
        """Good for 3599 seconds; stale from 3600 on."""
        for seconds, status in ((3599, 200), (3600, 400)):
            local.seconds = seconds
            assert local.ask(INVOICES, local.restricted(), query | more).status == status

    def test_from_another_run(self, local, token, query):
        """A token from a later moment, as of a sandbox that was then started anew, is refused."""
        before = Local()
        before.seconds = 1
        more = {"nextToken": following(before.ask(INVOICES, before.restricted(), query))}
        assert local.ask(INVOICES, token, query | more).status == 400

    def test_another_kind_of_token(self, local, token, query):
        """An access token's seal is right and its kind is not."""
        for other in (token, token.partition("|")[2]):
            assert local.ask(INVOICES, token, query | {"nextToken": other}).status == 400


class TestOne:
    """getCustomerInvoice."""

    @pytest.mark.parametrize("asked", [INVOICE, INVOICE_2021])
    def test_each(self, asked):
        """Each purchase order's number gives its invoice; of one with several, the newest."""
        local = Local(scale=0)
        token, newest = local.restricted(), {one.number: one.content for one in world().purchase_orders}
        for number, content in newest.items():
            answer = local.ask(asked, token, at=number).json
            assert answer.get("payload", answer) == {"purchaseOrderNumber": number, "content": content}
            assert ("payload" in answer) == (asked is INVOICE)

    @pytest.mark.parametrize("number", ["A-1", "A B", "Ä1", "A%1", "A/1", "A\n", "..", "\u0663"])
    def test_the_form(self, local, token, number):
        """A number that is not letters and digits is 400, whatever the path's encoding hides."""
        assert local.ask(INVOICE, token, at=number).error[:2] == (400, "InvalidInput")

    def test_unknown(self, local, token):
        """A number that nobody has is 404."""
        assert local.ask(INVOICE, token, at="NONE0000").error[:2] == (404, "NotFound")
