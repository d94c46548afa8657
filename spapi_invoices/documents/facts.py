"""What one document states, as a value. Not for how it was read."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One document's statement: a row of ``InvoiceFacts`` but for ``document_id``, ``reader`` and ``file_name``.

    ``None`` means that the document does not state it. Amounts have two decimals and are all in ``currency``.
    ``authorised`` of an NF-e's event is ``False`` where the event takes back the NF-e with its ``access_key``.
    ``problem`` says why the document could not be read, or lists what is wrong with it; it holds no personal data.

    >>> Facts(invoice_number="1-46320", buyer_tax_id="52998224725").invoice_number
    '1-46320'
    """

    document_type: str | None = None
    invoice_number: str | None = None
    issue_date: date | None = None
    currency: str | None = None
    total_amount: Decimal | None = None
    goods_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    discount_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    seller_tax_id: str | None = None
    buyer_tax_id: str | None = field(default=None, repr=False)
    purchase_order_number: str | None = None
    amazon_shipment_id: str | None = None
    order_ids: tuple[str, ...] = ()
    access_key: str | None = None
    authorised: bool | None = None
    problem: str | None = None
