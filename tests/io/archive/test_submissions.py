"""Submissions through an archive: the same document once, whatever happened in between."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archived import ask, at, fresh, scripted

from spapi_invoices.core.wire import HttpRequest, HttpResponse
from spapi_invoices.errors import (
    AlreadySubmitted,
    ArchiveInvalid,
    InvalidRequest,
    Rejected,
    ServiceUnavailable,
    SpapiInvoicesError,
)
from spapi_invoices.io.archive import Archive
from spapi_invoices.io.client import Client
from spapi_invoices.sandbox import running

LEDGER = "SELECT amazon_shipment_id, state, request_id FROM submissions"


class Amazon:
    """Takes an invoice and says what became of it, unless told to answer otherwise."""

    def __init__(self, answer: Callable[[], HttpResponse] | None = None) -> None:
        self.status, self.answer = "NotFound", answer
        self.taken: list[bytes] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.operation.operation_id == "getInvoiceStatus":
            payload = {"Shipments": {"AmazonShipmentId": "D1", "InvoiceStatus": self.status}}
            return HttpResponse(status=200, body=json.dumps({"payload": payload}).encode())
        if self.answer is not None:
            return self.answer()
        self.taken.append(request.body)
        return HttpResponse(status=200, headers={"x-amzn-requestid": "r-9"}, body=b"{}")


def refusal(status: int) -> HttpResponse:
    return HttpResponse(status=status, body=b'{"errors": [{"code": "InvalidInput", "message": "no"}]}')


def submit(archive: Archive, amazon: Any, document: bytes = b"<nfe/>") -> bool:
    return archive.submit_invoice(scripted(amazon), "D1", document, dry_run=False).sent


def test_a_dry_run_leaves_no_trace(tmp_path: Path):
    """By default nothing is sent, noted or remembered."""
    archive, amazon = fresh(tmp_path), Amazon()
    receipt = archive.submit_invoice(scripted(amazon), "D1", b"<nfe/>")
    assert (receipt.sent, receipt.invoice_status, amazon.taken) == (False, "NotFound", [])
    assert (ask(archive, LEDGER), ask(archive, "SELECT 1 FROM shipments")) == ([], [])


@pytest.mark.parametrize("status", ["NotFound", "Errored", "Processing", "Accepted"])
def test_the_same_document_is_sent_once(tmp_path: Path, status: str):
    """Whatever Amazon says of it later: nobody is asked before a second one is refused, in a dry run neither."""
    archive, amazon = fresh(tmp_path), Amazon()
    assert submit(archive, amazon)
    amazon.status = status
    for dry_run in (False, True):
        with pytest.raises(AlreadySubmitted, match=r"this very document was sent on 20.*Next: "):
            archive.submit_invoice(Client(lambda _: pytest.fail("asked")), "D1", b"<nfe/>", dry_run=dry_run)
    assert (len(amazon.taken), ask(archive, LEDGER)) == (1, [("D1", "sent", "r-9")])


def test_a_corrected_one_is_sent(tmp_path: Path):
    """What Amazon found wrong is sent anew with other bytes; both are remembered."""
    archive, amazon = fresh(tmp_path), Amazon()
    submit(archive, amazon)
    amazon.status = "Errored"
    assert submit(archive, amazon, b"<nfe>right</nfe>")
    assert [state for _, state, _ in ask(archive, LEDGER)] == ["sent", "sent"]


@pytest.mark.parametrize(
    ("answer", "kind", "state"),
    [
        (lambda: refusal(400), Rejected, "refused"),
        (lambda: HttpResponse(status=503, body=b""), ServiceUnavailable, "sending"),
        (lambda: (_ for _ in ()).throw(KeyboardInterrupt), KeyboardInterrupt, "sending"),
    ],
)
@pytest.mark.parametrize("arrived", [False, True])
def test_after_a_failure(
    tmp_path: Path, answer: Callable[[], HttpResponse], kind: type[BaseException], state: str, *, arrived: bool
):
    """What became of it is noted; tried again, it is sent if Amazon has none, and not if it has.

    Where no answer came, a quarter of an hour passes before Amazon's NotFound counts.
    """
    archive, amazon = at("2026-11-02T09:00:00+00:00", fresh(tmp_path)), Amazon(answer)
    with pytest.raises(kind):
        submit(archive, amazon)
    assert ask(archive, LEDGER) == [("D1", state, None)]
    amazon.answer, amazon.status = None, "Processing" if arrived else "NotFound"
    if state == "sending":
        with pytest.raises(AlreadySubmitted, match=r"no answer came; .*Next: submit again after 09:15 UTC"):
            submit(at("2026-11-02T09:14:59+00:00", archive), pytest.fail)
        archive = at("2026-11-02T09:15:00+00:00", archive)
    if arrived:
        with pytest.raises(AlreadySubmitted, match="status Processing"):
            submit(archive, amazon)
    else:
        assert submit(archive, amazon)
    assert len(amazon.taken) == (0 if arrived else 1)
    # Whether the first one arrived is as unknown as it was.
    assert [known for _, known, _ in ask(archive, LEDGER)] == [state if arrived else "sent"]


def test_an_invoice_that_amazon_has_is_no_submission(tmp_path: Path):
    """Where Amazon has an invoice, nothing is sent, and nothing noted."""
    archive, amazon = fresh(tmp_path), Amazon()
    amazon.status = "Accepted"
    with pytest.raises(AlreadySubmitted, match="status Accepted"):
        submit(archive, amazon)
    assert (amazon.taken, ask(archive, LEDGER)) == ([], [])


def test_what_cannot_be_sent_is_not_noted(tmp_path: Path):
    """An empty document is refused before anything is asked or noted, and so is another account's client."""
    archive = fresh(tmp_path)
    with pytest.raises(InvalidRequest, match="is empty"):
        submit(archive, pytest.fail, b"")
    submit(archive, Amazon())
    other = Client(lambda _: pytest.fail("asked"), account="another")
    with pytest.raises(InvalidRequest, match="folder of its own"):
        archive.submit_invoice(other, "D1", b"<nfe>2</nfe>", dry_run=False)
    assert len(ask(archive, LEDGER)) == 1
    with pytest.raises(ArchiveInvalid):
        Archive(tmp_path / "none").submit_invoice(scripted(Amazon()), "D1", b"<nfe/>")


@pytest.mark.parametrize("fault", [None, "lost-answer", "reset", "empty-200"])
def test_over_http(tmp_path: Path, fault: str | None):
    """The sandbox has each invoice once, whatever became of the answer; the next sync knows what became of it."""
    with running(customer_invoices=16, shipments=25, time_scale=0) as sandbox:
        name, document = next(
            (name, one.nfe)
            for name, one in sandbox.world.shipments.items()
            if one.nfe and one.invoice_status == "NotFound"
        )
        archive, client = fresh(tmp_path), sandbox.client()
        if fault is not None:
            with sandbox.faults.striking(fault, operation="submitInvoice", times=1):
                _outcome(archive, client, name, document)
        for _ in range(2):
            _outcome(archive, client, name, document)
        assert [one.shipment_id for one in sandbox.submissions] == [name]
        assert archive.sync(client).complete
        statuses = archive.read("invoice_statuses")
        assert statuses.select("amazon_shipment_id", "invoice_status").rows() == [(name, "Accepted")]


def _outcome(archive: Archive, client: Client, name: str, document: bytes) -> None:
    try:
        archive.submit_invoice(client, name, document, dry_run=False)
    except SpapiInvoicesError:
        return
