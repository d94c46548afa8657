"""From an answer to its JSON, or to a typed error. Not for the shape inside: each operation's parser knows its own.

Seen in the wild and so handled here: an HTML page or nothing at all with 503, an empty body with 200, a body cut off in
the middle, error lists with and without ``details``, Login with Amazon's ``{"error", "error_description"}``.
"""

import json
import re
from typing import Any, Final

import msgspec

from spapi_invoices.core.refusals import EXPIRED, explain
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.endpoints import Operation
from spapi_invoices.errors import (
    AccessDenied,
    ApiError,
    AuthFailed,
    ErrorDetail,
    Explanation,
    MalformedRecord,
    MalformedResponse,
    NotFound,
    Rejected,
    ServiceUnavailable,
    SpapiInvoicesError,
    Throttled,
)

_BY_STATUS: Final = {401: AccessDenied, 403: AccessDenied, 404: NotFound, 429: Throttled}
# What Amazon's tokens begin with (developer guide; tokens_2021-03-01.json), and a client's secret.
_TOKEN: Final = re.compile(r"(At[a-z]{1,2}(\.sprdt)?\||amzn1\.oa2-cs\.)[^\s\"']*")
_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)
# Errors in the body of a 2xx say by their code what they are.
_BY_CODE: Final = {
    "InternalFailure": ServiceUnavailable,
    "ServiceUnavailable": ServiceUnavailable,
    "QuotaExceeded": Throttled,
    "NotFound": NotFound,
}
# Amazon sends these with 400 and 401 as well as with 403.
_DENIED_CODES: Final = frozenset({"Unauthorized", "MissingAuthenticationToken", "AccessDenied"})
# What Amazon refuses to do; the others it could not do just then.
_REFUSED: Final = (AccessDenied, NotFound, Rejected)


def describe_body(body: bytes) -> str:
    """Say what a body is without showing what it holds.

    >>> describe_body(b"<html><title>Website Temporarily Unavailable</title></html>")
    "an HTML page titled 'Website Temporarily Unavailable' (59 bytes)"
    >>> describe_body(b"")
    'empty'
    """
    if not body.strip():
        return "empty"
    if re.match(rb"\s*<(!doctype|html|\?xml)", body, re.IGNORECASE):
        title = re.search(rb"<title>\s*([^<]{0,80})", body, re.IGNORECASE)
        named = f" titled {title[1].decode('latin-1').strip()!r}" if title else ""
        return f"an HTML page{named} ({len(body)} bytes)"
    try:
        msgspec.json.decode(body)
    except UnicodeDecodeError:
        fault = "text is not UTF-8"
    except RecursionError:
        fault = "nested too deeply"
    except msgspec.DecodeError as error:
        # Only the decoder's position is safe to show: "JSON is malformed: ... (byte 41)", "Input data was truncated".
        fault = str(error)[:80]
    else:
        return f"JSON of another shape ({len(body)} bytes)"
    kind = "JSON with a value that cannot be read" if _is_complete(body) else "no complete JSON"
    return f"{kind} ({fault}; {len(body)} bytes)"


def _is_complete(body: bytes) -> bool:
    """Whether a body that our decoder refuses is JSON to its end: with half a character, say, or a number past all bounds."""
    try:
        json.loads(_ESCAPE.sub(b"..", body).decode("utf-8", "replace"), strict=False, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


def decode_json(operation: Operation, response: HttpResponse) -> dict[str, Any]:
    """The JSON object of a successful answer.

    Raises:
        ApiError: The status is no success, or the body holds errors.
        MalformedResponse: A success whose body is no JSON object.
    """
    raise_for_status(operation, response)
    found = _object(operation, response)
    if isinstance(found, SpapiInvoicesError):
        raise found
    return found


def _object(operation: Operation, response: HttpResponse) -> dict[str, Any] | SpapiInvoicesError:
    """The JSON object, or what is wrong; returned and not raised, so that no traceback's locals hold what the body says."""
    raw = _json(response.body)
    if raw is _NO_JSON:
        # What is complete will be the same when it is asked for again, and says nothing of other records.
        kind = malformed_record if _is_complete(response.body) else malformed
        return kind(operation, response, describe_body(response.body))
    if not isinstance(raw, dict):
        return malformed(operation, response, f"a JSON {type(raw).__name__}, not an object")
    if errors := _error_list(raw):
        return _api_error(operation, response, errors)
    if raw.get("errors"):
        return malformed(operation, response, "JSON whose errors is no list of objects")
    return raw


def decode_payload(operation: Operation, response: HttpResponse, needs: str) -> dict[str, Any]:
    """The payload, wrapped in ``payload`` or not, of a successful answer; it must hold the field ``needs``.

    v1 wraps and 2021-12-28 does not; a guide of 2022 showed v1 without wrapper. Both are accepted for either.
    """
    found = _payload(decode_json(operation, response), needs)
    if isinstance(found, str):
        raise malformed_record(operation, response, found)
    return found


def _payload(raw: dict[str, Any], needs: str) -> dict[str, Any] | str:
    payload = raw.get("payload", raw)
    if not isinstance(payload, dict):
        return f"JSON whose payload is {'null' if payload is None else 'no object'}"
    if payload.get(needs) is None:
        return f"JSON whose payload has no {needs}"
    return payload


_NO_JSON: Final = object()


def _json(body: bytes) -> Any:  # noqa: ANN401 - parsed JSON
    """The JSON, or `_NO_JSON`. Nothing is raised: the decoder's errors hold the body, and so would every error after them."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NO_JSON


def raise_for_status(operation: Operation, response: HttpResponse) -> None:
    """Do nothing for a 2xx, raise the typed error for anything else."""
    if response.status < 200 or 300 <= response.status < 400:
        # No answer of Amazon's: a captive portal or a proxy stands between.
        raise malformed(operation, response, describe_body(response.body))
    if response.status >= 400:
        raise _api_error(operation, response, _error_list(_json(response.body)))


def says_expired(response: HttpResponse) -> bool:
    """Amazon says that the token has expired, which one new token mends. Any other refusal would be refused again."""
    if response.status not in {400, 401, 403}:
        return False
    errors = _error_list(_json(response.body))
    return any(error.code in _DENIED_CODES and EXPIRED.says in str(error) for error in errors)


def malformed(operation: Operation, response: HttpResponse, excerpt: str) -> MalformedResponse:
    """A success whose body is not what the API promises."""
    return MalformedResponse(operation.operation_id, response.status, excerpt, response.request_id, response.attempts)


def malformed_record(operation: Operation, response: HttpResponse, excerpt: str) -> MalformedRecord:
    """A success that is JSON, but has not what was asked for."""
    return MalformedRecord(operation.operation_id, response.status, excerpt, response.request_id, response.attempts)


def _api_error(operation: Operation, response: HttpResponse, errors: tuple[ErrorDetail, ...]) -> ApiError:
    kind = _kind(response.status, errors)
    refusal = explain(operation, errors) if issubclass(kind, _REFUSED) else None
    if refusal is not None and refusal.denies:
        kind = AccessDenied
    return kind(
        operation.operation_id,
        response.status,
        errors,
        evidence=f"the body is {describe_body(response.body)}",
        request_id=response.request_id,
        rate_limit=response.rate_limit,
        attempts=response.attempts,
        explanation=None if refusal is None else refusal.explanation,
    )


def _kind(status: int, errors: tuple[ErrorDetail, ...]) -> type[ApiError]:
    if status >= 500:
        return ServiceUnavailable
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if any(error.code in _DENIED_CODES for error in errors):
        return AccessDenied
    named = [_BY_CODE[error.code] for error in errors if error.code in _BY_CODE] if status < 300 else []
    return named[0] if named else Rejected


def _error_list(raw: Any) -> tuple[ErrorDetail, ...]:  # noqa: ANN401 - parsed JSON
    entries = raw.get("errors") if isinstance(raw, dict) else None
    return (
        tuple(_error_detail(entry) for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()
    )


def _error_detail(entry: dict[str, Any]) -> ErrorDetail:
    code, message, details = (_words(entry.get(name)) for name in ("code", "message", "details"))
    return ErrorDetail(code, message, details)


def _words(said: object) -> str:
    """Amazon's words, which a message may show, but for tokens; anything else that stands in their place is not shown."""
    return _TOKEN.sub("(a secret)", said) if isinstance(said, str) else ""


def raise_for_lwa(operation: Operation, response: HttpResponse) -> None:
    """Raise for an answer of Login with Amazon that is no success.

    Raises:
        AuthFailed: The credentials were refused, with Amazon's own words.
        ApiError: Too many requests, or Login with Amazon could not answer: says nothing about the credentials.
        MalformedResponse: A redirect: something stands between.
    """
    error = None if 200 <= response.status < 300 else _lwa_error(operation, response)
    if error is not None:
        raise error


def _lwa_error(operation: Operation, response: HttpResponse) -> SpapiInvoicesError:
    """Returned and not raised: see `_object`."""
    if response.status < 400:
        return malformed(operation, response, describe_body(response.body))
    raw = _json(response.body)
    said = raw if isinstance(raw, dict) else {}
    error, description = _words(said.get("error")), _words(said.get("error_description"))
    if response.status == 429 or response.status >= 500:
        return _api_error(operation, response, (ErrorDetail(error, description),) if error else ())
    words = f"{error}: {description or 'no description'}" if error else f"the body is {describe_body(response.body)}"
    refusal = explain(operation, (ErrorDetail(error, description),))
    told = _UNEXPLAINED if refusal is None else refusal.explanation
    return AuthFailed(f"Login with Amazon: HTTP {response.status}: {words}. {told}")


_UNEXPLAINED: Final = Explanation("", "", "check client_id, client_secret and refresh_token of the profile")
