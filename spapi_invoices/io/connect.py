"""Puts settings, tokens and transport together into a client. Not for asking: `spapi_invoices.io.client` does."""

from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Final, cast
from urllib.parse import SplitResult, urlsplit

from spapi_invoices.core.customer_invoices import ApiVersion
from spapi_invoices.core.retry import RetryPolicy
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.endpoints import LWA_HOST, REGIONS, Operation
from spapi_invoices.errors import InvalidRequest
from spapi_invoices.io.auth import Tokens
from spapi_invoices.io.cassettes import load
from spapi_invoices.io.client import Client
from spapi_invoices.io.settings import Profile, load_profile, require_credentials
from spapi_invoices.io.transport import ReplayAdapter, Transport

Call = Callable[[HttpRequest], HttpResponse]
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NO_HOST: Final = "the endpoint is no address. Next: give one as https://host or http://127.0.0.1:8642"
_LOCAL_RETRY: Final = RetryPolicy(attempts=3, base_seconds=0.2)
# What the local sandbox accepts; it is public, so it opens nothing.
SANDBOX_PROFILE: Final = Profile(
    name="sandbox",
    client_id="sandbox-client",
    client_secret=Secret("sandbox-secret"),
    refresh_token=Secret("sandbox-refresh-token"),
)


def connect(profile: str | None = None, *, replay: str | Path | None = None, endpoint: str | None = None) -> Client:
    """Make a client: live, offline from a cassette, or against any host that speaks SP-API.

    Args:
        profile: Name of an account in the configuration file; ``None`` finds one as `spapi_invoices.io.settings` says,
            and is nobody's with a cassette or a host on this machine.
        replay: A cassette. No credentials are needed and the network is never touched.
        endpoint: A host in place of Amazon's, as ``http://127.0.0.1:8642`` for the local sandbox. A host on this machine
            gets the sandbox's credentials unless a profile is named, so that yours do not go there by accident.

    Raises:
        SettingsInvalid: No credentials, an unknown profile, or a configuration file that cannot be read.
        CassetteInvalid: The file is no cassette.
        InvalidRequest: Both a cassette and an endpoint, or credentials would go over plain HTTP to another machine.

    >>> from spapi_invoices.io.demo_files import demo_file
    >>> connect(replay=demo_file("demo.yaml")).customer_invoices("2026-10-01", "2026-10-31").complete
    True
    """
    if replay is not None:
        if endpoint is not None:
            raise InvalidRequest("a cassette and an endpoint were both given. Next: give one of them")
        # A recording is no account's: without a profile its dates begin in UTC.
        chosen = Profile() if profile is None else load_profile(profile)
        transport = Transport(adapter=ReplayAdapter(load(replay)))
        # No tokens and no host: a cassette is matched without either.
        return _client(chosen, lambda request: transport.send(request, LWA_HOST), _line(profile, replay=str(replay)))
    _check_address(endpoint or "")
    local = endpoint is not None and _parts(endpoint).hostname in _LOOPBACK
    chosen = SANDBOX_PROFILE if local and profile is None else require_credentials(load_profile(profile))
    return _client(chosen, _live(chosen, endpoint or chosen.endpoint), _line(profile, endpoint=endpoint))


def _client(profile: Profile, call: Call, made_by: str) -> Client:
    zone = UTC if profile.time_zone == "UTC" else profile.zone()
    return Client(call, zone=zone, api_version=cast(ApiVersion, profile.api_version), made_by=made_by)


def _line(profile: str | None, **options: str | None) -> str:
    """The call that was made, as code."""
    given = {"profile": profile, **options}
    return f"spi.connect({', '.join(f'{name}={value!r}' for name, value in given.items() if value is not None)})"


def _live(profile: Profile, endpoint: str) -> Call:
    lwa_endpoint = profile.lwa_endpoint or (endpoint if endpoint and not _is_amazon(endpoint) else LWA_HOST)
    for address in (endpoint, lwa_endpoint):
        _check_address(address)
    # A server on this machine that is not there now will not come in a minute.
    retry = _LOCAL_RETRY if _parts(endpoint).hostname in _LOOPBACK else RetryPolicy()
    transport = Transport(proxy=profile.proxy, ca_bundle=profile.ca_bundle, retry=retry)

    def send(request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
        base = lwa_endpoint if request.operation.api == "lwa" else endpoint or _region_endpoint(profile, asked)
        return transport.send(request, base.rstrip("/"), token)

    return Tokens(profile, send).send


def _region_endpoint(profile: Profile, asked: Operation) -> str:
    return REGIONS[profile.region or asked.region or "na"].endpoint


def _is_amazon(endpoint: str) -> bool:
    host = _parts(endpoint).hostname or ""
    return host.endswith(".amazon.com")


def _check_address(address: str) -> None:
    """Credentials go over TLS, or stay on this machine."""
    parts = _parts(address)
    if address and not parts.hostname:
        raise InvalidRequest(_NO_HOST)
    if parts.username or parts.password:
        raise InvalidRequest(
            f"the endpoint of {parts.hostname} holds a user or a password. Next: leave them out; tokens are sent"
        )
    if parts.scheme not in ("", "https") and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise InvalidRequest(
            f"{parts.hostname} would get credentials without encryption. Next: give its address with https"
        )


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises if it is no number
    except ValueError:
        raise InvalidRequest(_NO_HOST) from None
    return parts
