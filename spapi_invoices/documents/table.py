"""The tables of what documents state, and the order in which they are read. Not for how one is read: `documents.reader`.

A document is read once, however often it came. Reading may happen somewhere else, so it is asked for with a function
that promises an answer; the rows stay in the order of the documents.
"""

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import polars as pl

from spapi_invoices.documents.facts import Facts, Line
from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.documents.reader import Reading, Submit
from spapi_invoices.frames.schemas import InvoiceFacts, InvoiceLines, frame

_FACTS: Final = tuple(field.name for field in fields(Facts) if field.name != "lines")
_LINE: Final = tuple(field.name for field in fields(Line))
# Halves of a character that stand for no byte, as a name on Windows may have.
_STRANGE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_NO_CONTENT: Final = Unreadable("no_content", "the table holds no content")


@dataclass(frozen=True, slots=True)
class Documents:
    """What documents state.

    Attributes:
        facts: `InvoiceFacts`, at least a row per document, in their order.
        lines: `InvoiceLines`, the invoices' lines.
    """

    facts: pl.DataFrame
    lines: pl.DataFrame

    def __repr__(self) -> str:
        odd = self.facts["problem"].count()
        return f"<Documents: {self.facts.height} invoices, {self.lines.height} lines, {odd} with a problem or finding>"


@dataclass(frozen=True, slots=True)
class Received:
    """A document as it came: its bytes, ``None`` if there are none, and what is known of it from outside."""

    sha256: str
    content: bytes | None
    purchase_order_number: str | None = None
    problem: str | None = None
    file_name: str | None = None


def from_file(name: str, content: bytes) -> Received:
    """A file. Its name may hold personal data, as a customer's name does: it is in ``file_name`` and in no problem."""
    return Received(hashlib.sha256(content).hexdigest(), content, file_name=_shown(name))


def from_unread_file(name: str, reason: str) -> Received:
    """A file whose bytes could not be had: a row that says why. Its id is that of no bytes."""
    problem = Unreadable("file_unread", f"the file cannot be read: {reason}").problem
    return Received(hashlib.sha256().hexdigest(), None, problem=problem, file_name=_shown(name))


def _shown(name: str) -> str:
    """A file's name as text. Bytes of it that are none, which Python holds as halves of a character, are shown as such."""
    whole = _STRANGE.sub("\ufffd", name)
    return whole.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def from_table(invoices: pl.DataFrame) -> Iterator[Received]:
    """The rows of a ``customer_invoices`` table."""
    for row in invoices.select("sha256", "content", "purchase_order_number", "problem").iter_rows():
        yield Received(*row)


def read_all(
    documents: Iterable[Received], submit: Submit, *, ahead: int = 0, done: Callable[[int], None] | None = None
) -> Documents:
    """Read documents into tables.

    Each has a row per invoice in it, one if there is none, with ``document_id`` its ``sha256``. A row without content
    keeps its ``problem``. The purchase order number is the one it was fetched for, else the document's.

    Args:
        documents: In the order of the rows.
        submit: Promises what a document states.
        ahead: How many documents are asked for before the first answer is waited for.
        done: Called with the number of rows after each document.
    """
    facts: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    seen: set[str] = set()
    for received, reading in _in_order(documents, submit, ahead):
        for invoice in reading.invoices:
            facts.append(_facts_row(received, reading.reader, _as_fetched(invoice, received)))
            if received.sha256 not in seen:
                lines += [_line_row(received, invoice, line) for line in invoice.lines]
        seen.add(received.sha256)
        if done is not None:
            done(len(facts))
    return Documents(frame(InvoiceFacts, facts), frame(InvoiceLines, lines))


def _in_order(documents: Iterable[Received], submit: Submit, ahead: int) -> Iterator[tuple[Received, Reading]]:
    asked: dict[str, Future[Reading]] = {}
    waiting: deque[tuple[Received, Future[Reading]]] = deque()
    for one in documents:
        if one.content is None:
            answer = _nothing(one)
        elif (known := asked.get(one.sha256)) is not None:
            answer = known
        else:
            answer = asked[one.sha256] = submit(one.content)
        # The bytes are not kept: a folder may hold more than memory does.
        waiting.append((replace(one, content=None), answer))
        while len(waiting) > ahead:
            received, answer = waiting.popleft()
            yield received, _result(answer)
    for received, answer in waiting:
        yield received, _result(answer)


def _result(answer: Future[Reading]) -> Reading:
    # Polars has interrupted system calls restarted, so Ctrl-C ends no wait but one that would end by itself.
    while not answer.done():
        wait([answer], timeout=60)
    return answer.result()


def _nothing(received: Received) -> Future[Reading]:
    # Where the row says why there is no content, that is enough.
    problem = None if received.problem else _NO_CONTENT.problem
    future: Future[Reading] = Future()
    finding = "file_unread" if received.file_name is not None else _NO_CONTENT.found.finding
    future.set_result(Reading((Facts(findings=(finding,), problem=problem),)))
    return future


def _as_fetched(facts: Facts, received: Received) -> Facts:
    """With the purchase order it was fetched for, and what was already wrong with its row."""
    asked, stated = received.purchase_order_number, facts.purchase_order_number
    findings, differs = facts.findings, None
    if asked is not None and stated is not None and stated != asked:
        differs = f"the document states purchase order {stated}, it was fetched for {asked}"
        findings = (*findings, "purchase_order_differs")
    return replace(
        facts,
        purchase_order_number=stated if asked is None else asked,
        findings=findings,
        problem="; ".join(filter(None, (received.problem, facts.problem, differs))) or None,
    )


def _facts_row(received: Received, reader: str | None, facts: Facts) -> dict[str, Any]:
    stated = {name: getattr(facts, name) for name in _FACTS}
    stated |= {"order_ids": list(facts.order_ids), "findings": list(facts.findings)}
    return stated | {"document_id": received.sha256, "reader": reader, "file_name": received.file_name}


def _line_row(received: Received, facts: Facts, line: Line) -> dict[str, Any]:
    of_invoice = {"document_id": received.sha256, "invoice_number": facts.invoice_number, "currency": facts.currency}
    return of_invoice | {name: getattr(line, name) for name in _LINE}
