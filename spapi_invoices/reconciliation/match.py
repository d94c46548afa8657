"""Two sides in, the result out. Exact to the last digit, and the same whatever the order of the rows."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import polars as pl

from spapi_invoices.core.money import parse_amount
from spapi_invoices.errors import InvalidRequest
from spapi_invoices.frames.schemas import Reconciliation, polars_schema, validate
from spapi_invoices.frames.values import AMOUNT, LIMIT
from spapi_invoices.reconciliation.crosswalk import apply_crosswalk
from spapi_invoices.reconciliation.groups import group_rows, refuse_sums
from spapi_invoices.reconciliation.order import in_order
from spapi_invoices.reconciliation.plain import plain_pairs, without
from spapi_invoices.reconciliation.reasons import tell
from spapi_invoices.reconciliation.result import Result
from spapi_invoices.reconciliation.rules import DIFFERENCE, RULES, Rule, apply_rules, decide
from spapi_invoices.reconciliation.sides import as_side
from spapi_invoices.reconciliation.stated import follow_shipments

_COLUMNS: Final = tuple(polars_schema(Reconciliation))


def reconcile(  # noqa: PLR0913 - what a comparison depends on
    left: Any,  # noqa: ANN401 - any dataframe narwhals reads
    right: Any,  # noqa: ANN401
    *,
    crosswalk: Any = None,  # noqa: ANN401
    tolerance: str | Decimal | int = "0.01",
    as_of: date | None = None,
    rules: Sequence[Rule] = (),
) -> Result:
    """Compare what was invoiced with what was shipped, key by key and currency by currency.

    Every row is in exactly one group; the sums of both sides are those of the input. A left row without a key gets that
    of the shipment it states; rows that still have none stand alone.
    See ``spapi_invoices.reconciliation.rules`` for the statuses; of those that apply the first counts. Sides that do not
    fit in memory are for ``reconcile_in_passes``.

    Args:
        left: The invoices: an ``InvoiceSide``, or a frame of yours with ``key``, ``amount``, ``currency`` and what it
            has of ``ref``, ``date``, ``aliases``, ``shipment_id``, ``invoice_status``, ``problem``, ``note``.
        right: The shipments, likewise.
        crosswalk: A frame with ``left`` (a key, reference or alias of a left row) and ``right`` (a key, reference or
            alias on the right side): the left row gets the key of that right row.
        tolerance: How far the sums of a key may differ, in units of its currency; at most two decimals.
        as_of: The day ages are counted to; ``None`` leaves them out, as does a date after it.
        rules: Rules besides ours, which always apply; one that fails is a note of the result.

    Raises:
        InvalidRequest: A frame, the crosswalk or the tolerance cannot be used, or the amounts of a key, which the
            message names, add up to more than 16 digits before the point: such a sum would be cut or left out.

    >>> invoices = pl.DataFrame({"key": ["A", "B"], "amount": ["10.00", "5.00"], "currency": "INR"})
    >>> shipments = pl.DataFrame({"key": ["A", "C"], "amount": [10, 7], "currency": "INR"})
    >>> reconcile(invoices, shipments).matches.select("key", "status", "difference").rows()
    [('B', 'left_only', Decimal('5.00')), ('C', 'right_only', Decimal('-7.00')), ('A', 'matched', Decimal('0.00'))]
    """
    allowed = parse_tolerance(tolerance)
    left_rows, right_rows = as_side(left, "left"), as_side(right, "right")
    notes: tuple[str, ...] = ()
    if crosswalk is not None:
        left_rows, notes = apply_crosswalk(left_rows, right_rows, crosswalk)
    return compare(
        follow_shipments(left_rows, right_rows), right_rows, tolerance=allowed, as_of=as_of, rules=rules, notes=notes
    )


def compare(  # noqa: PLR0913 - what a comparison depends on
    left: pl.DataFrame,
    right: pl.DataFrame,
    *,
    tolerance: Decimal,
    as_of: date | None,
    rules: Sequence[Rule],
    notes: tuple[str, ...],
) -> Result:
    """Compare rows that have got their last key, which are all rows of the keys that occur among them."""
    pairs = plain_pairs(left, right)
    lines = in_order(
        _lines(without(left, pairs["left"]), without(right, pairs["right"]), tolerance), pairs, left, right
    )
    day = pl.lit(as_of, pl.Date)
    matches = lines.with_columns(
        tolerance=pl.lit(tolerance, AMOUNT),
        age_days=pl.when(pl.col("date") <= day).then((day - pl.col("date")).dt.total_days()),
    ).select(_COLUMNS)
    added = [rule for rule in rules if rule not in RULES]
    if added:
        told, faults = apply_rules(matches, added)
        matches, notes = in_order(told, pairs.clear(), left, right), (*notes, *faults)
    return Result(
        matches=validate(Reconciliation, matches),
        tolerance=tolerance,
        as_of=as_of,
        notes=notes,
        left_rows=left,
        right_rows=right,
    )


def parse_tolerance(tolerance: str | Decimal | int) -> Decimal:
    """Read a tolerance exactly.

    Raises:
        InvalidRequest: It is a float, negative, or has more than two decimals.

    >>> parse_tolerance("0.5")
    Decimal('0.50')
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, str | Decimal | int):
        raise InvalidRequest(
            f"tolerance is a {type(tolerance).__name__}; a float holds 0.01 only nearly. Next: pass a text, as '0.01'"
        )
    try:
        allowed = parse_amount(f"{tolerance:f}" if isinstance(tolerance, Decimal) else str(tolerance))
    except ValueError as error:
        raise InvalidRequest(f"tolerance: {error}. Next: pass how far the sums may differ, as 0.01") from None
    if allowed < 0:
        raise InvalidRequest(f"tolerance: {allowed} is negative. Next: pass how far the sums may differ, as '0.01'")
    return allowed


def _lines(left: pl.DataFrame, right: pl.DataFrame, tolerance: Decimal) -> pl.DataFrame:
    """What the rules find in rows that are not plain: the columns of ``Reconciliation`` but for tolerance and age."""
    groups = group_rows(left, right).with_columns(tolerance=pl.lit(tolerance, AMOUNT), difference=DIFFERENCE)
    refuse_sums(groups.filter(pl.col("difference").abs() >= LIMIT))
    decided = decide(groups).with_columns(
        difference=pl.when(pl.col("status") != "not_comparable").then(pl.col("difference").cast(AMOUNT))
    )
    return tell(decided, left, right).select(name for name in _COLUMNS if name not in {"tolerance", "age_days"})
