"""What happens to a submission that arrives? Taken exactly once, complete as sent, or refused with nothing lost.

The files are durable in the storage before this begins. Here one short transaction makes the rows; only after its
commit may the sender hear 201. A resend is known by its instance ID and compared by content: the same XML adds
missing files, another XML is a conflict, and both bodies are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy.exc import IntegrityError

from app import problems
from app.crash_points import crash_point
from app.db import db, models
from app.db.queries import forms as form_queries
from app.db.queries import submissions as queries
from app.permissions import Actor, may, reaches_office
from app.problems import Problem
from app.sealing.envelope import keyed_hash
from app.services import quarantine
from app.services.apply_entities import apply_entities
from app.services.attach_files import Attached, add_expected_files, attach_files
from app.services.erasure_ledger import is_erased
from app.services.keys import CONTENT_HASH, add_data_key, data_key, server_key
from app.services.quarantine import Context
from app.services.schemas import schema_of
from app.services.store_version import NewVersion, add_edit, add_submission
from app.services.transaction import transaction
from app.services.uploads import StoredFile, discard_files, store_file
from forms.errors import SubmissionInvalid, XMLUnsafe
from forms.schema import FormSchema
from forms.submission import Submission, parse_submission

log = structlog.get_logger("sportel.intake")

DEVICE_CHARACTERS = 255


@dataclass(frozen=True)
class Sender:
    """Who sends, and from which device; the two texts are the device's own words."""

    actor: Actor
    device_id: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, repr=False)
class Arrival:
    """One request's content: the XML and the files, already sealed in the storage."""

    xml: bytes
    files: tuple[StoredFile, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What was made of it. `is_new` is False for a resend."""

    submission_id: int
    instance_id: str
    is_new: bool


@dataclass(frozen=True)
class _Target:
    project: models.Project
    form: models.Form
    version: models.FormVersion
    schema: FormSchema
    is_draft: bool


def receive_submission(
    sender: Sender,
    project: models.Project,
    arrival: Arrival,
    *,
    draft_of: models.Form | None = None,
    only_for: models.Form | None = None,
) -> Receipt:
    """Take a submission, or an edit if it names what it replaces.

    What a sender with the right to send has sent, and what is not taken, is kept in the quarantine.

    `draft_of`: as a test of that form's draft. `only_for`: the address named this form, so it must be one of its.

    Raises Problem: 400.1, 400.2 for XML that cannot be read; 403.1; 404.1, 404.5, 404.6; 409.1, 409.2, 409.3, 409.8,
    409.9, 409.18.
    """
    crash_point("submission.arrived")
    try:
        submission = _parse(arrival.xml)
        if only_for is not None and submission.xml_form_id != only_for.xml_form_id:
            raise problems.unexpected_value("form ID", f"the address names the form '{only_for.xml_form_id}'")
        result = _receive(sender, project, arrival, submission, draft_of)
    except Problem:
        # Raised before any commit, so no row names the files. Of any other failure the outcome is not known
        # (a commit whose answer was lost): then the files stay, and the sweep finds what no row names.
        discard_files(arrival.files)
        raise
    if isinstance(result, Problem):
        raise result
    return result


def _parse(xml: bytes) -> Submission:
    try:
        return parse_submission(xml)
    except XMLUnsafe as error:
        raise problems.unparseable("XML", error.message) from None
    except SubmissionInvalid as error:
        raise problems.missing_parameter("form ID or instanceID", error.message.rstrip(".")) from None


def _receive(
    sender: Sender,
    project: models.Project,
    arrival: Arrival,
    submission: Submission,
    draft_of: models.Form | None,
) -> Receipt | Problem:
    """The receipt, or the problem to answer with after everything was kept aside."""
    context = Context(sender.actor, project.id, instance_id=submission.instance_id)
    form = draft_of or form_queries.form(project.id, submission.xml_form_id)
    form_id = form.id if form is not None else None
    if draft_of is None and not may(sender.actor, "submission.create", project_id=project.id, form_id=form_id):
        raise problems.insufficient_rights()
    if form is None:
        _keep_all(arrival, context, quarantine.UNKNOWN_FORM)
        return problems.not_found()
    if form.xml_form_id != submission.xml_form_id:
        raise problems.not_found()
    _refuse_erased(form, submission)
    context = Context(sender.actor, project.id, form.id, submission.instance_id)
    target = _target(project, form, submission, draft_of is not None)
    if isinstance(target, tuple):
        problem, reason = target
        _keep_all(arrival, context, reason)
        return problem
    try:
        return _write(sender, arrival, submission, target, context)
    except IntegrityError:
        # A rival took the same instance ID between our look and our insert, and has committed: now we see it.
        return _write(sender, arrival, submission, target, context)


def _refuse_erased(form: models.Form, submission: Submission) -> None:
    """Raise Problem 409.18 for what was erased. It is not kept aside either: no phone may bring it back."""
    ids = (submission.instance_id, submission.deprecated_id)
    if any(is_erased(form.id, each) for each in ids if each is not None):
        log.warning("submission.erased-resent", form_id=form.id)
        raise problems.submission_deleted()


def _target(
    project: models.Project, form: models.Form, submission: Submission, is_draft: bool
) -> _Target | tuple[Problem, str]:
    """The form version that was filled, or why there is none with the reason to keep the submission aside."""
    if is_draft:
        version = form_queries.draft_version(form.id)
        if version is None:
            raise problems.draft_access_failed()
    else:
        if form.state == "closed":
            return problems.not_accepting(), quarantine.FORM_CLOSED
        version = form_queries.published_version(form.id, submission.version)
    # A draft has no other version that the test could be for, whatever it is called.
    if version is None or (version.version != submission.version and not is_draft):
        return problems.form_version_not_found(submission.version), quarantine.UNKNOWN_VERSION
    return _Target(project, form, version, schema_of(version.id, version.sha256), is_draft)


def _keep_all(arrival: Arrival, context: Context, reason: str) -> None:
    """Keep the XML and the files aside; what is kept already is discarded."""
    kept = (_xml_file(arrival), *arrival.files)
    with transaction():
        duplicates = [file for file in kept if not quarantine.keep_aside(reason, file, context)]
        crash_point("quarantine.written")
    crash_point("quarantine.committed")
    discard_files(duplicates)


def _xml_file(arrival: Arrival) -> StoredFile:
    return store_file("submission.xml", "text/xml", [arrival.xml], max_bytes=len(arrival.xml))


def _write(
    sender: Sender, arrival: Arrival, submission: Submission, target: _Target, context: Context
) -> Receipt | Problem:
    xml_hmac = keyed_hash(server_key(CONTENT_HASH), arrival.xml)
    refusal: tuple[Problem, str] | None = None
    with transaction():
        crash_point("submission.begun")
        receipt, version = _find_or_add(sender, arrival, submission, target, xml_hmac)
        crash_point("submission.inserted")
        if isinstance(receipt, Receipt):
            assert version is not None
            attached = attach_files(version, arrival.files, context)
        else:
            refusal, attached = receipt, Attached(())
        crash_point("submission.attached")
    crash_point("submission.committed")
    if refusal is not None:
        problem, reason = refusal
        _keep_all(arrival, context, reason)
        return problem
    discard_files(attached.duplicates)
    if attached.conflict is not None:
        return problems.already_exists(["file"], [attached.conflict])
    assert isinstance(receipt, Receipt)
    crash_point("submission.answering")
    return receipt


_Found = tuple[Receipt | tuple[Problem, str], models.SubmissionVersion | None]


def _find_or_add(sender: Sender, arrival: Arrival, submission: Submission, target: _Target, xml_hmac: bytes) -> _Found:
    known = queries.version_by_instance(target.form.id, target.is_draft, submission.instance_id)
    if known is None and submission.deprecated_id is not None:
        return _edit(sender, arrival, submission, target, xml_hmac)
    if known is None:
        added = _new(sender, arrival, submission, target, xml_hmac)
        if added is not None:
            return Receipt(added.submission_id, submission.instance_id, True), added
        # Somebody sent the same ID a moment ago and has committed since: this is a resend after all.
        known = queries.version_by_instance(target.form.id, target.is_draft, submission.instance_id)
        assert known is not None
    return _resend(target.form, submission, known, xml_hmac)


def _resend(form: models.Form, submission: Submission, known: models.SubmissionVersion, xml_hmac: bytes) -> _Found:
    row = queries.submission_for_update(known.submission_id)
    if row.deleted_at is not None:
        _refuse_erased(form, submission)  # asked again under the lock: it may just have happened
        return (problems.submission_deleted(), quarantine.SUBMISSION_DELETED), None
    if known.xml_hmac != xml_hmac:
        problem = problems.instance_id_conflict() if submission.deprecated_id else problems.xml_conflict()
        return (problem, quarantine.XML_CONFLICT), None
    return Receipt(row.id, submission.instance_id, False), known


def _new(
    sender: Sender, arrival: Arrival, submission: Submission, target: _Target, xml_hmac: bytes
) -> models.SubmissionVersion | None:
    key_id, key = add_data_key("submission")
    new = _new_version(sender, arrival, submission, target, xml_hmac, key)
    version = add_submission(new, key_id)
    if version is None:
        db.session.delete(db.session.get_one(models.DataKey, key_id))
        return None
    add_expected_files(version, submission, target.schema, before=None)
    if not target.is_draft:
        apply_entities(sender.actor, target.project, submission, target.schema, version)
    return version


def _edit(sender: Sender, arrival: Arrival, submission: Submission, target: _Target, xml_hmac: bytes) -> _Found:
    assert submission.deprecated_id is not None
    before = queries.version_by_instance(target.form.id, target.is_draft, submission.deprecated_id)
    if before is None:
        return (problems.deprecated_id_not_found(), quarantine.UNKNOWN_ORIGINAL), None
    row = queries.submission_for_update(before.submission_id)
    if row.deleted_at is not None:
        _refuse_erased(target.form, submission)
        return (problems.submission_deleted(), quarantine.SUBMISSION_DELETED), None
    # Looked at again under the lock: the same edit may have come twice at once.
    same = queries.version_by_instance(target.form.id, target.is_draft, submission.instance_id)
    if same is not None:
        return _resend(target.form, submission, same, xml_hmac)
    where = {"project_id": target.project.id, "form_id": target.form.id}
    if not reaches_office(sender.actor, "submission.update", row.office_id, **where):
        return (problems.deprecated_id_not_found(), quarantine.FOREIGN_OFFICE), None
    db.session.refresh(before)
    if not before.is_current:
        return (problems.deprecating_old_submission(), quarantine.STALE_EDIT), None
    key = data_key(row.data_key_id)
    version = add_edit(row, before, _new_version(sender, arrival, submission, target, xml_hmac, key))
    add_expected_files(version, submission, target.schema, before=before)
    return Receipt(row.id, submission.instance_id, True), version


def _new_version(
    sender: Sender, arrival: Arrival, submission: Submission, target: _Target, xml_hmac: bytes, key: bytes
) -> NewVersion:
    return NewVersion(
        project=target.project,
        form_id=target.form.id,
        form_version_id=target.version.id,
        is_draft=target.is_draft,
        submission=submission,
        schema=target.schema,
        xml=arrival.xml,
        xml_hmac=xml_hmac,
        data_key=key,
        actor=sender.actor,
        device_id=_cut(sender.device_id),
        user_agent=_cut(sender.user_agent),
    )


def _cut(text: str | None) -> str | None:
    return None if text is None else "".join(each for each in text if each.isprintable())[:DEVICE_CHARACTERS]
