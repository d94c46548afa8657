"""The laws of reconcile, each against small frames, and the whole against a plain loop."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from random import Random
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.frames.schemas import STATUSES, InvoiceSide, polars_schema
from spapi_invoices.reconciliation import AGREEING, RULES, Result, parse_tolerance, reconcile

SIDE = polars_schema(InvoiceSide)
Row = dict[str, Any]
Rows = list[Row]
DAY = dt.date(2026, 10, 31)


def row(key: str | None, amount: str | None, currency: str | None = "INR", ref: str = "R", **rest: object) -> Row:
    given_amount = None if amount is None else Decimal(amount)
    return (
        dict.fromkeys(SIDE)
        | {"key": key, "amount": given_amount, "currency": currency, "ref": ref, "aliases": []}
        | rest
    )


def side(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SIDE, orient="row", strict=True)


def only(result: Result) -> Row:
    assert result.matches.height == 1
    return result.matches.row(0, named=True)


OPTIONAL = sorted(set(SIDE) - {"key", "amount", "currency"})


def loose(*rows: Row) -> pl.DataFrame:
    """The rows as a user may have them: without the columns that hold nothing."""
    empty = [name for name in OPTIONAL if not any(r[name] for r in rows)]
    return side(*rows).drop(empty)


def read(rows: Rows) -> Rows:
    """The rows as they are meant: an empty text is none."""
    return [r | {name: r[name] or None for name in ("key", "currency", "ref")} for r in rows]


keys = st.sampled_from(["K1", "K2", "K3", None, ""])
amounts = (
    st.sampled_from(["0.00", "0.01", "50.00", "100.00", "100.01", "100.02", "-5.00", "9999999999999.99"]) | st.none()
)


@st.composite
def rows(draw: st.DrawFn, *, with_status: bool) -> Row:
    statuses = (
        st.sampled_from([None, "Accepted", "Errored", "Processing", "NotFound", "accepted"])
        if with_status
        else st.none()
    )
    return row(
        draw(keys),
        draw(amounts),
        draw(st.sampled_from(["INR", "INR", "INR", "BRL", None, ""])),
        draw(st.sampled_from(["R1", "R2", "R3", None])),
        date=draw(st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 9))),
        invoice_status=draw(statuses),
        problem=draw(st.sampled_from([None] * 9 + ["cannot be read"])),
        note=draw(st.sampled_from([None] * 5 + ["check digit wrong"])),
        shipment_id=draw(st.sampled_from([None, None, "S1", "S2"]) if with_status else st.none()),
    )


@st.composite
def sides_of(draw: st.DrawFn, *, with_status: bool = True) -> Rows:
    drawn = draw(st.lists(rows(with_status=with_status), max_size=7))
    absent = draw(st.sets(st.sampled_from(OPTIONAL), max_size=4))
    return [r | dict.fromkeys(absent) for r in drawn]


many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def expected_groups(left: Rows, right: Rows, tolerance: Decimal) -> list[tuple[Any, ...]]:
    """The same rules as plain loops: (key, currency, left total, right total) to status."""
    of_key = defaultdict(lambda: ([], []))
    found = []
    left, right = read(left), read(right)
    for number, given_rows in enumerate((followed(left, right), right)):
        for r in given_rows:
            if r["key"] is None:
                found.append(
                    (
                        None,
                        r["currency"],
                        *((r["amount"], None) if number == 0 else (None, r["amount"])),
                        "not_comparable",
                    )
                )
            else:
                of_key[r["key"]][number].append(r)
    for key, (lefts, rights) in of_key.items():
        for currency in {r["currency"] for r in lefts + rights}:
            in_left = [r for r in lefts if r["currency"] == currency]
            in_right = [r for r in rights if r["currency"] == currency]
            status = expected_status(lefts, rights, in_left, in_right, tolerance)
            found.append((key, currency, total(in_left), total(in_right), status))
    return sorted(found, key=repr)


def followed(left: Rows, right: Rows) -> Rows:
    """Left rows without a key, with that of the shipment they state."""
    owners = defaultdict(set)
    for r in right:
        if r["key"] and r["shipment_id"]:
            owners[r["shipment_id"]].add(r["key"])
    own = {shipment: next(iter(keys)) for shipment, keys in owners.items() if len(keys) == 1}
    free = [not r["key"] and not r["problem"] and r["amount"] is not None and r["currency"] for r in left]
    return [r | {"key": own.get(r["shipment_id"])} if f else r for r, f in zip(left, free, strict=True)]


def total(some: Rows) -> Decimal | None:
    known = [r["amount"] for r in some if r["amount"] is not None]
    return sum(known, Decimal("0.00")) if known else None


def expected_status(lefts: Rows, rights: Rows, in_left: Rows, in_right: Rows, tolerance: Decimal) -> str:  # noqa: PLR0911 - plain on purpose
    if any(r["amount"] is None or r["currency"] is None or r["problem"] for r in lefts + rights):
        return "not_comparable"
    asked = {r["invoice_status"] for r in rights}
    if "Errored" in asked:
        return "rejected"
    if "Processing" in asked:
        return "pending"
    if not rights:
        return "left_only"
    if not lefts:
        return "right_only"
    if not in_left or not in_right:
        return "currency_differs"
    difference = sum(r["amount"] for r in in_left) - sum(r["amount"] for r in in_right)
    if abs(difference) > tolerance:
        return "duplicate" if repeats_explain(in_left, in_right, tolerance) else "amount_differs"
    if all(r["invoice_status"] == "Accepted" for r in in_right):
        return "accepted"
    return "within_tolerance" if difference else "matched"


def repeats_explain(in_left: Rows, in_right: Rows, tolerance: Decimal) -> bool:
    for some in (in_left, in_right):
        named = [r["ref"] for r in some if r["ref"]]
        if len(set(named)) < len(named):
            return True
    ways = [[sum(r["amount"] for r in some), sum({r["amount"] for r in some})] for some in (in_left, in_right)]
    return any(abs(a - b) <= tolerance for a in ways[0] for b in ways[1])


class TestAgainstLoops:
    """Laws that hold for any rows."""

    @many
    @given(sides_of(), sides_of(), st.sampled_from(["0", "0.01", "50"]))
    def test_statuses_and_sums_are_those_of_a_plain_loop(self, left: Rows, right: Rows, tolerance: str) -> None:
        """Every group, its sums and its status are what a loop over the rows finds."""
        matches = reconcile(loose(*left), loose(*right), tolerance=tolerance).matches
        seen = matches.select("key", "currency", "left_amount", "right_amount", pl.col("status").cast(pl.String)).rows()
        assert sorted(seen, key=repr) == expected_groups(left, right, Decimal(tolerance))

    @many
    @given(sides_of(), sides_of())
    def test_every_row_is_in_exactly_one_group(self, left: Rows, right: Rows) -> None:
        """Counts add up to the rows, items are the rows, and amounts per side and currency are conserved."""
        result = reconcile(loose(*left), loose(*right))
        left, right = read(left), read(right)
        assert result.matches["left_count"].sum() == len(left)
        assert result.matches["right_count"].sum() == len(right)
        assert result.items.height == len(left) + len(right)
        assert result.matches["left_refs"].list.len().sum() == len(left)
        for name, given_rows in (("left_amount", left), ("right_amount", right)):
            for currency in ("INR", "BRL", None):
                of_currency = result.matches.filter(pl.col("currency").eq_missing(currency))
                known = [r["amount"] for r in given_rows if r["currency"] == currency and r["amount"] is not None]
                assert of_currency[name].sum() == sum(known)
        assert result.summary["keys"].sum() == result.matches.height
        assert set(result.items.filter(pl.col("key").is_null())["status"]) <= {"not_comparable"}

    @many
    @given(sides_of(with_status=False), sides_of(with_status=False))
    def test_swapping_the_sides_swaps_the_signs(self, left: Rows, right: Rows) -> None:
        """reconcile(b, a) is reconcile(a, b) with left and right exchanged."""
        swap = {"left_only": "right_only", "right_only": "left_only"}
        there = (
            reconcile(loose(*left), loose(*right))
            .matches.select("key", "currency", pl.col("status").cast(pl.String), "difference")
            .rows()
        )
        back = (
            reconcile(loose(*right), loose(*left))
            .matches.select("key", "currency", pl.col("status").cast(pl.String), "difference")
            .rows()
        )
        turned = [(k, c, swap.get(s, s), None if d is None else -d) for k, c, s, d in back]
        assert sorted(there, key=repr) == sorted(
            ((k, c, s, None if d is None else d + 0) for k, c, s, d in turned), key=repr
        )

    @many
    @given(sides_of(), sides_of(), st.randoms(use_true_random=False))
    def test_row_order_never_matters(self, left: Rows, right: Rows, random: Random) -> None:
        """Shuffled rows give the same frames, row by row."""
        first = reconcile(loose(*left), loose(*right), as_of=DAY)
        random.shuffle(left)
        random.shuffle(right)
        second = reconcile(loose(*left), loose(*right), as_of=DAY)
        assert first.matches.equals(second.matches)
        assert first.items.equals(second.items)
        assert first.summary.equals(second.summary)

    @many
    @given(sides_of(with_status=False))
    def test_a_side_agrees_with_itself(self, left: Rows) -> None:
        """reconcile(a, a) is all matched where the rows can be compared at all."""
        matches = reconcile(loose(*left), loose(*left), tolerance=0).matches
        assert set(matches["status"]) <= {"matched", "not_comparable"}
        left = read(left)
        good = (
            {r["key"] for r in left}
            - {None}
            - {r["key"] for r in left if not r["amount"] or not r["currency"] or r["problem"]}
        )
        assert set(matches.filter(status="matched")["key"]) >= {key for key in good if key}

    @many
    @given(sides_of(), sides_of())
    def test_what_needs_attention_comes_first(self, left: Rows, right: Rows) -> None:
        """Sorted by precedence, then by the size of the difference, then by key."""
        seen = (
            reconcile(loose(*left), loose(*right))
            .matches.select(pl.col("status").cast(pl.String), "difference", "key")
            .rows()
        )
        wanted = sorted(
            seen, key=lambda r: (STATUSES.index(r[0]), r[1] is None, -abs(r[1] or 0), r[2] is None, r[2] or "")
        )
        assert seen == wanted
        assert all(reconcile(loose(*left), loose(*right)).matches["reasons"].list.len() > 0)

    @many
    @given(
        sides_of(),
        sides_of(),
        st.lists(st.tuples(st.sampled_from(["K1", "R1", "R2", "", None]), st.sampled_from(["K1", "K2", "S9", ""]))),
        st.randoms(use_true_random=False),
    )
    def test_a_crosswalk_loses_nothing(self, left: Rows, right: Rows, lines: list[Any], random: Random) -> None:
        """Whatever a crosswalk says, it is refused, or every row is in one group still, in whatever order it came."""
        crosswalk = pl.DataFrame(lines, schema={"left": pl.String, "right": pl.String}, orient="row")
        try:
            result = reconcile(loose(*left), loose(*right), crosswalk=crosswalk)
        except InvalidRequest:
            return
        assert result.matches["left_count"].sum() == len(left)
        assert result.items.height == len(left) + len(right)
        known = [r["amount"] for r in left if r["amount"] is not None]
        assert result.matches["left_amount"].sum() == sum(known)
        random.shuffle(left)
        assert reconcile(loose(*left), loose(*right), crosswalk=crosswalk).matches.equals(result.matches)


class TestStatuses:
    """What each status is for."""

    def test_an_invoice_issued_again_is_a_duplicate(self) -> None:
        """The same amount under another number, once too often: leaving the repeat out would make the sums agree."""
        match = only(
            reconcile(side(row("A", "100", ref="I1"), row("A", "100", ref="I2")), side(row("A", "100", ref="S1")))
        )
        assert match["status"] == "duplicate"
        assert match["reasons"] == [
            "invoice amounts that occur more than once add 100.00",
            "invoice 200.00, shipment 100.00: invoice is higher by 100.00 (100.0 %)",
            "2 invoices cover 1 shipment",
        ]

    def test_repeats_of_one_side_explain_though_the_other_repeats_too(self) -> None:
        """Two invoices of 50 against a shipment of 100 listed twice: leaving out the shipment's repeat is enough."""
        invoices = side(row("A", "50", ref="I1"), row("A", "50", ref="I2"))
        shipments = side(row("A", "100", ref="S1"), row("A", "100", ref="S2"))
        assert only(reconcile(invoices, shipments))["status"] == "duplicate"
        assert only(reconcile(shipments, invoices))["status"] == "duplicate"

    def test_an_order_in_parcels_is_matched_and_says_so(self) -> None:
        """Two equal parcels under one invoice are no duplicate: the sums agree."""
        match = only(
            reconcile(side(row("A", "200", ref="I1")), side(row("A", "100", ref="S1"), row("A", "100", ref="S2")))
        )
        assert (match["status"], match["right_refs"]) == ("matched", ["S1", "S2"])
        assert match["reasons"] == ["amounts agree to the last digit", "1 invoice covers 2 shipments"]

    def test_invoices_whose_sum_is_wrong_differ(self) -> None:
        """Several invoices that no repeat explains are a difference, not a duplicate."""
        match = only(
            reconcile(side(row("A", "100", ref="I1"), row("A", "70", ref="I2")), side(row("A", "100", ref="S1")))
        )
        assert (match["status"], match["difference"]) == ("amount_differs", Decimal("70.00"))

    def test_a_frame_without_references_has_none_that_occur_twice(self) -> None:
        """A reference that was only filled in with the key is no evidence of a duplicate."""
        invoices = pl.DataFrame({"key": ["A", "A"], "amount": ["100", "70"], "currency": ["INR", "INR"]})
        assert only(reconcile(invoices, side(row("A", "100"))))["status"] == "amount_differs"

    def test_two_currencies_are_two_rows(self) -> None:
        """A key in two currencies is reported once for each, and each keeps its amount."""
        matches = reconcile(side(row("A", "10", "INR")), side(row("A", "10", "BRL"))).matches
        assert matches.select("currency", "status", "left_amount", "right_amount", "reasons").rows() == [
            ("BRL", "currency_differs", None, Decimal("10.00"), ["shipment in BRL, invoice in INR"]),
            ("INR", "currency_differs", Decimal("10.00"), None, ["invoice in INR, shipment in BRL"]),
        ]

    def test_a_note_reaches_the_reasons_and_nothing_else(self) -> None:
        """A finding on a row that can be compared leaves the status alone."""
        match = only(reconcile(side(row("A", "10", ref="I1", note="GSTIN check digit is wrong")), side(row("A", "10"))))
        assert match["status"] == "matched"
        assert match["reasons"][-1] == "invoice I1: GSTIN check digit is wrong"

    def test_statuses_of_amazon_are_case_sensitive_texts(self) -> None:
        """Only the very text Errored rejects."""
        assert (
            only(reconcile(side(row("A", "10")), side(row("A", "10", invoice_status="errored"))))["status"] == "matched"
        )
        assert (
            only(reconcile(side(row("A", "10")), side(row("A", "10", invoice_status="Errored"))))["status"]
            == "rejected"
        )

    @pytest.mark.parametrize(
        ("status", "asked", "sentence"),
        [
            ("matched", "NotFound", "Amazon has no invoice for shipment S1 (NotFound)"),
            ("matched", "Denied", "Amazon says of the invoice for shipment S1: Denied"),
            ("right_only", "Accepted", "Amazon already accepted an invoice for shipment S1 (Accepted)"),
            ("amount_differs", "Accepted", "Amazon already accepted an invoice for shipment S1 (Accepted)"),
            ("not_comparable", "Errored", "Amazon could not validate the invoice for shipment S1 (Errored)"),
            ("not_comparable", "Processing", "Amazon is still checking the invoice for shipment S1 (Processing)"),
        ],
    )
    def test_what_amazon_says_is_never_hidden(self, status: str, asked: str, sentence: str) -> None:
        """A status of Amazon's that the line's own status does not say is a reason, with the shipment's id."""
        invoices = {
            "matched": side(row("A", "10")),
            "right_only": side(),
            "amount_differs": side(row("A", "11")),
            "not_comparable": side(row("A", None)),
        }
        match = only(reconcile(invoices[status], side(row("A", "10", ref="S1", invoice_status=asked))))
        assert match["status"] == status
        assert match["reasons"].count(sentence) == 1

    def test_what_amazon_says_of_a_row_that_stands_alone_is_told(self) -> None:
        """A shipment without an order has its status among the reasons."""
        match = only(reconcile(side(), side(row(None, "10", ref="S1", invoice_status="Accepted"))))
        assert match["reasons"][-1] == "Amazon already accepted an invoice for shipment S1 (Accepted)"

    @pytest.mark.parametrize(("asked", "status"), [("Accepted", "accepted"), ("Errored", "rejected")])
    def test_what_the_status_says_is_not_said_again(self, asked: str, status: str) -> None:
        """One shipment, and a status that is Amazon's own: one reason."""
        match = only(reconcile(side(row("A", "10")), side(row("A", "10", ref="S1", invoice_status=asked))))
        assert (match["status"], len(match["reasons"])) == (status, 1)

    def test_of_several_shipments_the_refused_one_is_named(self) -> None:
        """An order in parcels says which parcel's invoice Amazon refused."""
        parcels = side(
            row("A", "4", ref="S1", invoice_status="Accepted"), row("A", "6", ref="S2", invoice_status="Errored")
        )
        match = only(reconcile(side(row("A", "10")), parcels))
        assert match["reasons"][-2:] == [
            "Amazon already accepted an invoice for shipment S1 (Accepted)",
            "Amazon could not validate the invoice for shipment S2 (Errored)",
        ]

    def test_one_accepted_parcel_does_not_make_an_order_accepted(self) -> None:
        """Accepted means that Amazon accepted the invoice of every shipment."""
        parcels = side(
            row("A", "4", ref="S1", invoice_status="Accepted"), row("A", "6", ref="S2", invoice_status="NotFound")
        )
        match = only(reconcile(side(row("A", "10")), parcels))
        assert match["status"] == "matched"
        assert match["reasons"][-1] == "Amazon has no invoice for shipment S2 (NotFound)"

    def test_a_date_after_the_day_of_the_report_has_no_age(self) -> None:
        """An age is never negative."""
        later = side(row("A", "1", date=dt.date(2026, 11, 29)))
        assert only(reconcile(later, side(), as_of=DAY))["age_days"] is None

    def test_age_is_counted_from_the_earliest_date(self) -> None:
        """age_days runs from the earliest date of the group to as_of."""
        left, right = side(row("A", "1", date=dt.date(2026, 10, 21))), side(row("A", "1", date=dt.date(2026, 10, 11)))
        assert only(reconcile(left, right, as_of=DAY))["age_days"] == 20
        assert only(reconcile(left, right))["age_days"] is None

    def test_every_status_has_a_rule_in_order(self) -> None:
        """The table of rules is the table of statuses."""
        assert tuple(rule.status for rule in RULES) == STATUSES
        assert AGREEING == ("accepted", "within_tolerance", "matched")


class TestExactness:
    """No digit is lost."""

    def test_sixteen_digits_are_exact(self) -> None:
        """One cent in ten quadrillion is seen."""
        match = only(
            reconcile(side(row("A", "9999999999999999.99")), side(row("A", "9999999999999999.98")), tolerance=0)
        )
        assert (match["status"], match["difference"]) == ("amount_differs", Decimal("0.01"))
        amounts, difference = match["reasons"][0].split(": ")
        assert amounts == "invoice 9,999,999,999,999,999.99, shipment 9,999,999,999,999,999.98"
        assert difference == "invoice is higher by 0.01 (under 0.1 %)"

    @pytest.mark.parametrize(
        ("left", "right"),
        [(["9999999999999999.99", "0.01"], ["1"]), (["9999999999999999.99"], ["-1"])],
        ids=["sum", "difference"],
    )
    def test_a_sum_beyond_the_columns_is_refused(self, left: list[str], right: list[str]) -> None:
        """What eighteen digits cannot hold is an error, never a wrong number."""
        with pytest.raises(InvalidRequest, match="the amounts of A add up to more than 16 digits"):
            reconcile(side(*(row("A", a) for a in left)), side(*(row("A", a) for a in right)))

    @pytest.mark.parametrize(
        "amounts",
        [["10.50", "7"], [Decimal("10.5"), Decimal(7)], pl.Series(["10.500", "7.0"])],
    )
    def test_texts_and_decimals_are_the_same_amounts(self, amounts: object) -> None:
        """The same value written otherwise is the same."""
        frame = pl.DataFrame({"key": ["A", "B"], "amount": amounts, "currency": ["INR", "INR"]})
        assert reconcile(frame, side(row("A", "10.50"), row("B", "7"))).summary["status"].to_list() == ["matched"]

    def test_floats_are_refused(self) -> None:
        """A float amount is refused with the reason; so is a float key."""
        with pytest.raises(InvalidRequest, match=r"Float64 \(a float holds 0.10 only nearly\)"):
            reconcile(pl.DataFrame({"key": ["A"], "amount": [1.0], "currency": ["INR"]}), side())
        with pytest.raises(InvalidRequest, match="column key holds Float64"):
            reconcile(pl.DataFrame({"key": [1.0], "amount": ["1"], "currency": ["INR"]}), side())

    @pytest.mark.parametrize("amounts", [["12.505"], [Decimal("12.505")]])
    def test_a_third_decimal_is_a_problem_of_its_row(self, amounts: object) -> None:
        """A digit that would be lost makes the row a problem with the value in it."""
        match = only(
            reconcile(pl.DataFrame({"key": ["A"], "amount": amounts, "currency": ["INR"]}), side(row("A", "12.50")))
        )
        assert match["status"] == "not_comparable"
        assert match["reasons"] == ["invoice A: '12.505' is no amount with a decimal point and at most 2 decimals"]

    @pytest.mark.parametrize("amounts", [["1" + "0" * 16], [10**16], [Decimal(10**16)]], ids=["text", "int", "decimal"])
    def test_too_many_digits_are_called_that(self, amounts: object) -> None:
        """Seventeen digits are refused as too many, not as having decimals."""
        match = only(reconcile(pl.DataFrame({"key": ["A"], "amount": amounts, "currency": ["INR"]}), side()))
        assert match["status"] == "not_comparable"
        assert match["reasons"][0].endswith(" has more than 16 digits before the point")

    @pytest.mark.parametrize("tolerance", [0.01, True, "-1", "0.001", Decimal("0.001"), Decimal("NaN"), "x", None])
    def test_a_tolerance_that_is_none_is_refused(self, tolerance: Any) -> None:
        """Floats, negatives, a third decimal and words are refused."""
        with pytest.raises(InvalidRequest, match="tolerance"):
            parse_tolerance(tolerance)

    def test_the_tolerance_is_inclusive(self) -> None:
        """A difference of the tolerance itself agrees; one cent more does not."""
        found = reconcile(
            side(row("A", "10.02"), row("B", "10.03")), side(row("A", "10"), row("B", "10")), tolerance="0.02"
        )
        assert dict(found.matches.select("key", "status").rows()) == {"A": "within_tolerance", "B": "amount_differs"}


class TestFrames:
    """What may come in."""

    @pytest.mark.parametrize("make", ["to_pandas", "to_arrow", "clone"])
    def test_any_dataframe_will_do(self, make: str) -> None:
        """pandas, pyarrow and polars frames of the same rows give the same result."""
        pytest.importorskip("pyarrow")
        pytest.importorskip("pandas")
        left, right = side(row("A", "10"), row(None, None, None, date=DAY)), side(row("A", "10"))
        there = reconcile(getattr(left, make)(), getattr(right, make)(), as_of=DAY)
        assert there.matches.equals(reconcile(left, right, as_of=DAY).matches)

    def test_a_missing_column_is_named_with_those_that_are_there(self) -> None:
        """The message lists what is missing and what exists."""
        with pytest.raises(InvalidRequest, match="the right side: missing key; there are: order, amount, currency"):
            reconcile(side(), pl.DataFrame({"order": ["A"], "amount": ["1"], "currency": ["INR"]}))

    @pytest.mark.parametrize("data", [None, [1], pl.LazyFrame({"key": []})])
    def test_what_is_no_dataframe_is_refused(self, data: object) -> None:
        """No dataframe, or a lazy one, is refused in words."""
        with pytest.raises(InvalidRequest, match="is no dataframe in memory"):
            reconcile(data, side())

    def test_empty_sides_give_empty_tables(self) -> None:
        """Nothing against nothing is no group, with all columns."""
        result = reconcile(side(), side())
        assert (result.matches.height, result.items.height, result.summary.height, result.exceptions.height) == (
            0,
            0,
            0,
            0,
        )

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_frames_without_values_keep_their_rows(self, count: int) -> None:
        """Rows whose columns are all empty are counted as they are, none included."""
        frame = pl.DataFrame({"key": [None] * count, "amount": [None] * count, "currency": [None] * count})
        assert reconcile(frame, frame).items.height == 2 * count

    def test_null_and_empty_keys_never_meet(self) -> None:
        """Two rows without a key are two groups, not a match."""
        frame = pl.DataFrame({"key": [None, ""], "amount": ["1", "1"], "currency": ["INR", "INR"]})
        assert reconcile(frame, frame).matches["status"].to_list() == ["not_comparable"] * 4

    def test_a_frame_with_all_columns_is_read_like_any_other(self) -> None:
        """Of exactly our columns, too, an empty key is none and a missing reference is filled in."""
        empty, nameless = side(row("", "10")), side(row("A", "10", ref=None))  # type: ignore[arg-type]
        assert reconcile(empty, empty).matches["status"].to_list() == ["not_comparable"] * 2
        match = only(reconcile(nameless, side()))
        assert (match["status"], match["left_count"], match["left_refs"]) == ("left_only", 1, ["A"])

    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("2026-10-31", DAY),
            ("2026-10-31T05:00:00Z", DAY),
            ("2026-10-31T23:00:00-05:00", dt.date(2026, 11, 1)),
            ("31.10.2026", None),
        ],
    )
    def test_a_date_in_a_text_is_read_or_noted(self, text: str, day: dt.date | None) -> None:
        """Days and instants in texts are read, the latter in UTC; any other text is noted, not dropped in silence."""
        match = only(
            reconcile(pl.DataFrame({"key": ["A"], "amount": ["1"], "currency": "INR", "date": [text]}), side())
        )
        assert match["date"] == day
        assert any("its date is neither like" in reason for reason in match["reasons"]) == (day is None)

    def test_a_failure_in_a_library_is_not_called_a_wrong_type(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only what narwhals refuses is no dataframe; an error while converting one is told as it is."""

        def fail(_frame: object) -> None:
            raise TypeError("from inside")

        monkeypatch.setattr(nw.DataFrame, "to_polars", fail)
        with pytest.raises(TypeError, match="from inside"):
            reconcile(side(), side())

    def test_the_reprs_show_sums_and_no_keys(self) -> None:
        """Text and HTML name the statuses and hold no key and no reference."""
        result = reconcile(side(row("SECRET-KEY", "10", ref="SECRET-REF", currency="<b>")), side())
        for shown in (repr(result), result._repr_html_()):
            assert "Invoice without shipment" in shown
            assert "SECRET" not in shown
        assert "<b>" not in result._repr_html_()


class TestCrosswalk:
    """Keys from a table."""

    RIGHT = side(row("O1", "10", ref="S1", aliases=["S1", "O1"]), row("O2", "5", ref="S2", aliases=["S2", "O2"]))

    def left(self, **rest: object) -> pl.DataFrame:
        """A document without an order."""
        asked = {"problem": "states no Amazon order id", "key_problem": "states no Amazon order id"} | rest
        return side(row(None, "10", ref="I1", aliases=["PO1", "I1"], **asked))

    @pytest.mark.parametrize("target", ["O1", "S1"])
    def test_a_row_gets_the_key_of_the_shipment_it_is_given(self, target: str) -> None:
        """The right may be the key or an alias; the problem of having no key is settled."""
        crosswalk = pl.DataFrame({"left": ["PO1"], "right": [target]})
        result = reconcile(self.left(), self.RIGHT, crosswalk=crosswalk)
        assert result.matches.select("key", "status").rows() == [("O2", "right_only"), ("O1", "matched")]
        assert result.matches["reasons"].to_list()[1][-1] == "invoice I1: joined by the crosswalk"
        assert result.notes == ()

    def test_another_problem_stays(self) -> None:
        """A crosswalk gives a key and not an authorisation."""
        crosswalk = pl.DataFrame({"left": ["PO1"], "right": ["O1"]})
        result = reconcile(self.left(problem="not authorised by SEFAZ"), self.RIGHT, crosswalk=crosswalk)
        assert dict(result.matches.select("key", "status").rows())["O1"] == "not_comparable"

    def test_lines_that_say_two_things_are_refused(self) -> None:
        """One left with two rights, and one row named by two lines that disagree, are refused."""
        with pytest.raises(InvalidRequest, match="PO1 has two different rights"):
            reconcile(self.left(), self.RIGHT, crosswalk=pl.DataFrame({"left": ["PO1", "PO1"], "right": ["O1", "O2"]}))
        with pytest.raises(InvalidRequest, match="I1 is named by crosswalk lines with different rights"):
            reconcile(self.left(), self.RIGHT, crosswalk=pl.DataFrame({"left": ["PO1", "I1"], "right": ["O1", "O2"]}))

    def test_an_alias_of_two_keys_is_refused(self) -> None:
        """A right name that stands for two keys is not guessed at."""
        right = side(row("O1", "10", ref="S", aliases=["S"]), row("O2", "5", ref="S", aliases=["S"]))
        with pytest.raises(InvalidRequest, match="S stands for more than one key"):
            reconcile(self.left(), right, crosswalk=pl.DataFrame({"left": ["PO1"], "right": ["S"]}))

    def test_lines_without_use_are_told(self) -> None:
        """Lines that name nothing, and lines with a hole, are notes of the result."""
        crosswalk = pl.DataFrame({"left": ["PO9", "PO1", None], "right": ["O1", "O7", "O1"]})
        assert reconcile(self.left(), self.RIGHT, crosswalk=crosswalk).notes == (
            "1 line of the crosswalk without one of the two names, left out",
            "1 line of the crosswalk naming no invoice: PO9",
            "1 line of the crosswalk naming no shipment: O7",
        )

    def test_a_name_of_several_invoices_is_refused(self) -> None:
        """A name that stands for invoices with different numbers or orders is not guessed at; a key means all its rows."""
        left = side(row("O1", "5", ref="X", aliases=["PO1"]), row("O2", "7", ref="I2", aliases=["PO1"]), row("X", "1"))
        for name in ("PO1", "X"):
            with pytest.raises(InvalidRequest, match=f"{name} names several invoices. Next: name each by its own"):
                reconcile(left, self.RIGHT, crosswalk=pl.DataFrame({"left": [name], "right": ["O1"]}))
        parts = side(row("O3", "4", ref="I1"), row("O3", "6", ref="I2"))
        result = reconcile(parts, self.RIGHT, crosswalk=pl.DataFrame({"left": ["O3"], "right": ["O1"]}))
        assert dict(result.matches.select("key", "status").rows())["O1"] == "matched"

    def test_a_contradiction_of_the_document_is_told(self) -> None:
        """A crosswalk counts for more than the document, and a reader learns of it."""
        left = side(row("O2", "10", ref="I1", aliases=["PO1"]))
        result = reconcile(left, self.RIGHT, crosswalk=pl.DataFrame({"left": ["PO1"], "right": ["O1"]}))
        told = result.matches.filter(key="O1")["reasons"].item().to_list()
        assert told[-1].endswith("the document states O2; the crosswalk says O1")


class TestStatedShipments:
    """Shipment ids that invoices state."""

    RIGHT = side(
        row("O1", "10", ref="S1", shipment_id="S1"),
        row("O1", "10", ref="S2", shipment_id="S2"),
        row("O2", "5", ref="S3", shipment_id="S3"),
    )
    NO_ORDER: Row = dict.fromkeys(("problem", "key_problem"), "states no Amazon order id")

    def reasons(self, *left: Row, key: str | None = "O1", right: pl.DataFrame = RIGHT) -> list[str]:
        """What is said of a key."""
        matches = reconcile(side(*left), right).matches.filter(pl.col("key").eq_missing(key))
        return matches["reasons"].explode().to_list()

    def test_the_shipment_leads_to_the_order(self) -> None:
        """An invoice that states no order but a shipment is joined by it, and says so."""
        result = reconcile(side(row(None, "5", ref="I1", shipment_id="S3", **self.NO_ORDER)), self.RIGHT)
        assert dict(result.matches.select("key", "status").rows())["O2"] == "matched"
        assert "invoice I1: joined by the shipment it states" in result.matches["reasons"].explode().to_list()

    def test_a_row_that_is_kept_out_stays_out(self) -> None:
        """A problem that is not about the key is not settled by a shipment."""
        kept_out = row(None, "5", ref="I1", shipment_id="S3", problem="cancelled by event")
        assert self.reasons(kept_out, key=None) == ["invoice I1: cancelled by event"]

    def test_a_shipment_of_two_orders_leads_nowhere(self) -> None:
        """Nothing is guessed."""
        twice = side(row("O1", "5", ref="S3", shipment_id="S3"), row("O2", "5", ref="S3", shipment_id="S3"))
        invoice = row(None, "5", ref="I1", shipment_id="S3", **self.NO_ORDER)
        assert self.reasons(invoice, key=None, right=twice) == ["invoice I1: states no Amazon order id"]

    def test_the_shipment_of_another_order_is_noted(self) -> None:
        """The stated order counts; a shipment that belongs to another is told."""
        assert "invoice I1: states shipment S3, which belongs to O2" in self.reasons(
            row("O1", "20", ref="I1", shipment_id="S3")
        )

    def test_a_shipment_stated_twice_beside_one_left_out_is_noted(self) -> None:
        """Equal sums can hide that one shipment was invoiced twice and another never."""
        both = [row("O1", "10", ref=ref, shipment_id="S1") for ref in ("I1", "I2")]
        assert self.reasons(*both)[-2:] == [
            f"invoice {ref}: another invoice states shipment S1 too, and none states S2" for ref in ("I1", "I2")
        ]
        right_ones = [row("O1", "10", ref=f"I{n}", shipment_id=f"S{n}") for n in (1, 2)]
        assert not [reason for reason in self.reasons(*right_ones) if "another invoice" in reason]
