"""What each case is for: the statuses it ends in, and why, with no server between."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files

import msgspec
import polars as pl
import pytest

pytest.importorskip("pypdfium2")
etree = pytest.importorskip("lxml.etree")

import spapi_invoices as spi  # noqa: E402 - after the skips
from spapi_invoices.core.customer_invoices import CustomerInvoicePage  # noqa: E402
from spapi_invoices.core.models import (  # noqa: E402
    KNOWN_ADDRESS_TYPES,
    KNOWN_INVOICE_STATUSES,
    KNOWN_PAYMENT_METHODS,
    CustomerInvoice,
)
from spapi_invoices.core.shipment_invoicing import ShipmentAnswer, parse_get_shipment_details  # noqa: E402
from spapi_invoices.core.wire import HttpResponse  # noqa: E402
from spapi_invoices.documents import nfe  # noqa: E402
from spapi_invoices.documents.reader import at_once  # noqa: E402
from spapi_invoices.documents.table import from_file, read_all  # noqa: E402
from spapi_invoices.frames import build  # noqa: E402
from spapi_invoices.frames.schemas import STATUSES  # noqa: E402
from spapi_invoices.sandbox.cases import CASES, ORDERS_PER_CASE, Case, Made  # noqa: E402
from spapi_invoices.sandbox.ids import ids_of  # noqa: E402
from spapi_invoices.sandbox.records import PurchaseOrder, Shipment  # noqa: E402
from spapi_invoices.sandbox.stage import Stage  # noqa: E402
from spapi_invoices.sandbox.world import make_world  # noqa: E402

NOW = datetime(2026, 11, 2, tzinfo=UTC)
KINDS = {case.name: case for case in CASES}
# Case -> its statuses, and words that one of its reasons has.
ENDS = {
    "agrees": ({"matched"}, "agree to the last digit"),
    "differs_by_a_cent": ({"within_tolerance"}, "higher by 0.01"),
    "differs_by_a_tenth": ({"amount_differs"}, "invoice is higher by"),
    "in_another_currency": ({"currency_differs"}, "invoice in INR, shipment in BRL"),
    "without_shipment": ({"left_only"}, "no shipment for this invoice"),
    "without_invoice": ({"right_only"}, "no invoice for this shipment"),
    "issued_twice": ({"duplicate"}, "invoice amounts that occur more than once"),
    "in_two_shipments": ({"matched"}, "1 invoice covers 2 shipments"),
    "states_no_order": ({"matched"}, "joined by the crosswalk"),
    "undecodable": ({"not_comparable"}, "content is not base64"),
    "scanned": ({"not_comparable"}, "the PDF has no text"),
    "accepted": ({"accepted"}, "Amazon accepted the invoice"),
    "not_submitted": ({"matched"}, "agree to the last digit"),
    "accepted_in_two_shipments": ({"accepted"}, "2 invoices cover 2 shipments"),
    "order_in_remarks": ({"accepted"}, "Amazon accepted the invoice"),
    "still_processing": ({"pending"}, "still checking"),
    "errored": ({"rejected"}, "could not validate"),
    "freight_forgotten": ({"amount_differs"}, "invoice is lower by 19.90"),
    "denied": ({"not_comparable"}, "cStat 110, denied"),
    "without_nfe": ({"right_only"}, "no invoice for this shipment"),
    "reissued": ({"duplicate"}, "the same number occurs twice on one side"),
    "listed_twice": ({"matched"}, "agree to the last digit"),
    "states_two_orders": ({"not_comparable", "right_only"}, "states 2 order ids; give a crosswalk"),
    "in_two_invoices": ({"matched"}, "2 invoices cover 1 shipment"),
    "thirteen_digits_in_rupees": ({"matched"}, "agree to the last digit"),
    "cancelled": ({"not_comparable"}, "cStat 101, cancelled"),
    "cancelled_by_event": ({"not_comparable"}, "cancelled by event"),
    "homologation": ({"not_comparable"}, "tpAmb 2, homologation"),
    "nfe_states_two_orders": ({"accepted"}, "joined by the shipment it states"),
    "every_part_of_a_price": ({"accepted"}, "Amazon accepted the invoice"),
    "thirteen_digits_in_reais": ({"accepted"}, "Amazon accepted the invoice"),
    "unknown_fields": ({"accepted"}, "Amazon accepted the invoice"),
    "unknown_values": ({"matched"}, "Queued"),
    "every_plane_of_unicode": ({"accepted"}, "Amazon accepted the invoice"),
    "without_items": ({"not_comparable"}, "ShipmentItems: none"),
    "bare": ({"right_only"}, "no invoice for this shipment"),
}


def stage(seed: int = 1, documents: int = 2) -> Stage:
    """Somewhere in a world."""
    times = tuple(datetime(2026, 10, 5, 12, tzinfo=UTC) + timedelta(days=day) for day in range(max(documents, 1)))
    return Stage(random.Random(seed), ids_of(seed), 40, 20, 30, times, "BLR7")


def made(name: str, seed: int = 1) -> Made:
    """One of a case."""
    return KINDS[name].make(stage(seed, KINDS[name].documents))


def only_shipment(name: str) -> Shipment:
    """The shipment of a case that has one."""
    (one,) = made(name).shipments
    return one


def answers(shipments: Iterable[Shipment]) -> dict[str, ShipmentAnswer]:
    """What our client reads of the shipments' details, by id."""
    return {
        one.shipment_id: parse_get_shipment_details(
            HttpResponse.of(200, body=msgspec.json.encode({"payload": one.detail}))
        )
        for one in shipments
    }


def customer_invoices(purchase_orders: Iterable[PurchaseOrder]) -> pl.DataFrame:
    """The table that getCustomerInvoices fills."""
    found = tuple(CustomerInvoice(purchaseOrderNumber=one.number, content=one.content) for one in purchase_orders)
    rows = build.customer_invoice_rows(CustomerInvoicePage(found), build.Asked("v1", NOW))
    return build.customer_invoices([build.customer_invoice_frame(rows)])


def compared(
    purchase_orders: Iterable[PurchaseOrder], shipments: Iterable[Shipment], crosswalk: Mapping[str, str]
) -> pl.DataFrame:
    """The matches of all this, fetched, read and reconciled."""
    shipments = list(shipments)
    rows = build.ShipmentRows()
    for shipment_id, answer in answers(shipments).items():
        rows.add(shipment_id, answer, NOW)
    statuses = [build.invoice_status_row(one.shipment_id, one.invoice_status, None, NOW, None) for one in shipments]
    kept = [from_file(one.shipment_id, xml) for one in shipments for xml in (one.nfe, one.nfe_event) if xml]
    facts = [
        spi.read_documents(customer_invoices(purchase_orders)).facts,
        read_all(kept, at_once((nfe.READER,))).facts,
    ]
    right = spi.shipment_side(rows.frames()["shipments"], build.invoice_statuses(statuses))
    lines = pl.DataFrame(list(crosswalk.items()), schema={"left": pl.String, "right": pl.String}, orient="row")
    return spi.reconcile(spi.customer_side(pl.concat(facts)), right, crosswalk=lines, as_of=NOW.date()).matches


@cache
def schema(path: str) -> "etree.XMLSchema":
    """An official schema."""
    return etree.XMLSchema(etree.parse(str(files("nfelib") / path)))


def is_valid(shipment: Shipment) -> bool:
    """Whether a shipment's NF-e and its cancellation, if any, are valid by their official schemas."""
    checks = (
        (shipment.nfe, "nfe/schemas/v4_0/procNFe_v4.00.xsd"),
        (shipment.nfe_event, "nfe_evento_cancel/schemas/v1_0/procEventoCancNFe_v1.00.xsd"),
    )
    return all(schema(path).validate(etree.fromstring(xml)) for xml, path in checks if xml)


def alone(case: Case, seed: int = 1) -> pl.DataFrame:
    """The matches of one of a case."""
    one, order_id = made(case.name, seed), stage(seed).order_id()
    crosswalk = {order.number: order_id for order in one.purchase_orders if case.crosswalk}
    return compared(one.purchase_orders, one.shipments, crosswalk)


@pytest.mark.parametrize("case", KINDS.values(), ids=lambda case: case.name)
class TestEach:
    """Laws of every case."""

    @pytest.mark.parametrize("seed", [1, 2])
    def test_ends_as_stated(self, case: Case, seed: int):
        """Reconciled alone, a case has its statuses and no other, and says why."""
        matches = alone(case, seed)
        ends, words = ENDS[case.name]
        assert set(matches["status"].cast(str)) == ends
        assert any(words in reason for reasons in matches["reasons"] for reason in reasons)

    def test_makes_what_the_table_says(self, case: Case):
        """As many documents and shipments as the arithmetic of the world counts on, at the times of the stage."""
        one = made(case.name)
        assert (len(one.purchase_orders), len(one.shipments)) == (case.documents, case.shipments)
        times = [order.available_at for order in one.purchase_orders]
        assert times == list(stage(documents=case.documents).times[: case.documents])

    def test_has_its_own_ids(self, case: Case):
        """Purchase orders, shipments and NF-e are numbered by their place, so two cases never share a number."""
        ids, one = ids_of(1), made(case.name)
        assert {ids.document_of(order.number) for order in one.purchase_orders} <= {20, 21}
        assert [ids.shipment_of(shipment.shipment_id) for shipment in one.shipments] == [30, 31][: case.shipments]
        assert [shipment.invoice.number for shipment in one.shipments if shipment.invoice] in ([], [31], [31, 32])
        orders = {ids.order_id(40 + n) for n in range(ORDERS_PER_CASE)}
        assert {shipment.detail["AmazonOrderId"] for shipment in one.shipments} <= orders

    def test_is_the_same_again(self, case: Case):
        """The same stage, the same bytes."""
        one, again = made(case.name), made(case.name)
        assert one == again
        assert [order.content for order in one.purchase_orders] == [order.content for order in again.purchase_orders]

    @pytest.mark.parametrize("seed", range(5))
    def test_xml_is_valid(self, case: Case, seed: int):
        """Every NF-e and event is valid by its official schema."""
        assert all(is_valid(shipment) for shipment in made(case.name, seed).shipments)


def test_every_case_has_an_end():
    """The table above knows all cases, and each status is the end of one."""
    assert ENDS.keys() == KINDS.keys()
    assert {status for ends, _ in ENDS.values() for status in ends} == set(STATUSES)


@pytest.mark.parametrize("seed", [1, 2, 2026])
@pytest.mark.parametrize("size", [(16, 25), (100, 100)])
def test_a_world_ends_as_its_cases(seed: int, size: tuple[int, int]):
    """The demo's world and a whole deck have every status, however the cases lie together."""
    world = make_world(seed, customer_invoices=size[0], shipments=size[1])
    matches = compared(world.purchase_orders, world.shipments.values(), world.crosswalk)
    assert set(matches["status"].cast(str)) == set(STATUSES)


def test_a_deck_ends_as_its_cases():
    """In a whole deck each status occurs as often as its cases do: no case disturbs another."""
    world = make_world(customer_invoices=100, shipments=100)
    matches = compared(world.purchase_orders, world.shipments.values(), world.crosswalk)
    expected: Counter[str] = Counter()
    for case in CASES:
        for status in alone(case)["status"].cast(str):
            expected[status] += case.times
    assert Counter(matches["status"].cast(str)) == expected


class TestReissued:
    """One purchase order, two documents."""

    def test_differs(self):
        """Number and invoice number are the same, the PDF is not, and the later one has the buyer's GSTIN."""
        first, second = made("reissued").purchase_orders
        assert (first.number, first.invoice.invoice_number) == (second.number, second.invoice.invoice_number)
        assert first.content != second.content
        assert first.available_at < second.available_at
        assert second.invoice.buyer_gstin

    def test_listed_twice_is_equal(self):
        """An exact duplicate is one to the byte, and a fetch keeps it once."""
        first, second = made("listed_twice").purchase_orders
        assert (first.number, first.content) == (second.number, second.content)
        assert first.available_at < second.available_at
        assert customer_invoices((first, second)).height == 1


class TestThirteenDigits:
    """The largest amounts an NF-e has."""

    @pytest.mark.parametrize(
        ("name", "total"),
        [("thirteen_digits_in_rupees", "9999999999998.98"), ("thirteen_digits_in_reais", "9999999999999.99")],
    )
    def test_arrive_to_the_cent(self, name: str, total: str):
        """On both sides, through PDF or XML and JSON, exactly."""
        one = made(name)
        (match,) = compared(one.purchase_orders, one.shipments, {}).iter_rows(named=True)
        assert (match["left_amount"], match["right_amount"]) == (Decimal(total), Decimal(total))

    def test_a_large_worlds_sum_is_not_cut(self):
        """Two thousand of them are more than sixteen digits, and the summary has them all."""
        side = pl.DataFrame({"key": map(str, range(2000)), "amount": "9999999999999.99", "currency": "BRL"})
        assert spi.reconcile(side, side).summary["left_amount"].item() == Decimal("19999999999999980.00")


class TestUnknown:
    """What Amazon may add."""

    def test_fields_at_every_depth(self):
        """Objects in lists in objects have them, and our client names each."""
        (answer,) = answers(made("unknown_fields").shipments).values()
        assert answer.unknown_fields == {
            "AddedLater",
            "ShippingAddress.AddedLater",
            "Payments.AddedLater",
            "Payments.PaymentValue.AddedLater",
            "BuyerTaxInfo.AddedLater",
            "BuyerTaxInfo.TaxClassifications.AddedLater",
            "MarketplaceTaxInfo.AddedLater",
            "MarketplaceTaxInfo.TaxClassifications.AddedLater",
            "ShipmentItems.AddedLater",
            "ShipmentItems.ItemPrice.AddedLater",
            "ShipmentItems.ShippingPrice.AddedLater",
        }
        assert answer.problems == ()

    def test_values_of_every_enum(self):
        """Status, payment method, address type and the kind of tax number are none of the known ones."""
        one = only_shipment("unknown_values")
        assert one.invoice_status not in KNOWN_INVOICE_STATUSES
        assert one.detail["Payments"][0]["PaymentMethod"] not in KNOWN_PAYMENT_METHODS
        assert one.detail["ShippingAddress"]["AddressType"] not in KNOWN_ADDRESS_TYPES
        assert one.detail["BuyerTaxInfo"]["TaxClassifications"][0]["Name"] not in {"CPF", "CNPJ"}


class TestNames:
    """A buyer's name."""

    def test_has_every_plane(self):
        """A character of each of the seventeen planes arrives in all three places of the JSON."""
        (answer,) = answers(made("every_plane_of_unicode").shipments).values()
        detail = answer.detail
        names = (detail.BuyerName, detail.ShippingAddress.Name, detail.BuyerTaxInfo.CompanyLegalName)
        assert all({ord(character) >> 16 for character in name} == set(range(17)) for name in names)

    def test_is_latin_1_in_the_nfe(self):
        """The NF-e has a question mark for each character that its schema does not allow."""
        invoice = only_shipment("every_plane_of_unicode").invoice
        assert invoice is not None
        assert invoice.recipient_name == "Example Customer 41 " + "?" * 17


def test_every_part_of_a_price():
    """Several units, gift wrap and both discounts are in the JSON, and the NF-e's parts add up to the same."""
    one = only_shipment("every_part_of_a_price")
    first, second = one.detail["ShipmentItems"]
    parts = {"ItemPrice", "ShippingPrice", "GiftWrapPrice", "ShippingDiscount", "PromotionDiscount"}
    assert (parts <= first.keys(), parts & second.keys(), first["QuantityOrdered"]) == (True, {"ItemPrice"}, 3)
    facts = nfe.READER.read(one.nfe or b"")
    assert facts.problem is None
    assert str(facts.total_amount) == one.detail["Payments"][0]["PaymentValue"]["Amount"]


def test_an_order_only_in_the_remarks():
    """The id stands in infCpl, and nowhere else."""
    one = only_shipment("order_in_remarks")
    root = etree.fromstring(one.nfe)
    holding = [element for element in root.iter() if element.text and one.detail["AmazonOrderId"] in element.text]
    assert [etree.QName(element).localname for element in holding] == ["infCpl"]


def test_a_bare_shipment_has_no_optional_field():
    """Ids and a price, and our client finds nothing wrong with that."""
    (answer,) = answers(made("bare").shipments).values()
    given = {name for name in answer.detail.__struct_fields__ if getattr(answer.detail, name) is not None}
    assert (given, answer.problems) == ({"AmazonOrderId", "AmazonShipmentId", "ShipmentItems"}, ())
