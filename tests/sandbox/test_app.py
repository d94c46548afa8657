"""From a request to its answer: routes, quotas, headers, the log, faults."""

import re
from email.utils import parsedate_to_datetime

import pytest
import requests
from asking import DETAILS, INVOICE, INVOICES, INVOICES_2021, LWA, STATUS, TOKENS, WEEK, Local, world

from spapi_invoices.endpoints import OPERATIONS
from spapi_invoices.sandbox.buckets import Plan

SHIPMENT = next(iter(world().shipments))
STATUS_PATH = STATUS.path.replace("{shipmentId}", SHIPMENT)


@pytest.fixture
def local():
    return Local()


class TestRoutes:
    """What has an operation and what has none."""

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/orders/v0/orders",
            f"{INVOICES.path}/",
            f"{INVOICES.path}/A/B",
            f"/{INVOICES.path}",
            INVOICES.path.upper(),
            DETAILS.path.replace("{shipmentId}", ""),
            f"{STATUS_PATH}/",
            "/%2e%2e/vendor",
            "*",
        ],
    )
    def test_no_such_path(self, local, method, path):
        """A path that no operation has is 403 in Amazon's form with a request id, whatever the method and the token."""
        for headers in ({}, {"x_amz_access_token": local.access()}):
            answer = local.send(method, path, **headers)
            assert answer.error[:2] == (403, "MissingAuthenticationToken")
            assert answer.headers["content-type"] == "application/json"
            assert len(answer.headers["x-amzn-requestid"]) == 36

    @pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: f"{row.operation_id}-{row.version}")
    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_another_method(self, local, row, method):
        """A path asked with another method is answered as if there were none."""
        answer = local.send(method, row.path.replace("{", "").replace("}", ""))
        shipment_post = row.operation_id == "submitInvoice"
        if method == row.method:
            assert answer.status in {400, 403}
            assert b"MissingAuthenticationToken" not in answer.body
        elif not shipment_post or method != "GET":
            assert answer.error[:2] == (403, "MissingAuthenticationToken")

    def test_an_encoded_slash_is_part_of_the_id(self, local):
        """A path is matched as it was sent: an id with a slash does not become another operation's path."""
        target = f"{DETAILS.path.partition('{')[0]}{SHIPMENT}%2Finvoice%2Fstatus"
        answer = local.send("GET", target, x_amz_access_token=local.restricted())
        assert answer.error[3] == f"'{SHIPMENT}/invoice/status' is an invalid ShipmentID"


class TestQuotas:
    """A bucket for each account and operation."""

    @pytest.mark.parametrize(
        ("asked", "burst"), [(STATUS, 25), (DETAILS, 25), (INVOICES, 10), (INVOICE, 10), (TOKENS, 10)]
    )
    def test_the_burst_and_no_more(self, local, asked, burst):
        """At one moment the operation's burst is answered and the next one is 429, as seen in the wild."""
        token = local.restricted() if asked.restricted else local.access()
        local.seconds = 60
        at = SHIPMENT if asked in {STATUS, DETAILS} else "A1" if asked is INVOICE else ""
        answers = [local.ask(asked, token, WEEK if asked is INVOICES else (), at=at) for _ in range(burst + 1)]
        assert [one.status == 429 for one in answers] == [False] * burst + [True]
        assert answers[-1].error == (429, "QuotaExceeded", "You exceeded your quota for the requested resource.", "")
        assert answers[-1].headers["x-amzn-errortype"] == "TooManyRequestsException"
        assert not {"retry-after", "x-amzn-ratelimit-limit"} & answers[-1].headers.keys()

    def test_another_plan(self, local):
        """It counts from when it is given, begins with its tokens, and is what answers state, if they state any."""
        token = local.access()
        assert [local.ask(STATUS, token, at=SHIPMENT).status for _ in range(3)] == [200] * 3
        local.state.set_plan(Plan("getInvoiceStatus", 2, 4, tokens=1))
        answers = [local.ask(STATUS, token, at=SHIPMENT) for _ in range(2)]
        assert [(one.status, one.headers.get("x-amzn-ratelimit-limit")) for one in answers] == [
            (200, "2.0"),
            (429, None),
        ]
        local.seconds += 1
        assert [local.ask(STATUS, token, at=SHIPMENT).status for _ in range(3)] == [200, 200, 429]
        local.state.set_plan(Plan("getInvoiceStatus", 2, 4, tokens=0))
        assert local.ask(STATUS, token, at=SHIPMENT).status == 429
        local.seconds += 1
        assert local.ask(STATUS, token, at=SHIPMENT).status == 200
        local.state.set_plan(Plan("getInvoiceStatus", 2, 4, stated=False))
        answers = [local.ask(STATUS, token, at=SHIPMENT) for _ in range(5)]
        assert [one.status for one in answers] == [200] * 4 + [429]
        assert "x-amzn-ratelimit-limit" not in answers[0].headers

    def test_it_fills_at_the_rate(self, local):
        """After the burst one more is answered for each 1/1.133 of the sandbox's seconds, and never over the burst."""
        token = local.access()
        for seconds, wanted in ((0, 25), (1 / 1.133, 1), (1 / 1.133 + 0.5, 0), (3 / 1.133, 2), (3000, 25)):
            local.seconds = seconds
            answers = [local.ask(STATUS, token, at=SHIPMENT).status for _ in range(27)]
            assert answers == [200] * wanted + [429] * (27 - wanted)

    def test_each_account_and_operation_its_own(self, local):
        """An account that is throttled leaves the others alone, and its other operations."""
        token = local.access()
        while local.ask(STATUS, token, at=SHIPMENT).status == 200:
            pass
        assert local.ask(STATUS, local.access("na-only"), at=SHIPMENT).status == 200
        assert local.ask(DETAILS, local.restricted(), at=SHIPMENT).status == 200

    def test_each_version_its_own(self, local):
        """What is asked of v1 leaves 2021-12-28 alone."""
        token = local.restricted()
        while local.ask(INVOICES, token, WEEK).status == 200:
            pass
        assert local.ask(INVOICES_2021, token, WEEK).status == 200

    def test_a_new_token_is_no_new_bucket(self, local):
        """The quota is the account's, not the token's."""
        statuses = [local.ask(STATUS, local.access(), at=SHIPMENT).status for _ in range(26)]
        assert statuses == [200] * 25 + [429]

    def test_what_is_not_counted(self, local):
        """Who is not let in takes nothing from the quota; a wrong request does."""
        token = local.access()
        for _ in range(30):
            assert local.ask(STATUS, "nonsense", at=SHIPMENT).status == 403
        statuses = [local.ask(STATUS, token, at="none").status for _ in range(26)]
        assert statuses == [400] * 25 + [429]

    def test_a_clock_that_stands_still(self):
        """Where no time passes there is no quota: it would never fill again."""
        local = Local(scale=0)
        token = local.access()
        assert {local.ask(STATUS, token, at=SHIPMENT).status for _ in range(100)} == {200}

    def test_bounded(self, local):
        """However much is asked, buckets are one for each account and operation."""
        token = local.access()
        for number in range(200):
            local.ask(STATUS, token, at=f"D{number}")
        assert len(local.state.buckets) == 1


class TestHeaders:
    """What every answer has, and what only some have."""

    def test_the_rate(self, local):
        """On 200, 400 and 404 of who is let in, as a decimal; not on 403 and 429, nor from Login with Amazon."""
        access, restricted = local.access(), local.restricted()
        rates = {
            "200": local.ask(STATUS, access, at=SHIPMENT),
            "400": local.ask(STATUS, access, at="none"),
            "404": local.ask(INVOICE, restricted, at="NONE"),
            "not enabled": local.ask(INVOICES, local.restricted("not-enabled"), WEEK),
            "tokens": local.restrict(),
            "403": local.ask(STATUS, None, at=SHIPMENT),
            "role": local.ask(STATUS, local.access("eu-only"), at=SHIPMENT),
            "path": local.send("GET", "/none"),
            "login": local.log_in(),
        }
        assert {name: one.headers.get("x-amzn-ratelimit-limit") for name, one in rates.items()} == {
            "200": "1.133",
            "400": "1.133",
            "404": "10.0",
            "not enabled": "10.0",
            "tokens": "1.0",
            **dict.fromkeys(("403", "role", "path", "login")),
        }

    @pytest.mark.parametrize(("scale", "said"), [(1, "1"), (0, "0"), (0.5, "0.5"), (60, "60")])
    def test_the_time_scale(self, scale, said):
        """Every answer says how fast the clock is: whose seconds a rate is in."""
        one = Local(scale)
        answers = one.log_in(grant_type="refresh_token"), one.send("GET", "/none"), one.ask(STATUS, None, at=SHIPMENT)
        assert {answer.headers["x-sandbox-time-scale"] for answer in answers} == {said}

    def test_on_every_answer(self, local):
        """Each has the sandbox's Date, a request id, JSON as its type, and a length."""
        local.seconds = 3661
        answers = [
            local.log_in(),
            local.log_in(grant_type="refresh_token", refresh_token="sandbox-refresh-token"),
            local.ask(STATUS, None, at=SHIPMENT),
            local.ask(STATUS, local.access(), at=SHIPMENT),
            local.send("PATCH", "/"),
        ]
        for one in answers:
            assert (parsedate_to_datetime(one.headers["date"]) - world().now).total_seconds() == 3661
            assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one.headers["x-amzn-requestid"])
            assert one.headers["content-type"] == "application/json"
            assert one.headers["content-length"] == str(len(one.body))
            assert one.json
        assert len({one.headers["x-amzn-requestid"] for one in answers}) == len(answers)

    def test_denied(self, local):
        """403 says so in its header, too."""
        assert local.ask(STATUS, None, at=SHIPMENT).headers["x-amzn-errortype"] == "AccessDeniedException"

    def test_request_ids(self, local):
        """With a running clock no two answers share one; on a clock that stands still equal requests do."""
        still = Local(scale=0)
        token = local.access()
        ids = {local.ask(STATUS, token, at=SHIPMENT).headers["x-amzn-requestid"] for _ in range(5)}
        assert len(ids) == 5
        same = {still.ask(STATUS, still.access(), at=SHIPMENT).headers["x-amzn-requestid"] for _ in range(5)}
        assert len(same) == 1

    def test_another_request_another_id(self):
        """Where ids are digests, another method, path, query or body gives another."""
        still = Local(scale=0)
        asked = [("GET", "/a"), ("PUT", "/a"), ("GET", "/b"), ("GET", "/a?x=1"), ("GET", "/a?x=2"), ("PUT", "/a", b"1")]
        assert len({still.send(*one).headers["x-amzn-requestid"] for one in asked}) == len(asked)


class TestUserAgent:
    """What a client says of itself."""

    @pytest.mark.parametrize(("length", "status"), [(500, 200), (501, 400)])
    def test_five_hundred_characters(self, local, length, status):
        """A User-Agent of 500 characters is answered, a longer one is 400 and says why."""
        answer = local.ask(STATUS, local.access(), at=SHIPMENT, user_agent="x" * length)
        assert answer.status == status
        assert status == 200 or answer.error[2] == "User-Agent must have no more than 500 characters."

    def test_token_first(self, local):
        """Who is not let in is told that first."""
        assert local.ask(STATUS, None, at=SHIPMENT, user_agent="x" * 501).status == 403


class TestMistakes:
    """A mistake of the sandbox's own."""

    @pytest.fixture
    def broken(self, local, monkeypatch):
        """A sandbox that has lost its shipments."""
        token = local.access()
        monkeypatch.setattr(local.state, "world", None)
        return lambda: local.ask(STATUS, token, at=SHIPMENT)

    def test_hides_from_no_test(self, broken):
        """It is in the request log as a 500, and no test in this process takes it for an answer that it expects."""
        with pytest.raises(AssertionError, match=rf"{STATUS_PATH} 500 [0-9a-f-]{{36}}$"):
            broken()

    def test_its_form(self, local, broken, caplog):
        """The answer is the one that the fault 500 gives, and the log has the traceback."""
        local.faults.set("lost-answer")  # which cannot strike this
        answer = broken()
        assert answer.error == (500, "InternalFailure", "We encountered an internal error. Please try again.", "")
        assert len(answer.headers["x-amzn-requestid"]) == 36
        [record] = caplog.records
        assert record.getMessage() == "getInvoiceStatus was not answered"
        assert record.exc_info[0] is AttributeError


class TestStandingStill:
    """On a clock that stands still an answer is a function of the request."""

    def test_to_the_byte(self):
        """Two sandboxes, and one asked twice, give equal answers: tokens, pages, errors, headers."""

        def round_of(local):
            token = local.restricted()
            page = local.ask(INVOICES, token, WEEK | {"limit": "1"})
            more = {"nextToken": page.json["payload"]["pagination"]["nextToken"], "limit": "1"}
            return [
                local.restrict(),
                page,
                local.ask(INVOICES, token, WEEK | more),
                local.ask(DETAILS, token, at=SHIPMENT),
                local.ask(INVOICES, token),
                local.ask(STATUS, None, at=SHIPMENT),
                local.send("GET", "/none?x=1"),
            ]

        one, two = Local(scale=0), Local(scale=0)
        assert round_of(one) == round_of(two) == round_of(one)
        assert len({reply.headers["x-amzn-requestid"] for reply in round_of(one)}) == 7


class TestLog:
    """A line for each request, without anything that is secret or personal."""

    def test_a_line(self, local):
        """Time, method, path with query, status and the answer's request id."""
        local.seconds = 60
        answer = local.ask(INVOICES, None, {"limit": "2"})
        assert local.lines == [
            f"2026-11-02T09:01:00+0000 GET {INVOICES.path}?limit=2 403 {answer.headers['x-amzn-requestid']}"
        ]

    def test_with_its_fault(self, local):
        """The fault that struck stands at the end."""
        local.faults.set("repeat-token")
        local.ask(INVOICES, local.restricted(), WEEK)
        assert local.lines[-1].endswith(" repeat-token")
        assert "repeat-token" not in local.lines[0]

    def test_no_secret(self, local):
        """Neither tokens nor credentials nor a body are in any line."""
        access, restricted = local.access(), local.restricted()
        local.ask(INVOICES, restricted, WEEK)
        local.ask(DETAILS, restricted, at=SHIPMENT)
        local.ask(STATUS, access, at=SHIPMENT)
        text = "\n".join(local.lines)
        assert len(local.lines) >= 5
        for secret in (access, restricted, "Atza", "sandbox-secret", "sandbox-refresh-token", "Example Customer"):
            assert secret not in text


class TestFaults:
    """A fault stands before everything else, and strikes unauthenticated requests too."""

    def test_instead(self, local):
        """In place of handling: nothing of the request is looked at, nothing taken from the quota."""
        local.faults.set("500")
        assert local.ask(STATUS, None, at=SHIPMENT).status == 500
        assert local.ask(STATUS, local.access(), at=SHIPMENT).status == 500
        assert local.state.buckets == {}

    def test_stamped(self, local):
        """It has a Date and a request id like any other, and no rate."""
        local.faults.set("500")
        answer = local.ask(STATUS, None, at=SHIPMENT)
        assert {"date", "x-amzn-requestid"} <= answer.headers.keys()
        assert "x-amzn-ratelimit-limit" not in answer.headers

    def test_delivered(self, local):
        """A fault of the way spoils an answer that was given."""
        token = local.access()
        local.faults.set("empty-200")
        answer = local.ask(STATUS, token, at=SHIPMENT)
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["x-amzn-ratelimit-limit"] == "1.133"
        local.faults.clear()
        assert local.ask(STATUS, token, at=SHIPMENT).json


def test_over_real_http(sandbox):
    """On a socket: a token, a page, and an unknown path, as in this process."""
    form = {
        "grant_type": "refresh_token",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "refresh_token": "sandbox-refresh-token",
    }
    with requests.Session() as session:
        token = session.post(f"{sandbox.endpoint}{LWA.path}", data=form, timeout=10).json()["access_token"]
        body = {"restrictedResources": [{"method": "GET", "path": INVOICES.path}]}
        headers = {"x-amz-access-token": token}
        given = session.post(f"{sandbox.endpoint}{TOKENS.path}", json=body, headers=headers, timeout=10).json()
        headers = {"x-amz-access-token": given["restrictedDataToken"]}
        page = session.get(f"{sandbox.endpoint}{INVOICES.path}", params=WEEK, headers=headers, timeout=10)
        assert (page.status_code, page.headers["x-amzn-ratelimit-limit"]) == (200, "10.0")
        assert page.json()["payload"]["customerInvoices"]
        answer = session.put(f"{sandbox.endpoint}/none", data=b"x" * 100_000, timeout=10)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "MissingAuthenticationToken")
