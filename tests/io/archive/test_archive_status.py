"""How complete an archive is, and what it should have."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from archived import at, fresh, scripted

from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.errors import InvalidRequest


def start_of(request) -> str:
    return dict(request.query)["createdAfter"][:10]


def answer(request):
    """The week of the 7th fails, the one of the 13th is empty, all others have an invoice."""
    if start_of(request) == "2026-09-06":
        return HttpResponse(status=500, body=b"{}")
    if start_of(request) == "2026-09-12":
        return []
    return [{"purchaseOrderNumber": start_of(request).replace("-", ""), "content": "JVBERi0xLjQK"}]


def answer_of(number):
    return [{"purchaseOrderNumber": number, "content": "JVBERi0xLjQK"}]


class TestCoverage:
    """Complete, empty, failed, never asked."""

    def test_as_a_table_and_as_days(self, tmp_path):
        """A range is cut where its state changes; each day has the worst state there is in it."""
        archive = fresh(tmp_path)
        archive.sync(scripted(answer), "2026-09-01", "2026-09-23")
        found = archive.status("2026-08-31", "2026-09-24")
        assert found.coverage["state"].to_list() == [
            "never_asked",
            "complete",
            "failed",
            "empty",
            "complete",
            "never_asked",
        ]
        assert found.coverage["window_start"].dt.day().to_list() == [31, 1, 7, 12, 18, 23]
        assert "HTTP 500" in found.coverage["error"][2]
        assert not found.complete
        assert [found.days[date(2026, 9, day)] for day in (1, 6, 7, 12, 13, 18, 19, 22, 23)] == [
            *("complete", "complete", "failed", "failed"),
            *("empty", "complete", "complete", "complete", "never_asked"),
        ]

    def test_all_that_was_asked_for(self, tmp_path):
        """Without a range it is from the first window asked to the last moment that an answer can tell of."""
        archive = fresh(tmp_path)
        assert archive.status().coverage.height == 0
        archive.sync(scripted(lambda _: []), "2026-10-30", "2026-11-10")
        found = archive.status()
        # The answers are of 2 November, 9:00.
        assert found.coverage.select("window_start", "window_end", "state").rows() == [
            (datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 2, 9, tzinfo=UTC), "empty")
        ]
        assert found.complete

    def test_what_was_not_come_to(self, tmp_path):
        """What a sync that ended early had not come to is never asked; a later one that asks for it leaves no trace of that."""
        archive, left = fresh(tmp_path), iter(range(2))

        def dying(_):
            if next(left, None) is None:
                raise KeyboardInterrupt
            return []

        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                archive.sync(scripted(dying), "2026-09-01", "2026-09-30")
        found = archive.status()
        assert found.coverage.select(
            pl.col("window_start").dt.day(), pl.col("window_end").dt.day(), "state"
        ).rows() == [
            (1, 13, "empty"),
            (13, 30, "never_asked"),
        ]
        assert not found.complete
        windows = archive.scan("fetch_windows").collect()
        assert windows["state"].to_list() == [*["complete"] * 2, *["not_asked"] * 3]
        assert windows["finished_at"].null_count() == 3
        archive.sync(scripted(lambda _: []), "2026-09-01", "2026-09-30")
        assert archive.status().complete
        assert set(archive.scan("fetch_windows").collect()["state"]) == {"complete"}

    def test_days_of_the_profile(self, tmp_path):
        """A day is one of the zone in which the archive was synced."""
        from zoneinfo import ZoneInfo

        client = scripted(answer)
        client.zone = ZoneInfo("Asia/Kolkata")
        archive = fresh(tmp_path)
        archive.sync(client, "2026-09-01", "2026-09-03")
        found = archive.status("2026-09-01", "2026-09-03")
        assert found.coverage["window_start"].to_list() == [datetime(2026, 8, 31, 18, 30, tzinfo=UTC)]
        assert found.days == {date(2026, 9, 1): "complete", date(2026, 9, 2): "complete"}

    def test_a_warehouse(self, tmp_path):
        """What was asked of one warehouse counts for it and not for all."""
        archive = fresh(tmp_path)
        archive.sync(scripted(answer), "2026-09-01", "2026-09-03", ship_from_party_id="A")
        assert archive.status("2026-09-01", "2026-09-03", ship_from_party_id="A").complete
        assert not archive.status("2026-09-01", "2026-09-03").complete
        assert archive.status().complete

    def test_a_warehouse_that_was_not_come_to(self, tmp_path):
        """Without a warehouse, each that was asked for alone is looked at, until it or all of them are answered."""
        archive = fresh(tmp_path)
        with pytest.raises(KeyboardInterrupt):
            archive.sync(scripted(dying), "2026-09-01", "2026-09-30", ship_from_party_id="A")
        assert (archive.status().warehouses, archive.status().complete) == ({"A": False}, False)
        archive.sync(scripted(lambda _: []), "2026-09-01", "2026-09-30", ship_from_party_id="A")
        with pytest.raises(KeyboardInterrupt):
            archive.sync(scripted(dying), "2026-09-10", "2026-09-20", ship_from_party_id="B")
        assert (archive.status().warehouses, archive.status().complete) == ({"A": True, "B": False}, False)
        assert archive.status("2026-09-01", "2026-09-03").warehouses == {"A": True, "B": False}
        assert archive.status(ship_from_party_id="A").warehouses == {}
        archive.sync(scripted(lambda _: []), "2026-09-12", "2026-09-30")
        assert archive.status().warehouses == {"A": True, "B": False}
        archive.sync(scripted(lambda _: []), "2026-09-01", "2026-09-30")
        assert "not_asked" not in archive.read("fetch_windows")["state"]
        assert archive.status().complete


def dying(_):
    raise KeyboardInterrupt


def test_the_end_of_the_calendar(tmp_path):
    """A range that ends where days end is refused, and one that ends before has its days."""
    archive = fresh(tmp_path)
    for end in ("9999-01-02", "9999-12-31"):
        with pytest.raises(InvalidRequest, match="ends in year 9999"):
            archive.status("9998-12-01", end)
    assert len(archive.status("9998-12-01", "9998-12-31").days) == 30


class TestShipments:
    """Shipments are part of what should be there."""

    def test_without_details(self, tmp_path):
        """An archive that lacks the details of a shipment is not complete, also if no invoice was ever asked for."""
        archive = fresh(tmp_path)
        archive.sync(scripted(lambda _: HttpResponse(status=500, body=b"{}")), shipment_ids=["D1"])
        assert archive.status().shipments["without_details"] == 1
        assert not archive.status().complete


class TestExpected:
    """The user's own list."""

    def test_missing_and_unexpected(self, tmp_path):
        """Each number of the list is there once, in its order, then those that are not in it."""
        archive = fresh(tmp_path)
        archive.sync(scripted(answer), "2026-09-01", "2026-09-23")
        found = archive.status(expected=["NONE", "20260901", "NONE"])
        assert found.expected.rows() == [("NONE", "missing"), ("20260901", "invoiced"), ("20260918", "unexpected")]
        assert archive.status().expected.height == 0

    def test_a_document_that_cannot_be_decoded(self, tmp_path):
        """An order whose document is none is missing, and is counted; once purged, a document counts as had."""
        archive, some = fresh(tmp_path), [{"purchaseOrderNumber": "A", "content": "!"}, *answer_of("B")]
        archive.sync(scripted(lambda _: some), "2026-09-01", "2026-09-03")
        at("2027-01-01T00:00:00+00:00", archive).purge()
        found = archive.status(expected=["A", "B"])
        assert found.expected.rows() == [("A", "missing"), ("B", "invoiced")]
        assert found.without_document == 1

    def test_of_a_warehouse(self, tmp_path):
        """Which warehouse an invoice is of is not known, so for one of them none is called unexpected."""
        archive = fresh(tmp_path)
        archive.sync(scripted(answer), "2026-09-01", "2026-09-03")
        for wanted in ((), ("2026-09-01", "2026-09-03")):
            for listed, state in (("20260901", "invoiced"), ("X", "missing")):
                found = archive.status(*wanted, ship_from_party_id="A", expected=[listed])
                assert found.expected.rows() == [(listed, state)]

    def test_of_a_range(self, tmp_path):
        """With a range, only its invoices can be unexpected; an expected one may be of any time."""
        archive = fresh(tmp_path)
        archive.sync(scripted(answer), "2026-09-01", "2026-09-23")
        found = archive.status("2026-09-19", "2026-09-23", expected=["X", "20260901"])
        assert found.expected.rows() == [("X", "missing"), ("20260901", "invoiced"), ("20260918", "unexpected")]
        assert archive.status("2026-09-01", "2026-09-03", expected=[]).expected.rows() == [("20260901", "unexpected")]


def test_overdue(tmp_path):
    """What is held for longer than the retention is counted, and no more once it is purged."""
    archive = fresh(tmp_path)
    archive.sync(scripted(answer), "2026-09-01", "2026-09-03")
    later = at("2027-01-01T00:00:00+00:00", archive)
    assert (archive.status().overdue.documents, later.status().overdue.documents) == (0, 1)
    archive.keep_for(timedelta(days=365))
    assert later.status().overdue.documents == 0
    later.purge(timedelta(days=1))
    archive.keep_for(timedelta(days=1))
    assert later.status().overdue.documents == 0
