"""A receipt: a text whose first line is ``RECEIPT`` and whose others are a name, a colon and a value. Bytes in, facts out."""

import re
from decimal import Decimal
from typing import Final

from spapi_invoices.core.money import parse_amount
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.reader import DocumentReader

# Editors may put a byte-order mark before it.
_HEAD: Final = re.compile(rb"(\xef\xbb\xbf)?RECEIPT\r?\n")
_NEEDED: Final = ("Number", "Order", "Total")


def claims(content: bytes) -> bool:
    """Whether it looks like a receipt. A quick look: it is asked of every document."""
    return bool(_HEAD.match(content))


def read(content: bytes) -> Facts:
    """What a receipt states. A bad one is facts with a problem, never an exception, and never half a row in silence."""
    try:
        lines = content.decode("utf-8-sig").splitlines()[1:]
    except UnicodeDecodeError:
        return _unread("is not UTF-8")
    stated = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    names, said = [name for name, _ in stated], dict(stated)
    if missing := [name for name in _NEEDED if not said.get(name)]:
        return _unread(f"does not state {', '.join(missing)}")
    if repeated := [name for name in _NEEDED if names.count(name) > 1]:
        return _unread(f"states {', '.join(repeated)} more than once")
    try:
        currency, amount = _money(said["Total"])
    except ValueError as error:
        return _unread(f"states a total that cannot be read: {error}")
    return Facts(
        document_type="receipt",
        invoice_number=said["Number"],
        currency=currency,
        total_amount=amount,
        order_ids=(said["Order"],),
    )


READER: Final = DocumentReader("receipts", claims=claims, read=read)


def _money(text: str) -> tuple[str, Decimal]:
    currency, _, digits = text.partition(" ")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise ValueError("it does not begin with a currency's code, as BRL")
    return currency, parse_amount(digits)


def _unread(why: str) -> Facts:
    return Facts(document_type="receipt", problem=f"the receipt {why}. Next: ask the shop for it again")
