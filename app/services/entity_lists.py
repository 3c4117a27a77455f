"""Which entity lists and properties does a form version bring, and when do they count?"""

from __future__ import annotations

from sqlalchemy import select

from app import problems
from app.clock import now
from app.db import db, models
from app.permissions import Actor
from app.services.audit import record
from app.services.transaction import transaction
from forms.schema import SENSITIVITIES, EntityDeclaration, FormSchema

# ODK's words that a property may not take (docs.getodk.org, entities).
_RESERVED = frozenset({"name", "label"})


def stricter(one: str, other: str) -> str:
    """Of two classes the one that fewer people read."""
    return max(one, other, key=SENSITIVITIES.index)


def declare_lists(project: models.Project, version: models.FormVersion, schema: FormSchema) -> None:
    """Make the lists and properties that a draft declares, not published yet; in the running transaction."""
    for declaration in schema.entities:
        _refuse_bad_names(declaration)
        dataset = _dataset(project.id, declaration.dataset)
        db.session.add(
            models.DatasetSource(
                form_version_id=version.id,
                dataset_id=dataset.id,
                creates=declaration.creates,
                updates=declaration.updates,
            )
        )
        for name, path in declaration.properties.items():
            declared = schema.field(path).sensitivity or project.default_sensitivity
            row = _property(dataset.id, name, declared)
            db.session.add(models.PropertySource(form_version_id=version.id, property_id=row.id, path=path))
    db.session.flush()


def _refuse_bad_names(declaration: EntityDeclaration) -> None:
    for name in (declaration.dataset, *declaration.properties):
        if name.startswith("__") or "." in name or not name:
            raise problems.invalid_entity_form(f"the name '{name}' may not start with __ or hold a dot")
    for name in declaration.properties:
        if name.lower() in _RESERVED:
            raise problems.invalid_entity_form(f"a property cannot be called '{name}'; rename it in save_to")


def _dataset(project_id: int, name: str) -> models.Dataset:
    found = db.session.scalar(
        select(models.Dataset).where(models.Dataset.project_id == project_id, models.Dataset.name == name)
    )
    if found is None:
        found = models.Dataset(project_id=project_id, name=name, created_at=now())
        db.session.add(found)
        db.session.flush()
    return found


def _property(dataset_id: int, name: str, sensitivity: str) -> models.DatasetProperty:
    found = db.session.scalar(
        select(models.DatasetProperty).where(
            models.DatasetProperty.dataset_id == dataset_id, models.DatasetProperty.name == name
        )
    )
    if found is None:
        found = models.DatasetProperty(dataset_id=dataset_id, name=name, sensitivity=sensitivity)
        db.session.add(found)
        db.session.flush()
    else:
        # Two forms may save to one property: the stricter class protects both.
        found.sensitivity = stricter(found.sensitivity, sensitivity)
    return found


def publish_lists(version_id: int) -> None:
    """The lists and properties of a version that is being published count from now."""
    moment = now()
    for dataset in db.session.scalars(
        select(models.Dataset)
        .join(models.DatasetSource, models.DatasetSource.dataset_id == models.Dataset.id)
        .where(models.DatasetSource.form_version_id == version_id, models.Dataset.published_at.is_(None))
    ):
        dataset.published_at = moment
    for row in db.session.scalars(
        select(models.DatasetProperty)
        .join(models.PropertySource, models.PropertySource.property_id == models.DatasetProperty.id)
        .where(models.PropertySource.form_version_id == version_id, models.DatasetProperty.published_at.is_(None))
    ):
        row.published_at = moment


def declare_list(actor: Actor, project: models.Project, name: str, properties: dict[str, str]) -> models.Dataset:
    """Make sure that a list is there and published with these properties (name to class); the rest is left alone."""
    with transaction():
        dataset = _dataset(project.id, name)
        moment = now()
        if dataset.published_at is None:
            dataset.published_at = moment
            record("dataset.create", actor, project_id=project.id, name=name)
        for property_name, sensitivity in properties.items():
            row = _property(dataset.id, property_name, sensitivity)
            row.published_at = row.published_at or moment
    return dataset
