"""Pairs that plainly agree take a short way through; nobody can tell from the result."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spapi_invoices.reconciliation import match, plain, reconcile
from spapi_invoices.reconciliation.sides import as_side

many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
SCHEMA: dict[str, Any] = {
    "key": pl.String,
    "amount": pl.String,
    "currency": pl.String,
    "ref": pl.String,
    "date": pl.Date,
    "invoice_status": pl.String,
    "problem": pl.String,
    "note": pl.String,
}
# Mostly keys of one row a side that agree, with a little of all that keeps a pair from being plain.
rows = st.tuples(
    st.sampled_from([*"ABCDEFGHIJKL", None]),
    st.sampled_from(["10.00"] * 4 + ["10.01", None]),
    st.sampled_from(["INR"] * 6 + ["BRL", None]),
    st.sampled_from(["R1", "R2", None]),
    st.sampled_from([None, dt.date(2026, 10, 1), dt.date(2026, 10, 2)]),
    st.sampled_from([None, None, "Accepted", "Accepted", "NotFound", "Errored", "Processing"]),
    st.sampled_from([None] * 9 + ["cannot be read"]),
    st.sampled_from([None] * 9 + ["check digit wrong"]),
)
sides = st.lists(rows, max_size=12)
each_once = st.lists(rows, max_size=12, unique_by=lambda row: row[0])


def side(given_rows: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(given_rows, schema=SCHEMA, orient="row")


def pairs(left: list[Any], right: list[Any]) -> list[tuple[Any, ...]]:
    met = plain.plain_pairs(as_side(side(left), "left"), as_side(side(right), "right"))
    return met.select("key", "left", "right", pl.col("status").cast(pl.String)).rows()


def row(
    key: str | None = "A", amount: str | None = "10", currency: str | None = "INR", **rest: object
) -> tuple[Any, ...]:
    return tuple(({"key": key, "amount": amount, "currency": currency} | rest).get(name) for name in SCHEMA)


@many
@given(sides | each_once, sides | each_once)
def test_the_short_way_changes_nothing(left: list[Any], right: list[Any]) -> None:
    """A result is the same to the last word and in the same order if no pair is called plain."""
    short = reconcile(side(left), side(right), as_of=dt.date(2026, 10, 9)).matches
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(match, "plain_pairs", lambda one, other: plain.plain_pairs(one, other).clear())
        long = reconcile(side(left), side(right), as_of=dt.date(2026, 10, 9)).matches
    assert short.rows() == long.rows()


@many
@given(sides, sides, st.integers(1, 3))
def test_keys_that_share_a_hash_are_told_apart(left: list[Any], right: list[Any], hashes: int) -> None:
    """Whatever keys have the same hash by chance, the result is that of the keys themselves."""
    wanted = reconcile(side(left), side(right)).matches
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "_HASH", plain._HASH % hashes)
        assert reconcile(side(left), side(right)).matches.rows() == wanted.rows()


@many
@given(sides | each_once, sides | each_once)
def test_pairs_are_those_of_a_plain_loop(left: list[Any], right: list[Any]) -> None:
    """One row a side, equal in all that counts, and nothing said of either."""
    found = []
    for number, one in enumerate(left):
        key = one[0]
        others = [place for place, other in enumerate(right) if other[0] == key]
        alone = [r[0] for r in left].count(key) == 1 == len(others)
        if key and alone and one[:3] == right[others[0]][:3] and None not in one[:3]:
            asked = right[others[0]][5]
            if not any((*one[6:], *right[others[0]][6:])) and asked in {None, "Accepted"}:
                found.append((key, number, others[0], "accepted" if asked else "matched"))
    assert pairs(left, right) == found


@pytest.mark.parametrize(
    "other",
    [
        row("B"),
        row(None),
        row(amount="10.01"),
        row(currency="BRL"),
        row(problem="cannot be read"),
        row(note="check digit wrong"),
        row(invoice_status="NotFound"),
        row(invoice_status="Errored"),
    ],
)
def test_what_is_not_plain_takes_the_long_way(other: tuple[Any, ...]) -> None:
    """Another key, amount or currency, and anything said of a row, keep a pair from being plain."""
    assert pairs([row()], [row()]) == [("A", 0, 0, "matched")]
    assert pairs([row()], [other]) == []
    assert pairs([row(), row("C")], [other, row("C")]) == [("C", 1, 1, "matched")]


@pytest.mark.parametrize("blank", [None, "", " "])
def test_rows_without_a_key_or_an_amount_are_no_pair(blank: str | None) -> None:
    """Null equals nothing, not even null."""
    assert pairs([row(blank)], [row(blank)]) == []
    assert pairs([row(currency=blank)], [row(currency=blank)]) == []
    assert pairs([row(amount=None)], [row(amount=None)]) == []


def test_a_key_of_all_rows_does_not_multiply() -> None:
    """Two sides of ten thousand rows of one key are one group, not a hundred million pairs."""
    rows_of_one = [row(ref=str(number)) for number in range(10_000)]
    assert pairs(rows_of_one, rows_of_one) == []
    (line,) = reconcile(side(rows_of_one), side(rows_of_one)).matches.select("status", "left_count").rows()
    assert line == ("matched", 10_000)
