"""``spapi-invoices cassette``: audit and show. Both read any cassette that vcrpy recorded."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import click

from spapi_invoices.cli.session import Session, SessionCommand, counted
from spapi_invoices.errors import CassetteInvalid

if TYPE_CHECKING:
    from spapi_invoices.recording import Exchange


@click.group()
def cassette() -> None:
    """What a recording holds, and whether it may be shared."""


@cassette.command(cls=SessionCommand, asks=False, epilog="Example: spapi-invoices cassette audit recording.yaml")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--allow-documents", is_flag=True, help="Invoices that are not synthetic are no finding.")
@click.pass_obj
def audit(session: Session, files: tuple[Path, ...], allow_documents: bool) -> int:
    """Find what must not be in a recording, and say where.

    FILE is a recording, or a folder: then all .yaml and .yml files in it and below. Tokens, credentials, personal
    data, documents, private hosts, text of unknown meaning: a row for each, with file, exchange (0 is outside of all),
    place and kind, never with the value; the exit code is then 1. It is 2 if any file could not be read.
    """
    import polars as pl

    from spapi_invoices.io.cassette_audit import audit_file
    from spapi_invoices.recording import Finding

    read, unread = dict[Path, tuple[Finding, ...]](), list[CassetteInvalid]()
    for path in dict.fromkeys(one for given in files for one in _files(given)):
        try:
            read[path] = audit_file(path, allow_documents=allow_documents)
        except CassetteInvalid as error:
            unread.append(error)
    found = [(str(path), one.exchange, one.place, one.kind) for path, findings in read.items() for one in findings]
    columns = {"file": pl.String(), "exchange": pl.Int64(), "place": pl.String(), "kind": pl.String()}
    # An empty table would be a clean bill for files that nobody could read.
    if read:
        session.say(f"{counted(len(found), 'finding')} in {counted(len(read), 'file')}")
        session.emit(pl.DataFrame(found, schema=columns, orient="row"))
    for refusal in unread:
        click.echo(f"Error: {refusal}", err=True)
    return 2 if unread else int(bool(found))


@cassette.command(cls=SessionCommand, asks=False, epilog="Example: spapi-invoices cassette show recording.yaml")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def show(session: Session, file: Path) -> None:
    """List what a recording answers, in the order it was recorded.

    A row for each request and its answer. What is asked is shown scrubbed, even if FILE is not. Invoices are counted
    in answers that have customer invoices and can be read.
    """
    import polars as pl

    from spapi_invoices.io.cassettes import exchanges
    from spapi_invoices.recording import scrub

    recorded = exchanges(file)
    shown = scrub(recorded, b"", keep_documents=True)
    rows = [(at, *_row(one, clean)) for at, (one, clean) in enumerate(zip(recorded, shown, strict=True), 1)]
    columns = {"exchange": pl.Int64(), "operation": pl.String(), "asked": pl.String()}
    counts = dict.fromkeys(("status", "bytes", "invoices"), pl.Int64())
    session.emit(pl.DataFrame(rows, schema={**columns, **counts}, orient="row"))


def _files(given: Path) -> list[Path]:
    """The recordings of a folder; a file is its own, whatever its name."""
    if not given.is_dir():
        return [given]
    found = [one for one in sorted(given.rglob("*")) if one.suffix.lower() in {".yaml", ".yml"} and one.is_file()]
    # A folder without any is given back: it cannot be read as a recording, and that is said.
    return found or [given]


def _row(recorded: "Exchange", shown: "Exchange") -> tuple[str | None, str, int, int, int | None]:
    from spapi_invoices.recording.rules import operation_of

    address = urlsplit(shown.url)
    asked = operation_of(address.path, shown.method)
    if asked is None:
        name, what = None, f"{shown.method} {address.path}"
    else:
        fixed = asked.path.split("/")
        name, what = asked.operation_id, " ".join(one for one in address.path.split("/") if one not in fixed)
    query = unquote(address.query.replace("&", " "))
    return name, f"{what} {query}".strip(), recorded.status, len(recorded.response_body), _invoices(name, recorded)


def _invoices(operation_id: str | None, recorded: "Exchange") -> int | None:
    from spapi_invoices.core import customer_invoices
    from spapi_invoices.core.wire import HttpResponse
    from spapi_invoices.errors import ApiError, MalformedResponse

    parsers = {
        "getCustomerInvoices": customer_invoices.parse_get_customer_invoices,
        "getCustomerInvoice": customer_invoices.parse_get_customer_invoice,
    }
    if operation_id not in parsers:
        return None
    answer = HttpResponse.of(recorded.status, recorded.response_headers, recorded.response_body)
    try:
        page = parsers[operation_id](answer)
    except (ApiError, MalformedResponse):
        return None
    return len(page.invoices) + len(page.bad)
