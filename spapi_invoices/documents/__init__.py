"""Pure readers of documents: bytes in, facts and lines out.

What the tables leave out is here: ``spi.documents.nfe.read`` gives all that an NF-e states, of a return and of a
complement too. A module is imported when it is first used.
"""

from importlib import import_module
from typing import Any

_MODULES = ("access_key", "facts", "findings", "gst", "nfe", "reader", "tax_ids")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module of this package
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_MODULES)}")
