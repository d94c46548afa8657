"""Records the demo's files anew: ``python cassettes/record_demo.py [FOLDER]``. Anyone can; it needs the extra ``[all]``.

Runs the local sandbox, asks it over real HTTP through vcrpy, and writes to ``cassettes``: the recording
(host rewritten to Amazon's, tokens and credentials scrubbed), the shipment ids, the seller's NF-e files and the crosswalk.
The world is synthetic, and the recording says so.
"""

import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import vcr
import yaml
from vcr.request import Request

from spapi_invoices.endpoints import LWA_HOST, OPERATIONS, REGIONS
from spapi_invoices.sandbox import Sandbox, running

SCRUBBED = "SCRUBBED"
HEADER = (
    "# SYNTHETIC: recorded from the local sandbox of spapi-invoices (seed 2026), not from Amazon. Every company, person,\n"
    "# order and amount in it is made up. Made by cassettes/record_demo.py; hosts are rewritten, tokens scrubbed.\n"
)
# Ranges a newcomer is likely to ask for; each is cut into windows of seven days from its start.
RANGES = (
    ("2026-10-01", "2026-10-31"),
    ("2026-10-01", "2026-11-01"),
    ("2026-10-01", "2026-10-08"),
    ("2026-10-01", "2026-10-15"),
)
_SECRET_FIELDS = re.compile(
    r'("(?:access_token|refresh_token|restrictedDataToken)":")[^"]*|((?:client_secret|client_id|refresh_token)=)[^&]*'
)
_KEPT_HEADERS = {"content-type", "date", "x-amzn-requestid", "x-amzn-ratelimit-limit"}


def main(folder: Path) -> None:
    """Write all files of the demo to ``folder``."""
    (folder / "demo-nfe").mkdir(parents=True, exist_ok=True)
    cassette = folder / "demo.yaml"
    cassette.unlink(missing_ok=True)
    recorder = vcr.VCR(
        record_mode="once",
        decode_compressed_response=True,
        before_record_request=scrub_request,
        before_record_response=scrub_response,
    )
    with running() as sandbox:
        with recorder.use_cassette(str(cassette)):
            ask(sandbox)
        for shipment in sandbox.world.shipments.values():
            if shipment.nfe is not None:
                (folder / "demo-nfe" / f"{shipment.shipment_id}.xml").write_bytes(shipment.nfe)
        (folder / "demo-shipment-ids.txt").write_text("".join(f"{one}\n" for one in sandbox.world.shipments), "utf-8")
        pairs = "".join(f"{number},{order_id}\n" for number, order_id in sandbox.world.crosswalk.items())
        (folder / "demo-crosswalk.csv").write_text(f"left,right\n{pairs}", "utf-8")
    cassette.write_text(HEADER + without_repeats(cassette.read_text("utf-8")), "utf-8")
    print(f"{cassette}: {cassette.stat().st_size} bytes")


def ask(sandbox: Sandbox) -> None:
    """Everything that the demo, the notebook and the documentation ask for."""
    client = sandbox.client()
    for start, end in RANGES:
        client.customer_invoices(start, end)
    for order in sandbox.world.purchase_orders:
        client.customer_invoice(order.number)
    client.shipments(sandbox.world.shipments)
    client.invoice_statuses(sandbox.world.shipments)


def scrub_request(request: Request) -> Request:
    """The host of the region that offers the operation, no token, no credentials, no client's own headers."""
    request.uri = f"{_host(request.path)}{request.uri.split(urlsplit(request.uri).netloc, 1)[1]}"
    request.headers = {
        name: value for name, value in request.headers.items() if name.lower() in {"accept", "content-type"}
    }
    if request.body:
        request.body = _without_secrets(request.body)
    return request


def scrub_response(response: dict[str, Any]) -> dict[str, Any]:
    """No token in the body; only headers that mean something."""
    response["body"]["string"] = _without_secrets(response["body"]["string"])
    response["headers"] = {name: value for name, value in response["headers"].items() if name.lower() in _KEPT_HEADERS}
    return response


def without_repeats(text: str) -> str:
    """The recording with each request once; the sandbox answers an equal request equally."""
    content = yaml.safe_load(text)
    seen: dict[str, Any] = {}
    for interaction in content["interactions"]:
        request = interaction["request"]
        seen.setdefault(f"{request['method']} {request['uri']} {request.get('body')}", interaction)
    return yaml.safe_dump({**content, "interactions": list(seen.values())}, width=1_000_000, allow_unicode=True)


def _without_secrets(body: bytes | str) -> bytes:
    text = body.decode("utf-8") if isinstance(body, bytes) else body
    return _SECRET_FIELDS.sub(lambda found: f"{found[1] or found[2]}{SCRUBBED}", text).encode("utf-8")


def _host(path: str) -> str:
    if path == "/auth/o2/token":
        return LWA_HOST
    regions = [row.region for row in OPERATIONS if path.startswith(row.path.split("{")[0]) and row.region]
    return REGIONS[regions[0] if regions else "eu"].endpoint


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
