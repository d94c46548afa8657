"""What each status means, when it applies, and the words for it: a table, read from the top.

Amounts agree when they differ by no more than the tolerance. A *duplicate* is a difference that repeats explain: a
reference occurs twice on one side, or leaving out the rows whose amount that side has already, on the left, on the
right or on both, makes the sums agree. So an invoice issued again under another purchase order is a duplicate, an order
sent in several parcels is not (its sums agree), and several invoices whose sum is plainly wrong ``amount_differs``.

Amazon's status and absence are the key's, whatever the currency: an order whose invoice Amazon refused is ``rejected``
as a whole.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from spapi_invoices.frames.schemas import STATUSES
from spapi_invoices.reconciliation.columns import WIDE


@dataclass(frozen=True, slots=True)
class Rule:
    """One status: when it applies if none above it did, and what to tell a reader.

    Attributes:
        agrees: Nothing has to be done.
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
        "An amount, a currency or the order is not known, or the document has no legal force.",
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
_STATUS: Final = pl.Enum(STATUSES)


def decide(groups: pl.DataFrame) -> pl.DataFrame:
    """Add ``status``: of each group the first rule that applies. ``difference`` and ``tolerance`` must be there."""
    choice = pl.lit(RULES[-1].status, _STATUS)
    for rule in reversed(RULES[:-1]):
        choice = pl.when(rule.applies).then(pl.lit(rule.status, _STATUS)).otherwise(choice)
    return groups.with_columns(status=choice)
