"""Work done by several threads at once, its results in the order of the tasks. Not for what the work is, nor for quotas.

Not `concurrent.futures.ThreadPoolExecutor`: whoever leaves that one early, as with Ctrl-C, waits for the tasks that were
begun, and so does the interpreter's end.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from queue import SimpleQueue
from threading import Event, Thread
from typing import Final, TypeVar

from spapi_invoices.io.pause import end_pauses_on

T = TypeVar("T")
R = TypeVar("R")
# Tasks taken up for each worker, so that one slow answer does not leave the others idle.
_AHEAD: Final = 4
# Where a lock cannot be interrupted (Windows), Ctrl-C is seen this often.
_LISTEN_SECONDS: Final = 0.2


def in_order(work: Callable[[T], R], tasks: Iterable[T], workers: int = 1) -> Iterator[R]:
    """The result of each task, in the order of the tasks; what a task raises is raised in its place.

    Tasks are taken one by one, a few ahead of the results that were handed out: they may be a generator that ends when a
    result says so, and a slow caller is not flooded. Left early, no further task is begun, and nobody waits for those
    under way.

    Args:
        work: What is done for each task; with one worker by the caller's thread.
        tasks: What there is to do.
        workers: How many threads.

    >>> list(in_order(lambda number: number * number, [1, 2, 3], workers=2))
    [1, 4, 9]
    """
    return map(work, tasks) if workers <= 1 else _threaded(work, tasks, workers)


def _threaded(work: Callable[[T], R], tasks: Iterable[T], workers: int) -> Iterator[R]:
    asked: SimpleQueue[tuple[Future[R], T] | None] = SimpleQueue()
    left = Event()
    ahead: deque[Future[R]] = deque()
    try:
        for started, task in enumerate(tasks):
            if started < workers:
                Thread(target=_serve, args=(work, asked, left), daemon=True).start()
            ahead.append(Future())
            asked.put((ahead[-1], task))
            if len(ahead) == workers * _AHEAD:
                yield _result(ahead.popleft())
        while ahead:
            yield _result(ahead.popleft())
    finally:
        left.set()
        for _ in range(workers):
            asked.put(None)


def _serve(work: Callable[[T], R], asked: "SimpleQueue[tuple[Future[R], T] | None]", left: Event) -> None:
    end_pauses_on(left)
    while (one := asked.get()) is not None and not left.is_set():
        future, task = one
        try:
            future.set_result(work(task))
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)


def _result(future: "Future[R]") -> R:
    while not future.done():
        wait([future], _LISTEN_SECONDS)
    return future.result()
