"""The plugin seam: a stranger's readers, writers and commands."""

import importlib.metadata
from types import SimpleNamespace

import click
import pytest
from conftest import DEMO

import spapi_invoices as spi
from spapi_invoices import plugins
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.reader import DocumentReader
from spapi_invoices.plugins import hookimpl
from spapi_invoices.report.writer import ReportWriter

READER = DocumentReader(
    "mine", "receipt", lambda content: content.startswith(b"<?xml"), lambda content: Facts(document_type="receipt")
)


@pytest.fixture(autouse=True)
def _fresh_manager():
    """Each test loads the plugins anew, and leaves none behind."""
    for one in (plugins.manager, plugins._told):
        one.cache_clear()
    yield
    for one in (plugins.manager, plugins._told):
        one.cache_clear()


class Plugin:
    """What a module of another package would hold."""

    @hookimpl
    def register_document_readers(self, register):
        register(READER)

    @hookimpl
    def register_report_writers(self, register):
        register(ReportWriter("count", ".txt", lambda result, context: str(result.matches.height).encode()))

    @hookimpl
    def register_commands(self, cli):
        cli.add_command(click.Command("hello"))


def test_a_plugins_reader_is_asked_before_ours():
    """It may take over a kind of document that ours read too."""
    plugins.manager().register(Plugin(), "mine")
    assert [reader.name for reader in plugins.document_readers()] == ["mine", "nfe", "gst"]
    facts = spi.read_documents(DEMO.parent / "demo-nfe")
    assert set(facts["reader"]) == {"mine"}


def test_a_plugins_writer_saves_a_report(tmp_path):
    """A suffix of its own leads to it."""
    import polars as pl

    plugins.manager().register(Plugin(), "mine")
    one = pl.DataFrame({"key": ["A"], "amount": ["1.00"], "currency": ["BRL"]})
    assert spi.reconcile(one, one).save(tmp_path / "r.txt").read_bytes() == b"1"


def test_an_unknown_suffix_lists_those_that_are_known(tmp_path):
    """Without the plugin, .txt is refused and the rest is named; nothing is written."""
    import polars as pl

    one = pl.DataFrame({"key": ["A"], "amount": ["1.00"], "currency": ["BRL"]})
    with pytest.raises(spi.errors.InvalidRequest, match=r"\.csv, \.html, \.json, \.parquet, \.xlsx"):
        spi.reconcile(one, one).save(tmp_path / "r.txt")
    assert list(tmp_path.iterdir()) == []


def test_our_commands_come_first():
    """In the help ours stand before a plugin's."""
    plugins.manager().register(Plugin(), "mine")
    group = click.Group("g")
    plugins.register_commands(group)
    assert next(iter(group.commands)) == "demo"
    assert list(group.commands)[-1] == "hello"


def test_each_plugin_is_described_by_what_it_adds():
    """One entry a plugin, with the names it registered through each hook."""
    plugins.manager().register(Plugin(), "mine")
    described = {plugin.name: plugin.registered for plugin in plugins.plugins()}
    assert described["mine"] == {
        "register_commands": ("hello",),
        "register_document_readers": ("mine",),
        "register_report_writers": (".txt",),
    }
    assert described["documents"] == {"register_document_readers": ("nfe", "gst")}


def test_a_plugin_that_cannot_be_loaded_is_named_and_left_out(monkeypatch):
    """Its import error is a warning with its name; ours work on."""

    def load():
        raise ImportError("no module named frobnicate")

    point = SimpleNamespace(name="broken", load=load)
    monkeypatch.setattr(plugins, "entry_points", lambda group: importlib.metadata.EntryPoints([point]))
    with pytest.warns(RuntimeWarning, match="plugin broken is left out: ImportError: no module named frobnicate"):
        assert [reader.name for reader in plugins.document_readers()] == ["nfe", "gst"]


class Broken(Plugin):
    """A plugin all of whose hooks go wrong, each in its own way."""

    @hookimpl
    def register_document_readers(self, register):
        register("not a reader")

    @hookimpl
    def register_report_writers(self, register):
        raise KeyError("oops")

    @hookimpl
    def register_commands(self, cli):
        raise SystemExit(7)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (plugins.document_readers, "plugin broken is left out: TypeError: registered a str, not a DocumentReader"),
        (plugins.report_writers, "plugin broken is left out: KeyError"),
        (lambda: plugins.register_commands(click.Group("g")), "plugin broken is left out: SystemExit: 7"),
    ],
)
def test_a_hook_that_goes_wrong_costs_only_its_plugin(call, says: str):
    """It is a warning that names the plugin; everything else is registered."""
    plugins.manager().register(Broken(), "broken")
    with pytest.warns(RuntimeWarning, match=says):
        call()
    call()  # said once: a second warning would be an error here
