"""The order of the lines, of frames large enough that the fastest way to sort depends on how they came."""

from random import Random

import polars as pl
import pytest

from spapi_invoices.reconciliation import reconcile

KEYS = sorted(f"702-{number * 7919 % 100_000:05}" for number in range(3000))
ORDERS = {
    "sorted": KEYS,
    "reversed": KEYS[::-1],
    "in runs": [key for start in range(3) for key in KEYS[start::3]],
    "shuffled": Random(4).sample(KEYS, len(KEYS)),
}


TWICE = KEYS[::10]
IN_TWO_CURRENCIES = TWICE[::3]


def side(keys: list[str], noun: str, currency: str = "INR") -> pl.DataFrame:
    rows = {"key": keys, "ref": [f"{noun}{key}" for key in keys], "amount": ["10.00"] * len(keys)}
    return pl.DataFrame(rows).with_columns(currency=pl.lit(currency))


def matches(left: list[str], right: list[str]) -> pl.DataFrame:
    """Plain pairs, keys of two rows a side, keys of two currencies, and two shipments without an invoice."""
    one = pl.concat([side(left, "I"), side(TWICE, "I"), side(IN_TWO_CURRENCIES, "I", "BRL")])
    other = pl.concat([side([*"AB", *IN_TWO_CURRENCIES], "S", "BRL"), side(TWICE, "S"), side(right, "S")])
    return reconcile(one, other).matches


@pytest.mark.parametrize("left", ORDERS)
@pytest.mark.parametrize("right", ORDERS)
def test_lines_that_agree_are_sorted_by_key_whatever_the_order(left: str, right: str) -> None:
    """All that agree lie among each other, every line has its own columns, and the order of the rows decides nothing."""
    found = matches(ORDERS[left], ORDERS[right])
    assert found.equals(matches(KEYS, KEYS))
    assert found["status"].to_list() == ["right_only"] * 2 + ["matched"] * 3100
    assert found["key"][2:].to_list() == sorted([*KEYS, *IN_TWO_CURRENCIES])
    for line in found[2:].rows(named=True):
        count = 2 if line["currency"] == "INR" and line["key"] in TWICE else 1
        assert (line["left_count"], line["right_count"], line["left_amount"]) == (count, count, 10 * count)
        assert (line["left_refs"], line["right_refs"]) == ([f"I{line['key']}"] * count, [f"S{line['key']}"] * count)
        assert len(line["reasons"]) == count
