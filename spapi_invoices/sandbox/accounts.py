"""The sandbox's selling partners, told apart by their refresh token alone. Not for tokens: `sandbox.tokens` makes those.

All of them use the client id and secret of `spapi_invoices.io.connect.SANDBOX_PROFILE`, whose own refresh token is the
first account's.
"""

from dataclasses import dataclass
from typing import Final, Literal

from spapi_invoices.core.wire import Secret
from spapi_invoices.endpoints import Operation
from spapi_invoices.io.connect import SANDBOX_PROFILE
from spapi_invoices.sandbox.answer import denied, refusal

# "empty": Amazon answers as if there were nothing, which is what a wrong region gets; "not enabled": the vendor is not set up.
Access = Literal["open", "empty", "denied", "not enabled"]


@dataclass(frozen=True, slots=True)
class Account:
    """A selling partner.

    Attributes:
        name: Short, for tables.
        refresh_token: What Login with Amazon knows it by; as public as this file.
        meaning: What it is there to try, in a line.
        customer_invoices: What it sees of customer invoices (India, region EU).
        shipments: What it sees of shipment invoicing (Brazil, region NA).
        roles: Whether the application has the restricted roles; without them there is no restricted data token.
    """

    name: str
    refresh_token: Secret
    meaning: str
    customer_invoices: Access = "open"
    shipments: Access = "open"
    roles: bool = True


ACCOUNTS: Final = (
    Account("everything", SANDBOX_PROFILE.refresh_token, "Every operation works."),
    Account(
        "na-only",
        Secret("sandbox-refresh-token-na-only"),
        "A seller in Brazil: lists of customer invoices are empty, and no single one is found.",
        customer_invoices="empty",
    ),
    Account(
        "eu-only",
        Secret("sandbox-refresh-token-eu-only"),
        "A vendor in India: shipment invoicing is refused with 403.",
        shipments="denied",
    ),
    Account(
        "no-roles",
        Secret("sandbox-refresh-token-no-roles"),
        "An application without the restricted roles: no restricted data token (400), and the rest is refused with 403.",
        customer_invoices="denied",
        shipments="denied",
        roles=False,
    ),
    Account(
        "not-enabled",
        Secret("sandbox-refresh-token-not-enabled"),
        "A vendor whom Amazon has not enabled: customer invoices answer 404 SellingPartnerNotFoundError.",
        customer_invoices="not enabled",
        shipments="denied",
    ),
)
BY_NAME: Final = {account.name: account for account in ACCOUNTS}
BY_REFRESH_TOKEN: Final = {account.refresh_token.reveal(): account for account in ACCOUNTS}


def access_of(account: Account, operation: Operation) -> Access:
    """What an account sees of an operation."""
    by_api: dict[str, Access] = {
        "vendorDirectFulfillmentShipping": account.customer_invoices,
        "shipmentInvoicing": account.shipments,
    }
    return by_api.get(operation.api, "open")


def check_access(account: Account, operation: Operation) -> None:
    """Refuse what the account may not ask at all; what it sees nothing of is for the operation to answer.

    Raises:
        Refusal: 403, or 404 for a vendor whom Amazon has not enabled.
    """
    access = access_of(account, operation)
    if access == "denied":
        raise denied("")
    if access == "not enabled":
        raise refusal(404, "SellingPartnerNotFoundError", "The selling partner was not found.")
