"""No secret is in an error, in the locals of its traceback, or in a log of any library."""

import base64
import functools
import json
import logging
import os
import re
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

import spapi_invoices as spi
from spapi_invoices.core.customer_invoices import parse_get_customer_invoice, parse_get_customer_invoices
from spapi_invoices.core.shipment_invoicing import parse_get_invoice_status, parse_get_shipment_details
from spapi_invoices.core.windows import parse_instant, split
from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.errors import FetchIncomplete, SpapiInvoicesError
from spapi_invoices.io import connect
from spapi_invoices.io.answers import Progress
from spapi_invoices.io.client import Client
from spapi_invoices.sandbox import Sandbox, running
from spapi_invoices.sandbox.faults import FAULTS
from tests.scripted_server import RESTRICTED, TOKEN, Reply, scripted

# Every secret here has this in it, also after a form encoded it; and Amazon's tokens begin like this.
SECRET = re.compile(r"hidden|of-the-scripted-server|At(za|zr|z\.sprdt)(\||%7C)\w", re.IGNORECASE)
CONFIG = """
[profiles.one]
client_id = "amzn1.application-oa2-client.1"
client_secret = "amzn1.oa2-cs.v1.hidden"
refresh_token = "Atzr|hidden"
"""
LOGIN, RDT = "/auth/o2/token", "/tokens/2021-03-01/restrictedDataToken"
DETAILS = "/fba/outbound/brazil/v0/shipments/D1"
INVOICES = "/vendor/directFulfillment/shipping/v1/customerInvoices"
INVOICE = f"{INVOICES}/PO1"
STATUS = f"{DETAILS}/invoice/status"
ECHO = f"hidden {TOKEN} {RESTRICTED} Atzr|hidden amzn1.oa2-cs.v1.hidden"
# Answers of a server that is broken, hostile, or Amazon on a bad day.
ANSWERS: dict[str, Sequence[Reply | None]] = {
    "dropped": [None],
    "empty": [(200, b"")],
    "page": [(503, b"<html><title>Sorry</title>hidden</html>")],
    "redirect": [(302, b"")],
    "cut off": [(200, json.dumps({"access_token": TOKEN, "restrictedDataToken": RESTRICTED}).encode()[:-3])],
    "no seconds": [(200, json.dumps({"access_token": TOKEN, "restrictedDataToken": RESTRICTED}).encode())],
    "over": [
        (
            200,
            json.dumps(
                {"access_token": TOKEN, "expires_in": 0, "restrictedDataToken": RESTRICTED, "expiresIn": 0}
            ).encode(),
        )
    ],
    "wrong types": [
        (
            200,
            json.dumps(
                {"access_token": [TOKEN], "expires_in": TOKEN, "restrictedDataToken": {TOKEN: 1}, "expiresIn": TOKEN}
            ).encode(),
        )
    ],
    "list": [(200, json.dumps([TOKEN]).encode())],
    "errors beside": [
        (
            200,
            json.dumps(
                {"access_token": TOKEN, "restrictedDataToken": TOKEN, "errors": [{"code": "A", "message": "B"}]}
            ).encode(),
        )
    ],
    "errors of another form": [(200, json.dumps({"access_token": TOKEN, "errors": TOKEN}).encode())],
    "no UTF-8": [(200, b"\xff" + TOKEN.encode())],
    "too deep": [(200, b"[" * 100_000)],
    **{
        f"{status} with an echo": [
            (
                status,
                json.dumps(
                    {
                        "error": "invalid_grant",
                        "error_description": "Atzr|hidden",
                        "was": ECHO,
                        "errors": [{"code": "Unauthorized", "message": TOKEN, "details": RESTRICTED, "was": ECHO}],
                    }
                ).encode(),
            )
        ]
        for status in (400, 401, 403, 404, 429, 500)
    },
    "expired": [
        (
            403,
            json.dumps(
                {"errors": [{"code": "Unauthorized", "details": "The token you provided has expired"}]}
            ).encode(),
        )
    ],
}


def shown(error: BaseException) -> str:
    """All that a logger could show of an error: its words, and each frame's locals, of what it was raised from too."""
    parts = ["".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())]
    seen, queue = set[int](), [error]
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        parts += [repr(one), str(one), repr(vars(one)), repr(one.args)]
        parts += [repr(frame.f_locals) for frame, _ in traceback.walk_tb(one.__traceback__)]
        queue += [other for other in (one.__cause__, one.__context__) if other is not None]
    return "\n".join(parts)


def raised(act: Callable[[], object]) -> BaseException | None:
    """What an act ends with. The traceback begins in this frame, so that a test's own locals are not in it."""
    try:
        act()
    except (SpapiInvoicesError, KeyboardInterrupt) as error:
        return error
    return None


def assert_nothing_leaks(act: Callable[[], object], kind: type[BaseException] = SpapiInvoicesError) -> None:
    error = raised(act)
    assert isinstance(error, kind)
    text = shown(error)
    assert [text[max(0, found.start() - 300) : found.end() + 20] for found in SECRET.finditer(text)][:1] == []


@pytest.fixture(autouse=True)
def _one_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile whose secrets are known, of a client that does not wait."""
    (tmp_path / "config.toml").write_text(CONFIG)
    quick = functools.partial(connect.Transport, timeout_seconds=(5.0, 1.0), sleep=lambda _: None)
    monkeypatch.setattr(connect, "Transport", quick)


@pytest.fixture(autouse=True)
def _no_log_leaks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does, no library logs a secret, at any level."""
    caplog.set_level(logging.DEBUG)
    yield
    logged = [f"{record.getMessage()} {vars(record)}" for record in caplog.get_records("call")]
    assert [line for line in logged if SECRET.search(line)] == []


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("path", [LOGIN, RDT, STATUS, INVOICES])
def test_any_answer(path: str, answer: str):
    """Whatever comes in place of a token or of an answer, neither the error nor the row it makes shows what was sent or received."""
    with scripted({path: ANSWERS[answer]}) as server:
        client = spi.connect("one", endpoint=server.endpoint)

        def ask() -> None:
            if path != STATUS:
                client.customer_invoices("2026-10-01", "2026-10-02")
            frame = client.invoice_statuses(["D1"])
            # What was refused, or could not be read, is a row with a problem.
            raise FetchIncomplete(frame["problem"].item(), frame)

        assert_nothing_leaks(ask)


@pytest.mark.parametrize("answer", ["dropped", "403 with an echo"])
def test_a_recording(tmp_path: Path, answer: str):
    """A recorder, which hears the tokens, changes nothing."""
    with scripted({STATUS: ANSWERS[answer]}) as server:
        client = spi.connect("one", endpoint=server.endpoint, record=tmp_path / "x" / "r.yaml")

        def ask() -> None:
            with client:
                # The folder is gone when the recording is written.
                (tmp_path / "x").rmdir()
                (tmp_path / "x").write_bytes(b"")
                client.invoice_statuses(["D1"])

        assert_nothing_leaks(ask)


def test_nobody_there():
    """A connection that is refused leaves no trace of what would have been sent."""
    with scripted({}) as server:
        endpoint = server.endpoint
    assert_nothing_leaks(lambda: spi.connect("one", endpoint=endpoint).invoice_statuses(["D1"]))


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    """A sandbox whose faults strike."""
    with running(customer_invoices=3, shipments=3, time_scale=0) as one:
        yield one


@pytest.mark.parametrize("operation", ["getAccessToken", "createRestrictedDataToken", "getShipmentDetails"])
@pytest.mark.parametrize("fault", [name for name, one in FAULTS.items() if len(one.operations) > 1])
def test_faults(world: Sandbox, fault: str, operation: str):
    """Nor does any fault of the sandbox."""
    if operation not in FAULTS[fault].operations:
        return
    client, ids = world.client(), list(world.world.shipments)
    with world.faults.striking(fault, operation=operation):
        error = raised(lambda: client.shipments(ids))
    assert error is not None
    # The sandbox's own credentials are public; its tokens, which begin like Amazon's, stand for what must not be shown.
    assert re.findall(r"sandbox-(?:secret|refresh-token)|At(?:za|zr|z\.sprdt)\|", shown(error)) == []


@pytest.mark.skipif(os.name == "nt", reason="a signal to one thread")
@pytest.mark.parametrize("path", [LOGIN, RDT, INVOICE, DETAILS])
def test_interrupted(path: str, monkeypatch: pytest.MonkeyPatch):
    """Ctrl-C while an answer is waited for: the traceback that Python prints, or a notebook shows, holds no token."""
    main = threading.main_thread().ident
    with scripted({DETAILS: [(200, b"{}")], INVOICE: [(200, b"{}")]}) as server:
        answer = type(server).next

        def interrupt(script: object, asked: str) -> Reply | None:
            if asked == path:
                signal.pthread_kill(main, signal.SIGINT)
            return answer(script, asked)

        monkeypatch.setattr(type(server), "next", interrupt)
        client = spi.connect("one", endpoint=server.endpoint)
        # The one asks on the thread that is interrupted, the other on threads of its own.
        ask = (lambda: client.shipments(["D1"])) if path == DETAILS else (lambda: client.customer_invoice("PO1"))
        assert_nothing_leaks(ask, KeyboardInterrupt)


@pytest.mark.parametrize(
    "content",
    [
        CONFIG + 'colour = "hidden"',
        CONFIG.replace("client_secret", "client_secrte"),
        CONFIG + 'region = "hid"',
        CONFIG + 'ca_bundle = "/no/such/file"',
        CONFIG + "time_zone = 5",
        CONFIG + 'time_zone = "Mars"',
        CONFIG + "[profiles.one]",
        CONFIG.replace('"Atzr|hidden"', "Atzr|hidden"),
        CONFIG.replace("refresh_token", "#"),
        'profiles = "hidden"',
        'client_secret = "hidden"\n[profiles]\none = "hidden"',
        b"\xff" + CONFIG.encode(),
    ],
)
def test_a_wrong_configuration(tmp_path: Path, content: str | bytes):
    """A mistake in the file, whichever it is, shows nothing of the file."""
    (tmp_path / "config.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert_nothing_leaks(lambda: spi.connect("one"))


def test_wrong_variables(monkeypatch: pytest.MonkeyPatch):
    """Nor does a mistake in the environment show it."""
    monkeypatch.setenv("SPAPI_INVOICES_REFRESH_TOKEN", "Atzr|hidden")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hidden@proxy.example")
    assert_nothing_leaks(spi.connect)
    monkeypatch.setenv("SPAPI_INVOICES_REGION", "mars")
    assert_nothing_leaks(spi.connect)


PERSON = "Maria of the invoice"
INVOICE_OF = {"purchaseOrderNumber": "PO1", "content": PERSON}
# Successes with a person's data that are not what was asked for.
ODD_SUCCESSES = {
    "nothing of a shipment": {"payload": {"who": PERSON}},
    "a list": {"payload": [PERSON]},
    "text": {"payload": PERSON},
    "errors of another form": {"payload": INVOICE_OF, "errors": PERSON},
    "no list of invoices": {"payload": {"customerInvoices": INVOICE_OF}},
    "no pagination": {"payload": {"customerInvoices": [INVOICE_OF], "pagination": PERSON}},
    "no token": {"payload": {"customerInvoices": [INVOICE_OF], "pagination": {"nextToken": [PERSON]}}},
    "the same page for ever": {"payload": {"customerInvoices": [INVOICE_OF], "pagination": {"nextToken": "1"}}},
    "no status": {"payload": {"Shipments": {"AmazonShipmentId": PERSON}}},
    "statuses": {"payload": {"Shipments": [{"AmazonShipmentId": PERSON}] * 2}},
    "a status of another form": {"payload": {"Shipments": {"InvoiceStatus": [PERSON]}}},
}
PARSERS = (
    parse_get_customer_invoices,
    parse_get_customer_invoice,
    parse_get_shipment_details,
    parse_get_invoice_status,
)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("success", ODD_SUCCESSES)
def test_a_parser_shows_nobody(parse: Callable[[HttpResponse], object], success: str):
    """What a parser raises for a success of another form shows nothing of what it says, nor do its frames."""
    response = HttpResponse(status=200, body=json.dumps(ODD_SUCCESSES[success]).encode())
    error = raised(lambda: parse(response))
    assert error is None or PERSON not in shown(error).replace(repr(response.body), "")


@pytest.mark.parametrize("success", ODD_SUCCESSES)
def test_a_client_shows_nobody(success: str):
    """Nor does what a client raises, whichever of its calls was answered so."""
    body = json.dumps(ODD_SUCCESSES[success]).encode()
    with scripted({path: [(200, body)] for path in (INVOICES, INVOICE, DETAILS, STATUS)}) as server:
        client = spi.connect("one", endpoint=server.endpoint)
        errors = [
            raised(lambda: client.customer_invoices("2026-10-01", "2026-10-20")),
            raised(lambda: client.customer_invoices(purchase_orders=["PO1", "PO2"])),
            raised(lambda: client.customer_invoice("PO1")),
            raised(lambda: client.shipments(["D1"])),
            raised(lambda: client.invoice_statuses(["D1"])),
        ]
    assert [one for one in errors if one is not None]
    assert [one for one in errors if one is not None and PERSON in shown(one)] == []


@pytest.mark.parametrize("success", [*ODD_SUCCESSES, "nothing"])
def test_pages_before_show_nobody(success: str):
    """Nor do the pages that had come before, of this window and of others; an interrupt shows as little."""
    invoice = INVOICE_OF | {"content": base64.b64encode(PERSON.encode()).decode()}
    good = {"payload": {"customerInvoices": [invoice], "pagination": {"nextToken": "2"}}}
    bad = json.dumps(ODD_SUCCESSES[success]).encode() if success in ODD_SUCCESSES else b""

    def interrupt(progress: Progress) -> None:
        if progress.rows:
            raise KeyboardInterrupt

    with scripted({INVOICES: [(200, json.dumps(good).encode()), (200, bad)]}) as server:
        client = spi.connect("one", endpoint=server.endpoint)
        window = split(parse_instant("2026-10-01"), parse_instant("2026-10-02"))[0]
        errors = [
            raised(lambda: client.customer_invoices("2026-10-01", "2026-10-20", progress=interrupt)),
            raised(lambda: list(client.pages(window))),
        ]
    assert [one for one in errors if one is not None]
    assert [one for one in errors if one is not None and PERSON in shown(one)] == []


def test_a_page_shows_nobody():
    """The repr of a page has nothing of its invoices."""
    body = json.dumps({"payload": {"customerInvoices": [INVOICE_OF]}}).encode()
    client = Client(lambda _: HttpResponse(status=200, body=body))
    (page,) = client.pages(split(parse_instant("2026-10-01"), parse_instant("2026-10-02"))[0])
    assert page.frame["purchase_order_number"].item() == "PO1"
    assert "PO1" not in repr(page)
