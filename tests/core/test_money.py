import re
from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core.money import parse_amount

_PLAIN = st.from_regex(r"[+-]?(0|[1-9][0-9]{0,19})(\.[0-9]{1,6})?", fullmatch=True)
_BIGGEST = Decimal("9999999999999999.99")


class TestParseAmount:
    """Amounts as texts."""

    @given(_PLAIN)
    def test_oracle(self, text: str) -> None:
        """A plain decimal is accepted exactly where two decimals and sixteen digits hold it, and then has its value."""
        exact = Decimal(text)
        fits = abs(exact) <= _BIGGEST and exact == round(exact, 2)
        try:
            amount = parse_amount(text)
        except ValueError:
            assert not fits
        else:
            assert fits
            assert amount == exact
            assert amount.as_tuple().exponent == -2

    @given(st.text() | st.text("0123456789.+-eE, _", max_size=12))
    def test_any_text(self, text: str) -> None:
        """Any text is an amount of the value Decimal reads in it, or a ValueError."""
        try:
            amount = parse_amount(text)
        except ValueError:
            return
        assert amount == Decimal(text)
        assert amount.is_finite()

    @pytest.mark.parametrize(
        "text",
        ["", " ", "1.", ".5", "1,50", "1.234,56", "12.505", "1e3", "1_000", "NaN", "Infinity", "-", "٣", "1.0 ", "1\n"],
    )
    def test_refused(self, text: str) -> None:
        """What is no plain decimal with a dot, or would lose a digit, is refused."""
        with pytest.raises(ValueError, match="is no amount with a decimal point and at most 2 decimals"):
            parse_amount(text)

    @given(_PLAIN, st.sampled_from([(18, 4), (24, 10)]))
    def test_other_scales(self, text: str, scale: tuple[int, int]) -> None:
        """With other digits and places the law is the same."""
        digits, places = scale
        exact = Decimal(text)
        fits = abs(exact) < 10 ** (digits - places) and exact == round(exact, places)
        try:
            amount = parse_amount(text, digits=digits, places=places)
        except ValueError:
            assert not fits
        else:
            assert fits
            assert (amount, amount.as_tuple().exponent) == (exact, -places)

    @given(st.decimals(-_BIGGEST, _BIGGEST, places=2))
    def test_round_trip(self, amount: Decimal) -> None:
        """Every amount that fits comes back from its text."""
        assert parse_amount(f"{amount:f}") == amount

    @given(
        st.from_regex(r"[A-Za-zÀ-ÿ]{2}[A-Za-zÀ-ÿ ]{0,20}", fullmatch=True)
        | st.sampled_from(
            ["123.456.789-09", "12.345.678/0001-95", "4111 1111 1111 1111", "+55 11 91234-5678", "Maria 5"]
        )
    )
    def test_no_name_is_shown(self, text: str) -> None:
        """A text that could be a name or a person's number is described by its length, not shown."""
        with pytest.raises(ValueError, match=f"^a text of {len(text)} characters is no amount"):
            parse_amount(text)

    @pytest.mark.parametrize("text", ["", "12.505", "1,50", "1.234,56", "-1.234.567,8", "1e3", "1.", ".5"])
    def test_evidence(self, text: str) -> None:
        """A mistyped amount is shown."""
        with pytest.raises(ValueError, match=f"^{re.escape(repr(text))} is no amount"):
            parse_amount(text)

    def test_a_small_precision(self) -> None:
        """A caller's decimal context changes no digit."""
        with localcontext(Context(prec=3)):
            assert parse_amount("123456.78").as_tuple().digits == (1, 2, 3, 4, 5, 6, 7, 8)
