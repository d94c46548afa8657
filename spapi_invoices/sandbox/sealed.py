"""Texts that carry what they stand for, so that the sandbox keeps no list of its tokens. Not for what a token opens.

The seal tells a token of ours from one that is made up, damaged or of another kind. Its key stands in plain sight: in a
made-up world there is nothing to keep secret.
"""

import base64
import hashlib
import hmac
from typing import Any, Final

import msgspec

_KEY: Final = b"spapi-invoices sandbox"
_SEAL: Final = 12


def seal(*content: Any) -> str:  # noqa: ANN401 - JSON
    """Pack JSON values into a text; equal values, equal text.

    >>> unseal(seal("page", 3))
    ['page', 3]
    """
    packed = msgspec.json.encode(content)
    return base64.urlsafe_b64encode(_seal_of(packed) + packed).decode("ascii").rstrip("=")


def unseal(text: str) -> list[Any] | None:
    """The values of a sealed text, ``None`` if it is none, down to the last character."""
    try:
        packed = base64.urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}")[_SEAL:]
        content = msgspec.json.decode(packed, type=list)
    except (ValueError, msgspec.DecodeError, RecursionError):  # binascii.Error and UnicodeError are of ValueError
        return None
    return content if seal(*content) == text else None


def _seal_of(packed: bytes) -> bytes:
    return hmac.digest(_KEY, packed, hashlib.sha256)[:_SEAL]
