"""Reconciling N x N keys, all columns of the result, against a bare polars full join of the same two frames.

Medians of five interleaved runs in one process: ``python tests/benchmarks/reconcile.py [N]``.
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


def main(rows: int, runs: int = 5) -> None:
    """Print both medians and their ratio."""
    left, right = side(rows), side(rows).reverse()
    join, ours = [], []
    for _ in range(runs):
        began = perf_counter()
        left.join(right, on="key", how="full")
        join.append(perf_counter() - began)
        began = perf_counter()
        assert reconcile(left, right).matches.height == rows
        ours.append(perf_counter() - began)
    bare, whole = statistics.median(join), statistics.median(ours)
    print(f"{rows:,} x {rows:,}: bare full join {bare:.2f} s, reconcile {whole:.2f} s, {whole / bare:.2f} x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
