"""How documents write amounts, and the currencies and signs beside them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.documents.currencies import CODES
from spapi_invoices.documents.notations import NUMBERS, amounts, currencies


class TestAmounts:
    """How amounts are written."""

    @pytest.mark.parametrize("numbers", NUMBERS)
    def test_each_example_is_read_as_it_says(self, numbers):
        """The name of a way is an amount in it."""
        value = "".join(filter(str.isdigit, numbers))
        wanted = Decimal(value) / (100 if NUMBERS[numbers].decimal else 1)
        assert [one.value for one in amounts(f"EUR {numbers}", numbers)] == [wanted]

    @given(st.sampled_from(sorted(NUMBERS)), st.integers(0, 10**15), st.booleans())
    def test_round_trip(self, numbers, cents, negative):
        """An amount that is written in a way is read back in it, and in another way it is the same or none."""
        way = NUMBERS[numbers]
        units, rest = divmod(cents, 100) if way.decimal else (cents, 0)
        shown = f"{units:,}" if numbers != "1,23,456.78" else _indian(units)
        shown = shown.replace(",", way.group[:1]) + (f"{way.decimal}{rest:02}" if way.decimal else "")
        sign = -1 if negative else 1
        wanted = sign * (Decimal(units) + Decimal(rest) / 100)
        assert [one.value for one in amounts(f"Total EUR{'-' * negative}{shown} x", numbers)] == [wanted]
        if way.decimal:
            others = {name for name in NUMBERS if NUMBERS[name].decimal}
            read_otherwise = [one.value for other in others for one in amounts(f"Total {shown}", other)]
            assert {abs(value) for value in read_otherwise if value is not None} <= {abs(wanted)}

    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("€1.50 1.50€ EUR1.50 US$1.50 Rs.1.50", ["1.50"] * 5),
            ("-1.50 1.50- EUR-1.50 \N{MINUS SIGN}1.50", ["-1.50"] * 4),
            ("(1.50)", [None]),
            ("- 1.50", [None]),
            ("1.50 -", [None]),
            ("--1.50", [None]),
            ("1 234.50", [None]),
            ("(in EUR) 1.50", ["1.50"]),
            ("19.00% 19.00 % 1.50", ["1.50"]),
            ("1.505 1.5 1,50 1.2.50 12,34.50 01.10.2026 A1-1.50 1.50/2", []),
            ("12345678901234567.00", [None]),
        ],
    )
    def test_amounts(self, text, values):
        """What may be negative or not is not told; a rate, a date and a part of a code are none."""
        assert [one.value for one in amounts(text, "1,234.56")] == [value and Decimal(value) for value in values]

    @pytest.mark.parametrize("sign", ["1", "1,", "1,111", "1 ", "a", "-", "EUR"])
    @pytest.mark.parametrize("numbers", NUMBERS)
    def test_no_text_takes_long(self, sign, numbers):
        """Going through a text takes time in proportion to its length."""
        assert len(list(amounts(sign * 50_000, numbers))) <= 50_000

    @pytest.mark.parametrize(
        ("text", "currencies"),
        [
            ("€1.50", {"EUR"}),
            ("CHF 1.50", {"CHF"}),
            ("1.50 zł", {"PLN"}),
            ("EURO 1.50", {"EUR"}),
            ("1.50 (EUR)", {"EUR"}),
            ("1.50   THB", {"THB"}),
            ("HK$ 1.50", {"HKD"}),
            ("1.50 kr.", {"DKK", "ISK", "NOK", "SEK"}),
            ("$1.50 USD", {"USD"}),
            ("$1.50 EUR", set()),
            ("Q$1.50", set()),
            ("₿ 1.50", set()),
            ("EUR: 1.50", {"EUR"}),
            ("(in EUR): 1.50", {"EUR"}),
            ("[EUR] 1.50", {"EUR"}),
            ("1.50, EUR", {"EUR"}),
            ("1.50 Rupees", {"INR", "LKR", "MUR", "NPR", "PKR", "SCR"}),
            ("EUROPE 1.50", None),
            ("1.50 of 2 EUR", None),
        ],
    )
    def test_marks(self, text, currencies):
        """A currency counts by code or sign, right at the amount or beside it; a sign that nobody knows is none of them."""
        assert [one.currencies for one in amounts(text, "1,234.56")] == [currencies]

    @pytest.mark.parametrize(
        "beside",
        ["$ " * 11 + "x", "x" + " $" * 11, "( " * 11 + "x", "- " * 11 + "x", "CR " * 8 + "x", "USD : " * 4 + "x"],
    )
    def test_no_marks_take_long(self, beside):
        """What stands around an amount is gone through once, also where it means nothing."""
        assert len(list(amounts(f"{beside}1.50{beside[::-1]} " * 2_000, "1,234.56"))) == 2_000

    def test_every_code_of_iso_4217(self):
        """Any currency can be a layout's, and any is seen beside an amount."""
        assert len(CODES) == 158
        assert all([one.value for one in currencies(f"{code} 3")] == [code] for code in CODES)
        assert all([one.currencies for one in amounts(f"{code} 1.50", "1,234.56")] == [{code}] for code in CODES)

    def test_currencies(self):
        """What names one: not a sign that several countries use."""
        assert [one.value for one in currencies("R$ 3, EUR, Euro, $, kr, INRX, HK$")] == ["BRL", "EUR", "EUR", "HKD"]

    @pytest.mark.parametrize(
        ("shown", "value"),
        [
            *((f"{dash}100.00", "-100.00") for dash in "-\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"),
            *((f"{mark}100.00", "-100.00") for mark in ("-$", "-$ ", "-USD ", "$-", "USD -", "(-)", "-USD")),
            *((f"100.00{mark}", "-100.00") for mark in ("-", " USD-", "(-)")),
            *(
                (f"{mark}100.00", None)
                for mark in ("- ", "- USD ", "USD - ", "(-) ", "\u2014 ", "minus ", "CR ", "Net-", "<")
            ),
            *(
                (f"100.00{mark}", None)
                for mark in (
                    " -",
                    " (-)",
                    " CR",
                    " (CR)",
                    " [Cr.]",
                    "; CR",
                    "Cr.",
                    " credit",
                    "M",
                    "kg",
                    " Lakh",
                    "   CR",
                )
            ),
            *(
                (shown, None)
                for shown in ("( 100.00 )", "( $100.00 )", "($ 100.00)", "(Net 100.00)", "[100.00]", "-100.00-")
            ),
            *(
                (shown, "100.00")
                for shown in ("(EUR) 100.00", "= 100.00", "100.00*", "~100.00", "100.00 (net)", "#100.00")
            ),
            ("100.00  -  5", "100.00"),
        ],
    )
    def test_signs(self, shown, value):
        """A minus is told, whatever it is printed with; what may be one leaves the amount untold, and never positive."""
        found = next(amounts(f"Total: {shown}", "1,234.56"))
        assert found.value == (value and Decimal(value))

    @pytest.mark.parametrize("shown", ["(10.00)", "($10.00)", "- 10.00", "10.00 CR", "-10.00", "10.00"])
    def test_unsigned(self, shown):
        """A discount is one with or without a minus, however it is printed."""
        assert [one.value for one in amounts(shown, "1,234.56", signed=False)] == [Decimal("10.00")]

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("TVA 20 200,00", None),
            ("Total 2 500,00", None),
            ("Total 2\u00a0500,00", "2500.00"),
            ("Total: 2 500,00", "2500.00"),
            ("Total   2 500,00", "2500.00"),
            ("Total EUR 2 500,00", "2500.00"),
            ("2 500,00", "2500.00"),
            ("Total 500,00", "500.00"),
        ],
    )
    def test_groups_with_blanks(self, text, value):
        """Digits before a blank may be a rate or a quantity, unless nothing but the number can begin there."""
        assert [one.value for one in amounts(text, "1 234,56")] == [value and Decimal(value)]

    def test_unspaced_letters(self):
        """Where words are written without blanks a letter right at an amount is a word of its own."""
        (found,) = amounts("合計100.00円", "1,234.56")
        assert (found.value, found.currencies) == (Decimal("100.00"), {"JPY"})


def _indian(units: int) -> str:
    head, tail = divmod(units, 1000)
    if not head:
        return str(tail)
    pairs = []
    while head:
        head, pair = divmod(head, 100)
        pairs.append(f"{pair:02}")
    return f"{','.join(reversed(pairs)).lstrip('0')},{tail:03}"
