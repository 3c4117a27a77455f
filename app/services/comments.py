"""What do people write about a submission, and who reads that?

It is written by hand and may name the person, so it is `identifying`, sealed under the submission's data key and
erased with it. Who may read the record sees that something was written; the words are for who reads what identifies,
and for who wrote them. The same holds for the note of an act (`X-Action-Notes`), which the audit shows beside the act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.clock import now, to_iso
from app.db import models
from app.db.insert import insert_row
from app.db.queries import comments as queries
from app.permissions import Actor
from app.sealing.envelope import open_sealed, seal
from app.services.audit import record
from app.services.keys import data_key
from app.services.transaction import transaction
from app.services.views import View
from forms.submission import Masked

LONGEST = 10_000


@dataclass(frozen=True, repr=False)
class ShownComment:
    """A comment as one reader sees it."""

    body: str | Masked
    actor_id: int | None
    actor: models.Actor | None
    created_at: datetime


def add_comment(actor: Actor, form: models.Form, submission: models.Submission, body: str) -> ShownComment:
    """Comment on a submission that the actor may read."""
    key, moment = data_key(submission.data_key_id), now()
    with transaction():
        _insert(actor, submission.id, key, body, moment)
        record(
            "submission.comment",
            actor,
            project_id=form.project_id,
            form_id=form.id,
            submission_id=submission.id,
            instanceId=submission.instance_id,
        )
    return ShownComment(body, actor.id, None, moment)


def comments_of(actor: Actor, view: View, submission: models.Submission) -> list[ShownComment]:
    """The comments, the newest first."""
    key = data_key(submission.data_key_id)
    return [
        ShownComment(_shown(actor, view, submission, row, key), row.actor_id, writer, row.created_at)
        for row, writer in queries.comments(submission.id)
    ]


def keep_note(
    actor: Actor, submission: models.Submission, action: str, note: str | None, *, version_id: int | None = None
) -> int | None:
    """Keep the note of an act in the running transaction; its number, for the act's line in the audit."""
    if not note:
        return None
    key = data_key(submission.data_key_id)
    return _insert(actor, submission.id, key, note, now(), action=action, submission_version_id=version_id)


def note_edit(actor: Actor, submission: models.Submission, version_id: int, note: str | None) -> None:
    """Keep the note of an edit that was taken in. An edit that is sent again keeps the note that it has."""
    if note and all(each.submission_version_id != version_id for each in queries.notes(submission.id)):
        with transaction():
            keep_note(actor, submission, "submission.update.version", note, version_id=version_id)


def notes_of(
    actor: Actor, view: View, submission: models.Submission, lines: list[models.Audit]
) -> dict[int, str | Masked]:
    """By the number of a line in the audit of a submission: the note that came with the act."""
    rows = queries.notes(submission.id)
    if not rows:
        return {}
    key = data_key(submission.data_key_id)
    by_number = {row.id: row for row in rows}
    by_version = {row.submission_version_id: row for row in rows if row.submission_version_id is not None}
    found = {}
    for line in lines:
        row = by_number.get(line.details.get("noteId", 0))
        if row is None and line.action == "submission.update.version":
            row = by_version.get(line.details.get("submissionDefId", 0))
        if row is not None:
            found[line.id] = _shown(actor, view, submission, row, key)
    return found


def _shown(actor: Actor, view: View, submission: models.Submission, row: models.Comment, key: bytes) -> str | Masked:
    if "identifying" not in view.readable(submission.office_id) and row.actor_id != actor.id:
        return Masked("identifying")
    return open_body(key, row)


def open_body(key: bytes, row: Any) -> str:
    """What was written, of a row with the columns of `Comment`. Raises SealBroken."""
    return open_sealed(key, row.body_sealed, _place(row.submission_id, row.actor_id, row.created_at)).decode()


def _insert(actor: Actor, submission_id: int, key: bytes, body: str, moment: datetime, **about: object) -> int:
    actor_id = actor.id or None
    return insert_row(
        models.Comment,
        submission_id=submission_id,
        actor_id=actor_id,
        body_sealed=seal(key, body.encode(), _place(submission_id, actor_id, moment)),
        created_at=moment,
        **({"action": None, "submission_version_id": None} | about),
    )


def _place(submission_id: int, actor_id: int | None, moment: datetime) -> str:
    return f"comment|{submission_id}|{actor_id}|{to_iso(moment)}"
