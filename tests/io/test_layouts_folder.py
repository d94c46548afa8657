"""The user's folder of layouts."""

from pathlib import Path

import pytest

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.layouts import layout_files, layouts_folder


def test_the_folder_stands_beside_the_configuration(tmp_path):
    """Where SPAPI_INVOICES_CONFIG names a file, the folder moves with it."""
    assert layouts_folder() == tmp_path / "layouts"


def test_no_folder_no_layouts(tmp_path):
    """A user who has no layouts needs no folder."""
    assert layout_files(tmp_path / "none") == ()


def test_files_by_name(tmp_path):
    """Every .toml by name; hidden files, other files and folders are none."""
    for name in ("b.toml", "A.TOML", "10-z.toml", ".c.toml", "a.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.toml").mkdir()
    assert [path.name for path in layout_files(tmp_path)] == ["10-z.toml", "A.TOML", "b.toml"]


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch):
    """It is named, as a file in it would be."""

    def refused(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(FileFailed, match=r"layouts cannot be read: Permission denied\. Next: "):
        layout_files(tmp_path / "layouts")
