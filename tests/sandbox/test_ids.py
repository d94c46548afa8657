"""Ids that lead back to their number."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spapi_invoices.sandbox.ids import Code, ids_of

_seeds = st.integers(0, 10**6)
_numbers = st.integers(0, 10**7)


class TestCode:
    """One text for each number."""

    def test_is_one_to_one(self):
        """Every number below the size has a text of its own, and each text leads back to its number."""
        small = Code("ABCDEF", 3, 35, 1000)
        texts = [small.encode(number) for number in range(6**3)]
        assert len(set(texts)) == 6**3
        assert [small.decode(text) for text in texts] == list(range(6**3))

    @pytest.mark.parametrize("text", ["", "AB", "ABCD", "ABG", "abc", "AB "])
    def test_another_form_has_no_number(self, text: str):
        """Too short, too long, another letter, another case: no number."""
        assert Code("ABCDEF", 3, 35, 1000).decode(text) is None


class TestIds:
    """The ids of a seed."""

    @given(_seeds, _numbers)
    def test_lead_back(self, seed: int, number: int):
        """A purchase order number and a shipment id lead to what they were made from."""
        ids = ids_of(seed)
        assert ids.document_of(ids.purchase_order_number(number)) == number
        assert ids.shipment_of(ids.shipment_id(number)) == number

    @given(_seeds, _numbers)
    def test_have_amazons_forms(self, seed: int, number: int):
        """The official pattern of a purchase order number, the form of an order id, no lower case anywhere."""
        ids = ids_of(seed)
        assert re.fullmatch(r"[A-Z0-9]{8}", ids.purchase_order_number(number))
        assert re.fullmatch(r"D[A-Z0-9]{8}", ids.shipment_id(number))
        assert re.fullmatch(r"40[2-8]-[0-9]{7}-[0-9]{7}", ids.order_id(number))

    @given(_seeds, _numbers, _numbers)
    def test_are_unique(self, seed: int, one: int, other: int):
        """Two orders never share an id."""
        assume(one != other)
        assert ids_of(seed).order_id(one) != ids_of(seed).order_id(other)

    def test_are_the_seeds_own(self):
        """Another seed gives other ids, and the kinds do not follow each other."""
        first, second = ids_of(1), ids_of(2)
        assert first.purchase_order_number(0) != second.purchase_order_number(0)
        assert first.shipment_id(0) != f"D{first.purchase_order_number(0)}"

    def test_do_not_count_up(self):
        """Neighbours look nothing alike: no two of a hundred begin with the same four characters."""
        heads = {ids_of(2026).purchase_order_number(number)[:4] for number in range(100)}
        assert len(heads) == 100
