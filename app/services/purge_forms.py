"""What becomes of a form that was deleted thirty days ago, and of all that was sent to it?

Its answers, files and keys go, batch by batch, so that nobody waits for it; then its versions. Of each submission and
of the form a row stays that holds nothing: their numbers are in the audit, and are never given to another.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import structlog
from sqlalchemy import delete, func, select, update

from app.clock import now
from app.db import db, models
from app.db.queries import blobs as blob_queries
from app.db.queries import forms as queries
from app.problems import Problem
from app.services.audit import record
from app.services.entity_masks import keep_labels_masked
from app.services.erase_submission import forget_old_pages
from app.services.erasure_ledger import held_still, keep_intake_out, remember_erased
from app.services.keys import destroy_keys
from app.services.transaction import transaction
from app.services.trash import KEPT_FOR
from app.services.uploads import discard_blobs

# What one transaction takes, and how many of them one round of the chore: other work waits for it.
BATCH = 100
_BATCHES = 50
_REASON = "its form was deleted more than 30 days ago"

log = structlog.get_logger("sportel.forms")

Submission, Version, Attachment = models.Submission, models.SubmissionVersion, models.SubmissionAttachment
Form, FormVersion, Kept = models.Form, models.FormVersion, models.Quarantine
_KEPT = (Kept.id, Kept.blob_key, Kept.data_key_id, Kept.instance_id)


def is_anything_to_purge() -> bool:
    """Is there a form whose time in the trash is over?"""
    return bool(queries.forms_to_purge(now() - KEPT_FOR))


def purge_forms() -> int:
    """Purge the forms whose time is over, as much as one round does; how many are done.

    Where the ledger cannot be written nothing is purged, and it is tried again at the next time.
    """
    batches, done = _BATCHES, 0
    try:
        for form_id in [form.id for form in queries.forms_to_purge(now() - KEPT_FOR)]:
            while batches and (_purge_batch(form_id) or _purge_kept(form_id)):
                batches -= 1
            if not batches:
                break
            _end(form_id)
            done += 1
    except Problem as problem:
        log.warning("form.not-purged", code=problem.code)
    forget_old_pages()
    return done


def _purge_batch(form_id: int) -> bool:
    """Purge some of the form's submissions; False if there are no more."""
    with transaction():
        keep_intake_out()
        some = select(Version.submission_id).where(Version.form_id == form_id).distinct().limit(BATCH)
        submissions = list(db.session.scalars(some))
        sent = db.session.execute(
            select(Version.id, Version.instance_id).where(Version.submission_id.in_(submissions))
        ).all()
        versions = [row.id for row in sent]
        named = Attachment.blob_key
        attached = select(named).where(Attachment.submission_version_id.in_(versions), named.is_not(None))
        blobs = {key for key in db.session.scalars(attached) if key is not None}
        keys = list(db.session.scalars(select(Submission.data_key_id).where(Submission.id.in_(submissions))))
        _change(delete(models.HandOver).where(models.HandOver.submission_id.in_(submissions)))
        _let_go("submission_versions", versions)
        _let_go("submissions", submissions)
        _change(
            update(Submission)
            .where(Submission.id.in_(submissions))
            .values(
                deleted_at=func.coalesce(Submission.deleted_at, now()),
                review_state=None,
                device_id=None,
                user_agent=None,
            )
        )
        destroy_keys(keys)
        form = db.session.get_one(Form, form_id)
        names = _gone_for_good(form, {row.instance_id for row in sent})
        # What a phone sends again while the form is in the trash comes for no form, and is kept aside as such.
        again = (Kept.project_id == form.project_id) & Kept.form_id.is_(None) & Kept.instance_id.in_(names)
        blobs |= _discard(form, db.session.execute(select(*_KEPT).where(again).with_for_update()).all())
        remember_erased(form, names, _REASON)
        gone = blobs - blob_queries.named(blobs)
    discard_blobs(gone)
    return bool(submissions)


def _purge_kept(form_id: int) -> bool:
    """Purge some of what was kept aside of the form; False if there is no more."""
    with transaction():
        keep_intake_out()
        some = select(*_KEPT).where(Kept.form_id == form_id).order_by(Kept.id).limit(BATCH).with_for_update()
        kept = db.session.execute(some).all()
        if not kept:
            return False
        form = db.session.get_one(Form, form_id)
        blobs = _discard(form, kept)
        names = _gone_for_good(form, {row.instance_id for row in kept if row.instance_id is not None})
        remember_erased(form, names, _REASON)
        gone = blobs - blob_queries.named(blobs)
    discard_blobs(gone)
    return True


def _discard(form: models.Form, kept: Sequence[Any]) -> set[str]:
    """Delete what was kept aside, in the running transaction; the files' keys in the storage."""
    ids = [row.id for row in kept]
    if ids:
        _change(delete(Kept).where(Kept.id.in_(ids)))
        destroy_keys([row.data_key_id for row in kept])
        about = {"project_id": form.project_id, "form_id": form.id}
        record("quarantine.discard", None, **about, entries=ids, why="the form is purged")
    return {row.blob_key for row in kept}


def _gone_for_good(form: models.Form, instance_ids: set[str]) -> set[str]:
    """Those that no older backup and no phone may bring back."""
    return instance_ids - held_still(form, instance_ids)


def _end(form_id: int) -> None:
    """Purge what else there is of the form, when its submissions and what was kept aside are purged."""
    with transaction():
        form = db.session.get_one(Form, form_id, with_for_update=True)
        keep_labels_masked(form_id, db.session.get_one(models.Project, form.project_id).default_sensitivity)
        _let_go("form_versions", db.session.scalars(select(FormVersion.id).where(FormVersion.form_id == form_id)).all())
        for table in (FormVersion, models.FormLink, models.LooseningApproval, models.Assignment):
            _change(delete(table).where(table.form_id == form_id))
        form.draft_nonce, form.purged_at = None, now()
        submissions = db.session.scalar(select(func.count()).where(Submission.form_id == form_id))
        record(
            "form.purge",
            None,
            project_id=form.project_id,
            form_id=form_id,
            submissions=submissions,
        )


def _let_go(table_name: str, ids: Collection[int]) -> None:
    """What exists only with these rows goes with them; what refers to them besides forgets them.

    The columns are found in the models, so that what a new table keeps of a submission is purged without being listed.
    """
    for column in blob_queries.columns_that_refer_to(table_name):
        if column.nullable:
            _change(update(column.table).where(column.in_(ids)).values({column.name: None}))
        else:
            _change(delete(column.table).where(column.in_(ids)))


def _change(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})
