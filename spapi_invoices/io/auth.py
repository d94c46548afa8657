"""Keeps the tokens of an account and sends each request with the right one. Not for building token requests: `core.tokens` does.

A token is known by the operations that it opens. Restricted ones are opened by template path, so one token serves all
ids of an API version; the access token of Login with Amazon, which opens the rest, is kept under the empty tuple. Clients
of one account in one process share what is kept, on any number of threads.
"""

import copy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

from spapi_invoices.core.status import says_expired
from spapi_invoices.core.tokens import (
    Token,
    build_create_restricted_data_token,
    build_refresh_access_token,
    parse_access_token,
    parse_create_restricted_data_token,
    resources_for,
)
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.endpoints import Operation
from spapi_invoices.errors import ApiError, AuthFailed, ServiceUnavailable, SpapiInvoicesError, Throttled
from spapi_invoices.io.pause import await_free, is_called_off
from spapi_invoices.io.settings import Profile

_EARLY_SECONDS: Final = 300
# After a failure it is not tried again so soon.
_AGAIN_SECONDS: Final = 60.0
Opens: TypeAlias = tuple[Operation, ...]
# Sends a request with a token, to the host that its operation belongs to, asked from the region of the second operation.
Send = Callable[[HttpRequest, Secret | None, Operation], HttpResponse]


@dataclass(frozen=True, slots=True)
class _Good:
    """A token that is due to be renewed at ``until`` and can be used until it ends."""

    secret: Secret
    until: float
    ends: float


@dataclass(frozen=True, slots=True)
class _Failed:
    """The answer to all who came before ``until``."""

    error: SpapiInvoicesError
    until: float


class _Slot:
    """One token. Whoever finds it due makes it; all who come meanwhile wait, and get what became of that."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        # One for each slot: who makes one token holds up nobody who needs another.
        self._lock = threading.Lock()
        self._state: _Good | _Failed | None = None

    def secret(self, make: Callable[[], Token]) -> Secret:
        came = self._monotonic()
        if isinstance(good := self._state, _Good) and self._lock.locked() and came < good.ends:
            # Somebody renews it, which may take long; until it ends it is as good as ever.
            return good.secret
        await_free(self._lock)
        with self._lock:
            match self._state:
                case _Failed(error, until) if came < until:
                    # Each thread raises one of its own: a traceback belongs to a thread.
                    raise copy.copy(error)
                case _Good(secret, until, _) if self._monotonic() < until:
                    return secret
            return self._make(make)

    def forget(self, rejected: Secret) -> None:
        await_free(self._lock)
        with self._lock:
            if isinstance(self._state, _Good) and self._state.secret == rejected:
                self._state = None

    def _make(self, make: Callable[[], Token]) -> Secret:
        try:
            token = make()
        except SpapiInvoicesError as error:
            # Of a caller who was called off it is nobody else's: the next one makes the token.
            if is_called_off():
                raise
            if isinstance(self._state, _Good) and _passes(error) and self._prolonged(self._state):
                return self._state.secret
            # A passing failure is that of those who waited for it. Refused credentials would be refused again, so that
            # threads which come one after the other do not ask one after the other.
            lasts = _AGAIN_SECONDS if isinstance(error, AuthFailed) else 0.0
            self._state = _Failed(copy.copy(error), self._monotonic() + lasts)
            raise
        now = self._monotonic()
        # A token that lives shorter than the margin is used for half its life rather than renewed at each call.
        lasts = max(token.expires_in - _EARLY_SECONDS, token.expires_in / 2)
        self._state = _Good(token.secret, until=now + lasts, ends=now + token.expires_in)
        return token.secret

    def _prolonged(self, good: _Good) -> bool:
        """Use a token that could not be renewed for a little longer, if it has not ended."""
        now = self._monotonic()
        self._state = replace(good, until=min(now + _AGAIN_SECONDS, good.ends))
        return now < good.ends


def _passes(error: SpapiInvoicesError) -> bool:
    """Whether a failure says nothing about who asks: a token that has not ended is as good as it was.

    An answer that is no error of Amazon's is that of something between, as a proxy.
    """
    refused = isinstance(error, ApiError) and error.errors and not isinstance(error, ServiceUnavailable | Throttled)
    return not (refused or isinstance(error, AuthFailed))


class Kept:
    """The tokens of one account, by what they open.

    Args:
        monotonic: Seconds that only rise.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._slots: dict[Opens, _Slot] = {}

    def __getitem__(self, opens: Opens) -> _Slot:
        # One step in CPython: two threads get the same slot.
        return self._slots.setdefault(opens, _Slot(self._monotonic))


# As long as a client lives that uses them: a notebook's cell that is run again asks for no new ones.
_SHARED: Final[WeakValueDictionary[tuple[str | Secret, ...], Kept]] = WeakValueDictionary()
_SHARING: Final = threading.Lock()


def kept_for(profile: Profile, endpoint: str, lwa_endpoint: str) -> Kept:
    """What all clients keep that ask for the same account at the same hosts."""
    account = (profile.client_id, profile.client_secret, profile.refresh_token, profile.region)
    with _SHARING:
        return _SHARED.setdefault((*account, endpoint, lwa_endpoint), Kept())


class Tokens:
    """Sends the requests of one account.

    Args:
        profile: With credentials.
        send: Sends a request with a token.
        kept: Where its tokens are kept; ``None`` for a place of its own.
    """

    def __init__(self, profile: Profile, send: Send, kept: Kept | None = None) -> None:
        self._profile, self._send, self._kept = profile, send, kept or Kept()

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
            self._kept[self._opens(request.operation)].forget(token)
            renewed = self.token_for(request.operation)
            response = self._send(request, renewed, asked or request.operation).after(response)
        return response

    def token_for(self, asked: Operation) -> Secret:
        """The token to send with an operation; made or renewed a few minutes before it ends.

        Raises:
            AuthFailed: Login with Amazon refused the credentials, now or within the last minute.
            ApiError: The restricted data token was refused.
            TransportFailed: No answer arrived.
        """
        opens = self._opens(asked)
        return self._kept[opens].secret(lambda: self._restricted(asked, opens) if opens else self._access(asked))

    def _opens(self, asked: Operation) -> Opens:
        return resources_for(asked, self._profile.rdt)

    def _access(self, asked: Operation) -> Token:
        profile = self._profile
        request = build_refresh_access_token(profile.client_id, profile.client_secret, profile.refresh_token)
        return parse_access_token(self._send(request, None, asked))

    def _restricted(self, asked: Operation, opens: Opens) -> Token:
        return parse_create_restricted_data_token(self.send(build_create_restricted_data_token(opens), asked))
