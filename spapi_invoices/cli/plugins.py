"""``spapi-invoices plugins``."""

from typing import TYPE_CHECKING

import click

from spapi_invoices.cli.session import Session, SessionCommand

if TYPE_CHECKING:
    import polars as pl

    from spapi_invoices.plugins import Plugin


@click.command(cls=SessionCommand, asks=False, epilog="Example: spapi-invoices plugins --format json")
@click.pass_obj
def plugins(session: Session) -> None:
    """List the plugins in the order they are asked, ours included: what each adds, and what is wrong with it."""
    from spapi_invoices.plugins import plugins as all_plugins

    session.emit(_table(all_plugins()))


def _table(found: "tuple[Plugin, ...]") -> "pl.DataFrame":
    """One row per plugin and hook it uses; a plugin that uses none has one row, without a hook."""
    import polars as pl

    rows = [
        (one.name, one.distribution, one.version, hook, list(names), one.problem)
        for one in found
        for hook, names in (one.registered.items() or [(None, ())])
    ]
    columns: dict[str, pl.DataType] = {
        "plugin": pl.String(),
        "distribution": pl.String(),
        "version": pl.String(),
        "hook": pl.String(),
        "registered": pl.List(pl.String),
        "problem": pl.String(),
    }
    return pl.DataFrame(rows, schema=columns, orient="row")
