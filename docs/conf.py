"""Sphinx configuration."""

from spapi_invoices import __version__

project = "spapi-invoices"
author = "the spapi-invoices maintainers"
release = __version__
extensions = ["myst_nb"]
# No page is a notebook yet; the notebooks run in the tests.
nb_execution_mode = "off"
html_theme = "furo"
html_title = f"spapi-invoices {release}"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
