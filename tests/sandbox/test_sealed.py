"""Texts that carry their content."""

from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.sandbox.sealed import seal, unseal

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.lists(JSON))
def test_there_and_back(content):
    """What was sealed comes out as it went in, and again the same text."""
    assert unseal(seal(*content)) == content
    assert seal(*content) == seal(*content)


@given(st.text())
def test_made_up(text):
    """A text that was not sealed here is none, whatever its characters."""
    assert unseal(text) is None


@given(st.lists(JSON), st.data())
def test_damaged(content, data):
    """One character changed, added or left out: it is no longer a sealed text."""
    text = seal(*content)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="latin-1").filter(lambda one: one != text[at]))
    for damaged in (
        text[:at] + other + text[at + 1 :],
        text[:at] + text[at + 1 :],
        f"{text}=",
        f"{text}\n",
        f" {text}",
    ):
        assert damaged == text or unseal(damaged) is None
