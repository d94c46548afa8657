"""What an event of an NF-e (``procEventoNFe``) states: that something happened to the NF-e with its access key.

Source: leiauteEvento_v1.00.xsd; Manual de Orientação do Contribuinte for the codes.
"""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from spapi_invoices.documents import access_key
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.findings import Found, Unreadable, names, words
from spapi_invoices.documents.nfe_elements import text

ROOT: Final = "procEventoNFe"
DOCUMENT_TYPE: Final = "nfe_event"
_CANCELLATION: Final = "110111"
_NAMES: Final = {
    "110110": "a correction letter",
    _CANCELLATION: "a cancellation",
    "110112": "a cancellation by substitution",
    "210200": "the recipient's confirmation",
    "210210": "the recipient's notice of knowing",
    "210220": "the recipient's denial",
    "210240": "the recipient's word that nothing came of it",
}
# With the NF-e at hand, without it, and out of time.
_REGISTERED: Final = ("135", "136", "155")


def read_event(root: Element) -> Facts:
    """The event: ``authorised`` is ``False`` if it takes the NF-e back, ``None`` if it leaves it as it was.

    Only a cancellation that SEFAZ registered takes an NF-e back. It has no amounts: those are the NF-e's.

    Raises:
        Unreadable: The root holds no event, or several.
    """
    events, answers = root.findall("evento/infEvento"), root.findall("retEvento/infEvento")
    if len(events) != 1 or len(answers) > 1:
        finding = "several_invoices" if len(events) > 1 else "not_an_nfe"
        raise Unreadable(finding, f"{len(events)} events in one procEventoNFe, which has one")
    event, answer = events[0], next(iter(answers), None)
    key, code = text(event, "chNFe") or "", text(event, "tpEvento") or ""
    if not access_key.PATTERN.fullmatch(key):
        raise Unreadable("not_an_nfe", "not an NF-e's event: chNFe is no access key")
    doubts = [Found("event_not_registered", doubt) for doubt in _doubts(event, answer)]
    # Only digits are repeated: the text comes from a stranger.
    shown = code if re.fullmatch(r"[0-9]{6}", code, re.ASCII) else "tpEvento is not a number"
    cancels = code == _CANCELLATION and not doubts
    what = Found("event_cancels" if cancels else "event", f"{_NAMES.get(code, 'an event')} ({shown}) of NF-e {key}")
    return Facts(
        document_type=DOCUMENT_TYPE,
        access_key=key,
        authorised=False if cancels else None,
        findings=names([what, *doubts]),
        problem=words([what, *doubts]),
    )


def _doubts(event: Element, answer: Element | None) -> Iterator[str]:
    """Why the event has no effect; nothing if SEFAZ registered it."""
    if answer is None:
        yield "not registered: no answer of SEFAZ (retEvento)"
        return
    if text(answer, "cStat") not in _REGISTERED:
        yield f"not registered: cStat is not one of {', '.join(_REGISTERED)}"
    # The layout lets the answer leave these out.
    if any(text(answer, tag) not in {None, text(event, tag)} for tag in ("chNFe", "tpEvento")):
        yield "not registered: the answer is for another event"
    if {text(event, "tpAmb"), text(answer, "tpAmb")} != {"1"}:
        yield "not registered: issued for test (tpAmb 2, homologation), or tpAmb is missing"
