"""How do kept answers become an edit, without one other byte changing?

An edit differs from a first sending in two places of `meta`: `instanceID` is its own, `deprecatedID` names the version
that it replaces. Only these are written anew, at the byte where they stand. Then both documents are read again and
compared without them: what is not the same in all else is refused.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from forms.errors import FormsError
from forms.namespaces import local_name
from forms.safe_xml import parse_xml
from forms.submission import parse_submission

INSTANCE_ID, DEPRECATED_ID = "instanceID", "deprecatedID"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STARTS = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))


class NotRewritable(Exception):
    """The document is one that we do not change by two places alone."""


@dataclass
class _Element:
    """Where it stands, in bytes of UTF-8: from its `<` to the `<` of its end tag (the same if it is an empty tag)."""

    tag: str
    namespaces: dict[str, str]
    start: int
    end: int = -1


@dataclass
class _Finder:
    """Finds the first `instanceID` and `deprecatedID` in the first `meta` below the root, as intake does."""

    found: dict[str, _Element] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    is_meta: bool = False
    metas: int = 0

    def read(self, content: bytes) -> dict[str, _Element]:
        # Told the encoding, expat does not look at the declaration, which may still name the one before.
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = lambda tag, given: self._start(tag, given, parser.CurrentByteIndex)
        parser.EndElementHandler = lambda tag: self._end(tag, parser.CurrentByteIndex)
        parser.Parse(content, True)
        return self.found

    def _start(self, tag: str, given: dict[str, str], at: int) -> None:
        name, depth = tag.rpartition(":")[2], len(self.path)
        if depth == 1 and name == "meta":
            self.metas += 1
            self.is_meta = self.metas == 1
        elif depth == 2 and self.is_meta and name in (INSTANCE_ID, DEPRECATED_ID) and name not in self.found:
            namespaces = {each: value for each, value in given.items() if each.startswith("xmlns")}
            self.found[name] = _Element(tag, namespaces, at)
        self.path.append(name)

    def _end(self, tag: str, at: int) -> None:
        name = self.path.pop()
        if len(self.path) == 1 and name == "meta":
            self.is_meta = False
        open_one = self.found.get(name)
        if len(self.path) == 2 and open_one is not None and open_one.end < 0:
            open_one.end = at


def as_edit(xml: bytes, *, instance_id: str, deprecated_id: str) -> bytes:
    """The document as an edit of the version `deprecated_id`, under an instance ID of its own.

    Encoding and byte order mark stay. Raises NotRewritable.
    """
    mark, codec = _encoding(xml)
    try:
        content = xml[len(mark) :].decode(codec).encode()
        found = _Finder().read(content)
        changed = _changed(content, found, instance_id, deprecated_id)
        rewritten = mark + changed.decode().encode(codec)
        read = parse_submission(rewritten)
        same = _without_ids(xml) == _without_ids(rewritten)
    except (UnicodeError, expat.ExpatError, FormsError, KeyError):
        raise NotRewritable from None
    if (read.instance_id, read.deprecated_id) != (instance_id, deprecated_id) or not same:
        raise NotRewritable
    return rewritten


def _encoding(xml: bytes) -> tuple[bytes, str]:
    """The byte order mark and the codec, among those that forms.safe_xml reads."""
    for mark, codec in _MARKS:
        if xml.startswith(mark):
            return mark, codec
    for start, codec in _STARTS:
        if xml.startswith(start):
            return b"", codec
    return b"", "utf-8"


def _changed(content: bytes, found: dict[str, _Element], instance_id: str, deprecated_id: str) -> bytes:
    own, old = found[INSTANCE_ID], found.get(DEPRECATED_ID)
    changes = [_filled(content, own, instance_id)]
    if old is not None:
        changes.append(_filled(content, old, deprecated_id))
    else:
        # Beside the instance ID, with its prefix and what declares it.
        tag = own.tag.removesuffix(INSTANCE_ID) + DEPRECATED_ID
        declared = "".join(f" {name}={quoteattr(value)}" for name, value in own.namespaces.items())
        after = content.index(b">", own.end) + 1
        changes.append((after, after, f"<{tag}{declared}>{escape(deprecated_id)}</{tag}>".encode()))
    for start, end, text in sorted(changes, reverse=True):
        content = content[:start] + text + content[end:]
    return content


def _filled(content: bytes, element: _Element, text: str) -> tuple[int, int, bytes]:
    """From where to where the element's text is to be replaced, and by what."""
    close = _tag_end(content, element.start)
    if content[close - 1 : close] == b"/":
        return close - 1, close + 1, f">{escape(text)}</{element.tag}>".encode()
    return close + 1, element.end, escape(text).encode()


def _tag_end(content: bytes, start: int) -> int:
    """The `>` of the start tag: one inside of an attribute's quotes is not it."""
    quote = b""
    for at in range(start, len(content)):
        each = content[at : at + 1]
        if quote:
            quote = b"" if each == quote else quote
        elif each in (b'"', b"'"):
            quote = each
        elif each == b">":
            return at
    raise NotRewritable


def _without_ids(xml: bytes) -> list[tuple[object, ...]]:
    """Everything that the document says, without what may differ. Encoding and spelling of markup do not count."""
    root = parse_xml(xml)
    meta = next(child for child in root if local_name(child) == "meta")
    for name in (INSTANCE_ID, DEPRECATED_ID):
        element = next((child for child in meta if local_name(child) == name), None)
        if element is not None:
            _cut(element)
    return [
        (event, each.tag, sorted(each.items()), each.text, each.tail)
        for event, each in etree.iterwalk(root, events=("start", "end"))
    ]


def _cut(element: etree._Element) -> None:
    """Take an element out; the white space after it stays with what is before."""
    parent, tail = element.getparent(), element.tail or ""
    assert parent is not None
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)
