"""A local SP-API with a small, seeded, synthetic world, on loopback only. Not for real data: there is none in it.

Needs the extra ``[sandbox]``::

    with running() as sandbox:
        client = spi.connect(endpoint=sandbox.endpoint)
"""

from spapi_invoices.sandbox.server import Sandbox, running

__all__ = ["Sandbox", "running"]
