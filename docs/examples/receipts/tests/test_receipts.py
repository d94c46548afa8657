"""Each part alone: they are plain functions and values, so no command line is needed."""

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest
from spapi_invoices.reconciliation import Result, reconcile
from spapi_invoices.report import ReportContext

from spapi_invoices_receipts import reader, writer
from spapi_invoices_receipts.rule import SECOND_SIGNATURE

GOOD = "RECEIPT\nNumber: 7\nOrder: A\nTotal: BRL 12.50\n"
CONTEXT = ReportContext("Receipts", datetime(2026, 11, 1, tzinfo=UTC))


def compared(left: str, right: str, currency: str = "BRL") -> Result:
    sides = (pl.DataFrame({"key": ["A|1"], "amount": [amount], "currency": [currency]}) for amount in (left, right))
    return reconcile(*sides, rules=[SECOND_SIGNATURE])


@pytest.mark.parametrize("content", [GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_a_receipt_is_read(content: str) -> None:
    """Number, order and total, with either line ending, and with a byte-order mark."""
    facts = reader.read(content.encode())
    assert reader.claims(content.encode())
    assert (facts.invoice_number, facts.order_ids, facts.problem) == ("7", ("A",), None)
    assert (facts.currency, facts.total_amount) == ("BRL", Decimal("12.50"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"RECEIPT\nNumber: 7\n", "does not state Order, Total"),
        (GOOD.replace("12.50", "12,50").encode(), "states a total that cannot be read"),
        (GOOD.replace("BRL", "brl").encode(), "does not begin with a currency's code"),
        (GOOD.replace("BRL", "EURO").encode(), "does not begin with a currency's code"),
        (GOOD.encode() + b"Total: BRL 99.00\n", "states Total more than once"),
        (GOOD.encode() + b"Number: 8\n", "states Number more than once"),
        (GOOD.encode() + b"\xff", "is not UTF-8"),
    ],
)
def test_a_bad_receipt_is_a_problem(content: bytes, says: str) -> None:
    """It has no amount, and says why."""
    facts = reader.read(content)
    assert says in (facts.problem or "")
    assert facts.total_amount is None


def test_what_is_no_receipt_is_not_claimed() -> None:
    """Another reader may know it."""
    assert not reader.claims(b"%PDF-1.7")


@pytest.mark.parametrize(("amount", "status"), [("9999.99", "matched"), ("10000.00", "not_comparable")])
def test_the_rule_holds_large_amounts_back(amount: str, status: str) -> None:
    """From the limit on, though both sides agree; below it the rule says nothing."""
    line = compared(amount, amount).matches.row(0, named=True)
    assert line["status"] == status
    assert any(reason.startswith("Second signature: ") for reason in line["reasons"]) == (status != "matched")


def test_the_rule_hides_no_difference() -> None:
    """A line that differs and is small stays as it is; the limit is that of its currency."""
    assert compared("20000.00", "1.00", "INR").matches["status"].to_list() == ["amount_differs"]


def test_the_report_is_markdown() -> None:
    """Title, summary and what needs attention; a bar in a key does not end its cell."""
    text = writer.write(compared("12.00", "11.00"), CONTEXT).decode()
    assert text.startswith("# Receipts\n")
    assert r"| A\|1 | amount_differs | BRL | 1.00 |" in text
