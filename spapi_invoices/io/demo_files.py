"""Where the demo's files are: in the wheel, or beside the package in a checkout. Not for reading them."""

from pathlib import Path
from typing import Final

_PLACES: Final = (Path(__file__).parents[1] / "_demo", Path(__file__).parents[2] / "cassettes")


def demo_file(name: str) -> Path:
    """The path of one of the demo's files: demo.yaml, demo-shipment-ids.txt, demo-crosswalk.csv or the folder demo-nfe.

    Raises:
        FileNotFoundError: The installation lacks it.
    """
    for place in _PLACES:
        if (place / name).exists():
            return place / name
    raise FileNotFoundError(f"{name} is not in {' or '.join(map(str, _PLACES))}: the installation is broken")
