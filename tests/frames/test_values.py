"""Texts as exact values: what polars reads is what Python's own readers read, and nothing else."""

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.money import parse_amount
from spapi_invoices.core.windows import as_utc
from spapi_invoices.frames.values import INSTANT, WIDE, amount_refusal, fitting, read_amount, read_instant, size_problem

amounts = st.from_regex(r"[+-]?0{0,2}[0-9]{0,18}(\.[0-9]{0,4})?\n?", fullmatch=True) | st.text("0123456789.+-eE, _٣\n")
instants = (
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
    | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
    | st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,8})?Z\n?", fullmatch=True
    )
)


def column(text: str) -> pl.DataFrame:
    return pl.DataFrame({"text": [text, None]}, schema={"text": pl.String})


def amount_of(text: str) -> tuple[Decimal | None, str | None]:
    try:
        return parse_amount(text), None
    except ValueError as error:
        return None, str(error)


def instant_of(text: str) -> datetime | None:
    try:
        return as_utc(datetime.fromisoformat(text))
    except ValueError:
        return None


@given(amounts)
def test_an_amount_is_what_parse_amount_reads(text: str):
    """The same texts are read, to the same value; of the others it is said why; an absent one is absent."""
    found = column(text).select(read=read_amount(pl.col("text")), refusal=amount_refusal(pl.col("text")))
    assert found.rows() == [amount_of(text), (None, None)]


@given(instants)
def test_an_instant_is_what_python_reads(text: str):
    """The same texts are read, to the same moment in UTC."""
    found = column(text).select(read_instant(pl.col("text")))["text"]
    assert found.dtype == INSTANT
    assert found.to_list() == [instant_of(text), None]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-09-30T14:06:26.000Z", datetime(2026, 9, 30, 14, 6, 26, tzinfo=UTC)),
        ("2026-09-30T14:06:26,5+05:30", datetime(2026, 9, 30, 8, 36, 26, 500_000, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", None),
        ("2026-02-30T00:00:00Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("2026-09-30T14:06:26", None),
        ("2026-09-30", None),
        ("", None),
    ],
)
def test_odd_instants(text: str, read: datetime | None):
    """No leap second, no day that is not in the calendar, no time without a zone."""
    assert column(text).select(read_instant(pl.col("text")))["text"].to_list() == [read, None]


@pytest.mark.parametrize(("total", "fits"), [("9999999999999999.99", True), ("-10000000000000000.00", False)])
def test_a_sum_fits_or_says_so(total: str, fits: bool):  # noqa: FBT001
    """A sum is an amount or a problem, never both and never neither."""
    data = pl.DataFrame({"total": [Decimal(total)]}, schema={"total": WIDE})
    amount, problem = data.select(fitting(pl.col("total")), problem=size_problem("x", pl.col("total"))).row(0)
    assert (amount, problem) == (
        (Decimal(total), None) if fits else (None, "x: the sum has more than 16 digits before the point")
    )
