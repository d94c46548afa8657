"""Large amounts are held back until a second person has signed."""

from typing import Final

import polars as pl
from spapi_invoices.reconciliation import Rule

# A line of the report has one currency, and each its own idea of much.
LIMITS: Final = {"BRL": 10_000, "INR": 150_000}

SECOND_SIGNATURE: Final = Rule(
    status="not_comparable",
    applies=pl.any_horizontal(
        (pl.col("currency") == currency) & (pl.col("left_amount") >= limit) for currency, limit in LIMITS.items()
    ),
    title="Second signature",
    meaning="The invoices of the order add up to more than one person may sign.",
    next_step="Have them signed, then reconcile with SPAPI_INVOICES_PLUGINS empty: no plugin has a say then.",
)
