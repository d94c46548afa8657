"""What a comparison found. Amounts of different currencies are never added."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from html import escape
from typing import Final

import polars as pl

from spapi_invoices.frames.schemas import ReconciliationItems, polars_schema, validate
from spapi_invoices.frames.values import WIDE
from spapi_invoices.reconciliation.reasons import money
from spapi_invoices.reconciliation.rules import AGREEING, RULES

_ITEMS: Final = polars_schema(ReconciliationItems)
_TITLES: Final[Mapping[str, str]] = {rule.status: rule.title for rule in RULES}
_HEAD: Final = ("Status", "Currency", "Keys", "Left", "Right", "Difference")
_NOT_COMPARABLE: Final = pl.lit("not_comparable", _ITEMS["status"])


def total(summaries: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The summaries of several results, which have no key in common, as one."""
    return _summed(pl.concat(summaries), pl.col("keys").sum())


def _summed(lines: pl.DataFrame, keys: pl.Expr) -> pl.DataFrame:
    amounts = (
        pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).cast(WIDE).sum()).alias(name)
        for name in ("left_amount", "right_amount", "difference")
    )
    grouped = lines.group_by("status", "currency").agg(keys.cast(pl.Int64).alias("keys"), *amounts)
    return grouped.sort("status", "currency", nulls_last=True)


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """The outcome of ``reconcile``.

    Attributes:
        matches: The ``Reconciliation`` table: what needs attention first, then the largest differences.
        tolerance: How far the sums of a key were allowed to differ.
        as_of: The day ages were counted to, or ``None``.
        notes: What a reader must know of the crosswalk's use and of rules that failed; empty if there is nothing to say.
        left_rows: The rows compared, as read and with the keys a crosswalk gave.
        right_rows: Likewise.
    """

    matches: pl.DataFrame
    tolerance: Decimal
    as_of: date | None = None
    notes: tuple[str, ...] = ()
    left_rows: pl.DataFrame = field(default_factory=pl.DataFrame)
    right_rows: pl.DataFrame = field(default_factory=pl.DataFrame)

    @cached_property
    def items(self) -> pl.DataFrame:
        """The ``ReconciliationItems`` table, made when first asked for: every input row once, with its key's status."""
        status = self.matches.filter(pl.col("key").is_not_null()).select("key", "currency", "status")
        sides = {"left": self.left_rows, "right": self.right_rows}
        rows = pl.concat([rows.with_columns(side=pl.lit(side, _ITEMS["side"])) for side, rows in sides.items()])
        items = (
            # A row without a key or a currency meets nothing here, and can be compared with nothing either.
            rows.join(status, on=["key", "currency"], how="left")
            .with_columns(pl.col("status").fill_null(_NOT_COMPARABLE))
            .select(*_ITEMS)
            .sort(
                "status",
                "key",
                "side",
                *(name for name in _ITEMS if name not in {"status", "key", "side"}),
                nulls_last=True,
            )
        )
        return validate(ReconciliationItems, items)

    @cached_property
    def summary(self) -> pl.DataFrame:
        """One row per status and currency that occur, in order of precedence: keys, sums of both sides, difference.

        The sums have 38 digits, so they cannot overflow. A sum is null where no row has the amount.
        """
        return _summed(self.matches, pl.len())

    @property
    def exceptions(self) -> pl.DataFrame:
        """The matches that need attention: all but those that agree."""
        return self.matches.filter(~pl.col("status").is_in(AGREEING))

    def __repr__(self) -> str:
        """The summary as lines; no key and no reference."""
        return "\n".join([f"<Result: {self._verdict()}>", *("  " + "  ".join(cells) for cells in self._lines())])

    def _repr_html_(self) -> str:
        head = "".join(f"<th scope='col'>{name}</th>" for name in _HEAD)
        rows = ["".join(f"<td>{escape(cell)}</td>" for cell in line) for line in self._lines()]
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        verdict = escape(self._verdict())
        return f"<p>{verdict}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _verdict(self) -> str:
        total = self.matches.height
        open_ones = self.exceptions.height
        return f"{total - open_ones} of {total} agree, {open_ones} to look at; tolerance {self.tolerance}"

    def _lines(self) -> list[tuple[str, ...]]:
        shown = self.summary.select(
            pl.col("status").cast(pl.String).replace_strict(_TITLES),
            pl.col("currency").fill_null("-"),
            pl.col("keys").cast(pl.String),
            *(money(pl.col(name)).fill_null("-").alias(name) for name in ("left_amount", "right_amount", "difference")),
        )
        return shown.rows()
