"""What an Indian GST tax invoice states, in the form that Amazon prints ("Tax Invoice/Bill of Supply/Cash Memo").

The text comes out of the PDF in the order in which it was drawn, so fields are found by their labels and lines by the
sequence of their cells (`gst_lines`). No position is looked at. What was found is then checked against itself: a line
that was missed shows in the sums. A page with another invoice number begins another invoice; a page that came before, as
in the copy for the transporter, counts once.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from math import gcd
from typing import Final, TypeVar

from spapi_invoices.core.media import sniff
from spapi_invoices.documents import gst_lines, pdf_text, rupees
from spapi_invoices.documents.facts import Facts, Line
from spapi_invoices.documents.findings import Found, Unreadable, names, words
from spapi_invoices.documents.order_ids import ORDER_ID, find_order_ids
from spapi_invoices.documents.reader import DocumentReader
from spapi_invoices.documents.rupees import MONEY, SIGN
from spapi_invoices.documents.tax_ids import gstin_is_valid

_Found = TypeVar("_Found")

_DOCUMENT_TYPE: Final = "gst_invoice"

_TITLE: Final = re.compile(r"tax invoice", re.IGNORECASE)
_NO_INVOICE: Final = re.compile(r"\bnot (?:an? |the )?(?:valid )?tax invoice", re.IGNORECASE)
_NOTE: Final = re.compile(r"(?:credit|debit) note", re.IGNORECASE)
_SELLER_OF_NOTES: Final = re.compile(rf"(?:sold by|seller)\s*:?\s*{_NOTE.pattern}", re.IGNORECASE)
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
_SELLER: Final = "Sold By"
_PURCHASE_ORDER: Final = re.compile(r"Purchase\s+Order\s+Number\s*:\s*(?=\S*\d)([A-Za-z0-9-]+)(?!\S)")
# A block's heading, or a GSTIN that belongs to the block above it.
_PARTY: Final = re.compile(
    rf"(?P<block>{_SELLER}|Billing Address|Shipping Address)"
    r"|(?i:GST ?IN(?:/UIN)?(?: No| Number)?|GST (?:Registration )?(?:No|Number))\.?\s?:?\s?(?P<gstin>[0-9A-Z]{15})(?!\S)"
)
_PLACE_OF_SUPPLY: Final = re.compile(
    r"Place of supply\s*:\s*(?:\d{2}\s*-\s*)?([A-Za-z][A-Za-z& -]{1,40}?)\s*"
    r"(?=$|[,;(\d_]|\b(?:Place of|Invoice|Order|Purchase|Billing|Shipping|PAN|GST|Sl\.|State)\b)",
    re.IGNORECASE,
)
_PLACE_LABEL: Final = re.compile("Place of supply", re.IGNORECASE)
# Up to "only", before the next label; else as far as they are an amount's words, or the first that is none.
_WORDS: Final = re.compile(
    rf"Amount in Words\s*:?\s*([^:]{{1,300}}?\bonly\b|(?:\b(?:{'|'.join(sorted(rupees.WORDS))})\b[\s,&.-]*)+|\S+)",
    re.IGNORECASE,
)
# Whatever looks like a further part of an amount or of the row ends the reading: half of a row is no total.
_TOTAL: Final = re.compile(
    rf"\b(?<!SUB[ -])TOTAL\s*:?\s*({MONEY})(?:\s*[|/]?\s*({MONEY})|(?!\s*\d))(?!\s*[-|/]|\s*{SIGN}|\s*{MONEY})"
)
_GRAND_TOTAL: Final = re.compile(rf"(?i:\bgrand\s+total)\s*:?\s*({MONEY})")
# All that is looked for beside the lines: a new pattern belongs here too. The group of a worded one holds words of
# whoever wrote the invoice, that of a number what the seller made up.
PATTERNS: Final = (
    *(_TITLE, _NO_INVOICE, _NOTE, _SELLER_OF_NOTES, _OTHER_CURRENCY, _INVOICE_NUMBER, _INVOICE_DATE, _PURCHASE_ORDER),
    *(_PARTY, _PLACE_LABEL, _TOTAL, _GRAND_TOTAL, ORDER_ID),
)
WORDED: Final = (_PLACE_OF_SUPPLY, _WORDS)
NUMBERS: Final = (_INVOICE_NUMBER, _PURCHASE_ORDER)
# What the copies of an invoice differ in.
_COPY: Final = re.compile(r"\((?:original|duplicate|triplicate|extra)\b[^()]{0,60}\)", re.IGNORECASE)
# Beyond it, no column holds the sum of the lines.
_TOO_LARGE: Final = Decimal(10) ** 16


def _claims(content: bytes) -> bool:
    return sniff(content) == "application/pdf"


def _read(content: bytes) -> tuple[Facts, ...]:
    try:
        return tuple(read_text(joined(_once(pages))) for pages in invoices(pdf_text.pages(content)))
    except Unreadable as error:
        return (Facts(document_type=_DOCUMENT_TYPE, findings=(error.found.finding,), problem=error.problem),)


def invoices(pages: Iterable[str]) -> list[list[str]]:
    """The pages of each invoice: a page goes with those before it unless it states another invoice number.

    >>> invoices(["Invoice Number: A1", "page 2", "Invoice Number: A2"])
    [['Invoice Number: A1', 'page 2'], ['Invoice Number: A2']]
    """
    found: list[list[str]] = []
    current = set[str]()
    for page in pages:
        numbers = set(_numbers(page))
        if not found or (numbers and current and not numbers & current):
            found.append([])
        found[-1].append(page)
        current = numbers or current
    return found


def _numbers(page: str) -> list[str]:
    return _INVOICE_NUMBER.findall(" ".join(page.split()))


def _once(pages: Sequence[str]) -> list[str]:
    """The pages of an invoice without its further copies: if each came so many times, it is there once."""
    alike = [_COPY.sub("", page) for page in pages]
    times = Counter(alike)
    copies = gcd(*times.values()) if _numbers(pages[0]) else 1
    came = Counter[str]()
    kept = []
    for page, bare in zip(pages, alike, strict=True):
        came[bare] += 1
        if came[bare] <= times[bare] // copies:
            kept.append(page)
    return kept


def joined(pages: Iterable[str]) -> str:
    """The text of one invoice, from that of its pages."""
    # One blank everywhere keeps the searches linear: a file may hold a million of them.
    return gst_lines.PAGE_BREAK.join(filter(None, (" ".join(page.split()) for page in pages)))


def read_text(text: str) -> Facts:
    """What the text of one invoice states; findings name what is missing and what does not add up.

    A form feed ends a page.

    >>> read_text("Delivery note").problem
    'not a GST tax invoice: the words "Tax Invoice" are not in it'
    """
    text = joined(text.split(gst_lines.PAGE_BREAK))
    about = gst_lines.without_descriptions(text)
    if refusal := _refusal(about):
        return Facts(document_type=_DOCUMENT_TYPE, findings=names([refusal]), problem=words([refusal]))
    found: list[Found] = []
    numbers, totals = _INVOICE_NUMBER.findall(about), _TOTAL.findall(about)
    one = len(set(numbers)) < 2 and len(set(totals)) < 2
    number = _only(numbers, "invoice number", found, several="several_invoices")
    shown = _only(totals, "total", found, several="several_invoices") or ("", "")
    lines = gst_lines.lines(text, found) if one else ()
    spoken = _spoken(about, found) if one else ()
    tax, total = _totals(shown, lines, spoken, found) if one else (None, None)
    goods = _goods(lines, found) if lines else None
    seller, buyer = _tax_ids(about, found)
    issued = _date(_only(_INVOICE_DATE.findall(about), "invoice date", found), found)
    place = _place(about, found)
    order = _only(_PURCHASE_ORDER.findall(about), "purchase order number", found, required=False)
    if one:
        found += _sum_findings(goods, tax, total, lines)
        found += _total_findings(total, spoken, about)
    return Facts(
        document_type=_DOCUMENT_TYPE,
        purpose="sale",
        invoice_number=number,
        issue_date=issued,
        currency="INR",
        total_amount=total,
        goods_amount=goods,
        tax_amount=tax,
        seller_tax_id=seller,
        buyer_tax_id=buyer,
        place_of_supply=place,
        purchase_order_number=order,
        order_ids=find_order_ids(text),
        findings=names(found),
        problem=words(found),
        lines=lines,
    )


def _refusal(text: str) -> Found | None:
    """Why this is no tax invoice in rupees, and nothing in it may be read as if it were."""
    title = _TITLE.search(text)
    if title is None:
        return Found("not_a_tax_invoice", 'not a GST tax invoice: the words "Tax Invoice" are not in it')
    if _NO_INVOICE.search(text):
        return Found("not_a_tax_invoice", "not a GST tax invoice: it says so itself")
    # A note refers to the invoice it corrects, so its own title stands first; further down an invoice may speak of notes.
    # Or of its seller, who may be called after them.
    note = None if _SELLER_OF_NOTES.search(text) else _NOTE.search(text, 0, title.start())
    if note:
        return Found("not_a_tax_invoice", f"not a GST tax invoice: a {note[0].lower()}")
    if currency := _OTHER_CURRENCY.search(text):
        said = f"not a GST tax invoice in rupees: its currency is {currency[1] or currency[2]}"
        return Found("other_currency", said)
    return None


def _only(
    values: Iterable[_Found],
    what: str,
    found: list[Found],
    *,
    required: bool = True,
    several: str = "field_unclear",
) -> _Found | None:
    """The one value stated, on however many pages. Of different ones none is taken."""
    different = tuple(dict.fromkeys(values))
    if len(different) > 1:
        found.append(Found(several, f"{len(different)} different values for the {what}: several invoices in one file?"))
    elif required and not different:
        found.append(Found("field_missing", f"the {what} is missing"))
    return different[0] if len(different) == 1 else None


def _place(text: str, found: list[Found]) -> str | None:
    places = _PLACE_OF_SUPPLY.findall(text)
    if not places and _PLACE_LABEL.search(text):
        found.append(Found("field_missing", "the place of supply could not be read"))
    return _only(places, "place of supply", found, required=False)


def _spoken(text: str, found: list[Found]) -> tuple[Decimal, ...]:
    """The amounts in words, each once."""
    amounts = [rupees.in_words(shown) for shown in dict.fromkeys(_WORDS.findall(text))]
    if None in amounts:
        found.append(Found("words_unclear", "the amount in words is not understood"))
    return tuple(amount for amount in amounts if amount is not None)


def _totals(
    shown: tuple[str, str], lines: tuple[Line, ...], spoken: Sequence[Decimal], found: list[Found]
) -> tuple[Decimal | None, Decimal | None]:
    """Tax and grand total. One amount alone may as well be the tax: it counts if the lines or the words make it."""
    first, second = (rupees.amount(one, found) if one else None for one in shown)
    if shown[1]:
        return first, second
    made = _in_lines(lines) if lines else None
    if first is None or first == made or (made is None and first in spoken):
        return None, first
    known = "no line could be read" if made is None else f"it is not what the lines add up to, {made}"
    found.append(Found("sums_differ", f"one amount alone follows TOTAL, and {known}"))
    return None, None


def _goods(lines: tuple[Line, ...], found: list[Found]) -> Decimal | None:
    goods = _sum(line.goods_amount for line in lines)
    if abs(goods) < _TOO_LARGE:
        return goods
    found.append(Found("amount_malformed", "the lines' taxable values add up to more than 16 digits"))
    return None


def _in_lines(lines: tuple[Line, ...]) -> Decimal:
    return _sum(line.total_amount for line in lines)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum(filter(None, amounts), Decimal("0.00"))


def _date(shown: str | None, found: list[Found]) -> date | None:
    if shown is None:
        return None
    day, month, year = re.split(r"[./-]", shown)
    try:
        issued = date(int(year), int(month), int(day))
    except ValueError:
        found.append(Found("date_wrong", f"the invoice date {shown} is no date"))
        return None
    if issued < _GST_BEGAN:
        found.append(Found("date_wrong", f"the invoice date {shown} is before {_GST_BEGAN}, when GST began"))
    return issued


def _tax_ids(text: str, found: list[Found]) -> tuple[str | None, str | None]:
    """The seller's GSTIN and the buyer's: each belongs to the block whose heading stands before it."""
    numbers = [(is_sellers, part["gstin"]) for is_sellers, part in gstins(text)]
    if any(is_sellers is None for is_sellers, _ in numbers):
        said = "whose a GSTIN is cannot be told: the headings of seller and buyer both stand before the first"
        found.append(Found("field_unclear", said))
        return None, None
    seller = _only((one for is_sellers, one in numbers if is_sellers), "seller's GSTIN", found)
    buyer = _only((one for is_sellers, one in numbers if not is_sellers), "buyer's GSTIN", found, required=False)
    for whose, number in (("seller", seller), ("buyer", buyer)):
        if number is not None and not gstin_is_valid(number):
            said = f"the {whose}'s GSTIN is not valid: its form or its check character is wrong"
            found.append(Found("tax_id_wrong", said))
    return seller, buyer


def gstins(text: str) -> Iterator[tuple[bool | None, re.Match[str]]]:
    """Each GSTIN, and whether it is the seller's: by the block it stands in, and before the first block it is.

    ``None`` where the blocks are drawn side by side, row by row: then both headings stand before the first GSTIN.
    """
    parts = list(_PARTY.finditer(text))
    first = next((at for at, part in enumerate(parts) if part["gstin"]), 0)
    mixed = len({part["block"] == _SELLER for part in parts[:first]}) > 1
    block = _SELLER
    for part in parts:
        if part["gstin"]:
            yield None if mixed else block == _SELLER, part
        block = part["block"] or block


def _sum_findings(
    goods: Decimal | None, tax: Decimal | None, total: Decimal | None, lines: tuple[Line, ...]
) -> Iterator[Found]:
    if not lines:
        yield Found("lines_unread", "no line could be read, so the taxable value is unknown")
    if total is not None and tax is None:
        yield Found("field_missing", "the total tax is missing")
    if goods is not None and tax is not None and total is not None and goods + tax != total:
        yield Found("sums_differ", f"taxable value {goods} + tax {tax} is not the total {total}")
    if lines and total is not None and (in_lines := _in_lines(lines)) != total:
        yield Found("sums_differ", f"the lines add up to {in_lines}, not to the total {total}")


def _total_findings(total: Decimal | None, spoken: Iterable[Decimal], text: str) -> Iterator[Found]:
    """Whether the total is the same wherever it is stated; words without paise may be rounded."""
    if total is None:
        return
    for amount in spoken:
        apart = abs(amount - abs(total))
        if apart >= 1 or (apart and amount != int(amount)):
            yield Found("words_differ", f"the amount in words is {amount:.2f}, the total {total}")
    for shown in dict.fromkeys(_GRAND_TOTAL.findall(text)):
        if rupees.amount(shown, []) != total:
            yield Found("sums_differ", f"the grand total is not the total {total}")


READER: Final = DocumentReader("gst", _claims, _read)
