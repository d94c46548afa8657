"""Pages of PDF: whole, measured as others measure it, the same everywhere."""

import re
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pypdfium2 = pytest.importorskip("pypdfium2")

from spapi_invoices.synthetic.pdf import BOLD, REGULAR, box_at, document, text_at, width, wrap  # noqa: E402 - after the skip

ASCII = "".join(map(chr, range(32, 127)))
_texts = st.text(st.sampled_from(ASCII), max_size=60)
_words = st.text(st.sampled_from("iMw .-"), max_size=80)


def text_of(content: bytes) -> str:
    """What another program reads."""
    with closing(pypdfium2.PdfDocument(content)) as pdf:
        assert len(pdf) == 1
        return str(pdf[0].get_textpage().get_text_bounded())


class TestWidth:
    """How wide a text is."""

    @pytest.mark.parametrize(("font", "name"), [(REGULAR, "Helvetica"), (BOLD, "Helvetica-Bold")])
    def test_is_that_of_the_fonts(self, font: str, name: str):
        """Each character is as wide as an independent library's metrics say."""
        metrics = pytest.importorskip("reportlab.pdfbase.pdfmetrics")
        theirs = {one: round(metrics.stringWidth(one, name, 1000)) for one in ASCII}
        assert {one: width(one, font, 1000) for one in ASCII} == theirs

    @given(_texts, _texts)
    def test_adds_up(self, one: str, other: str):
        """A text is as wide as its parts, and twice as wide in twice the size."""
        assert width(one + other, REGULAR, 8) == pytest.approx(width(one, REGULAR, 8) + width(other, REGULAR, 8))
        assert width(one, BOLD, 16) == pytest.approx(2 * width(one, BOLD, 8))


class TestWrap:
    """Rows of a text."""

    @given(_words, st.floats(5, 200))
    def test_loses_no_word(self, text: str, room: float):
        """All words in their order; a row is too wide only if it is one word."""
        rows = wrap(text, REGULAR, 8, room)
        assert " ".join(rows).split() == text.split()
        assert all(width(row, REGULAR, 8) <= room or " " not in row for row in rows)

    @given(_words, st.floats(5, 200))
    def test_fills_rows(self, text: str, room: float):
        """The first word of a row would not have fitted into the row before."""
        rows = wrap(text, REGULAR, 8, room)
        for before, row in pairwise(rows):
            assert width(f"{before} {row.split()[0]}", REGULAR, 8) > room


class TestDocument:
    """The file."""

    @settings(max_examples=40)
    @given(_texts.filter(str.strip))
    def test_text_comes_back(self, text: str):
        """Brackets, backslashes and all: what was drawn is what another program reads."""
        read = text_of(document("A (title)", [text_at(20, 700, text, REGULAR, 4)]))
        assert read.split() == text.split()

    def test_every_object_is_where_the_table_says(self):
        """The table at the end leads to each object, so no reader has to repair the file."""
        content = document("T", [text_at(20, 700, "x", BOLD, 8), box_at(1, 2, 3, 4), box_at(1, 2, 3, 4, grey=0.5)])
        begin = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", content)[1])
        rows = re.findall(rb"(\d{10}) 00000 n \n", content[begin:])
        assert content[begin:].startswith(b"xref\n0 %d\n0000000000 65535 f \n" % (len(rows) + 1))
        for number, at in enumerate(rows, 1):
            assert content[int(at) :].startswith(b"%d 0 obj\n" % number)
        stream = re.search(rb"/Length (\d+) >>\nstream\n(.*)\nendstream", content, re.DOTALL)
        assert len(stream[2]) == int(stream[1])

    def test_pages_in_their_order(self):
        """Each page has what was drawn on it, an empty one nothing."""
        drawn = [[text_at(36, 800, text, REGULAR, 8)] if text else [] for text in ("one", "", "three")]
        with closing(pypdfium2.PdfDocument(document("Pages", *drawn))) as read:
            assert [page.get_textpage().get_text_bounded() for page in read] == ["one", "", "three"]

    def test_has_its_title(self):
        """The title is in the file as it was given, brackets escaped."""
        with closing(pypdfium2.PdfDocument(document("A (title)", []))) as pdf:
            assert pdf.get_metadata_value("Title") == "A (title)"

    def test_boxes_are_painted(self):
        """What is filled is as grey as it was asked for, a frame is only its line, and the rest stays white."""
        drawn = [
            box_at(100, 100, 100, 100, grey=0.5, line=False),
            box_at(300, 100, 100, 100, grey=0.9),
            box_at(100, 300, 100, 100),
            box_at(300, 300, 100, 100, line=False),
        ]
        with closing(pypdfium2.PdfDocument(document("T", drawn))) as pdf:
            picture = pdf[0].render(scale=1).to_pil().convert("L")

        def seen(x: int, y: int) -> int:
            return round(picture.getpixel((x, picture.size[1] - y)) / 25.5)

        assert [seen(150, 150), seen(350, 150), seen(150, 350), seen(350, 350)] == [5, 9, 10, 10]
        lines = [min(seen(x + n, y + 50) for n in range(-5, 6)) for x, y in ((300, 100), (100, 300), (300, 300))]
        assert (lines[0] < 9, lines[1] < 10, lines[2]) == (True, True, 10)
