"""The columns of any dataframe as exact amounts, texts and days. What would be guessed at is refused."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import narwhals as nw
import polars as pl

from spapi_invoices.core.money import parse_amount
from spapi_invoices.errors import InvalidRequest
from spapi_invoices.frames.values import AMOUNT, LIMIT, WIDE, read_amount

_TOO_LONG: Final = re.compile(r"[+-]?[0-9]{17,40}(\.[0-9]*)?", re.ASCII)
_INSTANT_TEXT: Final = "%+"  # RFC 3339, with Z or an offset


def read_table(data: Any, needed: Sequence[str], name: str) -> pl.DataFrame:  # noqa: ANN401 - any dataframe narwhals reads
    """Read an eager dataframe of any library and insist on some columns.

    Raises:
        InvalidRequest: It is no eager dataframe, or a column is missing.
    """
    try:
        native = nw.from_native(data, eager_only=True)
    except TypeError:
        raise InvalidRequest(
            f"{name}: a {type(data).__name__} is no dataframe in memory. Next: pass a polars, pandas or pyarrow table; "
            "collect a lazy one first"
        ) from None
    table: pl.DataFrame = native.to_polars()
    if missing := [column for column in needed if column not in table.columns]:
        raise InvalidRequest(
            f"{name}: missing {', '.join(missing)}; there are: {', '.join(table.columns) or 'no columns'}"
        )
    return table


def text(table: pl.DataFrame, column: str) -> pl.Expr:
    """A column as texts, blanks around them cut off, an empty one as null; all null if there is no such column.

    Raises:
        InvalidRequest: Texts cannot be made of it without guessing: 1.0 and 1 would be two keys.
    """
    if column not in table.columns or _is_empty(table[column]):
        return _nothing(pl.String).alias(column)
    kind = table.schema[column]
    if not _is_text(kind):
        raise InvalidRequest(
            f"column {column} holds {kind} where texts belong. Next: turn it into texts as they should be compared"
        )
    return _as_text(column)


def text_or_null(schema: Mapping[str, pl.DataType], column: str) -> pl.Expr:
    """As ``text``, of a table that is not read yet: all null where it would refuse."""
    readable = column in schema and _is_text(schema[column])
    return _as_text(column) if readable else pl.lit(None, pl.String).alias(column)


def texts(table: pl.DataFrame, column: str) -> pl.Expr:
    """A column of lists of texts; empty lists if there is no such column.

    Raises:
        InvalidRequest: It holds no lists.
    """
    if column not in table.columns or _is_empty(table[column]):
        return pl.lit([], pl.List(pl.String)).alias(column)
    if not isinstance(table.schema[column], pl.List):
        raise InvalidRequest(f"column {column} holds {table.schema[column]} where lists of texts belong")
    return pl.col(column).cast(pl.List(pl.String)).fill_null([])


def amount(table: pl.DataFrame, column: str) -> pl.Expr:
    """A column as exact amounts; null where two decimals and sixteen digits before the point cannot hold the value.

    Raises:
        InvalidRequest: It is a float, which holds 0.1 only nearly, or no number at all.
    """
    kind = table.schema[column]
    value = pl.col(column)
    if kind == AMOUNT:
        return value
    if _is_empty(table[column]):
        return _nothing(AMOUNT).alias(column)
    if kind == pl.String:
        return read_amount(value).alias(column)
    if kind.is_integer():
        fits = value.cast(pl.Int128).is_between(-LIMIT, LIMIT, closed="none")
        return pl.when(fits).then(value).cast(AMOUNT).alias(column)
    if isinstance(kind, pl.Decimal):
        whole = value.cast(WIDE, strict=False)
        exact = whole.cast(pl.Decimal(38, max(kind.scale, 2)), strict=False) == value
        fits = whole.is_between(-LIMIT, LIMIT, closed="none")
        return pl.when(exact & fits).then(whole).cast(AMOUNT).alias(column)
    why = " (a float holds 0.10 only nearly)" if kind.is_float() else ""
    raise InvalidRequest(
        f"column {column} holds {kind}{why}. Next: pass amounts as decimals, or as texts like '1234.50'"
    )


def amount_problem(table: pl.DataFrame, column: str) -> pl.Expr:
    """Why ``amount`` is null where the column is not."""
    lost = table.select(lost=amount(table, column).is_null() & pl.col(column).is_not_null())["lost"]
    if not lost.any():
        return pl.lit(None, pl.String)
    # Distinct values only: the words are the same for all rows with the same value.
    values = table[column].filter(lost).unique()
    words = pl.Series([_refusal(str(value)) for value in values], dtype=pl.String)
    return pl.when(pl.lit(lost)).then(
        pl.col(column).replace_strict(values, words, default=None, return_dtype=pl.String)
    )


def day(table: pl.DataFrame, column: str) -> pl.Expr:
    """A column as days, of an instant the day in UTC; null where a text is neither, or if there is no such column.

    Raises:
        InvalidRequest: It is neither dates, instants nor texts.
    """
    if column not in table.columns or _is_empty(table[column]):
        return _nothing(pl.Date).alias(column)
    kind = table.schema[column]
    value = pl.col(column)
    if kind == pl.Date:
        return value
    if isinstance(kind, pl.Datetime):
        return (value.dt.convert_time_zone("UTC") if kind.time_zone else value).dt.date()
    if kind == pl.String:
        instant = value.str.to_datetime(_INSTANT_TEXT, time_unit="us", time_zone="UTC", strict=False)
        return pl.coalesce(value.str.to_date("%Y-%m-%d", strict=False), instant.dt.date()).alias(column)
    raise InvalidRequest(
        f"column {column} holds {kind} where dates belong. Next: pass dates, instants or texts like '2026-10-31'"
    )


def day_problem(table: pl.DataFrame, column: str) -> pl.Expr:
    """Says so where ``day`` is null and the column holds a text."""
    if column not in table.columns or table.schema[column] != pl.String:
        return pl.lit(None, pl.String)
    unread = day(table, column).is_null() & (pl.col(column) != "")
    return pl.when(unread).then(pl.lit(f"its {column} is neither like 2026-10-31 nor like 2026-10-31T05:00:00Z"))


def _is_text(kind: pl.DataType) -> bool:
    return kind in (pl.String, pl.Categorical) or isinstance(kind, pl.Enum) or kind.is_integer()


def _as_text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.strip_chars().replace("", None)


def _refusal(value: str) -> str | None:
    if _TOO_LONG.fullmatch(value):
        return f"{value} has more than 16 digits before the point"
    try:
        parse_amount(value)
    except ValueError as error:
        return str(error)
    return None


def _nothing(kind: Any) -> pl.Expr:  # noqa: ANN401 - polars' types are classes or instances
    # A literal would make one row of a frame without rows, and one of many where every column is empty.
    return pl.repeat(None, pl.len(), dtype=kind)


def _is_empty(column: pl.Series) -> bool:
    # pandas makes floats of a column that is all missing, so the type alone does not tell.
    return column.null_count() == len(column) or (
        column.dtype.is_float() and bool(column.is_nan().fill_null(value=True).all())
    )
