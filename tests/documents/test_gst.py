"""The GST reader: texts in the form that Amazon prints, what does not add up, and PDFs that are none."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_invoices.documents import gst
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.gst import READER, read_text

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


def test_the_form() -> None:
    """The fields are found by their labels, the lines by their cells."""
    assert read_text(_TEXT) == Facts(
        document_type="gst_invoice",
        invoice_number="BOM5-4711",
        issue_date=date(2026, 10, 5),
        currency="INR",
        total_amount=Decimal("118224.00"),
        goods_amount=Decimal("100200.00"),
        tax_amount=Decimal("18024.00"),
        seller_tax_id="27AAPFU0939F1ZV",
        order_ids=("403-1234567-1234567",),
    )


@pytest.mark.parametrize("sign", ["Rs.", "Rs. ", "Rs ", "INR ", "INR", "`", ""])
def test_rupees(sign: str) -> None:
    """However the rupee is written, and if it is not, the amounts are the same."""
    assert read_text(_TEXT.replace("₹", sign)) == read_text(_TEXT)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("BOM5-4711", "", "the invoice number is missing"),
        ("Invoice Date : 05.10.2026", "", "the invoice date is missing"),
        ("05.10.2026", "31.02.2026", "the invoice date 31.02.2026 is no date"),
        ("05.10.2026", "30.06.2017", "the invoice date 30.06.2017 is before 2017-07-01, when GST began"),
        ("05.10.2026", "01.07.2017", "no finding"),
        ("TOTAL:", "SUM:", "the total is missing"),
        ("GST Registration No", "GST", "the seller's GSTIN is missing"),
        ("27AAPFU0939F1ZV", "27AAPFU0939F1ZW", "the seller's GSTIN is not valid"),
        ("₹18,024.00", "₹18,024.01", "taxable value 100200.00 + tax 18024.01 is not the total 118224.00"),
        ("₹18,024.00 ", "", "the total tax is missing"),
        ("2 Towel", "2 Towel HSN:6302 100 200\n3", "no finding"),
        ("₹1,18,224.00", "₹1,1,8,224.00", "is no amount with Indian grouping"),
        ("₹24.00 ₹224.00", "", "the lines add up to"),
        ("TOTAL:", "TOTAL: ₹1.00 ₹2.00\nTOTAL:", "2 different values for the total"),
        ("Place of supply", "Invoice Number : BOM5-4712\nPlace of supply", "2 different values for the invoice number"),
    ],
)
def test_text_findings(old: str, new: str, said: str) -> None:
    """What is missing, malformed or does not add up is said; the rest is still read."""
    assert old in _TEXT
    facts = read_text(_TEXT.replace(old, new, 1))
    assert said in (facts.problem or "no finding")
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
    assert facts == Facts(document_type="gst_invoice", problem=facts.problem)


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


@cache
def _pdf(*, text: bool = True) -> bytes:
    pytest.importorskip("pypdfium2")
    from spapi_invoices.synthetic.gst_pdf import GstInvoice, GstLine, render

    invoice = GstInvoice(
        invoice_number="BLR7-00012",
        invoice_date=date(2026, 10, 5),
        order_id="403-1234567-1234567",
        order_date=date(2026, 10, 4),
        purchase_order_number="2JK3S9VC",
        seller_name="Example Retail India Pvt Ltd",
        seller_gstin="27AAPFU0939F1ZV",
        buyer_name="Example Customer",
        place_of_supply="KARNATAKA",
        intra_state=True,
        lines=(GstLine("Water bottle", "73239390", Decimal("123456.78"), 2, Decimal(18)),),
    )
    return render(invoice, text=text)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 7000), st.integers(0, 255))
def test_flipped_byte(position: int, value: int) -> None:
    """A PDF with a damaged byte gives facts, findings or a problem, never an exception."""
    content = bytearray(_pdf())
    content[position % len(content)] = value
    assert isinstance(READER.read(bytes(content)), Facts)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 8000))
def test_cut_off(end: int) -> None:
    """A PDF that broke off is never an exception, and what it states is checked."""
    facts = READER.read(_pdf()[:end])
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
        b"%PDF-1.4 and no more": "the PDF is broken",
        drawn("Delivery note"): "not a GST tax invoice",
        drawn("Tax Invoice", encrypt=StandardEncryption("secret")): "the PDF is encrypted",
        _pdf(text=False): "the PDF has no text",
    }
    for content, problem in said.items():
        assert READER.claims(content)
        assert problem in (READER.read(content).problem or "")


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
