"""Where a case is made: its ids, its time and its chance, and the invoices and shipments that follow from them.

Not for which cases there are: `sandbox.cases`. Every name is made up.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from spapi_invoices.documents.tax_ids import mod11_digit
from spapi_invoices.endpoints import MARKETPLACES
from spapi_invoices.sandbox.ids import Ids
from spapi_invoices.sandbox.items import GOODS, Item, Json, money, nfe_line, shipment_item, total_of
from spapi_invoices.sandbox.records import Form, PurchaseOrder
from spapi_invoices.synthetic.gst_pdf import GstInvoice, GstLine
from spapi_invoices.synthetic.nfe_xml import Nfe

WAREHOUSES: Final = ("BLR7", "BLR8")
_GSTIN: Final = "29AAGCE1234E1ZY"
_CNPJ: Final = "11222333000181"
# The marketplace's CNPJ in the official model's sandbox answer.
_MARKETPLACE_CNPJ: Final = "15436940000103"
_SELLER_ID: Final = "A1EXAMPLESELLER"


@dataclass(frozen=True, slots=True)
class Stage:
    """What a case is made with.

    Attributes:
        chance: Its own, so that a case comes out the same whichever others were made before.
        ids: The world's.
        first_order: The first of its orders, counted over the world.
        first_document: Likewise.
        first_shipment: Likewise.
        times: When each of its documents became available; the first is there even if no document is.
        warehouse: Where its purchase orders are shipped from.
    """

    chance: random.Random
    ids: Ids
    first_order: int
    first_document: int
    first_shipment: int
    times: tuple[datetime, ...]
    warehouse: str

    @property
    def ordered_at(self) -> datetime:
        """When the customer ordered."""
        return self.times[0] - timedelta(days=1)

    def order_id(self, n: int = 0) -> str:
        """The Amazon id of its n-th order, from 0 as all here."""
        return self.ids.order_id(self.first_order + n)

    def buyer(self, n: int = 0) -> str:
        """Who placed the n-th order."""
        return f"Example Customer {self.first_order + n + 1}"

    def invoice(self, n: int = 0, *lines: GstLine) -> GstInvoice:
        """The invoice of its n-th document, for its first order; without lines two are drawn."""
        intra_state = self.chance.random() < 0.5
        return GstInvoice(
            **self.identity(n),
            order_id=self.order_id(),
            order_date=self.ordered_at.date(),
            seller_name="Example Retail India Pvt Ltd",
            seller_gstin=_GSTIN,
            buyer_name=self.buyer(),
            # The seller is in Karnataka, state 29 of its GSTIN: what leaves the state bears IGST.
            place_of_supply="KARNATAKA" if intra_state else "MAHARASHTRA",
            intra_state=intra_state,
            lines=lines or tuple(self._lines()),
        )

    def identity(self, n: int) -> dict[str, Any]:
        """What tells its n-th invoice from the others: fields of GstInvoice."""
        return {
            "invoice_number": f"{self.warehouse}-{self.first_document + n + 1:05d}",
            "invoice_date": self.times[n].date(),
            "purchase_order_number": self.ids.purchase_order_number(self.first_document + n),
        }

    def _lines(self) -> Iterator[GstLine]:
        for good, rate in zip(self.chance.sample(GOODS, 2), ("18", "12"), strict=True):
            price = Decimal(self.chance.randrange(9900, 490000)) / 100
            yield GstLine(good.title, good.hsn, price, self.chance.randint(1, 3), Decimal(rate))

    def purchase_order(self, invoice: GstInvoice, n: int = 0, form: Form = "text") -> PurchaseOrder:
        """Its n-th document: the purchase order that the invoice names, with the invoice."""
        return PurchaseOrder(invoice.purchase_order_number, self.times[n], self.warehouse, invoice, form)

    def item(self, price: Decimal | None = None, **parts: Any) -> Item:  # noqa: ANN401 - fields of Item
        """An item of that price, or of a price that is drawn."""
        code = "".join(self.chance.choices("BCDFGHJKLMNPQRSTVWXZ0123456789", k=13))
        return Item(
            good=self.chance.choice(GOODS),
            asin=f"B0{code[:8]}",
            sku=f"SKU-{code[8:]}",
            order_item_id=str(self.chance.randrange(10**13, 10**14)),
            price=Decimal(self.chance.randrange(4900, 89900)) / 100 if price is None else price,
            **parts,
        )

    def detail(self, items: tuple[Item, ...], currency: str, n: int = 0, *, order: int = 0) -> Json:
        """The payload of getShipmentDetails for its n-th shipment: a new one, so a case may change it."""
        person = self.first_order + order + 1
        return {
            "WarehouseId": "GRU5" if currency == "BRL" else self.warehouse,
            "AmazonOrderId": self.order_id(order),
            "AmazonShipmentId": self.ids.shipment_id(self.first_shipment + n),
            "PurchaseDate": f"{self.ordered_at:%Y-%m-%dT%H:%M:%S}.000Z",
            "ShippingAddress": _address(self.buyer(order), person),
            "PaymentMethodDetails": ["CreditCard"],
            "Payments": [
                {
                    "PaymentMethod": "CreditCard",
                    "AcquirerId": _CNPJ,
                    "CardBrand": "Visa",
                    "PaymentValue": money(total_of(items), currency),
                    "AuthorizationCode": f"{person:06d}",
                }
            ],
            "MarketplaceId": MARKETPLACES["BR"][0],
            "SellerId": _SELLER_ID,
            "BuyerName": self.buyer(order),
            "BuyerCounty": "Example County",
            "BuyerTaxInfo": _tax_info(self.buyer(order), "CPF", cpf(person)),
            "MarketplaceTaxInfo": _tax_info("Example Marketplace Ltda", "CNPJ", _MARKETPLACE_CNPJ),
            "SellerDisplayName": "Loja Exemplo",
            "ShipmentItems": [shipment_item(item, currency) for item in items],
        }

    def nfe(self, items: tuple[Item, ...], n: int = 0, **more: Any) -> Nfe:  # noqa: ANN401 - fields of Nfe
        """The NF-e that the seller should issue for its n-th shipment, of its first order."""
        own: dict[str, Any] = {
            "number": self.first_shipment + n + 1,
            "series": 1,
            "issued_at": self.ordered_at.replace(microsecond=0) + timedelta(hours=5),
            "issuer_cnpj": _CNPJ,
            "issuer_name": "Loja Exemplo Comercio Ltda",
            "recipient_cpf": cpf(self.first_order + 1),
            "recipient_name": self.buyer(),
            "order_id": self.order_id(),
            "shipment_id": self.ids.shipment_id(self.first_shipment + n),
            "lines": tuple(nfe_line(item) for item in items),
            "marketplace_cnpj": _MARKETPLACE_CNPJ,
            "seller_id": _SELLER_ID,
        }
        return Nfe(**(own | more))


def cpf(person: int) -> str:
    """A CPF that is well formed by its check digits, for a person who is made up: of another one, another.

    Its digits were chosen arbitrarily: no block of numbers is reserved for examples.
    """
    body = f"{900_000_000 + person}"
    first = mod11_digit(body, highest_weight=11)
    return f"{body}{first}{mod11_digit(body + first, highest_weight=11)}"


def _tax_info(name: str, kind: str, number: str) -> Json:
    return {
        "CompanyLegalName": name,
        "TaxingRegion": "SP",
        "TaxClassifications": [{"Name": kind, "Value": number}],
    }


def _address(name: str, person: int) -> Json:
    return {
        "Name": name,
        "AddressLine1": f"Rua Exemplo {person}",
        "City": "Sao Paulo",
        "County": "Example County",
        "District": "Centro",
        "StateOrRegion": "SP",
        "PostalCode": "01000-000",
        "CountryCode": "BR",
        "Phone": f"+55 11 0000-{person % 10_000:04d}",
        "AddressType": "Residential",
    }
