"""A result with every status, more than one currency, and texts that would do harm if they were not escaped."""

import datetime as dt
from decimal import Decimal

import polars as pl

from spapi_invoices.frames.schemas import FetchWindows, InvoiceSide, frame, polars_schema
from spapi_invoices.reconciliation import Result, reconcile
from spapi_invoices.report import ReportContext

DAY = dt.date(2026, 10, 31)
HUGE = "9999999999999999.99"


def row(key: str | None, amount: str | None, currency: str, ref: str, **rest: object) -> dict[str, object]:
    """A row of a side."""
    good = {"key": key, "currency": currency, "ref": ref, "aliases": [ref], "date": dt.date(2026, 10, 5)}
    exact = None if amount is None else Decimal(amount)
    return dict.fromkeys(polars_schema(InvoiceSide)) | good | {"amount": exact} | rest


def order(number: int) -> str:
    """An order id of the usual form."""
    return f"701-{5550000 + number}-{1230000 + number * 7}"


def world() -> Result:
    """What was compared."""
    brl = "BRL"
    missing = "states no Amazon order id; give a crosswalk"
    left = [
        row(None, "350.00", "INR", "IN-DEL4-0017", problem=missing, key_problem=missing),
        row(order(1), None, "INR", "IN-DEL4-0018", problem="the PDF holds no text"),
        row(order(2), "210.00", brl, "1-2002", note="the freight of the items adds up to 1.00 less"),
        row(order(3), "99.90", brl, "1-2003"),
        row(order(4), "1250.00", "INR", "IN-DEL4-0004"),
        row(order(5), "480.00", "INR", '=HYPERLINK("http://example.invalid")', date=dt.date(2026, 9, 1)),
        row(order(7), "100.00", brl, "1-2007"),
        row(order(7), "100.00", brl, "1-2011"),
        row(order(8), "75.00", "INR", "IN-DEL4-0008"),
        row(order(9), "1100.00", "INR", "IN-DEL4-0009"),
        row(order(10), "55.05", brl, "1-2010"),
        row(order(11), "20.01", "INR", "IN-DEL4-0011"),
        row(order(12), "300.00", "INR", "IN-DEL4-0012"),
        row("<script>alert(1)</script>", HUGE, "INR", "IN-DEL4-0013"),
        *(row(order(n), f"{n}00.00", "INR", f"IN-DEL4-00{n}") for n in range(20, 36)),
    ]
    right = [
        row(order(1), "42.00", "INR", "SHP1"),
        row(order(2), "210.00", brl, "SHP2", invoice_status="Errored"),
        row(order(3), "99.90", brl, "SHP3", invoice_status="Processing"),
        row(order(6), "640.00", brl, "SHP6", invoice_status="NotFound", date=dt.date(2026, 8, 12)),
        row(order(7), "100.00", brl, "SHP7"),
        row(order(8), "75.00", brl, "SHP8"),
        row(order(9), "1000.00", "INR", "SHP9"),
        row(order(10), "55.05", brl, "SHP10", invoice_status="Accepted"),
        row(order(11), "20.00", "INR", "SHP11"),
        row(order(12), "100.00", "INR", "SHP12A"),
        row(order(12), "200.00", "INR", "SHP12B"),
        row("<script>alert(1)</script>", HUGE, "INR", "SHP13"),
        *(row(order(n), f"{n}00.00", "INR", f"SHP{n}") for n in range(20, 36)),
    ]
    schema = polars_schema(InvoiceSide)
    return reconcile(pl.DataFrame(left, schema=schema), pl.DataFrame(right, schema=schema), as_of=DAY)


def context() -> ReportContext:
    """What the report says about itself."""
    start = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    week = dt.timedelta(7)
    states = ["complete", "complete", "truncated", "complete", "failed"]
    windows = [
        (
            "getCustomerInvoices",
            start + week * n,
            start + week * (n + 1),
            state,
            2,
            40,
            3,
            ["r1"],
            _error(state),
            start + week * 5,
        )
        for n, state in enumerate(states)
    ]
    return ReportContext(
        title="Customer invoices against shipments, October 2026",
        created_at=dt.datetime(2026, 10, 31, 18, 30, tzinfo=dt.UTC),
        sources=("30 customer invoices, fetched 2026-10-31", "28 shipments from the notifications of October"),
        notes=("Freight is part of the invoices <and> of the shipments.",),
        windows=frame(FetchWindows, windows),
        version="0.1.0",
    )


def _error(state: str) -> str | None:
    return None if state == "complete" else "HTTP 503 on the second page"
