"""What a fetch will cost before it is begun: windows, calls, and seconds at Amazon's quota. Not for asking anything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo

from spapi_invoices.core.windows import NO_MARGIN, Instant, Window, parse_instant, split
from spapi_invoices.endpoints import Operation, operation


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls of one operation.

    Attributes:
        operation_id: Amazon's name of the operation.
        calls: How many at least: a window whose invoices fill more than a page needs one for each page.
        seconds: That they take at least at the published quota, from a full bucket; answers' own time comes on top.
        windows: That will be asked, in order; empty where ids or numbers are asked for.
    """

    operation_id: str
    calls: int
    seconds: float
    windows: tuple[Window, ...] = field(default=(), repr=False)


def plan(asked: Operation, calls: int, windows: Sequence[Window] = ()) -> Plan:
    """Say what so many calls of an operation take.

    >>> plan(operation("getCustomerInvoices", "v1"), calls=27)
    Plan(operation_id='getCustomerInvoices', calls=27, seconds=1.7)

    Source: the models' usage plans, as `spapi_invoices.endpoints` has them.
    """
    waited = max(0, calls - (asked.burst or calls))
    return Plan(asked.operation_id, calls, round(waited / asked.rate, 1) if asked.rate else 0.0, tuple(windows))


def plan_windows(  # noqa: PLR0913 - what a fetch is asked with
    created_after: Instant,
    created_before: Instant,
    zone: tzinfo = UTC,
    *,
    version: str = "v1",
    invoices: int = 0,
    limit: int = 100,
    margin: timedelta = NO_MARGIN,
) -> Plan:
    """Say what getCustomerInvoices will be asked for in a range of any length.

    Args:
        created_after: Inclusive. A bare date is that day at 00:00 in ``zone``.
        created_before: Exclusive.
        zone: Where a bare date begins.
        version: Of the Direct Fulfillment Shipping API.
        invoices: How many are expected: a window is a page at least, and a page holds ``limit``.
        limit: Invoices a page.
        margin: By how much windows overlap.

    Raises:
        InvalidRequest: A date does not parse, or the range is empty.

    >>> plan_windows("2026-04-01", "2026-10-01", invoices=5000)
    Plan(operation_id='getCustomerInvoices', calls=50, seconds=4.0)
    """
    windows = split(parse_instant(created_after, zone), parse_instant(created_before, zone), margin=margin)
    calls = max(len(windows), -(-invoices // limit))
    return plan(operation("getCustomerInvoices", version), calls, windows)
