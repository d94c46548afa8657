"""Waiting that ends at once when nobody wants the result any more. Not for why somebody waits: quota and retry do."""

import threading
import time
from contextvars import ContextVar
from typing import Final

from spapi_invoices.errors import TransportFailed

# Each thread has its own context, so one fetch that is left stops its own threads and no other's.
_LEFT: Final[ContextVar[threading.Event | None]] = ContextVar("left", default=None)


def end_pauses_on(left: threading.Event) -> None:
    """From here on `pause` on this thread ends when the event is set."""
    _LEFT.set(left)


def is_called_off() -> bool:
    """Whether nobody wants the result of this thread any more: what fails here then says nothing to others."""
    left = _LEFT.get()
    return left is not None and left.is_set()


def pause(seconds: float) -> None:
    """Wait; on the main thread Ctrl-C ends it.

    Raises:
        TransportFailed: The event of `end_pauses_on` is set, before or meanwhile.
    """
    left = _LEFT.get()
    if left is None:
        time.sleep(seconds)
    elif left.wait(seconds):
        raise TransportFailed("the request was called off before it was sent. Next: ask again")
