"""The table of findings: every name the readers use is in it, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from spapi_invoices import documents
from spapi_invoices.documents import nfe_checks
from spapi_invoices.documents.findings import FINDINGS, Found, Unreadable, names, words

_NAMES = [finding.name for finding in FINDINGS]
# Where a name stands in the code: made into a finding, raised, in a table of statuses, or added to a tuple.
_MAKERS = {"Found", "Unreadable"}


def _used() -> Iterator[str]:
    for path in Path(documents.__path__[0]).glob("*.py"):
        if path.name == "findings.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and node.value in _NAMES:
                yield node.value


def _made() -> Iterator[str]:
    """The first argument of each finding that is written out."""
    for path in Path(documents.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _MAKERS:
                yield from (one.value for one in node.args[:1] if isinstance(one, ast.Constant))


def test_every_name_is_in_the_table() -> None:
    """A finding without an entry would have no explanation, and no next step."""
    assert set(_made()) <= set(_NAMES)
    assert {name for name, _ in nfe_checks._STATUS.values()} <= set(_NAMES)


def test_every_entry_is_used() -> None:
    """An entry that nothing finds would be a promise nobody keeps."""
    assert set(_NAMES) - set(_used()) == set()


def test_entries() -> None:
    """Names are unique and in snake_case; each entry says what it means and what to do, without a full stop."""
    assert len(_NAMES) == len(set(_NAMES))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in _NAMES)
    assert all(one.meaning and one.next_step and not one.next_step.endswith(".") for one in FINDINGS)


def test_names_and_words() -> None:
    """A name comes once, in order; the words of all are told."""
    found = [Found("denied", "a"), Found("tax_id_wrong", "b"), Found("denied", "c")]
    assert (names(found), words(found)) == (("denied", "tax_id_wrong"), "a; b; c")
    assert (names([]), words([])) == ((), None)


def test_many_of_a_kind() -> None:
    """Of a thousand findings of a kind the first few are told and the rest counted, and no other kind is lost."""
    found = [Found("no_lines", f"line {at}") for at in range(1000)] + [Found("denied", "cStat 110")]
    assert words(found) == "line 0; line 1; line 2; line 3; line 4; cStat 110; 995 more of no_lines"
    assert names(found) == ("no_lines", "denied")


def test_what_to_do_comes_from_the_table() -> None:
    """The problem of an unreadable document ends with its finding's next step."""
    for finding in FINDINGS:
        assert Unreadable(finding.name, "odd").problem == f"odd. Next: {finding.next_step}"
