"""The buckets of one account, shared by all who ask for it in this process. Not for how a bucket counts: `core.throttle`.

Whoever runs a notebook's cell again has the bucket that the first run left behind, and not a full one.
"""

import hashlib
import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from spapi_invoices.core.throttle import Bucket
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.endpoints import LOOPBACK, Operation
from spapi_invoices.io.settings import Profile

_T = TypeVar("_T")
# An answer may change how long there is to wait, so whoever waits looks again.
_LOOK_SECONDS: Final = 0.1
# Only our sandbox has it; its clock may run faster than ours, or stand still, and then it has no quota.
_TIME_SCALE: Final = "x-sandbox-time-scale"
_NO_QUOTA: Final = 1e6


class Quota:
    """The buckets of one account, by host and operation. Safe for any number of threads.

    Args:
        monotonic: Seconds that only rise.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, Operation], Bucket] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        operation: Operation,
        host: str,
        send: Callable[[], _T],
        sleep: Callable[[float], None],
        within: float = math.inf,
    ) -> _T | None:
        """Send once the operation's bucket allows it, and note what came; at once where no usage plan is published.

        Args:
            operation: What is asked.
            host: Who is asked.
            send: Sends, and returns what came: an `HttpResponse`, or anything else for no answer.
            sleep: Waits that many seconds. What it raises ends the wait; nothing is taken then.
            within: Seconds; whoever has waited so long does not send, and gets ``None``.
        """
        if operation.rate is None or operation.burst is None:
            return send()
        key = host, operation
        with self._lock:
            self._buckets.setdefault(key, Bucket.of(operation.rate, operation.burst, self._monotonic()))
        by = self._monotonic() + within
        while wait := self._take(key):
            if self._monotonic() >= by:
                return None
            sleep(min(wait, _LOOK_SECONDS))
        sent_at, came = self._monotonic(), None
        try:
            came = send()
        finally:
            self._note(key, sent_at, came)
        return came

    def _take(self, key: tuple[str, Operation]) -> float:
        with self._lock:
            self._buckets[key], wait = self._buckets[key].taken(self._monotonic())
        return wait

    def _note(self, key: tuple[str, Operation], sent_at: float, came: object) -> None:
        with self._lock:
            bucket, now = _at_stated_rate(self._buckets[key], key, came), self._monotonic()
            refused = isinstance(came, HttpResponse) and came.status == 429
            self._buckets[key] = bucket.refused(now, sent_at) if refused else bucket.answered(now)


def _at_stated_rate(bucket: Bucket, key: tuple[str, Operation], came: object) -> Bucket:
    """At the rate that an answer states, for each second of ours."""
    if not isinstance(came, HttpResponse):
        return bucket
    host, operation = key
    scale = _time_scale(came) if urlsplit(host).hostname in LOOPBACK else None
    if scale is None:
        return bucket.at_rate(came.rate_limit)
    rate = min((came.rate_limit or operation.rate or 0.0) * scale, _NO_QUOTA) or _NO_QUOTA
    # What a sandbox says of itself needs no doubt.
    return replace(bucket, rate=rate, published=rate)


def _time_scale(answer: HttpResponse) -> float | None:
    """The server's seconds for each of ours; ``None`` if it does not say so in a number."""
    try:
        scale = float(answer.headers[_TIME_SCALE])
    except (KeyError, ValueError):
        return None
    return scale if 0 <= scale < math.inf else None


_SHARED: Final[WeakValueDictionary[bytes, Quota]] = WeakValueDictionary()
_LOCK: Final = threading.Lock()
# A digest under a key that ends with the process: what a memory dump shows of an account says nothing about it.
_KEY: Final = secrets.token_bytes(32)


def quota_of(profile: Profile) -> Quota:
    """The quota of an account: the same for all who hold one at the same time.

    A usage plan belongs to application and selling partner, which client id and refresh token stand for.
    """
    account = f"{profile.client_id}\n{profile.refresh_token.reveal()}".encode()
    key = hashlib.blake2b(account, key=_KEY).digest()
    with _LOCK:
        return _SHARED.setdefault(key, Quota())
