"""What does a purged form leave in the ledger of erasures, so that no older backup brings back what was sent to it?"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app import problems
from app.clock import now
from app.db import db, models
from app.runtime import runtime
from app.services.erase_submission import add_to_ledger
from app.services.erasure_ledger import LedgerLine, append_lines, item_hash, ledger_key, ledger_path

_REASON = "its form was deleted more than 30 days ago"

Form, Submission, Version, Key = models.Form, models.Submission, models.SubmissionVersion, models.DataKey


def remember_purged(form: models.Form, instance_ids: Collection[str]) -> None:
    """Write the form's instance IDs into the ledger, as the last thing before the running transaction is committed.

    An ID under which another form with this form's ID has something that can be read or restored gets no line: a
    restore would erase that too. It gets one when that is purged in its turn.

    Raises Problem 503.1 if the ledger cannot be written.
    """
    key, moment = ledger_key(), now()
    lines = [
        LedgerLine(key, item_hash(form.project_id, form.xml_form_id, each), moment, None, _REASON)
        for each in sorted(set(instance_ids) - _kept_elsewhere(form, instance_ids))
    ]
    if not lines:
        return
    add_to_ledger(lines)
    db.session.flush()
    path = ledger_path(runtime().settings)
    try:
        # Before the commit, as an erasure does: the other way round a crash would leave a backup that tells all.
        append_lines(path, lines)
    except OSError as error:
        raise problems.unavailable(f"nothing was purged, since {path} cannot be written ({error.strerror})") from None


def _kept_elsewhere(form: models.Form, instance_ids: Collection[str]) -> set[str]:
    others = select(Form.id).where(
        Form.project_id == form.project_id, Form.xml_form_id == form.xml_form_id, Form.id != form.id
    )
    statement = (
        select(Version.instance_id)
        .join(Submission, Submission.id == Version.submission_id)
        .join(Key, Key.id == Submission.data_key_id)
        .where(
            Version.form_id.in_(others),
            Version.is_draft.is_(False),
            Version.instance_id.in_(instance_ids),
            Key.wrapped.is_not(None),
        )
    )
    return set(db.session.scalars(statement))
