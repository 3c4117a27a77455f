"""Which properties of a case, and is its label, masked for this reader?

A property has the strictest class that any form saves to it. A label is made of answers: it needs what the questions
need that it is made of, in every version that writes the list; one that a person typed may be anything, so it is
identifying.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select, update

from app.db import db, models
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
    name, sources = queries.label_sources(dataset_id)
    return _made_of(name, sources, default) or _IDENTIFYING


def keep_labels_masked(form_id: int, default: str) -> None:
    """Before a form's versions are deleted: where they alone say what a label is made of, it counts as typed by hand.

    Otherwise what is left, or a form that is published later, would loosen the labels that this form has written. Their
    submissions have been let go by then, so it may be any version that no submission is known of.
    """
    for dataset_id in queries.lists_written_by(form_id):
        name, sources = queries.label_sources(dataset_id)
        own = _made_of(name, [each for each in sources if each.form_id == form_id], default)
        rest = _made_of(name, [each for each in sources if each.form_id != form_id], default)
        if own - rest - {"open"}:
            _count_as_typed(dataset_id)


def _count_as_typed(dataset_id: int) -> None:
    version, entity = models.EntityVersion, models.Entity
    cases = select(entity.id).where(entity.dataset_id == dataset_id)
    unknown = version.entity_id.in_(cases), version.submission_version_id.is_(None)
    statement = update(version).where(*unknown).values(label_typed=True)
    db.session.execute(statement, execution_options={"synchronize_session": False})


def _made_of(name: str, sources: Iterable[queries.LabelSource], default: str) -> frozenset[str]:
    found: set[str] = set()
    for source in sources:
        schema = schema_of(source.version_id, source.sha256)
        for declaration in schema.entities:
            if declaration.dataset == name and declaration.label_path is not None:
                found |= needed(declaration.label_path, schema, default)
    return frozenset(found)
