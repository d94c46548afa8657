"""The lines in which a person sees a document."""

from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layout_samples import outcome
from reportlab.pdfgen.canvas import Canvas

from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.documents.layout_fields import Field, Layout
from spapi_invoices.documents.layouts import outcomes
from spapi_invoices.documents.page_lines import LARGEST, lines, loose_text


def pdf(*drawn: tuple[float, float, str], rotation: int = 0) -> bytes:
    """A PDF of one page with texts at places, drawn in the order given."""
    return sized(*((x, y, 10, text) for x, y, text in drawn), rotation=rotation)


def sized(*drawn: tuple[float, float, float, str], rotation: int = 0, aslant: str = "") -> bytes:
    """As `pdf`, with the height of each text, and one across the page."""
    target = BytesIO()
    canvas = Canvas(target, pagesize=(600, 800), invariant=1)
    canvas.setPageRotation(rotation)
    if rotation == 90:
        canvas.translate(600, 0)
        canvas.rotate(90)
    for x, y, size, text in drawn:
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, y, text)
    canvas.translate(150, 400)
    canvas.rotate(45)
    canvas.setFont("Helvetica", 60)
    canvas.drawString(0, 0, aslant)
    canvas.save()
    return target.getvalue()


class TestPages:
    """Lines as a person sees them."""

    def test_labels_drawn_before_values(self):
        """What stands side by side is a line, whenever it was drawn; a wide gap is two blanks."""
        page = pdf((50, 700, "Number:"), (50, 680, "Total"), (200, 700, "A-1 x"), (300, 681, "9.00"))
        assert [(line.page, line.number, line.text) for line in lines(page)] == [
            (1, 1, "Number:  A-1 x"),
            (1, 2, "Total  9.00"),
        ]

    def test_a_turned_page(self):
        """A page that a viewer turns has the lines that the viewer shows."""
        drawn = ((50, 500, "Number:"), (50, 480, "Total"), (200, 500, "A-1"))
        assert [line.text for line in lines(pdf(*drawn, rotation=90))] == ["Number:  A-1", "Total"]

    @pytest.mark.parametrize("height", [14, 20, 24, 30, 36, 48])
    @pytest.mark.parametrize("offset", range(-8, 18, 2))
    def test_a_title_joins_no_lines(self, height, offset):
        """What is larger than the lines beside it is on one of them or on none: the others stay as they are."""
        order, number = (300, 704 + offset, 10, "Order: B-22"), (300, 692 + offset, 10, "Invoice: A-11")
        shown = [line.text for line in lines(sized((50, 700, height, "INVOICE"), order, number))]
        assert [text.removeprefix("INVOICE  ") for text in shown if text != "INVOICE"] == [
            "Order: B-22",
            "Invoice: A-11",
        ]

    def test_letters_of_several_sizes_on_a_line(self):
        """An amount in larger letters than its label is beside it; a note that stands higher is not far from both."""
        shown = lines(sized((50, 700, 8, "Total"), (120, 700, 16, "100.00"), (50, 650, 10, "Paid"), (73, 653, 6, "1)")))
        assert [line.text for line in shown] == ["Total  100.00", "Paid 1)"]

    def test_text_across_the_page(self):
        """A watermark is a line of its own, at the end, and leaves the others as they are."""
        page = sized(*((100, 700 - 40 * at, 10, f"line {at}") for at in range(12)), aslant="DUPLICATE COPY")
        assert [line.text for line in lines(page)] == [*(f"line {at}" for at in range(12)), "DUPLICATE COPY"]

    @pytest.mark.parametrize("turns", [1, 2, 3])
    def test_text_up_and_down_the_page(self, turns):
        """Each line runs as its letters do, whatever the page's rotation is; most of the page comes first."""
        target = BytesIO()
        canvas = Canvas(target, pagesize=(600, 800), invariant=1)
        canvas.drawString(100, 700, "Total 1.00 due")
        canvas.translate(300, 300)
        canvas.rotate(90 * turns)
        canvas.drawString(0, 0, "Copy of")
        canvas.drawString(0, -20, "May 2026")
        canvas.save()
        assert [line.text for line in lines(target.getvalue())] == ["Copy of", "May 2026", "Total 1.00 due"]

    @pytest.mark.parametrize(
        "drawn",
        [
            [(50, 700, "Müller & Söhne"), (300, 700, "Total"), (50, 500, "1.00")],
            [(50, 500, "1.00"), (50, 700, "exa\N{SOFT HYPHEN}mple"), (90, 300, "a-b")],
        ],
    )
    def test_the_loose_text_has_the_words_of_the_lines(self, drawn):
        """Who looks for words one by one finds there all that the lines have."""
        words = [word.text for line in lines(pdf(*drawn)) for _, word in line.words]
        assert sorted(loose_text(pdf(*drawn)).split()) == sorted(words)

    @pytest.mark.parametrize("read", [lines, loose_text])
    def test_more_than_an_invoice_can_have(self, read):
        """A PDF of a few bytes a page that has no end is refused before anything is made of it."""
        target = BytesIO()
        canvas = Canvas(target, invariant=1)
        for _ in range(501):
            canvas.drawString(50, 50, "a")
            canvas.showPage()
        canvas.save()
        with pytest.raises(Unreadable, match="pages"):
            read(target.getvalue())

    def test_an_unreadable_document_stays_so(self):
        """It is asked for by one reader after the other, and each is told."""
        for read in (lines, loose_text, lines, loose_text):
            with pytest.raises(Unreadable, match="broken"):
                read(b"%PDF-1.4")

    @pytest.mark.parametrize(
        ("text", "content"),
        [
            ("Müller 5 €", "Müller 5 €".encode("cp1252")),
            ("Müller 5 €", "Müller 5 €".encode("utf-16")),
            ("Müller 5 €", "<html><p>Müller 5 €".encode("cp1252")),
            ("Łódź", '<html><meta charset="iso-8859-2"><p>Łódź'.encode("iso-8859-2")),
            ("Łódź", "<html><meta http-equiv=x content='text/html; charset=windows-1250'>Łódź".encode("cp1250")),
            ("5 €", "<html><meta charset=ISO-8859-1>5 €".encode("cp1252")),
            ("5 €", "<html><meta charset=windows-999>5 €".encode("cp1252")),
            ("a.", b"<html><meta charset=punycode>a."),
        ],
    )
    def test_encodings(self, text, content):
        """A text is read in the encoding that it has, and a page in the one that it names, if it is one of a page."""
        assert [line.text for line in lines(content)] == [text]

    @pytest.mark.parametrize(
        ("table", "label", "value"),
        [
            ("<tr><th>Item<th>Qty<th>Price<th>Total<tr><td colspan=2>x<td>10.00<td>1,000.00", "Price", "10.00"),
            ("<tr><th>Item<th>Qty<th>Price<th>Total<tr><td COLSPAN = '2'>x<td>10.00<td>1,000.00", "Total", "1000.00"),
            (
                "<tr><th rowspan=2>Item<th colspan=2>Sums<tr><th>Net<th>Total<tr><td>x<td>80.00<td>100.00",
                "Total",
                "100.00",
            ),
            (
                "<tr><th rowspan=2>Item<th colspan=2>Sums<tr><th>Net<th>Total<tr><td>x<td>80.00<td>100.00",
                "Net",
                "80.00",
            ),
            ("<tr><th rowspan=2>Item<th colspan=2>Sums<tr><th>Net<th>Total<tr><td>x<td>80.00<td>100.00", "Sums", None),
            ("<tr><td rowspan=2>x</table><table><tr><th>Net<th>Total<tr><td>80.00<td>100.00", "Net", "80.00"),
            ("<tr><th>A long heading that ends with Total<tr><td>9.00", "Total", "9.00"),
        ],
    )
    def test_cells_that_span(self, table, label, value):
        """What stands below a heading is what a browser shows there, whatever spans several columns or rows."""
        page = f"<html><table>{table}</table>"
        found = outcome(page, Field("total_amount", "below", (label,)))
        assert found.value == (value and Decimal(value))

    def test_html(self):
        """A row of a table is a line and its cells are columns; what a browser does not show is not there."""
        page = b"""<!DOCTYPE html><title>no</title><style>no</style><p>Caf&eacute; <b>A</b>-1<br>two</p>
            <table><tr><th>Net<th>Total</tr><tr><td><p>1.00</p><p>x</p></td><td>2.00</td></tr></table>three<script>no</script>"""
        assert [line.text for line in lines(page)] == ["Café A-1", "two", "Net  Total", "1.00 x  2.00", "three"]
        field = Field("total_amount", "below", ("Total",))
        layout = Layout(name="x", match=("x",), fields=(field,), numbers="1,234.56", dates="yyyy-mm-dd")
        assert outcomes(layout, lines(page))[0].value == Decimal("2.00")

    @pytest.mark.parametrize(
        ("page", "shown"),
        [
            ("a &lt;b&gt; &#8364;1&#99999999999999999999;", ["a <b> €1"]),
            ("1 < 2 > 0", ["1 < 2 > 0"]),
            ("<!-- <p>no</p> -->yes<!-- no", ["yes"]),
            ("<SCRIPT>'<p>no'</Script >yes<style>no", ["yes"]),
            ("one<p\nclass='x'>two<br/>three</p><a href=x>four</a>", ["one", "two", "three", "four"]),
            ("<tr><td>a<td>b<tr><td>c</table>d", ["a  b", "c", "d"]),
            ("yes<p class='never closed", ["yes"]),
        ],
    )
    def test_html_as_it_comes(self, page, shown):
        """Entities, comments, scripts, tags in capitals, and what is not closed: as in a browser."""
        assert [line.text for line in lines(f"<html>{page}".encode())] == shown

    @pytest.mark.parametrize(
        "sign",
        [
            "<!--",
            "<a ",
            "<",
            '<a x="',
            "<![",
            "<script>",
            "<title",
            "<!",
            "&#",
            "<td>",
            "<tr><td>",
            "<tr><td rowspan=9999>",
        ],
    )
    def test_no_page_takes_long(self, sign):
        """A page that is made to be slow is not: its cost grows with its length alone."""
        assert len(lines(f"<html>x{sign * (300_000 // len(sign))}".encode())) <= 300_000

    @pytest.mark.parametrize(
        ("content", "finding"),
        [
            (b"%PDF-1.4", "pdf_broken"),
            (b"\x89PNG\r\n\x1a\n", "type_unknown"),
            (b"a" * (LARGEST + 1), "type_unknown"),
            (pdf((50, 50, "")), "pdf_without_text"),
        ],
    )
    def test_what_has_no_lines(self, content, finding):
        """It is named; nothing is looked at that is far larger than an invoice."""
        with pytest.raises(Unreadable) as caught:
            lines(content)
        assert caught.value.found.finding == finding

    @given(
        st.binary(max_size=300)
        | st.text(max_size=300).map(str.encode)
        | st.text(max_size=300).map(lambda text: f"<html>{text}".encode())
    )
    def test_any_bytes(self, content):
        """Any bytes have lines or a reason; a word of a line begins where the line says, and all of it can be printed."""
        try:
            found = lines(content)
        except Unreadable:
            return
        for line in found:
            assert line.text.replace("\N{NO-BREAK SPACE}", "").isprintable()
            assert all(line.text[at:].startswith(word.text) for at, word in line.words)
