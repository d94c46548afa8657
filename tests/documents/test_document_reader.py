"""The seam that all readers come through: who reads, once, and one row for each document whatever happens."""

import hashlib
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.documents.facts import Facts, Line
from spapi_invoices.documents.order_ids import find_order_ids
from spapi_invoices.documents.reader import DocumentReader, Reading, at_once, read_document
from spapi_invoices.documents.table import Documents, Received, from_file, from_table, from_unread_file, read_all
from spapi_invoices.errors import MissingExtra
from spapi_invoices.frames.schemas import (
    CustomerInvoices,
    InvoiceFacts,
    InvoiceLines,
    frame,
    personal_columns,
    polars_schema,
)


def read_contents(documents: list[tuple[str, bytes]], readers: list[DocumentReader]) -> Documents:
    return read_all((from_file(*one) for one in documents), at_once(readers))


def read_frame(invoices: pl.DataFrame, readers: list[DocumentReader]) -> Documents:
    return read_all(from_table(invoices), at_once(readers))


_NOW = datetime(2026, 10, 5, tzinfo=UTC)


class Panic(BaseException):
    """As pyo3 raises: no Exception."""


def _reader(name: str, result: Any, *, claim: bytes = b"") -> DocumentReader:
    def read(_content: bytes) -> Facts:
        if isinstance(result, BaseException):
            raise result
        return result

    return DocumentReader(name, lambda content: content.startswith(claim), read)


def _invoices(*rows: dict[str, Any]) -> pl.DataFrame:
    blank = dict.fromkeys(polars_schema(CustomerInvoices))
    filled = {"sha256": "0" * 64, "api_version": "v1", "fetched_at": _NOW}
    return frame(CustomerInvoices, [blank | filled | row for row in rows])


def test_first_claim_wins() -> None:
    """Readers are asked in order; the first that claims reads."""
    readers = [_reader("a", Facts(), claim=b"A"), _reader("b", Facts(currency="INR")), _reader("c", Facts())]
    assert read_document(b"B", readers) == Reading((Facts(currency="INR"),), "b")


@pytest.mark.parametrize(
    ("content", "said"), [(b"plain", "text/plain"), (b"%PDF-1.4", "application/pdf"), (b"", "empty")]
)
def test_nobody_knows_it(content: bytes, said: str) -> None:
    """A document that no reader claims is a problem that names its type."""
    (facts,), reader = read_document(content, [])
    assert reader is None
    assert said in (facts.problem or "")
    assert facts.findings == ("document_empty" if not content else "type_unknown",)


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (RuntimeError("Maria Silva"), "RuntimeError"),
        (SystemExit(0), "SystemExit"),
        (Panic("Maria Silva"), "Panic"),
        (GeneratorExit(), "GeneratorExit"),
        (None, "NoneType"),
        ({"total_amount": 1}, "dict"),
        (Facts(total_amount=12.5), "total_amount"),  # type: ignore[arg-type]
        (Facts(total_amount=Decimal("12.505")), "total_amount"),
        (Facts(goods_amount=Decimal("NaN")), "goods_amount"),
        (Facts(tax_amount=Decimal("1e30")), "tax_amount"),
        (Facts(issue_date=_NOW), "issue_date"),
        (Facts(order_ids=["x"]), "order_ids"),  # type: ignore[arg-type]
        (Facts(invoice_number=7), "invoice_number"),  # type: ignore[arg-type]
        (Facts(seller_tax_id="\ud800"), "seller_tax_id"),
        (Facts(currency="brl"), "currency"),
        (Facts(currency="EURO"), "currency"),
        (Facts(currency=""), "currency"),
        (Facts(authorised=1), "authorised"),  # type: ignore[arg-type]
        (Facts(findings="odd"), "findings"),  # type: ignore[arg-type]
        (Facts(lines=[Line(line_number=1)]), "lines"),  # type: ignore[arg-type]
        (Facts(lines=(Facts(),)), "lines"),  # type: ignore[arg-type]
        (Facts(lines=(Line(line_number=0),)), "lines.line_number"),
        (Facts(lines=(Line(line_number=1, quantity=Decimal("0.00001")),)), "lines.quantity"),
        (Facts(lines=(Line(line_number=1, unit_price=Decimal("1e14")),)), "lines.unit_price"),
        (Facts(lines=(Line(line_number=1, goods_amount=Decimal("1.005")),)), "lines.goods_amount"),
        ((), "no Facts"),
        ((Facts(), None), "NoneType"),
    ],
)
def test_bad_reader_costs_one_row(result: object, said: str) -> None:
    """What a stranger's reader raises or returns amiss is that document's problem, without the document's text."""
    table = read_contents(
        [("a.bin", b"A"), ("b.bin", b"B")], [_reader("bad", result, claim=b"A"), _reader("ok", Facts())]
    ).facts
    assert table["findings"].to_list() == [["reader_failed"], []]
    assert table["problem"][1] is None
    assert said in table["problem"][0]
    assert "Maria" not in table["problem"][0]
    assert table["reader"].to_list() == ["bad", "ok"]


@pytest.mark.parametrize("error", [KeyError, SystemExit, Panic])
def test_claim_that_raises(error: type[BaseException]) -> None:
    """A claim that raises is a problem as well, whatever it raises."""

    def claims(_content: bytes) -> bool:
        raise error

    (facts,), name = read_document(b"A", [DocumentReader("bad", claims, lambda _: Facts())])
    assert (name, error.__name__ in (facts.problem or "")) == ("bad", True)


def test_an_interrupt_passes() -> None:
    """Ctrl-C while a reader is at work is the user's."""
    with pytest.raises(KeyboardInterrupt):
        read_document(b"A", [_reader("slow", KeyboardInterrupt())])


def test_a_missing_package_costs_the_rows_that_need_it() -> None:
    """The problem says what to install; a document whose reader needs nothing is read."""
    readers = [_reader("pdf", MissingExtra.of("pypdfium2", "pdf"), claim=b"%PDF"), _reader("text", Facts())]
    table = read_contents([("a.pdf", b"%PDF-1.4"), ("b.txt", b"B")], readers).facts
    assert table.select("reader", "problem").rows() == [
        ("pdf", "pypdfium2 is not installed. Next: pip install 'spapi-invoices[pdf]'"),
        ("text", None),
    ]
    assert table["findings"].to_list() == [["package_missing"], []]


def test_rows_stay_in_order() -> None:
    """One row per input row, in order, whatever is null or wrong."""
    rows = [
        {"sha256": "a" * 64, "content": b"1", "purchase_order_number": "PO1"},
        {"sha256": "b" * 64, "problem": "content is not base64", "purchase_order_number": "PO2"},
        {"sha256": "c" * 64},
        {"sha256": "d" * 64, "content": b"4", "problem": "the record names no purchase order"},
    ]
    table = read_frame(_invoices(*rows), [_reader("r", Facts(purchase_order_number="PO9", problem="odd"))]).facts
    assert table["document_id"].str.head(1).to_list() == ["a", "b", "c", "d"]
    assert table["purchase_order_number"].to_list() == ["PO1", "PO2", None, "PO9"]
    assert table["reader"].to_list() == ["r", None, None, "r"]
    assert table["problem"].to_list() == [
        "odd; the document states purchase order PO9, it was fetched for PO1",
        "content is not base64",
        "the table holds no content. Next: fetch the document again",
        "the record names no purchase order; odd",
    ]
    assert table["findings"].to_list() == [["purchase_order_differs"], ["no_content"], ["no_content"], []]


def test_same_document_is_read_once() -> None:
    """A document that came with two purchase orders is read once, has two rows, and its lines once."""
    seen = []

    def read(content: bytes) -> Facts:
        seen.append(content)
        lines = (Line(line_number=1, quantity=Decimal("1.5")),)
        return Facts(issue_date=date(2026, 10, 5), order_ids=("702-1234567-1234567",), lines=lines)

    reader = DocumentReader("r", lambda _: True, read)
    row = {"sha256": hashlib.sha256(b"1").hexdigest(), "content": b"1"}
    read = read_frame(_invoices(row | {"purchase_order_number": "A"}, row | {"purchase_order_number": "B"}), [reader])
    table = read.facts
    assert seen == [b"1"]
    assert read.lines.select("document_id", "line_number").rows() == [(row["sha256"], 1)]
    assert table["purchase_order_number"].to_list() == ["A", "B"]
    assert table["order_ids"].to_list() == [["702-1234567-1234567"]] * 2


def test_nothing_to_read() -> None:
    """No documents give the empty table with all its columns."""
    for read in (read_frame(_invoices(), []), read_contents([], [])):
        assert (read.facts.schema, read.facts.height) == (polars_schema(InvoiceFacts), 0)
        assert (read.lines.schema, read.lines.height) == (polars_schema(InvoiceLines), 0)


def test_several_invoices_in_one_document() -> None:
    """Each has a row and its own lines, all with the document's id."""
    lines = (Line(line_number=1, goods_amount=Decimal(1)), Line(line_number=2))
    invoices = (Facts(invoice_number="A", lines=lines), Facts(invoice_number="B", lines=lines[:1]))
    read = read_contents([("a.bin", b"A"), ("b.bin", b"A")], [_reader("r", invoices)])
    assert read.facts["invoice_number"].to_list() == ["A", "B", "A", "B"]
    assert read.facts["document_id"].n_unique() == 1
    assert read.lines.select("invoice_number", "line_number").rows() == [("A", 1), ("A", 2), ("B", 1)]
    assert repr(read) == "<Documents: 4 invoices, 3 lines, 0 with a problem or finding>"


@given(st.lists(st.sampled_from([b"a", b"b", b"c", None]), max_size=12), st.integers(0, 5))
def test_order_and_reading_once(contents: list[bytes | None], ahead: int) -> None:
    """However many documents are asked for ahead, rows are in order, none is missing, and each is read once."""
    seen: list[bytes] = []

    def read(content: bytes) -> Facts:
        seen.append(content)
        return Facts(invoice_number=content.decode())

    documents = [Received(str(content), content) for content in contents]
    rows: list[int] = []
    submit = at_once([DocumentReader("r", lambda _: True, read)])
    table = read_all(documents, submit, ahead=ahead, done=rows.append).facts
    assert table["invoice_number"].to_list() == [content and content.decode() for content in contents]
    assert sorted(seen) == sorted({content for content in contents if content})
    assert rows == list(range(1, len(contents) + 1))


def test_file_name_is_personal() -> None:
    """A file's name is in its column, which is marked personal, and in no other: a problem ends up in reports."""
    table = read_contents([("Maria Silva.txt", b"hello")], []).facts
    assert table["file_name"].to_list() == ["Maria Silva.txt"]
    assert "file_name" in personal_columns(InvoiceFacts)
    assert "Maria" not in str(table.drop("file_name").rows())
    assert table["document_id"][0] == hashlib.sha256(b"hello").hexdigest()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("bad\udcff.xml", "bad\\xff.xml"),
        ("\udcc3\udcbcn.pdf", "ün.pdf"),
        ("ünï ✓.pdf", "ünï ✓.pdf"),
        ("half\ud83d.pdf", "half\ufffd.pdf"),
    ],
)
def test_a_name_that_is_no_text(name: str, shown: str) -> None:
    """A file's name in bytes that are no UTF-8, or read where only ASCII was expected, is a text and ends no run."""
    table = read_contents([(name, b"x"), ("b.txt", b"y")], []).facts
    assert table["file_name"].to_list() == [shown, "b.txt"]


def test_a_file_that_cannot_be_read() -> None:
    """One that vanished is a row that says why, and the others are read."""
    gone = from_unread_file("a.xml", "No such file or directory")
    table = read_all([gone, from_file("b.xml", b"x")], at_once([_reader("r", Facts())])).facts
    assert table["findings"].to_list() == [["file_unread"], []]
    assert table["file_name"].to_list() == ["a.xml", "b.xml"]
    assert table["problem"][0].startswith("the file cannot be read: No such file or directory. Next: look")


def test_what_amazon_sent_has_no_file_name() -> None:
    """A document that came from Amazon was read from no file."""
    row = {"sha256": hashlib.sha256(b"1").hexdigest(), "content": b"1"}
    assert read_frame(_invoices(row), []).facts["file_name"].to_list() == [None]


def test_readers_do_not_load_tables() -> None:
    """What a plug-in needs to define or try a reader loads neither polars nor pandera."""
    code = (
        "import sys; from spapi_invoices.documents import gst, nfe\n"
        "nfe.READER.read(b'<NFe/>'); gst.read_text('x'); print({'polars', 'pandera'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_facts_fill_the_table() -> None:
    """Facts has the table's columns, but for the document's id, the reader and the file's name."""
    names = set(polars_schema(InvoiceFacts)) - {"document_id", "reader", "file_name"}
    assert set(Facts.__dataclass_fields__) == names | {"lines"}


def test_lines_fill_the_table() -> None:
    """Line has the table's columns, but for what all lines of an invoice share."""
    names = set(polars_schema(InvoiceLines)) - {"document_id", "invoice_number", "currency"}
    assert set(Line.__dataclass_fields__) == names


def test_repr_hides_the_buyer() -> None:
    """The buyer's tax id does not reach a log through a repr."""
    assert "52998224725" not in repr(Facts(buyer_tax_id="52998224725", invoice_number="1"))


def test_order_ids() -> None:
    """Order ids are found in order, each once, beside letters, and not inside longer numbers."""
    text = "b 702-0000002-0000002, a 701-0000001-0000001; 702-0000002-0000002 9702-0000002-0000002 702-0000002-00000023"
    assert find_order_ids(text) == ("702-0000002-0000002", "701-0000001-0000001")
    assert find_order_ids("PED701-0000002-0000002", "701-0000003-0000003_a") == (
        "701-0000002-0000002",
        "701-0000003-0000003",
    )
