"""How is what was sent read back: the XML as it came, the files, and the cleaned rows?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row as SqlRow

from app import problems
from app.db import db, models
from app.db.queries import forms as form_queries
from app.db.queries import submissions as queries
from app.db.queries.submissions import Scope
from app.permissions import Actor, office_scope
from app.runtime import runtime
from app.services.keys import data_key, open_key
from app.services.records import OpenedRecord, open_instance_name, open_record, open_xml, place
from app.services.schemas import schema_of
from app.services.uploads import read_file
from forms.schema import FormSchema

PAGE_ROWS = 500


def scope_of(actor: Actor, form: models.Form, *, is_draft: bool = False) -> Scope:
    """The rows of a form that the actor's office may read."""
    offices = office_scope(actor, "submission.read", project_id=form.project_id, form_id=form.id)
    return Scope(form.id, offices, is_draft)


def xml_of(submission: models.Submission, version: models.SubmissionVersion) -> bytes:
    """The XML, byte for byte."""
    key = data_key(submission.data_key_id)
    where = place(version.form_id, version.is_draft, version.instance_id)
    return open_xml(key, where, queries.version_xml_sealed(version.id))


def instance_name(
    submission: models.Submission, version: models.SubmissionVersion, key: models.DataKey | None = None
) -> str | None:
    """What the form calls this submission, if it says so. `key`: its data key's row, where it was read along."""
    row = key or db.session.get_one(models.DataKey, submission.data_key_id)
    where = place(version.form_id, version.is_draft, version.instance_id)
    return open_instance_name(open_key(row), where, version.sealed)


def file_of(
    submission: models.Submission, version: models.SubmissionVersion, name: str
) -> tuple[models.SubmissionAttachment, Iterator[bytes]]:
    """A file that arrived. Raises Problem 404.1."""
    row = queries.attachment(version.id, name)
    if row is None or row.blob_key is None or row.file_key_sealed is None:
        raise problems.not_found()
    return row, read_file(data_key(submission.data_key_id), row.blob_key, row.file_key_sealed)


@dataclass(frozen=True, repr=False)
class ReadRow:
    """One submission of an export: the row's facts, its form version's schema, its opened record."""

    facts: SqlRow[Any]
    schema: FormSchema
    record: OpenedRecord


def walk_records(scope: Scope, *, skip: int = 0, limit: int | None = None) -> Iterator[ReadRow]:
    """The submissions, the newest first, page by page: memory stays flat however many there are."""
    before_id: int | None = None
    left = limit
    while left is None or left > 0:
        page = queries.walk(scope, before_id=before_id, size=PAGE_ROWS)
        for facts in page[skip:]:
            if left is not None:
                if left == 0:
                    return
                left -= 1
            yield _opened(scope, facts)
        skip = max(0, skip - len(page))
        if len(page) < PAGE_ROWS:
            return
        before_id = page[-1].id


def _opened(scope: Scope, facts: SqlRow[Any]) -> ReadRow:
    schema = schema_of(facts.form_version_id, facts.sha256)
    key = runtime().keyring.unwrap(facts.wrapped, facts.wrapping_key_id, facts.purpose)
    where = place(scope.form_id, scope.is_draft, facts.version_instance_id)
    return ReadRow(facts, schema, open_record(key, where, facts.clear, facts.sealed, schema))


def export_schema(form: models.Form, *, is_draft: bool = False) -> FormSchema:
    """The schema that names an export's columns: the published version's, or the draft's. Raises Problem 404.1."""
    version = form_queries.draft_version(form.id) if is_draft else form_queries.current_version(form.id)
    if version is None:
        raise problems.not_found()
    return schema_of(version.id, version.sha256)
