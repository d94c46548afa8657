"""A disk that is full, for real: a limit on the size of files, and a file system of some hundred kilobytes."""

import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from archived import Archive, broken, fresh, held, page, scripted

PAGES, INVOICES = 6, 5
# In a process of its own: syncs, and if that fails says how, and whether the archive can be read as it is.
CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from test_full_disk import client, reading
from spapi_invoices.errors import FileFailed
from spapi_invoices.io.archive import open_archive
if sys.argv[3] != "0":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
archive = open_archive(Path(sys.argv[2]) / "archive")
try:
    print("complete", archive.sync(client(), "2026-09-01", "2026-09-05").complete)
except FileFailed as error:
    print("failed", " ".join(str(error).split()))
print("read", reading(archive, Path(sys.argv[2]) / "out"))
"""


def documents() -> list[dict[str, str]]:
    """Thirty documents of up to 20 kB."""
    import base64

    chance = random.Random(7)
    return [
        {
            "purchaseOrderNumber": f"PO{n}",
            "content": base64.b64encode(b"%PDF" + chance.randbytes(chance.randrange(20_000))).decode(),
        }
        for n in range(PAGES * INVOICES)
    ]


def client():
    """Answers a window in pages."""
    every = documents()

    def answer(request):
        at = int(dict(request.query).get("nextToken", "0"))
        return page(every[at * INVOICES : (at + 1) * INVOICES], token=str(at + 1) if at + 1 < PAGES else None)

    return scripted(answer)


def reading(archive: Archive, _: Path) -> int:
    """Read in every way; how many invoices there are."""
    rows = archive.with_documents(archive.scan("customer_invoices").collect())
    assert rows["content"].null_count() == 0
    assert archive.status().overdue.documents == 0
    assert archive.scan("fetch_windows").collect().height <= 1
    return rows.height


def run(folder: Path, limit: int, *before: str) -> dict[str, str]:
    """The child's lines, by their first word."""
    command = [*before, sys.executable, "-c", CHILD, str(Path(__file__).parent), str(folder), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def check(archive: Archive) -> None:
    """Nothing that counts is missing or broken, and the next sync makes it complete."""
    assert broken(archive) == []
    assert archive.sync(client(), "2026-09-01", "2026-09-05").complete
    assert Counter(number for number, _ in held(archive)) == Counter(f"PO{n}" for n in range(PAGES * INVOICES))
    assert broken(archive) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
@pytest.mark.parametrize("limit", [1, 9_000, 19_000, 40_000, 60_000])
def test_no_file_may_grow_beyond(tmp_path, limit):
    """Whatever cannot be written, document, table or ledger: an error, an archive that can be read, and then the rest."""
    archive = fresh(tmp_path)
    said = run(tmp_path, limit)
    if "failed" in said:
        assert "Next: " in said["failed"]
    else:
        assert said["complete"] == "True"
    assert int(said["read"]) == len(held(archive))
    check(archive)


def _may_mount() -> bool:
    unshare = shutil.which("unshare")
    done = unshare and subprocess.run(
        [unshare, "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False, capture_output=True
    )
    return bool(done) and done.returncode == 0


@pytest.mark.skipif(
    not _may_mount(), reason="needs a file system of its own, which this system does not allow to mount"
)
@pytest.mark.parametrize("kilobytes", [200, 400, 900])
def test_no_room_left(tmp_path, kilobytes):
    """On a file system that is full the archive can be read; with more room the next sync continues."""
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.mkdir()
    # Another process fills what is left, then reads; what is there is copied out before the file system is gone.
    script = (
        f"mount -t tmpfs -o size={kilobytes}k tmpfs {inner} && "
        f'"$@"; cat /dev/zero > {inner}/filler 2>/dev/null; '
        f'{sys.executable} -c "$READ"; cp -r {inner} {outer}'
    )
    read = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\nfrom test_full_disk import reading\nfrom spapi_invoices.io.archive import open_archive\n"
        f"print('full', reading(open_archive(Path({str(inner)!r}) / 'archive', create=False), Path()))"
    )
    said = run(inner, 0, "env", f"READ={read}", "unshare", "-rm", "sh", "-c", script, "sh")
    assert ("failed" in said) == (kilobytes < 900), said
    archive = Archive(outer / "archive")
    assert int(said["full"]) == int(said["read"]) == len(held(archive))
    check(archive)
