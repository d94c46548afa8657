"""What can go wrong between a client and SP-API: a table of faults, and the draw of which strikes a request.

Not for how an answer is spoilt on its way: `sandbox.delivery` knows. A fault is an error in place of the answer, or lets the
request be carried out and spoils what is sent, but never the status: no fault makes a success of a refusal.
"""

import contextlib
import random
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from spapi_invoices.endpoints import OPERATIONS
from spapi_invoices.errors import InvalidRequest
from spapi_invoices.sandbox.answer import Answer, denied, internal_failure, throttled

# Longer than clients wait, as a rule.
STALL_SECONDS: Final = 120.0
_ALL: Final = frozenset(operation.operation_id for operation in OPERATIONS)
# Login with Amazon has answers of its own, and none of these is known of it.
_SP_API: Final = _ALL - {"getAccessToken"}
_PAGE: Final = """<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en">
<head><title>Website Temporarily Unavailable</title></head>
<body><h1>Website Temporarily Unavailable</h1><p>\u00a9 Please try again later.</p></body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of the table.

    Attributes:
        meaning: What the client meets.
        operations: Operation ids that it can strike.
        instead: The answer in place of carrying the request out; ``None`` if it is carried out.
    """

    meaning: str
    operations: frozenset[str] = _ALL
    instead: Answer | None = None


# In the order in which one wins over another. Those seen in the wild, by issue of amzn/selling-partner-api-models: 4667
# (html-503), 746 (429), 2684 (500), 4850 (empty-200).
FAULTS: Final[Mapping[str, Fault]] = {
    "html-503": Fault(
        "503 with an HTML page in place of JSON",
        instead=Answer(503, {"content-type": "text/html; charset=iso-8859-1"}, _PAGE.encode("iso-8859-1")),
    ),
    "429": Fault("throttled, though the quota is not used up", _SP_API, throttled().answer),
    "500": Fault(
        "an internal error, in Amazon's form",
        _SP_API,
        internal_failure().answer,
    ),
    "expired-token": Fault(
        "403, the token has expired, whatever its age",
        _SP_API,
        denied("The access token you provided has expired.").answer,
    ),
    # The operation's handler builds it: only there is the page's token known.
    "repeat-token": Fault(
        "a page's nextToken asks for the same page, so pages never end", frozenset({"getCustomerInvoices"})
    ),
    "lost-answer": Fault(
        "the invoice is taken, and the connection closes without a byte", frozenset({"submitInvoice"})
    ),
    "empty-200": Fault("the right status and headers, and no body"),
    "truncated-json": Fault("half of the body, with headers that call it whole"),
    "wrong-length": Fault("half of the body, then closed; Content-Length is the whole's"),
    "gzip-garbage": Fault("Content-Encoding is gzip, and the body is not"),
    "reset": Fault("the connection is reset in the middle of the body"),
    "slow": Fault(f"half of the body, then nothing for {STALL_SECONDS:.0f} seconds"),
}


def instead(fault: str | None) -> Answer | None:
    """The answer that a fault gives in place of carrying the request out, if it is one that does."""
    return None if fault is None else FAULTS[fault].instead


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a fault strikes.

    Attributes:
        name: Of `FAULTS`.
        rate: The share of the requests it strikes, from 0 to 1.
        operation: The only operation id it strikes; ``None`` strikes all that it can.
        times: It strikes so many times at most; ``None`` sets no end.
        skip: So many requests that it could strike pass first.

    Raises:
        InvalidRequest: One of them is not what it may be.
    """

    name: str
    rate: float = 1.0
    operation: str | None = None
    times: int | None = None
    skip: int = 0

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            raise InvalidRequest(f"there is no fault {self.name!r}. Next: name one of {', '.join(FAULTS)}")
        can = FAULTS[self.name].operations
        if self.operation is not None and self.operation not in can:
            raise InvalidRequest(
                f"the fault {self.name} cannot strike {self.operation!r}. Next: name one of {', '.join(sorted(can))}"
            )
        if not 0 <= self.rate <= 1:
            raise InvalidRequest(f"the fault {self.name} has the rate {self.rate}. Next: give one from 0 to 1")
        if self.skip < 0 or (self.times is not None and self.times < 1):
            raise InvalidRequest(
                f"the fault {self.name} is to strike {self.times} times after {self.skip}. Next: give times from 1, skip from 0"
            )


def parse_rates(text: str) -> dict[str, float]:
    """Read ``NAME:RATE,NAME@OPERATION:RATE``, as the command line takes it and `Faults` does.

    Raises:
        InvalidRequest: A part has no rate, one that is no number, or the name of an earlier part.

    >>> parse_rates("html-503:0.1, reset@getShipmentDetails:1")
    {'html-503': 0.1, 'reset@getShipmentDetails': 1.0}
    """
    rates = dict[str, float]()
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, rate = part.partition(":")
        if name in rates:
            raise InvalidRequest(f"the fault {name} has two rates. Next: give it one")
        try:
            rates[name] = float(rate)
        except ValueError:
            name = ""
        if not name:
            raise InvalidRequest(f"{part!r} names no fault with a rate. Next: write it as html-503:0.1")
    return rates


@dataclass(slots=True)
class _Drawn:
    """A rule and what became of it so far."""

    rule: Rule
    chance: random.Random
    met: int = 0
    struck: int = 0

    def strikes(self, operation_id: str) -> bool:
        """Draw for a request, if it is one that the rule can strike."""
        rule = self.rule
        if operation_id not in ({rule.operation} if rule.operation else FAULTS[rule.name].operations):
            return False
        self.met += 1
        drawn = self.chance.random() < rule.rate
        return drawn and self.met > rule.skip and (rule.times is None or self.struck < rule.times)


class Faults:
    """The faults that are on. Any thread may change them while requests are drawn for.

    The same seed and the same order of requests strike the same requests; each rule draws for itself, so that one more
    changes nothing for the others.

    Args:
        seed: Of the draws.
        rates: Rate by name, or by ``name@operation``.

    Raises:
        InvalidRequest: As `Rule` does.

    >>> faults = Faults()
    >>> with faults.striking("reset", operation="getShipmentDetails", skip=1):
    ...     [faults.draw("getShipmentDetails") for _ in range(3)]
    [None, 'reset', 'reset']
    >>> faults.struck["reset"]
    2
    """

    def __init__(self, seed: int = 0, rates: Mapping[str, float] | None = None) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._rules: dict[tuple[str, str | None], _Drawn] = {}
        self._struck: Counter[str] = Counter()
        for key, rate in (rates or {}).items():
            name, at, operation = key.partition("@")
            # "reset@" is refused: taken as None, its empty operation would strike all.
            self.set(name, rate, operation=operation if at else None)

    def set(
        self, name: str, rate: float = 1.0, *, operation: str | None = None, times: int | None = None, skip: int = 0
    ) -> None:
        """Switch a fault on, in place of the rule that it may have for the same operation. Its draws begin anew."""
        rule = Rule(name, rate, operation, times, skip)
        drawn = _Drawn(rule, random.Random(f"{self._seed} {name} {operation}"))  # noqa: S311 - to be repeatable
        with self._lock:
            self._rules[name, operation] = drawn

    def clear(self, name: str | None = None) -> None:
        """Switch a fault off for all operations; ``None`` switches off all."""
        with self._lock:
            self._rules = {key: one for key, one in self._rules.items() if name not in {None, key[0]}}

    @contextlib.contextmanager
    def striking(self, name: str, rate: float = 1.0, **limits: Any) -> Iterator[None]:  # noqa: ANN401 - those of `set`
        """A fault that is on for the length of the block, after which all is as it was before."""
        with self._lock:
            before = self._rules.copy()
        self.set(name, rate, **limits)
        try:
            yield
        finally:
            with self._lock:
                self._rules = before

    def draw(self, operation_id: str) -> str | None:
        """The fault that strikes this request for an operation, if one does."""
        with self._lock:
            # All draw before one wins, or a fault would shift the draws of those behind it.
            striking = {key[0]: one for key, one in self._rules.items() if one.strikes(operation_id)}
            first = next((name for name in FAULTS if name in striking), None)
            if first is not None:
                striking[first].struck += 1
                self._struck[first] += 1
            return first

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What is on."""
        with self._lock:
            return tuple(one.rule for one in self._rules.values())

    @property
    def struck(self) -> Counter[str]:
        """How often each fault has struck so far."""
        with self._lock:
            return self._struck.copy()
