"""The words beside a status, built column by column: no loop over rows, and constants where there is little to tell."""

from typing import Final

import polars as pl

from spapi_invoices.frames.values import WIDE

_NOUNS: Final = {"left": "invoice", "right": "shipment"}
ACCEPTED: Final = "amounts agree; Amazon accepted the invoice"
MATCHED: Final = "amounts agree to the last digit"
# What Amazon says of the invoice of a shipment; a text it added since is told as it is.
_ASKED: Final = {
    "NotFound": "Amazon has no invoice for shipment {} (NotFound)",
    "Processing": "Amazon is still checking the invoice for shipment {} (Processing)",
    "Accepted": "Amazon already accepted an invoice for shipment {} (Accepted)",
    "Errored": "Amazon could not validate the invoice for shipment {} (Errored)",
}
# The statuses that say the same.
_SAID_BY: Final = {"rejected": "Errored", "pending": "Processing", "accepted": "Accepted"}


def money(amount: pl.Expr) -> pl.Expr:
    """Amounts as texts with thousands separators, exactly.

    >>> from decimal import Decimal
    >>> pl.select(money(pl.lit(Decimal("-1234567.80")))).item()
    '-1,234,567.80'
    """
    digits = amount.cast(WIDE).abs().cast(pl.String)
    whole, cents = digits.str.head(-3), digits.str.tail(3)
    # The regular expressions of polars cannot look ahead: group from behind.
    grouped = whole.str.reverse().str.replace_all(r"(\d{3})", "$1,").str.reverse().str.strip_prefix(",")
    return pl.concat_str(pl.when(amount < 0).then(pl.lit("-")).otherwise(pl.lit("")), grouped, cents)


def tell(groups: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Add ``reasons`` to groups whose ``status`` is decided.

    Args:
        groups: The groups.
        left: The rows they were made of, for what single rows say.
        right: Likewise.
    """
    exact = pl.col("status").is_in(["accepted", "matched"]) & (pl.col("difference") == 0)
    plain = exact.fill_null(value=False) & ~pl.col("noted") & (pl.col("left_count") == 1) & (pl.col("right_count") == 1)
    short, long = groups.filter(plain), groups.filter(~plain)
    accepted, unasked = pl.col("status") == "accepted", pl.col("asked").is_null()
    told = pl.concat_list(pl.lit(MATCHED), _asked(pl.col("right_refs").list.first(), pl.col("asked")))
    return pl.concat(
        [
            _tell_each(long, left, right),
            short.filter(accepted).with_columns(reasons=pl.lit([ACCEPTED])),
            short.filter(~accepted & unasked).with_columns(reasons=pl.lit([MATCHED])),
            short.filter(~accepted & ~unasked).with_columns(reasons=told),
        ]
    )


def _tell_each(groups: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    columns = groups.columns
    told = groups.join(_said(groups, left, right), on="key", how="left", maintain_order="left").join(
        _answers(groups, right), on=["key", "status"], how="left", maintain_order="left"
    )
    stands_alone = pl.col("key").is_null()
    refs = pl.concat_list("left_refs", "right_refs").list.first()
    own = pl.concat_str(_noun_of(pl.col("left_count") > 0), pl.lit(" "), refs, pl.lit(": "), pl.col("alone"))
    none = pl.lit([], pl.List(pl.String))
    blocked = pl.col("status") == "not_comparable"
    return told.with_columns(
        reasons=pl.concat_list(
            pl.when(stands_alone).then(own),
            pl.when(blocked).then(pl.col("problems").fill_null(none)).otherwise(none),
            _headline(),
            pl.when(~blocked).then(_comparison()),
            pl.when(~blocked).then(_coverage()),
            pl.when(stands_alone).then(_asked(refs, pl.col("asked"))),
            pl.col("answers").fill_null(none),
            pl.col("notes").fill_null(none),
        ).list.drop_nulls()
    ).select(*columns, "reasons")


def _asked(shipment: pl.Expr, status: pl.Expr) -> pl.Expr:
    """What Amazon answered for a shipment; null where it was not asked."""
    sentence = pl.format("Amazon says of the invoice for shipment {}: {}", shipment, status)
    for known, words in _ASKED.items():
        sentence = pl.when(status == known).then(pl.format(words, shipment)).otherwise(sentence)
    return pl.when(status.is_not_null()).then(sentence)


def _answers(groups: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """What Amazon answered for the shipments of a key, unless the status of a line says it already."""
    wanted = groups.select("key", "status", of_one=pl.col("right_count") == 1).drop_nulls("key").unique()
    said = pl.col("status").cast(pl.String).replace_strict(_SAID_BY, default=None, return_dtype=pl.String)
    rows = right.select("key", "ref", "invoice_status").drop_nulls("invoice_status").join(wanted, on="key")
    # Of several shipments a reader wants to know which was refused; accepted they all were.
    clear = pl.col("of_one") | (pl.col("status") == "accepted")
    told = rows.filter(~(clear & pl.col("invoice_status").eq_missing(said)))
    answers = _asked(pl.col("ref"), pl.col("invoice_status")).unique().sort().alias("answers")
    return told.group_by("key", "status").agg(answers)


def _said(groups: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """What the rows of a key say of themselves, each sentence once, sorted."""
    keys = groups.select("key").drop_nulls().unique()
    speaking = pl.col("problem").is_not_null() | pl.col("note").is_not_null()
    rows = pl.concat(
        side.filter(speaking).select("key", "ref", "problem", "note", is_left=pl.lit(is_left))
        for side, is_left in ((left, True), (right, False))
    ).join(keys, on="key", how="semi")

    def sentences(column: str) -> pl.Expr:
        return (
            pl.concat_str(_noun_of(pl.col("is_left")), pl.lit(" "), "ref", pl.lit(": "), column)
            .drop_nulls()
            .unique()
            .sort()
        )

    return rows.group_by("key").agg(problems=sentences("problem"), notes=sentences("note"))


def _noun_of(of_left: pl.Expr) -> pl.Expr:
    return pl.when(of_left).then(pl.lit(_NOUNS["left"])).otherwise(pl.lit(_NOUNS["right"]))


def _headline() -> pl.Expr:
    """The sentence that belongs to the status alone; null where the amounts say it better."""
    count = {side: pl.col(f"{side}_count") for side in _NOUNS}
    sentences = {
        "rejected": pl.lit("Amazon could not validate the submitted invoice (Errored)"),
        "pending": pl.lit("Amazon is still checking the submitted invoice (Processing)"),
        "left_only": pl.concat_str(pl.lit("no shipment for "), _these(count["left"], _NOUNS["left"])),
        "right_only": pl.concat_str(pl.lit("no invoice for "), _these(count["right"], _NOUNS["right"])),
        "duplicate": _repeats(),
        "currency_differs": pl.format(
            "{} in {}, {} in {}",
            _noun_of(count["left"] > 0),
            "currency",
            _noun_of(count["left"] == 0),
            "other_currencies",
        ),
        "accepted": pl.when(pl.col("difference") == 0)
        .then(pl.lit(ACCEPTED))
        .otherwise(pl.lit("amounts agree within the tolerance; Amazon accepted the invoice")),
        "within_tolerance": pl.concat_str(pl.lit("within the tolerance of "), money(pl.col("tolerance"))),
        "matched": pl.lit(MATCHED),
    }
    choice = pl.lit(None, pl.String)
    for status, sentence in sentences.items():
        choice = pl.when(pl.col("status") == status).then(sentence).otherwise(choice)
    return choice


def _these(count: pl.Expr, noun: str) -> pl.Expr:
    return pl.when(count == 1).then(pl.lit(f"this {noun}")).otherwise(pl.format("these {} " + noun + "s", count))


def _repeats() -> pl.Expr:
    """Which side counts twice: the one whose repeats were found, both if both have some."""
    spares = [
        pl.when(pl.col(f"{side}_spare") != 0).then(
            pl.format("{} amounts that occur more than once add {}", pl.lit(noun), money(pl.col(f"{side}_spare")))
        )
        for side, noun in _NOUNS.items()
    ]
    twice = pl.when(pl.col("ref_twice")).then(pl.lit("the same number occurs twice on one side"))
    return pl.concat_str(twice, *spares, separator="; ", ignore_nulls=True)


def _comparison() -> pl.Expr:
    """Both amounts, which is higher and by how much; null unless both are there and differ."""
    left, right, difference = pl.col("left_amount"), pl.col("right_amount"), pl.col("difference")
    # A ratio, not an amount: a float is good enough for one decimal of it.
    percent = (difference.cast(pl.Float64) / right.cast(pl.Float64) * 100).abs().round(1)
    share = (
        pl.when((right == 0) | (percent >= 1000))
        .then(pl.lit(""))
        .when(percent < 0.1)
        .then(pl.lit(" (under 0.1 %)"))
        .otherwise(pl.format(" ({} %)", percent))
    )
    return pl.when(left.is_not_null() & right.is_not_null() & (difference != 0)).then(
        pl.concat_str(
            pl.lit("invoice "),
            money(left),
            pl.lit(", shipment "),
            money(right),
            pl.when(difference > 0).then(pl.lit(": invoice is higher by ")).otherwise(pl.lit(": invoice is lower by ")),
            money(difference.abs()),
            share,
        )
    )


def _coverage() -> pl.Expr:
    left, right = pl.col("left_count"), pl.col("right_count")

    def counted(count: pl.Expr, noun: str) -> pl.Expr:
        return pl.format("{} " + noun + "{}", count, pl.when(count == 1).then(pl.lit("")).otherwise(pl.lit("s")))

    several = (left > 0) & (right > 0) & ((left > 1) | (right > 1))
    verb = pl.when(left == 1).then(pl.lit(" covers ")).otherwise(pl.lit(" cover "))
    return pl.when(several).then(pl.concat_str(counted(left, "invoice"), verb, counted(right, "shipment")))
