"""The submissions of an archive: which document was sent for which shipment, and whether it arrived. Not for sending: the client does."""

import hashlib
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Final

from spapi_invoices.errors import (
    AccessDenied,
    AlreadySubmitted,
    AuthFailed,
    NotFound,
    Rejected,
    Throttled,
)
from spapi_invoices.io.answers import Receipt
from spapi_invoices.io.archive.ledger import text, transaction

# After these Amazon has not taken the document; after any other failure it may have.
_REFUSED: Final = (AuthFailed, AccessDenied, NotFound, Rejected, Throttled)
_NOTE: Final = (
    "INSERT INTO submissions (amazon_shipment_id, sha256, state, at, request_id) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (amazon_shipment_id, sha256) DO UPDATE SET state = excluded.state, at = excluded.at, "
    "request_id = excluded.request_id"
)


def refuse_sent(db: sqlite3.Connection, shipment_id: str, content: bytes) -> None:
    """Raise if the very same document was sent for the shipment and taken.

    Raises:
        AlreadySubmitted: It was; nothing is sent.
    """
    known = _known(db, shipment_id, content)
    if known is not None and known[0] == "sent":
        raise AlreadySubmitted(
            f"shipment {shipment_id}: this very document was sent on {known[1][:16]} UTC; nothing was sent. "
            "Next: ask for its status; if Amazon found it wrong, send a corrected one"
        )


def submit(
    db: sqlite3.Connection, shipment_id: str, content: bytes, send: Callable[[], Receipt], now: Callable[[], datetime]
) -> Receipt:
    """Send a document, noted before and after: a crash in between leaves it as ``sending``, which may be sent again.

    Args:
        db: The archive's ledger.
        shipment_id: The shipment.
        content: The document.
        send: Asks for the status first, and sends if Amazon has none.
        now: The clock.
    """

    def note(state: str, request_id: str | None = None) -> None:
        with transaction(db):
            db.execute(_NOTE, (shipment_id, _hash(content), state, text(now()), request_id))

    before = _known(db, shipment_id, content)
    note("sending")
    try:
        receipt = send()
    except AlreadySubmitted:
        # Nothing was sent now. What is known of before stays: it may be what Amazon has.
        if before is not None:
            note(before[0])
        else:
            db.execute(
                "DELETE FROM submissions WHERE amazon_shipment_id = ? AND sha256 = ?", (shipment_id, _hash(content))
            )
        raise
    except _REFUSED:
        note("refused")
        raise
    note("sent", receipt.request_id)
    return receipt


def _known(db: sqlite3.Connection, shipment_id: str, content: bytes) -> tuple[str, str] | None:
    """State and time of a submission."""
    wanted = "SELECT state, at FROM submissions WHERE amazon_shipment_id = ? AND sha256 = ?"
    row: tuple[str, str] | None = db.execute(wanted, (shipment_id, _hash(content))).fetchone()
    return row


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
