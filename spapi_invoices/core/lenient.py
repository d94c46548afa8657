"""From parsed JSON to a struct, field by field: what cannot be read is left out and named. Not for HTTP or statuses."""

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, get_args, get_origin

import msgspec

from spapi_invoices.core.models import Answered, fields, known_part

T = TypeVar("T", bound=Answered)


@dataclass(frozen=True, slots=True)
class Lenient:
    """What `convert` made of a record.

    Attributes:
        record: The record; fields that could not be read are ``None``. ``None`` if a required field is missing or wrong.
        problems: Field and reason of each field that could not be read, as ``ShipmentItems[0].ASIN: Expected ...``.
        unknown: Names of fields that the official model does not have.
    """

    record: Any
    problems: tuple[str, ...]
    unknown: frozenset[str]


def convert(raw: object, struct: type[T]) -> Lenient:
    """Convert parsed JSON to a struct; a field of the wrong type becomes ``None`` and a problem.

    An entry of a list that cannot be read becomes an empty one where its struct allows that, so that the others keep their
    places; else it is left out.
    """
    unknown: frozenset[str] = frozenset()
    try:
        return Lenient(msgspec.convert(raw, struct), (), unknown)
    except msgspec.ValidationError:
        known, unknown = known_part(raw, struct)
    problems: list[str] = []
    kept = _readable(known, struct, "", problems)
    return Lenient(None if kept is _UNREADABLE else kept, tuple(problems), unknown)


_UNREADABLE: Final = object()


def _readable(raw: Any, kind: Any, at: str, problems: list[str]) -> Any:  # noqa: ANN401 - parsed JSON and an annotation
    """What of ``raw`` fits ``kind``, or `_UNREADABLE`. Walks down the annotation, so a hostile body cannot lead it astray."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        # "Expected `str`, got `int` - at `$.ASIN`": the types, never the value. The path is `at`.
        reason = str(error).partition(" - at ")[0]
    if isinstance(kind, UnionType):
        kind = next(one for one in kind.__args__ if one is not NoneType)
    if isinstance(raw, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _readable_struct(raw, kind, at, problems)
    if isinstance(raw, list) and get_origin(kind) is list:
        (inner,) = get_args(kind)
        entries = [_readable(entry, inner, f"{at}[{i}]", problems) for i, entry in enumerate(raw)]
        empty = _empty(inner)
        return [
            one for one in (empty if entry is _UNREADABLE else entry for entry in entries) if one is not _UNREADABLE
        ]
    problems.append(f"{at}: {reason}" if at else reason)
    return _UNREADABLE


def _readable_struct(raw: dict[str, Any], struct: type[msgspec.Struct], at: str, problems: list[str]) -> Any:  # noqa: ANN401
    kept: dict[str, Any] = {}
    prefix = f"{at}." if at else ""
    for field in fields(struct):
        if field.encode_name in raw:
            value = _readable(raw[field.encode_name], field.type, prefix + field.encode_name, problems)
            if value is not _UNREADABLE:
                kept[field.name] = value
        elif field.required:
            problems.append(f"{prefix}{field.encode_name}: Object missing required field")
    complete = all(field.name in kept or not field.required for field in fields(struct))
    return struct(**kept) if complete else _UNREADABLE


def _empty(kind: Any) -> Any:  # noqa: ANN401 - an annotation
    """An empty struct of the kind, or `_UNREADABLE` if it has required fields or is no struct."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return _UNREADABLE
    return _UNREADABLE if any(field.required for field in fields(kind)) else kind()
