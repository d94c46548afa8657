import base64
import hashlib
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.media import NFE, Document, decode_base64, sniff


class TestDecodeBase64:
    """From base64 text to a document."""

    @given(st.binary(min_size=1), st.sampled_from(["", "\n", "\r\n", "\t\n"]), st.integers(1, 80), st.booleans())
    def test_round_trip(self, content: bytes, line_break: str, width: int, padded: bool) -> None:  # noqa: FBT001
        """Bytes come back exactly, however the text was broken into lines and with or without padding."""
        text = base64.b64encode(content).decode()
        text = text if padded else text.rstrip("=")
        if line_break:
            text = line_break.join(textwrap.wrap(text, width)) + line_break
        document = decode_base64(text)
        assert (document.content, document.problem) == (content, None)
        assert document.sha256 == hashlib.sha256(content).hexdigest()

    @given(
        st.binary(min_size=1),
        st.sampled_from(["\r\n ", "\n\t", " \r\n", "\x0c", "\x0b", "\n    ", "%0D%0A", "%0a"]),
        st.integers(1, 80),
        st.sampled_from(
            ["", "\ufeff", "data:application/pdf;base64,", "DATA:text/xml;charset=utf-8;base64,", "\ufeff\n"]
        ),
        st.booleans(),
    )
    def test_wrapped(self, content: bytes, fold: str, width: int, before: str, escaped: bool) -> None:  # noqa: FBT001
        """Folded as in a header, behind a mark or in a data URL, and escaped by a form, it means the same."""
        text = base64.b64encode(content).decode()
        if escaped:
            text = text.replace("+", "%2B").replace("/", "%2f").replace("=", "%3D")
        else:
            text = fold.join(textwrap.wrap(text, width))
        assert decode_base64(before + text) == Document.of(content)

    @given(st.binary(min_size=1), st.booleans())
    def test_url_safe(self, content: bytes, padded: bool) -> None:  # noqa: FBT001
        """The alphabet that is safe in URLs is read as what it means."""
        text = base64.urlsafe_b64encode(content).decode()
        assert decode_base64(text if padded else text.rstrip("=")) == Document.of(content)

    @given(st.text() | st.text("ABab01+/= \n-_", max_size=40))
    def test_any_text(self, text: str) -> None:
        """Any text is decoded or has a problem, never both or neither, and never an exception."""
        document = decode_base64(text)
        assert (document.content is None) == (document.problem is not None)
        assert (document.content is None) == (document.media_type is None)
        assert len(document.sha256) == 64

    @given(st.text("ABCDabcd0123+/=", max_size=30))
    def test_nothing_is_ignored(self, text: str) -> None:
        """What is decoded, encoded again, is the text but for its padding and the unused bits of its last character."""
        document = decode_base64(text)
        if document.content is not None:
            again = base64.b64encode(document.content).decode().rstrip("=")
            assert again[:-1] == text.rstrip("=")[:-1]

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "content is empty"),
            (" \n", "content is empty"),
            ("base 64 content goes here", "content is not base64: character ' ' at position 4"),
            ("JVBE Ri0x", "content is not base64: character ' ' at position 4"),
            ("JVBE\r\n Ri0x\r\nLjQK", "content is not base64: character ' ' at position 4"),
            ("data:text/plain,JVBERi0x", "content is not base64: character ':' at position 4"),
            ("JVBE%20Ri0x", "content is not base64: character '%' at position 4"),
            ("JVBERi0-+w", "content is not base64: character '-' at position 7"),
            ("JVBE/i0_", "content is not base64: character '_' at position 7"),
            ("JVBER", "content is not base64: 5 characters cannot be cut into bytes"),
            ("JVB٣", "content is not base64: character '٣' at position 3"),
            ("\ud800", "content is not base64: character '\\ud800' at position 0"),
        ],
    )
    def test_problem(self, text: str, problem: str) -> None:
        """A text that is no base64 says why; a space, and two alphabets in one text, are not taken for something else."""
        document = decode_base64(text)
        assert (document.problem, document.content, document.media_type) == (problem, None, None)

    @pytest.mark.parametrize("text", ["====", "=", "A===", "AA=A", "AAAA=", "QUI=QUI=", "AA==AA=="])
    def test_padding(self, text: str) -> None:
        """Padding that stands anywhere but at the end, or is too long, is a problem."""
        assert decode_base64(text).problem is not None

    def test_undecodable_ones_differ(self) -> None:
        """Two texts that cannot be decoded have two hashes, so neither is taken for the other's duplicate."""
        assert decode_base64("base 64").sha256 != decode_base64("base 65").sha256

    def test_repr(self) -> None:
        """A document's repr does not hold its content."""
        assert "Maria" not in repr(Document.of(b"Maria Silva"))


class TestSniff:
    """The media type by the first bytes."""

    @pytest.mark.parametrize(
        ("content", "media_type"),
        [
            (b"%PDF-1.7\n", "application/pdf"),
            (b"\r\n\r\n%PDF-1.4", "application/pdf"),
            (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"PK\x03\x04", "application/zip"),
            (b"\x1f\x8b\x08", "application/gzip"),
            (b"<!DOCTYPE HTML>", "text/html"),
            (b" <html>", "text/html"),
            (b"PK\x05\x06", "application/zip"),
            (b"x" * 1024 + b"%PDF-1.4", "application/pdf"),
            (b"PK\x03\x04 stored %PDF-1.4", "application/zip"),
            (b"\x1f\x8b stored %PDF-1.4", "application/gzip"),
            (b"x" * 1025 + b"%PDF-1.4", "text/plain"),
            (b"<?xml version='1.0'?><Invoice/>", "application/xml"),
            (
                b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC 'x'>\n<html xmlns='http://www.w3.org/1999/xhtml'>",
                "text/html",
            ),
            (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "text/html"),
            (b"<!-- 503 --> <!-- x --><HTML>", "text/html"),
            (b"\xef\xbb\xbf<!DOCTYPE html>", "text/html"),
            (b"<head><title>503</title>", "text/html"),
            (b"<!-- " + b"x" * 100_000, "application/xml"),
            (b"<heading/>", "application/xml"),
            (b"<?xml version='1.0'?><!-- <html> --><Invoice/>", "application/xml"),
            (b"CT~~CD,~CC^~CT~\r\n^XA^FO50", "x-application/zpl"),
            (b"<html>see %PDF-1.7</html>", "text/html"),
            (b"<a>%PDF-1.4</a>", "application/xml"),
            (b"\x89PNG\r\n\x1a\n\n%PDF-1.4", "image/png"),
            (b"<br /><b>Warning</b>\n%PDF-1.4", "application/pdf"),
            (b"junk %PDF-1.4", "application/pdf"),
            (b"<?xml version='1.0'?><nfeProc/>", NFE),
            (b"\xef\xbb\xbf<nfeProc/>", NFE),
            (b"<!-- " + b"x" * 5000 + b" --><n:NFe>", NFE),
            (b"<procEventoNFe versao='1.00'/>", NFE),
            (b'<x xmlns="http://www.portalfiscal.inf.br/nfe"/>', NFE),
            ("<NFe/>".encode("utf-16"), NFE),
            ("<NFe/>".encode("utf-16-le"), NFE),
            (b"\xfe\xff" + "<NFe/>".encode("utf-16-be"), NFE),
            ("<Invoice/>".encode("utf-16"), "application/xml"),
            (b"<NFeLote/>", "application/xml"),
            (b"<html><NFe></html>", "text/html"),
            (b"^XA^FO50", "x-application/zpl"),
            (b"plain", "text/plain"),
            ("ação".encode(), "text/plain"),
            ("ação".encode("latin-1"), "text/plain"),
            ("ação".encode("utf-16"), "text/plain"),
            (b"\xff\xfea", "application/octet-stream"),
            (b"\x81ao", "application/octet-stream"),
            (b"\xe7\x00o", "application/octet-stream"),
            (b"\xef\xbb\xbf<html>", "text/html"),
            (b"", "text/plain"),
        ],
    )
    def test_sniff(self, content: bytes, media_type: str) -> None:
        """Each kind of document that a label or an invoice may be is told by how it begins."""
        assert sniff(content) == media_type

    @given(st.binary())
    def test_any_bytes(self, content: bytes) -> None:
        """Any bytes have a media type."""
        assert "/" in sniff(content)
