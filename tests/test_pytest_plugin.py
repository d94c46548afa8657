"""The pytest plugin, in pytest runs of their own, as in a project of a user's."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import EU
from scripted_server import scripted

# Before any inner run: what is imported first in there is unloaded with it.
from spapi_invoices.io.cassettes import exchanges
from spapi_invoices.recording import audit

pytest_plugins = ["pytester"]
NUMBER = "/vendor/directFulfillment/shipping/v1/customerInvoices/PO1"


@pytest.fixture
def shipment(sandbox) -> str:
    """A shipment that the sandbox knows."""
    return next(iter(sandbox.world.shipments))


@pytest.fixture
def project(pytester: pytest.Pytester, shipment: str) -> pytest.Pytester:
    """A project with one test."""
    pytester.makepyfile(
        test_ours=f"""
        def test_status(spapi_client):
            assert spapi_client.invoice_statuses(["{shipment}"])["amazon_shipment_id"].to_list() == ["{shipment}"]
        """
    )
    return pytester


def run(project: pytest.Pytester, *arguments: str, **outcomes: int) -> str:
    """Run the project's tests, which end so; gives what was printed."""
    done = project.runpytest("-p", "no:cacheprovider", "--strict-markers", *arguments)
    done.assert_outcomes(**outcomes)
    return done.stdout.str()


class TestReplayAndRecord:
    """The same test records once and replays ever after."""

    def test_without_a_cassette_it_says_how_to_record(self, project):
        """A missing cassette is an error with the command that makes it; nothing is asked."""
        said = run(project, errors=1)
        file = project.path / "cassettes" / "test_ours" / "test_status.yaml"
        assert f"no cassette {file}. Next: pytest --spapi-record 'test_ours.py::test_status'" in said

    def test_recorded_then_replayed(self, project, sandbox, monkeypatch: pytest.MonkeyPatch):
        """Recorded from the host of the command line, the test passes again with sockets forbidden, and the file is clean."""
        run(project, "--spapi-record", f"--spapi-endpoint={sandbox.endpoint}", passed=1)
        monkeypatch.setattr("socket.socket", lambda *_, **__: pytest.fail("a socket was opened"))
        run(project, passed=1)
        assert audit(exchanges(project.path / "cassettes" / "test_ours" / "test_status.yaml")) == ()

    def test_the_marker_names_file_and_host(self, project, sandbox, shipment: str):
        """The nearest marker wins, option by option: the module's host, the test's file."""
        project.makepyfile(
            test_ours=f"""
            import pytest

            pytestmark = pytest.mark.spapi_cassette("of-the-module.yaml", endpoint="{sandbox.endpoint}")

            @pytest.mark.spapi_cassette("mine/own.yaml")
            def test_status(spapi_client):
                assert spapi_client.invoice_statuses(["{shipment}"]).height == 1
            """
        )
        run(project, "--spapi-record", passed=1)
        run(project, passed=1)
        assert [path.name for path in (project.path / "cassettes").rglob("*.yaml")] == ["own.yaml"]

    def test_the_profile_of_the_marker(self, project, sandbox, shipment: str, monkeypatch: pytest.MonkeyPatch):
        """A profile is asked for when recording, and not needed for the replay: its time zone is in the recording."""
        credentials = {
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "refresh_token": "sandbox-refresh-token",
        }
        settings = "".join(f'{name} = "{value}"\n' for name, value in credentials.items())
        config = project.path / "config.toml"
        config.write_text(f'[profiles.india]\n{settings}endpoint = "{sandbox.endpoint}"\ntime_zone = "Asia/Kolkata"\n')
        monkeypatch.setenv("SPAPI_INVOICES_CONFIG", str(config))
        project.makepyfile(
            test_ours="""
            import pytest

            @pytest.mark.spapi_cassette(profile="india")
            def test_week(spapi_client):
                assert spapi_client.customer_invoices("2026-10-01", "2026-10-05").complete
            """
        )
        run(project, "--spapi-record", passed=1)
        config.unlink()
        run(project, passed=1)

    def test_every_test_has_a_file_of_its_own(self, project, sandbox, shipment: str):
        """Classes and parameters are told apart, whatever signs and length they have."""
        project.makepyfile(
            test_ours=f"""
            import pytest

            @pytest.mark.parametrize("said", ["a/b", "a-b", "ç", "é", "x" * 300, "x" * 301])
            def test_status(spapi_client, said):
                assert spapi_client.invoice_statuses(["{shipment}"]).height == 1

            class TestOther:
                def test_status(self, spapi_client):
                    assert spapi_client.invoice_statuses(["{shipment}"]).height == 1
            """
        )
        run(project, "--spapi-record", f"--spapi-endpoint={sandbox.endpoint}", passed=7)
        run(project, passed=7)
        assert len(list((project.path / "cassettes" / "test_ours").iterdir())) == 7

    def test_two_tests_do_not_record_one_file(self, project, sandbox, shipment: str):
        """The second would replace what the first recorded, so it is refused; a replay may be shared."""
        project.makepyfile(
            test_ours=f"""
            import pytest

            pytestmark = pytest.mark.spapi_cassette("shared.yaml")

            def test_one(spapi_client):
                assert spapi_client.invoice_statuses(["{shipment}"]).height == 1

            def test_two(spapi_client):
                assert spapi_client.invoice_statuses(["{shipment}"]).height == 1
            """
        )
        said = run(project, "--spapi-record", f"--spapi-endpoint={sandbox.endpoint}", passed=1, errors=1)
        assert "was recorded by test_ours.py::test_one in this run. Next: " in said
        run(project, passed=2)

    def test_a_test_that_asks_nothing_needs_no_file_to_record(self, project):
        """Nothing asked, nothing recorded, nothing to complain of."""
        project.makepyfile(test_ours="def test_none(spapi_client): pass")
        run(project, "--spapi-record", "--spapi-endpoint=http://127.0.0.1:9", passed=1)
        assert not list(project.path.rglob("*.yaml"))

    @pytest.mark.parametrize("elsewhere", ["/tmp/x.yaml", "../x.yaml", "a/../../x.yaml", ".", ""])
    def test_a_cassette_is_below_its_folder(self, project, elsewhere: str):
        """A name that leads elsewhere is refused in a line, so no recording replaces a file that is none."""
        project.makepyfile(
            test_ours=f"""
            import pytest

            @pytest.mark.spapi_cassette({elsewhere!r})
            def test_none(spapi_client): pass
            """
        )
        said = run(project, "--spapi-record", "--spapi-endpoint=http://127.0.0.1:9", errors=1)
        assert f"{elsewhere!r} names no file below the folder cassettes. Next: " in said
        assert "Traceback" not in said

    @pytest.mark.parametrize("arguments", ["'a.yaml', 'b.yaml'", "7", "endpont='x'", "profile=7", "'a', name='a'"])
    def test_a_marker_that_is_none(self, project, arguments: str):
        """What the marker does not take is refused with what it does."""
        project.makepyfile(
            test_ours=f"""
            import pytest

            @pytest.mark.spapi_cassette({arguments})
            def test_none(spapi_client): pass
            """
        )
        said = run(project, errors=1)
        assert "Next: write it as spapi_cassette(name=None, *, profile=None, endpoint=None)" in said
        assert "Traceback" not in said

    def test_a_name_needs_no_suffix(self, project, sandbox, shipment: str):
        """It is a YAML file all the same, which `cassette audit FOLDER` looks at."""
        project.makepyfile(
            test_ours=f"""
            import pytest

            @pytest.mark.spapi_cassette("october")
            def test_status(spapi_client):
                assert spapi_client.invoice_statuses(["{shipment}"]).height == 1
            """
        )
        run(project, "--spapi-record", f"--spapi-endpoint={sandbox.endpoint}", passed=1)
        assert [path.name for path in (project.path / "cassettes").iterdir()] == ["october.yaml"]

    @pytest.mark.parametrize(
        ("marks", "arguments", "asked"),
        [
            (["profile='india', endpoint='ours'"], ["--spapi-endpoint=other"], (None, "other")),
            (["profile='india', endpoint='ours'"], ["--spapi-profile=brazil"], ("brazil", None)),
            (["profile='india'"], ["--spapi-profile=brazil", "--spapi-endpoint=other"], ("brazil", "other")),
            (["profile='india', endpoint='ours'"], [], ("india", "ours")),
            (["profile='india'", "endpoint='ours'"], [], (None, "ours")),
            (["profile='india'", "'own.yaml'"], [], ("india", None)),
        ],
    )
    def test_whom_to_ask_comes_from_one_place(self, project, marks: list[str], arguments: list[str], asked: object):
        """The command line before the nearest marker; never one place's credentials with another's host."""
        project.makeconftest(
            """
            import spapi_invoices.io.connect

            def connect(profile=None, *, endpoint=None, **_):
                raise spapi_invoices.errors.SettingsInvalid(f"asked {profile!r} at {endpoint!r}. Next: ")

            spapi_invoices.io.connect.connect = connect
            """
        )
        module, *own = marks
        marker = "".join(f"@pytest.mark.spapi_cassette({one})\n" for one in own)
        project.makepyfile(
            test_ours=f"import pytest\n\npytestmark = pytest.mark.spapi_cassette({module})\n\n{marker}"
            "def test_none(spapi_client): pass"
        )
        said = project.runpytest_subprocess("-p", "no:cacheprovider", "--spapi-record", *arguments).stdout.str()
        assert "asked {!r} at {!r}. Next: ".format(*asked) in said

    def test_an_account_that_is_missing_is_a_line(self, project):
        """Nobody to ask is said in the words of the error, without a traceback."""
        said = run(project, "--spapi-record", errors=1)
        assert "Next: " in said
        assert "Traceback" not in said
        assert "connect.py" not in said

    def test_a_sandbox_for_the_run(self, project, monkeypatch: pytest.MonkeyPatch):
        """spapi_sandbox is a running sandbox, one for all tests."""
        project.makepyfile(
            test_ours="""
            def test_one(spapi_sandbox):
                assert spapi_sandbox.client().invoice_statuses(list(spapi_sandbox.world.shipments)[:1]).height == 1

            def test_two(spapi_sandbox, request):
                assert request.getfixturevalue("spapi_sandbox") is spapi_sandbox
            """
        )
        run(project, passed=2)


class TestOnlyWhatPasses:
    """A recording is written by a test that passes, and by nobody else."""

    @pytest.mark.parametrize(
        ("ending", "outcome"),
        [
            ("assert not 'so'", {"failed": 1}),
            ("raise KeyError", {"failed": 1}),
            ("pytest.skip('enough')", {"skipped": 1}),
            ("pytest.xfail('known')", {"xfailed": 1}),
            ("spapi_client.customer_invoice('NOPE1234')", {"failed": 1}),
        ],
    )
    def test_a_test_that_does_not_pass_leaves_the_file(
        self, project, sandbox, shipment: str, ending: str, outcome: dict[str, int]
    ):
        """A complete cassette is not replaced by the first half of another."""
        record = ["--spapi-record", f"--spapi-endpoint={sandbox.endpoint}"]
        run(project, *record, passed=1)
        file = project.path / "cassettes" / "test_ours" / "test_status.yaml"
        before = file.read_bytes()
        asked = f"spapi_client.invoice_statuses(['{shipment}'])"
        project.makepyfile(
            test_ours=f"import pytest\n\ndef test_status(spapi_client):\n    {asked}\n    {asked}\n    {ending}"
        )
        said = run(project, *record, **outcome)
        assert file.read_bytes() == before
        assert ("Nothing was recorded: only a test that passes is." in said) == ("failed" in outcome)
        assert "Nothing was recorded" not in run(project, **outcome)

    def test_a_subtest_that_fails_is_a_test_that_does_not_pass(self, project, sandbox, shipment: str):
        """Though the function itself came to its end."""
        pytest.importorskip("_pytest.subtests")
        project.makepyfile(
            test_ours=f"""
            def test_status(spapi_client, subtests):
                spapi_client.invoice_statuses(["{shipment}"])
                with subtests.test("one"):
                    assert False
            """
        )
        project.runpytest("-p", "no:cacheprovider", "--spapi-record", f"--spapi-endpoint={sandbox.endpoint}")
        assert not list(project.path.rglob("*.yaml"))

    def test_a_test_that_never_ran(self, project, sandbox, shipment: str):
        """What one fixture asked is not kept where another failed."""
        project.makepyfile(
            test_ours=f"""
            import pytest

            @pytest.fixture
            def statuses(spapi_client):
                return spapi_client.invoice_statuses(["{shipment}"])

            @pytest.fixture
            def broken(statuses):
                raise KeyError

            def test_status(broken): pass
            """
        )
        run(project, "--spapi-record", f"--spapi-endpoint={sandbox.endpoint}", errors=1)
        assert not list(project.path.rglob("*.yaml"))

    @pytest.mark.parametrize("mode", ["none", "once", "rewrite", "all"])
    def test_vcrpy_does_not_record_the_same_test(self, project, sandbox, shipment: str, mode: str):
        """pytest-recording would write the same file after our audit, with tokens in clear: refused, and nothing is written."""
        project.makepyfile(
            test_ours=f"""
            import pytest

            @pytest.mark.vcr
            def test_status(spapi_client):
                spapi_client.invoice_statuses(["{shipment}"])
            """
        )
        said = run(project, "--spapi-record", f"--spapi-endpoint={sandbox.endpoint}", f"--record-mode={mode}", errors=1)
        assert "Next: take the marker vcr off" in said
        assert not list(project.path.rglob("*.yaml"))

    def test_not_in_a_process_of_xdist(self, project):
        """Two processes could record one file, and neither would know."""
        project.makeconftest("def pytest_configure(config): config.workerinput = {}")
        said = run(project, "--spapi-record", "--spapi-endpoint=http://127.0.0.1:9", errors=1)
        assert "Next: record without -n" in said


class TestFindings:
    """A cassette that must not be shared fails its test."""

    @pytest.fixture
    def leaky(self, project, cassette) -> Path:
        """The project's test with a cassette that somebody recorded otherwise."""
        project.makepyfile(
            test_ours="""
            def test_number(spapi_client):
                assert spapi_client.customer_invoice("PO1").height == 1
            """
        )
        body = '{"payload": {"purchaseOrderNumber": "PO1", "content": "JVBERi0xLjQgb2YgTWFyaWEgZGEgU2lsdmE=", "buyer": "%s"}}'
        made = cassette(*[("GET", EU + NUMBER, 200, body % ("" if at else "Maria da Silva")) for at in range(2)])
        target = project.path / "cassettes" / "test_ours" / "test_number.yaml"
        target.parent.mkdir(parents=True)
        return made.rename(target)

    def test_they_are_named_and_not_shown(self, project, leaky: Path):
        """File, exchange, place and kind of each; never the value. The test does not run."""
        said = run(project, errors=1)
        assert f"{leaky} must not be shared:" in said
        assert "exchange 1, response body payload.content: document" in said
        assert "Next: record it anew with --spapi-record" in said
        assert "Maria" not in said

    def test_documents_are_recorded_only_if_allowed(self, project, leaky: Path):
        """A document that is not synthetic is in the recording with --spapi-allow-documents only, which then passes."""
        content = base64.b64encode(b"%PDF-1.4 of Maria da Silva").decode()
        answer = f'{{"payload": {{"purchaseOrderNumber": "PO1", "content": "{content}"}}}}'.encode()
        with scripted({NUMBER: [(200, answer)]}) as script:
            for allow, kept in (([], False), (["--spapi-allow-documents"], True)):
                run(project, "--spapi-record", f"--spapi-endpoint={script.endpoint}", *allow, passed=1)
                assert (content in leaky.read_text()) is kept

    def test_documents_may_be_allowed(self, project, leaky: Path):
        """--spapi-allow-documents lets documents pass and nothing else."""
        assert ": document\n" in run(project, errors=1)
        assert ": document\n" not in run(project, "--spapi-allow-documents", errors=1)
        leaky.write_text(leaky.read_text().replace("Maria da Silva", ""))
        run(project, "--spapi-allow-documents", passed=1)


def test_it_costs_a_pytest_run_nothing():
    """The plugin of every pytest run imports nothing that is heavy."""
    code = (
        "import sys, pytest, spapi_invoices.pytest_plugin\n"
        "print([m for m in ('polars', 'requests', 'pandera', 'msgspec', 'yaml', 'vcr') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_is_listed_by_pytest(pytester: pytest.Pytester):
    """Marker and fixtures explain themselves."""
    assert "spapi_cassette(name=None, *, profile=None, endpoint=None)" in pytester.runpytest("--markers").stdout.str()
    shown = pytester.runpytest("--fixtures").stdout.str()
    assert "A client of the test's own cassette" in shown
    assert "A local sandbox for the whole run" in shown
