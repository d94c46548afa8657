"""What is in the folder cassettes: synthetic, without secrets, and made anew by its script."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

CASSETTES = sorted((ROOT / "cassettes").glob("*.yaml"))
FILES = [path for path in sorted((ROOT / "cassettes").rglob("*")) if path.is_file() and path.suffix != ".py"]
# Prefixes of Login with Amazon's and restricted data tokens, client ids and secrets (developer guide).
SECRETS = re.compile(
    r"At[a-z]{1,2}(\.sprdt)?\||amzn1\.(application-oa2-client|oa2-cs)\.|sandbox-(secret|refresh-token)"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_is_in_it(path: Path):
    """No token, client id or secret is in any file."""
    assert SECRETS.search(path.read_text("utf-8")) is None


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.name)
def test_it_says_that_it_is_synthetic_and_has_no_token_header(path: Path):
    """A recording says what it is; its hosts are Amazon's, and no header carries a token."""
    text = path.read_text("utf-8")
    assert text.startswith("# SYNTHETIC")
    for interaction in yaml.safe_load(text)["interactions"]:
        request = interaction["request"]
        assert re.match(r"https://(api|sellingpartnerapi-(eu|na))\.amazon\.com/", request["uri"])
        assert {name.lower() for name in request["headers"]} <= {"accept", "content-type"}


def test_every_name_in_it_is_made_up():
    """Buyers are numbered examples, and their telephone numbers are of nobody."""
    text = CASSETTES[0].read_text("utf-8")
    names = re.findall(r'"(?:BuyerName|Name|CompanyLegalName)":"([^"]*)"', text)
    kinds = {"CPF", "CNPJ"}
    assert {re.sub(r" \d+$", " N", name) for name in names} - kinds == {
        "Example Customer N",
        "Example Marketplace Ltda",
    }
    assert all(phone.startswith("+55 11 0000-") for phone in re.findall(r'"Phone":"([^"]*)"', text))


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
