"""Waiting that ends at once when nobody wants the result any more, and work that ends first. Not for why somebody waits."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from spapi_invoices.errors import TransportFailed

# Where Ctrl-C does not end a wait, it is looked for this often.
LISTEN_SECONDS: Final = 0.2
_LOOK_SECONDS: Final = 0.02
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


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A block during which Ctrl-C waits: however often it comes, it acts once, at the block's end.

    For what must be done whole. polars, for one, calls Python from Rust, and an interrupt that is raised in there ends as a
    panic, which no ``except KeyboardInterrupt`` catches.
    """
    usual = signal.getsignal(signal.SIGINT)
    # Another thread than the main one is not interrupted; a handler that is not Python's cannot be put back.
    if threading.current_thread() is not threading.main_thread() or usual is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if came:
            signal.raise_signal(signal.SIGINT)


def await_free(lock: threading.Lock) -> None:
    """Wait until nobody holds a lock; Ctrl-C ends it. Whoever takes the lock next may still have to wait.

    On Windows, and wherever polars is imported, Ctrl-C does not end the wait for a lock itself. It does not take the lock:
    an interrupt just then would leave it locked.
    """
    while lock.locked():
        time.sleep(_LOOK_SECONDS)
