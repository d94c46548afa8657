"""An archive on disk: everything that was fetched, exactly once, and proof of what was asked. Not for fetching without one."""

from spapi_invoices.io.archive.archive import Archive, open_archive
from spapi_invoices.io.archive.export import Exported
from spapi_invoices.io.archive.purge import Purged
from spapi_invoices.io.archive.status import Status
from spapi_invoices.io.archive.sync import Synced

__all__ = ["Archive", "Exported", "Purged", "Status", "Synced", "open_archive"]
