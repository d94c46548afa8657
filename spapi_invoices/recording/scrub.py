"""A recording without secrets and personal data, in which all that a program works with is as it was. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from spapi_invoices.core.wire import Secret
from spapi_invoices.recording.audit import auditing
from spapi_invoices.recording.exchange import Exchange
from spapi_invoices.recording.fakes import Fakes
from spapi_invoices.recording.rules import Rules, known_values
from spapi_invoices.recording.walk import Walk, asked_by, given_away
from spapi_invoices.synthetic.stand_in import stand_in


def scrub(
    exchanges: Iterable[Exchange],
    key: bytes,
    secrets: Iterable[Secret] = (),
    *,
    keep_documents: bool = False,
    stand_in: Callable[[bytes, Fakes], bytes] = stand_in,
) -> list[Exchange]:
    """Replace all that is not known to be harmless; a recording that is scrubbed already comes back as it is.

    What is found to be secret or personal in one exchange is replaced in all others, so give the whole recording.

    Args:
        exchanges: The whole recording, in order.
        key: Secret bytes; the same key gives the same fakes, but for short values: see `Fakes`.
        secrets: Values of five letters and digits or more that may be nowhere, whatever they look like and wherever.
        keep_documents: Leave documents as they are, personal data included.
        stand_in: Makes the synthetic document that stands in for one.

    >>> (clean,) = scrub([Exchange(method="GET", url="http://127.0.0.1/fba/outbound/brazil/v0/shipments/D1")], b"key")
    >>> clean.url
    'https://sellingpartnerapi-na.amazon.com/fba/outbound/brazil/v0/shipments/D1'
    """
    raw = list(exchanges)
    declared, asked = known_values(secret.reveal() for secret in secrets), asked_by(raw)
    check = replace(auditing(allow_documents=keep_documents), secrets=declared, asked=asked)
    if not any(Walk(exchange, check).changes for exchange in raw):
        return raw
    fakes = Fakes(key)
    # The first walk only looks, so it leaves the documents alone.
    rules = Rules(fakes, documents=bytes, secrets=declared, asked=asked)
    known = given_away(change for exchange in raw for change in Walk(exchange, rules).changes)
    documents = bytes if keep_documents else cache(lambda document: stand_in(document, fakes))
    rules = replace(rules, known=known, documents=documents)
    return [Walk(exchange, rules).exchange for exchange in raw]
