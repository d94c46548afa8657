"""Widgets for Jupyter. Needs the extra ``[notebook]``. Not for the work behind them: they call the client."""

try:
    from spapi_invoices.notebook.explorer import InvoiceExplorer
except ImportError as error:
    if (error.name or "").startswith("spapi_invoices"):
        raise
    from spapi_invoices.errors import MissingExtra

    raise MissingExtra.of(error.name or "ipywidgets", "notebook") from None

__all__ = ["InvoiceExplorer"]
