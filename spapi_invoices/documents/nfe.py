"""What an NF-e (model 55, layout 4.00) states, from ``nfeProc`` as SEFAZ authorised it or from a bare ``NFe``.

Groups that are not known are passed over, and what is wrong becomes a finding, not an exception. The signature is not
verified. Only the invoice of a sale has amounts here: those of a return or a complement are of another kind, and would
be taken for what the customer was invoiced.

Source: leiauteNFe_v4.00.xsd; Manual de Orientação do Contribuinte, rule W16-10.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Final
from xml.etree.ElementTree import Element

from spapi_invoices.core.money import parse_amount
from spapi_invoices.documents import access_key, nfe_elements, nfe_event
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.nfe_elements import text
from spapi_invoices.documents.order_ids import find_order_ids
from spapi_invoices.documents.reader import DocumentReader
from spapi_invoices.documents.tax_ids import cnpj_is_valid, cpf_is_valid

_DOCUMENT_TYPE: Final = "nfe"
# Comments may stand before the root, long ones too.
_HEAD: Final = 1 << 16
_CLAIM: Final = re.compile(r"portalfiscal\.inf\.br/nfe\b|<(?:[\w.-]+:)?(?:nfeProc|NFe|procEventoNFe)[\s>/]")
# What an NF-e has once, wherever it stands: with a second one, the first would be taken and the other lost.
_ONCE: Final = (
    *("NFe", "infNFe", "ide", "tpNF", "finNFe", "emit", "dest", "total", "ICMSTot", "vNF"),
    *("protNFe", "infProt"),
)
# finNFe, the purpose of issue; 1 is the invoice of a sale.
_PURPOSES: Final = {
    "2": "a complement",
    "3": "an adjustment",
    "4": "a return",
    "5": "a credit note",
    "6": "a debit note",
}
# TSerie and TNF.
_NUMBER_FORMS: Final = {"ide/serie": re.compile(r"0|[1-9][0-9]{0,2}"), "ide/nNF": re.compile(r"[1-9][0-9]{0,8}")}
_FIRST_NFE: Final = date(2006, 1, 1)
# Where an order id may stand, in the order of trust: no rule of Amazon or SEFAZ names a field.
_ORDER_ID_PATHS: Final = ("compra/xPed", "infAdic/infCpl", "infAdic/obsCont/xTexto", "det/infAdProd")
_AUTHORISED: Final = ("100", "150")
_STATUS: Final = {
    "101": "cancelled",
    "110": "denied",
    "151": "cancelled, out of time",
    "301": "denied, the issuer is irregular",
    "302": "denied, the recipient is irregular",
}
# Rule W16-10, vNF and what it is made of. Ordinary ICMS, PIS, COFINS, FCP and DIFAL are inside the price.
_PARTS: Final = {
    "vProd": 1,
    "vDesc": -1,
    "vST": 1,
    "vFCPST": 1,
    "vFrete": 1,
    "vSeg": 1,
    "vOutro": 1,
    "vII": 1,
    "vIPI": 1,
    "vIPIDevol": 1,
    "vServ": 1,
}
# In vNF or not: an issuer may leave the exempted ICMS in, and the retained monophase ICMS depends on the product.
_OPTIONAL_PARTS: Final = {"vICMSDeson": -1, "vICMSMonoReten": 1}
_SUBSTITUTED: Final = (("PISST", "indSomaPISST", "vPIS"), ("COFINSST", "indSomaCOFINSST", "vCOFINS"))


def _claims(content: bytes) -> bool:
    head = content[:_HEAD].decode(encoding(content), "replace").lstrip("\ufeff \t\r\n")
    return head.startswith("<") and _CLAIM.search(head) is not None


def encoding(content: bytes) -> str:
    """Good enough to find a tag's name, which is ASCII: an XML in UTF-16 has a zero in its first two bytes or a BOM."""
    if content.startswith((b"\xff\xfe", b"<\0")):
        return "utf-16-le"
    if content.startswith((b"\xfe\xff", b"\0<")):
        return "utf-16-be"
    return "utf-8"


def _read(content: bytes) -> Facts:
    document_type = _DOCUMENT_TYPE
    try:
        root = nfe_elements.parse(content)
        if root.tag == nfe_event.ROOT:
            document_type = nfe_event.DOCUMENT_TYPE
            return nfe_event.read_event(root)
        return _facts(_invoice(root), root)
    except ValueError as error:
        problem = f"{error}. Next: ask the issuer for the authorised XML (nfeProc), one file for each invoice"
        return Facts(document_type=document_type, problem=problem)


def _invoice(root: Element) -> Element:
    if root.tag not in {"nfeProc", "NFe"}:
        raise ValueError("not an NF-e: the XML's root is none of nfeProc, NFe and procEventoNFe")
    count = Counter(element.tag for element in root.iter())
    if twice := [tag for tag in _ONCE if count[tag] > 1]:
        raise ValueError(f"several NF-e in one file: {twice[0]} stands in it {count[twice[0]]} times")
    invoice = root.find("infNFe" if root.tag == "NFe" else "NFe/infNFe")
    if invoice is None:
        raise ValueError("not an NF-e: infNFe is missing")
    return invoice


def _facts(invoice: Element, root: Element) -> Facts:
    key = (invoice.get("Id") or "").removeprefix("NFe")
    other = _not_a_sale(invoice)
    amounts, amount_findings = ({}, [other]) if other else _amounts(invoice)
    number, number_findings = _number(invoice)
    issued, date_findings = _issue_date(invoice)
    refusals = list(_refusals(root, key, text(invoice, "ide/tpAmb")))
    findings = [
        *_key_findings(key, invoice),
        *refusals,
        *number_findings,
        *date_findings,
        *_tax_id_findings(invoice),
        *amount_findings,
        *_composition_findings(amounts, invoice),
    ]
    return Facts(
        document_type=_DOCUMENT_TYPE,
        invoice_number=number,
        issue_date=issued,
        currency="BRL",
        total_amount=amounts.get("vNF"),
        goods_amount=amounts.get("vProd"),
        shipping_amount=amounts.get("vFrete"),
        discount_amount=amounts.get("vDesc"),
        seller_tax_id=_first(invoice, "emit/CNPJ", "emit/CPF"),
        buyer_tax_id=_first(invoice, "dest/CNPJ", "dest/CPF", "dest/idEstrangeiro"),
        amazon_shipment_id=_shipment_id(invoice),
        order_ids=find_order_ids(*(e.text or "" for path in _ORDER_ID_PATHS for e in invoice.iterfind(path))),
        access_key=key if access_key.PATTERN.fullmatch(key) else None,
        authorised=not refusals,
        problem="; ".join(findings) or None,
    )


def _not_a_sale(invoice: Element) -> str | None:
    """What the document is, if it is not the invoice of a sale: goods that go out, for the normal purpose."""
    purpose, direction = text(invoice, "ide/finNFe"), text(invoice, "ide/tpNF")
    if purpose != "1":
        named = f"{_PURPOSES[purpose]} (finNFe {purpose})" if purpose in _PURPOSES else "of no known purpose (finNFe)"
    elif direction != "1":
        named = "for goods that come in (tpNF 0)" if direction == "0" else "of no known direction (tpNF)"
    else:
        return None
    return f"{named}, not the invoice of a sale"


def _first(element: Element, *paths: str) -> str | None:
    return next((found for path in paths if (found := text(element, path))), None)


def _number(invoice: Element) -> tuple[str | None, list[str]]:
    """Series and number, where both are what the layout says they are."""
    stated = {path: text(invoice, path) for path in _NUMBER_FORMS}
    findings = [
        f"{path} is missing" if stated[path] is None else f"{path} is not a number in the layout's form"
        for path, form in _NUMBER_FORMS.items()
        if not form.fullmatch(stated[path] or "")
    ]
    return None if findings else "-".join(filter(None, stated.values())), findings


def _issue_date(invoice: Element) -> tuple[date | None, list[str]]:
    """The day as written: the issuer's own, whatever the offset behind it."""
    stated = text(invoice, "ide/dhEmi")
    if stated is None:
        return None, ["ide/dhEmi is missing"]
    try:
        issued = date.fromisoformat(stated[:10])
    except ValueError:
        return None, ["ide/dhEmi is not a date"]
    return issued, [f"ide/dhEmi is {issued}: there was no NF-e before 2006"] if issued < _FIRST_NFE else []


def _tax_id_findings(invoice: Element) -> Iterator[str]:
    """The numbers themselves are not repeated: the recipient's is personal."""
    for whose, party in (("issuer", "emit"), ("recipient", "dest")):
        for kind, is_valid in (("CNPJ", cnpj_is_valid), ("CPF", cpf_is_valid)):
            number = text(invoice, f"{party}/{kind}")
            if number is not None and not is_valid(number):
                yield f"the {whose}'s {kind} is not valid: its form or its check digits are wrong"


def _shipment_id(invoice: Element) -> str | None:
    for note in invoice.iterfind("infAdic/obsCont"):
        if names_shipment(note):
            return text(note, "xTexto")
    return None


def names_shipment(note: Element) -> bool:
    """Whether an ``obsCont`` holds Amazon's shipment id, in whatever way its field is spelt."""
    return re.sub(r"[\W_]", "", note.get("xCampo", "")).lower() == "amazonshipmentid"


def _amounts(invoice: Element) -> tuple[dict[str, Decimal], list[str]]:
    """The totals by tag, with a finding for each that is no amount, and for vNF and vProd if they are not there."""
    amounts, findings = {}, []
    for tag in ("vNF", *_PARTS, *_OPTIONAL_PARTS):
        path = "total/ISSQNtot/vServ" if tag == "vServ" else f"total/ICMSTot/{tag}"
        stated = text(invoice, path)
        if stated is None:
            findings += [f"{path} is missing"] if tag in {"vNF", "vProd"} else []
            continue
        try:
            amounts[tag] = _amount(stated)
        except ValueError as error:
            findings.append(f"{path}: {error}")
    return amounts, findings


def _amount(stated: str) -> Decimal:
    if stated.startswith(("+", "-")):
        raise ValueError("an amount with a sign, which the layout (TDec_1302) does not have")
    return parse_amount(stated)


def _composition_findings(amounts: dict[str, Decimal], invoice: Element) -> Iterator[str]:
    """Rule W16-10. A part that is not there counts as zero; without vNF or vProd there is nothing to compare."""
    if not {"vNF", "vProd"} <= amounts.keys():
        return
    fixed = sum(sign * amounts.get(tag, Decimal(0)) for tag, sign in _PARTS.items()) + _substituted(invoice)
    optional = [(Decimal(0), sign * amounts.get(tag, Decimal(0))) for tag, sign in _OPTIONAL_PARTS.items()]
    if amounts["vNF"] not in {fixed + sum(chosen) for chosen in product(*optional)}:
        yield f"vNF {amounts['vNF']} is not the sum of its parts, {fixed + sum(o[1] for o in optional)}"


def _substituted(invoice: Element) -> Decimal:
    """PIS and COFINS for the next in line, where the line says that they are part of the total."""
    total = Decimal(0)
    for tax, flag, amount in _SUBSTITUTED:
        for line in invoice.iterfind(f"det/imposto/{tax}[{flag}='1']"):
            try:
                total += _amount(text(line, amount) or "0")
            except ValueError:
                continue  # then vNF differs from its parts, and that is said
    return total


def _key_findings(key: str, invoice: Element) -> Iterator[str]:
    try:
        access_key.parse(key)
    except ValueError as error:
        yield str(error)
    if not access_key.PATTERN.fullmatch(key):
        return
    parts = access_key.split(key)
    issued = text(invoice, "ide/dhEmi") or ""
    pairs = (
        ("state", parts.uf, text(invoice, "ide/cUF")),
        ("month", parts.year_month, issued[2:4] + issued[5:7]),
        ("issuer", parts.cnpj, (_first(invoice, "emit/CNPJ", "emit/CPF") or "").zfill(14)),
        ("model", parts.model, text(invoice, "ide/mod")),
        ("series", parts.series, (text(invoice, "ide/serie") or "").zfill(3)),
        ("number", parts.number, (text(invoice, "ide/nNF") or "").zfill(9)),
    )
    if wrong := [name for name, in_key, stated in pairs if in_key != stated]:
        yield f"the access key disagrees with the document's {', '.join(wrong)}"
    if parts.model == "65":
        yield "model 65: a consumer receipt (NFC-e), not an NF-e"


def _refusals(root: Element, key: str, environment: str | None) -> Iterator[str]:
    """Why SEFAZ did not authorise this document; nothing if it did."""
    protocol = root.find("protNFe/infProt")
    if protocol is None:
        yield "not authorised: no protocol" + (" (bare NFe)" if root.tag == "NFe" else "")
    else:
        status = text(protocol, "cStat") or ""
        if status not in _AUTHORISED:
            yield f"not authorised: {_status(status)}"
        if text(protocol, "chNFe") != key:
            yield "not authorised: the protocol is for another access key"
    if environment is None:
        yield "not authorised: ide/tpAmb is missing"
    elif environment != "1" or (protocol is not None and text(protocol, "tpAmb") == "2"):
        yield "not authorised: issued for test (tpAmb 2, homologation), so it is no invoice"


def _status(code: str) -> str:
    # Only digits are repeated: the text comes from a stranger.
    shown = code if re.fullmatch(r"[0-9]{3,4}", code, re.ASCII) else "not a number"
    return f"cStat {shown}, {_STATUS.get(code, 'not one of 100 and 150')}"


READER: Final = DocumentReader("nfe", _DOCUMENT_TYPE, _claims, _read)
