"""The NF-e reader against nfelib's samples and bindings, and against documents that mean harm."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.nfe import READER

nfelib = pytest.importorskip("nfelib")

_SAMPLES = sorted(Path(str(files("nfelib") / "nfe/samples/v4_0")).glob("**/*.xml"))
_INVOICES = [path for path in _SAMPLES if "inut" not in path.name.lower() and "-inu" not in path.name]
_KEY = "35261012ABC34501DE35550010000000121002197681"

# Small, without name space, with all that the findings look at.
_SMALL = f"""<nfeProc><NFe><infNFe Id="NFe{_KEY}"><ide><cUF>35</cUF><mod>55</mod><serie>1</serie><nNF>12</nNF>
<dhEmi>2026-10-05T23:30:00-03:00</dhEmi><tpNF>1</tpNF><tpAmb>1</tpAmb><finNFe>1</finNFe></ide><emit><CNPJ>12ABC34501DE35</CNPJ></emit>
<dest><CPF>52998224725</CPF></dest>
<total><ICMSTot><vProd>100.00</vProd><vFrete>12.50</vFrete><vDesc>3.00</vDesc><vNF>109.50</vNF></ICMSTot></total>
<infAdic><infCpl>Pedido 702-0000001-0000001</infCpl></infAdic><compra><xPed>701-0000002-0000002</xPed></compra></infNFe></NFe>
<protNFe><infProt><tpAmb>1</tpAmb><chNFe>{_KEY}</chNFe><cStat>100</cStat></infProt></protNFe></nfeProc>"""


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


@pytest.mark.parametrize("path", _INVOICES, ids=lambda path: path.stem)
def test_nfelib_reads_the_same(path: Path) -> None:
    """Every sample that nfelib ships states the same through nfelib's bindings, field for field."""
    facts = READER.read(path.read_bytes())
    stated = _binding(path).infNFe
    totals = stated.total.ICMSTot
    buyer = stated.dest and (stated.dest.CNPJ or stated.dest.CPF or stated.dest.idEstrangeiro or None)
    assert READER.claims(path.read_bytes())
    amounts = [Decimal(text) for text in (totals.vNF, totals.vProd, totals.vFrete, totals.vDesc)]
    # One of the samples is for an import: goods that come in.
    expected = amounts if stated.ide.tpNF.value == "1" else [None] * 4
    assert [facts.total_amount, facts.goods_amount, facts.shipping_amount, facts.discount_amount] == expected
    assert facts.invoice_number == f"{stated.ide.serie}-{stated.ide.nNF}"
    assert facts.issue_date == date.fromisoformat(stated.ide.dhEmi[:10])
    assert (facts.seller_tax_id, facts.buyer_tax_id) == (stated.emit.CNPJ or stated.emit.CPF, buyer)
    assert facts.access_key == stated.Id.removeprefix("NFe")
    assert (facts.currency, facts.tax_amount) == ("BRL", None)


def test_samples_findings() -> None:
    """Real sales in production have no finding; an import, and those for test or made up, say what they are."""
    problems = {path.stem: READER.read(path.read_bytes()).problem for path in _INVOICES}
    odd = {name: problem for name, problem in problems.items() if problem}
    assert problems
    assert sum("tpAmb 2" in problem for problem in odd.values()) == 4
    assert odd["42210775277525000178550030000266631762885493-procNFe"] == (
        "for goods that come in (tpNF 0), not the invoice of a sale"
    )
    assert odd["nfe_reforma_tributaria"].endswith("vNF 164746.81 is not the sum of its parts, 164801.01")
    assert "model 65" in odd["nfce_contingencia"]
    assert len(odd) == 6


def test_small() -> None:
    """Name spaces are not needed; order ids come in the order of trust, not of the file."""
    assert READER.read(_SMALL.encode()) == Facts(
        document_type="nfe",
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
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (_KEY + '"', _KEY[:-1] + '2"', "the access key's check digit is 2, it should be 1"),
        (f"NFe{_KEY}", "NFe123", "the access key has 3 characters"),
        ("<nNF>12<", "<nNF>13<", "the access key disagrees with the document's number"),
        ("<serie>1<", "<serie>2<", "the access key disagrees with the document's series"),
        ("<CNPJ>12ABC34501DE35", "<CNPJ>12ABC34501DE36", "the access key disagrees with the document's issuer"),
        ("2026-10-05", "2026-09-05", "the access key disagrees with the document's month"),
        ("2026-10-05", "2026-10-32", "ide/dhEmi is not a date"),
        ("<nNF>12</nNF>", "", "ide/nNF is missing"),
        ("2026-10-05", "2005-12-31", "ide/dhEmi is 2005-12-31: there was no NF-e before 2006"),
        ("<tpAmb>1</tpAmb><fin", "<fin", "ide/tpAmb is missing"),
        ("<tpAmb>1</tpAmb><fin", "<tpAmb>2</tpAmb><fin", "not authorised: issued for test (tpAmb 2"),
        ("<infProt><tpAmb>1<", "<infProt><tpAmb>2<", "not authorised: issued for test (tpAmb 2"),
        ("<CNPJ>12ABC34501DE35", "<CNPJ>12ABC34501DE36", "the issuer's CNPJ is not valid"),
        ("109.50", "109.51", "vNF 109.51 is not the sum of its parts, 109.50"),
        ("109.50", "+109.50", "total/ICMSTot/vNF: an amount with a sign"),
        ("109.50", "109,50", "total/ICMSTot/vNF: '109,50' is no amount"),
        ("109.50", "109.505", "total/ICMSTot/vNF: '109.505' is no amount"),
        ("<vNF>109.50</vNF>", "", "total/ICMSTot/vNF is missing"),
        ("<vFrete>12.50</vFrete>", "<vFrete>x</vFrete>", "total/ICMSTot/vFrete: a text of 1 characters is no amount"),
        ("<cStat>100", "<cStat>302", "not authorised: cStat 302, denied, the recipient is irregular"),
        ("<cStat>100", "<cStat>Maria", "not authorised: cStat not a number"),
        (f"<chNFe>{_KEY}", f"<chNFe>{_KEY[:-1]}2", "not authorised: the protocol is for another access key"),
    ],
)
def test_findings(old: str, new: str, said: str) -> None:
    """Each thing that is wrong is said, and the rest of the document is still read."""
    assert old in _SMALL
    facts = READER.read(_SMALL.replace(old, new, 1).encode())
    assert said in (facts.problem or "")
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


_NFE, _PROTOCOL = (
    _SMALL[_SMALL.index(f"<{tag}>") : _SMALL.index(f"</{tag}>") + len(tag) + 3] for tag in ("NFe", "protNFe")
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<protNFe>", f"{_NFE}<protNFe>"),
        ("<protNFe>", f"<lote>{_NFE}</lote><protNFe>"),
        ("</NFe>", "<infNFe/></NFe>"),
        ("<vNF>", "<vNF>1.00</vNF><vNF>"),
        ("<total>", "<total/><total>"),
        ("<tpNF>", "<tpNF>0</tpNF><tpNF>"),
        ("</nfeProc>", f"{_PROTOCOL}</nfeProc>"),
    ],
)
def test_several_in_one_file(old: str, new: str) -> None:
    """Of two invoices, totals or protocols none is taken: the other would be lost without a word."""
    facts = READER.read(_SMALL.replace(old, new, 1).encode())
    assert "several NF-e in one file" in (facts.problem or "")
    assert facts == Facts(document_type="nfe", problem=facts.problem)


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
        document_type="nfe_event", access_key=_KEY, authorised=False, problem=f"a cancellation (110111) of NF-e {_KEY}"
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
    assert facts == Facts(document_type="nfe_event", access_key=_KEY, problem=facts.problem)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (b"<procEventoNFe/>", "0 events in one procEventoNFe"),
        (_event().replace(b"<evento>", b"<evento><infEvento/>"), "2 events in one procEventoNFe"),
        (_event(key="Maria"), "chNFe is no access key"),
    ],
)
def test_unreadable_events(event: bytes, said: str) -> None:
    """An event that names no NF-e, or not one alone, is a problem and states nothing."""
    assert READER.claims(event)
    facts = READER.read(event)
    assert said in (facts.problem or "")
    assert facts == Facts(document_type="nfe_event", problem=facts.problem)


def test_long_comment_before_the_root() -> None:
    """However a file begins, within reason, its root is found."""
    assert READER.claims(f"<!-- {'x' * 5000} --><NFe/>".encode())
    assert not READER.claims(f"<!-- {'x' * 100_000} --><NFe/>".encode())


@pytest.mark.parametrize(
    ("extra", "total"),
    [
        ("<vICMSDeson>9.50</vICMSDeson>", "109.50"),
        ("<vICMSDeson>9.50</vICMSDeson>", "100.00"),
        ("<vICMSMonoReten>2.00</vICMSMonoReten>", "111.50"),
        ("<vST>1.00</vST><vFCPST>2</vFCPST><vSeg>3.00</vSeg><vOutro>4.00</vOutro><vIPI>5.00</vIPI>", "124.50"),
    ],
)
def test_what_is_in_the_total(extra: str, total: str) -> None:
    """Substituted tax, insurance and IPI are in vNF; the exempted ICMS may be taken off or not."""
    document = _SMALL.replace("<vDesc>", f"{extra}<vDesc>").replace("109.50", total)
    assert READER.read(document.encode()).problem is None


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
    assert READER.read(content).problem is None
    bomb = encode(_BOMB + _SMALL.replace("Pedido", "&b;"))
    assert READER.claims(bomb)
    assert "DOCTYPE" in (READER.read(bomb).problem or "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<nfeProc>", "not a well-formed XML"),
        (b'<?xml version="1.0" encoding="klingon"?><NFe/>', "not a well-formed XML"),
        (b'<?xml version="1.0" encoding="shift_jis"?><NFe/>', "its encoding is not one that is read"),
        (b'<?xml version="1.0" encoding="punycode"?><NFe/>', "its encoding is not one that is read"),
        (b"<NFe/>", "infNFe is missing"),
        (b"<enviNFe xmlns='http://www.portalfiscal.inf.br/nfe'/>", "root is none of nfeProc, NFe and procEventoNFe"),
        (b"<NFe xmlns='urn:x'/>", "root is none of nfeProc, NFe and procEventoNFe"),
        (b"<NFe>&undeclared;</NFe>", "not a well-formed XML"),
    ],
)
def test_unreadable(content: bytes, said: str) -> None:
    """What is no NF-e is a problem with a next step, and states nothing."""
    facts = READER.read(content)
    assert said in (facts.problem or "")
    assert "Next:" in (facts.problem or "")
    assert facts == Facts(document_type="nfe", problem=facts.problem)


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.4 <NFe>", b"<html><body>503</body></html>", b"<Invoice/>", b"\xff\xfe"]
)
def test_claims_nothing_else(content: bytes) -> None:
    """Other documents are left to other readers."""
    assert not READER.claims(content)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(_SMALL.encode()) - 1), st.binary(max_size=3))
def test_flipped_bytes(position: int, replacement: bytes) -> None:
    """A document with damaged bytes gives facts, findings or a problem, never an exception."""
    content = _SMALL.encode()
    facts = READER.read(content[:position] + replacement + content[position + 1 :])
    assert isinstance(facts, Facts)
    assert "52998224725" not in repr(facts)


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    """Neither the claim nor the reading raises on anything."""
    assert READER.claims(content) in {True, False}
    assert READER.read(content).problem
