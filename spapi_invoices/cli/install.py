"""``spapi-invoices install`` and ``uninstall``: pip, in the environment this program runs in. Not a resolver of its own."""

import importlib
import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec

import click

from spapi_invoices.cli.session import Session, SessionCommand
from spapi_invoices.errors import FileFailed, InvalidRequest, MissingExtra
from spapi_invoices.plugins import GROUP


@click.command(
    cls=SessionCommand, asks=False, emits=False, epilog="Example: spapi-invoices install spapi-invoices-receipts"
)
@click.argument("packages", nargs=-1, required=True, metavar="PACKAGE...")
@click.option("-U", "--upgrade", is_flag=True, help="Also if it is installed already: get the newest.")
@click.pass_obj
def install(session: Session, packages: tuple[str, ...], upgrade: bool) -> None:
    """Install plugins into this program's environment.

    PACKAGE is what pip takes: a name, a name with a version, a file, a folder, or an address.
    """
    before = _installed()
    _pip(session, "install", *(["--upgrade"] if upgrade else []), "--", *packages)
    new = {name: version for name, version in _installed().items() if before.get(name) != version}
    said = ", ".join(f"{name} {version}" for name, version in new.items())
    session.say(f"Plugins installed: {said}" if said else "No plugin is new. Next: see spapi-invoices plugins")
    if problems := [problem for name, problem in _problems() if name in new] if new else []:
        raise FileFailed(f"what is installed does not work: {'; '.join(problems)}")


@click.command(
    cls=SessionCommand, asks=False, emits=False, epilog="Example: spapi-invoices uninstall spapi-invoices-receipts"
)
@click.argument("package")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def uninstall(session: Session, package: str, yes: bool) -> None:
    """Uninstall a plugin, by the name of its package: the column `distribution` of `spapi-invoices plugins`."""
    there = {_canonical(name): name for name in _installed()}
    name = there.get(_canonical(package))
    if _canonical(package) == "spapi-invoices":
        raise InvalidRequest("spapi-invoices is this program, no plugin. Next: remove it with pip itself")
    if name is None:
        known = f"give one of {', '.join(sorted(there))}" if there else "there is none to uninstall"
        raise InvalidRequest(f"{package} is not installed as a plugin. Next: {known}")
    if not yes:
        click.confirm(f"Uninstall {name}?", abort=True, err=True)
    _pip(session, "uninstall", "--yes", "--", name)
    if name in _installed():
        raise FileFailed(f"pip left {name} where it is. Next: read what pip says above")
    session.say(f"Uninstalled: {name}")


def _pip(session: Session, action: str, *arguments: str) -> None:
    """Run the pip of this environment; what it says goes to stderr."""
    if find_spec("pip") is None:
        raise MissingExtra(
            f"pip is not installed beside {sys.executable}. Next: uv pip {action} --python {sys.executable} with the same "
            "packages, or get pip: python -m ensurepip"
        )
    options = ["--quiet"] if session.quiet else []
    # -P: a pip.py in the current folder is not pip. No shell, and what stands behind -- is no option.
    command = [sys.executable, "-P", "-m", "pip", action, *options, *arguments]
    if code := subprocess.run(command, stdout=sys.stderr, check=False).returncode:  # noqa: S603
        raise FileFailed(f"pip {action} ended with {code}. Next: read what pip says above")


def _installed() -> dict[str, str]:
    """The packages that bring plugins, loaded or not, with their versions."""
    importlib.invalidate_caches()
    return {one.dist.name: one.dist.version for one in entry_points(group=GROUP) if one.dist is not None}


def _problems() -> list[tuple[str, str]]:
    """What is wrong with plugins, each with its package: as a program sees it that starts now, for this one is older."""
    command = [sys.executable, "-P", "-W", "ignore", "-m", "spapi_invoices", "plugins", "--format", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
    rows = json.loads(done.stdout) if done.returncode == 0 else []
    return list(dict.fromkeys((row["distribution"], row["problem"]) for row in rows if row["problem"]))


def _canonical(name: str) -> str:
    """As package indexes compare names. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
