"""What is in the folder cassettes: synthetic, safe to share, and made anew by its script."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from spapi_invoices.io.cassette_audit import audit_file

CASSETTES = sorted((ROOT / "cassettes").glob("*.yaml"))
FILES = [path for path in sorted((ROOT / "cassettes").rglob("*")) if path.is_file() and path.suffix != ".py"]
# Prefixes of Login with Amazon's and restricted data tokens, client ids and secrets (developer guide): a check that knows
# nothing of the audit.
SECRETS = re.compile(
    r"At[a-z]{1,2}(\.sprdt)?\||amzn1\.(application-oa2-client|oa2-cs)\.|sandbox-(secret|refresh-token)"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_is_in_it(path: Path):
    """No token, client id or secret is in any file."""
    assert SECRETS.search(path.read_text("utf-8")) is None


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.name)
def test_it_passes_the_audit(path: Path):
    """A recording that we ship is one that the product calls safe to share, and it says that it is synthetic."""
    assert audit_file(path) == ()
    assert path.read_text("utf-8").startswith("# SYNTHETIC")


def test_nobody_is_in_it():
    """The names that the sandbox gives its buyers stand in no answer: they were replaced like anybody's.

    Its documents are kept, for they are synthetic already, and name their made-up buyers; here they are base64.
    """
    text = "".join(path.read_text("utf-8") for path in CASSETTES)
    assert re.findall(r"Example (Customer|Marketplace)|\+55 11|@example\.com", text) == []


def test_the_script_makes_it_again(tmp_path: Path):
    """cassettes/record_demo.py, run over real HTTP, gives the committed files."""
    spec = importlib.util.spec_from_file_location("record_demo", ROOT / "cassettes" / "record_demo.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(tmp_path)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert made == {path.relative_to(ROOT / "cassettes") for path in FILES}
    for name in made - {Path("demo.yaml")}:
        assert (tmp_path / name).read_bytes() == (ROOT / "cassettes" / name).read_bytes()
    # Parsed, because another PyYAML may wrap its lines elsewhere.
    assert yaml.safe_load((tmp_path / "demo.yaml").read_text()) == yaml.safe_load(CASSETTES[0].read_text())
