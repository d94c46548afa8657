"""Which reader reads a document. Not for reading any one kind of document, nor for tables.

A reader is a value: a claim on bytes, and a function from bytes to facts. Ours and those of plug-ins come through the
same seam, so what crosses it is checked here, once: a bad document or a bad reader costs its own row and no other.
"""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import Field, dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from spapi_invoices.core.media import sniff
from spapi_invoices.documents import containers
from spapi_invoices.documents.facts import Facts, Line
from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.errors import MissingExtra

# Promises what a document states, whoever reads it and whenever.
Submit = Callable[[bytes], "Future[Reading]"]

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_ISO_CODE: Final = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """How one kind of document is read.

    Attributes:
        name: In the table's column ``reader``; printable, and unique among the readers in use.
        claims: Whether it knows this kind of document, by a quick look. It may claim one that turns out to be broken.
            To be read in several processes, it and ``read`` are functions of a module: a lambda cannot be sent to one.
        read: What the document states; of a document that holds several invoices, one `Facts` for each. It does not
            raise on a bad document: it returns facts with a ``problem``.
    """

    name: str
    claims: Callable[[bytes], bool]
    read: Callable[[bytes], Facts | tuple[Facts, ...]]


class Reading(NamedTuple):
    """What a document states, an entry per invoice and at least one, and the reader's name; ``None`` if there is none."""

    invoices: tuple[Facts, ...]
    reader: str | None = None


def read_document(content: bytes, readers: Sequence[DocumentReader]) -> Reading:
    """What a document states, by the first reader that claims it.

    A ZIP or gzip that no reader claims is opened, and what is inside is read in its place. Whatever a reader raises is a
    problem of the document, but for `KeyboardInterrupt`.

    >>> read_document(b"GIF89a", []).invoices[0].problem
    'no reader knows a document of type text/plain. Next: install a plugin that reads it, or teach a layout to, if it has text'
    """
    reading = _claimed(content, readers)
    if reading is None:
        try:
            inside = containers.opened(content)
        except Unreadable as error:
            return unread(error)
        # Opening gives the same object back where there was nothing to open.
        reading = None if inside is content else _claimed(inside, readers)
        content = inside
    if reading is not None:
        return reading
    if not content:
        return unread(Unreadable("document_empty", "the document is empty"))
    return unread(Unreadable("type_unknown", f"no reader knows a document of type {sniff(content)}"))


def at_once(readers: Sequence[DocumentReader]) -> Submit:
    """Reads right when it is asked."""

    def submit(content: bytes) -> Future[Reading]:
        future: Future[Reading] = Future()
        future.set_result(read_document(content, readers))
        return future

    return submit


def _claimed(content: bytes, readers: Sequence[DocumentReader]) -> Reading | None:
    attempts = (_attempt(reader, content) for reader in readers)
    return next((reading for reading in attempts if reading is not None), None)


def _attempt(reader: DocumentReader, content: bytes) -> Reading | None:
    """The facts, or ``None`` if the reader does not claim the document."""
    try:
        if not reader.claims(content):
            return None
        read = reader.read(content)
    except KeyboardInterrupt:
        raise
    except MissingExtra as error:
        # Its words are for the user, and other documents may need no package.
        return Reading((Facts(findings=("package_missing",), problem=str(error)),), reader.name)
    except BaseException as error:  # noqa: BLE001 - the outermost edge of the plug-in seam: SystemExit and panics too
        # The type alone: the message of a stranger's exception may quote the document.
        return _failed(reader.name, f"failed with {type(error).__name__}")
    invoices = read if isinstance(read, tuple) else (read,)
    flaw = next(filter(None, map(_flaw, invoices)), None) if invoices else "returned no Facts"
    return Reading(invoices, reader.name) if flaw is None else _failed(reader.name, flaw)


def _failed(reader: str, how: str) -> Reading:
    """The row of a document whose reader broke its promise."""
    return unread(Unreadable("reader_failed", f"reader {reader} {how}"), reader)


def unread(error: Unreadable, reader: str | None = None) -> Reading:
    """The row of a document that states nothing but why."""
    return Reading((Facts(findings=(error.found.finding,), problem=error.problem),), reader)


def _flaw(facts: object) -> str | None:
    """What would break the table, or change on its way into it: polars makes 12.50 of 12.505 without a word."""
    if not isinstance(facts, Facts):
        return f"returned {type(facts).__name__}, not Facts"
    wrong = _misfits(facts, _OF_FACTS)
    if not wrong:
        wrong = [f"lines.{name}" for line in facts.lines for name in _misfits(line, _OF_LINE)]
    return f"returned what {', '.join(dict.fromkeys(wrong))} cannot hold" if wrong else None


def _misfits(value: object, checks: dict[str, Callable[[Any], bool]]) -> list[str]:
    return [name for name, fits in checks.items() if not fits(getattr(value, name))]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not _SURROGATE.search(value)


def _is_amount(value: object, whole: int, places: int) -> bool:
    if value is None:
        return True
    if not isinstance(value, Decimal) or not value.is_finite() or value.adjusted() >= whole:
        return False
    return value == round(value, places)


# By the type a field is declared with. A datetime is a date to isinstance, and no issue date.
_FITS: Final[dict[Any, Callable[[Any], bool]]] = {
    str | None: lambda value: value is None or _is_text(value),
    Decimal | None: lambda value: _is_amount(value, 16, 2),
    date | None: lambda value: value is None or type(value) is date,
    bool | None: lambda value: value is None or isinstance(value, bool),
    int: lambda value: type(value) is int and 0 < value < 2**63,
    tuple[str, ...]: lambda value: isinstance(value, tuple) and all(map(_is_text, value)),
    tuple[Line, ...]: lambda value: isinstance(value, tuple) and all(isinstance(one, Line) for one in value),
}
_FINER: Final[dict[str, Callable[[Any], bool]]] = {
    "currency": lambda value: value is None or (_is_text(value) and bool(_ISO_CODE.fullmatch(value))),
    "quantity": lambda value: _is_amount(value, 14, 4),
    "unit_price": lambda value: _is_amount(value, 14, 10),
}


def _check(field: Field[Any]) -> Callable[[Any], bool]:
    return _FINER.get(field.name, _FITS[field.type])


_OF_FACTS: Final = {field.name: _check(field) for field in fields(Facts)}
_OF_LINE: Final = {field.name: _check(field) for field in fields(Line)}
