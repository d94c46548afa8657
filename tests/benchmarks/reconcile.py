"""Reconciling N x N keys, all columns of the result, against a bare polars full join of the same two frames.

Once with short keys that come in ascending runs, once with order ids in random order, which are dearer to sort than to
join. Medians of five interleaved runs in one process: ``python tests/benchmarks/reconcile.py [N]``.

With ``--passes P``, N x N order ids from Parquet to a folder in P passes, or at once if P is 0: seconds and peak memory.
The files are written to ``--folder`` by a process of its own and deleted; 100 million rows a side and their lines take
8 GB.
"""

import argparse
import multiprocessing
import resource
import statistics
import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter, process_time

import polars as pl

import spapi_invoices as spi
from spapi_invoices.reconciliation import reconcile

ROWS_A_FILE = 5_000_000


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


def write_side(rows: int, step: int, folder: Path) -> None:
    """The ids of 0..rows in an order that looks random, of which 0.5 % occur twice."""
    folder.mkdir()
    whole = rows + rows // 200
    for start in range(0, whole, ROWS_A_FILE):
        number = pl.int_range(start, min(start + ROWS_A_FILE, whole), dtype=pl.UInt64) * step % rows
        digits = (pl.col("number") * 7_368_787 % 9_999_991).cast(pl.String).str.zfill(7)
        frame = pl.select(number=number).select(
            key=pl.format("702-{}-{}", digits, pl.col("number").cast(pl.String).str.zfill(9)),
            amount=(pl.col("number") % 100_000).cast(pl.Decimal(18, 2)),
            currency=pl.lit("BRL"),
            date=pl.lit(date(2026, 10, 1)),
        )
        frame.with_columns(ref="key").write_parquet(folder / f"{start:012}.parquet")


def from_parquet(rows: int, passes: int, folder: Path) -> None:
    """Print seconds, processor time and peak memory of this process."""
    # The steps have no divisor in common with a power of ten, so that each number comes.
    for name, step in (("left", 7_919), ("right", 104_729)):
        writer = multiprocessing.get_context("spawn").Process(target=write_side, args=(rows, step, folder / name))
        writer.start()
        writer.join()
    left, right = (pl.scan_parquet(folder / name) for name in ("left", "right"))
    began, worked = perf_counter(), process_time()
    if passes:
        keys = spi.reconcile_in_passes(left, right, folder / "lines", passes=passes).summary["keys"].sum()
    else:
        result = spi.reconcile(left.collect(), right.collect())
        result.save(folder / "lines.parquet")
        keys = result.summary["keys"].sum()
    assert keys == rows
    taken, work = perf_counter() - began, process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    how = f"in {passes} passes" if passes else "at once"
    print(f"{rows:,} x {rows:,} from Parquet {how}: {taken:.0f} s ({work:.0f} s processor), peak {peak:.1f} GiB")


def in_memory(rows: int) -> None:
    """Print the ratio for both kinds of keys."""
    left, right = side(rows), side(rows).reverse()
    compare(f"{rows:,} x {rows:,}, short keys in runs", left, right)
    compare(f"{rows:,} x {rows:,}, order ids shuffled", as_orders(left, 1), as_orders(right, 2))


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--passes", type=int)
    parser.add_argument("--folder", help="a folder on a disk with room")
    asked = parser.parse_args()
    if asked.passes is None:
        in_memory(asked.rows)
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        from_parquet(asked.rows, asked.passes, Path(folder))


if __name__ == "__main__":
    main()
