"""Layouts: what is found beside, below and by an expression, and what is not taken."""

import pickle
import re
import unicodedata
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from conftest import ROOT
from layout_samples import INVOICE, LAYOUT, TOML, outcome, read

from spapi_invoices.documents.layout_fields import BELOW, BETWEEN, LONGEST, MOST, Field, Layout
from spapi_invoices.documents.layout_file import parse_layout
from spapi_invoices.documents.layouts import REQUIRED, layout_reader, missing_words, nearest, outcomes
from spapi_invoices.documents.page_lines import LARGEST, lines
from spapi_invoices.documents.reader import read_document


class TestFacts:
    """What an invoice states."""

    def test_all_is_found(self):
        """Beside, below, by the second of two words and by an expression; order ids without being asked for."""
        found = read(LAYOUT, INVOICE)
        assert (found.invoice_number, found.issue_date, found.currency) == ("RE-2026/15", date(2026, 10, 5), "EUR")
        assert (found.total_amount, found.tax_amount, found.shipping_amount) == (
            Decimal("1190.00"),
            Decimal("190.00"),
            None,
        )
        assert (found.order_ids, found.document_type) == (("304-1234567-7654321",), "invoice")
        assert (found.problem, found.findings) == (None, ())

    @pytest.mark.parametrize("name", REQUIRED)
    def test_without_a_required_field_there_is_no_amount(self, name):
        """It is named, with the layout; what was found beside amounts stays, so that a person can find the invoice."""
        hidden = {"invoice_number": "nummer", "issue_date": "05.10", "total_amount": "1.190", "currency": "€"}[name]
        toml = TOML.replace('value = "EUR"', 'beside = "Endbetrag"')
        found = read(parse_layout(toml, "mueller"), INVOICE.replace(hidden, "?"))
        assert (found.total_amount, found.tax_amount) == (None, None)
        assert found.findings == ("field_missing",)
        assert found.problem.startswith(f"layout mueller: {name} not found: ")
        assert (
            "; no amount is taken. Next: see it with spapi-invoices documents layout explain mueller.toml DOCUMENT"
            in found.problem
        )
        assert {field for field in REQUIRED if getattr(found, field) is None} == {name, "total_amount"}

    def test_a_field_may_be_declared_as_one_that_may_be_missing(self):
        """Then the amounts are taken, and nothing is said."""
        layout = parse_layout(TOML.replace('"Datum"', '"Datum"\noptional = true'), "mueller")
        found = read(layout, INVOICE.replace("05.10.2026", ""))
        assert (found.total_amount, found.issue_date, found.problem) == (Decimal("1190.00"), None, None)

    def test_what_the_layout_names_is_required(self):
        """A field that vanishes is said, and no amount is taken: the issuer prints it in another way now."""
        found = read(LAYOUT, INVOICE.replace("MwSt", "Steuer"))
        assert (found.tax_amount, found.total_amount, found.findings) == (None, None, ("field_missing",))
        assert "tax_amount not found" in found.problem

    def test_marks_that_contradict(self):
        """The same amount in two currencies is in neither, wherever the second stands."""
        found = read(LAYOUT, f"{INVOICE}Gesamtbetrag 1.190,00 USD")
        assert (found.total_amount, found.findings) == (None, ("field_unclear",))

    def test_an_unclear_field_that_may_be_missing_is_said(self):
        """It is left out by name, and the other amounts stay."""
        found = read(LAYOUT, f"{INVOICE}Versand 5,00\nVersand 6,00")
        assert (found.shipping_amount, found.total_amount) == (None, Decimal("1190.00"))
        assert found.findings == ("field_unclear",)
        assert "shipping_amount has 2 different values (page 1, line 9; page 1, line 10)" in found.problem

    def test_a_layout_that_finds_nothing_no_longer_fits(self):
        """It says so, and states nothing, not even what it would state of itself."""
        found = read(LAYOUT, "Müller & Söhne: Rechnung")
        assert found.problem.startswith("layout mueller no longer fits")
        assert (found.findings, found.currency, found.total_amount) == (("layout_misfits",), None, None)

    def test_two_invoices_in_a_document_are_told(self):
        """Different values of a field are none: no total of one goes with the number of another."""
        found = read(LAYOUT, INVOICE + INVOICE.replace("RE-2026/15", "RE-2026/16"))
        assert (found.invoice_number, found.total_amount) == (None, None)
        assert "invoice_number has 2 different values" in found.problem

    def test_another_currency_than_the_layouts(self):
        """An amount that is marked with another currency is not taken as if it were in the layout's."""
        found = read(LAYOUT, INVOICE.replace("1.190,00 €", "1.190,00 USD"))
        assert found.total_amount is None
        assert "total_amount is marked with another currency than EUR (page 1, line 8)" in found.problem

    def test_a_problem_quotes_nothing_of_the_document(self):
        """It names the layout's words and places: what stands there may be a person's name."""
        text = INVOICE.replace("RE-2026/15.", "Secret").replace("1.190,00 €", "(1.190,00) Secret")
        assert "Secret" not in read(LAYOUT, text).problem


class TestMatch:
    """Which documents a layout is for."""

    @pytest.mark.parametrize(
        ("text", "missing"),
        [
            (INVOICE, ()),
            (INVOICE.upper(), ()),
            ("Rechnung", ('"Müller & Söhne"',)),
            (f"{INVOICE}Gutschrift", ('not "Gutschrift"',)),
            ("", ('"Müller & Söhne"', '"rechnung"')),
        ],
    )
    def test_words(self, text, missing):
        """All of ``match`` and none of ``unless``, however spaced and in capitals or not."""
        assert missing_words(LAYOUT, lines(text.encode())) == missing

    @pytest.mark.parametrize(
        ("words", "text", "claimed"),
        [
            ("Arc", "Research", False),
            ("Arc", "(Arc)", True),
            ("Müller", unicodedata.normalize("NFD", "Müller"), True),
            (unicodedata.normalize("NFD", "Müller"), "MÜLLER", True),
            ("Straße", "STRASSE", True),
            ("Strasse", "Straße", True),
            ("Buyer's e-mail", "buyer\u2019s e\u2011mail", True),
            ("Office", "Oﬃce", True),
            ("合計", "ご請求合計金額", True),
        ],
    )
    def test_words_are_whole_however_they_are_printed(self, words, text, claimed):
        """Words are those of a person: not a part of another word, and the same in any typography and encoding."""
        layout = Layout(name="one", match=(words,), fields=(), numbers="1,234.56", dates="yyyy-mm-dd")
        assert layout_reader(layout).claims(text.encode("utf-8")) is claimed
        assert layout_reader(layout).claims(text.encode("utf-16")) is claimed

    def test_unless_is_whole_words(self):
        """An accredited issuer is no credit note."""
        layout = Layout(name="one", match=("A",), unless=("credit",), fields=(), numbers="1,234", dates="d.m.yy")
        assert [layout_reader(layout).claims(text) for text in (b"A accredited", b"A Credit note")] == [True, False]

    def test_what_is_no_document_with_lines_is_not_claimed(self):
        """An image, a broken PDF, an archive: another reader says what is wrong with it."""
        reader = layout_reader(LAYOUT)
        assert not any(
            map(reader.claims, [b"\x89PNG\r\n\x1a\n", b"%PDF-1.4 broken", b"PK\x03\x04", b"\xff\xfe\xfd", b""])
        )

    def test_the_first_of_two_reads(self):
        """Two layouts that match: the order of the readers decides, and the row says which it was."""
        readers = [layout_reader(parse_layout(TOML, name)) for name in ("a", "b")]
        assert [read_document(INVOICE.encode(), order).reader for order in (readers, readers[::-1])] == [
            "layout:a",
            "layout:b",
        ]

    def test_a_reader_can_go_to_another_process(self):
        """A layout's reader is pickled, as that of any module is, and reads the same there."""
        reader = layout_reader(LAYOUT)
        assert pickle.loads(pickle.dumps(reader)).read(INVOICE.encode()) == reader.read(INVOICE.encode())


class TestFields:
    """One field: where it is looked for, and what is not taken."""

    @pytest.mark.parametrize(
        ("text", "label", "value"),
        [
            ("Invoice No. 4711", "Invoice No.", "4711"),
            ("Invoice No.4711", " Invoice No. ", "4711"),
            ("invoice\tNO :  # 4711, of today", "Invoice No", "4711"),
            ("(Invoice A-1)", "Invoice", "A-1"),
            ("Invoice follows\nInvoice 4711", "Invoice", "4711"),
            ("Invoices 4711", "Invoice", None),
            ("Invoice number 4711", "Invoice", None),
            ("Invoice\n4711", "Invoice", None),
            ("A 1\nA 1", "A", "1"),
            ("A 1\nA 2", "A", None),
        ],
    )
    def test_identifiers_beside(self, text, label, value):
        """The word right beside the words, with a digit, without the signs around it; the same everywhere, or none."""
        assert outcome(text, Field("invoice_number", "beside", (label,))).value == value

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("No    Total\n17    12.50", "12.50"),
            ("Net      Total  Paid\n1.00     12.50  13.00", "12.50"),
            ("Net      Total due\n\n(EUR)\n         EUR 12.50", "12.50"),
            ("Total\n12.50 13.00", None),
            ("Item    Amount Total\nWidget  100.00\nGadget   50.00", None),
            ("Item    Total\nWidget  100.00\nGadget   50.00\nTotal   150.00", None),
            ("Item    Total\nWidget  100.00" + "\n blue" * (BETWEEN - 1) + "\nGadget   50.00", None),
            ("Item    Total\nWidget  100.00\nGadget  100.00", "100.00"),
            ("Total\n1.00\nTotal\n1.00", "1.00"),
            ("Total: 1.00\nTotal: 2.00", None),
            ("Sign    Total\n-       100.00", None),
            ("Total" + "\n." * BELOW + "\n12.50", None),
            ("12.50\nTotal", None),
        ],
    )
    def test_amounts_below(self, text, value):
        """The column under the words, on the first line that has one, a few lines down and no more."""
        found = outcome(text, Field("total_amount", "below", ("Total",)))
        assert found.value == (None if value is None else Decimal(value))

    @pytest.mark.parametrize(("which", "value"), [("", None), ("first", "100.00"), ("last", "150.00")])
    def test_a_tables_rows_are_several_values(self, which, value):
        """Which of them is meant is said in the layout, or none is taken."""
        text = "Item    Amount\nWidget  100.00\n  blue\nGadget   50.00\n\nGrand   150.00"
        found = outcome(text, Field("total_amount", "below", ("Amount",), which))
        assert found.value == (value and Decimal(value))

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("Total due: 100.00\nAmount due: 90.00", None),
            ("Amount due: 100.00\nTotal due: 100.00", "100.00"),
            ("Amount due: 100.00", "100.00"),
        ],
    )
    def test_several_words(self, text, value):
        """All that are there must lead to the same: half of a tax is no tax."""
        found = outcome(text, Field("total_amount", "beside", ("Total due", "Amount due")))
        assert found.value == (value and Decimal(value))

    def test_which_goes_by_the_page(self):
        """First and last are where they stand, and not in the order of the words in the layout."""
        words = ("Total due", "Amount due")
        found = [
            outcome("Amount due: 90.00\nTotal due: 100.00", Field("total_amount", "beside", words, which)).value
            for which in ("first", "last")
        ]
        assert found == [Decimal("90.00"), Decimal("100.00")]

    def test_too_many_places(self):
        """No field of an invoice stands in so many: it is not looked at further, and is said."""
        found = outcome("Total 1.00\n" * (MOST + 1), Field("total_amount", "beside", ("Total",)))
        assert (found.finding, found.problem) == (
            "field_unclear",
            "may stand in more than 1,000 places: add more words",
        )

    def test_below_ends_with_the_page(self):
        """What stands at the top of the next page is not below the last line of this one."""
        from reportlab.pdfgen.canvas import Canvas

        target = BytesIO()
        canvas = Canvas(target)
        canvas.drawString(50, 50, "Total")
        canvas.showPage()
        canvas.drawString(50, 800, "12.50")
        canvas.save()
        field = Field("total_amount", "below", ("Total",))
        layout = Layout(name="one", match=("x",), fields=(field,), numbers="1,234.56", dates="yyyy-mm-dd")
        found = lines(target.getvalue())
        assert [(line.page, line.text) for line in found] == [(1, "Total"), (2, "12.50")]
        assert outcomes(layout, found)[0].finding == "field_missing"

    def test_an_identifier_below_is_the_word_right_there(self):
        """Where two columns stand so close that they look like one, the word under the words counts."""
        assert outcome("No. Order\nA-1 T-7", Field("purchase_order_number", "below", ("Order",))).value == "T-7"

    @pytest.mark.parametrize(("which", "value"), [("", None), ("first", "1.00"), ("last", "3.00")])
    def test_which(self, which, value):
        """Of several different values none is taken unless the layout says which."""
        found = outcome("Total 1.00 2.00\nTotal: 3.00", Field("total_amount", "beside", ("Total",), which))
        assert found.value == (None if value is None else Decimal(value))

    def test_an_unclear_amount_is_not_passed_over_in_favour_of_a_clear_one(self):
        """One that may be negative and one that is not are two values."""
        assert outcome("Total (1.00) 2.00", Field("total_amount", "beside", ("Total",))).finding == "field_unclear"

    @pytest.mark.parametrize("shown", ["2.00", "-2.00", "2.00-", "(2.00)", "($2.00)", "- 2.00", "2.00 CR"])
    def test_a_discount_is_positive(self, shown):
        """As in the table, whether the document prints a minus or not."""
        assert outcome(f"Less {shown}", Field("discount_amount", "beside", ("Less",))).value == Decimal("2.00")

    def test_words(self):
        """A text without digits is the rest of its column."""
        assert (
            outcome("Place of supply: Tamil Nadu   IN", Field("place_of_supply", "beside", ("Place of supply",))).value
            == "Tamil Nadu"
        )

    @pytest.mark.parametrize(
        ("name", "regex", "value"),
        [
            ("seller_tax_id", r"VAT +(DE [\d ]+)", "DE 123 456 789"),
            ("total_amount", r"^Sum +(.+)$", Decimal("12.50")),
            ("issue_date", r"of (\S+)", date(2026, 10, 5)),
            ("currency", r"in (\w+)", "EUR"),
            ("invoice_number", r"(Sum)", None),
            ("total_amount", r"Sum (12\.5)", None),
        ],
    )
    def test_regex(self, name, regex, value):
        """The group of the expression is read as the field's kind is, and must have one."""
        text = "VAT DE 123 456 789\nSum 12.50\nof 2026-10-05 in EUR"
        assert outcome(text, Field(name, "regex", (regex,))).value == value

    @pytest.mark.parametrize(
        ("text", "regex", "value"),
        [
            ("Total: 100.005", r"Total: ([0-9,]+\.[0-9][0-9])", None),
            ("Total: -100.00", r"Total: -?([0-9,.]+)", "-100.00"),
            ("Total: (100.00)", r"Total: \(([0-9,.]+)\)", None),
            ("Total: USD 100.00", r"Total: USD ([0-9,.]+)", "100.00"),
            ("Net 1.00  Net 2.00", r"Net ([0-9.]+)", None),
            ("Net 1.00  Net 1.00", r"Net ([0-9.]+)", "1.00"),
            ("1.00 Net 1.00", r"Net ([0-9.]+)", "1.00"),
            ("Net: ", r"Net:( [0-9.]+)?", None),
        ],
    )
    def test_an_amount_by_regex_is_one_by_all_rules(self, text, regex, value):
        """What stands around the group counts, and every match of a line."""
        assert outcome(text, Field("total_amount", "regex", (regex,))).value == (value and Decimal(value))

    def test_another_currency_outside_of_the_group(self):
        """An expression that leaves the currency out does not make it the invoice's."""
        layout = parse_layout(TOML.replace("MwSt\\. +(.+)", "MwSt. +EUR ([0-9,]+)"), "mueller")
        text = INVOICE.replace("              190,00 €", "EUR 190,00")
        assert read(layout, text).tax_amount == Decimal("190.00")
        assert read(layout, text.replace("EUR", "USD")).problem is not None
        layout = parse_layout(TOML.replace("MwSt\\. +(.+)", "MwSt. +USD ([0-9,]+)"), "mueller")
        assert "tax_amount is marked with another currency" in read(layout, text.replace("EUR", "USD")).problem

    def test_no_expression_takes_long(self):
        """An expression that others need 2**1000 steps for is done at once, and a longer line is passed over."""
        found = outcome(f"No 1\nNo 2{'.' * LONGEST}", Field("invoice_number", "regex", (r"^No (\d)",)))
        assert found.value == "1"
        for sign in ("a" * (LONGEST - 1) + "!", "a" * 100_000 + "!"):
            assert outcome(sign, Field("invoice_number", "regex", (r"^((a+)+)+$",))).finding == "field_missing"

    @pytest.mark.parametrize("how", ["beside", "below", "regex"])
    @pytest.mark.parametrize("sign", ["Total 1.00 ", "Total ", "1", "a", "1 ", "1,", "(", "-", "Total\n1.00\n"])
    def test_no_text_takes_long(self, how, sign):
        """A text that is made to be slow is not: its cost grows with its length alone."""
        what = "Total (.*)" if how == "regex" else "Total"
        found = outcome(sign * (100_000 // len(sign)), Field("total_amount", how, (what,)))
        assert len(found.problem) < 200

    def test_the_nearest_words_are_named(self):
        """For words that are not there, those that look most like them, as printed, and their line."""
        label, line = nearest(Field("total_amount", "beside", ("Gesamt-betrag",)), lines(b"A\nGesamtbetrag: 1,00"))
        assert (label, line.number) == ("Gesamtbetrag:", 2)
        assert nearest(Field("total_amount", "beside", ("Zzz",)), lines(b"abc")) is None

    def test_no_such_day(self):
        """A date that no calendar has is not told, and is not passed over."""
        found = outcome("Date 2026-06-31", Field("issue_date", "beside", ("Date",)))
        assert (found.finding, found.problem) == ("field_unclear", "is no day (page 1, line 1)")


class TestHowTo:
    """The page that teaches it."""

    def test_its_layout_and_its_plugin(self, monkeypatch, tmp_path):
        """The layout on the page is one that reads its invoice, and the plugin on the page registers it."""
        text = (ROOT / "docs" / "how-to" / "add-a-layout.md").read_text("utf-8")
        toml = re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1]
        shown = (
            "Müller & Söhne Werkzeuge GmbH\nRechnung\nRechnungsnummer: 7\nRechnungsdatum: 05.10.2026\nGesamtbetrag 1,00"
        )
        assert read(parse_layout(toml, "acme"), shown).problem is None
        (tmp_path / "my_layouts").mkdir()
        (tmp_path / "my_layouts" / "__init__.py").touch()
        (tmp_path / "my_layouts" / "acme.toml").write_text(toml, "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        names, registered = {}, []
        exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
        names["register_document_readers"](registered.append)
        assert [reader.name for reader in registered] == ["layout:acme"]

    def test_its_numbers(self):
        """The bounds that the page states are those of the code."""
        text = (ROOT / "docs" / "how-to" / "add-a-layout.md").read_text("utf-8")
        assert f"more than {LONGEST:,} characters" in text
        assert f"more than {LARGEST >> 20} MiB" in text
        assert f"more than {MOST:,} places" in text
