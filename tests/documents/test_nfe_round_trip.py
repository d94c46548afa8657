"""NF-e written from values that hypothesis draws, by a writer of its own, and read back."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from xml.sax.saxutils import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_invoices.documents import access_key
from spapi_invoices.documents.facts import Line
from spapi_invoices.documents.nfe import READER, read
from spapi_invoices.documents.nfe_invoice import Nfe, Party, Payment, Protocol

_texts = st.none() | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
_digits = st.none() | st.text("0123456789", min_size=1, max_size=9)


def _decimals(places: int) -> st.SearchStrategy[Decimal | None]:
    scaled = st.integers(0, 10 ** (11 + places) - 1).map(lambda number: Decimal(number).scaleb(-places))
    return st.none() | scaled


_amounts = _decimals(2)
_parties = st.builds(
    lambda kind, **stated: Party(tax_id_kind=kind if stated["tax_id"] else None, **stated),
    st.sampled_from(["CNPJ", "CPF", "idEstrangeiro"]),
    tax_id=_digits,
    name=_texts,
    state=st.none() | st.sampled_from(["SP", "PA"]),
    state_registration=_digits,
)
_lines = st.lists(
    st.builds(
        Line,
        line_number=st.just(1),
        product_code=_texts,
        description=_texts,
        commodity_code=_digits,
        cfop=_digits,
        quantity=_decimals(4),
        unit=_texts,
        unit_price=_decimals(10),
        goods_amount=_amounts,
        shipping_amount=_amounts,
        insurance_amount=_amounts,
        discount_amount=_amounts,
        other_amount=_amounts,
        total_amount=_amounts,
        in_total=st.none() | st.booleans(),
    ),
    max_size=3,
)
_PATHS = (
    *(
        "ICMSTot/vNF",
        "ICMSTot/vProd",
        "ICMSTot/vFrete",
        "ICMSTot/vICMSDeson",
        "ICMSTot/qBCMono",
        "ISSQNtot/vServ",
        "retTrib/vRetPIS",
    ),
    *("ISTot/vIS", "IBSCBSTot/vBCIBSCBS", "IBSCBSTot/gIBS/vIBS", "IBSCBSTot/gIBS/gIBSUF/vIBSUF", "IBSCBSTot/gCBS/vCBS"),
    "vNFTot",
)
_totals = st.dictionaries(st.sampled_from(_PATHS), _amounts.filter(lambda amount: amount is not None), max_size=6)
_invoices = st.builds(
    Nfe,
    root=st.sampled_from(["nfeProc", "NFe"]),
    access_key=_texts.map(lambda text: text or ""),
    version=st.none() | st.sampled_from(["4.00", "3.10"]),
    state=_digits,
    model=_digits,
    series=_digits,
    number=_digits,
    issued_at=st.none() | st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    left_at=_texts,
    operation_type=_digits,
    purpose=_digits,
    environment=_digits,
    issuer=_parties,
    recipient=_parties,
    intermediary_cnpj=_digits,
    intermediary_seller_id=_texts,
    lines=_lines.map(tuple),
    totals=_totals,
    payments=st.lists(
        st.builds(
            Payment, method=_digits, amount=_amounts, acquirer_cnpj=_digits, card_brand=_digits, authorisation=_texts
        ),
        max_size=2,
    ).map(tuple),
    change=_amounts,
    protocol=st.none()
    | st.builds(Protocol, status=_digits, number=_digits, received_at=_texts, access_key=_texts, environment=_digits),
)


def _tag(name: str, inner: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{inner}</{name}>" if inner or attributes else ""


def _leaves(**stated: object) -> str:
    return "".join(_tag(name, escape(str(value))) for name, value in stated.items() if value is not None)


def _party(party: Party, tag: str, address: str) -> str:
    kind = {party.tax_id_kind: party.tax_id} if party.tax_id_kind else {}
    return _tag(
        tag,
        _leaves(**kind, xNome=party.name)
        + _tag(address, _leaves(UF=party.state))
        + _leaves(IE=party.state_registration),
    )


def _det(at: int, line: Line) -> str:
    plain = {name: value and f"{value:f}" for name, value in (("qCom", line.quantity), ("vUnCom", line.unit_price))}
    prod = _leaves(
        cProd=line.product_code,
        xProd=line.description,
        NCM=line.commodity_code,
        CFOP=line.cfop,
        uCom=line.unit,
        vProd=line.goods_amount,
        vFrete=line.shipping_amount,
        vSeg=line.insurance_amount,
        vDesc=line.discount_amount,
        vOutro=line.other_amount,
        indTot=None if line.in_total is None else int(line.in_total),
        **{name: "0" if value == 0 else value for name, value in plain.items()},
    )
    return _tag("det", _tag("prod", prod) + _leaves(vItem=line.total_amount), f' nItem="{at}"')


def _groups(totals: list[tuple[list[str], Decimal]]) -> str:
    """Paths as elements in each other."""
    totals = sorted(totals, key=lambda one: (len(one[0]) > 1, one[0]))
    written = "".join(_leaves(**{path[0]: amount}) for path, amount in totals if len(path) == 1)
    for name, inner in groupby((one for one in totals if len(one[0]) > 1), key=lambda one: one[0][0]):
        written += _tag(name, _groups([(path[1:], amount) for path, amount in inner]))
    return written


def _written(nfe: Nfe) -> bytes:
    ide = _leaves(
        cUF=nfe.state,
        mod=nfe.model,
        serie=nfe.series,
        nNF=nfe.number,
        dhEmi=nfe.issued_at,
        dhSaiEnt=nfe.left_at,
        tpNF=nfe.operation_type,
        tpAmb=nfe.environment,
        finNFe=nfe.purpose,
    )
    paid = "".join(
        "<detPag>"
        + _leaves(tPag=one.method, vPag=one.amount)
        + _tag("card", _leaves(CNPJ=one.acquirer_cnpj, tBand=one.card_brand, cAut=one.authorisation))
        + "</detPag>"
        for one in nfe.payments
    )
    info = (
        _tag("ide", ide)
        + _party(nfe.issuer, "emit", "enderEmit")
        + _party(nfe.recipient, "dest", "enderDest")
        + "".join(_det(at, line) for at, line in enumerate(nfe.lines, 1))
        + _tag("total", _groups([(path.split("/"), amount) for path, amount in nfe.totals.items()]))
        + _tag("pag", paid + _leaves(vTroco=nfe.change))
        + _tag("infIntermed", _leaves(CNPJ=nfe.intermediary_cnpj, idCadIntTran=nfe.intermediary_seller_id))
    )
    key = escape(nfe.access_key, {'"': "&quot;"})
    version = "" if nfe.version is None else f' versao="{nfe.version}"'
    document = f'<infNFe Id="NFe{key}"{version}>{info}</infNFe>'
    if nfe.root == "nfeProc":
        answer = nfe.protocol
        stated = answer and _leaves(
            cStat=answer.status,
            nProt=answer.number,
            dhRecbto=answer.received_at,
            chNFe=answer.access_key,
            tpAmb=answer.environment,
        )
        protocol = "" if answer is None else f"<protNFe><infProt>{stated}</infProt></protNFe>"
        document = f"<NFe>{document}</NFe>{protocol}"
    return f'<{nfe.root} xmlns="http://www.portalfiscal.inf.br/nfe">{document}</{nfe.root}>'.encode()


def _numbered(nfe: Nfe) -> Nfe:
    from dataclasses import replace

    lines = tuple(replace(line, line_number=at) for at, line in enumerate(nfe.lines, 1))
    return replace(nfe, lines=lines, protocol=nfe.protocol if nfe.root == "nfeProc" else None)


@settings(deadline=None)
@given(_invoices.map(_numbered))
def test_what_is_written_is_read(nfe: Nfe) -> None:
    """Every field, line, total, payment and the protocol come back equal, amounts to the last digit."""
    assert read(_written(nfe)) == nfe


@settings(deadline=None)
@given(_invoices.map(_numbered))
def test_facts_of_anything_written(nfe: Nfe) -> None:
    """Whatever an NF-e states, it gives facts; a problem is said if and only if a finding is named."""
    facts = READER.read(_written(nfe))
    assert (facts.problem is None) == (facts.findings == ())
    assert facts.access_key is None or access_key.PATTERN.fullmatch(facts.access_key)
