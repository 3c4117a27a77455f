"""Which entity lists does a form write, and which answers become which properties?

Source: ODK entities specification, versions 2022.1 to 2025.1 (creation, updates, offline, from repeats).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from forms.errors import XFormInvalid
from forms.namespaces import ENTITIES, local_attribute
from forms.schema.model import EntityDeclaration

_SUPPORTED_VERSION = re.compile(r"(2022\.1|2023\.1|2024\.1|2025\.1)(\.\d+)?")
_DATASET_NAME = re.compile(r"(?!__)[^\W\d][\w:-]*")
_PROPERTY_NAME = re.compile(r"(?!__)(?!(?:name|label)\Z)[^\W\d][\w.-]*", re.IGNORECASE)


@dataclass(frozen=True)
class EntityElement:
    """An `<entity>` of the primary instance as it was found: where, and in which repeat."""

    element: etree._Element
    element_path: str
    repeat: str | None


def read_entities(
    model: etree._Element,
    elements: list[EntityElement],
    save_to: Mapping[str, str],
    paths: Mapping[str, object],
) -> tuple[EntityDeclaration, ...]:
    """The declarations, each with the properties that fall to it.

    `save_to` maps field paths to property names; a field belongs to the entity whose element path is the
    longest that encloses it. `paths` are all paths of the form. Raises XFormInvalid for what Central refuses:
    no or an unknown specification version, bad names, no action, a property without an entity.
    """
    if not elements and not save_to:
        return ()
    _check_version(model.get(f"{{{ENTITIES}}}entities-version"))
    properties: dict[str, dict[str, str]] = {each.element_path: {} for each in elements}
    for path, name in save_to.items():
        owner = owner_of(path, properties)
        if owner is None:
            raise XFormInvalid(f"{path} saves to an entity property but no entity is declared there.", path)
        if _PROPERTY_NAME.fullmatch(name) is None:
            raise XFormInvalid(f"{path} saves to a property whose name is not allowed; rename it.", path)
        properties[owner][name] = path
    return tuple(_declaration(each, properties[each.element_path], paths) for each in elements)


def owner_of(path: str, element_paths: Mapping[str, object]) -> str | None:
    """The longest element path that encloses `path`, None if none does."""
    enclosing = path
    while enclosing:
        enclosing = enclosing.rpartition("/")[0]
        if enclosing in element_paths:
            return enclosing
    return None


def _declaration(found: EntityElement, properties: dict[str, str], paths: Mapping[str, object]) -> EntityDeclaration:
    place = f"{found.element_path}/meta/entity"
    dataset = (local_attribute(found.element, "dataset") or "").strip()
    if _DATASET_NAME.fullmatch(dataset) is None:
        raise XFormInvalid(f"The entity at {place} has no allowed list name; rename the list.", place)
    creates = local_attribute(found.element, "create") is not None
    updates = local_attribute(found.element, "update") is not None
    if not creates and not updates:
        raise XFormInvalid(f"The entity at {place} neither creates nor updates; declare one of them.", place)
    label_path = f"{place}/label"
    return EntityDeclaration(
        dataset=dataset,
        element_path=found.element_path,
        repeat=found.repeat,
        creates=creates,
        updates=updates,
        label_path=label_path if label_path in paths else None,
        properties=properties,
    )


def _check_version(version: str | None) -> None:
    if version is None:
        raise XFormInvalid("The form declares entities without entities-version; add it to the model element.")
    if _SUPPORTED_VERSION.fullmatch(version) is None:
        raise XFormInvalid("The form's entities-version is not one of 2022.1 to 2025.1; use one of these.")
