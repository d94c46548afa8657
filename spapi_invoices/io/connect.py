"""Puts settings, tokens and transport together into a client. Not for asking: `spapi_invoices.io.client` does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, Final, cast, get_args
from urllib.parse import SplitResult, urlsplit

from spapi_invoices.core.customer_invoices import ApiVersion
from spapi_invoices.core.retry import RetryPolicy
from spapi_invoices.core.status import says_expired
from spapi_invoices.core.wire import HttpRequest, HttpResponse, Secret
from spapi_invoices.endpoints import LOOPBACK, LWA_HOST, REGIONS, Operation, Rdt
from spapi_invoices.errors import InvalidRequest
from spapi_invoices.io.auth import Tokens, kept_for
from spapi_invoices.io.cassettes import Cassette, load
from spapi_invoices.io.client import Client
from spapi_invoices.io.quota import quota_of
from spapi_invoices.io.recorder import METADATA, SHARED, Recorder
from spapi_invoices.io.settings import Profile, load_profile, require_credentials
from spapi_invoices.io.transport import RecordingAdapter, ReplayAdapter, Transport

Call = Callable[[HttpRequest], HttpResponse]
_NO_HOST: Final = "the endpoint is no address. Next: give one as https://host or http://127.0.0.1:8642"
_LOCAL_RETRY: Final = RetryPolicy(attempts=3, base_seconds=0.2, cap_seconds=1.0)
# For recordings and replays: how long an answer took has no say in how often is asked.
_AS_RECORDED: Final = RetryPolicy(deadline_seconds=3600)
# What the local sandbox accepts; it is public, so it opens nothing.
SANDBOX_PROFILE: Final = Profile(
    name="sandbox",
    client_id="sandbox-client",
    client_secret=Secret("sandbox-secret"),
    refresh_token=Secret("sandbox-refresh-token"),
)


def connect(  # noqa: PLR0913 - whom to ask and how, all with a default
    profile: str | None = None,
    *,
    replay: str | Path | None = None,
    endpoint: str | None = None,
    record: str | Path | None = None,
    keep_documents: bool = False,
    rdt: Rdt | None = None,
) -> Client:
    """Make a client: live, offline from a cassette, or against any host that speaks SP-API.

    Args:
        profile: Name of an account in the configuration file; ``None`` finds one as `spapi_invoices.io.settings` says,
            and is nobody's with a cassette or a host on this machine.
        replay: A cassette. No credentials are needed and the network is never touched.
        endpoint: A host in place of Amazon's, as ``http://127.0.0.1:8642`` for the local sandbox. A host on this machine
            gets the sandbox's credentials unless a profile is named, so that yours do not go there by accident.
        record: A cassette to write: all that is asked and answered, without secrets and personal data (see
            `spapi_invoices.io.recorder`). A file that is there is replaced, not added to.
        keep_documents: Record invoices as they are, in place of synthetic ones that state the same.
        rdt: What is sent with a restricted data token; ``None`` is the profile's setting, or ``auto``: the operations with
            personal data, as Amazon's list says. ``never`` sends the access token alone; Amazon may refuse that, or answer
            and put ``XXXXX`` where personal data stood. ``always`` sends the restricted token with every operation of an
            API version that has a restricted one, for an account of which Amazon asks for more than its list does; whether
            Amazon gives such a token is not documented, and the sandbox refuses it for the others. What is refused is an
            error: no other kind of token is tried in its place.

    Raises:
        SettingsInvalid: No credentials, an unknown profile, or a configuration file that cannot be read.
        CassetteInvalid: The file is no cassette.
        InvalidRequest: A cassette together with an endpoint, a recording or ``rdt``, an unknown ``rdt``, or credentials
            would go over plain HTTP to another machine.
        MissingExtra: To record without the extra ``[record]``.
        FileFailed: The recording cannot be written; nothing was asked yet.

    >>> from spapi_invoices.io.demo_files import demo_file
    >>> connect(replay=demo_file("demo.yaml")).customer_invoices("2026-10-01", "2026-10-31").complete
    True
    """
    if keep_documents and record is None:
        raise InvalidRequest("keep_documents is about a recording. Next: give record too")
    if replay is not None:
        for name, other in (("an endpoint", endpoint), ("a recording to write", record), ("rdt", rdt)):
            if other is not None:
                raise InvalidRequest(f"a cassette and {name} were both given. Next: give one of them")
        cassette = load(replay)
        chosen = _as_recorded(cassette) if profile is None else load_profile(profile)
        return _client(chosen, _replayed(ReplayAdapter(cassette)), _line(profile, replay=str(replay)))
    _check_address(endpoint or "")
    local = endpoint is not None and _parts(endpoint).hostname in LOOPBACK
    chosen = SANDBOX_PROFILE if local and profile is None else require_credentials(load_profile(profile))
    if rdt is not None:
        chosen = replace(chosen, rdt=_checked(rdt))
    recorder = None if record is None else Recorder(record, chosen, keep_documents=keep_documents)
    call = _live(chosen, endpoint or chosen.endpoint, recorder)
    line = _line(
        profile,
        endpoint=endpoint,
        record=None if record is None else str(record),
        keep_documents=keep_documents or None,
        rdt=rdt,
    )
    return _client(chosen, call, line, recorder, concurrent=True)


def _checked(rdt: Rdt) -> Rdt:
    if rdt not in get_args(Rdt):
        raise InvalidRequest(f"rdt is {rdt!r}. Next: give one of {', '.join(get_args(Rdt))}")
    return rdt


def _as_recorded(cassette: Cassette) -> Profile:
    """No account's, but a bare date begins where it began for whoever recorded, and the same API version is asked."""
    noted = cassette.metadata.get(METADATA)
    known: dict[str, Any] = {key: str(noted[key]) for key in SHARED if key in noted} if isinstance(noted, dict) else {}
    return Profile(name=cassette.name, **known)


def _client(
    profile: Profile, call: Call, made_by: str, recorder: Recorder | None = None, *, concurrent: bool = False
) -> Client:
    zone = UTC if profile.time_zone == "UTC" else profile.zone()
    version = cast(ApiVersion, profile.api_version)
    return Client(
        call,
        zone=zone,
        api_version=version,
        made_by=made_by,
        recorder=recorder,
        concurrent=concurrent,
        account=profile.name,
    )


def _line(profile: str | None, **options: str | bool | None) -> str:
    """The call that was made, as code."""
    given = {"profile": profile, **options}
    return f"spi.connect({', '.join(f'{name}={value!r}' for name, value in given.items() if value is not None)})"


def _replayed(adapter: ReplayAdapter) -> Call:
    """No tokens and no host: a cassette is matched without either. What was asked again live is asked again here."""
    transport = Transport(adapter=adapter, retry=_AS_RECORDED, sleep=lambda _: None)

    def call(request: HttpRequest) -> HttpResponse:
        response = transport.send(request, LWA_HOST)
        # Live a new token was got for this; here the next answer is what came then.
        return transport.send(request, LWA_HOST).after(response) if says_expired(response) else response

    return call


def _live(profile: Profile, endpoint: str, recorder: Recorder | None) -> Call:
    lwa_endpoint = profile.lwa_endpoint or (endpoint if endpoint and not _is_amazon(endpoint) else LWA_HOST)
    for address in (endpoint, lwa_endpoint):
        _check_address(address)
    # A server on this machine that is not there now will not come in a minute; a sandbox's quota refills as slowly as Amazon's.
    retry = _LOCAL_RETRY if _parts(endpoint).hostname in LOOPBACK else RetryPolicy()
    adapter = None
    if recorder is not None:
        # A replay asks as often as the policy for recordings says, so what is recorded was asked as often.
        retry = replace(retry, attempts=_AS_RECORDED.attempts, deadline_seconds=_AS_RECORDED.deadline_seconds)
        adapter = RecordingAdapter(recorder.hear)
    transport = Transport(
        adapter=adapter,
        proxy=profile.proxy,
        ca_bundle=profile.ca_bundle,
        retry=retry,
        throttled=RetryPolicy() if recorder is None else _AS_RECORDED,
        quota=quota_of(profile),
    )

    def send(request: HttpRequest, token: Secret | None, asked: Operation) -> HttpResponse:
        base = lwa_endpoint if request.operation.api == "lwa" else endpoint or _region_endpoint(profile, asked)
        return transport.send(request, base.rstrip("/"), token)

    # A recording has the requests for its tokens too; a server on this machine may be another one than a moment ago.
    own = recorder is not None or _parts(endpoint).hostname in LOOPBACK
    return Tokens(profile, send, None if own else kept_for(profile, endpoint, lwa_endpoint)).send


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
    if parts.scheme not in ("", "https") and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
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
