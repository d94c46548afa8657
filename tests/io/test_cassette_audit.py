"""The audit of a file: nothing that is written in it escapes, whatever its place."""

import base64
import gzip
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from conftest import DEMO, NA

from spapi_invoices.errors import CassetteInvalid
from spapi_invoices.io.cassette_audit import audit_file
from spapi_invoices.recording import Finding

CANARIES = ["Atza|canary", "maria@gmail.com"]
RECORDING = f"""\
interactions:
- request:
    body: null
    headers:
      accept:
      - application/json
    method: GET
    uri: {NA}/fba/outbound/brazil/v0/shipments/D1
  response:
    body:
      string: '{{"payload":{{}}}}'
    headers:
      content-type:
      - application/json
    status:
      code: 200
      message: OK
metadata:
  spapi_invoices:
    api_version: v1
    time_zone: America/Sao_Paulo
version: 1
"""
LINES = RECORDING.splitlines(keepends=True)


def texts(node: yaml.Node) -> list[yaml.ScalarNode]:
    """All scalars below a node, keys included."""
    if isinstance(node, yaml.ScalarNode):
        return [node]
    below = node.value if isinstance(node, yaml.SequenceNode) else [one for pair in node.value for one in pair]
    return [one for each in below for one in texts(each)]


NODES = [(one.start_mark.index, one.end_mark.index) for one in texts(yaml.compose(RECORDING))]


@pytest.fixture
def found(tmp_path: Path):
    """What the audit finds in a text or bytes."""

    def audited(content: str | bytes, **options: bool) -> tuple[Finding, ...]:
        path = tmp_path / "c.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return audit_file(path, **options)

    return audited


def test_what_we_ship_and_record_is_clean(found):
    """A recording of ours has nothing that needs a second look, and neither has one with the aliases that vcrpy writes."""
    assert audit_file(DEMO) == ()
    assert found(RECORDING) == ()
    one = yaml.safe_load(RECORDING)["interactions"][0]
    twice = yaml.dump({"interactions": [one, {**one}], "version": 1})
    assert "*id001" in twice
    assert found(twice) == ()


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("span", NODES, ids=lambda span: RECORDING[slice(*span)][:20])
class TestEveryNode:
    """At each key and at each value."""

    def test_in_its_place(self, found, span: tuple[int, int], canary: str):
        """In place of a text it is found, or the file is no cassette any more."""
        changed = f"{RECORDING[: span[0]]}'{canary}'{RECORDING[span[1] :]}"
        with suppress(CassetteInvalid):
            findings = found(changed)
            assert findings
            assert canary not in repr(findings)

    def test_as_its_anchor_or_tag(self, found, span: tuple[int, int], canary: str):
        """As the name of an anchor before it, or as its tag."""
        name = "".join(filter(str.isalnum, canary))
        assert found(f"{RECORDING[: span[0]]}&{name} {RECORDING[span[0] :]}")
        with pytest.raises(CassetteInvalid):
            found(f"{RECORDING[: span[0]]}!{name} {RECORDING[span[0] :]}")

    def test_in_a_null(self, found, span: tuple[int, int], canary: str):
        """A null may have any text, and would lose it."""
        with suppress(CassetteInvalid):
            assert found(f"{RECORDING[: span[0]]}!!null '{canary}'{RECORDING[span[1] :]}")


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("at", range(len(LINES)))
class TestEveryLine:
    """Before, behind and beside each line."""

    def test_a_comment(self, found, at: int, canary: str):
        """Behind the line or above it."""
        above = "".join((*LINES[:at], f"# for {canary}\n", *LINES[at:]))
        behind = "".join((*LINES[:at], LINES[at].rstrip("\n"), f" # {canary}\n", *LINES[at + 1 :]))
        kind = "token" if "|" in canary else "personal data"
        assert found(above) == found(behind) == (Finding(0, f"line {at + 1}", kind),)

    def test_a_further_key(self, found, at: int, canary: str):
        """Beside each key, as a name or as a value, and as a first one of the same name that the second hides."""
        name, colon, _ = LINES[at].partition(":")
        if not colon or "-" in name:
            return
        indent = name[: len(name) - len(name.lstrip())]
        for line in (f"{indent}note: '{canary}'\n", f"{indent}'{canary}': 1\n", f"{name}: ['{canary}']\n"):
            assert found("".join((*LINES[:at], line, *LINES[at:]))), line


@pytest.mark.parametrize(
    "changed",
    [
        RECORDING.replace("headers:\n      content-type:", "headers:\n      maria-silva: []\n      content-type:"),
        RECORDING.replace("string: '{\"payload\":{}}'", "string: | # a@b.de\n        {}\n"),
        RECORDING.replace("string: '{\"payload\":{}}'", "string: !!binary 'e30= Maria'"),
        RECORDING.replace("string: '{\"payload\":{}}'", f"string: !!binary '{base64.b64encode(b'Maria').decode()}'"),
        RECORDING.replace("version: 1", "version: 52998224725"),
        RECORDING.replace("America/Sao_Paulo", "Maria/Silva"),
        RECORDING.replace("api_version: v1", "api_version: v2"),
        RECORDING.replace("  response:", f"  body_sha256: {'5a' * 32}\n  response:"),
        RECORDING.replace("  response:", "  '#Maria': null\n  response:"),
        RECORDING + "? !!str {=: Maria}\n: 2\n",
        RECORDING + "...\n# a@b.de\n",
        RECORDING.replace("\n", "\r\n") + "# a@b.de\r\n",
        "\ufeff# a@b.de\n" + RECORDING,
        f"# á 😀\n{RECORDING}# a@b.de\n".encode("utf-16"),
    ],
)
def test_hiding_places(found, changed: str | bytes):
    """What YAML or its reader would skip without a word."""
    assert found(changed)


def test_free_words_are_for_comments(found):
    """A comment may say anything that gives nobody away; an unknown key may not."""
    assert found(f"# The order of October, see issue 12.\n{RECORDING}") == ()
    assert found(f"seen: October\n{RECORDING}") == (Finding(0, "line 1", "unknown text"),)


def test_a_key_of_amazons_words_says_nothing(found):
    """Such as other versions of vcrpy write."""
    assert found(RECORDING.replace("  response:", "  response:\n    url: null")) == ()


def test_documents_may_be_allowed(found):
    """As in the audit of exchanges, whose findings come first."""
    content = base64.b64encode(gzip.compress(b"Maria", mtime=0)).decode()
    changed = "# a@b.de\n" + RECORDING.replace('"payload":{}', f'"content":"{content}"')
    last = Finding(0, "line 1", "personal data")
    assert found(changed) == (Finding(1, "response body content", "document"), last)
    assert found(changed, allow_documents=True) == (last,)
