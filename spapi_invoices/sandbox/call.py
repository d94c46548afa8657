"""A request that the sandbox has matched to its operation, as a value. Not for who may make it, nor for its answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import unquote

import msgspec

from spapi_invoices.endpoints import OPERATIONS, Operation
from spapi_invoices.sandbox.answer import Refusal, refusal

_T = TypeVar("_T", bound=msgspec.Struct)
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
# No operation has more than one placeholder.
_ROUTES: Final = tuple(
    (operation, re.compile(_PLACEHOLDER.sub("([^/]+)", operation.path) + ("" if "{" in operation.path else "()")))
    for operation in OPERATIONS
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request for an operation.

    Attributes:
        operation: What is asked.
        identifier: What stands in the path's placeholder, decoded; ``""`` where it has none.
        query: Name and value, decoded, in the order they came.
        headers: Lower-case name to value.
        body: The bytes.
        fault: The fault that strikes it, if any.
    """

    operation: Operation
    identifier: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    fault: str | None


def find_operation(method: str, path: str) -> tuple[Operation, str] | None:
    """The operation of a method and an encoded path, and the path's identifier.

    >>> operation, identifier = find_operation("GET", "/fba/outbound/brazil/v0/shipments/D%31/invoice/status")
    >>> operation.operation_id, identifier
    ('getInvoiceStatus', 'D1')
    """
    for operation, pattern in _ROUTES:
        if method == operation.method and (found := pattern.fullmatch(path)):
            return operation, unquote(found[1])
    return None


def placeholder(operation: Operation) -> str:
    """The name of the path's placeholder, ``""`` where it has none."""
    found = _PLACEHOLDER.search(operation.path)
    return found[1] if found else ""


def read_body(call: Call, struct: type[_T]) -> _T:
    """The body as the official model has it; fields that the model does not have are passed over.

    Raises:
        Refusal: It is no such object.
    """
    try:
        return msgspec.json.decode(call.body, type=struct)
    except msgspec.ValidationError as error:
        # It names fields and types, never a value.
        raise unreadable(f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None


def unreadable(details: str = "") -> Refusal:
    """400 for a body that is not what the operation takes."""
    return refusal(400, "InvalidRequest", "Request is missing or has invalid parameters", details)
