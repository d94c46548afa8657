"""Every token of a body is seen once, whatever state the body is in; what is not replaced keeps its bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import json_values

from spapi_invoices.recording.json_text import Token, rewrite

texts = st.text(st.sampled_from('ab"\\{}[]:,-0e.\n \ufeff\u00a0éx\ud800😀')) | st.text()


@given(texts)
def test_nothing_is_lost(body: str):
    """A body of which nothing is replaced is the same body."""
    assert rewrite(body, lambda token: token.text) == body


@given(texts)
def test_nothing_is_passed_by(body: str):
    """If every token is replaced, no letter and no digit of the body is left outside of names of escapes."""
    left = rewrite(body, lambda token: "?")
    assert not any(character.isalnum() for character in left)


@given(json_values)
def test_texts_and_names_are_those_of_the_parser(value: object):
    """In a body that is JSON, what is seen are the names and texts that a parser finds, with their fields."""
    seen: list[Token] = []
    rewrite(json.dumps(value), lambda token: (seen.append(token), token.text)[1])
    assert sorted((one.field, one.text) for one in seen if one.kind == "text") == sorted(leaves(value, ""))
    assert {one.kind for one in seen} <= {"text", "name", "number", "word"}


def leaves(value: object, field: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in leaves(inner, name)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner, field)]
    return [(field, value)] if isinstance(value, str) else []


@given(json_values)
def test_a_body_stays_json_with_the_same_structure(value: object):
    """Replacing texts replaces texts, and nothing else."""
    made = rewrite(json.dumps(value), lambda token: '"\\x' if token.kind == "text" else token.text)
    assert json.loads(made) == replaced(value)


def replaced(value: object) -> object:
    if isinstance(value, dict):
        return {name: replaced(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner) for inner in value]
    return '"\\x' if isinstance(value, str) else value


@pytest.mark.parametrize("inside", ["a\nMaria", "\x00", "\\n\x1f", "\\ud800x", "x\\udc00\\ud800", "\\q", "\\u12"])
def test_a_wrong_text_is_raw(inside: str):
    """What a strict parser refuses is not written anew, for then it would be right."""
    seen = []
    rewrite(f'{{"a": "{inside}"}}', lambda token: (seen.append((token.kind, token.text)), token.text)[1])
    assert seen[1:] == [("raw", inside)]


def test_a_pair_of_surrogates_is_a_character():
    """As JSON writes what is beyond 16 bits."""
    assert rewrite('"\\ud83d\\ude00"', lambda token: f"{token.kind} {token.text}") == '"text 😀"'


def test_places():
    """A place is the way from the root; of a deep one the last eight steps."""
    places = []
    rewrite('{"a": [1, {"b": "x"}], "c": 2}', lambda token: (places.append(token.place), token.text)[1])
    assert places == ["", "a[0]", "a[1]", "a[1].b", "", "c"]
    deep = []
    rewrite('{"a":' * 100_000 + "1", lambda token: (token.kind == "number" and deep.append(token.place), token.text)[1])
    assert deep == ["..." + "a." * 7 + "a"]
