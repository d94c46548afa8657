"""The plugin seam: three hooks, and our own commands, readers and writers that go through them. Not for what they do.

A plugin is a package with an entry point in the group ``spapi_invoices`` that names a module::

    from spapi_invoices.plugins import hookimpl

    @hookimpl
    def register_document_readers(register):
        register(MY_READER)

Its readers are asked before ours, so that a plugin may take over a kind of document; a writer for a suffix we write
replaces ours.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Final, TypeVar

import pluggy

if TYPE_CHECKING:
    import click

    from spapi_invoices.documents.reader import DocumentReader
    from spapi_invoices.report.writer import ReportWriter

T = TypeVar("T")

GROUP: Final = "spapi_invoices"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Hooks:
    """What a plugin may add to."""

    @hookspec
    def register_commands(self, cli: "click.Group") -> None:
        """Add commands: ``cli.add_command(...)``."""

    @hookspec
    def register_document_readers(self, register: Callable[["DocumentReader"], None]) -> None:
        """Add readers of documents: ``register(DocumentReader(...))``."""

    @hookspec
    def register_report_writers(self, register: Callable[["ReportWriter"], None]) -> None:
        """Add writers of reports: ``register(ReportWriter(...))``."""


# Imports stand inside, so that a command that reads no document loads no reader.
class OwnCommands:
    """The command line's own commands, listed before those of plugins."""

    @hookimpl(tryfirst=True)
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


class OwnWriters:
    """The writers of reports."""

    @hookimpl
    def register_report_writers(self, register: Callable[["ReportWriter"], None]) -> None:
        """Add them."""
        from spapi_invoices.report import WRITERS  # noqa: PLC0415

        for writer in WRITERS:
            register(writer)


_OWN: Final = (("commands", OwnCommands), ("documents", OwnReaders), ("report", OwnWriters))


@dataclass(frozen=True, slots=True)
class Plugin:
    """A loaded plugin: its name, its distribution and version, and what it registered through which hook."""

    name: str
    distribution: str
    version: str
    registered: dict[str, tuple[str, ...]]


@cache
def manager() -> pluggy.PluginManager:
    """The manager with our own plugins and all that are installed. One that cannot be loaded is warned of and left out."""
    made = pluggy.PluginManager(GROUP)
    made.add_hookspecs(Hooks)
    for name, own in _OWN:
        made.register(own(), name)
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        _load(made, point)
    return made


def _load(made: pluggy.PluginManager, point: EntryPoint) -> None:
    try:
        made.register(point.load(), point.name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the outermost edge of somebody else's code
        _leave_out(point.name, error)


def _call(hook: str, argument: object, only: object = None) -> None:
    """Call a hook of every plugin, or of one: in pluggy's order, but one that raises costs only itself."""
    for implementation in reversed(getattr(manager().hook, hook).get_hookimpls()):
        if only is None or implementation.plugin is only:
            try:
                implementation.function(argument)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the outermost edge of somebody else's code
                _leave_out(implementation.plugin_name, error)


def _leave_out(name: str, error: BaseException) -> None:
    """Warn, once a plugin and fault, however often its hooks are called."""
    said = f"plugin {name} is left out: {type(error).__name__}: {error}. Next: tell its author, or uninstall it"
    if said not in _told():
        _told().add(said)
        warnings.warn(said, RuntimeWarning, stacklevel=3)


@cache
def _told() -> set[str]:
    return set()


class _Registered(list[T]):
    """What plugins register through one hook: values of one kind only."""

    def __init__(self, kind: type[T]) -> None:
        super().__init__()
        self.kind = kind

    def add(self, value: T) -> None:
        """What a plugin is given as ``register``."""
        if not isinstance(value, self.kind):
            raise TypeError(f"registered a {type(value).__name__}, not a {self.kind.__name__}")
        self.append(value)


def document_readers() -> tuple["DocumentReader", ...]:
    """All readers in the order they are asked: those of plugins first, then ours."""
    return tuple(_readers())


def report_writers() -> dict[str, "ReportWriter"]:
    """Writers by suffix, as ``.html``; a plugin's before ours."""
    return {writer.suffix: writer for writer in reversed(_writers())}


def register_commands(cli: "click.Group") -> None:
    """Add every plugin's commands, ours first."""
    _call("register_commands", cli)


def plugins() -> tuple[Plugin, ...]:
    """All loaded plugins and what each registered."""
    return tuple(_describe(name, plugin) for name, plugin in manager().list_name_plugin())


def _readers(only: object = None) -> "list[DocumentReader]":
    from spapi_invoices.documents.reader import DocumentReader  # noqa: PLC0415

    found = _Registered(DocumentReader)
    _call("register_document_readers", found.add, only)
    return found


def _writers(only: object = None) -> "list[ReportWriter]":
    from spapi_invoices.report.writer import ReportWriter  # noqa: PLC0415

    found = _Registered(ReportWriter)
    _call("register_report_writers", found.add, only)
    return found


def _describe(name: str, plugin: object) -> Plugin:
    import click  # noqa: PLC0415

    group = click.Group("probe")
    _call("register_commands", group, plugin)
    registered = {
        "register_commands": tuple(group.commands),
        "register_document_readers": tuple(reader.name for reader in _readers(plugin)),
        "register_report_writers": tuple(writer.suffix for writer in _writers(plugin)),
    }
    distribution, version = _distribution(name)
    return Plugin(name, distribution, version, {hook: names for hook, names in registered.items() if names})


def _distribution(name: str) -> tuple[str, str]:
    from spapi_invoices import __version__  # noqa: PLC0415

    for point in entry_points(group=GROUP):
        if point.name == name and point.dist is not None:
            return point.dist.name, point.dist.version
    return "spapi-invoices", __version__
