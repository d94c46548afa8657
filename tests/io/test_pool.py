"""The laws of working in threads: every result once, bounds, and what happens when somebody leaves early."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.io.pool import Workers

SECONDS = 20.0


def done(work: Callable[[Any], Any], tasks: Iterable[Any], count: int) -> list[tuple[int, Any]]:
    """All results, in the order in which they were done."""
    with Workers(work, tasks, count) as workers:
        return list(workers)


def ours() -> list[threading.Thread]:
    """The threads of pools that are alive."""
    return [thread for thread in threading.enumerate() if thread.name.endswith("(_serve)")]


class TestWorkers:
    """Each task once, its result as soon as it is there."""

    @given(st.lists(st.integers()), st.integers(1, 8))
    def test_each_once(self, tasks: list[int], count: int) -> None:
        """Every task has its result, at its place, for any number of workers."""
        assert sorted(done(lambda number: number * 2, tasks, count)) == [
            (place, number * 2) for place, number in enumerate(tasks)
        ]

    def test_as_it_is_done(self) -> None:
        """A result does not wait for those before it."""
        last_is_there = threading.Event()
        with Workers(lambda number: number == 2 or last_is_there.wait(SECONDS), range(3), count=3) as workers:
            results = iter(workers)
            assert next(results) == (2, True)
            last_is_there.set()
            assert sorted(results) == [(0, True), (1, True)]

    @pytest.mark.parametrize("count", [2, 5])
    def test_so_many_at_once(self, count: int) -> None:
        """That many tasks are under way together: none would end alone."""
        together = threading.Barrier(count)
        assert len(done(lambda _: together.wait(SECONDS), range(2 * count), count)) == 2 * count

    def test_one_worker_is_the_caller(self) -> None:
        """With one worker the caller's thread does each task when its result is asked for."""
        began: list[int] = []
        with Workers(began.append, [1, 2, 3]) as workers:
            next(iter(workers))
        assert began == [1]
        assert [one for _, one in done(lambda _: threading.current_thread(), [1, 2], 1)] == 2 * [
            threading.current_thread()
        ]

    @pytest.mark.parametrize("count", [1, 3])
    def test_an_error_is_raised(self, count: int) -> None:
        """What a task raises is raised where results are taken."""
        with pytest.raises(ZeroDivisionError):
            done(lambda number: 6 // number, [3, 2, 0, 1], count)

    @pytest.mark.parametrize("count", [1, 3])
    def test_an_error_may_be_a_result(self, count: int) -> None:
        """What a task returns is its result, an exception too."""
        assert isinstance(done(ValueError, ["returned"], count)[0][1], ValueError)

    @pytest.mark.parametrize("count", [1, 3])
    def test_tasks_may_end_when_a_result_says_so(self, count: int) -> None:
        """A task is taken when somebody is free for it: after the result that ends them, no more than were under way."""
        stopped, taken = False, list[int]()

        def tasks() -> Iterator[int]:
            for number in range(1000):
                if stopped:
                    return
                taken.append(number)
                yield number

        seen = threading.Semaphore(0)
        with Workers(lambda number: number == 0 or seen.acquire(timeout=SECONDS), tasks(), count) as workers:
            for _ in workers:
                stopped = True
                seen.release(count)
        assert len(taken) <= count + 1

    @pytest.mark.parametrize("keeps", [None, "the exception"])
    def test_who_leaves_waits_for_nobody(self, keeps: str | None) -> None:
        """Left by an exception, kept or not, no further task is begun, and those under way are not waited for."""
        go, begun, kept = threading.Event(), list[int](), list[BaseException]()

        def work(number: int) -> int:
            begun.append(number)
            if number:
                go.wait(SECONDS)
            return number

        with pytest.raises(KeyError) as raised, Workers(work, range(100), count=2) as workers:
            raise KeyError(next(iter(workers)))
        if keeps:
            kept.append(raised.value)
        before = ours()
        go.set()
        for thread in before:
            thread.join(SECONDS)
        assert not any(thread.is_alive() for thread in before)
        assert len(begun) <= 3

    def test_what_was_done_is_not_lost(self) -> None:
        """Whoever was interrupted still gets the results that are there."""
        both = threading.Barrier(2)
        with Workers(lambda number: (both.wait(SECONDS) >= 0) and number, range(2), count=2) as workers:
            first = next(iter(workers))
            for thread in ours():
                thread.join(SECONDS)
            assert sorted([first, *workers.finished()]) == [(0, 0), (1, 1)]
            assert workers.finished() == []
