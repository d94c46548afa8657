"""What all plugins register, and a description of each. Not for what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from spapi_invoices.errors import FileFailed, SpapiInvoicesError
from spapi_invoices.plugins.guard import known, remedy, survives, warn
from spapi_invoices.plugins.hooks import REGISTERS
from spapi_invoices.plugins.installed import brought_by
from spapi_invoices.plugins.loading import call, in_order, ours_first
from spapi_invoices.plugins.own import OWN

if TYPE_CHECKING:
    import click

    from spapi_invoices.documents.reader import DocumentReader
    from spapi_invoices.reconciliation import Result, Rule
    from spapi_invoices.report.writer import ReportContext, ReportWriter


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
    return tuple(reader for _, reader in _registered("register_document_readers"))


def reconcile_rules() -> tuple["Rule", ...]:
    """All rules. Ours decide first, wherever they stand; of the others the order is that of the reasons."""
    return tuple(rule for _, rule in _registered("register_reconcile_rules"))


def report_writers() -> dict[str, "ReportWriter"]:
    """Writers by suffix, as ``.html``. One of a plugin that fails raises `FileFailed`, which names the plugin."""
    writers: dict[str, ReportWriter] = {}
    for name, writer in _registered("register_report_writers"):
        guarded = writer if name in OWN else replace(writer, write=partial(_written, name, writer))
        writers.setdefault(writer.suffix, guarded)
    return writers


def register_commands(cli: "click.Group") -> None:
    """Give the group every plugin's commands and no others, ours first."""
    from spapi_invoices.plugins.commands import add_commands  # noqa: PLC0415 - a program without commands needs no click

    add_commands(cli)


def plugins() -> tuple[Plugin, ...]:
    """All plugins in the order they are asked, and what each registered; last those that could not be loaded."""
    found = _registered_names()
    broken: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in known() if name not in found}
    return tuple(
        Plugin(name, *brought_by(name), registered, "; ".join(known().get(name, ())) or None)
        for name, registered in (found | broken).items()
    )


def _registered_names() -> dict[str, dict[str, tuple[str, ...]]]:
    import click  # noqa: PLC0415

    from spapi_invoices.plugins.commands import add_commands  # noqa: PLC0415

    names: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name, _ in in_order()}
    for name, commands in add_commands(click.Group("probe")).items():
        names[name]["register_commands"] = commands
    for hook, kind in REGISTERS.items():
        for name, value in _registered(hook):
            names[name][hook] = (*names[name].get(hook, ()), getattr(value, kind.label))
    return {name: {hook: found for hook, found in of_one.items() if found} for name, of_one in names.items()}


def _registered(hook: str) -> list[tuple[str, Any]]:
    """Each value with the name of the plugin that registers it, in the order they are asked."""
    owners: dict[object, str] = {}
    found = {name: list(_unique(name, plugin, hook, owners)) for name, plugin in ours_first()}
    return [(name, value) for name, _ in in_order() for value in found[name]]


def _unique(name: str, plugin: object, hook: str, owners: dict[object, str]) -> Iterator[Any]:
    """What one plugin registers under names that none before it has."""
    kind = REGISTERS[hook]
    for value in _registered_by(name, plugin, hook):
        label = getattr(value, kind.label)
        key = (name, label) if kind.in_place else label
        if key not in owners:
            owners[key] = name
            yield value
        else:
            said = f"{kind.kind} {label} of plugin {name} is left out: {owners[key]} has one of this {kind.label}"
            warn(name, f"{said}. Next: give it another")


def _registered_by(name: str, plugin: object, hook: str) -> list[Any]:
    """What one plugin registers; nothing if it fails half way."""
    kind = REGISTERS[hook]
    wanted, values = getattr(import_module(kind.module), kind.kind), list[Any]()

    def register(value: object) -> None:
        if not isinstance(value, wanted):
            raise TypeError(f"registered a {type(value).__name__}, not a {kind.kind}")
        if flaw := kind.flaw(getattr(value, kind.label)):
            raise ValueError(f"registered {flaw}")
        values.append(value)

    return values if survives(name, hook, lambda: call(plugin, hook, register)) else []


def _written(name: str, writer: "ReportWriter", result: "Result", context: "ReportContext") -> bytes:
    """What a plugin's writer writes."""
    try:
        content: object = writer.write(result, context)
    except (KeyboardInterrupt, SpapiInvoicesError):
        raise
    except BaseException as error:
        # The type alone: the message of a stranger's exception may quote the report.
        said = f"plugin {name} failed with {type(error).__name__} to write {writer.suffix}"
        raise FileFailed(f"{said}; there is no report. Next: {remedy(name)}") from error
    if not isinstance(content, bytes):
        said = f"plugin {name} gave {type(content).__name__} and no bytes for {writer.suffix}"
        raise FileFailed(f"{said}; there is no report. Next: {remedy(name)}")
    return content
