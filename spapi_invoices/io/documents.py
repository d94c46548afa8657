"""Saves the documents of a frame as files. Not for reading what they state."""

import hashlib
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.core.media import NFE
from spapi_invoices.io.files import read_bytes, write_whole

_SUFFIXES: Final = {
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    NFE: ".xml",
    "text/html": ".html",
    "text/plain": ".txt",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "application/zip": ".zip",
    "application/gzip": ".gz",
    "x-application/zpl": ".zpl",
}
# A name has at most 255 bytes, of which a part of the hash, the suffix and that of a temporary file take some.
_LONGEST_STEM: Final = 200


def save_documents(invoices: pl.DataFrame, folder: Path) -> list[Path]:
    """Save each document of a `CustomerInvoices` frame as ``{purchase_order_number}.pdf``, readable by its owner only.

    What holds another document, or is a folder, is not overwritten: the new one gets the first eight digits of its hash in its
    name. Rows without a document are left out.

    Returns:
        The path of each document, in the order of the rows.

    Raises:
        FileFailed: The folder cannot be written.
    """
    columns = ("purchase_order_number", "media_type", "sha256", "content")
    documents = invoices.filter(pl.col("content").is_not_null()).select(columns)
    return [save_document(folder, *row) for row in documents.iter_rows()]


def save_document(folder: Path, number: str | None, media_type: str | None, sha256: str, content: bytes) -> Path:
    """Save one document, by the rules of `save_documents`, and return its path."""
    # A number is what Amazon sent: only what the API's pattern allows may name a file, and no more than file systems take.
    usable = number and number.isascii() and number.isalnum() and len(number) <= _LONGEST_STEM
    stem = number if usable else f"document-{sha256[:8]}"
    suffix = suffix_of(media_type)
    path = folder / f"{stem}{suffix}"
    if path.exists() and not (path.is_file() and hashlib.sha256(read_bytes(path)).hexdigest() == sha256):
        path = folder / f"{stem}-{sha256[:8]}{suffix}"
    write_whole(path, content)
    return path


def suffix_of(media_type: str | None) -> str:
    """What the name of a document of a media type ends with.

    >>> suffix_of("application/pdf"), suffix_of("application/x-new")
    ('.pdf', '.bin')
    """
    return _SUFFIXES.get(media_type or "", ".bin")
