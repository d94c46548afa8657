"""What each operation takes in its query, as a table, and the reading of it. Not for bodies, nor for what values mean together."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from spapi_invoices.sandbox.answer import invalid
from spapi_invoices.sandbox.call import Call

# Clients in the wild send their marketplace with every GET, in all these spellings, and are answered.
_IGNORED: Final = frozenset({"MarketplaceId", "MarketplaceIds", "marketplace_ids", "marketplaceIds"})
# RFC 3339. A ``+`` that was not encoded arrives as a blank and so is refused.
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter: how its text is read, with ``ValueError`` saying what it must be, and whether it must be there."""

    read: Callable[[str], Any]
    required: bool = False


def _instant(text: str) -> datetime:
    try:
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:  # the form is right and the 31st of February is not
        pass
    raise ValueError("must be a date and time with its offset in ISO 8601 format")


def _limit(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) and 1 <= int(text) <= 100:
        return int(text)
    raise ValueError("must be a whole number from 1 to 100")


def _sort_order(text: str) -> str:
    if text in {"ASC", "DESC"}:
        return text
    raise ValueError("must be ASC or DESC")


_QUERY: Final[Mapping[str, Mapping[str, _Parameter]]] = {
    "getCustomerInvoices": {
        "createdAfter": _Parameter(_instant, required=True),
        "createdBefore": _Parameter(_instant, required=True),
        "limit": _Parameter(_limit),
        "sortOrder": _Parameter(_sort_order),
        "shipFromPartyId": _Parameter(str),
        "nextToken": _Parameter(str),
    },
}


def given(call: Call) -> list[tuple[str, str]]:
    """The query without what is ignored."""
    return [pair for pair in call.query if not (call.operation.method == "GET" and pair[0] in _IGNORED)]


def read_query(call: Call) -> dict[str, Any]:
    """The values of the query by name; one that is not given is not there.

    Raises:
        Refusal: 400 naming the parameter that is unknown, missing, repeated or wrong.
    """
    table, values = _QUERY.get(call.operation.operation_id, {}), dict[str, Any]()
    for name, text in given(call):
        if name not in table:
            raise invalid(f"{name} is not a parameter of {call.operation.operation_id}.")
        if name in values:
            raise invalid(f"{name} is given more than once.")
        try:
            values[name] = table[name].read(text)
        except ValueError as error:
            raise invalid(f"{name} {error}.") from None
    if missing := [name for name, one in table.items() if one.required and name not in values]:
        raise invalid(f"{' and '.join(missing)} must be given.")
    return values
