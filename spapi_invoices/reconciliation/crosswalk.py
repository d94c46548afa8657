"""A table of the user's gives left rows the keys of right rows. A line that says two things is refused."""

from typing import Any, Final

import polars as pl

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.reconciliation.columns import read_table, text
from spapi_invoices.reconciliation.stated import give_keys

_SHOWN: Final = 3
Crossed = tuple[pl.DataFrame, tuple[str, ...]]


def apply_crosswalk(left: pl.DataFrame, right: pl.DataFrame, crosswalk: Any) -> Crossed:  # noqa: ANN401 - any dataframe narwhals reads
    """Return the left rows with the keys the crosswalk gives them, and what a reader must know of its use.

    Raises:
        InvalidRequest: A left name has two rights or names several invoices, a right alias has two keys, or two lines
            that disagree name one row.
    """
    lines = crosswalk_lines(crosswalk)
    whole = lines.drop_nulls().unique()
    _refuse(whole.filter(pl.col("left").is_duplicated())["left"], "has two different rights in the crosswalk")
    targets = _resolve(whole, right)
    rows = left.with_row_index("row")
    named = _names(rows, "key", "ref", "aliases").join(targets, left_on="name", right_on="left")
    _refuse(_of_several(named, left)["name"], "names several invoices", "name each by its own number")
    given = named.select("row", "target").unique()
    _refuse(
        given.filter(pl.col("row").is_duplicated()).join(rows, on="row")["ref"],
        "is named by crosswalk lines with different rights",
    )
    return _give(rows, given), _notes(lines.height - lines.drop_nulls().height, targets, named, right)


def crosswalk_lines(crosswalk: Any) -> pl.DataFrame:  # noqa: ANN401 - any dataframe narwhals reads
    """The columns ``left`` and ``right`` as texts.

    Raises:
        InvalidRequest: One is missing, or holds no texts.
    """
    table = read_table(crosswalk, ("left", "right"), "the crosswalk")
    return table.select(text(table, "left"), text(table, "right"))


def _resolve(lines: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Every left name with its key to be: the right name itself if it is a key, else the key of the row it names."""
    aliases = _names(right.filter(pl.col("key").is_not_null()).with_row_index("row"), "ref", "aliases")
    keys = right.select("key").drop_nulls().unique()
    by_alias = (
        aliases.join(lines.select(name="right").unique(), on="name", how="semi")
        .join(keys, left_on="name", right_on="key", how="anti")
        .join(right.filter(pl.col("key").is_not_null()).select("key").with_row_index("row"), on="row")
        .select("name", "key")
        .unique()
    )
    _refuse(by_alias.filter(pl.col("name").is_duplicated())["name"], "stands for more than one key on the right side")
    return lines.join(by_alias, left_on="right", right_on="name", how="left").select(
        "left", "right", pl.coalesce("key", "right").alias("target")
    )


def _names(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    lists = [rows.select("row", pl.concat_list(column).alias("name")) for column in columns]
    return pl.concat(lists).explode("name", empty_as_null=False).drop_nulls().unique()


def _of_several(named: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame:
    """The names of rows that are not the same invoice; a name that is the key of its rows means them all."""
    rows = named.join(left.select("key", "ref", "aliases").with_row_index("row"), on="row")
    by_another = pl.col("name").ne_missing(pl.col("key"))
    invoice = pl.struct("key", pl.when(by_another).then(pl.struct("ref", "aliases")).alias("invoice"))
    return rows.group_by("name").agg(invoice.n_unique().alias("invoices")).filter(pl.col("invoices") > 1)


def _give(rows: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    contradicted = pl.col("key").ne(pl.col("target"))
    words = pl.when(contradicted).then(
        pl.format("joined by the crosswalk: the document states {}; the crosswalk says {}", "key", "target")
    )
    told = rows.join(given, on="row", how="left", maintain_order="left")
    note = words.otherwise(pl.lit("joined by the crosswalk"))
    return give_keys(told, pl.col("target"), note).drop("row", "target")


def _notes(incomplete: int, targets: pl.DataFrame, named: pl.DataFrame, right: pl.DataFrame) -> tuple[str, ...]:
    unused = targets.join(named, left_on="left", right_on="name", how="anti")
    nowhere = targets.join(right.select("key").drop_nulls(), left_on="target", right_on="key", how="anti")
    found = (
        (incomplete, "without one of the two names, left out", None),
        (unused.height, "naming no invoice", unused["left"]),
        (nowhere.height, "naming no shipment", nowhere["right"]),
    )
    return tuple(
        f"{count} line{'' if count == 1 else 's'} of the crosswalk {words}{_examples(names)}"
        for count, words, names in found
        if count
    )


def _examples(names: pl.Series | None) -> str:
    if names is None:
        return ""
    shown = names.unique().sort().head(_SHOWN).to_list()
    return f": {', '.join(shown)}{', ...' if names.n_unique() > _SHOWN else ''}"


def _refuse(names: pl.Series, why: str, remedy: str = "leave one line for each") -> None:
    if len(names):
        raise InvalidRequest(f"{_examples(names)[2:]} {why}. Next: {remedy}")
