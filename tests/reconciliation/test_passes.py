"""Passes over shares of the keys find what one pass finds, line for line."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.reconciliation import Result, Rule, passes, reconcile, reconcile_in_passes

many = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
DAY = dt.date(2026, 10, 9)
SCHEMA: dict[str, Any] = {
    "key": pl.String,
    "amount": pl.String,
    "currency": pl.String,
    "ref": pl.String,
    "date": pl.Date,
    "shipment_id": pl.String,
    "invoice_status": pl.String,
    "problem": pl.String,
    "aliases": pl.List(pl.String),
}
OPTIONAL = sorted(set(SCHEMA) - {"key", "amount", "currency"})
KEYS = [*"ABCDEF", " A", "B ", "", None]
# Names that are keys, references and aliases at once, so that a crosswalk meets all of them.
NAMES = [*"ABCD", "R1", "R2", "P1", "P2", "(no reference)"]
rows = st.tuples(
    st.sampled_from(KEYS),
    st.sampled_from(["10.00"] * 4 + ["10.01", "20", "12,50", None]),
    st.sampled_from(["INR"] * 4 + ["BRL", None]),
    st.sampled_from(["R1", "R2", "A", None]),
    st.sampled_from([None, dt.date(2026, 10, 1), dt.date(2026, 10, 2)]),
    st.sampled_from([None, "S1", "S2 ", "S3", ""]),
    st.sampled_from([None, None, "Accepted", "NotFound", "Errored"]),
    st.sampled_from([None] * 5 + ["cannot be read"]),
    st.lists(st.sampled_from(["P1", "P2", "A", None]), max_size=2) | st.none(),
)
sides = st.lists(rows, max_size=10)
crosswalks = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([*"ABXY", "R2", "P1", None])), max_size=4)


def side(given_rows: list[Any], absent: set[str] = frozenset()) -> pl.LazyFrame:
    return pl.LazyFrame(given_rows, schema=SCHEMA, orient="row").drop(*absent)


def outcome(results: Any) -> Any:
    """Every line and every item of the results, in no order, and their notes; or the kind of refusal."""
    try:
        found: list[Result] = list(results())
    except InvalidRequest as error:
        return str(error).partition(" more add up")[0]
    lines = [line for one in found for line in one.matches.rows()]
    items = [item for one in found for item in one.items.rows()]
    (notes,) = {one.notes for one in found}
    return sorted(map(repr, lines)), sorted(map(repr, items)), notes


@many
@given(
    sides,
    sides,
    crosswalks | st.none(),
    st.integers(1, 5),
    st.sets(st.sampled_from(OPTIONAL), max_size=2),
)
def test_passes_find_what_one_pass_finds(
    left: list[Any], right: list[Any], lines: list[Any] | None, count: int, absent: set[str]
) -> None:
    """However many passes: the same lines and items to the last word, the same notes, or the same refusal."""
    one, other = side(left, absent), side(right, absent)
    crosswalk = None if lines is None else pl.DataFrame(lines, {"left": pl.String, "right": pl.String}, orient="row")
    terms: dict[str, Any] = {"crosswalk": crosswalk, "as_of": DAY}
    whole = outcome(lambda: [reconcile(one.collect(), other.collect(), **terms)])
    assert outcome(lambda: reconcile_in_passes(one, other, passes=count, **terms)) == whole


def row(key: str | None, ref: str | None = None, shipment: str | None = None, *aliases: str) -> tuple[Any, ...]:
    named = {"key": key, "ref": ref, "shipment_id": shipment, "amount": "10", "currency": "INR", "aliases": aliases}
    return tuple(named.get(name) for name in SCHEMA)


@pytest.mark.parametrize("count", range(2, 6))
@pytest.mark.parametrize(
    ("left", "right", "lines"),
    [
        ([row("A", "R1", "S1")], [row("A", shipment="S1"), row("B")], [("R1", "B")]),
        ([row("A", "R1", "S1")], [row("A"), row("B", shipment="S1")], [("R1", "A")]),
        ([row(None, "R1", "S1")], [row("A", shipment="S1"), row("B")], [("R1", "B")]),
        ([row(None, "R1", "S1")], [row("A", shipment="S1"), row("A", shipment="S2")], []),
        ([row(None, "R1", "S1"), row("A", "R2", "S1")], [row("A", shipment="S1"), row("A", shipment="S2")], []),
        ([row("B", "R1", "S1"), row(" B", "R2", "S1")], [row("A", shipment="S1"), row("B", shipment="S2")], []),
        ([row(None, "R1", "S1")], [row("A", shipment="S1"), row("B", shipment="S1")], []),
        ([row("A ")], [row("B", "R2")], [("A", "R2")]),
        ([row(None, None, None, "P1")], [row("B", None, None, "P2")], [("P1", "P2")]),
        ([row(None)], [row("B")], [("(no reference)", "B")]),
        ([row("A"), row("B", "R1")], [row("A"), row("B")], [("(no reference)", "B"), ("R1", "Y")]),
    ],
)
def test_rows_meet_wherever_their_keys_come_from(
    left: list[Any], right: list[Any], lines: list[Any], count: int
) -> None:
    """A crosswalk, the shipment an invoice states, and both at odds: what is said of the rows is the same in passes."""
    one, other = side(left), side(right)
    crosswalk = pl.DataFrame(lines, {"left": pl.String, "right": pl.String}, orient="row")
    whole = outcome(lambda: [reconcile(one.collect(), other.collect(), crosswalk=crosswalk)])
    assert outcome(lambda: reconcile_in_passes(one, other, passes=count, crosswalk=crosswalk)) == whole


@many
@given(sides, sides, st.sampled_from([pl.Categorical, pl.Enum([one for one in KEYS if one is not None])]))
def test_keys_of_any_kind_come_to_the_same_pass(left: list[Any], right: list[Any], kind: Any) -> None:
    """A key is its text, whatever type it has on either side."""
    one, other = side(left).with_columns(pl.col("key").cast(kind)), side(right)
    whole = outcome(lambda: [reconcile(one.collect(), other.collect())])
    assert outcome(lambda: reconcile_in_passes(one, other, passes=4)) == whole


def many_rows(count: int, **columns: Any) -> pl.LazyFrame:
    frame = pl.LazyFrame({"number": range(count)}, schema={"number": pl.Int64})
    names = pl.format("K{}", "number")
    return frame.select(**{"key": names, "ref": names, "amount": pl.lit("10"), "currency": pl.lit("INR")} | columns)


def heights(*given_sides: Any, **terms: Any) -> list[tuple[int, int]]:
    return [(part.left_rows.height, part.right_rows.height) for part in reconcile_in_passes(*given_sides, **terms)]


@pytest.mark.parametrize("columns", [{}, {"key": pl.lit(None, pl.String)}], ids=["keys", "no keys"])
def test_shares_are_small(columns: dict[str, Any]) -> None:
    """No pass takes much more than its share, of rows without a key either."""
    found = heights(many_rows(4000, **columns), many_rows(2000), passes=8)
    assert len(found) == 8
    assert [sum(sizes) for sizes in zip(*found, strict=True)] == [4000, 2000]
    assert max(left for left, _ in found) < 4000 / 8 * 1.5


def test_invoices_led_by_their_shipments_are_shared_out_too() -> None:
    """Invoices that state nothing but shipments come to the passes of their orders, and all are matched."""
    left = many_rows(1000, key=pl.lit(None, pl.String), shipment_id=pl.format("S{}", "number"))
    right = many_rows(1000, shipment_id=pl.format("S{}", "number"))
    parts = list(reconcile_in_passes(left, right, passes=5))
    assert [part.matches["status"].unique().to_list() for part in parts] == [["matched"]] * 5
    assert sum(part.matches.height for part in parts) == 1000
    assert max(part.left_rows.height for part in parts) < 300


@pytest.mark.parametrize(("rows_a_pass", "count"), [(100, 3), (300, 1), (299, 2)])
def test_as_many_passes_as_the_larger_side_needs(monkeypatch: pytest.MonkeyPatch, rows_a_pass: int, count: int) -> None:
    """Without a wish, each pass has at most so many rows of either side."""
    monkeypatch.setattr(passes, "_ROWS_A_PASS", rows_a_pass)
    assert len(heights(many_rows(10), many_rows(300))) == count
    assert heights(many_rows(0), many_rows(0)) == [(0, 0)]


def test_the_lines_of_a_pass_are_in_order() -> None:
    """A pass is a result like any other: its rows compared by themselves give the same."""
    for part in reconcile_in_passes(many_rows(50), many_rows(60, amount=pl.lit("10.01")), passes=3):
        alone = reconcile(part.left_rows.drop("named"), part.right_rows.drop("named"))
        assert part.matches.equals(alone.matches)
        assert part.summary.equals(alone.summary)


def test_a_rule_is_asked_in_every_pass() -> None:
    """An added rule applies to its lines, whatever pass they come in."""
    rule = Rule("amount_differs", pl.col("key").is_in(["K1", "K7"]), "Odd", "It is odd.", "Look.")
    parts = reconcile_in_passes(many_rows(9), many_rows(9), passes=4, rules=[rule])
    assert sorted(key for part in parts for key in part.exceptions["key"]) == ["K1", "K7"]


@pytest.mark.parametrize("frame", ["LazyFrame", "DataFrame"])
@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"key": [1.0], "amount": ["1"], "currency": ["INR"]}, "column key holds Float64"),
        ({"key": ["A"], "amount": [1.0], "currency": ["INR"]}, "column amount holds Float64"),
        ({"key": ["A"], "amount": ["1"]}, "the left side: missing currency; there are: key, amount"),
        ({"key": ["A"], "amount": ["1"], "currency": ["INR"], "aliases": ["x"]}, "aliases holds String"),
        ({"key": ["A"], "amount": ["1"], "currency": ["INR"], "shipment_id": [[1]]}, "shipment_id holds List"),
    ],
)
def test_what_is_no_side_is_refused_at_once(frame: str, columns: dict[str, Any], says: str) -> None:
    """Before any pass, and in the words of reconcile."""
    with pytest.raises(InvalidRequest, match=says):
        reconcile_in_passes(getattr(pl, frame)(columns), many_rows(1))


def test_terms_that_cannot_be_used_are_refused_at_once() -> None:
    """No passes, a tolerance that is none, what is no frame, and a crosswalk that says two things."""
    for terms in ({"passes": 0}, {"tolerance": 0.01}, {"crosswalk": pl.DataFrame({"left": ["A"]})}):
        with pytest.raises(InvalidRequest):
            reconcile_in_passes(many_rows(1), many_rows(1), **terms)
    twice = pl.DataFrame({"left": ["K1", "K1"], "right": ["K2", "K3"]})
    with pytest.raises(InvalidRequest, match="K1 has two different rights"):
        reconcile_in_passes(many_rows(3), many_rows(3), crosswalk=twice)
    with pytest.raises(InvalidRequest, match="a list is no dataframe"):
        reconcile_in_passes([1], many_rows(1))
