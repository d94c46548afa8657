"""Tokens: made once, renewed early, the right one for each operation."""

import contextlib
import threading

from spapi_invoices.core.shipment_invoicing import build_get_invoice_status
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.endpoints import Operation, operation
from spapi_invoices.io.auth import Tokens
from spapi_invoices.io.connect import SANDBOX_PROFILE

INVOICES = operation("getCustomerInvoices", "v1")
INVOICE = operation("getCustomerInvoice", "v1")
SHIPMENT = operation("getShipmentDetails", "v0")
STATUS = operation("getInvoiceStatus", "v0")


class FakeLwa:
    """Answers token requests and keeps a list of what was asked."""

    def __init__(self, lifetime: int = 3600) -> None:
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        self.lifetime = lifetime

    def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
        self.asked.append(request.operation.operation_id)
        self.bodies.append(request.body)
        number = len(self.asked)
        if request.operation.api == "lwa":
            body = f'{{"access_token":"access-{number}","expires_in":{self.lifetime},"token_type":"bearer"}}'
        else:
            body = f'{{"restrictedDataToken":"restricted-{number}","expiresIn":{self.lifetime}}}'
        return HttpResponse(status=200, body=body.encode())


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_operation_gets_its_kind_of_token():
    """Restricted operations get a restricted data token, one for all of their API version; others the access token."""
    lwa = FakeLwa()
    tokens = Tokens(SANDBOX_PROFILE, lwa)
    got = [tokens.token_for(one).reveal() for one in (INVOICES, INVOICE, SHIPMENT, STATUS)]
    assert got == ["restricted-2", "restricted-2", "restricted-3", "access-1"]
    assert b"customerInvoices/{purchaseOrderNumber}" in lwa.bodies[1]
    assert b"shipments" not in lwa.bodies[1]


def test_renewed_five_minutes_early():
    """A token is kept until five minutes before its end."""
    lwa, clock = FakeLwa(), Clock()
    tokens = Tokens(SANDBOX_PROFILE, lwa, clock)
    tokens.token_for(STATUS)
    clock.now = 3299
    assert tokens.token_for(STATUS).reveal() == "access-1"
    clock.now = 3300
    assert tokens.token_for(STATUS).reveal() == "access-2"


def test_a_short_lived_token_is_not_renewed_at_every_call():
    """A token that lives shorter than the margin serves for half its life."""
    lwa, clock = FakeLwa(lifetime=60), Clock()
    tokens = Tokens(SANDBOX_PROFILE, lwa, clock)
    for second in range(30):
        clock.now = second
        tokens.token_for(STATUS)
    assert len(lwa.asked) == 1


class Meeting(FakeLwa):
    """Holds an answer back until a second thread asks too; if none comes, goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.two = threading.Barrier(2)

    def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
        answer = super().__call__(request, token, asked)
        with contextlib.suppress(threading.BrokenBarrierError):
            self.two.wait(0.2)
        return answer


def test_threads_mint_once():
    """Many threads that need a token at once make one: nobody asks while another's question is under way."""
    lwa = Meeting()
    tokens = Tokens(SANDBOX_PROFILE, lwa)
    threads = [threading.Thread(target=tokens.token_for, args=(INVOICES,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lwa.asked == ["getAccessToken", "createRestrictedDataToken"]


def test_forgetting_an_old_token_keeps_the_new_one():
    """A token that another thread renewed meanwhile is not dropped."""
    lwa = FakeLwa()
    tokens = Tokens(SANDBOX_PROFILE, lwa)
    old = tokens.token_for(STATUS)
    tokens.forget(STATUS, old)
    new = tokens.token_for(STATUS)
    tokens.forget(STATUS, old)
    assert tokens.token_for(STATUS) == new != old


def test_an_expired_access_token_is_renewed_for_a_restricted_one():
    """When Amazon calls the access token expired while a restricted one is asked for, it is renewed, once."""

    class Slept(FakeLwa):
        """Refuses the first access token, as after a night in which the clock stood still."""

        def __call__(self, request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
            answer = super().__call__(request, token, asked)
            if request.operation.api == "tokens" and token == Secret("access-1"):
                details = b'{"errors":[{"code":"Unauthorized","message":"x","details":"The access token you provided has expired."}]}'
                return HttpResponse(status=403, body=details)
            return answer

    lwa = Slept()
    tokens = Tokens(SANDBOX_PROFILE, lwa)
    tokens.token_for(STATUS)
    assert tokens.token_for(SHIPMENT).reveal() == "restricted-4"
    assert lwa.asked == ["getAccessToken", "createRestrictedDataToken", "getAccessToken", "createRestrictedDataToken"]


def test_attempts_with_an_expired_token_count():
    """What it took to learn that the token had expired is part of the answer's attempts."""

    def expired(request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
        if request.operation.restricted or request.operation.api != SHIPMENT.api:
            return FakeLwa()(request, token, asked)
        said = (
            b'{"errors":[{"code":"Unauthorized","message":"x","details":"The access token you provided has expired."}]}'
        )
        return HttpResponse(status=403, body=said, attempts=3)

    assert Tokens(SANDBOX_PROFILE, expired).send(build_get_invoice_status("D1")).attempts == 6
