"""How plugins add commands: each is given a copy of the tree, and what it added is taken over. Not for running them.

So a plugin can replace, take away or change no command that is there, at any depth, and one that fails leaves nothing.
"""

from collections.abc import Iterator
from copy import copy
from typing import TypeVar

import click

from spapi_invoices.plugins.guard import remedy, survives, warn
from spapi_invoices.plugins.loading import call, ours_first

# Where a command stands: the names of the groups above it, and its own.
Place = tuple[str, ...]
C = TypeVar("C", bound=click.Command)


def copied(command: C) -> C:
    """A copy that can be changed without changing the command, with copies of all that is below it."""
    other = copy(command)
    other.params = list(command.params)
    if isinstance(command, click.Group) and isinstance(other, click.Group):
        other.commands = {name: copied(one) for name, one in command.commands.items()}
    return other


def add_commands(cli: click.Group) -> dict[str, tuple[str, ...]]:
    """Give the group every plugin's commands and no others, ours first; of each plugin, what it added.

    A command below a group is named with the group, as ``documents shred``.
    """
    cli.commands.clear()
    return {name: tuple(map(" ".join, _added_by(name, plugin, cli))) for name, plugin in ours_first()}


def _added_by(name: str, plugin: object, cli: click.Group) -> list[Place]:
    """Take over what one plugin adds, and say where; nothing if it fails half way."""
    lent = copied(cli)
    before, after = dict(_below(lent)), dict[Place, click.Command]()

    def ask() -> None:
        call(plugin, "register_commands", lent)
        # Here, for a tree that holds itself, or what is no command, is the plugin's fault too.
        after.update(_below(lent))

    if not survives(name, "register_commands", ask):
        return []
    kept = {(), *(place for place, command in before.items() if after.get(place) is command)}
    if lost := [" ".join(place) for place in before if place not in kept and place[:-1] in kept]:
        warn(name, f"plugin {name} may not replace the command {', '.join(lost)}. Next: {remedy(name)}")
    added = [place for place in after if place not in before and place[:-1] in kept]
    groups = {place: command for place, command in [((), cli), *_below(cli)] if isinstance(command, click.Group)}
    for place in added:
        groups[place[:-1]].commands[place[-1]] = after[place]
    return added


def _below(group: click.Group, at: Place = ()) -> Iterator[tuple[Place, click.Command]]:
    for name, command in group.commands.items():
        if not isinstance(command, click.Command) or not isinstance(name, str) or not name.isprintable():
            raise TypeError(f"added a {type(command).__name__} as {name!r}, not a Command with a printable name")
        yield (*at, name), command
        if isinstance(command, click.Group):
            yield from _below(command, (*at, name))
