"""``python -m spapi_invoices`` is the command line."""

from spapi_invoices.cli import main

if __name__ == "__main__":
    main()
