"""Every invoice Amazon's Selling Partner API holds, as polars frames, reconciled into a report.

Importing this loads nothing heavy: each name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

__version__ = "0.1.0"

if TYPE_CHECKING:
    from spapi_invoices import core, documents, errors, frames, notebook
    from spapi_invoices.analysis import (
        Reconciliation,
        SavedReconciliation,
        read_documents,
        reconcile,
        reconcile_in_passes,
    )
    from spapi_invoices.documents.table import Documents
    from spapi_invoices.io.answers import Fetched, Receipt, Shipments
    from spapi_invoices.io.archive import Archive, open_archive
    from spapi_invoices.io.client import Client
    from spapi_invoices.io.connect import connect
    from spapi_invoices.reconciliation import customer_side, shipment_side

__all__ = [
    "Archive",
    "Client",
    "Documents",
    "Fetched",
    "Receipt",
    "Reconciliation",
    "SavedReconciliation",
    "Shipments",
    "connect",
    "core",
    "customer_side",
    "documents",
    "errors",
    "frames",
    "notebook",
    "open_archive",
    "read_documents",
    "reconcile",
    "reconcile_in_passes",
    "shipment_side",
]

# Where each public name lives; a module of its own has no entry.
_HOMES: Final = {
    "Archive": "io.archive",
    "Client": "io.client",
    "Documents": "documents.table",
    "Fetched": "io.answers",
    "Receipt": "io.answers",
    "Reconciliation": "analysis",
    "SavedReconciliation": "analysis",
    "Shipments": "io.answers",
    "connect": "io.connect",
    "customer_side": "reconciliation",
    "open_archive": "io.archive",
    "read_documents": "analysis",
    "reconcile": "analysis",
    "reconcile_in_passes": "analysis",
    "shipment_side": "reconciliation",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    if name not in _HOMES:
        return import_module(f"{__name__}.{name}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
