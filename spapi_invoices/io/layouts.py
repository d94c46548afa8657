"""The layouts in the user's folder: ``layouts``, beside the configuration file. Not for what they say."""

from pathlib import Path

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.settings import config_path


def layouts_folder() -> Path:
    """Where layouts are looked for; it need not be there."""
    return config_path().parent / "layouts"


def layout_files(folder: Path) -> tuple[Path, ...]:
    """Each file that ends with ``.toml``, by name; hidden files are left out.

    Raises:
        FileFailed: The folder cannot be read.
    """
    try:
        found = [one for one in folder.iterdir() if not one.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise FileFailed(f"{folder} cannot be read: {error.strerror}. Next: give yourself the right to") from None
    shown = (one for one in found if one.suffix.lower() == ".toml" and not one.name.startswith("."))
    return tuple(sorted(shown, key=lambda one: (one.stem, one.name)))
