"""The XML of NF-e and their events, from bytes to elements. Not for what the elements mean.

The XML comes from strangers: a DOCTYPE ends the reading before anything it declares is looked at, and only the layout's
own name space is taken off, so that no element of another one passes for an amount.
"""

from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

NAMESPACE: Final = "http://www.portalfiscal.inf.br/nfe"


class DoctypeDeclared(ValueError):
    """Told apart from the errors of Python's codecs, whose texts are not for the user."""


def parse(content: bytes) -> Element:
    """Parse; entities cannot be declared, so none can grow. Elements of other name spaces are ``{uri}name``.

    Raises:
        ValueError: A DOCTYPE, or no well-formed XML. Never with a piece of the document.

    >>> [element.tag for element in parse(b'<NFe xmlns="http://www.portalfiscal.inf.br/nfe"><x xmlns="urn:y"/></NFe>').iter()]
    ['NFe', '{urn:y}x']
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    # Expat itself decides what a DOCTYPE is, in whatever encoding: a search in the bytes could be deceived.
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, attributes: builder.start(_tag(name), attributes)
    parser.EndElementHandler = lambda name: builder.end(_tag(name))
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except DoctypeDeclared:
        raise
    except expat.ExpatError as error:
        raise ValueError(f"not a well-formed XML: {error}") from None
    except (LookupError, ValueError):  # from Python's codecs, which expat asks about encodings it does not know
        raise ValueError("not a well-formed XML: its encoding is not one that is read") from None
    return builder.close()


def text(element: Element, path: str) -> str | None:
    """The text of the first element at the path, without blanks around it; ``None`` if there is none."""
    return (element.findtext(path) or "").strip() or None


def _tag(name: str) -> str:
    uri, _, local = name.rpartition("}")
    return local if uri in {"", NAMESPACE} else f"{{{uri}}}{local}"


def _refuse_doctype(*_declared: object) -> None:
    raise DoctypeDeclared("the XML declares a DOCTYPE, which no NF-e has; it was not read further")
