"""``spapi-invoices plugins``."""

import click

from spapi_invoices.cli.session import Session, SessionCommand


@click.command(cls=SessionCommand, asks=False, epilog="Example: spapi-invoices plugins --format json")
@click.pass_obj
def plugins(session: Session) -> None:
    """List the plugins, ours included, and what each adds."""
    import polars as pl

    from spapi_invoices.plugins import plugins as loaded

    rows = [
        (plugin.name, plugin.distribution, plugin.version, hook, list(names))
        for plugin in loaded()
        for hook, names in plugin.registered.items()
    ]
    columns: dict[str, pl.DataType] = {
        "plugin": pl.String(),
        "distribution": pl.String(),
        "version": pl.String(),
        "hook": pl.String(),
        "registered": pl.List(pl.String),
    }
    session.emit(pl.DataFrame(rows, schema=columns, orient="row"))
