"""The synthetic world: purchase orders with their invoices, shipments with theirs. Not for serving it: `sandbox.app` does.

In Amazon's world customer invoices exist in India only and shipment invoices in Brazil only, so no order is on both
sides. This world gives both sides some orders in common (its shipments of Indian orders are in rupees), so that there is
something to compare, besides Brazilian shipments with the NF-e that their seller issued. Every name is made up.
"""

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from spapi_invoices.endpoints import MARKETPLACES
from spapi_invoices.synthetic import gst_pdf, nfe_xml
from spapi_invoices.synthetic.gst_pdf import GstInvoice, GstLine
from spapi_invoices.synthetic.nfe_xml import Nfe, NfeLine

SEED: Final = 2026
START: Final = datetime(2026, 10, 1, tzinfo=UTC)
NOW: Final = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WAREHOUSE: Final = "BLR7"
_CENT: Final = Decimal("0.01")
_GSTIN: Final = "29AAGCE1234E1ZY"
_CNPJ: Final = "11222333000181"
# The marketplace's CNPJ in the official model's sandbox answer.
_MARKETPLACE_CNPJ: Final = "15436940000103"
_SELLER_ID: Final = "A1EXAMPLESELLER"
# Description, HSN, NCM.
_GOODS: Final = (
    ("Steel water bottle 1 L", "73239390", "73239300"),
    ("Cotton bed sheet, double", "63041910", "63041910"),
    ("LED desk lamp", "94052100", "94052100"),
    ("Notebook A5, ruled, pack of 6", "48201020", "48201000"),
    ("Bluetooth speaker", "85182200", "85182200"),
    ("Yoga mat 6 mm", "95069190", "95069100"),
)


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """A vendor's purchase order and the content that getCustomerInvoices returns for it."""

    number: str
    available_at: datetime
    ship_from_party_id: str
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment: the payload of getShipmentDetails, the status of its invoice, and the NF-e its seller keeps."""

    detail: dict[str, Any] = field(repr=False)
    invoice_status: str = "NotFound"
    nfe: bytes | None = field(default=None, repr=False)

    @property
    def shipment_id(self) -> str:
        """``AmazonShipmentId``."""
        return str(self.detail["AmazonShipmentId"])


@dataclass(frozen=True, slots=True)
class World:
    """All there is.

    Attributes:
        purchase_orders: In the order they became available.
        shipments: By shipment id, in the order they were made.
        crosswalk: Purchase order to Amazon order, for invoices that state no order.
        now: The world's clock, which does not run: it is the Date of every answer, so answers can be compared.
    """

    purchase_orders: tuple[PurchaseOrder, ...]
    shipments: dict[str, Shipment]
    crosswalk: dict[str, str]
    now: datetime = NOW


@dataclass(slots=True)
class _Maker:
    """Draws ids and goods in a fixed order, so that one seed always gives the same world."""

    chance: random.Random
    purchase_orders: list[PurchaseOrder] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    crosswalk: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def order_id(self) -> str:
        digits = "".join(self.chance.choices("0123456789", k=14))
        return f"40{self.chance.randint(2, 8)}-{digits[:7]}-{digits[7:]}"

    def moment(self) -> datetime:
        """Somewhere in October 2026, by day and night."""
        return START + timedelta(minutes=self.chance.randrange(31 * 24 * 60))

    def code(self, length: int) -> str:
        return "".join(self.chance.choices("BCDFGHJKLMNPQRSTVWXZ0123456789", k=length))

    def next(self) -> int:
        self.count += 1
        return self.count

    def invoice(self, at: datetime, order_id: str | None) -> GstInvoice:
        lines = tuple(
            GstLine(
                name, hsn, Decimal(self.chance.randrange(9900, 490000)) / 100, self.chance.randint(1, 3), Decimal(rate)
            )
            for (name, hsn, _), rate in zip(self.chance.sample(_GOODS, 2), ("18", "12"), strict=True)
        )
        purchase_order_number, intra_state = self.code(8), self.chance.random() < 0.5
        return GstInvoice(
            invoice_number=f"BLR7-{self.next():05d}",
            invoice_date=at.date(),
            order_id=order_id,
            order_date=(at - timedelta(days=1)).date(),
            purchase_order_number=purchase_order_number,
            seller_name="Example Retail India Pvt Ltd",
            seller_gstin=_GSTIN,
            buyer_name=f"Example Customer {self.count}",
            # The seller is in Karnataka, state 29 of its GSTIN: what leaves the state bears IGST.
            place_of_supply="KARNATAKA" if intra_state else "MAHARASHTRA",
            intra_state=intra_state,
            lines=lines,
        )

    def order(self, invoice: GstInvoice, at: datetime, content: str | None = None) -> None:
        """Add a purchase order, its PDF if no other content is given."""
        packed = base64.b64encode(gst_pdf.render(invoice)).decode("ascii") if content is None else content
        self.purchase_orders.append(PurchaseOrder(invoice.purchase_order_number, at, WAREHOUSE, packed))

    def shipment(self, order_id: str, at: datetime, amounts: list[Decimal], currency: str, **more: Any) -> Shipment:  # noqa: ANN401 - JSON
        """A shipment with an item per amount."""
        number = self.next()
        items = [_item(self, amount, currency) for amount in amounts]
        paid = sum(amounts, Decimal(0))
        detail = {
            "WarehouseId": "GRU5" if currency == "BRL" else WAREHOUSE,
            "AmazonOrderId": order_id,
            "AmazonShipmentId": f"D{self.code(8)}",
            "PurchaseDate": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
            "ShippingAddress": _address(number),
            "PaymentMethodDetails": ["CreditCard"],
            "Payments": [
                {
                    "PaymentMethod": "CreditCard",
                    "AcquirerId": _CNPJ,
                    "CardBrand": "Visa",
                    "PaymentValue": {"CurrencyCode": currency, "Amount": f"{paid:.2f}"},
                    "AuthorizationCode": f"{number:06d}",
                }
            ],
            "MarketplaceId": MARKETPLACES["BR"][0],
            "SellerId": _SELLER_ID,
            "BuyerName": f"Example Customer {number}",
            "BuyerCounty": "Example County",
            "BuyerTaxInfo": {
                "CompanyLegalName": f"Example Customer {number}",
                "TaxingRegion": "SP",
                "TaxClassifications": [{"Name": "CPF", "Value": _cpf(number)}],
            },
            "MarketplaceTaxInfo": {
                "CompanyLegalName": "Example Marketplace Ltda",
                "TaxingRegion": "SP",
                "TaxClassifications": [{"Name": "CNPJ", "Value": _MARKETPLACE_CNPJ}],
            },
            "SellerDisplayName": "Loja Exemplo",
            "ShipmentItems": items,
            **more,
        }
        return Shipment(detail)


def make_world(seed: int = SEED) -> World:
    """Make the world of a seed: the same seed, the same bytes."""
    maker = _Maker(random.Random(seed))  # noqa: S311 - a made-up world, not a secret
    for case, times in _CASES:
        for _ in range(times):
            case(maker)
    return World(
        tuple(sorted(maker.purchase_orders, key=lambda order: (order.available_at, order.number))),
        {
            one.shipment_id: one
            for one in sorted(maker.shipments, key=lambda one: (one.detail["PurchaseDate"], one.shipment_id))
        },
        dict(maker.crosswalk),
    )


def _both_sides(
    maker: _Maker, change: Callable[[Decimal], Decimal] = lambda total: total, currency: str = "INR"
) -> None:
    """An order with an invoice and a shipment; ``change`` makes the shipment's amount from the invoice's total."""
    at, order_id = maker.moment(), maker.order_id()
    invoice = maker.invoice(at, order_id)
    maker.order(invoice, at)
    maker.shipments.append(maker.shipment(order_id, at, [change(invoice.total_amount)], currency))


def _agrees(maker: _Maker) -> None:
    _both_sides(maker)


def _differs_by_a_cent(maker: _Maker) -> None:
    _both_sides(maker, lambda total: total - _CENT)


def _differs_by_a_tenth(maker: _Maker) -> None:
    _both_sides(maker, lambda total: (total * Decimal("0.9")).quantize(_CENT))


def _in_another_currency(maker: _Maker) -> None:
    _both_sides(maker, lambda total: (total / 16).quantize(_CENT), "BRL")


def _without_shipment(maker: _Maker) -> None:
    at = maker.moment()
    maker.order(maker.invoice(at, maker.order_id()), at)


def _without_invoice(maker: _Maker) -> None:
    maker.shipments.append(maker.shipment(maker.order_id(), maker.moment(), [Decimal("1499.00")], "INR"))


def _issued_twice(maker: _Maker) -> None:
    """One order invoiced under two purchase orders."""
    at, order_id = maker.moment(), maker.order_id()
    invoice = maker.invoice(at, order_id)
    again = replace(invoice, invoice_number=f"BLR7-{maker.next():05d}", purchase_order_number=maker.code(8))
    maker.order(invoice, at)
    maker.order(again, at + timedelta(hours=2))
    maker.shipments.append(maker.shipment(order_id, at, [invoice.total_amount], "INR"))


def _in_two_shipments(maker: _Maker) -> None:
    at, order_id = maker.moment(), maker.order_id()
    invoice = maker.invoice(at, order_id)
    part = (invoice.total_amount / 3).quantize(_CENT)
    maker.order(invoice, at)
    for amount in (part, invoice.total_amount - part):
        maker.shipments.append(maker.shipment(order_id, at, [amount], "INR"))


def _states_no_order(maker: _Maker) -> None:
    """An invoice without an order id: only the crosswalk knows its order."""
    at, order_id = maker.moment(), maker.order_id()
    invoice = maker.invoice(at, None)
    maker.order(invoice, at)
    maker.crosswalk[invoice.purchase_order_number] = order_id
    maker.shipments.append(maker.shipment(order_id, at, [invoice.total_amount], "INR"))


def _undecodable(maker: _Maker) -> None:
    """What Amazon's own static sandbox sends as content."""
    at = maker.moment()
    maker.order(maker.invoice(at, maker.order_id()), at, "base 64 content goes here")


def _scanned(maker: _Maker) -> None:
    at = maker.moment()
    invoice = maker.invoice(at, maker.order_id())
    maker.order(invoice, at, base64.b64encode(gst_pdf.render(invoice, text=False)).decode("ascii"))


def _with_nfe(
    maker: _Maker,
    status: str = "Accepted",
    *,
    shipments: int = 1,
    short: Decimal = Decimal(0),
    **nfe: Any,  # noqa: ANN401 - fields of Nfe
) -> None:
    """A Brazilian order in one or more shipments, each with its NF-e; ``short`` is missing from the NF-e's freight."""
    at, order_id = maker.moment(), maker.order_id()
    for _ in range(shipments):
        goods = Decimal(maker.chance.randrange(4900, 89900)) / 100
        one = maker.shipment(order_id, at, [goods], "BRL")
        freight = Decimal("19.90")
        one.detail["ShipmentItems"][0]["ShippingPrice"] = {"CurrencyCode": "BRL", "Amount": f"{freight:.2f}"}
        one.detail["Payments"][0]["PaymentValue"]["Amount"] = f"{goods + freight:.2f}"
        document = _nfe(maker, one, goods, freight - short, at, **{"order_id": order_id, **nfe})
        maker.shipments.append(replace(one, invoice_status=status, nfe=nfe_xml.render(document)))


def _accepted(maker: _Maker) -> None:
    _with_nfe(maker)


def _accepted_in_two_shipments(maker: _Maker) -> None:
    _with_nfe(maker, shipments=2)


def _order_in_remarks(maker: _Maker) -> None:
    _with_nfe(maker, order_id_in="infCpl")


def _not_submitted(maker: _Maker) -> None:
    """An NF-e that was issued as it should be, and that Amazon has not been given."""
    _with_nfe(maker, "NotFound")


def _still_processing(maker: _Maker) -> None:
    _with_nfe(maker, "Processing")


def _errored(maker: _Maker) -> None:
    _with_nfe(maker, "Errored")


def _freight_forgotten(maker: _Maker) -> None:
    _with_nfe(maker, short=Decimal("19.90"))


def _denied(maker: _Maker) -> None:
    """An NF-e that SEFAZ denied, and that Amazon therefore did not take."""
    _with_nfe(maker, "Errored", protocol_status=110)


def _without_nfe(maker: _Maker) -> None:
    """A shipment whose NF-e is still to be issued, with a field that the official model does not have."""
    extra = {"InvoiceDeadline": "2026-11-30"}
    maker.shipments.append(maker.shipment(maker.order_id(), maker.moment(), [Decimal("249.90")], "BRL", **extra))


# What the reconciliation has to explain, and how often. 25 shipments in all: one burst of their quota.
_CASES: Final = (
    (_agrees, 5),
    (_differs_by_a_cent, 1),
    (_differs_by_a_tenth, 1),
    (_in_another_currency, 1),
    (_without_shipment, 2),
    (_without_invoice, 1),
    (_issued_twice, 1),
    (_in_two_shipments, 1),
    (_states_no_order, 1),
    (_undecodable, 1),
    (_scanned, 1),
    (_accepted, 3),
    (_not_submitted, 1),
    (_accepted_in_two_shipments, 1),
    (_order_in_remarks, 1),
    (_still_processing, 1),
    (_errored, 1),
    (_freight_forgotten, 1),
    (_denied, 1),
    (_without_nfe, 1),
)


def _item(maker: _Maker, amount: Decimal, currency: str) -> dict[str, Any]:
    name, _, _ = maker.chance.choice(_GOODS)
    return {
        "ASIN": f"B0{maker.code(8)}",
        "SellerSKU": f"SKU-{maker.code(5)}",
        "OrderItemId": "".join(maker.chance.choices("123456789", k=14)),
        "Title": name,
        "QuantityOrdered": 1,
        "ItemPrice": {"CurrencyCode": currency, "Amount": f"{amount:.2f}"},
        "SerialNumbers": [],
    }


def _nfe(maker: _Maker, shipment: Shipment, goods: Decimal, freight: Decimal, at: datetime, **more: Any) -> Nfe:  # noqa: ANN401 - Nfe's
    item = shipment.detail["ShipmentItems"][0]
    ncm = next(ncm for name, _, ncm in _GOODS if name == item["Title"])
    return Nfe(
        number=maker.next(),
        series=1,
        issued_at=at + timedelta(hours=5),
        issuer_cnpj=_CNPJ,
        issuer_name="Loja Exemplo Comercio Ltda",
        recipient_cpf=shipment.detail["BuyerTaxInfo"]["TaxClassifications"][0]["Value"],
        recipient_name=shipment.detail["BuyerName"],
        shipment_id=shipment.shipment_id,
        lines=(NfeLine(item["SellerSKU"], item["Title"], ncm, "5102", 1, goods, freight),),
        marketplace_cnpj=_MARKETPLACE_CNPJ,
        seller_id=_SELLER_ID,
        **more,
    )


def _address(number: int) -> dict[str, str]:
    return {
        "Name": f"Example Customer {number}",
        "AddressLine1": f"Rua Exemplo {number}",
        "City": "Sao Paulo",
        "County": "Example County",
        "District": "Centro",
        "StateOrRegion": "SP",
        "PostalCode": "01000-000",
        "CountryCode": "BR",
        "Phone": f"+55 11 0000-{number:04d}",
        "AddressType": "Residential",
    }


def _cpf(number: int) -> str:
    """A CPF that is well formed by its check digits, for a person who is made up.

    Its digits were chosen arbitrarily: no block of numbers is reserved for examples.
    """
    digits = [int(digit) for digit in f"900000{number:03d}"]
    for _ in range(2):
        rest = (
            sum(digit * weight for digit, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True)) * 10 % 11
        )
        digits.append(rest % 10)
    return "".join(map(str, digits))
