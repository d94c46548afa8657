"""The command line: the group, its exit codes and the one place that turns an error into a line on stderr.

Exit codes: 0 done, 1 finished with findings of ``cassette audit``, of ``documents layout check`` or that ``--fail-on``
asked for, 2 usage or settings, 3 an API or I/O failure, 130 interrupted. Data goes to stdout, everything else to stderr. Modules in here import what is heavy inside commands.
"""

import io
import os
import sys
import traceback
import warnings
from typing import Any, Final

import click

from spapi_invoices import __version__
from spapi_invoices.cli import (
    archive,
    cassette,
    customer_invoices,
    demo,
    documents,
    install,
    plugins,
    reconcile,
    sandbox,
    shipments,
)
from spapi_invoices.cli.session import GLOBAL_OPTIONS, Session
from spapi_invoices.errors import (
    ArchiveInvalid,
    CassetteInvalid,
    InvalidRequest,
    MissingExtra,
    SettingsInvalid,
    SpapiInvoicesError,
    TableInvalid,
)

OWN_COMMANDS: Final[tuple[click.Command, ...]] = (
    demo.demo,
    customer_invoices.customer_invoices,
    shipments.shipments,
    archive.archive,
    documents.documents,
    reconcile.reconcile,
    cassette.cassette,
    sandbox.sandbox,
    plugins.plugins,
    install.install,
    install.uninstall,
)
_USAGE: Final = (InvalidRequest, SettingsInvalid, CassetteInvalid, ArchiveInvalid, TableInvalid, MissingExtra)


class _Group(click.Group):
    """Commands in the order they were added: the order in which a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start here: spapi-invoices demo",
)
@click.version_option(__version__, "--version", prog_name="spapi-invoices")
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - click's values
    """Every invoice Amazon's Selling Partner API holds: fetched, read, reconciled, reported.

    Options given here hold for the command behind; most commands take them as well.
    """
    ctx.obj = Session().merged(options)


cli.params += GLOBAL_OPTIONS


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; what goes wrong is a line on stderr, never a traceback.

    Misuse of the command line itself is click's to explain, in its usual lines.
    """
    from spapi_invoices.plugins import register_commands

    warnings.showwarning = _show_warning
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A line for a person must not fail where the terminal's encoding lacks a sign of it.
            stream.reconfigure(errors="replace")
    try:
        register_commands(cli)
        # Not cli.main: it would end a closed pipe with the code for findings.
        with cli.make_context("spapi-invoices", sys.argv[1:] if arguments is None else arguments) as context:
            code = cli.invoke(context)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the outermost edge: nobody but the user is behind it
        return _explain(error)
    return code if isinstance(code, int) else 0


def _explain(error: BaseException) -> int:  # noqa: PLR0911 - one for each way to end
    """Say what ended the run, and give its exit code."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            error.show()
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            click.echo("Interrupted.", err=True)
            return 130
        case SpapiInvoicesError():
            return _say(str(error), 2 if isinstance(error, _USAGE) else 3)
        case BrokenPipeError():
            # The reader left (as `| head` does): nobody is there to tell, and what is still buffered has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 3
        case OSError():
            return _say(f"the output cannot be written: {error.strerror}. Next: make room, or give -o FILE", 3)
    # Not its text: it may hold what must not be shown.
    where = _origin(error)
    return _say(
        f"{type(error).__name__} in {where}. Next: report this line to whoever made {where.partition('.')[0]}", 3
    )


def _origin(error: BaseException) -> str:
    """Module and line that raised; of Python's own modules, who called them."""
    places = [(str(frame.f_globals.get("__name__")), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [one for one in places if one[0].partition(".")[0] not in sys.stdlib_module_names]
    return "{}:{}".format(*ours[-1]) if ours else "an unknown place"


def main() -> None:
    """The console script."""
    sys.exit(run())


def _say(message: str, code: int) -> int:
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    return code


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    click.echo(f"Warning: {' '.join(str(message).split())}", err=True)
