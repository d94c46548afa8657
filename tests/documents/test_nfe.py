"""The NF-e reader against nfelib's samples and bindings, and against documents that mean harm."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_invoices.documents.facts import Facts, Line
from spapi_invoices.documents.nfe import READER, read

nfelib = pytest.importorskip("nfelib")

_SAMPLES = sorted(Path(str(files("nfelib") / "nfe/samples/v4_0")).glob("**/*.xml"))
_INVOICES = [path for path in _SAMPLES if "inut" not in path.name.lower() and "-inu" not in path.name]
_KEY = "35261012ABC34501DE35550010000000121002197681"

# Small, without name space, with all that the findings look at.
_SMALL = f"""<nfeProc><NFe><infNFe Id="NFe{_KEY}"><ide><cUF>35</cUF><mod>55</mod><serie>1</serie><nNF>12</nNF>
<dhEmi>2026-10-05T23:30:00-03:00</dhEmi><tpNF>1</tpNF><tpAmb>1</tpAmb><finNFe>1</finNFe></ide><emit><CNPJ>12ABC34501DE35</CNPJ></emit>
<dest><CPF>52998224725</CPF></dest>
<det nItem="1"><prod><cProd>A</cProd><xProd>Copo</xProd><NCM>70133700</NCM><CFOP>5102</CFOP><uCom>UN</uCom><qCom>3</qCom>
<vUnCom>13.3333333333</vUnCom><vProd>40.00</vProd><vFrete>12.00</vFrete><vDesc>1</vDesc><indTot>1</indTot></prod></det>
<det nItem="2"><prod><cProd>B</cProd><qCom>1.0000</qCom><vUnCom>60.00</vUnCom><vProd>60</vProd><vFrete>0.50</vFrete>
<vDesc>2.00</vDesc><indTot>1</indTot></prod></det>
<total><ICMSTot><vProd>100.00</vProd><vFrete>12.50</vFrete><vDesc>3.00</vDesc><vNF>109.50</vNF></ICMSTot></total>
<infAdic><infCpl>Pedido 702-0000001-0000001</infCpl></infAdic><compra><xPed>701-0000002-0000002</xPed></compra></infNFe></NFe>
<protNFe><infProt><tpAmb>1</tpAmb><chNFe>{_KEY}</chNFe><cStat>100</cStat></infProt></protNFe></nfeProc>"""


@cache
def _binding(path: Path) -> Any:
    """The sample through nfelib: its ``NFe`` part, whatever the root."""
    from nfelib.nfe.bindings.v4_0.nfe_v4_00 import Nfe
    from nfelib.nfe.bindings.v4_0.proc_nfe_v4_00 import NfeProc

    if b"<nfeProc" in path.read_bytes():
        try:
            return NfeProc.from_path(path).NFe
        except TypeError:  # a nfeProc without a protocol is none to nfelib
            pytest.skip("nfelib cannot read it")
    return Nfe.from_path(path)


def _decimals(element: Any, path: str = "") -> dict[str, Decimal]:
    """Every amount and quantity below an nfelib value, by its path."""
    found: dict[str, Decimal] = {}
    for name in element.__dataclass_fields__:
        value = getattr(element, name)
        if hasattr(value, "__dataclass_fields__"):
            found |= _decimals(value, f"{path}{name}/")
        elif value is not None and name[0] in "vq":
            found[path + name] = Decimal(str(value))
    return found


def _exact(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


@pytest.mark.parametrize("path", _INVOICES, ids=lambda path: path.stem)
def test_nfelib_reads_the_same(path: Path) -> None:
    """Every sample that nfelib ships states the same through nfelib's bindings, field for field."""
    nfe, stated = read(path.read_bytes()), _binding(path).infNFe
    ide, dest, marketplace = stated.ide, stated.dest, stated.infIntermed
    assert READER.claims(path.read_bytes())
    assert nfe.access_key == stated.Id.removeprefix("NFe")
    assert (nfe.series, nfe.number, nfe.issued_at, nfe.left_at) == (ide.serie, ide.nNF, ide.dhEmi, ide.dhSaiEnt)
    codes = (nfe.state, nfe.model, nfe.operation_type, nfe.purpose, nfe.environment)
    assert codes == tuple(one.value for one in (ide.cUF, ide.mod, ide.tpNF, ide.finNFe, ide.tpAmb))
    buyer = dest and (dest.CNPJ or dest.CPF or dest.idEstrangeiro or None)
    assert (nfe.issuer.tax_id, nfe.recipient.tax_id) == (stated.emit.CNPJ or stated.emit.CPF, buyer)
    assert (nfe.issuer.name, nfe.recipient.name) == (stated.emit.xNome, dest and dest.xNome)
    assert (nfe.issuer.state, nfe.issuer.state_registration) == (stated.emit.enderEmit.UF.value, stated.emit.IE)
    assert nfe.intermediary_cnpj == (marketplace and marketplace.CNPJ)
    assert nfe.totals == _decimals(stated.total)
    assert nfe.found == ()


@pytest.mark.parametrize("path", _INVOICES, ids=lambda path: path.stem)
def test_nfelib_reads_the_same_lines_and_payments(path: Path) -> None:
    """Every line, payment and protocol of nfelib's samples is what its bindings say."""
    nfe, stated = read(path.read_bytes()), _binding(path).infNFe
    assert nfe.lines == tuple(
        Line(
            line_number=int(det.nItem),
            product_code=det.prod.cProd,
            description=det.prod.xProd,
            commodity_code=det.prod.NCM,
            cfop=det.prod.CFOP,
            quantity=_exact(det.prod.qCom),
            unit=det.prod.uCom,
            unit_price=_exact(det.prod.vUnCom),
            goods_amount=_exact(det.prod.vProd),
            shipping_amount=_exact(det.prod.vFrete),
            insurance_amount=_exact(det.prod.vSeg),
            discount_amount=_exact(det.prod.vDesc),
            other_amount=_exact(det.prod.vOutro),
            total_amount=_exact(det.vItem),
            in_total=det.prod.indTot.value == "1",
        )
        for det in stated.det
    )
    cards = [one.card for one in stated.pag.detPag]
    assert [(one.method, one.amount) for one in nfe.payments] == [
        (one.tPag, _exact(one.vPag)) for one in stated.pag.detPag
    ]
    assert [one.acquirer_cnpj for one in nfe.payments] == [card and card.CNPJ for card in cards]
    assert nfe.change == _exact(stated.pag.vTroco)
    if b"<protNFe" in path.read_bytes():
        from nfelib.nfe.bindings.v4_0.proc_nfe_v4_00 import NfeProc

        answer, protocol = NfeProc.from_path(path).protNFe.infProt, nfe.protocol
        assert protocol is not None
        assert (protocol.status, protocol.number, protocol.received_at, protocol.access_key) == (
            answer.cStat,
            answer.nProt,
            str(answer.dhRecbto),
            answer.chNFe,
        )


@pytest.mark.parametrize("path", _INVOICES, ids=lambda path: path.stem)
def test_facts_follow_from_what_is_read(path: Path) -> None:
    """What is compared of a sale is its totals and lines; one of the samples is for goods that come in, and has none."""
    nfe, facts = read(path.read_bytes()), READER.read(path.read_bytes())
    assert isinstance(facts, Facts)
    tags = ("vNF", "vProd", "vFrete", "vDesc", "vOutro")
    amounts = [nfe.totals[f"ICMSTot/{tag}"] for tag in tags] if nfe.operation_type == "1" else [None] * 5
    stated = [facts.total_amount, facts.goods_amount, facts.shipping_amount, facts.discount_amount, facts.other_amount]
    assert stated == amounts
    assert facts.lines == (nfe.lines if nfe.operation_type == "1" else ())
    assert facts.invoice_number == f"{nfe.series}-{nfe.number}"
    assert facts.issue_date == date.fromisoformat((nfe.issued_at or "")[:10])
    assert (facts.seller_tax_id, facts.buyer_tax_id) == (nfe.issuer.tax_id, nfe.recipient.tax_id)
    assert (facts.access_key, facts.currency, facts.tax_amount) == (nfe.access_key, "BRL", None)


def test_samples_findings() -> None:
    """Real sales in production have no finding; an import, and those for test or made up, say what they are."""
    problems = {path.stem: READER.read(path.read_bytes()).problem for path in _INVOICES}
    odd = {name: problem for name, problem in problems.items() if problem}
    assert problems
    assert sum("tpAmb 2" in problem for problem in odd.values()) == 4
    assert odd["42210775277525000178550030000266631762885493-procNFe"] == (
        "for goods that come in (tpNF 0), not the invoice of a sale"
    )
    assert "vNF 164746.81 is not the sum of its parts, 164801.01" in odd["nfe_reforma_tributaria"]
    assert "model 65" in odd["nfce_contingencia"]
    assert len(odd) == 6


def test_parts_of_another_document_are_no_part_of_it() -> None:
    """Text inside an amount's element ends at nothing: an amount with an element in it is not there."""
    facts = READER.read(_SMALL.replace("<vNF>109.50", "<vNF>1<x/>09.50").encode())
    assert "amount_missing" in facts.findings
    assert facts.total_amount is None
    commented = _SMALL.replace("<vNF>109.50", "<vNF>109<!-- x -->.50")
    assert READER.read(commented.encode()) == READER.read(_SMALL.encode())


_LAYOUT = "http://www.portalfiscal.inf.br/nfe"


@pytest.mark.parametrize("other", ["", ' xmlns="urn:other"', " xmlns = 'urn:other'"])
def test_name_space_declared_below_another(other: str) -> None:
    """An element's own declaration counts, whatever stands around it; a root that is not the layout's is none."""
    inner = _SMALL.replace("<NFe>", f'<NFe xmlns="{_LAYOUT}">').replace("<protNFe>", f'<protNFe xmlns="{_LAYOUT}">')
    inner = inner.removeprefix("<nfeProc>").removesuffix("</nfeProc>")
    prefixed = f'<n:nfeProc xmlns:n="{_LAYOUT}"{other}>{inner}</n:nfeProc>'
    assert READER.read(prefixed.encode()) == READER.read(_SMALL.encode())
    plain = READER.read(f"<nfeProc{other}>{inner}</nfeProc>".encode())
    assert (plain == READER.read(_SMALL.encode())) == (not other)


@pytest.mark.parametrize("form", ["{}", "<![CDATA[{}]]>", "<![CDATA[<a{}>]]>", "> {}"])
def test_a_text_like_a_declaration_is_a_text(form: str) -> None:
    """What looks like a declaration in a description stays in it."""
    words = f'Manual xmlns="{_LAYOUT}"'
    content = _SMALL.replace("<nfeProc>", f'<nfeProc xmlns="{_LAYOUT}">').replace("Copo", form.format(words))
    description = READER.read(content.encode()).lines[0].description
    assert description == form.format(words).removeprefix("<![CDATA[").removesuffix("]]>")


@pytest.mark.parametrize("before", [b"\n", b" \r\n\t", b"\xef\xbb\xbf\n"])
def test_blanks_before_the_declaration(before: bytes) -> None:
    """An empty first line, as an editor leaves it, does no harm."""
    content = before + b'<?xml version="1.0" encoding="UTF-8"?>' + _SMALL.encode()
    assert READER.claims(content)
    assert READER.read(content) == READER.read(_SMALL.encode())


def test_larger_than_any() -> None:
    """An XML that a small gzip grows to is not read to its end."""
    facts = READER.read(b"<nfeProc>" + b"<a/>" * (2 << 20) + b"</nfeProc>")
    assert (facts.findings, facts.total_amount) == (("document_too_large",), None)


def test_many_findings_are_counted() -> None:
    """Of a thousand bad lines the problem tells a few."""
    line = re.search(r'<det nItem="2">.*?</det>', _SMALL, re.DOTALL)[0].replace("<vProd>60<", "<vProd>x<")
    facts = READER.read(_SMALL.replace("<total>", f"{line * 990}<total>").encode())
    assert "985 more of amount_unreadable" in (facts.problem or "")
    assert len(facts.problem or "") < 2_000


@pytest.mark.parametrize("declared", ["xmlns='{}'", 'xmlns = "{}"', 'xmlns:n="urn:n" xmlns="{}"', 'xmlns="{}"'])
def test_name_space_however_declared(declared: str) -> None:
    """The layout's name space counts in any spelling of its declaration."""
    root = f"<nfeProc {declared.format('http://www.portalfiscal.inf.br/nfe')}>"
    assert READER.read(_SMALL.replace("<nfeProc>", root).encode()) == READER.read(_SMALL.encode())


def test_deep_nesting_is_no_crash() -> None:
    """A hundred thousand elements in each other are read past, or refused."""
    deep = _SMALL.replace("<infAdic>", f"{'<x>' * 100_000}{'</x>' * 100_000}<infAdic>")
    facts = READER.read(deep.encode())
    assert facts.total_amount == Decimal("109.50") or facts.findings == ("xml_broken",)


def test_doctype_in_a_text_is_text() -> None:
    """Only a DOCTYPE is refused, not the word in a note."""
    noted = _SMALL.replace("Pedido", "<![CDATA[<!DOCTYPE html>]]> Pedido")
    assert READER.read(noted.encode()) == READER.read(_SMALL.encode())


def test_small() -> None:
    """Name spaces are not needed; order ids come in the order of trust, not of the file."""
    assert READER.read(_SMALL.encode()) == Facts(
        document_type="nfe",
        purpose="sale",
        invoice_number="1-12",
        issue_date=date(2026, 10, 5),
        currency="BRL",
        total_amount=Decimal("109.50"),
        goods_amount=Decimal("100.00"),
        shipping_amount=Decimal("12.50"),
        discount_amount=Decimal("3.00"),
        seller_tax_id="12ABC34501DE35",
        buyer_tax_id="52998224725",
        order_ids=("701-0000002-0000002", "702-0000001-0000001"),
        access_key=_KEY,
        authorised=True,
        lines=read(_SMALL.encode()).lines,
    )


_TWO, _HALF = "<vFrete>0.50</vFrete>", "<vFrete>12.50</vFrete>"


@pytest.mark.parametrize(
    ("old", "new", "said", "finding"),
    [
        (_KEY + '"', _KEY[:-1] + '2"', "the access key's check digit is 2, it should be 1", "check_digit_wrong"),
        (f"NFe{_KEY}", "NFe123", "the access key has 3 characters", "access_key_malformed"),
        ("<nNF>12<", "<nNF>13<", "the access key disagrees with the document's number", "access_key_differs"),
        ("<serie>1<", "<serie>2<", "the access key disagrees with the document's series", "access_key_differs"),
        (
            "<CNPJ>12ABC34501DE35",
            "<CNPJ>12ABC34501DE36",
            "the access key disagrees with the document's issuer",
            "access_key_differs",
        ),
        ("2026-10-05", "2026-09-05", "the access key disagrees with the document's month", "access_key_differs"),
        ("2026-10-05", "2026-10-32", "ide/dhEmi is not a date", "date_wrong"),
        ("<nNF>12</nNF>", "", "ide/nNF is missing", "number_malformed"),
        ("2026-10-05", "2005-12-31", "ide/dhEmi is 2005-12-31: there was no NF-e before 2006", "date_wrong"),
        ("<tpAmb>1</tpAmb><fin", "<fin", "ide/tpAmb is missing", "not_authorised"),
        ("<tpAmb>1</tpAmb><fin", "<tpAmb>2</tpAmb><fin", "not authorised: issued for test (tpAmb 2", "homologation"),
        ("<infProt><tpAmb>1<", "<infProt><tpAmb>2<", "not authorised: issued for test (tpAmb 2", "homologation"),
        ("<CNPJ>12ABC34501DE35", "<CNPJ>12ABC34501DE36", "the issuer's CNPJ is not valid", "tax_id_wrong"),
        ("109.50", "109.51", "vNF 109.51 is not the sum of its parts, 109.50", "total_not_composed"),
        ("<cStat>100", "<cStat>151", "not authorised: cStat 151, cancelled, out of time", "cancelled"),
        ("<vProd>60<", "<vProd>61<", "det[2]: vProd 61.00 is not quantity x unit value, 60.00", "line_not_composed"),
        ("<vProd>60<", "<vProd>60.02<", "det[2]: vProd 60.02 is not quantity x unit value", "line_not_composed"),
        ("<vProd>60</vProd>", "", "det[2]/prod/vProd is missing", "amount_missing"),
        (
            "<qCom>1.0000",
            "<qCom>1.00001",
            "det[2]/prod/qCom: not a number with at most 4 decimals",
            "amount_unreadable",
        ),
        ("13.3333333333", "1e3", "det[1]/prod/vUnCom: not a number with at most 10 decimals", "amount_unreadable"),
        (_TWO, "", "the lines add up to 12.00, not to the total vFrete 12.50", "lines_not_total"),
        (_TWO, "<vFrete>0,50</vFrete>", "det[2]/prod/vFrete: '0,50' is no amount", "amount_unreadable"),
        ("<indTot>1", "<indTot>0", "the lines add up to 60.00, not to the total vProd 100.00", "lines_not_total"),
        (
            "</ICMSTot>",
            "</ICMSTot><IBSCBSTot><vBCIBSCBS>1.00</vBCIBSCBS></IBSCBSTot>",
            "total/vNFTot is missing",
            "amount_missing",
        ),
        ("<infNFe Id", '<infNFe versao="3.10" Id', "infNFe/versao is not 4.00", "version_unknown"),
        ("2026-10-05T23:30:00-03:00", "2026-W40-1", "ide/dhEmi is not a date", "date_wrong"),
        ("2026-10-05T23:30:00-03:00", "2026-10-05", "ide/dhEmi is not a date", "date_wrong"),
        ("2026-10-05T23:30:00-03:00", "2026-10-05garbage", "ide/dhEmi is not a date", "date_wrong"),
        (
            "<cStat>100",
            "<dhRecbto>2026-10-03T00:00:00-03:00</dhRecbto><cStat>100",
            "ide/dhEmi is 2026-10-05, after SEFAZ received it on 2026-10-03",
            "date_wrong",
        ),
        ("<cStat>100", "<cStat>205", "not authorised: cStat 205, denied", "denied"),
        ("<cStat>100", "<cStat>303", "not authorised: cStat 303, denied", "denied"),
        ("</ICMSTot>", "</ICMSTot><vNFTot>1.00</vNFTot>", "vNFTot 1.00 is neither", "reform_total_not_composed"),
        ("109.50", "+109.50", "total/ICMSTot/vNF: an amount with a sign", "amount_unreadable"),
        ("109.50", "109,50", "total/ICMSTot/vNF: '109,50' is no amount", "amount_unreadable"),
        ("109.50", "109.505", "total/ICMSTot/vNF: '109.505' is no amount", "amount_unreadable"),
        ("<vNF>109.50</vNF>", "", "total/ICMSTot/vNF is missing", "amount_missing"),
        (_HALF, "<vFrete>x</vFrete>", "total/ICMSTot/vFrete: a text of 1 characters is no amount", "amount_unreadable"),
        ("<cStat>100", "<cStat>302", "not authorised: cStat 302, denied, the recipient is irregular", "denied"),
        ("<cStat>100", "<cStat>Maria", "not authorised: cStat not a number", "not_authorised"),
        (
            f"<chNFe>{_KEY}",
            f"<chNFe>{_KEY[:-1]}2",
            "not authorised: the protocol is for another access key",
            "protocol_differs",
        ),
    ],
)
def test_findings(old: str, new: str, said: str, finding: str) -> None:
    """Each thing that is wrong is said and named, and the rest of the document is still read."""
    assert old in _SMALL
    facts = READER.read(_SMALL.replace(old, new, 1).encode())
    assert said in (facts.problem or "")
    assert finding in facts.findings
    assert facts.buyer_tax_id == "52998224725"
    assert facts.authorised is ("not authorised" not in (facts.problem or ""))


@pytest.mark.parametrize(
    ("old", "new"),
    [("<serie>1<", "<serie>=1+1<"), ("<serie>1<", "<serie>01<"), ("<nNF>12<", "<nNF>@x<"), ("<nNF>12<", "<nNF>0<")],
)
def test_number_has_the_layouts_form(old: str, new: str) -> None:
    """Series and number are digits; anything else, as the beginning of a formula, never becomes an invoice number."""
    facts = READER.read(_SMALL.replace(old, new).encode())
    assert facts.invoice_number is None
    assert "is not a number in the layout's form" in (facts.problem or "")


@pytest.mark.parametrize("sign", ["+", "-"])
def test_amounts_have_no_sign(sign: str) -> None:
    """An amount with a sign is none, in vNF as in its parts."""
    facts = READER.read(_SMALL.replace("<vNF>", f"<vNF>{sign}").replace("<vDesc>", f"<vDesc>{sign}").encode())
    assert (facts.total_amount, facts.discount_amount) == (None, None)


def test_recipients_number_is_checked_and_not_repeated() -> None:
    """A wrong check digit of the recipient is a finding without the number, which is personal."""
    facts = READER.read(_SMALL.replace("52998224725", "52998224724").encode())
    assert facts.problem == "the recipient's CPF is not valid: its form or its check digits are wrong"


@pytest.mark.parametrize(
    ("purpose", "direction", "said"),
    [
        ("2", "1", "a complement (finNFe 2)"),
        ("3", "1", "an adjustment (finNFe 3)"),
        ("4", "0", "a return (finNFe 4)"),
        ("4", "1", "a return (finNFe 4)"),
        ("5", "1", "a credit note (finNFe 5)"),
        ("6", "1", "a debit note (finNFe 6)"),
        ("Maria", "1", "of no known purpose (finNFe)"),
        ("", "1", "of no known purpose (finNFe)"),
        ("1", "0", "for goods that come in (tpNF 0)"),
        ("1", "Maria", "of no known direction (tpNF)"),
    ],
)
def test_only_sales_have_amounts(purpose: str, direction: str, said: str) -> None:
    """A return, a complement or a purchase is authorised as ever, says what it is, and has no amount to compare."""
    document = _SMALL.replace("<finNFe>1", f"<finNFe>{purpose}").replace("<tpNF>1", f"<tpNF>{direction}")
    facts = READER.read(document.encode())
    assert (facts.problem, facts.authorised) == (f"{said}, not the invoice of a sale", True)
    assert (facts.total_amount, facts.goods_amount, facts.shipping_amount, facts.discount_amount) == (None,) * 4
    assert (facts.findings, facts.lines, len(read(document.encode()).lines)) == (("not_a_sale",), (), 2)


_NFE, _PROTOCOL = (
    _SMALL[_SMALL.index(f"<{tag}>") : _SMALL.index(f"</{tag}>") + len(tag) + 3] for tag in ("NFe", "protNFe")
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<protNFe>", f"{_NFE}<protNFe>"),
        ("<protNFe>", f"<lote>{_NFE}</lote><protNFe>"),
        ("</NFe>", "<infNFe/></NFe>"),
    ],
)
def test_several_in_one_file(old: str, new: str) -> None:
    """Of two invoices none is taken: the other would be lost without a word."""
    facts = READER.read(_SMALL.replace(old, new, 1).encode())
    assert "several NF-e in one file" in (facts.problem or "")
    assert facts == Facts(document_type="nfe", findings=("several_invoices",), problem=facts.problem)


@pytest.mark.parametrize(
    ("old", "new", "tag"),
    [
        ("<vNF>", "<vNF>1.00</vNF><vNF>", "vNF"),
        ("<total>", "<total/><total>", "total"),
        ("<tpNF>", "<tpNF>0</tpNF><tpNF>", "tpNF"),
        ("<prod>", "<prod/><prod>", "prod"),
        ("</nfeProc>", f"{_PROTOCOL}</nfeProc>", "protNFe"),
    ],
)
def test_an_element_that_stands_twice(old: str, new: str, tag: str) -> None:
    """Of two amounts, totals or protocols none is taken; it is still one NF-e."""
    facts = READER.read(_SMALL.replace(old, new, 1).encode())
    assert f"{tag} stands in it 2 times, and in an NF-e once" in (facts.problem or "")
    assert facts == Facts(document_type="nfe", findings=("element_repeated",), problem=facts.problem)


def test_foreign_elements_are_no_amounts() -> None:
    """Only the layout's own name space counts: an element of another one is passed over, whatever its name."""
    own = _SMALL.replace("<nfeProc>", '<n:nfeProc xmlns:n="http://www.portalfiscal.inf.br/nfe">')
    assert READER.read(_SMALL.replace("<vNF>", '<vNF xmlns="urn:x">1.00</vNF><vNF>').encode()) == READER.read(
        _SMALL.encode()
    )
    assert READER.read(own.replace("</nfeProc>", "</n:nfeProc>").encode()) == READER.read(_SMALL.encode())
    hidden = READER.read(_SMALL.replace("<vNF>109.50</vNF>", '<vNF xmlns="urn:x">109.50</vNF>').encode())
    assert (hidden.total_amount, hidden.problem) == (None, "total/ICMSTot/vNF is missing")


def _event(
    code: str = "110111", *, key: str = _KEY, answer: str = "<cStat>135</cStat>", environment: str = "1"
) -> bytes:
    return (
        f"<procEventoNFe xmlns='http://www.portalfiscal.inf.br/nfe'><evento><infEvento><tpAmb>{environment}</tpAmb>"
        f"<chNFe>{key}</chNFe><tpEvento>{code}</tpEvento></infEvento></evento>"
        f"<retEvento><infEvento><tpAmb>1</tpAmb>{answer}</infEvento></retEvento></procEventoNFe>"
    ).encode()


@pytest.mark.parametrize("status", ["135", "136", "155"])
def test_registered_cancellation(status: str) -> None:
    """A cancellation that SEFAZ registered is an event that takes the NF-e back, and states no amount."""
    answer = f"<cStat>{status}</cStat><chNFe>{_KEY}</chNFe><tpEvento>110111</tpEvento>"
    assert READER.claims(_event())
    assert READER.read(_event(answer=answer)) == Facts(
        document_type="nfe_event",
        access_key=_KEY,
        authorised=False,
        findings=("event_cancels",),
        problem=f"a cancellation (110111) of NF-e {_KEY}",
    )


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (_event("110110"), f"a correction letter (110110) of NF-e {_KEY}"),
        (_event("210200"), f"the recipient's confirmation (210200) of NF-e {_KEY}"),
        (_event("999999"), f"an event (999999) of NF-e {_KEY}"),
        (_event("Maria"), f"an event (tpEvento is not a number) of NF-e {_KEY}"),
        (_event(answer="<cStat>573</cStat>"), "not registered: cStat is not one of 135, 136, 155"),
        (_event(answer=f"<cStat>135</cStat><chNFe>{_KEY[:-1]}2</chNFe>"), "not registered: the answer is for another"),
        (_event(answer="<cStat>135</cStat><tpEvento>110110</tpEvento>"), "not registered: the answer is for another"),
        (_event(environment="2"), "not registered: issued for test"),
        (_event().replace(b"<tpAmb>1</tpAmb><cStat>", b"<tpAmb>2</tpAmb><cStat>"), "not registered: issued for test"),
        (re.sub(rb"<retEvento>.*</retEvento>", b"", _event()), "not registered: no answer of SEFAZ"),
    ],
)
def test_other_events_leave_the_nfe_as_it_was(event: bytes, said: str) -> None:
    """Any other event, and a cancellation that SEFAZ did not register, is named and has no effect."""
    facts = READER.read(event)
    assert said in (facts.problem or "")
    findings = ("event", "event_not_registered") if "not registered" in said else ("event",)
    assert facts == Facts(document_type="nfe_event", access_key=_KEY, findings=findings, problem=facts.problem)


@pytest.mark.parametrize(
    ("event", "said", "finding"),
    [
        (b"<procEventoNFe/>", "0 events in one procEventoNFe", "not_an_nfe"),
        (_event().replace(b"<evento>", b"<evento><infEvento/>"), "2 events in one procEventoNFe", "several_invoices"),
        (_event(key="Maria"), "chNFe is no access key", "not_an_nfe"),
    ],
)
def test_unreadable_events(event: bytes, said: str, finding: str) -> None:
    """An event that names no NF-e, or not one alone, is a problem and states nothing."""
    assert READER.claims(event)
    facts = READER.read(event)
    assert said in (facts.problem or "")
    assert facts == Facts(document_type="nfe_event", findings=(finding,), problem=facts.problem)


def test_long_comment_before_the_root() -> None:
    """However a file begins, within reason, its root is found."""
    assert READER.claims(f"<!-- {'x' * 5000} --><NFe/>".encode())
    assert not READER.claims(f"<!-- {'x' * 100_000} --><NFe/>".encode())


# Each of a line's taxes, and the total that says the same.
_TAXES = {
    "vBC": "<ICMS><ICMS00><vBC>{}</vBC></ICMS00></ICMS>",
    "vICMS": "<ICMS><ICMS00><vICMS>{}</vICMS></ICMS00></ICMS>",
    "vICMSDeson": "<ICMS><ICMS40><vICMSDeson>{}</vICMSDeson></ICMS40></ICMS>",
    "vBCST": "<ICMS><ICMSSN202><vBCST>{}</vBCST></ICMSSN202></ICMS>",
    "vST": "<ICMS><ICMS10><vICMSST>{}</vICMSST></ICMS10></ICMS>",
    "vFCPST": "<ICMS><ICMS10><vFCPST>{}</vFCPST></ICMS10></ICMS>",
    "vII": "<II><vII>{}</vII></II>",
    "vIPI": "<IPI><cEnq>999</cEnq><IPITrib><vIPI>{}</vIPI></IPITrib></IPI>",
    "vPIS": "<PIS><PISAliq><vBC>7.00</vBC><vPIS>{}</vPIS></PISAliq></PIS>",
    "vCOFINS": "<COFINS><COFINSAliq><vCOFINS>{}</vCOFINS></COFINSAliq></COFINS>",
}
_IN_VNF = ("vST", "vFCPST", "vII", "vIPI", "vIPIDevol")


def _taxed(tag: str, in_line: str | None, in_total: str | None) -> bytes:
    """With a tax in the first line, in the totals and, if it is part of it, in vNF."""
    taxes = _TAXES.get(tag, "").format(in_line) if in_line else ""
    document = _SMALL.replace("</prod></det>", f"</prod><imposto>{taxes}</imposto></det>", 1)
    if tag == "vIPIDevol" and in_line:
        given_back = f"<impostoDevol><IPI><vIPIDevol>{in_line}</vIPIDevol></IPI></impostoDevol>"
        document = document.replace("</imposto>", f"</imposto>{given_back}", 1)
    if in_total:
        document = document.replace("<ICMSTot>", f"<ICMSTot><{tag}>{in_total}</{tag}>")
        if tag in _IN_VNF:
            document = document.replace("109.50", str(Decimal("109.50") + Decimal(in_total)))
    return document.encode()


@pytest.mark.parametrize("tag", [*_TAXES, "vIPIDevol"])
def test_lines_taxes_add_up(tag: str) -> None:
    """Of each tax the lines' are the total; one that only the lines or only the totals have is a finding."""
    assert READER.read(_taxed(tag, "10.00", "10.00")).problem is None
    for in_line, in_total in (("10.00", "11.00"), ("10.00", None), (None, "10.00")):
        facts = READER.read(_taxed(tag, in_line, in_total))
        said = f"the lines add up to {in_line or '0.00'}, not to the total {tag} {in_total or '0.00'}"
        assert (facts.findings, facts.problem) == (("lines_not_total",), said)
    assert "amount_unreadable" in READER.read(_taxed(tag, "1,00", None)).findings


def test_taxes_of_services() -> None:
    """PIS and COFINS of services stand in the totals of services, and are lines' taxes all the same."""
    served = _taxed("vPIS", "10.00", "4.00").replace(b"</ICMSTot>", b"</ICMSTot><ISSQNtot><vPIS>6.00</vPIS></ISSQNtot>")
    assert READER.read(served).problem is None


def _reformed(items: str, whole: str) -> Facts:
    taxes = "<IBSCBS><gIBSCBS><vIBS>1.00</vIBS><gCBS><vCBS>2.00</vCBS></gCBS></gIBSCBS></IBSCBS>"
    document = _SMALL.replace("</prod></det>", f"</prod><imposto>{taxes}</imposto><vItem>{items}</vItem></det>", 1)
    document = document.replace("</prod></det>", "</prod><vItem>9.50</vItem></det>", 1)
    totals = "<IBSCBSTot><gIBS><vIBS>1.00</vIBS></gIBS><gCBS><vCBS>2.00</vCBS></gCBS></IBSCBSTot>"
    facts = READER.read(document.replace("</ICMSTot>", f"</ICMSTot>{totals}<vNFTot>{whole}</vNFTot>").encode())
    assert isinstance(facts, Facts)
    return facts


def test_totals_of_the_reform() -> None:
    """The lines' vItem add up to vNFTot, their IBS and CBS to the totals; either with these taxes in it or without."""
    assert _reformed("100.00", "109.50").problem is None
    assert _reformed("103.00", "112.50").problem is None
    assert _reformed("1.00", "109.50").problem == "the lines add up to 10.50, not to the total vNFTot 109.50"


@pytest.mark.parametrize(
    ("extra", "total"),
    [
        ("<vICMSDeson>9.50</vICMSDeson>", "109.50"),
        ("<vICMSDeson>9.50</vICMSDeson>", "100.00"),
        ("<vICMSMonoReten>2.00</vICMSMonoReten>", "111.50"),
        ("<vSeg>3.00</vSeg><vOutro>4.00</vOutro>", "116.50"),
    ],
)
def test_what_is_in_the_total(extra: str, total: str) -> None:
    """Insurance and other costs are in vNF; the exempted ICMS may be taken off or not."""
    document = _SMALL.replace("<ICMSTot>", f"<ICMSTot>{extra}").replace("109.50", total)
    in_line = "".join(re.findall(r"<(?:vSeg|vOutro)>.*?</(?:vSeg|vOutro)>", extra))
    document = document.replace(_TWO, _TWO + in_line)
    if "Deson" in extra:
        document = document.replace("</prod></det>", f"</prod><imposto><ICMS><x>{extra}</x></ICMS></imposto></det>", 1)
    assert READER.read(document.encode()).problem is None


def test_services_are_lines_too() -> None:
    """What is a service counts in vServ and not in vProd; both together are what the lines add up to."""
    goods, total = (
        "<vProd>100.00</vProd><vFrete>",
        "<ISSQNtot><vServ>60.00</vServ><dCompet>2026-10-05</dCompet></ISSQNtot>",
    )
    served = _SMALL.replace(goods, "<vProd>40.00</vProd><vFrete>").replace("</ICMSTot>", f"</ICMSTot>{total}")
    facts = READER.read(served.encode())
    assert isinstance(facts, Facts)
    assert (facts.problem, facts.goods_amount, facts.total_amount) == (None, Decimal("40.00"), Decimal("109.50"))


@pytest.mark.parametrize("field", ["AmazonShipmentId", "amazonshipmentid", "Amazon Shipment Id", "AMAZON_SHIPMENT_ID"])
def test_shipment_id(field: str) -> None:
    """The shipment's id stands in a free note under any spelling of its name."""
    note = (
        f'<obsCont xCampo="x"><xTexto>no</xTexto></obsCont><obsCont xCampo="{field}"><xTexto> D1a </xTexto></obsCont>'
    )
    assert READER.read(_SMALL.replace("<infCpl>", f"{note}<infCpl>").encode()).amazon_shipment_id == "D1a"


_BOMB = '<!DOCTYPE n [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
_ENCODINGS: list[tuple[str, Callable[[str], bytes]]] = [
    ("utf-8", lambda text: text.encode()),
    ("utf-8 with BOM", lambda text: text.encode("utf-8-sig")),
    ("utf-16", lambda text: text.encode("utf-16")),
    ("utf-16 big-endian", lambda text: b"\xfe\xff" + text.encode("utf-16-be")),
    ("iso-8859-1", lambda text: f'<?xml version="1.0" encoding="ISO-8859-1"?>{text}'.encode("iso-8859-1")),
    ("windows-1252", lambda text: f'<?xml version="1.0" encoding="windows-1252"?>{text}'.encode("cp1252")),
]


@pytest.mark.parametrize("encode", [pair[1] for pair in _ENCODINGS], ids=[pair[0] for pair in _ENCODINGS])
def test_encodings(encode: Callable[[str], bytes]) -> None:
    """In every encoding the document reads the same, and a DOCTYPE is refused before its entities count."""
    content = encode(_SMALL.replace("Pedido", "Coração"))
    assert READER.claims(content)
    assert READER.read(content) == READER.read(_SMALL.encode())
    bomb = encode(_BOMB + _SMALL.replace("Pedido", "&b;"))
    assert READER.claims(bomb)
    assert "DOCTYPE" in (READER.read(bomb).problem or "")


@pytest.mark.parametrize(
    ("content", "said", "finding"),
    [
        (b"<nfeProc>", "not a well-formed XML", "xml_broken"),
        (b'<?xml version="1.0" encoding="klingon"?><NFe/>', "not a well-formed XML", "xml_broken"),
        (b'<?xml version="1.0" encoding="shift_jis"?><NFe/>', "its encoding is not one that is read", "xml_broken"),
        (b'<?xml version="1.0" encoding="punycode"?><NFe/>', "its encoding is not one that is read", "xml_broken"),
        (b"<NFe/>", "infNFe is missing", "not_an_nfe"),
        (
            b"<enviNFe xmlns='http://www.portalfiscal.inf.br/nfe'/>",
            "root is none of nfeProc, NFe and procEventoNFe",
            "not_an_nfe",
        ),
        (b"<NFe xmlns='urn:x'/>", "root is none of nfeProc, NFe and procEventoNFe", "not_an_nfe"),
        (b"<NFe>&undeclared;</NFe>", "not a well-formed XML", "xml_broken"),
    ],
)
def test_unreadable(content: bytes, said: str, finding: str) -> None:
    """What is no NF-e is a problem with a next step, and states nothing."""
    facts = READER.read(content)
    assert said in (facts.problem or "")
    assert "Next:" in (facts.problem or "")
    assert facts == Facts(document_type="nfe", findings=(finding,), problem=facts.problem)


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.4 <NFe>", b"<html><body>503</body></html>", b"<Invoice/>", b"\xff\xfe"]
)
def test_claims_nothing_else(content: bytes) -> None:
    """Other documents are left to other readers."""
    assert not READER.claims(content)


# The signature is not verified, so nothing in the document bears out a text, the day of the month (the access key has
# year and month alone), or how often and at what price something was sold where that makes the same amount. All else is.
_UNCHECKED = {"order_ids", "amazon_shipment_id", "issue_date"}
_UNCHECKED_OF_LINES = {
    "product_code",
    "description",
    "commodity_code",
    "cfop",
    "unit",
    "quantity",
    "unit_price",
    "in_total",
}
_CHECKED = [field.name for field in fields(Facts) if field.name not in _UNCHECKED | {"lines"}]
_CHECKED_OF_LINES = [field.name for field in fields(Line) if field.name not in _UNCHECKED_OF_LINES]


def _checked(facts: Facts) -> tuple[object, ...]:
    """What no damage changes without a word."""
    lines = tuple(tuple(getattr(line, name) for name in _CHECKED_OF_LINES) for line in facts.lines)
    return (*(getattr(facts, name) for name in _CHECKED), lines)


def _same_or_said(content: bytes) -> bool:
    facts, whole = READER.read(content), READER.read(_SMALL.encode())
    assert isinstance(facts, Facts)
    assert isinstance(whole, Facts)
    assert (facts.problem is None) == (facts.findings == ())
    assert "52998224725" not in repr(facts)
    return bool(facts.findings) or _checked(facts) == _checked(whole)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(_SMALL.encode()) - 1), st.binary(max_size=3))
def test_flipped_bytes(position: int, replacement: bytes) -> None:
    """A document with damaged bytes states the same but for what nothing bears out, or has a finding; it never raises."""
    content = _SMALL.encode()
    assert _same_or_said(content[:position] + replacement + content[position + 1 :])


def test_every_digit_counts() -> None:
    """No digit of the document can become another, and change what is compared, without a finding."""
    content = _SMALL.encode()
    for position, byte in enumerate(content):
        if chr(byte).isdigit():
            for digit in {b"0", b"5", b"9", b"%d" % ((byte - 47) % 10)} - {bytes([byte])}:
                assert _same_or_said(content[:position] + digit + content[position + 1 :]), (position, digit)


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    """Neither the claim nor the reading raises on anything."""
    assert READER.claims(content) in {True, False}
    assert READER.read(content).problem
