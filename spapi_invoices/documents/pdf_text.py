"""A PDF's text, page by page, by PDFium. Not for what the text states."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.errors import MissingExtra

# PDFium keeps global state: two threads in it at once crash the process.
_PDFIUM: Final = threading.Lock()
_PASSWORD_ERROR: Final = 4  # FPDF_ERR_PASSWORD in fpdfview.h


def pages(content: bytes) -> tuple[str, ...]:
    """The text of each page, in the order in which it was drawn.

    Raises:
        Unreadable: The PDF cannot be opened, needs a password, or has no text.
        MissingExtra: pypdfium2 is not installed.
    """
    with opened(content) as pdf:
        found = tuple(page.get_textpage().get_text_bounded() for page in pdf)
    if not any(text.strip() for text in found):
        raise Unreadable("pdf_without_text", "the PDF has no text (a scan?)")
    # PDFium's sign for a hyphen at the end of a line, after which it goes on without a break.
    return tuple(text.replace("\x02", "-") for text in found)


@contextmanager
def opened(content: bytes) -> Iterator[Any]:
    """The ``pypdfium2.PdfDocument`` of a PDF. Nobody else is in PDFium meanwhile, so do not open a second one inside.

    Raises:
        Unreadable: The PDF cannot be opened, or needs a password.
        MissingExtra: pypdfium2 is not installed.
    """
    try:
        import pypdfium2  # noqa: PLC0415 - in the extra [pdf]
    except ImportError:
        raise MissingExtra.of("pypdfium2", "pdf") from None
    with _PDFIUM:
        try:
            with closing(pypdfium2.PdfDocument(content)) as pdf:
                yield pdf
        except pypdfium2.PdfiumError as error:
            raise _unopened(getattr(error, "err_code", None)) from None


def _unopened(code: int | None) -> Unreadable:
    if code == _PASSWORD_ERROR:
        return Unreadable("pdf_encrypted", "the PDF is encrypted")
    return Unreadable("pdf_broken", "the PDF is broken")
