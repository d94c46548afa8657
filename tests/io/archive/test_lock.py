"""One writer at a time, in threads and in processes."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from archived import FROM, TO, broken, fresh, held, scripted, truth

from spapi_invoices.errors import ArchiveBusy
from spapi_invoices.io.archive.lock import locked
from spapi_invoices.sandbox import running

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_the_second_says_who_holds_it(tmp_path):
    """A second writer is told process and time of the first, and the next step; readers are not held up."""
    archive = fresh(tmp_path)
    with locked(archive.folder, 0, NOW):
        for write in (lambda: archive.sync(scripted(lambda _: []), FROM), archive.purge):
            with pytest.raises(ArchiveBusy, match=rf"process {os.getpid()} since 2026-11-02 09:00:00 UTC\. Next: wait"):
                write()
        assert archive.status().coverage.height == 0
        assert archive.purge(dry_run=True).documents == 0
        assert archive.scan("shipments").collect().height == 0
    assert archive.sync(scripted(lambda _: []), FROM, TO).complete


def test_the_second_waits(tmp_path):
    """A writer that waits long enough goes on once the first has ended."""
    archive, begun, may_end, done = fresh(tmp_path), Event(), Event(), []

    def hold() -> None:
        with locked(archive.folder, 0, NOW):
            begun.set()
            may_end.wait(30)

    def write() -> None:
        done.append(archive.sync(scripted(lambda _: []), FROM, TO, wait=30).complete)

    threads = [Thread(target=hold), Thread(target=write)]
    threads[0].start()
    begun.wait(30)
    threads[1].start()
    may_end.set()
    for thread in threads:
        thread.join(30)
    assert done == [True]


def test_two_processes_at_once(tmp_path):
    """Two syncs that begin together: one waits for the other, and the archive is the world, with nothing twice."""
    with running(customer_invoices=60, shipments=25, time_scale=0, page_size=5) as sandbox:
        (tmp_path / "ids.txt").write_text("\n".join(sandbox.world.shipments))
        command = [
            *(sys.executable, "-m", "spapi_invoices", "--endpoint", sandbox.endpoint, "--quiet", "archive", "sync"),
            *(str(tmp_path / "archive"), "--from", FROM, "--to", TO, "--wait", "60"),
            *("--ids-file", str(tmp_path / "ids.txt"), "--format", "csv"),
        ]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = [one.communicate(timeout=120) for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    archive = fresh(tmp_path)
    assert Counter(held(archive)) == Counter(truth(sandbox.world))
    assert (broken(archive), archive.scan("shipments").collect().height) == ([], 25)
    # The second had only the look-back to ask for.
    assert sorted(len(out.splitlines()) - 1 for out, _ in said) == [1, 6]
