"""What an Indian GST tax invoice states, in the form that Amazon prints ("Tax Invoice/Bill of Supply/Cash Memo").

The text comes out of the PDF in the order in which it was drawn, so fields are found by their labels and lines by the
sequence of their cells: unit price, quantity, net, tax rates, tax types, tax amounts, total. No position is looked at.
What was found is then checked against itself: a line that was missed shows in the sums.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from spapi_invoices.core.media import sniff
from spapi_invoices.core.money import parse_amount
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.order_ids import ORDER_ID, find_order_ids
from spapi_invoices.documents.reader import DocumentReader
from spapi_invoices.documents.tax_ids import gstin_is_valid
from spapi_invoices.errors import MissingExtra

_Found = TypeVar("_Found")

_DOCUMENT_TYPE: Final = "gst_invoice"
# PDFium keeps global state: two threads in it at once crash the process.
_PDFIUM: Final = threading.Lock()
_PASSWORD_ERROR: Final = 4  # FPDF_ERR_PASSWORD in fpdfview.h
# Why a PDF could not be read as text.
BROKEN: Final = "the PDF is broken. Next: fetch it again"
ENCRYPTED: Final = "the PDF is encrypted. Next: save a copy without its password"
NO_TEXT: Final = "the PDF has no text (a scan?). Next: read it by eye, or through text recognition"

_TITLE: Final = re.compile(r"tax invoice", re.IGNORECASE)
_NO_INVOICE: Final = re.compile(r"\bnot (?:an? |the )?(?:valid )?tax invoice", re.IGNORECASE)
_NOTE: Final = re.compile(r"(?:credit|debit) note", re.IGNORECASE)
_OTHER: Final = (
    r"(?:(?:AED|AUD|BRL|CAD|CHF|CNY|EUR|GBP|HKD|JPY|SAR|SGD|USD)(?![A-Za-z])|(?i:US dollars?|euros?)\b|(?:US ?)?[$€£¥])"
)
# Behind a word that speaks of the whole invoice, or alone in brackets, as in a column's heading.
_OTHER_CURRENCY: Final = re.compile(
    rf"(?i:\bcurrency(?: code)?|\b(?:amounts?|prices?|values?)(?: are)? in|\btotal(?: amount)?)\W{{0,3}}?({_OTHER})"
    rf"|\(({_OTHER})\)"
)
_GST_BEGAN: Final = date(2017, 7, 1)
_INVOICE_NUMBER: Final = re.compile(r"Invoice\s+Number\s*:\s*(?=\S*\d)([A-Za-z0-9/-]+)(?!\S)")
_INVOICE_DATE: Final = re.compile(r"Invoice\s+Date\s*:\s*(\d{2}[./-]\d{2}[./-]\d{4})(?!\S)", re.ASCII)
_PURCHASE_ORDER: Final = re.compile(r"Purchase\s+Order\s+Number\s*:\s*(?=\S*\d)([A-Za-z0-9-]+)(?!\S)")
_SELLER: Final = "Sold By"
# A block's heading, or a GSTIN that belongs to the block above it.
_PARTY: Final = re.compile(
    rf"(?P<block>{_SELLER}|Billing Address|Shipping Address)"
    r"|GST ?(?:Registration No|IN)\.?\s?:\s?(?P<gstin>[0-9A-Z]{15})(?!\S)"
)

# A backtick is what fonts older than the rupee sign left in its place. A rate of 0.25 % is no amount.
# With a sign, an amount may follow a letter: behind a line that ends in a hyphen PDFium sets no blank.
_MONEY: Final = r"(?:-?(?:₹|Rs\.?|INR|`)\s?-?|(?<![\w,.-])-?)\d[\d,]*\.\d{2}(?![\d,]|\.\d|\s?%)"
_AMOUNT: Final = re.compile(r"(-?)(?:(?:₹|Rs\.?|INR|`)\s?)?(-?)([\d,]+\.\d{2})", re.ASCII)
# 1,23,456.78 in India; 123,456.78 means the same and can mean nothing else.
_GROUPED: Final = re.compile(r"\d+\.\d{2}|\d{1,2}(,\d{2})*,\d{3}\.\d{2}|\d{1,3}(,\d{3})+\.\d{2}", re.ASCII)
_TAX_TYPE: Final = r"CGST|SGST|UTGST|IGST|CESS"
# Unit price, discount if any, quantity (shipping has none), net; then rates, types and amounts, however stacked.
_LINE: Final = re.compile(
    rf"{_MONEY}(?:\s+{_MONEY})?(?:\s+\d+)?\s+(?P<net>{_MONEY})"
    rf"(?P<tail>(?:\s+(?:\d[\d.]*\s?%|(?:{_TAX_TYPE})\b|{_MONEY}))+)",
    re.ASCII,
)
# Whatever looks like a further part of an amount or of the row ends the reading: half of a row is no total.
_TOTAL: Final = re.compile(rf"\bTOTAL\s*:?\s*({_MONEY})(?:\s*[|/]?\s*({_MONEY}))?(?!\s*[-|/]|\s*{_MONEY})")
# All that is ever looked for: a new pattern belongs here too.
_PATTERNS: Final = (
    *(_TITLE, _NO_INVOICE, _NOTE, _OTHER_CURRENCY, _INVOICE_NUMBER, _INVOICE_DATE, _PURCHASE_ORDER),
    *(_PARTY, _LINE, _TOTAL, ORDER_ID),
)


@dataclass(frozen=True, slots=True)
class _Line:
    net: Decimal
    total: Decimal


def _claims(content: bytes) -> bool:
    return sniff(content) == "application/pdf"


def _read(content: bytes) -> Facts:
    try:
        return read_text(pdf_text(content))
    except ValueError as error:
        return Facts(document_type=_DOCUMENT_TYPE, problem=str(error))


def pdf_text(content: bytes) -> str:
    """All pages' text.

    Raises:
        ValueError: With `BROKEN`, `ENCRYPTED` or `NO_TEXT` as its message.
        MissingExtra: pypdfium2 is not installed.
    """
    try:
        import pypdfium2  # noqa: PLC0415 - in the extra [pdf]
    except ImportError:
        raise MissingExtra.of("pypdfium2", "pdf") from None
    with _PDFIUM:
        try:
            with closing(pypdfium2.PdfDocument(content)) as pdf:
                text = "\n".join(page.get_textpage().get_text_bounded() for page in pdf)
        except pypdfium2.PdfiumError as error:
            encrypted = getattr(error, "err_code", None) == _PASSWORD_ERROR
            raise ValueError(ENCRYPTED if encrypted else BROKEN) from None
    if not text.strip():
        raise ValueError(NO_TEXT)
    # PDFium's sign for a hyphen at the end of a line, after which it goes on without a break.
    return text.replace("\x02", "-")


def read_text(text: str) -> Facts:
    """What the text of an invoice states; ``problem`` names what is missing and what does not add up.

    >>> read_text("Delivery note").problem
    'not a GST tax invoice: the words "Tax Invoice" are not in it'
    """
    # One blank everywhere keeps the searches linear: a file may hold a million of them.
    text = " ".join(text.split())
    if refusal := _refusal(text):
        return Facts(document_type=_DOCUMENT_TYPE, problem=refusal)
    findings: list[str] = []
    numbers, totals = _INVOICE_NUMBER.findall(text), _TOTAL.findall(text)
    number = _only(numbers, "invoice number", findings)
    shown = _only(totals, "total", findings) or ("", "")
    one = len(set(numbers)) < 2 and len(set(totals)) < 2
    lines = _lines(text, findings) if one else []
    tax, total = _totals(shown, lines, findings) if one else (None, None)
    seller, buyer = _tax_ids(text, findings)
    facts = Facts(
        document_type=_DOCUMENT_TYPE,
        invoice_number=number,
        issue_date=_date(_only(_INVOICE_DATE.findall(text), "invoice date", findings), findings),
        currency="INR",
        total_amount=total,
        goods_amount=sum((line.net for line in lines), Decimal(0)) if lines else None,
        tax_amount=tax,
        seller_tax_id=seller,
        buyer_tax_id=buyer,
        purchase_order_number=_only(_PURCHASE_ORDER.findall(text), "purchase order number", findings, required=False),
        order_ids=find_order_ids(text),
    )
    sums = _sum_findings(facts, lines) if one else []
    return replace(facts, problem="; ".join([*findings, *sums]) or None)


def pieces(text: str, buyer_gstin: Callable[[str], str]) -> list[str]:
    """The parts of a text that `read_text` looks at, in order; those that overlap are one. The rest has no say in the facts.

    Args:
        text: As it comes out of the PDF.
        buyer_gstin: What to put in the place of each GSTIN that is not the seller's, 15 characters as well.

    >>> pieces("Tax Invoice for Ana, Flat 1. Invoice Number: A-1 Thank you", str)
    ['Tax Invoice', 'Invoice Number: A-1']
    """
    text = " ".join(text.split())
    at, parts = 0, list[str]()
    for block, found in _gstins(text):
        if block != _SELLER:
            parts += text[at : found.start("gstin")], buyer_gstin(found["gstin"])
            at = found.end("gstin")
    text = "".join((*parts, text[at:]))
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found.span() for pattern in _PATTERNS for found in pattern.finditer(text)):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return [text[start:end] for start, end in spans]


def _refusal(text: str) -> str | None:
    """Why this is no tax invoice in rupees, and nothing in it may be read as if it were."""
    title = _TITLE.search(text)
    if title is None:
        return 'not a GST tax invoice: the words "Tax Invoice" are not in it'
    if _NO_INVOICE.search(text):
        return "not a GST tax invoice: it says so itself"
    # A note refers to the invoice it corrects, so its own title stands first; further down an invoice may speak of notes.
    if note := _NOTE.search(text, 0, title.start()):
        return f"not a GST tax invoice: a {note[0].lower()}"
    if currency := _OTHER_CURRENCY.search(text):
        return f"not a GST tax invoice in rupees: its currency is {currency[1] or currency[2]}"
    return None


def _only(values: Iterable[_Found], what: str, findings: list[str], *, required: bool = True) -> _Found | None:
    """The one value stated, on however many pages. Different ones are several invoices in a file: none is taken."""
    different = tuple(dict.fromkeys(values))
    if len(different) > 1:
        findings.append(f"{len(different)} different values for the {what}: several invoices in one file?")
    elif required and not different:
        findings.append(f"the {what} is missing")
    return different[0] if len(different) == 1 else None


def _totals(shown: tuple[str, str], lines: list[_Line], findings: list[str]) -> tuple[Decimal | None, Decimal | None]:
    """Tax and grand total. One amount alone is the total only if the lines add up to it: it may as well be the tax."""
    first, second = (_amount(one, findings) for one in shown)
    if shown[1]:
        return first, second
    if first is not None and lines and first != (in_lines := _in_lines(lines)):
        findings.append(f"one amount alone follows TOTAL, and it is not what the lines add up to, {in_lines}")
        return None, None
    return None, first


def _in_lines(lines: list[_Line]) -> Decimal:
    return sum((line.total for line in lines), Decimal(0))


def _amount(shown: str, findings: list[str]) -> Decimal | None:
    if not shown:
        return None
    parts = _AMOUNT.fullmatch(shown)
    if parts is None or not _GROUPED.fullmatch(parts[3]):
        findings.append(f"{shown!r} is no amount with Indian grouping and 2 decimals")
        return None
    try:
        amount = parse_amount(parts[3].replace(",", ""))
    except ValueError as error:
        findings.append(str(error))
        return None
    return -amount if parts[1] or parts[2] else amount


def _date(shown: str | None, findings: list[str]) -> date | None:
    if shown is None:
        return None
    day, month, year = re.split(r"[./-]", shown)
    try:
        issued = date(int(year), int(month), int(day))
    except ValueError:
        findings.append(f"the invoice date {shown} is no date")
        return None
    if issued < _GST_BEGAN:
        findings.append(f"the invoice date {shown} is before {_GST_BEGAN}, when GST began")
    return issued


def _lines(text: str, findings: list[str]) -> list[_Line]:
    lines = []
    for cells in _LINE.finditer(text):
        net = _amount(cells["net"], findings)
        tail = [_amount(shown, findings) for shown in re.findall(_MONEY, cells["tail"])]
        amounts = [amount for amount in tail if amount is not None]
        if net is not None and amounts:
            # The total stands last where taxes are stacked, after the first tax where they are not: it is the largest.
            lines.append(_Line(net, max(amounts, key=abs)))
    return lines


def _tax_ids(text: str, findings: list[str]) -> tuple[str | None, str | None]:
    """The seller's GSTIN and the buyer's: each belongs to the block whose heading stands before it."""
    gstins = [(block, found["gstin"]) for block, found in _gstins(text)]
    seller = _only((one for block, one in gstins if block == _SELLER), "seller's GSTIN", findings)
    buyer = _only((one for block, one in gstins if block != _SELLER), "buyer's GSTIN", findings, required=False)
    for whose, number in (("seller", seller), ("buyer", buyer)):
        if number is not None and not gstin_is_valid(number):
            findings.append(f"the {whose}'s GSTIN is not valid: its form or its check character is wrong")
    return seller, buyer


def _gstins(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Each GSTIN and the heading of its block; before the first heading it is the seller's."""
    block = _SELLER
    for found in _PARTY.finditer(text):
        if found["gstin"]:
            yield block, found
        block = found["block"] or block


def _sum_findings(facts: Facts, lines: list[_Line]) -> list[str]:
    goods, tax, total = facts.goods_amount, facts.tax_amount, facts.total_amount
    findings = []
    if goods is None:
        findings.append("no line could be read, so the taxable value is unknown")
    if total is not None and tax is None:
        findings.append("the total tax is missing")
    if goods is not None and tax is not None and total is not None and goods + tax != total:
        findings.append(f"taxable value {goods} + tax {tax} is not the total {total}")
    if lines and total is not None and (in_lines := _in_lines(lines)) != total:
        findings.append(f"the lines add up to {in_lines}, not to the total {total}")
    return findings


READER: Final = DocumentReader("gst", _DOCUMENT_TYPE, _claims, _read)
