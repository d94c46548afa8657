from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.documents.findings import Found
from spapi_invoices.documents.rupees import amount, in_words
from spapi_invoices.synthetic.gst_pdf import amount_in_words, group_digits

_amounts = st.integers(0, 10**15).map(lambda paise: Decimal(paise).scaleb(-2))


@given(_amounts, st.sampled_from(["", "Rs.", "Rs ", "₹", "INR ", "`"]), st.sampled_from(["", "-"]))
def test_figures_round_trip(value: Decimal, sign: str, minus: str) -> None:
    """What is printed with Indian grouping is read back exactly, however the rupee is written."""
    assert amount(f"{minus}{sign}{group_digits(value)}", []) == (-value if minus else value)


@given(_amounts)
def test_words_round_trip(value: Decimal) -> None:
    """What is written in words is read back exactly, to the crore and to the paisa."""
    assert in_words(amount_in_words(value)) == value


@pytest.mark.parametrize("shown", ["1,1,8,224.00", "12,34.00", ",123.00", "1,23,456,78.00", "99999999999999999.00"])
def test_figures_that_are_none(shown: str) -> None:
    """Grouping that no one uses is no amount, and says so."""
    found: list[Found] = []
    assert amount(shown, found) is None
    assert [one.finding for one in found] == ["amount_malformed"]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("Four Hundred Ninety-nine only", "499"),
        ("Rupees One Lakh Eighteen Thousand Two Hundred And Twenty Four Only", "118224"),
        ("Two Crores", "20000000"),
        ("Five Rupees and Ninety-nine Paise", "5.99"),
        ("Five and Ninety-nine Paise", None),
        ("Five Rupees and Hundred Paise", None),
        ("Hundred Rupees", "100"),
        ("Five point two", None),
        ("Rupees Nine Thousand and Fifty Paise only", "9000.50"),
        ("Rupees Nine Thousand and Paise Fifty only", "9000.50"),
        ("Nine Thousand Rupees and Paise Fifty", "9000.50"),
        ("INR Five Hundred and Six and Fifty Paise", "506.50"),
        ("Rs. Five Hundred only", "500"),
        ("Rupees Fifty Paise", None),
        ("Paise Fifty", None),
        ("Rupees and Ten Paise", None),
        ("", None),
        ("only", None),
    ],
)
def test_words(words: str, value: str | None) -> None:
    """Fillers and spellings do not matter; a word that is not understood makes no amount."""
    assert in_words(words) == (None if value is None else Decimal(value))


@given(st.text(max_size=80))
def test_any_words(words: str) -> None:
    """No text raises."""
    assert in_words(words) is None or isinstance(in_words(words), Decimal)
