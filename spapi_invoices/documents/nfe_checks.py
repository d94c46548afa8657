"""What is wrong with an NF-e: each check yields findings. Not for reading it (`nfe_invoice`).

No finding repeats a text of the document but digits, amounts and dates: it comes from a stranger.

Source: Manual de Orientação do Contribuinte, rules W16-10 and I11-10; Nota Técnica 2025.002 for vNFTot.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Final

from spapi_invoices.documents import access_key
from spapi_invoices.documents.findings import Found
from spapi_invoices.documents.nfe_invoice import TAXES, Nfe
from spapi_invoices.documents.tax_ids import cnpj_is_valid, cpf_is_valid

# finNFe, the purpose of issue, by the name in the column; 1 is the invoice of a sale.
PURPOSES: Final = {
    "1": "sale",
    "2": "complement",
    "3": "adjustment",
    "4": "return",
    "5": "credit_note",
    "6": "debit_note",
}
_VERSION: Final = "4.00"
_FIRST_NFE: Final = date(2006, 1, 1)
# TDateTimeUTC; parts of seconds and a Z are not in the layout, and say the same.
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
# TSerie and TNF.
_NUMBER_FORMS: Final = (
    ("serie", "series", re.compile(r"0|[1-9][0-9]{0,2}")),
    ("nNF", "number", re.compile(r"[1-9][0-9]{0,8}")),
)
_IN_KEY: Final = ("state", "month", "issuer", "model", "series", "number")
_TAX_IDS: Final[dict[str | None, Callable[[str], bool]]] = {"CNPJ": cnpj_is_valid, "CPF": cpf_is_valid}
_AUTHORISED: Final = ("100", "150")
_STATUS: Final = {
    "101": ("cancelled", "cancelled"),
    "110": ("denied", "denied"),
    "151": ("cancelled", "cancelled, out of time"),
    "205": ("denied", "denied, as SEFAZ has it"),
    "301": ("denied", "denied, the issuer is irregular"),
    "302": ("denied", "denied, the recipient is irregular"),
    "303": ("denied", "denied, the recipient may not act in the state"),
}
# Rule W16-10, vNF and what it is made of. Ordinary ICMS, PIS, COFINS, FCP and DIFAL are inside the price.
_ADDED: Final = (
    *("ICMSTot/vProd", "ICMSTot/vST", "ICMSTot/vFCPST", "ICMSTot/vFrete", "ICMSTot/vSeg", "ICMSTot/vOutro"),
    *("ICMSTot/vII", "ICMSTot/vIPI", "ICMSTot/vIPIDevol", "ISSQNtot/vServ"),
)
_TAKEN_OFF: Final = ("ICMSTot/vDesc",)
# In vNF or not: an issuer may leave the exempted ICMS in, and the retained monophase ICMS depends on the product.
_OPTIONAL: Final = (("ICMSTot/vICMSDeson", -1), ("ICMSTot/vICMSMonoReten", 1))
_REFORMED: Final = frozenset({"IBSCBSTot/vBCIBSCBS", "IBSCBSTot/gIBS/vIBS", "IBSCBSTot/gCBS/vCBS"})
_REFORM: Final = ("IBSCBSTot/gIBS/vIBS", "IBSCBSTot/gCBS/vCBS", "ISTot/vIS")
# A line's amount, and the total that all lines' make up.
_SUMMED: Final = (
    (attrgetter("shipping_amount"), "ICMSTot/vFrete"),
    (attrgetter("insurance_amount"), "ICMSTot/vSeg"),
    (attrgetter("discount_amount"), "ICMSTot/vDesc"),
    (attrgetter("other_amount"), "ICMSTot/vOutro"),
)
# The totals that the lines make up; those of services stand apart.
_OF_LINES: Final = (
    *("ICMSTot/vProd", *(path for _, path in _SUMMED), "vNFTot"),
    *(path for paths in TAXES.values() for path in paths.values()),
)
_OF_SERVICES: Final = {
    "ICMSTot/vProd": "ISSQNtot/vServ",
    "ICMSTot/vPIS": "ISSQNtot/vPIS",
    "ICMSTot/vCOFINS": "ISSQNtot/vCOFINS",
}
_ZERO: Final = Decimal("0.00")
_CENT: Final = Decimal("0.01")


def purpose(nfe: Nfe) -> str | None:
    """The purpose by name; ``incoming`` for goods that come in, ``None`` if it is not one of the layout's."""
    if nfe.purpose == "1" and nfe.operation_type != "1":
        return "incoming" if nfe.operation_type == "0" else None
    return PURPOSES.get(nfe.purpose or "")


def authority(nfe: Nfe) -> Iterator[Found]:
    """Why SEFAZ did not authorise this document; nothing if it did."""
    protocol = nfe.protocol
    if protocol is None:
        yield Found("not_authorised", "not authorised: no protocol" + (" (bare NFe)" if nfe.root == "NFe" else ""))
    else:
        if protocol.status not in _AUTHORISED:
            yield _refusal(protocol.status or "")
        if protocol.access_key != nfe.access_key:
            yield Found("protocol_differs", "not authorised: the protocol is for another access key")
    if nfe.environment is None:
        yield Found("not_authorised", "not authorised: ide/tpAmb is missing")
    elif nfe.environment != "1" or (protocol is not None and protocol.environment == "2"):
        yield Found("homologation", "not authorised: issued for test (tpAmb 2, homologation), so it is no invoice")


def _refusal(status: str) -> Found:
    shown = status if re.fullmatch(r"[0-9]{3,4}", status, re.ASCII) else "not a number"
    name, said = _STATUS.get(status, ("not_authorised", "not one of 100 and 150"))
    return Found(name, f"not authorised: cStat {shown}, {said}")


def key(nfe: Nfe) -> Iterator[Found]:
    """The access key's form, its check digit, and what it says of the document."""
    if fault := access_key.fault(nfe.access_key):
        yield fault
        if fault.finding == "access_key_malformed":
            return
    issued = nfe.issued_at or ""
    stated = (
        nfe.state,
        issued[2:4] + issued[5:7],
        (nfe.issuer.tax_id or "").zfill(14),
        nfe.model,
        (nfe.series or "").zfill(3),
        (nfe.number or "").zfill(9),
    )
    if nfe.access_key[:34] != "".join(part or "" for part in stated):
        parts = access_key.split(nfe.access_key)
        in_key = (parts.uf, parts.year_month, parts.cnpj, parts.model, parts.series, parts.number)
        wrong = [name for name, one, other in zip(_IN_KEY, in_key, stated, strict=True) if one != other]
        yield Found("access_key_differs", f"the access key disagrees with the document's {', '.join(wrong)}")
    if nfe.access_key[20:22] == "65":
        yield Found("not_nfe_model", "model 65: a consumer receipt (NFC-e), not an NF-e")


def number(nfe: Nfe) -> Iterator[Found]:
    """Series and number have the layout's form."""
    for tag, name, form in _NUMBER_FORMS:
        if (stated := getattr(nfe, name)) is None:
            yield Found("number_malformed", f"ide/{tag} is missing")
        elif not form.fullmatch(stated):
            yield Found("number_malformed", f"ide/{tag} is not a number in the layout's form")


def version(nfe: Nfe) -> Iterator[Found]:
    """The one layout that is read."""
    if nfe.version not in {None, _VERSION}:
        yield Found("version_unknown", f"infNFe/versao is not {_VERSION}; it was read as if it were")


def issue_date(nfe: Nfe) -> date | Found:
    """The day as written: the issuer's own, whatever the offset behind it."""
    if nfe.issued_at is None:
        return Found("date_wrong", "ide/dhEmi is missing")
    return _day(nfe.issued_at) or Found("date_wrong", "ide/dhEmi is not a date")


def dated(nfe: Nfe, issued: date) -> Iterator[Found]:
    """No NF-e is older than NF-e, nor issued after SEFAZ had it."""
    if issued < _FIRST_NFE:
        yield Found("date_wrong", f"ide/dhEmi is {issued}: there was no NF-e before 2006")
    received = _day(nfe.protocol.received_at or "") if nfe.protocol else None
    # The two may be in different zones.
    if received is not None and issued > received and issued - received > timedelta(days=1):
        yield Found("date_wrong", f"ide/dhEmi is {issued}, after SEFAZ received it on {received}")


def _day(moment: str) -> date | None:
    parts = _MOMENT.fullmatch(moment)
    try:
        return date.fromisoformat(parts[1]) if parts else None
    except ValueError:
        return None


def tax_ids(nfe: Nfe) -> Iterator[Found]:
    """The numbers themselves are not repeated: the recipient's is personal."""
    for whose, party in (("issuer", nfe.issuer), ("recipient", nfe.recipient)):
        is_valid = _TAX_IDS.get(party.tax_id_kind)
        if is_valid is not None and not is_valid(party.tax_id or ""):
            said = f"the {whose}'s {party.tax_id_kind} is not valid: its form or its check digits are wrong"
            yield Found("tax_id_wrong", said)
    if nfe.intermediary_cnpj is not None and not cnpj_is_valid(nfe.intermediary_cnpj):
        yield Found("tax_id_wrong", "the marketplace's CNPJ is not valid: its form or its check digits are wrong")


def amounts(nfe: Nfe) -> Iterator[Found]:
    """All that can be said of a sale's amounts; a part that is not there counts as zero."""
    yield from nfe.found
    # Wherever the totals of the reform are, vNFTot is (rejection 1004).
    reformed = not _REFORMED.isdisjoint(nfe.totals)
    for path in ("ICMSTot/vNF", "ICMSTot/vProd", *(("vNFTot",) if reformed else ())):
        if path not in nfe.totals and not any(f"{path}: " in one.words for one in nfe.found):
            yield Found("amount_missing", f"total/{path} is missing")
    yield from _lines(nfe)
    if {"ICMSTot/vNF", "ICMSTot/vProd"} <= nfe.totals.keys():
        yield from _sums(nfe)
        yield from _composition(nfe)


def _lines(nfe: Nfe) -> Iterator[Found]:
    if not nfe.lines:
        yield Found("no_lines", "it has no line (det)")
    for line in nfe.lines:
        if line.goods_amount is None:
            yield Found("amount_missing", f"det[{line.line_number}]/prod/vProd is missing or unreadable")
        elif line.quantity is not None and line.unit_price is not None:
            made = line.quantity * line.unit_price
            if abs(made - line.goods_amount) > _CENT:
                said = f"vProd {line.goods_amount} is not quantity x unit value, {made:.2f}"
                yield Found("line_not_composed", f"det[{line.line_number}]: {said}")


def _sums(nfe: Nfe) -> Iterator[Found]:
    """What the lines add up to is the total; services are lines as well, and their totals stand apart."""
    if not nfe.lines:
        return
    totals, summed = nfe.totals, dict(nfe.line_taxes)
    counted = [line for line in nfe.lines if line.in_total is not False]
    summed["ICMSTot/vProd"] = _whole(line.goods_amount for line in counted)
    for amount_of, path in _SUMMED:
        summed[path] = _whole(map(amount_of, nfe.lines))
    items = [line.total_amount for line in counted]
    # Before the reform a line has no total of its own, and a document may state vNFTot without.
    summed["vNFTot"] = totals.get("vNFTot", _ZERO) if None in items else _whole(items)
    for path in _OF_LINES:
        made, total = summed.get(path, _ZERO), totals.get(path, _ZERO)
        if path in _OF_SERVICES:
            total += totals.get(_OF_SERVICES[path], _ZERO)
        if made != total:
            tag = path.rpartition("/")[2]
            yield Found("lines_not_total", f"the lines add up to {made}, not to the total {tag} {total}")


def _whole(items: Iterable[Decimal | None]) -> Decimal:
    return sum(filter(None, items), _ZERO)


def _composition(nfe: Nfe) -> Iterator[Found]:
    """Rule W16-10, and the same with the taxes of the reform, which are not part of the total before 2027."""
    total = nfe.totals["ICMSTot/vNF"]
    made = nfe.substituted + _sum(nfe, _ADDED) - _sum(nfe, _TAKEN_OFF)
    possible = {made}
    for path, sign in _OPTIONAL:
        if part := nfe.totals.get(path):
            possible |= {one + sign * part for one in possible}
            made += sign * part
    if total not in possible:
        yield Found("total_not_composed", f"vNF {total} is not the sum of its parts, {made}")
    whole = nfe.totals.get("vNFTot", total)
    if whole not in {total, total + _sum(nfe, _REFORM[:2]), with_all := total + _sum(nfe, _REFORM)}:
        said = f"vNFTot {whole} is neither vNF {total} nor vNF with IBS, CBS and IS, {with_all}"
        yield Found("reform_total_not_composed", said)


def _sum(nfe: Nfe, paths: Iterable[str]) -> Decimal:
    """A part that is not stated counts as zero."""
    return _whole(map(nfe.totals.get, paths))
