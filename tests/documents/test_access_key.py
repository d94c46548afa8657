"""The access key: vectors that were verified against real documents, and the laws of its check digit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.documents.access_key import AccessKey, check_digit, parse, split

_VECTORS = [
    "13181017921427000125650010000000309887251170",
    "23140502179938000146550010000658711000658716",
    "35260712ABC34501DE35550010000000011123456784",
]
_bodies = st.from_regex(r"[0-9]{6}[0-9A-Z]{12}[0-9]{25}", fullmatch=True)


@pytest.mark.parametrize("text", _VECTORS)
def test_verified_keys(text: str) -> None:
    """Keys of real documents, and one with a CNPJ of 2026, parse and come together again."""
    assert str(parse(text)) == text


def test_parts() -> None:
    """The parts stand where the manual puts them."""
    key = parse(_VECTORS[2])
    expected = AccessKey("35", "2607", "12ABC34501DE35", "55", "001", "000000001", "1", "12345678", "4")
    assert key == expected


@given(_bodies, st.integers(0, 42), st.data())
def test_one_wrong_digit_shows(body: str, position: int, data: st.DataObject) -> None:
    """The right digit is accepted, every other refused; a changed digit in the body shows unless both end in 0."""
    good = check_digit(body)
    assert str(parse(body + good)) == body + good
    with pytest.raises(ValueError, match=rf"it should be {good}"):
        parse(body + str((int(good) + 1) % 10))
    if body[position].isdigit():
        other = data.draw(st.sampled_from([d for d in "0123456789" if d != body[position]]))
        changed = check_digit(body[:position] + other + body[position + 1 :])
        # Remainders 0 and 1 share the digit 0, which is the one collision the rule has.
        assert changed != good or good == "0"


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    """Whatever the text, the answer is a key or a ValueError that does not repeat it."""
    try:
        parse(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=f"^{re.escape(str(error))}$"):
            parse("?" * len(text))


def test_split_wants_44() -> None:
    """Cutting needs the length."""
    with pytest.raises(ValueError, match="3 characters"):
        split("123")
