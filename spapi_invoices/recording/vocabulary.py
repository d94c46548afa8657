"""What may stay in a recording: known places and the harmless form of each. Not for what replaces the rest.

Places are named by the field they stand in; the form decides. Sources: the official models (see `core.models`), the
developer guide, and answers seen in the wild.
"""

import re
from typing import Final

import msgspec

from spapi_invoices.core import models
from spapi_invoices.endpoints import OPERATIONS

_INSTANT: Final = r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?"
_UUID: Final = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DATE: Final = (
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT"
)
_MEDIA_TYPE: Final = (
    r"(application/(json|problem\+json|pdf|xml|octet-stream|x-www-form-urlencoded)|text/(html|plain|xml))"
    r"(; ?charset=(utf-8|UTF-8|iso-8859-1|ISO-8859-1|us-ascii))?"
)
_CACHE: Final = r"(no-store|no-cache|private|public|must-revalidate|max-age=\d{1,8})"


def _one_of(*words: str) -> str:
    return "|".join(map(re.escape, words))


def _compiled(forms: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {field: re.compile(form, re.ASCII) for field, form in forms.items()}


# Field, parameter or header -> a form that has no room for a secret or for anything personal.
EXACT: Final = _compiled(
    {
        # More than ten digits behind a + are a telephone's. Eleven could be a CPF: `rules` looks.
        "Amount": r"[+-]?(\d{1,10}|\d{1,16}\.\d{1,4})|-?\d{11,13}",
        "CurrencyCode": r"[A-Z]{3}",
        "CountryCode": r"[A-Z]{2}",
        "PurchaseDate": _INSTANT,
        "createdAfter": _INSTANT,
        "createdBefore": _INSTANT,
        "limit": r"\d{1,3}",
        "sortOrder": _one_of(*models.SORT_ORDERS),
        "AddressType": _one_of(*models.KNOWN_ADDRESS_TYPES),
        "PaymentMethod": _one_of(*models.KNOWN_PAYMENT_METHODS),
        "PaymentMethodDetails": _one_of(*models.KNOWN_PAYMENT_METHODS, "GiftCertificate", "COD", "CVS", "Standard"),
        "CardBrand": _one_of(
            "Visa", "Mastercard", "MasterCard", "Amex", "AmericanExpress", "Elo", "Hipercard", "Diners"
        ),
        "InvoiceStatus": _one_of(*models.KNOWN_INVOICE_STATUSES),
        # Of a tax identifier; an address has a field of the same name, where these are nobody's.
        "Name": _one_of("CPF", "CNPJ", "IE", "StateTaxId"),
        "method": _one_of("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"),
        "path": _one_of(*(row.path for row in OPERATIONS)),
        "token_type": r"[Bb]earer",
        "grant_type": r"refresh_token|client_credentials|authorization_code",
        "scope": r"sellingpartnerapi::(notifications|migration|client_credential:rotation)",
        "request_id": _UUID,
        "accept": rf"\*/\*|{_MEDIA_TYPE}",
        "content-type": _MEDIA_TYPE,
        "date": _DATE,
        "cache-control": rf"{_CACHE}(, ?{_CACHE})*",
        "x-amzn-requestid": _UUID,
        "x-amzn-ratelimit-limit": r"\d{1,4}(\.\d{1,6})?",
        # What Amazon's static sandbox has in place of a document.
        "content": _one_of("base 64 content goes here", "base 64 encoded string"),
    }
)
# Identifiers that answers are joined by and that users write in their tests: they stay but for what is personal in them.
IDENTIFIERS: Final = frozenset(
    {"purchaseOrderNumber", "AmazonOrderId", "AmazonShipmentId", "ASIN", "SellerSKU", "OrderItemId", "WarehouseId"}
    | {"MarketplaceId", "SellerId", "shipFromPartyId", "shipmentId"}
)
# One word, or several with a digit in each, as SKUs have; what else has a blank in it may be a name.
_WORD: Final = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_NUMBERED: Final = rf"(?=[A-Za-z._-]*[0-9]){_WORD}"
IDENTIFIER: Final = re.compile(rf"(?=.{{1,40}}\Z)({_WORD}|{_NUMBERED}([ /]{_NUMBERED})+)", re.ASCII)
# Fields whose numbers count something.
COUNTS: Final = frozenset({"QuantityOrdered", "Amount", "expires_in", "expiresIn", "limit", "error_index"})
COUNT: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?", re.ASCII)

SECRETS: Final = frozenset(
    {"access_token", "refresh_token", "restrictedDataToken", "client_id", "client_secret", "targetApplication"}
)
DOCUMENTS: Final = frozenset({"content", "InvoiceContent"})
# The official fields that are about a person, or may be.
PERSONAL: Final = frozenset(
    {"Name", "AddressLine1", "AddressLine2", "AddressLine3", "City", "County", "District", "PostalCode", "Phone"}
    | {"StateOrRegion", "BuyerName", "BuyerCounty", "CompanyLegalName", "SellerDisplayName", "TaxingRegion", "Value"}
    | {"AcquirerId", "AuthorizationCode", "SerialNumbers"}
)
# Texts in Amazon's words.
SENTENCES: Final = frozenset({"code", "message", "details", "error", "error_description", "x-amzn-errortype"})

# All other headers go.
REQUEST_HEADERS: Final = frozenset({"accept", "content-type"})
RESPONSE_HEADERS: Final = frozenset(
    {"content-type", "date", "cache-control", "x-amzn-requestid", "x-amzn-ratelimit-limit", "x-amzn-errortype"}
)
SECRET_HEADERS: Final = frozenset(
    {"x-amz-access-token", "x-amz-security-token", "authorization", "cookie", "set-cookie"}
)

# The names of official fields, of parameters and of headers; those of only common words follow from the words below.
_OFFICIAL: Final = frozenset(
    name
    for struct in vars(models).values()
    if isinstance(struct, type) and issubclass(struct, msgspec.Struct)
    for name in struct.__struct_fields__
)
NAMES: Final = (
    _OFFICIAL | frozenset(EXACT) | IDENTIFIERS | COUNTS | SECRETS | DOCUMENTS | PERSONAL | SENTENCES | SECRET_HEADERS
    | {"payload", "errors"}
    | {"user-agent", "x-amz-date", "x-amz-apigw-id", "x-amzn-trace-id", "content-length", "connection", "server", "vary"}
)  # fmt: skip

# The words of Amazon's errors and field names, and of JSON itself: a message or a name stays word by word, and so does the
# name of a field that Amazon adds tomorrow.
_WORDS: Final = """
    a access accessdenied account activity additional address addresses again all allowed alternate amazon amount an
    and another any api app application are arguments as at authentication authenticationtoken authorisation authorise
    authority authorization authorize authorized bad barcode base basis be before between body brand bundle business
    but buyer by cancel cancelled carrier category channel charge city class classification classifications client
    closed cnpj cod code collected commission company complete condition content contentmd5value could count country
    county coupon cpf create created createdafter createdbefore credential credentials currency customer data date day
    days deadline delivered delivery denied description destination detail details did didn directfulfillment discount
    display district do document does due duration earliest element elements email empty encoding encountered error
    estimated event exceeded exception exist exists expected expiration expired expiry extra failed fails failure
    false fee fees field fields fiscal flag for forbidden format found from fulfilled fulfillment future gateway
    generic get gift given grant greater gross group gstin has have header history holder host id image imported in
    infinity info information input inputs installment installments internal invalid invoice invoicecontent invoices
    invoicestatus irn is iso iso8601 it item items json key kind label language last latest legal length less level
    limit line lines list local location malformed manifest many marketplace marketplaceid match matched max may md5
    media message method min missing mode model modified more must name names nan negative net new next nexttoken nfe
    no not note notes null number of offer old on one only onsite operation option or order ordered orders origin
    original other out over owner package packages page paid pair parameter parameters parsed partner pass path
    payment payments percent percentage permission permitted phone pickup please po point pos positive post postal
    preference price prices primary prime priority process processed product program promise promised promotion
    promotions provided purchase purchaseorderno quantity quota range rate rates reached read reason received
    recipient reference refresh refreshtoken region registration regulatory rejected remaining repeated replaced
    replacement request requested required resource resources response restricted result retry return returned revoked
    role sale sales sandbox schedule scheduled scope seconds secret secure seller selling sellingpartner sequence
    serial series server service session set shipment shipmentconfirmation shipmentid shipments shipped shipping ships
    should sign signature signed size sku slow some sort sortorder source special specified split start state status
    statuses stop store string sub submit submitted subtotal sum summary supply support supported t target tax taxable
    taxes taxing temporarily text than that the their there this throttled time timed timeout title to token too total
    totals tracking transaction transmission transport true try type types unable unauthorized unavailable unexpected
    unit units unknown unprocessable unsupported up update updated url usage user valid validation value values
    variant vendor verified version volume warehouse was we website weight were whole window with withheld within
    without wrap wrong xml you your zone
    1 2 7 10 50 64 100 200 400 401 403 404 405 408 409 413 415 429 500 502 503 504 8601
    """
WORDS: Final = frozenset(_WORDS.split())
