"""What the shipment tables say, worked out record by record in plain Python: the oracle of the frames. Not fast."""

from decimal import Decimal
from typing import Any

from spapi_invoices.core.models import Money, ShipmentItem
from spapi_invoices.core.money import parse_amount
from spapi_invoices.core.shipment_invoicing import ShipmentAnswer

PRICES = ("ItemPrice", "ShippingPrice", "GiftWrapPrice", "ShippingDiscount", "PromotionDiscount")
TOTALS = ("item_amount", "shipping_amount", "gift_wrap_amount", "shipping_discount_amount", "promotion_discount_amount")
LIMIT = 10**16
TOO_LARGE = "the sum has more than 16 digits before the point"


def read(name: str, money: Money | None, problems: list[str]) -> Decimal | None:
    if money is None or not money.Amount:
        if money is not None or name == "ItemPrice":
            problems.append(f"{name}.Amount: missing")
        return None
    try:
        return parse_amount(money.Amount)
    except ValueError as error:
        problems.append(f"{name}.Amount: {error}")
        return None


def item(entry: ShipmentItem, *, section_read: bool) -> dict[str, Any]:
    """Amounts, currency, expected amount and problems of an item."""
    problems: list[str] = []
    amounts = [read(name, getattr(entry, name), problems) for name in PRICES]
    readable = section_read and not problems
    for at in (3, 4):
        if (amounts[at] or 0) < 0:
            problems.append(f"{PRICES[at]}.Amount: {amounts[at]} is negative; its absolute value is subtracted")
            amounts[at] = abs(amounts[at])
    codes = {money.CurrencyCode or None for name in PRICES if (money := getattr(entry, name)) is not None}
    (currency,) = codes if len(codes) == 1 else (None,)
    if currency is None:
        problems.append("CurrencyCode: missing, or more than one in the item")
    expected = None
    if currency is not None and readable:
        expected = sum((amount or 0) * (1 if at < 3 else -1) for at, amount in enumerate(amounts))
        if abs(expected) >= LIMIT:
            problems.append(f"expected_amount: {TOO_LARGE}")
    return {
        "amounts": amounts, "currency": currency, "expected": expected, "readable": readable, "problems": problems
    }  # fmt: skip


def payment(money: Money | None, *, section_read: bool) -> dict[str, Any]:
    """The same of a payment."""
    problems: list[str] = []
    amount = read("PaymentValue", money, problems)
    readable = section_read and not problems
    currency = (money.CurrencyCode or None) if money else None
    return {"amount": amount, "currency": currency, "readable": readable, "problems": problems}


def shipment(asked_id: str, answer: ShipmentAnswer) -> dict[str, Any]:
    """Sums and problem of a shipment whose time of purchase is well-formed."""
    detail = answer.detail
    read_of = {name: not any(one.startswith(name) for one in answer.problems) for name in ("ShipmentItems", "Payments")}
    items = [item(one, section_read=read_of["ShipmentItems"]) for one in detail.ShipmentItems or ()]
    payments = [payment(one.PaymentValue, section_read=read_of["Payments"]) for one in detail.Payments or ()]
    problems = list(answer.problems)
    for name, lines in (("ShipmentItems", items), ("Payments", payments)):
        problems += [f"{name}[{at}].{one}" for at, line in enumerate(lines) for one in line["problems"]]
    if detail.AmazonShipmentId is None:
        problems.append("AmazonShipmentId: missing")
    elif detail.AmazonShipmentId != asked_id:
        problems.append(f"AmazonShipmentId: asked for {asked_id}, got {detail.AmazonShipmentId}")
    problems += [] if items else ["ShipmentItems: none"]
    codes = {one["currency"] for one in items}
    (currency,) = codes if len(codes) == 1 else (None,)
    if len(codes) > 1 and None not in codes:
        problems.append("ShipmentItems: more than one currency, so no sum")
    summable = all(one["readable"] for one in items) and detail.AmazonShipmentId in {None, asked_id}
    columns = {total: [one["amounts"][at] for one in items] for at, total in enumerate(TOTALS)}
    columns["expected_amount"] = [one["expected"] for one in items]
    payable = all(one["readable"] and one["currency"] == currency for one in payments)
    columns["paid_amount"] = [one["amount"] for one in payments] if payable else []
    sums = {name: total(values) if summable and currency else None for name, values in columns.items()}
    problems += [f"{name}: {TOO_LARGE}" for name, value in sums.items() if abs(value or 0) >= LIMIT]
    return {
        "currency": currency,
        **{name: None if abs(value or 0) >= LIMIT else value for name, value in sums.items()},
        "problem": "; ".join(problems) or None,
        "items": items,
    }


def total(amounts: list[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None
