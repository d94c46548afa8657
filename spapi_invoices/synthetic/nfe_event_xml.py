"""Synthetic registrations that an NF-e was cancelled, valid by the official schema. Not for the NF-e: `nfe_xml` renders it.

Nobody signed or registered them. Source: leiauteEventoCancNFe_v1.00.xsd.
"""

from datetime import datetime, timedelta, timezone
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from spapi_invoices.synthetic.nfe_xml import UF, Nfe, add, sign, written

_CANCELLATION: Final = "110111"
# SEFAZ answers in a Brazilian offset, and the schema takes no other.
_SAO_PAULO: Final = timezone(timedelta(hours=-3))
_VERSION: Final = {"versao": "1.00"}


def render_cancellation(nfe: Nfe, at: datetime) -> bytes:
    """The ``procEventoNFe``: the issuer's request and SEFAZ's answer that it is registered, both of that time.

    Args:
        nfe: What is cancelled. The schema of events knows no CNPJ with letters yet.
        at: Aware.
    """
    when = at.astimezone(_SAO_PAULO).isoformat(timespec="seconds")
    root = Element("procEventoNFe", _VERSION)
    request = SubElement(root, "evento", _VERSION)
    _request(request, nfe, when)
    _answer(SubElement(root, "retEvento", _VERSION), nfe, when)
    return written(root)


def _request(event: Element, nfe: Nfe, when: str) -> None:
    # Behind the key the number of the event among those of its kind, in two digits.
    event_id = f"ID{_CANCELLATION}{nfe.access_key}01"
    info = add(
        event,
        "infEvento",
        ("cOrgao", UF),
        ("tpAmb", str(nfe.environment)),
        ("CNPJ", nfe.issuer_cnpj),
        ("chNFe", nfe.access_key),
        ("dhEvento", when),
        ("tpEvento", _CANCELLATION),
        ("nSeqEvento", "1"),
        ("verEvento", "1.00"),
    )
    info.set("Id", event_id)
    reason = ("xJust", "Evento sintetico, sem valor fiscal")
    details = add(info, "detEvento", ("descEvento", "Cancelamento"), ("nProt", nfe.protocol_number), reason)
    details.set("versao", "1.00")
    sign(event, event_id, nfe)


def _answer(answer: Element, nfe: Nfe, when: str) -> None:
    add(
        answer,
        "infEvento",
        ("tpAmb", str(nfe.environment)),
        ("verAplic", "sandbox"),
        ("cOrgao", UF),
        ("cStat", "135"),
        ("xMotivo", "Evento registrado e vinculado a NF-e"),
        ("chNFe", nfe.access_key),
        ("tpEvento", _CANCELLATION),
        ("xEvento", "Cancelamento"),
        ("nSeqEvento", "1"),
        ("dhRegEvento", when),
        ("nProt", nfe.protocol_number),
    )
