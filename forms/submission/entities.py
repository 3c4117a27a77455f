"""What does a submission do to entities, and with which properties?

Source: ODK entities specification; Central's rules for `create`, `update` and UUIDs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from forms.namespaces import local_name
from forms.schema.model import EntityDeclaration, FormSchema
from forms.submission.model import EntityChange, EntityMention, Submission

_UUID_V4 = re.compile(r"(?:uuid:)?([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})", re.IGNORECASE)


def entity_uuid(identifier: str) -> str | None:
    """The lower-case UUID (version 4) of an entity's `id`, without "uuid:"; None if it is not one."""
    match = _UUID_V4.fullmatch(identifier.strip())
    return None if match is None else match.group(1).lower()


def entity_values(submission: Submission, schema: FormSchema) -> tuple[EntityChange, ...]:
    """The entity changes that the submission asks for, in document order.

    Only entities that the form declares at that place, under that list's name, and whose create or update is
    true. Identifier, label and versions are given as sent: judging them is the caller's part.
    """
    changes = []
    for mention in submission.entities:
        declaration = declaration_of(mention, schema)
        if declaration is None or not (mention.create or mention.update):
            continue
        changes.append(
            EntityChange(
                dataset=mention.dataset,
                id=mention.id,
                create=mention.create and declaration.creates,
                update=mention.update and declaration.updates,
                base_version=mention.base_version,
                trunk_version=mention.trunk_version,
                branch_id=mention.branch_id,
                label=mention.label,
                data=dict(_properties(mention, declaration)),
                row_key=_row_key(submission.instance_id, mention, schema),
            )
        )
    return tuple(change for change in changes if change.create or change.update)


def declaration_of(mention: EntityMention, schema: FormSchema) -> EntityDeclaration | None:
    """The form's declaration at the mention's place and for its list, None if the form has none."""
    for declaration in schema.entities:
        if (declaration.element_path, declaration.dataset) == (mention.element_path, mention.dataset):
            return declaration
    return None


def _properties(mention: EntityMention, declaration: EntityDeclaration) -> Iterator[tuple[str, str]]:
    """Property and text of each saved question that is in the XML: an irrelevant one is absent there."""
    for name, path in declaration.properties.items():
        node = _descend(mention.element, path.removeprefix(mention.element_path).split("/")[1:])
        if node is not None:
            yield name, node.text or ""


def _descend(element: etree._Element, names: list[str]) -> etree._Element | None:
    current: etree._Element | None = element
    for name in names:
        if current is None:
            return None
        current = next((child for child in current if local_name(child) == name), None)
    return current


def _row_key(instance_id: str, mention: EntityMention, schema: FormSchema) -> str:
    """The key of the table row around the entity: only repeats count (see `tables`)."""
    key, path = instance_id, ""
    for name, position in zip(mention.element_path.split("/")[1:], mention.positions, strict=True):
        path = f"{path}/{name}"
        known = schema.by_path.get(path)
        if known is not None and known.kind == "repeat":
            key = f"{key}/{name}[{position}]"
    return key
