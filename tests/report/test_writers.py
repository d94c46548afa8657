import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser

import polars as pl
import pytest
from report_world import HUGE, context, world

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.frames.schemas import STATUSES
from spapi_invoices.reconciliation import RULES, Result, reconcile
from spapi_invoices.report import WRITERS, ReportContext
from spapi_invoices.report import html as html_report
from spapi_invoices.report import xlsx as xlsx_report

WRITE: dict[str, Callable[[Result, ReportContext], bytes]] = {writer.suffix: writer.write for writer in WRITERS}
VOID = {"meta", "br"}


def page(result: Result | None = None, about: ReportContext | None = None) -> str:
    return WRITE[".html"](result or world(), about or context()).decode()


def workbook(result: Result | None = None):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    return openpyxl.load_workbook(io.BytesIO(WRITE[".xlsx"](result or world(), context())))


def pairs(*keys: str, wrong: str | None = None) -> Result:
    left = pl.DataFrame({"key": keys, "amount": ["10"] * len(keys), "currency": ["INR"] * len(keys)})
    right = left.with_columns(amount=pl.when(pl.col("key") == (wrong or "")).then(pl.lit("7")).otherwise("amount"))
    return reconcile(left, right)


class Balanced(HTMLParser):
    """Collects open tags and attributes that would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.fetching: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember."""
        self.seen.add(tag)
        self.fetching += [name for name, _ in attrs if name in {"src", "href", "action", "data"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open.pop() == tag


def test_the_world_has_every_status() -> None:
    """The fixture is worth its name."""
    assert set(world().matches["status"]) == set(STATUSES)


def test_the_suffixes_are_those_promised() -> None:
    """One writer for each suffix."""
    assert [writer.suffix for writer in WRITERS] == [".html", ".xlsx", ".csv", ".json", ".parquet"]


class Tables(HTMLParser):
    """Collects the tables of a page: for each the heading above it, and its rows of cells as texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.heading = ""
        self.found: list[tuple[str, list[list[str]]]] = []
        self.cell: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin."""
        if tag == "table":
            self.found.append((self.heading, []))
        elif tag == "tr":
            self.found[-1][1].append([])
        elif tag in {"td", "th", "h2", "h3"}:
            self.cell = []
        elif tag == "br" and self.cell is not None:
            self.cell.append("\n")

    def handle_data(self, data: str) -> None:
        """Collect."""
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Keep."""
        said = "".join(self.cell or [])
        if tag in {"td", "th"}:
            self.found[-1][1][-1].append(said)
        elif tag in {"h2", "h3"}:
            self.heading = said
        else:
            return
        self.cell = None


def shown(value: object) -> str:
    """A value as the page writes it."""
    if isinstance(value, list):
        return "\n".join(value) or "-"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return "-" if value is None else str(value)


def uneven() -> Result:
    """A line whose every number is another."""
    left = pl.DataFrame({"key": ["A", "A"], "ref": ["I1", "I2"], "amount": ["70", "41"], "currency": "INR"})
    right = pl.DataFrame(
        {"key": ["A"], "ref": ["S1"], "amount": ["99"], "currency": "INR", "date": [date(2026, 10, 1)]}
    )
    return reconcile(left, right.with_columns(invoice_status=pl.lit("NotFound")), as_of=date(2026, 10, 31))


@pytest.mark.parametrize("result", [world(), uneven()], ids=["world", "uneven"])
def test_the_tables_of_lines_are_the_matches(result: Result) -> None:
    """Every line is shown under its status, each value in its own column."""
    names = ["key", "left_refs", "right_refs", "currency", "left_amount", "right_amount", "difference", "age_days"]
    titles = ["Order", "Invoices", "Shipments", "Currency", "Customer invoices, amount", "Shipments, amount"]
    seen = {}
    for heading, (head, *rows) in Tables(page(result)).found:
        if head[0] == "Order":
            assert head == [*titles, "Difference", "Age, days", "Reason"]
            seen[heading] = rows
    for rule in RULES:
        wanted = result.matches.filter(status=rule.status).select(*names, "reasons").rows()
        found = [rows for heading, rows in seen.items() if re.fullmatch(rf"{rule.title} \d+ lines?", heading)]
        assert found == ([[[shown(value) for value in row] for row in wanted]] if wanted else [])


@pytest.mark.parametrize("result", [world(), uneven()], ids=["world", "uneven"])
def test_the_totals_are_the_sums_of_the_matches(result: Result) -> None:
    """Numbers, amounts and difference of both sides per currency, each in its column."""
    (rows,) = [rows for heading, rows in Tables(page(result)).found if heading == "Totals by currency"]
    head, *totals = rows
    assert head[1:5] == [
        f"{side}, {what}" for side in ("Customer invoices", "Shipments") for what in ("number", "amount")
    ]
    names = ("left_count", "left_amount", "right_count", "right_amount")
    for currency, *cells in totals:
        some = [row for row in result.matches.iter_rows(named=True) if row["currency"] == currency]
        sums = [sum(row[name] or 0 for row in some) for name in names]
        assert cells[:5] == [shown(total) for total in (*sums, sums[1] - sums[3])]


def test_what_amazon_says_is_counted_per_status_and_currency() -> None:
    """Shipments and amounts for each answer; who was not asked is last; without any answer there is no such table."""
    said = dict(Tables(page()).found)["What Amazon says of the shipments' invoices"]
    assert said[0] == ["Amazon's invoice status", "Currency", "Shipments, number", "Shipments, amount"]
    assert ["NotFound", "BRL", "1", "640.00"] in said
    assert [row[0] for row in said[-2:]] == ["not asked, or no answer"] * 2
    assert "What Amazon says" not in page(pairs("A"))


@pytest.mark.parametrize("suffix", [".html", ".xlsx", ".csv", ".json", ".parquet"])
def test_the_same_input_gives_the_same_bytes(suffix: str) -> None:
    """No chance in a report."""
    assert WRITE[suffix](world(), context()) == WRITE[suffix](world(), context())


def test_the_only_clock_is_the_context() -> None:
    """Every instant a report tells of itself is ``created_at``; the entries of a workbook carry none."""
    pytest.importorskip("xlsxwriter")
    about = replace(context(), created_at=datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC))
    assert "Made 2001-02-03 04:05 UTC" in page(about=about)
    book = zipfile.ZipFile(io.BytesIO(WRITE[".xlsx"](world(), about)))
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", book.read("docProps/core.xml").decode())) == {
        "2001-02-03T04:05:06Z"
    }
    assert "made 2001-02-03 04:05 UTC" in book.read("xl/sharedStrings.xml").decode()
    assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("suffix", [".html", ".xlsx", ".csv", ".json", ".parquet"])
def test_a_result_without_rows_is_written_too(suffix: str) -> None:
    """Nothing compared is a report, not a crash."""
    assert WRITE[suffix](pairs(), context())


def test_the_page_is_whole_and_asks_for_nothing() -> None:
    """Every tag is closed; no script, no link, no image, no address; language and headers are there."""
    parser = Balanced()
    parser.feed(page())
    assert parser.open == []
    assert parser.fetching == []
    assert not parser.seen & {"script", "link", "img", "iframe", "object"}
    assert "url(" not in page()
    assert "<html lang='en'>" in page()
    assert page().count("<th ") == page().count("<th scope='col'")


def test_the_page_escapes_what_it_shows() -> None:
    """A key with markup is shown and not obeyed; so are notes."""
    assert "<script" not in page()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page()
    assert "&lt;and&gt;" in page()


def test_the_page_writes_amounts_exactly() -> None:
    """Eighteen digits are shown to the last; sums of them as well."""
    assert f"{Decimal(HUGE):,.2f}" in page()
    total = world().summary.filter(status="matched")["left_amount"].item()
    assert f"{total:,.2f}" in page()


def test_the_verdict_counts_orders_and_names_each_currency() -> None:
    """A sentence with the orders that agree, and what is in question per currency, never added."""
    assert "20 of 29 orders agree; 9 need attention; 1 row names no order." in page()
    # Refused and being checked count with their amounts, though they differ by nothing.
    assert "Amount in question: BRL 1,124.90 and INR 2,297.00." in page()


def row(key: str | None, amount: str | None, **rest: object) -> dict[str, object]:
    """A row of a frame of the user's."""
    return {"key": key, "amount": amount, "currency": "INR", "invoice_status": None} | rest


def told(left: list[dict[str, object]], right: list[dict[str, object]], windows: list[str] | None = None) -> list[str]:
    """Kind, label and lines of the head of a page."""
    schema = {"key": pl.String, "amount": pl.String, "currency": pl.String, "invoice_status": pl.String}
    result = reconcile(pl.DataFrame(left, schema=schema), pl.DataFrame(right, schema=schema))
    ledger = context().windows
    assert ledger is not None
    chosen = None if windows is None else ledger.filter(pl.col("state").cast(pl.String).is_in(windows))
    head = re.search(r"class='verdict (\w+)'>(.*?)</section>", page(result, replace(context(), windows=chosen)))
    assert head is not None
    return [head[1], *re.findall(r"<p[^>]*>(.*?)</p>", head[2])]


A, B, BAD = row("A", "5"), row("B", "6"), row(None, None, currency=None)
NO_AMOUNT = "Amount in question: 1 line whose amount or currency is not known."


@pytest.mark.parametrize(
    ("left", "right", "head"),
    [
        ([], [], ["empty", "Nothing to compare", "Neither side has a row."]),
        ([A], [A], ["good", "Everything agrees", "The one order agrees."]),
        ([A, B], [A, B], ["good", "Everything agrees", "All 2 orders agree."]),
        ([A, B], [A], ["open", "Needs attention", "1 of 2 orders agree; 1 needs attention.", "Amount in question: INR 6.00."]),
        ([A], [], ["open", "Needs attention", "1 order needs attention.", "Amount in question: INR 5.00."]),
        ([A, B], [], ["open", "Needs attention", "2 orders need attention.", "Amount in question: INR 11.00."]),
        ([BAD], [], ["open", "Needs attention", "1 row names no order.", NO_AMOUNT]),
        ([A, BAD], [A], ["open", "Needs attention", "The one order agrees; 1 row names no order.", NO_AMOUNT]),
        (
            [row("B", None), BAD],
            [B],
            [
                "open",
                "Needs attention",
                "1 order needs attention; 1 row names no order.",
                "Amount in question: INR 6.00, and 1 line whose amount or currency is not known.",
            ],
        ),
        (
            [A],
            [row("A", "5", invoice_status="Errored")],
            ["open", "Needs attention", "1 order needs attention.", "Amount in question: INR 5.00."],
        ),
    ],
)  # fmt: skip
def test_the_verdict_is_made_of_what_there_is(
    left: list[dict[str, object]], right: list[dict[str, object]], head: list[str]
) -> None:
    """Parts that are zero are left out, one is not called several, and unknown amounts are counted, not left out."""
    assert told(left, right) == head


@pytest.mark.parametrize(("status", "count"), [("NotFound", 2), ("Denied", 2), ("Accepted", 0), (None, 0)])
def test_everything_agrees_only_if_amazon_did_not_say_otherwise(status: str | None, count: int) -> None:
    """An invoice that Amazon has not accepted is told as a fact; who was not asked says nothing."""
    right = [row(key, "5", invoice_status=status) for key in ("A", "B")]
    kind, label, *lines = told([A, row("B", "5")], right)
    assert kind == "good"
    if count:
        assert label == "The amounts agree"
        assert lines[-1] == "The amounts agree; Amazon has not accepted 2 of the invoices."
    else:
        assert (label, lines) == ("Everything agrees", ["All 2 orders agree."])


@pytest.mark.parametrize("rows", [[], [A]], ids=["no rows", "all agree"])
@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["failed"], "1 window of the fetch did not arrive in full: orders may be missing."),
        ([], "No window of the fetch was asked for: orders may be missing."),
    ],
)
def test_what_was_not_fetched_is_never_green(rows: list[dict[str, object]], states: list[str], said: str) -> None:
    """A window that is missing, and a ledger without windows, are open whatever agrees."""
    kind, label, *lines = told(rows, rows, states)
    assert kind == "open"
    assert label.endswith("the fetch is not complete")
    assert lines[-1] == said


def test_there_is_no_all_clear_over_a_gap() -> None:
    """Windows that did not arrive are in the headline, even if all that arrived agrees."""
    assert "Everything agrees" not in page(pairs("A"))
    assert "2 windows of the fetch did not arrive in full: orders may be missing." in page(pairs("A"))


def test_what_needs_attention_stands_first() -> None:
    """Statuses are told in order of precedence, each with its next step, and those that agree come last."""
    after_summary = page().split("What needs attention")[1]
    places = [after_summary.index(f">{rule.title}</span>") for rule in RULES]
    assert places == sorted(places)
    for rule in RULES:
        assert rule.agrees or rule.next_step in after_summary.replace("&#x27;", "'")


def test_the_page_tells_how_complete_the_fetch_was() -> None:
    """Windows that are missing come first; without a ledger the section is left out."""
    section = page().split("Completeness of the fetch")[1]
    answered = "<strong>Not complete:</strong> 3 of 5 windows answered in full."
    assert f"{answered} This covers getCustomerInvoices only, not the shipments." in section
    assert section.index("failed: nothing arrived") < section.index(">complete<")
    assert "Completeness" not in page(about=replace(context(), windows=None))


def test_a_long_table_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines beyond the limit of a page are counted, not dropped in silence."""
    monkeypatch.setattr(html_report, "_SHOWN_ROWS", 3)
    assert "2 more lines are in the .xlsx and .parquet reports." in page(pairs(*"ABCDE"))


def test_the_workbook_has_all_sheets_and_rows() -> None:
    """Summary, Exceptions, All, Items, Windows; header frozen and filtered; a row per row."""
    book, result = workbook(), world()
    assert book.sheetnames == ["Summary", "Exceptions", "All", "Items", "Windows"]
    tables = {"Exceptions": result.exceptions, "All": result.matches, "Items": result.items}
    for name, table in tables.items():
        assert book[name].max_row == table.height + 1
        assert book[name].freeze_panes == "A2"
        assert book[name].auto_filter.ref is not None
    assert book.properties.created == datetime(2026, 10, 31, 18, 30)  # noqa: DTZ001 - the format has no zones


def test_the_workbook_speaks_as_the_page_does() -> None:
    """The summary has verdict, gap and totals; statuses, sides and columns have their titles everywhere."""
    book = workbook()
    cells = [[cell for cell in row if cell is not None] for row in book["Summary"].iter_rows(values_only=True)]
    said = [row[0] for row in cells if row]
    assert "Needs attention: 20 of 29 orders agree; 9 need attention; 1 row names no order." in said
    assert "2 windows of the fetch did not arrive in full: orders may be missing." in said
    assert ["Currency", "Customer invoices, number"] in [row[:2] for row in cells]
    items = list(book["Items"].iter_rows(values_only=True))
    assert {row[0] for row in items[1:]} == {"Customer invoices", "Shipments"}
    assert {row[items[0].index("Status")] for row in items[1:]} == {rule.title for rule in RULES}
    heads = {cell for sheet in ("All", "Items", "Windows") for cell in next(book[sheet].iter_rows(values_only=True))}
    assert not [head for head in heads if "_" in head or "left" in head or "right" in head]


def test_amounts_are_numbers_unless_a_float_would_lose_them() -> None:
    """Up to fifteen digits a number with two decimals; beyond, the exact text."""
    sheet, matches = workbook()["All"], world().matches
    column = matches.columns.index("left_amount") + 1
    for row, (amount,) in enumerate(matches.select("left_amount").rows(), start=2):
        cell = sheet.cell(row, column)
        if amount is None:
            assert cell.value is None
        elif amount == Decimal(HUGE):
            assert (cell.value, cell.data_type) == ("9,999,999,999,999,999.99", "s")
        else:
            assert Decimal(str(cell.value)).quantize(Decimal("0.01")) == amount
            assert (cell.data_type, cell.number_format) == ("n", "#,##0.00")


def test_no_text_becomes_a_formula_and_dates_are_dates() -> None:
    """A reference that starts with = is a text; a date is a date."""
    book = workbook()
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert '=HYPERLINK("http://example.invalid")' in {cell.value for cell in cells}
    dated = book["All"].cell(2, world().matches.columns.index("date") + 1)
    assert dated.value.date() == date(2026, 10, 5)


def test_too_many_rows_for_a_sheet_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet that cannot hold the rows is an error with a next step, not a shorter sheet."""
    pytest.importorskip("xlsxwriter")
    monkeypatch.setattr(xlsx_report, "_MAX_ROWS", 1)
    with pytest.raises(InvalidRequest, match=r"2 rows, and a sheet holds 1\. Next: save the report as \.parquet"):
        WRITE[".xlsx"](pairs("A", "B"), context())


def test_parquet_is_the_table() -> None:
    """What is read back is equal to the matches, types included."""
    assert pl.read_parquet(WRITE[".parquet"](world(), context())).equals(world().matches)


def test_json_has_exact_texts() -> None:
    """An object per match; amounts and dates are texts, lists are lists."""
    rows = json.loads(WRITE[".json"](world(), context()))
    assert len(rows) == world().matches.height
    huge = next(row for row in rows if row["left_amount"] == HUGE)
    assert (huge["date"], huge["right_refs"], huge["left_count"]) == ("2026-10-05", ["SHP13"], 1)


def test_csv_reads_back() -> None:
    """Every match is a line, lists are JSON, amounts have two decimals."""
    table = pl.read_csv(WRITE[".csv"](world(), context()), infer_schema=False)
    assert table.columns == world().matches.columns
    assert [json.loads(refs) for refs in table["right_refs"]] == world().matches["right_refs"].to_list()
    assert all(re.fullmatch(r"-?\d+\.\d\d", amount) for amount in table["left_amount"].drop_nulls())


def test_a_workbook_holds_the_digits_themselves() -> None:
    """In the file an amount is its own digits: written as a float, -934.31 would be read back as another number."""
    left = pl.DataFrame({"key": ["A"], "amount": ["5389.11"], "currency": ["BRL"]})
    right = pl.DataFrame({"key": ["A"], "amount": ["6323.42"], "currency": ["BRL"]})
    context = ReportContext("T", datetime(2026, 11, 2, tzinfo=UTC))
    writer = next(one for one in WRITERS if one.suffix == ".xlsx")
    with zipfile.ZipFile(io.BytesIO(writer.write(reconcile(left, right), context))) as book:
        sheets = "".join(book.read(name).decode() for name in book.namelist() if "worksheets/sheet" in name)
    assert "<v>-934.31</v>" in sheets
    assert "934.309" not in sheets
