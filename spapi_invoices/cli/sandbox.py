"""``spapi-invoices sandbox``."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from spapi_invoices.cli.session import Session, SessionCommand, counted

if TYPE_CHECKING:
    from spapi_invoices.sandbox import Sandbox

# No more than a month is tried: Amazon looks back six months only.
_MONTH: Final = timedelta(days=31)
# The burst of getShipmentDetails: what is answered without a wait.
_BURST: Final = 25


class _SandboxCommand(SessionCommand):
    """A command whose help has the table of faults."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from spapi_invoices.sandbox.faults import FAULTS

        super().format_options(ctx, formatter)
        with formatter.section("Faults"):
            formatter.write_dl([(name, fault.meaning) for name, fault in FAULTS.items()])


@click.command(
    cls=_SandboxCommand,
    asks=False,
    emits=False,
    without=("format", "output"),
    epilog="Example: spapi-invoices sandbox --port 8642 --fault html-503:0.1,slow@getShipmentDetails:0.05",
)
@click.option("--port", default=8642, show_default=True, help="On 127.0.0.1; 0 takes a free one.")
@click.option("--seed", default=2026, show_default=True, help="Which world: the same seed, the same invoices.")
@click.option(
    "--customer-invoices", default=100, show_default=True, metavar="N", help="How many; every case from 100 on."
)
@click.option("--shipments", default=100, show_default=True, metavar="N", help="How many; every case from 100 on.")
@click.option(
    "--from",
    "start",
    default="2026-10-01",
    show_default=True,
    metavar="DATE",
    help="When the first invoice may become available, inclusive.",
)
@click.option("--to", "end", default="2026-11-01", show_default=True, metavar="DATE", help="The end, exclusive.")
@click.option(
    "--time-scale",
    default=1.0,
    show_default=True,
    metavar="X",
    help="Its seconds for each of ours: quotas, tokens and validation follow. 0 stands still, without quotas.",
)
@click.option(
    "--fault",
    "faults",
    default="",
    metavar="NAME:RATE,...",
    help="What goes wrong, for which share of the requests; NAME@OPERATION:RATE for one operation only.",
)
@click.option("--static", is_flag=True, help="Answer the official models' sandbox examples in place of the world.")
@click.option("--log", is_flag=True, help="A line on stderr for each request.")
@click.pass_obj
def sandbox(session: Session, /, *, start: str, end: str, log: bool, **settings: Any) -> None:  # noqa: ANN401 - click's values
    """Serve a local stand-in for SP-API with a synthetic world, until Ctrl-C.

    The address is the first line on stdout; the settings to use it with are on stderr.
    """
    from spapi_invoices.core.windows import parse_instant
    from spapi_invoices.sandbox import serve

    def announce(running: "Sandbox") -> None:
        click.echo(running.endpoint)
        session.say(_settings(running.endpoint))
        session.say(_accounts())
        session.say(_static_tries(running) if settings["static"] else _tries(running))

    log_to = (lambda line: click.echo(line, err=True)) if log else None
    serve(announce, start=parse_instant(start), end=parse_instant(end), log=log_to, **settings)


def _settings(endpoint: str) -> str:
    """What to paste, for us and for others."""
    from spapi_invoices.io.connect import SANDBOX_PROFILE as PROFILE
    from spapi_invoices.io.settings import config_path

    secret, token = PROFILE.client_secret.reveal(), PROFILE.refresh_token.reveal()
    return f"""An SP-API of its own, all made up. Ctrl-C ends it.

For {config_path()}, to ask it with --profile sandbox:

[profiles.sandbox]
client_id = "{PROFILE.client_id}"
client_secret = "{secret}"
refresh_token = "{token}"
endpoint = "{endpoint}"
lwa_endpoint = "{endpoint}"

For other clients, whose SP-API and Login with Amazon hosts must both be {endpoint}:

export SP_API_REFRESH_TOKEN={token} LWA_APP_ID={PROFILE.client_id} LWA_CLIENT_SECRET={secret}
"""


def _accounts() -> str:
    from spapi_invoices.sandbox.accounts import ACCOUNTS

    lines = [f"  {account.refresh_token.reveal():34} {account.meaning}" for account in ACCOUNTS]
    return "\n".join(["Its accounts, by refresh token:", "", *lines, ""])


def _tries(running: "Sandbox") -> str:
    """Commands that work as they stand."""
    world, endpoint = running.world, running.endpoint
    ask = f"spapi-invoices --endpoint {endpoint}"
    start = max(world.start, world.end - _MONTH)
    held = f"{counted(len(world.purchase_orders), 'customer invoice')} and {counted(len(world.shipments), 'shipment')}"
    return f"""Try, with {held}:

{ask} customer-invoices fetch --from {_iso(start)} --to {_iso(world.end)}
curl -s {endpoint}/sandbox/shipment-ids | head -{_BURST} > ids.txt
{ask} shipments fetch --ids-file ids.txt
{ask} shipments status --ids-file ids.txt
curl -s -X PUT {endpoint}/sandbox/faults -d '{{"name": "html-503", "rate": 0.3}}'
"""


def _static_tries(running: "Sandbox") -> str:
    return f"Try:\n\nspapi-invoices --endpoint {running.endpoint} shipments status --ids shipmentId1\n"


def _iso(moment: datetime) -> str:
    """A date where that says it all."""
    text = moment.astimezone(UTC).isoformat()
    return text.removesuffix("T00:00:00+00:00").replace("+00:00", "Z")
