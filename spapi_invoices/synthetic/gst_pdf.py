"""Synthetic GST tax invoices as PDF, in the form that Amazon prints in India. No such order exists; not for reading any.

A page is first laid out as values, then drawn: as text, or as grey bars where the text would be, which is what a scan
is to a reader. Everything follows from the ``GstInvoice`` given, so the bytes are the same on every machine. The fonts
have no rupee sign, hence ``Rs.``
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from spapi_invoices.synthetic.pdf import BOLD, REGULAR, box_at, document, text_at, width, wrap

_CENT: Final = Decimal("0.01")
_LEFT, _RIGHT, _TOP, _BOTTOM = 36.0, 559.0, 806.0, 60.0
_MIDDLE: Final = 310.0
_SHADE: Final = 0.9
# Of the bars where words would be.
_WORD: Final = 0.35

# Heading, width in points, and where its cells' text stands.
_COLUMNS: Final = (
    ("Sl.", 22, "left"),
    ("Description", 171, "left"),
    ("Unit Price", 64, "right"),
    ("Qty", 24, "right"),
    ("Net Amount", 64, "right"),
    ("Tax Rate", 30, "right"),
    ("Tax Type", 32, "left"),
    ("Tax Amount", 54, "right"),
    ("Total Amount", 62, "right"),
)

_UNITS: Final = (
    *("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"),
    *("Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen"),
)
_TENS: Final = ("", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety")
_SCALES: Final = ((10_000_000, "Crore"), (100_000, "Lakh"), (1_000, "Thousand"), (100, "Hundred"))


@dataclass(frozen=True, slots=True)
class GstLine:
    """One item. ``unit_price`` is before tax, with two decimals; ``tax_rate`` is in percent, 18 for 18 %."""

    description: str
    hsn: str
    unit_price: Decimal
    quantity: int
    tax_rate: Decimal

    @property
    def net_amount(self) -> Decimal:
        """The taxable value."""
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class GstInvoice:
    """What an invoice is rendered from. Its texts have the characters of Windows-1252.

    Attributes:
        order_id: The Amazon order id; ``None`` leaves it out.
        intra_state: Half of each line's rate is CGST, half SGST, each rounded; otherwise the whole is IGST.
        lines: As many as fit on a page, about a dozen.
        buyer_gstin: ``None`` for a consumer.
        other_order_ids: Further orders it is for; there is room for one.
    """

    invoice_number: str
    invoice_date: date
    order_id: str | None
    order_date: date
    purchase_order_number: str
    seller_name: str
    seller_gstin: str
    buyer_name: str
    place_of_supply: str
    intra_state: bool
    lines: tuple[GstLine, ...]
    buyer_gstin: str | None = None
    other_order_ids: tuple[str, ...] = ()

    def taxes(self, line: GstLine) -> tuple[tuple[str, Decimal, Decimal], ...]:
        """Type, rate in percent and amount, rounded half up to the paisa."""
        types = ("CGST", "SGST") if self.intra_state else ("IGST",)
        rate = line.tax_rate / len(types)
        amount = (line.net_amount * rate / 100).quantize(_CENT, ROUND_HALF_UP)
        return tuple((kind, rate, amount) for kind in types)

    @property
    def goods_amount(self) -> Decimal:
        """The taxable value of all lines."""
        return sum((line.net_amount for line in self.lines), Decimal("0.00"))

    @property
    def tax_amount(self) -> Decimal:
        """All lines' taxes, rounded line by line."""
        return sum((amount for line in self.lines for _, _, amount in self.taxes(line)), Decimal("0.00"))

    @property
    def total_amount(self) -> Decimal:
        """What the buyer pays."""
        return self.goods_amount + self.tax_amount


@dataclass(frozen=True, slots=True)
class _Text:
    """``x`` is where it begins, ends or has its middle, by ``align``; ``y`` is its base line."""

    x: float
    y: float
    text: str
    size: float = 8
    font: str = REGULAR
    align: str = "left"


@dataclass(frozen=True, slots=True)
class _Box:
    """A frame from its lower left corner, shaded or empty; a height of zero is a rule."""

    x: float
    y: float
    width: float
    height: float = 0
    shaded: bool = False


_Mark = _Text | _Box


def render(invoice: GstInvoice, *, text: bool = True) -> bytes:
    """One page of A4.

    Args:
        invoice: What it states.
        text: ``False`` draws grey bars for words, so that the PDF has no text, like a scan.

    Raises:
        ValueError: The lines do not fit on the page, or a character has no place in the fonts.
    """
    drawn = (_drawn(mark) if text or isinstance(mark, _Box) else _bars(mark) for mark in _page(invoice))
    return document("Synthetic tax invoice", drawn)


def _drawn(mark: _Mark) -> str:
    if isinstance(mark, _Box):
        return box_at(mark.x, mark.y, mark.width, mark.height, grey=_SHADE if mark.shaded else None)
    return text_at(_start(mark), mark.y, mark.text, mark.font, mark.size)


def _start(mark: _Text) -> float:
    if mark.align == "left":
        return mark.x
    return mark.x - width(mark.text, mark.font, mark.size) * {"center": 0.5, "right": 1.0}[mark.align]


def _bars(mark: _Text) -> str:
    """A bar for each word."""
    x, bars = _start(mark), []
    for word in mark.text.split(" "):
        wide = width(word, mark.font, mark.size)
        bars.append(box_at(x, mark.y, wide, mark.size * 0.55, grey=_WORD, line=False))
        x += wide + width(" ", mark.font, mark.size)
    return "\n".join(bars)


def _page(invoice: GstInvoice) -> Iterator[_Mark]:
    yield _Text(_LEFT, _TOP - 6, invoice.seller_name, 13, BOLD)
    yield _Text(_RIGHT, _TOP - 2, "Tax Invoice/Bill of Supply/Cash Memo", 11, BOLD, "right")
    yield _Text(_RIGHT, _TOP - 14, "(Original for Recipient)", 8, REGULAR, "right")
    yield _Box(_LEFT, _TOP - 24, _RIGHT - _LEFT)
    yield from _stacked(_LEFT, _TOP - 42, _seller(invoice))
    yield from _stacked(_MIDDLE, _TOP - 42, _buyer(invoice))
    yield from _stacked(_LEFT, _TOP - 132, _order(invoice))
    yield from _stacked(_MIDDLE, _TOP - 132, _numbers(invoice))
    y = _TOP - 178
    yield from _heading(y)
    y -= 24
    for position, line in enumerate(invoice.lines, 1):
        height = 10 * len(_described(line)) + 6
        yield from _row(invoice, position, line, y, height)
        y -= height
    if y < _BOTTOM + 90:
        raise ValueError(f"{len(invoice.lines)} lines do not fit on one page. Next: render fewer")
    yield from _totals(invoice, y)
    yield _Text(297.5, 36, "Synthetic document: no such order exists", 7, REGULAR, "center")


def _stacked(x: float, y: float, rows: tuple[tuple[str, str], ...]) -> Iterator[_Mark]:
    """Label and value beneath each other; a row without a value is a heading or a line of an address."""
    for label, value in rows:
        heading = label if value or label.endswith(":") else ""
        if heading:
            yield _Text(x, y, heading, 8, BOLD)
            x_value = x + width(heading, BOLD, 8) + 3
        if value or not heading:
            yield _Text(x_value if heading else x, y, value or label)
        y -= 11


def _seller(invoice: GstInvoice) -> tuple[tuple[str, str], ...]:
    return (
        ("Sold By:", ""),
        (invoice.seller_name, ""),
        ("Plot 1, Example Industrial Area", ""),
        ("Bengaluru, Karnataka, 560001, IN", ""),
        ("PAN No:", invoice.seller_gstin[2:12]),
        ("GST Registration No:", invoice.seller_gstin),
    )


def _buyer(invoice: GstInvoice) -> tuple[tuple[str, str], ...]:
    return (
        ("Billing Address:", ""),
        (invoice.buyer_name, ""),
        ("Flat 1, Example Street", ""),
        (f"{invoice.place_of_supply}, IN", ""),
        *((("GST Registration No:", invoice.buyer_gstin),) if invoice.buyer_gstin else ()),
        ("Place of supply:", invoice.place_of_supply),
        ("Place of delivery:", invoice.place_of_supply),
    )


def _order(invoice: GstInvoice) -> tuple[tuple[str, str], ...]:
    return (
        *(("Order Number:", order_id) for order_id in (invoice.order_id, *invoice.other_order_ids) if order_id),
        ("Order Date:", f"{invoice.order_date:%d.%m.%Y}"),
        ("Purchase Order Number:", invoice.purchase_order_number),
    )


def _numbers(invoice: GstInvoice) -> tuple[tuple[str, str], ...]:
    return (("Invoice Number:", invoice.invoice_number), ("Invoice Date:", f"{invoice.invoice_date:%d.%m.%Y}"))


def _heading(y: float) -> Iterator[_Mark]:
    yield from _cells(y, 24, [heading.split(" ") for heading, _, _ in _COLUMNS], font=BOLD, shaded=True)


def _row(invoice: GstInvoice, position: int, line: GstLine, y: float, height: float) -> Iterator[_Mark]:
    taxes = invoice.taxes(line)
    total = line.net_amount + sum(amount for _, _, amount in taxes)
    cells = [
        [str(position)],
        _described(line),
        [_rupees(line.unit_price)],
        [str(line.quantity)],
        [_rupees(line.net_amount)],
        [f"{rate.normalize():f}%" for _, rate, _ in taxes],
        [kind for kind, _, _ in taxes],
        [_rupees(amount) for _, _, amount in taxes],
        [_rupees(total)],
    ]
    yield from _cells(y, height, cells)


def _described(line: GstLine) -> list[str]:
    return [*wrap(line.description, REGULAR, 7.5, _COLUMNS[1][1] - 8), f"HSN:{line.hsn}"]


def _cells(
    y: float, height: float, cells: list[list[str]], *, font: str = REGULAR, shaded: bool = False
) -> Iterator[_Mark]:
    x = _LEFT
    for (_, room, align), texts in zip(_COLUMNS, cells, strict=True):
        yield _Box(x, y - height, room, height, shaded)
        for position, text in enumerate(texts):
            edge = x + room - 4 if align == "right" else x + 4
            yield _Text(edge, y - 10 - 10 * position, text, _size(text, font, room), font, align)
        x += room


def _size(text: str, font: str, room: float) -> float:
    """7.5 points, or less where the text would run into the next cell and be read as part of it."""
    needed = width(text, font, 7.5)
    return 7.5 if needed <= room - 8 else int(75 * (room - 8) / needed) / 10


def _totals(invoice: GstInvoice, y: float) -> Iterator[_Mark]:
    tax_edge: float = _RIGHT - _COLUMNS[-1][1]
    yield _Box(_LEFT, y - 18, _RIGHT - _LEFT, 18, shaded=True)
    yield _Text(_LEFT + 4, y - 12, "TOTAL:", 8, BOLD)
    for edge, amount in ((tax_edge, invoice.tax_amount), (_RIGHT, invoice.total_amount)):
        shown = _rupees(amount)
        yield _Text(edge - 4, y - 12, shown, _size(shown, BOLD, _COLUMNS[-1][1]), BOLD, "right")
    words = wrap(amount_in_words(invoice.total_amount), BOLD, 8, _RIGHT - _LEFT - 8)
    yield _Box(_LEFT, y - 36 - 11 * len(words), _RIGHT - _LEFT, 18 + 11 * len(words))
    yield _Text(_LEFT + 4, y - 30, "Amount in Words:")
    for position, row in enumerate(words):
        yield _Text(_LEFT + 4, y - 41 - 11 * position, row, 8, BOLD)
    y -= 52 + 11 * len(words)
    yield _Text(_LEFT, y, "Whether tax is payable under reverse charge - No", 7.5)
    yield _Text(_RIGHT, y, f"For {invoice.seller_name}:", 8, BOLD, "right")
    yield _Text(_RIGHT, y - 30, "Authorized Signatory", 8, REGULAR, "right")


def _rupees(amount: Decimal) -> str:
    return f"Rs.{group_digits(amount)}"


def group_digits(amount: Decimal) -> str:
    """Two decimals and Indian grouping: the last three digits, then pairs.

    >>> group_digits(Decimal("12345678.9"))
    '1,23,45,678.90'
    """
    whole, _, decimals = f"{amount:.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)]
    return ",".join([*reversed(pairs), tail]) + f".{decimals}"


def amount_in_words(amount: Decimal) -> str:
    """In the Indian system.

    >>> amount_in_words(Decimal("123456.78"))
    'One Lakh Twenty-three Thousand Four Hundred Fifty-six Rupees and Seventy-eight Paise only'
    """
    rupees, paise = divmod(int(amount * 100), 100)
    return f"{_words(rupees)} Rupees" + (f" and {_words(paise)} Paise" if paise else "") + " only"


def _words(number: int) -> str:
    if number < len(_UNITS):
        return _UNITS[number]
    for scale, name in _SCALES:
        if number >= scale:
            many, rest = divmod(number, scale)
            return f"{_words(many)} {name}" + (f" {_words(rest)}" if rest else "")
    tens, units = divmod(number, 10)
    return _TENS[tens] + (f"-{_UNITS[units].lower()}" if units else "")
