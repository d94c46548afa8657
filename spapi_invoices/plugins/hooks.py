"""The four hooks, and what may be registered through them. Not for who implements them."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
        """Add commands: ``cli.add_command(...)``. Called at each start, so import what is heavy inside the command.

        ``cli`` is a copy of our commands: what is added to it, or to a group below it, is taken over, and nothing else.
        """

    @hookspec
    def register_document_readers(self, register: Callable[["DocumentReader"], None]) -> None:
        """Add readers of documents: ``register(DocumentReader(...))``. The first that claims a document reads it."""

    @hookspec
    def register_reconcile_rules(self, register: Callable[["Rule"], None]) -> None:
        """Add rules of the comparison: ``register(Rule(...))``. A rule may raise a line's status and never lower it."""

    @hookspec
    def register_report_writers(self, register: Callable[["ReportWriter"], None]) -> None:
        """Add writers of reports: ``register(ReportWriter(...))``. The first for a suffix writes it."""


class Registers(NamedTuple):
    """What a hook registers: where its class lives, and how one is told from another.

    ``label`` is the attribute that names one, ``form`` what a name looks like, and ``takes`` the same in words. Of two
    with one name only the first is used, unless they come from two plugins and one may stand ``in_place`` of the other.
    """

    module: str
    kind: str
    label: str
    form: str = r".*\S.*"
    takes: str = "text that prints on a line"
    in_place: bool = False

    def flaw(self, label: Any) -> str | None:  # noqa: ANN401 - a stranger's
        """What is wrong with a name; ``None`` if nothing is."""
        if isinstance(label, str) and label.isprintable() and re.fullmatch(self.form, label):
            return None
        return f"a {self.kind} with the {self.label} {label!r}, which is not {self.takes}"


REGISTERS: Final = {
    "register_document_readers": Registers("spapi_invoices.documents.reader", "DocumentReader", "name"),
    "register_reconcile_rules": Registers("spapi_invoices.reconciliation.rules", "Rule", "title"),
    "register_report_writers": Registers(
        # As a path's suffix is compared: in small letters, from its last dot on.
        "spapi_invoices.report.writer", "ReportWriter", "suffix",
        r"\.[a-z0-9]+", "a dot and small letters or digits", in_place=True,
    ),
}  # fmt: skip
