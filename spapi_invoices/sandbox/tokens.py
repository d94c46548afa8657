"""What the tokens of a sandbox stand for: whose they are, what they open, when they end. Not for keeping them.

A token carries all of this itself (`sandbox.sealed`), so that an expired one is known as such for ever and none is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from spapi_invoices.core.models import CreateRestrictedDataTokenRequest
from spapi_invoices.core.tokens import MAX_RESOURCES
from spapi_invoices.endpoints import OPERATIONS
from spapi_invoices.sandbox.accounts import BY_NAME, Account
from spapi_invoices.sandbox.answer import Answer, answer_json, denied, invalid
from spapi_invoices.sandbox.call import Call, find_operation, read_body, unreadable
from spapi_invoices.sandbox.parameters import read_query
from spapi_invoices.sandbox.sealed import seal, unseal
from spapi_invoices.sandbox.state import State

LIFETIME_SECONDS: Final = 3600
_ACCESS, _RESTRICTED = "Atza|", "Atz.sprdt|"
_METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE"})
_NUMBERS: Final = {operation: number for number, operation in enumerate(OPERATIONS)}


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a token stands for.

    Attributes:
        account: Name of the account; ``""`` for a grantless token, which is no selling partner's.
        issued_at: Seconds of the epoch, by the sandbox's clock.
        opens: The resources that a restricted data token opens; ``None`` opens all operations that need none.
    """

    account: str
    issued_at: float
    opens: Sequence[str] | None


def access_token(account: Account | None, now: datetime) -> str:
    """An access token of an account; ``None`` for a grantless one."""
    return _token(_ACCESS, _Grant("" if account is None else account.name, now.timestamp(), None))


def create_restricted_data_token(state: State, call: Call, account: Account) -> Answer:
    """A token for the resources of the body.

    A path that no operation has is no error: it gives a token that opens nothing, as Amazon's does.

    Raises:
        Refusal: No resource, over 50, one without method or path, a query, or an account without the roles.
    """
    read_query(call)
    resources = read_body(call, CreateRestrictedDataTokenRequest).restrictedResources
    if len(resources) > MAX_RESOURCES:
        raise unreadable(f"A token is for {MAX_RESOURCES} resources at most, not for {len(resources)}.")
    if not resources or any(not one.path or one.method not in _METHODS for one in resources):
        raise unreadable("Resource not provided.")
    if not account.roles:
        raise invalid("Application do not have access to some or all requested resource")
    opens = [found for one in resources if (found := _resource(one.method, one.path)) is not None]
    token = _token(_RESTRICTED, _Grant(account.name, state.clock.now().timestamp(), opens))
    return answer_json({"restrictedDataToken": token, "expiresIn": LIFETIME_SECONDS})


def authorise(call: Call, now: datetime) -> Account:
    """The account whose token came with the call.

    Raises:
        Refusal: 403: no token, an expired one, or one that does not open this.
    """
    text = call.headers.get("x-amz-access-token", "")
    if not text:
        raise denied("Access token is missing in the request header.")
    grant = _grant(text)
    if grant is not None and now.timestamp() - grant.issued_at >= LIFETIME_SECONDS:
        raise denied("The access token you provided has expired.")
    if grant is None or grant.account not in BY_NAME or not _opens(grant, call):
        raise denied("The access token you provided is revoked, malformed or invalid.")
    return BY_NAME[grant.account]


def _token(prefix: str, grant: _Grant) -> str:
    return prefix + seal(prefix, grant.account, grant.issued_at, grant.opens)


def _grant(text: str) -> _Grant | None:
    prefix, bar, sealed = text.partition("|")
    match unseal(sealed):
        case [str(kind), str(account), float(issued_at), opens] if kind == prefix + bar:
            return _Grant(account, issued_at, opens)
    return None


def _resource(method: str, path: str) -> str | None:
    """A resource, short enough for fifty in a header: its operation's number, with an identifier if it is that one alone."""
    found = find_operation(method, path)
    if found is None:
        return None
    operation, identifier = found
    number = f"{_NUMBERS[operation]}"
    return number if path == operation.path else f"{number}:{identifier}"


def _opens(grant: _Grant, call: Call) -> bool:
    """A restricted operation wants a token for this very resource or for any of its kind, every other a plain one."""
    if grant.opens is None or not call.operation.restricted:
        return grant.opens is None and not call.operation.restricted
    number = f"{_NUMBERS[call.operation]}"
    return number in grant.opens or f"{number}:{call.identifier}" in grant.opens
