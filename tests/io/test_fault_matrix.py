"""Every fault of the sandbox x every operation x the start, the middle and the end of a fetch: complete, or said to be not.

Once a fault strikes one request and is outlived; in the other half it strikes every request from there on.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest

from spapi_invoices.errors import AlreadySubmitted, FetchIncomplete, SpapiInvoicesError
from spapi_invoices.io import connect
from spapi_invoices.io.answers import Fetched, Receipt, Shipments
from spapi_invoices.io.client import Client
from spapi_invoices.sandbox import Sandbox, running
from spapi_invoices.sandbox.faults import FAULTS

FETCHES = ("getCustomerInvoices", "getCustomerInvoice", "getShipmentDetails", "getInvoiceStatus")
TOKENS = ("getAccessToken", "createRestrictedDataToken")
PLACES = ("start", "middle", "end")
# Our client does not ask a second time where a page's token leads back, so one is as bad as many.
FOR_GOOD = "repeat-token"
# When each answer came, and by which request: all that two fetches of the same may differ in.
OF_THE_ANSWER = ("request_id", "fetched_at", "checked_at", "attempts")

Fetch = Callable[[], Any]
MATRIX = [(fault, operation, place) for fault in FAULTS for operation in FETCHES for place in PLACES]
MATRIX = [one for one in MATRIX if one[1] in FAULTS[one[0]].operations]


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    """A world of several windows, several pages each."""
    with running(customer_invoices=40, shipments=9, time_scale=0, page_size=3) as one:
        yield one


@pytest.fixture(autouse=True)
def _impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our client asks again at once, and gives up half a second after a slow answer's first half."""
    slow = "slow" in request.node.callspec.params.values()
    quick = functools.partial(connect.Transport, timeout_seconds=(5.0, 0.5 if slow else 60.0), sleep=lambda _: None)
    monkeypatch.setattr(connect, "Transport", quick)


def fetches(sandbox: Sandbox) -> dict[str, Fetch]:
    """What our client fetches with each operation."""
    client, world = sandbox.client(), sandbox.world
    numbers = list(dict.fromkeys(order.number for order in world.purchase_orders))[:9]
    return {
        "getCustomerInvoices": lambda: client.customer_invoices(world.start, world.end),
        "getCustomerInvoice": lambda: client.customer_invoices(purchase_orders=numbers),
        "getShipmentDetails": lambda: client.shipments(world.shipments),
        "getInvoiceStatus": lambda: client.invoice_statuses(world.shipments),
    }


def frame_of(found: Fetched | Shipments | pl.DataFrame) -> pl.DataFrame:
    """The rows of a fetch, without what differs from request to request."""
    match found:
        case Fetched():
            frame = found.frame
        case Shipments():
            frame = found.shipments
        case _:
            frame = found
    return frame.drop(OF_THE_ANSWER, strict=False)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, or the error that it raises."""
    try:
        return call()
    except SpapiInvoicesError as error:
        return error


def submit(client: Client, shipment_id: str, nfe: bytes) -> Receipt:
    return client.submit_invoice(shipment_id, nfe, dry_run=False)


@pytest.fixture(scope="module")
def wholes(own: Sandbox) -> dict[str, Any]:
    """What each fetch gives where nothing goes wrong."""
    return {name: fetch() for name, fetch in fetches(own).items()}


def skipped(wholes: dict[str, Any], operation: str, place: str) -> int:
    """How many requests pass before the fault strikes."""
    whole = wholes[operation]
    requests = int(whole.windows["pages"].sum()) if isinstance(whole, Fetched) else frame_of(whole).height
    return {"start": 0, "middle": requests // 2, "end": requests - 1}[place]


@pytest.mark.parametrize(("fault", "operation", "place"), [one for one in MATRIX if one[0] != FOR_GOOD])
def test_once(own: Sandbox, wholes: dict[str, Any], fault: str, operation: str, place: str):
    """A fault that strikes one request is outlived: every row is there, once, in order, and the ledger is complete."""
    skip = skipped(wholes, operation, place)
    with own.faults.striking(fault, operation=operation, times=1, skip=skip):
        found = fetches(own)[operation]()
    assert frame_of(found).equals(frame_of(wholes[operation]))
    asked = found.windows if isinstance(found, Fetched) else found.shipments if isinstance(found, Shipments) else found
    answers = asked["pages"].sum() if isinstance(found, Fetched) else asked.height
    assert asked["attempts"].sum() == answers + 1
    assert not isinstance(found, Fetched) or found.complete


@pytest.mark.parametrize(("fault", "operation", "place"), MATRIX)
def test_from_there_on(own: Sandbox, wholes: dict[str, Any], fault: str, operation: str, place: str):
    """A fault that stays is an error with evidence and a next step; what had arrived is true, and said to be not all."""
    with (
        own.faults.striking(fault, operation=operation, skip=skipped(wholes, operation, place)),
        pytest.raises(FetchIncomplete, match="Next: ") as raised,
    ):
        fetches(own)[operation]()
    assert isinstance(raised.value.__cause__, SpapiInvoicesError)
    found, whole = raised.value.fetched, wholes[operation]
    here, all_of_it = frame_of(found), frame_of(whole)
    # A page that was lost may have had no rows: whether it was, the ledger says.
    assert here.height < all_of_it.height or isinstance(found, Fetched)
    # What two windows hold is kept with the first, and that may be the one that failed.
    here, all_of_it = (one.drop("created_after", "created_before", strict=False) for one in (here, all_of_it))
    assert all_of_it.join(here, on=all_of_it.columns, how="semi", nulls_equal=True).height == here.height
    if isinstance(found, Fetched):
        check_ledger(found, whole)


def check_ledger(found: Fetched, whole: Fetched) -> None:
    """No window is called complete that is not; the others say why, or that they were not asked."""
    assert not found.complete
    assert found.windows["rows"].sum() >= found.frame.height
    columns = ("window_start", "window_end", "state", "rows", "error")
    for mine, theirs in zip(found.windows.select(columns).rows(), whole.windows.select(columns).rows(), strict=True):
        assert mine[:2] == theirs[:2]
        assert mine[2:4] == theirs[2:4] if mine[2] == "complete" else mine[3] <= theirs[3]
        assert (mine[4] is not None) == (mine[2] in ("failed", "truncated"))


@pytest.mark.parametrize(
    ("fault", "operation"), [(name, one) for name in FAULTS for one in TOKENS if one in FAULTS[name].operations]
)
def test_tokens(own: Sandbox, wholes: dict[str, Any], fault: str, operation: str):
    """A token that cannot be had once is had, or the fetch says why nothing was asked; never an empty success."""
    with own.faults.striking(fault, operation=operation), pytest.raises(FetchIncomplete, match="Next: ") as raised:
        fetches(own)["getShipmentDetails"]()
    assert raised.value.fetched.shipments.height == 0
    with own.faults.striking(fault, operation=operation, times=1):
        found = outcome(fetches(own)["getShipmentDetails"])
    shipments = found.fetched.shipments if isinstance(found, FetchIncomplete) else found.shipments
    assert shipments.height == 0 or frame_of(found).equals(frame_of(wholes["getShipmentDetails"]))


@pytest.mark.parametrize("place", ["middle", "end"])
@pytest.mark.parametrize(
    ("fault", "operation"), [(name, one) for name in FAULTS for one in TOKENS if one in FAULTS[name].operations]
)
def test_tokens_on_the_way(own: Sandbox, wholes: dict[str, Any], fault: str, operation: str, place: str):
    """A token that ends during a fetch and cannot be had anew ends it with what had come; one that can, once more, does not."""
    whole = frame_of(wholes["getShipmentDetails"])
    skip = skipped(wholes, "getShipmentDetails", place)

    def fetched(times: int | None) -> Shipments | FetchIncomplete:
        with contextlib.ExitStack() as faults:
            strike = functools.partial(own.faults.striking, times=times, skip=1)
            faults.enter_context(
                own.faults.striking("expired-token", operation="getShipmentDetails", times=1, skip=skip)
            )
            if operation == "getAccessToken":
                # Only one that has expired is asked for again.
                faults.enter_context(
                    own.faults.striking("expired-token", operation="createRestrictedDataToken", times=1, skip=1)
                )
            faults.enter_context(strike(fault, operation=operation))
            return outcome(fetches(own)["getShipmentDetails"])  # type: ignore[no-any-return]

    ended = fetched(None)
    assert isinstance(ended, FetchIncomplete)
    assert "Next: " in str(ended)
    once = fetched(1)
    for found in (ended.fetched, once.fetched if isinstance(once, FetchIncomplete) else once):
        here = frame_of(found)
        assert whole.join(here, on=whole.columns, how="semi", nulls_equal=True).height == here.height
    assert frame_of(ended.fetched).height < whole.height
    assert isinstance(once, FetchIncomplete) or frame_of(once).equals(whole)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fault", [name for name, one in FAULTS.items() if "submitInvoice" in one.operations])
def test_submissions(fault: str, place: str):
    """Of a batch, each invoice is sent once, whatever became of an answer: trying all again sends what had not arrived."""
    with running(customer_invoices=16, shipments=25, time_scale=0) as sandbox:
        due = {
            name: one.nfe
            for name, one in sandbox.world.shipments.items()
            if one.nfe and one.invoice_status == "NotFound"
        }
        due = dict(list(due.items())[:3])
        client = sandbox.client()
        with sandbox.faults.striking(fault, operation="submitInvoice", times=1, skip=PLACES.index(place)):
            found = {name: outcome(functools.partial(submit, client, name, nfe)) for name, nfe in due.items()}
        failed = {name: error for name, error in found.items() if isinstance(error, SpapiInvoicesError)}
        assert found.keys() - failed.keys() <= {one.shipment_id for one in sandbox.submissions}
        assert all("Next: " in str(error) for error in failed.values())
        for name in failed:
            with contextlib.suppress(AlreadySubmitted):
                submit(client, name, due[name])
        assert sorted(one.shipment_id for one in sandbox.submissions) == sorted(due)
