"""A ZIP or gzip of one document, and those that are something else or mean harm."""

import gzip
import struct
import zipfile
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.documents import containers
from spapi_invoices.documents.containers import opened
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.documents.reader import DocumentReader, read_document


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def _encrypted() -> bytes:
    """With the flag that says so, in both places where it stands."""
    content = bytearray(zipped(("a.xml", b"<NFe/>")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


def _shrunk(content: bytes) -> bytes:
    """A ZIP that says of its one file that it has one byte."""
    at = content.index(b"PK\x01\x02") + 24
    return content[:at] + struct.pack("<I", 1) + content[at + 4 :]


_documents = st.binary(max_size=300).filter(lambda content: content[:2] not in {b"PK", b"\x1f\x8b"})


@given(_documents, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_round_trip(content: bytes, method: int) -> None:
    """One document comes out of a ZIP, a gzip, or one in the other, as it went in; any other comes back as it is."""
    assert opened(content) == content
    for packed in (zipped(("a", content), method=method), gzip.compress(content)):
        assert opened(packed) == content
        assert opened(zipped(("b", packed))) == content
        assert opened(gzip.compress(packed)) == content


def test_what_systems_add() -> None:
    """Folders and what macOS adds are no documents; zeros behind a gzip are no second part."""
    added = (("nfe/", b""), ("__MACOSX/nfe/._a.xml", b"x"), ("nfe/.DS_Store", b"x"))
    assert opened(zipped(*added, ("nfe/a.xml", b"<NFe/>"))) == b"<NFe/>"
    assert opened(gzip.compress(b"<NFe/>") + b"\0" * 512) == b"<NFe/>"


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (zipped(), "container_empty"),
        (zipped(("a/", b"")), "container_empty"),
        (zipped(("a", b"1"), ("b", b"2")), "container_several"),
        (gzip.compress(b"1") + gzip.compress(b"2"), "container_several"),
        (_encrypted(), "container_encrypted"),
        (zipped(("a", b"1"), method=zipfile.ZIP_BZIP2), "container_broken"),
        (zipped(("a", b"1"), method=zipfile.ZIP_LZMA), "container_broken"),
        (zipped(("a", b"1" * 99))[:60], "container_broken"),
        (_shrunk(zipped(("a", b"1" * 99))), "container_broken"),
        (b"PK\x03\x04", "container_broken"),
        (gzip.compress(b"1" * 999)[:-9], "container_broken"),
        (b"\x1f\x8b", "container_broken"),
        (b"\x1f\x8b\x08" + b"x" * 99, "container_broken"),
        (zipped(("a", gzip.compress(gzip.compress(b"1")))), "container_nested"),
    ],
)
def test_what_is_not_opened(content: bytes, finding: str) -> None:
    """Each container that holds not one document has a finding of its own, and a row."""
    with pytest.raises(Unreadable) as caught:
        opened(content)
    assert caught.value.found.finding == finding
    (facts,), reader = read_document(content, [])
    assert (facts.findings, reader) == ((finding,), None)
    assert "Next: " in (facts.problem or "")


def test_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What grows beyond the bound is refused, whatever it says of its size; what just fits is not."""
    monkeypatch.setattr(containers, "LARGEST", 10_000)
    for size, fits in ((10_000, True), (10_001, False), (10_000_000, False)):
        for packed in (zipped(("a", b"1" * size)), gzip.compress(b"1" * size)):
            if fits:
                assert len(opened(packed)) == size
            else:
                with pytest.raises(Unreadable, match="it grows beyond"):
                    opened(packed)


def test_no_more_is_inflated_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of a hundred megabytes takes no hundred megabytes of memory."""
    import tracemalloc

    monkeypatch.setattr(containers, "LARGEST", 1 << 20)
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(100)) + packer.flush()
    tracemalloc.start()
    with pytest.raises(Unreadable, match="it grows beyond"):
        opened(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@given(
    st.binary(max_size=60), st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\0"]), st.binary(max_size=200)
)
def test_any_bytes(content: bytes, head: bytes, tail: bytes) -> None:
    """Bytes that look like a container, and damaged ones, open or are refused; nothing else is raised."""
    for packed in (head + tail, zipped(("a", content))[: len(tail)] + tail, gzip.compress(content)[: len(tail)] + tail):
        (facts,), _ = read_document(packed, [])
        assert facts.findings


def test_the_document_inside_is_read() -> None:
    """A reader is given what is inside, unless it claims the container itself."""
    inner = DocumentReader("inner", lambda content: content == b"doc", lambda _: Facts(invoice_number="1"))
    outer = DocumentReader("outer", lambda content: content[:2] == b"PK", lambda _: Facts(invoice_number="2"))
    packed = zipped(("a", b"doc"))
    assert read_document(packed, [inner]).invoices[0].invoice_number == "1"
    assert read_document(packed, [inner, outer]).invoices[0].invoice_number == "2"
    assert read_document(packed, []).invoices[0].findings == ("type_unknown",)
