"""Which form, in which version, with which files?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.db import db, models
from app.db.queries.form_totals import NOTHING, FormTotals, actors, entity_related, form_totals, links_to


def forms_called(project_id: int, xml_form_id: str) -> list[models.Form]:
    """The forms of a project that have or had this ID, the newest first: a deleted form's submissions are there."""
    statement = select(models.Form).where(models.Form.project_id == project_id, models.Form.xml_form_id == xml_form_id)
    return list(db.session.scalars(statement.order_by(models.Form.id.desc())))


def form(project_id: int, xml_form_id: str) -> models.Form | None:
    """A live form by its form ID."""
    return db.session.scalar(
        select(models.Form).where(
            models.Form.project_id == project_id,
            models.Form.xml_form_id == xml_form_id,
            models.Form.deleted_at.is_(None),
        )
    )


def current_version(form_id: int) -> models.FormVersion | None:
    """The published version that phones get."""
    version = models.FormVersion
    return db.session.scalar(select(version).where(version.form_id == form_id, version.is_current))


def draft_version(form_id: int) -> models.FormVersion | None:
    """The version that is not published yet."""
    version = models.FormVersion
    return db.session.scalar(select(version).where(version.form_id == form_id, version.published_at.is_(None)))


def published_version(form_id: int, version: str) -> models.FormVersion | None:
    """A published version by its name, `""` for one without a name; current or past."""
    row = models.FormVersion
    return db.session.scalar(
        select(row).where(row.form_id == form_id, row.version == version, row.published_at.is_not(None))
    )


def published_versions(form_id: int) -> list[models.FormVersion]:
    """All published versions, the newest first."""
    row = models.FormVersion
    statement = select(row).where(row.form_id == form_id, row.published_at.is_not(None))
    return list(db.session.scalars(statement.order_by(row.published_at.desc(), row.id.desc())))


def version_xml(version_id: int) -> bytes:
    """The XForm, byte for byte."""
    return db.session.scalars(select(models.FormVersion.xml).where(models.FormVersion.id == version_id)).one()


def version_xlsform(version_id: int) -> bytes | None:
    """The workbook that the version was made from."""
    row = db.session.scalars(
        select(models.FormVersion)
        .options(undefer(models.FormVersion.xlsform))
        .where(models.FormVersion.id == version_id)
    ).one()
    return row.xlsform


def attachments(version_id: int) -> list[models.FormAttachment]:
    """The files that a version needs, by name, without their bytes."""
    row = models.FormAttachment
    return list(db.session.scalars(select(row).where(row.form_version_id == version_id).order_by(row.name)))


def attachment(version_id: int, name: str) -> models.FormAttachment | None:
    """One file slot, with its bytes."""
    row = models.FormAttachment
    return db.session.scalar(
        select(row).options(undefer(row.content)).where(row.form_version_id == version_id, row.name == name)
    )


@dataclass(frozen=True)
class ListedForm:
    """A form as the lists show it: `version` is the published one, or the draft if there is no other.

    `is_entity_related`: the version opens or changes cases. `links`: how many there are with which anybody fills it;
    `link`: what names it in a browser's address. `creator`: of the form.
    """

    form: models.Form
    version: models.FormVersion | None
    has_draft: bool
    totals: FormTotals = NOTHING
    is_entity_related: bool = False
    links: int = 0
    link: models.FormLink | None = None
    creator: models.Actor | None = None


def listed_forms(project_id: int, *, offices: int | bool = True) -> list[ListedForm]:
    """The live forms of a project, by name; seven queries however many. `offices`: whose submissions are counted."""
    form_ = models.Form
    where = (form_.project_id == project_id, form_.deleted_at.is_(None))
    return _listed(list(db.session.scalars(select(form_).where(*where))), offices)


def trashed_forms(project_id: int, *, offices: int | bool = True) -> list[ListedForm]:
    """The deleted forms of a project that were not purged yet."""
    form_ = models.Form
    where = (form_.project_id == project_id, form_.deleted_at.is_not(None), form_.purged_at.is_(None))
    return _listed(list(db.session.scalars(select(form_).where(*where))), offices)


def trashed_form_for_update(project_id: int, form_id: int, since: datetime) -> models.Form | None:
    """A form that was deleted since that moment, locked until the transaction ends."""
    form_ = models.Form
    where = (form_.project_id == project_id, form_.id == form_id, form_.deleted_at > since)
    return db.session.scalar(select(form_).where(*where).with_for_update())


def forms_to_purge(until: datetime) -> list[models.Form]:
    """The forms that were deleted until that moment, the oldest first."""
    form_ = models.Form
    where = (form_.deleted_at <= until, form_.purged_at.is_(None))
    return list(db.session.scalars(select(form_).where(*where).order_by(form_.deleted_at, form_.id)))


def listed_form(form: models.Form, *, offices: int | bool) -> ListedForm:
    """One of them."""
    return _listed([form], offices)[0]


def _listed(forms: list[models.Form], offices: int | bool) -> list[ListedForm]:
    version, ids = models.FormVersion, [each.id for each in forms]
    wanted = (version.is_current) | (version.published_at.is_(None))
    rows: Sequence[models.FormVersion] = db.session.scalars(
        select(version).where(version.form_id.in_(ids), wanted)
    ).all()
    drafts = {row.form_id: row for row in rows if row.published_at is None}
    shown = drafts | {row.form_id: row for row in rows if row.is_current}
    related = entity_related([each.id for each in shown.values()])
    totals, links, creators = form_totals(ids, offices), links_to(ids), actors([each.created_by_id for each in forms])
    link = models.FormLink
    names = {row.form_id: row for row in db.session.scalars(select(link).where(link.form_id.in_(ids)))}
    listed = [
        ListedForm(
            form=item,
            version=(found := shown.get(item.id)),
            has_draft=item.id in drafts,
            totals=totals.get(item.id, NOTHING),
            links=links.get(item.id, 0),
            link=names.get(item.id),
            is_entity_related=found is not None and found.id in related,
            creator=creators.get(item.created_by_id or 0),
        )
        for item in forms
    ]
    return sorted(listed, key=lambda item: ((item.version.name or "") if item.version else "", item.form.xml_form_id))


def published_with_attachments(
    project_id: int,
) -> list[tuple[models.Form, models.FormVersion, list[models.FormAttachment]]]:
    """What the phones of a project may fetch: open forms with their files; two queries however many."""
    form_, version, file = models.Form, models.FormVersion, models.FormAttachment
    pairs = db.session.execute(
        select(form_, version)
        .join(version, version.form_id == form_.id)
        .where(
            form_.project_id == project_id,
            form_.deleted_at.is_(None),
            form_.state == "open",
            version.is_current,
        )
        .order_by(version.name, form_.xml_form_id)
    ).all()
    files: dict[int, list[models.FormAttachment]] = {}
    versions = [row[1].id for row in pairs]
    for item in db.session.scalars(select(file).where(file.form_version_id.in_(versions))):
        files.setdefault(item.form_version_id, []).append(item)
    return [(row[0], row[1], files.get(row[1].id, [])) for row in pairs]
