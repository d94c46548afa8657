"""What the global options say, and what follows from them: a client, and where data and messages go."""

import sys
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from spapi_invoices.errors import InvalidRequest

if TYPE_CHECKING:
    import polars as pl

    from spapi_invoices.endpoints import Rdt
    from spapi_invoices.io.client import Client
    from spapi_invoices.io.recorder import Recorder
    from spapi_invoices.io.settings import Profile

FORMATS: Final = ("table", "csv", "json", "ndjson", "parquet")
GLOBAL_OPTIONS: Final[list[click.Parameter]] = [
    click.Option(["--profile"], help="Account in the configuration file."),
    click.Option(["--replay"], metavar="CASSETTE", help="Answer from a recording: offline, without credentials."),
    click.Option(["--endpoint"], metavar="URL", help="Ask this host in place of Amazon, e.g. a running sandbox."),
    click.Option(
        ["--record"],
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="CASSETTE",
        help="Record what is asked and answered, scrubbed; a file that is there is replaced.",
    ),
    click.Option(
        ["--keep-documents"], is_flag=True, default=None, help="Record invoices as they are, not synthetic ones."
    ),
    click.Option(
        ["--rdt"],
        type=click.Choice(("auto", "always", "never")),
        help="What is sent with a restricted data token; by default as the profile says, or auto.",
    ),
    click.Option(
        ["--format", "format"],
        type=click.Choice(FORMATS),
        help="Form of the data; by default a table, or what the suffix of -o says.",
    ),
    click.Option(
        ["-o", "--output"], type=click.Path(path_type=Path, dir_okay=False), help="Write the data to this file."
    ),
    click.Option(
        ["--quiet"], is_flag=True, default=None, help="No messages and no progress on stderr; warnings and errors stay."
    ),
]

# Those that say whom to ask, and what to keep of it.
_ASKING: Final = ("profile", "replay", "endpoint", "record", "keep_documents", "rdt")


def counted(number: int, noun: str) -> str:
    """The number with its noun: ``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(frozen=True, slots=True)
class Session:
    """The global options of one run; ``None`` is not given."""

    profile: str | None = None
    replay: str | None = None
    endpoint: str | None = None
    record: Path | None = None
    keep_documents: bool | None = None
    rdt: "Rdt | None" = None
    format: str | None = None
    output: Path | None = None
    quiet: bool | None = None

    def merged(self, options: dict[str, Any]) -> "Session":
        """With the options that were given; one given after the command wins."""
        return replace(self, **{name: value for name, value in options.items() if value is not None})

    def client(self) -> "Client":
        """The client that the options ask for. A recording is written, and told of, when the command ends."""
        from spapi_invoices.io.connect import connect

        client = connect(
            self.profile,
            replay=self.replay,
            endpoint=self.endpoint,
            record=self.record,
            keep_documents=bool(self.keep_documents),
            rdt=self.rdt,
        )
        if client.recorder is not None:
            # What is added last is closed first: the file is written, then told of.
            command = click.get_current_context()
            command.call_on_close(partial(self._tell, client.recorder))
            command.with_resource(client)
        return client

    def account(self) -> "Profile":
        """The account that the options name, with or without credentials."""
        from spapi_invoices.io.settings import load_profile

        return load_profile(self.profile)

    def _tell(self, recorder: "Recorder") -> None:
        if recorder.pending:
            return  # It could not be written, and that error is the last word.
        if not recorder.written:
            self.say(f"{recorder.path}: nothing is recorded, for no call was answered to its end")
            return
        kinds = ", ".join(f"{count} {kind}" for kind, count in recorder.replaced().most_common()) or "nothing"
        self.say(f"{recorder.path}: {counted(recorder.written, 'exchange')} recorded; replaced: {kinds}")

    def say(self, message: str) -> None:
        """A message for the person, on stderr."""
        if not self.quiet:
            click.echo(message, err=True)

    @property
    def form(self) -> str:
        """The form of the data.

        Raises:
            InvalidRequest: The suffix of ``-o`` says none and ``--format`` is not given, or Parquet would go to a terminal.
        """
        suffix = "" if self.output is None else self.output.suffix.lower().lstrip(".").replace("txt", "table")
        form = self.format or (suffix if self.output else "table")
        if form not in FORMATS:
            raise InvalidRequest(
                f"{self.output}: the suffix says no format. Next: end it with .csv, .json, .ndjson, .parquet or .txt, "
                "or give --format"
            )
        if form == "parquet" and self.output is None and sys.stdout is not None and sys.stdout.isatty():
            raise InvalidRequest("Parquet is not for a terminal. Next: give -o FILE.parquet")
        return form

    def emit(self, frame: "pl.DataFrame", below: str = "") -> None:
        """The data: to the file, or to stdout.

        Args:
            frame: The data.
            below: What a person sees under the table; no other form has it.
        """
        from spapi_invoices.cli.output import as_table
        from spapi_invoices.io.files import write_whole
        from spapi_invoices.io.tables import ENCODERS

        content = (as_table(frame) + below).encode("utf-8") if self.form == "table" else ENCODERS[self.form](frame)
        if self.output is not None:
            write_whole(self.output, content)
            self.say(f"{counted(frame.height, 'row')} in {self.output}")
        else:
            click.echo(content, nl=False)

    @property
    def progress(self) -> bool:
        """Whether a bar is shown on stderr: to a person, if that is a terminal."""
        return not self.quiet and sys.stderr is not None and sys.stderr.isatty()


class SessionCommand(click.Command):
    """A command that takes the global options too; its callback gets the `Session` first.

    Args:
        asks: It asks Amazon, a recording or a sandbox.
        emits: It ends in `Session.emit`, so the form of the data is checked before anything is asked.
        without: Names of more global options that it has no use for.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's
        asks: bool = True,
        emits: bool = True,
        without: Collection[str] = (),
        **kwargs: Any,  # noqa: ANN401 - click's
    ) -> None:
        super().__init__(*args, **kwargs)
        self.emits = emits
        unused = {*without, *(() if asks else _ASKING)}
        self.unused = [option for option in GLOBAL_OPTIONS if option.name in unused]
        self.params += [option for option in GLOBAL_OPTIONS if option.name not in unused]

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - a command's result
        """Merge the options given here with those of the group.

        Raises:
            InvalidRequest: One of the group's is of no use here; given behind the command it is click's to refuse.
        """
        before: Session = ctx.obj or Session()
        for option in self.unused:
            if getattr(before, str(option.name)) is not None:
                raise InvalidRequest(f"`{ctx.command_path}` has no use for {option.opts[-1]}. Next: leave it out")
        shared = {option.name for option in GLOBAL_OPTIONS}
        given = {name: ctx.params.pop(name) for name in shared & ctx.params.keys()}
        session = before.merged(given)
        if self.emits:
            session.form  # noqa: B018 - raises before anything is asked
        ctx.obj = session
        return super().invoke(ctx)
