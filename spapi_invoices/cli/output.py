"""What goes to a terminal: frames as text tables, and stdout kept for them. Not for files (`io.tables`)."""

import contextlib
import os
import sys
from collections.abc import Iterator

import polars as pl

from spapi_invoices.frames.display import for_display


def as_table(frame: pl.DataFrame) -> str:
    """The frame as a text table, personal data left out and long cells cut."""
    if not frame.height:
        return "no rows\n"
    # An instant's microseconds and zone are noise on a screen; the other formats have them.
    shown = for_display(frame).with_columns(pl.selectors.datetime().dt.to_string("%Y-%m-%d %H:%M"))
    with pl.Config(
        tbl_rows=-1,
        tbl_cols=-1,
        tbl_width_chars=10_000,
        fmt_str_lengths=60,
        fmt_table_cell_list_len=4,
        tbl_formatting="UTF8_FULL_CONDENSED",
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_cell_numeric_alignment="RIGHT",
    ):
        return f"{shown}\n"


@contextlib.contextmanager
def stdout_for_data() -> Iterator[None]:
    """What is printed in here goes to stderr, also by programs that are started: plugins are at work."""
    with contextlib.redirect_stdout(sys.stderr), _descriptor_redirected():
        yield


@contextlib.contextmanager
def _descriptor_redirected() -> Iterator[None]:
    _flush()
    try:
        stdout = os.dup(1)
        os.dup2(2, 1)
    except OSError:
        # One of them is closed, so there is nothing to keep apart.
        yield
        return
    try:
        yield
    finally:
        # What waits in a buffer goes where it was printed.
        _flush()
        os.dup2(stdout, 1)
        os.close(stdout)


def _flush() -> None:
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()
