"""``spapi-invoices sandbox`` in a process of its own: what it prints works, it serves, and it ends when told to."""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from conftest import ROOT

import spapi_invoices as spi
from spapi_invoices.errors import FetchIncomplete
from spapi_invoices.sandbox.faults import FAULTS

OURS = [sys.executable, "-m", "spapi_invoices"]
SMALL = ["--customer-invoices", "16", "--shipments", "25"]
HOW_TO = ROOT / "docs" / "how-to" / "try-without-credentials.md"


@dataclass(frozen=True)
class Served:
    """A sandbox that answers.

    Attributes:
        process: Its process.
        endpoint: What it said on stdout.
    """

    process: subprocess.Popen[str]
    endpoint: str

    def printed(self, heading: str) -> list[str]:
        """The lines below the next heading on stderr that begins so, up to the blank one behind them."""
        lines = iter(self.process.stderr.readline, "")
        next(line for line in lines if line.startswith(heading))
        next(lines)
        return list(iter(lines.__next__, "\n"))

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Exit code, the rest of stdout, and stderr; fails if it does not end."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[Served]:
    """A sandbox for the length of the block. Its first line is its address, and comes when it can be asked."""
    command = [*OURS, "sandbox", "--port", "0", *SMALL, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Served(process, process.stdout.readline().rstrip("\n"))
        finally:
            process.kill()


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line as a person pastes it; ``spapi-invoices`` is ours, wherever it is installed."""
    ours = re.sub(r"^spapi-invoices ", " ".join(OURS) + " ", line)
    return subprocess.run(["bash", "-c", ours], cwd=folder, capture_output=True, text=True, check=False, timeout=120)


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


class TestStart:
    """What it prints works as it stands."""

    def test_stdout_is_the_address(self):
        """The first line of stdout is the address and nothing else, and no other line follows."""
        with serving("--quiet") as one:
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+", one.endpoint)
            assert one.end()[1:] == ("", "")

    def test_the_profile_to_paste(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        """Its TOML, put in the configuration file, is an account with which it can be asked."""
        with serving("--time-scale", "0") as one:
            (tmp_path / "config.toml").write_text("".join(one.printed("For /")), "utf-8")
            assert set(tomllib.loads((tmp_path / "config.toml").read_text("utf-8"))["profiles"]) == {"sandbox"}
            assert spi.connect("sandbox").customer_invoices("2026-10-01", "2026-11-01").complete

    @needs_curl
    @pytest.mark.parametrize("arguments", [[], ["--static"], ["--from", "2025-12-24", "--to", "2026-09-01T12:00:00Z"]])
    def test_the_commands_to_try(self, arguments: list[str], tmp_path: Path):
        """Each command below "Try" ends with 0, in the order in which they stand."""
        with serving(*arguments) as one:
            done = [shell(line, tmp_path) for line in one.printed("Try")]
        assert done
        assert [(run.args[2], run.stderr) for run in done if run.returncode] == []

    def test_static(self):
        """--static answers the official models' examples."""
        with serving("--static") as one:
            statuses = spi.connect(endpoint=one.endpoint).invoice_statuses(["shipmentId1"])
        assert statuses["invoice_status"].to_list() == ["Accepted"]

    def test_the_world_that_was_asked_for(self):
        """Seed, numbers and dates are those of `running`; the commands to try name the dates."""
        from datetime import UTC, datetime

        from spapi_invoices.sandbox.world import make_world

        dates = {"start": datetime(2026, 5, 1, tzinfo=UTC), "end": datetime(2026, 5, 8, tzinfo=UTC)}
        world = make_world(7, customer_invoices=16, shipments=25, **dates)
        with serving("--seed", "7", "--from", "2026-05-01", "--to", "2026-05-08", "--time-scale", "0") as one:
            ids = requests.get(f"{one.endpoint}/sandbox/shipment-ids", timeout=10).text.split()
            fetched = spi.connect(endpoint=one.endpoint).customer_invoices("2026-05-01", "2026-05-08")
            assert "--from 2026-05-01 --to 2026-05-08" in one.end()[2]
        assert (ids, fetched.frame.height) == (list(world.shipments), 16)

    def test_faults_and_log(self):
        """--fault strikes from the start; --log says so, a line for each request on stderr."""
        with serving("--quiet", "--log", "--fault", "truncated-json@getInvoiceStatus:1,reset:0") as one:
            known = requests.get(f"{one.endpoint}/sandbox/shipment-ids", timeout=10).text.split()[0]
            with pytest.raises(FetchIncomplete, match="no complete JSON"):
                spi.connect(endpoint=one.endpoint).invoice_statuses([known])
            lines = one.end()[2].splitlines()
        # What is cut off is asked for three times of a host on this machine.
        assert [line.split()[1:4:2] for line in lines] == [["POST", "200"], *[["GET", "200"]] * 3]
        assert [line.endswith(" truncated-json") for line in lines] == [False, True, True, True]


class TestEnd:
    """Ctrl-C and kill are the way to end it, not an error."""

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
    def test_clean(self, how: signal.Signals):
        """Exit code 0 and no word more, though one client hangs in a slow answer and another keeps its connection."""
        with serving("--quiet", "--fault", "slow:1") as one:
            parts = urlsplit(one.endpoint)
            idle, hanging = (socket.create_connection((parts.hostname, parts.port), timeout=20) for _ in range(2))
            with idle, hanging:
                idle.sendall(b"GET /sandbox HTTP/1.1\r\nHost: x\r\n\r\n")
                assert idle.recv(65536).startswith(b"HTTP/1.1 200")
                hanging.sendall(b"POST /auth/o2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                assert hanging.recv(65536).startswith(b"HTTP/1.1 400")
                assert one.end(how) == (0, "", "")

    def test_in_the_background_of_a_shell(self):
        """A shell starts a job with & so that it ignores SIGINT; it ends it all the same."""
        ignoring = [
            "bash",
            "-c",
            "trap '' INT; exec \"$@\"",
            "bash",
            *OURS,
            "sandbox",
            "--port",
            "0",
            "--quiet",
            *SMALL,
        ]
        with subprocess.Popen(ignoring, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert Served(process, process.stdout.readline().rstrip("\n")).end() == (0, "", "")
            finally:
                process.kill()


class TestRefused:
    """What cannot be is said in a line, and nothing is served."""

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["--fault", "flood:0.1"], "there is no fault 'flood'"),
            (["--fault", "html-503"], "'html-503' names no fault with a rate"),
            (["--fault", "html-503:2"], "the rate 2.0. Next: give one from 0 to 1"),
            (["--from", "2026-11-01", "--to", "2026-10-01"], "Next: "),
            (["--from", "yesterday"], "yesterday"),
            (["--time-scale", "-1"], "time_scale is -1.0"),
            (["--port", "70000"], "port is 70000"),
            (["--shipments", "-1"], "Next: "),
        ],
    )
    def test_a_setting(self, capfd: pytest.CaptureFixture[str], arguments: list[str], says: str):
        """Exit code 2 and one line on stderr."""
        from spapi_invoices.cli import run

        code = run(["sandbox", "--port", "0", *arguments])
        out, err = capfd.readouterr()
        assert (code, out, err.count("\n"), says in err) == (2, "", 1, True), err

    def test_a_port_that_is_taken(self, capfd: pytest.CaptureFixture[str]):
        """It is said, and how to take another."""
        from spapi_invoices.cli import run

        with socket.create_server(("127.0.0.1", 0)) as taken:
            assert run(["sandbox", "--port", str(taken.getsockname()[1])]) == 2
        assert "Next: give another with --port" in capfd.readouterr().err


class TestHelp:
    """What --help says."""

    def test_every_fault_with_its_meaning(self):
        """The table of faults stands in the help, and showing it loads neither polars nor the server."""
        code = (
            "import sys\nfrom spapi_invoices.cli import run\nrun(['sandbox', '--help'])\n"
            "print([m for m in ('polars', 'requests', 'pandera', 'starlette', 'uvicorn') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        shown = " ".join(done.stdout.split())
        assert [name for name, fault in FAULTS.items() if f" {name} {fault.meaning}" not in shown] == []
        assert done.stdout.splitlines()[-1] == "[]"

    def test_it_shows_no_option_that_does_nothing(self):
        """It prints no data, so there is no form of it and no file for it."""
        done = subprocess.run([*OURS, "sandbox", "--help"], capture_output=True, text=True, check=True)
        assert [option for option in ("--format", "--output", "--record") if option in done.stdout] == []
        assert "--quiet" in done.stdout

    def test_without_the_extra(self):
        """Where the server is not installed the help is the same, and serving names the extra."""
        code = (
            "import sys\nsys.modules['uvicorn'] = None\nfrom spapi_invoices.cli import run\n"
            "print(run(['sandbox', '--help']), run(['sandbox']))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "gzip-garbage" in done.stdout
        assert done.stdout.splitlines()[-1] == "0 2"
        assert "uvicorn is not installed. Next: pip install 'spapi-invoices[sandbox]'" in done.stderr


@needs_curl
def test_the_how_to_works(tmp_path: Path):
    """Every command and the Python of the how-to, as they stand, against a sandbox started as it says."""
    text = HOW_TO.read_text("utf-8")
    started, *blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    options = started.split()[2:]
    (tmp_path / "cassettes").symlink_to(ROOT / "cassettes")
    with serving("--shipments", "100", *options) as one:
        lines = "".join(blocks).replace("http://127.0.0.1:8642", one.endpoint).splitlines()
        done = [shell(line, tmp_path) for line in lines]
    assert [(run.args[2], run.stderr) for run in done if run.returncode] == []
    assert (tmp_path / "report.html").exists()
    [python] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(python, HOW_TO.name, "exec"), names)
    assert names["fetched"].complete
