"""The paths below /sandbox, as a client in any language asks them."""

from collections.abc import Iterator

import pytest
import requests

from spapi_invoices.sandbox import Sandbox, running
from spapi_invoices.sandbox.faults import FAULTS, Rule


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    """A sandbox of their own, whose time passes: quotas are on."""
    with running(customer_invoices=16, shipments=25) as one:
        yield one


@pytest.fixture(autouse=True)
def _no_fault_is_left(own) -> Iterator[None]:
    yield
    own.faults.clear()


def get(sandbox: Sandbox, path: str) -> requests.Response:
    return requests.get(f"{sandbox.endpoint}/sandbox{path}", timeout=10)


class TestWorld:
    """What there is, without a token."""

    def test_about(self, own):
        """Counts and settings of the sandbox, and every path there is."""
        said = get(own, "").json()
        assert {
            "customer_invoices": 16,
            "shipments": 25,
            "submissions": 0,
            "time_scale": 1.0,
            "static": False,
        }.items() <= said.items()
        assert "GET /sandbox/shipment-ids" in said["paths"]

    def test_shipment_ids(self, own):
        """An id a line: those of the world, in its order."""
        answer = get(own, "/shipment-ids")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.text.splitlines() == list(own.world.shipments)

    def test_a_large_world_is_streamed(self):
        """Ids beyond one batch arrive in pieces, all of them."""
        with running(customer_invoices=0, shipments=2500) as one:
            answer = get(one, "/shipment-ids")
            assert answer.headers["transfer-encoding"] == "chunked"
            assert answer.text.splitlines() == list(one.world.shipments)

    @pytest.mark.parametrize(("path", "kind"), [("nfe", "nfe"), ("nfe-cancellation", "nfe_event")])
    def test_documents(self, path: str, kind: str):
        """The bytes that the seller keeps: each NF-e, and each cancellation."""
        with running(customer_invoices=0) as one:
            kept = {name: content for name, it in one.world.shipments.items() if (content := getattr(it, kind))}
            assert kept
            for name, content in kept.items():
                assert get(one, f"/{path}/{name}").content == content

    def test_no_nfe(self, own):
        """404 for a shipment without one and for none at all, told apart."""
        without = next(name for name, one in own.world.shipments.items() if not one.nfe)
        none, unknown = get(own, f"/nfe/{without}"), get(own, "/nfe/NOPE")
        assert (none.status_code, none.text) == (
            404,
            "its seller keeps none. Next: take an id of /sandbox/shipment-ids\n",
        )
        assert (unknown.status_code, "there is no such shipment" in unknown.text) == (404, True)

    def test_crosswalk(self, own):
        """Purchase order and Amazon order, as `reconcile` takes it."""
        head, *rows = get(own, "/crosswalk.csv").text.splitlines()
        assert head == "left,right"
        assert dict(row.split(",") for row in rows) == dict(own.world.crosswalk) != {}


class TestFaults:
    """Switched on and off while it runs."""

    def put(self, sandbox: Sandbox, body: bytes) -> requests.Response:
        return requests.put(f"{sandbox.endpoint}/sandbox/faults", data=body, timeout=10)

    def test_set_and_cleared(self, own):
        """PUT sets one as `Faults.set` does, GET shows what is on, DELETE takes one or all away."""
        self.put(own, b'{"name": "reset", "rate": 0.25, "operation": "submitInvoice", "times": 2, "skip": 1}')
        said = self.put(own, b'{"name": "slow"}').json()
        assert own.faults.rules == (Rule("reset", 0.25, "submitInvoice", 2, 1), Rule("slow"))
        assert [one["name"] for one in said["faults"]] == ["reset", "slow"]
        requests.delete(f"{own.endpoint}/sandbox/faults?name=reset", timeout=10)
        assert own.faults.rules == (Rule("slow"),)
        requests.delete(f"{own.endpoint}/sandbox/faults", timeout=10)
        assert own.faults.rules == ()

    def test_known(self, own):
        """Each fault with its meaning, from the table; how often each struck."""
        own.faults.set("reset")
        own.faults.draw("submitInvoice")
        said = get(own, "/faults").json()
        assert said["known"] == {name: fault.meaning for name, fault in FAULTS.items()}
        assert said["struck"] == {"reset": 1}

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"", "truncated"),
            (b"[]", "Expected `object`"),
            (b'{"rate": 1}', "missing required field `name`"),
            (b'{"name": "reset", "opration": "submitInvoice"}', "unknown field `opration`"),
            (b'{"name": "reset", "rate": "often"}', "Expected `float`"),
            (b'{"name": "reset", "rate": 2}', "the rate 2.0. Next: give one from 0 to 1"),
            (b'{"name": "resett"}', "there is no fault 'resett'"),
            (b'{"name": "\xff"}', "utf-8"),
        ],
    )
    def test_what_is_no_fault(self, own, body: bytes, says: str):
        """400 with what is wrong and an example; nothing is switched on."""
        answer = self.put(own, body)
        assert (answer.status_code, own.faults.rules) == (400, ())
        assert says in answer.text
        assert 'Example: {"name": ' in answer.text

    def test_not_struck_and_not_counted(self, own):
        """No fault strikes these paths, and asking them takes nothing from a quota."""
        for name in FAULTS:
            own.faults.set(name)
        before = own.faults.struck
        assert {get(own, path).status_code for path in ("", "/faults", "/shipment-ids") for _ in range(20)} == {200}
        assert own.faults.struck == before
        own.faults.clear()
        assert own.client().invoice_statuses(list(own.world.shipments))["problem"].null_count() == 25


class TestQuotas:
    """Other usage plans than the documented ones, while it runs."""

    def put(self, sandbox: Sandbox, body: bytes) -> requests.Response:
        return requests.put(f"{sandbox.endpoint}/sandbox/quotas", data=body, timeout=10)

    def test_set(self):
        """PUT gives an operation a plan, drained or not; GET shows those that were given."""
        with running(customer_invoices=0, shipments=1) as one:
            said = self.put(one, b'{"operation": "getInvoiceStatus", "rate": 0.5, "burst": 25, "tokens": 0}').json()
            plan = {"operation": "getInvoiceStatus", "rate": 0.5, "burst": 25, "tokens": 0.0, "stated": True}
            assert said == get(one, "/quotas").json() == {"quotas": [plan]}
            assert get(one, "").json()["quotas"] == [plan]

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"", "truncated"),
            (b'{"operation": "getInvoiceStatus", "rate": 1}', "missing required field `burst`"),
            (b'{"operation": "getAccessToken", "rate": 1, "burst": 1}', "'getAccessToken' has no quota"),
        ],
    )
    def test_what_is_no_quota(self, own, body: bytes, says: str):
        """400 with what is wrong and an example; nothing is changed."""
        answer = self.put(own, body)
        assert (answer.status_code, get(own, "/quotas").json()) == (400, {"quotas": []})
        assert says in answer.text
        assert 'Example: {"operation": ' in answer.text
