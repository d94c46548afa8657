"""Taking things out: each document is checked, and none is written over another."""

import base64
import hashlib

import pytest
from archived import at, fresh, held, scripted

from spapi_invoices.errors import FileFailed
from spapi_invoices.io.archive import export


def invoice(number: str, content: bytes) -> dict[str, str]:
    return {"purchaseOrderNumber": number, "content": base64.b64encode(content).decode()}


@pytest.fixture
def archive(tmp_path):
    """Two documents of A, one of B, and one that cannot be decoded."""
    made = fresh(tmp_path)
    some = [
        invoice("A", b"%PDF-1"),
        invoice("A", b"%PDF-2"),
        invoice("B", b"%PDF-3"),
        {"purchaseOrderNumber": "C", "content": "!"},
    ]
    made.sync(scripted(lambda _: some), "2026-09-01", "2026-09-03")
    return made


def damage(archive, content: bytes, wrong: bytes | None) -> None:
    (path,) = [one for one in (archive.folder / "documents").rglob("*.pdf") if one.read_bytes() == content]
    if wrong is None:
        path.unlink()
    else:
        path.write_bytes(wrong)


def contents(folder) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.iterdir())


class TestDocuments:
    """PURCHASE_ORDER_NUMBER.pdf."""

    def test_none_over_another(self, archive, tmp_path):
        """Two documents of an order are two files, and exporting again changes nothing."""
        for _ in range(2):
            done = archive.export_documents(tmp_path / "out")
            assert (done.saved, done.purged, done.without_document, done.damaged) == (3, 0, 1, ())
            assert contents(tmp_path / "out") == [b"%PDF-1", b"%PDF-2", b"%PDF-3"]
        assert {path.name[:1] for path in (tmp_path / "out").iterdir()} == {"A", "B"}
        assert (tmp_path / "out" / "A.pdf").read_bytes() == b"%PDF-1"

    @pytest.mark.parametrize("wrong", [None, b"", b"%PDF-x"])
    def test_damaged(self, archive, tmp_path, wrong):
        """A document that is missing, empty or changed is named, and the others are saved."""
        damage(archive, b"%PDF-3", wrong)
        done = archive.export_documents(tmp_path / "out")
        assert (done.saved, done.damaged) == (2, ("B",))
        assert contents(tmp_path / "out") == [b"%PDF-1", b"%PDF-2"]

    def test_names_that_no_file_can_have(self, tmp_path):
        """A number that is too long is no name, and what is in the way is left alone."""
        made, out = fresh(tmp_path, "hostile"), tmp_path / "out"
        some = [invoice("A" * 300, b"%PDF-1"), invoice("B", b"%PDF-2"), invoice("C" * 200, b"%PDF-3")]
        made.sync(scripted(lambda _: some), "2026-09-01", "2026-09-03")
        (out / "B.pdf").mkdir(parents=True)
        (out / f"{'C' * 200}.pdf").write_bytes(b"mine")
        done = made.export_documents(out)
        assert (done.saved, done.damaged) == (3, ())
        saved = {path.name[:9]: path.read_bytes() for path in out.iterdir() if path.is_file() and "-" in path.name}
        assert sorted(saved.values()) == [b"%PDF-1", b"%PDF-2", b"%PDF-3"]
        assert saved["document-"] == b"%PDF-1"
        assert (out / "B.pdf").is_dir()

    def test_what_has_the_other_names(self, archive, tmp_path):
        """Something else is overwritten under no name that a document may get, and no link is written through."""
        out, outside = tmp_path / "out", tmp_path / "outside.pdf"
        archive.export_documents(out)
        (second,) = (path for path in out.iterdir() if "-" in path.name)
        second.write_bytes(b"my own notes")
        (out / "B.pdf").unlink()
        (out / "B.pdf").symlink_to(outside)
        assert archive.export_documents(out).saved == 3
        assert (second.read_bytes(), outside.exists()) == (b"my own notes", False)
        whole = hashlib.sha256(b"%PDF-2").hexdigest()
        assert (out / f"A-{whole}.pdf").read_bytes() == b"%PDF-2"
        (out / f"A-{whole}.pdf").write_bytes(b"my own notes")
        with pytest.raises(FileFailed, match="are something else"):
            archive.export_documents(out)

    def test_purged(self, archive, tmp_path):
        """What was purged is counted, and is no damage."""
        at("2027-01-01T00:00:00+00:00", archive).purge()
        done = archive.export_documents(tmp_path / "out")
        assert (done.saved, done.purged, done.damaged) == (0, 3, ())

    def test_purged_meanwhile(self, archive, tmp_path, monkeypatch):
        """What is purged while documents are saved is counted as purged; the purge need not wait for the export."""
        save = export.save_document

        def save_and_purge(*arguments):
            save(*arguments)
            at("2027-01-01T00:00:00+00:00", archive).purge()

        monkeypatch.setattr(export, "save_document", save_and_purge)
        done = archive.export_documents(tmp_path / "out")
        assert (done.saved, done.purged, done.damaged) == (1, 2, ())


class TestWithDocuments:
    """Rows with their content, for those who read documents."""

    def test_as_fetched(self, archive):
        """Each row has its document; null where there never was one or it was purged."""
        found = archive.with_documents(archive.scan("customer_invoices").collect())
        assert found["content"].to_list() == [b"%PDF-1", b"%PDF-2", b"%PDF-3", None]
        at("2027-01-01T00:00:00+00:00", archive).purge()
        assert archive.with_documents(found)["content"].null_count() == len(held(archive))

    def test_damaged(self, archive):
        """A document that is not what was stored is an error, never a null."""
        damage(archive, b"%PDF-2", b"%PDF-x")
        with pytest.raises(FileFailed, match="is missing or not what was stored"):
            archive.with_documents(archive.scan("customer_invoices").collect())

    def test_read(self, archive):
        """What comes out can be given to read_documents, and each fact has its purchase order."""
        import spapi_invoices as spi

        frame = archive.with_documents(archive.scan("customer_invoices").collect())
        assert spi.read_documents(frame).facts["purchase_order_number"].to_list() == ["A", "A", "B", "C"]
