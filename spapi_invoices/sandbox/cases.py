"""What happens in the world: each case that a reconciliation must explain, made on its stage, and how often it happens.

In Amazon's world customer invoices exist in India only and shipment invoices in Brazil only, so no order is on both
sides. Here some are (the shipments of Indian orders are in rupees), so that there is something to compare, beside
Brazilian shipments with the NF-e that their seller issued. Which status each case ends in: tests/sandbox/test_cases.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from spapi_invoices.sandbox.items import Item, nfe_line
from spapi_invoices.sandbox.records import Form, PurchaseOrder, Shipment
from spapi_invoices.sandbox.stage import Stage
from spapi_invoices.synthetic.gst_pdf import GstLine

# No case has more orders.
ORDERS_PER_CASE: Final = 2
_CENT: Final = Decimal("0.01")
_FREIGHT: Final = Decimal("19.90")
_BUYER_GSTIN: Final = "29AAGCB5678F1ZB"
# The largest amount that an NF-e can state, by its type TDec_1302.
_THIRTEEN_DIGITS: Final = Decimal("9999999999999.99")
# A character of each plane that Unicode has; U+n0120 is assigned or private wherever the plane has such characters.
_EVERY_PLANE: Final = "".join(chr(plane << 16 | 0x120) for plane in range(17))


@dataclass(frozen=True, slots=True)
class Made:
    """What a case adds to the world: purchase orders in the order they became available, and shipments."""

    purchase_orders: tuple[PurchaseOrder, ...] = ()
    shipments: tuple[Shipment, ...] = ()


class Case(NamedTuple):
    """A case, what one of it makes, and how many of it a deck has.

    Attributes:
        make: Makes one.
        documents: How many documents of purchase orders that is.
        shipments: Likewise.
        times: How often.
        crosswalk: Whether its documents state no order, so that only a crosswalk leads to it.
    """

    make: Callable[[Stage], Made]
    documents: int
    shipments: int
    times: int = 1
    crosswalk: bool = False

    @property
    def name(self) -> str:
        """As ``differs_by_a_cent``."""
        return self.make.__name__.removeprefix("_")


def _rupees(stage: Stage, amount: Decimal, n: int = 0, *, order: int = 0, currency: str = "INR") -> Shipment:
    """The shipment of an Indian order; nobody submits an invoice for it."""
    return Shipment(stage.detail((stage.item(amount),), currency, n, order=order))


def _both_sides(
    stage: Stage, change: Callable[[Decimal], Decimal] = lambda total: total, currency: str = "INR"
) -> Made:
    """An order with an invoice and a shipment; ``change`` makes the shipment's amount from the invoice's total."""
    invoice = stage.invoice()
    shipment = _rupees(stage, change(invoice.total_amount), currency=currency)
    return Made((stage.purchase_order(invoice),), (shipment,))


def _agrees(stage: Stage) -> Made:
    return _both_sides(stage)


def _differs_by_a_cent(stage: Stage) -> Made:
    return _both_sides(stage, lambda total: total - _CENT)


def _differs_by_a_tenth(stage: Stage) -> Made:
    return _both_sides(stage, lambda total: (total * Decimal("0.9")).quantize(_CENT))


def _in_another_currency(stage: Stage) -> Made:
    return _both_sides(stage, lambda total: (total / 16).quantize(_CENT), "BRL")


def _without_shipment(stage: Stage, form: Form = "text") -> Made:
    return Made((stage.purchase_order(stage.invoice(), form=form),))


def _without_invoice(stage: Stage) -> Made:
    return Made(shipments=(_rupees(stage, Decimal("1499.00")),))


def _issued_twice(stage: Stage) -> Made:
    """One order invoiced under two purchase orders."""
    first = stage.invoice()
    second = replace(first, **stage.identity(1))
    orders = (stage.purchase_order(first), stage.purchase_order(second, 1))
    return Made(orders, (_rupees(stage, first.total_amount),))


def _in_two_shipments(stage: Stage) -> Made:
    invoice = stage.invoice()
    part = (invoice.total_amount / 3).quantize(_CENT)
    parts = (part, invoice.total_amount - part)
    return Made((stage.purchase_order(invoice),), tuple(_rupees(stage, one, n) for n, one in enumerate(parts)))


def _states_no_order(stage: Stage) -> Made:
    """An invoice without an order id."""
    invoice = replace(stage.invoice(), order_id=None)
    return Made((stage.purchase_order(invoice),), (_rupees(stage, invoice.total_amount),))


def _undecodable(stage: Stage) -> Made:
    return _without_shipment(stage, "undecodable")


def _scanned(stage: Stage) -> Made:
    """A PDF without text."""
    return _without_shipment(stage, "scan")


def _in_two_invoices(stage: Stage) -> Made:
    """One order of two purchase orders, as when two warehouses fill it, sent in one parcel."""
    invoices = (stage.invoice(), stage.invoice(1))
    orders = tuple(stage.purchase_order(invoice, n) for n, invoice in enumerate(invoices))
    return Made(orders, (_rupees(stage, sum((one.total_amount for one in invoices), Decimal(0))),))


def _reissued(stage: Stage) -> Made:
    """One purchase order listed twice: the same invoice came again, now with the buyer's GSTIN."""
    first = stage.invoice()
    second = replace(first, buyer_gstin=_BUYER_GSTIN)
    orders = (stage.purchase_order(first), stage.purchase_order(second, 1))
    return Made(orders, (_rupees(stage, first.total_amount),))


def _listed_twice(stage: Stage) -> Made:
    """One purchase order listed twice with the same document, to the byte."""
    invoice = stage.invoice()
    orders = tuple(stage.purchase_order(invoice, n) for n in range(2))
    return Made(orders, (_rupees(stage, invoice.total_amount),))


def _states_two_orders(stage: Stage) -> Made:
    """One invoice for two orders, each with its shipment."""
    invoice = replace(stage.invoice(), other_order_ids=(stage.order_id(1),))
    half = (invoice.total_amount / 2).quantize(_CENT)
    shipments = (_rupees(stage, half), _rupees(stage, invoice.total_amount - half, 1, order=1))
    return Made((stage.purchase_order(invoice),), shipments)


def _thirteen_digits_in_rupees(stage: Stage) -> Made:
    line = GstLine("Machine tool", "84571020", Decimal("8474576271185.58"), 1, Decimal(18))
    invoice = stage.invoice(0, line)
    return Made((stage.purchase_order(invoice),), (_rupees(stage, invoice.total_amount),))


def _brazilian(
    stage: Stage,
    status: str = "Accepted",
    items: tuple[Item, ...] = (),
    n: int = 0,
    **nfe: Any,  # noqa: ANN401 - fields of Nfe
) -> Shipment:
    """A Brazilian shipment with its NF-e; without items one with freight is drawn."""
    items = items or (stage.item(shipping=_FREIGHT),)
    return Shipment(stage.detail(items, "BRL", n), status, stage.nfe(items, n, **nfe))


def _accepted(stage: Stage) -> Made:
    return Made(shipments=(_brazilian(stage),))


def _not_submitted(stage: Stage) -> Made:
    """An NF-e that was issued as it should be, and that Amazon has not been given."""
    return Made(shipments=(_brazilian(stage, "NotFound"),))


def _accepted_in_two_shipments(stage: Stage) -> Made:
    return Made(shipments=tuple(_brazilian(stage, n=n) for n in range(2)))


def _order_in_remarks(stage: Stage) -> Made:
    """An NF-e whose order id stands only in ``infCpl``."""
    return Made(shipments=(_brazilian(stage, order_id_in="infCpl"),))


def _still_processing(stage: Stage) -> Made:
    return Made(shipments=(_brazilian(stage, "Processing"),))


def _errored(stage: Stage) -> Made:
    return Made(shipments=(_brazilian(stage, "Errored"),))


def _freight_forgotten(stage: Stage) -> Made:
    """An NF-e without the freight."""
    item = stage.item(shipping=_FREIGHT)
    return Made(shipments=(_brazilian(stage, items=(item,), lines=(nfe_line(replace(item, shipping=None)),)),))


def _denied(stage: Stage) -> Made:
    """An NF-e that SEFAZ denied, and that Amazon therefore did not take."""
    return Made(shipments=(_brazilian(stage, "Errored", protocol_status=110),))


def _without_nfe(stage: Stage) -> Made:
    """A shipment whose NF-e is still to be issued, with a field that the official model does not have."""
    detail = stage.detail((stage.item(Decimal("249.90")),), "BRL")
    return Made(shipments=(Shipment(detail | {"InvoiceDeadline": "2026-11-30"}),))


def _cancelled(stage: Stage) -> Made:
    """An NF-e that SEFAZ cancelled after Amazon had accepted it, as its protocol says."""
    return Made(shipments=(_brazilian(stage, protocol_status=101),))


def _cancelled_by_event(stage: Stage) -> Made:
    """The same, as only the event beside the NF-e says."""
    cancelled_at = stage.ordered_at.replace(microsecond=0) + timedelta(hours=20)
    return Made(shipments=(replace(_brazilian(stage), cancelled_at=cancelled_at),))


def _homologation(stage: Stage) -> Made:
    """An NF-e issued for test (``tpAmb`` 2), which is none."""
    return Made(shipments=(_brazilian(stage, "Errored", environment=2),))


def _nfe_states_two_orders(stage: Stage) -> Made:
    """A parcel that fills two orders: the shipment is of the first, its NF-e names both."""
    return Made(shipments=(_brazilian(stage, other_order_ids=(stage.order_id(1),)),))


def _every_part_of_a_price(stage: Stage) -> Made:
    """Several units, gift wrap and both discounts, beside an item that costs nothing more."""
    gift = stage.item(
        Decimal("239.70"),
        quantity=3,
        shipping=_FREIGHT,
        gift_wrap=Decimal("7.50"),
        shipping_discount=Decimal("9.90"),
        promotion_discount=Decimal("24.00"),
    )
    return Made(shipments=(_brazilian(stage, items=(gift, stage.item())),))


def _thirteen_digits_in_reais(stage: Stage) -> Made:
    # vUnCom has eleven digits before the point, so it takes a thousand units.
    item = stage.item(_THIRTEEN_DIGITS - _FREIGHT, quantity=1000, shipping=_FREIGHT)
    return Made(shipments=(_brazilian(stage, items=(item,)),))


def _unknown_fields(stage: Stage) -> Made:
    """Fields that the official model does not have, at every depth."""
    made = _brazilian(stage)
    for part in _objects(made.detail):
        part["AddedLater"] = {"Since": "2026-11"}
    return Made(shipments=(made,))


def _objects(json: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Every object in it, itself included."""
    if isinstance(json, list):
        return [found for one in json for found in _objects(one)]
    if isinstance(json, dict):
        return [json, *(found for one in json.values() for found in _objects(one))]
    return []


def _unknown_values(stage: Stage) -> Made:
    """Values that no enum of the official model has, the status among them."""
    made = _brazilian(stage, "Queued")
    made.detail["PaymentMethodDetails"] = ["Wallet"]
    made.detail["Payments"][0]["PaymentMethod"] = "Wallet"
    made.detail["ShippingAddress"]["AddressType"] = "Locker"
    made.detail["BuyerTaxInfo"]["TaxClassifications"][0]["Name"] = "CIN"
    return Made(shipments=(made,))


def _every_plane_of_unicode(stage: Stage) -> Made:
    """A buyer's name that Latin-1, which is all that an NF-e knows, does not have."""
    name = f"{stage.buyer()} {_EVERY_PLANE}"
    made = _brazilian(stage, recipient_name=name.encode("latin-1", "replace").decode("latin-1"))
    made.detail["BuyerName"] = made.detail["BuyerTaxInfo"]["CompanyLegalName"] = name
    made.detail["ShippingAddress"]["Name"] = name
    return Made(shipments=(made,))


def _without_items(stage: Stage) -> Made:
    return Made(shipments=(Shipment(stage.detail((), "BRL")),))


def _bare(stage: Stage) -> Made:
    """A shipment with nothing but its ids and a price; the official model requires no field."""
    whole = stage.detail((stage.item(),), "BRL")
    detail = {name: whole[name] for name in ("AmazonOrderId", "AmazonShipmentId")}
    return Made(
        shipments=(Shipment(detail | {"ShipmentItems": [{"ItemPrice": whole["ShipmentItems"][0]["ItemPrice"]}]}),)
    )


_DEMO: Final = (
    Case(_agrees, 1, 1, times=5),
    Case(_differs_by_a_cent, 1, 1),
    Case(_differs_by_a_tenth, 1, 1),
    Case(_in_another_currency, 1, 1),
    Case(_without_shipment, 1, 0, times=2),
    Case(_without_invoice, 0, 1),
    Case(_issued_twice, 2, 1),
    Case(_in_two_shipments, 1, 2),
    Case(_states_no_order, 1, 1, crosswalk=True),
    Case(_undecodable, 1, 0),
    Case(_scanned, 1, 0),
    Case(_accepted, 0, 1, times=3),
    Case(_not_submitted, 0, 1),
    Case(_accepted_in_two_shipments, 0, 2),
    Case(_order_in_remarks, 0, 1),
    Case(_still_processing, 0, 1),
    Case(_errored, 0, 1),
    Case(_freight_forgotten, 0, 1),
    Case(_denied, 0, 1),
    Case(_without_nfe, 0, 1),
)
_MORE: Final = (
    Case(_reissued, 2, 1),
    Case(_listed_twice, 2, 1),
    Case(_states_two_orders, 1, 2),
    Case(_in_two_invoices, 2, 1),
    Case(_thirteen_digits_in_rupees, 1, 1),
    Case(_cancelled, 0, 1),
    Case(_cancelled_by_event, 0, 1),
    Case(_homologation, 0, 1),
    Case(_nfe_states_two_orders, 0, 1),
    Case(_every_part_of_a_price, 0, 1),
    Case(_thirteen_digits_in_reais, 0, 1),
    Case(_unknown_fields, 0, 1),
    Case(_unknown_values, 0, 1),
    Case(_every_plane_of_unicode, 0, 1),
    Case(_without_items, 0, 1),
    Case(_bare, 0, 1),
)
_PLAIN: Final = (
    Case(_agrees, 1, 1, times=39),
    Case(_in_two_invoices, 2, 1, times=14),
    Case(_without_shipment, 1, 0, times=9),
    Case(_accepted, 0, 1, times=5),
)
# The demo is 16 documents and 25 shipments, one burst of their quota; the whole deck 100 of each, so that a world of that
# size, or of a multiple of it, has every case.
CASES: Final = _DEMO + _MORE + _PLAIN
