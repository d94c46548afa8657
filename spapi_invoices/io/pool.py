"""Work done by several threads at once, each result handed on as it is done. Not for what the work is, nor for quotas.

Not `concurrent.futures.ThreadPoolExecutor`: whoever leaves that one early, as with Ctrl-C, waits for the tasks that were
begun, and so does the interpreter's end.
"""

import queue
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Generic, Self, TypeVar

from spapi_invoices.io.pause import LISTEN_SECONDS, end_pauses_on

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Raised:
    """What a task raised, told from what it returned."""

    error: BaseException


class Workers(Generic[T, R]):
    """Threads that share tasks; a block of its own, at whose end no further task is begun and nobody is waited for.

    A thread takes a task when it has nothing to do: tasks may be a generator that ends when a result says so.

    Args:
        work: What is done for each task; with one worker by the caller's thread.
        tasks: What there is to do.
        count: How many threads at most.

    >>> with Workers(lambda number: number * number, [1, 2, 3], count=2) as workers:
    ...     sorted(workers)
    [(0, 1), (1, 4), (2, 9)]
    """

    def __init__(self, work: Callable[[T], R], tasks: Iterable[T], count: int = 1) -> None:
        self._work, self._tasks, self._count = work, enumerate(tasks), count
        self._done: queue.SimpleQueue[tuple[int, R | _Raised] | None] = queue.SimpleQueue()
        self._left, self._lock = Event(), Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._left.set()

    def __iter__(self) -> Iterator[tuple[int, R]]:
        """Place and result of each task, as it is done; what a task raises is raised here."""
        if self._count <= 1:
            yield from ((place, self._work(task)) for place, task in self._tasks)
            return
        running = self._start()
        while running:
            one = self._next()
            if one is None:
                running -= 1
            elif isinstance(one[1], _Raised):
                raise one[1].error
            else:
                yield one[0], one[1]

    def finished(self) -> list[tuple[int, R]]:
        """Results that are there and were not handed on yet, for whoever was interrupted; nothing is waited for."""
        there: list[tuple[int, R]] = []
        with suppress(queue.Empty):
            while True:
                one = self._done.get_nowait()
                if one is not None and not isinstance(one[1], _Raised):
                    there.append((one[0], one[1]))
        return there

    def _start(self) -> int:
        """Start as many threads as there are tasks for, up to the count."""
        for started in range(self._count):
            first = self._take()
            if first is None:
                return started
            Thread(target=self._serve, args=(first,), daemon=True).start()
        return self._count

    def _take(self) -> tuple[int, T] | None:
        with self._lock:
            return None if self._left.is_set() else next(self._tasks, None)

    def _serve(self, one: tuple[int, T] | None) -> None:
        end_pauses_on(self._left)
        while one is not None:
            place, task = one
            try:
                self._done.put((place, self._work(task)))
            except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                self._done.put((place, _Raised(error)))
            one = self._take()
        self._done.put(None)

    def _next(self) -> tuple[int, R | _Raised] | None:
        while True:
            with suppress(queue.Empty):
                return self._done.get(timeout=LISTEN_SECONDS)
