"""A cassette: recorded answers by request, in the YAML format of vcrpy. Reads only; never opens a socket; thread-safe.

A request is matched on method, path, query (in any order) and body; not on host and headers, so a cassette recorded
against one host answers for any. The same request recorded several times is answered in that order, then with the last.
"""

import gzip
import hashlib
import re
import threading
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from operator import eq
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import yaml

from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.errors import CassetteInvalid, UnrecordedRequest
from spapi_invoices.recording.exchange import Exchange

# The C loader where PyYAML has it: 10 times faster. It has no limit of its own: deep nesting ends the process. Without
# merge keys (<<), which no cassette has: a few lines of them fill the memory.
LOADER: Final[Any] = type(
    "_Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {"flatten_mapping": lambda _, __: None}
)
_DEEPEST: Final = 64
# With its aliases written out a file may be so many times as large, or of so many characters: vcrpy writes aliases for
# headers that it met twice.
_TIMES_LARGER: Final = 10
_SMALL: Final = 10**7
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
# They are about the transfer, which is over; a recording may keep them although the body was decompressed.
_STALE: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What a request is matched on."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body_sha256: str

    @classmethod
    def of(cls, method: str, url: str, body: bytes) -> "RequestKey":
        """From a request as sent."""
        parts = urlsplit(url)
        query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))
        return cls(method.upper(), parts.path, query, hashlib.sha256(body).hexdigest() if body else "")

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.method} {self.path}{'?' if query else ''}{query}"


@dataclass(slots=True)
class Cassette:
    """Recorded answers by request.

    Attributes:
        name: The file's name, for messages.
        answers: For each request its answers in the order they were recorded.
        metadata: What the recorder noted about the whole; vcrpy keeps it.
    """

    name: str
    answers: dict[RequestKey, list[HttpResponse]]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    _played: Counter[RequestKey] = field(default_factory=Counter, repr=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    def answer(self, key: RequestKey) -> HttpResponse:
        """The next answer to a request.

        Raises:
            UnrecordedRequest: There is none; names the nearest recorded request and what differs.
        """
        recorded = self.answers.get(key)
        if recorded is None:
            raise UnrecordedRequest(self._unrecorded(key))
        with self._lock:
            turn = self._played[key]
            self._played[key] += 1
        return recorded[min(turn, len(recorded) - 1)]

    def _unrecorded(self, key: RequestKey) -> str:
        if not self.answers:
            return f"{key} is not in the cassette {self.name}, which is empty. Next: record it"
        nearest = max(self.answers, key=lambda recorded: _likeness(key, recorded))
        return (
            f"{key} is not in the cassette {self.name}. Nearest recorded: {nearest} "
            f"({'; '.join(_differences(key, nearest))}). Next: ask for what is recorded, or record this"
        )


def load(path: Path | str) -> Cassette:
    """Read a cassette file for replay.

    Raises:
        CassetteInvalid: The file cannot be read, is no YAML, or is no cassette.
    """
    content = _content(Path(path))
    answers: dict[RequestKey, list[HttpResponse]] = {}
    for one in _exchanges(Path(path), content):
        key = RequestKey.of(one.method, one.url, one.request_body)
        if one.body_sha256:
            key = replace(key, body_sha256=one.body_sha256)
        answers.setdefault(key, []).append(_answer(one))
    metadata = content.get("metadata")
    return Cassette(Path(path).name, answers, metadata if isinstance(metadata, dict) else {})


def exchanges(path: Path | str) -> tuple[Exchange, ...]:
    """Every request and its answer, in the order they were recorded: headers as they are, bodies decompressed.

    Raises:
        CassetteInvalid: The file cannot be read, is no YAML, or is no cassette.
    """
    return tuple(_exchanges(Path(path), _content(Path(path))))


def _content(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
        _refuse_bombs(path, text)
        content = yaml.load(text, LOADER)  # noqa: S506 - both loaders are the safe ones
    except OSError as error:
        raise CassetteInvalid(f"{path} cannot be read: {error.strerror}. Next: give the path of a cassette") from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        # All but the first come out of PyYAML for a tag whose text does not fit it, as in !!bool "perhaps".
        where = _line(getattr(error, "problem_mark", None))
        raise CassetteInvalid(f"{path} is no YAML{where}. Next: give a cassette, as vcrpy records it") from None
    if not isinstance(content, dict) or not isinstance(content.get("interactions"), list):
        raise CassetteInvalid(
            f"{path} is no cassette: it has no list of interactions. Next: give a file that vcrpy recorded"
        )
    return content


def _refuse_bombs(path: Path, text: bytes) -> None:
    """Events come one by one, however deep they nest; values are built by recursion, in C without a limit.

    An alias is as large as what it stands for: a few lines of aliases of aliases are larger than any memory.
    """
    size, sizes, begun = 0, dict[str | None, int](), list[tuple[str | None, int]]()
    for event in yaml.parse(text, LOADER):
        if isinstance(event, yaml.AliasEvent):
            size += sizes.get(event.anchor, 0)
        elif isinstance(event, yaml.ScalarEvent):
            sizes[event.anchor] = len(event.value) + 1
            size += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            begun.append((event.anchor, size))
            size += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = begun.pop()
            sizes[anchor] = size - before
        if len(begun) > _DEEPEST:
            raise _no_cassette(path, event, f"it nests more than {_DEEPEST} deep")
        if size > max(_SMALL, _TIMES_LARGER * len(text)):
            raise _no_cassette(path, event, "its aliases make it many times as large")


def _no_cassette(path: Path, event: yaml.Event, why: str) -> CassetteInvalid:
    where = _line(event.start_mark)
    return CassetteInvalid(f"{path} is no cassette: {why}{where}. Next: give a file that vcrpy recorded")


def _line(mark: Any) -> str:  # noqa: ANN401 - one of two classes of PyYAML's
    return f" (line {mark.line + 1})" if mark else ""


def _exchanges(path: Path, content: dict[str, Any]) -> Iterator[Exchange]:
    for at, interaction in enumerate(content["interactions"], 1):
        try:
            yield _exchange(interaction)
        except (LookupError, TypeError, ValueError, AttributeError, zlib.error):
            raise CassetteInvalid(
                f"{path}: interaction {at} has no usable request and response. Next: record it again"
            ) from None


def _exchange(raw: dict[str, Any]) -> Exchange:
    request, response = raw["request"], raw["response"]
    status, sha256 = int(str(response["status"]["code"])), raw.get("body_sha256") or ""
    urlsplit(request["uri"]).path.encode()  # raises where it is no address
    if not 100 <= status <= 599 or (sha256 and not _SHA256.fullmatch(sha256)):
        raise ValueError(f"status {status}, or a digest that is none")
    headers = _pairs(response.get("headers"))
    return Exchange(
        method=request["method"].upper(),
        url=request["uri"],
        request_headers=_pairs(request.get("headers")),
        request_body=_bytes(request.get("body")),
        status=status,
        reason=str(response["status"].get("message") or ""),
        response_headers=headers,
        response_body=_plain(_bytes(response["body"]["string"]), headers),
        body_sha256=sha256,
    )


def _pairs(headers: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """One pair for each value: vcrpy has a list for each name, other recorders a text."""
    listed = {name: values if isinstance(values, list) else [values] for name, values in (headers or {}).items()}
    pairs = [(name, value) for name, values in listed.items() for value in values]
    if any(isinstance(one, list | dict | tuple | set) for pair in pairs for one in pair):
        raise TypeError("a header is one text")
    return tuple((str(name), str(value)) for name, value in pairs)


def _bytes(body: str | bytes | None) -> bytes:
    if not isinstance(body, str | bytes | None):
        raise TypeError("a body is text or bytes")
    return body.encode("utf-8") if isinstance(body, str) else body or b""


def _plain(body: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
    """The body without its compression, if it still has one: a recording may keep the header of one that is gone.

    One that does not decompress to its last byte stays as it is: nothing of it may be lost without a word.
    """
    codings = [value.strip().lower() for name, value in headers if name.lower() == "content-encoding"]
    for decompressed in _CODINGS.get(",".join(codings), ()):
        with suppress(zlib.error, gzip.BadGzipFile, EOFError):
            return decompressed(body)
    return body


def _gunzipped(body: bytes) -> bytes:
    """All its members, for it may have several."""
    return gzip.GzipFile(fileobj=BytesIO(body)).read()


def _inflated(body: bytes, window: int) -> bytes:
    stream = zlib.decompressobj(window)
    plain = stream.decompress(body)
    if stream.unused_data or not stream.eof:
        raise zlib.error("it ends early, or something follows")
    return plain


# zlib's format, and the bare deflate that some servers send under the same name.
_CODINGS: Final[dict[str, tuple[Callable[[bytes], bytes], ...]]] = {
    "gzip": (_gunzipped,),
    "x-gzip": (_gunzipped,),
    "deflate": (partial(_inflated, window=15), partial(_inflated, window=-15)),
}


def _answer(exchange: Exchange) -> HttpResponse:
    headers: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in exchange.response_headers:
        headers[name.lower()].append(value)
    kept = {name: ", ".join(values) for name, values in headers.items() if name not in _STALE}
    return HttpResponse(status=exchange.status, headers=kept, body=exchange.response_body)


def _likeness(asked: RequestKey, recorded: RequestKey) -> tuple[int, ...]:
    """How near a recorded request is; more is nearer. The path goes first: it names the operation."""
    from_left, from_right = map(eq, asked.path, recorded.path), map(eq, asked.path[::-1], recorded.path[::-1])
    return (
        sum(from_left) + sum(from_right),
        asked.method == recorded.method,
        len(set(asked.query) & set(recorded.query)),
        asked.body_sha256 == recorded.body_sha256,
    )


def _differences(asked: RequestKey, recorded: RequestKey) -> Iterator[str]:
    pairs = [("method", asked.method, recorded.method), ("path", asked.path, recorded.path)]
    asked_query, recorded_query = _by_name(asked), _by_name(recorded)
    names = sorted(asked_query.keys() | recorded_query.keys())
    pairs += [(name, asked_query.get(name, "nothing"), recorded_query.get(name, "nothing")) for name in names]
    yield from (f"{name}: asked {one}, recorded {other}" for name, one, other in pairs if one != other)
    if asked.body_sha256 != recorded.body_sha256:
        yield "the body"


def _by_name(key: RequestKey) -> dict[str, str]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in key.query:
        values[name].append(value)
    return {name: " and ".join(several) for name, several in values.items()}
