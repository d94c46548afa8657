"""One walk over an exchange, in which scrubbing and auditing are the same: what comes out, and what is other than before.

Every place that an exchange has is here. What becomes of a text at a place is `rules`'s.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from spapi_invoices.endpoints import LWA_HOST, REGIONS, Operation
from spapi_invoices.recording import vocabulary
from spapi_invoices.recording.exchange import Exchange, Headers
from spapi_invoices.recording.json_text import Token, rewrite
from spapi_invoices.recording.rules import Rules, asked_for, document_in, kind_of, known_values, operation_of

# Host, path and query. Not urlsplit, which refuses some texts and mends others.
_URL: Final = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*)?([^?#]*)(?:\?([^#]*))?")
_HOSTS: Final = frozenset(
    {LWA_HOST} | {host for region in REGIONS.values() for host in (region.endpoint, region.sandbox_endpoint)}
)
_MARKUP: Final = re.compile(r"\ufeff?\s*<")
# In place of bytes that are no text.
_NO_TEXT: Final = b'"\xff"'
# Kinds of things that are looked for in the whole recording once they were met in one place.
_GIVEN_AWAY: Final = frozenset({"token", "secret", "personal data"})
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a walk replaced.

    Attributes:
        place: Where in the exchange, as ``response body payload.BuyerName``.
        kind: What kind of thing it was.
        was: The thing itself; never to be shown.
    """

    place: str
    kind: str
    was: str = field(repr=False)


def given_away(changes: Iterable[Change]) -> frozenset[str]:
    """What of the things that were replaced must not be met again, as `Rules.known` takes it."""
    return known_values({change.was for change in changes if change.kind in _GIVEN_AWAY})


def asked_by(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """The identifiers that the requests of a recording asked by, as `Rules.asked` takes them."""
    return frozenset(one for exchange in exchanges for one in asked_for(_split(exchange.url)[1]))


class Walk:
    """The walk over one exchange.

    Attributes:
        exchange: The exchange as it comes out.
        changes: What is other than before, in the order of the places.
    """

    def __init__(self, exchange: Exchange, rules: Rules) -> None:
        self.changes: list[Change] = []
        self._rules = rules
        self.exchange = self._walk(exchange)

    def _walk(self, raw: Exchange) -> Exchange:
        operation = operation_of(_split(raw.url)[1], raw.method)
        url = self._url(raw.url, operation)
        self._rules = replace(self._rules, digests=self._digests(raw.request_body))
        request_body = self._request_body(raw, operation)
        return Exchange(
            method=self._value("request", "method", raw.method),
            url=url,
            request_headers=self._headers("request", raw.request_headers, vocabulary.REQUEST_HEADERS),
            request_body=request_body,
            status=raw.status,
            reason=self._noted("response reason", "unknown text", raw.reason, _reason(raw)),
            response_headers=self._headers("response", raw.response_headers, vocabulary.RESPONSE_HEADERS),
            response_body=self._body("response", raw.response_body, raw.status),
            body_sha256=_sent_sha256(raw, request_body, operation),
        )

    def _url(self, url: str, operation: Operation | None) -> str:
        host, path, query = _split(url)
        host = self._noted("request host", "host", host, _host(host, operation))
        path = self._noted("request path", kind_of("", unquote(path)), path, self._rules.path(path))
        new = host + path + ("" if query is None else f"?{self._pairs('query', query)}")
        return new if self.changes else self._noted("request address", "unknown text", url, new)

    def _pairs(self, where: str, raw: str, *, secret: bool = False) -> str:
        """A query, or a form, whose every value is secret but those of an exact form."""
        return "&".join(self._pair(where, pair, secret=secret) for pair in raw.split("&"))

    def _pair(self, where: str, raw: str, *, secret: bool) -> str:
        raw_name, equals, raw_value = raw.partition("=")
        name, value = unquote_plus(raw_name), unquote_plus(raw_value)
        new_name = self._noted(f"{where} name", kind_of("", name), name, self._rules.name(name))
        rule = name if not secret or name in {"grant_type", "scope"} else "client_secret"
        new_value = self._noted(f"{where} {new_name}", kind_of(rule, value), value, self._rules.value(rule, value))
        return (
            (raw_name if new_name == name else quote(new_name, safe=""))
            + equals
            + (raw_value if new_value == value else quote(new_value, safe=""))
        )

    def _headers(self, where: str, headers: Headers, allowed: frozenset[str]) -> Headers:
        kept = []
        for name, value in headers:
            lower = name.lower()
            place = f"{where} header {self._rules.name(lower)}"
            if lower in allowed:
                new = self._rules.value(lower, value)
                kept.append((name, self._noted(place, _header_kind(lower, value), value, new)))
            else:
                self._note(place, _header_kind(lower, value), value)
        return tuple(kept)

    def _request_body(self, raw: Exchange, operation: Operation | None) -> bytes:
        if _is_form(raw, operation):
            text = raw.request_body.decode("utf-8", "replace")
            new = self._pairs("request form", text, secret=True)
            return raw.request_body if new == text else new.encode("utf-8")
        return self._body("request", raw.request_body, raw.status)

    def _body(self, where: str, body: bytes, status: int) -> bytes:
        if not body.strip():
            return body
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return self._canned(where, body, _NO_TEXT)
        if _MARKUP.match(text):
            return self._canned(where, body, _page(status))
        return rewrite(text, lambda token: self._token(f"{where} body", token)).encode("utf-8")

    def _canned(self, where: str, body: bytes, new: bytes) -> bytes:
        if body != new:
            self._note(f"{where} body", "unknown text", "")
        return new

    def _token(self, where: str, token: Token) -> str:
        new = _TOKENS[token.kind](self._rules, token)
        if new != token.text:
            field = "" if token.kind == "name" else token.field
            self._note(f"{where} {token.place}".rstrip(), kind_of(field, token.text), token.text)
        return new

    def _digests(self, body: bytes) -> dict[str, str]:
        """Of the documents in a request's body: they may stand behind their digest as well as before it."""
        digests: dict[str, str] = {}

        def look(token: Token) -> str:
            document = document_in(token.field, token.text) if token.kind == "text" else None
            if document and document.content is not None:
                digests[_md5(document.content)] = _md5(self._rules.documents(document.content))
            return token.text

        if b"ContentMD5Value" in body:
            rewrite(body.decode("utf-8", "replace"), look)
        return digests

    def _value(self, where: str, name: str, text: str) -> str:
        return self._noted(f"{where} {name}", kind_of(name, text), text, self._rules.value(name, text))

    def _noted(self, place: str, kind: str, was: str, new: str) -> str:
        if new != was:
            self._note(place, kind, was)
        return new

    def _note(self, place: str, kind: str, was: str) -> None:
        self.changes.append(Change(place, kind, was))


_TOKENS: Final[dict[str, Callable[[Rules, Token], str]]] = {
    "name": lambda rules, token: rules.name(token.text),
    "text": lambda rules, token: rules.value(token.field, token.text),
    "raw": lambda rules, token: rules.fakes.characters(token.text),
    "number": lambda rules, token: rules.number(token.field, token.text),
    "word": lambda rules, token: rules.sentence(token.text),
}


def _split(url: str) -> tuple[str, str, str | None]:
    """Host with its scheme, path, and query if there is a question mark. What stands behind a # is not sent, and not kept."""
    found = _URL.match(url)
    return (found[1] or "", found[2], found[3]) if found else ("", "", None)


def _is_form(raw: Exchange, operation: Operation | None) -> bool:
    """Login with Amazon takes JSON as well."""
    if not raw.request_body or raw.request_body.lstrip().startswith(b"{"):
        return False
    declared = any(
        "x-www-form-urlencoded" in value for name, value in raw.request_headers if name.lower() == "content-type"
    )
    return declared or (operation is not None and operation.api == "lwa")


def _host(host: str, operation: Operation | None) -> str:
    """Amazon's host that was asked, else the one of the operation: no other host may show."""
    if host in _HOSTS:
        return host
    if operation and operation.api == "lwa":
        return LWA_HOST
    return REGIONS[(operation and operation.region) or "eu"].endpoint


def _header_kind(name: str, value: str) -> str:
    kind = kind_of("", value)
    return "token" if name in vocabulary.SECRET_HEADERS else "header" if kind == "unknown text" else kind


def _reason(raw: Exchange) -> str:
    return raw.reason and (HTTPStatus(raw.status).phrase if raw.status in list(HTTPStatus) else "")


def _page(status: int) -> bytes:
    """A page in place of any other: the status is all that is known of it."""
    title = f"{status} {HTTPStatus(status).phrase}" if status in list(HTTPStatus) else str(status)
    return f"<html><head><title>{title}</title></head><body></body></html>".encode("ascii")


def _sent_sha256(raw: Exchange, body: bytes, operation: Operation | None) -> str:
    """Of an invoice as it was submitted, so that a replay knows the same file again. It has too much in it to be guessed."""
    if operation is None or operation.operation_id != "submitInvoice":
        return ""
    if _SHA256.fullmatch(raw.body_sha256):
        return raw.body_sha256
    return "" if body == raw.request_body else hashlib.sha256(raw.request_body).hexdigest()


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode("ascii")
