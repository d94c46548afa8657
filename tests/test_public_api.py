"""The names that `import spapi_invoices` offers."""

import subprocess
import sys

import pytest

import spapi_invoices as spi


def test_all_is_sorted_and_everything_in_it_is_there():
    """__all__ is sorted, and each name can be had."""
    assert list(spi.__all__) == sorted(spi.__all__)
    for name in spi.__all__:
        assert getattr(spi, name) is not None


def test_an_unknown_name_lists_those_that_exist():
    """A misspelt name is an AttributeError that helps."""
    with pytest.raises(AttributeError, match="it has Archive, Client, Documents, Fetched"):
        spi.conect  # noqa: B018


def test_reconcile_is_the_function_whatever_was_imported_before():
    """Importing a part of the package does not put a module in the place of a function."""
    code = (
        "import spapi_invoices.reconciliation, spapi_invoices.io.connect, spapi_invoices as spi\n"
        "spi.customer_side, spi.shipment_side\n"
        "print(all(callable(one) for one in (spi.reconcile, spi.connect, spi.read_documents)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_importing_loads_nothing_heavy():
    """The package's import costs what its own file costs."""
    code = "import sys, spapi_invoices\nprint([m for m in ('polars', 'requests', 'pandera', 'msgspec', 'click') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
