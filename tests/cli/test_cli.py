"""The command line as its user sees it: data on stdout, one line on stderr for what goes wrong, exit codes."""

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click
import polars as pl
import pytest
from conftest import DEMO, SHIPMENT, WEEK

import spapi_invoices as spi
from spapi_invoices.cli import cli, run
from spapi_invoices.io.tables import read_table
from spapi_invoices.plugins import register_commands

FETCH = ["customer-invoices", "fetch", "--from", "2026-10-01", "--to"]
REPLAY = ["--replay", str(DEMO)]


@pytest.fixture
def cli_run(capfdbinary):
    """Run the command line; gives exit code, stdout, stderr."""

    def go(*arguments: object) -> tuple[int, str, str]:
        code = run([str(one) for one in arguments])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return go


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, with its path."""
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name, command in group.commands.items():
        found.append(((*path, name), command))
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
    return found


class TestHelp:
    """Every command explains itself."""

    def test_every_command_has_help_and_an_example(self):
        """Help text for all, and an example for each that does something."""
        register_commands(cli)
        found = commands(cli)
        assert ("customer-invoices", "fetch") in [path for path, _ in found]
        for path, command in found:
            assert command.help, path
            if not isinstance(command, click.Group):
                assert (command.epilog or "").startswith("Example: spapi-invoices " + " ".join(path)), path

    def test_help_loads_nothing_heavy(self):
        """--help imports neither polars nor requests nor pandera."""
        code = (
            "import sys\nfrom spapi_invoices.cli import run\nrun(['--help'])\n"
            "print([m for m in ('polars', 'requests', 'pandera', 'msgspec', 'yaml') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"
        assert "customer-invoices" in done.stdout


class TestCustomerInvoices:
    """fetch and get."""

    def test_csv_is_the_frame(self, cli_run):
        """The rows that the command prints are those of the Python client, without the binary column."""
        code, out, err = cli_run(*REPLAY, *FETCH, "2026-10-31", "--format", "csv")
        frame = spi.connect(replay=DEMO).customer_invoices("2026-10-01", "2026-10-31").frame
        rows = list(csv.DictReader(io.StringIO(out)))
        assert code == 0
        assert list(rows[0]) == [name for name in frame.columns if name != "content"]
        assert [row["sha256"] for row in rows] == frame["sha256"].to_list()
        assert rows[0]["created_after"] == "2026-10-01T00:00:00Z"
        assert "16 customer invoices; 5 windows, all complete" in err

    def test_parquet_round_trip(self, cli_run, tmp_path: Path):
        """A Parquet file holds the frame, documents included."""
        from spapi_invoices.frames.schemas import CustomerInvoices

        target = tmp_path / "i.parquet"
        assert cli_run(*REPLAY, *FETCH, "2026-10-31", "-o", target)[0] == 0
        frame = spi.connect(replay=DEMO).customer_invoices("2026-10-01", "2026-10-31").frame
        assert read_table(target, CustomerInvoices).equals(frame)
        assert target.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("form", ["json", "ndjson"])
    def test_json_forms(self, cli_run, form: str):
        """An array of objects, or an object a line: one per row."""
        _, out, _ = cli_run(*REPLAY, "--quiet", *FETCH, "2026-10-31", "--format", form)
        rows = json.loads(out) if form == "json" else [json.loads(line) for line in out.splitlines()]
        assert len(rows) == 16

    def test_global_options_stand_before_or_behind(self, cli_run):
        """--replay before the command or after it is the same."""
        before = cli_run(*REPLAY, *FETCH, "2026-10-31", "--format", "csv")
        behind = cli_run(*FETCH, "2026-10-31", "--format", "csv", *REPLAY)
        assert before == behind

    def test_quiet_says_nothing(self, cli_run):
        """--quiet leaves stderr empty."""
        assert cli_run("--quiet", *REPLAY, *FETCH, "2026-10-31")[2] == ""

    def test_documents_are_saved_once_each(self, cli_run, tmp_path: Path):
        """Files are named by purchase order; a different document under the name is not overwritten."""
        frame = spi.connect(replay=DEMO).customer_invoices("2026-10-01", "2026-10-31").frame.drop_nulls("content")
        number, content = frame.select("purchase_order_number", "content").row(0)
        (tmp_path / f"{number}.pdf").write_bytes(b"mine")
        for _ in range(2):
            assert cli_run(*REPLAY, *FETCH, "2026-10-31", "--save-documents", tmp_path)[0] == 0
        assert (tmp_path / f"{number}.pdf").read_bytes() == b"mine"
        saved = {path.read_bytes() for path in tmp_path.glob("*.pdf")}
        assert saved == {b"mine", *frame["content"].to_list()}
        assert content in saved

    def test_get_by_number(self, cli_run):
        """Get prints a row per purchase order; an unknown one is exit 3."""
        number = (
            spi.connect(replay=DEMO).customer_invoices("2026-10-01", "2026-10-31").frame["purchase_order_number"][0]
        )
        code, out, _ = cli_run(*REPLAY, "customer-invoices", "get", number, "--format", "csv")
        assert (code, out.count("\n"), out.splitlines()[1].split(",")[0]) == (0, 2, number)

    def test_get_an_unknown_number(self, cli_run, sandbox):
        """It is said, the others are printed all the same, and the exit code is 3."""
        number = sandbox.world.purchase_orders[0].number
        known = ["--endpoint", sandbox.endpoint, "customer-invoices", "get", "NOPE1234", number, "--format", "csv"]
        code, out, err = cli_run(*known)
        assert (code, out.count("\n")) == (3, 2)
        assert err.startswith("Error: purchase order NOPE1234: getCustomerInvoice: HTTP 404: NotFound")

    def test_plan(self, cli_run):
        """What a fetch will cost is said without credentials and without asking."""
        half_a_year = ["--from", "2026-04-01", "--to", "2026-10-01", "--format", "csv"]
        code, out, _ = cli_run("customer-invoices", "plan", *half_a_year, "--invoices", "5000")
        assert (code, out) == (0, "operation,windows,calls,seconds\ngetCustomerInvoices,31,50,4.0\n")
        code, out, _ = cli_run("customer-invoices", "plan", *half_a_year, "--margin", "0")
        assert (code, out.splitlines()[1]) == (0, "getCustomerInvoices,27,27,1.7")

    def test_a_recording_of_windows_without_margin(self, cli_run, cassette):
        """--margin 0 asks for windows of seven days that meet."""
        body = '{"payload": {"customerInvoices": []}}'
        rest = WEEK.replace("2026-10-08", "2026-10-10").replace("2026-10-01", "2026-10-08")
        replay = ["--replay", str(cassette(("GET", WEEK, 200, body), ("GET", rest, 200, body)))]
        code, _, err = cli_run(*replay, *FETCH, "2026-10-10", "--margin", "0", "--format", "csv")
        assert (code, err) == (0, "0 customer invoices; 2 windows, all complete\n")


class TestShipments:
    """fetch, status and plan."""

    def test_plan(self, cli_run):
        """Calls and seconds of both operations, an id given twice counted once."""
        code, out, _ = cli_run("shipments", "plan", "--ids", "A,B,A", "--format", "csv")
        assert (code, out) == (0, "operation,calls,seconds\ngetShipmentDetails,2,0.0\ngetInvoiceStatus,2,0.0\n")

    def test_ids_from_a_file(self, cli_run, tmp_path: Path):
        """Ids are taken one a line; comments and blank lines are not."""
        ids = (DEMO.parent / "demo-shipment-ids.txt").read_text().split()
        (tmp_path / "ids.txt").write_text(f"# mine\n{ids[0]}  # first\n\n{ids[1]}\n")
        _, out, _ = cli_run(*REPLAY, "shipments", "fetch", "--ids-file", tmp_path / "ids.txt", "--format", "csv")
        assert [row["amazon_shipment_id"] for row in csv.DictReader(io.StringIO(out))] == ids[:2]

    def test_status(self, cli_run):
        """A row per id with Amazon's status."""
        ids = DEMO.parent / "demo-shipment-ids.txt"
        _, out, _ = cli_run(*REPLAY, "shipments", "status", "--ids-file", ids, "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(out)))
        assert [row["amazon_shipment_id"] for row in rows] == ids.read_text().split()
        counts = Counter(row["invoice_status"] for row in rows)
        assert counts == {"NotFound": 15, "Accepted": 7, "Errored": 2, "Processing": 1}

    def test_a_table_hides_who_bought(self, cli_run):
        """The table on a screen shows no buyer."""
        shipment = (DEMO.parent / "demo-shipment-ids.txt").read_text().split()[1]
        assert "Example Customer" not in cli_run(*REPLAY, "shipments", "fetch", "--ids", shipment)[1]

    def test_an_amount_with_a_comma(self, cli_run, cassette):
        """The row is there with its problem, stderr names shipment and field, and the exit code is 3."""
        item = {"ItemPrice": {"CurrencyCode": "BRL", "Amount": "12,50"}}
        body = json.dumps({"payload": {"AmazonShipmentId": "D1", "ShipmentItems": [item]}})
        code, out, err = cli_run(
            "--replay", cassette(("GET", SHIPMENT, 200, body)), "shipments", "fetch", "--ids", "D1", "--format", "csv"
        )
        assert code == 3
        assert err.startswith("Error: shipment D1: ShipmentItems[0].ItemPrice.Amount: '12,50' is no amount")
        assert len(out.splitlines()) == 2


class TestBadInput:
    """A clear line on stderr with the next step, exit 2 or 3, nothing on stdout, never a traceback."""

    def check(self, result: tuple[int, str, str], code: int, *says: str) -> None:
        assert result[0] == code, result[2]
        assert result[1] == ""
        assert result[2].count("\n") == 1, result[2]
        assert result[2].startswith("Error: ")
        assert "Next: " in result[2]
        for one in says:
            assert one in result[2]

    def test_no_credentials(self, cli_run):
        """Names what is missing and offers the demo."""
        self.check(cli_run(*FETCH, "2026-10-31"), 2, "no credentials", "spapi-invoices demo")

    def test_unknown_profile(self, cli_run):
        """Names the profile and the file."""
        self.check(cli_run("--profile", "nope", *FETCH, "2026-10-31"), 2, "no profile 'nope'", "config.toml")

    @pytest.mark.parametrize("content", ["a: [", "just text", "interactions: 3"])
    def test_no_cassette(self, cli_run, tmp_path: Path, content: str):
        """YAML that is broken, or is no cassette."""
        (tmp_path / "c.yaml").write_text(content)
        self.check(cli_run("--replay", tmp_path / "c.yaml", *FETCH, "2026-10-31"), 2, "c.yaml")

    def test_missing_cassette(self, cli_run, tmp_path: Path):
        """A file that is not there."""
        self.check(cli_run("--replay", tmp_path / "none.yaml", *FETCH, "2026-10-31"), 2, "none.yaml")

    @pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-10-01T00:00:00", ""])
    def test_no_date(self, cli_run, text: str):
        """A date that does not parse, or a time without zone."""
        self.check(cli_run(*REPLAY, *FETCH, text), 2)

    def test_from_after_to(self, cli_run):
        """A range that ends before it begins."""
        self.check(cli_run(*REPLAY, *FETCH, "2026-09-01"), 2, "not after its start")

    def test_unrecorded(self, cli_run):
        """Names the nearest recorded request."""
        self.check(cli_run(*REPLAY, *FETCH, "2026-10-05"), 3, "Nearest recorded: GET /vendor")

    @pytest.mark.parametrize(
        ("status", "body", "says"),
        [
            (
                503,
                "<html><title>Website Temporarily Unavailable</title></html>",
                "HTML page titled 'Website Temporarily Unavailable'",
            ),
            (200, "", "the body is empty"),
            (200, '{"payload": {"customerInvoices": [{"purchaseOrd', "no complete JSON"),
            (200, '{"payload": null}', "payload is null"),
        ],
    )
    def test_answers_that_are_none(self, cli_run, cassette, tmp_path: Path, status: int, body: str, says: str):
        """An HTML page, nothing, half an answer or a null payload; no file is left behind."""
        target = tmp_path / "out.csv"
        result = cli_run("--replay", cassette(("GET", WEEK, status, body)), *FETCH, "2026-10-08", "-o", target)
        self.check(result, 3, says)
        assert not target.exists()

    @pytest.mark.parametrize(("status", "body"), [(503, "<html></html>"), (200, ""), (200, '{"payload": {"Amaz')])
    def test_shipment_answers_that_are_none(self, cli_run, cassette, status: int, body: str):
        """The same for shipments."""
        self.check(
            cli_run("--replay", cassette(("GET", SHIPMENT, status, body)), "shipments", "fetch", "--ids", "D1"), 3
        )

    def test_a_shipment_that_is_none(self, cli_run, cassette):
        """JSON without the shipment is a row with a problem: the others are not concerned."""
        replay = ["--replay", cassette(("GET", SHIPMENT, 200, '{"payload": null}'))]
        code, out, err = cli_run(*replay, "shipments", "fetch", "--ids", "D1", "--format", "csv")
        assert (code, len(out.splitlines())) == (3, 2)
        assert err.startswith(
            "Error: shipment D1: getShipmentDetails: HTTP 200, but the body is JSON whose payload is null"
        )

    def test_content_that_is_no_base64(self, cli_run, cassette):
        """Not an error: a row with a problem, which is also said."""
        body = '{"payload": {"customerInvoices": [{"purchaseOrderNumber": "A", "content": "no base64!"}]}}'
        code, out, err = cli_run(
            "--replay", cassette(("GET", WEEK, 200, body)), *FETCH, "2026-10-08", "--format", "csv"
        )
        assert (code, "content is not base64" in out, "Problem: purchase order A" in err) == (0, True, True)

    def test_invalid_client(self, cli_run, sandbox, tmp_path: Path):
        """Login with Amazon's own words, and no secret."""
        (tmp_path / "config.toml").write_text(
            "[profiles.bad]\nclient_id = 'x'\nclient_secret = 'hidden-1'\nrefresh_token = 'hidden-2'\n"
        )
        result = cli_run("--profile", "bad", "--endpoint", sandbox.endpoint, *FETCH, "2026-10-31")
        self.check(result, 3, "invalid_client")
        assert "hidden" not in result[2]

    def test_no_ids(self, cli_run):
        """No shipment ids at all."""
        self.check(cli_run(*REPLAY, "shipments", "status"), 2, "no shipment ids")

    def test_a_slash_in_a_purchase_order(self, cli_run):
        """A number the API would not take is refused before it is sent."""
        self.check(cli_run(*REPLAY, "customer-invoices", "get", "A/B"), 2, "letters and digits")

    def test_both_cassette_and_endpoint(self, cli_run):
        """Two places to ask."""
        self.check(
            cli_run(*REPLAY, "--endpoint", "http://127.0.0.1:1", *FETCH, "2026-10-31"), 2, "a cassette and an endpoint"
        )

    def test_usage_is_clicks(self, cli_run):
        """An unknown option is exit 2 with the usage."""
        code, out, err = cli_run("customer-invoices", "fetch", "--nope")
        assert (code, out) == (2, "")
        assert "No such option" in err

    def test_a_folder_that_cannot_be_written(self, cli_run, tmp_path: Path):
        """-o below a file is an I/O failure, not a traceback."""
        (tmp_path / "file").write_text("x")
        self.check(
            cli_run("--quiet", *REPLAY, *FETCH, "2026-10-31", "-o", tmp_path / "file" / "x.csv"), 3, "cannot be written"
        )

    @pytest.mark.parametrize("name", ["out.xyz", "out", "out.html"])
    def test_a_suffix_that_is_no_format(self, cli_run, tmp_path: Path, name: str):
        """It is refused before anything is asked or saved."""
        saved = tmp_path / "pdf"
        result = cli_run(*REPLAY, *FETCH, "2026-10-31", "--save-documents", saved, "-o", tmp_path / name)
        self.check(result, 2, "the suffix says no format")
        assert not saved.exists()

    @pytest.mark.parametrize(
        "endpoint",
        ["http://u:hidden@127.0.0.1:1", "https://u:hidden@host.example", "http://[::1", "127.0.0.1:8642", "ftp://x"],
    )
    def test_an_endpoint_that_is_none(self, cli_run, endpoint: str):
        """No scheme, a password, half an address: refused, and a password is not repeated."""
        result = cli_run("--endpoint", endpoint, *FETCH, "2026-10-31")
        self.check(result, 2)
        assert "hidden" not in result[2]

    def test_fail_on_nothing(self, cli_run, tmp_path: Path):
        """An empty --fail-on, as an unset variable gives, would never fail, so it is refused."""
        self.check(cli_run("reconcile", tmp_path / "a.csv", tmp_path / "b.csv", "--fail-on", ""), 2, "no such status")


class TestPipeline:
    """The commands one after another, as a person at a shell would."""

    def test_files_lead_to_the_report_of_the_demo(self, cli_run, tmp_path: Path):
        """fetch, read, reconcile over files finds what the demo finds."""
        here = DEMO.parent
        assert cli_run(*REPLAY, *FETCH, "2026-10-31", "-o", tmp_path / "invoices.parquet")[0] == 0
        ids = ["--ids-file", here / "demo-shipment-ids.txt"]
        assert cli_run(*REPLAY, "shipments", "fetch", *ids, "-o", tmp_path / "shipments.csv")[0] == 0
        assert cli_run(*REPLAY, "shipments", "status", *ids, "-o", tmp_path / "statuses.json")[0] == 0
        read = ["documents", "read", tmp_path / "invoices.parquet", here / "demo-nfe"]
        assert cli_run(*read, "-o", tmp_path / "facts.csv")[0] == 0
        compare = [
            "reconcile",
            tmp_path / "facts.csv",
            tmp_path / "shipments.csv",
            "--statuses",
            tmp_path / "statuses.json",
        ]
        compare += ["--crosswalk", here / "demo-crosswalk.csv"]
        code, out, _ = cli_run(*compare, "--format", "json")
        found = {row["status"] for row in json.loads(out)}
        from spapi_invoices.frames.schemas import STATUSES

        assert (code, found) == (0, set(STATUSES))
        code, _, err = cli_run(*compare, "--fail-on", "amount_differs,left_only", "-o", tmp_path / "report.html")
        assert code == 1
        assert "lines with amount_differs, left_only" in err
        assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")

    def test_a_status_that_is_none(self, cli_run, tmp_path: Path):
        """--fail-on with a misspelt status would never fail, so it is refused."""
        code, _, err = cli_run("reconcile", tmp_path / "a.csv", tmp_path / "b.csv", "--fail-on", "amount_difers")
        assert (code, "no such status" in err) == (2, True)


class TestDemo:
    """The first command a newcomer types."""

    def test_runs_without_network(self, tmp_path: Path):
        """In a process in which no socket can be made, the demo writes a self-contained page that shows every status."""
        code = (
            "import socket\n"
            "def forbidden(*a, **k): raise AssertionError('a socket was opened')\n"
            "socket.socket.__init__ = forbidden; socket.getaddrinfo = forbidden\n"
            "import sys\nfrom spapi_invoices.cli import run\nsys.exit(run(['demo']))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        for says in ("16 invoices, complete: yes", "25 shipments", "Report: spapi-invoices-demo/report.html"):
            assert says in done.stdout
        page = (tmp_path / "spapi-invoices-demo" / "report.html").read_text()
        from spapi_invoices.reconciliation.rules import RULES

        for rule in RULES:
            assert rule.title in page
        assert "Example Customer" not in page
        for outside in ('src="http', "url(http", '<link rel="stylesheet"', "@import"):
            assert outside not in page

    @pytest.mark.parametrize("package", ["pypdfium2", "xlsxwriter"])
    def test_without_an_extra_it_makes_no_step(self, package: str, tmp_path: Path):
        """A newcomer on a bare install is told at once, and of the one extra that is enough."""
        code = (
            f"import sys\nsys.modules['{package}'] = None\nfrom spapi_invoices.cli import run\nsys.exit(run(['demo']))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
        says = f"Error: {package} is not installed. Next: pip install 'spapi-invoices[all]'\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", says)

    def test_against_a_sandbox(self, cli_run, sandbox, tmp_path: Path):
        """The same job over real HTTP finds the same."""
        recorded = cli_run("demo", "-o", tmp_path / "a.html")
        live = cli_run("demo", "--endpoint", sandbox.endpoint, "-o", tmp_path / "b.html")
        assert (recorded[0], live[0]) == (0, 0)
        assert _steps(recorded[1]) == _steps(live[1])


class TestPlugins:
    """What is plugged in."""

    def test_ours_are_listed(self, cli_run):
        """Our own commands, readers and writers come through the same seam."""
        _, out, _ = cli_run("plugins", "--format", "json")
        rows = {(row["plugin"], row["hook"]): row["registered"] for row in json.loads(out)}
        assert rows["documents", "register_document_readers"] == ["nfe", "gst"]
        assert ".html" in rows["report", "register_report_writers"]
        assert "demo" in rows["commands", "register_commands"]


class TestOwnTables:
    """reconcile over tables of the user's own."""

    def test_three_columns_are_enough(self, cli_run, tmp_path: Path):
        """key, amount and currency; a bad amount is a problem of its row, and the others are compared."""
        (tmp_path / "l.csv").write_text('\ufeffkey,amount,currency\nA,10.00,BRL\nB,"12,50",BRL\n', "utf-8")
        (tmp_path / "r.json").write_text(
            '[{"key": "A", "amount": 10.0, "currency": "BRL"}, {"key": "B", "amount": "1", "currency": "BRL"}]'
        )
        code, out, _ = cli_run("reconcile", tmp_path / "l.csv", tmp_path / "r.json", "--format", "json")
        found = {row["key"]: (row["status"], row["reasons"]) for row in json.loads(out)}
        assert (code, found["A"][0], found["B"][0]) == (0, "matched", "not_comparable")
        assert "12,50" in " ".join(found["B"][1])

    def test_aliases_are_a_list_or_one(self, cli_run, tmp_path: Path):
        """An empty cell, one alias, or a JSON array; a crosswalk finds the row by any."""
        (tmp_path / "l.csv").write_text('key,amount,currency,aliases\n,1,BRL,PO1\n,2,BRL,"[""PO2"",""X""]"\nC,3,BRL,\n')
        (tmp_path / "r.csv").write_text("key,amount,currency\nA,1,BRL\nB,2,BRL\nC,3,BRL\n")
        (tmp_path / "x.csv").write_text("left,right\nPO1,A\nPO2,B\n")
        files = [tmp_path / "l.csv", tmp_path / "r.csv", "--crosswalk", tmp_path / "x.csv"]
        _, out, _ = cli_run("reconcile", *files, "--format", "json")
        assert {row["key"]: row["status"] for row in json.loads(out)} == dict.fromkeys("ABC", "matched")

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("key;amount;currency\nA;1;BRL\n", "has semicolons between its cells. Next: save it with commas"),
            ("Key,Amount\nA,1\n", "it has Key, Amount"),
            ("", "save it with commas between the cells, in UTF-8"),
        ],
    )
    def test_what_is_wrong_is_named(self, cli_run, tmp_path: Path, content: str, says: str):
        """A table that is none names the columns that are missing and those it has."""
        (tmp_path / "l.csv").write_text(content)
        code, _, err = cli_run("reconcile", tmp_path / "l.csv", tmp_path / "l.csv")
        assert (code, err.count("\n")) == (2, 1)
        assert says in err


def test_a_device_is_written_to_and_stays_one(tmp_path: Path):
    """-o to what is no file writes into it; it is not replaced by a file."""
    import threading

    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert run([*REPLAY, "--quiet", *FETCH, "2026-10-31", "-o", str(pipe)]) == 0
    reader.join(20)
    assert pipe.is_fifo()
    assert read[0].count(b"\n") == 17


def test_a_pipe_behind_a_descriptor_is_written_to():
    """-o /dev/stdout in a pipe is written to, though its link names no path."""
    line = f"{sys.executable} -m spapi_invoices --replay {DEMO} {' '.join(FETCH)} 2026-10-31 --format csv -o /dev/stdout | wc -l"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "17"), done.stderr


def test_a_circle_of_links_is_a_file_that_cannot_be_written(cli_run, tmp_path: Path):
    """It is said so, exit 3."""
    (tmp_path / "a.csv").symlink_to(tmp_path / "b.csv")
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    code, _, err = cli_run("--quiet", *REPLAY, *FETCH, "2026-10-31", "-o", tmp_path / "a.csv")
    assert (code, "cannot be written" in err) == (3, True)


def test_an_unknown_report_is_refused_first(cli_run, tmp_path: Path):
    """Reconcile -o with a suffix nobody writes: one line, before the tables are even looked for."""
    code, _, err = cli_run("reconcile", tmp_path / "none.csv", tmp_path / "none.csv", "-o", tmp_path / "r.foo")
    assert (code, err.count("\n")) == (2, 1)
    assert "no report is written as '.foo'" in err


def test_a_link_is_followed(tmp_path: Path):
    """-o to a link writes the file it names, and the link stays a link."""
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert run([*REPLAY, "--quiet", *FETCH, "2026-10-31", "-o", str(tmp_path / "link.csv")]) == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes().count(b"\n") == 17


def test_a_full_disk_is_an_io_failure():
    """What cannot be written to stdout is said in a line, exit 3."""
    line = f"{sys.executable} -m spapi_invoices --quiet --replay {DEMO} {' '.join(FETCH)} 2026-10-31 --format csv > /dev/full"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "No space left on device. Next: " in done.stderr


def test_a_narrow_encoding_is_no_reason_to_fail(tmp_path: Path):
    """Where stdout cannot show a line's signs, as in a pipe on Windows, the demo still writes its report."""
    env = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "spapi_invoices", "demo"]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=env, check=False)
    assert (done.returncode, (tmp_path / "spapi-invoices-demo" / "report.html").exists()) == (0, True)


def test_a_closed_pipe_is_no_error():
    """`| head -1` gets its line, and no complaint follows."""
    line = f"{sys.executable} -m spapi_invoices --quiet --replay {DEMO} {' '.join(FETCH)} 2026-10-31 --format csv | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert (done.stderr, done.stdout.count("\n")) == ("", 1)


def _steps(out: str) -> list[str]:
    """The demo's lines but for where it wrote to and how long it took."""
    return [line for line in out.splitlines() if "Report:" not in line and "done in" not in line]


def test_a_table_is_read_back_from_every_form(tmp_path: Path):
    """A frame written as csv, json, ndjson or Parquet is read back equal, amounts and lists included."""
    from spapi_invoices.frames.schemas import InvoiceFacts
    from spapi_invoices.io.tables import ENCODERS

    facts = spi.read_documents(DEMO.parent / "demo-nfe").facts
    assert facts["total_amount"].dtype == pl.Decimal(18, 2)
    for form, encode in ENCODERS.items():
        path = tmp_path / f"facts.{form}"
        path.write_bytes(encode(facts))
        assert read_table(path, InvoiceFacts).equals(facts), form
