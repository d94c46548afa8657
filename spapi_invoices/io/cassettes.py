"""A cassette: recorded answers by request, in the YAML format of vcrpy. Reads only; never opens a socket; thread-safe.

A request is matched on method, path, query (in any order) and body; not on host and headers, so a cassette recorded
against one host answers for any. The same request recorded several times is answered in that order, then with the last.
"""

import difflib
import gzip
import hashlib
import threading
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import yaml

from spapi_invoices.core.wire import HttpResponse
from spapi_invoices.errors import CassetteInvalid, UnrecordedRequest

# The C loader where PyYAML has it: 10 times faster.
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
    """

    name: str
    answers: dict[RequestKey, list[HttpResponse]]
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
        # Of one path if there is any: comparing with thousands of requests takes seconds.
        same = [one for one in self.answers if one.path == key.path]
        known = {str(one): one for one in same or self.answers}
        nearest = difflib.get_close_matches(str(key), known, n=1, cutoff=0.0)
        if not nearest:
            return f"{key} is not in the cassette {self.name}, which is empty. Next: record it"
        return (
            f"{key} is not in the cassette {self.name}. Nearest recorded: {nearest[0]} "
            f"({_differences(key, known[nearest[0]])}). Next: ask for what is recorded, or record this"
        )


def load(path: Path | str) -> Cassette:
    """Read a cassette file.

    Raises:
        CassetteInvalid: The file cannot be read, is no YAML, or is no cassette.
    """
    path = Path(path)
    try:
        content = yaml.load(path.read_bytes(), _Loader)  # noqa: S506 - both loaders are the safe ones
    except OSError as error:
        raise CassetteInvalid(f"{path} cannot be read: {error.strerror}. Next: give the path of a cassette") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise CassetteInvalid(f"{path} is no YAML{where}. Next: give a cassette, as vcrpy records it") from None
    interactions = content.get("interactions") if isinstance(content, dict) else None
    if not isinstance(interactions, list):
        raise CassetteInvalid(
            f"{path} is no cassette: it has no list of interactions. Next: give a file that vcrpy recorded"
        )
    answers: dict[RequestKey, list[HttpResponse]] = {}
    for at, interaction in enumerate(interactions, 1):
        try:
            key, answer = _interaction(interaction)
        except (LookupError, TypeError, ValueError, AttributeError, OSError, EOFError, zlib.error):
            raise CassetteInvalid(
                f"{path}: interaction {at} has no usable request and response. Next: record it again"
            ) from None
        answers.setdefault(key, []).append(answer)
    return Cassette(path.name, answers)


def _interaction(raw: dict[str, Any]) -> tuple[RequestKey, HttpResponse]:
    request, response = raw["request"], raw["response"]
    headers = {
        name.lower(): values[0] if isinstance(values, list) else values for name, values in response["headers"].items()
    }
    body = _bytes(response["body"]["string"])
    # A recording may keep the header of a compression that the body no longer has.
    if headers.get("content-encoding") == "gzip" and body.startswith(b"\x1f\x8b"):
        body = gzip.decompress(body)
    for stale in ("content-encoding", "content-length", "transfer-encoding"):
        headers.pop(stale, None)
    key = RequestKey.of(request["method"], request["uri"], _bytes(request.get("body")))
    return key, HttpResponse(status=int(response["status"]["code"]), headers=headers, body=body)


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode("utf-8") if isinstance(body, str) else body or b""


def _differences(asked: RequestKey, recorded: RequestKey) -> str:
    pairs = [("method", asked.method, recorded.method), ("path", asked.path, recorded.path)]
    asked_query, recorded_query = dict(asked.query), dict(recorded.query)
    names = sorted(asked_query.keys() | recorded_query.keys())
    pairs += [(name, asked_query.get(name, "nothing"), recorded_query.get(name, "nothing")) for name in names]
    different = [f"{name}: asked {one}, recorded {other}" for name, one, other in pairs if one != other]
    if asked.body_sha256 != recorded.body_sha256:
        different.append("the body")
    return "; ".join(different)
