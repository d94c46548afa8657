"""Documents of many kinds for tests and the benchmark, a part of them broken: the same for the same number."""

import gzip
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

from spapi_invoices.synthetic import gst_pdf, nfe_xml

_DAY = date(2026, 10, 5)


def nfe(number: int, lines: int = 3) -> bytes:
    """An authorised NF-e."""
    made = tuple(
        nfe_xml.NfeLine(f"SKU-{at}", f"Produto {at}", "85171231", "5102", 2, Decimal(10050 + number % 97) / 100 * 2)
        for at in range(lines)
    )
    return nfe_xml.render(
        nfe_xml.Nfe(
            number=number,
            series=1,
            issued_at=datetime(2026, 10, 5, tzinfo=UTC),
            issuer_cnpj="12ABC34501DE35",
            issuer_name="Loja Sintetica",
            recipient_cpf="52998224725",
            recipient_name="Pessoa Sintetica",
            order_id=f"702-0000001-{number:07}",
            lines=made,
            marketplace_cnpj="15436940000103",
            seller_id="A1",
        )
    )


def gst(number: int, lines: int = 3, *, text: bool = True) -> bytes:
    """A GST invoice."""
    made = tuple(
        gst_pdf.GstLine(f"Bottle {at}", "73239390", Decimal(10050 + number % 97) / 100, 2, Decimal(18))
        for at in range(lines)
    )
    invoice = gst_pdf.GstInvoice(
        invoice_number=f"BLR7-{number:05}",
        invoice_date=_DAY,
        order_id=f"403-0000001-{number:07}",
        order_date=_DAY,
        purchase_order_number=f"PO{number:06}",
        seller_name="Example Retail",
        seller_gstin="27AAPFU0939F1ZV",
        buyer_name="Example Customer",
        place_of_supply="KARNATAKA",
        intra_state=number % 2 == 0,
        lines=made,
    )
    return gst_pdf.render(invoice, text=text)


def _zipped(content: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("document", content)
    return out.getvalue()


def mixed(number: int) -> tuple[str, bytes, str | None]:  # noqa: PLR0911 - a kind of document each
    """Name, bytes, and the finding it has, ``None`` if it is as it should be."""
    match number % 20:
        case 0:
            return "cut.xml", nfe(number)[:-200], "xml_broken"
        case 1:
            return "cut.pdf", gst(number)[:200], "pdf_broken"
        case 2:
            return "scan.pdf", gst(number, text=False), "pdf_without_text"
        case 3:
            return "bomb.xml", b"<!DOCTYPE n [<!ENTITY a 'a'>]>" + nfe(number)[38:], "xml_doctype"
        case 4:
            return "page.html", f"<html>503 {number}</html>".encode(), "type_unknown"
        case 5:
            return "empty", b"", "document_empty"
        case 6:
            return "nfe.zip", _zipped(nfe(number)), None
        case 7:
            return "gst.pdf.gz", gzip.compress(gst(number), mtime=0), None
        case kind if kind % 2:
            return "gst.pdf", gst(number), None
        case _:
            return "nfe.xml", nfe(number), None
