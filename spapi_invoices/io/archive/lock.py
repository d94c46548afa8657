"""One writer at a time: a lock on a file, which the system takes back however a process ends. Readers need none."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import filelock

from spapi_invoices.errors import ArchiveBusy, FileFailed
from spapi_invoices.io.archive import ledger

_NAME: Final = ledger.NAME + ".lock"
_HOLDER: Final = "writer"


@contextmanager
def locked(folder: Path, wait: float, now: datetime) -> Iterator[None]:
    """Be the only writer for the length of the block.

    Args:
        folder: The archive's.
        wait: Seconds to wait for another writer to end.
        now: Since when, for whoever finds it locked.

    Raises:
        ArchiveBusy: Another writer has not ended by then.
        FileFailed: The lock cannot be made.
    """
    lock = filelock.FileLock(folder / _NAME, mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=max(wait, 0))
    except filelock.Timeout:
        raise ArchiveBusy(
            f"{folder} is being written to by {_holder(folder)}. Next: wait until it ends, or give it seconds to end in (wait)"
        ) from None
    except OSError as error:
        raise FileFailed(
            f"{folder / _NAME} cannot be locked: {error.strerror}. Next: give a folder of your own"
        ) from None
    try:
        with ledger.opened(folder) as db:
            ledger.set_setting(db, _HOLDER, f"process {os.getpid()} since {now:%Y-%m-%d %H:%M:%S} UTC")
        yield
    finally:
        lock.release()


def _holder(folder: Path) -> str:
    with ledger.opened(folder) as db:
        return ledger.setting(db, _HOLDER) or "another process"
