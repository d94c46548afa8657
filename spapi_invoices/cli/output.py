"""Frames as text tables for a terminal. Not for files (`io.tables`)."""

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
