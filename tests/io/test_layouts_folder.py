"""The user's folder of layouts."""

import pytest

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.layouts import layouts_folder, read_layouts


def test_the_folder_stands_beside_the_configuration(tmp_path):
    """Where SPAPI_INVOICES_CONFIG names a file, the folder moves with it."""
    assert layouts_folder() == tmp_path / "layouts"


def test_no_folder_no_layouts(tmp_path):
    """A user who has no layouts needs no folder."""
    assert read_layouts(tmp_path / "none") == ()


def test_files_by_name(tmp_path):
    """Every .toml by name, without a byte-order mark; hidden files, other files and folders are none."""
    for name, text in {"b.toml": "\ufeffB", "A.TOML": "A", "10-z.toml": "Z", ".c.toml": "C", "a.txt": "T"}.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "folder.toml").mkdir()
    assert read_layouts(tmp_path) == (("10-z", "Z"), ("A", "A"), ("b", "B"))


def test_a_file_that_is_no_text(tmp_path):
    """It is named: a layout that is passed over in silence would leave its invoices to another reader."""
    (tmp_path / "a.toml").write_bytes(b"\xff")
    with pytest.raises(FileFailed, match=r"a\.toml is no text in UTF-8"):
        read_layouts(tmp_path)
