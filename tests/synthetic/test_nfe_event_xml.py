"""Synthetic cancellations: true to the official schema, and read as what takes an NF-e back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

etree = pytest.importorskip("lxml.etree")

from spapi_invoices.documents import nfe  # noqa: E402 - after the skips
from spapi_invoices.synthetic.nfe_event_xml import render_cancellation  # noqa: E402
from spapi_invoices.synthetic.nfe_xml import Nfe, NfeLine  # noqa: E402

AT = datetime(2026, 10, 6, 12, tzinfo=UTC)
EXAMPLE = Nfe(
    number=1234,
    series=1,
    issued_at=datetime(2026, 10, 5, 23, 30, tzinfo=UTC),
    issuer_cnpj="11222333000181",
    issuer_name="Loja Exemplo Ltda",
    recipient_cpf="52998224725",
    recipient_name="Cliente Exemplo",
    order_id=None,
    lines=(NfeLine("SKU1", "Fone", "85183000", "5106", 1, Decimal("100.00")),),
    marketplace_cnpj="15436940000103",
    seller_id="A1B2C3",
)
_SCHEMA = etree.XMLSchema(
    etree.parse(str(files("nfelib") / "nfe_evento_cancel/schemas/v1_0/procEventoCancNFe_v1.00.xsd"))
)
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2039, 12, 31)).flatmap(  # noqa: DTZ001 - the offset is drawn
    lambda naive: st.integers(-11, 12).map(lambda hours: naive.replace(tzinfo=timezone(timedelta(hours=hours))))
)


@settings(max_examples=40)
@given(_MOMENTS, st.integers(1, 999_999_999), st.sampled_from([1, 2]))
def test_official_schema(at: datetime, number: int, environment: int) -> None:
    """Whatever is cancelled, whenever and wherever, the event validates against the official XSD."""
    xml = render_cancellation(replace(EXAMPLE, number=number, environment=environment), at)
    assert _SCHEMA.validate(etree.fromstring(xml)), _SCHEMA.error_log


def test_takes_the_nfe_back() -> None:
    """Our reader finds a registered cancellation of that very NF-e, and no amount."""
    facts = nfe.READER.read(render_cancellation(EXAMPLE, AT))
    assert (facts.document_type, facts.access_key, facts.authorised) == ("nfe_event", EXAMPLE.access_key, False)
    assert facts.problem == f"a cancellation (110111) of NF-e {EXAMPLE.access_key}"
    assert facts.total_amount is None


def test_for_test_it_takes_nothing_back() -> None:
    """The event of an NF-e issued for test has no effect."""
    facts = nfe.READER.read(render_cancellation(replace(EXAMPLE, environment=2), AT))
    assert facts.authorised is None
    assert "issued for test" in (facts.problem or "")


def test_says_what_it_is() -> None:
    """The same bytes each time, with the mark of a synthetic document where it changes no element."""
    xml = render_cancellation(EXAMPLE, AT)
    assert xml == render_cancellation(replace(EXAMPLE), AT.astimezone(timezone(timedelta(hours=5))))
    assert b"<!-- Documento sintetico, sem valor fiscal. -->" in xml
