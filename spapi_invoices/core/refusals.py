"""What Amazon means when it refuses, and what to do then: a table. Not for the type of the error: `core.status` knows.

Amazon's codes tell little apart: most refusals are "Unauthorized". The words do, so a row is found by what they contain,
in any case. The first row that fits wins: specific words stand before general ones.
"""

from dataclasses import dataclass
from typing import Final

from spapi_invoices.endpoints import Operation
from spapi_invoices.errors import ErrorDetail, Explanation

_NEEDS: Final = (
    "customer invoices need Direct-to-Consumer Shipping (Restricted) and a vendor of region eu, "
    "shipments need Tax Invoicing (Restricted) and a seller of region na"
)
_ADD_ROLE: Final = "add the role to the application, have the selling partner authorise it again, and put the new refresh token in the profile"
_REVOKED: Final = "else the selling partner may have revoked the authorisation: have the application authorised again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row of the table.

    Attributes:
        says: A part of Amazon's code, message and details, in that order.
        explanation: What it means.
        source: Where these words or their meaning are from; issues are of the two repositories in github.com/amzn.
        restricted: Only said of an operation that is restricted, or that is not; ``None`` for either.
        denies: The account or the application may not ask, also where the status calls it a bad request.
    """

    says: str
    explanation: Explanation
    source: str
    restricted: bool | None = None
    denies: bool = False

    def fits(self, operation: Operation, said: str) -> bool:
        """These words, in lower case, are this refusal."""
        return self.says.lower() in said and self.restricted in {None, operation.restricted}


EXPIRED: Final = Refusal(
    says="token you provided has expired",
    explanation=Explanation(
        "token_expired",
        "The token has expired.",
        "get a new one; a client has done that once already, so if this stays, give Amazon's support the request id",
    ),
    source="seen in the wild; that a new token mends it is inferred",
)
REFUSALS: Final = (
    # Login with Amazon.
    Refusal(
        says="invalid_client",
        explanation=Explanation(
            "client_refused",
            "Login with Amazon does not know this client id with this secret.",
            "check client_id and client_secret of the profile; a secret expires 180 days after it was made",
        ),
        source="guide LWA credentials FAQ; selling-partner-api-docs 3030",
    ),
    Refusal(
        says="invalid_grant",
        explanation=Explanation(
            "refresh_token_refused",
            "The refresh token is wrong, or its authorisation was revoked or never given.",
            "check refresh_token of the profile; the selling partner may have to authorise the application again",
        ),
        source="selling-partner-api-docs 268, 2379",
    ),
    Refusal(
        says="unauthorized_client",
        explanation=Explanation(
            "client_mismatch",
            "This client may not use this refresh token.",
            "check that the refresh token was issued to this client_id",
        ),
        source="RFC 6749, section 5.2",
    ),
    # The token.
    EXPIRED,
    Refusal(
        says="access token is missing",
        explanation=Explanation(
            "token_missing",
            "The request arrived without its token.",
            "look for a proxy in between that drops the header x-amz-access-token",
        ),
        source="developer guide of 2022, which shows it with HTTP 400",
    ),
    Refusal(
        says="revoked, malformed or invalid",
        restricted=True,
        explanation=Explanation(
            "restricted_token_needed",
            "The token does not open this operation, which takes a restricted data token for its path and no other.",
            f'set rdt of the profile to "auto" if it is "never"; {_REVOKED}',
        ),
        source="selling-partner-api-models 2563; selling-partner-api-docs 2040",
    ),
    Refusal(
        says="revoked, malformed or invalid",
        restricted=False,
        explanation=Explanation(
            "token_refused",
            "The token does not open this operation, which takes an access token.",
            f'set rdt of the profile to "auto" if it is "always"; {_REVOKED}',
        ),
        source="selling-partner-api-models 2563",
    ),
    # The application and the account.
    Refusal(
        says="do not have access to some or all requested resource",
        denies=True,
        explanation=Explanation(
            "role_missing",
            f"The application lacks a role, or was not authorised again since it has it: {_NEEDS}.",
            _ADD_ROLE,
        ),
        source="selling-partner-api-docs 1396; selling-partner-api-models 4382",
    ),
    Refusal(
        says="SellingPartnerNotFoundError",
        denies=True,
        explanation=Explanation(
            "vendor_not_enabled",
            "Amazon has not enabled the vendor for Direct Fulfillment, or the account is another region's.",
            "check that the profile's region is the account's; if it is, ask Amazon to enable the vendor",
        ),
        source="selling-partner-api-models 1867",
    ),
    # The request.
    Refusal(
        says="MissingAuthenticationToken",
        explanation=Explanation(
            "path_unknown",
            "This host has no such path; the token is not the reason, whatever the code's name.",
            "check endpoint and api_version of the profile",
        ),
        source="AWS re:Post, question QUc_LmwJ",
    ),
    Refusal(
        says="InvalidRequest: The request is invalid",
        explanation=Explanation(
            "request_invalid",
            "A parameter is at fault, also with status 403: Amazon's model shows this for a date that is none.",
            "check dates and identifiers; sending it again unchanged gives the same answer",
        ),
        source="vendorDirectFulfillmentShippingV1.json, getCustomerInvoices, 403",
    ),
    Refusal(
        says="Could not match input arguments",
        explanation=Explanation(
            "static_sandbox",
            "This is Amazon's static sandbox, which answers its own examples only and gives no restricted data tokens.",
            "leave endpoint out to ask Amazon itself, or run a sandbox of ours: spapi-invoices sandbox",
        ),
        source="guide SP-API sandbox; selling-partner-api-models 434",
    ),
    # What Amazon says beside most of the above, and alone when there is no more to it.
    Refusal(
        says="Access to requested resource is denied",
        explanation=Explanation(
            "role_or_region",
            f"The application lacks a role, or the account is of another kind or region: {_NEEDS}.",
            f"check the profile's region; or {_ADD_ROLE}",
        ),
        source="selling-partner-api-docs 80, 1433; guides on roles",
    ),
)


def explain(operation: Operation, errors: tuple[ErrorDetail, ...]) -> Refusal | None:
    """The refusal that Amazon's words are, or ``None`` for words that no row has.

    >>> from spapi_invoices.endpoints import operation
    >>> denied = ErrorDetail("Unauthorized", "Access to requested resource is denied.")
    >>> explain(operation("getInvoiceStatus", "v0"), (denied,)).explanation.name
    'role_or_region'
    """
    said = "; ".join(map(str, errors)).lower()
    return next((row for row in REFUSALS if row.fits(operation, said)), None)
