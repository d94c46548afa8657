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
        ("Twenty-four only", "Twenty-foul only", "the amount in words is not understood", "words_unclear"),
        ("Twenty-four only", "Twenty-four", "no finding", None),
        ("Twenty-four only", "Twenty-five\nFor Example Retail", "the amount in words is 118225.00", "words_differ"),
        ("One Lakh Eighteen", "Rupees One Lakh Eighteen", "no finding", None),
        ("Twenty-four only", "Twenty-four and Nine Paise only", "not understood", "words_unclear"),
        (
            "₹100.00 2 ₹200.00",
            "₹100.00 3 ₹200.00",
            "line 3: 100.00 x 3 is not its net amount 200.00",
            "line_not_composed",
        ),
        (
            "₹100.00 2 ₹200.00",
            "₹100.10 2 ₹200.00",
            "line 3: 100.10 x 2 is not its net amount 200.00",
            "line_not_composed",
        ),
        ("-₹33.90", "- ₹33.90", "no finding", None),
        ("-₹33.90 ₹0.00", "-₹23.90 ₹0.00", "line 2: 33.90 x 1 less 23.90 is not", "line_not_composed"),
        (
            "Place of supply: MAHARASHTRA",
            "Place of supply: *",
            "the place of supply could not be read",
            "field_missing",
        ),
        ("TOTAL:", "SUB TOTAL:", "the total is missing", "field_missing"),
        ("₹1,18,224.00", "₹1,18,224.00 Grand Total ₹1,18,224.40", "the grand total is not the total", "sums_differ"),
        ("₹1,18,224.00", "₹1,18,224.00 Grand Total ₹1,18,224.00", "no finding", None),
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


@pytest.mark.parametrize(
    "after",
    ["₹180.00", "₹180.00 ₹1,180", "₹180.00 ₹1,180 .00", "₹180.00 Rs 1180/-", "180.00 1,180", "₹180.00 - ₹ 1,180"],
)
@pytest.mark.parametrize("words", ["", " Amount in Words: One Thousand One Hundred Eighty only"])
@pytest.mark.parametrize("line", ["", "1 Cup HSN:6912 ₹1,000.00 1.0 ₹1,000.00 18% IGST ₹180.00 ₹1,180.00 "])
def test_the_tax_is_never_the_total(after: str, words: str, line: str) -> None:
    """Where no line can be read and the total is cut, misprinted or missing, the tax beside it is not taken for it."""
    facts = read_text(f"Tax Invoice Total Amount {line}TOTAL: {after}{words}")
    assert facts.total_amount is None
    assert {"sums_differ", "field_missing"} & set(facts.findings)


def test_total_without_lines() -> None:
    """Where no line can be read, one amount behind TOTAL is the total if the amount in words is the same."""
    facts = read_text("Tax Invoice TOTAL: ₹24.00 Amount in Words: Twenty-four only")
    assert (facts.tax_amount, facts.total_amount) == (None, Decimal("24.00"))
    assert facts.findings == ("field_missing", "lines_unread")


_PAGES = (
    "Tax Invoice Invoice Number: A1 Tax Type Tax Amount Total Amount 1 Cup ₹50.00 1 ₹50.00 0% IGST ₹0.00 ₹50.00",
    "TOTAL: ₹0.00 ₹110.00",
)


@pytest.mark.parametrize(
    ("head", "description"),
    [
        ("", None),
        ("2 ", "Plate"),
        ("Tax Amount Total Amount 2 ", "Plate"),
        ("Tax Amount Total Amount ", "Plate"),
        ("Tax Invoice Billing Address: Ana, Flat 1 Tax Amount Total Amount 2 ", "Plate"),
        ("Ana, Flat 1 ", None),
        ("3 ", None),
        ("Billing Address: Ana, Flat 1 2 ", None),
        ("2 Billing Address: Ana, Flat 1 ", None),
    ],
)
def test_the_head_of_a_page_is_no_description(head: str, description: str | None) -> None:
    """A line that a page begins with is described behind the heading or by the number that is next, or not at all."""
    facts = read_text(f"{_PAGES[0]}\f{head}Plate ₹60.00 1 ₹60.00 0% IGST ₹0.00 ₹60.00 {_PAGES[1]}")
    assert [line.description for line in facts.lines] == ["Cup", description]
    assert ("line_unclear" in facts.findings) == (description is None)
    assert facts.total_amount == Decimal("110.00")


def test_a_line_cut_by_the_end_of_a_page() -> None:
    """A description whose beginning stands on the page before is not told, nor is half of it."""
    facts = read_text(f"{_PAGES[0]} 2 Blue\fTax Amount Total Amount plate ₹60.00 1 ₹60.00 0% IGST ₹0.00 ₹60.00")
    assert [line.description for line in facts.lines] == ["Cup", None]
    assert "line_unclear" in facts.findings


@pytest.mark.parametrize(
    ("cells", "quantity", "price", "discount"),
    [
        ("₹ 1,100.00 - ₹ 100.00 1 ₹ 1,000.00", "1", "1100.00", "100.00"),
        ("1,100.00 - 100.00 1 1,000.00", "1", "1100.00", "100.00"),
        ("₹550.00 ₹50.00 2 ₹1,000.00", "2", "550.00", "50.00"),
        ("₹550.00 ₹100.00 2 ₹1,000.00", "2", "550.00", "100.00"),
        ("₹333.33 3 ₹1,000.00", "3", "333.33", None),
        ("4 ₹250.00 ₹1,000.00", "4", "250.00", None),
        ("2 ₹550.00 ₹100.00 ₹1,000.00", "2", "550.00", "100.00"),
        ("₹1,000.00 ₹1,000.00", None, "1000.00", None),
    ],
)
def test_quantity_price_and_discount(cells: str, quantity: str | None, price: str, discount: str | None) -> None:
    """A quantity before the price counts if it makes the net amount; a discount may be a piece's or the line's."""
    facts = read_text(f"Tax Invoice Total Amount 1 Cup HSN:6912 {cells} 18% IGST ₹180.00 ₹1,180.00")
    (line,) = facts.lines
    stated = (line.quantity, line.unit_price, line.discount_amount)
    assert stated == tuple(shown and Decimal(shown) for shown in (quantity, price, discount))
    assert (line.description, line.commodity_code, line.goods_amount) == ("Cup", "6912", Decimal("1000.00"))
    assert "line_not_composed" not in facts.findings


@pytest.mark.parametrize(
    "words",
    [
        "Wallet for currency USD (USD)",
        "Stamp Invoice Number: A1",
        "Gift Rs.99.00 2 Rs.198.00 5% pack",
        "Calculator Total Amount Pro",
        "3 Mobikes, pack of 12",
    ],
)
def test_a_description_is_the_sellers_own(words: str) -> None:
    """Whatever the goods are called, it is their description and says nothing of the invoice."""
    facts = read_text(_TEXT.replace("Towel", words))
    assert (facts.problem, facts.invoice_number) == (None, "BOM5-4711")
    assert facts.lines[2].description == words
    facts = read_text(_TEXT.replace("Steel bottle 1.50 l", words))
    assert (facts.problem, facts.invoice_number) == (None, "BOM5-4711")
    assert facts.lines[0].description == f"{words} | B07XXXXXXX ( SKU-1 )"


@pytest.mark.parametrize("named", ["Sold By : Credit Note Books Ltd", "Seller: Debit Note House"])
def test_a_seller_called_after_notes(named: str) -> None:
    """A company's name makes no credit note of its invoice."""
    assert read_text(f"{named}\n{_TEXT}").problem is None


@pytest.mark.parametrize("digits", ["85", "8518", "851821", "85182100", "8518210000"])
def test_hsn(digits: str) -> None:
    """A code behind its label is one, however long."""
    (line,) = read_text(f"Tax Invoice Total Amount 1 Cup HSN:{digits} ₹1.00 1 ₹1.00 0% IGST ₹0.00 ₹1.00").lines
    assert (line.description, line.commodity_code) == ("Cup", digits)


def test_more_than_a_column_holds() -> None:
    """Lines that add up to more than 16 digits have a finding, not a reader that broke its promise."""
    line = "1 Cup ₹9999999999999999.99 1 ₹9999999999999999.99 0% IGST ₹0.00 ₹9999999999999999.99 "
    facts = read_text(f"Tax Invoice Total Amount {line * 2}")
    assert (facts.goods_amount, len(facts.lines)) == (None, 2)
    assert "amount_malformed" in facts.findings


def test_an_amount_of_any_length() -> None:
    """What is no amount is not repeated at any length."""
    assert len(read_text(f"Tax Invoice TOTAL: {'1,' * 5000}1.00").problem or "") < 500


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


_ROW_BY_ROW = """Tax Invoice Sold By : Billing Address :
Example Retail Example Customer
GST Registration No: 27AAPFU0939F1ZV
{between}GST Registration No: 29AAPFU0939F1ZR
Total Amount"""


@pytest.mark.parametrize("between", ["", "Shipping Address :\n"])
def test_blocks_drawn_side_by_side(between: str) -> None:
    """Where both headings stand before the first GSTIN, none is taken for the seller's, nor for the buyer's."""
    facts = read_text(_ROW_BY_ROW.format(between=between))
    assert (facts.seller_tax_id, facts.buyer_tax_id) == (None, None)
    assert "field_unclear" in facts.findings
    alone = read_text(_ROW_BY_ROW.format(between="").replace("GST Registration No: 27AAPFU0939F1ZV", ""))
    assert (alone.seller_tax_id, alone.buyer_tax_id) == (None, None)


@pytest.mark.parametrize("label", ["GSTIN", "GSTIN No", "GSTIN/UIN", "GST No", "Gstin", "GST Registration Number"])
def test_labels_of_a_gstin(label: str) -> None:
    """A GSTIN is one however it is labelled."""
    assert read_text(f"Tax Invoice {label}: 27AAPFU0939F1ZV").seller_tax_id == "27AAPFU0939F1ZV"


def test_two_buyers() -> None:
    """Two buyers' GSTINs make the buyer unknown, and no amount: the invoice is one."""
    text = _TEXT.replace("Place of", "GSTIN: 29AAPFU0939F1ZR\nShipping Address: GSTIN: 27AAPFU0939F1ZV\nPlace of", 1)
    facts = read_text(text)
    assert (facts.buyer_tax_id, facts.findings) == (None, ("field_unclear",))
    assert facts.total_amount == Decimal("118224.00")


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
@pytest.mark.parametrize("before", ["", "27-", "27 - "])
@pytest.mark.parametrize("after", ["\nPlace of delivery: GOA", "\nInvoice Number", "\n29", ", IN", " (27)", "(27)"])
def test_place_of_supply(before: str, state: str, after: str) -> None:
    """The place of supply is the state without its code, and ends where the next label begins."""
    assert read_text(f"Tax Invoice Place of supply: {before}{state}{after}").place_of_supply == state


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


def test_copies_in_one_pdf() -> None:
    """An invoice that is there once more, as the copy for the transporter, counts once; so do copies of its pages."""
    from spapi_invoices.synthetic.gst_pdf import render

    first, second = render(_invoice()), render(_invoice("BLR7-00013", lines=3))
    copy = render(_invoice()).replace(b"(Original for Recipient)", b"(Duplicate for Transporter)")
    alone = _facts(first), _facts(second)
    for copies in ((first, first, second, second), (first, second, second), (first, copy, second)):
        assert READER.read(_joined(*copies)) == alone
    text = "Tax Invoice Invoice Number: A1 (Original for Recipient)"
    for pages in ([text, "page 2"] * 3, [text, text, "page 2", "page 2"]):
        assert gst._once(pages) == [text, "page 2"]
    for pages in ([text, "page 2", "page 2"], ["page 1", "page 1"]):
        assert gst._once(pages) == pages


def test_cells_that_a_new_page_tears_apart() -> None:
    """Where a page has no heading, PDFium may take a cell for a new line; both amounts are still read."""
    pytest.importorskip("reportlab")
    from io import BytesIO

    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out, invariant=1)
    canvas.drawString(36, 800, "Tax Invoice Total Amount")
    cells = ((68, "HSN:6912"), (213, "Rs.10.00"), (317, "1"), (340, "Rs.10.00"), (390, "0%"), (424, "IGST"))
    for at in "12":
        canvas.drawString(40, 790, at)
        canvas.drawString(68, 790, "Cup with quite a long description")
        for x, text in (*cells, (458, "Rs.0.00"), (506, "Rs.10.00")):
            canvas.drawString(x, 781, text)
        canvas.showPage()
        canvas.setFont("Helvetica", 7)
    canvas.save()
    facts = _facts(out.getvalue())
    assert [str(line.total_amount) for line in facts.lines] == ["10.00", "10.00"]
    assert {line.description for line in facts.lines} == {"Cup with quite a long description"}


def _many_times(pages: int, texts: int) -> bytes:
    """A PDF of kilobytes that draws one page of texts so many times."""
    import zlib

    stream = zlib.compress(b"BT /F 8 Tf 10 10 Td " + b"(Rs.1.00 1 Rs.1.00 ) Tj " * texts + b"ET")
    parts = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + b"3 0 R " * pages + b"]/Count %d>>" % pages,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body = b"".join(b"%d 0 obj\n%b\nendobj\n" % one for one in enumerate(parts, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Size 6/Root 1 0 R>>\n%%EOF"


@pytest.mark.parametrize(
    ("pages", "texts", "what"), [(600, 1, "pages"), (300, 300, "characters"), (300, 20_000, "characters")]
)
def test_a_pdf_that_grows(pages: int, texts: int, what: str) -> None:
    """A small file that draws more than an invoice can have is not read to its end."""
    content = _many_times(pages, texts)
    facts = _facts(content)
    assert (len(content) < 5_000, facts.findings) == (True, ("document_too_large",))
    assert what in (facts.problem or "")


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
    """A PDF with a damaged byte has the same amounts and GSTINs, or a finding; it is never an exception."""
    content = bytearray(_pdf())
    content[position % len(content)] = value
    whole = _facts(_pdf())
    for facts in READER.read(bytes(content)):
        assert facts.findings or _borne_out(facts) == _borne_out(whole)


def _borne_out(facts: Facts) -> tuple[object, ...]:
    """What the figures and check characters of an invoice bear out; nothing does its texts, numbers of its own and days."""
    amounts = (facts.total_amount, facts.goods_amount, facts.tax_amount, facts.currency)
    lines = tuple((line.goods_amount, line.total_amount) for line in facts.lines)
    return (*amounts, facts.seller_tax_id, facts.buyer_tax_id, lines)


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
