"""What one invoice states, as values. Not for how it was read."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an invoice: a row of ``InvoiceLines`` but for what all lines of the invoice share.

    ``None`` means that the document does not state it. Amounts have two decimals, a quantity four, a unit price ten.
    """

    line_number: int
    product_code: str | None = None
    description: str | None = None
    commodity_code: str | None = None
    cfop: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    goods_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    insurance_amount: Decimal | None = None
    discount_amount: Decimal | None = None
    other_amount: Decimal | None = None
    cgst_amount: Decimal | None = None
    sgst_amount: Decimal | None = None
    igst_amount: Decimal | None = None
    cess_amount: Decimal | None = None
    total_amount: Decimal | None = None
    in_total: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One invoice's statement: a row of ``InvoiceFacts`` but for ``document_id``, ``reader`` and ``file_name``.

    ``None`` means that the document does not state it. Amounts have two decimals and are all in ``currency``.
    ``authorised`` of an NF-e's event is ``False`` where the event takes back the NF-e with its ``access_key``.
    ``findings`` names what is wrong, ``problem`` says it in words, or why the document could not be read; neither holds
    personal data. ``lines`` are the rows of ``InvoiceLines``.

    >>> Facts(invoice_number="1-46320", buyer_tax_id="52998224725").invoice_number
    '1-46320'
    """

    document_type: str | None = None
    purpose: str | None = None
    invoice_number: str | None = None
    issue_date: date | None = None
    currency: str | None = None
    total_amount: Decimal | None = None
    goods_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    discount_amount: Decimal | None = None
    other_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    reform_total_amount: Decimal | None = None
    seller_tax_id: str | None = None
    buyer_tax_id: str | None = field(default=None, repr=False)
    marketplace_tax_id: str | None = None
    place_of_supply: str | None = None
    purchase_order_number: str | None = None
    amazon_shipment_id: str | None = None
    order_ids: tuple[str, ...] = ()
    access_key: str | None = None
    authorised: bool | None = None
    findings: tuple[str, ...] = ()
    problem: str | None = None
    lines: tuple[Line, ...] = field(default=(), repr=False)
