"""Every official field has its rule, and no rule leaves room for what must not stay."""

from collections.abc import Iterator
from typing import Any, get_args

import hiding
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_invoices.core import models
from spapi_invoices.recording import vocabulary
from spapi_invoices.recording.fakes import shape_of

# Texts for which no form is harmless, and which are about nobody.
FAKED = {"Title", "dataElements", "nextToken", "ContentMD5Value"}
TABLES = (
    frozenset(vocabulary.EXACT) - {"Name"},
    vocabulary.IDENTIFIERS,
    vocabulary.COUNTS - {"Amount", "limit"},
    vocabulary.SECRETS,
    vocabulary.DOCUMENTS - {"content"},
    vocabulary.PERSONAL,
    vocabulary.SENTENCES,
    FAKED,
)


def official() -> Iterator[tuple[str, Any]]:
    """The fields of Amazon's structs that hold a text or a number."""
    for struct in vars(models).values():
        if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
            for field in msgspec.structs.fields(struct):
                inner = {field.type, *get_args(field.type)}
                if {str, float, int, list[str]} & inner:
                    yield field.encode_name, field.type


@pytest.mark.parametrize("name", sorted({name for name, _ in official()}))
def test_every_official_field_has_one_rule(name: str):
    """A field that Amazon adds to a model is decided on; none is decided on twice."""
    assert sum(name in table for table in TABLES) == 1


@given(st.sampled_from(sorted(vocabulary.EXACT)), hiding.tokens | hiding.personal | hiding.names)
def test_nothing_hides_in_an_exact_form(name: str, text: str):
    """No form matches a token or something personal, but that an amount of eleven digits may be a CPF: `rules` looks."""
    assert not vocabulary.EXACT[name].fullmatch(text) or (name == "Amount" and shape_of(text) == "cpf")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("D1aB2", True),
        ("SKU-1/2", True),
        ("A1 B2/C3", True),
        ("A" * 40, True),
        ("A" * 41, False),
        ("Maria Souza", False),
        ("Maria 25", False),
        ("RED/BLUE", False),
        ("A1  B2", False),
        ("A1/", False),
        ("A1\n", False),
        ("sku 1/ç", False),
    ],
)
def test_identifiers(text: str, *, is_one: bool):
    """One word, or several with a digit in each: those of a name have none."""
    assert bool(vocabulary.IDENTIFIER.fullmatch(text)) == is_one


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Amount", "1234.56"),
        ("Amount", "-0.005"),
        ("Amount", "1234567890123"),
        ("CurrencyCode", "INR"),
        ("PurchaseDate", "2026-10-02T07:41:00.000Z"),
        ("createdAfter", "2020-02-15T14:00:00-08:00"),
        ("InvoiceStatus", "NotFound"),
        ("date", "Mon, 02 Nov 2026 09:00:00 GMT"),
        ("content-type", "application/x-www-form-urlencoded;charset=UTF-8"),
        ("cache-control", "no-store, max-age=0"),
    ],
)
def test_exact_forms(name: str, text: str):
    """What Amazon sends fits, to the last character."""
    assert vocabulary.EXACT[name].fullmatch(text)
    assert not vocabulary.EXACT[name].fullmatch(f"{text}\n")
    assert not vocabulary.EXACT[name].fullmatch(f"{text}é")
