"""The tables: what is scanned is what counts, before and after parts are merged."""

from datetime import UTC, datetime

import polars as pl
import pytest
from archived import files, fresh
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.frames.schemas import TABLES, ShipmentItems, Shipments, polars_schema
from spapi_invoices.io.archive import ledger, parts, purge, tables

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def rows(table, *values):
    """Rows of a table with some columns given, all others null."""
    schema = polars_schema(table)
    return pl.DataFrame([{name: value.get(name) for name in schema} for value in values], schema=schema)


def batch(contents: dict[str, int], number: int) -> dict[str, pl.DataFrame]:
    """Shipments with so many items each."""
    shipments = [{"amazon_shipment_id": one, "warehouse_id": str(number), "fetched_at": NOW} for one in contents]
    items = [
        {"amazon_shipment_id": one, "line_number": at, "title": f"{number}"}
        for one, count in contents.items()
        for at in range(1, count + 1)
    ]
    return {"shipments": rows(Shipments, *shipments), "shipment_items": rows(ShipmentItems, *items)}


def store(archive, contents: dict[str, int]) -> None:
    with ledger.opened(archive.folder) as db:
        number = parts.next_batch(db)
        written = parts.write(archive.folder, batch(contents, number), number)
        with ledger.transaction(db):
            parts.add(db, written)


def read(archive) -> tuple[dict[str, int], int]:
    """Items a shipment, and how many shipments there are, twice the same one counted twice."""
    items = archive.scan("shipment_items").collect().group_by("amazon_shipment_id").len()
    shipments = archive.scan("shipments").collect()
    return dict(items.rows()) | {
        one: 0 for one in shipments["amazon_shipment_id"] if one not in set(items["amazon_shipment_id"])
    }, shipments.height


batches = st.lists(st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 3), min_size=1), min_size=1, max_size=9)


class TestScan:
    """What counts."""

    @pytest.mark.parametrize("name", tables.NAMES)
    def test_without_rows(self, tmp_path, name):
        """A table without rows has all its columns."""
        found = fresh(tmp_path).scan(name)
        assert isinstance(found, pl.LazyFrame)
        assert dict(found.collect().schema) == polars_schema(TABLES[name])

    def test_an_unknown_table(self, tmp_path):
        """A misspelt name is told those that exist."""
        with pytest.raises(InvalidRequest, match="name one of customer_invoices, shipments"):
            fresh(tmp_path).scan("invoices")

    @given(batches)
    def test_the_newest_answer_of_each_shipment(self, tmp_path_factory, made):
        """Whatever came in whatever order, of each shipment the rows of its last batch are there, and no others."""
        archive = fresh(tmp_path_factory.mktemp("a"))
        for one in made:
            store(archive, one)
        last = {key: value for one in made for key, value in one.items()}
        assert read(archive) == (last, len(last))

    def test_a_column_that_is_new(self, tmp_path):
        """A part that an older version wrote has null in a column that came later."""
        archive = fresh(tmp_path)
        older = batch({"A": 1}, 1)["shipments"].drop("problem")
        with ledger.opened(archive.folder) as db, ledger.transaction(db):
            parts.add(db, parts.write(archive.folder, {"shipments": older}, 1))
        store(archive, {"B": 1})
        found = archive.scan("shipments").collect()
        assert found.select("amazon_shipment_id", "problem").rows() == [("A", None), ("B", None)]


class TestCompact:
    """Fewer files, the same rows."""

    @given(batches)
    def test_says_the_same(self, tmp_path_factory, made):
        """Merging parts changes neither rows nor their order, whatever is outdated among them."""
        archive = fresh(tmp_path_factory.mktemp("a"))
        for one in made:
            store(archive, one)
        before = archive.scan("shipments").collect(), archive.scan("shipment_items").collect()
        with pytest.MonkeyPatch.context() as patch, ledger.opened(archive.folder) as db:
            patch.setattr(parts, "_MANY", 2)
            parts.compact(archive.folder, db)
            purge.sweep(archive.folder, db)
        after = archive.scan("shipments").collect(), archive.scan("shipment_items").collect()
        assert all(one.equals(two) for one, two in zip(before, after, strict=True))
        assert len([path for path in files(archive.folder) if path.parts[1] == "shipments"]) == 1

    def test_who_reads_meanwhile(self, tmp_path):
        """A scan that was taken before a merge can be collected after it; the old files go with the next sweep."""
        archive = fresh(tmp_path)
        for at in range(parts._MANY):
            store(archive, {f"D{at}": 1})
        taken = archive.scan("shipments")
        with ledger.opened(archive.folder) as db:
            parts.compact(archive.folder, db)
            assert taken.collect().height == parts._MANY
            assert len(parts.parts(db, ["shipments"])) == 1
            purge.sweep(archive.folder, db)
        assert len(files(archive.folder)) == 2
        assert archive.scan("shipments").collect().height == parts._MANY

    def test_full_parts_are_left_alone(self, tmp_path, monkeypatch):
        """Parts are merged up to a size, so that merging holds little at a time; a full one is not written again."""
        archive = fresh(tmp_path)
        monkeypatch.setattr(parts, "_MANY", 4)
        monkeypatch.setattr(parts, "_FULL", 5)
        store(archive, {f"F{at}": 0 for at in range(6)})
        for at in range(4):
            store(archive, {f"D{at}{n}": 0 for n in range(2)})
        with ledger.opened(archive.folder) as db:
            (full, *_) = parts.parts(db)
            parts.compact(archive.folder, db)
            assert [one.rows for one in parts.parts(db)] == [6, 4, 4]
            assert parts.parts(db)[0] == full


def test_next_batch_never_falls(tmp_path):
    """Batches are numbered upwards, also after parts were merged."""
    archive = fresh(tmp_path)
    for _ in range(3):
        store(archive, {"A": 1})
    with pytest.MonkeyPatch.context() as patch, ledger.opened(archive.folder) as db:
        patch.setattr(parts, "_MANY", 2)
        parts.compact(archive.folder, db)
        assert parts.next_batch(db) == 4
