"""Synthetic GST invoices: the same bytes everywhere, and read back as they were meant."""

import base64
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pypdfium2")

from spapi_invoices.documents import gst
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.tax_ids import gstin_check_character
from spapi_invoices.sandbox.world import make_world
from spapi_invoices.synthetic.gst_pdf import GstInvoice, GstLine, amount_in_words, group_digits, render

_DAYS = st.dates(date(2017, 7, 1), date(2099, 12, 31))
_TEXTS = st.from_regex(r"[A-Z][a-z]{1,9}( [A-Za-z0-9,()'&/%-]{1,12}){0,8}", fullmatch=True)
_GSTINS = st.from_regex(r"(0[1-9]|[12][0-9]|3[0-7])[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z", fullmatch=True).map(
    lambda body: body + gstin_check_character(body)
)
_ORDER_IDS = st.from_regex(r"[0-9]{3}-[0-9]{7}-[0-9]{7}", fullmatch=True)
_lines = st.builds(
    GstLine,
    description=_TEXTS,
    hsn=st.from_regex(r"[0-9]{4}([0-9]{2}){0,2}", fullmatch=True),
    unit_price=st.integers(1, 10**8).map(lambda paise: Decimal(paise) / 100),
    quantity=st.integers(1, 120),
    tax_rate=st.sampled_from([Decimal(rate) for rate in ("0", "0.25", "3", "5", "12", "18", "28", "40")]),
)
_invoices = st.builds(
    GstInvoice,
    invoice_number=st.from_regex(r"[A-Z]{2,4}[0-9][/-]?[A-Z0-9]{1,9}", fullmatch=True),
    invoice_date=_DAYS,
    order_id=st.none() | _ORDER_IDS,
    order_date=_DAYS,
    purchase_order_number=st.from_regex(r"[0-9][0-9A-Za-z]{7}", fullmatch=True),
    seller_name=_TEXTS,
    seller_gstin=_GSTINS,
    buyer_name=_TEXTS,
    place_of_supply=st.sampled_from(["KARNATAKA", "TAMIL NADU", "DELHI"]),
    intra_state=st.booleans(),
    lines=st.lists(_lines, min_size=1, max_size=5).map(tuple),
    buyer_gstin=st.none() | _GSTINS,
    other_order_ids=st.lists(_ORDER_IDS, max_size=1).map(tuple),
)
_EXAMPLE = GstInvoice(
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


@settings(max_examples=60, deadline=None)
@given(_invoices)
def test_read_back(invoice: GstInvoice) -> None:
    """What is rendered states what it was rendered from, to the paisa, with no finding."""
    (facts,) = gst.READER.read(render(invoice))
    assert facts == Facts(
        document_type="gst_invoice",
        purpose="sale",
        invoice_number=invoice.invoice_number,
        issue_date=invoice.invoice_date,
        currency="INR",
        total_amount=invoice.total_amount,
        goods_amount=invoice.goods_amount,
        tax_amount=invoice.tax_amount,
        seller_tax_id=invoice.seller_gstin,
        buyer_tax_id=invoice.buyer_gstin,
        place_of_supply=invoice.place_of_supply,
        purchase_order_number=invoice.purchase_order_number,
        order_ids=tuple(dict.fromkeys(filter(None, (invoice.order_id, *invoice.other_order_ids)))),
        lines=facts.lines,
    )
    taxes = [{kind: amount for kind, _, amount in invoice.taxes(line)} for line in invoice.lines]
    assert [
        (line.commodity_code, line.quantity, line.goods_amount, line.cgst_amount, line.sgst_amount, line.igst_amount)
        for line in facts.lines
    ] == [
        (line.hsn, line.quantity, line.net_amount, tax.get("CGST"), tax.get("SGST"), tax.get("IGST"))
        for line, tax in zip(invoice.lines, taxes, strict=True)
    ]


def test_thirteen_digits() -> None:
    """The largest amounts keep every digit in the narrow columns, each cell's text within its own cell."""
    line = GstLine("Machine tool", "84571020", Decimal("8474576271185.58"), 1, Decimal(18))
    for intra_state in (True, False):
        (facts,) = gst.READER.read(render(replace(_EXAMPLE, lines=(line,), intra_state=intra_state)))
        assert (str(facts.total_amount), facts.problem) == ("9999999999998.98", None)


def test_a_character_without_a_place() -> None:
    """What the fonts do not have is refused, not drawn as something else; what Windows-1252 has comes back."""
    with pytest.raises(ValueError, match="charmap"):
        render(replace(_EXAMPLE, buyer_name="Example \u0120"))
    assert b"Example Jos\xe9" in render(replace(_EXAMPLE, buyer_name="Example José"))


def test_without_text() -> None:
    """Drawn as shapes, the page has no text to read, and the reader says so."""
    (facts,) = gst.READER.read(render(_EXAMPLE, text=False))
    assert facts == Facts(document_type="gst_invoice", findings=("pdf_without_text",), problem=facts.problem)
    assert "no text" in (facts.problem or "")


def test_same_bytes() -> None:
    """Nothing of the clock or the machine is in the file, and a page of one line is small."""
    assert render(_EXAMPLE) == render(replace(_EXAMPLE))
    assert len(render(_EXAMPLE)) < 8 * 1024


def test_halves_are_rounded_each() -> None:
    """Within a state each half of the tax is rounded up by itself; between states the whole is."""
    line = GstLine("Towel", "6302", Decimal("0.90"), 1, Decimal(5))  # 2.5 % are 0.0225, 5 % are 0.045
    assert replace(_EXAMPLE, lines=(line,)).tax_amount == Decimal("0.04")
    assert replace(_EXAMPLE, lines=(line,), intra_state=False).tax_amount == Decimal("0.05")


def test_place_follows_the_tax() -> None:
    """In the sandbox's world the halves are charged in the seller's own state, IGST in every other."""
    documents = [base64.b64decode(one.content) for one in make_world().purchase_orders if " " not in one.content]
    texts = [document.decode("latin-1") for document in documents if b"(IGST)" in document or b"(CGST)" in document]
    places = {("(CGST)" in text, "(KARNATAKA)" in text, "(MAHARASHTRA)" in text) for text in texts}
    assert places == {(True, True, False), (False, False, True)}


def test_page_has_an_end() -> None:
    """Lines that do not fit are refused, not drawn over the footer."""
    with pytest.raises(ValueError, match="40 lines do not fit"):
        render(replace(_EXAMPLE, lines=_EXAMPLE.lines * 40))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.00", "Zero Rupees only"),
        ("0.05", "Zero Rupees and Five Paise only"),
        ("100000", "One Lakh Rupees only"),
        ("1002003004.50", "One Hundred Crore Twenty Lakh Three Thousand Four Rupees and Fifty Paise only"),
        ("99999.99", "Ninety-nine Thousand Nine Hundred Ninety-nine Rupees and Ninety-nine Paise only"),
    ],
)
def test_words(amount: str, words: str) -> None:
    """Amounts are said in thousand, lakh and crore."""
    assert amount_in_words(Decimal(amount)) == words


@given(st.integers(0, 10**15))
def test_grouping_loses_no_digit(paise: int) -> None:
    """Without the commas the amount is itself again; the last group has three digits, the others two."""
    shown = group_digits(Decimal(paise) / 100)
    assert Decimal(shown.replace(",", "")) == Decimal(paise) / 100
    first, *groups = shown.split(".")[0].split(",")
    assert [len(group) for group in groups] == [2] * (len(groups) - 1) + [3] * bool(groups)
    assert 1 <= len(first) <= (2 if groups else 3)
