"""Reads NF-e (model 55, layout 4.00): ``nfeProc`` as SEFAZ authorised it, a bare ``NFe``, and their events.

`read` gives all that an NF-e states; the reader gives what is compared. Only the invoice of a sale has amounts and lines
there: those of a return or a complement are of another kind, and would be taken for what the customer was invoiced.
What is wrong becomes a finding, not an exception.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final
from xml.etree.ElementTree import Element

from spapi_invoices.core.media import NFE, sniff
from spapi_invoices.documents import access_key, nfe_checks, nfe_elements, nfe_event, nfe_invoice
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.findings import Found, Unreadable, names, words
from spapi_invoices.documents.nfe_invoice import Nfe
from spapi_invoices.documents.reader import DocumentReader

_DOCUMENT_TYPE: Final = "nfe"
# SEFAZ takes no message of more than half a megabyte.
LARGEST: Final = 8 << 20


def read(content: bytes) -> Nfe:
    """An NF-e with parties, lines, totals, payments and protocol, unchecked.

    Raises:
        Unreadable: It is no NF-e, there are several in it, or it is larger than any.

    >>> read(b"<NFe><infNFe Id='NFe1'><ide><nNF>7</nNF></ide></infNFe></NFe>").number
    '7'
    """
    return nfe_invoice.of_root(_root(content))


def _root(content: bytes) -> Element:
    if len(content) > LARGEST:
        raise Unreadable("document_too_large", f"the XML has more than {LARGEST >> 20} MiB, which no NF-e has")
    return nfe_elements.parse(content)


def _claims(content: bytes) -> bool:
    return sniff(content) == NFE


def _read(content: bytes) -> Facts:
    document_type = _DOCUMENT_TYPE
    try:
        root = _root(content)
        if root.tag == nfe_event.ROOT:
            document_type = nfe_event.DOCUMENT_TYPE
            return nfe_event.read_event(root)
        return facts_of(nfe_invoice.of_root(root))
    except Unreadable as error:
        return Facts(document_type=document_type, findings=(error.found.finding,), problem=error.problem)


def facts_of(nfe: Nfe) -> Facts:
    """What is compared of an NF-e, with all findings."""
    purpose, issued, numbers = nfe_checks.purpose(nfe), nfe_checks.issue_date(nfe), list(nfe_checks.number(nfe))
    authority, sale = list(nfe_checks.authority(nfe)), purpose == "sale"
    found = [
        *nfe_checks.version(nfe),
        *nfe_checks.key(nfe),
        *authority,
        *numbers,
        *(nfe_checks.dated(nfe, issued) if isinstance(issued, date) else [issued]),
        *nfe_checks.tax_ids(nfe),
        *(nfe_checks.amounts(nfe) if sale else [_not_a_sale(nfe, purpose)]),
    ]
    totals: Mapping[str, Decimal] = nfe.totals if sale else {}
    return Facts(
        document_type=_DOCUMENT_TYPE,
        purpose=purpose,
        invoice_number=None if numbers else f"{nfe.series}-{nfe.number}",
        issue_date=issued if isinstance(issued, date) else None,
        currency="BRL",
        total_amount=totals.get("ICMSTot/vNF"),
        goods_amount=totals.get("ICMSTot/vProd"),
        shipping_amount=totals.get("ICMSTot/vFrete"),
        discount_amount=totals.get("ICMSTot/vDesc"),
        other_amount=totals.get("ICMSTot/vOutro"),
        reform_total_amount=totals.get("vNFTot"),
        seller_tax_id=nfe.issuer.tax_id,
        buyer_tax_id=nfe.recipient.tax_id,
        marketplace_tax_id=nfe.intermediary_cnpj,
        amazon_shipment_id=nfe.shipment_id,
        order_ids=nfe.order_ids,
        access_key=nfe.access_key if access_key.PATTERN.fullmatch(nfe.access_key) else None,
        authorised=not authority,
        findings=names(found),
        problem=words(found),
        lines=nfe.lines if sale else (),
    )


def _not_a_sale(nfe: Nfe, purpose: str | None) -> Found:
    """What the document is, where it is not the invoice of a sale: goods that go out, for the normal purpose."""
    if purpose == "incoming":
        named = "for goods that come in (tpNF 0)"
    elif purpose is not None:
        article = "an" if purpose == "adjustment" else "a"
        named = f"{article} {purpose.replace('_', ' ')} (finNFe {nfe.purpose})"
    else:
        named = "of no known direction (tpNF)" if nfe.purpose == "1" else "of no known purpose (finNFe)"
    return Found("not_a_sale", f"{named}, not the invoice of a sale")


READER: Final = DocumentReader("nfe", _claims, _read)
