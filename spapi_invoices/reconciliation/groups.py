"""Rows of both sides become groups: one per key and currency, and one for each row that has no key.

Pairs that plainly agree do not come here: see ``plain``. Of the rest, most keys occur once on either side in one
currency: those are joined, which is cheap. The others are stacked and folded, which can do everything and costs more: of
a million keys on either side, 9 s instead of 1.4. Both give the same columns: the rules need not know how a group came.
Null keys never meet: the join leaves each as a group of its own.
"""

from typing import Final

import polars as pl

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.frames.values import AMOUNT, LIMIT, WIDE

_NO_REFS: Final = pl.lit([], pl.List(pl.String))

# What the rules may use of a group. "Of the key" means: of all the key's groups, whatever their currency.
GROUP: Final[dict[str, pl.DataType]] = {
    "key": pl.String(),
    "currency": pl.String(),
    "left_amount": AMOUNT,
    "right_amount": AMOUNT,
    "left_count": pl.Int64(),
    "right_count": pl.Int64(),
    "left_refs": pl.List(pl.String),
    "right_refs": pl.List(pl.String),
    "date": pl.Date(),
    "on_left": pl.Boolean(),  # of the key
    "on_right": pl.Boolean(),  # of the key
    "blocked": pl.Boolean(),  # of the key: a row of it cannot be compared
    "errored": pl.Boolean(),  # of the key
    "processing": pl.Boolean(),  # of the key
    "accepted": pl.Boolean(),  # all right rows of the group
    "asked": pl.String(),  # Amazon's status, where the group was joined and not folded: it has one right row at most
    "ref_twice": pl.Boolean(),  # a reference occurs twice on one side of the group
    "left_spare": WIDE,  # sum of the left rows whose amount an earlier left row has already
    "right_spare": WIDE,
    "other_currencies": pl.String(),  # of the key's rows on the side that has none in this currency
    "alone": pl.String(),  # what a row without a key says of itself
    "noted": pl.Boolean(),  # of the key: a row has a note
}
_ROW: Final = ("key", "ref", "named", "currency", "amount", "date", "invoice_status", "problem", "note")


def group_rows(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Group the rows of two sides, as ``as_side`` returns them; the columns are ``GROUP``'s, the order of rows is open.

    Raises:
        InvalidRequest: A sum does not fit ``Decimal(18, 2)``.
    """
    left, right = left.select(_ROW), right.select(_ROW)
    manifold = pl.concat([_repeated(left), _repeated(right)]).unique()
    pairs = _pair(left, right, manifold)
    # A pair in two currencies is two groups, and each must know of the other.
    split = pairs.filter(_HAS_LEFT & _HAS_RIGHT & pl.col("currency").ne_missing(pl.col("currency_right")))["key"]
    if len(split):
        manifold = pl.concat([manifold, split])
        pairs = pairs.filter(~_among(split))
    return pl.concat([_from_pairs(pairs), _fold(_stack(_only(left, manifold), _only(right, manifold)))])


# Of all columns that a side brings, the one that is never null.
_HAS_LEFT: Final = pl.col("named").is_not_null()
_HAS_RIGHT: Final = pl.col("named_right").is_not_null()


def _among(keys: pl.Series) -> pl.Expr:
    return pl.col("key").is_in(keys.implode()).fill_null(value=False)


def _repeated(side: pl.DataFrame) -> pl.Series:
    keys = side["key"].drop_nulls()
    return keys.filter(keys.is_duplicated()).unique()


def _only(side: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    return side.filter(_among(keys))


def _pair(left: pl.DataFrame, right: pl.DataFrame, manifold: pl.Series) -> pl.DataFrame:
    if len(manifold):
        left, right = left.filter(~_among(manifold)), right.filter(~_among(manifold))
    return left.join(right, on="key", how="full", coalesce=True)


def _stack(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([left.with_columns(is_left=pl.lit(True)), right.with_columns(is_left=pl.lit(False))])


def _from_pairs(pairs: pl.DataFrame) -> pl.DataFrame:
    has_left, has_right = _HAS_LEFT, _HAS_RIGHT
    status = pl.col("invoice_status_right")
    keyless = pl.col("key").is_null()
    said = (
        pl.coalesce("problem", "problem_right", pl.lit("names no order")),
        pl.coalesce("note", "note_right"),
    )
    return pairs.select(
        "key",
        pl.coalesce("currency", "currency_right"),
        left_amount=pl.col("amount"),
        right_amount=pl.col("amount_right"),
        left_count=has_left.cast(pl.Int64),
        right_count=has_right.cast(pl.Int64),
        left_refs=pl.when(has_left).then(pl.concat_list("ref")).otherwise(_NO_REFS),
        right_refs=pl.when(has_right).then(pl.concat_list("ref_right")).otherwise(_NO_REFS),
        date=pl.min_horizontal("date", "date_right"),
        on_left=has_left,
        on_right=has_right,
        blocked=keyless | pl.col("problem").is_not_null() | pl.col("problem_right").is_not_null(),
        errored=status.eq_missing(pl.lit("Errored")),
        processing=status.eq_missing(pl.lit("Processing")),
        accepted=status.eq_missing(pl.lit("Accepted")),
        asked=status,
        ref_twice=pl.lit(False),
        left_spare=pl.lit(0).cast(WIDE),
        right_spare=pl.lit(0).cast(WIDE),
        other_currencies=pl.lit(None, pl.String),
        alone=pl.when(keyless).then(pl.concat_str(said, separator="; ", ignore_nulls=True)),
        noted=keyless | pl.col("note").is_not_null() | pl.col("note_right").is_not_null(),
    )


def _fold(rows: pl.DataFrame) -> pl.DataFrame:
    of_left = pl.col("is_left")
    sides = {"left": of_left, "right": ~of_left}
    status = pl.col("invoice_status").filter(~of_left)
    folded = rows.group_by("key", "currency").agg(
        *(expression for side, rule in sides.items() for expression in _fold_side(side, rule)),
        date=pl.col("date").min(),
        blocked=pl.col("problem").is_not_null().any(),
        errored=status.eq_missing(pl.lit("Errored")).any(),
        processing=status.eq_missing(pl.lit("Processing")).any(),
        accepted=status.eq_missing(pl.lit("Accepted")).all(),
        noted=pl.col("note").is_not_null().any(),
    )
    of_key = ("blocked", "errored", "processing", "noted")
    left_currencies, right_currencies = (
        pl.col("currency").filter(pl.col(f"{side}_count") > 0).unique().sort().str.join(", ").over("key")
        for side in sides
    )
    folded = folded.with_columns(
        *(pl.col(name).any().over("key") for name in of_key),
        on_left=(pl.col("left_count") > 0).any().over("key"),
        on_right=(pl.col("right_count") > 0).any().over("key"),
        ref_twice=pl.col("left_ref_twice") | pl.col("right_ref_twice"),
        other_currencies=pl.when(pl.col("left_count") == 0)
        .then(left_currencies)
        .when(pl.col("right_count") == 0)
        .then(right_currencies),
        asked=pl.lit(None, pl.String),
        alone=pl.lit(None, pl.String),
    )
    ordered = _narrow(folded).sort("key", "currency")
    return ordered.select(pl.col(name).cast(kind) for name, kind in GROUP.items())


def _fold_side(side: str, rule: pl.Expr) -> list[pl.Expr]:
    amounts = pl.col("amount").filter(rule).drop_nulls()
    names = pl.col("ref").filter(rule & pl.col("named"))
    return [
        pl.when(amounts.len() > 0).then(amounts.sum()).alias(f"{side}_amount"),
        rule.sum().alias(f"{side}_count"),
        pl.col("ref").filter(rule).sort().alias(f"{side}_refs"),
        (names.n_unique() < names.len()).alias(f"{side}_ref_twice"),
        (amounts.sum() - amounts.unique().sum()).alias(f"{side}_spare"),
    ]


def _narrow(folded: pl.DataFrame) -> pl.DataFrame:
    """Insist that every sum fits the column it goes to: a sum that is cut would be wrong in silence."""
    sums = pl.col("left_amount", "right_amount").abs().fill_null(0) < LIMIT
    refuse_sums(folded.filter(~pl.all_horizontal(sums)))
    return folded


def refuse_sums(groups: pl.DataFrame) -> None:
    """Refuse if there is any group: its amounts add up to more than the tables hold."""
    if groups.height:
        first, *others = groups["key"].unique().sort()
        more = f" and of {len(others)} more" if others else ""
        raise InvalidRequest(
            f"the amounts of {first}{more} add up to more than 16 digits before the point. Next: check the amounts' unit"
        )
