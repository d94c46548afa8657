"""How Amazon's texts become amounts and times in polars columns, exactly or not at all. Not for sums or messages.

What Python's own reader would refuse is null. Polars alone would not do: it makes 12.50 of 12.505.
"""

from datetime import datetime
from typing import Final

import polars as pl

from spapi_invoices.core.money import amount_pattern, parse_amount
from spapi_invoices.core.windows import as_utc

AMOUNT: Final = pl.Decimal(18, 2)
# For sums: it cannot overflow where amounts can.
WIDE: Final = pl.Decimal(38, 2)
LIMIT: Final = 10**16
INSTANT: Final = pl.Datetime("us", "UTC")
TEXTS: Final = pl.List(pl.String)
_AMOUNT_TEXT: Final = f"^{amount_pattern()}$"
# As Amazon writes times: polars reads such a text as Python does. Python knows many more.
_USUAL_INSTANT: Final = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,6})?Z$"


def read_amount(text: pl.Expr) -> pl.Expr:
    """The amounts that `parse_amount` reads."""
    return pl.when(text.str.contains(_AMOUNT_TEXT)).then(text).cast(AMOUNT)


def amount_refusal(text: pl.Expr) -> pl.Expr:
    """Why `parse_amount` refuses a text; null where it reads it. A call of Python each, so for the few odd ones only."""
    return text.map_elements(_refusal, return_dtype=pl.String)


def fitting(total: pl.Expr) -> pl.Expr:
    """A sum as an amount; null where it is too large for one."""
    return pl.when(total.abs() < LIMIT).then(total).cast(AMOUNT)


def size_problem(name: str, total: pl.Expr) -> pl.Expr:
    """Says so where `fitting` is null and the sum is not."""
    return pl.when(total.abs() >= LIMIT).then(pl.lit(f"{name}: the sum has more than 16 digits before the point"))


def read_instant(text: pl.Expr) -> pl.Expr:
    """The times with a zone that ``datetime.fromisoformat`` reads, in UTC."""
    usual = pl.when(text.str.contains(_USUAL_INSTANT)).then(text)
    read = usual.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    return pl.coalesce(read, pl.when(read.is_null()).then(text).map_elements(_instant, return_dtype=INSTANT))


def _refusal(text: str) -> str | None:
    try:
        parse_amount(text)
    except ValueError as error:
        return str(error)
    return None


def _instant(text: str) -> datetime | None:
    try:
        return as_utc(datetime.fromisoformat(text))
    except ValueError:
        # InvalidRequest, which as_utc raises for a time without zone or out of the calendar, is one.
        return None
