"""What must not be in a recording, and where. Not for mending it: record again, or `scrub`.

A finding stands wherever a walk that keeps fakes would change something, so audit and scrub cannot differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from spapi_invoices.recording.exchange import Exchange
from spapi_invoices.recording.fakes import Fakes
from spapi_invoices.recording.rules import Rules
from spapi_invoices.recording.walk import Walk, asked_by, given_away
from spapi_invoices.synthetic.stand_in import is_synthetic


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be in a recording; never the thing itself.

    Attributes:
        exchange: Its number, from 1; 0 for what stands in the file beside all exchanges.
        place: Where in the exchange, as ``response body payload.BuyerName`` or ``request header x-amz-access-token``.
        kind: ``token``, ``secret``, ``personal data``, ``document``, ``host``, ``header`` or ``unknown text``.
    """

    exchange: int
    place: str
    kind: str


def audit(exchanges: Iterable[Exchange], *, allow_documents: bool = False) -> tuple[Finding, ...]:
    """Find what `scrub` would replace; empty for what it made, whatever its key was.

    Args:
        exchanges: In the order of the recording.
        allow_documents: Invoices that are not synthetic are no finding.

    >>> audit([Exchange(method="GET", url="https://api.amazon.com/auth/o2/token", request_headers=(("cookie", "a"),))])
    (Finding(exchange=1, place='request header cookie', kind='token'),)
    """
    recorded = list(exchanges)
    rules = replace(auditing(allow_documents=allow_documents), asked=asked_by(recorded))
    known = given_away(change for exchange in recorded for change in Walk(exchange, rules).changes)
    rules = replace(rules, known=known)
    return tuple(
        Finding(number, change.place, change.kind)
        for number, exchange in enumerate(recorded, 1)
        for change in Walk(exchange, rules).changes
    )


def auditing(*, allow_documents: bool = False) -> Rules:
    """Rules that change nothing that `scrub` made."""
    documents = bytes if allow_documents else _unless_synthetic
    return Rules(Fakes(b"", keeps_fakes=True), documents)


def _unless_synthetic(document: bytes) -> bytes:
    """Nothing is put in its place, for nothing is kept: that it would be another is enough."""
    return document if is_synthetic(document) else b""
