"""The XML of NF-e and their events, from bytes to elements. Not for what the elements mean.

The XML comes from strangers: a DOCTYPE ends the reading before anything it declares is looked at, and only the layout's
own name space is taken off, so that no element of another one passes for an amount.
"""

import re
from functools import lru_cache
from typing import Final
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.parsers import expat

from spapi_invoices.documents.findings import Unreadable

NAMESPACE: Final = "http://www.portalfiscal.inf.br/nfe"
_NAMESPACE: Final = NAMESPACE.encode()
_DECLARED: Final = f' xmlns="{NAMESPACE}"'.encode()
_ATTRIBUTE: Final = b"xmlns"
# The usual declarations, and those that give a name space a prefix.
_HARMLESS: Final = (_DECLARED[1:], b'xmlns="http://www.w3.org/2000/09/xmldsig#"', b"xmlns:")
_CDATA: Final = b"<![CDATA["
# What an editor or a copy leaves before the declaration, which XML wants to be first.
_BLANKS: Final = re.compile(rb"(\xef\xbb\xbf)?\s+(?=<\?xml)")
_DOCTYPE: Final = b"<!DOCTYPE"
# The one leaf of those looked at that the layout lets stand several times beside itself.
_REPEATABLE: Final = frozenset({"NVE"})


def parse(content: bytes) -> Element:
    """Parse; entities cannot be declared, so none can grow. Elements of other name spaces are ``{uri}name``.

    Raises:
        Unreadable: A DOCTYPE, or no well-formed XML. Never with a piece of the document.

    >>> [element.tag for element in parse(b'<NFe xmlns="http://www.portalfiscal.inf.br/nfe"><x xmlns="urn:y"/></NFe>').iter()]
    ['NFe', '{urn:y}x']
    """
    try:
        # Expat takes no encoding but those in which a tag is its ASCII bytes, and UTF-16, which sets zeros between them.
        if _DOCTYPE in content.replace(b"\0", b""):
            _refuse_doctype(content)
        if blanks := _BLANKS.match(content):
            content = (blanks[1] or b"") + content[blanks.end() :]
        parser = XMLParser()  # noqa: S314 - no DOCTYPE comes this far, so no entity does
        bare = _bared(content)
        parser.feed(bare)
        root: Element = parser.close()
    except (ParseError, expat.ExpatError) as error:
        line, column = error.position if isinstance(error, ParseError) else (error.lineno, error.offset)
        said = f"not a well-formed XML: {expat.ErrorString(error.code)}: line {line}, column {column}"
        raise Unreadable("xml_broken", said) from None
    except Unreadable:
        raise
    except (LookupError, ValueError):  # from Python's codecs, which expat asks about encodings it does not know
        said = "not a well-formed XML: its encoding is not one that is read"
        raise Unreadable("xml_broken", said) from None
    if _NAMESPACE in bare.replace(b"\0", b""):
        for element in root.iter():
            element.tag = _local(element.tag)
    return root


def text(element: Element, path: str) -> str | None:
    """The text of the first element at the path, without blanks around it; ``None`` if there is none."""
    return (element.findtext(path) or "").strip() or None


def texts(element: Element | None) -> dict[str, str]:
    """Tag to text of an element's leaves, without blanks around it and without the empty ones.

    Raises:
        Unreadable: A leaf stands twice: the first would be taken and the other lost.
    """
    if element is None:
        return {}
    # An element inside an amount would cut it short, so what has one is no leaf.
    stated = {leaf.tag: shown for leaf in element if (text := leaf.text) and (shown := text.strip()) and not len(leaf)}
    if len(stated) < len(element):  # one is empty, is no leaf, or stands twice
        tags = [leaf.tag for leaf in element if not len(leaf)]
        if len(set(tags)) < len(tags) and (twice := {tag for tag in tags if tags.count(tag) > 1} - _REPEATABLE):
            raise repeated(min(twice), tags.count(min(twice)))
    return stated


def only(element: Element, tag: str) -> Element | None:
    """The child with this tag; ``None`` if there is none.

    Raises:
        Unreadable: There are several.
    """
    found = element.findall(tag)
    if len(found) > 1:
        raise repeated(tag, len(found))
    return found[0] if found else None


def repeated(tag: str, times: int) -> Unreadable:
    """What the layout has once, and this file several times."""
    return Unreadable("element_repeated", f"{tag} stands in it {times} times, and in an NF-e once")


def _bared(content: bytes) -> bytes:
    """With blanks in place of the usual declarations, which spares taking the name space off every tag.

    They move no position. As it is where that could change anything: another default name space is declared, or what
    looks like a declaration stands in a text.
    """
    at = content.find(_ATTRIBUTE)
    while at >= 0:
        in_tag = content.rfind(b"<", 0, at) > content.rfind(b">", 0, at)
        if not in_tag or not content.startswith(_HARMLESS, at):
            return content
        at = content.find(_ATTRIBUTE, at + 1)
    return content if _CDATA in content else content.replace(_DECLARED, b" " * len(_DECLARED))


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    uri, _, local = tag.rpartition("}")
    return local if uri in {"", f"{{{NAMESPACE}"} else tag


def _refuse_doctype(content: bytes) -> None:
    """Whether it is a DOCTYPE or text like one, expat itself decides.

    Raises:
        Unreadable: It is one.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _declared
    parser.Parse(content, True)


def _declared(*_: object) -> None:
    raise Unreadable("xml_doctype", "the XML declares a DOCTYPE, which no NF-e has; it was not read further")
