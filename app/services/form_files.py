"""How does a file get into a draft's slot?"""

from __future__ import annotations

import hashlib

from app import problems, problems_administration
from app.clock import now
from app.db import db, models
from app.db.queries import entities as entity_queries
from app.db.queries import forms as queries
from app.permissions import Actor, may
from app.services.audit import record
from app.services.transaction import transaction


def fill_slot(actor: Actor, form: models.Form, name: str, content: bytes, content_type: str | None) -> None:
    """Put the bytes in the draft's slot of this name; a linked list gives way. Raises Problem 404.1."""
    draft = queries.draft_version(form.id)
    if draft is None or queries.attachment(draft.id, name) is None:
        raise problems.not_found()
    with transaction():
        slot = queries.attachment(draft.id, name)
        assert slot is not None
        slot.content, slot.content_type = content, (content_type or "")[:255] or None
        slot.md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        slot.size_bytes, slot.dataset_id, slot.updated_at = len(content), None, now()
        record("form.attachment.update", actor, project_id=form.project_id, form_id=form.id, name=name)


def link_slot(
    actor: Actor, project: models.Project, form: models.Form, name: str, *, is_linked: bool
) -> models.FormAttachment:
    """Let the entity list of the file's name stand for it, or nothing any more; bytes that were there give way.

    Raises Problem 400.26 if the slot is for no data file, 403.1 without the right to the list's cases, 404.1 if there
    is no such slot, or no such list.
    """
    draft = queries.draft_version(form.id)
    slot = queries.attachment(draft.id, name) if draft is not None else None
    dataset = entity_queries.dataset(project.id, name.removesuffix(".csv"))
    if slot is None or dataset is None:
        raise problems.not_found()
    if not may(actor, "entity.list", project_id=project.id):
        raise problems.insufficient_rights()
    if is_linked and slot.type != "file":
        raise problems_administration.dataset_link_not_allowed()
    slot_id, dataset_id = slot.id, dataset.id
    with transaction():
        slot = db.session.get_one(models.FormAttachment, slot_id)
        slot.content = slot.content_type = slot.md5 = slot.size_bytes = None
        slot.dataset_id, slot.updated_at = dataset_id if is_linked else None, now()
        record("form.attachment.update", actor, project_id=project.id, form_id=form.id, name=name)
    return slot


def empty_slot(actor: Actor, form: models.Form, name: str) -> None:
    """Take the file out of the draft's slot. Raises Problem 404.1."""
    draft = queries.draft_version(form.id)
    slot = queries.attachment(draft.id, name) if draft is not None else None
    if slot is None or (slot.md5 is None and slot.dataset_id is None):
        raise problems.not_found()
    slot_id = slot.id
    with transaction():
        slot = db.session.get_one(models.FormAttachment, slot_id)
        slot.content = slot.content_type = slot.md5 = slot.size_bytes = slot.dataset_id = None
        slot.updated_at = now()
        record("form.attachment.update", actor, project_id=form.project_id, form_id=form.id, name=name)
