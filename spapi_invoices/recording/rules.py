"""What becomes of one text at one place. Not for finding the places: `walk` does."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote

from spapi_invoices.core.media import Document, decode_base64
from spapi_invoices.endpoints import OPERATIONS, Operation
from spapi_invoices.recording import vocabulary
from spapi_invoices.recording.fakes import Fakes, is_made_of_fakes, shape_of

# Media types that bytes have by chance; anything else in base64 is a document wherever it stands.
_NO_DOCUMENT: Final = frozenset({None, "text/plain", "application/octet-stream"})
# A number with points or dashes in it is one word: it may be a person's.
_WORD: Final = re.compile(r"[0-9]+(?:[.,/-][0-9]+)*(?![^\W_]|[^\x00-\x7f])|(?:[^\W_]|[^\x00-\x7f])+")
# What may be an identifier, but is no part of an address, a token or a larger number.
_QUOTED: Final = re.compile(
    r"(?<![\w.+@|-]|[^\x00-\x7f])[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?![\w@|+-]|\.\w|[^\x00-\x7f])"
)
_HUMP: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|.", re.DOTALL)
# Of this length a personal value is looked for in identifiers: as a part between punctuation, or anywhere.
_AS_PART, _ANYWHERE = 5, 8
# The digits of a telephone with its area.
_TELEPHONE: Final = 10


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one recording, and of one exchange in it.

    Attributes:
        fakes: Makes the fakes.
        documents: What becomes of a document's bytes.
        secrets: Declared secrets, as `known_values` writes them: no form is so harmless that they may stay.
        known: What was found to be secret or personal, likewise: no identifier may hold it.
        asked: Identifiers in the paths of the requests. They stay, whatever they look like, and an error may quote them.
        digests: MD5 in base64 of the documents in this body, and what it becomes.
    """

    fakes: Fakes
    documents: Callable[[bytes], bytes]
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    known: frozenset[str] = field(default=frozenset(), repr=False)
    asked: frozenset[str] = field(default=frozenset(), repr=False)
    digests: Mapping[str, str] = field(default_factory=dict, repr=False)

    def value(self, name: str, text: str) -> str:
        """Of a text in a field, a parameter or a header of that name."""
        if self._is_exact(name, text):
            return text
        if document := document_in(name, text):
            return self._document(text, document)
        return _BY_NAME.get(name, _text)(self, text)

    def name(self, text: str) -> str:
        """Of a field's, a parameter's or a header's own name: Amazon's, or made of its words."""
        if text in vocabulary.NAMES or (len(text) <= 40 and self.sentence(text) == text and not self._is_known(text)):
            return text
        return self.fakes.text(text)

    def number(self, name: str, text: str) -> str:
        """Of a number in JSON: a count of something stays."""
        is_count = name in vocabulary.COUNTS and vocabulary.COUNT.fullmatch(text) and not self._holds_secret(text)
        if is_count or self._is_exact(name, text):
            return text
        return self.fakes.number(text)

    def sentence(self, text: str) -> str:
        """Of a text in Amazon's words: what is none of them becomes a fake, but for what was asked for."""
        if self._holds_secret(text):
            return self.fakes.text(text)
        made, at = [], 0
        for found in _QUOTED.finditer(text):
            if found[0] in self.asked and not self._is_known(found[0]):
                made += [self._words(text[at : found.start()]), found[0]]
                at = found.end()
        return "".join([*made, self._words(text[at:])])

    def path(self, text: str) -> str:
        """Of the path of a request, percent-encoded."""
        asked = operation_of(text)
        segments = text.split("/")
        names = asked.path.split("/") if asked else [""] * len(segments)
        return "/".join(map(self._segment, names, segments))

    def _segment(self, name: str, raw: str) -> str:
        if raw == name or raw in _PATH_WORDS:
            return raw
        plain = unquote(raw)
        new = self.value(name.strip("{}"), plain)
        return raw if new == plain else quote(new, safe="")

    def _identifier(self, text: str) -> str:
        if not vocabulary.IDENTIFIER.fullmatch(text) or self._is_known(text):
            return self.fakes.text(text)
        return text if text in self.asked else self.fakes.within(text)

    def _is_exact(self, name: str, text: str) -> bool:
        form = vocabulary.EXACT.get(name)
        if form is None or not form.fullmatch(text) or self._holds_secret(text):
            return False
        return not text.lstrip("+-").isdigit() or shape_of(text) is None

    def _holds_secret(self, text: str) -> bool:
        bare = _bare(text) if self.secrets else ""
        return any(secret in bare for secret in self.secrets)

    def _is_known(self, text: str) -> bool:
        """Whether a secret or a personal value stands in a short text, alone or as a part of it."""
        if self._holds_secret(text):
            return True
        if not self.known:
            return False
        bare = _bare(text)
        pieces = {bare, *map(_bare, re.split(r"[\W_]+", text))}
        starts = range(len(bare) - _ANYWHERE + 1)
        pieces.update(bare[start:end] for start in starts for end in range(start + _ANYWHERE, len(bare) + 1))
        return not self.known.isdisjoint(pieces)

    def _words(self, text: str) -> str:
        return self.fakes.shapes(text, rest=lambda between: _WORD.sub(self._word, between))

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        humps = (hump.casefold() for hump in _HUMP.findall(word))
        if word.casefold() in vocabulary.WORDS or all(hump in vocabulary.WORDS for hump in humps):
            return word
        return self.fakes.text(word)

    def _document(self, text: str, document: Document) -> str:
        if document.content is None:
            # One character for one, so that it cannot become base64.
            return self.fakes.characters(text)
        new = self.documents(document.content)
        return text if new == document.content else base64.b64encode(new).decode("ascii")


def _text(rules: Rules, text: str) -> str:
    return rules.fakes.text(text)


_BY_NAME: Final[dict[str, Callable[[Rules, str], str]]] = {
    **dict.fromkeys(vocabulary.SECRETS, lambda rules, text: rules.fakes.token(text)),
    **dict.fromkeys(vocabulary.IDENTIFIERS, Rules._identifier),  # noqa: SLF001 - a method of ours
    **dict.fromkeys(vocabulary.SENTENCES, Rules.sentence),
    "nextToken": lambda rules, text: rules.fakes.page_token(text),
    "path": Rules.path,
    "ContentMD5Value": lambda rules, text: rules.digests.get(text) or rules.fakes.text(text),
}


def document_in(name: str, text: str) -> Document | None:
    """The document that a text is in base64: in a document's field always, elsewhere if its first bytes say so."""
    if name in vocabulary.DOCUMENTS and text:
        return decode_base64(text)
    # A token may have a document's first bytes by chance.
    if name in _BY_NAME or len(text) < 24 or is_made_of_fakes(text):
        return None
    document = decode_base64(text)
    return None if document.media_type in _NO_DOCUMENT else document


def kind_of(name: str, text: str) -> str:
    """What kind of thing stands there: ``token``, ``secret``, ``document`` (or its digest), ``personal data``, ``unknown text``."""
    if name == "ContentMD5Value" or ((document := document_in(name, text)) and document.content is not None):
        return "document"
    shape = shape_of(text)
    if shape == "token" or name == "nextToken":
        return "token"
    if name in vocabulary.SECRETS:
        return "secret"
    return "personal data" if shape or name in vocabulary.PERSONAL else "unknown text"


def known_values(texts: Iterable[str]) -> frozenset[str]:
    """Texts as they are looked for: letters and digits only, plain, in base64 and in hexadecimal digits.

    A number is looked for by its last digits: a telephone's is written with and without what stands before them. The words
    of a name are not: a SKU has words too.
    """
    forms = (
        form
        for text in texts
        for data in (text.encode("utf-8", "surrogatepass"),)
        for form in (_last_digits(text), base64.b64encode(data).decode("ascii"), data.hex())
    )
    return frozenset(bare for bare in map(_bare, forms) if len(bare) >= _AS_PART)


def asked_for(path: str) -> Iterable[str]:
    """The identifiers in the path of a request; a token is none, whatever it has the place of."""
    operation = operation_of(path)
    names = operation.path.split("/") if operation else []
    for name, segment in zip(names, map(unquote, path.split("/")), strict=False):
        if name.startswith("{") and vocabulary.IDENTIFIER.fullmatch(segment) and shape_of(segment) != "token":
            yield segment


def operation_of(path: str, method: str | None = None) -> Operation | None:
    """The operation that a path belongs to; of several the one with the method."""
    found = [operation for operation, form in _FORMS if form.fullmatch(path)]
    return next((one for one in found if one.method == method), found[0] if found else None)


def _last_digits(text: str) -> str:
    bare = _bare(text)
    return bare[-_ANYWHERE:] if bare.isdigit() and len(bare) >= _TELEPHONE else text


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


_FORMS: Final = tuple((row, re.compile(re.sub(r"\{\w+\}", "[^/]+", row.path))) for row in OPERATIONS)
_PATH_WORDS: Final = frozenset(
    segment for row in OPERATIONS for segment in row.path.split("/") if not segment.startswith("{")
)
