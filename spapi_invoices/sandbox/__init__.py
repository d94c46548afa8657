"""A local SP-API with a seeded, synthetic world, on loopback only. Not for real data: there is none in it.

Needs the extra ``[sandbox]``::

    with running() as sandbox:
        client = sandbox.client()
"""

from typing import TYPE_CHECKING, Any

from spapi_invoices.errors import MissingExtra

if TYPE_CHECKING:
    from spapi_invoices.sandbox.server import Sandbox, running, serve

__all__ = ["Sandbox", "running", "serve"]


# Not imported above: the command line shows the table of faults where the extra is not installed.
def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    try:
        from spapi_invoices.sandbox import server  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise MissingExtra.of((error.name or "starlette").partition(".")[0], "sandbox") from None
    return getattr(server, name)
