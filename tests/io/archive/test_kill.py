"""kill -9 at any moment of ``archive sync``: what was stored stays, and in the end the archive is the world."""

import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from archived import FROM, TO, Archive, broken, held, truth

from spapi_invoices.io.archive import open_archive
from spapi_invoices.sandbox import Sandbox, running

KILLS = 25
# A page is stored in some milliseconds: a kill comes up to so long after a request, in the middle of whatever is done then.
WITHIN_SECONDS = 0.06


class Requests:
    """Counts what a sandbox is asked, and says when so many more have come."""

    def __init__(self) -> None:
        self.left, self.reached = 0, Event()

    def expect(self, count: int) -> None:
        """Begin to count."""
        self.left, self.reached = count, Event()

    def __call__(self, _: str) -> None:
        """The sandbox's log."""
        self.left -= 1
        if self.left == 0:
            self.reached.set()


def sync(sandbox: Sandbox, folder: Path, ids: Path) -> subprocess.Popen[str]:
    """The command, as a user runs it."""
    command = [sys.executable, "-m", "spapi_invoices", "--endpoint", sandbox.endpoint, "archive", "sync", str(folder)]
    options = ["--from", FROM, "--to", TO, "--ids-file", str(ids), "--wait", "60", "--format", "csv"]
    return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed(process: subprocess.Popen[str], requests: Requests, delay: float) -> bool:
    """Kill the process some time after the expected request; whether it was still there."""
    requests.reached.wait(60)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    return process.returncode < 0


def stored(archive: Archive) -> set[tuple[object, ...]]:
    """All that is reported as stored: documents and shipments."""
    shipments = archive.scan("shipments").select("amazon_shipment_id").collect().rows()
    return {*held(archive), *shipments}


def kill_often(folder: Path, seed: int) -> int:
    """Sync a world into an archive, killed again and again, then once to the end; returns how often it was killed."""
    chance, requests, seen, kills = random.Random(seed), Requests(), set(), 0
    with running(seed, customer_invoices=300, shipments=50, time_scale=0, page_size=5, log=requests) as sandbox:
        ids = folder.with_suffix(".txt")
        ids.write_text("\n".join(sandbox.world.shipments))
        while kills < KILLS:
            # Two requests for tokens come first. Later on there is less to ask for.
            requests.expect(chance.randint(3, 40 if kills < KILLS // 2 else 20))
            kills += killed(sync(sandbox, folder, ids), requests, chance.uniform(0, WITHIN_SECONDS))
            archive = open_archive(folder)
            assert broken(archive) == []
            assert stored(archive) >= seen
            seen = stored(archive)
        last = sync(sandbox, folder, ids)
        said = last.communicate(timeout=120)
    assert last.returncode == 0, said
    assert Counter(held(archive)) == Counter(truth(sandbox.world))
    assert archive.scan("shipments").collect()["amazon_shipment_id"].sort().to_list() == sorted(sandbox.world.shipments)
    assert archive.scan("invoice_statuses").collect().height == 50
    assert set(archive.scan("fetch_windows").collect()["state"]) == {"complete"}
    assert (broken(archive), archive.status(FROM, TO).complete) == ([], True)
    return kills


def test_kill_dash_nine(tmp_path: Path):
    """After each of fifty kills all that was stored is there and whole; then one sync makes the archive the world.

    Two archives, for a machine has two cores at least.
    """
    with ThreadPoolExecutor(2) as pool:
        kills = list(pool.map(kill_often, [tmp_path / "a", tmp_path / "b"], [9, 10]))
    assert sum(kills) == 2 * KILLS
