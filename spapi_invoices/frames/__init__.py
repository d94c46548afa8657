"""Polars frames with pandera schemas. Pure: structs in, validated frames out. No files and no network in here.

A module is imported when it is first used: ``spi.frames.schemas``.
"""

from importlib import import_module
from typing import Any

_MODULES = ("build", "display", "schemas", "shipment_lines", "shipment_records", "shipment_tables", "values")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module of this package
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_MODULES)}")
