"""JSON rewritten token by token, whatever state it is in. Not a parser: it builds nothing, so nothing can hide from it.

Double names, lone surrogates, huge numbers, ``NaN``, any depth, a body that breaks off: each token is seen, what is not
replaced keeps its bytes, and a body that broke off still does.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

_TOKEN: Final = re.compile(
    r"""
      "(?P<text>[^"\\]*+(?:\\.[^"\\]*+)*+)(?P<end>"?)(?P<colon>(?=[ \t\r\n]*+:))?
    | (?P<number>-?[0-9][0-9.eE+-]*+)
    | (?P<mark>[][{}:,])
    | (?P<blank>[ \t\r\n\ufeff]++)
    | (?P<word>-|[^][{}:,"0-9 \t\r\n\ufeff-][^][{}:," \t\r\n\ufeff]*+)
    """,
    re.DOTALL | re.VERBOSE,
)
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
# How many steps of a path are shown: a body may be nested without end.
_SHOWN: Final = 8

Kind = Literal["name", "text", "raw", "number", "word"]


@dataclass(frozen=True, slots=True)
class Token:
    """What stands somewhere in a JSON body.

    Attributes:
        kind: ``name`` of a field, ``text``, ``raw``: the inside of a text that JSON does not have, ``number``, or ``word``: what stands outside of texts, as ``true`` or anything.
        text: Without quotes and, but for ``raw``, without escapes.
        field: The name it stands under, at any depth of lists; ``""`` for none.
        steps: Names and indexes from the root. Changes with the next token.
    """

    kind: Kind
    text: str
    field: str
    steps: list[str | int]

    @property
    def place(self) -> str:
        """Where it stands, as ``payload.ShipmentItems[0].Title``."""
        shown = self.steps[-_SHOWN:]
        steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in shown if step != ""]
        return ("..." if len(shown) < len(self.steps) else "") + "".join(steps).removeprefix(".")


def rewrite(body: str, replace: Callable[[Token], str]) -> str:
    """The body with ``replace`` of each token; a replacement of ``raw`` must not add quotes or backslashes.

    >>> rewrite('{"a": ["b", 1.50]}', lambda token: token.text.upper())
    '{"A": ["B", 1.50]}'
    """
    steps: list[str | int] = []
    fields = [""]
    made: list[str] = []
    for found in _TOKEN.finditer(body):
        written = found[0]
        if found["mark"]:
            _step(written, steps, fields)
        elif found["text"] is not None:
            kind, text = _unescaped(found["text"])
            is_name = found["colon"] is not None
            in_object = is_name and steps and isinstance(steps[-1], str)
            if in_object:
                steps[-1] = fields[-1] = ""
            new = replace(Token("name" if is_name and kind == "text" else kind, text, fields[-1], steps))
            if in_object:
                steps[-1] = fields[-1] = new
            written = written if new == text else f'"{_escaped(kind, new)}{found["end"]}'
        elif not found["blank"]:
            written = replace(Token("number" if found["number"] else "word", written, fields[-1], steps))
        made.append(written)
    return "".join(made)


def _step(mark: str, steps: list[str | int], fields: list[str]) -> None:
    """Into an object or a list, on to the next entry, or out. Marks that make no sense lead nowhere."""
    if mark == "{":
        steps.append("")
        fields.append("")
    elif mark == "[":
        steps.append(0)
        fields.append(fields[-1])
    elif mark in "]}" and steps:
        steps.pop()
        fields.pop()
    elif mark == "," and steps and isinstance(steps[-1], int):
        steps[-1] += 1


def _unescaped(inside: str) -> tuple[Literal["text", "raw"], str]:
    """Raw is also what Python's parser takes and others refuse: written anew, it would be right."""
    if "\\" not in inside:
        return ("raw" if _CONTROL.search(inside) else "text"), inside
    try:
        text = str(json.loads(f'"{inside}"'))
    except ValueError:
        return "raw", inside
    return ("raw", inside) if _SURROGATE.search(text) else ("text", text)


def _escaped(kind: Literal["text", "raw"], text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1] if kind == "text" else text
