"""How does a draft become what phones get?"""

from __future__ import annotations

import hashlib

from sqlalchemy import select, update
from sqlalchemy.exc import NoResultFound

from app import problems, problems_submissions
from app.clock import now
from app.db import db, models
from app.db.queries import encryption
from app.db.queries import forms as form_queries
from app.permissions import Actor
from app.problems import Problem
from app.services.audit import record
from app.services.draft_form import delete_draft_rows
from app.services.entity_lists import publish_lists
from app.services.loosening import refuse_unapproved
from app.services.transaction import transaction
from app.services.uploads import discard_blobs
from forms.schema.rename import with_version

VERSION_CHARACTERS = 255


def publish_draft(
    actor: Actor,
    project: models.Project,
    form: models.Form,
    *,
    version: str | None = None,
    notes: str | None = None,
) -> models.FormVersion:
    """Publish the draft, under another version name if `version` is given (written into the XForm).

    What was sent to test the draft is deleted. Raises Problem 404.1 without a draft, 409.6 if the version's name
    was already published, 409.41 if it lets more people read a question and no second person has agreed, 409.5 if the
    project got its key since the draft was looked at.
    """
    draft = form_queries.draft_version(form.id)
    if draft is None:
        raise problems.not_found()
    name = draft.version if version is None else version
    if len(name) > VERSION_CHARACTERS or not name.isprintable():
        raise problems.unexpected_value("version", f"use up to {VERSION_CHARACTERS} printable characters")
    if form_queries.published_version(form.id, name) is not None:
        raise problems.version_exists(form.xml_form_id, name)
    try:
        refuse_unapproved(actor, project, form, draft)
        xml = with_version(form_queries.version_xml(draft.id), name) if name != draft.version else None
    except NoResultFound:
        # Somebody has just replaced or deleted it.
        raise problems.not_found() from None
    with transaction():
        # Who gives the project its key holds the project, and then wants the versions: each waits for the other.
        encryption.managed_key_locked(project.id)
        blobs = _publish(form, draft, name, xml, notes)
        record("form.update.publish", actor, project_id=project.id, form_id=form.id, newDefId=draft.id)
    discard_blobs(blobs)
    return db.session.get_one(models.FormVersion, draft.id)


def _publish(
    form: models.Form, draft: models.FormVersion, name: str, xml: bytes | None, notes: str | None
) -> list[str]:
    moment = now()
    row = models.FormVersion
    db.session.execute(update(row).where(row.form_id == form.id, row.is_current).values(is_current=False))
    values: dict[str, object] = {
        "is_current": True,
        "published_at": moment,
        "version": name,
        "publish_notes": notes,
    }
    if xml is not None:
        values |= {
            "xml": xml,
            "md5": hashlib.md5(xml, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(xml).hexdigest(),
        }
    done = db.session.execute(
        update(row)
        .where(row.id == draft.id, row.sha256 == draft.sha256, row.published_at.is_(None))
        .values(**values)
        .returning(row.id)
        .execution_options(synchronize_session=False)
    )
    if done.scalar() is None:
        raise _changed_meanwhile(draft)
    db.session.flush()
    blobs = delete_draft_rows(form.id)
    publish_lists(draft.id)
    form = db.session.get_one(models.Form, form.id)
    form.draft_nonce = None
    form.updated_at = moment
    return blobs


def _changed_meanwhile(draft: models.FormVersion) -> Problem:
    """Somebody else published, replaced or deleted it; or it is there still, and is encrypted from now on."""
    row = models.FormVersion
    # That the number is there says little: SQLite gives it to the draft that takes this one's place.
    encrypted = select(row.id).where(row.id == draft.id, row.published_at.is_(None), row.key_id.is_not(None))
    is_new = draft.key_id is None and db.session.scalar(encrypted) is not None
    return problems_submissions.encryption_begins() if is_new else problems.not_found()
