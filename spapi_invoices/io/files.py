"""Reads files, and writes them whole or not at all. Not for formats: callers bring bytes."""

import os
import tempfile
from pathlib import Path

from spapi_invoices.errors import FileFailed


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, readable by its owner only, so that at any moment it is the old one or the new one.

    A link is followed. What is no file, as a device or a pipe, is written to and not replaced.

    Raises:
        FileFailed: The folder cannot be made, or the file cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            # Not before: what a descriptor's link names, as pipe:[123], is no path.
            path = path.resolve()
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, content)
    except (OSError, RuntimeError) as error:
        # RuntimeError: a link that leads to itself.
        reason = getattr(error, "strerror", None) or "its links lead in a circle"
        raise FileFailed(f"{path} cannot be written: {reason}. Next: give another path, or make room") from None


def read_bytes(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        FileFailed: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileFailed(f"{path} cannot be read: {error.strerror}. Next: give the path of a file") from None


def read_text(path: Path) -> str:
    """A file's text in UTF-8, without a byte-order mark.

    Raises:
        FileFailed: It cannot be read, or is no UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileFailed(f"{path} is no text in UTF-8. Next: save it as UTF-8") from None


def _replace(path: Path, content: bytes) -> None:
    # A temporary file of this kind is readable by its owner only.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
