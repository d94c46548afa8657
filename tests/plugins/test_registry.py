"""What plugins register: names that tell one from another, and writers that fail."""

from types import SimpleNamespace

import polars as pl
import pytest

import spapi_invoices as spi
from spapi_invoices import plugins
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.reader import DocumentReader
from spapi_invoices.errors import FileFailed, MissingExtra
from spapi_invoices.plugins import hookimpl
from spapi_invoices.reconciliation import Rule
from spapi_invoices.report.writer import ReportWriter

pytestmark = pytest.mark.usefixtures("fresh_plugins")

ONE = pl.DataFrame({"key": ["A"], "amount": ["1.00"], "currency": ["BRL"]})


def reader(name) -> DocumentReader:
    return DocumentReader(name, lambda _: False, lambda _: Facts())


def rule(title) -> Rule:
    return Rule("", pl.lit(True), title, "It was here.", "")


def writer(suffix, write=lambda result, context: b"") -> ReportWriter:
    return ReportWriter("w", suffix, write)


HOOKS = {
    DocumentReader: "register_document_readers",
    Rule: "register_reconcile_rules",
    ReportWriter: "register_report_writers",
}


def add(name: str, *values) -> None:
    """A plugin that registers these."""

    @hookimpl
    def implementation(register):
        for value in values:
            register(value)

    plugins.manager().register(SimpleNamespace(**{HOOKS[type(values[0])]: implementation}), name)


def of(name: str) -> plugins.Plugin:
    return next(one for one in plugins.plugins() if one.name == name)


class TestNames:
    """A name is printable, and leads to one thing."""

    @pytest.mark.parametrize("wrong", [None, "", " ", "bad\n\x1b[31mname", 7, ["x"]])
    @pytest.mark.parametrize("made", [reader, rule, writer])
    def test_what_is_no_name(self, made, wrong: object):
        """The plugin is named, and what it had registered before is out too."""
        add("odd", made(".good"), made(wrong))
        with pytest.warns(
            RuntimeWarning, match="plugin odd is left out of .* ValueError: registered a .* which is not"
        ):
            assert of("odd").registered == {}

    @pytest.mark.parametrize("wrong", ["tw2", ".HTML", ".tar.gz", ".a b", "."])
    def test_what_is_no_suffix(self, wrong: str):
        """No path would ever lead to it."""
        add("odd", writer(wrong))
        with pytest.warns(RuntimeWarning, match="plugin odd is left out of register_report_writers: ValueError"):
            assert set(plugins.report_writers()) == {".csv", ".html", ".json", ".parquet", ".xlsx"}

    @pytest.mark.parametrize(
        ("made", "ours"), [(reader, "gst"), (rule, "Amounts differ")], ids=["a reader of ours", "a rule of ours"]
    )
    def test_ours_stay(self, monkeypatch, made, ours: str):
        """Also where the user asks the plugin first; the rest of the plugin is used."""
        add("thief", made(ours), made("other"))
        monkeypatch.setenv("SPAPI_INVOICES_PLUGINS", "thief,documents,reconciliation")
        with pytest.warns(RuntimeWarning, match=f"{ours} of plugin thief is left out: .* has one of this"):
            assert list(of("thief").registered.values()) == [("other",)]
        known = (*plugins.document_readers(), *plugins.reconcile_rules())
        labels = [getattr(one, "name", None) or one.title for one in known]
        assert labels.count(ours) == 1

    @pytest.mark.parametrize("made", [reader, rule, lambda name: writer(f".{name}")])
    def test_one_plugin_twice(self, made):
        """The first stays, the second is named; a rule would else give its reason twice."""
        add("twice", made("x"), made("x"), made("y"))
        with pytest.warns(RuntimeWarning, match="x of plugin twice is left out: twice has one of this"):
            assert [len(names) for names in of("twice").registered.values()] == [2]

    @pytest.mark.parametrize(("listed", "kept"), [("a,b", "a"), ("b,a", "b")])
    def test_two_plugins(self, monkeypatch, listed: str, kept: str):
        """The first in the user's order stays."""
        for name in ("a", "b"):
            add(name, reader("x"), reader(f"x-{name}"))
        monkeypatch.setenv("SPAPI_INVOICES_PLUGINS", listed)
        with pytest.warns(RuntimeWarning, match=f"DocumentReader x of plugin .* is left out: {kept} has one"):
            found = {one.name: one.registered for one in plugins.plugins()}
        assert [name for name in "ab" if "x" in found[name]["register_document_readers"]] == [kept]
        assert all(f"x-{name}" in found[name]["register_document_readers"] for name in "ab")

    def test_a_suffix_may_have_two(self):
        """A plugin's writer stands in the place of ours, without a word."""
        add("mine", writer(".html"))
        assert (of("mine").registered, of("mine").problem) == ({"register_report_writers": (".html",)}, None)


class Panic(BaseException):
    """As pyo3 raises: no Exception."""


def raising(error: BaseException):
    def write(result, context):
        raise error

    return write


class TestWriters:
    """A writer that fails costs its file, and is named."""

    @pytest.mark.parametrize(
        ("write", "says"),
        [
            (raising(ZeroDivisionError("Maria Silva")), "failed with ZeroDivisionError to write .txt"),
            (raising(SystemExit(0)), "failed with SystemExit to write .txt"),
            (raising(Panic()), "failed with Panic to write .txt"),
            (lambda result, context: "text", "gave str and no bytes for .txt"),
            (lambda result, context: None, "gave NoneType and no bytes for .txt"),
            (lambda result: b"", "failed with TypeError to write .txt"),
        ],
    )
    def test_a_file_that_is_there_stays(self, tmp_path, write, says: str):
        """The error names the plugin and nothing of the report; ours still write."""
        add("bad", writer(".txt", write))
        (tmp_path / "r.txt").write_text("old")
        result = spi.reconcile(ONE, ONE)
        with pytest.raises(FileFailed, match=f"plugin bad {says}; there is no report. Next: tell its author") as raised:
            result.save(tmp_path / "r.txt")
        assert "Maria" not in str(raised.value)
        assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
        assert result.save(tmp_path / "r.csv").exists()

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), MissingExtra("qr is not installed. Next: pip install qr")])
    def test_what_is_meant_for_the_user_arrives(self, tmp_path, error: BaseException):
        """Ctrl-C, and an error of our tree, whose words are for the user."""
        add("mine", writer(".txt", raising(error)))
        with pytest.raises(type(error)):
            spi.reconcile(ONE, ONE).save(tmp_path / "r.txt")
