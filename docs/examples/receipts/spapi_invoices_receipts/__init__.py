"""Shop receipts for spapi-invoices."""
