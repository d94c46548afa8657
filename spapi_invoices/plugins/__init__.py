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
exception: ours come first, and can be neither replaced nor changed, at any depth.

A reader's name and a rule's title are unique: of two, ours stays, else the first. A writer's suffix is a dot and small
letters or digits.

What a plugin does wrong costs only what it wanted to add, and is warned of once, with its name. A hook that fails half
way adds nothing. A reader that fails costs its document's row, a rule itself, a writer its file, whatever they raise:
only Ctrl-C ends the program. What a plugin prints in a hook goes to stderr, as does what it prints while our commands
read documents, compare or write reports.
"""

from spapi_invoices.plugins.guard import faults
from spapi_invoices.plugins.hooks import GROUP, REGISTERS, Hooks, hookimpl, hookspec
from spapi_invoices.plugins.loading import manager
from spapi_invoices.plugins.registry import (
    Plugin,
    document_readers,
    plugins,
    reconcile_rules,
    register_commands,
    report_writers,
)

__all__ = [
    "GROUP",
    "REGISTERS",
    "Hooks",
    "Plugin",
    "document_readers",
    "faults",
    "hookimpl",
    "hookspec",
    "manager",
    "plugins",
    "reconcile_rules",
    "register_commands",
    "report_writers",
]
