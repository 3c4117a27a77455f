"""How is what was put aside taken in after all, by somebody who has looked at it? Exactly once, nothing lost.

It goes through the same door as everything that is sent, as a copy, under the name of who sent it. Only after it is
durable there are the kept rows, their keys and their files taken away. Killed in between, it is done by releasing it
again: intake knows a resend. What is refused again stays kept, under the reason that holds now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import access
from app.db.queries import forms as form_queries
from app.db.queries import projects as project_queries
from app.db.queries import quarantine as queries
from app.db.queries import submissions as submission_queries
from app.db.queries.audits import is_release_on_record
from app.db.queries.quarantine import Kept, Reach
from app.permissions import ANONYMOUS, Actor, Grant, office_scope
from app.problems import Problem
from app.sealing.envelope import SealBroken, keyed_hash
from app.services import quarantine, quarantine_entries, quarantine_reasons
from app.services.audit import record
from app.services.keys import CONTENT_HASH, server_key
from app.services.quarantine import take_out
from app.services.quarantine_entries import EVERYTHING, Sending, obstacle, reach_of, sending_of
from app.services.quarantine_files import put_in_place
from app.services.quarantine_reasons import REASONS, How, Text
from app.services.quarantine_rewrite import NotRewritable, as_edit
from app.services.read_submissions import stored_xml
from app.services.receive_submission import Arrival, Sender, receive_submission
from app.services.transaction import transaction
from app.services.uploads import StoredFile, discard_blobs, discard_files, store_file
from app.storage import BlobMissing

# How often an edit is made anew because somebody else edited the submission at the same moment.
_TRIES = 3

# Which reason intake has put something aside for, by the code of what it answered.
_REFUSALS: dict[float, frozenset[str]] = {
    problem.code: frozenset(reasons)
    for problem, reasons in (
        (problems.not_found(), {quarantine.UNKNOWN_FORM}),
        (problems.form_version_not_found(""), {quarantine.UNKNOWN_VERSION}),
        (problems.not_accepting(), {quarantine.FORM_CLOSED}),
        (problems.deprecated_id_not_found(), {quarantine.UNKNOWN_ORIGINAL, quarantine.FOREIGN_OFFICE}),
        (problems.xml_conflict(), {quarantine.XML_CONFLICT}),
        (problems.instance_id_conflict(), {quarantine.XML_CONFLICT}),
        (problems.deprecating_old_submission(), {quarantine.STALE_EDIT}),
        (problems.submission_deleted(), {quarantine.SUBMISSION_DELETED}),
    )
}
_FILE_CONFLICT = problems.already_exists(["file"], [""]).code


@dataclass(frozen=True)
class Releaser:
    """Who releases, what they reach, and whether they may change the submissions of every office."""

    actor: Actor
    reach: Reach
    all_offices: bool


# An operator at the machine.
OPERATOR = Releaser(ANONYMOUS, EVERYTHING, True)


def releaser_of(actor: Actor, project_id: int) -> Releaser:
    """A manager, as far as their roles reach."""
    everywhere = office_scope(actor, "submission.update", project_id=project_id) is True
    return Releaser(actor, reach_of(actor, "quarantine.release", project_id), everywhere)


@dataclass(frozen=True)
class Released:
    """Where it went: the submission, the version of it that the answers or the file are in, how many files."""

    instance_id: str
    version_id: str
    files: int


def release(by: Releaser, entry_id: int, *, edit: bool = False) -> Released:
    """Take in what an entry belongs to: the XML with every file that came with it, or the one file.

    `edit`: as an edit of the version that counts now, which a conflict needs. Doing it again does no harm.

    Raises Problem 404.1 if there is no such entry within reach, 400.8 if it cannot be an edit, 409.31 with the remedy
    if it stays kept.
    """
    kept = quarantine_entries.entry(by.reach, entry_id)
    if kept.released_at is not None:
        return _released(kept.submission_version_id, 0)
    try:
        with quarantine_entries.taken_is_not_found(by.reach, entry_id):
            return _release(by, kept, edit)
    except (BlobMissing, SealBroken):
        # Released as an edit by somebody else meanwhile, its row stays, and what came with it is gone.
        kept = quarantine_entries.entry(by.reach, entry_id)
        if kept.released_at is None:
            raise
        return _released(kept.submission_version_id, 0)


def _release(by: Releaser, kept: Kept, edit: bool) -> Released:
    how = REASONS[kept.reason].how
    if edit and how is not How.AS_EDIT:
        raise problems.unexpected_value("as", f"what is kept for the reason {kept.reason} is released without it")
    if kept.actor_id is None:
        raise _stays(kept, quarantine_reasons.DRAFT_TEST)
    if how is How.FILE:
        return _released(put_in_place(by.actor, kept), 1)
    sending = sending_of(kept)
    if isinstance(sending, Text):
        raise _stays(kept, sending)
    if how is How.AS_EDIT and not edit:
        raise _stays(kept, quarantine_reasons.MUST_BE_EDIT)
    why = obstacle(sending.xml.kept, sending.xml, all_offices=by.all_offices)
    # Whether the office fits is for intake to say: the sender may have a right beyond their own.
    if why is not None and why is not quarantine_reasons.OTHER_OFFICE:
        raise _stays(kept, why)
    project = project_queries.project(kept.project_id)
    if project is None:
        raise problems.not_found()
    return _again_as_edit(by, project, sending) if edit else _again(by, project, sending)


def _again(by: Releaser, project: models.Project, sending: Sending) -> Released:
    taken = _take_in(by, project, sending.xml.xml, sending)
    if isinstance(taken, Problem):
        raise _refused(by, sending, taken)
    return _finish(by, sending, taken, edit=False)


def _again_as_edit(by: Releaser, project: models.Project, sending: Sending) -> Released:
    instance_id = _edit_id(sending.xml.kept)
    for _ in range(_TRIES):
        xml = _edit_of(sending, instance_id)
        taken = _take_in(by, project, xml, sending)
        if not isinstance(taken, Problem):
            return _finish(by, sending, taken, edit=True)
        _forget(project.id, instance_id, xml, sending.files)
        why = obstacle(sending.xml.kept, sending.xml, all_offices=by.all_offices)
        if why is not None:
            raise _stays(sending.xml.kept, why)
    raise _stays(sending.xml.kept, quarantine_reasons.CHANGED_MEANWHILE)


def _edit_id(kept: Kept) -> str:
    """The edit's own instance ID: always the same for the same kept content, and nobody can guess it beforehand."""
    named = json.dumps([kept.project_id, kept.form_id, kept.instance_id, kept.content_hmac.hex()])
    digest = keyed_hash(server_key(CONTENT_HASH), b"released-edit|" + named.encode())
    return f"uuid:{UUID(bytes=digest[:16], version=4)}"


def _edit_of(sending: Sending, instance_id: str) -> bytes:
    """The XML of the edit: as it is stored if it was made before, otherwise of the version that counts now."""
    kept, submission = sending.xml.kept, sending.xml.submission
    form = form_queries.form(kept.project_id, submission.xml_form_id)
    if form is None:
        raise _stays(kept, quarantine_reasons.NO_FORM)
    made = submission_queries.version_by_instance(form.id, False, instance_id)
    if made is not None:
        return stored_xml(db.session.get_one(models.Submission, made.submission_id), made)
    before = quarantine_entries.original(form.id, submission)
    if before is None:
        raise _stays(kept, quarantine_reasons.NO_ORIGINAL)
    current = submission_queries.current_version(before.submission_id)
    try:
        return as_edit(sending.xml.xml, instance_id=instance_id, deprecated_id=current.instance_id)
    except NotRewritable:
        raise _stays(kept, quarantine_reasons.NOT_REWRITABLE) from None


def _take_in(by: Releaser, project: models.Project, xml: bytes, sending: Sending) -> int | Problem:
    """Send it again; the version that it is in, or why it was refused and kept as it was."""
    kept = sending.xml.kept
    sender = Sender(_sender(kept, every_office=by.all_offices and _is_edit(sending)))
    try:
        return receive_submission(
            sender, project.id, Arrival(xml, _copies(sending.files)), although_closed=True
        ).version_id
    except Problem as problem:
        if problem.status >= 500:
            raise
        if problem.code != _FILE_CONFLICT:
            return problem
    # The answers are in; one of the files is now kept aside as a conflict.
    form = form_queries.form(project.id, sending.xml.submission.xml_form_id)
    assert form is not None
    instance_id = _edit_id(kept) if kept.reason in _EDITS else kept.instance_id or ""
    version = submission_queries.version_by_instance(form.id, False, instance_id)
    assert version is not None
    return version.id


_EDITS = frozenset(reason for reason, meaning in REASONS.items() if meaning.how is How.AS_EDIT)


def _is_edit(sending: Sending) -> bool:
    return sending.xml.kept.reason in _EDITS or sending.xml.submission.deprecated_id is not None


def _sender(kept: Kept, *, every_office: bool) -> Actor:
    """Who sent it, with the office of that time, and with the right to send, which they had then.

    `every_office`: an edit reaches as far as whoever releases it. Not what is new: it might change others' cases.
    """
    assert kept.actor_id is not None
    row, live = access.actor_row(kept.actor_id), access.actor(kept.actor_id)
    assert row is not None  # actors are ended, never deleted
    grants = (*(live.grants if live is not None else ()), Grant("app-user", kept.project_id))
    if every_office:
        grants = (*grants, Grant("manager", kept.project_id, all_offices=True))
    return Actor(row.id, row.type, row.display_name, kept.office_id, grants)


def _copies(files: Iterable[Kept]) -> tuple[StoredFile, ...]:
    """The files anew: intake discards what it does not need, and the kept ones must outlive that."""
    made: list[StoredFile] = []
    try:
        for each in files:
            chunks = quarantine_entries.content(each)
            made.append(store_file(each.name or "", each.content_type or "", chunks, max_bytes=each.size_bytes))
    except BaseException:
        discard_files(made)
        raise
    return tuple(made)


def _finish(by: Releaser, sending: Sending, version_id: int, *, edit: bool) -> Released:
    """Take the kept rows away. Of an edit the XML's stays, as the proof of what came, and so that a resend is known."""
    kept = sending.xml.kept
    files = [each.id for each in sending.files if each.id not in sending.shared]
    with transaction():
        version = db.session.get_one(models.SubmissionVersion, version_id)
        # Two who release the same come one after the other, and see each other's line.
        submission_queries.submission_for_update(version.submission_id)
        found = queries.locked([kept.id])
        if found:
            is_ours = found[0].released_at is None
        else:
            # Somebody else has released it, or discarded it while it was going in: then it is in all the same.
            is_ours = not is_release_on_record(version.submission_id, kept.id)
        if edit and found and is_ours:
            found[0].released_at, found[0].submission_version_id = now(), version_id
            db.session.flush()
        blobs = take_out(files if edit else [kept.id, *files])
        if is_ours:
            record(
                "quarantine.release",
                by.actor,
                project_id=kept.project_id,
                form_id=version.form_id,
                submission_id=version.submission_id,
                reason=kept.reason,
                instanceId=kept.instance_id,
                releasedAs=version.instance_id,
                receivedAt=kept.received_at.isoformat(),
                entries=[kept.id, *files],
            )
    discard_blobs(blobs)
    return _released(version_id, len(sending.files))


def _released(version_id: int | None, files: int) -> Released:
    version = db.session.get(models.SubmissionVersion, version_id or 0)
    if version is None:
        raise problems.not_found()
    submission = db.session.get_one(models.Submission, version.submission_id)
    return Released(submission.instance_id, version.instance_id, files)


def _stays(kept: Kept, why: Text) -> Problem:
    return problems.still_kept(kept.reason, why.en, why.sq)


def _refused(by: Releaser, sending: Sending, problem: Problem) -> Problem:
    """It was refused for a reason that may be another one than before: then intake has kept it anew under that one."""
    kept, possible = sending.xml.kept, _REFUSALS.get(problem.code, frozenset())
    ours = {each.id: each for each in (kept, *sending.files)}
    with transaction():
        twins = [
            each
            for each in queries.same_content(
                kept.project_id, kept.instance_id, [each.content_hmac for each in ours.values()]
            )
            if each.id not in ours and each.reason in possible - {kept.reason}
        ]
        xml = next((each for each in twins if each.content_hmac == kept.content_hmac), None)
        moved = {(each.name, each.content_hmac) for each in twins if xml is not None and each.reason == xml.reason}
        gone = [
            each.id
            for each in ours.values()
            if (each.name, each.content_hmac) in moved and each.id not in sending.shared
        ]
        blobs = take_out(gone)
    discard_blobs(blobs)
    now_kept = xml or kept
    why = obstacle(now_kept, sending.xml, all_offices=by.all_offices) or _as_clause(REASONS[now_kept.reason].remedy)
    return _stays(now_kept, why)


def _as_clause(text: Text) -> Text:
    return Text(text.en.removesuffix("."), text.sq.removesuffix("."))


def _forget(project_id: int, instance_id: str, xml: bytes, files: Iterable[Kept]) -> None:
    """Take away what intake kept aside of an edit that we made and it refused: the original is kept."""
    hmacs = [keyed_hash(server_key(CONTENT_HASH), xml), *(each.content_hmac for each in files)]
    with transaction():
        blobs = take_out([each.id for each in queries.same_content(project_id, instance_id, hmacs)])
    discard_blobs(blobs)
