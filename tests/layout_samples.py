"""An invoice, the layout that reads it, and how the tests of layouts read with one."""

from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.layout_fields import Field, Layout
from spapi_invoices.documents.layout_file import parse_layout
from spapi_invoices.documents.layouts import Outcome, facts, outcomes
from spapi_invoices.documents.page_lines import lines

TOML = """
match = ["Müller & Söhne", "rechnung"]
unless = "Gutschrift"
numbers = "1.234,56"
dates = "dd.mm.yyyy"

[fields.invoice_number]
beside = "Rechnungsnummer"

[fields.issue_date]
below = "Datum"

[fields.currency]
value = "EUR"

[fields.total_amount]
beside = ["Gesamtbetrag", "Endbetrag"]

[fields.tax_amount]
regex = 'MwSt\\. +(.+)'

[fields.shipping_amount]
beside = "Versand"
optional = true
"""
INVOICE = """
Müller  &  Söhne GmbH                Stuttgart
Rechnung
Rechnungsnummer: RE-2026/15.        Kundennummer 17

Datum            Bestellung
05.10.2026       304-1234567-7654321

Nettobetrag                         1.000,00 €
zzgl. 19,00 % MwSt.                   190,00 €
Endbetrag                           1.190,00 €
"""
LAYOUT = parse_layout(TOML, "mueller")


def read(layout: Layout, text: str) -> Facts:
    """What a text states."""
    return facts(layout, lines(text.encode()))


def outcome(text: str, field: Field, **ways: str) -> Outcome:
    """What becomes of one field in a text."""
    layout = Layout(name="one", match=("x",), fields=(field,), **{"numbers": "1,234.56", "dates": "yyyy-mm-dd"} | ways)
    return outcomes(layout, lines(text.encode()))[0]
