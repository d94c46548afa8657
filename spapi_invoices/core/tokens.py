"""Login with Amazon and restricted data tokens, built and parsed. Not for keeping tokens: `spapi_invoices.io.auth` does."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from spapi_invoices.core.models import (
    AccessTokenResponse,
    CreateRestrictedDataTokenRequest,
    CreateRestrictedDataTokenResponse,
    RestrictedResource,
)
from spapi_invoices.core.status import decode_json, malformed, raise_for_lwa
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.endpoints import OPERATIONS, Operation, Rdt, operation, restricted_operations
from spapi_invoices.errors import InvalidRequest

_Answer = AccessTokenResponse | CreateRestrictedDataTokenResponse

_LWA: Final = operation("getAccessToken", "o2")
_RDT: Final = operation("createRestrictedDataToken", "2021-03-01")
MAX_RESOURCES: Final = 50


@dataclass(frozen=True, slots=True)
class Token:
    """A token and for how many seconds from its issue it is good."""

    secret: Secret
    expires_in: int


def build_refresh_access_token(client_id: str, client_secret: Secret, refresh_token: Secret) -> HttpRequest:
    """Exchange a refresh token for an access token that lives an hour.

    Source: developer guide, "Connecting to the Selling Partner API", step 1, grant_type=refresh_token.
    """
    return _build_lwa(
        grant_type="refresh_token",
        refresh_token=refresh_token.reveal(),
        client_id=client_id,
        client_secret=client_secret.reveal(),
    )


def build_client_credentials(client_id: str, client_secret: Secret, scope: str) -> HttpRequest:
    """Ask for a token of a grantless operation. None of the invoice operations is one.

    Source: developer guide, "Grantless operations", grant_type=client_credentials.
    """
    return _build_lwa(
        grant_type="client_credentials", scope=scope, client_id=client_id, client_secret=client_secret.reveal()
    )


def parse_access_token(response: HttpResponse) -> Token:
    """Read Login with Amazon's answer.

    Raises:
        AuthFailed: The credentials were refused, with Amazon's own words.
        ApiError: Too many requests, or Login with Amazon could not answer.
        MalformedResponse: A success without a token.
    """
    raise_for_lwa(_LWA, response)
    return _token(_LWA, response, AccessTokenResponse)


def resources_for(asked: Operation, rdt: Rdt = "auto") -> tuple[Operation, ...]:
    """What one restricted data token is to open so that ``asked`` can be sent with it; nothing: send the access token.

    One token opens all that is restricted in an API version. With ``always`` it opens the rest of that version too; an API
    version without any restricted operation is asked with the access token whatever ``rdt`` says.

    >>> from spapi_invoices.endpoints import operation
    >>> status = operation("getInvoiceStatus", "v0")
    >>> [one.operation_id for one in resources_for(status, "always")]
    ['getShipmentDetails', 'submitInvoice', 'getInvoiceStatus']
    >>> resources_for(status)
    ()
    """
    restricted = restricted_operations(asked.api, asked.version)
    if rdt == "always" and restricted:
        return tuple(row for row in OPERATIONS if (row.api, row.version) == (asked.api, asked.version))
    return restricted if rdt == "auto" and asked.restricted else ()


def build_create_restricted_data_token(
    resources: tuple[Operation, ...], *, target_application: str | None = None
) -> HttpRequest:
    """Ask for one token that opens the operations' paths, for any id in them: the paths are sent with their placeholders.

    Raises:
        InvalidRequest: No resource, over 50, or none among them that is restricted.

    >>> from spapi_invoices.endpoints import restricted_operations
    >>> build_create_restricted_data_token(restricted_operations("shipmentInvoicing", "v0")).body
    b'{"restrictedResources":[{"method":"GET","path":"/fba/outbound/brazil/v0/shipments/{shipmentId}"}]}'

    Source: tokens_2021-03-01.json; ``dataElements`` is for the Orders API only, so it is not sent.
    """
    if not 1 <= len(resources) <= MAX_RESOURCES:
        raise InvalidRequest(f"{len(resources)} restricted resources. Next: give 1 to {MAX_RESOURCES}")
    if not any(row.restricted for row in resources):
        raise InvalidRequest(
            f"{', '.join(row.operation_id for row in resources)}: none is restricted. Next: send the access token itself"
        )
    body = CreateRestrictedDataTokenRequest(
        restrictedResources=[RestrictedResource(method=row.method, path=row.path) for row in resources],
        targetApplication=target_application,
    )
    headers = (("content-type", "application/json"),)
    return HttpRequest(operation=_RDT, path=_RDT.path, headers=headers, body=msgspec.json.encode(body))


def parse_create_restricted_data_token(response: HttpResponse) -> Token:
    """Read a restricted data token, bare or wrapped in ``payload`` as a guide of 2022 showed it.

    Raises:
        ApiError: Amazon answered with an error.
        MalformedResponse: A success without a token.
    """
    return _token(_RDT, response, CreateRestrictedDataTokenResponse)


def _build_lwa(**form: str) -> HttpRequest:
    headers = (("content-type", "application/x-www-form-urlencoded;charset=UTF-8"),)
    return HttpRequest(operation=_LWA, path=_LWA.path, headers=headers, body=urlencode(form).encode("ascii"))


def _token(asked: Operation, response: HttpResponse, kind: type[_Answer]) -> Token:
    found = _found(decode_json(asked, response), kind)
    if isinstance(found, str):
        raise malformed(asked, response, found)
    return found


def _found(raw: dict[str, Any], kind: type[_Answer]) -> Token | str:
    """The token, or what is wrong with the answer; nothing is raised here, where a traceback's locals would show the token."""
    try:
        answer = msgspec.convert(raw.get("payload", raw), kind)
    except msgspec.ValidationError as error:
        # msgspec names the path and the types, never the value.
        return f"JSON without a usable token ({error})"
    text, expires_in = _READ[kind](answer)
    if not text or expires_in <= 0:
        return "JSON whose token is empty or already expired"
    return Token(Secret(text), expires_in)


# What a kind of answer calls its token, and the seconds.
_READ: Final = {
    AccessTokenResponse: attrgetter("access_token", "expires_in"),
    CreateRestrictedDataTokenResponse: attrgetter("restrictedDataToken", "expiresIn"),
}
