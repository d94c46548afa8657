"""The widget in a real JupyterLab in a real browser: what a person would click and see.

Skips, visibly, where there is no JupyterLab or no Chromium; `.ci/run` installs both.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import DEMO

import spapi_invoices as spi

pytest.importorskip("jupyterlab", reason="JupyterLab is in the extra [dev]")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is in the extra [test]")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CODE = f"""from datetime import date
import spapi_invoices as spi
explorer = spi.notebook.InvoiceExplorer(spi.connect(replay={str(DEMO)!r}), date(2026, 10, 1), date(2026, 10, 31))
explorer"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """A JupyterLab on loopback with one notebook; gives the notebook's address."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CODE), nbformat.v4.new_code_cell("explorer.fetched")]
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "explorer.ipynb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [
        f"--port={port}",
        "--ip=127.0.0.1",
        "--no-browser",
        "--allow-root",
        "--IdentityProvider.token=",
        "--ServerApp.port_retries=0",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        cwd=tmp_path,
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "cfg"), "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await_server(port)
        yield f"http://127.0.0.1:{port}/lab/tree/explorer.ipynb"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _await_server(port: int) -> None:
    """Until it answers; a minute at most."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5) as answer:
            if "version" in json.load(answer):
                return
        time.sleep(0.2)
    raise TimeoutError("JupyterLab did not start")


def first_order() -> str:
    """The number of the first purchase order that the recording has."""
    return spi.connect(replay=DEMO).customer_invoices("2026-10-01", "2026-10-31").frame["purchase_order_number"][0]


def test_fetch_by_hand(lab: str):
    """A person picks nothing, presses Fetch, sees progress and the frame, and reads it back in the next cell."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.goto(lab)
        # Not the notebook's own indicator: the first run would be lost.
        page.get_by_text("| Idle").wait_for(timeout=60_000)
        page.locator(".jp-Cell").nth(0).click()
        page.keyboard.press("Shift+Enter")
        button = page.get_by_role("button", name="Fetch")
        button.wait_for(timeout=30_000)
        button.click()
        page.get_by_text("16 invoices in 5 windows, all complete").wait_for(timeout=30_000)
        assert page.get_by_text(first_order()).count() >= 1
        page.locator(".jp-Cell").nth(1).click()
        page.keyboard.press("Shift+Enter")
        page.get_by_text("<Fetched: 16 customer invoices, 5 of 5 windows complete>").wait_for(timeout=30_000)
        if shot := os.environ.get("SPAPI_SCREENSHOT"):
            page.screenshot(path=shot)
        browser.close()
