"""Added rules: what they may do to a result, and what they may not, whatever they are."""

import re
import sys
from decimal import Decimal
from random import Random

import polars as pl
import pytest
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spapi_invoices.frames.schemas import STATUSES
from spapi_invoices.reconciliation import AGREEING, RULES, Result, Rule, reconcile
from spapi_invoices.reconciliation.rules import ADDED

many = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
AMOUNTS = ("reasons", "status", "difference")


def side(**amounts: str) -> pl.DataFrame:
    return pl.DataFrame({"key": list(amounts), "amount": list(amounts.values()), "currency": "BRL"})


# Equal, equal and large, different, and each side alone.
LEFT = side(A="10.00", B="20000.00", C="5.00", D="7.00")
RIGHT = side(A="10.00", B="20000.00", C="6.00", E="8.00")
LARGE = pl.col("left_amount") >= 10_000


def rule(status: str, applies: object = LARGE, **words: str) -> Rule:
    said = {"title": "Large", "meaning": "It is large.", "next_step": "Ask."} | words
    return Rule(status, applies, **said)  # type: ignore[arg-type]


def statuses(result: Result) -> dict[str, str]:
    return dict(result.matches.select("key", pl.col("status").cast(str)).rows())


class TestOneRule:
    """What a rule does to the lines it applies to."""

    def test_a_status_is_raised_and_the_reason_told(self):
        """The line has the rule's status and its words behind ours; the other lines are as they were."""
        plain, ruled = reconcile(LEFT, RIGHT), reconcile(LEFT, RIGHT, rules=[rule("duplicate")])
        assert statuses(ruled) == statuses(plain) | {"B": "duplicate"}
        (reasons,) = ruled.matches.filter(key="B")["reasons"].to_list()
        assert reasons == ["amounts agree to the last digit", "Large: It is large. Next: Ask."]
        same = pl.col("key") != "B"
        assert ruled.matches.filter(same).equals(plain.matches.filter(same))

    def test_a_line_that_is_held_back_has_no_difference(self):
        """As any that cannot be compared; its amounts stay."""
        line = reconcile(LEFT, RIGHT, rules=[rule("not_comparable")]).matches.row(0, named=True)
        assert (line["key"], line["status"], line["difference"]) == ("B", "not_comparable", None)
        assert line["left_amount"] == Decimal("20000.00")

    def test_a_rule_without_a_status_only_speaks(self):
        """The reason is told and nothing else changes; without a next step, none is named."""
        plain = reconcile(LEFT, RIGHT).matches
        told = reconcile(LEFT, RIGHT, rules=[rule("", pl.lit(True), next_step="")]).matches
        assert told.drop("reasons").equals(plain.drop("reasons"))
        assert all(reasons[-1] == "Large: It is large." for reasons in told["reasons"])

    def test_a_status_is_never_lowered(self):
        """A line that has no shipment keeps saying so, with the rule's reason beside it."""
        ruled = reconcile(LEFT, RIGHT, rules=[rule("amount_differs", pl.lit(True))])
        assert statuses(ruled) == {
            k: "left_only" if k == "D" else "right_only" if k == "E" else "amount_differs" for k in "ABCDE"
        }

    def test_a_rule_may_use_what_ours_found(self):
        """Status, reasons, difference and age are there; null is false."""
        seen = rule(
            "", pl.col("reasons").list.contains("no shipment for this invoice") & (pl.col("status") == "left_only")
        )
        matches = reconcile(
            LEFT, RIGHT, rules=[seen, rule("duplicate", pl.lit(None)), rule("duplicate", pl.col("age_days") > 1)]
        ).matches
        assert matches.filter(pl.col("reasons").list.last().str.starts_with("Large"))["key"].to_list() == ["D"]
        assert "duplicate" not in matches["status"]

    def test_rules_do_not_see_each_other(self):
        """A rule that applies to what another held back finds none: all see the table that ours made."""
        rules = [rule("not_comparable"), rule("duplicate", pl.col("status") == "not_comparable", title="Second")]
        for some in (rules, rules[::-1]):
            assert statuses(reconcile(LEFT, RIGHT, rules=some))["B"] == "not_comparable"
            assert not [r for r in reconcile(LEFT, RIGHT, rules=some).matches["reasons"].explode() if "Second" in r]

    def test_ours_may_be_among_them(self):
        """The table of all rules, as the plugin seam gives it, is no other than none."""
        assert reconcile(LEFT, RIGHT, rules=RULES).matches.equals(reconcile(LEFT, RIGHT).matches)

    def test_the_report_tells_who_is_held_back(self):
        """Everything that counts by status agrees with the raised one: exceptions, summary, items."""
        plain, ruled = reconcile(LEFT, RIGHT), reconcile(LEFT, RIGHT, rules=[rule("not_comparable")])
        assert ruled.exceptions.height == plain.exceptions.height + 1
        assert set(ruled.items.filter(key="B")["status"]) == {"not_comparable"}
        assert ruled.summary["keys"].sum() == ruled.matches.height
        assert repr(ruled).startswith("<Result: 1 of 5 agree, 4 to look at")


def test_the_rule_of_the_how_to_holds_an_order_back():
    """The how-to's code, as it stands."""
    text = (ROOT / "docs" / "how-to" / "write-a-plugin.md").read_text("utf-8")
    (code,) = [one for one in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "Rule(" in one]
    exec(code, names := {})
    result = reconcile(LEFT, RIGHT, rules=[names["SECOND_SIGNATURE"]])
    assert (statuses(result)["B"], result.notes) == ("not_comparable", ())


WRONG = {
    "matched": (rule("matched"), "gives the status 'matched'"),
    "rejected": (rule("rejected"), "gives the status 'rejected'"),
    "unknown": (rule("fishy"), "gives the status 'fishy'"),
    "number": (rule("duplicate", pl.col("left_amount")), "gives Decimal(precision=18, scale=2) where true or false"),
    "column": (rule("duplicate", pl.col("blocked")), "failed with ColumnNotFoundError"),
    "short": (rule("duplicate", pl.col("key").map_batches(lambda keys: keys.head(1))), "failed with"),
    "cast": (rule("duplicate", pl.col("key").str.to_integer() > 1), "failed with"),
    "raises": (rule("duplicate", pl.col("key").map_batches(lambda keys: 1 / 0)), "failed with"),
    "exits": (
        rule("duplicate", pl.col("key").map_batches(lambda _: sys.exit(0), pl.Boolean)),
        "failed with SystemExit",
    ),
    "many": (rule("duplicate", pl.all().is_null()), "failed with"),
    "python": (rule("duplicate", True), "holds a bool, not an expression"),
    "series": (rule("duplicate", pl.Series([True])), "holds a Series, not an expression"),
    "words": (rule("duplicate", meaning=None), "has words that do not print on a line"),
    "lines": (rule("duplicate", meaning="a\nb"), "has words that do not print on a line"),
    "surrogate": (rule("duplicate", meaning="\ud800"), "has words that do not print on a line"),
    "swapped": (Rule(LARGE, "duplicate", "Large", "", ""), "gives the status <Expr"),
    "status": (rule(["duplicate"]), "gives the status ['duplicate']"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_rule_that_fails_costs_only_itself(name: str):
    """A note says which and why, without anything of the rows; the result is that of the other rules."""
    wrong, says = WRONG[name]
    good = rule("not_comparable", title="Good")
    ruled = reconcile(LEFT, RIGHT, rules=[wrong, good])
    assert ruled.matches.equals(reconcile(LEFT, RIGHT, rules=[good]).matches)
    (note,) = ruled.notes
    assert note.startswith(f"rule 'Large' {says}")
    assert "20000" not in note


def test_an_interrupt_in_a_rule_is_the_users():
    """Ctrl-C ends the comparison, as anywhere."""

    def interrupted(_: pl.Series) -> pl.Series:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reconcile(LEFT, RIGHT, rules=[rule("duplicate", pl.col("key").map_batches(interrupted, pl.Boolean))])


def test_without_rows_every_rule_has_nothing_to_do():
    """An empty table stays one, whatever the rules."""
    empty = LEFT.clear()
    ruled = reconcile(empty, empty, rules=[rule("duplicate"), rule("not_comparable", pl.col("left_count").sum() > 0)])
    assert (ruled.matches.height, ruled.notes) == (0, ())


APPLIES = {
    "all": pl.lit(True),
    "large": LARGE,
    "agreeing": pl.col("status").is_in(AGREEING),
    "each third": pl.int_range(pl.len()) % 3 == 0,
    "same amount": pl.col("left_amount").is_duplicated(),
    "null": pl.col("age_days") > 0,
}
keyed = st.dictionaries(st.sampled_from("ABCDEFG"), st.sampled_from(["1.00", "1.01", "20000.00"]))
ruled = st.lists(st.builds(rule, st.sampled_from(["", *ADDED]), st.sampled_from(list(APPLIES.values()))), max_size=4)


@many
@given(keyed, keyed, ruled, st.randoms(use_true_random=False))
def test_whatever_the_rules_nothing_is_lost(left: dict, right: dict, rules: list[Rule], random: Random):
    """No line appears, vanishes or changes its amounts, and no status falls.

    It rises to none but those a rule may give; what needs attention still does; the order of rows decides nothing.
    """
    before = reconcile(side(**left), side(**right))
    after = reconcile(side(**left), side(**right), rules=rules)
    assert after.matches.drop(*AMOUNTS).sort("key").equals(before.matches.drop(*AMOUNTS).sort("key"))
    was = statuses(before)
    for key, status in statuses(after).items():
        assert STATUSES.index(status) <= STATUSES.index(was[key])
        assert status in {was[key], *ADDED}
    assert set(before.exceptions["key"]) <= set(after.exceptions["key"])
    order = [STATUSES.index(status) for status in after.matches["status"]]
    assert order == sorted(order)
    for name in ("left_amount", "right_amount"):
        assert after.summary[name].sum() == before.summary[name].sum()
    shuffled = [side(**dict(random.sample(list(one.items()), len(one)))) for one in (left, right)]
    assert reconcile(*shuffled, rules=rules).matches.equals(after.matches)
