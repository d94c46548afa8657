"""The plugin seam: a stranger's commands, readers, rules and writers, in order, and what they do wrong."""

import importlib.metadata
import subprocess
import sys
import warnings
from importlib.metadata import EntryPoint, EntryPoints
from types import SimpleNamespace

import click
import polars as pl
import pytest

import spapi_invoices as spi
from spapi_invoices import plugins
from spapi_invoices.documents.facts import Facts
from spapi_invoices.documents.reader import DocumentReader
from spapi_invoices.plugins import hookimpl, installed, own
from spapi_invoices.reconciliation import Rule
from spapi_invoices.report.writer import ReportWriter

XML = b"<?xml version='1.0'?><nfeProc/>"
ONE = pl.DataFrame({"key": ["A"], "amount": ["1.00"], "currency": ["BRL"]})
HOOKS = ("register_commands", *plugins.REGISTERS)
OURS = ("layouts", "commands", "documents", "reconciliation", "report")


pytestmark = pytest.mark.usefixtures("fresh_plugins")


class Mine:
    """What a module of another package would hold; its parts bear its name."""

    def __init__(self, name: str = "mine") -> None:
        self.name = name

    @hookimpl
    def register_commands(self, cli):
        cli.add_command(click.Command(f"{self.name}-hello"))

    @hookimpl
    def register_document_readers(self, register):
        register(DocumentReader(self.name, lambda content: content.startswith(b"<?xml"), lambda _: Facts()))

    @hookimpl
    def register_reconcile_rules(self, register):
        register(Rule("", pl.lit(True), self.name, "It was here.", ""))

    @hookimpl
    def register_report_writers(self, register):
        register(ReportWriter(self.name, ".txt", lambda result, context: self.name.encode()))


def readers() -> list[str]:
    return [reader.name for reader in plugins.document_readers()]


def our_readers() -> list[str]:
    """Without any plugin."""
    found: list[DocumentReader] = []
    own.OwnReaders().register_document_readers(found.append)
    return [reader.name for reader in found]


class TestWhatTheyAdd:
    """Each hook, from a plugin to where it is used."""

    def test_a_writer_saves_a_report(self, tmp_path):
        """A suffix of its own leads to it."""
        plugins.manager().register(Mine(), "mine")
        assert spi.reconcile(ONE, ONE).save(tmp_path / "r.txt").read_bytes() == b"mine"

    def test_an_unknown_suffix_lists_those_that_are_known(self, tmp_path):
        """Without the plugin, .txt is refused and the rest is named; nothing is written."""
        with pytest.raises(spi.errors.InvalidRequest, match=r"\.csv, \.html, \.json, \.parquet, \.xlsx"):
            spi.reconcile(ONE, ONE).save(tmp_path / "r.txt")
        assert list(tmp_path.iterdir()) == []

    def test_a_rule_speaks_in_the_result(self):
        """What spi.reconcile returns has the reason of a plugin's rule, and the same statuses and amounts."""
        before = spi.reconcile(ONE, ONE).matches
        plugins.manager().register(Mine(), "mine")
        after = spi.reconcile(ONE, ONE).matches
        assert after["reasons"].to_list() == [[*before["reasons"][0], "mine: It was here."]]
        assert after.drop("reasons").equals(before.drop("reasons"))

    def test_our_commands_come_first(self):
        """In the help ours stand before a plugin's, wherever its name would stand."""
        plugins.manager().register(Mine("aaa"), "aaa")
        group = click.Group("g")
        plugins.register_commands(group)
        assert next(iter(group.commands)) == "demo"
        assert list(group.commands)[-1] == "aaa-hello"

    def test_each_plugin_is_described_by_what_it_adds(self):
        """One entry a plugin, with the names it registered through each hook; ours come through the same four."""
        plugins.manager().register(Mine(), "mine")
        described = {plugin.name: plugin.registered for plugin in plugins.plugins()}
        assert described["mine"] == {
            "register_commands": ("mine-hello",),
            "register_document_readers": ("mine",),
            "register_reconcile_rules": ("mine",),
            "register_report_writers": (".txt",),
        }
        assert {hook for ours in OURS for hook in described[ours]} == set(described["mine"])
        assert described["documents"] == {"register_document_readers": tuple(our_readers())}

    def test_a_command_below_a_group_of_ours_is_possible(self):
        """A plugin may reach for `documents`, when it is run and when it is described."""

        class Below:
            @hookimpl
            def register_commands(self, cli):
                cli.commands["documents"].add_command(click.Command("shred"))

        plugins.manager().register(Below(), "below")
        group = click.Group("g")
        plugins.register_commands(group)
        assert "shred" in group.commands["documents"].commands
        (found,) = [one for one in plugins.plugins() if one.name == "below"]
        assert (found.registered, found.problem) == ({"register_commands": ("documents shred",)}, None)
        plugins.register_commands(group)  # again: its own command is not in its way


class TestOrder:
    """Which of two is asked first."""

    @pytest.mark.parametrize(
        ("listed", "order"),
        [
            (None, ["a", "b", "c", *our_readers()]),
            ("c,a", ["c", "a", "b", *our_readers()]),
            (" b , c", ["b", "c", "a", *our_readers()]),
            ("documents,c", [*our_readers(), "c", "a", "b"]),
            ("b,b", ["b", "a", "c", *our_readers()]),
        ],
    )
    def test_the_user_sets_it(self, monkeypatch: pytest.MonkeyPatch, listed: str | None, order: list[str]):
        """As the variable lists them, our own readers included; else by name and ours last, however they came."""
        for name in ("b", "c", "a"):
            plugins.manager().register(Mine(name), name)
        if listed is not None:
            monkeypatch.setenv("SPAPI_INVOICES_PLUGINS", listed)
        assert readers() == order

    def test_a_plugin_does_not_set_it(self):
        """Tryfirst is pluggy's word for first; here the user says who is."""

        class Pushy(Mine):
            @hookimpl(tryfirst=True)
            def register_document_readers(self, register):
                super().register_document_readers(register)

        plugins.manager().register(Pushy("z"), "z")
        plugins.manager().register(Mine("a"), "a")
        assert readers() == ["a", "z", *our_readers()]

    def test_the_first_that_claims_a_document_reads_it(self, tmp_path, monkeypatch: pytest.MonkeyPatch):
        """Of two plugins that claim what ours claim too, the variable chooses; the table's column reader says which."""
        document = tmp_path / "x.xml"
        document.write_bytes(XML)
        for name in ("a", "b"):
            plugins.manager().register(Mine(name), name)

        def reader() -> str:
            return spi.read_documents(document).facts["reader"].item()

        found = [reader()]
        for listed in ("b,a", "documents,a,b"):
            monkeypatch.setenv("SPAPI_INVOICES_PLUGINS", listed)
            found.append(reader())
        assert found == ["a", "b", "nfe"]

    def test_the_first_writer_for_a_suffix_writes_it(self, monkeypatch: pytest.MonkeyPatch):
        """A plugin's before ours, and of two plugins the one listed first."""
        for name in ("a", "b"):
            plugins.manager().register(Mine(name), name)
        assert plugins.report_writers()[".txt"].name == "a"
        monkeypatch.setenv("SPAPI_INVOICES_PLUGINS", "b")
        assert plugins.report_writers()[".txt"].name == "b"


@pytest.fixture
def install(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Pretend that modules with these sources are installed, each an entry point of its name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def go(**sources: str) -> None:
        for name, source in sources.items():
            (tmp_path / f"plugin_{name}.py").write_text(source)
        points = [EntryPoint(name, f"plugin_{name}", plugins.GROUP) for name in sources]
        monkeypatch.setattr(installed, "entry_points", lambda group: EntryPoints(points))

    yield go
    for name in [name for name in sys.modules if name.startswith("plugin_")]:
        del sys.modules[name]


HELLO = """
import click
from spapi_invoices.plugins import hookimpl

@hookimpl
def register_commands(cli):
    cli.add_command(click.Command("{}"))
"""


class TestEnabled:
    """SPAPI_INVOICES_PLUGINS."""

    @pytest.mark.parametrize(
        ("listed", "loaded"),
        [(None, {"one", "two"}), ("", set()), (" , ", set()), ("two", {"two"}), ("two,one", {"one", "two"})],
    )
    def test_a_list_restricts(self, install, monkeypatch: pytest.MonkeyPatch, listed: str | None, loaded: set[str]):
        """Not set is all, empty is none, a list is those; ours are always there. What is not listed is not imported."""
        install(one=HELLO.format("one"), two=HELLO.format("two"))
        if listed is not None:
            monkeypatch.setenv("SPAPI_INVOICES_PLUGINS", listed)
        assert {plugin.name for plugin in plugins.plugins()} == {*OURS, *loaded}
        assert {name for name in sys.modules if name.startswith("plugin_")} == {f"plugin_{name}" for name in loaded}

    def test_a_name_that_is_not_installed_is_said(self, install, monkeypatch: pytest.MonkeyPatch):
        """A misspelt name is a warning and a row with a problem; those listed rightly are there."""
        install(one=HELLO.format("one"))
        monkeypatch.setenv("SPAPI_INVOICES_PLUGINS", "one,tow")
        with pytest.warns(RuntimeWarning, match="plugin tow is in SPAPI_INVOICES_PLUGINS and is not installed"):
            found = {plugin.name: plugin for plugin in plugins.plugins()}
        assert found["one"].registered == {"register_commands": ("one",)}
        assert (found["tow"].registered, "not installed" in (found["tow"].problem or "")) == ({}, True)


FAULTS = {
    "import": ("import frobnicate", "is left out: ModuleNotFoundError: No module named 'frobnicate'"),
    "syntax": ("def :", "SyntaxError: invalid syntax"),
    "exit": ("import sys; sys.exit('bye')", "is left out: SystemExit: bye"),
    "panic": ("class Panic(BaseException): pass\nraise Panic('at the disco')", "Panic: at the disco"),
    "silent": (
        "class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute",
        "Mute: <exception str() failed>",
    ),
    "misspelt": (HELLO.format("x").replace("commands(", "comands("), "unknown hook 'register_comands'"),
    "half": (
        HELLO.format("x") + "@hookimpl\ndef register_reader(register): pass\n",
        "unknown hook 'register_reader'",
    ),
    "unmarked": (HELLO.format("x").replace("@hookimpl", ""), "register_commands must be marked with @hookimpl"),
    "partly": (
        HELLO.format("x") + "def register_report_writers(register): pass\n",
        "register_report_writers must be marked with @hookimpl",
    ),
    "hookless": ("X = 1", "plugin_hookless has none of the hooks register_commands, register_document_readers"),
    "arguments": (HELLO.format("x").replace("(cli)", "(cli, more)"), "PluginValidationError"),
}


class TestFaults:
    """What goes wrong with a plugin costs only that."""

    @pytest.mark.parametrize("name", FAULTS)
    def test_one_that_cannot_be_loaded_is_named_and_left_out(self, install, name: str):
        """Whatever its import raises: one warning with its name, a problem in the list, and the others work."""
        source, says = FAULTS[name]
        install(**{name: source, "yet": HELLO.format("yet")})
        with pytest.warns(RuntimeWarning, match=f"plugin {name} is left out") as caught:
            found = {plugin.name: plugin for plugin in plugins.plugins()}
        assert len([one for one in caught if issubclass(one.category, RuntimeWarning)]) == 1
        assert says in (found[name].problem or "")
        assert found[name].registered == {}
        assert found["yet"].registered == {"register_commands": ("yet",)}
        plugins.plugins()  # said once: a second warning would be an error here

    def test_a_warning_of_its_own_is_passed_on(self, install):
        """A plugin that warns while it loads is loaded, and its warning is the user's to see."""
        install(old="import warnings; warnings.warn('I am old', FutureWarning, stacklevel=1)\n" + HELLO.format("old"))
        with pytest.warns(FutureWarning, match="I am old"):
            found = {plugin.name: plugin for plugin in plugins.plugins()}
        assert found["old"].registered == {"register_commands": ("old",)}

    def test_what_it_prints_is_no_data(self, install, capsys):
        """A plugin that greets while it loads does so on stderr: stdout may be a file that somebody reads."""
        install(chatty="print('hello')\n" + HELLO.format("x"))
        plugins.plugins()
        assert capsys.readouterr() == ("", "hello\n")

    def test_a_wrapper_is_refused(self):
        """What pluggy calls a wrapper would be passed over in silence: there is no call around which it could stand."""

        class Wrapper:
            @hookimpl(wrapper=True)
            def register_document_readers(self, register):
                return (yield)

        plugins.manager().register(Wrapper(), "wrapper")
        with pytest.warns(RuntimeWarning, match="plugin wrapper is left out of .* a wrapper has nothing to wrap here"):
            assert readers() == our_readers()

    def test_an_interrupt_is_no_fault(self, install):
        """Ctrl-C while a plugin loads ends the program, as anywhere."""
        install(slow="raise KeyboardInterrupt")
        with pytest.raises(KeyboardInterrupt):
            plugins.manager()

    def test_a_name_of_ours_is_taken(self, install):
        """A plugin called `documents` does not take the place of ours."""
        install(documents=HELLO.format("x"))
        with pytest.warns(
            RuntimeWarning, match="plugin documents of  is left out: spapi-invoices has one of this name"
        ):
            assert readers() == our_readers()

    def test_a_name_twice_is_the_first_packages(self, monkeypatch: pytest.MonkeyPatch):
        """Of two packages with an entry point of one name, the first by the package's name is loaded, the other named."""
        points = [
            SimpleNamespace(name="x", load=lambda name=name: Mine(name), dist=SimpleNamespace(name=name, version="1"))
            for name in ("zeta", "alpha")
        ]
        monkeypatch.setattr(installed, "entry_points", lambda group: EntryPoints(points))
        with pytest.warns(RuntimeWarning, match="plugin x of zeta is left out: alpha has one of this name"):
            assert readers() == ["alpha", *our_readers()]
        assert {plugin.name: plugin.distribution for plugin in plugins.plugins()}["x"] == "alpha"

    @pytest.mark.parametrize(
        ("hook", "wrong", "says"),
        [
            ("register_document_readers", lambda register: register("no"), "registered a str, not a DocumentReader"),
            ("register_reconcile_rules", lambda register: register(None), "registered a NoneType, not a Rule"),
            ("register_report_writers", lambda register: {}["oops"], "KeyError: 'oops'"),
            ("register_commands", lambda cli: sys.exit(7), "SystemExit: 7"),
        ],
    )
    def test_a_hook_that_goes_wrong_adds_nothing(self, hook: str, wrong, says: str):
        """Half of what it wanted is not added either; its other hooks and other plugins are as they were."""

        def half(argument):
            getattr(Mine("half"), hook)(argument)
            wrong(argument)

        argument = "cli" if hook == "register_commands" else "register"
        exec(f"def implementation({argument}): half({argument})", names := {"half": half})
        # An object that cannot be hashed is a plugin too.
        hooks = {one: getattr(Mine("broken"), one) for one in HOOKS} | {hook: hookimpl(names["implementation"])}
        plugins.manager().register(SimpleNamespace(**hooks), "broken")
        plugins.manager().register(Mine("whole"), "whole")
        with pytest.warns(RuntimeWarning, match=f"plugin broken is left out of {hook}: .*{says}"):
            found = {plugin.name: plugin for plugin in plugins.plugins()}
        assert found["broken"].registered.keys() == found["whole"].registered.keys() - {hook}
        assert len(found["whole"].registered) == 4
        assert plugins.faults() == (found["broken"].problem,)
        plugins.plugins()
        plugins.register_commands(group := click.Group("g"))
        assert "half-hello" not in group.commands

    def test_a_command_that_is_there_is_not_replaced(self):
        """Neither one of ours nor another plugin's: the first stays, and the rest of the plugin works."""

        class Thief(Mine):
            @hookimpl
            def register_commands(self, cli):
                super().register_commands(cli)
                cli.add_command(click.Command("demo"))
                cli.add_command(click.Command("a-hello"))

        plugins.manager().register(Mine("a"), "a")
        plugins.manager().register(Thief("b"), "b")
        group = click.Group("g")
        with pytest.warns(RuntimeWarning, match="plugin b may not replace the command demo, a-hello"):
            plugins.register_commands(group)
        from spapi_invoices.cli.demo import demo

        assert group.commands["demo"].callback is demo.callback
        assert list(group.commands)[-2:] == ["a-hello", "b-hello"]
        plugins.register_commands(group)  # again, as a second run in one process does: nothing new to say

    def test_a_fault_of_ours_is_an_error(self, monkeypatch: pytest.MonkeyPatch):
        """Going on without our own readers would be half an answer."""

        def broken(self, register):
            raise ZeroDivisionError

        monkeypatch.setattr(own.OwnReaders, "register_document_readers", hookimpl(broken))
        with pytest.raises(ZeroDivisionError):
            plugins.document_readers()

    def test_a_result_says_that_a_plugin_had_no_say(self):
        """Who signs a report reads among its notes that a plugin's rules are missing."""

        class Broken:
            @hookimpl
            def register_reconcile_rules(self, register):
                raise OSError("no licence")

        plugins.manager().register(Broken(), "broken")
        with pytest.warns(RuntimeWarning, match="broken"):
            result = spi.reconcile(ONE, ONE)
        assert len(result.notes) == 1
        assert "plugin broken is left out of register_reconcile_rules: OSError: no licence" in result.notes[0]
        assert result.matches["status"].to_list() == ["matched"]


def test_nothing_is_loaded_before_it_is_needed():
    """Asking for readers loads no writer, and listing commands loads neither readers nor polars."""
    code = (
        "import sys, click\nfrom spapi_invoices import plugins\nplugins.register_commands(click.Group('g'))\n"
        "print([m for m in ('polars', 'spapi_invoices.documents', 'spapi_invoices.report') if m in sys.modules])\n"
        "plugins.document_readers()\nprint('spapi_invoices.report' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "False"]


def test_without_entry_points_there_are_ours_alone(monkeypatch: pytest.MonkeyPatch):
    """Four plugins, ours, in the order of their names, and no warning."""
    monkeypatch.setattr(installed, "entry_points", lambda group: importlib.metadata.EntryPoints())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tuple(plugin.name for plugin in plugins.plugins()) == OURS
