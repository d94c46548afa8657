import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.frames.schemas import InvoiceFacts, InvoiceStatuses, Shipments, frame, polars_schema
from spapi_invoices.reconciliation import customer_side, reconcile, shipment_side

Row = dict[str, Any]
NOW = dt.datetime(2026, 10, 31, 23, tzinfo=dt.UTC)


def fact(**stated: object) -> Row:
    good = {
        "document_id": "d" * 64,
        "currency": "INR",
        "total_amount": Decimal("10.00"),
        "order_ids": ["O1"],
        "invoice_number": "I1",
    }
    return dict.fromkeys(polars_schema(InvoiceFacts)) | good | stated


def facts(*rows: Row) -> pl.DataFrame:
    return frame(InvoiceFacts, list(rows))


def shipment(**stated: object) -> Row:
    good = {
        "amazon_shipment_id": "S1",
        "amazon_order_id": "O1",
        "currency": "INR",
        "expected_amount": Decimal("10.00"),
        "purchase_date": NOW,
        "fetched_at": NOW,
    }
    return dict.fromkeys(polars_schema(Shipments)) | good | stated


def shipments(*rows: Row) -> pl.DataFrame:
    return frame(Shipments, list(rows))


def statuses(*asked: tuple[str, str, dt.datetime]) -> pl.DataFrame:
    names = ("amazon_shipment_id", "invoice_status", "checked_at")
    empty = dict.fromkeys(polars_schema(InvoiceStatuses))
    return frame(InvoiceStatuses, [empty | dict(zip(names, row, strict=True)) for row in asked])


def one(side: pl.DataFrame) -> Row:
    assert side.height == 1
    return side.row(0, named=True)


class TestCustomerSide:
    """Documents."""

    def test_a_good_document_is_ready_to_compare(self) -> None:
        """Key, reference, aliases, amount and date come from what it states."""
        row = one(customer_side(facts(fact(purchase_order_number="PO1", issue_date=dt.date(2026, 10, 1)))))
        assert (row["key"], row["ref"], row["amount"], row["currency"]) == ("O1", "I1", Decimal("10.00"), "INR")
        assert (row["date"], row["problem"], row["note"]) == (dt.date(2026, 10, 1), None, None)
        assert sorted(row["aliases"]) == sorted(["PO1", "I1", "d" * 64])

    @pytest.mark.parametrize(
        ("stated", "ref"),
        [
            ({"invoice_number": None, "purchase_order_number": "PO1", "access_key": "4"}, "PO1"),
            ({"invoice_number": None, "access_key": "4"}, "4"),
            ({"invoice_number": None}, "d" * 12),
        ],
    )
    def test_the_reference_is_the_best_name_there_is(self, stated: Row, ref: str) -> None:
        """Invoice number, else purchase order, else access key, else the start of the document's hash."""
        assert one(customer_side(facts(fact(**stated))))["ref"] == ref

    @pytest.mark.parametrize(
        ("stated", "problem"),
        [
            ({"order_ids": []}, "states no Amazon order id; give a crosswalk"),
            ({"order_ids": ["O1", "O2"]}, "states 2 order ids; give a crosswalk"),
            ({"total_amount": None}, "states no total amount"),
            ({"total_amount": None, "problem": "not a PDF"}, "not a PDF"),
            ({"currency": None}, "states no currency"),
            ({"authorised": False}, "not authorised by SEFAZ"),
            ({"authorised": False, "problem": "cStat 302"}, "not authorised by SEFAZ: cStat 302"),
            ({"authorised": False, "problem": "not authorised: cStat 302"}, "not authorised: cStat 302"),
            ({"authorised": False, "order_ids": []}, "not authorised by SEFAZ"),
        ],
    )
    def test_what_cannot_be_compared_says_why(self, stated: Row, problem: str | None) -> None:
        """The problem names the reason; nothing is said twice."""
        row = one(customer_side(facts(fact(**stated))))
        assert (row["problem"], row["note"]) == (problem, None)

    def test_a_finding_is_a_note(self) -> None:
        """A readable, authorised document with a total is compared in spite of a finding."""
        row = one(customer_side(facts(fact(authorised=True, problem="GSTIN check digit is wrong"))))
        assert (row["problem"], row["note"]) == (None, "GSTIN check digit is wrong")

    def test_a_finding_stays_a_note_where_the_key_is_missing(self) -> None:
        """The key's problem does not hide the finding."""
        row = one(customer_side(facts(fact(order_ids=[], problem="GSTIN check digit is wrong"))))
        assert (row["key_problem"], row["note"]) == (row["problem"], "GSTIN check digit is wrong")

    @pytest.mark.parametrize("make", ["to_pandas", "to_arrow"])
    def test_other_libraries_give_the_same_side(self, make: str) -> None:
        """Neither pandas nor pyarrow loses anything on the way, columns without values included."""
        pytest.importorskip("pyarrow")
        pytest.importorskip("pandas")
        table = facts(
            fact(document_id="1" * 64),
            fact(document_id="1" * 64, purchase_order_number="PO1"),
            fact(order_ids=[], authorised=False, total_amount=None),
        )
        assert customer_side(getattr(table, make)()).equals(customer_side(table))
        plain = shipments(shipment(), shipment(amazon_order_id=None, expected_amount=None))
        assert shipment_side(getattr(plain, make)()).equals(shipment_side(plain))

    def test_a_missing_column_is_named(self) -> None:
        """What is missing and what exists are both in the message."""
        with pytest.raises(InvalidRequest, match="missing authorised; there are: document_id"):
            customer_side(facts(fact()).drop("authorised"))


def nfe(number: int, **stated: object) -> Row:
    names = {"document_id": f"{number}" * 64, "access_key": f"{number}" * 44, "invoice_number": f"1-{number}"}
    return fact(document_type="nfe", authorised=True) | names | stated


def event(number: int, *, authorised: bool | None, problem: str) -> Row:
    """An event of the NF-e of that number."""
    told = fact(document_id=f"e{number}" * 32, document_type="nfe_event", order_ids=[], problem=problem)
    return (
        told
        | {"access_key": f"{number}" * 44, "authorised": authorised}
        | dict.fromkeys(("total_amount", "currency", "invoice_number"))
    )


class TestSameDocument:
    """Documents that came more than once."""

    def test_it_is_one_row_with_the_names_of_all(self) -> None:
        """Equal bytes are one invoice, which either purchase order names; in the order given."""
        pair = [fact(purchase_order_number=po) for po in ("PO1", "PO2")]
        side = customer_side(facts(pair[0], nfe(5), pair[1]))
        assert side["ref"].to_list() == ["I1", "1-5"]
        assert side["note"].to_list() == ["the same document came 2 times", None]
        assert set(side["aliases"][0]) == {"PO1", "PO2", "I1", "d" * 64}

    def test_of_one_access_key_the_authorised_document_counts(self) -> None:
        """A bare NF-e and the same with its protocol are one invoice, authorised."""
        bare = nfe(1, authorised=False, document_id="b" * 64, problem="not authorised: no protocol")
        row = one(customer_side(facts(bare, nfe(1), nfe(1))))
        assert (row["problem"], row["note"]) == (None, "the same document came 3 times")
        assert "b" * 64 in row["aliases"]

    def test_what_states_nothing_is_not_called_the_same(self) -> None:
        """Two purchase orders whose documents could not be had are two rows."""
        lost = [fact(purchase_order_number=po, total_amount=None) for po in ("PO1", "PO2")]
        assert customer_side(facts(*lost)).height == 2


class TestSeveralInvoicesInADocument:
    """One file with several invoices."""

    def test_each_is_a_row(self) -> None:
        """Invoices of one document are told apart by their numbers; the same document twice is still one of each."""
        pair = [fact(invoice_number=number, order_ids=[f"O{number}"]) for number in ("A", "B")]
        assert customer_side(facts(*pair))["key"].to_list() == ["OA", "OB"]
        side = customer_side(facts(*pair, *pair))
        assert side["key"].to_list() == ["OA", "OB"]
        assert side["note"].to_list() == ["the same document came 2 times"] * 2


DENIED: Row = {"authorised": False, "problem": "not authorised: cStat 110, denied"}


class TestLegalForce:
    """NF-e that were denied or cancelled, and what stands beside them."""

    def test_a_dead_invoice_does_not_hinder_the_one_of_its_order(self) -> None:
        """It stands alone and names the other; the order is compared."""
        left = customer_side(facts(nfe(1, **DENIED), nfe(2)))
        matches = reconcile(left, shipment_side(shipments(shipment()))).matches
        assert matches.select("key", "status").rows() == [(None, "not_comparable"), ("O1", "matched")]
        assert matches["reasons"][0].to_list() == [
            "invoice 1-1: not authorised: cStat 110, denied; its order has invoice 1-2"
        ]

    @pytest.mark.parametrize("other", [{"order_ids": ["O2"]}, {"total_amount": None}, DENIED], ids=str)
    def test_a_dead_invoice_without_another_stays_with_its_order(self, other: Row) -> None:
        """Only an invoice of the same order that can be compared takes its place."""
        assert customer_side(facts(nfe(1, **DENIED), nfe(2, **other)))["key"].to_list()[0] == "O1"

    def test_a_cancellation_takes_the_invoice_back(self) -> None:
        """The NF-e is cancelled by its event, which is told with it and is no row."""
        row = one(customer_side(facts(event(1, authorised=False, problem="a cancellation"), nfe(1))))
        assert (row["ref"], row["key"], row["problem"]) == ("1-1", "O1", "cancelled by event")

    def test_a_cancelled_invoice_gives_way_to_its_successor(self) -> None:
        """As a denied one does."""
        side = customer_side(facts(nfe(1), event(1, authorised=False, problem="a cancellation"), nfe(2)))
        assert side.select("ref", "key").rows() == [("1-1", None), ("1-2", "O1")]

    def test_another_event_is_a_note(self) -> None:
        """A correction letter changes nothing; what it is is told with the NF-e."""
        row = one(customer_side(facts(nfe(1), event(1, authorised=None, problem="a correction letter"))))
        assert (row["problem"], row["note"]) == (None, "a correction letter")

    def test_an_event_of_an_unknown_invoice_stands_alone(self) -> None:
        """It is kept with its words, has no key, and asks for no crosswalk."""
        row = one(customer_side(facts(event(1, authorised=False, problem="a cancellation"))))
        assert (row["key"], row["key_problem"], row["problem"]) == (None, None, "a cancellation")


class TestShipmentSide:
    """Shipments."""

    def test_a_shipment_is_ready_to_compare(self) -> None:
        """The key is the order, the reference the shipment, the date the UTC day of purchase."""
        row = one(shipment_side(shipments(shipment())))
        assert (row["key"], row["ref"], row["aliases"], row["amount"]) == ("O1", "S1", ["S1", "O1"], Decimal("10.00"))
        assert (row["date"], row["invoice_status"], row["problem"]) == (dt.date(2026, 10, 31), None, None)

    def test_the_clients_result_will_do(self) -> None:
        """An object with a shipments table is that table."""
        table = shipments(shipment())
        assert shipment_side(SimpleNamespace(shipments=table)).equals(shipment_side(table))

    def test_the_latest_status_counts(self) -> None:
        """Of repeated statuses the latest; one of an unknown shipment adds no row."""
        earlier = NOW - dt.timedelta(1)
        asked = statuses(("S1", "Processing", NOW), ("S1", "Accepted", earlier), ("S9", "Errored", NOW))
        assert one(shipment_side(shipments(shipment()), asked))["invoice_status"] == "Processing"

    @pytest.mark.parametrize("first", ["NotFound", "Denied", "Processing"])
    def test_of_one_instant_the_more_final_status_counts(self, first: str) -> None:
        """Accepted and Errored before Processing before NotFound, whatever the order of the rows."""
        for final in ("Accepted", "Errored"):
            for order in ((first, final), (final, first)):
                asked = statuses(*(("S1", status, NOW) for status in order))
                assert one(shipment_side(shipments(shipment()), asked))["invoice_status"] == final
        asked = statuses(("S1", "Processing", NOW), ("S1", "NotFound", NOW))
        assert one(shipment_side(shipments(shipment()), asked))["invoice_status"] == "Processing"

    @pytest.mark.parametrize(
        ("stated", "problem", "note"),
        [
            ({"expected_amount": None, "problem": "ItemPrice: 1.005"}, "ItemPrice: 1.005", None),
            ({"currency": None}, "names no currency", None),
            ({"amazon_order_id": None}, "names no Amazon order id", None),
            ({"problem": "payments differ"}, None, "payments differ"),
        ],
    )
    def test_problems_and_findings(self, stated: Row, problem: str | None, note: str | None) -> None:
        """Without amount or currency it cannot be compared; anything else is a note."""
        row = one(shipment_side(shipments(shipment(**stated))))
        assert (row["problem"], row["note"]) == (problem, note)

    def test_both_sides_meet(self) -> None:
        """Documents and shipments of one order are matched, whatever the time zone of the purchase."""
        table = shipments(shipment()).with_columns(pl.col("purchase_date").dt.convert_time_zone("Asia/Kolkata"))
        assert table["purchase_date"].dt.date().item() == dt.date(2026, 11, 1)
        side = shipment_side(table)
        assert side["date"].item() == dt.date(2026, 10, 31)
        assert reconcile(customer_side(facts(fact())), side).matches["status"].to_list() == ["matched"]
