"""The first draft of a layout."""

import tomllib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layout_samples import INVOICE, read

from spapi_invoices.documents.layout_draft import draft
from spapi_invoices.documents.layout_file import parse_layout
from spapi_invoices.documents.layouts import REQUIRED, missing_words
from spapi_invoices.documents.page_lines import lines


class TestDraft:
    """The first draft."""

    @pytest.mark.parametrize(
        "text",
        [
            INVOICE.replace("Müller  &", "Müller &"),
            "ACME Inc.\nInvoice No. A-17    Invoice Date: 10/25/2026\nNet 10.00\nTotal USD 1,012.50",
            "ACME\nFatura\nNúmero da fatura   Data\nF/17               25-10-2026\nTotal a pagar   R$ 1.012,50",
            "ACME\nTax Invoice\nOrder Date: 24.10.2026 Invoice Number: B-1\nInvoice Date: 25.10.2026\nTOTAL: Rs.18.00 Rs.1,18,224.00",
        ],
    )
    def test_a_draft_reads_its_document(self, text):
        """Of common invoices all that is required is guessed, so the draft is a layout that reads it in full."""
        layout = parse_layout(draft(lines(text.encode())), "draft")
        assert missing_words(layout, lines(text.encode())) == ()
        found = read(layout, text)
        assert found.problem is None
        assert None not in {getattr(found, name) for name in REQUIRED}

    @pytest.mark.parametrize(
        ("dated", "wanted"),
        [
            ("Rechnungsdatum: 5. Oktober 2026", date(2026, 10, 5)),
            ("Date d'émission : 5 août 2026", date(2026, 8, 5)),
            ("Data de emissão: 5 de março de 2026", date(2026, 3, 5)),
            ("Invoice date: October 5th, 2026", date(2026, 10, 5)),
            ("Invoice date: May 5, 2026", date(2026, 5, 5)),
            ("Fecha: 5 de mayo de 2026", date(2026, 5, 5)),
        ],
    )
    def test_months_in_words(self, dated, wanted):
        """A date with the month's name is guessed in several languages, and the draft has the names that reading it needs."""
        text = f"ACME\nInvoice No 7\n{dated}\nTotal € 6.00"
        found = read(parse_layout(draft(lines(text.encode())), "draft"), text)
        assert (found.issue_date, found.problem) == (wanted, None)

    def test_the_total_is_not_the_largest(self):
        """Before a discount there was more; and the words of a field have no currency."""
        text = "ACME\nFatura nº 7\nData: 05.03.2026\nSubtotal: R$ 1.100,00\nDesconto: R$ 10,00\nTOTAL: R$ 1.090,00"
        made = draft(lines(text.encode()))
        assert read(parse_layout(made, "draft"), text).total_amount == Decimal("1090.00")
        assert 'beside = "TOTAL"' in made

    def test_a_title_is_no_label(self):
        """The number stands under the words that speak of it, and not under the page's title."""
        text = "Acme Inc.   INVOICE\n\nInvoice #   Date\nINV-10023   2026-10-05\nWidget      12-X\nTotal USD 5.00"
        made = draft(lines(text.encode()))
        assert read(parse_layout(made, "draft"), text).invoice_number == "INV-10023"
        assert "Invoice #" in made

    def test_it_guesses_right(self):
        """The invoice's date and not the order's, the largest amount, the currency it is marked with."""
        text = "ACME\nInvoice\nOrder Date 24.10.2026\nInvoice Date 25.10.2026\nInvoice No 7\nNet 5.00\nTotal € 6.00"
        found = read(parse_layout(draft(lines(text.encode())), "draft"), text)
        assert (found.invoice_number, found.issue_date) == ("7", date(2026, 10, 25))
        assert (found.total_amount, found.currency) == (Decimal("6.00"), "EUR")

    def test_a_value_right_at_other_signs(self):
        """A date that begins within a word has its heading above that word."""
        text = "ACME\nIssued\n1:2026-10-05\nInvoice 7a\nTotal EUR 1.00"
        assert 'below = "Issued"' in draft(lines(text.encode()))

    def test_a_date_is_no_number(self):
        """What stands beside the first likely words may be something else: then the next are tried."""
        text = "ACME\nRechnung\nRechnungsdatum: 05.10.2026\nNr. 7\nSumme 5,00 EUR"
        assert read(parse_layout(draft(lines(text.encode())), "draft"), text).invoice_number == "7"

    @given(
        st.text(max_size=200)
        | st.lists(
            st.sampled_from(
                ["Total", '"', "\\", "'", "#", "[x]", "1.00", "=", "Invoice No", "\n", "€", "2026-01-31", "A-1"]
            )
        ).map(" ".join)
    )
    def test_any_text(self, text):
        """A draft is TOML and a layout whatever stands in the document, and shows no sign that a terminal would obey."""
        made = (
            draft(lines(text.encode("utf-8", "replace"))) if not text.startswith(("<", "^XA", "PK", "%")) else draft(())
        )
        tomllib.loads(made)
        assert parse_layout(made, "draft").name == "draft"
        assert made.replace("\n", "").isprintable()
