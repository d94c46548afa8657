"""``spapi-invoices documents read``: rows on stdout, messages on stderr."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import DEMO

from spapi_invoices.cli import run

_NFE = DEMO.parent / "demo-nfe"


def _json(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[list[dict[str, object]], str]:
    assert run(["documents", "read", *map(str, arguments), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_a_row_per_invoice(capsys: pytest.CaptureFixture[str]) -> None:
    """Each document is a row; what is wrong with one is also said."""
    rows, said = _json(capsys, _NFE)
    assert len(rows) == len(list(_NFE.iterdir()))
    assert [row["findings"] for row in rows if row["findings"]] == [["denied"]]
    assert "not authorised: cStat 110, denied" in said
    assert f"{len(rows)} invoices, 1 with a problem or finding" in said


@pytest.mark.parametrize("more", [(), ("--processes", "2")])
def test_lines(capsys: pytest.CaptureFixture[str], more: tuple[str, ...]) -> None:
    """With --lines the lines are the data, with amounts as texts."""
    rows, _ = _json(capsys, _NFE, "--lines", *more)
    assert {"document_id", "invoice_number", "line_number", "commodity_code", "unit_price"} <= rows[0].keys()
    assert all(isinstance(row["goods_amount"], str) for row in rows)


def test_processes_start_at_one() -> None:
    """No process at all is a usage error."""
    from spapi_invoices.cli import cli

    assert CliRunner().invoke(cli, ["documents", "read", str(_NFE), "--processes", "0"]).exit_code == 2
