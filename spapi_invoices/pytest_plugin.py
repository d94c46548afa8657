"""A pytest plugin: a client that answers from the test's cassette, and records it when told to. Not for our own tests only.

The fixture `spapi_client` replays ``cassettes/<module>/<test>.yaml`` beside the test's file, or the file that a marker
names. With ``--spapi-record`` the same test asks for real and the file is written anew::

    def test_october(spapi_client):
        assert spapi_client.customer_invoices("2026-10-01", "2026-10-08").complete

A cassette that must not be shared (see ``spapi-invoices cassette audit``) fails the test, recorded or replayed. Only a
test that passes is recorded: one that fails leaves its cassette as it was.

Loaded in every pytest run of whoever installed us, so what is heavy is imported in the fixtures.
"""

import contextlib
import hashlib
import re
from collections.abc import Generator, Iterator
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from spapi_invoices.errors import InvalidRequest, SpapiInvoicesError

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
# Whether the test passed, and each of its subtests: pytest counts those against it only later.
_PASSED: Final = pytest.StashKey[list[bool]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("spapi-invoices", "recordings of Amazon's Selling Partner API")
    group.addoption(
        "--spapi-record",
        action="store_true",
        help="Ask for real in tests with spapi_client, and record their cassettes.",
    )
    group.addoption("--spapi-profile", metavar="NAME", help="Account to ask, whatever the test's marker says.")
    group.addoption("--spapi-endpoint", metavar="URL", help="Host to ask, whatever the test's marker says.")
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

    with _in_a_line():
        asked = _Asked.by(request)
        if request.config.getoption("--spapi-record"):
            yield from _recording(asked, request)
        else:
            asked.check()
            yield connect(replay=asked.cassette)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note for the fixture how the test ended, and say what follows if it did not pass."""
    report = yield
    if report.when == "call" and _PASSED in item.stash:
        item.stash[_PASSED].append(report.passed)
        if not report.passed:
            report.sections.append(("spapi-invoices", "Nothing was recorded: only a test that passes is."))
    return report


@pytest.fixture(scope="session")
def spapi_sandbox() -> "Iterator[Sandbox]":
    """A local sandbox for the whole run, without quotas; its ``client()`` asks it. Needs the extra ``[sandbox]``."""
    with _in_a_line():
        from spapi_invoices.sandbox import running  # noqa: PLC0415 - heavy

        with running(time_scale=0) as sandbox:
            yield sandbox


@contextlib.contextmanager
def _in_a_line() -> Iterator[None]:
    """What is wrong with a marker, an account or a cassette is said without a traceback."""
    try:
        yield
    except SpapiInvoicesError as error:
        pytest.fail(str(error), pytrace=False)


def _recording(asked: "_Asked", request: pytest.FixtureRequest) -> "Iterator[Client]":
    """A live client; what it asked is written if the test passed."""
    from spapi_invoices.io.connect import connect  # noqa: PLC0415 - heavy

    _refuse_company(request)
    asked.claim(request)
    passed = list[bool]()
    request.node.stash[_PASSED] = passed
    with connect(
        asked.profile, endpoint=asked.endpoint, record=asked.cassette, keep_documents=asked.documents
    ) as client:
        yield client
        # None noted is a test that never ran, because another fixture failed, or that was interrupted.
        if client.recorder is not None and not (passed and all(passed)):
            client.recorder.discard()
    if client.recorder is not None and client.recorder.written:
        asked.check()


def _refuse_company(request: pytest.FixtureRequest) -> None:
    """Nobody else may write the cassette of a test: neither vcrpy's plugins nor another process."""
    # That of pytest-recording has the same name as ours by default, and is written last, with tokens in clear.
    if request.node.get_closest_marker("vcr") or "vcr_cassette" in request.fixturenames:
        pytest.fail(
            "vcrpy would record this test too, and its cassette may be the same file. Next: take the marker vcr off",
            pytrace=False,
        )
    if hasattr(request.config, "workerinput"):
        pytest.fail(
            "pytest-xdist runs this test, and its processes may record one file. Next: record without -n", pytrace=False
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a test's marker and the command line say."""

    test: str
    cassette: Path
    profile: str | None
    endpoint: str | None
    documents: bool

    @classmethod
    def by(cls, request: pytest.FixtureRequest) -> "_Asked":
        option = request.config.getoption
        # The nearest first: a test's own word counts before its module's, and the command line's before both.
        marked = [_Marked.by(one) for one in request.node.iter_markers("spapi_cassette")]
        own = Path(request.path.stem, f"{_file_name(request.node)}.yaml")
        # Account and host from one place: a host named in another would get the account's credentials.
        whom = [
            (option("--spapi-profile"), option("--spapi-endpoint")),
            *((one.profile, one.endpoint) for one in marked),
        ]
        profile, endpoint = next(filter(any, whom), (None, None))
        return cls(
            test=request.node.nodeid,
            cassette=request.path.parent / "cassettes" / next((one.path for one in marked if one.path), own),
            profile=profile,
            endpoint=endpoint,
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
        from spapi_invoices.io.cassette_audit import audit_file  # noqa: PLC0415 - heavy

        if not self.cassette.exists():
            pytest.fail(
                f"no cassette {self.cassette}. Next: pytest --spapi-record '{self.test}', with --spapi-endpoint URL or "
                "--spapi-profile NAME for whom to ask",
                pytrace=False,
            )
        findings = audit_file(self.cassette, allow_documents=self.documents)
        if findings:
            shown = [f"  exchange {one.exchange}, {one.place}: {one.kind}" for one in findings[:_SHOWN_FINDINGS]]
            more = [f"  and {len(findings) - len(shown)} more"] if len(findings) > len(shown) else []
            said = "\n".join([*shown, *more])
            pytest.fail(
                f"{self.cassette} must not be shared:\n{said}\nNext: record it anew with --spapi-record", pytrace=False
            )


@dataclass(frozen=True, slots=True)
class _Marked:
    """The marker's signature."""

    name: str | None = None
    _: KW_ONLY
    profile: str | None = None
    endpoint: str | None = None

    @classmethod
    def by(cls, mark: pytest.Mark) -> "_Marked":
        """Raises InvalidRequest for what is not in the signature."""
        try:
            marked = cls(*mark.args, **mark.kwargs)
        except TypeError:
            marked = None
        if marked is None or not all(isinstance(one, str | None) for one in (*mark.args, *mark.kwargs.values())):
            raise InvalidRequest(f"the marker takes other arguments. Next: write it as {_MARKER.partition(': ')[0]}")
        return marked

    @property
    def path(self) -> Path | None:
        """The cassette, below the folder of cassettes; raises InvalidRequest for one that is elsewhere."""
        if self.name is None:
            return None
        path = Path(self.name)
        if path.anchor or ".." in path.parts or not path.name:
            raise InvalidRequest(
                f"{self.name!r} names no file below the folder cassettes. Next: give a name as october.yaml"
            )
        return path if path.suffix else path.with_suffix(".yaml")


def _file_name(test: pytest.Item) -> str:
    """The test's name, with its class, as a file's: what is not plain or is long is told apart by a digest."""
    group: type | None = getattr(test, "cls", None)
    name = test.name if group is None else f"{group.__name__}.{test.name}"
    plain = re.sub(r"[^\w.,=+()\[\]-]", "-", name, flags=re.ASCII)[:_NAME_LENGTH]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode('utf-8')).hexdigest()[:8]}"
