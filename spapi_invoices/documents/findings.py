"""Every finding: its name, what it means, what to do. Not for finding them: the readers do that.

A finding has a name, for a filter or a rule, and words, for a person. The names are a promise: one is added, none is
given another meaning. The reference page is made of this table.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

# How many findings of a kind are told in words: an invoice of a thousand lines may have a thousand.
_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind of finding.

    ``about`` is what it is found in: any document, a ZIP or gzip, an NF-e, a GST invoice, a document that a layout reads.
    """

    name: str
    about: str
    meaning: str
    next_step: str


class Found(NamedTuple):
    """A finding in a document. ``words`` hold no personal data."""

    finding: str
    words: str


class Unreadable(ValueError):
    """The document cannot be read; no more is said of it than the one finding."""

    def __init__(self, finding: str, words: str) -> None:
        super().__init__(words)
        self.found = Found(finding, words)

    @property
    def problem(self) -> str:
        """The words and what to do."""
        return f"{self.found.words}. Next: {_NEXT_STEPS[self.found.finding]}"


def names(found: Iterable[Found]) -> tuple[str, ...]:
    """The findings' names, each once, in order.

    >>> names([Found("denied", "cStat 110"), Found("tax_id_wrong", "issuer"), Found("tax_id_wrong", "recipient")])
    ('denied', 'tax_id_wrong')
    """
    return tuple(dict.fromkeys(one.finding for one in found))


def words(found: Sequence[Found]) -> str | None:
    """What was found, as one text; ``None`` if nothing was. Of many of a kind the first few are told, and how many more.

    >>> words([Found("tax_id_wrong", "issuer"), Found("denied", "cStat 110")])
    'issuer; cStat 110'
    """
    if not found:
        return None
    told, times = list[str](), Counter[str]()
    for one in found:
        times[one.finding] += 1
        if times[one.finding] <= _TOLD:
            told.append(one.words)
    told += (f"{count - _TOLD} more of {name}" for name, count in times.items() if count > _TOLD)
    return "; ".join(told)


_ANY: Final = "any document"
_PACKED: Final = "a ZIP or gzip"
_NFE: Final = "an NF-e"
_GST: Final = "a GST invoice"
_EITHER: Final = "an NF-e or a GST invoice"
_LAYOUT: Final = "a document that a layout reads"
_FIELD: Final = "a GST invoice or a document that a layout reads"

FINDINGS: Final = (
    Finding("no_content", _ANY, "the table holds no document in this row", "fetch the document again"),
    Finding("file_unread", _ANY, "the file could not be read", "look at its permissions, and whether it is still there"),
    Finding("document_empty", _ANY, "the document has no bytes", "fetch the document again"),
    Finding("type_unknown", _ANY, "no reader knows this kind of document", "install a plugin that reads it, or teach a layout to, if it has text"),
    Finding("package_missing", _ANY, "its reader needs a package that is not installed", "install it: the problem says how"),
    Finding(
        "document_too_large",
        _ANY,
        "there is more in it than an invoice can have, so it was not read: perhaps an attack",
        "ask its sender what it is",
    ),
    Finding("reader_failed", _ANY, "the reader raised, crashed or broke its promise", "tell the reader's author"),
    Finding(
        "purchase_order_differs",
        _ANY,
        "the document states another purchase order than the one it was fetched for",
        "ask Amazon's support which of the two it belongs to",
    ),
    Finding(
        "several_invoices",
        _ANY,
        "the file holds several invoices that cannot be told apart; none of their amounts is taken",
        "get one file for each invoice",
    ),
    Finding("tax_id_wrong", _ANY, "a CNPJ, CPF or GSTIN has a wrong form or check digit", "ask the issuer"),
    Finding("container_broken", _PACKED, "it cannot be opened, or broke off", "get the file again"),
    Finding("container_encrypted", _PACKED, "it needs a password", "save a copy without its password"),
    Finding("container_empty", _PACKED, "there is no file in it", "get the file again"),
    Finding("container_several", _PACKED, "there are several files in it", "unpack it, and read the folder"),
    Finding(
        "container_too_large",
        _PACKED,
        "it grows beyond the bound when it is opened: no invoice, perhaps an attack",
        "ask its sender what it is",
    ),
    Finding("container_nested", _PACKED, "it is packed more than twice", "unpack it, and read what is inside"),
    Finding("xml_broken", _NFE, "it is no well-formed XML", "ask the issuer for the authorised XML"),
    Finding("xml_doctype", _NFE, "it declares a DOCTYPE, which no NF-e has: perhaps an attack", "ask its sender"),
    Finding("not_an_nfe", _NFE, "the XML is something else", "ask the issuer for the authorised XML (nfeProc)"),
    Finding("not_nfe_model", _NFE, "model 65 is a consumer receipt (NFC-e)", "ask the issuer for the NF-e"),
    Finding(
        "not_a_sale",
        _NFE,
        "a return, complement, adjustment, credit or debit note, or goods that come in: its amounts and lines would be "
        "taken for what a customer was invoiced, so the tables have none",
        "nothing; the column purpose says which it is, and documents.nfe.read gives its amounts and lines",
    ),
    Finding("access_key_malformed", _NFE, "the access key has not the 44 characters of one", "ask the issuer"),
    Finding("check_digit_wrong", _NFE, "the access key's check digit is wrong", "ask the issuer"),
    Finding(
        "access_key_differs",
        _NFE,
        "the access key names another state, month, issuer, model, series or number than the document",
        "ask the issuer; do not book it",
    ),
    Finding(
        "version_unknown",
        _NFE,
        "it is in another version of the layout than 4.00, and was read as if it were in that one",
        "compare its amounts by eye",
    ),
    Finding(
        "element_repeated",
        _NFE,
        "an element that the layout has once stands in it several times, so nothing of it is taken",
        "ask the issuer",
    ),
    Finding("number_malformed", _NFE, "series or number is missing, or is no number", "ask the issuer"),
    Finding("not_authorised", _NFE, "SEFAZ's protocol is missing or is no authorisation", "get the nfeProc"),
    Finding("cancelled", _NFE, "its protocol says that it was cancelled", "do not book it"),
    Finding("denied", _NFE, "SEFAZ denied it", "ask the issuer for another; do not book it"),
    Finding("protocol_differs", _NFE, "the protocol is for another access key", "ask the issuer; do not book it"),
    Finding("homologation", _NFE, "it was issued for test (tpAmb 2)", "do not book it: it is no invoice"),
    Finding("amount_missing", _NFE, "an amount that the layout asks for is not there", "ask the issuer"),
    Finding("amount_unreadable", _NFE, "an amount or a quantity is no number of the layout", "ask the issuer"),
    Finding("no_lines", _NFE, "it has no line (det)", "ask the issuer"),
    Finding(
        "line_not_composed",
        _EITHER,
        "a line's amount is not quantity x unit price less a discount, or its total not the amount with its taxes",
        "compare it with the order",
    ),
    Finding("lines_not_total", _NFE, "the lines do not add up to the totals", "compare both with the order"),
    Finding("total_not_composed", _NFE, "vNF is not the sum of its parts (rule W16-10)", "ask the issuer"),
    Finding(
        "reform_total_not_composed",
        _NFE,
        "vNFTot is neither vNF nor vNF with IBS, CBS and IS",
        "reconcile by vNF, which the column total_amount holds",
    ),
    Finding("event", "an event of an NF-e", "something happened to the NF-e with this key", "keep it with the NF-e"),
    Finding("event_cancels", "an event of an NF-e", "it takes the NF-e with this key back", "do not book that NF-e"),
    Finding("event_not_registered", "an event of an NF-e", "SEFAZ did not register it: no effect", "ask the issuer"),
    Finding("pdf_broken", _GST, "the PDF cannot be opened", "fetch it again"),
    Finding("pdf_encrypted", _GST, "the PDF needs a password", "save a copy without its password"),
    Finding("pdf_without_text", _GST, "the PDF has no text, as a scan", "read it by eye, or through text recognition"),
    Finding("not_a_tax_invoice", _GST, "it is another document, or a credit or debit note", "read it by eye, or teach a layout to"),
    Finding("other_currency", _GST, "its amounts are not in rupees", "read it by eye"),
    Finding("field_missing", _FIELD, "a field that every such invoice has was not found", "read it by eye"),
    Finding("date_wrong", _EITHER, "the issue date is missing, no date, too early or too late", "ask the issuer"),
    Finding("amount_malformed", _GST, "an amount is not grouped in the Indian way", "read it by eye"),
    Finding("line_unclear", _GST, "a line's taxes or its description could not be told", "read the line by eye"),
    Finding("lines_unread", _GST, "no line could be read, so the taxable value is unknown", "read it by eye"),
    Finding("sums_differ", _GST, "lines, taxable value, tax and total do not add up", "compare with the shipment"),
    Finding("words_differ", _GST, "the amount in words is another than the total", "compare with the shipment"),
    Finding("words_unclear", _GST, "the amount in words is not understood, so nothing follows from it", "read it by eye"),
    Finding(
        "layout_misfits",
        _LAYOUT,
        "the layout's words are in the document and none of its fields: the issuer prints it in another way now",
        "see it with spapi-invoices documents layout explain LAYOUT.toml DOCUMENT",
    ),
    Finding(
        "field_unclear",
        _FIELD,
        "a field has several different values, or one that may be another's, be negative, no day or in another currency",
        "read it by eye; what a layout reads, see with spapi-invoices documents layout explain LAYOUT.toml FILE",
    ),
)  # fmt: skip

_NEXT_STEPS: Final = {finding.name: finding.next_step for finding in FINDINGS}
