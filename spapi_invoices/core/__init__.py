"""The functional core: values in, values out. No clock, environment, file, network or dataframe in here.

A module is imported when it is first used: ``spi.core.customer_invoices``.
"""

from importlib import import_module
from typing import Any

_MODULES = (
    "customer_invoices",
    "lenient",
    "media",
    "models",
    "money",
    "retry",
    "shipment_invoicing",
    "status",
    "tokens",
    "windows",
    "wire",
)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module of this package
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_MODULES)}")
