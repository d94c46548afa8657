"""What several test modules need: cassettes written by hand, and a running sandbox."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "cassettes" / "demo.yaml"
EU = "https://sellingpartnerapi-eu.amazon.com"
NA = "https://sellingpartnerapi-na.amazon.com"
INVOICES = f"{EU}/vendor/directFulfillment/shipping/v1/customerInvoices"
WEEK = f"{INVOICES}?createdAfter=2026-10-01T00%3A00%3A00Z&createdBefore=2026-10-08T00%3A00%3A00Z&limit=100"
SHIPMENT = f"{NA}/fba/outbound/brazil/v0/shipments/D1"

# No law is about time: a busy machine is no reason to fail.
settings.register_profile("steady", settings(), deadline=None)
settings.load_profile("steady")

Answer = tuple[str, str, int, bytes | str]


@pytest.fixture
def cassette(tmp_path: Path) -> Callable[..., Path]:
    """Write a cassette of (method, uri, status, body) answers; the headers of all are given once."""

    def write(*answers: Answer, headers: dict[str, str] | None = None) -> Path:
        interactions: list[dict[str, Any]] = [
            {
                "request": {"method": method, "uri": uri, "body": None, "headers": {}},
                "response": {
                    "status": {"code": status, "message": ""},
                    "headers": {name: [value] for name, value in (headers or {}).items()},
                    "body": {"string": body},
                },
            }
            for method, uri, status, body in answers
        ]
        path = tmp_path / "made.yaml"
        path.write_text(yaml.safe_dump({"interactions": interactions, "version": 1}), "utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Any]:
    """The sandbox with the demo's world, over real HTTP on loopback; its clock stands still, so there is no quota."""
    from spapi_invoices.sandbox import running

    with running(customer_invoices=16, shipments=25, time_scale=0, page_size=3) as one:
        yield one


@pytest.fixture(autouse=True)
def _no_settings_of_mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the configuration of whoever runs it."""
    import os

    for name in [name for name in os.environ if name.startswith("SPAPI_INVOICES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SPAPI_INVOICES_CONFIG", str(tmp_path / "config.toml"))


@pytest.fixture
def fresh_plugins() -> Iterator[None]:
    """Plugins are loaded anew, and none is left behind, nor what went wrong with it."""
    from spapi_invoices.plugins import guard, manager

    for one in (manager, guard.known):
        one.cache_clear()
    yield
    for one in (manager, guard.known):
        one.cache_clear()
