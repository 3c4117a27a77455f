"""Which properties of a case, and is its label, masked for this reader?

A property has the strictest class that any form saves to it. A label is made of answers: it needs what the questions
need that it is made of, in every version that writes the list; one that a person typed may be anything, so it is
identifying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.db import models
from app.db.queries import entities as queries
from app.services.entity_content import EntityContent, open_entity
from app.services.schemas import schema_of
from app.services.views import View
from forms.schema import CLEAR
from forms.submission import Masked, needed, strictest

_IDENTIFYING = frozenset({"identifying"})


@dataclass(frozen=True, repr=False)
class MaskedContent:
    """What a version of a case says to one reader."""

    label: str | Masked
    data: Mapping[str, str | Masked]


@dataclass(frozen=True, repr=False)
class EntityMask:
    """What a view hides in the cases of one list. `typed`: the cases that a person added."""

    view: View
    classes: Mapping[str, str]
    label_classes: frozenset[str]
    typed: frozenset[int]

    def hidden(self, name: str, office_id: int | None) -> Masked | None:
        """What stands in a property's place in a case of this office."""
        # A property that the list does not have any more was declared by nobody.
        sensitivity = self.classes.get(name, "identifying")
        return Masked(sensitivity) if {sensitivity} - {"open"} - self.view.readable(office_id) else None

    def needed_for_label(self, entity: models.Entity) -> frozenset[str]:
        """The classes that a reader of the label needs."""
        return (self.label_classes | (_IDENTIFYING if entity.id in self.typed else frozenset())) - {"open"}

    def hidden_label(self, entity: models.Entity) -> Masked | None:
        """What stands in the label's place."""
        hidden = self.needed_for_label(entity) - self.view.readable(entity.office_id)
        return Masked(strictest(hidden)) if hidden else None

    def content(self, entity: models.Entity, version: models.EntityVersion, key: bytes) -> MaskedContent:
        """What the case says to the reader."""
        label = self.hidden_label(entity)
        readable = self.view.readable(entity.office_id)
        # What the reader may not see is not even opened.
        is_closed = label is not None and not any(
            name in readable | {"open"} for name in self.classes.values() if name not in CLEAR
        )
        says = EntityContent("", version.clear) if is_closed else open_entity(key, entity.uuid, version)
        data: dict[str, str | Masked] = {}
        for name in [*self.classes, *(name for name in says.data if name not in self.classes)]:
            hidden = self.hidden(name, entity.office_id)
            if hidden is not None:
                data[name] = hidden
            elif name in says.data:
                data[name] = says.data[name]
        return MaskedContent(label or says.label, data)


def mask_of_list(view: View, dataset: models.Dataset) -> EntityMask:
    """What the view hides in the cases of a list."""
    return EntityMask(
        view,
        {each.name: each.sensitivity for each in queries.properties(dataset.id)},
        label_classes(dataset.id, view.default),
        queries.typed_by_hand(dataset.id),
    )


def label_classes(dataset_id: int, default: str) -> frozenset[str]:
    """What a reader needs for the labels of a list: what every published version that writes it makes them of."""
    found: set[str] = set()
    name, sources = queries.label_sources(dataset_id)
    for version_id, sha256 in sources:
        schema = schema_of(version_id, sha256)
        for declaration in schema.entities:
            if declaration.dataset == name and declaration.label_path is not None:
                found |= needed(declaration.label_path, schema, default)
    return frozenset(found) or _IDENTIFYING
