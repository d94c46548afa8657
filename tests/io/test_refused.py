"""A client that is refused says why: the sandbox over HTTP, which refuses as Amazon does."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import spapi_invoices as spi
from spapi_invoices.cli import run
from spapi_invoices.errors import AccessDenied, ApiError, AuthFailed, InvalidRequest, SpapiInvoicesError
from spapi_invoices.sandbox import Sandbox, running
from spapi_invoices.sandbox.accounts import ACCOUNTS
from tests.conftest import DEMO

SETTINGS = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "refresh_token": "sandbox-refresh-token"}
Ask = Callable[[spi.Client], object]


def invoices(client: spi.Client) -> object:
    return client.customer_invoices("2026-10-01", "2026-10-02")


def invoice(client: spi.Client) -> object:
    return client.customer_invoice("2JK3S9VC")


def details(client: spi.Client) -> object:
    return client.shipments(["D1"])


def status(client: spi.Client) -> object:
    return client.invoice_statuses(["D1"])


@pytest.fixture
def asked() -> list[str]:
    """A line for each request that the sandbox was asked."""
    return []


@pytest.fixture
def local(asked: list[str]) -> Iterator[Sandbox]:
    """A sandbox of the test's own, that tells what it is asked."""
    with running(customer_invoices=2, shipments=2, time_scale=0, log=asked.append) as one:
        yield one


@pytest.fixture
def as_account(local: Sandbox, tmp_path: Path) -> Callable[..., spi.Client]:
    """A client of the sandbox, as a profile of the configuration file that differs from the first account's in these."""

    def connected(**settings: str) -> spi.Client:
        lines = [f"{key} = {text!r}" for key, text in {**SETTINGS, **settings}.items()]
        (tmp_path / "config.toml").write_text("\n".join(["[profiles.one]", *lines]))
        return spi.connect("one", endpoint=local.endpoint)

    return connected


def refused(ask: Ask, client: spi.Client) -> SpapiInvoicesError:
    """Why it was refused: the error itself, or the cause of the fetch that ended with it."""
    with pytest.raises(SpapiInvoicesError) as caught:
        ask(client)
    cause = caught.value.__cause__
    return cause if isinstance(cause, SpapiInvoicesError) else caught.value


def token_of(name: str) -> str:
    return next(one.refresh_token.reveal() for one in ACCOUNTS if one.name == name)


@pytest.mark.parametrize(
    ("account", "ask", "kind", "name"),
    [
        ("eu-only", details, AccessDenied, "role_or_region"),
        ("eu-only", status, AccessDenied, "role_or_region"),
        ("no-roles", status, AccessDenied, "role_or_region"),
        ("no-roles", details, AccessDenied, "role_missing"),
        ("no-roles", invoices, AccessDenied, "role_missing"),
        ("no-roles", invoice, AccessDenied, "role_missing"),
        ("not-enabled", invoices, AccessDenied, "vendor_not_enabled"),
        ("not-enabled", invoice, AccessDenied, "vendor_not_enabled"),
    ],
)
def test_accounts(as_account, account: str, ask: Ask, kind: type[ApiError], name: str):
    """An account that may not ask is told what it lacks."""
    error = refused(ask, as_account(refresh_token=token_of(account)))
    assert (type(error), error.explanation.name) == (kind, name)


@pytest.mark.parametrize(
    ("rdt", "ask", "name"),
    [
        ("never", invoices, "restricted_token_needed"),
        ("never", invoice, "restricted_token_needed"),
        ("never", details, "restricted_token_needed"),
        ("always", status, "token_refused"),
    ],
)
def test_the_wrong_kind_of_token(as_account, asked: list[str], rdt: str, ask: Ask, name: str):
    """A token of the kind that the operation does not take is refused once, with the setting to change."""
    error = refused(ask, as_account(rdt=rdt))
    assert error.explanation.name == name
    assert f'if it is "{rdt}"' in str(error)
    assert len([line for line in asked if " 403 " in line]) == 1


@pytest.mark.parametrize(
    ("rdt", "ask"), [("never", status), ("auto", status), ("always", invoices), ("always", details)]
)
def test_the_right_kind_of_token(as_account, rdt: str, ask: Ask):
    """What the operation takes is answered, whatever is sent elsewhere."""
    ask(as_account(rdt=rdt))


def test_the_option_wins(local: Sandbox, as_account):
    """`rdt` of `connect` is taken in place of the profile's, and is part of the line that makes an equal client."""
    as_account(rdt="never")
    client = spi.connect("one", endpoint=local.endpoint, rdt="auto")
    details(client)
    assert client.made_by == f"spi.connect(profile='one', endpoint={local.endpoint!r}, rdt='auto')"


def test_options_that_are_none(local: Sandbox):
    """Another word is no setting, and a cassette has no use for one: both are refused before anything is asked."""
    with pytest.raises(InvalidRequest, match=r"rdt is 'sometimes'\. Next: give one of auto, always, never"):
        spi.connect(endpoint=local.endpoint, rdt="sometimes")
    with pytest.raises(InvalidRequest, match="a cassette and rdt were both given"):
        spi.connect(replay=DEMO, rdt="never")


def test_the_command_line(local: Sandbox, as_account, capfd: pytest.CaptureFixture[str]):
    """`--rdt` is that option; a refusal is one line, with exit code 3."""
    as_account(rdt="always")
    command = ["--profile", "one", "--endpoint", local.endpoint, "shipments", "status", "--ids"]
    command.append(next(iter(local.world.shipments)))
    assert run([*command]) == 3
    assert 'Next: set rdt of the profile to "auto" if it is "always"' in capfd.readouterr().err
    assert run([*command, "--rdt", "auto"]) == 0


OPERATIONS = {"getCustomerInvoices": invoices, "getShipmentDetails": details, "getInvoiceStatus": status}


@pytest.mark.parametrize("struck", [*OPERATIONS, "createRestrictedDataToken"])
def test_expired_once(local: Sandbox, asked: list[str], struck: str):
    """A token that is called expired is replaced and the request repeated; nobody notices."""
    with local.faults.striking("expired-token", times=1, operation=struck):
        OPERATIONS.get(struck, details)(local.client())
    assert len([line for line in asked if " 403 " in line]) == 1


@pytest.mark.parametrize("struck", [*OPERATIONS, "createRestrictedDataToken"])
def test_expired_for_ever(local: Sandbox, asked: list[str], struck: str):
    """If the new one is called expired too, that is said, after two requests."""
    with local.faults.striking("expired-token", operation=struck):
        error = refused(OPERATIONS.get(struck, details), local.client())
    assert (type(error), error.operation_id, error.explanation.name) == (AccessDenied, struck, "token_expired")
    assert len([line for line in asked if " 403 " in line]) == 2


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("client_id", "HTTP 401: invalid_client: Client authentication failed."),
        ("client_secret", "HTTP 401: invalid_client: Client authentication failed."),
        ("refresh_token", "HTTP 400: invalid_grant: The request has an invalid grant parameter : refresh_token."),
    ],
)
def test_wrong_credentials(as_account, asked: list[str], setting: str, said: str):
    """Credentials that are refused end it at the first request, in Amazon's words."""
    error = refused(details, as_account(**{setting: "wrong-and-hidden"}))
    assert type(error) is AuthFailed
    assert str(error).startswith(f"Login with Amazon: {said}")
    assert "hidden" not in str(error)
    assert len(asked) == 1


def test_no_such_path(local: Sandbox, as_account):
    """An endpoint with a path too much is not a matter of tokens, though Amazon's code says so."""
    as_account(lwa_endpoint=local.endpoint)
    error = refused(status, spi.connect("one", endpoint=f"{local.endpoint}/v9"))
    assert (type(error), error.explanation.name) == (AccessDenied, "path_unknown")
