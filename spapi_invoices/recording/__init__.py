"""Recordings that are safe to share: `scrub` makes one, `audit` says what in one is not. Pure; files are `io.cassettes`'s.

Deny by default: a text stays only where it stands in a known place *and* has that place's harmless form. All else becomes
a fake of the same form, or goes.
"""

from spapi_invoices.recording.audit import Finding, audit
from spapi_invoices.recording.exchange import Exchange
from spapi_invoices.recording.fakes import Fakes
from spapi_invoices.recording.scrub import scrub

__all__ = ["Exchange", "Fakes", "Finding", "audit", "scrub"]
