"""Which plugins there are, in which order, and how a hook of one is called. Not for what they register."""

from functools import cache
from importlib.metadata import EntryPoint

import pluggy

from spapi_invoices.plugins.guard import survives, warn
from spapi_invoices.plugins.hooks import GROUP, Hooks
from spapi_invoices.plugins.installed import brought_by, distribution_of, points
from spapi_invoices.plugins.own import OWN


@cache
def manager() -> pluggy.PluginManager:
    """The manager with our own plugins and those that are installed and enabled; one that cannot be loaded is left out."""
    made = pluggy.PluginManager(GROUP)
    made.add_hookspecs(Hooks)
    for name, own in OWN.items():
        made.register(own(), name)
    listed, there = _listed(), points()
    for name in dict.fromkeys(listed or ()):
        if name not in {*OWN, *(point.name for point in there)}:
            said = f"plugin {name} is in SPAPI_INVOICES_PLUGINS and is not installed. Next: install it or take it out"
            warn(name, said)
    for point in there:
        if listed is None or point.name in listed:
            _load(made, point)
    return made


def in_order() -> list[tuple[str, object]]:
    """The name and the plugin of each, in the order they are asked."""
    listed = _listed() or ()

    def place(one: tuple[str, object]) -> tuple[int, int, str]:
        name = one[0]
        # A layout is for one kind of invoice and was written on purpose, so it goes before readers of whole families.
        turn = 0 if name == "layouts" else 2 if name in OWN else 1
        return (listed.index(name) if name in listed else len(listed), turn, name)

    return sorted(manager().list_name_plugin(), key=place)


def ours_first() -> list[tuple[str, object]]:
    """The same, but for ours: what ours are called, and the user's layouts, no plugin can take."""
    return sorted(in_order(), key=lambda one: one[0] not in OWN)


def call(plugin: object, hook: str, argument: object) -> None:
    """Call one plugin's hook. Not by pluggy's own call: that would end at the first plugin that raises."""
    for implementation in getattr(manager().hook, hook).get_hookimpls():
        if implementation.plugin is plugin:
            if implementation.wrapper or implementation.hookwrapper:
                raise TypeError("a wrapper has nothing to wrap here")
            implementation.function(*(argument for _ in implementation.argnames))


def _load(made: pluggy.PluginManager, point: EntryPoint) -> None:
    if made.has_plugin(point.name):
        said = (
            f"plugin {point.name} of {distribution_of(point)} is left out: {brought_by(point.name)[0]} has one of this "
            "name. Next: uninstall one"
        )
        warn(point.name, said)
    elif not survives(point.name, "", lambda: _register(made, point)) and made.has_plugin(point.name):
        # pluggy keeps what it found to be wrong.
        made.unregister(name=point.name)


def _register(made: pluggy.PluginManager, point: EntryPoint) -> None:
    plugin = point.load()
    made.register(plugin, point.name)
    # A hook that is misspelt would be ignored in silence, and so would one that is not marked.
    made.check_pending()
    marked = {caller.name for caller in made.get_hookcallers(plugin) or ()}
    hooks = [name for name in vars(Hooks) if name.startswith("register_")]
    if unmarked := [name for name in hooks if name not in marked and hasattr(plugin, name)]:
        raise TypeError(f"{', '.join(unmarked)} must be marked with @hookimpl")
    if not marked:
        raise TypeError(f"{point.value} has none of the hooks {', '.join(hooks)}")


def _listed() -> tuple[str, ...] | None:
    from spapi_invoices.io.settings import enabled_plugins  # noqa: PLC0415 - a program that uses no plugin needs no settings

    return enabled_plugins()
