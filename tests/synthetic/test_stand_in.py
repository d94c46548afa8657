"""Stand-ins: the same facts and the same problem as the real document, and nobody's name."""

import gzip
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from importlib.resources import files
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

etree = pytest.importorskip("lxml.etree")
pytest.importorskip("pypdfium2")

from spapi_invoices.core.media import sniff  # noqa: E402 - after the skips
from spapi_invoices.documents import access_key, gst, nfe, pdf_text  # noqa: E402
from spapi_invoices.documents.facts import Facts  # noqa: E402
from spapi_invoices.documents.reader import read_document  # noqa: E402
from spapi_invoices.documents.tax_ids import cnpj_is_valid, cpf_is_valid, gstin_is_valid  # noqa: E402
from spapi_invoices.recording.fakes import Fakes  # noqa: E402
from spapi_invoices.synthetic import gst_pdf, gst_stand_in, nfe_event_xml, nfe_stand_in, nfe_xml, pdf  # noqa: E402
from spapi_invoices.synthetic.stand_in import is_synthetic, stand_in  # noqa: E402

READERS = (gst.READER, nfe.READER)
FAKES = Fakes(b"a key")
SELLER, BUYER, NO_GSTIN = "27AAPFU0939F1ZV", "29AAGCB7383J1Z4", "29AAGCB7383J1Z5"
NFE = nfe_xml.Nfe(
    number=1234,
    series=1,
    issued_at=datetime(2026, 10, 5, 23, 30, tzinfo=timezone(timedelta(hours=-3))),
    issuer_cnpj="11222333000181",
    issuer_name="Padaria Aurora Ltda",
    recipient_cpf="52998224725",
    recipient_name="Maria Aparecida dos Santos",
    order_id="702-1234567-1234567",
    shipment_id="D1aB2",
    lines=(nfe_xml.NfeLine("SKU1", "Fone", "85183000", "5106", 3, Decimal("100.00"), Decimal("12.5"), Decimal(3)),),
    marketplace_cnpj="15436940000103",
    seller_id="A1B2C3",
)
GST = gst_pdf.GstInvoice(
    invoice_number="BLR7-00012",
    invoice_date=date(2026, 10, 5),
    order_id="403-1234567-1234567",
    order_date=date(2026, 10, 4),
    purchase_order_number="2JK3S9VC",
    seller_name="Example Retail India Pvt Ltd",
    seller_gstin=SELLER,
    buyer_name="Maria Aparecida",
    buyer_gstin=BUYER,
    place_of_supply="KARNATAKA",
    intra_state=True,
    lines=tuple(gst_pdf.GstLine(f"Bottle {at}", "73239390", Decimal("1234.56"), at, Decimal(18)) for at in (1, 2)),
)
PERSONAL = ("Maria", "Aparecida", "Santos", "Padaria", "Aurora", "52998224725", "11222333000181", "15436940000103")
KEY = NFE.access_key


def real_nfe(**changes: object) -> bytes:
    """An NF-e as a seller has it: without the mark, and without the words that say it is none."""
    return unmarked(nfe_xml.render(replace(NFE, **changes))).replace(nfe_xml.NO_INVOICE.encode(), b"Obrigado.")


def unmarked(document: bytes) -> bytes:
    """Without the mark at its end."""
    return document.removesuffix(nfe_xml.MARK.encode())


def real_pdf(*lines: str, step: float = 12) -> bytes:
    """A PDF of one page, with no title of ours."""
    return pdf.document("Invoice", drawn(lines, step))


def drawn(lines: Sequence[str], step: float = 12) -> list[str]:
    """The texts beneath each other, in a size at which the longest fits."""
    size = min(8, step, 500 / max((pdf.width(line, pdf.REGULAR, 1) for line in lines), default=1))
    return [pdf.text_at(36, 800 - step * at, line, pdf.REGULAR, size) for at, line in enumerate(lines)]


def zipped(*documents: bytes) -> bytes:
    with zipfile.ZipFile(file := BytesIO(), "w") as archive:
        for at, document in enumerate(documents):
            archive.writestr(f"Maria-{at}", document)
    return file.getvalue()


def facts(document: bytes) -> Facts:
    """What is read of one invoice, whole, but of what its writer named only the form."""
    (one,) = all_facts(document)
    return one


def all_facts(document: bytes) -> list[Facts]:
    return [by_form(one) for one in read_document(document, READERS).invoices]


def by_form(one: Facts) -> Facts:
    """What no stand-in keeps are the words for what was sold: the letters and digits in them may name somebody."""
    lines = (
        replace(line, description=form(line.description), product_code=form(line.product_code), unit=form(line.unit))
        for line in one.lines
    )
    return replace(one, place_of_supply=form(one.place_of_supply), lines=tuple(lines))


def form(text: str | None) -> str | None:
    signs = (text or "").replace("₹", "`")
    drawn = "".join(one if one.isalnum() or one.encode("cp1252", "ignore") else "?" for one in signs)
    return text and re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", drawn))


def expected(document: bytes) -> list[Facts]:
    """The facts a stand-in must have: all but whose it is."""
    pairs = zip(all_facts(document), all_facts(stand_in(document, FAKES)), strict=True)
    return [_expected(stated, made) for stated, made in pairs]


def _expected(stated: Facts, made: Facts) -> Facts:
    ids = {
        name: getattr(made, name)
        for name in ("buyer_tax_id", "access_key")
        + (("seller_tax_id", "marketplace_tax_id") if stated.document_type == "nfe" else ())
        if getattr(stated, name) is not None and getattr(made, name) is not None
    }
    problem = stated.problem
    if problem and stated.access_key:
        problem = problem.replace(stated.access_key, made.access_key or "")
    return replace(stated, problem=problem, **ids)


INVOICE = (
    "Tax Invoice/Bill of Supply/Cash Memo",
    "Sold By: Example Retail",
    f"GST Registration No: {SELLER}",
    "Billing Address: Maria Aparecida, Flat 7, Santos Road",
    f"GST Registration No: {BUYER}",
    "Order Number: 403-1234567-1234567 Purchase Order Number: 2JK3S9VC",
    "Invoice Number: BLR7-12 Invoice Date: 05.10.2026",
    "1 Water bottle Rs.100.00 2 Rs.200.00 18% IGST Rs.36.00 Rs.236.00",
    "TOTAL: Rs.36.00 Rs.236.00",
)

WORDED = (
    *INVOICE[:7],
    "Place of supply: TAMIL NADU Place of delivery: Maria Nagar",
    "Sl. Description Tax Amount Total Amount",
    "1 Cup of Maria | B0ABCDEF12 ( M-7 ) HSN:69120010 Rs.100.00 -Rs.10.00 2 Rs.190.00 9% CGST Rs.17.10 9% SGST Rs.17.10 Rs.224.20",
    "TOTAL: Rs.34.20 Rs.224.20",
    "Amount in Words: Two Hundred Twenty-five Rupees and Twenty Paise by Maria only",
)

TOKENS = (
    *("Tax Invoice", "tax invoice", "Credit Note", "not a tax invoice", "Invoice Number:", "A-1", "B/22-"),
    *("Invoice Date:", "05.10.2026", "31.02.2026", "01.01.2000", "Purchase Order Number:", "2JK3S9VC"),
    *("Sold By", "Billing Address", "GST Registration No:", "GSTIN: ", SELLER, BUYER, NO_GSTIN),
    *("TOTAL:", "TOTAL", "total amount", "Rs.1,234.00", "₹99.50", "12.00", "-5.00", "1,2.00", "0.25%", "18%"),
    *("IGST", "CGST", "CESS", "2", "USD", "(EUR)", "currency", "in", "$", "US $", "403-1234567-1234567"),
    *("|", "/", "-", ":", ";", "₹", "1", "Maria", "amount", "x", "_", "€", "बिल", "Flat 7,", "12 pieces"),
    *("Rs.100.00 2 Rs.200.00 18% IGST Rs.36.00 Rs.236.00", "₹50.00 -₹10.00 1 ₹40.00 0% SGST 0.00 ₹40.00 CGST ₹0.00"),
    *(
        "Total Amount",
        "Total",
        "HSN: 7323",
        "SAC",
        "99671",
        "| B0ABCDEF12 ( Sku-7 )",
        "Water bottle, 500 ml",
        "\f",
        "\f",
    ),
    *(
        "Place of supply:",
        "KARNATAKA",
        "Goa",
        "Place of delivery",
        "Amount in Words:",
        "Two Hundred Thirty-six",
        "only",
    ),
    *("Rupees and", "Ten Paise", "One Lakh", "State", "Order"),
)


class KeepingGstins:
    """Fakes texts alone, so that texts without a PDF around them can be compared."""

    text = staticmethod(FAKES.text)
    gstin = staticmethod(str)

    def within(self, text: str, /) -> str:
        """As it is."""
        return text


def said(text: str) -> Facts:
    """What a text states, but for what is faked and how the rupee sign is drawn."""
    stated = by_form(gst.read_text(text))
    problem, buyer = stated.problem and stated.problem.replace("₹", "`"), stated.buyer_tax_id
    return replace(stated, problem=problem, buyer_tax_id=buyer and str(gstin_is_valid(buyer)))


class TestPdf:
    """GST invoices."""

    def test_the_same_facts(self) -> None:
        """All facts go over but the buyer's GSTIN, which becomes another valid one."""
        document = real_pdf(*INVOICE)
        made = facts(stand_in(document, FAKES))
        assert [made] == expected(document)
        assert (made.total_amount, made.seller_tax_id, made.problem) == (Decimal("236.00"), SELLER, None)
        assert made.buyer_tax_id != BUYER
        assert gstin_is_valid(made.buyer_tax_id or "")

    def test_nothing_else(self) -> None:
        """Name, address and what was bought are not in it, and it says that it is synthetic."""
        (text,) = pdf_text.pages(stand_in(real_pdf(*INVOICE), FAKES))
        assert text.split("\r\n") == [
            "Synthetic document",
            "Tax Invoice _",
            "Sold By _",
            f"GST Registration No: {SELLER} _",
            "Billing Address _",
            f"GST Registration No: {FAKES.gstin(BUYER)} _",
            "403-1234567-1234567 _",
            "Purchase Order Number: 2JK3S9VC _",
            "Invoice Number: BLR7-12 _",
            "Invoice Date: 05.10.2026 _",
            "Rs.100.00 2 Rs.200.00 18% IGST Rs.36.00 Rs.236.00 _",
            "TOTAL: Rs.36.00 Rs.236.00 _",
        ]

    def test_lines_keep_what_is_no_text(self) -> None:
        """Of a line all goes over but description and product code, which keep their form; words of nobody stay."""
        stated = gst.read_text(" ".join(WORDED))
        document = stand_in(real_pdf(*WORDED), FAKES)
        (made,) = read_document(document, READERS).invoices
        assert (made.findings, made.place_of_supply) == (("words_unclear",), "TAMIL NADU")
        assert (stated.lines[0].description, stated.lines[0].product_code) == (
            "Cup of Maria | B0ABCDEF12 ( M-7 )",
            "M-7",
        )
        (line,) = made.lines
        assert (form(line.description), form(line.product_code)) == ("aaa aa aaaaa | a0aaaaaa00 ( a-0 )", "a-0")
        assert not re.search("Cup|Maria|B0ABC|M-7", "".join(pdf_text.pages(document)))
        texts = {"description": line.description, "product_code": line.product_code}
        assert line == replace(stated.lines[0], **texts)

    @pytest.mark.parametrize("word", ["cup-", "cup - 7", "-", "7,", "x" * 130])
    def test_a_long_description(self, word: str) -> None:
        """A description is drawn in rows that come back as one text, whatever its words end with."""
        document = real_pdf(*INVOICE[:7], "Total Amount", " ".join([word] * 40), INVOICE[7], INVOICE[8])
        assert all_facts(stand_in(document, FAKES)) == expected(document)
        assert facts(document).lines[0].description

    def test_several_invoices(self) -> None:
        """Each invoice of a PDF goes over, with all its pages, and a line may go on on the next one."""
        second = [line.replace("BLR7-12", "BLR7-13") for line in INVOICE]
        document = pdf.document("Invoices", *map(drawn, (INVOICE[:3], INVOICE[3:], second[:8], second[8:])))
        made = all_facts(stand_in(document, FAKES))
        assert made == expected(document)
        assert [one.invoice_number for one in made] == ["BLR7-12", "BLR7-13"]
        assert [one.problem for one in made] == [None, None]
        cut = (*INVOICE[:7], INVOICE[7][:40]), (INVOICE[7][40:], *INVOICE[8:])
        for pages in (cut, (*cut, ()), ((), *cut)):
            document = pdf.document("Invoice", *map(drawn, pages))
            assert all_facts(stand_in(document, FAKES)) == expected(document) == made[:1]

    def test_the_sandbox_layout(self) -> None:
        """An invoice in Amazon's full layout keeps its facts too."""
        document = gst_pdf.render(GST).replace(b"(Synthetic tax invoice)", b"(Invoice)")
        assert all_facts(stand_in(document, FAKES)) == expected(document)
        stated = facts(document)
        assert (stated.total_amount, stated.findings, len(stated.lines)) == (GST.total_amount, (), 2)
        assert [(line.commodity_code, line.quantity) for line in stated.lines] == [("73239390", 1), ("73239390", 2)]

    @settings(max_examples=400)
    @given(
        st.sampled_from(["", "Tax Invoice ", "Tax Invoice ", "Credit Note for Tax Invoice "]),
        st.lists(st.sampled_from(TOKENS).flatmap(lambda token: st.sampled_from([f"{token} ", token])), max_size=40),
    )
    def test_pieces(self, title: str, tokens: list[str]) -> None:
        """Whatever a text is made of, its pieces alone say the same, problem by problem, in characters that can be drawn."""
        pages = (title + "".join(tokens)).split("\f")
        invoices = gst.invoices(pages)
        made = [["\n".join(page) for page in gst_stand_in.pieces(one, KeepingGstins())] for one in invoices]
        assert [said("\f".join(one)) for one in made] == [said("\f".join(one)) for one in invoices]
        whole = gst.invoices(page for one in made for page in one)
        assert ["\n".join(one) for one in whole] == ["\n".join(one) for one in made] or not any(map(str.strip, pages))

    @settings(max_examples=60)
    @given(
        st.lists(st.sampled_from(["Maria, Flat 7", "TOTAL: ₹1.00 ₹2.00", "TOTAL: 1,2.00", *INVOICE]), max_size=30),
        st.integers(0, 2),
    )
    def test_drawn(self, lines: list[str], cut: int) -> None:
        """Drawn and read again, whatever is repeated, missing or cut off."""
        document = real_pdf(*(line[cut:].replace("₹", "`") for line in lines))
        assert all_facts(stand_in(document, FAKES)) == expected(document)

    def test_many_and_long(self) -> None:
        """A text of a thousand pieces, and one piece of thousands of characters, are drawn so that they can be read."""
        many = real_pdf("Tax Invoice", *(f"403-1234567-{at:07} 403-7654321-{at:07}" for at in range(500)), step=1.5)
        long = real_pdf("Tax Invoice Invoice Number: A1" + "7" * 4000)
        for document in (many, long):
            assert all_facts(stand_in(document, FAKES)) == expected(document)
        assert len(facts(many).order_ids) == 1000

    @pytest.mark.parametrize(
        ("text", "drawn"),
        [("₹1.00", "`1.00"), ("€ é", "€ é"), ("\u017f K", "s K"), ("\u0663 \u0932 \uff15", "? ? ?")],
    )
    def test_characters(self, text: str, drawn: str) -> None:
        """What no font has becomes a letter that counts as the same, or a sign that counts for nothing: never a digit."""
        assert gst_stand_in._drawable(text) == drawn

    @pytest.mark.parametrize(
        ("document", "says"),
        [
            (pdf.document("Scan", [pdf.box_at(36, 36, 100, 100, grey=0.5)]), "has no text"),
            (b"%PDF-1.4 Maria", "is broken"),
            (
                b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Author (Maria) >>\nendobj\ntrailer\n<< /Root 1 0 R /ID [<01> <01>] "
                b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <"
                + b"01" * 32
                + b"> /U <"
                + b"01" * 32
                + b"> >> >>\n",
                "is encrypted",
            ),
            (real_pdf("Delivery note for Maria"), "not a GST tax invoice"),
        ],
    )
    def test_the_same_problem(self, document: bytes, says: str) -> None:
        """A PDF that cannot be read stands in as one that cannot be read for that reason."""
        made = stand_in(document, FAKES)
        assert says in (facts(document).problem or "")
        assert facts(made) == facts(document)
        assert (sniff(made), b"Maria" in made) == ("application/pdf", False)

    def test_a_wrong_gstin_stays_wrong(self) -> None:
        """What the reader says of the buyer's GSTIN is said of its fake."""
        document = real_pdf(*(line.replace(BUYER, NO_GSTIN) for line in INVOICE))
        made = facts(stand_in(document, FAKES))
        assert [made] == expected(document)
        assert made.buyer_tax_id != NO_GSTIN
        assert "the buyer's GSTIN is not valid" in (made.problem or "")

    def test_valid_for_valid(self) -> None:
        """Of many GSTINs, with every check character, a fake is valid where the original is, and only there."""
        numbers = [f"29AAGCB{at:04}J1Z{end}" for at in range(60) for end in "0123456789XYZWKQVJ"]
        assert {gstin_is_valid(one) for one in numbers} == {True, False}
        assert all(gstin_is_valid(gst_stand_in._gstin(one, FAKES)) == gstin_is_valid(one) for one in numbers)


@cache
def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(files("nfelib") / f"nfe/schemas/v4_0/{name}_v4.00.xsd")))


def _event(code: str = "110111") -> bytes:
    event = f"<chNFe>{KEY}</chNFe><tpEvento>{code}</tpEvento><tpAmb>1</tpAmb>"
    return (
        '<procEventoNFe xmlns="http://www.portalfiscal.inf.br/nfe" versao="1.00">'
        f'<evento><infEvento Id="ID{code}{KEY}01"><CNPJ>11222333000181</CNPJ>{event}</infEvento></evento>'
        f"<retEvento><infEvento>{event}<cStat>135</cStat><xMotivo>Maria</xMotivo></infEvento></retEvento></procEventoNFe>"
    ).encode()


def _changed(*pairs: tuple[str, str], **changes: object) -> bytes:
    document = real_nfe(**changes).decode()
    for old, new in pairs:
        assert old in document
        document = document.replace(old, new)
    return document.encode()


def _issued_by(cpf: str) -> bytes:
    key = str(replace(access_key.split(KEY), cnpj=f"000{cpf}", check_digit=""))
    issuer = ("<CNPJ>11222333000181</CNPJ><xNome>P", f"<CPF>{cpf}</CPF><xNome>P")
    return _changed((KEY, key + access_key.check_digit(key)), issuer)


WRONG: dict[str, bytes] = {
    "as it should be": real_nfe(),
    "bare": real_nfe(protocol_status=None),
    "denied": real_nfe(protocol_status=110),
    "for test": real_nfe(environment=2),
    "a CNPJ with letters": real_nfe(issuer_cnpj="12ABC34501DE35"),
    "order in the notes": real_nfe(order_id_in="infCpl"),
    "order in a field": real_nfe(order_id_in="obsCont"),
    "a return": _changed(("<finNFe>1<", "<finNFe>4<")),
    "no purpose": _changed(("<finNFe>1<", "<finNFe>Maria<")),
    "no amount": _changed(("<vNF>109.50<", "<vNF>1.109,50<")),
    "an amount of three decimals": _changed(("<vNF>109.50<", "<vNF>109.505<")),
    "a whole amount": _changed(("<vNF>109.50<", "<vNF>109<")),
    "a sign": _changed(("<vNF>109.50<", "<vNF>-109.50<")),
    "a sum that is wrong": _changed(("<vNF>109.50<", "<vNF>110.50<")),
    "no such day": _changed(("<dhEmi>2026-10-05", "<dhEmi>2026-13-45")),
    "a day of no form": _changed(("<dhEmi>2026-10-05", "<dhEmi>05/10/2026")),
    "a long number": _changed(("<nNF>1234<", "<nNF>12345678901<")),
    "another series": _changed(("<serie>1<", "<serie>001<")),
    "a wrong CPF": _changed(("52998224725", "52998224726")),
    "a wrong CNPJ": _changed(("<CNPJ>11222333000181<", "<CNPJ>11222333000182<")),
    "an issuer with a CPF": _issued_by("52998224725"),
    "an issuer with a wrong CPF": _issued_by("52998224726"),
    "the key of another issuer": _changed(("<CNPJ>11222333000181</CNPJ><xNome>P", "<CPF>52998224725</CPF><xNome>P")),
    "a foreigner": _changed(("<CPF>52998224725<", "<idEstrangeiro>MB123456<"), ("</CPF>", "</idEstrangeiro>")),
    "a wrong check digit": _changed((KEY, KEY[:-1] + str((int(KEY[-1]) + 3) % 10))),
    "a short key": _changed((KEY, KEY[:-1])),
    "a key in small letters": _changed((KEY, f"{KEY[:8]}ab{KEY[10:]}")),
    "another number's protocol": _changed((f"<chNFe>{KEY}", f"<chNFe>{KEY[:33]}9{KEY[34:]}")),
    "two": _changed(("<ide>", "<ide></ide><ide>")),
    "no NF-e": _changed(("<infNFe ", "<infCTe "), ("</infNFe>", "</infCTe>")),
    "another name space": _changed(('xmlns="http://www.portalfiscal.inf.br/nfe"', 'xmlns="urn:maria:nfeProc"')),
    "a prefix": _changed(
        ('xmlns="http://www.portalfiscal.inf.br/nfe"', 'xmlns:n="http://www.portalfiscal.inf.br/nfe"'),
        *((f"<{tag}", f"<n:{tag}") for tag in ("nfeProc", "NFe", "infNFe", "ide")),
        *((f"</{tag}>", f"</n:{tag}>") for tag in ("nfeProc", "NFe", "infNFe", "ide")),
    ),
    "cut off": real_nfe()[:2000],
    "a DOCTYPE": _changed(("<nfeProc", "<!DOCTYPE nfeProc [<!ENTITY maria 'Maria'>]><nfeProc")),
    "an unknown encoding": _changed(('encoding="UTF-8"', 'encoding="maria"')),
    "UTF-16": real_nfe().decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "UTF-16 without a mark": real_nfe().decode().partition("?>")[2].encode("utf-16-be"),
    "Latin-1": _changed(("UTF-8", "ISO-8859-1")),
    "deep": _changed(("<infAdic>", "<infAdic>" + "<a>" * 20_000 + "</a>" * 20_000)),
    "a page that speaks of it": b"<html><a href='https://www.portalfiscal.inf.br/nfe'>Maria</a><br></html>",
    "a page well formed": b"<html><a href='https://www.portalfiscal.inf.br/nfe'>Maria</a></html>",
    "a cancellation": _event(),
    "a whole cancellation": unmarked(nfe_event_xml.render_cancellation(NFE, NFE.issued_at)),
    "a correction": _event("110110"),
}


@pytest.mark.parametrize("number", ["52998224725", "11222333000181", "98765-4321", BUYER, "A/529.982.247-25/1"])
@pytest.mark.parametrize("label", ["Invoice Number:", "Purchase Order Number:"])
def test_a_number_that_is_somebodys(number: str, label: str) -> None:
    """In the number of an invoice or an order, which a seller makes up, what has the form of a person's is faked."""
    document = real_pdf(*INVOICE, f"{label} {number}")
    made = " ".join(" ".join(pdf_text.pages(stand_in(document, FAKES))).split())
    assert number in " ".join(pdf_text.pages(document))
    assert number not in made
    assert "Invoice Number: BLR7-12" in made


def test_a_number_that_is_somebodys_on_the_next_page() -> None:
    """Also where the label ends one page and the number begins the next."""
    made = gst_stand_in.pieces(["Tax Invoice Invoice Number:", "52998224725 Thank you"], FAKES)
    assert made[0][-1] == "Invoice Number:"
    assert "52998224725" not in made[1][0]
    assert cpf_is_valid(made[1][0].split()[0])


class TestNfe:
    """NF-e and their events."""

    @pytest.mark.parametrize("name", WRONG)
    def test_the_same_facts_and_problem(self, name: str) -> None:
        """What is right stays right and what is wrong stays wrong, word by word but for the ids and digits."""
        document = WRONG[name]
        made, wanted = (
            replace(one, problem=re.sub(r"\d+", "0", one.problem or "").partition("XML: ")[0])
            for one in (facts(stand_in(document, FAKES)), *expected(document))
        )
        assert made == wanted

    def test_an_id_of_a_foreigner(self) -> None:
        """A recipient's id that is neither CPF nor CNPJ is faked by its form."""
        was, made = (
            facts(one).buyer_tax_id or "" for one in (WRONG["a foreigner"], stand_in(WRONG["a foreigner"], FAKES))
        )
        assert re.fullmatch("[A-Z]{2}[0-9]{6}", made)
        assert made != was

    @pytest.mark.parametrize("name", WRONG)
    def test_media_type_and_mark(self, name: str) -> None:
        """It has the same media type, says that it is synthetic, and is its own stand-in."""
        made = stand_in(WRONG[name], FAKES)
        assert sniff(made) == sniff(WRONG[name])
        assert not is_synthetic(WRONG[name])
        assert is_synthetic(made)
        assert stand_in(made, Fakes(b"another")) == made

    @pytest.mark.parametrize("name", WRONG)
    def test_nobody_is_in_it(self, name: str) -> None:
        """No name and no number of issuer, recipient and marketplace, in the XML's own encoding."""
        made = stand_in(WRONG[name], FAKES).decode(nfe_stand_in.encoding(WRONG[name]))
        assert [one for one in PERSONAL if one.lower() in made.lower()] == []
        assert KEY not in made

    def test_ids_are_valid_and_the_same_as_elsewhere(self) -> None:
        """The key has the faked issuer and a right digit; CPF and CNPJ are those that a JSON answer gets."""
        made = facts(stand_in(real_nfe(), FAKES))
        key = access_key.parse(made.access_key or "")
        assert (made.seller_tax_id, made.buyer_tax_id) == (FAKES.cnpj(NFE.issuer_cnpj), FAKES.cpf(NFE.recipient_cpf))
        assert (key.cnpj, key.number, key.code) == (made.seller_tax_id, KEY[25:34], KEY[35:43])
        assert cnpj_is_valid(key.cnpj)
        assert cpf_is_valid(made.buyer_tax_id or "")
        assert FAKES.access_key(KEY) == made.access_key

    def test_valid_for_valid(self) -> None:
        """Of many numbers, a fake is a CPF or a CNPJ where the original is, and only there."""
        numbers = [f"{at:09}{end}" for at in range(300) for end in ("00", "09", "90", "99", "14", "41")]
        numbers += [f"{10**11 + at}{end}" for at in range(300) for end in ("00", "09", "90", "99", "14", "41")]
        for is_valid in (cpf_is_valid, cnpj_is_valid):
            assert {is_valid(one) for one in numbers} == {True, False}
            assert all(is_valid(nfe_stand_in._tax_id(one, FAKES)) == is_valid(one) for one in numbers)

    def test_a_shipment_id_stays_but_a_number_of_somebody(self) -> None:
        """Joins go by the shipment id, so it stays; one that is a CPF, or no id at all, does not."""
        ids = {
            one: facts(stand_in(real_nfe(shipment_id=one), FAKES)).amazon_shipment_id
            for one in ("D-1", "52998224725", "Ana B")
        }
        assert ids == {"D-1": "D-1", "52998224725": FAKES.cpf("52998224725"), "Ana B": FAKES.text("Ana B")}

    @pytest.mark.parametrize("name", ["c52998224725", "João", "a" * 50])
    def test_names_of_elements(self, name: str) -> None:
        """A name that is none of the layout's kind does not come through."""
        assert name not in stand_in(_changed(("<infAdic>", f"<infAdic><{name}/>")), FAKES).decode()

    def test_the_name_of_an_algorithm(self) -> None:
        """An address goes over only whole: one that goes on after a known beginning may say anything."""
        document = _changed(("xmldsig#rsa-sha1", "xmldsig#rsa-sha1-Maria"))
        assert b"rsa-sha1" not in stand_in(document, FAKES)

    def test_official_schema(self) -> None:
        """What validates against the official XSD still does, and its own check digit is the key's."""
        for name, document in (("procNFe", real_nfe()), ("nfe", real_nfe(protocol_status=None))):
            made, schema = etree.fromstring(stand_in(document, FAKES)), _schema(name)
            assert schema.validate(made), schema.error_log
            space = {"n": "http://www.portalfiscal.inf.br/nfe"}
            (digit,), (key,) = (
                made.xpath("//n:cDV/text()", namespaces=space),
                made.xpath("//n:infNFe/@Id", namespaces=space),
            )
            assert digit == key[-1]

    def test_signature_and_certificate_are_no_ones(self) -> None:
        """Digests, signature and certificate of the real document are gone: they name who signed."""
        document = re.sub(
            rb"(<(DigestValue|digVal|SignatureValue|X509Certificate)>)[^<]*", rb"\g<1>TWFyaWE=", real_nfe()
        )
        assert document.count(b"TWFyaWE=") == 4
        assert b"TWFyaWE=" not in stand_in(document, FAKES)

    @settings(max_examples=200)
    @given(
        st.sampled_from(["Maria Aparecida", "52998224725", "529.982.247-25", "11222333000181", "11912345678"])
        | st.sampled_from(
            ["+55 11 91234-5678", "maria.santos@mail.example", "MARIA", "Río de Ouro 7", "João \U0001f600"]
        ),
        st.data(),
    )
    def test_wherever_it_is_hidden(self, personal: str, data: st.DataObject) -> None:
        """In any element, attribute, comment, instruction, section or name, what is personal does not come through."""
        document = real_nfe().decode().replace("<nfeProc", "<?a b?><!--c--><nfeProc", 1)
        ends = [found.end() for found in re.finditer(r"<(?!/)[^>]*[^/]>", document)]
        quotes = [found.end() for found in re.finditer('(?<!xmlns)="', document[document.index("?>") :])]
        kind = data.draw(st.sampled_from(["text", "attribute", "comment", "instruction", "section", "tail", "element"]))
        if kind == "attribute":
            at = data.draw(st.sampled_from(quotes)) + document.index("?>")
            end = document.index('"', at)
            hidden = document[:at] + personal + document[end:]
        elif kind == "text":
            at = data.draw(st.sampled_from([one for one in ends if document[one : one + 1] not in {"<", ""}]))
            hidden = document[:at] + personal + document[document.index("<", at) :]
        else:
            form = {"comment": "<!--{}-->", "instruction": "<?p {}?>", "section": "<![CDATA[{}]]>", "tail": "</x>{}"}
            made = form.get(kind, "<y z='{0}'>{0}</y>").format(personal).replace("</x>", "<x></x>")
            at = data.draw(st.sampled_from([one for one in ends if document[one : one + 1] == "<"]))
            hidden = document[:at] + made + document[at:]
        made = stand_in(hidden.encode(), FAKES).decode()
        assert personal not in made
        assert is_synthetic(made.encode())


class TestContainers:
    """ZIP and gzip."""

    @pytest.mark.parametrize("document", [real_nfe(), real_pdf(*INVOICE), b"\x89PNG\r\n\x1a\nMaria"])
    def test_what_is_inside(self, document: bytes) -> None:
        """What came packed stands in unpacked, with the facts it had."""
        for packed in (zipped(document), gzip.compress(document), zipped(gzip.compress(document))):
            assert facts(packed) == facts(document)
            assert not is_synthetic(packed)
            assert stand_in(packed, FAKES) == stand_in(document, FAKES)

    @pytest.mark.parametrize(
        "document", [zipped(b"Maria", b"a"), gzip.compress(gzip.compress(gzip.compress(b"Maria")))]
    )
    def test_what_cannot_be_opened(self, document: bytes) -> None:
        """A stand-in does not keep why: it is broken."""
        made = stand_in(document, FAKES)
        assert facts(made).findings == ("container_broken",)
        assert (sniff(made), is_synthetic(made)) == (sniff(document), True)

    def test_a_synthetic_one_hides_no_other(self) -> None:
        """An archive is no synthetic document, whatever is in it beside a real one."""
        assert not is_synthetic(zipped(nfe_xml.render(NFE), real_nfe()))


class TestOthers:
    """What is neither PDF nor NF-e."""

    @pytest.mark.parametrize(
        "document",
        [
            b"\x89PNG\r\n\x1a\nMaria",
            b"\xff\xd8\xffMaria",
            b"PK\x03\x04Maria",
            b"\x1f\x8bMaria",
            b"<html>Maria</html>",
            b"<note>Maria</note>",
            b"^XA^FDMaria^FS^XZ",
            b"Maria",
            b"\xfeMaria",
        ],
    )
    def test_only_the_kind_goes_over(self, document: bytes) -> None:
        """The stand-in is one document for each media type, with the same facts and nothing of the original."""
        made = stand_in(document, FAKES)
        assert (sniff(made), facts(made)) == (sniff(document), facts(document))
        assert b"Maria" not in made
        assert (is_synthetic(document), is_synthetic(made)) == (False, True)
        assert stand_in(made, FAKES) == made

    def test_nothing_stays_nothing(self) -> None:
        """An empty document is nobody's."""
        assert stand_in(b"", FAKES) == b""


class TestIsSynthetic:
    """What is ours is known by its mark, and nothing else is."""

    def test_what_the_sandbox_draws(self) -> None:
        """Invoices with text or without, NF-e and cancellations are synthetic, so a recording of the sandbox keeps them."""
        assert is_synthetic(gst_pdf.render(GST))
        assert is_synthetic(gst_pdf.render(GST, text=False))
        assert is_synthetic(nfe_xml.render(NFE))
        assert is_synthetic(nfe_event_xml.render_cancellation(NFE, NFE.issued_at))

    @pytest.mark.parametrize(
        "document",
        [
            real_pdf("Synthetic document", "Tax Invoice", "Synthetic tax invoice", "/Title (Synthetic document"),
            pdf.document(
                "Invoice", [f"% {pdf.document('Synthetic document', []).decode('cp1252', 'replace')[20:]}"[:600]]
            ),
            pdf.document("Synthetic document", []) + b"%%EOF\n",
            b"%PDF-1.7\n" + pdf.document("Synthetic document", []),
            real_nfe(recipient_name=nfe_xml.NO_INVOICE),
            unmarked(nfe_xml.render(NFE)),
            real_nfe().replace(b"</infCpl>", f"{nfe_xml.MARK}</infCpl>".encode()),
            real_nfe().replace(b"Obrigado.", f"<![CDATA[{nfe_xml.MARK}]]>".encode()),
            unmarked(nfe_event_xml.render_cancellation(NFE, NFE.issued_at)).replace(b"sintetico", b"b"),
            f"Maria {nfe_xml.MARK}".encode(),
            b"Synthetic document",
            b"<a>Documento sintetico</a>",
        ],
    )
    def test_what_customers_write_is_no_mark(self, document: bytes) -> None:
        """A product or a name of those words makes no document synthetic."""
        assert not is_synthetic(document)


@given(
    st.binary(max_size=80)
    | st.sampled_from([b"%PDF-", b"<NFe ", b"\xff\xfe<\0"]).flatmap(lambda b: st.binary().map(b.__add__))
)
def test_any_bytes(document: bytes) -> None:
    """Whatever the bytes are, there is a stand-in, of the same media type and with the same problem, and it is its own."""
    made = stand_in(document, FAKES)
    assert sniff(made) == sniff(document)
    assert stand_in(made, FAKES) == made
    # Of a ZIP or gzip only that it cannot be opened is kept, not why.
    words = 8 if sniff(document) in {"application/gzip", "application/zip"} else 21
    assert (facts(made).problem or "")[:words] == (facts(document).problem or "")[:words]
