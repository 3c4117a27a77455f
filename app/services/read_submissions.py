"""How is what was sent read back: the XML, the files, and the cleaned rows, each as far as a view reaches?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app import problems
from app.db import db, models
from app.db.queries import submissions as queries
from app.db.queries.submissions import Scope
from app.permissions import Actor, office_scope
from app.services.keys import data_key, open_key
from app.services.records import OpenedRecord, open_instance_name, open_record, open_xml, place
from app.services.schemas import schema_of
from app.services.uploads import read_file
from app.services.views import View
from forms.schema import FormSchema
from forms.submission import (
    INSTANCE_NAME,
    Mask,
    Masked,
    Tree,
    masked_xml,
    rows,
    strictest,
)

PAGE_ROWS = 500


def scope_of(actor: Actor, form: models.Form) -> Scope:
    """The rows of a form that the actor's office may read, for what holds no answers."""
    return Scope(form.id, office_scope(actor, "submission.read", project_id=form.project_id, form_id=form.id))


def schema_for(version: models.SubmissionVersion) -> FormSchema:
    """The schema of the form version that it was filled in."""
    return schema_of(version.form_version_id, db.session.get_one(models.FormVersion, version.form_version_id).sha256)


def mask_of(
    view: View,
    submission: models.Submission,
    version: models.SubmissionVersion,
    *,
    revealed: frozenset[str] = frozenset(),
) -> Mask:
    """What the view hides in a version. `revealed`: classes that are read this once."""
    schema = schema_for(version)
    return view.mask(version.form_version_id, schema, submission.office_id, version.findings, revealed=revealed)


def record_of(submission: models.Submission, version: models.SubmissionVersion) -> OpenedRecord:
    """All answers of a version: for work inside of the service, and for a reveal that is on record."""
    where = place(version.form_id, version.is_draft, version.instance_id)
    return open_record(data_key(submission.data_key_id), where, version.clear, version.sealed, schema_for(version))


def xml_of(view: View, submission: models.Submission, version: models.SubmissionVersion) -> bytes:
    """The XML: byte for byte if the view hides nothing, else drawn with what is hidden left empty and marked."""
    mask = mask_of(view, submission, version)
    return masked_xml(stored_xml(submission, version), schema_for(version), mask)


def stored_xml(submission: models.Submission, version: models.SubmissionVersion) -> bytes:
    """The XML, byte for byte: for work inside of the service, never for a reader."""
    key = data_key(submission.data_key_id)
    where = place(version.form_id, version.is_draft, version.instance_id)
    return open_xml(key, where, queries.version_xml_sealed(version.id))


def instance_name(
    view: View, submission: models.Submission, version: models.SubmissionVersion, key: models.DataKey | None = None
) -> str | Masked | None:
    """What the form calls this submission, if it says so. `key`: its data key's row, where it was read along."""
    hidden = mask_of(view, submission, version).of(INSTANCE_NAME)
    if hidden is not None:
        return hidden
    row = key or db.session.get_one(models.DataKey, submission.data_key_id)
    where = place(version.form_id, version.is_draft, version.instance_id)
    return open_instance_name(open_key(row), where, version.sealed)


def findings(view: View, submission: models.Submission, version: models.SubmissionVersion) -> list[dict[str, Any]]:
    """What was found odd in answers that the view shows; of others it would tell that there is an answer."""
    mask = view.mask(version.form_version_id, schema_for(version), submission.office_id)
    return [each for each in version.findings if mask.of(each["field"]) is None]


@dataclass(frozen=True, repr=False)
class SentFile:
    """A file that the answers name, arrived or not. `name` is an answer too."""

    row: models.SubmissionAttachment
    hidden: Masked | None


def files_of(
    view: View,
    submission: models.Submission,
    version: models.SubmissionVersion,
    *,
    revealed: frozenset[str] = frozenset(),
) -> list[SentFile]:
    """The files that the answers name. A file has the classes of every question that names it; else identifying."""
    rows = queries.attachments(version.id)
    mask = mask_of(view, submission, version, revealed=revealed)
    if mask.hides_nothing or not rows:
        return [SentFile(row, None) for row in rows]
    # Opened for this alone; it goes no further.
    named = questions_of_files(version.instance_id, record_of(submission, version).values, schema_for(version))
    return [SentFile(row, hidden_file(mask, named.get(row.name, set()))) for row in rows]


def hidden_file(mask: Mask, paths: set[str]) -> Masked | None:
    """What stands in the place of a file that these questions name; None if it may be read."""
    needed = frozenset().union(*(mask.needed(path) for path in paths)) if paths else frozenset({"identifying"})
    hidden = needed - mask.readable
    return Masked(strictest(hidden)) if hidden else None


def questions_of_files(instance_id: str, values: Tree, schema: FormSchema) -> dict[str, set[str]]:
    """By file name: the questions that name it."""
    named: dict[str, set[str]] = {}
    for row in (row for table in rows(instance_id, values, schema).values() for row in table):
        for path, value in row.values.items():
            if isinstance(value, str) and schema.field(path).binary:
                named.setdefault(value, set()).add(path)
    return named


def file_of(
    view: View,
    submission: models.Submission,
    version: models.SubmissionVersion,
    name: str,
    *,
    revealed: frozenset[str] = frozenset(),
) -> models.SubmissionAttachment:
    """A file that arrived. Raises Problem 404.1, and 403.11 if the view hides it."""
    for each in files_of(view, submission, version, revealed=revealed):
        if each.row.name == name and each.row.blob_key is not None:
            if each.hidden is not None:
                raise problems.class_hidden(each.hidden.sensitivity)
            return each.row
    raise problems.not_found()


def content_of(submission: models.Submission, row: models.SubmissionAttachment) -> Iterator[bytes]:
    """The bytes of a file that `file_of` gave."""
    if row.blob_key is None or row.file_key_sealed is None:
        raise problems.not_found()
    return read_file(data_key(submission.data_key_id), row.blob_key, row.file_key_sealed)
