"""The lines of an Indian GST invoice, by the sequence of their cells. Not for the fields around them.

A line is: unit price, discount if any, quantity (shipping has none), net, then tax rates, types and amounts, however
stacked, and the total. What stands between two lines is the second one's description.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from spapi_invoices.documents.facts import Line
from spapi_invoices.documents.findings import Found
from spapi_invoices.documents.rupees import MONEY, amount

# UTGST is what a union territory calls its SGST.
_KINDS: Final = {"CGST": "CGST", "SGST": "SGST", "UTGST": "SGST", "IGST": "IGST", "CESS": "CESS"}
_KIND: Final = re.compile("|".join(_KINDS))
_MONEY: Final = re.compile(MONEY)
_LINE: Final = re.compile(
    rf"(?P<price>{MONEY})(?:\s+(?P<discount>{MONEY}))?(?:\s+(?P<quantity>\d+))?\s+(?P<net>{MONEY})"
    rf"(?P<tail>(?:\s+(?:\d[\d.]*\s?%|(?:{_KIND.pattern})\b|{MONEY}))+)",
    re.ASCII,
)
# The last words of the table's heading, which every page repeats.
_HEADING: Final = re.compile(r"\bTotal\s+Amount")
_HSN: Final = re.compile(r"\b(?:HSN|SAC)(?:\s*/\s*SAC)?(?:\s+Code)?\s*:?\s*(\d{4,8})\b", re.ASCII)
_POSITION: Final = re.compile(r"\s*\d{1,4}\s+(?=\D)", re.ASCII)
# All that is looked for beside the descriptions: a new pattern belongs here too.
PATTERNS: Final = (_LINE, _HEADING, _HSN)
# Behind the ASIN Amazon prints the seller's own number.
_SKU: Final = re.compile(r"\|\s*[A-Z0-9]{10}\s*\(\s*([^()|]{1,80}?)\s*\)", re.ASCII)


def lines(text: str, found: list[Found]) -> tuple[Line, ...]:
    """The lines in the order of the text, numbered from 1."""
    read: list[Line] = []
    for begin, cells in rows(text):
        before = text[begin : cells.start()]
        stated = _described(before) if begin else (None, _last_code(before))
        if line := _line(len(read) + 1, cells, stated, found):
            read.append(line)
    return tuple(read)


def rows(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Each line's cells, and where its description begins: behind the table's heading, else behind the line above.

    It is 0 for a first line without a heading: before it stands the whole head, and no description that could be told.
    """
    begin = 0
    for cells in _LINE.finditer(text):
        for heading in _HEADING.finditer(text, begin, cells.start()):
            begin = heading.end()
        yield begin, cells
        begin = cells.end()


def _line(at: int, cells: re.Match[str], stated: tuple[str | None, str | None], found: list[Found]) -> Line | None:
    net = amount(cells["net"], found)
    tail = [amount(shown, found) for shown in _MONEY.findall(cells["tail"])]
    amounts = [one for one in tail if one is not None]
    if net is None or not amounts:
        return None
    # The total stands last where taxes are stacked, after the first tax where they are not: it is the largest.
    total = max(amounts, key=abs)
    amounts.remove(total)
    discount = amount(cells["discount"], found) if cells["discount"] else None
    taxes = _taxes(at, _KIND.findall(cells["tail"]), amounts, found)
    if net + sum(amounts) != total:
        found.append(Found("line_not_composed", f"line {at}: {net} and its taxes are not its total {total}"))
    description, hsn = stated
    return Line(
        line_number=at,
        description=description,
        product_code=sku[1] if description and (sku := _SKU.search(description)) else None,
        commodity_code=hsn,
        quantity=Decimal(cells["quantity"]) if cells["quantity"] else None,
        unit_price=amount(cells["price"], found),
        goods_amount=net,
        discount_amount=None if discount is None else abs(discount),
        cgst_amount=taxes.get("CGST"),
        sgst_amount=taxes.get("SGST"),
        igst_amount=taxes.get("IGST"),
        cess_amount=taxes.get("CESS"),
        total_amount=total,
    )


def _taxes(at: int, kinds: list[str], amounts: list[Decimal], found: list[Found]) -> dict[str, Decimal]:
    """The tax of each kind; none of them where amounts and kinds cannot be paired."""
    if len(kinds) != len(amounts):
        found.append(Found("line_unclear", f"line {at}: {len(kinds)} kinds of tax and {len(amounts)} amounts"))
        return {}
    taxes: defaultdict[str, Decimal] = defaultdict(Decimal)
    for kind, tax in zip(kinds, amounts, strict=True):
        taxes[_KINDS[kind]] += tax
    return dict(taxes)


def _described(before: str) -> tuple[str | None, str | None]:
    """Description and HSN."""
    code = _HSN.search(before)
    shown = before[: code.start()] if code else before
    position = _POSITION.match(shown)
    described = shown[position.end() if position else 0 :].strip()
    return described or None, code[1] if code else None


def _last_code(head: str) -> str | None:
    return codes[-1] if (codes := _HSN.findall(head)) else None
