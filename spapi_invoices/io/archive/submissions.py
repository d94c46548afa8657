"""The submissions of an archive: which document was sent for which shipment, and whether it arrived. Not for sending: the client does."""

import hashlib
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
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
from spapi_invoices.io.archive.ledger import instant, text, transaction

# After these Amazon has not taken the document; after any other failure it may have.
_REFUSED: Final = (AuthFailed, AccessDenied, NotFound, Rejected, Throttled)
# Right after a submission Amazon's status may still say that there is none.
_UNSETTLED: Final = timedelta(minutes=15)
_NOTE: Final = (
    "INSERT INTO submissions (amazon_shipment_id, sha256, state, at, request_id) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (amazon_shipment_id, sha256) DO UPDATE SET state = excluded.state, at = excluded.at, "
    "request_id = excluded.request_id"
)


def refuse_known(db: sqlite3.Connection, shipment_id: str, content: bytes, now: datetime) -> None:
    """Raise if the very same document was sent for the shipment and taken, or may just have been.

    Raises:
        AlreadySubmitted: Nothing is sent.
    """
    state, at = _known(db, shipment_id, content) or (None, None)
    if state == "sent":
        raise AlreadySubmitted(
            f"shipment {shipment_id}: this very document was sent on {at:%Y-%m-%d %H:%M} UTC; nothing was sent. "
            "Next: ask for its status; if Amazon found it wrong, send a corrected one"
        )
    if at is not None and state == "sending" and now < at + _UNSETTLED:
        raise AlreadySubmitted(
            f"shipment {shipment_id}: this very document was sent on {at:%Y-%m-%d %H:%M} UTC and no answer came; nothing was "
            f"sent. Next: submit again after {at + _UNSETTLED:%H:%M} UTC, when Amazon's status says whether it arrived"
        )


def submit(
    db: sqlite3.Connection, shipment_id: str, content: bytes, send: Callable[[], Receipt], now: Callable[[], datetime]
) -> Receipt:
    """Send a document, noted before and after: a crash in between leaves it as ``sending``, whose fate the status tells later.

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


def _known(db: sqlite3.Connection, shipment_id: str, content: bytes) -> tuple[str, datetime] | None:
    """State and time of a submission."""
    wanted = "SELECT state, at FROM submissions WHERE amazon_shipment_id = ? AND sha256 = ?"
    row = db.execute(wanted, (shipment_id, _hash(content))).fetchone()
    return None if row is None else (row[0], instant(row[1]))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
