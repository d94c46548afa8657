"""The TOML in which a person writes a layout."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layout_samples import INVOICE, LAYOUT, TOML, read

from spapi_invoices.documents.layout_fields import FIELDS, Field
from spapi_invoices.documents.layout_file import FIELD_KEYS, KEYS, parse_layout
from spapi_invoices.errors import SettingsInvalid


class TestFile:
    """The TOML that a person writes."""

    def test_a_layout(self):
        """What is left out has the default, and what is written is in the layout."""
        assert (LAYOUT.unless, LAYOUT.document_type, LAYOUT.months[0]) == (("Gutschrift",), "invoice", "January")
        assert [field.name for field in LAYOUT.fields if not field.required] == ["shipping_amount"]
        assert LAYOUT.fields[3] == Field("total_amount", "beside", ("Gesamtbetrag", "Endbetrag"), "", required=True)

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("numbers", "nombers", "line 4: nombers is no key: give any of match, "),
            ("numbers", "#", "numbers is missing"),
            ('"1.234,56"', '"1.000,00"', 'line 4: numbers is none of "1,234.56", '),
            ('"dd.mm.yyyy"', '"dd.mm"', "line 5: dates has no year"),
            ('"dd.mm.yyyy"', '"d/d/m/yyyy"', "line 5: dates has more than one day"),
            (
                '"dd.mm.yyyy"',
                '"mmm d yy"\nmonths = ["j1","jui1","jui2","4","5","6","7","8","9","10","11","12"]',
                "line 5: dates cannot tell",
            ),
            ("unless", "months", "line 3: months is no list of twelve names"),
            ('unless = "Gutschrift"', "unless = []", "line 3: unless is no text"),
            ('unless = "Gutschrift"', "months = 3", "line 3: months is no list"),
            ("[fields.currency]", "[fields.money]", "line 13: fields.money is no field: give any of invoice_number, "),
            ("[fields.currency]", "[fields.money]", "[fields.currency] is missing"),
            ('value = "EUR"', 'value = "Euro"', "line 14: fields.currency.value is no code of ISO 4217"),
            ('value = "EUR"', 'value = "EUR"\noptional = true', "line 15: fields.currency.optional cannot be true"),
            ('below = "Datum"', 'value = "1"', "line 11: fields.issue_date.value cannot be the same on every invoice"),
            ('below = "Datum"', 'below = " "', "line 11: fields.issue_date.below is no text"),
            ('below = "Datum"', 'below = "a"\nbeside = "b"', "line 10: fields.issue_date has beside and below of"),
            (
                'below = "Datum"',
                'which = "first"',
                "line 10: fields.issue_date has none of beside, below, regex, value",
            ),
            (
                'below = "Datum"',
                'below = "a"\nwhich = 1',
                'line 12: fields.issue_date.which is none of "first", "last"',
            ),
            ('below = "Datum"', 'below = "a"\noptional = "no"', "line 12: fields.issue_date.optional is neither"),
            ('below = "Datum"', "regex = '(a'", "line 11: fields.issue_date.regex is no expression: unclosed group"),
            ('below = "Datum"', "regex = 'a'", "line 11: fields.issue_date.regex has 0 groups in (brackets), not one"),
            ('below = "Datum"', "regex = '(?=a)(b)'", "is no expression: look-around"),
            ('below = "Datum"', 'value = "EUR"', "line 11: fields.issue_date.value cannot be the same"),
            (
                'beside = "Rechnungsnummer"',
                'value = "X1"',
                "fields.invoice_number.value cannot be the same on every invoice",
            ),
            (
                'value = "EUR"',
                'value = "EUR"\nwhich = "first"',
                "line 15: fields.currency.which means nothing beside value",
            ),
            ('unless = "Gutschrift"', 'unless = "\\u0000"', "line 3: unless has a sign that cannot be printed"),
            (
                'unless = "Gutschrift"',
                'months = ["a","b","c","d","mayo","f","g","h","i","j","k","Mayo"]',
                "line 3: months has a name twice",
            ),
            ('unless = "Gutschrift"', f"unless = {'[' * 5000}", "brackets are nested too deep"),
            ('below = "Datum"', "below =", "Invalid value (at line 11, column 8)"),
            ("[fields.currency]", "[fields]\ncurrency = 1\n[x]", "line 13: fields has no tables. Write [fields.NAME]"),
        ],
    )
    def test_flaws(self, old, new, said):
        """Each names its line, its field and what would be right."""
        with pytest.raises(SettingsInvalid) as caught:
            parse_layout(TOML.replace(old, new, 1), "mueller")
        assert said in str(caught.value)
        assert str(caught.value).startswith("layout mueller: ")
        assert str(caught.value).endswith(". Next: mend the file")

    def test_all_flaws_at_once(self):
        """In the order of the lines, so that one look at the file mends them."""
        with pytest.raises(SettingsInvalid, match=r"line 3: .*; line 4: .*; line 11: ") as caught:
            parse_layout(TOML.replace("unless", "x").replace("1.234,56", "?").replace("below", "y"), "mueller")
        assert str(caught.value).count("line ") == 4

    def test_a_name_for_the_column(self):
        """A name is a file's, with blanks and all; one that would break a message's line is refused."""
        assert parse_layout(TOML, "Müller & Söhne (neu)").name == "Müller & Söhne (neu)"
        with pytest.raises(SettingsInvalid, match="cannot be printed"):
            parse_layout(TOML, "a\nb")

    def test_a_picture_in_capitals(self):
        """DD.MM.YYYY is what dd.mm.yyyy is."""
        layout = parse_layout(TOML.replace("dd.mm.yyyy", "DD.MM.YYYY"), "mueller")
        assert read(layout, INVOICE).issue_date == date(2026, 10, 5)

    def test_every_currency(self):
        """An invoice in any currency of ISO 4217 has a layout."""
        assert read(parse_layout(TOML.replace("EUR", "HKD"), "x"), INVOICE.replace("€", "HK$")).currency == "HKD"

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from([*(key.name for key in (*KEYS, *FIELD_KEYS)), *FIELDS]), inner, max_size=4
                )
            ),
        )
    )
    def test_any_content(self, content):
        """Whatever a file holds is a layout or is refused by name."""
        text = (
            "\n".join(f"{key} = {_toml(value)}" for key, value in content.items()) if isinstance(content, dict) else "x"
        )
        try:
            said = repr(parse_layout(text, "any"))
        except SettingsInvalid as error:
            said = str(error)
        assert said.startswith(("Layout(name='any'", "layout any: "))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps("" if value is None else value)
