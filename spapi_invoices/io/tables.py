"""Frames to and from files: csv, json, ndjson, parquet. Not for screens (`cli.output`) and not for reports.

Amounts are exact in every format. A text format carries no binary column (a PDF is not for a cell), writes amounts as
texts in JSON, and a list as a JSON array in a CSV cell.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import polars as pl
import polars.exceptions
import polars.selectors as cs

from spapi_invoices.core.money import parse_amount
from spapi_invoices.errors import TableInvalid
from spapi_invoices.frames.schemas import Table, polars_schema, validate
from spapi_invoices.io.files import read_bytes

_ORDER: Final = "purchase_order_number"
_OWN: Final = {"key", "amount", "currency"}
_TIME: Final = "%Y-%m-%dT%H:%M:%S%.fZ"


def to_csv(frame: pl.DataFrame) -> bytes:
    """CSV in UTF-8 with a header."""
    return _as_text(frame).write_csv().encode("utf-8")


def to_json(frame: pl.DataFrame) -> bytes:
    """A JSON array of objects."""
    return json.dumps(_plain(frame), ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def to_ndjson(frame: pl.DataFrame) -> bytes:
    """A JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _plain(frame)).encode("utf-8")


def to_parquet(frame: pl.DataFrame) -> bytes:
    """Parquet, all columns."""
    buffer = BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


ENCODERS: Final[dict[str, Callable[[pl.DataFrame], bytes]]] = {
    "csv": to_csv,
    "json": to_json,
    "ndjson": to_ndjson,
    "parquet": to_parquet,
}


def read_table(path: Path, table: type[Table]) -> pl.DataFrame:
    """Read a file that a table was written to; a missing nullable column is null.

    Raises:
        FileFailed: The file cannot be read.
        TableInvalid: The suffix is unknown, the file is broken, a column is missing, or a value is none of its column's.
        SchemaMismatch: A value breaks the table's schema.
    """
    raw = _read_raw(path)
    columns = table.to_schema().columns
    needed = [name for name, column in columns.items() if not column.nullable] or list(columns)
    if missing := [name for name in needed if name not in raw.columns]:
        raise TableInvalid(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(raw.columns[:8])}. "
            "Next: give a file that a command wrote; a table of your own for reconcile has the columns key, amount and currency"
        )
    return validate(table, _typed(path, raw, table))


def read_own_side(path: Path) -> pl.DataFrame | None:
    """A table of the user's own, with the columns key, amount and currency, as it stands; ``None`` if it is none.

    Texts are left to `spapi_invoices.reconciliation.reconcile`, which makes a bad one a problem of its row. A cell of
    ``aliases`` may be a JSON array or one alias.
    """
    raw = _read_raw(path)
    if not _OWN.issubset(raw.columns):
        return None
    if raw.schema.get("aliases") == pl.String:
        return raw.with_columns(pl.Series("aliases", [_aliases(text) for text in raw["aliases"]], pl.List(pl.String)))
    return raw


def scan_own_side(path: Path) -> pl.LazyFrame | pl.DataFrame | None:
    """As ``read_own_side``, and the rows of Parquet stay in the file."""
    if path.suffix.lower() == ".parquet":
        # What cannot be scanned is left to the reader, which says why.
        with suppress(polars.exceptions.PolarsError, OSError):
            scanned = pl.scan_parquet(path, glob=False)
            schema = scanned.collect_schema()
            if _OWN.issubset(schema) and schema.get("aliases") != pl.String:
                return scanned
    return read_own_side(path)


def _aliases(text: str | None) -> list[str]:
    if text is None or not text.strip():
        return []
    try:
        found = json.loads(text)
    except ValueError:
        found = text
    return [str(one) for one in found] if isinstance(found, list) else [text]


def read_purchase_orders(path: Path) -> list[str]:
    """The numbers of a list that a person made: its column ``purchase_order_number``, in any case; each once.

    Raises:
        FileFailed: The file cannot be read.
        TableInvalid: There is no such column, or a cell of it is no purchase order number.
    """
    raw = _read_raw(path)
    names = [one for one in raw.columns if one.strip().lower() == _ORDER]
    if len(names) != 1:
        begins = ", ".join(map(repr, raw.columns[:8]))
        raise TableInvalid(f"{path} begins with {begins}. Next: name a column of it {_ORDER}, and only one")
    (name,) = names
    kind = raw[name].dtype
    if not (kind.is_integer() or isinstance(kind, pl.String | pl.Categorical | pl.Enum | pl.Null)):
        raise TableInvalid(f"{path}: column {name} holds no texts but {kind}. Next: write texts")
    numbers = raw[name].cast(pl.String).drop_nulls().str.strip_chars()
    wanted = numbers.filter(numbers != "").unique(maintain_order=True).to_list()
    if wrong := next((one for one in wanted if not (one.isascii() and one.isalnum())), None):
        raise TableInvalid(f"{path}: {wrong!r} is no purchase order number. Next: write letters and digits alone")
    return wanted


def _read_raw(path: Path) -> pl.DataFrame:
    """All columns as texts, but for Parquet, which knows its types."""
    content, suffix = read_bytes(path), path.suffix.lower().lstrip(".")
    try:
        match suffix:
            case "parquet":
                return pl.read_parquet(BytesIO(content))
            case "csv":
                return _commas(path, pl.read_csv(content, infer_schema=False))
            case "json":
                return _from_objects(_objects(content))
            case "ndjson":
                return _from_objects([_objects(line) for line in content.splitlines() if line.strip()])
    except (polars.exceptions.PolarsError, ValueError, TypeError, AttributeError, RecursionError):
        raise TableInvalid(f"{path} cannot be read as {suffix}. Next: {_HINTS[suffix]}") from None
    raise TableInvalid(f"{path}: the suffix {path.suffix!r} is unknown. Next: give .csv, .json, .ndjson or .parquet")


def _commas(path: Path, raw: pl.DataFrame) -> pl.DataFrame:
    """A table whose first column has semicolons or tabs in its name was saved with those between its cells."""
    for name, sign in (("semicolons", ";"), ("tabs", "\t")):
        if sign in raw.columns[0]:
            raise TableInvalid(f"{path} has {name} between its cells. Next: {_HINTS['csv']}")
    return raw


_HINTS: Final = {
    "csv": "save it with commas between the cells, in UTF-8",
    "json": "write an array of objects",
    "ndjson": "write an object a line",
    "parquet": "write it again",
}


def _objects(content: bytes) -> Any:  # noqa: ANN401 - parsed JSON
    # Numbers stay texts: a float would change 100.009999999999999999 to 100.01.
    return json.loads(content, parse_float=str)


def _from_objects(rows: list[dict[str, Any]]) -> pl.DataFrame:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    texts = {name: [_cell(row.get(name)) for row in rows] for name in columns}
    return pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String))


def _cell(value: Any) -> str | None:  # noqa: ANN401 - a JSON value
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _typed(path: Path, raw: pl.DataFrame, table: type[Table]) -> pl.DataFrame:
    columns = []
    for name, dtype in polars_schema(table).items():
        if name not in raw.columns:
            columns.append(pl.Series(name, [None] * raw.height, dtype))
        elif raw[name].dtype == dtype:
            columns.append(raw[name])
        elif raw[name].dtype.is_float() and isinstance(dtype, pl.Decimal):
            raise TableInvalid(
                f"{path}: column {name} holds floats, which hold an amount only nearly. Next: write texts"
            )
        else:
            columns.append(_parse(path, raw[name], dtype))
    return pl.DataFrame(columns)


def _parse(path: Path, column: pl.Series, dtype: pl.DataType) -> pl.Series:
    """A column of texts as its type; amounts digit by digit, so that nothing is rounded."""
    try:
        texts = column.cast(pl.String, strict=True)
        if isinstance(dtype, pl.Decimal):
            amount = partial(parse_amount, digits=dtype.precision, places=dtype.scale)
            return pl.Series(column.name, [None if text is None else amount(text) for text in texts], dtype)
        if isinstance(dtype, pl.List):
            return pl.Series(column.name, [None if text is None else json.loads(text) for text in texts], dtype)
        if isinstance(dtype, pl.Datetime):
            return texts.str.to_datetime(time_unit="us", time_zone="UTC", strict=True)
        if dtype == pl.Date:
            return texts.str.to_date("%Y-%m-%d", strict=True)
        if dtype == pl.Boolean:
            return pl.Series(column.name, [None if text is None else _BOOLEANS[text] for text in texts], dtype)
        return texts.cast(dtype, strict=True)
    except (polars.exceptions.PolarsError, ValueError, TypeError, KeyError) as error:
        raise TableInvalid(
            f"{path}: column {column.name}: {_shown(error)}. Next: correct it, or write the file again"
        ) from None


def _shown(error: Exception) -> str:
    """Our own words about an amount; of other faults only the kind, for polars quotes values."""
    return str(error) if type(error) is ValueError else f"a value is not of its kind ({type(error).__name__})"


_BOOLEANS: Final = {"true": True, "false": False}


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Without binary columns, lists as JSON arrays, times in ISO 8601 with Z."""
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    times = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.select(~cs.binary()).with_columns(
        *(
            pl.Series(
                name,
                [None if one is None else json.dumps(list(one), ensure_ascii=False) for one in frame[name]],
                pl.String,
            )
            for name in lists
        ),
        *(pl.col(name).dt.to_string(_TIME) for name in times),
    )


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of JSON values: amounts and dates as texts."""
    times = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    texts = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Decimal | pl.Date | pl.Enum)]
    ready = frame.select(~cs.binary()).with_columns(
        *(pl.col(name).cast(pl.String) for name in texts), *(pl.col(name).dt.to_string(_TIME) for name in times)
    )
    return ready.to_dicts()


def read_crosswalk(path: Path) -> pl.DataFrame:
    """A file with the columns ``left`` and ``right``, as texts.

    Raises:
        TableInvalid: A column is missing.
    """
    raw = _read_raw(path)
    if not {"left", "right"} <= set(raw.columns):
        raise TableInvalid(f"{path} has columns {', '.join(raw.columns[:8])}. Next: name two of them left and right")
    return raw.select(pl.col("left", "right").cast(pl.String))
