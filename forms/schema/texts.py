"""What does a label, hint or message say in each of the form's languages?

Texts are plain, or a reference into the form's itext: `jr:itext('id')`. An `<output value="…"/>` inside a
text is shown as `${name}`, as the author wrote it in the workbook.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from forms.namespaces import XFORMS, local_name
from forms.schema.model import Media, Texts

_REFERENCE = re.compile(r"\s*jr:itext\(\s*['\"](.*)['\"]\s*\)\s*")
_MEDIA_URI = re.compile(r"jr://(images|audio|video|file|file-csv)/(.+)")
_KINDS = {"images": "image", "audio": "audio", "video": "video", "file": "file", "file-csv": "file"}
_MEDIA_FORMS = frozenset({"image", "big-image", "audio", "video"})


@dataclass(frozen=True)
class Itext:
    """The form's translations: languages in document order, and text ID -> language -> text."""

    languages: tuple[str, ...]
    default_language: str | None
    texts: dict[str, dict[str, str]]
    media: tuple[Media, ...]


def read_itext(model: etree._Element) -> Itext:
    """Read the `<itext>` of the model; a form without one has no languages."""
    languages: list[str] = []
    texts: dict[str, dict[str, str]] = {}
    media: list[Media] = []
    default: str | None = None
    for translation in model.iterfind(f"{{{XFORMS}}}itext/{{{XFORMS}}}translation"):
        language = translation.get("lang", "")
        languages.append(language)
        if default is None and translation.get("default") is not None:
            default = language
        for text in translation.iterfind(f"{{{XFORMS}}}text"):
            for value in text.iterfind(f"{{{XFORMS}}}value"):
                form = value.get("form")
                if form is None:
                    texts.setdefault(text.get("id", ""), {})[language] = written_text(value)
                elif form in _MEDIA_FORMS and (found := media_of(value.text or "")) is not None:
                    media.append(found)
    if default is None and languages:
        default = languages[0]
    return Itext(tuple(languages), default, texts, tuple(dict.fromkeys(media)))


def element_texts(element: etree._Element | None, itext: Itext) -> Texts:
    """Texts of a `<label>` or `<hint>`: its itext reference, or its own words under the language ""."""
    if element is None:
        return {}
    reference = element.get("ref")
    if reference is not None:
        return reference_texts(reference, itext)
    words = written_text(element)
    return {"": words} if words else {}


def reference_texts(reference: str | None, itext: Itext) -> Texts:
    """Texts of an attribute such as jr:constraintMsg, which is a reference or the words themselves."""
    if not reference:
        return {}
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return {"": reference}
    return dict(itext.texts.get(match.group(1), {}))


def written_text(element: etree._Element) -> str:
    """The words of an element, with each `<output value="/data/name"/>` as `${name}`."""
    words = [element.text or ""]
    for child in element:
        if local_name(child) == "output":
            name = child.get("value", "").strip().rpartition("/")[2].strip()
            words.append("${" + name + "}")
        words.append(child.tail or "")
    return "".join(words).strip()


def media_of(uri: str) -> Media | None:
    """The file behind a jr:// address; None for other addresses and for jr://instance/last-saved."""
    match = _MEDIA_URI.fullmatch(uri.strip())
    if match is None:
        return None
    return Media(match.group(2), _KINDS[match.group(1)])
