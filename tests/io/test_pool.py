"""The laws of working in threads: order, bounds, and what happens when somebody leaves early."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.io.pool import in_order

SECONDS = 20.0


class TestInOrder:
    """Results as if one worker had done it all."""

    @given(st.lists(st.integers()), st.integers(1, 8))
    def test_order(self, tasks: list[int], workers: int) -> None:
        """Results stand in the order of the tasks, each once, for any number of workers."""
        assert list(in_order(lambda number: number * 2, tasks, workers)) == [number * 2 for number in tasks]

    def test_the_last_first(self) -> None:
        """A result that is there early waits for those before it."""
        last_is_done = threading.Event()

        def work(number: int) -> int:
            if number == 2:
                last_is_done.set()
            else:
                assert last_is_done.wait(SECONDS)
            return number

        assert list(in_order(work, range(3), workers=3)) == [0, 1, 2]

    @pytest.mark.parametrize("workers", [2, 5])
    def test_so_many_at_once(self, workers: int) -> None:
        """That many tasks are under way together: none would end alone."""
        together = threading.Barrier(workers)
        assert (
            list(in_order(lambda _: together.wait(SECONDS) >= 0, range(2 * workers), workers)) == [True] * 2 * workers
        )

    def test_one_worker_is_the_caller(self) -> None:
        """With one worker the caller's thread does each task when its result is asked for."""
        done: list[int] = []
        results = in_order(done.append, [1, 2, 3])
        next(results)
        assert done == [1]
        assert set(in_order(lambda _: threading.current_thread(), [1, 2])) == {threading.current_thread()}

    @pytest.mark.parametrize("workers", [1, 3])
    def test_an_error_stands_in_its_place(self, workers: int) -> None:
        """What a task raises is raised after the results before it."""
        results = in_order(lambda number: 6 // number, [3, 2, 0, 1], workers)
        assert [next(results), next(results)] == [2, 3]
        with pytest.raises(ZeroDivisionError):
            next(results)

    @pytest.mark.parametrize("workers", [1, 3])
    def test_tasks_may_end_when_a_result_says_so(self, workers: int) -> None:
        """Tasks are taken a few ahead only: a generator that ends after a result is not asked for many more."""
        stopped = False
        taken: list[int] = []

        def tasks() -> Iterator[int]:
            for number in range(1000):
                if stopped:
                    return
                taken.append(number)
                yield number

        results = []
        for number in in_order(lambda number: number, tasks(), workers):
            results.append(number)
            stopped = True
        assert results == taken
        assert len(taken) <= 4 * workers

    def test_who_leaves_waits_for_nobody(self) -> None:
        """Left early, the tasks under way are not waited for, and none is begun after them."""
        go, begun = threading.Event(), list[int]()

        def work(number: int) -> int:
            begun.append(number)
            if number:
                go.wait(SECONDS)
            return number

        results = in_order(work, range(100), workers=2)
        assert next(results) == 0
        results.close()  # type: ignore[attr-defined]
        before = [thread for thread in threading.enumerate() if thread.daemon and thread.name.endswith("(_serve)")]
        go.set()
        for thread in before:
            thread.join(SECONDS)
        assert not any(thread.is_alive() for thread in before)
        assert len(begun) <= 3
