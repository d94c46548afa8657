"""From base64 text to a document's bytes, and from its first bytes to its media type. Not for what the document states.

It lives in the core, not beside the document readers, because the frames need it: base64 is part of Amazon's wire format.
"""

import codecs
import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from pybase64 import b64decode

# What an NF-e or an event of one is called here: no media type is registered for them.
NFE: Final = "application/x-nfe+xml"

_BLANKS: Final = re.compile(r"[ \t\r\n\f\v]+")
# As a browser and a mail's body name what follows.
_DATA_URL: Final = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w.+=-]+)*;base64,", re.IGNORECASE | re.ASCII)
_BYTE_ORDER_MARK: Final = "\ufeff"
# What a form writes for the three signs of base64 that are not letters or digits, and for a line break.
_ESCAPED: Final = re.compile(r"%(2B|2F|3D|0D|0A)", re.IGNORECASE)
_URL_SAFE: Final = str.maketrans("-_", "+/")
_XML: Final = "application/xml"
_PDF_TYPE: Final = "application/pdf"
# PDF readers look for the signature in the first 1024 bytes. What else a file begins with counts more, unless the
# signature begins a line, as behind the warning of a web server.
_PDF: Final = re.compile(rb"%PDF-")
_PDF_LINE: Final = re.compile(rb"(?:\A|[\r\n])[ \t]*%PDF-")
_PDF_WITHIN: Final = 1024 + 5
# First match wins.
_BINARY: Final = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("application/zip", re.compile(rb"PK(\x03\x04|\x05\x06)")),
    ("application/gzip", re.compile(rb"\x1f\x8b")),
)
# A page may begin as an XML does, with a declaration and comments.
_TEXTUAL: Final = (
    (
        "text/html",
        re.compile(
            rb"(?:\xef\xbb\xbf)?(?:\s|<\?xml\b[^>]*>|<!--.*?-->)*<(?:!doctype\s+html|html|head|body)\b",
            re.IGNORECASE | re.DOTALL,
        ),
    ),
    (_XML, re.compile(rb"(\xef\xbb\xbf)?\s*<[?!a-zA-Z]|(\xff\xfe)?<\0|(\xfe\xff)?\0<")),
    ("x-application/zpl", re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\^XA|CT~~CD,)")),
)
# A byte that no text in an encoding of one byte a letter has: a control sign, or one that means nothing in Windows-1252.
_NO_LETTER: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f\x81\x8d\x8f\x90\x9d]")
_BOMS: Final = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# Where an NF-e shows what it is: comments may stand before its root, long ones too.
_HEAD: Final = 1 << 16
_NFE_HEAD: Final = re.compile(rb"portalfiscal\.inf\.br/nfe\b|<(?:[\w.-]+:)?(?:nfeProc|NFe|procEventoNFe)[\s>/]")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it came over the wire.

    Attributes:
        sha256: Of the bytes; of the text as received where it could not be decoded. Lower-case hex.
        content: The bytes, ``None`` where the text could not be decoded. Not in the repr.
        media_type: By the first bytes; ``None`` where there are none.
        problem: Why the text could not be decoded, else ``None``.
    """

    sha256: str
    content: bytes | None = field(default=None, repr=False)
    media_type: str | None = None
    problem: str | None = None

    @classmethod
    def of(cls, content: bytes) -> "Document":
        """A document from its bytes."""
        return cls(hashlib.sha256(content).hexdigest(), content, sniff(content))


def decode_base64(text: str) -> Document:
    """Decode a document's base64; what mail and HTTP do to it is accepted where it can mean one thing only.

    That is: line breaks, blanks beside all of them alike, a byte-order mark, missing padding, a ``data:`` URL, a form's
    escapes, and the alphabet that is safe in URLs, if no sign of the other stands beside it. Any other space is a problem:
    it is what a form makes of ``+``, so the bytes would be wrong.

    >>> decode_base64("JVBERi0xLjQK").media_type
    'application/pdf'
    >>> decode_base64("base 64 content goes here!").problem
    "content is not base64: character ' ' at position 4"
    """
    with suppress(ValueError):  # Nearly all are plain, and a document is never empty.
        if content := b64decode(text, validate=True):
            return Document.of(content)
    packed = _unfolded(_unwrapped(text))
    if "+" not in packed and "/" not in packed:
        packed = packed.translate(_URL_SAFE)
    problem = _base64_problem(packed)
    if problem is None:
        return Document.of(b64decode(packed + "=" * (-len(packed) % 4), validate=True))
    return Document(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), problem=problem)


def _unwrapped(text: str) -> str:
    """Without what stands around base64, and with the signs that a form escaped."""
    bare = text.strip().removeprefix(_BYTE_ORDER_MARK).strip()
    if url := _DATA_URL.match(bare):
        bare = bare[url.end() :]
    return _ESCAPED.sub(lambda sign: chr(int(sign[1], 16)), bare).strip()


def _unfolded(text: str) -> str:
    """On one line. A blank goes with the line break beside it, if it stands beside all: else it may have been a ``+``."""
    breaks = {blanks for blanks in _BLANKS.findall(text) if blanks.strip(" ")}

    def kept(blanks: re.Match[str]) -> str:
        folds = blanks[0] in breaks and len(breaks) == 1
        return " " if " " in blanks[0] and not folds else ""

    return _BLANKS.sub(kept, text)


def _base64_problem(packed: str) -> str | None:
    if not packed:
        return "content is empty"
    bare = packed.rstrip("=")
    if odd := re.search(r"[^A-Za-z0-9+/]", bare):
        return f"content is not base64: character {odd[0]!r} at position {odd.start()}"
    # Python's own decoder takes surplus padding in some versions and not in others.
    if len(bare) % 4 == 1 or len(packed) - len(bare) > -len(bare) % 4:
        return f"content is not base64: {len(packed)} characters cannot be cut into bytes"
    return None


def sniff(content: bytes) -> str:
    """The media type by the first bytes; ``text/plain`` for what `decode_text` reads, else ``application/octet-stream``.

    >>> sniff(b"<?xml version='1.0'?><nfeProc/>")
    'application/x-nfe+xml'
    """
    if found := _matched(content, _BINARY):
        return found
    if _PDF_LINE.search(content, 0, _PDF_WITHIN):
        return _PDF_TYPE
    if found := _matched(content, _TEXTUAL):
        return NFE if found == _XML and _is_nfe(content) else found
    if _PDF.search(content, 0, _PDF_WITHIN):
        return _PDF_TYPE
    return "application/octet-stream" if decode_text(content) is None else "text/plain"


def _matched(content: bytes, signatures: Iterable[tuple[str, re.Pattern[bytes]]]) -> str | None:
    return next((media_type for media_type, signature in signatures if signature.match(content, 0, _HEAD)), None)


def decode_text(content: bytes) -> str | None:
    """The text of bytes in UTF-8, in UTF-16 with a byte-order mark, or in Windows-1252; ``None`` if they are no text.

    Latin-1 is read as Windows-1252, which has the same letters.

    >>> decode_text("5 €".encode("cp1252"))
    '5 €'
    """
    marked = [name for bom, name in _BOMS.items() if content.startswith(bom)]
    for encoding in marked or ("utf-8", *(() if _NO_LETTER.search(content) else ("cp1252",))):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    return None


def _is_nfe(content: bytes) -> bool:
    """A tag's name is ASCII, and UTF-16 sets zeros between its bytes."""
    return _NFE_HEAD.search(content[:_HEAD].replace(b"\0", b"")) is not None
