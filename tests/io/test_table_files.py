"""Tables to files and back."""

from decimal import Decimal
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from spapi_invoices.errors import TableInvalid
from spapi_invoices.frames.schemas import InvoiceLines, frame
from spapi_invoices.io.tables import ENCODERS, read_table

LINES = frame(
    InvoiceLines,
    [
        {
            "document_id": "a" * 64,
            "line_number": 1,
            "description": "Tela, 2 m",
            "quantity": Decimal("1.2345"),
            "unit_price": Decimal("33.3333333333"),
            "currency": "BRL",
            "goods_amount": Decimal("41.15"),
            "in_total": True,
        },
        {"document_id": "b" * 64, "line_number": 2, "quantity": Decimal("99999999999999.9999"), "in_total": False},
    ],
)


@pytest.mark.parametrize("suffix", ENCODERS)
def test_lines_come_back(tmp_path: Path, suffix: str) -> None:
    """A quantity has four decimals and a unit price ten: in every format all of them come back."""
    path = tmp_path / f"lines.{suffix}"
    path.write_bytes(ENCODERS[suffix](LINES))
    assert_frame_equal(read_table(path, InvoiceLines), LINES)


@pytest.mark.parametrize(
    ("column", "text", "places"),
    [("quantity", "1.23456", 4), ("unit_price", "0.12345678901", 10), ("goods_amount", "1.005", 2)],
)
def test_a_digit_too_many(tmp_path: Path, column: str, text: str, places: int) -> None:
    """What a column cannot hold is refused, not rounded."""
    path = tmp_path / "lines.csv"
    path.write_text(f"document_id,line_number,{column}\n{'a' * 64},1,{text}\n")
    with pytest.raises(TableInvalid, match=f"column {column}: .* is no amount .* at most {places} decimals"):
        read_table(path, InvoiceLines)
