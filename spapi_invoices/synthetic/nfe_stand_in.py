"""An NF-e, or an event of one, in the place of a real one: the same structure, amounts, dates and codes, and nobody's name.

Deny by default: a text stays only where its element is known *and* it has that element's harmless form. All else becomes a
fake of the same form, so what was well formed stays so, and what was wrong stays wrong. Signature and certificate are no
one's. Comments and unknown attributes go.
"""

import codecs
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape
from typing import Final, Protocol
from xml.etree.ElementTree import Element

from spapi_invoices.documents import access_key, nfe_elements, nfe_invoice
from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.documents.order_ids import ORDER_ID
from spapi_invoices.documents.tax_ids import cnpj_is_valid, cpf_is_valid
from spapi_invoices.synthetic.nfe_xml import MARK

_DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_OTHER_NAMESPACE: Final = "urn:synthetic"
# Those of the layout: it takes no others.
_ALGORITHMS: Final = frozenset(
    {f"{_DSIG}{name}" for name in ("enveloped-signature", "rsa-sha1", "sha1")}
    | {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315"}
)

# Why an NF-e is not parsed -> one that is not parsed for the same reason.
_UNREADABLE: Final = {
    "xml_doctype": f'<!DOCTYPE NFe><NFe xmlns="{nfe_elements.NAMESPACE}"/>',
    "xml_broken": f'<NFe xmlns="{nfe_elements.NAMESPACE}">',
}
# Elements and attributes by name, and the form in which their text stays. The layout names them by what they hold:
# v a value, q a quantity, p a percentage, d a date, dh a moment, tp and ind one of a few kinds. A whole number of eleven
# digits may as well be a CPF or a telephone's.
_KEPT: Final = (
    (re.compile(r"[vqp][A-Z]\w*|versao"), re.compile(r"[+-]?([0-9]{1,10}|[0-9]{1,16}\.[0-9]{1,10})")),
    (
        re.compile(r"dh?[A-Z]\w*"),
        re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?)?", re.ASCII),
    ),
    (
        re.compile(
            r"(tp|ind|mod|fin|proc|t[A-Z])\w*|idDest|serie|n(NF|Item|ItemPed|SeqEvento)|c(UF|NF|DV|Stat|Orgao|Regime\w*)"
            r"|NCM|CEST|CFOP|CST|CSOSN|CRT|orig"
        ),
        re.compile(r"[0-9]{1,9}"),
    ),
)
# What the layout wants to be said in these words.
_WORDS: Final = frozenset({"SEM GTIN", "ISENTO"})
# Letters and digits: letters alone may be a name, digits alone a telephone's or a person's number.
_SHIPMENT_ID: Final = re.compile(
    r"(?=[A-Z_-]*[0-9])(?=[0-9_-]*[A-Z])[A-Z0-9][A-Z0-9_-]{1,39}", re.IGNORECASE | re.ASCII
)
# What a fake of the same form would not be: one of the states and countries, twenty bytes, a certificate.
_FIXED: Final = {
    "UF": "SP",
    "cPais": "1058",
    "xPais": "Brasil",
    "digVal": b64encode(b"synthetic digest 20 ").decode(),
    "DigestValue": b64encode(b"synthetic digest 20 ").decode(),
    "SignatureValue": b64encode(b"synthetic signature").decode(),
    "X509Certificate": b64encode(b"synthetic certificate").decode(),
}
_NAME: Final = re.compile(r"(?!.*[0-9]{5})[A-Za-z][A-Za-z0-9_]{0,39}")
_ORDER_IDS: Final = re.compile(f"({ORDER_ID.pattern})", re.ASCII)
_ID: Final = re.compile(rf"(#?(?:NFe|ID[0-9]{{6}})?)({access_key.PATTERN.pattern})([0-9]{{0,3}})")


class Fakes(Protocol):
    """Puts a fake of the same form in a value's place, for the same value always the same."""

    def text(self, text: str, /) -> str:
        """Letters for letters and digits for digits."""

    def cpf(self, number: str, /) -> str:
        """A valid CPF for a valid one."""

    def cnpj(self, number: str, /) -> str:
        """A valid CNPJ for a valid one."""


def stand_in(document: bytes, fakes: Fakes) -> bytes:
    """The document's stand-in, in its encoding if that is UTF-16, else in UTF-8.

    One that cannot be parsed is not parsed either: for a DOCTYPE, or for being no well-formed XML.
    """
    try:
        parsed = nfe_elements.parse(document)
        _mend_check_digit(parsed, fakes)
        written = "".join(_written(parsed, fakes)) + MARK
    except Unreadable as error:
        written = _UNREADABLE[error.found.finding] + MARK
    mark = "\ufeff" if document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""
    return f"{mark}{written}".encode(encoding(document))


def encoding(document: bytes) -> str:
    """UTF-16 if it is that, which has a zero in its first two bytes or a mark; else UTF-8."""
    if document.startswith((codecs.BOM_UTF16_LE, b"<\0")):
        return "utf-16-le"
    if document.startswith((codecs.BOM_UTF16_BE, b"\0<")):
        return "utf-16-be"
    return "utf-8"


def _mend_check_digit(root: Element, fakes: Fakes) -> None:
    """``cDV`` repeats how the access key ends, which is another one now."""
    for invoice in root.iter("infNFe"):
        for digit in invoice.iterfind("ide/cDV"):
            digit.text = _identifier(invoice.get("Id", ""), fakes)[-1:]


def _written(root: Element, fakes: Fakes) -> Iterator[str]:
    """The XML piece by piece, without recursion: a stranger's elements may nest deeper than Python's stack."""
    shipment_ids = {
        one for note in root.iter("obsCont") if nfe_invoice.names_shipment(note) for one in note.iter("xTexto")
    }
    todo: list[tuple[Element | str, str]] = [(root, "")]
    while todo:
        element, around = todo.pop()
        if isinstance(element, str):
            yield element
            continue
        uri, _, name = element.tag.rpartition("}")
        namespace = {"": nfe_elements.NAMESPACE, f"{{{_DSIG}": _DSIG}.get(uri, _OTHER_NAMESPACE)
        name = name if _NAME.fullmatch(name) else "sintetico"
        text = (element.text or "").strip()
        made = _shipment_id(text, fakes) if element in shipment_ids else _text(name, text, fakes)
        declared = "" if namespace == around else f' xmlns="{namespace}"'
        yield f"<{name}{declared}{''.join(_attributes(element, fakes))}>{escape(made)}"
        todo.append((f"</{name}>", ""))
        todo += [(child, namespace) for child in reversed(element)]


def _attributes(element: Element, fakes: Fakes) -> Iterator[str]:
    made: dict[str, Callable[[str], str]] = {
        "Id": lambda text: _identifier(text, fakes),
        "URI": lambda text: _identifier(text, fakes),
        "Algorithm": lambda text: text if text in _ALGORITHMS else _OTHER_NAMESPACE,
        "xCampo": lambda text: "AmazonShipmentId" if nfe_invoice.names_shipment(element) else fakes.text(text),
        "versao": lambda text: _text("versao", text, fakes),
        "nItem": lambda text: _text("nItem", text, fakes),
    }
    for name, text in element.items():
        if name in made:
            yield f' {name}="{escape(made[name](text))}"'


def _text(name: str, text: str, fakes: Fakes) -> str:
    """The text of an element, kept or faked."""
    if name in _FIXED:
        return text and _FIXED[name]
    if name in {"CNPJ", "CPF"}:
        return _tax_id(text, fakes)
    if access_key.PATTERN.fullmatch(text):
        return _access_key(text, fakes)
    form = next((form for names, form in _KEPT if names.fullmatch(name)), None)
    if text in _WORDS or (form is not None and form.fullmatch(text)):
        return _kept(text, fakes)
    # Order ids stand at the odd places.
    parts = enumerate(_ORDER_IDS.split(text))
    return "".join(part if at % 2 else fakes.text(part) for at, part in parts)


def _shipment_id(text: str, fakes: Fakes) -> str:
    return _kept(text, fakes) if _SHIPMENT_ID.fullmatch(text) else fakes.text(text)


def _kept(text: str, fakes: Fakes) -> str:
    """A text of a harmless form, unless it is somebody's number all the same."""
    return _tax_id(text, fakes) if cnpj_is_valid(text) or cpf_is_valid(text) else text


def _identifier(text: str, fakes: Fakes) -> str:
    """The ``Id`` of an NF-e or of an event, or a reference to one: its access key and what stands around it."""
    if parts := _ID.fullmatch(text):
        return f"{parts[1]}{_access_key(parts[2], fakes)}{parts[3]}"
    prefix = "NFe" if text.startswith("NFe") else ""
    return prefix + fakes.text(text.removeprefix("NFe"))


def _access_key(key: str, fakes: Fakes) -> str:
    """The key with its issuer faked. Its check digit is as right or as wrong as it was."""
    parts = access_key.split(key)
    off = int(parts.check_digit) - int(access_key.check_digit(key[:-1]))
    made = str(replace(parts, cnpj=_tax_id(parts.cnpj, fakes), check_digit=""))
    return f"{made}{(int(access_key.check_digit(made)) + off) % 10}"


def _tax_id(number: str, fakes: Fakes) -> str:
    """A valid CNPJ or CPF for a valid one, and none for what is none. In an access key a CPF has three zeros before it."""
    if cnpj_is_valid(number):
        return fakes.cnpj(number)
    if cpf_is_valid(number):
        return fakes.cpf(number)
    if len(number) == 14 and number.startswith("000"):
        return f"000{_tax_id(number[3:], fakes)}"
    made = fakes.text(number)
    if cnpj_is_valid(made) or cpf_is_valid(made):
        made = made[:-1] + ("0" if made[-1] != "0" else "9")
    return made
