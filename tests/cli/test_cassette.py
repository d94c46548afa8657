"""cassette audit, cassette show, and the global options --record and --keep-documents."""

import csv
import io
import json
from pathlib import Path

import pytest
from conftest import DEMO, EU, INVOICES, WEEK

from spapi_invoices.cli import run

TOKEN = "Atza|a-token-that-somebody-forgot"
BUYER = json.dumps({"payload": {"AmazonShipmentId": "D1", "BuyerName": "Maria da Silva", "ShipmentItems": []}})


@pytest.fixture
def cli_run(capfdbinary):
    """Run the command line; gives exit code, stdout, stderr."""

    def go(*arguments: object) -> tuple[int, str, str]:
        code = run([str(one) for one in arguments])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return go


def rows(out: str) -> list[dict[str, str]]:
    """CSV as dicts."""
    return list(csv.DictReader(io.StringIO(out)))


class TestAudit:
    """What must not be shared is found, and never shown."""

    def test_a_clean_cassette_is_exit_0(self, cli_run):
        """The demo's recording has no finding: an empty table, exit code 0."""
        assert cli_run("cassette", "audit", DEMO) == (0, "no rows\n", "0 findings in 1 file\n")

    def test_findings_name_file_exchange_place_and_kind(self, cli_run, cassette):
        """A row for each finding, exit code 1; the value itself is nowhere."""
        file = cassette(
            ("GET", WEEK, 200, '{"payload": {"customerInvoices": []}}'),
            ("GET", f"{EU}/fba/outbound/brazil/v0/shipments/D1?token={TOKEN}", 200, BUYER),
        )
        code, out, err = cli_run("cassette", "audit", file, "--format", "csv")
        found = rows(out)
        assert (code, {row["file"] for row in found}) == (1, {str(file)})
        assert ("2", "response body payload.BuyerName", "personal data") in [
            (row["exchange"], row["place"], row["kind"]) for row in found
        ]
        assert "token" in {row["kind"] for row in found}
        assert "Maria" not in out + err
        assert TOKEN not in out + err

    def test_several_files(self, cli_run, cassette):
        """All files are audited; one bad one is enough for exit code 1."""
        bad = cassette(("GET", f"{INVOICES}/PO1?nextToken={TOKEN}", 200, ""))
        code, out, err = cli_run("cassette", "audit", DEMO, bad, "--format", "csv")
        assert (code, {row["file"] for row in rows(out)}) == (1, {str(bad)})
        assert err == "1 finding in 2 files\n"

    @pytest.mark.parametrize("content", [None, "a: 1"])
    def test_one_that_cannot_be_read_hides_no_findings(self, cli_run, cassette, tmp_path: Path, content: str | None):
        """What was found in the others is shown first; then the file is named, and the exit code is that of usage."""
        bad, other = cassette(("GET", f"{INVOICES}/PO1?nextToken={TOKEN}", 200, "")), tmp_path / "other.yaml"
        if content is not None:
            other.write_text(content)
        code, out, err = cli_run("cassette", "audit", bad, other, DEMO, "--format", "csv")
        assert (code, {row["file"] for row in rows(out)}) == (2, {str(bad)})
        said = err.splitlines()
        assert said[0].endswith(" in 2 files")
        assert [line.startswith(f"Error: {other} ") for line in said[1:]] == [True]

    def test_what_stands_beside_the_exchanges(self, cli_run, tmp_path: Path):
        """The whole file is looked at, comments included: they are in no exchange, and the place has a line."""
        file = tmp_path / "x.yaml"
        file.write_text(f"# {TOKEN}\n{DEMO.read_text('utf-8')}", "utf-8")
        code, out, _ = cli_run("cassette", "audit", file, "--format", "csv")
        assert (code, [(row["exchange"], row["kind"]) for row in rows(out)]) == (1, [("0", "token")])
        assert TOKEN not in out

    def test_a_folder_is_all_recordings_below(self, cli_run, cassette, tmp_path: Path):
        """Both suffixes, in any depth, each file once, and nothing else."""
        folder = tmp_path / "cassettes"
        (folder / "a" / "b").mkdir(parents=True)
        made = cassette(("GET", f"{INVOICES}/PO1?nextToken={TOKEN}", 200, ""))
        files = [folder / "a" / "b" / "one.yml", folder / "two.yaml", folder / "a" / "THREE.YAML"]
        for file in files:
            file.write_bytes(made.read_bytes())
        (folder / "ids.txt").write_text(TOKEN)
        (folder / "folder.yaml").mkdir()
        code, out, err = cli_run("cassette", "audit", folder, folder / "two.yaml", "--format", "csv")
        assert (code, {row["file"] for row in rows(out)}) == (1, {str(file) for file in files})
        assert " in 3 files" in err

    def test_a_folder_without_recordings_is_no_clean_bill(self, cli_run, tmp_path: Path):
        """Nothing read is nothing found to be clean."""
        (tmp_path / "empty").mkdir()
        code, out, err = cli_run("cassette", "audit", tmp_path / "empty")
        assert (code, out, err.startswith(f"Error: {tmp_path / 'empty'} ")) == (2, "", True)

    def test_documents_may_be_allowed(self, cli_run, cassette):
        """With --allow-documents a document that is not synthetic is no finding; without it is one."""
        body = json.dumps(
            {"payload": {"purchaseOrderNumber": "PO1", "content": "JVBERi0xLjQgb2YgTWFyaWEgZGEgU2lsdmE="}}
        )
        file = cassette(("GET", f"{INVOICES}/PO1", 200, body))
        code, out, _ = cli_run("cassette", "audit", file, "--format", "csv")
        assert (code, [row["kind"] for row in rows(out)]) == (1, ["document"])
        assert cli_run("cassette", "audit", file, "--allow-documents")[0] == 0

    def test_what_is_no_cassette(self, cli_run, tmp_path: Path):
        """A file that is none is an error of usage, not a clean bill."""
        (tmp_path / "x.yaml").write_text("a: 1")
        code, out, err = cli_run("cassette", "audit", tmp_path / "x.yaml")
        assert (code, out, err.startswith("Error: ")) == (2, "", True)


class TestShow:
    """What a cassette answers, a row for each exchange."""

    def test_rows(self, cli_run, cassette):
        """Number, operation, what is asked, status, bytes and how many invoices."""
        page = '{"payload": {"customerInvoices": [{"purchaseOrderNumber": "A", "content": ""}, 7]}}'
        file = cassette(
            ("GET", WEEK, 200, page),
            ("GET", f"{INVOICES}/PO1", 404, '{"errors": []}'),
            ("GET", f"{EU}/fba/outbound/brazil/v0/shipments/D1", 200, BUYER),
            ("GET", f"{EU}/fba/outbound/brazil/v0/shipments/D1/invoice/status", 503, "<html></html>"),
            ("GET", f"https://example.com/other?x={TOKEN}", 200, ""),
        )
        code, out, _ = cli_run("cassette", "show", file, "--format", "csv")
        asked = "createdAfter=2026-10-01T00:00:00Z createdBefore=2026-10-08T00:00:00Z limit=100"
        assert code == 0
        assert [tuple(row.values()) for row in rows(out)][:4] == [
            ("1", "getCustomerInvoices", asked, "200", str(len(page)), "2"),
            ("2", "getCustomerInvoice", "PO1", "404", "14", ""),
            ("3", "getShipmentDetails", "D1", "200", str(len(BUYER)), ""),
            ("4", "getInvoiceStatus", "D1", "503", "13", ""),
        ]
        assert rows(out)[4]["operation"] == ""
        assert TOKEN not in out

    def test_the_demo(self, cli_run):
        """Every exchange of the shipped recording is a row with an operation."""
        code, out, _ = cli_run("cassette", "show", DEMO, "--format", "csv")
        found = rows(out)
        assert code == 0
        assert "" not in {row["operation"] for row in found}
        assert sum(int(row["invoices"] or 0) for row in found) > 16


class TestRecord:
    """--record and --keep-documents, for every command that asks."""

    def test_what_is_fetched_is_recorded(self, cli_run, sandbox, tmp_path: Path):
        """The file replays the command; stderr says where, how many and what was replaced."""
        file, ids = tmp_path / "r.yaml", ",".join(list(sandbox.world.shipments)[:3])
        command = ["shipments", "status", "--ids", ids, "--format", "csv"]
        code, out, err = cli_run("--endpoint", sandbox.endpoint, "--record", file, *command)
        assert code == 0
        assert err.splitlines()[-1].startswith(f"{file}: 4 exchanges recorded; replaced: ")
        assert cli_run("--replay", file, *command)[:2] == (0, out)
        assert cli_run("cassette", "audit", file)[0] == 0

    def test_one_file_for_all_that_a_command_asks(self, cli_run, sandbox, tmp_path: Path):
        """A command of several calls writes once, and the refused ones are there too."""
        file, number = tmp_path / "r.yaml", sandbox.world.purchase_orders[0].number
        get = ["customer-invoices", "get", "NOPE1234", number, "--format", "csv"]
        live = cli_run("--endpoint", sandbox.endpoint, *get, "--record", file)
        assert live[0] == 3
        assert "Error: purchase order NOPE1234: getCustomerInvoice: HTTP 404" in live[2]
        replayed = cli_run("--replay", file, *get)
        assert (replayed[0], replayed[2].count("HTTP 404")) == (3, 1)

    def test_nothing_answered_is_said(self, cli_run, tmp_path: Path):
        """Where nothing answers there is no file, and the message says so before the error."""
        file = tmp_path / "r.yaml"
        dead = ["--endpoint", "http://127.0.0.1:9", "--record", file]
        code, _, err = cli_run(*dead, "shipments", "status", "--ids", "D1")
        assert (code, file.exists()) == (3, False)
        assert err.startswith(f"{file}: nothing is recorded")

    def test_quiet(self, cli_run, sandbox, tmp_path: Path):
        """--quiet records and says nothing."""
        one = next(iter(sandbox.world.shipments))
        options = ["--quiet", "--endpoint", sandbox.endpoint, "--record", tmp_path / "r.yaml"]
        assert cli_run(*options, "shipments", "status", "--ids", one)[::2] == (0, "")
        assert (tmp_path / "r.yaml").exists()

    @pytest.mark.parametrize(
        "options", [["--replay", DEMO, "--record", "x.yaml"], ["--replay", DEMO, "--keep-documents", "--record", "x"]]
    )
    def test_not_with_a_replay(self, cli_run, options: list[object]):
        """What is replayed is not recorded: exit code 2."""
        code, out, err = cli_run(*options, "shipments", "status", "--ids", "D1")
        assert (code, out) == (2, "")
        assert "were both given" in err

    def test_keep_documents_is_about_a_recording(self, cli_run):
        """Alone it is a mistake."""
        assert (
            cli_run("--endpoint", "http://127.0.0.1:9", "--keep-documents", "shipments", "status", "--ids", "D1")[0]
            == 2
        )

    def test_a_command_that_asks_nobody_has_no_such_option(self, cli_run):
        """`documents read --record` is refused."""
        assert cli_run("documents", "read", "x", "--record", "x.yaml")[0] == 2

    @pytest.mark.parametrize(
        ("option", "command"),
        [
            (["--record", "x.yaml"], ["documents", "read", "."]),
            (["--replay", "x.yaml"], ["cassette", "show", DEMO]),
            (["--profile", "x"], ["plugins"]),
            (["--endpoint", "http://127.0.0.1:9"], ["cassette", "audit", DEMO]),
            (["--keep-documents"], ["reconcile", "a", "b"]),
            (["--format", "csv"], ["sandbox"]),
            (["--output", "x.csv"], ["sandbox"]),
            (["--format", "csv"], ["demo"]),
        ],
    )
    def test_nor_before_it(self, cli_run, option: list[str], command: list[object]):
        """An option of the group that the command has no use for is refused, not ignored."""
        code, out, err = cli_run(*option, *command)
        words = " ".join(str(one) for one in command[: 2 if command[0] in {"documents", "cassette"} else 1])
        assert (code, out) == (2, "")
        assert err == f"Error: `spapi-invoices {words}` has no use for {option[0]}. Next: leave it out\n"

    def test_the_demo_has_its_own_recording(self, cli_run, sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """It is refused before a step is made, with what would be recorded: a sandbox's answers."""
        monkeypatch.chdir(tmp_path)
        code, out, err = cli_run("--record", "x.yaml", "demo")
        assert (code, out, list(tmp_path.iterdir())) == (2, "", [])
        assert err.startswith("Error: the demo answers from its own recording")
        assert cli_run("--record", "x.yaml", "--endpoint", sandbox.endpoint, "demo")[0] == 0
        assert cli_run("--replay", "x.yaml", "demo")[0] == 0

    def test_one_is_not_several(self, cli_run, sandbox, tmp_path: Path):
        """A message says 1 exchange and 1 row."""
        file, number = tmp_path / "r.yaml", sandbox.world.purchase_orders[0].number
        get = ["customer-invoices", "get", number, "-o", tmp_path / "x.parquet"]
        cli_run("--endpoint", sandbox.endpoint, "--record", file, *get)
        err = cli_run("--replay", file, *get)[2]
        assert f"1 row in {tmp_path / 'x.parquet'}\n" in err
