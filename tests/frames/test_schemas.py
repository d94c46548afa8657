"""The tables: complete, empty, refused without showing a value."""

from datetime import UTC, datetime

import polars as pl
import pytest

from spapi_invoices.errors import SchemaMismatch
from spapi_invoices.frames.display import for_display
from spapi_invoices.frames.schemas import (
    TABLES,
    InvoiceStatuses,
    Reconciliation,
    Shipments,
    frame,
    personal_columns,
    polars_schema,
    validate,
)

NOW = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", TABLES)
class TestEveryTable:
    """What holds for each."""

    def test_empty_keeps_its_columns(self, name: str):
        """No rows give all columns with their types, in order."""
        table = TABLES[name]
        assert dict(frame(table, []).schema) == polars_schema(table)

    def test_amounts_and_times_have_one_form(self, name: str):
        """An amount is Decimal(18, 2) beside a currency, a time is UTC to the microsecond; no float but a quantity.

        A line's quantity and unit price have the decimals that documents print: 4 and 10.
        """
        finer = {"quantity": pl.Decimal(18, 4), "unit_price": pl.Decimal(24, 10)}
        schema = polars_schema(TABLES[name])
        decimals = [column for column, dtype in schema.items() if isinstance(dtype, pl.Decimal)]
        assert all(schema[column] == finer.get(column, pl.Decimal(18, 2)) for column in decimals)
        assert not decimals or "currency" in schema
        assert {dtype for dtype in schema.values() if isinstance(dtype, pl.Datetime)} <= {pl.Datetime("us", "UTC")}
        assert {column for column, dtype in schema.items() if dtype == pl.Float64} <= {"quantity", "quantity_ordered"}

    def test_every_column_is_described(self, name: str):
        """Table and columns explain themselves; the reference is made of it."""
        table = TABLES[name]
        assert table.__doc__
        assert all(column.description for column in table.to_schema().columns.values())

    def test_nothing_personal_is_displayed(self, name: str):
        """What a person is shown has no personal column."""
        table = TABLES[name]
        assert not set(personal_columns(table)) & set(for_display(frame(table, [])).columns)


def test_who_a_buyer_is_is_tagged():
    """Names, addresses and telephone of a shipment's buyer are personal; ids and amounts are not."""
    personal = set(personal_columns(Shipments))
    assert {"buyer_name", "ship_to_name", "ship_to_address_line1", "ship_to_phone", "ship_to_postal_code"} <= personal
    assert not personal & {"amazon_shipment_id", "amazon_order_id", "expected_amount", "ship_to_country_code"}


GOOD = {"amazon_shipment_id": "D1", "invoice_status": "hidden-1", "checked_at": NOW, "request_id": None}


class TestValidate:
    """A frame that breaks its schema is refused, and not shown."""

    def broken(self, **more: object) -> pl.DataFrame:
        return pl.DataFrame([GOOD | more], schema=polars_schema(InvoiceStatuses), strict=False)

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (lambda self: self.broken(amazon_shipment_id=None), "amazon_shipment_id: SERIES_CONTAINS_NULLS"),
            (lambda self: self.broken().drop("checked_at"), "COLUMN_NOT_IN_DATAFRAME"),
            (lambda self: self.broken().with_columns(more=1), "COLUMN_NOT_IN_SCHEMA"),
            (
                lambda self: self.broken().with_columns(pl.col("checked_at").dt.replace_time_zone(None)),
                "checked_at: WRONG_DATATYPE",
            ),
        ],
    )
    def test_names_column_and_check_but_no_value(self, data, says: str):
        """The message names table, column and check; a value never reaches it, nor the exception behind it."""
        with pytest.raises(SchemaMismatch) as raised:
            validate(InvoiceStatuses, data(self))
        assert says in str(raised.value)
        assert "hidden-1" not in str(raised.value)

    def test_nothing_is_coerced(self):
        """An integer where an amount belongs is refused, not converted."""
        schema = polars_schema(Reconciliation)
        data = pl.DataFrame(schema=schema).with_columns(pl.col("left_amount").cast(pl.Int64))
        with pytest.raises(SchemaMismatch, match="left_amount: WRONG_DATATYPE"):
            validate(Reconciliation, data)
