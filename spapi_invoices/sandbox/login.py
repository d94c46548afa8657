"""Login with Amazon: from the parameters of a request to an access token. Not for what the token opens: `sandbox.tokens` knows."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.sandbox.accounts import BY_REFRESH_TOKEN
from spapi_invoices.sandbox.answer import Answer, Refusal, answer_json
from spapi_invoices.sandbox.call import Call
from spapi_invoices.sandbox.tokens import LIFETIME_SECONDS, access_token

_NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}
# Grant type -> the parameter it needs beside the client's id and secret.
_GRANTS: Final = {"refresh_token": "refresh_token", "client_credentials": "scope"}
_SCOPES: Final = frozenset(
    f"sellingpartnerapi::{name}" for name in ("notifications", "migration", "client_credential:rotation")
)


def log_in(call: Call, now: datetime) -> Answer:
    """An access token for a refresh token, or a grantless one for a scope, which opens none of the operations here.

    Raises:
        Refusal: In Login with Amazon's own form.
    """
    form = _form(call)
    grant = _grant(form)
    _check_client(form)
    subject = form[_GRANTS[grant]]
    if grant == "client_credentials":
        if subject not in _SCOPES:
            raise _refusal("invalid_scope", "The request has an invalid parameter : scope")
        token, kept = access_token(None, now), {"scope": subject}
    else:
        if subject not in BY_REFRESH_TOKEN:
            raise _refusal("invalid_grant", "The request has an invalid grant parameter : refresh_token")
        token, kept = access_token(BY_REFRESH_TOKEN[subject], now), {"refresh_token": subject}
    granted = {"access_token": token, **kept, "token_type": "bearer", "expires_in": LIFETIME_SECONDS}
    return answer_json(granted, headers=_NO_STORE)


def _form(call: Call) -> dict[str, str]:
    """The parameters; one that is empty is not there."""
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in _READERS:
        raise _refusal("invalid_request", f"The request must have the content type {' or '.join(_READERS)}")
    return {name: text for name, text in _READERS[content_type](call.body).items() if text}


def _urlencoded(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _json(body: bytes) -> dict[str, str]:
    try:
        return msgspec.json.decode(body, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _refusal("invalid_request", "The request body must be a JSON object of strings") from None


# The second is what the login code of Amazon's own SDKs for Java and C# sends.
_READERS: Final[Mapping[str, Callable[[bytes], dict[str, str]]]] = {
    "application/x-www-form-urlencoded": _urlencoded,
    "application/json": _json,
}


def _grant(form: dict[str, str]) -> str:
    """The grant type of a form that has all it needs, and nothing of the other's."""
    grant = form.get("grant_type", "")
    if grant and grant not in _GRANTS:
        raise _refusal(
            "unsupported_grant_type", "The authorization grant type is not supported by the authorization server"
        )
    for name in ("grant_type", "client_id", "client_secret", *filter(None, [_GRANTS.get(grant)])):
        if name not in form:
            raise _refusal("invalid_request", f"The request is missing a required parameter : {name}")
    if form.keys() >= set(_GRANTS.values()):
        raise _refusal("invalid_request", "The request has both parameters : scope and refresh_token")
    return grant


def _check_client(form: dict[str, str]) -> None:
    if (form["client_id"], form["client_secret"]) != (
        SANDBOX_PROFILE.client_id,
        SANDBOX_PROFILE.client_secret.reveal(),
    ):
        raise _refusal("invalid_client", "Client authentication failed", 401)


def _refusal(error: str, description: str, status: int = 400) -> Refusal:
    return Refusal(answer_json({"error": error, "error_description": description}, status, _NO_STORE))
