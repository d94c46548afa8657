"""Synthetic NF-e: true to the official schema, and read back as they were meant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

etree = pytest.importorskip("lxml.etree")

from spapi_invoices.documents import access_key, nfe  # noqa: E402 - after the skips
from spapi_invoices.documents.facts import Facts  # noqa: E402
from spapi_invoices.documents.tax_ids import mod11_digit  # noqa: E402
from spapi_invoices.sandbox.world import make_world  # noqa: E402
from spapi_invoices.synthetic.nfe_xml import Nfe, NfeLine, render  # noqa: E402

_NAMES = st.from_regex(r"[A-ZÀ-Ý][a-zà-ý0-9&<>'\"./-]([a-zà-ý &<>]{0,30}[a-z])?", fullmatch=True)
_CENTS = st.integers(0, 10**7).map(lambda cents: Decimal(cents) / 100)


def _with_digits(body: str, highest_weight: int) -> str:
    first = mod11_digit(body, highest_weight=highest_weight)
    return f"{body}{first}{mod11_digit(body + first, highest_weight=highest_weight)}"


_ORDER_IDS = st.from_regex(r"[0-9]{3}-[0-9]{7}-[0-9]{7}", fullmatch=True)
_lines = st.builds(
    NfeLine,
    code=st.from_regex(r"[A-Z0-9-]{1,20}", fullmatch=True),
    description=_NAMES,
    ncm=st.from_regex(r"[0-9]{8}", fullmatch=True),
    cfop=st.sampled_from(["5102", "5106", "6108"]),
    quantity=st.integers(1, 999),
    total=st.integers(1, 10**8).map(lambda cents: Decimal(cents) / 100),
    shipping=_CENTS,
    discount=st.just(Decimal(0)),
    other=_CENTS,
)
_documents = st.builds(
    Nfe,
    number=st.integers(1, 999_999_999),
    series=st.integers(0, 999),
    issued_at=st.datetimes(datetime(2020, 1, 1), datetime(2039, 12, 31)).flatmap(  # noqa: DTZ001 - the offset is drawn
        lambda naive: st.integers(-11, 12).map(lambda hours: naive.replace(tzinfo=timezone(timedelta(hours=hours))))
    ),
    issuer_cnpj=st.from_regex(r"(?!0{12})[0-9A-Z]{12}", fullmatch=True).map(lambda body: _with_digits(body, 9)),
    issuer_name=_NAMES,
    recipient_cpf=st.from_regex(r"(?!0{9})[0-9]{9}", fullmatch=True).map(lambda body: _with_digits(body, 11)),
    recipient_name=_NAMES,
    order_id=st.none() | _ORDER_IDS,
    order_id_in=st.sampled_from(["compra", "infCpl", "obsCont"]),
    shipment_id=st.none() | st.from_regex(r"[A-Za-z0-9]{2,20}", fullmatch=True),
    lines=st.lists(_lines, min_size=1, max_size=4).map(tuple),
    marketplace_cnpj=st.just("15436940000103"),
    seller_id=st.from_regex(r"[A-Z0-9]{2,20}", fullmatch=True),
    other_order_ids=st.lists(_ORDER_IDS, max_size=3).map(tuple),
)
_EXAMPLE = Nfe(
    number=1234,
    series=1,
    issued_at=datetime(2026, 10, 5, 23, 30, tzinfo=timezone(timedelta(hours=-3))),
    issuer_cnpj="12ABC34501DE35",
    issuer_name="Loja Exemplo Ltda",
    recipient_cpf="52998224725",
    recipient_name="Cliente Exemplo",
    order_id="702-1234567-1234567",
    shipment_id="D1aB2",
    lines=(NfeLine("SKU1", "Fone", "85183000", "5106", 3, Decimal("100.00"), Decimal("12.5"), Decimal(3)),),
    marketplace_cnpj="15436940000103",
    seller_id="A1B2C3",
)


def _stated_orders(document: Nfe) -> tuple[str, ...]:
    """In the reader's order: compra, infCpl, obsCont."""
    own = filter(None, (document.order_id,))
    others = document.other_order_ids
    return tuple(dict.fromkeys((*others, *own) if document.order_id_in == "obsCont" else (*own, *others)))


@cache
def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(files("nfelib") / f"nfe/schemas/v4_0/{name}_v4.00.xsd")))


@settings(max_examples=40, deadline=None)
@given(_documents, st.sampled_from([100, 101, 110, 150, 151, 301, 302, None]), st.sampled_from([1, 2]))
def test_official_schema(document: Nfe, status: int | None, environment: int) -> None:
    """Whatever is rendered validates against the official XSD, with a protocol or bare."""
    made = replace(document, protocol_status=status, environment=environment)
    schema = _schema("nfe" if status is None else "procNFe")
    assert schema.validate(etree.fromstring(render(made))), schema.error_log


@settings(max_examples=60, deadline=None)
@given(_documents)
def test_read_back(document: Nfe) -> None:
    """What is rendered states what it was rendered from, to the cent, with no finding."""
    facts = nfe.READER.read(render(document))
    assert facts == Facts(
        document_type="nfe",
        purpose="sale",
        invoice_number=f"{document.series}-{document.number}",
        issue_date=document.issued_at.date(),
        currency="BRL",
        total_amount=document.total_amount,
        goods_amount=sum((line.total for line in document.lines), Decimal(0)),
        shipping_amount=sum((line.shipping for line in document.lines), Decimal(0)),
        discount_amount=Decimal(0),
        other_amount=sum((line.other for line in document.lines), Decimal(0)),
        seller_tax_id=document.issuer_cnpj,
        buyer_tax_id=document.recipient_cpf,
        marketplace_tax_id=document.marketplace_cnpj,
        amazon_shipment_id=document.shipment_id,
        order_ids=_stated_orders(document),
        access_key=document.access_key,
        authorised=True,
        lines=facts.lines,
    )
    assert [(line.product_code, line.description, line.quantity, line.goods_amount) for line in facts.lines] == [
        (line.code, line.description, line.quantity, line.total) for line in document.lines
    ]


@pytest.mark.parametrize(
    ("change", "authorised", "said"),
    [
        ({"protocol_status": 150}, True, None),
        ({"protocol_status": None}, False, "not authorised: no protocol (bare NFe)"),
        ({"protocol_status": 110}, False, "not authorised: cStat 110, denied"),
        ({"protocol_status": 101}, False, "not authorised: cStat 101, cancelled"),
        ({"environment": 2}, False, "not authorised: issued for test (tpAmb 2, homologation), so it is no invoice"),
    ],
)
def test_authorised(change: dict[str, int | None], authorised: bool, said: str | None) -> None:  # noqa: FBT001 - expected
    """Only cStat 100 and 150 in production are authorised; else the finding says why, and the facts stay."""
    facts = nfe.READER.read(render(replace(_EXAMPLE, **change)))
    assert (facts.authorised, facts.problem, facts.total_amount) == (authorised, said, Decimal("109.50"))


def test_thirteen_digits() -> None:
    """The largest amount that the schema has is valid and read back to the cent; vUnCom is what limits one unit."""
    line = NfeLine("SKU1", "Torno", "84580000", "5102", 1000, Decimal("9999999999980.09"), Decimal("19.90"))
    xml = render(replace(_EXAMPLE, lines=(line,)))
    assert _schema("procNFe").validate(etree.fromstring(xml)), _schema("procNFe").error_log
    facts = nfe.READER.read(xml)
    assert (str(facts.total_amount), facts.problem) == ("9999999999999.99", None)


def test_one_is_not_submitted() -> None:
    """In the sandbox's world one NF-e is as it should be, and Amazon has not been given it."""
    waiting = [one for one in make_world().shipments.values() if one.nfe and one.invoice_status == "NotFound"]
    assert len(waiting) == 1
    facts = nfe.READER.read(waiting[0].nfe or b"")
    paid = waiting[0].detail["Payments"][0]["PaymentValue"]["Amount"]
    assert (facts.authorised, facts.problem, str(facts.total_amount)) == (True, None, paid)
    assert len(make_world().shipments) <= 25


def test_key_and_bytes() -> None:
    """The key is valid and the bytes are the same each time; UTC is an offset like any other."""
    assert access_key.parse(_EXAMPLE.access_key).number == "000001234"
    assert render(_EXAMPLE) == render(replace(_EXAMPLE))
    assert b"2026-10-06T02:30:00+00:00" in render(replace(_EXAMPLE, issued_at=_EXAMPLE.issued_at.astimezone(UTC)))
