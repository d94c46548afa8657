"""How much of a quota is used, and how many 429s that costs: ``python tests/benchmarks/fetch.py [RUNS] [TIME_SCALE]``.

Two minutes of a sandbox's time over real HTTP, asked by the client with its own threads; all cases run side by side, each with a sandbox of its own, so a run takes as
long, or half with a time scale of 2: then the client's clock and its waits run as fast as the server's. On a busy machine
leave the scale at 1: who waits half a second for a processor is late by as much, times the scale, as no network is.

The server counts: what it let through, of what its bucket allowed. Latency is added on the client's side, half of it before
a request is sent and half after its answer. Medians of five runs, beside what is to be reached (design, numbers to reach).
"""

import math
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from spapi_invoices.core.customer_invoices import build_get_customer_invoice
from spapi_invoices.core.retry import RetryPolicy
from spapi_invoices.core.wire import Secret
from spapi_invoices.endpoints import Operation, operation
from spapi_invoices.errors import FetchIncomplete, TransportFailed
from spapi_invoices.io.auth import Tokens
from spapi_invoices.io.client import Client
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.io.quota import Quota
from spapi_invoices.io.transport import Transport
from spapi_invoices.sandbox import Sandbox, running

SECONDS: Final = 120.0
# More than any bucket lets through in the time.
IDS: Final = tuple(f"NONE{number}" for number in range(4000))


@dataclass(frozen=True)
class Case:
    """A server and what is to be reached against it.

    Attributes:
        name: As printed.
        operation: What is asked, and has the documented plan.
        rate: The server's; ``None`` is the documented one.
        tokens: In its bucket at the start; ``None`` is all of the burst.
        stated: Whether its answers state the rate.
        latency: Seconds from and to which an answer takes.
        others: The rate at which another process asks.
        share: To reach, of what the server allows; ``None`` is not set.
        refusals: The most 429s; ``None`` likewise.
    """

    name: str
    operation: Operation
    rate: float | None = None
    tokens: float | None = None
    stated: bool = True
    latency: tuple[float, float] = (0.1, 0.8)
    others: float = 0.0
    share: float | None = None
    refusals: int | None = None

    @property
    def plan(self) -> tuple[float, int]:
        """The server's rate and burst."""
        assert self.operation.rate is not None
        assert self.operation.burst is not None
        return self.rate or self.operation.rate, self.operation.burst

    @property
    def allowed(self) -> int:
        """What the server's bucket lets through in the time."""
        rate, burst = self.plan
        return int((burst if self.tokens is None else self.tokens) + rate * SECONDS)


# What does not exist takes a token like any other, and costs the sandbox no PDF.
TEN, SLOW = operation("getCustomerInvoice", "v1"), operation("getInvoiceStatus", "v0")
ASK: Final[dict[Operation, Callable[[Client], object]]] = {
    TEN: lambda client: client.customer_invoices(purchase_orders=IDS),
    SLOW: lambda client: client.invoice_statuses(IDS),
}
OTHERS: Final = build_get_customer_invoice("OTHERS")
CASES: Final = (
    Case("10/s burst 10", TEN, share=0.97, refusals=0),
    Case("10/s burst 10, 50 ms", TEN, latency=(0.05, 0.05), share=0.97, refusals=0),
    Case("1.133/s burst 25", SLOW, share=0.97, refusals=0),
    Case("10/s, drained at start", TEN, tokens=0, refusals=2),
    Case("1.133/s, drained at start", SLOW, tokens=0, refusals=2),
    Case("5/s in place of 10", TEN, rate=5, refusals=2),
    Case("0.5/s in place of 1.133", SLOW, rate=0.5, refusals=2),
    Case("20/s in place of 10", TEN, rate=20, share=0.94, refusals=0),
    Case("5/s in place of 10, unsaid", TEN, rate=5, stated=False),
    Case("another process takes 5/s", TEN, others=5),
)


@dataclass
class Count:
    """What the server did with our requests."""

    clock: Callable[[], float]
    allowed: int = 0
    refused: list[float] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        """Take a line of the sandbox's log."""
        at, status = self.clock(), line.split()[3]
        if IDS[0][:-1] not in line or at > SECONDS:
            return
        if status == "429":
            self.refused.append(at)
        else:
            self.allowed += 1


class Far(HTTPAdapter):
    """A way of some length to a server that does not know that it is a sandbox, so our clock is nobody's but ours."""

    def __init__(self, latency: tuple[float, float], scale: float) -> None:
        super().__init__(pool_maxsize=16)
        self.latency, self.scale, self.chance = latency, scale, random.Random(0)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """There and back."""
        time.sleep(self.chance.uniform(*self.latency) / 2 / self.scale)
        answer = super().send(request, *args, **kwargs)
        time.sleep(self.chance.uniform(*self.latency) / 2 / self.scale)
        del answer.headers["x-sandbox-time-scale"]
        return answer


def token_of(sandbox: Sandbox, case: Case) -> Secret:
    """The token that the operation needs; what it takes to get it does not count."""
    plain = Transport()
    tokens = Tokens(SANDBOX_PROFILE, lambda request, token, _: plain.send(request, sandbox.endpoint, token))
    return tokens.token_for(case.operation)


def take_part(sandbox: Sandbox, case: Case, token: Secret, clock: Callable[[], float], scale: float) -> None:
    """Another process: asks at its rate, and cares for nothing."""
    plain, sent = Transport(), 0
    while clock() < SECONDS:
        plain.send(OTHERS, sandbox.endpoint, token)
        sent += 1
        time.sleep(max(0.0, sent / case.others - clock()) / scale)


def played(case: Case, scale: float) -> tuple[float, list[float]]:
    """The share of what was allowed, and when 429s came."""
    rate, burst = case.plan
    begun = math.inf

    def clock() -> float:
        return (time.monotonic() - begun) * scale

    def sleep(seconds: float) -> None:
        if clock() > SECONDS:
            raise TransportFailed("the time is over")
        time.sleep(seconds / scale)

    count = Count(clock)
    with running(customer_invoices=1, shipments=1, time_scale=scale, log=count) as sandbox:
        plan = {"operation": case.operation.operation_id, "rate": rate, "burst": burst, "stated": case.stated}
        requests.put(
            f"{sandbox.endpoint}/sandbox/quotas", json={**plan, "tokens": case.tokens}, timeout=10
        ).raise_for_status()
        token = token_of(sandbox, case)
        transport = Transport(
            adapter=Far(case.latency, scale),
            retry=RetryPolicy(),
            quota=Quota(lambda: time.monotonic() * scale),
            sleep=sleep,
            monotonic=lambda: time.monotonic() * scale,
        )

        client = Client(lambda request: transport.send(request, sandbox.endpoint, token), concurrent=True)
        others = threading.Thread(target=take_part, args=(sandbox, case, token, clock, scale))
        begun = time.monotonic()
        if case.others:
            others.start()
        with suppress(FetchIncomplete):
            ASK[case.operation](client)
        if case.others:
            others.join()
    return count.allowed / case.allowed, count.refused


def verdict(case: Case, share: float, refused: float) -> str:
    """Whether what is to be reached was."""
    if case.share is None and case.refusals is None:
        return "-"
    good = share >= (case.share or 0) and refused <= (len(CASES) if case.refusals is None else case.refusals)
    return "pass" if good else "FAIL"


def main(runs: int, scale: float) -> int:
    """Print a row for each case; the number of those that fail."""
    found: dict[str, list[tuple[float, list[float]]]] = {case.name: [] for case in CASES}
    for run in range(1, runs + 1):
        print(f"run {run} of {runs}, {SECONDS / scale:.0f} s", file=sys.stderr)
        with ThreadPoolExecutor(len(CASES)) as pool:
            for case, result in zip(CASES, pool.map(lambda one: played(one, scale), CASES), strict=True):
                found[case.name].append(result)
    print(f"{'case':28} {'used':>7} {'to reach':>9} {'429s':>5} {'at most':>8} {'last at':>8}  result")
    verdicts = [row(case, found[case.name]) for case in CASES]
    return verdicts.count("FAIL")


def row(case: Case, results: list[tuple[float, list[float]]]) -> str:
    """Print medians, and of the 429s when the very last one came; the verdict."""
    share = statistics.median(one for one, _ in results)
    refused = statistics.median(len(several) for _, several in results)
    last = max((several[-1] for _, several in results if several), default=None)
    reach = "-" if case.share is None else f"{case.share:.0%}"
    most = "-" if case.refusals is None else case.refusals
    at, said = "-" if last is None else f"{last:.0f} s", verdict(case, share, refused)
    print(f"{case.name:28} {share:>7.1%} {reach:>9} {refused:>5g} {most:>8} {at:>8}  {said}")
    return said


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(int(given[0]) if given else 5, float(given[1]) if len(given) > 1 else 1.0))
