"""A synthetic document in the place of a real one, which states the same and names nobody. Not for making up orders.

What goes over is only what a reader of ours looks at: a PDF keeps the pieces its facts come from, an NF-e what
`nfe_stand_in` lists. Of the pieces the numbers of invoice and purchase order stay, also the words in them, but for what has
the form of a person's number. Of any other kind of document nothing goes over but the kind. A synthetic document says so in
a place that no customer writes to, so it is known again, and stays as it is.
"""

import re
import unicodedata
from base64 import b64decode
from collections.abc import Sequence
from typing import Final, Protocol

from spapi_invoices.core.media import sniff
from spapi_invoices.documents import gst, nfe
from spapi_invoices.documents.tax_ids import gstin_is_valid
from spapi_invoices.synthetic import nfe_stand_in, pdf
from spapi_invoices.synthetic.nfe_xml import is_marked

_TITLE: Final = "Synthetic document"
_TITLES: Final = frozenset({_TITLE, "Synthetic tax invoice"})
_NUMBER: Final = re.compile(r"((?:Invoice|Purchase Order) Number ?: ?)(\S+)")
_BROKEN: Final = b"%PDF-1.4\n% Synthetic document, broken as the real one is\n"
# Enough of a PDF to ask for a password; there is none.
_ENCRYPTED: Final = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    b"trailer\n<< /Root 1 0 R /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 "
    b"/O <" + b"00" * 32 + b"> /U <" + b"00" * 32 + b"> >> >>\n%%EOF\n"
)
# By media type, as small as they come, and the same bytes on every machine: no library compresses them here.
_SAMPLES: Final = {
    "application/pdf": _BROKEN,
    "image/png": b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAADUlEQVR4AQECAP3/AP8BAQEAYIcStQAAAABJRU5ErkJggg=="
    ),
    "image/jpeg": b"\xff\xd8\xff\xfe\x00\x14Synthetic document\xff\xd9",
    "application/zip": b64decode(
        "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAAJAAAAc3ludGhldGljUEsBAhQDFAAAAAAAAAAhAAAAAAAAAAAAAAAAAAkAAAAAAAAAAAAAAIABAAAAAHN5"
        "bnRoZXRpY1BLBQYAAAAAAQABADcAAAAnAAAAAAA="
    ),
    "application/gzip": b64decode("H4sIAAAAAAAA/wETAOz/U3ludGhldGljIGRvY3VtZW50CrswnY4TAAAA"),
    "text/html": b"<!doctype html><title>Synthetic document</title>\n",
    "application/xml": b'<?xml version="1.0" encoding="UTF-8"?><synthetic/>\n',
    "x-application/zpl": b"^XA^FDSynthetic document^FS^XZ\n",
    "text/plain": b"Synthetic document\n",
    "application/octet-stream": b"\xfeSynthetic document\n",
}


class Fakes(nfe_stand_in.Fakes, Protocol):
    """Puts a fake of the same form in a value's place, for the same value always the same."""

    def gstin(self, number: str, /) -> str:
        """A valid GSTIN for a valid one."""

    def within(self, text: str, /) -> str:
        """The text with fakes only for what gives itself away by its form."""


def is_synthetic(document: bytes) -> bool:
    """Whether a document is one of our own: drawn for the sandbox, or standing in for a real one.

    >>> is_synthetic(b"%PDF-1.7 a customer ordered a Synthetic document")
    False
    """
    if not document or document in {_ENCRYPTED, *_SAMPLES.values()}:
        return True
    return pdf.title(document) in _TITLES or is_marked(document)


def stand_in(document: bytes, fakes: Fakes) -> bytes:
    """A synthetic document of the same media type, from which our readers take the same facts.

    Faked in them are the buyer's ids, a number of invoice or purchase order in the form of a person's, and of an NF-e the
    issuer's ids and the access key as well. What cannot be read stays
    unreadable for the same reason. A synthetic document is returned as it is.

    Raises:
        MissingExtra: A PDF, and pypdfium2 is not installed.
    """
    if is_synthetic(document):
        return document
    if gst.READER.claims(document):
        return _invoice(document, fakes)
    if nfe.READER.claims(document):
        return nfe_stand_in.stand_in(document, fakes)
    return _SAMPLES[sniff(document)]


def _invoice(document: bytes, fakes: Fakes) -> bytes:
    try:
        text = gst.pdf_text(document)
    except ValueError as error:
        return _UNREADABLE[str(error)]
    pieces = gst.pieces(text, lambda number: _gstin(number, fakes))
    # A rule after each, of a character that takes part in no pattern, so that no two are read as one.
    return _pdf([_TITLE, *(f"{_drawable(_numbered(piece, fakes))} _" for piece in pieces)])


def _numbered(piece: str, fakes: Fakes) -> str:
    """With fakes for what is somebody's in the numbers of invoice and purchase order: the seller makes them up."""
    return _NUMBER.sub(lambda found: found[1] + fakes.within(found[2]), piece)


def _gstin(number: str, fakes: Fakes) -> str:
    """A valid GSTIN for a valid one, and none for what is none."""
    if gstin_is_valid(number):
        return fakes.gstin(number)
    made = fakes.text(number)
    return made if not gstin_is_valid(made) else made[:-1] + ("0" if made[-1] != "0" else "9")


def _drawable(text: str) -> str:
    """In characters that every PDF viewer has a font for: there is no rupee sign among them."""
    return "".join(_letter(one) for one in text.replace("₹", "Rs."))


def _letter(character: str) -> str:
    if character.encode("cp1252", "ignore"):
        return character
    # A letter that counts as another one where case is ignored, as the long s does. Never a digit: that makes amounts.
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return plain if character.isalpha() and plain else "?"


def _pdf(lines: Sequence[str]) -> bytes:
    """A page with a line for each text, as large as there is room for: nothing is cut or wrapped."""
    widest = max(pdf.width(line, pdf.REGULAR, 1) for line in lines)
    size = min(8, 523 / widest, 770 / len(lines) / 1.5)
    rows = (pdf.text_at(36, 798 - 1.5 * size * at, line, pdf.REGULAR, size) for at, line in enumerate(lines))
    return pdf.document(_TITLE, rows)


# Why a PDF cannot be read -> one that cannot be read for the same reason.
_UNREADABLE: Final = {
    gst.BROKEN: _BROKEN,
    gst.ENCRYPTED: _ENCRYPTED,
    gst.NO_TEXT: pdf.document(_TITLE, [pdf.box_at(36, 36, 523, 770, grey=0.6, line=False)]),
}
