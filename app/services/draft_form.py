"""How does a form come in? As a draft: compiled, compared with what was there, with its file slots and lists."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from sqlalchemy import delete, select

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import forms as form_queries
from app.permissions import Actor
from app.services.audit import record
from app.services.compile_form import CompiledSource, FormSource, compile_source
from app.services.entity_lists import declare_lists
from app.services.managed_encryption import encrypted_source, key_of_draft
from app.services.schemas import remember_schema, schema_of
from app.services.transaction import transaction
from app.services.uploads import discard_blobs
from forms.schema import removed_fields, type_conflict


def create_form(
    actor: Actor, project: models.Project, source: FormSource, *, ignore_warnings: bool = False
) -> models.Form:
    """A new form with its first draft. Raises Problem 409.3 if the form ID is taken, 400.16 for warnings."""
    compiled = encrypted_source(project, compile_source(source))
    _refuse_warnings(_warnings(compiled, None), ignore_warnings)
    with transaction():
        key_id = key_of_draft(project, compiled)
        if form_queries.form(project.id, compiled.schema.xml_form_id) is not None:
            raise problems.already_exists(["projectId", "xmlFormId"], [project.id, compiled.schema.xml_form_id])
        form = models.Form(
            project_id=project.id,
            xml_form_id=compiled.schema.xml_form_id,
            state="open",
            created_by_id=actor.id or None,
            created_at=now(),
        )
        db.session.add(form)
        db.session.flush()
        names = {"enketo_id": secrets.token_hex(16), "enketo_once_id": secrets.token_hex(16)}
        db.session.add(models.FormLink(form_id=form.id, **names))
        record("form.create", actor, project_id=project.id, form_id=form.id)
        _add_draft(actor, project, form, compiled, None, key_id)
    return form


def set_draft(
    actor: Actor,
    project: models.Project,
    form: models.Form,
    source: FormSource | None,
    *,
    ignore_warnings: bool = False,
) -> models.FormVersion:
    """Replace the form's draft; without a source, by a copy of the published version.

    Raises Problem 400.8 if the source is another form, 400.17 if a question changed its type.
    """
    current = form_queries.current_version(form.id)
    compiled = encrypted_source(project, compile_source(source) if source is not None else _copy(current))
    if compiled.schema.xml_form_id != form.xml_form_id:
        raise problems.unexpected_value(
            "xmlFormId",
            f"this is the form '{form.xml_form_id}'; give the draft the same form_id",
            compiled.schema.xml_form_id,
        )
    _refuse_type_conflict(form, compiled)
    _refuse_warnings(_warnings(compiled, current), ignore_warnings)
    with transaction():
        key_id = key_of_draft(project, compiled)
        blobs = delete_draft_rows(form.id)
        draft = _add_draft(actor, project, form, compiled, current, key_id)
    discard_blobs(blobs)
    return draft


def _copy(current: models.FormVersion | None) -> CompiledSource:
    if current is None:
        raise problems.missing_parameter("the form definition", "there is no published version to start from")
    return CompiledSource(
        form_queries.version_xml(current.id),
        schema_of(current.id, current.sha256),
        tuple(current.warnings),
        form_queries.version_xlsform(current.id),
        current.xlsform_type,
    )


def _warnings(compiled: CompiledSource, current: models.FormVersion | None) -> dict[str, Any]:
    """Central's two lists: what the compiler says, and what the change does."""
    found: dict[str, Any] = {}
    if compiled.warnings:
        found["xlsFormWarnings"] = [each["message"] for each in compiled.warnings]
    if current is not None:
        removed = removed_fields(schema_of(current.id, current.sha256), compiled.schema)
        if removed:
            found["workflowWarnings"] = [
                {
                    "type": "structureChanged",
                    "details": list(removed),
                    "reason": "These questions are in the published version and not in this one; their answers stay"
                    " with the old submissions.",
                }
            ]
    return found


def _refuse_warnings(warnings: dict[str, Any], ignore: bool) -> None:
    if warnings and not ignore:
        raise problems.form_warnings(warnings)


def _refuse_type_conflict(form: models.Form, compiled: CompiledSource) -> None:
    for version in form_queries.published_versions(form.id):
        conflict = type_conflict(schema_of(version.id, version.sha256), compiled.schema)
        if conflict is not None:
            raise problems.field_type_conflict(conflict.path, conflict.old_type)


def _add_draft(
    actor: Actor,
    project: models.Project,
    form: models.Form,
    compiled: CompiledSource,
    current: models.FormVersion | None,
    key_id: int | None,
) -> models.FormVersion:
    moment = now()
    version = models.FormVersion(
        form_id=form.id,
        version=compiled.schema.version,
        name=compiled.schema.title or None,
        xml=compiled.xform,
        md5=hashlib.md5(compiled.xform, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(compiled.xform).hexdigest(),
        xlsform=compiled.xlsform,
        xlsform_type=compiled.xlsform_type,
        warnings=list(compiled.warnings),
        key_id=key_id,
        created_by_id=actor.id or None,
        created_at=moment,
    )
    db.session.add(version)
    form.draft_nonce = secrets.token_bytes(32)
    form.updated_at = moment
    db.session.flush()
    remember_schema(version.sha256, compiled.schema)
    declare_lists(project, version, compiled.schema)
    _add_file_slots(project, version, compiled, current)
    record("form.update.draft.set", actor, project_id=project.id, form_id=form.id, newDraftDefId=version.id)
    db.session.flush()
    return version


def _add_file_slots(
    project: models.Project,
    version: models.FormVersion,
    compiled: CompiledSource,
    current: models.FormVersion | None,
) -> None:
    """A slot for each file that the form names: filled from the published version, or linked to a list of its name."""
    before = {each.name: each for each in form_queries.attachments(current.id)} if current is not None else {}
    lists = {
        row.name: row.id
        for row in db.session.scalars(
            select(models.Dataset).where(models.Dataset.project_id == project.id, models.Dataset.deleted_at.is_(None))
        )
    }
    for media in compiled.schema.media:
        slot = models.FormAttachment(form_version_id=version.id, name=media.name, type=media.kind)
        old = before.get(media.name)
        if old is not None and old.md5 is not None:
            slot.content, slot.content_type = old.content, old.content_type
            slot.md5, slot.size_bytes, slot.updated_at = old.md5, old.size_bytes, old.updated_at
        elif media.kind == "file":
            slot.dataset_id = lists.get(media.name.removesuffix(".csv"))
            slot.updated_at = now() if slot.dataset_id is not None else None
        db.session.add(slot)


def delete_draft(actor: Actor, project: models.Project, form: models.Form) -> None:
    """Take the draft away, with what was sent to test it. Raises Problem 409.7 if nothing was ever published."""
    if form_queries.draft_version(form.id) is None:
        raise problems.not_found()
    if form_queries.current_version(form.id) is None:
        raise problems.no_published_version()
    with transaction():
        blobs = delete_draft_rows(form.id)
        record("form.update.draft.delete", actor, project_id=project.id, form_id=form.id)
    discard_blobs(blobs)


def delete_draft_rows(form_id: int) -> list[str]:
    """Delete the draft version and its test submissions in the running transaction.

    Gives the storage keys of the tests' files, for `discard_blobs` after the commit.
    """
    tests = select(models.SubmissionVersion.id).where(
        models.SubmissionVersion.form_id == form_id, models.SubmissionVersion.is_draft
    )
    keys = list(
        db.session.scalars(
            select(models.Submission.data_key_id).where(
                models.Submission.form_id == form_id, models.Submission.is_draft
            )
        )
    )
    submissions = select(models.Submission.id).where(models.Submission.form_id == form_id, models.Submission.is_draft)
    drafts = select(models.FormVersion.id).where(
        models.FormVersion.form_id == form_id, models.FormVersion.published_at.is_(None)
    )
    # Most drafts are published untried: then there is nothing to look for in ten tables.
    if not keys and db.session.scalar(drafts.limit(1)) is None:
        return []
    arrived = models.SubmissionAttachment.blob_key
    blobs = list(
        db.session.scalars(
            select(arrived).where(models.SubmissionAttachment.submission_version_id.in_(tests), arrived.is_not(None))
        )
    )
    db.session.execute(
        models.Quarantine.__table__.update()  # type: ignore[attr-defined]  # a Table has update()
        .where(models.Quarantine.submission_version_id.in_(tests))
        .values(submission_version_id=None)
    )
    for table, where in (
        (models.SubmissionAttachment, models.SubmissionAttachment.submission_version_id.in_(tests)),
        (models.SubmissionVersion, models.SubmissionVersion.id.in_(tests)),
        (models.Submission, models.Submission.id.in_(submissions)),
        (models.FormAttachment, models.FormAttachment.form_version_id.in_(drafts)),
        (models.PropertySource, models.PropertySource.form_version_id.in_(drafts)),
        (models.DatasetSource, models.DatasetSource.form_version_id.in_(drafts)),
        (models.FormVersion, models.FormVersion.id.in_(drafts)),
        (models.DataKey, models.DataKey.id.in_(keys)),
    ):
        db.session.execute(delete(table).where(where), execution_options={"synchronize_session": False})
    db.session.expire_all()
    return [key for key in blobs if key is not None]
