"""documents layout: new, explain, check, and documents read with a layout in the user's folder."""

import csv
import io
import json

import pytest
from conftest import DEMO

from spapi_invoices import plugins
from spapi_invoices.cli import run

INVOICE = """ACME GmbH
Rechnung
Rechnungsnummer: A-1     Rechnungsdatum: 05.10.2026
Bestellung 304-1234567-7654321
Gesamtbetrag             1.190,00 EUR
"""


pytestmark = pytest.mark.usefixtures("fresh_plugins")


@pytest.fixture
def cli_run(capfd):
    """Run the command line; gives exit code, stdout, stderr."""

    def go(*arguments: object) -> tuple[int, str, str]:
        code = run([str(one) for one in arguments])
        return code, *capfd.readouterr()

    return go


@pytest.fixture
def invoice(tmp_path):
    """An invoice that no reader of ours knows."""
    path = tmp_path / "invoice.txt"
    path.write_text(INVOICE, "utf-8")
    return path


@pytest.fixture
def acme(tmp_path, invoice, cli_run):
    """Its layout, as drafted."""
    path = tmp_path / "acme.toml"
    assert cli_run("documents", "layout", "new", invoice, "-o", path)[0] == 0
    return path


class TestNew:
    """The draft."""

    def test_to_stdout(self, cli_run, invoice):
        """Data goes to stdout, and nothing else."""
        code, out, err = cli_run("documents", "layout", "new", invoice)
        assert (code, err) == (0, "")
        assert 'beside = "Rechnungsnummer"' in out
        assert "#    1    4  Bestellung 304-1234567-7654321" in out

    def test_a_layout_is_not_overwritten(self, cli_run, invoice, acme):
        """Whoever corrected a draft does not lose it."""
        acme.write_text("mine", "utf-8")
        code, _, err = cli_run("documents", "layout", "new", invoice, "-o", acme)
        assert (code, acme.read_text("utf-8")) == (3, "mine")
        assert "acme.toml is there already. Next: give another name" in err

    def test_what_has_no_text(self, cli_run, tmp_path):
        """A document without lines is named, with what to do."""
        (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        code, out, err = cli_run("documents", "layout", "new", tmp_path / "a.png")
        assert (code, out) == (3, "")
        assert "a.png: a layout reads PDF, HTML and text, not image/png. Next: " in err


class TestExplain:
    """What is found where."""

    def test_rows(self, cli_run, invoice, acme):
        """A row per field with page, line and the text there; the layout's own value has none."""
        code, out, err = cli_run("documents", "layout", "explain", acme, invoice, "--format", "json")
        rows = {row.pop("field"): row for row in json.loads(out)}
        there = {"page": 1, "line": 5, "text": "Gesamtbetrag  1.190,00 EUR", "problem": None}
        assert (code, err) == (0, "Matches: layout acme\n")
        assert rows["total_amount"] == {"value": "1190.00", **there}
        assert rows["currency"] == {
            "value": "EUR",
            "page": None,
            "line": None,
            "text": "the layout's own value",
            "problem": None,
        }

    def test_why_not(self, cli_run, invoice, acme):
        """For a field that is not there: what was looked for, and the nearest words; also on stderr, in full."""
        acme.write_text(acme.read_text("utf-8").replace("Gesamtbetrag", "Gesamt-Betrag"), "utf-8")
        code, out, err = cli_run("documents", "layout", "explain", acme, invoice, "--format", "json")
        said = (
            'not found: no amount as 1.234,56 beside "Gesamt-Betrag"; '
            'the words nearest to these are "Gesamtbetrag" (page 1, line 5)'
        )
        assert (code, json.loads(out)[-1]["problem"]) == (0, said)
        assert f"total_amount: {said}\n" in err

    def test_another_document(self, cli_run, tmp_path, acme):
        """It is said which words are missing, and the fields are shown all the same."""
        (tmp_path / "other.txt").write_text("Rechnung", "utf-8")
        code, out, err = cli_run("documents", "layout", "explain", acme, tmp_path / "other.txt", "--format", "csv")
        assert (code, len(out.splitlines())) == (0, 5)
        assert 'Does not match: "ACME GmbH" missing' in err


class TestCheck:
    """The file, and which documents it reads."""

    def test_the_file_alone(self, cli_run, acme, tmp_path):
        """Without documents nothing goes to stdout; where to put the file is said until it is there."""
        code, out, err = cli_run("documents", "layout", "check", acme)
        assert (code, out) == (0, "")
        assert f"Next: put it into {tmp_path / 'layouts'}, " in err
        (tmp_path / "layouts").mkdir()
        there = acme.rename(tmp_path / "layouts" / "acme.toml")
        assert "Next: put" not in cli_run("documents", "layout", "check", there)[2]

    def test_a_wrong_file(self, cli_run, acme):
        """Exit code 2, with line and field."""
        acme.write_text(acme.read_text("utf-8").replace('value = "EUR"', 'value = "Euro"'), "utf-8")
        code, out, err = cli_run("documents", "layout", "check", acme)
        assert (code, out) == (2, "")
        assert "layout acme: line " in err
        assert "fields.currency.value is no code of ISO 4217" in err

    def test_documents(self, cli_run, acme, invoice, tmp_path):
        """A row per document: whether it matches and is read in full, and who would read it; 1 if one is not."""
        (tmp_path / "half.txt").write_text(INVOICE.replace("1.190,00", "?"), "utf-8")
        (tmp_path / "other.txt").write_text("other", "utf-8")
        (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4")
        documents = [tmp_path / name for name in ("invoice.txt", "half.txt", "other.txt", "broken.pdf")]
        code, out, _ = cli_run("documents", "layout", "check", acme, *documents, "--format", "json")
        rows = [tuple(row[name] for name in ("matches", "complete", "reader")) for row in json.loads(out)]
        assert (code, rows) == (
            1,
            [(True, True, None), (True, False, None), (False, False, None), (False, False, "gst")],
        )
        assert cli_run("documents", "layout", "check", acme, invoice)[0] == 0


class TestRead:
    """documents read with layouts in the folder."""

    @pytest.fixture
    def folder(self, tmp_path, acme):
        """The user's folder with the layout."""
        (tmp_path / "layouts").mkdir()
        acme.rename(tmp_path / "layouts" / "acme.toml")
        return tmp_path / "layouts"

    def test_the_column_reader_names_it(self, cli_run, invoice, folder):
        """The layout reads its invoice without further ado."""
        code, out, _ = cli_run("documents", "read", invoice, "--format", "csv")
        (row,) = csv.DictReader(io.StringIO(out))
        wanted = {"reader": "layout:acme", "total_amount": "1190.00", "problem": ""}
        assert (code, {name: row[name] for name in wanted}) == (0, wanted)

    def test_no_layout_matches(self, cli_run, invoice, folder):
        """An issuer has another name now: its layout no longer matches, and how to see that is said."""
        said = "No layout matches 1 document that no reader reads; there are acme. Next: see why one does not, with "
        assert "No layout matches" not in cli_run("documents", "read", invoice)[2]
        invoice.write_text(INVOICE.replace("ACME GmbH", "NewCo AG"), "utf-8")
        assert said in cli_run("documents", "read", invoice)[2]
        (folder / "acme.toml").unlink()
        plugins.manager.cache_clear()
        assert "No layout matches" not in cli_run("documents", "read", invoice)[2]

    def test_no_layout_matches_a_pdf(self, cli_run, tmp_path, folder):
        """The reader of GST invoices looks at every PDF, and that it knows none is not the end of it."""
        from reportlab.pdfgen.canvas import Canvas

        canvas = Canvas(str(tmp_path / "other.pdf"))
        canvas.drawString(50, 700, "NewCo AG, Rechnung")
        canvas.save()
        assert "No layout matches 1 document" in cli_run("documents", "read", tmp_path / "other.pdf")[2]

    def test_two_that_match(self, cli_run, invoice, folder):
        """The first by file name reads, and SPAPI_INVOICES_PLUGINS has no say in whether there are layouts."""
        text = (folder / "acme.toml").read_text("utf-8")
        (folder / "10-acme.toml").write_text(text, "utf-8")
        assert [one.name for one in plugins.document_readers()][:2] == ["layout:10-acme", "layout:acme"]
        assert "layout:10-acme" in cli_run("documents", "read", invoice, "--format", "csv")[1]

    def test_the_order_can_be_set(self, folder, monkeypatch):
        """Layouts go before all other readers, unless the variable names others before them."""
        names = {}
        for listed in (None, "", "documents,layouts"):
            if listed is not None:
                monkeypatch.setenv("SPAPI_INVOICES_PLUGINS", listed)
            names[listed] = [
                one.name for one in plugins.document_readers() if one.name in {"layout:acme", "nfe", "gst"}
            ]
        first = ["layout:acme", "nfe", "gst"]
        assert names == {None: first, "": first, "documents,layouts": ["nfe", "gst", "layout:acme"]}

    @pytest.mark.filterwarnings("default")  # as outside of the tests, where a warning is no error
    def test_a_wrong_layout_is_warned_of(self, cli_run, invoice, folder):
        """It is named with its path; the others read, another is checked, and the list of plugins has it as a problem."""
        (folder / "bad.toml").write_text("match = 1", "utf-8")
        (folder / "latin.toml").write_bytes(b"\xff")
        code, out, err = cli_run("documents", "read", invoice, "--format", "csv")
        assert (code, [row["reader"] for row in csv.DictReader(io.StringIO(out))]) == (0, ["layout:acme"])
        warnings = [line for line in err.splitlines() if line.startswith("Warning: ")]
        assert [line.split(" is left out")[0] for line in warnings] == [
            f"Warning: {folder / 'bad.toml'}",
            f"Warning: {folder / 'latin.toml'}",
        ]
        assert "layout bad: " in warnings[0]
        assert "Next: mend the file" in warnings[0]
        assert cli_run("documents", "layout", "check", folder / "acme.toml", invoice)[0] == 0
        assert cli_run("cassette", "show", DEMO)[0] == 0
        code, out, _ = cli_run("plugins", "--format", "json")
        (row,) = [row for row in json.loads(out) if row["plugin"] == "layouts"]
        assert (code, row["registered"]) == (0, ["layout:acme"])
        assert str(folder / "bad.toml") in row["problem"]

    def test_two_files_of_one_name(self, folder):
        """Where capitals matter acme.toml and acme.TOML are two files: the second is left out, by a warning."""
        (folder / "acme.TOML").write_text((folder / "acme.toml").read_text("utf-8"), "utf-8")
        if len(list(folder.iterdir())) == 1:
            pytest.skip("capitals do not matter here")
        with pytest.warns(RuntimeWarning, match="DocumentReader layout:acme of plugin layouts is left out"):
            found = [one.name for one in plugins.document_readers()]
        assert found.count("layout:acme") == 1
