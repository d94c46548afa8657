"""Reconciling N x N keys, all columns of the result, against a bare polars full join of the same two frames.

Once with short keys that come in ascending runs, once with order ids in random order, which are dearer to sort than to
join. Medians of five interleaved runs in one process: ``python tests/benchmarks/reconcile.py [N]``.
"""

import statistics
import sys
from datetime import date
from time import perf_counter

import polars as pl

from spapi_invoices.reconciliation import reconcile


def side(rows: int, repeats: float = 0.005) -> pl.DataFrame:
    """Keys 0..rows, of which a share occurs twice; amounts exact."""
    keys = pl.Series("key", range(rows)).cast(pl.String)
    frame = pl.DataFrame({"key": keys}).with_columns(
        ref=pl.col("key"),
        amount=(pl.int_range(rows) % 100_000).cast(pl.Decimal(18, 2)),
        currency=pl.lit("BRL"),
        date=pl.lit(date(2026, 10, 1)),
    )
    return pl.concat([frame, frame.head(int(rows * repeats))])


def as_orders(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The same rows in random order, their keys as long as Amazon's order ids and alike at the beginning."""
    number = pl.col("key").cast(pl.UInt64)
    digits = (number * 7_368_787 % 9_999_991).cast(pl.String).str.zfill(7)
    ids = pl.format("702-{}-{}", digits, pl.col("key").str.zfill(7))
    return frame.with_columns(key=ids, ref=ids).sample(fraction=1, shuffle=True, seed=seed)


def compare(name: str, left: pl.DataFrame, right: pl.DataFrame, runs: int = 5) -> None:
    """Print both medians and their ratio."""
    join, ours = [], []
    for _ in range(runs):
        began = perf_counter()
        left.join(right, on="key", how="full")
        join.append(perf_counter() - began)
        began = perf_counter()
        result = reconcile(left, right)
        ours.append(perf_counter() - began)
        assert result.matches.height == left["key"].n_unique()
    bare, whole = statistics.median(join), statistics.median(ours)
    print(f"{name}: bare full join {bare:.2f} s, reconcile {whole:.2f} s, {whole / bare:.2f} x")


def main(rows: int) -> None:
    """Print the ratio for both kinds of keys."""
    left, right = side(rows), side(rows).reverse()
    compare(f"{rows:,} x {rows:,}, short keys in runs", left, right)
    compare(f"{rows:,} x {rows:,}, order ids shuffled", as_orders(left, 1), as_orders(right, 2))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
