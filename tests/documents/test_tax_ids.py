"""The check digits against python-stdnum and the verified vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cnpj, cpf
from stdnum.in_ import gstin

from spapi_invoices.documents.tax_ids import cnpj_is_valid, cpf_is_valid, gstin_check_character, gstin_is_valid

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _with_good_or_any_end(body: str, good: str, other: str, choose: bool) -> str:  # noqa: FBT001 - drawn
    return body + (good if choose else other)


@given(st.text(_ALPHANUMERIC, min_size=12, max_size=12), st.from_regex(r"[0-9]{2}", fullmatch=True), st.booleans())
def test_cnpj(body: str, end: str, good: bool) -> None:  # noqa: FBT001 - drawn
    """A CNPJ, with letters or without, is valid exactly when python-stdnum says so."""
    number = _with_good_or_any_end(body, cnpj.calc_check_digits(body), end, good)
    assert cnpj_is_valid(number) == cnpj.is_valid(number)


@given(st.from_regex(r"[0-9]{9}", fullmatch=True), st.integers(0, 99))
def test_cpf(body: str, end: int) -> None:
    """A CPF is valid exactly when python-stdnum says so, but for one digit eleven times over; one of all endings is."""
    number, same = f"{body}{end:02}", body == body[0] * 9
    assert cpf_is_valid(number) == (cpf.is_valid(number) and number != number[0] * 11)
    assert sum(cpf_is_valid(f"{body}{other:02}") for other in range(100)) == (0 if same else 1)


@given(
    st.sampled_from(["01", "07", "27", "29", "36"]),
    st.from_regex(r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{3}[1-9][A-Z]", fullmatch=True),
    st.sampled_from(_ALPHANUMERIC[1:]),
    st.sampled_from(_ALPHANUMERIC),
)
def test_gstin(state: str, pan: str, registration: str, last: str) -> None:
    """A GSTIN of a known state and kind of holder is valid exactly when python-stdnum says so."""
    body = f"{state}{pan}{registration}Z"
    for number in (body + last, body + gstin_check_character(body)):
        assert gstin_is_valid(number) == gstin.is_valid(number)
    assert gstin_is_valid(body + gstin_check_character(body))


@pytest.mark.parametrize(
    ("is_valid", "number"),
    [
        (cnpj_is_valid, "12.ABC.345/01DE-35"),
        (cnpj_is_valid, "12abc34501de35"),
        (cnpj_is_valid, "00000000000000"),
        (cnpj_is_valid, "12ABC34501DE3\u0665"),
        (cpf_is_valid, "529.982.247-25"),
        (cpf_is_valid, ""),
        (cpf_is_valid, "00000000000"),
        (cpf_is_valid, "11111111111"),
        (cpf_is_valid, "99999999999"),
        (gstin_is_valid, "27AAPFU0939F1ZV\n"),
        (gstin_is_valid, "27AAPFU0939F0ZX"),
    ],
)
def test_another_form_is_invalid(is_valid, number: str) -> None:
    """Punctuation, lower case, foreign digits, zeros and line ends are refused, and nothing raises."""
    assert not is_valid(number)
