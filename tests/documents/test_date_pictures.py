"""How documents write dates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.documents.date_pictures import MONTHS, dates, picture_flaw


class TestDates:
    """How dates are written."""

    @pytest.mark.parametrize(
        ("picture", "shown"),
        [
            ("dd.mm.yyyy", "05.10.2026"),
            ("d.m.yy", "5.10.26"),
            ("mm/dd/yyyy", "10/05/2026"),
            ("yyyymmdd", "20261005"),
            ("dd-mmm-yyyy", "05-Oct-2026"),
            ("mmmm d, yyyy", "OCTOBER  5,  2026"),
            ("d de mmmm de yyyy", "5 de october de 2026"),
        ],
    )
    def test_pictures(self, picture, shown):
        """A picture reads what looks like it, at the borders of words only."""
        assert picture_flaw(picture) is None
        assert [one.value for one in dates(f"Date:{shown}, 99{shown} {shown}1", picture)] == [date(2026, 10, 5)]

    @given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
    def test_round_trip(self, day):
        """Any day that is written as the picture says is read back."""
        months = (*("ene", "febrero", "marzo", "abril", "mayo", "junio"), *("7", "ago.", "sept", "oct", "nov", "dez"))
        shown = {
            "dd.mm.yyyy": f"{day:%d.%m.%Y}",
            "d/m/yy": f"{day.day}/{day.month}/{day:%y}",
            "d mmmm yyyy": f"{day.day} {months[day.month - 1]} {day.year}",
        }
        assert [one.value for picture, text in shown.items() for one in dates(text, picture, months)] == [day] * 3

    def test_no_such_day(self):
        """A date that no calendar has is not told, and is not passed over."""
        assert [one.value for one in dates("31.06.2026", "dd.mm.yyyy")] == [None]

    @pytest.mark.parametrize(
        ("picture", "shown"),
        [
            ("DD.MM.YYYY", "05.10.2026"),
            ("dth mmmm yyyy", "5th October 2026"),
            ("mmmm dth, yyyy", "October 5TH, 2026"),
            ("yyyy年m月d日", "2026年10月5日"),
            ("yyyy년 m월 d일", "2026년 10월 5일"),
        ],
    )
    def test_more_pictures(self, picture, shown):
        """Capitals do not matter, a day may be an ordinal, and signs that are no letters of the picture stand for themselves."""
        assert picture_flaw(picture) is None
        assert [one.value for one in dates(f"日{shown}", picture)] == [date(2026, 10, 5)]

    def test_a_name_that_begins_another(self):
        """A month whose name is the beginning of another's is itself where names are whole, and not told by three letters."""
        months = (*MONTHS[:9], "Mar", *MONTHS[10:])
        assert [one.value for one in dates("5 Mar 2026, 5 March 2026", "d mmmm yyyy", months)] == [
            date(2026, 10, 5),
            date(2026, 3, 5),
        ]
        assert picture_flaw("d mmm yyyy", months) == "cannot tell the months by three letters"
