"""Keeps the tokens of one account and hands out the right one. Not for building the requests: `core.tokens` does.

Restricted operations get a restricted data token, asked for by template path, so one token serves all ids of an API
version. Everything else gets the access token of Login with Amazon. Safe for any number of threads: a token is made once.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spapi_invoices.core.status import says_expired
from spapi_invoices.core.tokens import (
    Token,
    build_refresh_access_token,
    build_restricted_data_token_for,
    parse_access_token,
    parse_create_restricted_data_token,
)
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.endpoints import Operation
from spapi_invoices.io.settings import Profile

_EARLY_SECONDS: Final = 300
_LWA: Final = "lwa"
# Sends a request with a token, to the host that its operation belongs to, asked from the region of the second operation.
Send = Callable[[HttpRequest, Secret | None, Operation], HttpResponse]


@dataclass(frozen=True, slots=True)
class _Kept:
    secret: Secret
    renew_at: float


class Tokens:
    """The tokens of one account.

    Args:
        profile: With credentials.
        send: Sends a request with a token.
        monotonic: Seconds that only rise.
    """

    def __init__(self, profile: Profile, send: Send, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._profile, self._send, self._monotonic = profile, send, monotonic
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._lock = threading.RLock()

    def send(self, request: HttpRequest, asked: Operation | None = None) -> HttpResponse:
        """Send a request with its token; if Amazon says that the token has expired, once more with a new one.

        Args:
            request: What to send.
            asked: The operation whose region is asked, if not the request's own.

        Raises:
            AuthFailed: Login with Amazon refused the credentials.
            ApiError: The restricted data token was refused.
            TransportFailed: No answer arrived.
        """
        token = self.token_for(request.operation)
        response = self._send(request, token, asked or request.operation)
        if says_expired(response):
            self.forget(request.operation, token)
            renewed = self.token_for(request.operation)
            response = self._send(request, renewed, asked or request.operation).after(response)
        return response

    def token_for(self, asked: Operation) -> Secret:
        """The token to send with an operation; made or renewed a few minutes before it ends.

        Raises:
            AuthFailed: Login with Amazon refused the credentials.
            ApiError: The restricted data token was refused.
        """
        with self._lock:
            kept = self._kept.get(self._slot(asked))
            if kept is None or self._monotonic() >= kept.renew_at:
                kept = self._keep(asked, self._restricted(asked) if asked.restricted else self._access(asked))
            return kept.secret

    def forget(self, asked: Operation, rejected: Secret) -> None:
        """Drop the token that Amazon called expired, and the access token under it; not one that was renewed meanwhile."""
        with self._lock:
            kept = self._kept.get(self._slot(asked))
            if kept is not None and kept.secret == rejected:
                self._kept.pop(self._slot(asked))
                self._kept.pop((_LWA, ""), None)

    def _slot(self, asked: Operation) -> tuple[str, str]:
        return (asked.api, asked.version) if asked.restricted else (_LWA, "")

    def _keep(self, asked: Operation, token: Token) -> _Kept:
        # A token that lives shorter than the margin is used for half its life rather than renewed at each call.
        lasts = max(token.expires_in - _EARLY_SECONDS, token.expires_in / 2)
        kept = _Kept(token.secret, self._monotonic() + lasts)
        self._kept[self._slot(asked)] = kept
        return kept

    def _access(self, asked: Operation) -> Token:
        profile = self._profile
        request = build_refresh_access_token(profile.client_id, profile.client_secret, profile.refresh_token)
        return parse_access_token(self._send(request, None, asked))

    def _restricted(self, asked: Operation) -> Token:
        request = build_restricted_data_token_for(asked)
        return parse_create_restricted_data_token(self.send(request, asked))
