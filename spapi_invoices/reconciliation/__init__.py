"""Customer invoices and shipments compared key by key. Pure: frames in, frames out; no files and no network.

The two have no key in common by nature: they meet by the Amazon order id or the shipment a document states, by a key of
the user's, or by a crosswalk table. Nothing is matched by likeness. Not for reading documents or writing reports.
"""

from spapi_invoices.reconciliation.customer import customer_side
from spapi_invoices.reconciliation.match import parse_tolerance, reconcile
from spapi_invoices.reconciliation.passes import reconcile_in_passes
from spapi_invoices.reconciliation.result import Result
from spapi_invoices.reconciliation.rules import AGREEING, RULES, Rule
from spapi_invoices.reconciliation.sides import shipment_side

__all__ = [
    "AGREEING",
    "RULES",
    "Result",
    "Rule",
    "customer_side",
    "parse_tolerance",
    "reconcile",
    "reconcile_in_passes",
    "shipment_side",
]
