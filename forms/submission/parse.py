"""Which form, which instance: what does a submission say of itself? No schema is needed to answer.

Names are compared without namespaces: clients prefix `meta` and redeclare namespaces as they like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from forms.errors import SubmissionInvalid
from forms.namespaces import ENCRYPTED, local_attribute, local_name
from forms.safe_xml import SUBMISSION_LIMITS, XMLLimits, parse_xml
from forms.submission.model import EntityMention, Submission

LONGEST_INSTANCE_ID = 255
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TRUE = frozenset({"1", "true"})


def parse_submission(content: bytes, limits: XMLLimits = SUBMISSION_LIMITS) -> Submission:
    """Read a submission's XML.

    Raises XMLUnsafe for XML that we do not read, SubmissionInvalid if the form ID or the instance ID is
    missing, blank, longer than 255 characters or has control characters.
    """
    root = parse_xml(content, limits)
    meta = _child(root, "meta")
    return Submission(
        xml_form_id=_identifier(local_attribute(root, "id"), "form ID (attribute id of the root element)"),
        version=(local_attribute(root, "version") or "").strip(),
        instance_id=_identifier(_child_text(meta, "instanceID"), "instance ID (meta/instanceID)"),
        deprecated_id=_optional_identifier(_child_text(meta, "deprecatedID"), "meta/deprecatedID"),
        instance_name=_child_text(meta, "instanceName"),
        root=root,
        entities=() if next(root.iter("{*}entity"), None) is None else tuple(_mentions(root, "", ())),
        is_encrypted=_is_encrypted(root),
    )


def _identifier(text: str | None, what: str) -> str:
    identifier = _optional_identifier(text, what)
    if identifier is None:
        raise SubmissionInvalid(f"The submission has no {what}; send it with one.")
    return identifier


def _optional_identifier(text: str | None, what: str) -> str | None:
    stripped = (text or "").strip()
    if len(stripped) > LONGEST_INSTANCE_ID:
        raise SubmissionInvalid(f"The submission's {what} is longer than {LONGEST_INSTANCE_ID} characters; shorten it.")
    if _CONTROL_CHARACTER.search(stripped):
        raise SubmissionInvalid(f"The submission's {what} has control characters; remove them.")
    return stripped or None


def _is_encrypted(root: etree._Element) -> bool:
    return root.get("encrypted") == "yes" or root.find(f"{{{ENCRYPTED}}}encryptedXmlFile") is not None


def _mentions(element: etree._Element, path: str, positions: tuple[int, ...]) -> Iterator[EntityMention]:
    """Entities at `element` and below, in document order of the elements that they stand for."""
    counts: dict[str, int] = {}
    for child in element:
        name = local_name(child)
        if name == "meta":
            yield from (_mention(each, path, positions) for each in child if local_name(each) == "entity")
        else:
            counts[name] = counts.get(name, 0) + 1
            if len(child):
                yield from _mentions(child, f"{path}/{name}", (*positions, counts[name]))


def _mention(entity: etree._Element, path: str, positions: tuple[int, ...]) -> EntityMention:
    parent = entity.getparent()
    scope = None if parent is None else parent.getparent()
    return EntityMention(
        dataset=(local_attribute(entity, "dataset") or "").strip(),
        id=(local_attribute(entity, "id") or "").strip(),
        create=(local_attribute(entity, "create") or "").strip() in _TRUE,
        update=(local_attribute(entity, "update") or "").strip() in _TRUE,
        base_version=_blank_to_none(local_attribute(entity, "baseVersion")),
        trunk_version=_blank_to_none(local_attribute(entity, "trunkVersion")),
        branch_id=_blank_to_none(local_attribute(entity, "branchId")),
        label=_child_text(entity, "label"),
        element_path=path,
        positions=positions,
        element=entity if scope is None else scope,
    )


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next(element.iterchildren(f"{{*}}{name}"), None)


def _child_text(element: etree._Element | None, name: str) -> str | None:
    """Text of a direct child; None if there is no such child or it is blank."""
    child = None if element is None else _child(element, name)
    return None if child is None else _blank_to_none(child.text)


def _blank_to_none(text: str | None) -> str | None:
    return (text or "").strip() or None
