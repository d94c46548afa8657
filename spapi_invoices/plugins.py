"""The plugin seam: four hooks, and our own commands, readers, rules and writers that go through them. Not for what they do.

A plugin is a package with an entry point in the group ``spapi_invoices`` that names a module::

    from spapi_invoices.plugins import hookimpl

    @hookimpl
    def register_document_readers(register):
        register(MY_READER)

Plugins are asked in the order in which ``SPAPI_INVOICES_PLUGINS`` names them; without it the user's layouts come first,
then plugins by name, and ours last. The first reader that claims a document reads it, and the first writer for a suffix
writes it, so a plugin may take over what ours do, and the variable decides between two (ours have names too: `layouts`,
`documents`, `report`). A plugin's ``tryfirst`` and ``trylast`` say nothing: the order is the user's. Commands are the
exception: ours come first and cannot be replaced.

What a plugin does wrong costs only what it wanted to add, and is warned of once, with its name.
"""

import contextlib
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final

import pluggy

if TYPE_CHECKING:
    import click

    from spapi_invoices.documents.reader import DocumentReader
    from spapi_invoices.reconciliation.rules import Rule
    from spapi_invoices.report.writer import ReportWriter

GROUP: Final = "spapi_invoices"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Hooks:
    """What a plugin may add to."""

    @hookspec
    def register_commands(self, cli: "click.Group") -> None:
        """Add commands: ``cli.add_command(...)``. Called at each start, so import what is heavy inside the command."""

    @hookspec
    def register_document_readers(self, register: Callable[["DocumentReader"], None]) -> None:
        """Add readers of documents: ``register(DocumentReader(...))``. The first that claims a document reads it."""

    @hookspec
    def register_reconcile_rules(self, register: Callable[["Rule"], None]) -> None:
        """Add rules of the comparison: ``register(Rule(...))``. A rule may raise a line's status and never lower it."""

    @hookspec
    def register_report_writers(self, register: Callable[["ReportWriter"], None]) -> None:
        """Add writers of reports: ``register(ReportWriter(...))``. The first for a suffix writes it."""


# Hook -> where the kind of value that it registers lives, and which attribute names one in a list.
REGISTERS: Final = {
    "register_document_readers": ("spapi_invoices.documents.reader", "DocumentReader", "name"),
    "register_reconcile_rules": ("spapi_invoices.reconciliation.rules", "Rule", "title"),
    "register_report_writers": ("spapi_invoices.report.writer", "ReportWriter", "suffix"),
}


# Imports stand inside, so that a command that reads no document loads no reader.
class OwnCommands:
    """The command line's own commands."""

    @hookimpl
    def register_commands(self, cli: "click.Group") -> None:
        """Add them."""
        from spapi_invoices.cli import OWN_COMMANDS  # noqa: PLC0415

        for command in OWN_COMMANDS:
            cli.add_command(command)


class OwnReaders:
    """The readers of NF-e and GST invoices."""

    @hookimpl
    def register_document_readers(self, register: Callable[["DocumentReader"], None]) -> None:
        """Add them."""
        from spapi_invoices.documents import gst, nfe  # noqa: PLC0415

        register(nfe.READER)
        register(gst.READER)


class OwnLayouts:
    """The readers of the layouts in the user's folder, by the name of the file."""

    @hookimpl
    def register_document_readers(self, register: Callable[["DocumentReader"], None]) -> None:
        """Add them."""
        from spapi_invoices.documents.layout_file import parse_layout  # noqa: PLC0415
        from spapi_invoices.documents.layouts import layout_reader  # noqa: PLC0415
        from spapi_invoices.io.layouts import layouts_folder, read_layouts  # noqa: PLC0415

        for name, text in read_layouts(layouts_folder()):
            register(layout_reader(parse_layout(text, name)))


class OwnRules:
    """The rules of the statuses."""

    @hookimpl
    def register_reconcile_rules(self, register: Callable[["Rule"], None]) -> None:
        """Add them."""
        from spapi_invoices.reconciliation import RULES  # noqa: PLC0415

        for rule in RULES:
            register(rule)


class OwnWriters:
    """The writers of reports."""

    @hookimpl
    def register_report_writers(self, register: Callable[["ReportWriter"], None]) -> None:
        """Add them."""
        from spapi_invoices.report import WRITERS  # noqa: PLC0415

        for writer in WRITERS:
            register(writer)


_OWN: Final = {
    "commands": OwnCommands,
    "documents": OwnReaders,
    "layouts": OwnLayouts,
    "reconciliation": OwnRules,
    "report": OwnWriters,
}


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed plugin.

    Attributes:
        name: Of its entry point; what ``SPAPI_INVOICES_PLUGINS`` lists.
        distribution: The package that brings it; what ``spapi-invoices uninstall`` takes.
        version: Of the distribution.
        registered: Hook to the names of what it registered there; hooks it does not use are left out.
        problem: What went wrong with it, or ``None``.
    """

    name: str
    distribution: str
    version: str
    registered: dict[str, tuple[str, ...]]
    problem: str | None = None


def document_readers() -> tuple["DocumentReader", ...]:
    """All readers in the order they are asked."""
    return tuple(_registered("register_document_readers"))


def reconcile_rules() -> tuple["Rule", ...]:
    """All rules. Ours decide first, wherever they stand; of the others the order is that of the reasons."""
    return tuple(_registered("register_reconcile_rules"))


def report_writers() -> dict[str, "ReportWriter"]:
    """Writers by suffix, as ``.html``."""
    writers: dict[str, ReportWriter] = {}
    for writer in _registered("register_report_writers"):
        writers.setdefault(writer.suffix, writer)
    return writers


def register_commands(cli: "click.Group") -> None:
    """Give the group every plugin's commands and no others, ours first."""
    cli.commands.clear()
    # Ours first; sorted keeps the order of the rest.
    for name, plugin in sorted(_in_order(), key=lambda one: one[0] not in _OWN):
        _add_commands(cli, name, plugin)


def plugins() -> tuple[Plugin, ...]:
    """All plugins in the order they are asked, and what each registered; last those that could not be loaded."""
    described = {name: _describe(name, plugin) for name, plugin in _in_order()}
    broken: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in _faults() if name not in described}
    return tuple(
        Plugin(name, *_distribution(name), registered, "; ".join(_faults().get(name, ())) or None)
        for name, registered in (described | broken).items()
    )


def faults() -> tuple[str, ...]:
    """What went wrong with plugins so far, a sentence each: what a report that lacks their rules has to say."""
    return tuple(said for sentences in _faults().values() for said in sentences)


@cache
def manager() -> pluggy.PluginManager:
    """The manager with our own plugins and those that are installed and enabled; one that cannot be loaded is left out."""
    made = pluggy.PluginManager(GROUP)
    made.add_hookspecs(Hooks)
    for name, own in _OWN.items():
        made.register(own(), name)
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, _brought_by(point)))
    listed = _listed()
    for name in dict.fromkeys(listed or ()):
        if name not in {*_OWN, *(point.name for point in points)}:
            _warn(
                name,
                f"plugin {name} is in SPAPI_INVOICES_PLUGINS and is not installed. Next: install it or take it out",
            )
    for point in points:
        if listed is None or point.name in listed:
            _load(made, point)
    return made


def _load(made: pluggy.PluginManager, point: EntryPoint) -> None:
    if made.has_plugin(point.name):
        taken = _distribution(point.name)[0]
        said = f"plugin {point.name} of {_brought_by(point)} is left out: {taken} has one of this name. Next: uninstall one"
        _warn(point.name, said)
    elif not _survives(point.name, "", lambda: _register(made, point)) and made.has_plugin(point.name):
        # pluggy keeps what it found to be wrong.
        made.unregister(name=point.name)


def _register(made: pluggy.PluginManager, point: EntryPoint) -> None:
    made.register(point.load(), point.name)
    # A hook that is misspelt would be ignored in silence.
    made.check_pending()


def _in_order() -> list[tuple[str, object]]:
    listed = _listed() or ()

    def place(one: tuple[str, object]) -> tuple[int, int, str]:
        name = one[0]
        # A layout is for one kind of invoice and was written on purpose, so it goes before readers of whole families.
        turn = 0 if name == "layouts" else 2 if name in _OWN else 1
        return (listed.index(name) if name in listed else len(listed), turn, name)

    return sorted(manager().list_name_plugin(), key=place)


def _listed() -> tuple[str, ...] | None:
    from spapi_invoices.io.settings import enabled_plugins  # noqa: PLC0415 - a program that uses no plugin needs no settings

    return enabled_plugins()


def _registered(hook: str) -> Iterable[Any]:
    return [value for name, plugin in _in_order() for value in _registered_by(name, plugin, hook)]


def _registered_by(name: str, plugin: object, hook: str) -> list[Any]:
    """What one plugin registers; nothing if it fails half way."""
    home, kind_name, _ = REGISTERS[hook]
    kind, values = getattr(import_module(home), kind_name), []

    def register(value: object) -> None:
        if not isinstance(value, kind):
            raise TypeError(f"registered a {type(value).__name__}, not a {kind_name}")
        values.append(value)

    return values if _survives(name, hook, lambda: _call(plugin, hook, register)) else []


def _add_commands(cli: "click.Group", name: str, plugin: object) -> list[str]:
    """Add one plugin's commands, and name them; none if it fails half way. A name that is taken stays with its owner."""
    before = dict(cli.commands)
    survived = _survives(name, "register_commands", lambda: _call(plugin, "register_commands", cli))
    after = dict(cli.commands) if survived else before
    if taken := [one for one, command in before.items() if after.get(one) is not command]:
        _warn(name, f"plugin {name} may not replace the command {', '.join(taken)}. Next: tell its author")
    cli.commands.clear()
    cli.commands.update(after | before)
    return [one for one in after if one not in before]


def _call(plugin: object, hook: str, argument: object) -> None:
    # Not by pluggy's own call: that would end at the first plugin that raises.
    for implementation in getattr(manager().hook, hook).get_hookimpls():
        if implementation.plugin is plugin:
            if implementation.wrapper or implementation.hookwrapper:
                raise TypeError("a wrapper has nothing to wrap here")
            implementation.function(*(argument for _ in implementation.argnames))


def _survives(name: str, hook: str, call: Callable[[], None]) -> bool:
    """Whether somebody else's code came to its end. It may raise anything: a Rust panic and SystemExit are no Exception."""
    if name in _OWN:
        # A fault of ours is no reason to go on without us.
        call()
        return True
    try:
        # What it prints is no data: stdout is for that.
        with contextlib.redirect_stdout(sys.stderr):
            call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the outermost edge of somebody else's code
        what = " ".join("".join(traceback.format_exception_only(error)).split())
        whence = f" of {hook}" if hook else ""
        _warn(name, f"plugin {name} is left out{whence}: {what}. Next: tell its author, or spapi-invoices uninstall it")
        return False
    return True


def _warn(name: str, said: str) -> None:
    """Warn, once a plugin and fault, however often its hooks are called."""
    known = _faults().setdefault(name, [])
    if said not in known:
        known.append(said)
        warnings.warn(said, RuntimeWarning, stacklevel=3)


@cache
def _faults() -> dict[str, list[str]]:
    return {}


def _describe(name: str, plugin: object) -> dict[str, tuple[str, ...]]:
    import click  # noqa: PLC0415

    # A plugin may reach for a group of ours, to add a command below it.
    probe = click.Group("probe")
    if name not in _OWN:
        OwnCommands().register_commands(probe)
    found = {"register_commands": tuple(_add_commands(probe, name, plugin))}
    for hook, (_, _, naming) in REGISTERS.items():
        found[hook] = tuple(str(getattr(value, naming)) for value in _registered_by(name, plugin, hook))
    return {hook: names for hook, names in found.items() if names}


def _distribution(name: str) -> tuple[str, str]:
    from spapi_invoices import __version__  # noqa: PLC0415

    found = sorted((point for point in entry_points(group=GROUP) if point.name == name), key=_brought_by)
    if name in _OWN:
        return "spapi-invoices", __version__
    return (found[0].dist.name, found[0].dist.version) if found and found[0].dist is not None else ("", "")


def _brought_by(point: EntryPoint) -> str:
    return "" if point.dist is None else point.dist.name
