"""A date range, a button and the invoices below it. Not for what is fetched or how: the client does that.

The fetch runs on a thread of its own, because a callback on the kernel's thread would keep every other click, Cancel
included, waiting. Whatever goes wrong there is shown in place: an error inside ``on_click`` would vanish.
"""

import html
import threading
from collections.abc import Iterable
from datetime import date
from typing import Final

import ipywidgets as widgets
import polars as pl

from spapi_invoices.errors import SpapiInvoicesError
from spapi_invoices.frames.display import for_display
from spapi_invoices.io.answers import Fetched, Progress
from spapi_invoices.io.client import Client

_ROWS: Final = 50


class _Cancelled(Exception):
    """Raised out of the progress callback to end a fetch."""


class InvoiceExplorer(widgets.VBox):  # type: ignore[misc] # ipywidgets ships no types
    """Fetch customer invoices of a date range by hand.

    Args:
        client: From `spapi_invoices.connect`.
        start: First day, inclusive; ``None`` leaves it to be picked.
        end: Last day, exclusive; likewise.

    Attributes:
        fetched: What the last fetch gave (`spapi_invoices.Fetched`); ``None`` before the first, while one runs, and after one
            that failed or was cancelled.
        error: Why the last fetch failed, ``None`` if it did not.

    >>> import spapi_invoices as spi
    >>> from spapi_invoices.io.demo_files import demo_file
    >>> explorer = InvoiceExplorer(spi.connect(replay=demo_file("demo.yaml")), date(2026, 10, 1), date(2026, 10, 31))
    >>> explorer.fetch(wait=True).fetched.complete
    True
    """

    def __init__(self, client: Client, start: date | None = None, end: date | None = None) -> None:
        self.client = client
        self.fetched: Fetched | None = None
        self.error: str | None = None
        self._stop = threading.Event()
        self._worker: threading.Thread | None = None
        wide = {"description_width": "initial"}
        self._start = widgets.DatePicker(description="From", value=start, style=wide)
        self._end = widgets.DatePicker(description="to (exclusive)", value=end, style=wide)
        self._fetch = widgets.Button(description="Fetch", button_style="primary", icon="download")
        self._cancel = widgets.Button(description="Cancel", disabled=True)
        self._bar = widgets.IntProgress(min=0, max=1, value=0, description="Windows")
        self._message = widgets.HTML()
        self._table = widgets.HTML()
        self._fetch.on_click(lambda _: self.fetch())
        self._cancel.on_click(lambda _: self._stop.set())
        controls = widgets.HBox([self._start, self._end, self._fetch, self._cancel, self._bar])
        super().__init__([controls, self._message, self._table])
        self._say("Pick a range and press Fetch.")

    def fetch(self, *, wait: bool = False) -> "InvoiceExplorer":
        """Do what the button does; ``wait`` returns only when the fetch has ended. A second fetch waits for none: it is ignored."""
        if self._worker is None or not self._worker.is_alive():
            self._stop.clear()
            self.error = None
            # What is shown is of this fetch or of none.
            self.fetched, self._table.value = None, ""
            self._busy(busy=True)
            self._say("Fetching …")
            self._worker = threading.Thread(target=self._run, name="invoice-explorer", daemon=True)
            self._worker.start()
        if wait:
            self._worker.join()
        return self

    def as_code(self) -> str:
        """The lines that do without the widget what it is set to do."""
        start, end = self._start.value, self._end.value
        if start is None or end is None:
            return "# Pick both dates first."
        return f'client = {self.client.made_by}\nfetched = client.customer_invoices("{start}", "{end}")\nfetched.frame'

    def _run(self) -> None:
        try:
            start, end = self._start.value, self._end.value
            if start is None or end is None:
                self._fail("Pick both dates first.")
                return
            fetched = self.client.customer_invoices(start, end, progress=self._advance)
        except _Cancelled:
            self._say("Cancelled.")
        except SpapiInvoicesError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - the outermost edge: nobody else would see it
            # Not its text: it may hold what must not be shown.
            self._fail(f"{type(error).__name__}: a bug of spapi-invoices. Next: report it with what you asked for")
        else:
            self._show(fetched)
        finally:
            self._busy(busy=False)

    def _advance(self, progress: Progress) -> None:
        self._bar.max, self._bar.value = progress.total, progress.done
        self._say(f"Fetching … {progress.done} of {progress.total} windows, {progress.rows} invoices")
        if self._stop.is_set():
            raise _Cancelled

    def _show(self, fetched: Fetched) -> None:
        self.fetched = fetched
        problems = fetched.frame["problem"].count()
        shown = f"; the first {_ROWS} are shown" if fetched.frame.height > _ROWS else ""
        self._say(
            f"{fetched.frame.height} invoices in {fetched.windows.height} windows, all complete; "
            f"{problems} with a problem{shown}. In Python: .fetched"
        )
        self._table.value = _as_html(for_display(fetched.frame.head(_ROWS)))

    def _fail(self, message: str) -> None:
        self.error = message
        self._message.value = f'<b style="color:#b00020">Error:</b> {html.escape(message)}'

    def _say(self, message: str) -> None:
        self._message.value = html.escape(message)

    def _busy(self, *, busy: bool) -> None:
        self._fetch.disabled, self._cancel.disabled = busy, not busy
        if busy:
            self._bar.value = 0


def _as_html(frame: pl.DataFrame) -> str:
    """A plain table: numbers to the right, everything else to the left, nothing where there is nothing."""
    shown = frame.with_columns(pl.selectors.datetime().dt.to_string("%Y-%m-%d %H:%M"))
    align = ["right" if dtype.is_numeric() else "left" for dtype in shown.dtypes]
    cell = '<{tag} style="text-align:{align};padding:1px 12px 1px 0">{text}</{tag}>'

    def row(tag: str, values: Iterable[object]) -> str:
        texts = ("" if value is None else html.escape(str(value)) for value in values)
        return (
            "<tr>"
            + "".join(cell.format(tag=tag, align=side, text=text) for side, text in zip(align, texts, strict=True))
            + "</tr>"
        )

    return f"<table>{row('th', shown.columns)}{''.join(row('td', values) for values in shown.iter_rows())}</table>"
