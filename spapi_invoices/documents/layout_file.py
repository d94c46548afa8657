"""The TOML in which a person writes a layout, and what is wrong with it, by line. Not for reading documents: `layouts`."""

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import polars as pl

from spapi_invoices.documents.currencies import CODES
from spapi_invoices.documents.date_pictures import MONTHS, picture_flaw
from spapi_invoices.documents.layout_fields import FIELDS, Field, Layout
from spapi_invoices.documents.layouts import REQUIRED
from spapi_invoices.documents.notations import NUMBERS
from spapi_invoices.errors import SettingsInvalid


class Key(NamedTuple):
    """A key of the file: what it takes, what it means, and what is wrong with a value (``None``: nothing)."""

    name: str
    takes: str
    meaning: str
    flaw: Callable[[Any], str | None]


def _text(value: object) -> str | None:
    words = value.split() if isinstance(value, str) else []
    if not words:
        return "is no text"
    return None if all(map(str.isprintable, words)) else "has a sign that cannot be printed, and so is in no document"


def _texts(value: object) -> str | None:
    several = value if isinstance(value, list) and value else [value]
    return next(filter(None, map(_text, several)), None)


def _months(value: object) -> str | None:
    if not isinstance(value, list) or len(value) != 12 or _texts(value):
        return "is no list of twelve names"
    return None if len({name.casefold() for name in value}) == 12 else "has a name twice"


def _choice(*allowed: str) -> Callable[[Any], str | None]:
    choices = ", ".join(f'"{one}"' for one in allowed)
    return lambda value: None if value in allowed else f"is none of {choices}"


def _switch(value: object) -> str | None:
    return None if isinstance(value, bool) else "is neither true nor false"


def _table(value: object) -> str | None:
    tables = isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())
    return None if tables else "has no tables. Write [fields.NAME] and its keys below it"


def _expression(value: object) -> str | None:
    if said := _text(value):
        return said
    try:
        groups = pl.Series([""]).str.extract_groups(str(value)).struct.fields
    except pl.exceptions.ComputeError as error:
        # Its last line says what, those before show where.
        return f"is no expression: {str(error).splitlines()[-1].removeprefix('error: ')}"
    return None if len(groups) == 1 else f"has {len(groups)} groups in (brackets), not one around the value"


KEYS: Final = (
    Key(
        "match",
        "words, or a list of them",
        "all of them are on every such invoice, as whole words, and on no other document",
        _texts,
    ),
    Key("unless", "words, or a list of them", "with any of them it is another document, as a credit note", _texts),
    Key("numbers", "an example", "how amounts are written", _choice(*NUMBERS)),
    Key("dates", "a picture", "how dates are written, as dd.mm.yyyy; in capitals or not", _text),
    Key("months", "a list of twelve names", "what mmmm is; in English if left out", _months),
    Key("document_type", "a text", "what stands in the column of that name; `invoice` if left out", _text),
    Key("fields", "tables [fields.NAME]", "where each field stands", _table),
)
FIELD_KEYS: Final = (
    Key("beside", "words, or a list of them", "the value stands to the right of the words, on the same line; of a list "
        "all are looked for, and must lead to the same", _texts),
    Key("below", "words, or a list of them", "the value stands under the words, as under a column's heading; a table's rows are "
        "several values", _texts),
    Key("regex", "a regular expression", "the value is what its one group in (brackets) finds in a line", _expression),
    Key("value", "a text", "the value itself, where every such invoice has the same", _text),
    Key("which", '"first" or "last"', "which to take, in the order of the page, where several different values are found; "
        "left out, none is taken", _choice("first", "last")),
    Key("optional", "true or false", "whether some invoices do not have it; without any other field an invoice has a "
        "problem and no amounts", _switch),
)  # fmt: skip
WAYS: Final = ("beside", "below", "regex", "value")
# What may be the same on every invoice.
_FIXED: Final = frozenset({"currency", "seller_tax_id", "buyer_tax_id", "place_of_supply"})
_NEEDED: Final = ("match", "numbers", "dates", "fields")


class _Flaw(NamedTuple):
    """What is wrong, and with which keys: none is the file, two are a table, three a key in it."""

    keys: tuple[str, ...]
    said: str


def parse_layout(text: str, name: str) -> Layout:
    """Read a layout. Its name is that of its file, without ``.toml``.

    Raises:
        SettingsInvalid: With all that is wrong, each with its line and its field.

    >>> parse_layout("match = 'ACME'", "acme")
    Traceback (most recent call last):
    ...
    spapi_invoices.errors.SettingsInvalid: layout acme: dates is missing; fields is missing; numbers is missing. Next: mend the file
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(name, [f"{error}"]) from None
    except RecursionError:
        raise _invalid(name, ["brackets are nested too deep"]) from None
    if flaws := sorted((_line(text, flaw.keys), flaw.said) for flaw in _flaws(name, content)):
        raise _invalid(name, [f"line {line}: {said}" if line else said for line, said in flaws])
    known = {key: content[key] for key in ("numbers", "dates", "document_type") if key in content}
    return Layout(
        name=name,
        match=_several(content["match"]),
        unless=_several(content.get("unless", [])),
        months=_several(content.get("months", MONTHS)),
        fields=tuple(_field(field, keys) for field, keys in content["fields"].items()),
        **known,
    )


def _invalid(name: str, said: list[str]) -> SettingsInvalid:
    return SettingsInvalid(f"layout {name}: {'; '.join(said)}. Next: mend the file")


def _several(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - a text or a list of them
    return (value,) if isinstance(value, str) else tuple(value)


def _field(name: str, keys: dict[str, Any]) -> Field:
    (how,) = (way for way in WAYS if way in keys)
    return Field(name, how, _several(keys[how]), keys.get("which", ""), not keys.get("optional", False))


def _flaws(name: str, content: dict[str, Any]) -> Iterator[_Flaw]:
    if not name.isprintable():
        yield _Flaw((), "its name has a sign that cannot be printed")
    yield from _key_flaws((), content, KEYS, _NEEDED)
    picture, months, fields = (content.get(key) for key in ("dates", "months", "fields"))
    named = tuple(months) if months is not None and _months(months) is None else MONTHS
    if isinstance(picture, str) and (said := picture_flaw(picture, named)):
        yield _Flaw(("dates",), f"dates {said}")
    if fields is not None and _table(fields) is None:
        yield from (_Flaw((), f"[fields.{one}] is missing") for one in REQUIRED if one not in fields)
        for field, keys in fields.items():
            yield from _field_flaws(field, keys)


def _field_flaws(name: str, keys: dict[str, Any]) -> Iterator[_Flaw]:
    at = ("fields", name)
    if name not in FIELDS:
        yield _Flaw(at, f"fields.{name} is no field: give any of {', '.join(FIELDS)}")
        return
    yield from _key_flaws(at, keys, FIELD_KEYS)
    if name == "currency" and keys.get("optional") is True:
        yield _Flaw((*at, "optional"), "fields.currency.optional cannot be true: no amount stands without its currency")
    ways = [way for way in WAYS if way in keys]
    if len(ways) != 1:
        yield _Flaw(at, f"fields.{name} has {' and '.join(ways) or 'none'} of {', '.join(WAYS)}: give one")
    elif "value" in keys:
        yield from (_Flaw((*at, said.split()[0]), f"fields.{name}.{said}") for said in _fixed_flaws(name, keys))


def _fixed_flaws(name: str, keys: dict[str, Any]) -> Iterator[str]:
    if name not in _FIXED:
        yield "value cannot be the same on every invoice: give beside, below or regex"
    if name == "currency" and keys["value"] not in CODES:
        yield "value is no code of ISO 4217, as EUR"
    yield from (f"{key} means nothing beside value" for key in ("which", "optional") if key in keys)


def _key_flaws(
    at: tuple[str, ...], content: dict[str, Any], keys: tuple[Key, ...], needed: tuple[str, ...] = ()
) -> Iterator[_Flaw]:
    known = {key.name: key for key in keys}
    for name, value in content.items():
        shown = ".".join((*at, name))
        if name not in known:
            yield _Flaw((*at, name), f"{shown} is no key: give any of {', '.join(known)}")
        elif said := known[name].flaw(value):
            yield _Flaw((*at, name), f"{shown} {said}")
    yield from (_Flaw(at, f"{'.'.join((*at, name))} is missing") for name in needed if name not in content)


def _line(text: str, keys: tuple[str, ...]) -> int:
    """Where the keys stand, if they are written in the plain way, ``key =`` below ``[fields.name]``; else 0."""
    table, key = (".".join(keys[:2]), keys[2:]) if keys[:1] == ("fields",) else ("", keys)
    within = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            within = header[1].replace(" ", "").replace('"', "")
            if within == table and not key:
                return number
        elif key and within == table and re.match(rf"\s*\"?{re.escape(key[0])}\"?\s*=", line):
            return number
    return 0
