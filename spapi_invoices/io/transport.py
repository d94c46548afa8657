"""Sends a request and returns the answer: the only module that imports ``requests``. Not for tokens or meaning.

Redirects are not followed and ``.netrc`` is not read: either could carry a token to another host.
"""

import http.client
import platform
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from spapi_invoices import __version__
from spapi_invoices.core.retry import NO_RETRY, RETRY_STATUSES, RetryPolicy
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.errors import TransportFailed
from spapi_invoices.io.cassettes import Cassette, RequestKey
from spapi_invoices.recording.exchange import Exchange

# Amazon wants AppId/AppVersionId (Language=...) of at most 500 characters.
USER_AGENT: Final = (
    f"spapi-invoices/{__version__} (Language=Python/{platform.python_version()}; Platform={platform.system()})"
)
_SAFE_TO_REPEAT: Final = frozenset({"lwa", "tokens"})


class Transport:
    """Sends requests over one session.

    Args:
        adapter: What sends or answers in place of the usual one, to record or to replay.
        timeout_seconds: For connecting, and for each wait on the answer.
        proxy: A proxy's address; empty for none.
        ca_bundle: A file of certificates to trust; empty for the usual ones.
        retry: How often what changes nothing is asked again.
        throttled: The same after a 429; ``None`` is ``retry``.
        sleep: Waits that many seconds.
    """

    def __init__(  # noqa: PLR0913 - settings of one session, all with a default
        self,
        *,
        adapter: BaseAdapter | None = None,
        timeout_seconds: tuple[float, float] = (10.0, 60.0),
        proxy: str = "",
        ca_bundle: str = "",
        retry: RetryPolicy = NO_RETRY,
        throttled: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        if adapter is not None:
            for scheme in ("https://", "http://"):
                self._session.mount(scheme, adapter)
        if proxy:
            # Plain HTTP is for this machine only (see `connect`), and that is no business of a proxy's.
            self._session.proxies = {"https": proxy}
        if ca_bundle:
            self._session.verify = ca_bundle
        self._timeout, self._retry, self._throttled = timeout_seconds, retry, throttled or retry
        self._sleep = sleep

    def send(self, request: HttpRequest, base_url: str, token: Secret | None = None) -> HttpResponse:
        """Send a request; ask again where that is safe and likely to help.

        Raises:
            TransportFailed: No answer arrived.
        """
        repeatable = request.method == "GET" or request.operation.api in _SAFE_TO_REPEAT
        attempt = 1
        while True:
            answer = self._once(request, base_url, token)
            policy = self._policy(answer) if repeatable else NO_RETRY
            wait = policy.wait_seconds(attempt, random.random())  # noqa: S311 - jitter
            if wait is None:
                break
            self._sleep(wait)
            attempt += 1
        if isinstance(answer, TransportFailed):
            raise answer
        return answer

    def _policy(self, answer: HttpResponse | TransportFailed) -> RetryPolicy:
        """Whether and how to ask again after what came."""
        if isinstance(answer, TransportFailed):
            return self._retry
        if answer.status not in RETRY_STATUSES:
            return NO_RETRY
        return self._throttled if answer.status == 429 else self._retry

    def _once(self, request: HttpRequest, base_url: str, token: Secret | None) -> HttpResponse | TransportFailed:
        """One attempt. A failure is returned, not raised, so that no traceback holds the request with its token."""
        headers = {
            **dict(request.headers),
            "accept": "application/json",
            "user-agent": USER_AGENT,
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        if token is not None:
            headers["x-amz-access-token"] = token.reveal()
        try:
            answer = self._session.request(
                request.method,
                f"{base_url}{request.target()}",
                headers=headers,
                data=request.body or None,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except (requests.RequestException, OSError, ValueError) as error:
            # OSError: a file of certificates that is not there; ValueError: an address that cannot be taken apart.
            reason = type(error).__name__
        else:
            return HttpResponse.of(answer.status_code, answer.headers.items(), answer.content)
        return TransportFailed(
            f"{request.operation.operation_id}: no answer from {urlsplit(base_url).netloc} ({reason}). "
            "Next: check the connection, the endpoint and the proxy, then try again"
        )


class RecordingAdapter(HTTPAdapter):
    """Sends like the usual adapter and hands on each exchange whose answer arrived in full; the bodies decompressed.

    Args:
        keep: Is given each exchange, on the thread that asked.
    """

    def __init__(self, keep: Callable[[Exchange], None]) -> None:
        super().__init__()
        self._keep = keep

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - requests' signature
        """Send one request."""
        answer = super().send(request, *args, **kwargs)
        # Raises where the body breaks off or is no gzip: then there is no answer to keep.
        body = answer.content
        self._keep(
            Exchange(
                method=request.method or "",
                url=request.url or "",
                request_headers=tuple(request.headers.items()),
                request_body=request.body.encode("utf-8") if isinstance(request.body, str) else request.body or b"",
                status=answer.status_code,
                reason=answer.reason or "",
                response_headers=tuple(answer.headers.items()),
                response_body=body,
            )
        )
        return answer


class ReplayAdapter(BaseAdapter):
    """Answers a ``requests`` session from a cassette; mount it on any session of yours.

    Raises:
        UnrecordedRequest: The cassette holds no answer. The network is never touched.
    """

    def __init__(self, cassette: Cassette) -> None:
        super().__init__()
        self.cassette = cassette

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:  # noqa: ANN401 - requests' signature
        """Answer one request."""
        body = request.body.encode("utf-8") if isinstance(request.body, str) else request.body or b""
        recorded = self.cassette.answer(RequestKey.of(request.method or "", request.url or "", body))
        answer = requests.Response()
        answer.status_code = recorded.status
        answer.headers.update(recorded.headers)
        answer.raw, answer.reason = BytesIO(recorded.body), http.client.responses.get(recorded.status, "")
        answer.encoding = requests.utils.get_encoding_from_headers(answer.headers)
        answer.url, answer.request = request.url or "", request
        return answer

    def close(self) -> None:
        """Nothing is open."""
