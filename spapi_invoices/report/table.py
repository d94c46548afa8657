"""The matches as CSV, JSON and Parquet, for programs. Nothing is rounded: amounts are texts or decimals."""

import io
import json
from typing import Final

import polars as pl

from spapi_invoices.reconciliation.result import Result
from spapi_invoices.report.writer import ReportContext, ReportWriter


def write_csv(result: Result, _context: ReportContext) -> bytes:
    """One line per match; a list is a JSON array in its cell."""
    lists = [name for name, kind in result.matches.schema.items() if isinstance(kind, pl.List)]
    flat = result.matches.with_columns(_as_json(result.matches[name]) for name in lists)
    return flat.write_csv().encode()


def write_json(result: Result, _context: ReportContext) -> bytes:
    """An array with an object per match; amounts and dates are texts."""
    rows = result.matches.iter_rows(named=True)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in rows)
    return f"[\n{lines}\n]\n".encode()


def write_parquet(result: Result, _context: ReportContext) -> bytes:
    """The table as it is."""
    out = io.BytesIO()
    result.matches.write_parquet(out)
    return out.getvalue()


def _as_json(column: pl.Series) -> pl.Series:
    return pl.Series(column.name, [json.dumps(texts, ensure_ascii=False) for texts in column.to_list()], pl.String)


WRITERS: Final = (
    ReportWriter("csv", ".csv", write_csv),
    ReportWriter("json", ".json", write_json),
    ReportWriter("parquet", ".parquet", write_parquet),
)
