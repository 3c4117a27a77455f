"""Which forms write an entity list, and which read it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, func, select

from app.db import db, models

Dataset, Property = models.Dataset, models.DatasetProperty
Form, Version = models.Form, models.FormVersion
Attachment, Source, PropertySource = models.FormAttachment, models.DatasetSource, models.PropertySource


@dataclass(frozen=True, order=True)
class FormName:
    """A form as it is named beside a list."""

    xml_form_id: str
    name: str


@dataclass(frozen=True)
class UsingForms:
    """The live forms that use a list: in the version that phones get, or only in a draft. `writing`: by property.

    `older`: of forms that take submissions, those that write it in an older version only, which phones may hold still.
    `in_trash`: forms that would use it again if they were restored.
    """

    linked: list[FormName]
    source: list[FormName]
    draft_linked: list[FormName]
    draft_source: list[FormName]
    older: list[FormName]
    in_trash: list[FormName]
    writing: Mapping[int, list[FormName]] = field(default_factory=dict)
    draft_writing: Mapping[int, list[FormName]] = field(default_factory=dict)
    trash_writing: Mapping[int, list[FormName]] = field(default_factory=dict)

    @property
    def is_any(self) -> bool:
        """Does any form use it, or would it if it came back?"""
        now = self.linked or self.source or self.draft_linked or self.draft_source
        return bool(now or self.older or self.in_trash)


def using_forms(dataset_id: int) -> UsingForms:
    """Which forms use the list. What only an older version reads does not count, nor which properties it writes."""
    linked = select(_KIND, Form.xml_form_id, Version.name, Attachment.dataset_id).join(
        Attachment, Attachment.form_version_id == Version.id
    )
    source = select(_KIND, Form.xml_form_id, Version.name, Source.dataset_id).join(
        Source, Source.form_version_id == Version.id
    )
    writing = (
        select(_KIND, Form.xml_form_id, Version.name, Property.id)
        .join(PropertySource, PropertySource.form_version_id == Version.id)
        .join(Property, Property.id == PropertySource.property_id)
    )
    linked, source = linked.where(Attachment.dataset_id == dataset_id), source.where(Source.dataset_id == dataset_id)
    by_link, by_source = _by_kind(linked), _by_kind(source)
    writing = writing.where(Property.dataset_id == dataset_id)
    by_property = _by_kind(writing)
    in_trash = [*_in_trash(linked), *_in_trash(source), *_older(source, in_trash=True)]
    return UsingForms(
        _names(by_link[True]),
        _names(by_source[True]),
        _names(by_link[False]),
        _names(by_source[False]),
        _names(_older(source)),
        _names(in_trash),
        _by_property(by_property[True]),
        _by_property(by_property[False]),
        _by_property(_in_trash(writing)),
    )


# Is it the version that phones get (True), or the draft?
_KIND = Version.published_at.is_not(None).label("is_published")


def _by_kind(statement: Select[*tuple[Any, ...]], *, in_trash: bool = False) -> dict[bool, list[Row[*tuple[Any, ...]]]]:
    of_forms = statement.join(Form, Form.id == Version.form_id).where(
        Form.deleted_at.is_not(None) == in_trash, Version.is_current | Version.published_at.is_(None)
    )
    found: dict[bool, list[Row[*tuple[Any, ...]]]] = {True: [], False: []}
    for row in db.session.execute(of_forms):
        found[bool(row[0])].append(row)
    return found


def _in_trash(statement: Select[*tuple[Any, ...]]) -> list[Row[*tuple[Any, ...]]]:
    return [row for rows in _by_kind(statement, in_trash=True).values() for row in rows]


def _older(statement: Select[*tuple[Any, ...]], *, in_trash: bool = False) -> Sequence[Row[*tuple[Any, ...]]]:
    """Of versions that are not the form's newest any more, and that it takes still."""
    of_forms = statement.join(Form, Form.id == Version.form_id).where(
        Form.deleted_at.is_not(None) == in_trash, Form.state != "closed"
    )
    return db.session.execute(of_forms.where(Version.published_at.is_not(None), ~Version.is_current)).all()


def _names(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[FormName]:
    return sorted({FormName(row[1], row[2] or row[1]) for row in rows})


def _by_property(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, list[FormName]]:
    return {number: _names(row for row in rows if row[3] == number) for number in {row[3] for row in rows}}


def called_alike(project_id: int, name: str) -> models.Dataset | None:
    """The list with this name, whatever its letters' case and whether it is published; the exact one first."""
    found = db.session.scalars(
        select(Dataset).where(Dataset.project_id == project_id, func.lower(Dataset.name) == name.lower())
    ).all()
    return min(found, key=lambda each: each.name != name, default=None)


def property_alike(dataset_id: int, name: str) -> models.DatasetProperty | None:
    """The property with this name, whatever its letters' case and whether it is published; the exact one first."""
    found = db.session.scalars(
        select(Property).where(Property.dataset_id == dataset_id, func.lower(Property.name) == name.lower())
    ).all()
    return min(found, key=lambda each: each.name != name, default=None)
