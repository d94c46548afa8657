"""Sends a request and returns the answer: the only module that imports ``requests``. Not for tokens or meaning.

Redirects are not followed and ``.netrc`` is not read: either could carry a token to another host.
"""

import http.client
import math
import platform
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from spapi_invoices import __version__
from spapi_invoices.core.retry import NO_RETRY, Reason, RetryPolicy, reason_to_repeat, told_seconds
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.errors import TransportFailed
from spapi_invoices.io.cassettes import Cassette, RequestKey
from spapi_invoices.io.pause import pause
from spapi_invoices.io.quota import Quota
from spapi_invoices.recording.exchange import Exchange

# Amazon wants AppId/AppVersionId (Language=...) of at most 500 characters.
USER_AGENT: Final = (
    f"spapi-invoices/{__version__} (Language=Python/{platform.python_version()}; Platform={platform.system()})"
)
# To one host that are kept; no more threads than that keep theirs.
_CONNECTIONS: Final = 64
# Of a body, decompressed: a page of a hundred invoices is some tens of megabytes.
_LONGEST_BODY: Final = 256 * 2**20
# From sending a request to the end of its answer: at a tenth of a megabyte a second a page of that size has arrived.
_LONGEST_SECONDS: Final = 300.0
_CHUNK: Final = 64 * 1024
# An answer, why there is none, or what ends the program.
_Came = HttpResponse | str | KeyboardInterrupt | SystemExit


class AnswerTooLarge(requests.RequestException):
    """The body is longer than any page."""


class AnswerTooSlow(requests.Timeout):
    """The body has not arrived in full; something came before each read timeout."""


class _Body(BytesIO):
    """A body that `requests` takes in one piece, where it would cut a file up and join it again."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:  # noqa: ANN401 - urllib3's signature
        yield self.getvalue()


class BoundedAdapter(HTTPAdapter):
    """Sends like the usual adapter, and has the whole body when it returns: as ``raw``, decompressed.

    The bounds are the body's. A head has the read timeout alone, for each wait.

    Args:
        monotonic: Seconds that only rise.
        longest_body: Bytes that a body may have, decompressed.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, longest_body: int = _LONGEST_BODY) -> None:
        super().__init__(pool_maxsize=_CONNECTIONS)
        self._monotonic, self._longest_body = monotonic, longest_body

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - requests' signature
        """Send one request.

        Raises:
            AnswerTooLarge, AnswerTooSlow: The body is over its bounds; the connection is closed.
            urllib3.exceptions.HTTPError: It breaks off, or is no gzip.
        """
        by = self._monotonic() + _LONGEST_SECONDS
        answer = super().send(request, *args, **kwargs)
        # Closes the connection where the body is not read to its end; otherwise it has gone back to the pool.
        with answer.raw as arriving:
            answer.raw = self._body(arriving, by)
        return answer

    def _body(self, arriving: urllib3.HTTPResponse, by: float) -> _Body:
        body = _Body()
        # What has arrived, and not as many bytes as that: who sends one a second would not be seen.
        while chunk := arriving.read1(_CHUNK, decode_content=True):
            body.write(chunk)
            if body.tell() > self._longest_body:
                raise AnswerTooLarge
            if self._monotonic() > by:
                raise AnswerTooSlow
        body.seek(0)
        return body


class Transport:
    """Sends requests over one session.

    Args:
        adapter: What sends or answers in place of the usual one, to record or to replay.
        timeout_seconds: For connecting, and for each wait on the answer.
        proxy: A proxy's address; empty for none.
        ca_bundle: A file of certificates to trust; empty for the usual ones.
        retry: How often a request is asked again that failed. After the first failure the deadline ends waits for the
            quota too.
        throttled: The same after a 429; ``None`` is ``retry``.
        quota: Every attempt takes a token of it; ``None`` for no quota.
        sleep: Waits that many seconds; called before every attempt. What it raises ends the request.
        monotonic: Seconds that only rise.
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
        quota: Quota | None = None,
        sleep: Callable[[float], None] = pause,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter or BoundedAdapter(monotonic))
        if proxy:
            # Plain HTTP is for this machine only (see `connect`), and that is no business of a proxy's.
            self._session.proxies = {"https": proxy}
        if ca_bundle:
            self._session.verify = ca_bundle
        self._timeout, self._quota = timeout_seconds, quota
        self._policies: dict[Reason | None, RetryPolicy] = {"failed": retry, "throttled": throttled or retry}
        self._sleep, self._monotonic = sleep, monotonic

    def send(self, request: HttpRequest, base_url: str, token: Secret | None = None) -> HttpResponse:
        """Send a request; ask again where that is safe and likely to help.

        Raises:
            TransportFailed: No answer arrived.
        """
        last: HttpResponse | str = "not sent"
        attempt, failed_at = 0, math.inf
        wait: tuple[float, float] | None = (0.0, math.inf)
        while wait is not None and (came := self._in_turn(request, base_url, token, *wait)) is not None:
            now = self._monotonic()
            last, attempt, failed_at = came, attempt + 1, min(failed_at, now)
            wait = self._wait(request, last, attempt, now - failed_at)
        if isinstance(last, str):
            raise _no_answer(request, base_url, last, attempt)
        return replace(last, attempts=attempt)

    def _wait(
        self, request: HttpRequest, came: HttpResponse | str, attempt: int, passed: float
    ) -> tuple[float, float] | None:
        """How long to wait before asking again, and then for the quota at most; ``None`` for what came to stay."""
        answer = came if isinstance(came, HttpResponse) else None
        policy = self._policies.get(reason_to_repeat(request, answer), NO_RETRY)
        chance = random.random()  # noqa: S311 - jitter
        wait = policy.wait_seconds(attempt, chance, told=told_seconds(answer), passed=passed)
        return None if wait is None else (wait, policy.deadline_seconds - passed - wait)

    def _in_turn(
        self, request: HttpRequest, base_url: str, token: Secret | None, wait: float, within: float
    ) -> HttpResponse | str | None:
        """One attempt, after a wait and once the quota allows it: its answer, or why none came; ``None``: not within time."""
        self._sleep(wait)
        send, quota = partial(self._exchange, request, base_url, token), self._quota
        came = send() if quota is None else quota.ask(request.operation, base_url, send, self._sleep, within)
        if isinstance(came, BaseException):
            raise came
        return came

    def _exchange(self, request: HttpRequest, base_url: str, token: Secret | None) -> _Came:
        """Send, and return what came.

        Whatever ends it is returned and not raised, Ctrl-C too: its traceback would hold frames of ``requests`` with the
        token. For the same reason the token is added in a frame that is gone when the request is sent.
        """
        headers = {
            **dict(request.headers),
            "accept": "application/json",
            "user-agent": USER_AGENT,
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        try:
            answer = self._session.request(
                request.method,
                f"{base_url}{request.target()}",
                headers=headers,
                data=request.body or None,
                auth=None if token is None else partial(_add_token, token),
                timeout=self._timeout,
                allow_redirects=False,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            # OSError: a file of certificates that is not there; ValueError: an address that cannot be taken apart.
            return type(error).__name__
        except (KeyboardInterrupt, SystemExit) as end:
            return type(end)(*end.args)
        return HttpResponse.of(answer.status_code, answer.headers.items(), answer.content)


def _add_token(token: Secret, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    prepared.headers["x-amz-access-token"] = token.reveal()
    return prepared


def _no_answer(request: HttpRequest, base_url: str, reason: str, attempts: int) -> TransportFailed:
    return TransportFailed(
        f"{request.operation.operation_id}: no answer from {urlsplit(base_url).netloc} ({reason}) "
        f"after {attempts} attempt{'s' if attempts > 1 else ''}. "
        "Next: check the connection, the endpoint and the proxy, then try again",
        attempts,
    )


class RecordingAdapter(BoundedAdapter):
    """Sends like the bounded adapter and hands on each exchange whose answer arrived in full; the bodies decompressed.

    Args:
        keep: Is given each exchange, on the thread that asked.
    """

    def __init__(self, keep: Callable[[Exchange], None]) -> None:
        super().__init__()
        self._keep = keep

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - requests' signature
        """Send one request."""
        # Raises where the body breaks off or is no gzip: then there is no answer to keep.
        answer = super().send(request, *args, **kwargs)
        self._keep(
            Exchange(
                method=request.method or "",
                url=request.url or "",
                request_headers=tuple(request.headers.items()),
                request_body=request.body.encode("utf-8") if isinstance(request.body, str) else request.body or b"",
                status=answer.status_code,
                reason=answer.reason or "",
                response_headers=tuple(answer.headers.items()),
                response_body=answer.content,
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
