"""Waiting, its early end, and work that ends first."""

import signal
import threading

import polars as pl
import pytest

from spapi_invoices.errors import TransportFailed
from spapi_invoices.io.pause import await_free, end_pauses_on, is_called_off, pause, uninterrupted

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


class TestUninterrupted:
    """Ctrl-C waits for the end of a block."""

    @pytest.mark.parametrize("times", [1, 3])
    def test_at_its_end(self, times: int):
        """However often it comes, the block is done whole, and one KeyboardInterrupt comes after it."""
        done = []

        def work() -> None:
            with uninterrupted():
                for _ in range(times):
                    signal.raise_signal(signal.SIGINT)
                done.append(pl.Series(["a"], dtype=pl.Enum(["a"])))

        with pytest.raises(KeyboardInterrupt):
            work()
        assert len(done) == 1
        # Nothing is left behind: the next one is as usual.
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    def test_in_another_one(self):
        """A block in a block waits for the outer one's end."""
        done = []

        def work() -> None:
            with uninterrupted():
                with uninterrupted():
                    signal.raise_signal(signal.SIGINT)
                done.append("inner")

        with pytest.raises(KeyboardInterrupt):
            work()
        assert done == ["inner"]

    def test_the_handler_of_a_program(self, monkeypatch: pytest.MonkeyPatch):
        """A program with a handler of its own has it called, once, and keeps it."""
        came: list[int] = []
        usual = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
        try:
            with uninterrupted():
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
                assert came == []
            assert came == [signal.SIGINT]
            signal.raise_signal(signal.SIGINT)
            assert came == [signal.SIGINT] * 2
        finally:
            signal.signal(signal.SIGINT, usual)

    def test_in_a_block_that_fails(self):
        """It is not forgotten where the block ends with an error, which stays to be seen behind it."""

        def work() -> None:
            with uninterrupted():
                signal.raise_signal(signal.SIGINT)
                raise ZeroDivisionError

        with pytest.raises(KeyboardInterrupt) as raised:
            work()
        assert isinstance(raised.value.__context__, ZeroDivisionError)

    def test_an_error_of_the_block(self):
        """What the block raises is raised, and the handler is the usual one again."""
        usual = signal.getsignal(signal.SIGINT)
        with pytest.raises(ZeroDivisionError), uninterrupted():
            raise ZeroDivisionError
        assert signal.getsignal(signal.SIGINT) is usual

    def test_on_another_thread(self):
        """Where no signal arrives nothing changes."""
        done: list[str] = []

        def work() -> None:
            with uninterrupted():
                done.append("done")

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(SECONDS)
        assert done == ["done"]


def test_a_lock_that_is_waited_for():
    """Ctrl-C ends the wait for a lock that another thread holds, also where polars is imported; the lock is as it was."""
    lock, release = threading.Lock(), threading.Event()
    main = threading.main_thread().ident
    assert main is not None
    lock.acquire()
    interrupting = threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT))
    releasing = threading.Timer(SECONDS, lambda: (release.set(), lock.release()))
    for one in (interrupting, releasing):
        one.start()
    with pytest.raises(KeyboardInterrupt):
        await_free(lock)
    assert not release.is_set()
    releasing.cancel()
    assert lock.locked()
    lock.release()
    await_free(lock)
    assert not lock.locked()
