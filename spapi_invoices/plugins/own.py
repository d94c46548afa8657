"""Our own commands, readers, rules and writers, as plugins. Not for what they do.

Imports stand inside, so that a command that reads no document loads no reader.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from spapi_invoices.errors import FileFailed, SettingsInvalid
from spapi_invoices.plugins.hooks import hookimpl

if TYPE_CHECKING:
    import click

    from spapi_invoices.documents.reader import DocumentReader
    from spapi_invoices.reconciliation.rules import Rule
    from spapi_invoices.report.writer import ReportWriter


class OwnCommands:
    """The command line's own commands."""

    @hookimpl
    def register_commands(self, cli: "click.Group") -> None:
        """Add copies of them, for a plugin may add to a group of ours."""
        from spapi_invoices.cli import OWN_COMMANDS  # noqa: PLC0415
        from spapi_invoices.plugins.commands import copied  # noqa: PLC0415

        for command in OWN_COMMANDS:
            cli.add_command(copied(command))


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
        """Add them. A file that is no layout is warned of: its invoices go to another reader, or to none."""
        from spapi_invoices.documents.layout_file import parse_layout  # noqa: PLC0415
        from spapi_invoices.documents.layouts import layout_reader  # noqa: PLC0415
        from spapi_invoices.io.files import read_text  # noqa: PLC0415
        from spapi_invoices.io.layouts import layout_files, layouts_folder  # noqa: PLC0415
        from spapi_invoices.plugins.guard import warn  # noqa: PLC0415

        try:
            paths = layout_files(layouts_folder())
        except FileFailed as error:
            warn("layouts", f"no layout is used: {error}")
            return
        for path in paths:
            try:
                layout = parse_layout(read_text(path), path.stem)
            except (FileFailed, SettingsInvalid) as error:
                warn("layouts", f"{path} is left out, so nothing is read by it: {error}")
            else:
                register(layout_reader(layout))


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


OWN: Final = {
    "commands": OwnCommands,
    "documents": OwnReaders,
    "layouts": OwnLayouts,
    "reconciliation": OwnRules,
    "report": OwnWriters,
}
