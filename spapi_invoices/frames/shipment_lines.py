"""What a shipment's items and payments amount to, and in words what is wrong with them. Not for sums over a shipment."""

from collections.abc import Iterable
from functools import reduce
from operator import add
from typing import Final

import polars as pl

from spapi_invoices.frames.shipment_records import PAYMENT_VALUE, PRICES, Price
from spapi_invoices.frames.values import WIDE, amount_refusal, fitting, read_amount, size_problem

_DISCOUNTS: Final = tuple(price for price in PRICES if price.sign < 0)
_ZERO: Final = pl.lit(0).cast(WIDE)


def items(raw: pl.DataFrame) -> pl.DataFrame:
    """The items with their amounts, the list of their ``problems``, and ``readable``: whether all amounts count.

    ``expected`` is their expected amount, however large. ``section_read``: no item of the shipment has an unread field.
    """
    told = [
        *(_lost_problem(price) for price in PRICES),
        *(_negative_problem(price) for price in _DISCOUNTS),
        pl.when(pl.col("currency").is_null()).then(pl.lit("CurrencyCode: missing, or more than one in the item")),
        size_problem("expected_amount", pl.col("expected")),
    ]
    return (
        raw.with_columns(_amount(price) for price in PRICES)
        .with_columns(currency=_one_currency(), readable=_readable(PRICES))
        .with_columns(expected=pl.when(pl.col("readable") & pl.col("currency").is_not_null()).then(_expected()))
        .with_columns(_problems(told), expected_amount=fitting(pl.col("expected")))
        .with_columns(_in_words(), *(pl.col(price.column).abs() for price in _DISCOUNTS))
    )


def payments(raw: pl.DataFrame) -> pl.DataFrame:
    """The payments, likewise."""
    code = pl.col(f"{PAYMENT_VALUE.column}.currency")
    return (
        raw.with_columns(_amount(PAYMENT_VALUE), currency=pl.when(code != "").then(code))
        .with_columns(_problems([_lost_problem(PAYMENT_VALUE)]), readable=_readable([PAYMENT_VALUE]))
        .with_columns(_in_words())
    )


def _text(price: Price) -> pl.Expr:
    """The amount's text; an empty one is a problem, and null is an amount that counts as zero."""
    text = pl.col(f"{price.column}.amount")
    return text.fill_null("") if price.required else text


def _amount(price: Price) -> pl.Expr:
    return read_amount(_text(price)).alias(price.column)


def _lost(price: Price) -> pl.Expr:
    """The text of which no amount could be read."""
    return pl.when(pl.col(price.column).is_null()).then(_text(price))


def _readable(prices: Iterable[Price]) -> pl.Expr:
    return pl.col("section_read") & pl.all_horizontal(_lost(price).is_null() for price in prices)


def _expected() -> pl.Expr:
    """What the item should cost. A discount is subtracted whatever its sign."""
    amounts = ((price.sign, pl.col(price.column).cast(WIDE).fill_null(_ZERO)) for price in PRICES)
    return reduce(add, (amount if sign > 0 else -amount.abs() for sign, amount in amounts))


def _one_currency() -> pl.Expr:
    """The currency that all amounts of an item name; null if they disagree or one names none."""
    codes = [pl.col(f"{price.column}.currency") for price in PRICES]
    first = pl.coalesce(codes)
    agreed = pl.all_horizontal((code == first) | code.is_null() for code in codes)
    return pl.when(agreed & (first != "")).then(first)


def _lost_problem(price: Price) -> pl.Expr:
    lost = _lost(price)
    reason = pl.when(lost == "").then(pl.lit("missing")).otherwise(amount_refusal(lost))
    return pl.format(f"{price.field}.Amount: {{}}", reason)


def _negative_problem(price: Price) -> pl.Expr:
    amount = pl.col(price.column)
    said = pl.format(f"{price.field}.Amount: {{}} is negative; its absolute value is subtracted", amount)
    return pl.when(amount < 0).then(said)


def _problems(told: Iterable[pl.Expr]) -> pl.Expr:
    return pl.concat_list(*told).list.drop_nulls().alias("problems")


def _in_words() -> pl.Expr:
    """The problems of a line in one text; null if there is none."""
    problems = pl.col("problems")
    return pl.when(problems.list.len() > 0).then(problems.list.join("; ")).alias("problem")
