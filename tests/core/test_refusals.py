import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.customer_invoices import parse_get_customer_invoices
from spapi_invoices.core.refusals import REFUSALS, explain
from spapi_invoices.core.shipment_invoicing import parse_get_invoice_status, parse_get_shipment_details
from spapi_invoices.core.tokens import parse_create_restricted_data_token
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.endpoints import OPERATIONS, operation
from spapi_invoices.errors import AccessDenied, ApiError, ErrorDetail, Rejected
from spapi_invoices.sandbox.answer import denied
from tests.strategies import texts

_STATUS = operation("getInvoiceStatus", "v0")
_DENIED = "Access to requested resource is denied."


def refused(parse, status: int, code: str, message: str, details: str | None = "") -> ApiError:
    """The error that a parser raises for a refusal in Amazon's form."""
    body = json.dumps({"errors": [{"code": code, "message": message, "details": details}]}).encode()
    with pytest.raises(ApiError) as caught:
        parse(HttpResponse(status=status, body=body))
    return caught.value


class TestSeen:
    """What was seen in the wild, or stands in a model or a guide."""

    @pytest.mark.parametrize("status", [400, 401, 403])
    @pytest.mark.parametrize(
        ("parse", "details", "name"),
        [
            (parse_get_invoice_status, "The access token you provided has expired.", "token_expired"),
            (parse_get_shipment_details, "The access token you provided has expired.", "token_expired"),
            (parse_get_invoice_status, "Access token is missing in the request header.", "token_missing"),
            (
                parse_get_shipment_details,
                "The access token you provided is revoked, malformed or invalid.",
                "restricted_token_needed",
            ),
            (
                parse_get_customer_invoices,
                "The access token you provided is revoked, malformed or invalid.",
                "restricted_token_needed",
            ),
            (
                parse_get_invoice_status,
                "The access token you provided is revoked, malformed or invalid.",
                "token_refused",
            ),
            (parse_get_invoice_status, "", "role_or_region"),
            (parse_get_customer_invoices, None, "role_or_region"),
        ],
    )
    def test_unauthorized(self, parse, details: str | None, name: str, status: int) -> None:
        """One code and one message stand for many refusals; the details tell them apart, whatever the status."""
        error = refused(parse, status, "Unauthorized", _DENIED, details)
        assert type(error) is AccessDenied
        assert error.explanation.name == name
        assert str(error).endswith(f"{error.explanation.meaning} Next: {error.next_step}")

    @pytest.mark.parametrize(
        ("parse", "status", "code", "message", "kind", "name"),
        [
            (parse_get_invoice_status, 403, "MissingAuthenticationToken", _DENIED, AccessDenied, "path_unknown"),
            (
                parse_create_restricted_data_token,
                400,
                "InvalidInput",
                "Application do not have access to some or all requested resource",
                AccessDenied,
                "role_missing",
            ),
            (
                parse_get_customer_invoices,
                404,
                "SellingPartnerNotFoundError",
                "The selling partner was not found.",
                AccessDenied,
                "vendor_not_enabled",
            ),
            (
                parse_get_customer_invoices,
                403,
                "InvalidRequest",
                "The request is invalid.",
                AccessDenied,
                "request_invalid",
            ),
            (
                parse_get_customer_invoices,
                400,
                "InvalidRequest",
                "The request is invalid.",
                Rejected,
                "request_invalid",
            ),
            (
                parse_create_restricted_data_token,
                400,
                "InvalidInput",
                "Could not match input arguments",
                Rejected,
                "static_sandbox",
            ),
        ],
    )
    def test_others(self, parse, status: int, code: str, message: str, kind: type[ApiError], name: str) -> None:
        """A role that is missing is denied access also where Amazon calls it bad input; the type of others is the status's."""
        error = refused(parse, status, code, message)
        assert (type(error), error.explanation.name) == (kind, name)

    def test_unknown_words(self) -> None:
        """Words that no row has are not explained; the next step is that of the type."""
        error = refused(parse_get_invoice_status, 403, "Unauthorized", "No")
        assert (error.explanation, error.next_step) == (None, AccessDenied.next_step)

    @pytest.mark.parametrize("status", [200, 429, 500, 503])
    def test_no_refusal(self, status: int) -> None:
        """What is no refusal is not explained as one: Amazon could not answer just then."""
        error = refused(parse_get_invoice_status, status, "QuotaExceeded", _DENIED)
        assert error.explanation is None

    def test_the_sandboxs_own(self) -> None:
        """What the sandbox says when it denies has a row, so that whoever tries it sees what Amazon's users see."""
        answer = denied("").answer
        with pytest.raises(AccessDenied) as caught:
            parse_get_invoice_status(HttpResponse(status=answer.status, body=answer.body))
        assert caught.value.explanation.name == "role_or_region"


class TestTable:
    """The rows."""

    @pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.explanation.name)
    def test_found(self, row) -> None:
        """Each row is found by its own words, in any case: none stands behind one that takes them all."""
        asked = [one for one in OPERATIONS if row.restricted in {None, one.restricted}]
        for one in asked:
            for says in (row.says, row.says.upper()):
                assert explain(one, (ErrorDetail("X", says, "y"),)) is row

    def test_names(self) -> None:
        """A name stands for one row, and is one that code can use."""
        names = [row.explanation.name for row in REFUSALS]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z_]+", name) for name in names)

    @pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.explanation.name)
    def test_words(self, row) -> None:
        """A row says what it means in sentences, what to do without a stop, and where it is from."""
        told = row.explanation
        assert re.fullmatch(r"[A-Z].*\.", told.meaning)
        assert not told.next_step.endswith(".")
        assert row.source

    @given(st.sampled_from(OPERATIONS), st.lists(st.builds(ErrorDetail, texts, texts, texts)))
    def test_any_words(self, asked, errors) -> None:
        """Any words are explained or not; an explanation's words are then among them."""
        row = explain(asked, tuple(errors))
        assert row is None or row.says.lower() in "; ".join(map(str, errors)).lower()


def test_explained_in_one_line() -> None:
    """The whole message: what was asked, what Amazon said, by what support finds it, what it means, what to do."""
    assert str(refused(parse_get_invoice_status, 403, "MissingAuthenticationToken", _DENIED)) == (
        "getInvoiceStatus: HTTP 403: MissingAuthenticationToken: Access to requested resource is denied. (request id none). "
        "This host has no such path; the token is not the reason, whatever the code's name. "
        "Next: check endpoint and api_version of the profile"
    )


def test_among_others() -> None:
    """Words are explained whatever stands before and after them in Amazon's list."""
    errors = (ErrorDetail("A", "first"), ErrorDetail("Unauthorized", _DENIED), ErrorDetail("B", "last"))
    assert explain(_STATUS, errors).explanation.name == "role_or_region"
