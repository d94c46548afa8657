"""The order of the lines: what needs attention first, then the largest differences, then by key.

Most lines agree to the last digit, and most of those are pairs that plainly agree. Those are sorted as row numbers, and
each of their columns is written once, in its place: with a million rows nothing costs more than writing.
"""

from typing import Final

import polars as pl

from spapi_invoices.frames.values import AMOUNT, WIDE
from spapi_invoices.reconciliation.reasons import ACCEPTED, MATCHED
from spapi_invoices.reconciliation.rules import AGREEING, STATUS

_SAID: Final = {"accepted": ACCEPTED, "matched": MATCHED}
_SIZE: Final = pl.col("difference").cast(WIDE).abs()
_SAMPLE: Final = 1000


def in_order(lines: pl.DataFrame, pairs: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Sort by precedence, then the largest difference, then key; rows without a key by all that they have.

    Args:
        lines: What the rules decided; those of one key that agree to the last digit keep their order.
        pairs: The ``plain_pairs`` of both sides, which become lines here.
        left: The rows of the left side.
        right: Likewise.
    """
    exact = pl.col("difference") == 0
    parts = [_open_ones(lines.filter(~pl.col("status").is_in(AGREEING)))]
    for status in AGREEING:
        agreeing, plain = lines.filter(status=status), pairs.filter(status=status)
        near = agreeing.filter(~exact).sort(_SIZE, "key", "currency", descending=[True, False, False])
        same = agreeing.filter(exact)
        parts += [near, _lay_out(plain, left, right, same) if plain.height else same.sort("key", maintain_order=True)]
    return pl.concat(parts)


def _open_ones(lines: pl.DataFrame) -> pl.DataFrame:
    refs = pl.concat_list("left_refs", "right_refs").list.first()
    return lines.sort(
        "status",
        _SIZE,
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


def _lay_out(pairs: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The lines of plain pairs of one status among the other lines that agree to the last digit, by key."""
    status = pairs["status"][0]
    # The others are numbered as if they followed the rows of a side, and the reason of the pairs.
    after = {"left": left.height, "right": right.height, "said": 1}
    numbers = (pl.int_range(first, first + pl.len(), dtype=pl.UInt32).alias(name) for name, first in after.items())
    rows = _by_key(
        pl.concat([pairs.select("key", "left", "right", said=pl.lit(0, pl.UInt32)), others.select("key", *numbers)])
    )
    refs = pl.concat_list("ref").alias("refs")
    on_left = (
        left.select("currency", "amount", "date", refs),
        others.select("currency", "left_amount", "date", "left_refs"),
    )
    on_right = right.select("date", refs), others.select("date", "right_refs")
    reasons = pl.DataFrame({"reasons": [[_SAID[status]]]}), others.select("reasons")
    return (
        _gather(on_left, rows["left"])
        .hstack(_gather(on_right, rows["right"]).select(pl.all().name.suffix("_right")))
        .select(
            rows["key"],
            _gather(reasons, rows["said"])["reasons"],
            "currency",
            status=pl.lit(status, STATUS),
            left_amount="amount",
            right_amount="amount",
            difference=pl.lit(0, AMOUNT),
            left_count=pl.col("refs").list.len().cast(pl.Int64),
            right_count=pl.col("refs_right").list.len().cast(pl.Int64),
            left_refs="refs",
            right_refs="refs_right",
            date=pl.min_horizontal("date", "date_right"),
        )
        .select(others.columns)
    )


def _gather(parts: tuple[pl.DataFrame, pl.DataFrame], rows: pl.Series) -> pl.DataFrame:
    first, more = parts
    # In one piece: from several, lists are gathered slowly.
    whole = pl.concat([first, more.rename(dict(zip(more.columns, first.columns, strict=True)))], rechunk=True)
    return whole.select(pl.all().gather(rows))


def _by_key(rows: pl.DataFrame) -> pl.DataFrame:
    """Sort by key, keeping the order within one.

    What came in ascending runs, polars sorts fastest by the key alone. For any other order a second column makes it
    compare encoded rows, in half the time.
    """
    sample = rows["key"].head(_SAMPLE)
    in_runs = (sample < sample.shift()).sum() < len(sample) / 10
    return rows.sort("key", maintain_order=True) if in_runs else rows.sort("key", "said")
