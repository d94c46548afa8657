"""The exceptions this package raises. Not for exit codes or wording on screen: the command line and the widgets own those.

::

    SpapiInvoicesError
    ├── InvalidRequest (ValueError)   ours to mend; raised before any I/O
    ├── SettingsInvalid               a profile, the configuration file or credentials are missing or wrong
    ├── CassetteInvalid               a file is no cassette
    ├── TableInvalid                  a file is not the table that was asked for
    ├── MissingExtra                  an optional package is not installed
    ├── ArchiveInvalid                a folder is no archive, or one of a newer version
    ├── ArchiveBusy                   another process is writing to the archive
    ├── FileFailed                    a file cannot be read or written
    ├── AlreadySubmitted              Amazon has an invoice for the shipment, so none was sent
    ├── TransportFailed               no answer arrived
    │   └── UnrecordedRequest         the cassette holds no answer to this request
    ├── AuthFailed                    Login with Amazon refused the credentials
    ├── ApiError                      Amazon answered with an error
    │   ├── Throttled                 429
    │   ├── AccessDenied              401, 403, and 400 where that says the same
    │   ├── NotFound                  404
    │   ├── Rejected                  any other 4xx
    │   └── ServiceUnavailable        5xx
    ├── MalformedResponse             a 2xx whose body is not what the API promises
    │   └── MalformedRecord           JSON to its end, but without the record that was asked for
    ├── SchemaMismatch                rows that break their table's schema: a bug of ours or a new kind of answer
    └── FetchIncomplete               not all arrived; what did is in ``.fetched``

Beside the tree stands `Interrupted`, a KeyboardInterrupt: ``except SpapiInvoicesError`` must not swallow Ctrl-C.

A message holds the evidence and the next step. It never holds a token, a name, an address or a document's content.
"""

import copyreg
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class SpapiInvoicesError(Exception):
    """The root: ``except SpapiInvoicesError`` catches all that this package raises on purpose.

    Attributes:
        attempts: How many requests were sent in vain before it was raised.
    """

    attempts: int = 0

    def __reduce__(self) -> tuple[Any, ...]:
        # Python's own way calls __init__ with the message alone: an error that breaks the pool of processes it came from.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class InvalidRequest(SpapiInvoicesError, ValueError):
    """The request breaks a rule of the API that can be checked here; nothing was sent."""


class SettingsInvalid(SpapiInvoicesError):
    """A profile, the configuration file or credentials are missing or wrong."""


class CassetteInvalid(SpapiInvoicesError):
    """The file cannot be read as a cassette."""


class TableInvalid(SpapiInvoicesError):
    """The file cannot be read as the table that was asked for."""


class MissingExtra(SpapiInvoicesError):
    """An optional package is not installed."""

    @classmethod
    def of(cls, package: str, extra: str) -> "MissingExtra":
        """Say which extra of ours brings the package."""
        return cls(f"{package} is not installed. Next: pip install 'spapi-invoices[{extra}]'")


class FileFailed(SpapiInvoicesError):
    """A file cannot be read or written."""


class ArchiveInvalid(SpapiInvoicesError):
    """The folder is no archive of this package, or one that a newer version wrote."""


class ArchiveBusy(SpapiInvoicesError):
    """Another process is writing to the archive; nothing was asked or changed."""


class AlreadySubmitted(SpapiInvoicesError):
    """Amazon has an invoice for the shipment, or may have; nothing was sent."""


class TransportFailed(SpapiInvoicesError):
    """No answer arrived: the connection failed, timed out or broke off."""

    def __init__(self, message: str = "", attempts: int = 0) -> None:
        self.attempts = attempts
        super().__init__(message)


class UnrecordedRequest(TransportFailed):
    """The cassette holds no answer to this request; the network was not touched."""


class AuthFailed(SpapiInvoicesError):
    """Login with Amazon refused the credentials. Final: the same credentials will be refused again."""


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One entry of Amazon's error list. ``details`` is ``""`` where Amazon sends none."""

    code: str
    message: str
    details: str = ""

    def __str__(self) -> str:
        """Amazon's own words, on one line."""
        said = f"{self.message} {self.details}"
        return " ".join((f"{self.code}: {said}" if self.code else said).split())


def _trace(request_id: str | None, attempts: int) -> str:
    """By what Amazon's support finds an answer, and what it took to get it."""
    return f"request id {request_id or 'none'}" + (f", after {attempts} attempts" if attempts > 1 else "")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What Amazon's words mean.

    Attributes:
        name: Short and lasting, for code: ``role_missing``. The reference page on refusals lists them.
        meaning: A sentence or two.
        next_step: What to do.
    """

    name: str
    meaning: str
    next_step: str

    def __str__(self) -> str:
        """As the end of a message."""
        return f"{self.meaning} Next: {self.next_step}".lstrip()


class ApiError(SpapiInvoicesError):
    """Amazon answered with an error.

    Attributes:
        status: The HTTP status.
        errors: What Amazon said; empty when the body held no error list.
        explanation: What that means; ``None`` for words that are not known.
        next_step: What to do: the explanation's, or what is true of all errors of the type.
        request_id: ``x-amzn-RequestId``, which Amazon's support asks for; ``None`` if the answer had none.
        rate_limit: ``x-amzn-RateLimit-Limit`` in requests per second; ``None`` if the answer had none.
        attempts: How many requests were made until this one, the last, was answered.
    """

    next_step = "look the code up in the operation's documentation"

    def __init__(  # noqa: PLR0913 - what an answer is made of
        self,
        operation_id: str,
        status: int,
        errors: Sequence[ErrorDetail] = (),
        *,
        evidence: str = "",
        request_id: str | None = None,
        rate_limit: float | None = None,
        attempts: int = 1,
        explanation: Explanation | None = None,
    ) -> None:
        self.operation_id = operation_id
        self.status = status
        self.errors = tuple(errors)
        self.request_id = request_id
        self.rate_limit = rate_limit
        self.attempts = attempts
        self.explanation = explanation
        said = "; ".join(filter(None, map(str, self.errors))) or evidence or "no error list in the body"
        told = explanation or Explanation("", "", self.next_step)
        self.next_step = told.next_step
        super().__init__(f"{operation_id}: HTTP {status}: {said} ({_trace(request_id, attempts)}). {told}")


class Throttled(ApiError):
    """The quota is used up. Amazon sends no Retry-After."""

    next_step = "wait, then ask for fewer windows or ids at a time"


class AccessDenied(ApiError):
    """The token, the role or the region does not allow the operation."""

    next_step = (
        "check that the application has the operation's role, that the selling partner authorised it again after the "
        "role was added, and that the profile's region is the account's"
    )


class NotFound(ApiError):
    """Amazon knows no such resource for this account in this region."""

    next_step = "check the identifier, and that the profile's region is the account's"


class Rejected(ApiError):
    """Amazon says that the request is wrong."""

    next_step = "correct the request; sending it again unchanged gives the same answer"


class ServiceUnavailable(ApiError):
    """Amazon could not answer."""

    next_step = "try again later; nothing was stored from this answer"


class MalformedResponse(SpapiInvoicesError):
    """An answer with a success status whose body is not what the API promises.

    Attributes:
        excerpt: What the body is, without its content (it may hold personal data).
        request_id: ``x-amzn-RequestId`` or ``None``.
        attempts: How many requests were made until this one, the last, was answered.
    """

    def __init__(
        self, operation_id: str, status: int, excerpt: str, request_id: str | None = None, attempts: int = 1
    ) -> None:
        self.operation_id = operation_id
        self.status = status
        self.excerpt = excerpt
        self.request_id = request_id
        self.attempts = attempts
        support = "; if it stays, give Amazon's support the request id" if request_id else ""
        super().__init__(
            f"{operation_id}: HTTP {status}, but the body is {excerpt} ({_trace(request_id, attempts)}). "
            f"Next: try again later{support}"
        )


class MalformedRecord(MalformedResponse):
    """JSON to its end, but without the record that was asked for: said of this one, and not of the connection."""


class SchemaMismatch(SpapiInvoicesError):
    """Rows break their table's schema.

    Attributes:
        table: The table's name.
        failures: Column and check of each failure; never a value.
    """

    def __init__(self, table: str, failures: Sequence[str]) -> None:
        self.table = table
        self.failures = tuple(failures)
        super().__init__(f"table {table}: {'; '.join(self.failures)}. Next: report it with the request id of the rows")


class FetchIncomplete(SpapiInvoicesError):
    """A fetch ended before everything that was asked for had been answered in full; the cause is its ``__cause__``.

    Attributes:
        fetched: What did arrive: of customer invoices a `Fetched` with its ledger, of shipments a `Shipments`, of
            statuses the frame.
    """

    def __init__(self, message: str, fetched: Any) -> None:  # noqa: ANN401 - an io.client.Fetched, which this layer may not import
        self.fetched = fetched
        super().__init__(message)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a fetch.

    Attributes:
        fetched: What had arrived, as in `FetchIncomplete`.
    """

    def __init__(self, fetched: Any) -> None:  # noqa: ANN401 - an io.client.Fetched, which this layer may not import
        self.fetched = fetched
        super().__init__("interrupted; what had arrived is in .fetched")
