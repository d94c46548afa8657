"""Two sides in, the result out. Exact to the last digit, and the same whatever the order of the rows."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import polars as pl

from spapi_invoices.core.money import parse_amount
from spapi_invoices.errors import InvalidRequest
from spapi_invoices.frames.schemas import Reconciliation, polars_schema, validate
from spapi_invoices.frames.values import AMOUNT, LIMIT, WIDE
from spapi_invoices.reconciliation.crosswalk import apply_crosswalk
from spapi_invoices.reconciliation.groups import group_rows, refuse_sums
from spapi_invoices.reconciliation.reasons import tell
from spapi_invoices.reconciliation.result import Result
from spapi_invoices.reconciliation.rules import AGREEING, DIFFERENCE, RULES, Rule, apply_rules, decide
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
    See ``spapi_invoices.reconciliation.rules`` for the statuses; of those that apply the first counts.

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
    left_rows = follow_shipments(left_rows, right_rows)
    groups = group_rows(left_rows, right_rows).with_columns(tolerance=pl.lit(allowed, AMOUNT), difference=DIFFERENCE)
    refuse_sums(groups.filter(pl.col("difference").abs() >= LIMIT))
    decided = decide(groups).with_columns(
        difference=pl.when(pl.col("status") != "not_comparable").then(pl.col("difference").cast(AMOUNT)),
        age_days=pl.when(pl.col("date") <= pl.lit(as_of, pl.Date)).then(
            (pl.lit(as_of, pl.Date) - pl.col("date")).dt.total_days()
        ),
    )
    matches = _in_order(tell(decided, left_rows, right_rows).select(_COLUMNS))
    matches, faults = _with_rules(matches, [rule for rule in rules if rule not in RULES])
    return Result(
        matches=validate(Reconciliation, matches),
        tolerance=allowed,
        as_of=as_of,
        notes=(*notes, *faults),
        left_rows=left_rows,
        right_rows=right_rows,
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


def _with_rules(matches: pl.DataFrame, rules: Sequence[Rule]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    if not rules:
        return matches, ()
    told, faults = apply_rules(matches, rules)
    return _in_order(told), faults


def _in_order(matches: pl.DataFrame) -> pl.DataFrame:
    """Sort by precedence, then the largest difference, then key; rows without a key by all that they have."""
    agrees = pl.col("status").is_in(AGREEING)
    size = pl.col("difference").cast(WIDE).abs()
    refs = pl.concat_list("left_refs", "right_refs").list.first()
    open_ones = matches.filter(~agrees).sort(
        "status",
        size,
        "key",
        "currency",
        pl.col("left_count"),
        refs,
        pl.coalesce("left_amount", "right_amount"),
        "date",
        pl.col("reasons").list.join("\n"),
        descending=[False, True, *[False] * 7],
        nulls_last=True,
    )
    return pl.concat([open_ones, *(part for status in AGREEING for part in _agreeing(matches.filter(status=status)))])


def _agreeing(matches: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sort groups of one status that agree; most differ by nothing, and one sort key is twice as fast as three."""
    exact = pl.col("difference") == 0
    near = matches.filter(~exact).sort(
        pl.col("difference").cast(WIDE).abs(), "key", "currency", descending=[True, False, False]
    )
    # Groups of one key arrive in a fixed order: see groups._fold.
    return near, matches.filter(exact).sort("key", maintain_order=True)
