"""How do we read XML from a phone or an author without being harmed by it?

The bytes are capped, decoded strictly (UTF-8 or UTF-16), looked over for a DOCTYPE before any parser sees
them (`resolve_entities=False` alone accepts external entities silently), then parsed by libxml2 with its own
limits on, and measured. Nothing outside the bytes is ever opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from lxml import etree

from forms.errors import XMLUnsafe

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class XMLLimits:
    """How much XML we read: bytes as they came, nesting of elements, number of elements."""

    max_bytes: int = 5 * MEBIBYTE
    max_depth: int = 100
    max_elements: int = 50_000


SUBMISSION_LIMITS = XMLLimits()
XFORM_LIMITS = XMLLimits(max_bytes=50 * MEBIBYTE, max_depth=200, max_elements=500_000)
"""Forms come from our own compiler or a trusted author: ten thousand questions are still a form, and so are a hundred
thousand choices."""

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_UTF32_BOMS = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_UTF16_STARTS = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
_DECLARATION = re.compile(r"<\?xml\s[^<>]*?\?>")
_DECLARED_ENCODING = re.compile(r"""\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_FAMILIES = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "utf-16": "utf-16"}
_HAS_MORE = etree.XPath("count(//*) > $most")
_REMEDY = "send well-formed XML in UTF-8"


def parse_xml(content: bytes, limits: XMLLimits = SUBMISSION_LIMITS) -> etree._Element:
    """The root element of `content`, without comments and processing instructions.

    Raises XMLUnsafe for more bytes, depth or elements than `limits`, any DOCTYPE, a stylesheet instruction,
    an encoding other than UTF-8 and UTF-16, and XML that is not well-formed; MemoryError if it does not fit.
    """
    if len(content) > limits.max_bytes:
        raise XMLUnsafe(f"The XML is larger than {limits.max_bytes} bytes; send a smaller document.")
    text = _decode(content)
    _refuse_unsafe_prolog(text)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser=_parser())
    except etree.XMLSyntaxError as error:
        if getattr(error, "code", None) == etree.ErrorTypes.ERR_NO_MEMORY:
            # Nothing is wrong with the document: somebody who sends it again may be heard.
            raise MemoryError from None
        # libxml2's own words may quote the document, so only the place is passed on.
        line, column = error.position
        raise XMLUnsafe(
            f"The XML is not well-formed or exceeds a limit at line {line}, column {column}; {_REMEDY}."
        ) from None
    if _HAS_MORE(root, most=limits.max_elements):
        raise XMLUnsafe(f"The XML has more than {limits.max_elements} elements; send a smaller document.")
    if _is_deeper_than(limits.max_depth)(root):
        raise XMLUnsafe(f"The XML is nested deeper than {limits.max_depth} elements; flatten it.")
    return root


@cache
def _is_deeper_than(depth: int) -> etree.XPath:
    """Asked of the tree inside libxml2: an element that Python never sees costs nothing."""
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


def _parser() -> etree.XMLParser:
    """A fresh parser: lxml parsers are not to be shared between threads."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _decode(content: bytes) -> str:
    """The document as text without byte order mark and XML declaration."""
    family, codec, start = "utf-8", "utf-8", 0
    if content.startswith(_UTF32_BOMS):
        raise XMLUnsafe(f"The XML is in UTF-32; {_REMEDY}.")
    if content.startswith(_UTF8_BOM):
        start = len(_UTF8_BOM)
    elif content.startswith(_UTF16_BOMS):
        family, codec = "utf-16", "utf-16"
    elif content[:2] in _UTF16_STARTS:
        family, codec = "utf-16", _UTF16_STARTS[content[:2]]
    try:
        text = content[start:].decode(codec)
    except UnicodeDecodeError as error:
        raise XMLUnsafe(f"The XML has bytes that are not {family} at byte {error.start}; {_REMEDY}.") from None
    declaration = _DECLARATION.match(text)
    if declaration is None:
        return text
    declared = _DECLARED_ENCODING.search(declaration.group())
    if declared is not None and _FAMILIES.get(declared.group(1).lower()) != family:
        raise XMLUnsafe(f"The XML declares an encoding that is not {family}; {_REMEDY}.")
    # libxml2 would believe the declaration although the text has been re-encoded. The lines stay countable, and the
    # space keeps a second declaration from passing for the first.
    return " " + "\n" * declaration.group().count("\n") + text[declaration.end() :]


def _refuse_unsafe_prolog(text: str) -> None:
    """Look at what stands before the root element: only there a DOCTYPE or stylesheet has effect."""
    position = text.find("<")
    while position >= 0:
        if text.startswith("<!--", position):
            # From behind the opening: "<!-->" has not ended, and a DOCTYPE may follow where it does.
            end = text.find("-->", position + 4)
        elif text.startswith("<?", position):
            if text.startswith("<?xml-stylesheet", position):
                raise XMLUnsafe("The XML asks for a stylesheet; remove the xml-stylesheet instruction.")
            end = text.find("?>", position + 2)
        elif text.startswith("<!", position):
            raise XMLUnsafe("The XML has a DOCTYPE; remove it, since entities are never read.")
        else:
            return
        position = text.find("<", end) if end >= 0 else -1
