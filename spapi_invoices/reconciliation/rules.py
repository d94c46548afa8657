"""What each status means, when it applies, and the words for it: a table, read from the top.

Amounts agree when they differ by no more than the tolerance. A *duplicate* is a difference that repeats explain: a
reference occurs twice on one side, or leaving out the rows whose amount that side has already, on the left, on the
right or on both, makes the sums agree. So an invoice issued again under another purchase order is a duplicate, an order
sent in several parcels is not (its sums agree), and several invoices whose sum is plainly wrong ``amount_differs``.

Amazon's status and absence are the key's, whatever the currency: an order whose invoice Amazon refused is ``rejected``
as a whole.

More rules may be added, as plugins do. They read the finished table and not the groups, and follow one law: a rule may
raise a line to a status above its own and never lower one. So what a plugin adds can hold an order back, call it a
duplicate, be stricter about an amount, or only speak; it can make no difference go away. Ours come through the same hook,
and alone say what agrees, what is absent and what Amazon said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from spapi_invoices.frames.schemas import STATUSES
from spapi_invoices.frames.values import WIDE


# Two rules are the same if they are one value: expressions cannot be compared.
@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One status: when it applies if none above it did, and what to tell a reader.

    Attributes:
        status: One of ``STATUSES``; in an added rule one of ``ADDED``, the least that a line gets to which it applies,
            or empty for a rule that only speaks.
        applies: True or false for each row. An added rule may use the columns of the ``Reconciliation`` table, among
            them the ``status`` and ``reasons`` that ours gave; null is false.
        title: What the rule is called.
        meaning: What it found, a sentence.
        next_step: What to do; may be empty in an added rule.
        agrees: Nothing has to be done.

    >>> large = pl.col("left_amount") >= 10_000
    >>> rule = Rule("not_comparable", large, "Second signature", "The invoice is over 10,000.", "Have it signed.")
    """

    status: str
    applies: pl.Expr
    title: str
    meaning: str
    next_step: str
    agrees: bool = False


def _amount(name: str) -> pl.Expr:
    return pl.col(name).cast(WIDE).fill_null(pl.lit(0).cast(WIDE))


DIFFERENCE: Final = _amount("left_amount") - _amount("right_amount")
_DIFFERENCE: Final = pl.col("difference")
_TOLERANCE: Final = pl.col("tolerance")
_OFF: Final = _DIFFERENCE.abs() > _TOLERANCE
_ON_BOTH: Final = (pl.col("left_count") > 0) & (pl.col("right_count") > 0)


def _explained(by: pl.Expr) -> pl.Expr:
    return (_DIFFERENCE - by).abs() <= _TOLERANCE


_LEFT_SPARE, _RIGHT_SPARE = pl.col("left_spare"), pl.col("right_spare")
_REPEATS: Final = (
    pl.col("ref_twice") | _explained(_LEFT_SPARE) | _explained(-_RIGHT_SPARE) | _explained(_LEFT_SPARE - _RIGHT_SPARE)
)

RULES: Final = (
    Rule(
        "not_comparable",
        pl.col("blocked"),
        "Cannot be compared",
        "An amount, a currency or the order is not known, the document has no legal force, or a rule holds it back.",
        "Read the reason: mend or fetch the document again, or give a crosswalk.",
    ),
    Rule(
        "rejected",
        pl.col("errored"),
        "Refused by Amazon",
        "Amazon could not validate the invoice that was submitted for the shipment.",
        "Correct the invoice and submit it again.",
    ),
    Rule(
        "pending",
        pl.col("processing"),
        "Being checked by Amazon",
        "Amazon has the invoice and has not finished checking it.",
        "Ask for the status again later.",
    ),
    Rule(
        "left_only",
        ~pl.col("on_right"),
        "Invoice without shipment",
        "There is an invoice for the order, but no shipment.",
        "Look for the shipment: is it outside the period, or was it cancelled?",
    ),
    Rule(
        "right_only",
        ~pl.col("on_left"),
        "Shipment without invoice",
        "There is a shipment for the order, but no invoice.",
        "Find the invoice; issue one only if Amazon has none.",
    ),
    Rule(
        "duplicate",
        _ON_BOTH & _OFF & _REPEATS,
        "Counted twice",
        "The sums differ because an invoice or a shipment occurs more than once.",
        "Find out which one is right and cancel the other.",
    ),
    Rule(
        "currency_differs",
        ~_ON_BOTH,
        "Currencies differ",
        "Invoice and shipment are in different currencies; they are never added or converted here.",
        "Find out which currency is right.",
    ),
    Rule(
        "amount_differs",
        _OFF,
        "Amounts differ",
        "The sums differ by more than the tolerance.",
        "Compare items, shipping, gift wrap and discounts, then correct the invoice.",
    ),
    Rule(
        "accepted",
        pl.col("accepted"),
        "Agrees, accepted by Amazon",
        "The amounts agree and Amazon accepted the invoice.",
        "Nothing.",
        agrees=True,
    ),
    Rule(
        "within_tolerance",
        _DIFFERENCE != 0,
        "Agrees within the tolerance",
        "The sums differ, by no more than the tolerance.",
        "Nothing.",
        agrees=True,
    ),
    Rule("matched", pl.lit(True), "Agrees", "The sums are equal to the last digit.", "Nothing.", agrees=True),
)
AGREEING: Final = tuple(rule.status for rule in RULES if rule.agrees)
# The statuses that added rules may give. The others are facts about the rows, or Amazon's own words.
ADDED: Final = ("not_comparable", "duplicate", "amount_differs")
STATUS: Final = pl.Enum(STATUSES)


def decide(groups: pl.DataFrame) -> pl.DataFrame:
    """Add ``status``: of each group the first rule that applies. ``difference`` and ``tolerance`` must be there."""
    choice = pl.lit(RULES[-1].status, STATUS)
    for rule in reversed(RULES[:-1]):
        choice = pl.when(rule.applies).then(pl.lit(rule.status, STATUS)).otherwise(choice)
    return groups.with_columns(status=choice)


def apply_rules(matches: pl.DataFrame, rules: Sequence[Rule]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Apply added rules to a ``Reconciliation`` table: the same lines, and a note for each rule that failed.

    Each rule sees the table as it was given, so that their order decides only that of the reasons.
    """
    tried = [_try(rule, matches) for rule in rules]
    told = matches
    for rule, applies in (one for one in tried if not isinstance(one, str)):
        told = told.with_columns(_apply(rule, pl.lit(applies)))
    # What cannot be compared has no difference.
    known = pl.when(pl.col("status") != "not_comparable").then(pl.col("difference"))
    return told.with_columns(difference=known), tuple(one for one in tried if isinstance(one, str))


def _try(rule: Rule, matches: pl.DataFrame) -> tuple[Rule, pl.Series] | str:
    """The rule and the lines it applies to, or why it is left out: without an exception's text, which may quote a line."""
    flaw = _flaw(rule)
    if not flaw:
        try:
            applies = matches.with_columns(applies=rule.applies)["applies"]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the outermost edge of a stranger's rule: SystemExit and panics too
            flaw = f"failed with {type(error).__name__}"
        else:
            if applies.dtype in (pl.Boolean, pl.Null):
                return rule, applies.cast(pl.Boolean)
            flaw = f"gives {applies.dtype} where true or false belongs"
    return (
        f"rule {rule.title!r} {flaw}, so it is left out. Next: tell its author; spapi-invoices plugins says whose it is"
    )


def _flaw(rule: Rule) -> str:
    """What would break the table if the rule were applied, or nothing."""
    words = (rule.title, rule.meaning, rule.next_step)
    if not all(isinstance(one, str) and one.isprintable() for one in words):
        return "has words that do not print on a line"
    if not isinstance(rule.status, str) or rule.status not in ("", *ADDED):
        return f"gives the status {rule.status!r}, which is none of {', '.join(ADDED)}"
    return "" if isinstance(rule.applies, pl.Expr) else f"holds a {type(rule.applies).__name__}, not an expression"


def _apply(rule: Rule, applies: pl.Expr) -> list[pl.Expr]:
    said = f"{rule.title}: {rule.meaning}" + (f" Next: {rule.next_step}" if rule.next_step else "")
    status, least = pl.col("status"), pl.lit(rule.status or None, STATUS)
    return [
        # An Enum is ordered as its categories are: by precedence. Nothing is above null.
        pl.when(applies & (status > least)).then(least).otherwise(status).alias("status"),
        pl.when(applies).then(pl.concat_list("reasons", pl.lit(said))).otherwise("reasons").alias("reasons"),
    ]
