"""What the world is made of: purchase orders and shipments. Not for which there are: `sandbox.cases` and `sandbox.world`.

Documents are kept as the values they are rendered from, and rendered when somebody asks for them.
"""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

from spapi_invoices.synthetic import gst_pdf, nfe_event_xml, nfe_xml
from spapi_invoices.synthetic.gst_pdf import GstInvoice
from spapi_invoices.synthetic.nfe_xml import Nfe

# What Amazon's own static sandbox sends as content.
_UNDECODABLE: Final = "base 64 content goes here"

Form = Literal["text", "scan", "undecodable"]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """A document of a vendor's purchase order; a purchase order that got two documents is there twice.

    Attributes:
        form: How the document comes: as it should, as a picture without text, or as no base64 at all.
    """

    number: str
    available_at: datetime
    ship_from_party_id: str
    invoice: GstInvoice = field(repr=False)
    form: Form = "text"

    @property
    def content(self) -> str:
        """What getCustomerInvoices returns for it: the PDF in base64."""
        return _content(self.invoice, self.form)


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment, and what became of its invoice.

    Attributes:
        detail: The payload of getShipmentDetails.
        invoice_status: What getInvoiceStatus says.
        invoice: What its seller issued; ``None`` if nothing yet.
        cancelled_at: When SEFAZ registered that the invoice was cancelled.
    """

    detail: Json = field(repr=False)
    invoice_status: str = "NotFound"
    invoice: Nfe | None = field(default=None, repr=False)
    cancelled_at: datetime | None = None

    @property
    def shipment_id(self) -> str:
        """``AmazonShipmentId``."""
        return str(self.detail["AmazonShipmentId"])

    @property
    def nfe(self) -> bytes | None:
        """The NF-e that its seller keeps."""
        return None if self.invoice is None else _nfe(self.invoice)

    @property
    def nfe_event(self) -> bytes | None:
        """The registered cancellation that its seller keeps beside the NF-e."""
        if self.invoice is None or self.cancelled_at is None:
            return None
        return nfe_event_xml.render_cancellation(self.invoice, self.cancelled_at)


# A page of a hundred invoices, and the next.
@lru_cache(maxsize=256)
def _content(invoice: GstInvoice, form: Form) -> str:
    if form == "undecodable":
        return _UNDECODABLE
    return base64.b64encode(gst_pdf.render(invoice, text=form == "text")).decode("ascii")


@lru_cache(maxsize=64)
def _nfe(invoice: Nfe) -> bytes:
    return nfe_xml.render(invoice)
