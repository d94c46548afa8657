"""plugins, install and uninstall, and the example's package in an environment of its own."""

import io
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from conftest import ROOT

from spapi_invoices import plugins
from spapi_invoices.cli import install, run
from spapi_invoices.plugins import hookimpl
from spapi_invoices.reconciliation import Rule
from spapi_invoices.report.writer import ReportWriter

EXAMPLE = ROOT / "docs" / "examples" / "receipts"
NAME = "spapi-invoices-receipts"


@pytest.fixture
def cli_run(capfd, fresh_plugins):
    """Run the command line; gives exit code, stdout, stderr."""

    def go(*arguments: object) -> tuple[int, str, str]:
        code = run([str(one) for one in arguments])
        return code, *capfd.readouterr()

    return go


@pytest.mark.filterwarnings("default")  # as outside of the tests, where a warning is no error
class TestPlugins:
    """The list."""

    def test_a_broken_plugin_is_a_row_and_a_line(self, cli_run):
        """Its problem is in the data and, once, on stderr; the rest is listed, and the exit code is 0."""

        class Broken:
            @hookimpl
            def register_report_writers(self, register):
                raise ValueError("oops")

        plugins.manager().register(Broken(), "broken")
        code, out, err = cli_run("plugins", "--format", "json")
        rows = {row["plugin"]: row for row in json.loads(out)}
        said = "plugin broken is left out of register_report_writers: ValueError: oops"
        assert (code, err.count("\n"), said in err) == (0, 1, True)
        assert (rows["broken"]["hook"], rows["broken"]["registered"]) == (None, [])
        assert rows["broken"]["problem"].startswith(said)
        assert {row["plugin"] for row in rows.values() if row["problem"] is None} == {
            "commands",
            "documents",
            "layouts",
            "reconciliation",
            "report",
        }

    def test_what_is_missing_is_said_of_rules(self, cli_run, tmp_path: Path):
        """A rule that fails is named on stderr, with --quiet too, and what it prints is no data; the exit code is 0."""

        def loud(keys):
            print("JUNK")  # noqa: T201
            return 1 / 0

        def implementation(register):
            for title, applies in (("Loud", pl.col("key").map_batches(loud)), ("Unknown", pl.col("nope") > 1)):
                register(Rule("amount_differs", applies, title, "It was here.", ""))

        plugins.manager().register(SimpleNamespace(register_reconcile_rules=hookimpl(implementation)), "bad")
        (tmp_path / "l.csv").write_text("key,amount,currency\nA,1,BRL\n")
        code, out, err = cli_run("--quiet", "reconcile", tmp_path / "l.csv", tmp_path / "l.csv", "--format", "ndjson")
        assert (code, [json.loads(line)["status"] for line in out.splitlines()]) == (0, ["matched"])
        warnings = [line for line in err.splitlines() if line.startswith("Warning: rule ")]
        assert [line.split()[2] for line in warnings] == ["'Loud'", "'Unknown'"]
        assert "'Unknown' failed with ColumnNotFoundError" in warnings[1]
        assert "JUNK" in err

    def test_a_fault_is_said_once(self, cli_run, tmp_path: Path):
        """A hook that raised is warned of when it did, and not again among the notes."""

        @hookimpl
        def implementation(register):
            raise ValueError("oops")

        plugins.manager().register(SimpleNamespace(register_reconcile_rules=implementation), "broken")
        (tmp_path / "l.csv").write_text("key,amount,currency\nA,1,BRL\n")
        err = cli_run("reconcile", tmp_path / "l.csv", tmp_path / "l.csv", "--format", "csv")[2]
        assert err.count("plugin broken is left out of register_reconcile_rules") == 1

    @pytest.mark.parametrize("write", ["exit", "text"])
    def test_a_writer_that_fails_is_no_success(self, cli_run, tmp_path: Path, write: str):
        """Exit code 3, a line that names the plugin, no file, and nothing of what it prints on stdout."""

        def written(result, context):
            print("JUNK")  # noqa: T201
            return "text" if write == "text" else sys.exit(0)

        @hookimpl
        def implementation(register):
            register(ReportWriter("w", ".txt", written))

        plugins.manager().register(SimpleNamespace(register_report_writers=implementation), "bad")
        (tmp_path / "l.csv").write_text("key,amount,currency\nA,1,BRL\n")
        code, out, err = cli_run("reconcile", tmp_path / "l.csv", tmp_path / "l.csv", "-o", tmp_path / "r.txt")
        assert (code, out, (tmp_path / "r.txt").exists()) == (3, "", False)
        assert err.splitlines()[-1].startswith("Error: plugin bad ")

    def test_quiet_hides_no_warning(self, cli_run):
        """--quiet is about messages and progress: that a plugin is left out stays, in one line."""

        class Broken:
            @hookimpl
            def register_commands(self, cli):
                sys.exit(3)

        plugins.manager().register(Broken(), "broken")
        code, _, err = cli_run("--quiet", "plugins")
        assert code == 0
        assert err.startswith("Warning: plugin broken is left out of register_commands: SystemExit: 3. Next: ")
        assert err.count("\n") == 1


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[str]]]:
    """A pip that only writes down what it was asked for, and ends with a code."""

    def answer(code: int = 0) -> list[list[str]]:
        asked: list[list[str]] = []

        def call(command: list[str], **_: object) -> SimpleNamespace:
            asked.append(command)
            return SimpleNamespace(returncode=code)

        monkeypatch.setattr(install.subprocess, "run", call)
        return asked

    return answer


def _installed(monkeypatch: pytest.MonkeyPatch, *answers: dict[str, str]) -> None:
    """What is installed as a plugin, each time it is looked up; the last answer stays."""
    left = list(answers)
    monkeypatch.setattr(install, "_installed", lambda: left.pop(0) if len(left) > 1 else left[0])
    monkeypatch.setattr(install, "_problems", list)


class TestInstall:
    """What pip is asked for."""

    @pytest.mark.parametrize(
        ("arguments", "asked"),
        [
            (["a", "b==1.0"], ["install", "--", "a", "b==1.0"]),
            (["-U", "a; python_version > '3'"], ["install", "--upgrade", "--", "a; python_version > '3'"]),
            (["--quiet", "a"], ["install", "--quiet", "--", "a"]),
            (
                ["--", "--index-url=http://evil.example", "$(id)"],
                ["install", "--", "--index-url=http://evil.example", "$(id)"],
            ),
        ],
    )
    def test_arguments_are_passed_on_as_they_are(
        self, cli_run, pip, monkeypatch, arguments: list[str], asked: list[str]
    ):
        """Each is one argument of pip's, behind the mark that ends options; this Python runs it, from no folder of yours."""
        _installed(monkeypatch, {}, {"a": "1.0"})
        wanted = pip()
        code, out, err = cli_run("install", *arguments)
        assert wanted == [[sys.executable, "-P", "-m", "pip", *asked]]
        assert (code, out, err) == (0, "", "" if "--quiet" in arguments else "Plugins installed: a 1.0\n")

    def test_what_is_no_plugin_is_said(self, cli_run, pip, monkeypatch):
        """Something was installed, but no plugin is new."""
        _installed(monkeypatch, {"a": "1.0"})
        pip()
        assert cli_run("install", "b")[2] == "No plugin is new. Next: see spapi-invoices plugins\n"

    def test_what_does_not_work_is_a_failure(self, cli_run, pip, monkeypatch):
        """It is installed, and the error says what is wrong with it; what is wrong with another is not its business."""
        _installed(monkeypatch, {"old": "1.0"}, {"old": "1.0", "a": "1.0"})
        pip()
        said = "plugin x is left out: ImportError: no such thing. Next: tell its author, or spapi-invoices uninstall a"
        monkeypatch.setattr(install, "_problems", lambda: [("old", "plugin old is odd"), ("a", said)])
        code, _, err = cli_run("install", "a")
        assert (code, err.splitlines()) == (
            3,
            ["Plugins installed: a 1.0", f"Error: what is installed does not work: {said}"],
        )

    def test_an_option_of_pips_is_not_ours(self, cli_run, pip):
        """Unknown options are refused, not handed on."""
        asked = pip()
        assert (cli_run("install", "--index-url", "x", "a")[0], asked) == (2, [])

    @pytest.mark.parametrize("command", [["install", "a"], ["uninstall", "-y", "a"]])
    def test_what_pip_refuses_is_a_failure(self, cli_run, pip, monkeypatch, command: list[str]):
        """One line behind pip's own, exit 3."""
        _installed(monkeypatch, {"a": "1.0"})
        pip(1)
        code, _, err = cli_run(*command)
        assert (code, err) == (3, f"Error: pip {command[0]} ended with 1. Next: read what pip says above\n")

    @pytest.mark.parametrize("command", [["install", "a"], ["uninstall", "-y", "a"]])
    def test_without_pip_the_way_is_named(self, cli_run, pip, monkeypatch, command: list[str]):
        """An environment of uv has no pip: exit 2, and what to run instead."""
        _installed(monkeypatch, {"a": "1.0"})
        monkeypatch.setattr(install, "find_spec", lambda name: None)
        asked = pip()
        code, _, err = cli_run(*command)
        assert (code, asked) == (2, [])
        assert f"Next: uv pip {command[0]} --python {sys.executable}" in err


class TestUninstall:
    """Which packages may go."""

    @pytest.mark.parametrize("name", ["spapi-invoices", "SPAPI_Invoices", "spapi.invoices"])
    def test_not_this_program(self, cli_run, pip, monkeypatch, name: str):
        """In whatever spelling, and even if it called itself a plugin."""
        _installed(monkeypatch, {"spapi-invoices": "0.1.0", "a": "1.0"})
        asked = pip()
        code, _, err = cli_run("uninstall", "-y", name)
        assert (code, asked) == (2, [])
        assert "spapi-invoices is this program" in err

    @pytest.mark.parametrize(
        ("there", "says"), [({}, "there is none to uninstall"), ({"b": "1", "a": "1"}, "give one of a, b")]
    )
    def test_not_what_is_no_plugin(self, cli_run, pip, monkeypatch, there: dict[str, str], says: str):
        """Polars stays; the plugins that there are, are named."""
        _installed(monkeypatch, there)
        asked = pip()
        code, _, err = cli_run("uninstall", "-y", "polars")
        assert (code, asked) == (2, [])
        assert f"polars is not installed as a plugin. Next: {says}" in err

    def test_the_name_is_the_packages_own(self, cli_run, pip, monkeypatch):
        """However it is spelt, pip is given the name as installed."""
        _installed(monkeypatch, {"My_Plugin": "1"}, {})
        asked = pip()
        assert cli_run("uninstall", "-y", "my-plugin")[::2] == (0, "Uninstalled: My_Plugin\n")
        assert [command[4:] for command in asked] == [["uninstall", "--yes", "--", "My_Plugin"]]

    def test_what_is_still_there_is_a_failure(self, cli_run, pip, monkeypatch):
        """Pip ends well where it leaves a package of another environment alone."""
        _installed(monkeypatch, {"a": "1"})
        pip()
        assert cli_run("uninstall", "-y", "a")[::2] == (
            3,
            "Error: pip left a where it is. Next: read what pip says above\n",
        )

    def test_it_asks(self, cli_run, pip, monkeypatch):
        """Without --yes and without anyone to answer, nothing is done."""
        _installed(monkeypatch, {"a": "1"})
        monkeypatch.setattr("sys.stdin", io.StringIO())
        asked = pip()
        assert (cli_run("uninstall", "a")[0], asked) == (130, [])


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A fresh environment that sees what is installed here, as a plugin's user has it; it runs Python with arguments."""
    folder = tmp_path_factory.mktemp("environment")
    pip = [] if find_spec("pip") is None else ["--without-pip"]
    subprocess.run([sys.executable, "-m", "venv", *pip, str(folder)], check=True, capture_output=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)}, scheme="venv")
    # addsitedir and not a path: what is installed here for editing is found through a file of its own.
    parents = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    lines = "".join(f"import site; site.addsitedir({parent!r})\n" for parent in sorted(parents))
    Path(paths["purelib"], "parent.pth").write_text(lines, "utf-8")
    # The package under test, wherever it was imported from.
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def python_run(*arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(python), *map(str, arguments)],
            cwd=folder,
            env=environ | extra,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return python_run


@pytest.fixture(scope="module")
def example(environment, tmp_path_factory: pytest.TempPathFactory):
    """The example, built and installed by our own command; runs `spapi-invoices`, and is uninstalled at the end."""
    wheels = tmp_path_factory.mktemp("wheels")
    # Where hatchling is at hand nothing is fetched; on a fresh machine pip gets it.
    at_hand = [] if find_spec("hatchling") is None else ["--no-build-isolation"]
    built = environment("-m", "pip", "wheel", "--no-deps", *at_hand, "--wheel-dir", wheels, EXAMPLE)
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("*.whl")

    def command(*arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
        return environment("-m", "spapi_invoices", *arguments, **extra)

    done = command("install", wheel)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith(f"Plugins installed: {NAME} 1.0.0\n")
    yield command
    gone = command("uninstall", "--yes", "SPAPI_invoices.receipts")
    assert (gone.returncode, "Uninstalled" in gone.stderr) == (0, True), gone.stderr
    rows = json.loads(command("plugins", "--format", "json").stdout)
    assert NAME not in {row["distribution"] for row in rows}


class TestBroken:
    """A package whose module cannot be loaded, really installed."""

    def test_installing_it_says_what_is_wrong(self, environment, tmp_path: Path):
        """The error ends with a command that can be typed, and that mends it."""
        (tmp_path / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "badimport"\nversion = "0.1"\n'
            '[project.entry-points.spapi_invoices]\nbad = "badimport"\n'
        )
        (tmp_path / "badimport.py").write_text('print("JUNK")\nraise ImportError("no such thing")\n')
        isolation = {} if find_spec("hatchling") is None else {"PIP_NO_BUILD_ISOLATION": "0"}
        done = environment("-m", "spapi_invoices", "install", tmp_path, **isolation)
        assert (done.returncode, done.stdout) == (3, "")
        assert "Plugins installed: badimport 0.1" in done.stderr
        said = done.stderr.splitlines()[-1]
        assert "plugin bad is left out: ImportError: no such thing" in said
        command = re.search(r"or spapi-invoices (uninstall \S+)$", said)[1].split()
        assert environment("-m", "spapi_invoices", *command, "--yes").returncode == 0
        assert "bad" not in environment("-m", "spapi_invoices", "plugins", "--format", "csv").stdout


class TestExample:
    """The example's package, really installed, through the command line in a process of its own."""

    def test_it_is_listed_with_all_it_adds(self, example):
        """Name, version, and one thing through each of the four hooks."""
        done = example("plugins", "--format", "json")
        rows = [row for row in json.loads(done.stdout) if row["plugin"] == "receipts"]
        assert {(row["distribution"], row["version"], row["problem"]) for row in rows} == {(NAME, "1.0.0", None)}
        assert {row["hook"]: row["registered"] for row in rows} == {
            "register_commands": ["receipt"],
            "register_document_readers": ["receipts"],
            "register_reconcile_rules": ["Second signature"],
            "register_report_writers": [".md"],
        }

    def test_its_readme_runs(self, example, tmp_path: Path):
        """The commands of its README, as they stand but for the installation, end in a report that holds the order back."""
        text = (EXAMPLE / "README.md").read_text("utf-8")
        lines = re.search(r"```sh\n(.*?)```", text, re.DOTALL)[1].strip().splitlines()
        assert (lines[0], lines[-1]) == ("spapi-invoices install .", f"spapi-invoices uninstall --yes {NAME}")
        python = example("--version").args[0]
        script = 'spapi-invoices() { "$PYTHON" -m spapi_invoices "$@"; }\nset -e\ncd "$FOLDER"\n' + "\n".join(
            lines[1:-1]
        )
        done = subprocess.run(
            ["bash", "-c", script],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": python, "FOLDER": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        report = (tmp_path / "report.md").read_text("utf-8")
        assert "| 111-1234567-7654321 | not_comparable | BRL | - |" in report
        assert "amounts agree to the last digit; Second signature: " in report

    def test_disabled_it_adds_nothing(self, example, tmp_path: Path):
        """With an empty SPAPI_INVOICES_PLUGINS its command is unknown and its document has no reader."""
        (tmp_path / "r.txt").write_text(example("receipt", "--number=7", "--order=A", "--total=BRL 1.00").stdout)
        assert example("receipt", "--help", SPAPI_INVOICES_PLUGINS="").returncode == 2
        said = {}
        for listed in ("", "receipts"):
            done = example("documents", "read", tmp_path / "r.txt", "--format", "json", SPAPI_INVOICES_PLUGINS=listed)
            said[listed] = [(row["reader"], row["total_amount"]) for row in json.loads(done.stdout)]
        assert said == {"": [(None, None)], "receipts": [("receipts", "1.00")]}

    def test_help_loads_nothing_heavy(self, environment, example):
        """With the plugin installed too, --help imports neither polars nor its reader."""
        code = (
            "import sys\nfrom spapi_invoices.cli import run\nrun(['--help'])\n"
            "print([m for m in ('polars', 'spapi_invoices_receipts.reader') if m in sys.modules])"
        )
        lines = environment("-c", code).stdout.splitlines()
        assert lines[-1] == "[]"
        assert any(line.split()[:1] == ["receipt"] for line in lines)

    def test_its_own_tests_pass(self, environment, example):
        """As its author would run them."""
        done = environment(
            "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"
        )
        assert done.returncode == 0, done.stdout + done.stderr
