"""Saves the documents of a frame as files. Not for reading what they state."""

import hashlib
import os
from pathlib import Path
from typing import Final

import polars as pl

from spapi_invoices.core.media import NFE
from spapi_invoices.errors import FileFailed
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

    What holds anything else, as a folder or a link that leads nowhere, is not overwritten: the new one gets the first eight
    digits of its hash in its name, or all of them. Rows without a document are left out.

    Returns:
        The path of each document, in the order of the rows.

    Raises:
        FileFailed: The folder cannot be written, or something else has each of the names.
    """
    columns = ("purchase_order_number", "media_type", "sha256", "content")
    documents = invoices.filter(pl.col("content").is_not_null()).select(columns)
    return [save_document(folder, *row) for row in documents.iter_rows()]


def save_document(folder: Path, number: str | None, media_type: str | None, sha256: str, content: bytes) -> Path:
    """Save one document, by the rules of `save_documents`, and return its path."""
    # A number is what Amazon sent: only what the API's pattern allows may name a file, and no more than file systems take.
    stem = f"document-{sha256[:8]}"
    if number and number.isascii() and number.isalnum() and len(number) <= _LONGEST_STEM:
        stem = number
    paths = [
        folder / f"{name}{suffix_of(media_type)}" for name in (stem, f"{stem}-{sha256[:8]}", f"{stem[:99]}-{sha256}")
    ]
    path = next((one for one in paths if _is_free(one, sha256)), None)
    if path is None:
        raise FileFailed(f"{paths[0]} and {paths[-1]} are something else. Next: give another folder")
    write_whole(path, content)
    return path


def _is_free(path: Path, sha256: str) -> bool:
    """Whether there is nothing of the name, or the document itself."""
    if not os.path.lexists(path):
        return True
    return path.is_file() and hashlib.sha256(read_bytes(path)).hexdigest() == sha256


def suffix_of(media_type: str | None) -> str:
    """What the name of a document of a media type ends with.

    >>> suffix_of("application/pdf"), suffix_of("application/x-new")
    ('.pdf', '.bin')
    """
    return _SUFFIXES.get(media_type or "", ".bin")
