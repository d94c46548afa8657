"""Which reader reads a document. Not for reading any one kind of document, nor for tables.

A reader is a value: a claim on bytes, and a function from bytes to facts. Ours and those of plug-ins come through the
same seam, so what crosses it is checked here, once: a bad document or a bad reader costs its own row and no other.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final

from spapi_invoices.core.media import sniff
from spapi_invoices.documents.facts import Facts
from spapi_invoices.errors import MissingExtra

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """How one kind of document is read.

    Attributes:
        name: In the table's column ``reader``; unique among the readers in use.
        document_type: What the reader states as the kind of document, ``nfe`` for one.
        claims: Whether it knows this kind of document, by a quick look. It may claim one that turns out to be broken.
        read: What the document states. It does not raise on a bad document: it returns facts with a ``problem``.
    """

    name: str
    document_type: str
    claims: Callable[[bytes], bool]
    read: Callable[[bytes], Facts]


def read_document(content: bytes, readers: Sequence[DocumentReader]) -> tuple[Facts, str | None]:
    """What a document states, by the first reader that claims it, and that reader's name; ``None`` if there is none.

    Raises:
        MissingExtra: The reader needs a package that is not installed.

    >>> read_document(b"GIF89a", [])
    (Facts(..., problem='no reader knows a document of type text/plain...'), None)
    """
    for reader in readers:
        facts = _attempt(reader, content)
        if facts is not None:
            return facts, reader.name
    if not content:
        return Facts(problem="the document is empty. Next: fetch it again"), None
    problem = f"no reader knows a document of type {sniff(content)}. Next: install a plug-in that reads it"
    return Facts(problem=problem), None


def _attempt(reader: DocumentReader, content: bytes) -> Facts | None:
    """The facts, or ``None`` if the reader does not claim the document."""
    try:
        if not reader.claims(content):
            return None
        facts = reader.read(content)
    except MissingExtra:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost edge of the plug-in seam: a stranger's code raises anything
        # The type alone: the message of a stranger's exception may quote the document.
        return _blame(reader, f"failed with {type(error).__name__}")
    flaw = _flaw(facts)
    return facts if flaw is None else _blame(reader, flaw)


def _blame(reader: DocumentReader, what: str) -> Facts:
    return Facts(problem=f"reader {reader.name} {what}. Next: report it to the reader's author")


def _flaw(facts: object) -> str | None:
    """What would break the table, or change on its way into it: polars makes 12.50 of 12.505 without a word."""
    if not isinstance(facts, Facts):
        return f"returned {type(facts).__name__}, not Facts"
    wrong = [field.name for field in fields(facts) if not _FITS[field.type](getattr(facts, field.name))]
    return f"returned what {', '.join(wrong)} cannot hold" if wrong else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not _SURROGATE.search(value)


def _is_amount(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and abs(value) < 10**16 and value == round(value, 2)


# By the type a field of Facts is declared with. A datetime is a date to isinstance, and no issue date.
_FITS: Final[dict[Any, Callable[[object], bool]]] = {
    str | None: lambda value: value is None or _is_text(value),
    Decimal | None: lambda value: value is None or _is_amount(value),
    date | None: lambda value: value is None or type(value) is date,
    bool | None: lambda value: value is None or isinstance(value, bool),
    tuple[str, ...]: lambda value: isinstance(value, tuple) and all(map(_is_text, value)),
}
