"""Folders that are there whole or not at all."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.files import new_folder, write_whole


def test_a_folder_gets_its_name_when_it_is_full(tmp_path: Path) -> None:
    """While it is filled, nothing has its name; then all is there, for its owner only, and nothing else."""
    path = tmp_path / "above" / "new"
    with new_folder(path) as filling:
        write_whole(filling / "a", b"1")
        assert not path.exists()
    assert (path / "a").read_bytes() == b"1"
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def fill(path: Path, then: Callable[[], object]) -> None:
    with new_folder(path) as filling:
        write_whole(filling / "a", b"1")
        then()


@pytest.mark.parametrize("error", [FileNotFoundError(2, "No such file or directory"), KeyboardInterrupt()], ids=repr)
def test_what_goes_wrong_while_it_is_filled_stays_what_it_is(tmp_path: Path, error: BaseException) -> None:
    """An error is the caller's, one of the system too, and nothing is left."""

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        fill(tmp_path / "new", fail)
    assert raised.value is error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mine", ["taken", "taken/mine"], ids=["file", "folder"])
def test_what_is_there_stays(tmp_path: Path, mine: str) -> None:
    """A path that is taken is refused before anything is made, and one that is taken meanwhile afterwards."""
    path, asked = tmp_path / "taken", []
    with pytest.raises(FileFailed, match=r"taken cannot be written: .*\. Next: give another path"):
        fill(path, lambda: write_whole(tmp_path / mine, b"mine"))
    with pytest.raises(FileFailed, match="File exists"):
        fill(path, lambda: asked.append(1))
    assert asked == []
    assert (tmp_path / mine).read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]
