"""``spapi-invoices sandbox``."""

from typing import TYPE_CHECKING

import click

from spapi_invoices.cli.session import Session, SessionCommand
from spapi_invoices.errors import MissingExtra

if TYPE_CHECKING:
    from spapi_invoices.sandbox import Sandbox


@click.command(cls=SessionCommand, asks=False, emits=False, epilog="Example: spapi-invoices sandbox --port 8642")
@click.option(
    "--port", default=8642, show_default=True, type=click.IntRange(0, 65535), help="On 127.0.0.1; 0 takes a free one."
)
@click.option("--seed", default=2026, show_default=True, help="Which world: the same seed, the same invoices.")
@click.pass_obj
def sandbox(session: Session, port: int, seed: int) -> None:
    """Serve a local stand-in for SP-API with a small synthetic world, until Ctrl-C."""
    try:
        from spapi_invoices.sandbox.server import serve
    except ImportError as error:
        raise MissingExtra.of(error.name or "starlette", "sandbox") from None

    def announce(running: "Sandbox") -> None:
        world = running.world
        click.echo(f"SP-API sandbox at {running.endpoint} (synthetic world, seed {seed}; Ctrl-C ends it)")
        session.say(
            f"  {len(world.purchase_orders)} customer invoices in October 2026, {len(world.shipments)} shipments"
        )
        session.say(
            f"Try: spapi-invoices --endpoint {running.endpoint} customer-invoices fetch --from 2026-10-01 --to 2026-11-01"
        )

    serve(seed, port, announce)
