"""How are the cleaned records drawn again from the XML, after a change of the cleaning or for a check?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.clock import now
from app.db import db, models
from app.sealing.envelope import SealBroken
from app.services.keys import data_key
from app.services.records import OpenedRecord, derive, open_record, open_xml, place
from app.services.schemas import schema_of
from app.services.transaction import transaction
from forms.errors import FormsError
from forms.schema import FormSchema
from forms.submission import parse_submission

_BATCH = 200


@dataclass(frozen=True)
class Recleaned:
    """How many records were drawn again, how many came out otherwise, how many could not be read."""

    cleaned: int
    changed: int
    unreadable: int


def reclean(tell: Callable[[str], object]) -> Recleaned:
    """Draw every record again, a batch a transaction. One that cannot be read is told and left as it is."""
    cleaned = changed = unreadable = 0
    last = 0
    while True:
        with transaction():
            batch = db.session.scalars(
                select(models.SubmissionVersion)
                .options(undefer(models.SubmissionVersion.xml_sealed))
                .where(models.SubmissionVersion.id > last)
                .order_by(models.SubmissionVersion.id)
                .limit(_BATCH)
            ).all()
            for version in batch:
                try:
                    changed += _draw_again(version)
                    cleaned += 1
                except (SealBroken, FormsError) as error:
                    unreadable += 1
                    tell(f"submission version {version.id}: {type(error).__name__}")
            last = batch[-1].id if batch else last
        db.session.expunge_all()
        if len(batch) < _BATCH:
            return Recleaned(cleaned, changed, unreadable)


def _draw_again(version: models.SubmissionVersion) -> bool:
    submission = db.session.get_one(models.Submission, version.submission_id)
    form_version = db.session.get_one(models.FormVersion, version.form_version_id)
    form = db.session.get_one(models.Form, version.form_id)
    project = db.session.get_one(models.Project, form.project_id)
    schema = schema_of(form_version.id, form_version.sha256)
    key = data_key(submission.data_key_id)
    where = place(version.form_id, version.is_draft, version.instance_id)
    parsed = parse_submission(open_xml(key, where, version.xml_sealed))
    before = _as_it_was(version, key, where, schema)
    clear, sealed, findings = derive(key, where, parsed, schema, project.default_sensitivity)
    after = open_record(key, where, clear, sealed, schema)
    differs = before != after or version.findings != findings or version.clear != clear
    if differs:
        version.clear, version.sealed, version.findings = clear, sealed, findings
        version.recleaned_at = now()
    return differs


def _as_it_was(version: models.SubmissionVersion, key: bytes, where: str, schema: FormSchema) -> OpenedRecord | None:
    """The record in the row; None if it is damaged, in whatever way: then it differs from what the XML says."""
    try:
        return open_record(key, where, version.clear, version.sealed, schema)
    except (SealBroken, FormsError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None
