"""The widget without a browser: what its buttons do and what it shows."""

import threading
from datetime import date

import pytest
from conftest import DEMO, WEEK

import spapi_invoices as spi
from spapi_invoices.io.client import Client
from spapi_invoices.notebook import InvoiceExplorer


@pytest.fixture
def explorer() -> InvoiceExplorer:
    """On the demo's recording, set to its month."""
    return InvoiceExplorer(spi.connect(replay=DEMO), date(2026, 10, 1), date(2026, 10, 31))


def test_fetch_shows_and_keeps_the_frame(explorer):
    """After Fetch the frame is shown, readable as .fetched, and equal to the client's."""
    explorer._fetch.click()
    explorer._worker.join()
    assert explorer.fetched.frame.equals(spi.connect(replay=DEMO).customer_invoices("2026-10-01", "2026-10-31").frame)
    assert explorer.fetched.frame["purchase_order_number"][0] in explorer._table.value
    assert "16 invoices in 5 windows, all complete" in explorer._message.value
    assert (explorer._bar.value, explorer._bar.max) == (5, 5)
    assert (explorer._fetch.disabled, explorer._cancel.disabled) == (False, True)


def test_an_error_is_shown_in_place(cassette):
    """What goes wrong is shown, escaped, and kept in .error; the widget can be used again."""
    body = "<html><title>Down <b></title></html>"
    explorer = InvoiceExplorer(
        spi.connect(replay=cassette(("GET", WEEK, 503, body))), date(2026, 10, 1), date(2026, 10, 8)
    )
    explorer.fetch(wait=True)
    assert "HTTP 503" in explorer.error
    assert "Error:</b> getCustomerInvoices: HTTP 503" in explorer._message.value
    assert "<html" not in explorer._message.value
    assert explorer.fetched is None
    assert not explorer._fetch.disabled


def test_both_dates_are_needed():
    """Without a date nothing is asked, and that is said."""
    explorer = InvoiceExplorer(spi.connect(replay=DEMO)).fetch(wait=True)
    assert explorer.error == "Pick both dates first."


def test_cancel_ends_the_fetch():
    """Cancel ends a fetch after the window under way, on a thread that leaves the kernel's free."""
    asked, go_on = threading.Event(), threading.Event()
    replay = spi.connect(replay=DEMO)

    class Slow(Client):
        """Waits in the first answer until the test lets it go on."""

        def __init__(self) -> None:
            super().__init__(self._wait)

        def _wait(self, request):
            asked.set()
            go_on.wait(20)
            return replay._asking.call(request)

    explorer = InvoiceExplorer(Slow(), date(2026, 10, 1), date(2026, 10, 31)).fetch()
    assert asked.wait(20)
    explorer._cancel.click()
    go_on.set()
    explorer._worker.join(20)
    assert explorer._message.value.startswith("Cancelled")
    assert explorer.fetched is None


def test_the_code_gives_the_same_frame(explorer):
    """as_code() is a cell that fetches what the widget fetched."""
    explorer.fetch(wait=True)
    names: dict[str, object] = {"spi": spi}
    exec(explorer.as_code().rsplit("\n", 1)[0], names)
    assert names["fetched"].frame.equals(explorer.fetched.frame)
