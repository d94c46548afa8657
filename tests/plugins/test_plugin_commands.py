"""Commands of plugins: whatever a hook does to the tree that it is given, ours stays as it is."""

from collections.abc import Iterator
from types import SimpleNamespace

import click
import pytest

from spapi_invoices import plugins
from spapi_invoices.plugins import hookimpl
from spapi_invoices.plugins.commands import copied

pytestmark = pytest.mark.usefixtures("fresh_plugins")


def mine() -> None:
    """What a plugin's command does."""


def tree(*hooks) -> click.Group:
    """The commands, with plugins that have these hooks, by the order of their names."""
    for at, hook in enumerate(hooks):
        plugins.manager().register(SimpleNamespace(register_commands=hookimpl(hook)), f"p{at}")
    cli = click.Group("g")
    plugins.register_commands(cli)
    return cli


def shown(group: click.Group, above: str = "") -> Iterator[tuple[str, object, list[str]]]:
    """Every command, with what it does and its options."""
    for name, command in group.commands.items():
        yield f"{above}{name}", command.callback, [option.name for option in command.params]
        if isinstance(command, click.Group):
            yield from shown(command, f"{above}{name} ")


def replace_below(cli):
    cli.commands["documents"].add_command(click.Command("read", callback=mine))


def replace_deep(cli):
    cli.commands["documents"].commands["layout"].add_command(click.Command("check", callback=mine))


def replace_group(cli):
    cli.add_command(click.Group("documents", commands=[click.Command("shred", callback=mine)]))


def remove(cli):
    del cli.commands["documents"].commands["read"]


def remove_all(cli):
    cli.commands.clear()


def rebind(cli):
    cli.commands["documents"].commands = {"read": click.Command("read", callback=mine)}


def change(cli):
    read = cli.commands["documents"].commands["read"]
    read.callback = mine
    read.params.clear()
    cli.commands["documents"].callback = mine


def half(cli):
    cli.add_command(click.Command("hello"))
    replace_below(cli)
    change(cli)
    raise RuntimeError("half way")


def itself(cli):
    cli.add_command(cli, "again")


def no_command(cli):
    cli.commands["hello"] = "hello"


def unprintable(cli):
    cli.add_command(click.Command("hello\n\x1b[31m"))


def nameless(cli):
    cli.commands[None] = click.Command("hello")


class TestOurs:
    """Ours, at any depth."""

    @pytest.mark.parametrize(
        ("hook", "says"),
        [
            (replace_below, "p0 may not replace the command documents read. Next: "),
            (replace_deep, "p0 may not replace the command documents layout check. Next: "),
            (replace_group, "p0 may not replace the command documents. Next: "),
            (remove, "p0 may not replace the command documents read. Next: "),
            (remove_all, "p0 may not replace the command demo, customer-invoices, "),
            (rebind, "p0 may not replace the command documents read, documents layout. Next: "),
            (half, "p0 is left out of register_commands: RuntimeError: half way"),
            (itself, "p0 is left out of register_commands: RecursionError"),
            (no_command, "TypeError: added a str as 'hello', not a Command"),
            (unprintable, r"TypeError: added a Command as 'hello\\n"),
            (nameless, "TypeError: added a Command as None"),
        ],
    )
    def test_nothing_is_changed(self, hook, says: str):
        """The tree is that without the plugin, and one warning says what it tried; a second start says no more."""
        before = list(shown(tree()))
        with pytest.warns(RuntimeWarning, match=says):
            cli = tree(hook)
        assert list(shown(cli)) == before
        plugins.register_commands(cli)
        assert list(shown(cli)) == before

    def test_what_is_changed_in_the_copy_is_lost(self):
        """Another callback and other options for a command of ours never reach it."""
        assert list(shown(tree(change))) == list(shown(tree()))

    def test_a_copy_is_a_copy(self):
        """Adding to a copy, or to its groups, leaves what was copied as it was."""
        group = click.Group("a", commands=[click.Group("b")], params=[click.Option(["--x"])])
        other = copied(group)
        other.commands["b"].add_command(click.Command("c"))
        other.params.clear()
        assert (group.commands["b"].commands, len(group.params)) == ({}, 1)


class TestTheirs:
    """What plugins add."""

    def test_a_thief_keeps_what_is_its_own(self):
        """Beside the command that it may not replace, what it adds is there."""

        def both(cli):
            replace_below(cli)
            cli.commands["documents"].add_command(click.Command("shred", callback=mine))
            cli.add_command(click.Group("extra", commands=[click.Command("one", callback=mine)]))

        before = list(shown(tree()))
        with pytest.warns(RuntimeWarning, match="may not replace the command documents read"):
            cli = tree(both)
        added = [one for one in shown(cli) if one not in before]
        assert [name for name, _, _ in added] == ["documents shred", "extra", "extra one"]
        assert cli.commands["documents"].commands["read"].callback is not mine

    def test_the_first_plugin_has_the_command(self):
        """Below a group of another plugin too: the second may add there, and replace nothing."""

        def first(cli):
            cli.add_command(click.Group("extra", commands=[click.Command("one", callback=mine)]))

        def second(cli):
            cli.commands["extra"].add_command(click.Command("one", callback=None))
            cli.commands["extra"].add_command(click.Command("two", callback=mine))

        with pytest.warns(RuntimeWarning, match="plugin p1 may not replace the command extra one"):
            cli = tree(first, second)
        assert [(name, one.callback) for name, one in cli.commands["extra"].commands.items()] == [
            ("one", mine),
            ("two", mine),
        ]
        registered = {one.name: one.registered for one in plugins.plugins()}
        assert [registered[name]["register_commands"] for name in ("p0", "p1")] == [("extra",), ("extra two",)]
