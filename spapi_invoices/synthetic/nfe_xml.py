"""Synthetic NF-e, layout 4.00, that validate against the official schema. Nobody signed or authorised them.

The signature has the right form and signs nothing. Everything follows from the ``Nfe`` given, so the bytes are the same
on every machine.
"""

import codecs
import hashlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from spapi_invoices.documents.access_key import AccessKey, check_digit

_NFE: Final = "http://www.portalfiscal.inf.br/nfe"
_DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
NO_INVOICE: Final = "Documento sintetico, sem valor fiscal."
# At the end of the file, behind the root element: nobody who writes an invoice's texts writes there.
MARK: Final = f"<!-- {NO_INVOICE} -->"
UF: Final = "35"  # São Paulo, where all these issuers are
_ADDRESS: Final = (
    ("xLgr", "Rua Sintetica"),
    ("nro", "1"),
    ("xBairro", "Centro"),
    ("cMun", "3550308"),
    ("xMun", "Sao Paulo"),
    ("UF", "SP"),
    ("CEP", "01001000"),
    ("cPais", "1058"),
    ("xPais", "Brasil"),
)
_REASONS: Final = {
    100: "Autorizado o uso da NF-e",
    101: "Cancelamento de NF-e homologado",
    110: "Uso Denegado",
    150: "Autorizado o uso da NF-e, autorizacao fora de prazo",
    151: "Cancelamento de NF-e homologado fora de prazo",
    301: "Uso Denegado: Irregularidade fiscal do emitente",
    302: "Uso Denegado: Irregularidade fiscal do destinatario",
}
_ZERO_TOTALS_BEFORE: Final = ("vBC", "vICMS", "vICMSDeson", "vFCP", "vBCST", "vST", "vFCPST", "vFCPSTRet")

_Leaf = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NfeLine:
    """One item. Amounts have two decimals; ``total`` is for the whole quantity, before shipping, discount and other."""

    code: str
    description: str
    ncm: str
    cfop: str
    quantity: int
    total: Decimal
    shipping: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    other: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nfe:
    """What an NF-e is rendered from. Texts are Latin-1 without blanks at their ends, as the schema asks.

    Attributes:
        number: 1 to 999999999.
        series: 0 to 999.
        issued_at: Aware, with an offset of whole hours.
        issuer_cnpj: 14 characters; letters are allowed, as in the CNPJ of 2026.
        order_id: The Amazon order id; ``None`` leaves it out.
        order_id_in: Where it stands.
        shipment_id: Written as ``obsCont`` ``AmazonShipmentId``; ``None`` leaves it out.
        protocol_status: SEFAZ's ``cStat``; ``None`` gives a bare ``NFe``, as before authorisation.
        environment: ``tpAmb``: 1 production, 2 homologation.
        other_order_ids: Further orders it is for, in ``infCpl``.
    """

    number: int
    series: int
    issued_at: datetime
    issuer_cnpj: str
    issuer_name: str
    recipient_cpf: str
    recipient_name: str
    order_id: str | None
    order_id_in: Literal["compra", "infCpl", "obsCont"] = "compra"
    shipment_id: str | None = None
    lines: tuple[NfeLine, ...]
    marketplace_cnpj: str
    seller_id: str
    protocol_status: int | None = 100
    environment: int = 1
    other_order_ids: tuple[str, ...] = ()

    @property
    def total_amount(self) -> Decimal:
        """``vNF``."""
        lines = (line.total + line.shipping + line.other - line.discount for line in self.lines)
        return sum(lines, Decimal("0.00"))

    @property
    def protocol_number(self) -> str:
        """``nProt`` of SEFAZ's answer."""
        return f"1{UF}{self.issued_at:%y}{self.number:010}"

    @property
    def access_key(self) -> str:
        """The key, with a code made of series and number."""
        key = AccessKey(
            uf=UF,
            year_month=f"{self.issued_at:%y%m}",
            cnpj=self.issuer_cnpj,
            model="55",
            series=f"{self.series:03}",
            number=f"{self.number:09}",
            emission_type="1",
            code=f"{(self.number * 7919 + self.series * 104729 + 20011) % 10**8:08}",
            check_digit="",
        )
        return f"{key}{check_digit(str(key))}"


def render(nfe: Nfe) -> bytes:
    """The XML, in UTF-8: ``nfeProc`` with its protocol, or a bare ``NFe`` without one."""
    invoice = _invoice(nfe)
    if nfe.protocol_status is None:
        root = invoice
    else:
        root = Element("nfeProc", {"versao": "4.00"})
        root.extend((invoice, _protocol(nfe, nfe.protocol_status)))
    return written(root)


def written(root: Element) -> bytes:
    """The file: in SEFAZ's namespace, in UTF-8, marked as synthetic."""
    root.set("xmlns", _NFE)
    return f'<?xml version="1.0" encoding="UTF-8"?>{tostring(root, encoding="unicode")}{MARK}'.encode()


def is_marked(document: bytes) -> bool:
    """Whether it is an XML, in UTF-8 or UTF-16, that ends with our mark; the same words anywhere else are none."""
    # In UTF-16 a zero stands beside each character.
    plain = document.replace(b"\0", b"").removeprefix(codecs.BOM_UTF16_LE).removeprefix(codecs.BOM_UTF16_BE)
    return plain.startswith(b"<") and plain.rstrip().endswith(MARK.encode("ascii"))


def add(parent: Element, path: str, *leaves: _Leaf) -> Element:
    """Add the elements of the path, one in the other, and the leaves in the innermost, which is returned."""
    for tag in path.split("/"):
        parent = SubElement(parent, tag)
    for tag, text in leaves:
        SubElement(parent, tag).text = text
    return parent


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _invoice(nfe: Nfe) -> Element:
    root = Element("NFe")
    info = SubElement(root, "infNFe", {"versao": "4.00", "Id": f"NFe{nfe.access_key}"})
    _identify(info, nfe)
    _parties(info, nfe)
    for position, line in enumerate(nfe.lines, 1):
        _line(info, position, line)
    _totals(info, nfe)
    add(info, "transp", ("modFrete", "0"))
    add(info, "pag/detPag", ("tPag", "17"), ("vPag", _money(nfe.total_amount)))  # 17: Pix
    add(info, "infIntermed", ("CNPJ", nfe.marketplace_cnpj), ("idCadIntTran", nfe.seller_id))
    _notes(info, nfe)
    if nfe.order_id is not None and nfe.order_id_in == "compra":
        add(info, "compra", ("xPed", nfe.order_id))
    sign(root, f"NFe{nfe.access_key}", nfe)
    return root


def _identify(info: Element, nfe: Nfe) -> None:
    key = nfe.access_key
    add(
        info,
        "ide",
        ("cUF", UF),
        ("cNF", key[35:43]),
        ("natOp", "Venda de mercadoria"),
        ("mod", "55"),
        ("serie", str(nfe.series)),
        ("nNF", str(nfe.number)),
        ("dhEmi", nfe.issued_at.isoformat(timespec="seconds")),
        ("tpNF", "1"),
        ("idDest", "1"),
        ("cMunFG", "3550308"),
        ("tpImp", "1"),
        ("tpEmis", "1"),
        ("cDV", key[-1]),
        ("tpAmb", str(nfe.environment)),
        ("finNFe", "1"),
        ("indFinal", "1"),
        ("indPres", "2"),  # over the internet
        ("indIntermed", "1"),  # through a marketplace
        ("procEmi", "0"),
        ("verProc", "sandbox"),
    )


def _parties(info: Element, nfe: Nfe) -> None:
    issuer = add(info, "emit", ("CNPJ", nfe.issuer_cnpj), ("xNome", nfe.issuer_name))
    add(issuer, "enderEmit", *_ADDRESS)
    for tag, text in (("IE", "110042490114"), ("CRT", "1")):
        SubElement(issuer, tag).text = text
    recipient = add(info, "dest", ("CPF", nfe.recipient_cpf), ("xNome", nfe.recipient_name))
    add(recipient, "enderDest", *_ADDRESS)
    SubElement(recipient, "indIEDest").text = "9"


def _line(info: Element, position: int, line: NfeLine) -> None:
    item = SubElement(info, "det", {"nItem": str(position)})
    unit_price = f"{line.total / line.quantity:.10f}"
    extras = (("vFrete", line.shipping), ("vDesc", line.discount), ("vOutro", line.other))
    add(
        item,
        "prod",
        ("cProd", line.code),
        ("cEAN", "SEM GTIN"),
        ("xProd", line.description),
        ("NCM", line.ncm),
        ("CFOP", line.cfop),
        ("uCom", "UN"),
        ("qCom", f"{line.quantity}.0000"),
        ("vUnCom", unit_price),
        ("vProd", _money(line.total)),
        ("cEANTrib", "SEM GTIN"),
        ("uTrib", "UN"),
        ("qTrib", f"{line.quantity}.0000"),
        ("vUnTrib", unit_price),
        # Here the schema wants an amount above zero, or none.
        *((tag, _money(amount)) for tag, amount in extras if amount),
        ("indTot", "1"),
    )
    taxes = SubElement(item, "imposto")
    add(taxes, "ICMS/ICMSSN102", ("orig", "0"), ("CSOSN", "102"))
    add(taxes, "PIS/PISNT", ("CST", "07"))
    add(taxes, "COFINS/COFINSNT", ("CST", "07"))


def _totals(info: Element, nfe: Nfe) -> None:
    def summed(name: str) -> str:
        return _money(sum((getattr(line, name) for line in nfe.lines), Decimal(0)))

    add(
        info,
        "total/ICMSTot",
        *((tag, "0.00") for tag in _ZERO_TOTALS_BEFORE),
        ("vProd", summed("total")),
        ("vFrete", summed("shipping")),
        ("vSeg", "0.00"),
        ("vDesc", summed("discount")),
        *((tag, "0.00") for tag in ("vII", "vIPI", "vIPIDevol", "vPIS", "vCOFINS")),
        ("vOutro", summed("other")),
        ("vNF", _money(nfe.total_amount)),
    )


def _notes(info: Element, nfe: Nfe) -> None:
    inside = {nfe.order_id_in: nfe.order_id} if nfe.order_id is not None else {}
    notes = add(info, "infAdic")
    in_remarks = (*filter(None, (inside.get("infCpl"),)), *nfe.other_order_ids)
    orders = "".join(f" Pedido Amazon {order_id}." for order_id in in_remarks)
    SubElement(notes, "infCpl").text = f"{NO_INVOICE}{orders}"
    for field, text in (("AmazonShipmentId", nfe.shipment_id), ("AmazonOrderId", inside.get("obsCont"))):
        if text is not None:
            SubElement(SubElement(notes, "obsCont", {"xCampo": field}), "xTexto").text = text


def _digest(nfe: Nfe) -> str:
    """Twenty bytes in base64, the length of a SHA-1, and a digest of nothing but the key."""
    return b64encode(hashlib.sha256(nfe.access_key.encode()).digest()[:20]).decode()


def sign(root: Element, signed_id: str, nfe: Nfe) -> None:
    """Add a signature of the right form for the part with that id; it signs nothing."""
    signature = SubElement(root, "Signature", {"xmlns": _DSIG})
    signed = SubElement(signature, "SignedInfo")
    SubElement(signed, "CanonicalizationMethod", {"Algorithm": _C14N})
    SubElement(signed, "SignatureMethod", {"Algorithm": f"{_DSIG}rsa-sha1"})
    reference = SubElement(signed, "Reference", {"URI": f"#{signed_id}"})
    transforms = SubElement(reference, "Transforms")
    for algorithm in (f"{_DSIG}enveloped-signature", _C14N):
        SubElement(transforms, "Transform", {"Algorithm": algorithm})
    SubElement(reference, "DigestMethod", {"Algorithm": f"{_DSIG}sha1"})
    SubElement(reference, "DigestValue").text = _digest(nfe)
    SubElement(signature, "SignatureValue").text = b64encode(b"synthetic signature").decode()
    add(signature, "KeyInfo/X509Data", ("X509Certificate", b64encode(b"synthetic certificate").decode()))


def _protocol(nfe: Nfe, status: int) -> Element:
    protocol = Element("protNFe", {"versao": "4.00"})
    add(
        protocol,
        "infProt",
        ("tpAmb", str(nfe.environment)),
        ("verAplic", "sandbox"),
        ("chNFe", nfe.access_key),
        ("dhRecbto", nfe.issued_at.isoformat(timespec="seconds")),
        ("nProt", nfe.protocol_number),
        ("digVal", _digest(nfe)),
        ("cStat", str(status)),
        ("xMotivo", _REASONS.get(status, "Rejeicao")),
    )
    return protocol
