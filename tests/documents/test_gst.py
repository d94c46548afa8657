"""The GST reader: texts in the form that Amazon prints, what does not add up, and PDFs that are none."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_invoices.documents import gst
from spapi_invoices.documents.facts import Facts, Line
from spapi_invoices.documents.gst import READER, invoices, read_text

# As PDFium gives the text of Amazon's form: with a discount column, shipping without a quantity, and the rupee sign.
_TEXT = """Tax Invoice/Bill of Supply/Cash Memo
(Original for Recipient)
Sold By :
Example Retail Private Limited
PAN No: AAPFU0939F
GST Registration No: 27AAPFU0939F1ZV
Order Number: 403-1234567-1234567
Order Date: 04.10.2026
Billing Address :
Example Customer
Place of supply: MAHARASHTRA
Invoice Number : BOM5-4711
Invoice Details : MH-BOM5-1034-2627
Invoice Date : 05.10.2026
Sl. No Description Unit Price Discount Qty Net Amount Tax Rate Tax Type Tax Amount Total Amount
1 Steel bottle 1.50 l | B07XXXXXXX ( SKU-1 )
HSN:73239390 ₹1,00,000.00 ₹0.00 1 ₹1,00,000.00 9%
9%
CGST
SGST
₹9,000.00
₹9,000.00
₹1,18,000.00
Shipping Charges ₹33.90 -₹33.90 ₹0.00 9%
9%
CGST
SGST
₹0.00
₹0.00
₹0.00
2 Towel HSN:6302 ₹100.00 2 ₹200.00 12% IGST ₹24.00 ₹224.00
TOTAL: ₹18,024.00 ₹1,18,224.00
Amount in Words:
One Lakh Eighteen Thousand Two Hundred And Twenty-four only
"""


_LINES = (
    Line(
        line_number=1,
        description="Steel bottle 1.50 l | B07XXXXXXX ( SKU-1 )",
        product_code="SKU-1",
        commodity_code="73239390",
        quantity=Decimal(1),
        unit_price=Decimal("100000.00"),
        goods_amount=Decimal("100000.00"),
        discount_amount=Decimal("0.00"),
        cgst_amount=Decimal("9000.00"),
        sgst_amount=Decimal("9000.00"),
        total_amount=Decimal("118000.00"),
    ),
    Line(
        line_number=2,
        description="Shipping Charges",
        unit_price=Decimal("33.90"),
        goods_amount=Decimal("0.00"),
        discount_amount=Decimal("33.90"),
        cgst_amount=Decimal("0.00"),
        sgst_amount=Decimal("0.00"),
        total_amount=Decimal("0.00"),
    ),
    Line(
        line_number=3,
        description="Towel",
        commodity_code="6302",
        quantity=Decimal(2),
        unit_price=Decimal("100.00"),
        goods_amount=Decimal("200.00"),
        igst_amount=Decimal("24.00"),
        total_amount=Decimal("224.00"),
    ),
)


def test_the_form() -> None:
    """The fields are found by their labels, the lines by their cells."""
    assert read_text(_TEXT) == Facts(
        document_type="gst_invoice",
        purpose="sale",
        invoice_number="BOM5-4711",
        issue_date=date(2026, 10, 5),
        currency="INR",
        total_amount=Decimal("118224.00"),
        goods_amount=Decimal("100200.00"),
        tax_amount=Decimal("18024.00"),
        seller_tax_id="27AAPFU0939F1ZV",
        place_of_supply="MAHARASHTRA",
        order_ids=("403-1234567-1234567",),
        lines=_LINES,
    )


@pytest.mark.parametrize("sign", ["Rs.", "Rs. ", "Rs ", "INR ", "INR", "`", ""])
def test_rupees(sign: str) -> None:
    """However the rupee is written, and if it is not, the amounts are the same."""
    assert read_text(_TEXT.replace("₹", sign)) == read_text(_TEXT)


@pytest.mark.parametrize(
    ("old", "new", "said", "finding"),
    [
        ("BOM5-4711", "", "the invoice number is missing", "field_missing"),
        ("Invoice Date : 05.10.2026", "", "the invoice date is missing", "field_missing"),
        ("05.10.2026", "31.02.2026", "the invoice date 31.02.2026 is no date", "date_wrong"),
        ("05.10.2026", "30.06.2017", "the invoice date 30.06.2017 is before 2017-07-01, when GST began", "date_wrong"),
        ("05.10.2026", "01.07.2017", "no finding", None),
        ("TOTAL:", "SUM:", "the total is missing", "field_missing"),
        ("GST Registration No", "GST", "the seller's GSTIN is missing", "field_missing"),
        ("27AAPFU0939F1ZV", "27AAPFU0939F1ZW", "the seller's GSTIN is not valid", "tax_id_wrong"),
        (
            "₹18,024.00",
            "₹18,024.01",
            "taxable value 100200.00 + tax 18024.01 is not the total 118224.00",
            "sums_differ",
        ),
        ("₹18,024.00 ", "", "the total tax is missing", "field_missing"),
        ("2 Towel", "2 Towel HSN:6302 100 200\n3", "no finding", None),
        ("₹1,18,224.00", "₹1,1,8,224.00", "is no amount with Indian grouping", "amount_malformed"),
        ("₹24.00 ₹224.00", "", "the lines add up to", "sums_differ"),
        ("₹1,18,000.00", "₹1,18,001.00", "line 1: 100000.00 and its taxes are not its total", "line_not_composed"),
        ("IGST ₹24.00", "IGST CESS ₹24.00", "line 3: 2 kinds of tax and 1 amounts", "line_unclear"),
        ("Twenty-four only", "Twenty-five only", "the amount in words is 118225.00", "words_differ"),
        (
            "Twenty-four only",
            "Twenty-four Rupees and One Paise only",
            "the amount in words is 118224.01",
            "words_differ",
        ),
        ("Twenty-four only", "Twenty-foul only", "no finding", None),
        ("TOTAL:", "TOTAL: ₹1.00 ₹2.00\nTOTAL:", "2 different values for the total", "several_invoices"),
        (
            "Place of supply",
            "Invoice Number : BOM5-4712\nPlace of supply",
            "2 different values for the invoice number",
            "several_invoices",
        ),
    ],
)
def test_text_findings(old: str, new: str, said: str, finding: str | None) -> None:
    """What is missing, malformed or does not add up is said and named; the rest is still read."""
    assert old in _TEXT
    facts = read_text(_TEXT.replace(old, new, 1))
    assert said in (facts.problem or "no finding")
    assert finding in facts.findings if finding else facts.findings == ()
    assert facts.order_ids == ("403-1234567-1234567",)


@pytest.mark.parametrize("change", [("4711", "4712"), ("₹1,18,224.00", "₹1,18,225.00")])
def test_two_invoices_in_one_file(change: tuple[str, str]) -> None:
    """Neither of two invoices is taken for the other, nor are their amounts added up, be number or total different."""
    facts = read_text(_TEXT + _TEXT.replace(*change))
    assert (facts.total_amount, facts.tax_amount, facts.goods_amount) == (None, None, None)
    assert "several invoices in one file?" in (facts.problem or "")
    assert "no line could be read" not in (facts.problem or "")


_TWELVE_PERCENT = "2 Towel HSN:6302 ₹100.00 2 ₹200.00 12% IGST ₹24.00 ₹224.00"
_SMALL = f"Tax Invoice Invoice Number: A1 Invoice Date: 05.10.2026 {_TWELVE_PERCENT}"


@pytest.mark.parametrize(
    ("after", "tax", "total"),
    [
        ("₹24.00 ₹224.00", "24.00", "224.00"),
        ("Rs.24.00 | Rs.224.00", "24.00", "224.00"),
        ("Rs.24.00/Rs.224.00", "24.00", "224.00"),
        ("₹224.00", None, "224.00"),
        ("₹24.00", None, None),
        ("₹24.00 and ₹224.00", None, None),
        ("₹24.00- ₹224.00-", None, None),
        ("₹24.00 ₹224.00-", None, None),
        ("₹24.00-", None, None),
        ("₹200.00 ₹24.00 ₹224.00", None, None),
    ],
)
def test_which_amount_is_the_total(after: str, tax: str | None, total: str | None) -> None:
    """The tax is never taken for the total: one amount alone counts if the lines add up to it, half a row never."""
    facts = read_text(f"{_SMALL} TOTAL: {after}\nAmount in Words: some")
    stated = [amount and str(amount) for amount in (facts.tax_amount, facts.total_amount)]
    assert stated == [tax, total]
    assert total or "TOTAL" in (facts.problem or "") or "the total is missing" in (facts.problem or "")


@pytest.mark.parametrize(
    "cells",
    [
        "9% 9% CGST UTGST ₹9.00 ₹9.00 ₹118.00",
        "9% CGST ₹9.00 ₹118.00 9% SGST ₹9.00",
        "9% CGST ₹9.00 9% SGST ₹9.00 ₹118.00",
    ],
)
def test_taxes_however_stacked(cells: str) -> None:
    """Rates, kinds and amounts may stand in columns or pair by pair; a union territory's tax is its state's."""
    (line,) = read_text(f"Tax Invoice Total Amount 1 Cup HSN:6912 ₹50.00 2 ₹100.00 {cells} TOTAL: ₹18.00 ₹118.00").lines
    assert (line.cgst_amount, line.sgst_amount, line.igst_amount) == (Decimal("9.00"), Decimal("9.00"), None)
    assert (line.goods_amount, line.total_amount) == (Decimal("100.00"), Decimal("118.00"))


def test_cess_and_tax_beyond_the_goods() -> None:
    """Cess is a tax of its own, and the total is told from a tax that is larger than the goods."""
    text = "Tax Invoice Total Amount 1 Pan HSN:2106 ₹100.00 1 ₹100.00 28% IGST ₹28.00 290% CESS ₹290.00 ₹418.00"
    (line,) = read_text(text).lines
    stated = (line.igst_amount, line.cess_amount, line.total_amount)
    assert stated == (Decimal("28.00"), Decimal("290.00"), Decimal("418.00"))


def test_total_without_lines() -> None:
    """Where no line can be read, one amount behind TOTAL is what the invoice states as its total."""
    facts = read_text("Tax Invoice TOTAL: ₹24.00")
    assert (facts.tax_amount, facts.total_amount) == (None, Decimal("24.00"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"Credit Note against {_TEXT}", "a credit note"),
        (f"DEBIT\nNOTE\n{_TEXT}", "a debit note"),
        (f"Proforma. This is not a tax invoice.\n{_TEXT}", "it says so itself"),
        (f"{_TEXT} This is not a valid Tax\nInvoice", "it says so itself"),
        (f"{_TEXT} All amounts in USD", "its currency is USD"),
        (f"{_TEXT} Currency: EUR", "its currency is EUR"),
        (f"{_TEXT} prices are in US dollars", "its currency is US dollars"),
        (_TEXT.replace("TOTAL: ₹18,024.00 ₹", "TOTAL: $18,024.00 $"), "its currency is $"),
        (_TEXT.replace("Net Amount", "Net Amount (GBP)"), "its currency is GBP"),
    ],
)
def test_refused(text: str, said: str) -> None:
    """A note, what says that it is no tax invoice, and another currency state nothing, whatever else stands in them."""
    facts = read_text(text)
    assert said in (facts.problem or "")
    finding = "other_currency" if "currency" in said else "not_a_tax_invoice"
    assert facts == Facts(document_type="gst_invoice", findings=(finding,), problem=facts.problem)


@pytest.mark.parametrize(
    "more", ["Currency: INR", "all amounts in INR", "A credit note follows every return.", "AMOUNT IN EUROPE", "5 EUR"]
)
def test_not_refused(more: str) -> None:
    """Rupees, a note that is only spoken of, and a currency that is not the invoice's own do no harm."""
    assert read_text(_TEXT + more) == read_text(_TEXT)


def test_buyer_and_order() -> None:
    """A GSTIN under the billing address is the buyer's; a purchase order number is taken where it is stated."""
    text = _TEXT.replace(
        "Place of", "GST Registration No: 29AAPFU0939F1ZR\nPurchase Order Number: 2JK3S9VC\nPlace of", 1
    )
    facts = read_text(text)
    assert (facts.seller_tax_id, facts.buyer_tax_id) == ("27AAPFU0939F1ZV", "29AAPFU0939F1ZR")
    assert (facts.purchase_order_number, facts.problem) == ("2JK3S9VC", None)


@given(st.text(max_size=300))
def test_any_text(noise: str) -> None:
    """No text raises, and an invoice with noise behind it is read or has a finding."""
    assert read_text(noise).problem
    facts = read_text(_TEXT + noise)
    assert facts.problem or facts.total_amount == Decimal("118224.00")
    assert (facts.problem is None) == (facts.findings == ())


@given(st.lists(st.sampled_from(["page", "Invoice Number: A1", "Invoice Number: B2 Invoice Number: B2"]), max_size=8))
def test_no_page_is_lost(pages: list[str]) -> None:
    """Each page is in one invoice, in order; an invoice begins only where a page states another number."""
    found = invoices(pages)
    assert [page for one in found for page in one] == pages
    numbers = [page.split()[-1] for page in pages if page != "page"]
    assert len(found) == (1 if pages else 0) + sum(one != two for one, two in pairwise(numbers))


@pytest.mark.parametrize("position", ["", "1 ", "12 "])
def test_a_number_in_a_description(position: str) -> None:
    """Only a number at its beginning is the line's position; any other is a part of the description."""
    (line,) = read_text(
        f"Tax Invoice Total Amount {position}Bottle 500 ml, 2 lids Rs.1.00 1 Rs.1.00 0% IGST Rs.0.00 Rs.1.00"
    ).lines
    assert line.description == "Bottle 500 ml, 2 lids"


@pytest.mark.parametrize("state", ["MAHARASHTRA", "Tamil Nadu", "Dadra & Nagar Haveli and Daman & Diu"])
@pytest.mark.parametrize("after", ["\nPlace of delivery: GOA", "\nInvoice Number", "\n29", ", IN"])
def test_place_of_supply(state: str, after: str) -> None:
    """The place of supply ends where the next label begins, however it is written."""
    assert read_text(f"Tax Invoice Place of supply: {state}{after}").place_of_supply == state


def _invoice(number: str = "BLR7-00012", *, lines: int = 1) -> Any:
    pytest.importorskip("pypdfium2")
    from spapi_invoices.synthetic.gst_pdf import GstInvoice, GstLine

    return GstInvoice(
        invoice_number=number,
        invoice_date=date(2026, 10, 5),
        order_id="403-1234567-1234567",
        order_date=date(2026, 10, 4),
        purchase_order_number="2JK3S9VC",
        seller_name="Example Retail India Pvt Ltd",
        seller_gstin="27AAPFU0939F1ZV",
        buyer_name="Example Customer",
        place_of_supply="KARNATAKA",
        intra_state=True,
        lines=(GstLine("Water bottle", "73239390", Decimal("123456.78"), 2, Decimal(18)),) * lines,
    )


@cache
def _pdf(*, text: bool = True) -> bytes:
    from spapi_invoices.synthetic.gst_pdf import render

    return render(_invoice(), text=text)


def _facts(content: bytes) -> Facts:
    """Of a document with one invoice."""
    read = READER.read(content)
    assert isinstance(read, tuple)
    (facts,) = read
    return facts


def _joined(*pdfs: bytes) -> bytes:
    """All pages in one file."""
    from io import BytesIO

    from pypdfium2 import PdfDocument

    whole, out = PdfDocument.new(), BytesIO()
    for content in pdfs:
        with closing(PdfDocument(content)) as pdf:
            whole.import_pages(pdf)
    whole.save(out)
    whole.close()
    return out.getvalue()


def test_lines_of_a_pdf() -> None:
    """The lines that were rendered are the lines that are read, with their taxes."""
    invoice = _invoice(lines=12)
    from spapi_invoices.synthetic.gst_pdf import render

    facts = _facts(render(invoice))
    assert (facts.findings, len(facts.lines)) == ((), 12)
    for at, (line, rendered) in enumerate(zip(facts.lines, invoice.lines, strict=True), 1):
        (_, _, cgst), (_, _, sgst) = invoice.taxes(rendered)
        assert line == Line(
            line_number=at,
            description=rendered.description,
            commodity_code=rendered.hsn,
            quantity=Decimal(rendered.quantity),
            unit_price=rendered.unit_price,
            goods_amount=rendered.net_amount,
            cgst_amount=cgst,
            sgst_amount=sgst,
            total_amount=rendered.net_amount + cgst + sgst,
        )


def test_several_invoices_in_one_pdf() -> None:
    """Each invoice is read by itself, its pages together, in order."""
    from spapi_invoices.synthetic.gst_pdf import render

    first, second = render(_invoice()), render(_invoice("BLR7-00013", lines=3))
    alone = _facts(first), _facts(second)
    assert READER.read(_joined(first, second)) == alone
    assert READER.read(_joined(second, first)) == alone[::-1]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 7000), st.integers(0, 255))
def test_flipped_byte(position: int, value: int) -> None:
    """A PDF with a damaged byte has the same amounts, or a finding; it is never an exception."""
    content = bytearray(_pdf())
    content[position % len(content)] = value
    whole = _facts(_pdf())
    for facts in READER.read(bytes(content)):
        same = (facts.total_amount, facts.tax_amount) == (whole.total_amount, whole.tax_amount)
        assert facts.findings or same


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 8000))
def test_cut_off(end: int) -> None:
    """A PDF that broke off is never an exception, and what it states is checked."""
    facts = _facts(_pdf()[:end])
    assert facts.problem or facts.total_amount == Decimal("291358.00")


def test_pdfs_that_are_none() -> None:
    """A broken file, another document and an encrypted one each say what they are."""
    pytest.importorskip("reportlab")
    from io import BytesIO

    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    def drawn(text: str, **options: StandardEncryption) -> bytes:
        out = BytesIO()
        canvas = Canvas(out, invariant=1, **options)
        canvas.drawString(72, 720, text)
        canvas.save()
        return out.getvalue()

    said = {
        b"%PDF-1.4 and no more": ("pdf_broken", "the PDF is broken. Next: fetch it again"),
        drawn("Delivery note"): ("not_a_tax_invoice", "not a GST tax invoice"),
        drawn("Tax Invoice", encrypt=StandardEncryption("secret")): ("pdf_encrypted", "the PDF is encrypted"),
        _pdf(text=False): ("pdf_without_text", "the PDF has no text"),
    }
    for content, (finding, problem) in said.items():
        facts = _facts(content)
        assert READER.claims(content)
        assert facts.findings == (finding,)
        assert problem in (facts.problem or "")


def test_threads() -> None:
    """PDFium is not thread-safe; sixteen threads reading at once get the right answers."""
    content = _pdf()
    expected = READER.read(content)
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(READER.read, [content] * 200)) == {expected}


def test_pypdfium2_is_optional() -> None:
    """Without the extra the reader is there, and says which extra it needs when it is used."""
    code = (
        "import sys; sys.modules['pypdfium2'] = None\n"
        "from spapi_invoices.documents.gst import READER\n"
        "from spapi_invoices.errors import MissingExtra\n"
        "try: READER.read(b'%PDF-1.4')\n"
        "except MissingExtra as error: print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "spapi-invoices[pdf]" in ran.stdout
    assert gst.READER.name == "gst"
