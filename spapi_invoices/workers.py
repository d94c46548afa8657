"""Reads documents in several processes at once. Not for how one is read, nor for the order of the rows.

Each worker is an interpreter of its own that is sent documents and sends back what they state. Not `multiprocessing`:
its workers run the caller's script once more, so a script without a guard would do everything twice, and the end of one
worker ends the pool. Here a document that crashes PDFium costs its own row.

What crosses the pipes is pickled: both ends are this program, started by this user.
"""

import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Lock
from typing import IO, Any, Final, cast

from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.documents.reader import DocumentReader, Reading, Submit, at_once, read_document, unread

# How many documents each worker is given ahead, so that none waits for the next.
_AHEAD: Final = 4


@contextmanager
def reading(readers: Sequence[DocumentReader], processes: int) -> Iterator[tuple[Submit, int]]:
    """How documents are read, and how many may be asked for ahead; on leaving, all workers have ended.

    Where another process cannot have a reader, as one with a lambda or from a notebook's cell, all are used in this one,
    and that is warned of.
    """
    packed = tuple(map(_packed, readers)) if processes > 1 else ()
    lost = {at for at, one in enumerate(packed) if one is None}
    workers = [_Worker(packed) for _ in range(processes)] if packed and not lost else []
    try:
        lost |= {at for worker in workers for at in worker.lost()}
        if lost:
            _warn([readers[at].name for at in sorted(lost)])
        if workers and not lost:
            with _pool(workers) as submit:
                yield submit, _AHEAD * processes
        else:
            yield at_once(readers), 0
    finally:
        for worker in workers:
            worker.end()


def _warn(names: Sequence[str]) -> None:
    said = f"documents are read by one process, for another cannot have the reader {', '.join(names)}"
    warnings.warn(
        f"{said}. Next: make its claims and read functions of a module that can be imported, or tell its author",
        RuntimeWarning,
        stacklevel=2,
    )


@contextmanager
def _pool(workers: list["_Worker"]) -> Iterator[Submit]:
    idle: SimpleQueue[_Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def read(content: bytes) -> Reading:
        worker = idle.get()
        try:
            return worker.read(content)
        finally:
            idle.put(worker)

    def submit(content: bytes) -> Future[Reading]:
        return threads.submit(read, content)

    # A thread for each worker, which waits for its answers.
    threads = ThreadPoolExecutor(len(workers))
    try:
        yield submit
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.stop()
        threads.shutdown()


class _Worker:
    """One process and the pipes to it; another one follows if it ended while it read."""

    def __init__(self, readers: Sequence[bytes | None]) -> None:
        self._readers = readers
        self._stopping = Lock()
        self._stopped = False
        self._start()

    def _start(self) -> None:
        # The path stands in the command, for the package may be found by a path that was set by hand. The session is
        # its own, so that Ctrl-C reaches the parent alone, which then stops the workers.
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import work; work()"
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        # Popen's type allows for pipes that were not asked for.
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self._tell(self._readers)

    def lost(self) -> Collection[int]:
        """Which readers it has not, by their number; waits until it has tried all, or has ended."""
        answer = self._hear()
        return range(len(self._readers)) if answer is None else cast("list[int]", answer)

    def read(self, content: bytes) -> Reading:
        """What a document states, or that reading it ended the process."""
        if self._process.poll() is not None:
            self._restart()
        self._tell(content)
        answer = self._hear()
        if isinstance(answer, Reading):
            return answer
        self._process.wait()
        return unread(Unreadable("reader_failed", "reading it ended the process that read it"))

    def _restart(self) -> None:
        with self._stopping:
            if self._stopped:
                return
            self._close()
            self._start()
        self.lost()

    def stop(self) -> None:
        """End it, whatever it is doing, for good."""
        with self._stopping:
            self._stopped = True
            self._process.kill()

    def end(self) -> None:
        """Stop it and free what it held; no thread may be in `read` any more."""
        self.stop()
        self._close()

    def _close(self) -> None:
        self._process.communicate()

    def _tell(self, message: object) -> None:
        try:
            pickle.dump(message, self._requests)
            self._requests.flush()
        except (OSError, ValueError):
            return  # it has ended, which is seen where its answer is read

    def _hear(self) -> Any:  # noqa: ANN401 - what was pickled
        try:
            return pickle.load(self._answers)  # noqa: S301 - from our own process
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            return None


def _packed(reader: DocumentReader) -> bytes | None:
    try:
        return pickle.dumps(reader)
    except Exception:  # noqa: BLE001 - a stranger's value may raise anything here
        return None


def _unpacked(packed: bytes) -> DocumentReader | None:
    try:
        return cast("DocumentReader", pickle.loads(packed))  # noqa: S301 - from our own parent
    except Exception:  # noqa: BLE001 - it imports a stranger's module
        return None


def work() -> None:
    """What a worker does: read what comes in by stdin, answer by stdout, end with stdin."""
    # What a reader prints must not stand between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Else it would wait in a buffer, and be lost when the worker is stopped.
    sys.stdout = sys.stderr
    requests = sys.stdin.buffer
    tried = [_unpacked(one) for one in pickle.load(requests)]  # noqa: S301 - from our own parent
    readers = [reader for reader in tried if reader is not None]
    answer: object = [at for at, reader in enumerate(tried) if reader is None]
    while True:
        pickle.dump(answer, answers)
        answers.flush()
        try:
            content = pickle.load(requests)  # noqa: S301 - from our own parent
        except EOFError:
            return
        answer = read_document(content, readers)
