"""An NF-e (layout 4.00) as a value: all that is stated, each number exact. Not for judging it (`nfe_checks`).

Groups that are not known are passed over, for the layout changes every few months; of the totals every amount is kept,
by its path. The signature is not verified.

Source: leiauteNFe_v4.00.xsd; Nota Técnica 2025.002 for IBS and CBS.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Final
from xml.etree.ElementTree import Element

from spapi_invoices.core.money import parse_amount
from spapi_invoices.documents.facts import Line
from spapi_invoices.documents.findings import Found, Unreadable
from spapi_invoices.documents.nfe_elements import only, text, texts
from spapi_invoices.documents.order_ids import find_order_ids

# TDec_1104v and TDec_1110v: how many decimals, the form, and the last decimal. Zeros behind lose nothing.
_QUANTITY: Final = (4, re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,4}0*)?", re.ASCII), Decimal("0.0001"))
_UNIT_VALUE: Final = (10, re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,10}0*)?", re.ASCII), Decimal("0.0000000001"))
_ENOUGH: Final = Context(prec=24)
# Tax that the next in line pays, the flag that says it is part of the total, and its amount.
_SUBSTITUTED: Final = {"PISST": ("indSomaPISST", "vPIS"), "COFINSST": ("indSomaCOFINSST", "vCOFINS")}
# A line's taxes by group and tag, and the totals that those of all lines make up.
TAXES: Final = {
    "ICMS": {
        **{tag: f"ICMSTot/{tag}" for tag in ("vBC", "vICMS", "vICMSDeson", "vBCST", "vFCPST")},
        "vICMSST": "ICMSTot/vST",
    },
    "IPI": {"vIPI": "ICMSTot/vIPI"},
    "II": {"vII": "ICMSTot/vII"},
    "PIS": {"vPIS": "ICMSTot/vPIS"},
    "COFINS": {"vCOFINS": "ICMSTot/vCOFINS"},
    "impostoDevol": {"vIPIDevol": "ICMSTot/vIPIDevol"},
    "IBSCBS": {"vIBS": "IBSCBSTot/gIBS/vIBS", "vCBS": "IBSCBSTot/gCBS/vCBS"},
    "IS": {"vIS": "ISTot/vIS"},
}
_TAX_IDS: Final = ("CNPJ", "CPF", "idEstrangeiro")
_OF_LINE: Final = ("qCom", "vUnCom", "vProd", "vFrete", "vSeg", "vDesc", "vOutro")


# A line without any of these, as most of a small seller's, is looked through at once.
_TAX_TAGS: Final = frozenset({*(tag for paths in TAXES.values() for tag in paths), *_SUBSTITUTED})
_TAG: Final = attrgetter("tag")
_ZERO: Final = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Issuer or recipient. ``tax_id_kind`` is CNPJ, CPF or idEstrangeiro; ``state`` the two letters of the address."""

    tax_id_kind: str | None = None
    tax_id: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    state: str | None = None
    state_registration: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One ``detPag``. ``method`` is ``tPag``: 01 cash, 03 credit card, 04 debit card, 15 boleto, 17 Pix, 90 none."""

    method: str | None = None
    amount: Decimal | None = None
    acquirer_cnpj: str | None = None
    card_brand: str | None = None
    authorisation: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """SEFAZ's answer (``infProt``). ``status`` is ``cStat``: 100 and 150 are authorised."""

    status: str | None = None
    number: str | None = None
    received_at: str | None = None
    access_key: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nfe:
    """What an NF-e states. ``None`` is not stated; texts and codes are as written.

    Attributes:
        root: ``nfeProc`` or ``NFe``.
        version: Of the layout (``versao``).
        access_key: ``infNFe``'s Id without its prefix; checked by nobody here.
        state: IBGE code of the issuer's state (``cUF``).
        issued_at: ``dhEmi``, ISO 8601 with the issuer's offset, as are ``left_at`` (``dhSaiEnt``) and the protocol's time.
        operation_type: ``tpNF``: 0 goods come in, 1 goods go out.
        purpose: ``finNFe``: 1 normal, 2 complement, 3 adjustment, 4 return, 5 credit note, 6 debit note.
        environment: ``tpAmb``: 1 production, 2 test.
        intermediary_cnpj: Of the marketplace (``infIntermed``).
        intermediary_seller_id: The seller's id there.
        totals: Every amount and quantity below ``total``, by its path, as ``ICMSTot/vNF`` and ``IBSCBSTot/gIBS/vIBS``.
        line_taxes: What the lines' taxes add up to, by the path of the total that says the same.
        substituted: PIS and COFINS that are part of the total because a line says so.
        change: ``vTroco``.
        order_ids: Amazon order ids in the places where one may stand.
        shipment_id: In a free note called AmazonShipmentId.
        found: What is stated and is no amount.
    """

    root: str
    access_key: str
    version: str | None = None
    state: str | None = None
    model: str | None = None
    series: str | None = None
    number: str | None = None
    issued_at: str | None = None
    left_at: str | None = None
    operation_type: str | None = None
    purpose: str | None = None
    environment: str | None = None
    issuer: Party = Party()
    recipient: Party = Party()
    intermediary_cnpj: str | None = None
    intermediary_seller_id: str | None = None
    lines: tuple[Line, ...] = ()
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    line_taxes: Mapping[str, Decimal] = field(default_factory=dict)
    substituted: Decimal = Decimal(0)
    payments: tuple[Payment, ...] = ()
    change: Decimal | None = None
    protocol: Protocol | None = None
    order_ids: tuple[str, ...] = ()
    shipment_id: str | None = None
    found: tuple[Found, ...] = ()


def of_root(root: Element) -> Nfe:
    """The NF-e below ``nfeProc`` or ``NFe``.

    Raises:
        Unreadable: It is no NF-e, or there are several in it.
    """
    info = _invoice(root)
    found: list[Found] = []
    ide, marketplace = texts(only(info, "ide")), texts(only(info, "infIntermed"))
    dets = info.findall("det")
    lines = tuple(_line(at, det, texts(only(det, "prod")), found) for at, det in enumerate(dets, 1))
    taxes, substituted = _taxes(dets, found)
    payments, total, notes = only(info, "pag"), only(info, "total"), info.find("infAdic")
    free = [] if notes is None else notes.findall("obsCont")
    return Nfe(
        root=root.tag,
        access_key=(info.get("Id") or "").removeprefix("NFe"),
        version=info.get("versao"),
        state=ide.get("cUF"),
        model=ide.get("mod"),
        series=ide.get("serie"),
        number=ide.get("nNF"),
        issued_at=ide.get("dhEmi"),
        left_at=ide.get("dhSaiEnt"),
        operation_type=ide.get("tpNF"),
        purpose=ide.get("finNFe"),
        environment=ide.get("tpAmb"),
        issuer=_party(only(info, "emit"), "enderEmit"),
        recipient=_party(only(info, "dest"), "enderDest"),
        intermediary_cnpj=marketplace.get("CNPJ"),
        intermediary_seller_id=marketplace.get("idCadIntTran"),
        lines=lines,
        totals={} if total is None else _totals(total, "", found),
        line_taxes=taxes,
        substituted=substituted,
        payments=() if payments is None else tuple(_payment(one, found) for one in payments.iterfind("detPag")),
        change=_stated(texts(payments), "pag", found, "vTroco"),
        protocol=_protocol(root),
        order_ids=find_order_ids(*_order_texts(info, free)),
        shipment_id=_shipment_id(free),
        found=tuple(found),
    )


def _invoice(root: Element) -> Element:
    if root.tag not in {"nfeProc", "NFe"}:
        raise Unreadable("not_an_nfe", "not an NF-e: the XML's root is none of nfeProc, NFe and procEventoNFe")
    # A second one counts wherever it stands.
    if (times := sum(1 for _ in root.iter("infNFe"))) > 1:
        raise Unreadable("several_invoices", f"several NF-e in one file: infNFe stands in it {times} times")
    nfe = root if root.tag == "NFe" else only(root, "NFe")
    info = None if nfe is None else nfe.find("infNFe")
    if info is None:
        raise Unreadable("not_an_nfe", "not an NF-e: infNFe is missing")
    return info


def _party(element: Element | None, address: str) -> Party:
    stated = texts(element)
    kind = next((kind for kind in _TAX_IDS if kind in stated), None)
    return Party(
        tax_id_kind=kind,
        tax_id=stated[kind] if kind else None,
        name=stated.get("xNome"),
        state=None if element is None or (at := element.find(address)) is None else text(at, "UF"),
        state_registration=stated.get("IE"),
    )


def _line(at: int, det: Element, prod: dict[str, str], found: list[Found]) -> Line:
    counts, where = prod.get("indTot"), f"det[{at}]/prod"
    numbers = {tag: _number(prod[tag], where, found, tag) for tag in _OF_LINE if tag in prod}
    shown = text(det, "vItem")
    return Line(
        line_number=at,
        product_code=prod.get("cProd"),
        description=prod.get("xProd"),
        commodity_code=prod.get("NCM"),
        cfop=prod.get("CFOP"),
        quantity=numbers.get("qCom"),
        unit=prod.get("uCom"),
        unit_price=numbers.get("vUnCom"),
        goods_amount=numbers.get("vProd"),
        shipping_amount=numbers.get("vFrete"),
        insurance_amount=numbers.get("vSeg"),
        discount_amount=numbers.get("vDesc"),
        other_amount=numbers.get("vOutro"),
        total_amount=_number(shown, f"det[{at}]", found, "vItem") if shown else None,
        in_total=None if counts is None else counts == "1",
    )


def _number(shown: str, where: str, found: list[Found], tag: str) -> Decimal | None:
    try:
        return _exact(tag, shown)
    except ValueError as error:
        found.append(Found("amount_unreadable", f"{where}/{tag}: {error}"))
        return None


def _stated(stated: Mapping[str, str], where: str, found: list[Found], tag: str) -> Decimal | None:
    return _number(stated[tag], where, found, tag) if tag in stated else None


@lru_cache(maxsize=4096)  # an amount recurs: in a line, in the totals and in the payment; most of all 0.00
def _exact(tag: str, shown: str) -> Decimal:
    if shown.startswith(("+", "-")):
        raise ValueError("an amount with a sign, which the layout (TDec_1302) does not have")
    form = _UNIT_VALUE if tag == "vUnCom" else _QUANTITY if tag.startswith("q") else None
    if form is None:
        return parse_amount(shown)
    decimals, pattern, place = form
    if not pattern.fullmatch(shown):
        raise ValueError(f"not a number with at most {decimals} decimals")
    return Decimal(shown).quantize(place, context=_ENOUGH)


def _totals(group: Element, above: str, found: list[Found]) -> dict[str, Decimal]:
    """Amounts and quantities alone, by their paths: among the totals of services stand a date and a code."""
    where, totals = f"total/{above}".rstrip("/"), dict[str, Decimal]()
    for tag, shown in texts(group).items():
        if tag[0] in "vq":
            # Most of them are zero.
            number = _ZERO if shown == "0.00" and tag[0] == "v" else _number(shown, where, found, tag)
            if number is not None:
                totals[above + tag] = number
    for child in group:
        if len(child):
            only(group, child.tag)
            totals |= _totals(child, f"{above}{child.tag}/", found)
    return totals


def _taxes(dets: list[Element], found: list[Found]) -> tuple[dict[str, Decimal], Decimal]:
    """What the lines' taxes add up to, and the substituted ones that are part of the total."""
    sums, substituted = defaultdict[str, Decimal](Decimal), Decimal(0)
    for at, det in enumerate(dets, 1):
        taxes = det.find("imposto")
        groups = [] if taxes is None or _TAX_TAGS.isdisjoint(map(_TAG, taxes.iter())) else [*taxes]
        for group in (*groups, *det.findall("impostoDevol")):
            paths = TAXES.get(group.tag, {})
            for leaf in group.iter() if paths else ():
                if leaf.tag in paths:
                    shown, where = (leaf.text or "").strip(), f"det[{at}]/imposto/{group.tag}"
                    sums[paths[leaf.tag]] += _number(shown, where, found, leaf.tag) or 0
            if group.tag in _SUBSTITUTED:
                substituted += _part_of_total(group, f"det[{at}]/imposto", found)
    return dict(sums), substituted


def _part_of_total(group: Element, where: str, found: list[Found]) -> Decimal:
    flag, tag = _SUBSTITUTED[group.tag]
    stated = texts(group)
    amount = _stated(stated, f"{where}/{group.tag}", found, tag) if stated.get(flag) == "1" else None
    return amount or Decimal(0)


def _payment(element: Element, found: list[Found]) -> Payment:
    stated, card = texts(element), texts(element.find("card"))
    return Payment(
        method=stated.get("tPag"),
        amount=_stated(stated, "pag/detPag", found, "vPag"),
        acquirer_cnpj=card.get("CNPJ"),
        card_brand=card.get("tBand"),
        authorisation=card.get("cAut"),
    )


def _protocol(root: Element) -> Protocol | None:
    answer = only(root, "protNFe")
    info = None if answer is None else only(answer, "infProt")
    if info is None:
        return None
    stated = texts(info)
    return Protocol(
        status=stated.get("cStat"),
        number=stated.get("nProt"),
        received_at=stated.get("dhRecbto"),
        access_key=stated.get("chNFe"),
        environment=stated.get("tpAmb"),
    )


def _order_texts(info: Element, free: list[Element]) -> Iterator[str]:
    """Where an order id may stand, in the order of trust: no rule of Amazon or SEFAZ names a field."""
    for group, tag in (("compra", "xPed"), ("infAdic", "infCpl")):
        for element in info.findall(group):
            yield element.findtext(tag) or ""
    for note in free:
        yield note.findtext("xTexto") or ""
    for det in info.findall("det"):
        yield det.findtext("infAdProd") or ""


def _shipment_id(free: list[Element]) -> str | None:
    for note in free:
        if names_shipment(note):
            return text(note, "xTexto")
    return None


def names_shipment(note: Element) -> bool:
    """Whether an ``obsCont`` holds Amazon's shipment id, in whatever way its field is spelt."""
    return re.sub(r"[\W_]", "", note.get("xCampo", "")).lower() == "amazonshipmentid"
