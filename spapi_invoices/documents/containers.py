"""A ZIP or gzip of one document is opened, within bounds. Not for archives of several, which a person unpacks.

They come from strangers: what is inside is inflated piece by piece and never beyond the bound, whatever the container
says of its size; nothing is written to disk, and no name inside is looked at but to pass over what macOS adds.
"""

import zipfile
import zlib
from io import BytesIO
from typing import Final

from spapi_invoices.core.media import sniff
from spapi_invoices.documents.findings import Unreadable

# The largest document that is read out of a container; an invoice has kilobytes.
LARGEST: Final = 64 << 20
# A gzip in a ZIP, as mail and archives make them; more is no accident.
_DEEPEST: Final = 2
_GZIP: Final = 31  # zlib's name for deflate with gzip's head
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def opened(content: bytes) -> bytes:
    """The one document in a ZIP or gzip, or in one in the other; any other document as it is.

    Raises:
        Unreadable: It cannot be opened, needs a password, holds none or several, or too much.

    >>> import gzip
    >>> opened(gzip.compress(b"<NFe/>"))
    b'<NFe/>'
    """
    for _ in range(_DEEPEST + 1):
        match sniff(content):
            case "application/zip":
                content = _unzipped(content)
            case "application/gzip":
                content = _gunzipped(content)
            case _:
                return content
    raise Unreadable("container_nested", f"packed more than {_DEEPEST} times")


def _gunzipped(content: bytes) -> bytes:
    inflate = zlib.decompressobj(_GZIP)
    try:
        inside = inflate.decompress(content, LARGEST + 1)
    except zlib.error:
        raise Unreadable("container_broken", "the gzip is broken") from None
    _bounded(inside)
    if not inflate.eof:
        raise Unreadable("container_broken", "the gzip broke off")
    # Zeros fill a block, say on a tape; anything else is a second member.
    if inflate.unused_data.strip(b"\0"):
        raise Unreadable("container_several", "the gzip has a second part")
    return inside


def _unzipped(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entry = _only(archive)
            with archive.open(entry) as file:
                inside = file.read(LARGEST + 1)
    # The module raises any of these for a ZIP that is damaged or made to look so.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("container_broken", "the ZIP is broken") from None
    return _bounded(inside)


def _only(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = [entry for entry in archive.infolist() if not _is_no_document(entry.filename)]
    if not entries:
        raise Unreadable("container_empty", "the ZIP holds no file")
    if len(entries) > 1:
        raise Unreadable("container_several", f"the ZIP holds {len(entries)} files, not one document")
    if entries[0].flag_bits & _ENCRYPTED:
        raise Unreadable("container_encrypted", "the ZIP is encrypted")
    if entries[0].compress_type not in _METHODS:
        raise Unreadable("container_broken", "the ZIP is packed by a method other than deflate")
    return entries[0]


def _is_no_document(name: str) -> bool:
    """A folder, or what macOS adds."""
    return name.endswith("/") or name.startswith("__MACOSX/") or name.rpartition("/")[2] == ".DS_Store"


def _bounded(inside: bytes) -> bytes:
    if len(inside) > LARGEST:
        raise Unreadable("container_too_large", f"it grows beyond {LARGEST >> 20} MiB when it is opened")
    return inside
