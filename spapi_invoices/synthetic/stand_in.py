"""A synthetic document in the place of a real one, which states the same and names nobody. Not for making up orders.

What goes over is only what a reader of ours looks at: see `gst_stand_in` and `nfe_stand_in`. Of any other kind of
document nothing goes over but the kind. A synthetic document says so in a place that no customer writes to, so it is known
again, and stays as it is.
"""

from base64 import b64decode
from typing import Final, Protocol

from spapi_invoices.core.media import sniff
from spapi_invoices.documents import containers, gst, nfe
from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.synthetic import gst_stand_in, nfe_stand_in, pdf
from spapi_invoices.synthetic.nfe_xml import is_marked

_TITLES: Final = frozenset({"Synthetic document", "Synthetic tax invoice"})
_PACKED: Final = (b"PK", b"\x1f\x8b")
# By media type, as small as they come, and the same bytes on every machine: no library compresses them here.
_SAMPLES: Final = {
    "image/png": b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAADUlEQVR4AQECAP3/AP8BAQEAYIcStQAAAABJRU5ErkJggg=="
    ),
    "image/jpeg": b"\xff\xd8\xff\xfe\x00\x14Synthetic document\xff\xd9",
    "application/zip": b"PK\x03\x04Synthetic document\n",
    "application/gzip": b"\x1f\x8bSynthetic document\n",
    "text/html": b"<!doctype html><title>Synthetic document</title>\n",
    "application/xml": b'<?xml version="1.0" encoding="UTF-8"?><synthetic/>\n',
    "x-application/zpl": b"^XA^FDSynthetic document^FS^XZ\n",
    "text/plain": b"Synthetic document\n",
    "application/octet-stream": b"\0\xfeSynthetic document\n",
}


class Fakes(gst_stand_in.Fakes, nfe_stand_in.Fakes, Protocol):
    """Puts a fake of the same form in a value's place, for the same value always the same."""


def is_synthetic(document: bytes) -> bool:
    """Whether a document is one of our own: drawn for the sandbox, or standing in for a real one.

    >>> is_synthetic(b"%PDF-1.7 a customer ordered a Synthetic document")
    False
    """
    if document.startswith(_PACKED) and document not in _SAMPLES.values():
        return False  # beside a synthetic document another may be packed
    if not document or document in {*gst_stand_in.UNREADABLE.values(), *_SAMPLES.values()}:
        return True
    return pdf.title(document) in _TITLES or is_marked(document)


def stand_in(document: bytes, fakes: Fakes) -> bytes:
    """A synthetic document of the same media type, from which our readers take the same facts.

    Faked in them are the buyer's ids, and of an NF-e the issuer's and the marketplace's ids and the access key as well;
    texts, as a description, keep their form alone. What cannot be read stays unreadable for the same reason. What came in
    a ZIP or gzip stands in unpacked; a container that cannot be opened, for whatever reason, is a broken one. A synthetic
    document is returned as it is.

    Raises:
        MissingExtra: A PDF, and pypdfium2 is not installed.
    """
    try:
        inside = containers.opened(document)
    except Unreadable:
        return _SAMPLES[sniff(document)]
    if is_synthetic(inside):
        return inside
    if gst.READER.claims(inside):
        return gst_stand_in.stand_in(inside, fakes)
    if nfe.READER.claims(inside):
        return nfe_stand_in.stand_in(inside, fakes)
    return _SAMPLES[sniff(inside)]
