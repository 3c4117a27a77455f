"""What does a submission's XML look like to a reader who may not see all of it?

It is drawn anew from the form's questions rather than cut out of the original: what the form does not have, comments
and attributes that nobody thought of cannot come along. A group that the phone left out is drawn with its masked
questions, since whether they were asked would tell something of the answers.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from forms.namespaces import OPENROSA, SPORTEL, local_name
from forms.safe_xml import SUBMISSION_LIMITS, parse_xml
from forms.schema.model import Field, FormSchema
from forms.submission.masking import Mask
from forms.submission.model import Masked

_MASKED = f"{{{SPORTEL}}}masked"
_Element = etree._Element


def masked_xml(content: bytes, schema: FormSchema, mask: Mask) -> bytes:
    """The XML with each masked question empty and marked `sportel:masked="class"`; byte for byte if nothing is hidden.

    Raises XMLUnsafe for what is no XML that we read.
    """
    if mask.hides_nothing:
        return content
    root = parse_xml(content, SUBMISSION_LIMITS)
    children: dict[str, list[Field]] = {}
    for field in schema.fields:
        children.setdefault(field.path.rpartition("/")[0], []).append(field)
    drawn = etree.Element(schema.root_name, nsmap={"orx": OPENROSA, "sportel": SPORTEL})
    drawn.set("id", schema.xml_form_id)
    drawn.set("version", schema.version)
    _draw("", root, drawn, children, mask)
    return etree.tostring(drawn, encoding="utf-8")


def _draw(
    path: str, source: _Element | None, target: _Element, children: Mapping[str, list[Field]], mask: Mask
) -> None:
    for field in children.get(path, []):
        there = [] if source is None else [each for each in source if _is_called(each, field.name)]
        if field.kind == "repeat":
            for each in there:
                _draw(field.path, each, etree.SubElement(target, field.name), children, mask)
            continue
        # As OpenRosa has it; the sender's own namespaces are the sender's own words.
        tag = f"{{{OPENROSA}}}{field.name}" if "/meta" in (path, field.path) else field.name
        hidden = mask.of(field.path) if field.kind == "field" else None
        if hidden is not None:
            etree.SubElement(target, tag).set(_MASKED, hidden.sensitivity)
        elif field.kind != "field":
            group = etree.SubElement(target, tag)
            _draw(field.path, there[0] if there else None, group, children, mask)
            if not there and not len(group):
                target.remove(group)
        elif there:
            etree.SubElement(target, tag).text = there[0].text


def _is_called(element: _Element, name: str) -> bool:
    return isinstance(element.tag, str) and local_name(element) == name


def mask_of_element(element: _Element) -> Masked | None:
    """What the element of a drawn XML hides; None if it hides nothing."""
    sensitivity = element.get(_MASKED)
    return None if sensitivity is None else Masked(sensitivity)


def is_masked_xml(root: _Element) -> bool:
    """Was this drawn for somebody who might not see all of it? Then it is no submission."""
    return any(_MASKED in each.attrib for each in root.iter())
