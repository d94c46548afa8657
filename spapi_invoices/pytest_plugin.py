"""A pytest plugin: a client that answers from the test's cassette, and records it when told to. Not for our own tests only.

The fixture `spapi_client` replays ``cassettes/<module>/<test>.yaml`` beside the test's file, or the file that a marker
names. With ``--spapi-record`` the same test asks for real and the file is written anew::

    def test_october(spapi_client):
        assert spapi_client.customer_invoices("2026-10-01", "2026-10-08").complete

A cassette that must not be shared (see ``spapi-invoices cassette audit``) fails the test, recorded or replayed.

Loaded in every pytest run of whoever installed us, so what is heavy is imported in the fixtures.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from spapi_invoices.io.client import Client
    from spapi_invoices.sandbox import Sandbox

_MARKER: Final = (
    'spapi_cassette(name=None, *, profile=None, endpoint=None): the cassette of spapi_client, below the folder "cassettes" '
    "beside the test's file, and whom to ask when it is recorded"
)
_SHOWN_FINDINGS: Final = 10
_NAME_LENGTH: Final = 100
_RECORDED: Final = pytest.StashKey[dict[Path, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("spapi-invoices", "recordings of Amazon's Selling Partner API")
    group.addoption(
        "--spapi-record",
        action="store_true",
        help="Ask for real in tests with spapi_client, and record their cassettes.",
    )
    group.addoption("--spapi-profile", metavar="NAME", help="Account to ask, where the test's marker names none.")
    group.addoption("--spapi-endpoint", metavar="URL", help="Host to ask, where the test's marker names none.")
    group.addoption(
        "--spapi-allow-documents", action="store_true", help="Record invoices as they are, and let cassettes hold them."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def spapi_client(request: pytest.FixtureRequest) -> "Iterator[Client]":
    """A client of the test's own cassette; with ``--spapi-record`` a live one that records it."""
    from spapi_invoices.io.connect import connect  # noqa: PLC0415 - heavy

    asked = _Asked.by(request)
    if not asked.record:
        asked.check()
        yield connect(replay=asked.cassette)
        return
    asked.claim(request)
    with connect(
        asked.profile, endpoint=asked.endpoint, record=asked.cassette, keep_documents=asked.documents
    ) as client:
        yield client
    if client.recorder is not None and client.recorder.written:
        asked.check()


@pytest.fixture(scope="session")
def spapi_sandbox() -> "Iterator[Sandbox]":
    """A local sandbox for the whole run, without quotas; its ``client()`` asks it. Needs the extra ``[sandbox]``."""
    from spapi_invoices.sandbox import running  # noqa: PLC0415 - heavy

    with running(time_scale=0) as sandbox:
        yield sandbox


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a test's marker and the command line say."""

    test: str
    cassette: Path
    record: bool
    profile: str | None
    endpoint: str | None
    documents: bool

    @classmethod
    def by(cls, request: pytest.FixtureRequest) -> "_Asked":
        # The nearest first: a test's own word counts before its module's.
        said = [_said(*one.args, **one.kwargs) for one in request.node.iter_markers("spapi_cassette")]
        marked = {key: next((one[key] for one in said if one[key]), None) for key in _said()}
        option = request.config.getoption
        folder = request.path.parent / "cassettes"
        return cls(
            test=request.node.nodeid,
            cassette=folder / (marked["name"] or Path(request.path.stem, f"{_file_name(request.node)}.yaml")),
            record=option("--spapi-record"),
            profile=marked["profile"] or option("--spapi-profile"),
            endpoint=marked["endpoint"] or option("--spapi-endpoint"),
            documents=option("--spapi-allow-documents"),
        )

    def claim(self, request: pytest.FixtureRequest) -> None:
        """A recording replaces the file, so two tests of one run must not record the same."""
        first = request.config.stash.setdefault(_RECORDED, {}).setdefault(self.cassette, self.test)
        if first != self.test:
            pytest.fail(
                f"{self.cassette} was recorded by {first} in this run. Next: give each test its own cassette, or record "
                "with one of them and replay in the others",
                pytrace=False,
            )

    def check(self) -> None:
        """Fail the test without its cassette, or with one that must not be shared."""
        from spapi_invoices.io.cassettes import exchanges  # noqa: PLC0415 - heavy
        from spapi_invoices.recording import audit  # noqa: PLC0415 - heavy

        if not self.cassette.exists():
            pytest.fail(f"no cassette {self.cassette}. Next: pytest --spapi-record '{self.test}'", pytrace=False)
        findings = audit(exchanges(self.cassette), allow_documents=self.documents)
        if findings:
            shown = [f"  exchange {one.exchange}, {one.place}: {one.kind}" for one in findings[:_SHOWN_FINDINGS]]
            more = [f"  and {len(findings) - len(shown)} more"] if len(findings) > len(shown) else []
            said = "\n".join([*shown, *more])
            pytest.fail(
                f"{self.cassette} must not be shared:\n{said}\nNext: record it anew with --spapi-record", pytrace=False
            )


def _said(name: str | None = None, *, profile: str | None = None, endpoint: str | None = None) -> dict[str, str | None]:
    """The marker's signature."""
    return {"name": name, "profile": profile, "endpoint": endpoint}


def _file_name(test: pytest.Item) -> str:
    """The test's name, with its class, as a file's: what is not plain or is long is told apart by a digest."""
    group: type | None = getattr(test, "cls", None)
    name = test.name if group is None else f"{group.__name__}.{test.name}"
    plain = re.sub(r"[^\w.,=+()\[\]-]", "-", name, flags=re.ASCII)[:_NAME_LENGTH]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode('utf-8')).hexdigest()[:8]}"
