"""The table of what documents state, one row per document. Not for how one is read: that is `documents.reader`."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, Final

import polars as pl

from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.reader import DocumentReader, read_document
from spapi_invoices.frames.schemas import InvoiceFacts, frame

_FIELDS: Final = tuple(field.name for field in fields(Facts))
_NO_CONTENT: Final = "the table holds no content. Next: fetch the document again"


def read_frame(invoices: pl.DataFrame, readers: Sequence[DocumentReader]) -> pl.DataFrame:
    """What the documents of a ``customer_invoices`` table state.

    One ``invoice_facts`` row per row of ``invoices``, in the same order, with ``document_id`` its ``sha256``. A row
    without content keeps its ``problem``. The purchase order number is the row's, else the document's.

    Raises:
        MissingExtra: A reader needs a package that is not installed.
    """
    read = _once(readers)
    wanted = invoices.select("sha256", "content", "purchase_order_number", "problem")
    rows = []
    for sha256, content, purchase_order_number, problem in wanted.iter_rows():
        if content is None:
            facts, reader = Facts(problem=None if problem else _NO_CONTENT), None
        else:
            facts, reader = read(sha256, content)
        rows.append(_row(sha256, reader, _for_order(facts, purchase_order_number, problem), None))
    return frame(InvoiceFacts, rows)


def read_contents(documents: Sequence[tuple[str, bytes]], readers: Sequence[DocumentReader]) -> pl.DataFrame:
    """What files state, given as name and bytes: one ``invoice_facts`` row per file, in order.

    A file's name may hold personal data, as a customer's name does: it is in ``file_name`` and in no problem.

    Raises:
        MissingExtra: A reader needs a package that is not installed.
    """
    read = _once(readers)
    rows = []
    for name, content in documents:
        sha256 = hashlib.sha256(content).hexdigest()
        facts, reader = read(sha256, content)
        rows.append(_row(sha256, reader, facts, name))
    return frame(InvoiceFacts, rows)


def _once(readers: Sequence[DocumentReader]) -> Callable[[str, bytes], tuple[Facts, str | None]]:
    """The same document may come with several purchase orders, and reading a PDF is what takes the time."""
    known: dict[str, tuple[Facts, str | None]] = {}

    def read(sha256: str, content: bytes) -> tuple[Facts, str | None]:
        if sha256 not in known:
            known[sha256] = read_document(content, readers)
        return known[sha256]

    return read


def _for_order(facts: Facts, purchase_order_number: str | None, problem: str | None) -> Facts:
    stated = facts.purchase_order_number
    finding = None
    if purchase_order_number is not None and stated is not None and stated != purchase_order_number:
        finding = f"the document states purchase order {stated}, it was fetched for {purchase_order_number}"
    return replace(
        facts,
        purchase_order_number=stated if purchase_order_number is None else purchase_order_number,
        problem="; ".join(filter(None, (problem, facts.problem, finding))) or None,
    )


def _row(document_id: str, reader: str | None, facts: Facts, file_name: str | None) -> dict[str, Any]:
    stated = {name: getattr(facts, name) for name in _FIELDS} | {"order_ids": list(facts.order_ids)}
    return stated | {"document_id": document_id, "reader": reader, "file_name": file_name}
