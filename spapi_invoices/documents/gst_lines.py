"""The lines of an Indian GST invoice, by the sequence of their cells. Not for the fields around them.

A line is: unit price, discount if any, quantity (shipping has none), net, then tax rates, types and amounts, however
stacked, and the total. What stands between two lines is the second one's description, but where a page ends between them:
what a page begins with may be the customer's address.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from spapi_invoices.documents.facts import Line
from spapi_invoices.documents.findings import Found
from spapi_invoices.documents.rupees import MONEY, amount

# Stands between two pages of an invoice's text, and nowhere else in it.
PAGE_BREAK: Final = "\f"
# UTGST is what a union territory calls its SGST.
_KINDS: Final = {"CGST": "CGST", "SGST": "SGST", "UTGST": "SGST", "IGST": "IGST", "CESS": "CESS"}
_KIND: Final = re.compile("|".join(_KINDS))
_MONEY: Final = re.compile(MONEY)
_LINE: Final = re.compile(
    rf"(?P<price>{MONEY})(?:\s+(?P<discount>(?:-\s)?{MONEY}))?(?:\s+(?P<quantity>\d{{1,9}}))?\s+(?P<net>{MONEY})"
    rf"(?P<tail>(?:\s+(?:\d[\d.]*\s?%|(?:{_KIND.pattern})\b|{MONEY}))+)",
    re.ASCII,
)
# The last words of the table's heading, which a page may repeat. A description may hold the very last two.
_HEADING: Final = re.compile(r"\b(?P<whole>Tax\s+Amount\s+)?Total\s+Amount")
# What stands in no description: if it is there, it is more than one.
_ELSEWHERE: Final = re.compile(r"\bTOTAL\b|Sold By|Billing Address|Shipping Address|(?i:tax invoice)")
_HSN: Final = re.compile(r"\b(?:HSN|SAC)(?:\s*/\s*SAC)?(?:\s+Code)?\s*:?\s*(\d{2,10})(?=\W)", re.ASCII)
_POSITION: Final = re.compile(r"\s*(\d{1,4})\s+", re.ASCII)
# Some forms have the quantity before the unit price.
_COUNT: Final = re.compile(rf"(?<![\w.,:-])(\d{{1,3}})\s+(?={MONEY})", re.ASCII)
# All that is looked for beside the descriptions: a new pattern belongs here too.
PATTERNS: Final = (_LINE, _HEADING, _ELSEWHERE, _HSN, _COUNT)
# Behind the ASIN Amazon prints the seller's own number.
_SKU: Final = re.compile(r"\|\s*[A-Z0-9]{10}\s*\(\s*([^()|]{1,80}?)\s*\)", re.ASCII)
_HALF_PAISA: Final = Decimal("0.005")


class Row(NamedTuple):
    """A line in the text: where it begins, where its description does, and its cells.

    ``begin`` is 0 if that cannot be told: before the cells stands the whole head of a page.
    """

    begin: int
    described: int
    cells: re.Match[str]


def lines(text: str, found: list[Found]) -> tuple[Line, ...]:
    """The lines in the order of the text, numbered from 1."""
    read: list[Line] = []
    for row in rows(text):
        if line := _line(len(read) + 1, row, text, found):
            read.append(line)
    return tuple(read)


def without_descriptions(text: str) -> str:
    """What the invoice says of itself: the words of its lines are those of whoever named the goods."""
    at, parts = 0, list[str]()
    for row in rows(text):
        if row.begin:
            parts.append(text[at : row.begin])
            at = row.cells.start()
    return " ".join((*parts, text[at:]))


def rows(text: str) -> Iterator[Row]:
    """Each line's cells, and where it begins: behind the table's heading, else behind the line above."""
    above = last = 0
    for cells in _LINE.finditer(text):
        # Without a total it is a price in a description.
        if not _MONEY.search(cells["tail"]):
            continue
        begin = _begin(text, above, cells.start(), last + 1)
        position = _position(text, begin, cells.start(), last + 1) if begin else None
        last = int(position[1]) if position else last
        yield Row(begin, position.end() if position else begin, cells)
        above = cells.end()


def _begin(text: str, above: int, end: int, position: int) -> int:
    """Where the line begins whose cells are at ``end``; 0 if something else may stand before its description."""
    page = text.rfind(PAGE_BREAK, above, end) + 1
    headings = list(_HEADING.finditer(text, max(page, above), end))
    headings = [one for one in headings if one["whole"]] or ([] if above and not page else headings)
    if len(headings) > 1:
        return 0
    if headings:
        begin = headings[0].end()
    elif page and above:
        # Without a heading only the number that is next shows that the page begins with the line.
        first = _POSITION.match(text, page, end)
        begin = page if first and int(first[1]) == position else 0
    else:
        begin = above
    begun_before = page and above and _position(text, above, page, position)
    return 0 if begun_before or _ELSEWHERE.search(text, begin, end) else begin


def _position(text: str, start: int, end: int, expected: int) -> re.Match[str] | None:
    """The line's number in the table. One that is not the next one counts if no number follows it."""
    number = _POSITION.match(text, start, end)
    if number and (int(number[1]) == expected or not text[number.end()].isdigit()):
        return number
    return None


def _line(at: int, row: Row, text: str, found: list[Found]) -> Line | None:
    cells = row.cells
    price, net = amount(cells["price"], found), amount(cells["net"], found)
    tail = [amount(shown, found) for shown in _MONEY.findall(cells["tail"])]
    amounts = [one for one in tail if one is not None]
    if net is None or not amounts:
        return None
    # The total stands last where taxes are stacked, after the first tax where they are not: it is the largest.
    total = max(amounts, key=abs)
    amounts.remove(total)
    discount = amount(cells["discount"], found) if cells["discount"] else None
    end, quantity = _counted(text, row, price, discount, net)
    taxes = _taxes(at, _KIND.findall(cells["tail"]), amounts, found)
    found += _misfits(at, price, quantity, discount, net, sum(amounts), total)
    # Before the first line stands the head, and not every form's table has a heading that is known.
    if not row.begin and at > 1:
        found.append(Found("line_unclear", f"line {at}: where its description begins cannot be told"))
    description, hsn = _described(text[row.described : end]) if row.begin else (None, _last_code(text[:end]))
    return Line(
        line_number=at,
        description=description,
        product_code=sku[1] if description and (sku := _SKU.search(description)) else None,
        commodity_code=hsn,
        quantity=quantity,
        unit_price=price,
        goods_amount=net,
        discount_amount=None if discount is None else abs(discount),
        cgst_amount=taxes.get("CGST"),
        sgst_amount=taxes.get("SGST"),
        igst_amount=taxes.get("IGST"),
        cess_amount=taxes.get("CESS"),
        total_amount=total,
    )


def _counted(
    text: str, row: Row, price: Decimal | None, discount: Decimal | None, net: Decimal
) -> tuple[int, Decimal | None]:
    """Where the description ends, and the quantity: a number before the price is one if it makes the net amount."""
    cells = row.cells
    start = cells.start()
    if cells["quantity"]:
        return start, Decimal(cells["quantity"])
    before = _COUNT.search(text, max(row.described, start - 4), cells.end())
    if before and before.end() == start and price is not None and _makes(price, Decimal(before[1]), discount, net):
        return before.start(), Decimal(before[1])
    return start, None


def _makes(price: Decimal, quantity: Decimal, discount: Decimal | None, net: Decimal) -> bool:
    """Whether price x quantity, less the discount, which may be each piece's, is the net amount."""
    off = abs(discount or Decimal(0))
    # The price is rounded to the paisa, and so is what it makes.
    slack = _HALF_PAISA * (quantity + 1)
    return any(abs(made - net) <= slack for made in (price * quantity - off, (price - off) * quantity))


def _misfits(  # noqa: PLR0913 - the cells of a line
    at: int,
    price: Decimal | None,
    quantity: Decimal | None,
    discount: Decimal | None,
    net: Decimal,
    taxes: Decimal | int,
    total: Decimal,
) -> Iterator[Found]:
    """What of a line does not make the next."""
    if price is not None and not _makes(price, quantity or Decimal(1), discount, net):
        less = "" if discount is None else f" less {abs(discount)}"
        said = f"line {at}: {price} x {quantity or 1}{less} is not its net amount {net}"
        yield Found("line_not_composed", said)
    if net + taxes != total:
        yield Found("line_not_composed", f"line {at}: {net} and its taxes are not its total {total}")


def _taxes(at: int, kinds: list[str], amounts: list[Decimal], found: list[Found]) -> dict[str, Decimal]:
    """The tax of each kind; none of them where amounts and kinds cannot be paired."""
    if len(kinds) != len(amounts):
        found.append(Found("line_unclear", f"line {at}: {len(kinds)} kinds of tax and {len(amounts)} amounts"))
        return {}
    taxes: defaultdict[str, Decimal] = defaultdict(Decimal)
    for kind, tax in zip(kinds, amounts, strict=True):
        taxes[_KINDS[kind]] += tax
    return dict(taxes)


def _described(shown: str) -> tuple[str | None, str | None]:
    """Description and HSN."""
    code = _HSN.search(shown)
    described = (shown[: code.start()] if code else shown).strip()
    return described or None, code[1] if code else None


def _last_code(head: str) -> str | None:
    return codes[-1] if (codes := _HSN.findall(head)) else None
