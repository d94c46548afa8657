"""The audit of a whole cassette file: its exchanges, and whatever else is written in it. Not for replay: `cassettes` reads.

Deny by default: a text must become a part of an exchange, stand where our recorder writes it, or be made of Amazon's words.
Comments are for free words; in them is found only what gives itself away by its form.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import yaml

from spapi_invoices.io.cassettes import LOADER, exchanges
from spapi_invoices.io.recorder import METADATA
from spapi_invoices.io.settings import API_VERSIONS
from spapi_invoices.recording import Exchange, Finding, audit
from spapi_invoices.recording.audit import auditing
from spapi_invoices.recording.rules import kind_of, operation_of

_RULES: Final = auditing()
_STR: Final = "tag:yaml.org,2002:str"
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_LINE: Final = re.compile(r"[^\r\n\x85\u2028\u2029]*")
# YAML's own signs, the tags of what a cassette may hold, and the anchors that PyYAML makes.
_SIGNS: Final = re.compile(
    r"%YAML 1\.[12]|!!(?:binary|str|int|float|null)(?!\S)|[&*]id[0-9]{3,9}(?!\S)|[|>][-+1-9]{0,2}|\.\.\.|[-?:,\[\]{}\s]"
)


def audit_file(path: Path | str, *, allow_documents: bool = False) -> tuple[Finding, ...]:
    """Find what must not be in a cassette file; what stands in none of its exchanges has the exchange 0 and a line.

    Args:
        path: Any cassette that vcrpy recorded.
        allow_documents: Invoices that are not synthetic are no finding.

    Raises:
        CassetteInvalid: The file cannot be read, is no YAML, or is no cassette.
    """
    recorded = exchanges(path)
    digests = [number for number, one in enumerate(recorded, 1) if one.body_sha256 and not _submits(one)]
    lines = dict.fromkeys((line, kind_of("", text)) for line, text in sorted(_leftovers(Path(path).read_bytes())))
    return (
        *audit(recorded, allow_documents=allow_documents),
        *(Finding(number, "body_sha256", "unknown text") for number in digests),
        *(Finding(0, f"line {line}", kind) for line, kind in lines),
    )


def _submits(exchange: Exchange) -> bool:
    operation = operation_of(urlsplit(exchange.url).path, exchange.method)
    return operation is not None and operation.operation_id == "submitInvoice"


def _leftovers(content: bytes) -> Iterator[tuple[int, str]]:
    """What is in no exchange and must not be in the file, and its line."""
    text = content.decode("utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
    root: Any = yaml.compose(text, LOADER)  # an empty file is no cassette
    known = frozenset(_known(root, _CASSETTE))
    for node in _texts(root):
        if node not in known and _RULES.name(node.value) != node.value:
            yield node.start_mark.line + 1, node.value
    for line, signs, comment in _between(text):
        if _RULES.name(signs) != signs or _RULES.fakes.within(comment) != comment:
            yield line, signs + comment


def _texts(root: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """All there are, keys included, each once: an alias is the node it stands for."""
    seen, todo = set[yaml.Node](), [root]
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, yaml.ScalarNode):
            yield node
        else:
            todo += chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value


def _known(node: yaml.Node, layout: Any) -> Iterator[yaml.ScalarNode]:  # noqa: ANN401 - a table of tables
    """The texts for which the layout has a place."""
    if callable(layout):
        if isinstance(node, yaml.ScalarNode) and layout(node):
            yield node
    elif isinstance(layout, list):
        for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            yield from _known(one, layout[0])
    elif isinstance(node, yaml.MappingNode):
        # Of equal keys the last counts.
        last = {key.value: (key, value) for key, value in node.value if key.tag == _STR and isinstance(key.value, str)}
        for name, (key, value) in last.items():
            inside = list(_known(value, layout.get(name, layout.get(_ANY, {}))))
            # A header without a value is in no exchange, so its name is not either.
            yield from [key, *inside] if name in layout or (_ANY in layout and inside) else ()


def _between(text: str) -> Iterator[tuple[int, str, str]]:
    """What is written outside of all values, line by line: what is none of YAML's signs, as an anchor's name, and the comment."""
    at, line = 0, 1
    for token in yaml.scan(text, LOADER):
        if isinstance(token, yaml.ScalarToken):
            yield from _outside(text[at : _begin(token, text)], line)
            at, line = token.end_mark.index, token.end_mark.line + 1
    yield from _outside(text[at:], line)


def _outside(gap: str, line: int) -> Iterator[tuple[int, str, str]]:
    for number, written in enumerate(gap.splitlines(), line):
        signs, _, comment = written.partition("#")
        yield number, _SIGNS.sub("", signs), comment


def _begin(token: yaml.ScalarToken, text: str) -> int:
    """Where the value begins: a block's on the next line, for behind its sign may be a comment."""
    start: int = token.start_mark.index
    first_line = _LINE.match(text, start) if token.style in {"|", ">"} else None
    return first_line.end() if first_line else start


def _plain(node: yaml.ScalarNode) -> bool:
    """Whether nothing is written but what is read. Of base64 all that is none is skipped, and a null may have any text."""
    kind, text = node.tag.rpartition(":")[2], node.value
    if kind == "binary":
        try:
            return base64.b64encode(base64.b64decode(text)).decode("ascii") == "".join(text.split())
        except (binascii.Error, ValueError):
            return False
    return kind == "str" or (text in _NULLS if kind == "null" else _NUMBER.fullmatch(text) is not None)


def _is(*words: str) -> Callable[[yaml.ScalarNode], bool]:
    return lambda node: node.value in words


_ANY: Final = None
_HEADERS: Final = {_ANY: [_plain]}
# Key -> what may stand there: a table, a list of such or one alone, or a text that passes. The first three are what
# `exchanges` reads; the last our recorder's.
_CASSETTE: Final = {
    "interactions": [
        {
            "request": {"method": _plain, "uri": _plain, "body": _plain, "headers": _HEADERS},
            "response": {
                "status": {"code": _plain, "message": _plain},
                "headers": _HEADERS,
                "body": {"string": _plain},
            },
            "body_sha256": _plain,
        }
    ],
    "version": _is("1"),
    "metadata": {
        METADATA: {
            "api_version": _is(*API_VERSIONS),
            "time_zone": lambda node: node.value in available_timezones(),
        }
    },
}
