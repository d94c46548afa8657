"""Writes the generated reference pages: ``python docs/generate.py``. A test fails while they differ from the code."""

import inspect
import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Final

import click

from spapi_invoices import errors, plugins
from spapi_invoices.cli import cli
from spapi_invoices.core.refusals import REFUSALS
from spapi_invoices.documents.date_pictures import PARTS
from spapi_invoices.documents.findings import FINDINGS
from spapi_invoices.documents.layout_fields import FIELDS, KINDS
from spapi_invoices.documents.layout_file import FIELD_KEYS, KEYS, Key
from spapi_invoices.documents.layouts import REQUIRED
from spapi_invoices.documents.notations import NUMBERS
from spapi_invoices.frames.schemas import TABLES, InvoiceFacts, personal_columns, polars_schema
from spapi_invoices.plugins import register_commands
from spapi_invoices.reconciliation.rules import ADDED, RULES

HERE: Final = Path(__file__).parent / "reference"


def tables() -> str:
    """The tables: row grain, columns, types, personal data."""
    lines = [
        "# Tables",
        "",
        "Amounts are `Decimal(18, 2)` beside a `currency`; times are UTC; an empty table has all its columns.",
        "(P) marks personal data: left out on screens, present in exports.",
    ]
    for name, table in TABLES.items():
        columns, personal = table.to_schema().columns, personal_columns(table)
        lines += ["", f"## {name}", "", str(table.__doc__), "", "| column | type | meaning |", "| --- | --- | --- |"]
        for column, dtype in polars_schema(table).items():
            kind = "Enum" if str(dtype).startswith("Enum") else str(dtype)
            mark = " (P)" if column in personal else ""
            required = "" if columns[column].nullable else " *never null*"
            lines.append(f"| `{column}` | {kind} | {columns[column].description}{mark}{required} |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """The command line: the help text of every command."""
    register_commands(cli)
    return "\n".join(["# Commands", "", *_helps(cli, "spapi-invoices", None)]) + "\n"


def statuses() -> str:
    """The statuses of the reconciliation, in order of precedence."""
    rows = [f"| `{rule.status}` | {rule.title} | {rule.meaning} | {rule.next_step} |" for rule in RULES]
    head = ["# Statuses", "", "A key's status is the first of these that applies.", ""]
    return (
        "\n".join([*head, "| status | in the report | it means | to do |", "| --- | --- | --- | --- |", *rows]) + "\n"
    )


def findings() -> str:
    """Every finding of the document readers: what it is found in, what it means, what to do."""
    lines = [
        "# Findings",
        "",
        "What is wrong with a document has a name, in the column `findings` of `invoice_facts`, beside the words in `problem`.",
        "A row with findings may still have amounts: then the document could be read, and the finding is about what it states.",
        "A plugin's reader may name findings of its own.",
        "",
        "| finding | in | it means | to do |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| `{one.name}` | {one.about} | {one.meaning} | {one.next_step} |" for one in FINDINGS]
    return "\n".join(lines) + "\n"


def refusals() -> str:
    """Every refusal of Amazon's that is explained: its words, what they mean, what to do."""
    lines = [
        "# Refusals",
        "",
        "What Amazon says when it refuses, and what that means; see [how to connect an account](../how-to/connect-an-account.md).",
        "The error's message says the same, and `error.explanation.name` has the name, for code.",
        "Words that are not here are shown as they came.",
        "",
        "| name | Amazon says | it means | to do | source |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in REFUSALS:
        told = row.explanation
        lines.append(f"| `{told.name}` | {row.says} | {told.meaning} | {told.next_step} | {row.source} |")
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """The exception tree, from the docstring that draws it."""
    tree, _, rest = (errors.__doc__ or "").split("::\n\n", 1)[1].partition("\n\n")
    return f"# Errors\n\n```text\n{dedent(tree).strip()}\n```\n\n{rest.strip()}\n"


def hooks() -> str:
    """The hooks of plugins: what each is given, what it registers, and what ours register through it."""
    # What stands behind the module's first example is about all hooks alike.
    laws = inspect.getdoc(plugins).split("register(MY_READER)\n\n", 1)[1].replace("``", "`")
    lines = ["# Hooks", "", "See [how to write a plugin](../how-to/write-a-plugin.md).", "", laws]
    ours = [one for one in plugins.plugins() if one.distribution == "spapi-invoices"]
    for name, hook in vars(plugins.Hooks).items():
        if name.startswith("register_"):
            (given,) = [parameter for parameter in inspect.signature(hook).parameters if parameter != "self"]
            added = ", ".join(f"`{value}`" for plugin in ours for value in plugin.registered.get(name, ()))
            lines += ["", f"## {name}({given})", "", inspect.getdoc(hook).replace("``", "`"), ""]
            lines += [*_registers(name), f"Ours: {added}."]
    lines += ["", "The statuses that a rule may give: " + ", ".join(f"`{status}`" for status in ADDED) + ", or none."]
    return "\n".join(lines) + "\n"


def layouts() -> str:
    """The keys of a layout's file, its fields, and how amounts and dates are written."""
    columns = InvoiceFacts.to_schema().columns
    fields = [f"| `{name}` | {kind} | {columns[name].description} |" for name, kind in FIELDS.items()]
    examples = ", ".join(f'`"{example}"`' for example in NUMBERS)
    required = ", ".join(f"`{name}`" for name in REQUIRED)
    return (
        "\n".join(
            [
                *("# Layouts", "", "See [how to add a layout](../how-to/add-a-layout.md).", ""),
                *("## The file", "", *_keys(KEYS), "", "`match`, `numbers`, `dates` and `fields` are needed.", ""),
                *(
                    "## A field",
                    "",
                    "One of `beside`, `below`, `regex` and `value`; the other keys may be left out.",
                    "",
                ),
                *(
                    *_keys(FIELD_KEYS),
                    "",
                    f"These must be in the file: {required}.",
                    "",
                ),
                *("## Fields", "", "| field | kind | meaning |", "| --- | --- | --- |", *fields, ""),
                *("## Kinds", "", "| kind | what is taken |", "| --- | --- |"),
                *(f"| {kind} | {taken} |" for kind, taken in KINDS.items()),
                *("", "## Numbers", "", f"One of {examples}, and nothing that looks different is an amount.", ""),
                *("## Dates", "", "A picture made of these; everything else in it stands for itself.", ""),
                *(
                    "| part | it is |",
                    "| --- | --- |",
                    *(f"| `{part}` | {meaning} |" for part, (meaning, _) in PARTS.items()),
                ),
            ]
        )
        + "\n"
    )


def _keys(keys: Iterable[Key]) -> list[str]:
    rows = [f"| `{key.name}` | {key.takes} | {key.meaning} |" for key in keys]
    return ["| key | takes | meaning |", "| --- | --- | --- |", *rows]


def _registers(hook: str) -> list[str]:
    """The attributes of the value that a hook registers, from its class's docstring."""
    if hook not in plugins.REGISTERS:
        return []
    module, kind, *_ = plugins.REGISTERS[hook]
    said = inspect.getdoc(getattr(import_module(module), kind)).split("Attributes:\n", 1)[1].split("\n\n", 1)[0]
    rows = re.findall(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", said, re.MULTILINE)
    cells = [f"| `{name}` | {' '.join(meaning.split()).replace('``', '`')} |" for name, meaning in rows]
    return [f"`{kind}`, from `{module}`:", "", "| attribute | meaning |", "| --- | --- |", *cells, ""]


def _helps(command: click.Command, name: str, parent: click.Context | None) -> list[str]:
    context = command.make_context(name, [], parent, resilient_parsing=True, terminal_width=100)
    title = context.command_path
    lines = [f"## {title}", "", "```text", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            lines += _helps(command.commands[inner], inner, context)
    return lines


PAGES: Final = {
    "tables.md": tables,
    "commands.md": commands,
    "statuses.md": statuses,
    "findings.md": findings,
    "refusals.md": refusals,
    "errors.md": errors_page,
    "hooks.md": hooks,
    "layouts.md": layouts,
}


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")
