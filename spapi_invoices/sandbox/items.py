"""What is sold, and how it reads in a shipment's JSON and in its NF-e. Not for which items there are."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from spapi_invoices.synthetic.nfe_xml import NfeLine

Json = dict[str, Any]
_NOTHING: Final = Decimal("0.00")


class Good(NamedTuple):
    """A thing with its codes: HSN in India, NCM in Brazil."""

    title: str
    hsn: str
    ncm: str


GOODS: Final = (
    Good("Steel water bottle 1 L", "73239390", "73239300"),
    Good("Cotton bed sheet, double", "63041910", "63041910"),
    Good("LED desk lamp", "94052100", "94052100"),
    Good("Notebook A5, ruled, pack of 6", "48201020", "48201000"),
    Good("Bluetooth speaker", "85182200", "85182200"),
    Good("Yoga mat 6 mm", "95069190", "95069100"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of a shipment. ``price`` is for the whole quantity; a part of it that is ``None`` is left out."""

    good: Good
    asin: str
    sku: str
    order_item_id: str
    price: Decimal
    quantity: int = 1
    shipping: Decimal | None = None
    gift_wrap: Decimal | None = None
    shipping_discount: Decimal | None = None
    promotion_discount: Decimal | None = None

    @property
    def discount(self) -> Decimal:
        """Both discounts."""
        return (self.shipping_discount or _NOTHING) + (self.promotion_discount or _NOTHING)

    @property
    def total(self) -> Decimal:
        """What the buyer pays for it."""
        return self.price + (self.shipping or _NOTHING) + (self.gift_wrap or _NOTHING) - self.discount


def money(amount: Decimal, currency: str) -> Json:
    """An amount as SP-API writes it."""
    return {"CurrencyCode": currency, "Amount": f"{amount:.2f}"}


def total_of(items: tuple[Item, ...]) -> Decimal:
    """What the buyer pays for all of them."""
    return sum((item.total for item in items), _NOTHING)


def shipment_item(item: Item, currency: str) -> Json:
    """An entry of ``ShipmentItems``."""
    amounts = {
        "ItemPrice": item.price,
        "ShippingPrice": item.shipping,
        "GiftWrapPrice": item.gift_wrap,
        "ShippingDiscount": item.shipping_discount,
        "PromotionDiscount": item.promotion_discount,
    }
    return {
        "ASIN": item.asin,
        "SellerSKU": item.sku,
        "OrderItemId": item.order_item_id,
        "Title": item.good.title,
        "QuantityOrdered": item.quantity,
        **{name: money(amount, currency) for name, amount in amounts.items() if amount is not None},
        "SerialNumbers": [],
    }


def nfe_line(item: Item) -> NfeLine:
    """The same as a line of the NF-e, gift wrap under other expenses."""
    return NfeLine(
        code=item.sku,
        description=item.good.title,
        ncm=item.good.ncm,
        cfop="5102",  # goods bought from others, sold within the state
        quantity=item.quantity,
        total=item.price,
        shipping=item.shipping or _NOTHING,
        discount=item.discount,
        other=item.gift_wrap or _NOTHING,
    )
