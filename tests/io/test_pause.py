"""Waiting, and its early end."""

import threading

from spapi_invoices.errors import TransportFailed
from spapi_invoices.io.pause import end_pauses_on, is_called_off, pause

SECONDS = 20.0


def paused(left: threading.Event, seconds: float) -> list[str]:
    """What came of two pauses on a thread of their own, while the event may be set."""
    said: list[str] = []

    def wait() -> None:
        end_pauses_on(left)
        for _ in range(2):
            try:
                pause(seconds)
            except TransportFailed as error:
                said.append(str(error))
            else:
                said.append("waited")

    thread = threading.Thread(target=wait)
    thread.start()
    if seconds:
        left.set()
    thread.join(SECONDS)
    assert not thread.is_alive()
    return said


def test_called_off():
    """All pauses of a thread end when its event is set, and none begins after; each says that nothing was sent."""
    said = paused(threading.Event(), 10 * SECONDS)
    assert [one.startswith("the request was called off before it was sent. Next: ") for one in said] == [True] * 2


def test_not_called_off():
    """A pause is a pause, on a thread with an event and on one without, whatever befell another thread."""
    paused(threading.Event(), 10 * SECONDS)
    pause(0.0)
    assert paused(threading.Event(), 0.0) == ["waited"] * 2


def test_called_off_before():
    """An event that was set before ends a pause of no length too."""
    left = threading.Event()
    left.set()
    assert "waited" not in paused(left, 0.0)


def test_who_is_called_off():
    """A thread whose event is set, and no other."""
    left, said = threading.Event(), list[bool]()

    def look() -> None:
        said.append(is_called_off())
        end_pauses_on(left)
        said.append(is_called_off())
        left.set()
        said.append(is_called_off())

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(SECONDS)
    assert (said, is_called_off()) == ([False, False, True], False)
