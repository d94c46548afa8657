"""Pairs that plainly agree: most rows of two good sides. No rule is asked about them and no words are sought.

Both sides are stacked and grouped by the hash of their keys, which costs a fraction of joining the keys. A pair counts
only if its keys are equal too; keys that share a hash by chance are left over, like all that is not plain.
"""

from typing import Final

import polars as pl

from spapi_invoices.reconciliation.rules import STATUS

_EQUAL: Final = ("key", "currency", "amount")
_SILENT: Final = ("problem", "note")
_HASH: Final = pl.col("key").hash().alias("hash")


def plain_pairs(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """The pairs that plainly agree, in the order of the left: ``key``, row numbers ``left`` and ``right``, ``status``.

    The key of a pair occurs once on either side, with the same amount in the same currency. Nothing is said of its rows,
    but that Amazon may have accepted the invoice.
    """
    opposite = _opposite(left["key"], right["key"])
    asked = pl.col("invoice_status_right")
    accepted = asked.eq_missing(pl.lit("Accepted"))
    equal = (pl.col(name) == pl.col(f"{name}_right") for name in _EQUAL)
    silent = (pl.col(name, f"{name}_right").is_null() for name in _SILENT)
    return (
        left.select(*_EQUAL, *_SILENT)
        .hstack(right.select(pl.col(*_EQUAL, *_SILENT, "invoice_status").gather(opposite).name.suffix("_right")))
        .select(
            "key",
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("left"),
            opposite.alias("right"),
            status=pl.when(accepted).then(pl.lit("accepted", STATUS)).otherwise(pl.lit("matched", STATUS)),
            plain=pl.all_horizontal(*equal, *silent, accepted | asked.is_null()),
        )
        .filter("plain")
        .drop("plain")
    )


def without(side: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """The side without the rows of these numbers."""
    return side.filter(pl.repeat(value=True, n=side.height, eager=True).scatter(rows, values=False))


def _opposite(left: pl.Series, right: pl.Series) -> pl.Series:
    """For each left key the number of the right row with the same hash; null unless both have that hash once."""
    row = pl.col("row")
    on_both = (pl.col("first") < len(left)) & (pl.col("last") >= len(left))
    met = (
        pl.concat(keys.alias("key").to_frame().select(_HASH) for keys in (left, right))
        .with_row_index("row")
        .lazy()
        .group_by("hash")
        .agg(pl.len(), first=row.min(), last=row.max())
        .collect(engine="streaming")
        .filter((pl.col("len") == 2) & on_both)
    )
    nowhere = pl.repeat(None, len(left), dtype=pl.UInt32, eager=True)
    return nowhere.scatter(met["first"], met["last"] - len(left))
