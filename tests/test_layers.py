"""Arrows point inward: what each part of the package may import, read from the syntax trees and not from a run."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import spapi_invoices

PACKAGE = Path(spapi_invoices.__file__).parent
ROOT = "spapi_invoices"
_BASE = {"errors", "endpoints"}
_FRAMES = _BASE | {"core", "frames"}

# Part -> the other parts it may import. ``None``: anything. A part without a row fails, so that it gets one on purpose.
ARROWS: dict[str, set[str] | None] = {
    "errors": set(),
    "endpoints": set(),
    "core": _BASE,
    "frames": _BASE | {"core"},
    "documents": _FRAMES,
    "workers": _BASE | {"core", "documents"},
    "synthetic": _FRAMES | {"documents"},
    "reconciliation": _FRAMES,
    "report": _FRAMES | {"reconciliation"},
    "recording": _FRAMES | {"documents", "synthetic"},
    "io": _FRAMES | {"recording"},
    # Our own commands go through the hook that plug-ins use, so plugins reaches for cli, inside the hook; and io.settings,
    # the only reader of the environment, says which plugins are enabled.
    "plugins": _FRAMES | {"documents", "reconciliation", "report", "cli", "io"},
    "sandbox": _FRAMES | {"documents", "io", "synthetic"},
    "pytest_plugin": None,
    "analysis": None,
    "__main__": None,
    "notebook": None,
    "cli": None,
    "__init__": None,
}

# Module from outside -> the only modules of ours that may import it.
ONLY_IN = {"requests": {"spapi_invoices.io.transport"}}
# Part -> modules from outside that it may not import.
BANNED = {
    "core": {"polars", "pandera", "narwhals", "pandas", "pyarrow", "requests"}
    | {"time", "random", "socket", "os", "pathlib"}
}
READS_ENVIRONMENT = {"spapi_invoices.io.settings"}
FORBIDDEN_NAMES = {"requests", "types", "utils"}


def part_of(module: str) -> str:
    """The part of the package a module belongs to: ``spapi_invoices.core.wire`` -> ``core``."""
    steps = module.split(".")
    return steps[1] if len(steps) > 1 else "__init__"


def imports(module: str, tree: ast.AST, *, is_package: bool = False) -> Iterator[str]:
    """All that a module imports, at any depth: dotted names, relative ones resolved, imported names included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                steps = module.split(".")
                anchor = steps[: len(steps) - node.level + is_package]
                base = ".".join([*anchor, base] if base else anchor)
            # The version stands in the root and loads nothing; any other name of the root is a part or lives in one.
            yield from (f"{base}.{alias.name}" for alias in node.names if (base, alias.name) != (ROOT, "__version__"))
        elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
            yield from (
                one.value for one in node.args[:1] if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def faults(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """What is wrong with a module's imports, one line each."""
    tree, part = ast.parse(source), part_of(module)
    if part not in ARROWS:
        return [f"{module}: part {part} has no row in ARROWS"]
    allowed, found = ARROWS[part], []
    for name in imports(module, tree, is_package=is_package):
        top, target = name.partition(".")[0], part_of(name)
        if top == ROOT and allowed is not None and target not in allowed | {part}:
            found.append(f"{module} imports {name}: {part} -> {target}")
        if top in ONLY_IN and module not in ONLY_IN[top]:
            found.append(f"{module} imports {top}")
        if top in BANNED.get(part, ()):
            found.append(f"{module} imports {top}, which {part} may not")
    if module not in READS_ENVIRONMENT and reads_environment(tree):
        found.append(f"{module} reads the environment")
    return found


def reads_environment(tree: ast.AST) -> bool:
    """``os.environ`` or ``os.getenv`` in any spelling."""
    names = {"environ", "environb", "getenv", "getenvb"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names and getattr(node.value, "id", "") == "os":
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "os" and names & {alias.name for alias in node.names}:
            return True
    return False


def modules() -> Iterator[tuple[str, Path]]:
    """Name and file of every module of the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        steps = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(steps[:-1] if steps[-1] == "__init__" else steps), path


class TestPackage:
    """The package as it is."""

    def test_arrows_point_inward(self) -> None:
        """No module imports from a part further out, nor what its part or module may not import."""
        found = [
            fault
            for module, path in modules()
            for fault in faults(module, path.read_text("utf-8"), is_package=path.name == "__init__.py")
        ]
        assert found == []

    def test_the_walk_sees_the_package(self) -> None:
        """The walk visits the modules at every depth; else the law above would hold for an empty list."""
        assert {"spapi_invoices", "spapi_invoices.errors", "spapi_invoices.core.wire"} <= {
            name for name, _ in modules()
        }

    def test_names(self) -> None:
        """No module has a name that hides a well-known one or says nothing."""
        assert [name for name, _ in modules() if name.rpartition(".")[2] in FORBIDDEN_NAMES] == []

    def test_the_root_is_light(self) -> None:
        """Importing the package loads neither polars nor requests, nor anything else that is slow to load."""
        code = "import sys, spapi_invoices; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
        answer = subprocess.run(
            [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
        )
        assert {"polars", "pandera", "requests", "msgspec", "narwhals", "click"}.isdisjoint(answer.stdout.split())


class TestFaults:
    """The checker itself: made-up modules with turned and straight arrows."""

    @pytest.mark.parametrize(
        ("module", "source", "said"),
        [
            ("core.wire", "import spapi_invoices.frames.build", "core -> frames"),
            ("core.wire", "from spapi_invoices.io import client", "core -> io"),
            ("core.wire", "from spapi_invoices import io", "core -> io"),
            ("core.wire", "from ..frames import build", "core -> frames"),
            ("core.wire", "from .. import frames", "core -> frames"),
            ("core.wire", "def f():\n    from spapi_invoices.io import client", "core -> io"),
            ("core.wire", "if TYPE_CHECKING:\n    from spapi_invoices.io.client import Client", "core -> io"),
            ("core.wire", "import_module('spapi_invoices.io')", "core -> io"),
            ("errors", "from spapi_invoices.core import wire", "errors -> core"),
            ("endpoints", "from spapi_invoices import errors", "endpoints -> errors"),
            ("frames.build", "from spapi_invoices.documents import media", "frames -> documents"),
            ("documents.nfe", "from spapi_invoices.reconciliation import match", "documents -> reconciliation"),
            ("reconciliation.match", "from spapi_invoices.report import html", "reconciliation -> report"),
            ("reconciliation.match", "from spapi_invoices import connect", "reconciliation -> connect"),
            ("io.client", "from spapi_invoices.reconciliation import reconcile", "io -> reconciliation"),
            ("report.html", "from spapi_invoices.documents import nfe", "report -> documents"),
            ("sandbox.world", "from spapi_invoices.cli import main", "sandbox -> cli"),
            ("plugins", "from spapi_invoices.notebook import explorer", "plugins -> notebook"),
            ("core.wire", "import time", "imports time"),
            ("core.wire", "from os import path", "imports os"),
            ("core.wire", "import polars as pl", "imports polars"),
            ("core.wire", "def f():\n    import narwhals.stable.v1 as nw", "imports narwhals"),
            ("io.auth", "import requests.adapters", "imports requests"),
            ("cli.main", "from requests import Session", "imports requests"),
            ("cli.main", "import os\nos.environ['HOME']", "reads the environment"),
            ("sandbox.app", "import os\nx = os.getenv('HOME')", "reads the environment"),
            ("io.client", "from os import environ as e", "reads the environment"),
            ("helpers.thing", "", "helpers has no row"),
        ],
    )
    def test_turned(self, module: str, source: str, said: str) -> None:
        """A turned arrow is reported once, in whatever way it is written."""
        (fault,) = faults(f"{ROOT}.{module}", source)
        assert said in fault

    @pytest.mark.parametrize(
        ("module", "source"),
        [
            ("core.status", "from spapi_invoices.errors import ApiError\nfrom .wire import HttpRequest\nimport re"),
            ("io.transport", "import requests\nfrom spapi_invoices import __version__"),
            ("io.settings", "import os\nos.environ"),
            ("cli.main", "from spapi_invoices.io import client\nfrom spapi_invoices import connect"),
            ("report.html", "from spapi_invoices.reconciliation import result\nfrom spapi_invoices.core import money"),
            ("sandbox.app", "environment = {}\nenvironment.environ"),
        ],
    )
    def test_straight(self, module: str, source: str) -> None:
        """An arrow that points inward is no fault."""
        assert faults(f"{ROOT}.{module}", source) == []

    def test_relative_in_a_package(self) -> None:
        """One dot in a package's own file is the package; in a module beside it, the same package."""
        for is_package, module in ((True, "spapi_invoices.core"), (False, "spapi_invoices.core.wire")):
            tree = ast.parse("from . import models\nfrom .wire import x")
            names = list(imports(module, tree, is_package=is_package))
            assert names == ["spapi_invoices.core.models", "spapi_invoices.core.wire.x"]
