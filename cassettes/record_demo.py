"""Records the demo's files anew: ``python cassettes/record_demo.py [FOLDER]``. Anyone can; it needs the extra ``[all]``.

Asks the local sandbox over real HTTP and writes to ``cassettes``: the recording, as `spapi_invoices.connect` makes it, the
shipment ids, the seller's NF-e files and the crosswalk. The world is synthetic, and the recording says so.
"""

import itertools
import sys
from pathlib import Path

import spapi_invoices as spi
from spapi_invoices.core.windows import Window, parse_instant, split
from spapi_invoices.io.client import MARGIN
from spapi_invoices.sandbox import Sandbox, running

HEADER = (
    "# SYNTHETIC: recorded from the local sandbox of spapi-invoices (seed 2026), not from Amazon. Every company, person,\n"
    "# order and amount in it is made up. Made by cassettes/record_demo.py.\n"
)
# What a newcomer is likely to ask for: from the 1st of October to the end of one of its weeks, or of the month, with its last
# day or without.
START = "2026-10-01"
ENDS = ("2026-10-08", "2026-10-15", "2026-10-22", "2026-10-29", "2026-10-31", "2026-11-01")


def main(folder: Path) -> None:
    """Write all files of the demo to ``folder``."""
    (folder / "demo-nfe").mkdir(parents=True, exist_ok=True)
    cassette = folder / "demo.yaml"
    # A clock that stands still: equal requests get equal answers. Three invoices a page, so that there are pages.
    with running(customer_invoices=16, shipments=25, time_scale=0, page_size=3) as sandbox:
        with sandbox.client(record=cassette) as client:
            ask(client, sandbox)
        for name, content in sandbox.world.nfe_files():
            (folder / "demo-nfe" / name).write_bytes(content)
        (folder / "demo-shipment-ids.txt").write_text("".join(f"{one}\n" for one in sandbox.world.shipments), "utf-8")
        pairs = "".join(f"{number},{order_id}\n" for number, order_id in sandbox.world.crosswalk.items())
        (folder / "demo-crosswalk.csv").write_text(f"left,right\n{pairs}", "utf-8")
    cassette.write_text(HEADER + cassette.read_text("utf-8"), "utf-8")
    # A recording is its owner's alone; this one is shipped.
    cassette.chmod(0o644)
    print(f"{cassette}: {cassette.stat().st_size} bytes")


def ask(client: spi.Client, sandbox: Sandbox) -> None:
    """Everything that the demo, the notebook and the documentation ask for, once."""
    for window in windows():
        for _ in client.pages(window):
            pass
    for number in dict.fromkeys(order.number for order in sandbox.world.purchase_orders):
        client.customer_invoice(number)
    client.shipments(sandbox.world.shipments)
    client.invoice_statuses(sandbox.world.shipments)


def windows() -> list[Window]:
    """The windows of all those ranges, each once."""
    ranges = (split(parse_instant(START), parse_instant(end), margin=MARGIN) for end in ENDS)
    return list(dict.fromkeys(itertools.chain.from_iterable(ranges)))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
