"""Never run: type-checked as a user would write it."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl

import spapi_invoices as spi

with spi.connect(profile="india", record="x.yaml", keep_documents=True) as recording:
    statuses: pl.DataFrame = recording.invoice_statuses(["D1aB2"])
without: spi.Client = spi.connect("india", rdt="never")
client: spi.Client = spi.connect(replay="cassettes/demo.yaml")
fetched: spi.Fetched = client.customer_invoices("2026-10-01", date(2026, 10, 31))
frame: pl.DataFrame = fetched.frame
complete: bool = fetched.complete
invoice: pl.DataFrame = client.customer_invoice("2JK3S9VC")
shipments: spi.Shipments = client.shipments(["D1aB2"])
receipt: spi.Receipt = client.submit_invoice("D1aB2", Path("nfe.xml"), dry_run=True)
archive: spi.Archive = spi.open_archive("invoices")
done: bool = archive.sync(client, "2026-10-01", shipment_ids=["D1aB2"], progress=True).complete
held: pl.LazyFrame = archive.scan("customer_invoices")
coverage: pl.DataFrame = archive.status("2026-10-01", date(2026, 10, 31), expected=["2JK3S9VC"]).coverage
purged: int = archive.purge(timedelta(days=30), dry_run=True).documents
documents: spi.Documents = spi.read_documents([fetched, Path("nfe")], processes=2, progress=print)
number: str | None = spi.documents.nfe.read(Path("nfe.xml").read_bytes()).number
facts: pl.DataFrame = documents.facts
lines: pl.DataFrame = documents.lines
saved: spi.SavedReconciliation = spi.reconcile_in_passes(
    pl.scan_parquet("invoices.parquet"), pl.scan_parquet("shipments.parquet"), Path("lines"), passes=2
)
exceptions: pl.LazyFrame = saved.exceptions
result: spi.Reconciliation = spi.reconcile(
    spi.customer_side(documents), spi.shipment_side(shipments, statuses), tolerance="0.01"
)
report: Path = result.save("report.html", windows=fetched.windows)
summary: pl.DataFrame = result.summary
