"""What happens to a submission that arrives? Taken exactly once, complete as sent, or refused with nothing lost.

The files are durable in the storage before this begins. Here one short transaction makes the rows; only after its
commit may the sender hear 201. A resend is known by its instance ID and compared by content: the same XML adds
missing files, another XML is a conflict, and both bodies are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError

from app import problems
from app.crash_points import crash_point
from app.db import db, models
from app.db.engine import is_full
from app.db.queries import forms as form_queries
from app.db.queries import intake
from app.db.queries import projects as project_queries
from app.db.queries import submissions as queries
from app.permissions import Actor, may, reaches_office
from app.problems import Problem
from app.sealing.envelope import keyed_hash
from app.services import quarantine
from app.services.attach_files import Attached, add_expected_files, add_new_files, attach_files
from app.services.entity_versions import ENTITIES
from app.services.erasure_ledger import item_hash
from app.services.keys import CONTENT_HASH, WrappedKey, data_key, make_data_key, server_key
from app.services.outbox import enqueue
from app.services.quarantine import Context
from app.services.records import place, seal_content
from app.services.schemas import schema_of
from app.services.store_version import NewVersion, add_edit, add_submission
from app.services.transaction import transaction
from app.services.uploads import StoredFile, discard_blobs, discard_files, store_file
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
    version_id: int
    instance_id: str
    is_new: bool


@dataclass(frozen=True)
class _Target:
    """The form version that was filled."""

    project_id: int
    form_id: int
    xml_form_id: str
    default_sensitivity: str
    version_id: int
    schema: FormSchema
    is_draft: bool


@dataclass(frozen=True, repr=False)
class _Given:
    """Everything that is known of one arrival before a row is written."""

    sender: Sender
    arrival: Arrival
    submission: Submission
    target: _Target
    xml_hmac: bytes
    context: Context
    item_hashes: Sequence[bytes]


@dataclass(frozen=True)
class _Refusal:
    """It is not taken: what the sender hears, and why everything is kept aside."""

    problem: Problem
    reason: str


def receive_submission(
    sender: Sender,
    project_id: int,
    arrival: Arrival,
    *,
    draft_of: models.Form | None = None,
    only_for: models.Form | None = None,
    although_closed: bool = False,
) -> Receipt:
    """Take a submission, or an edit if it names what it replaces.

    What a sender with the right to send has sent, and what is not taken, is kept in the quarantine.

    `draft_of`: as a test of that form's draft. `only_for`: the address named this form, so it must be one of its.
    `although_closed`: somebody has looked at it and decided that it counts.

    Raises Problem: 400.1, 400.2 for XML that cannot be read; 403.1; 404.1, 404.5, 404.6; 409.1, 409.2, 409.3, 409.8,
    409.9, 409.18.
    """
    crash_point("submission.arrived")
    try:
        submission = _parse(arrival.xml)
        if only_for is not None and submission.xml_form_id != only_for.xml_form_id:
            raise problems.unexpected_value("form ID", f"the address names the form '{only_for.xml_form_id}'")
        result = _receive(sender, project_id, arrival, submission, draft_of, although_closed)
    except Problem:
        # Raised before any commit, so no row names the files. Of any other failure the outcome is not known
        # (a commit whose answer was lost): then the files stay, and the sweep finds what no row names.
        discard_files(arrival.files)
        raise
    except DBAPIError as error:
        if is_full(error):  # of this one the outcome is known: nothing was kept
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
    project_id: int,
    arrival: Arrival,
    submission: Submission,
    draft_of: models.Form | None,
    although_closed: bool,
) -> Receipt | Problem:
    """The receipt, or the problem to answer with after everything was kept aside."""
    context = Context(sender.actor, project_id, instance_id=submission.instance_id)
    hashes = [item_hash(project_id, submission.xml_form_id, each) for each in _named_by(submission)]
    form: intake.FilledForm | None
    if draft_of is not None:
        form = _filled_draft(draft_of, submission, hashes)
    else:
        form = intake.filled_form(
            project_id, submission.xml_form_id, submission.version, submission.instance_id, hashes
        )
        if not may(sender.actor, "submission.create", project_id=project_id, form_id=form.id if form else None):
            raise problems.insufficient_rights()
    if form is None:
        _keep_all(arrival, context, quarantine.UNKNOWN_FORM, hashes)
        return problems.not_found()
    if form.is_erased:
        raise _erased(project_id)
    context = Context(sender.actor, project_id, form.id, submission.instance_id)
    if form.state == "closed" and draft_of is None and not although_closed:
        _keep_all(arrival, context, quarantine.FORM_CLOSED, hashes)
        return problems.not_accepting()
    if form.version_id is None or form.version_sha256 is None:
        _keep_all(arrival, context, quarantine.UNKNOWN_VERSION, hashes)
        return problems.form_version_not_found(submission.version)
    schema = schema_of(form.version_id, form.version_sha256)
    target = _Target(
        project_id,
        form.id,
        form.xml_form_id,
        form.default_sensitivity,
        form.version_id,
        schema,
        draft_of is not None,
    )
    xml_hmac = keyed_hash(server_key(CONTENT_HASH), arrival.xml)
    given = _Given(sender, arrival, submission, target, xml_hmac, context, hashes)
    try:
        return _write(given, form.known)
    except IntegrityError:
        # A rival took the same instance ID between our look and our insert, and has committed: now we see it.
        return _write(given, _known(given))


def _filled_draft(form: models.Form, submission: Submission, item_hashes: Sequence[bytes]) -> intake.FilledForm:
    """The form's draft, whatever its version is called: there is no other that the test could be for."""
    if form.xml_form_id != submission.xml_form_id:
        raise problems.not_found()
    draft = form_queries.draft_version(form.id)
    if draft is None:
        raise problems.draft_access_failed()
    is_erased = intake.has_erased(item_hashes)
    known = intake.known_version(form.id, True, submission.instance_id)
    project = project_queries.project(form.project_id)
    if project is None:
        raise problems.not_found()
    return intake.FilledForm(
        form.id, form.xml_form_id, form.state, project.default_sensitivity, draft.id, draft.sha256, is_erased, known
    )


def _named_by(submission: Submission) -> list[str]:
    """The instance IDs that it names: its own, and what it replaces."""
    return [each for each in (submission.instance_id, submission.deprecated_id) if each is not None]


def _erased(project_id: int) -> Problem:
    """Problem 409.18 for what was erased. It is not kept aside either: no phone may bring it back."""
    log.warning("submission.erased-resent", project_id=project_id)
    return problems.submission_deleted()


def _keep_all(arrival: Arrival, context: Context, reason: str, item_hashes: Sequence[bytes]) -> None:
    """Keep the XML and the files aside; what is kept already is discarded.

    Raises Problem 409.18 for what was erased: of that nothing is kept.
    """
    xml = _xml_file(arrival)
    with transaction():
        # It may have been erased since we looked; of what was purged with its form nobody has looked yet.
        if intake.has_erased(item_hashes):
            discard_files((xml,))
            raise _erased(context.project_id)
        duplicates = [file for file in (xml, *arrival.files) if not quarantine.keep_aside(reason, file, context)]
        crash_point("quarantine.written")
    crash_point("quarantine.committed")
    discard_files(duplicates)


def _xml_file(arrival: Arrival) -> StoredFile:
    return store_file("submission.xml", "text/xml", [arrival.xml], max_bytes=len(arrival.xml))


def _write(given: _Given, known: intake.KnownVersion | None) -> Receipt | Problem:
    # Cleaned and sealed before the transaction, so that nobody waits for that.
    new = None
    if given.submission.deprecated_id is None and known is None:
        key = make_data_key("submission")
        new = (_new_version(given, key.key), key)
    attached = Attached(())
    with transaction():
        crash_point("submission.begun")
        outcome, files = _find_or_add(given, new)
        crash_point("submission.inserted")
        if isinstance(outcome, Receipt):
            attached = attach_files(outcome.version_id, files, given.context)
        crash_point("submission.attached")
    crash_point("submission.committed")
    if isinstance(outcome, _Refusal):
        _keep_all(given.arrival, given.context, outcome.reason, given.item_hashes)
        return outcome.problem
    discard_blobs(attached.superfluous)
    if attached.conflict is not None:
        return problems.already_exists(["file"], [attached.conflict])
    crash_point("submission.answering")
    return outcome


def _known(given: _Given) -> intake.KnownVersion | None:
    return intake.known_version(given.target.form_id, given.target.is_draft, given.submission.instance_id)


def _find_or_add(
    given: _Given, new: tuple[NewVersion, WrappedKey] | None
) -> tuple[Receipt | _Refusal, tuple[StoredFile, ...]]:
    """What became of it, and the files that are in no row yet."""
    submission, files = given.submission, given.arrival.files
    _refuse_erased_meanwhile(given)
    if new is not None:
        added = add_submission(*new)
        if added is not None:
            left = add_new_files(added, submission, given.target.schema, files, new[1].key, given.context)
            if given.submission.entities and not given.target.is_draft:
                enqueue(ENTITIES, added.version_id)
            return Receipt(added.submission_id, added.version_id, submission.instance_id, True), left
        # Somebody sent the same ID a moment ago and has committed since: this is a resend after all.
    known = _known(given)
    if known is None and submission.deprecated_id is None:
        # It is a test that has just gone with its draft.
        raise problems.unavailable("the same was deleted at the same moment")
    return (_edit(given) if known is None else _resend(given, known)), files


def _refuse_erased_meanwhile(given: _Given) -> None:
    """On SQLite nobody else writes from here on; before, somebody may have erased it since we looked.

    On PostgreSQL nobody can: see `keep_intake_out`.
    """
    if db.engine.dialect.name == "sqlite" and intake.has_erased(given.item_hashes):
        raise _erased(given.target.project_id)


def _resend(given: _Given, known: intake.KnownVersion) -> Receipt | _Refusal:
    row = queries.submission_for_update(known.submission_id)
    if row.deleted_at is not None:
        return _deleted()
    if known.xml_hmac != given.xml_hmac:
        is_edit = given.submission.deprecated_id is not None
        problem = problems.instance_id_conflict() if is_edit else problems.xml_conflict()
        return _Refusal(problem, quarantine.XML_CONFLICT)
    return Receipt(row.id, known.id, given.submission.instance_id, False)


def _deleted() -> _Refusal:
    return _Refusal(problems.submission_deleted(), quarantine.SUBMISSION_DELETED)


def _edit(given: _Given) -> Receipt | _Refusal:
    submission, target = given.submission, given.target
    assert submission.deprecated_id is not None
    before = queries.version_by_instance(target.form_id, target.is_draft, submission.deprecated_id)
    if before is None:
        return _Refusal(problems.deprecated_id_not_found(), quarantine.UNKNOWN_ORIGINAL)
    row = queries.submission_for_update(before.submission_id)
    if row.deleted_at is not None:
        return _deleted()
    # Looked at again under the lock: the same edit may have come twice at once.
    same = _known(given)
    if same is not None:
        return _resend(given, same)
    where = {"project_id": target.project_id, "form_id": target.form_id}
    if not reaches_office(given.sender.actor, "submission.update", row.office_id, **where):
        return _Refusal(problems.deprecated_id_not_found(), quarantine.FOREIGN_OFFICE)
    db.session.refresh(before)
    if not before.is_current:
        return _Refusal(problems.deprecating_old_submission(), quarantine.STALE_EDIT)
    added = add_edit(row, before, _new_version(given, data_key(row.data_key_id)))
    add_expected_files(added.version_id, submission, target.schema, before_id=before.id)
    return Receipt(added.submission_id, added.version_id, submission.instance_id, True)


def _new_version(given: _Given, key: bytes) -> NewVersion:
    """Clean and seal what was sent."""
    submission, target = given.submission, given.target
    where = place(target.form_id, target.is_draft, submission.instance_id)
    content = seal_content(key, where, given.arrival.xml, submission, target.schema, target.default_sensitivity)
    return NewVersion(
        project_id=target.project_id,
        form_id=target.form_id,
        form_version_id=target.version_id,
        is_draft=target.is_draft,
        submission=submission,
        content=content,
        xml_hmac=given.xml_hmac,
        actor=given.sender.actor,
        device_id=_cut(given.sender.device_id),
        user_agent=_cut(given.sender.user_agent),
    )


def _cut(text: str | None) -> str | None:
    return None if text is None else "".join(each for each in text if each.isprintable())[:DEVICE_CHARACTERS]
