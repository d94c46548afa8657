"""What a fetch will cost before it is begun: windows, calls, and seconds at Amazon's quota. Not for asking anything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from spapi_invoices.core.customer_invoices import ApiVersion, build_get_customer_invoices
from spapi_invoices.core.windows import Window
from spapi_invoices.endpoints import Operation
from spapi_invoices.errors import InvalidRequest

# Invoices a page at most.
_PAGE: Final = 100


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

    >>> from spapi_invoices.endpoints import operation
    >>> plan(operation("getCustomerInvoices", "v1"), calls=27)
    Plan(operation_id='getCustomerInvoices', calls=27, seconds=1.7)

    Source: the models' usage plans, as `spapi_invoices.endpoints` has them.
    """
    waited = max(0, calls - (asked.burst or calls))
    return Plan(asked.operation_id, calls, round(waited / asked.rate, 1) if asked.rate else 0.0, tuple(windows))


def plan_windows(
    windows: Sequence[Window], *, version: ApiVersion = "v1", invoices: int = 0, limit: int | None = None
) -> Plan:
    """Say what getCustomerInvoices will be asked for in some windows.

    Args:
        windows: At least one.
        version: Of the Direct Fulfillment Shipping API.
        invoices: How many are expected: a window is a page at least, and a page holds ``limit``.
        limit: Invoices a page; ``None`` is 100.

    Raises:
        InvalidRequest: A window is too wide, or a parameter is out of bounds.

    >>> from spapi_invoices.core.windows import parse_instant, split
    >>> plan_windows(split(parse_instant("2026-04-01"), parse_instant("2026-10-01")), invoices=5000)
    Plan(operation_id='getCustomerInvoices', calls=50, seconds=4.0)
    """
    request = build_get_customer_invoices(windows[0].start, windows[0].end, limit=limit, version=version)
    if type(invoices) is not int or invoices < 0:
        raise InvalidRequest(f"invoices is {invoices!r}. Next: give a whole number, how many you expect")
    return plan(request.operation, max(len(windows), -(-invoices // (limit or _PAGE))), windows)
