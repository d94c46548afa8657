"""A PDF with Helvetica and boxes, the same bytes on every machine. Not for fonts or pictures.

A drawing library takes five times as long and has versions; the sandbox draws hundreds of invoices a second. Every viewer
has the fonts, so none is embedded.

Source: ISO 32000-1; the widths are those of Adobe's Core 14 font metrics.
"""

import re
from collections.abc import Iterable
from typing import Final

REGULAR: Final = "F1"
BOLD: Final = "F2"
A4: Final = (595.28, 841.89)
# Width in thousandths of the size -> the characters that have it. Others of ASCII have the usual one, as most beyond do.
_USUAL: Final = 556
_WIDTHS: Final = {
    REGULAR: {
        191: "'",
        222: "ijl",
        260: "|",
        278: " !,./:;I[\\]ft",
        333: "()-`r",
        334: "{}",
        355: '"',
        389: "*",
        469: "^",
        500: "Jcksvxyz",
        584: "+<=>~",
        611: "FTZ",
        667: "&ABEKPSVXY",
        722: "CDHNRUw",
        778: "GOQ",
        833: "Mm",
        889: "%",
        944: "W",
        1015: "@",
    },
    BOLD: {
        238: "'",
        278: " ,./I\\ijl",
        280: "|",
        333: "!()-:;[]`ft",
        389: "*r{}",
        474: '"',
        500: "z",
        584: "+<=>^~",
        611: "?FLTZbdghnopqu",
        667: "EPSVXY",
        722: "&ABCDHKNRU",
        778: "GOQw",
        833: "M",
        889: "%m",
        944: "W",
        975: "@",
    },
}
_WIDTH_OF: Final = {
    font: {character: width for width, characters in widths.items() for character in characters}
    for font, widths in _WIDTHS.items()
}
_ESCAPED: Final = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})
_FONTS: Final = {REGULAR: "Helvetica", BOLD: "Helvetica-Bold"}
# The bytes above 127 in the second line tell programs that this is no text.
_BEGIN: Final = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
# From the object of the title on. No text of a page can stand there.
_ENDING: Final = re.compile(
    rb"\n([0-9]+) 0 obj\n<< /Title \(([^()\n]*)\) >>\nendobj\nxref\n0 [0-9]+\n0{10} 65535 f \n(?:[0-9]{10} 00000 n \n)+"
    rb"trailer\n<< /Size [0-9]+ /Root 1 0 R /Info \1 0 R >>\nstartxref\n[0-9]+\n%%EOF\n\Z"
)


def width(text: str, font: str, size: float) -> float:
    """How wide a text is, in points."""
    widths = _WIDTH_OF[font]
    return sum([widths.get(character, _USUAL) for character in text]) * size / 1000


def wrap(text: str, font: str, size: float, room: float) -> list[str]:
    """The text in rows of at most that width, cut between words; a word that is wider stands alone."""
    rows: list[str] = []
    for word in text.split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and width(longer, font, size) <= room:
            rows[-1] = longer
        else:
            rows.append(word)
    return rows


def text_at(x: float, y: float, text: str, font: str, size: float) -> str:
    """Draws a text from its left end; ``y`` is its base line."""
    return f"BT /{font} {size:g} Tf {_place(x, y)} Td ({text.translate(_ESCAPED)}) Tj ET"


def box_at(x: float, y: float, wide: float, high: float, *, grey: float | None = None, line: bool = True) -> str:  # noqa: PLR0913 - a rectangle has four
    """Draws a box from its lower left corner: its line, and inside a grey from 0, black, to 1 if one is given."""
    box = f"{_place(x, y, wide, high)} re"
    if grey is None:
        return f"{box} {'S' if line else 'n'}"
    return f"q {grey:g} g {box} {'B' if line else 'f'} Q"


def document(title: str, *pages: Iterable[str]) -> bytes:
    """The file, with what is drawn on each page, one at least.

    Raises:
        UnicodeEncodeError: A text has a character that the fonts do not have: they know Windows-1252.
    """
    # The catalog and the tree of pages are 1 and 2; a page is two objects, and the fonts follow the last.
    numbers = range(3, 3 + 2 * len(pages), 2)
    fonts = "".join(f"/{name} {number} 0 R" for number, name in enumerate(_FONTS, numbers.stop))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{' '.join(f'{number} 0 R' for number in numbers)}] /Count {len(pages)} >>".encode(),
        *(part for number, drawn in zip(numbers, pages, strict=True) for part in _page(number, drawn, fonts)),
        *(
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{base} /Encoding /WinAnsiEncoding >>".encode()
            for base in _FONTS.values()
        ),
        f"<< /Title ({title.translate(_ESCAPED)}) >>".encode("cp1252"),
    ]
    return _file(objects)


def title(content: bytes) -> str | None:
    """The title of a file that `document` wrote; ``None`` for any other file, whatever title it has or words it shows."""
    object_begins = content.rfind(b"\n", 0, max(content.rfind(b"<< /Title (") - 1, 0))
    found = _ENDING.match(content, object_begins) if object_begins >= 0 and content.startswith(_BEGIN) else None
    return found[2].decode("cp1252") if found else None


def _page(number: int, drawn: Iterable[str], fonts: str) -> tuple[bytes, bytes]:
    """A page, and what is drawn on it, which is the next object."""
    content = "\n".join(("0.5 w", *drawn)).encode("cp1252")
    return (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_place(*A4)}] /Contents {number + 1} 0 R "
        f"/Resources << /Font << {fonts} >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
    )


def _file(objects: list[bytes]) -> bytes:
    """The objects, numbered from 1, and the table of where each begins. The first is the catalog, the last the title."""
    parts, begin = [_BEGIN], []
    at = len(parts[0])
    for number, content in enumerate(objects, 1):
        begin.append(at)
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, content))
        at += len(parts[-1])
    rows = b"".join(b"%010d 00000 n \n" % one for one in begin)
    size = len(objects) + 1
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, rows))
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, size - 1, at))
    return b"".join(parts)


def _place(*numbers: float) -> str:
    return " ".join([f"{round(number, 2):g}" for number in numbers])
