"""A PDF's text, page by page, by PDFium. Not for what the text states."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.documents.last_document import last_kept
from spapi_invoices.errors import MissingExtra

# PDFium keeps global state: two threads in it at once crash the process.
_PDFIUM: Final = threading.Lock()
_PASSWORD_ERROR: Final = 4  # FPDF_ERR_PASSWORD in fpdfview.h
# An invoice of a thousand lines has fewer: a file of kilobytes may draw one page, with a million texts, many times over.
_MOST_PAGES: Final = 500
_MOST_OBJECTS: Final = 100_000
_MOST_CHARACTERS: Final = 1 << 20


def pages(content: bytes) -> tuple[str, ...]:
    """The text of each page, in the order in which it was drawn. The last document is kept, for the next who asks.

    Raises:
        Unreadable: The PDF cannot be opened, needs a password, has no text, or more than an invoice can have.
        MissingExtra: pypdfium2 is not installed.
    """
    return _pages(content)


@last_kept
def _pages(content: bytes) -> tuple[str, ...]:
    with opened(content) as pdf:
        # Not get_text_bounded: it leaves out the break between two cells where PDFium takes the second for a new line.
        found = tuple(text.get_text_range() for text in texts(pdf))
    if not any(text.strip() for text in found):
        raise Unreadable("pdf_without_text", "the PDF has no text (a scan?)")
    # PDFium's sign for a hyphen at the end of a line, after which it goes on without a break.
    return tuple(text.replace("\x02", "-") for text in found)


@contextmanager
def opened(content: bytes) -> Iterator[Any]:
    """The ``pypdfium2.PdfDocument`` of a PDF. Nobody else is in PDFium meanwhile, so do not open a second one inside.

    Raises:
        Unreadable: The PDF cannot be opened, needs a password, or has more pages than an invoice can have.
        MissingExtra: pypdfium2 is not installed.
    """
    try:
        import pypdfium2  # noqa: PLC0415 - in the extra [pdf]
    except ImportError:
        raise MissingExtra.of("pypdfium2", "pdf") from None
    with _PDFIUM:
        try:
            with closing(pypdfium2.PdfDocument(content)) as pdf:
                _bounded(len(pdf), _MOST_PAGES, "pages")
                yield pdf
        except pypdfium2.PdfiumError as error:
            raise _unopened(getattr(error, "err_code", None)) from None


def texts(pdf: Any) -> Iterator[Any]:  # noqa: ANN401 - pypdfium2 has no types
    """The ``pypdfium2.PdfTextPage`` of each page, within bounds.

    Raises:
        Unreadable: There is more on the pages than an invoice can have.
    """
    from pypdfium2 import raw  # noqa: PLC0415 - in the extra [pdf]

    objects = characters = 0
    for page in pdf:
        # Counting what is drawn takes no time, making text of it takes the most.
        objects += raw.FPDFPage_CountObjects(page)
        _bounded(objects, _MOST_OBJECTS, "objects")
        text = page.get_textpage()
        characters += text.count_chars()
        _bounded(characters, _MOST_CHARACTERS, "characters")
        yield text


def _bounded(number: int, most: int, what: str) -> None:
    if number > most:
        raise Unreadable("document_too_large", f"the PDF has more than {most} {what}, which no invoice has")


def _unopened(code: int | None) -> Unreadable:
    if code == _PASSWORD_ERROR:
        return Unreadable("pdf_encrypted", "the PDF is encrypted")
    return Unreadable("pdf_broken", "the PDF is broken")
