"""Every table as a pandera model: the only place where a column is named, described and marked as personal data.

House rules of all tables: amounts are ``Decimal(18, 2)`` beside a ``currency``, and only a line's unit price is finer; times are UTC to the microsecond; a table
without rows has all its columns; validation never coerces, so a wrong type is an error and not a changed value.
"""

from typing import Annotated, Any, Final

import pandera.errors
import pandera.polars as pa
import polars as pl
from pandera.api.polars.model_config import BaseConfig

from spapi_invoices.errors import SchemaMismatch

Amount = Annotated[pl.Decimal, 18, 2]
Quantity = Annotated[pl.Decimal, 18, 4]
UnitPrice = Annotated[pl.Decimal, 24, 10]
Instant = Annotated[pl.Datetime, "us", "UTC"]
Texts = Annotated[pl.List, pl.String]

# In order of precedence: a key's status is the first that applies.
STATUSES: Final = (
    "not_comparable",
    "rejected",
    "pending",
    "left_only",
    "right_only",
    "duplicate",
    "currency_differs",
    "amount_differs",
    "accepted",
    "within_tolerance",
    "matched",
)
WINDOW_STATES: Final = ("complete", "failed", "truncated", "not_asked")
COVERAGE_STATES: Final = ("complete", "empty", "failed", "never_asked")
EXPECTED_STATES: Final = ("invoiced", "missing", "unexpected")
SIDES: Final = ("left", "right")
Status = Annotated[pl.Enum, STATUSES]
WindowState = Annotated[pl.Enum, WINDOW_STATES]
CoverageState = Annotated[pl.Enum, COVERAGE_STATES]
ExpectedState = Annotated[pl.Enum, EXPECTED_STATES]
SideName = Annotated[pl.Enum, SIDES]


def _column(description: str, *, personal: bool = False, required: bool = False) -> Any:  # noqa: ANN401 - pandera's Field
    return pa.Field(nullable=not required, description=description, metadata={"personal": personal})


class Table(pa.DataFrameModel):
    """The base of all tables: exactly these columns, in this order, nothing coerced."""

    class Config(BaseConfig):
        """What pandera checks."""

        strict = True
        ordered = True
        coerce = False


class CustomerInvoices(Table):
    """One row per purchase order and document that getCustomerInvoices or getCustomerInvoice returned."""

    purchase_order_number: str = _column("the purchase order; null if the entry named none")
    media_type: str = _column("by the document's first bytes; in India application/pdf")
    size_bytes: pl.Int64 = _column("of the document")
    sha256: str = _column("of the document; of the text as received where it could not be decoded", required=True)
    content: pl.Binary = _column("the document", personal=True)
    problem: str = _column("why the row is not as it should be; null if it is")
    ship_from_party_id: str = _column("the warehouse that was asked for; null for all")
    api_version: str = _column("of Vendor Direct Fulfillment Shipping", required=True)
    created_after: Instant = _column("start of the window that was asked, inclusive; null if asked by number")
    created_before: Instant = _column("end of the window that was asked, exclusive; null if asked by number")
    request_id: str = _column("of the answer, for Amazon's support")
    fetched_at: Instant = _column("the answer's Date header, else the local clock", required=True)


class Shipments(Table):
    """One row per shipment that getShipmentDetails returned, or could not return; amounts are sums over its items."""

    amazon_shipment_id: str = _column("the shipment", required=True)
    amazon_order_id: str = _column("the order; one order may have several shipments")
    purchase_date: Instant = _column("when the order was made")
    warehouse_id: str = _column("Amazon's name of the warehouse")
    marketplace_id: str = _column("where the order was placed")
    seller_id: str = _column("the seller")
    seller_display_name: str = _column("the seller's name in the marketplace")
    buyer_name: str = _column("the buyer", personal=True)
    buyer_county: str = _column("the buyer's county", personal=True)
    ship_to_name: str = _column("ShippingAddress.Name", personal=True)
    ship_to_address_line1: str = _column("ShippingAddress.AddressLine1", personal=True)
    ship_to_address_line2: str = _column("ShippingAddress.AddressLine2", personal=True)
    ship_to_address_line3: str = _column("ShippingAddress.AddressLine3", personal=True)
    ship_to_city: str = _column("ShippingAddress.City", personal=True)
    ship_to_county: str = _column("ShippingAddress.County", personal=True)
    ship_to_district: str = _column("ShippingAddress.District", personal=True)
    ship_to_state_or_region: str = _column("ShippingAddress.StateOrRegion", personal=True)
    ship_to_postal_code: str = _column("ShippingAddress.PostalCode", personal=True)
    ship_to_country_code: str = _column("ShippingAddress.CountryCode")
    ship_to_phone: str = _column("ShippingAddress.Phone", personal=True)
    ship_to_address_type: str = _column("ShippingAddress.AddressType: Residential, Commercial")
    payment_method_details: Texts = _column("PaymentMethodDetails, as texts")
    currency: str = _column("of all the row's amounts; null if the items disagree or name none")
    item_count: pl.Int64 = _column("lines of the shipment")
    quantity: pl.Float64 = _column("sum of QuantityOrdered")
    item_amount: Amount = _column("sum of ItemPrice, which is already multiplied by the quantity")
    shipping_amount: Amount = _column("sum of ShippingPrice")
    gift_wrap_amount: Amount = _column("sum of GiftWrapPrice")
    shipping_discount_amount: Amount = _column("sum of ShippingDiscount, positive")
    promotion_discount_amount: Amount = _column("sum of PromotionDiscount, positive")
    expected_amount: Amount = _column(
        "item + shipping + gift wrap - shipping discount - promotion discount: what the invoice should state"
    )
    paid_amount: Amount = _column("sum of PaymentValue; null if a payment is in another currency")
    problem: str = _column("why the row is not as it should be, naming field and reason; null if it is")
    request_id: str = _column("of the answer, for Amazon's support")
    attempts: pl.Int64 = _column("requests that were sent until this answer; null where that is not known")
    fetched_at: Instant = _column("the answer's Date header, else the local clock", required=True)


class ShipmentItems(Table):
    """One row per item of a shipment; keyed by ``amazon_shipment_id`` and ``line_number``."""

    amazon_shipment_id: str = _column("the shipment", required=True)
    line_number: pl.Int64 = _column("from 1, in Amazon's order", required=True)
    asin: str = _column("ASIN")
    seller_sku: str = _column("SellerSKU")
    order_item_id: str = _column("OrderItemId")
    title: str = _column("Title")
    quantity_ordered: pl.Float64 = _column("QuantityOrdered")
    currency: str = _column("of all the row's amounts; null if they disagree or name none")
    item_price: Amount = _column("ItemPrice, already multiplied by the quantity")
    shipping_price: Amount = _column("ShippingPrice")
    gift_wrap_price: Amount = _column("GiftWrapPrice")
    shipping_discount: Amount = _column("ShippingDiscount, positive")
    promotion_discount: Amount = _column("PromotionDiscount, positive")
    expected_amount: Amount = _column("item + shipping + gift wrap - shipping discount - promotion discount")
    serial_numbers: Texts = _column("SerialNumbers")
    problem: str = _column("field and reason; null if all is well")


class ShipmentPayments(Table):
    """One row per payment of a shipment; keyed by ``amazon_shipment_id`` and ``line_number``."""

    amazon_shipment_id: str = _column("the shipment", required=True)
    line_number: pl.Int64 = _column("from 1, in Amazon's order", required=True)
    payment_method: str = _column("CreditCard, DebitCard, Pix, BankSlip, GiftCard, Other")
    acquirer_id: str = _column("the acquirer's CNPJ")
    card_brand: str = _column("CardBrand")
    currency: str = _column("of the payment")
    payment_value: Amount = _column("PaymentValue")
    authorization_code: str = _column("AuthorizationCode", personal=True)
    problem: str = _column("field and reason; null if all is well")


class ShipmentTaxIds(Table):
    """One row per tax classification of the buyer or the marketplace; keyed by ``amazon_shipment_id`` and ``line_number``."""

    amazon_shipment_id: str = _column("the shipment", required=True)
    line_number: pl.Int64 = _column("from 1, buyer before marketplace", required=True)
    party: str = _column("buyer or marketplace", required=True)
    company_legal_name: str = _column("CompanyLegalName", personal=True)
    taxing_region: str = _column("TaxingRegion")
    name: str = _column("the kind of identifier, as CNPJ or CPF")
    value: str = _column("the identifier", personal=True)


class InvoiceStatuses(Table):
    """One row per shipment whose invoice status was asked."""

    amazon_shipment_id: str = _column("the shipment", required=True)
    invoice_status: str = _column(
        "Processing, Accepted, Errored, NotFound, or a text Amazon added since; null if there is a problem"
    )
    checked_at: Instant = _column("the answer's Date header, else the local clock", required=True)
    problem: str = _column("why the status could not be had; null if it could")
    request_id: str = _column("of the answer, for Amazon's support")
    attempts: pl.Int64 = _column("requests that were sent until this answer; null where that is not known")


class ShipmentEvents(Table):
    """One row per FBA_OUTBOUND_SHIPMENT_STATUS notification."""

    notification_id: str = _column("Amazon may deliver one notification twice", required=True)
    event_time: Instant = _column("when it happened", required=True)
    seller_id: str = _column("the seller")
    amazon_order_id: str = _column("the order")
    amazon_shipment_id: str = _column("the shipment", required=True)
    shipment_status: str = _column("Created, Cancelled, or a text Amazon added since")


class Problems(Table):
    """One row per record that could not be had or read."""

    record: str = _column("which one: a shipment id or a purchase order number", required=True)
    operation: str = _column("Amazon's name of the operation", required=True)
    problem: str = _column("field and reason", required=True)
    request_id: str = _column("of the answer, for Amazon's support")


class InvoiceFacts(Table):
    """One row per invoice: what it states, or why it could not be read.

    A document that is no invoice or could not be read has one row; one that holds several invoices has a row for each,
    with the same ``document_id``.
    """

    document_id: str = _column("sha256 of the document as it came", required=True)
    document_type: str = _column(
        "nfe, nfe_event, gst_invoice, or what a plugin's reader calls it; null if no reader knew it"
    )
    purpose: str = _column(
        "sale, return, complement, adjustment, credit_note, debit_note, or incoming for goods that come in; "
        "only a sale has amounts; null if unknown"
    )
    invoice_number: str = _column("as the document prints it; for an NF-e series-number, as 1-1234")
    issue_date: pl.Date = _column("in the document's own time zone")
    currency: str = _column("of all the row's amounts")
    total_amount: Amount = _column("what the customer was invoiced: the GST invoice's grand total, the NF-e's vNF")
    goods_amount: Amount = _column("goods before tax (GST), vProd (NF-e)")
    shipping_amount: Amount = _column("vFrete (NF-e); null where the document does not state it")
    discount_amount: Amount = _column("vDesc (NF-e), positive; null where the document does not state it")
    other_amount: Amount = _column("vOutro (NF-e), as gift wrap; null where the document does not state it")
    tax_amount: Amount = _column("CGST + SGST + IGST (GST); null for an NF-e, where tax is inside the price")
    reform_total_amount: Amount = _column("vNFTot (NF-e): the total with IBS, CBS and IS; null where not stated")
    seller_tax_id: str = _column("GSTIN, CNPJ or CPF of the issuer")
    buyer_tax_id: str = _column("GSTIN, CNPJ or CPF of the recipient", personal=True)
    marketplace_tax_id: str = _column("CNPJ of the intermediary (NF-e)")
    place_of_supply: str = _column("the state that the tax belongs to (GST)")
    purchase_order_number: str = _column("the purchase order it was fetched for, else the one it states")
    amazon_shipment_id: str = _column("the shipment it states or was submitted for; null if unknown")
    order_ids: Texts = _column("Amazon order ids found in it, in order of appearance, each once", required=True)
    access_key: str = _column("the NF-e's chave de acesso, 44 characters")
    authorised: pl.Boolean = _column("SEFAZ authorised it (NF-e); null where the question does not arise")
    reader: str = _column("the reader that read it")
    findings: Texts = _column("names of what is wrong, each once; the page of findings says what they mean")
    problem: str = _column("why it could not be read, or the findings in words; null if all is well")
    file_name: str = _column(
        "the file it was read from, below the folder that was given; null if from Amazon", personal=True
    )


class InvoiceLines(Table):
    """One row per line of an invoice; keyed by ``document_id``, ``invoice_number`` and ``line_number``.

    Each document's lines are here once, however often it came. What has no amounts in ``invoice_facts`` has no lines.
    """

    document_id: str = _column("sha256 of the document as it came", required=True)
    invoice_number: str = _column("of the invoice the line is part of")
    line_number: pl.Int64 = _column("from 1, in the document's order", required=True)
    product_code: str = _column("the seller's own: cProd (NF-e), the SKU (GST)")
    description: str = _column("as the document prints it")
    commodity_code: str = _column("of the Harmonised System: NCM (NF-e), HSN or SAC (GST)")
    cfop: str = _column("CFOP (NF-e): the kind of operation")
    quantity: Quantity = _column("qCom (NF-e)")
    unit: str = _column("uCom (NF-e)")
    unit_price: UnitPrice = _column("vUnCom (NF-e); before tax (GST)")
    currency: str = _column("of all the row's amounts")
    goods_amount: Amount = _column("vProd (NF-e), which is quantity x unit price; the taxable value (GST)")
    shipping_amount: Amount = _column("vFrete (NF-e)")
    insurance_amount: Amount = _column("vSeg (NF-e)")
    discount_amount: Amount = _column("vDesc (NF-e), positive; in a GST invoice already off the taxable value")
    other_amount: Amount = _column("vOutro (NF-e)")
    cgst_amount: Amount = _column("CGST (GST)")
    sgst_amount: Amount = _column("SGST or UTGST (GST)")
    igst_amount: Amount = _column("IGST (GST)")
    cess_amount: Amount = _column("compensation cess (GST)")
    total_amount: Amount = _column("the line's total: taxable value and taxes (GST), vItem (NF-e)")
    in_total: pl.Boolean = _column("false for goods that are listed and not charged (indTot 0, NF-e)")


class FetchWindows(Table):
    """One row per window of a fetch: the completeness ledger. A fetch is complete when every state is ``complete``.

    Windows overlap by a margin. What is asked for by number makes one row, without a window.
    """

    operation: str = _column("Amazon's name of the operation", required=True)
    window_start: Instant = _column("inclusive; null if asked by number")
    window_end: Instant = _column("exclusive; null if asked by number")
    state: WindowState = _column(
        "complete, failed (no page), truncated (some pages, then a failure), not_asked", required=True
    )
    pages: pl.Int64 = _column("answers read", required=True)
    rows: pl.Int64 = _column("records in them, before duplicates were removed", required=True)
    attempts: pl.Int64 = _column("requests sent, those included that had to be sent again", required=True)
    request_ids: Texts = _column("of the answers", required=True)
    error: str = _column("why it is not complete")
    finished_at: Instant = _column("the last answer's Date header, else the local clock; null if not asked")


class ArchiveCoverage(Table):
    """One row per stretch of time in one state, without gap: for which an archive was asked, and how that went."""

    window_start: Instant = _column("inclusive", required=True)
    window_end: Instant = _column("exclusive", required=True)
    state: CoverageState = _column(
        "complete (there were customer invoices), empty (there were none), failed, never_asked", required=True
    )
    error: str = _column("why it failed")


class ExpectedInvoices(Table):
    """One row per purchase order of the user's list, in its order, and after them those that are not in it."""

    purchase_order_number: str = _column("the purchase order", required=True)
    state: ExpectedState = _column(
        "invoiced, missing (no document in the archive yet, or none that can be decoded), unexpected (not in the list)",
        required=True,
    )


class InvoiceSide(Table):
    """One row per invoice or shipment, in the form in which both sides are compared."""

    key: str = _column("what is joined on, by default the Amazon order id; null if none is known")
    ref: str = _column("what a person calls the row: invoice number, shipment id", required=True)
    aliases: Texts = _column(
        "identifiers a crosswalk may name the row by: purchase order number, invoice number, access key, shipment id",
        required=True,
    )
    amount: Amount = _column("the invoice's total, the shipment's expected amount; null if unknown")
    currency: str = _column("of the amount; null if unknown")
    date: pl.Date = _column("issue date, purchase date (UTC)")
    shipment_id: str = _column("the Amazon shipment: of an invoice the one it states, of a shipment its own; else null")
    invoice_status: str = _column("Amazon's invoice status of the shipment; null on the customer side or if not asked")
    problem: str = _column("why the row cannot be compared, else null")
    key_problem: str = _column(
        "why the key is null, else null; where problem says the same, a crosswalk or the shipment it states settles both"
    )
    note: str = _column("a finding that does not hinder the comparison, as a wrong check digit, else null")


class Reconciliation(Table):
    """One row per key and currency; a row that has no key stands alone."""

    key: str = _column("what both sides were joined on")
    status: Status = _column("the first of the statuses that applies", required=True)
    reasons: Texts = _column("in words, what led to the status", required=True)
    currency: str = _column("of all the row's amounts")
    left_amount: Amount = _column("sum of the left rows; null if there is none")
    right_amount: Amount = _column("sum of the right rows; null if there is none")
    difference: Amount = _column("left - right, a missing side counting as zero; null if not comparable")
    tolerance: Amount = _column("the difference that was allowed", required=True)
    left_count: pl.Int64 = _column("left rows", required=True)
    right_count: pl.Int64 = _column("right rows", required=True)
    left_refs: Texts = _column("refs of the left rows, sorted", required=True)
    right_refs: Texts = _column("refs of the right rows, sorted", required=True)
    date: pl.Date = _column("the earliest date of the rows")
    age_days: pl.Int64 = _column(
        "days from date to the day of the report; null if either is unknown or the date is later"
    )


class ReconciliationItems(Table):
    """One row per input row, with the status of its key: each input row is here exactly once."""

    side: SideName = _column("left or right", required=True)
    ref: str = _column("what a person calls the row", required=True)
    key: str = _column("what both sides were joined on")
    status: Status = _column("of the key", required=True)
    amount: Amount = _column("of this row")
    currency: str = _column("of the amount")
    date: pl.Date = _column("of this row")
    invoice_status: str = _column("Amazon's invoice status of the shipment")
    problem: str = _column("why the row cannot be compared, else null")
    note: str = _column("a finding that does not hinder the comparison, else null")


TABLES: Final[dict[str, type[Table]]] = {
    "customer_invoices": CustomerInvoices,
    "shipments": Shipments,
    "shipment_items": ShipmentItems,
    "shipment_payments": ShipmentPayments,
    "shipment_tax_ids": ShipmentTaxIds,
    "invoice_statuses": InvoiceStatuses,
    "shipment_events": ShipmentEvents,
    "problems": Problems,
    "invoice_facts": InvoiceFacts,
    "invoice_lines": InvoiceLines,
    "fetch_windows": FetchWindows,
    "archive_coverage": ArchiveCoverage,
    "expected_invoices": ExpectedInvoices,
    "invoice_side": InvoiceSide,
    "reconciliation": Reconciliation,
    "reconciliation_items": ReconciliationItems,
}


def polars_schema(table: type[Table]) -> dict[str, pl.DataType]:
    """Column to polars type, in order.

    >>> polars_schema(InvoiceStatuses)["invoice_status"]
    String
    """
    return {name: column.dtype.type for name, column in table.to_schema().columns.items()}


def personal_columns(table: type[Table]) -> tuple[str, ...]:
    """The columns with personal data.

    >>> personal_columns(CustomerInvoices)
    ('content',)
    """
    columns = table.to_schema().columns.items()
    return tuple(name for name, column in columns if (column.metadata or {}).get("personal"))


def frame(table: type[Table], rows: list[dict[str, Any]] | list[tuple[Any, ...]]) -> pl.DataFrame:
    """Build and validate a table from rows; no rows give an empty table with all columns."""
    schema = polars_schema(table)
    return validate(table, pl.DataFrame(rows, schema=schema, orient="row", strict=True))


def validate(table: type[Table], data: pl.DataFrame) -> pl.DataFrame:
    """Check a frame against its table.

    Raises:
        SchemaMismatch: Naming column and check, never a value: pandera's own report carries whole rows.
    """
    try:
        return table.validate(data, lazy=True)
    except pandera.errors.SchemaErrors as error:
        failures = sorted({_failure(table, one) for one in error.schema_errors})
    # Raised out here: inside, the new error would carry pandera's, and that the whole frame.
    raise SchemaMismatch(table.__name__, failures)


def _failure(table: type[Table], error: pandera.errors.SchemaError) -> str:
    return f"{error.schema.name or table.__name__}: {error.reason_code.name if error.reason_code else error.check}"
