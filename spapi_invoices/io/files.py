"""Reads files, and writes files and folders whole or not at all. Not for formats: callers bring bytes."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spapi_invoices.errors import FileFailed


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, readable by its owner only, so that at any moment it is the old one or the new one.

    A link is followed. What is no file, as a device or a pipe, is written to and not replaced.

    Raises:
        FileFailed: The folder cannot be made, or the file cannot be written.
    """
    with _told(path):
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            # Not before: what a descriptor's link names, as pipe:[123], is no path.
            path = path.resolve()
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, content)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which gets its path when it is full; what ends before leaves nothing there.

    Raises:
        FileFailed: The path is taken, or nothing can be made there.
    """
    with _told(path):
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.")
    with beside:
        folder = Path(beside.name) / path.name
        folder.mkdir(mode=0o700)
        yield folder
        with _told(path):
            folder.rename(path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What goes wrong in here is said of the path."""
    try:
        yield
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


def read_if_there(path: Path) -> bytes | None:
    """A file's bytes; ``None`` if there is no file of that name.

    Raises:
        FileFailed: It is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise FileFailed(
            f"{path} cannot be read: {error.strerror}. Next: see that you may read it, and again"
        ) from None


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
