"""What every form of report says of a result: the verdict, the totals, the titles. Not how it looks.

A finance person reads it: orders and invoices, not keys and sides. Currencies are never added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from spapi_invoices.frames.values import WIDE
from spapi_invoices.reconciliation.result import Result
from spapi_invoices.reconciliation.rules import AGREEING, RULES, Rule
from spapi_invoices.report.writer import ReportContext

UNKNOWN_CURRENCY: Final = "not known"
NOT_ASKED: Final = "not asked, or no answer"
STATUS_TITLES: Final = {rule.status: rule.title for rule in RULES}
# Amazon's answer is about the submitted invoice, not about the difference: all of it is in question.
_WHOLE_AMOUNT: Final = ("not_comparable", "rejected", "pending")
_BOTH_AMOUNTS: Final = ("left_amount", "right_amount")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The head of a report.

    Attributes:
        kind: good, or open if somebody must look, or empty if there is nothing to look at.
        label: In few words.
        lines: The sentence, and what belongs to it.
    """

    kind: str
    label: str
    lines: tuple[str, ...]


def verdict(result: Result, context: ReportContext) -> Verdict:
    """What to say first. Never an all-clear over what was not fetched or what Amazon did not accept."""
    missing = missing_windows(context)
    kind = "open" if missing or result.exceptions.height else "good"
    if not result.matches.height:
        label = "Nothing to compare, and the fetch is not complete" if missing else "Nothing to compare"
        return Verdict(kind if missing else "empty", label, _said("Neither side has a row.", missing))
    counts = _order_counts(result)
    if result.exceptions.height:
        worth = f"Amount in question: {_worth(result.exceptions)}."
        return Verdict(kind, "Needs attention", _said(counts, worth, missing))
    unaccepted = _unaccepted(result)
    all_clear = "The amounts agree" if unaccepted else "Everything agrees"
    label = "Agrees, but the fetch is not complete" if missing else all_clear
    return Verdict(kind, label, _said(counts, unaccepted, missing))


def missing_windows(context: ReportContext) -> str:
    """A sentence on what the fetch did not bring; empty if it brought all, or nothing is known of it."""
    if context.windows is None:
        return ""
    if not context.windows.height:
        return "No window of the fetch was asked for: orders may be missing."
    missing = context.windows.height - complete_windows(context.windows)
    return (
        f"{counted(missing, 'window')} of the fetch did not arrive in full: orders may be missing." if missing else ""
    )


def complete_windows(windows: pl.DataFrame) -> int:
    """How many windows arrived in full."""
    return windows.filter(pl.col("state").cast(pl.String) == "complete").height


def totals(
    result: Result,
) -> list[tuple[str, int, Decimal | None, int, Decimal | None, Decimal | None, Decimal | None]]:
    """Per currency: name, left number and amount, right number and amount, difference, amount in question.

    Nothing known is not zero: an amount is null where no row has one.
    """
    sums = [_sum(pl.col(name)) for name in _BOTH_AMOUNTS]
    counts = [pl.col(name).sum() for name in ("left_count", "right_count")]
    by_currency = result.matches.group_by("currency").agg(*counts, *sums).sort("currency", nulls_last=True)
    worth = dict(_in_question(result.exceptions).group_by("currency").agg(_sum(pl.col("worth"))).rows())
    zero = Decimal(0)
    rows = []
    for currency, left_count, left, right_count, right in by_currency.select(
        "currency", "left_count", "left_amount", "right_count", "right_amount"
    ).rows():
        known = left is not None or right is not None
        difference = (left or zero) - (right or zero) if known else None
        open_amount = (worth.get(currency) or zero) if known else None
        rows.append((currency or UNKNOWN_CURRENCY, left_count, left, right_count, right, difference, open_amount))
    return rows


def total_titles(context: ReportContext) -> tuple[str, ...]:
    """The titles of ``totals``."""
    left, right = context.left_label, context.right_label
    sides = (f"{left}, number", f"{left}, amount", f"{right}, number", f"{right}, amount")
    return ("Currency", *sides, "Difference", "In question")


def answers(result: Result) -> list[tuple[str, str, int, Decimal | None]]:
    """What Amazon says of the shipments' invoices: status, currency, shipments, amount; none if it was never asked."""
    rows = result.right_rows
    if not rows.height or rows["invoice_status"].null_count() == rows.height:
        return []
    grouped = rows.group_by("invoice_status", "currency").agg(pl.len(), _sum(pl.col("amount")))
    return [
        (status or NOT_ASKED, currency or UNKNOWN_CURRENCY, count, amount)
        for status, currency, count, amount in grouped.sort("invoice_status", "currency", nulls_last=True).rows()
    ]


ANSWERS_TITLE: Final = "What Amazon says of the shipments' invoices"
ANSWER_TITLES: Final = ("Amazon's invoice status", "Currency", "Shipments, number", "Shipments, amount")


def column_titles(context: ReportContext) -> dict[str, str]:
    """Column to title, for the columns of matches, items and windows."""
    left, right = context.left_label, context.right_label
    return {
        "key": "Order",
        "status": "Status",
        "reasons": "Reason",
        "currency": "Currency",
        "left_amount": f"{left}, amount",
        "right_amount": f"{right}, amount",
        "difference": "Difference",
        "tolerance": "Tolerance",
        "left_count": f"{left}, number",
        "right_count": f"{right}, number",
        "left_refs": "Invoices",
        "right_refs": "Shipments",
        "date": "Date",
        "age_days": "Age, days",
        "side": "Side",
        "ref": "Number",
        "amount": "Amount",
        "invoice_status": "Amazon's invoice status",
        "problem": "Why it cannot be compared",
        "note": "Note",
        "keys": "Lines",
        "next_step": "What to do",
        "operation": "Operation",
        "window_start": "From (UTC)",
        "window_end": "Until, exclusive",
        "state": "State",
        "pages": "Pages",
        "rows": "Records",
        "attempts": "Requests sent",
        "request_ids": "Request ids",
        "error": "Error",
        "finished_at": "Finished (UTC)",
    }


def next_step(rule: Rule) -> str:
    """What to do; nothing where all is well."""
    return "" if rule.agrees else f"Next: {rule.next_step}"


def counted(count: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "order"), counted(2000, "order")
    ('1 order', '2,000 orders')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _said(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _order_counts(result: Result) -> str:
    """How many orders agree and how many do not, of the parts that are not zero."""
    keyed = result.matches.filter(pl.col("key").is_not_null())
    orders = keyed["key"].n_unique()
    open_orders = keyed.filter(~pl.col("status").is_in(AGREEING))["key"].n_unique()
    alone = result.matches.height - keyed.height
    if orders and not open_orders:
        agree = "The one order agrees" if orders == 1 else f"All {counted(orders, 'order')} agree"
    else:
        agree = f"{orders - open_orders:,} of {counted(orders, 'order')} agree" if orders > open_orders else ""
    subject = f"{open_orders:,}" if agree else counted(open_orders, "order")
    parts = (
        agree,
        f"{subject} {'needs' if open_orders == 1 else 'need'} attention" if open_orders else "",
        f"{counted(alone, 'row')} {'names' if alone == 1 else 'name'} no order" if alone else "",
    )
    return "; ".join(_said(*parts)) + "."


def _unaccepted(result: Result) -> str:
    # A fact and not a fault: where nobody submits invoices, Amazon has none.
    if not result.right_rows.height:
        return ""
    count = result.right_rows.filter(pl.col("invoice_status") != "Accepted").height
    return f"The amounts agree; Amazon has not accepted {count:,} of the invoices." if count else ""


def _in_question(exceptions: pl.DataFrame) -> pl.DataFrame:
    """Currency and worth of each line: the difference, or the larger known amount where that is what is open."""
    known = pl.max_horizontal(pl.col(side).cast(WIDE).abs() for side in _BOTH_AMOUNTS)
    whole = pl.col("status").is_in(_WHOLE_AMOUNT)
    size = pl.when(whole).then(known).otherwise(pl.col("difference").cast(WIDE).abs())
    return exceptions.select("currency", worth=size)


def _worth(exceptions: pl.DataFrame) -> str:
    lines = _in_question(exceptions)
    known = lines.drop_nulls()
    sums = known.group_by("currency").agg(pl.col("worth").sum()).sort("currency").rows()
    unknown = lines.height - known.height
    rest = f"{counted(unknown, 'line')} whose amount or currency is not known" if unknown else ""
    amounts = " and ".join(f"{currency} {amount:,.2f}" for currency, amount in sums)
    return ", and ".join(_said(amounts, rest))


def _sum(amount: pl.Expr) -> pl.Expr:
    wide = amount.cast(WIDE)
    return pl.when(wide.count() > 0).then(wide.sum())


def method(result: Result, context: ReportContext) -> Sequence[str]:
    """How the comparison was made, a line each."""
    left, right = context.left_label, context.right_label
    return (
        (
            f"{left} and {right} were joined by the Amazon order id, of which a document must state exactly one; where "
            "it states none, by the shipment it states, or by the order that a crosswalk names. A frame that was handed "
            "over ready to compare brings its own order names. Nothing was joined by likeness."
        ),
        "Per order and currency the amounts of each side were added and the sums compared, exactly, with decimals.",
        f"The difference is {left} minus {right}. Currencies were neither added nor converted.",
        f"Sums that differ by no more than {result.tolerance:,.2f} agree.",
        (
            "The amount in question is the size of the difference; of what cannot be compared, was refused by Amazon or "
            "is being checked by Amazon, it is the larger known amount."
        ),
        (
            "The same document counts once. An NF-e without legal force is set aside where its order has an invoice that "
            "can be compared."
        ),
        "Every row of both sides is in exactly one line, and the totals are those of all lines.",
    )
