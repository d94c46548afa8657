"""Sides that are larger than memory, compared in passes; each pass gives a result like any other.

A pass takes the rows of its share of the keys, by a hash of the key, so that rows which meet come together. Some rows get
another key than they bring, from a crosswalk or the shipment they state, and where it lies is not known from the row:
those are sought first, in the whole of both sides. Only the rows a crosswalk names, and the shipments that lead elsewhere,
are kept in memory beside a pass.

Every pass reads both sides again, and takes its rows; where rows name shipments, these are read once more. That costs reading, and spares a copy on disk that someone would
have to make room for and delete.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final

import polars as pl

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.frames.schemas import InvoiceSide, polars_schema
from spapi_invoices.reconciliation.columns import read_table, text_or_null
from spapi_invoices.reconciliation.crosswalk import apply_crosswalk, crosswalk_lines
from spapi_invoices.reconciliation.match import compare, parse_tolerance
from spapi_invoices.reconciliation.result import Result
from spapi_invoices.reconciliation.rules import Rule
from spapi_invoices.reconciliation.sides import NO_REFERENCE, as_side
from spapi_invoices.reconciliation.stated import lead, leading_elsewhere, note_repeats

_SIDE: Final = tuple(polars_schema(InvoiceSide))
_ROWS_A_PASS: Final = 5_000_000
_NO_REFERENCE: Final = pl.lit(NO_REFERENCE)
_FIRST: Final = 100  # rows that show what a frame cannot be, before all of it is read


@dataclass(frozen=True, slots=True)
class _Share:
    """One of so many equal parts."""

    number: int
    count: int

    def has(self, *names: pl.Expr) -> pl.Expr:
        """Whether the first of these names that is there belongs to the share."""
        return pl.coalesce(*names).hash() % self.count == self.number


@dataclass(frozen=True, slots=True)
class _Unread:
    """A side whose rows are still where they come from."""

    name: str
    rows: pl.LazyFrame
    schema: pl.Schema

    def text(self, column: str) -> pl.Expr:
        return text_or_null(self.schema, column)

    def read(self, rows: pl.Expr) -> pl.DataFrame:
        return as_side(_collect(self.rows.filter(rows)), self.name)

    def of(self, share: _Share) -> pl.Expr:
        """Whether a row belongs to a share; one without a key stands alone, and goes where its reference does."""
        return share.has(self.text("key"), self.text("ref"), _NO_REFERENCE)

    def shipments(self) -> pl.LazyFrame:
        """Key and shipment of the rows that name one."""
        rows = self.rows if "shipment_id" in self.schema else self.rows.head(0)
        return rows.select(self.text("key"), self.text("shipment_id")).drop_nulls("shipment_id")


def reconcile_in_passes(  # noqa: PLR0913 - what a comparison depends on
    left: Any,  # noqa: ANN401 - a LazyFrame, or any dataframe narwhals reads
    right: Any,  # noqa: ANN401
    *,
    passes: int | None = None,
    crosswalk: Any = None,  # noqa: ANN401 - any dataframe narwhals reads
    tolerance: str | Decimal | int = "0.01",
    as_of: date | None = None,
    rules: Sequence[Rule] = (),
) -> Iterator[Result]:
    """Compare as ``reconcile`` does, a share of the keys at a time: a ``Result`` for each pass, made when it is asked for.

    The lines of all passes are exactly those of ``reconcile``; they are in order within a pass. A rule sees the lines of
    one pass at a time. The crosswalk is held in memory, and so are the rows it names.

    Args:
        left: The invoices: a frame as ``reconcile`` takes it, or a LazyFrame, as of ``pl.scan_parquet``, that gives the
            same rows each time it is read.
        right: The shipments, likewise.
        passes: How many; ``None`` is one for each five million rows of the larger side, which take about 4 GB.
        crosswalk: As for ``reconcile``.
        tolerance: As for ``reconcile``.
        as_of: As for ``reconcile``.
        rules: As for ``reconcile``.

    Raises:
        InvalidRequest: As ``reconcile``; of a value deep in a side only when its pass is asked for.

    >>> invoices = pl.LazyFrame({"key": ["A", "B"], "amount": ["10.00", "5.00"], "currency": "INR"})
    >>> shipments = pl.LazyFrame({"key": ["A", "C"], "amount": [10, 7], "currency": "INR"})
    >>> parts = reconcile_in_passes(invoices, shipments, passes=3)
    >>> sum(part.exceptions.height for part in parts)
    2
    """
    if passes is not None and (type(passes) is not int or passes < 1):
        raise InvalidRequest(f"passes is {passes!r}. Next: give a whole number from 1, or None")
    allowed = parse_tolerance(tolerance)
    invoices, shipments = _unread(left, "left"), _unread(right, "right")
    count = passes or _enough(invoices, shipments)
    invoices, crossed, notes = _cross(invoices, shipments, crosswalk)
    elsewhere = _elsewhere(invoices, crossed, shipments, count)
    take = partial(_take, invoices, lead(crossed, elsewhere), shipments, elsewhere)
    finish = partial(compare, tolerance=allowed, as_of=as_of, rules=rules, notes=notes)
    return (finish(*take(_Share(number, count))) for number in range(count))


def _unread(data: Any, name: str) -> _Unread:  # noqa: ANN401 - a LazyFrame, or any dataframe narwhals reads
    rows = data if isinstance(data, pl.LazyFrame) else read_table(data, (), f"the {name} side").lazy()
    as_side(_collect(rows.head(_FIRST)), name)
    schema = rows.collect_schema()
    return _Unread(name, rows.select(column for column in _SIDE if column in schema), schema)


def _enough(*sides: _Unread) -> int:
    rows: int = max(_collect(side.rows.select(pl.len())).item() for side in sides)
    return max(1, -(-rows // _ROWS_A_PASS))


def _cross(
    invoices: _Unread,
    shipments: _Unread,
    crosswalk: Any,  # noqa: ANN401 - any dataframe narwhals reads
) -> tuple[_Unread, pl.DataFrame, tuple[str, ...]]:
    """The invoices without those the crosswalk names, these with the keys it gives them, and what is to be noted."""
    if crosswalk is None:
        return invoices, as_side(_collect(invoices.rows.head(0)), invoices.name), ()
    names = crosswalk_lines(crosswalk)
    named = _named(invoices, names["left"])
    meant = shipments.read(_named(shipments, names["right"]))
    crossed, notes = apply_crosswalk(invoices.read(named), meant, names)
    return replace(invoices, rows=invoices.rows.filter(~named)), crossed, notes


def _named(side: _Unread, names: pl.Series) -> pl.Expr:
    """Whether a row may be known by one of the names: by its key, its reference or an alias."""
    among = names.drop_nulls().unique().implode()
    ref = pl.coalesce(side.text("ref"), _NO_REFERENCE)
    found = side.text("key").is_in(among).fill_null(value=False) | ref.is_in(among)
    if isinstance(side.schema.get("aliases"), pl.List):
        aliases = pl.col("aliases").cast(pl.List(pl.String))
        found |= aliases.list.eval(pl.element().is_in(among)).list.any().fill_null(value=False)
    return found


def _elsewhere(invoices: _Unread, crossed: pl.DataFrame, shipments: _Unread, passes: int) -> pl.DataFrame:
    """The shipments that lead an invoice to another key than its own, sought in passes by shipment."""
    stated = pl.concat([invoices.shipments(), crossed.lazy().select("key", "shipment_id").drop_nulls("shipment_id")])
    shares = [_Share(number, passes).has(pl.col("shipment_id")) for number in range(passes)]
    if _collect(stated.head(1)).is_empty():
        shares = shares[:1]
    return pl.concat(
        leading_elsewhere(_collect(stated.filter(share)), _collect(shipments.shipments().filter(share)))
        for share in shares
    )


def _take(
    invoices: _Unread, crossed: pl.DataFrame, shipments: _Unread, elsewhere: pl.DataFrame, share: _Share
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of both sides whose last key belongs to the share."""
    led = elsewhere.filter(share.has(pl.col("owner")))["shipment_id"]
    of_share = invoices.of(share)
    coming = invoices.read(of_share | invoices.text("shipment_id").is_in(led.implode()) if len(led) else of_share)
    # An invoice that is led elsewhere comes in two passes, and stays in that of its last key.
    left = pl.concat([lead(coming, elsewhere), crossed]).filter(share.has(pl.col("key"), pl.col("ref")))
    right = shipments.read(shipments.of(share))
    return note_repeats(left, right), right


def _collect(rows: pl.LazyFrame) -> pl.DataFrame:
    return rows.collect(engine="streaming")
