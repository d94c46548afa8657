"""``spapi-invoices documents layout``: new, check, explain."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spapi_invoices.cli.session import Session, SessionCommand
from spapi_invoices.errors import FileFailed

if TYPE_CHECKING:
    import polars as pl

    from spapi_invoices.documents.layout_fields import Layout
    from spapi_invoices.documents.layouts import Outcome
    from spapi_invoices.documents.page_lines import Line

_file = click.Path(path_type=Path, dir_okay=False)


@click.group()
def layout() -> None:
    """Teach `documents read` another kind of invoice: a small TOML file says where its fields stand."""


@layout.command(
    cls=SessionCommand,
    asks=False,
    emits=False,
    epilog="Example: spapi-invoices documents layout new invoice.pdf -o acme.toml",
)
@click.argument("document", type=_file)
@click.pass_obj
def new(session: Session, document: Path) -> None:
    """Draft a layout for the kind of invoice that DOCUMENT is: a PDF, an HTML page or a text.

    The draft has guesses, which you check, and the document's lines as remarks. A file that is there is not overwritten.
    """
    from spapi_invoices.documents.layout_draft import draft
    from spapi_invoices.io.files import write_whole

    if session.output is not None and session.output.exists():
        raise FileFailed(f"{session.output} is there already. Next: give another name, or move it away")
    text = draft(_lines(document))
    if session.output is None:
        click.echo(text, nl=False)
        return
    write_whole(session.output, text.encode("utf-8"))
    session.say(f"Draft: {session.output}")
    session.say(
        f"Next: correct it, and see what it finds: spapi-invoices documents layout explain {session.output} {document}"
    )


@layout.command(
    cls=SessionCommand, asks=False, epilog="Example: spapi-invoices documents layout explain acme.toml invoice.pdf"
)
@click.argument("file", type=_file)
@click.argument("document", type=_file)
@click.pass_obj
def explain(session: Session, file: Path, document: Path) -> None:
    """Show what a layout finds in a document: a row per field, with page, line and the text there, or why it finds none."""
    from spapi_invoices.documents.layouts import missing_words, outcomes

    found, page_lines = _layout(file), _lines(document)
    missing = missing_words(found, page_lines)
    session.say(f"Does not match: {', '.join(missing)} missing" if missing else f"Matches: layout {found.name}")
    table = _explained(outcomes(found, page_lines), page_lines)
    for field, problem in table.select("field", "problem").drop_nulls("problem").iter_rows():
        session.say(f"{field}: {problem}")
    session.emit(table)


@layout.command(
    cls=SessionCommand,
    asks=False,
    emits=False,
    epilog="Example: spapi-invoices documents layout check acme.toml invoices/*.pdf",
)
@click.argument("file", type=_file)
@click.argument("documents", nargs=-1, type=_file, metavar="[DOCUMENT]...")
@click.pass_obj
def check(session: Session, file: Path, documents: tuple[Path, ...]) -> int:
    """Check a layout, and which documents it reads in full; exit with 1 if there is one that it does not.

    The column `reader` says by whom `documents read` would have each document read as things are.
    """
    from spapi_invoices.io.layouts import layouts_folder

    found = _layout(file)
    session.say(f"Layout {found.name}: {len(found.fields)} fields, nothing wrong with the file")
    if file.resolve().parent != layouts_folder().resolve():
        session.say(f"Next: put it into {layouts_folder()}, where documents read looks for layouts")
    if not documents:
        return 0
    table = _checked(found, documents)
    for document, problem in table.select("document", "problem").drop_nulls("problem").iter_rows():
        session.say(f"Problem: {document}: {problem}")
    session.emit(table)
    return 0 if table["complete"].all() else 1


def _layout(file: Path) -> "Layout":
    from spapi_invoices.documents.layout_file import parse_layout
    from spapi_invoices.io.files import read_text

    return parse_layout(read_text(file), file.stem)


def _lines(document: Path) -> "tuple[Line, ...]":
    """The lines of a document that has some."""
    from spapi_invoices.documents.findings import Unreadable
    from spapi_invoices.documents.page_lines import lines
    from spapi_invoices.io.files import read_bytes

    try:
        return lines(read_bytes(document))
    except Unreadable as error:
        raise FileFailed(f"{document}: {error.problem}") from None


def _explained(told: "tuple[Outcome, ...]", page_lines: "tuple[Line, ...]") -> "pl.DataFrame":
    import polars as pl

    columns = {
        "field": pl.String,
        "value": pl.String,
        "page": pl.Int64,
        "line": pl.Int64,
        "text": pl.String,
        "problem": pl.String,
    }
    return pl.DataFrame([_explained_row(one, page_lines) for one in told], schema=columns, orient="row")


def _explained_row(told: "Outcome", page_lines: "tuple[Line, ...]") -> tuple[object, ...]:
    from spapi_invoices.documents.layouts import nearest

    if told.hit is None:
        near = nearest(told.field, page_lines) if told.finding == "field_missing" else None
        hint = (
            ""
            if near is None
            else f'; the words nearest to these are "{near[0]}" (page {near[1].page}, line {near[1].number})'
        )
        return (told.field.name, None, None, None, None, f"{told.problem}{hint}")
    line = told.hit.line
    where = (None, None, "the layout's own value") if line is None else (line.page, line.number, line.text)
    return (told.field.name, str(told.value), *where, None)


def _checked(found: "Layout", documents: tuple[Path, ...]) -> "pl.DataFrame":
    import polars as pl

    columns = {
        "document": pl.String,
        "matches": pl.Boolean,
        "complete": pl.Boolean,
        "reader": pl.String,
        "problem": pl.String,
    }
    return pl.DataFrame([_checked_row(found, one) for one in documents], schema=columns, orient="row")


def _checked_row(found: "Layout", document: Path) -> tuple[object, ...]:
    from spapi_invoices.documents.findings import Unreadable
    from spapi_invoices.documents.layouts import facts, missing_words
    from spapi_invoices.documents.page_lines import lines
    from spapi_invoices.documents.reader import read_document
    from spapi_invoices.io.files import read_bytes
    from spapi_invoices.plugins import document_readers

    content = read_bytes(document)
    reader = read_document(content, document_readers()).reader
    try:
        page_lines = lines(content)
    except Unreadable as error:
        return (document.name, False, False, reader, error.problem)
    if missing := missing_words(found, page_lines):
        return (document.name, False, False, reader, f"{', '.join(missing)} missing")
    problem = facts(found, page_lines).problem
    return (document.name, True, problem is None, reader, problem)
