"""An audit says where something is that must not be in a recording, and never what it is."""

from dataclasses import replace

import hiding
import pytest
from hiding import BASE, PLACES
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_invoices.recording import Finding, audit


@settings(max_examples=100)
@given(st.sampled_from(PLACES), hiding.tokens | hiding.names.filter(str.isascii) | hiding.emails)
def test_the_place_of_what_is_hidden(place: hiding.Place, text: str):
    """Wherever something is hidden, the audit names that exchange and that place, and the finding does not hold it."""
    found = audit([BASE, place.hide(text)])
    assert found
    assert {one.exchange for one in found} == {2}
    assert any(one.place.startswith(place.name.rstrip()) for one in found)
    assert text not in repr(found)


@pytest.mark.parametrize(
    ("place", "text", "finding"),
    [
        ("response body payload.BuyerName", "Maria Souza", ("response body payload.BuyerName", "personal data")),
        (
            "response body payload.ShipmentItems[0].Title",
            "Book",
            ("response body payload.ShipmentItems[0].Title", "unknown text"),
        ),
        (
            "response body payload.ShipmentItems[0].Title",
            "a@b.de",
            ("response body payload.ShipmentItems[0].Title", "personal data"),
        ),
        ("response body access_token", "Atza|a", ("response body access_token", "token")),
        ("response body payload.content", "PG5mZS8+", ("response body payload.content", "document")),
        ("request form client_id", "abc", ("request form client_id", "secret")),
        ("query nextToken", "abc", ("query nextToken", "token")),
        ("request header cookie", "abc", ("request header cookie", "token")),
        ("response reason", "Hello", ("response reason", "unknown text")),
    ],
)
def test_kinds(place: str, text: str, finding: tuple[str, str]):
    """The kind follows from the place and from the form of what is there."""
    hidden = next(one for one in PLACES if one.name == place)
    assert audit([hidden.hide(text)]) == (Finding(1, *finding),)


def test_a_private_host_and_headers_of_the_client():
    """A host of one's own and headers that a program adds are found; their names are shown, where they say nothing."""
    raw = replace(
        BASE,
        url=BASE.url.replace("https://sellingpartnerapi-na.amazon.com", "http://intranet.example"),
        request_headers=(("User-Agent", "me"), ("x-Maria-Souza", "1"), ("x-amz-access-token", "Atza|a")),
    )
    places = [(one.place.split("-")[0], one.kind) for one in audit([raw])]
    assert ("request host", "host") in places
    assert ("request header user", "header") in places
    assert ("request header x", "token") in places
    assert "maria" not in repr(audit([raw])).lower()


def test_what_is_personal_in_one_exchange_is_found_in_another():
    """As the scrubbing would replace it there."""
    told = replace(BASE, response_body=b'{"payload": {"SerialNumbers": ["R58M12ABCD"]}}')
    shown = replace(BASE, response_body=b'{"payload": {"ShipmentItems": [{"SellerSKU": "R58M12ABCD-1"}]}}')
    assert audit([shown]) == ()
    assert [one.exchange for one in audit([shown, told])] == [1, 2]
