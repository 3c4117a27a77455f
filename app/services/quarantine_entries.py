"""What lies in the quarantine, what does it say of itself, and may it be released now?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app import problems
from app.db import db, models
from app.db.queries import forms as form_queries
from app.db.queries import quarantine as queries
from app.db.queries import submissions as submission_queries
from app.db.queries.quarantine import Kept, Reach
from app.permissions import Actor, office_scope
from app.sealing.envelope import SealBroken
from app.services import quarantine
from app.services import quarantine_reasons as reasons
from app.services.audit import record
from app.services.erasure_ledger import any_is_erased
from app.services.keys import data_key
from app.services.quarantine_reasons import REASONS, How, Text
from app.services.transaction import transaction
from app.services.uploads import read_file
from app.services.views import reads_whole
from app.storage import BlobMissing
from forms.errors import FormsError
from forms.submission import Submission, parse_submission

XML_NAME, XML_TYPE = "submission.xml", "text/xml"

# An operator at the machine reaches everything: whoever holds the keys is not kept out by an office.
EVERYTHING = Reach(None, True)


def reach_of(actor: Actor, verb: str, project_id: int) -> Reach:
    """Whose entries the actor may see, release or discard in a project."""
    return Reach(project_id, office_scope(actor, verb, project_id=project_id))


def entry(reach: Reach, entry_id: int) -> Kept:
    """One entry. Raises Problem 404.1 if it is not there, or not for this office."""
    found = queries.entry(reach, entry_id)
    if found is None:
        raise problems.not_found()
    return found


@contextmanager
def taken_is_not_found(reach: Reach, entry_id: int) -> Iterator[None]:
    """Raise Problem 404.1 if what cannot be opened has just been released or discarded by somebody else."""
    try:
        yield
    except (BlobMissing, SealBroken):
        db.session.rollback()  # an open reader would still see it
        entry(reach, entry_id)
        raise


def read_content(actor: Actor, reach: Reach, entry_id: int) -> tuple[Kept, Iterator[bytes]]:
    """An entry with its file in chunks, byte for byte as it came: that it was read is on record before.

    Raises Problem 404.1, and 403.12 for who does not read every class: nobody has sorted what is in it.
    """
    kept = entry(reach, entry_id)
    if not reads_whole(actor, kept.project_id, kept.office_id):
        raise problems.whole_hidden()
    with taken_is_not_found(reach, entry_id):
        chunks = content(kept)
    with transaction():
        record(
            "quarantine.read",
            actor,
            project_id=kept.project_id,
            form_id=kept.form_id,
            instanceId=kept.instance_id,
            reason=kept.reason,
            entry=kept.id,
        )
    return kept, chunks


def content(kept: Kept) -> Iterator[bytes]:
    """The file in chunks. Raises SealBroken or BlobMissing."""
    return read_file(data_key(kept.data_key_id), kept.blob_key, kept.file_key_sealed)


@dataclass(frozen=True, repr=False)
class SentXml:
    """A kept file that is a sending's XML: the bytes and what they say of themselves."""

    kept: Kept
    xml: bytes
    submission: Submission

    def names(self, file: Kept) -> bool:
        """Do the answers name this file?"""
        return any((each.text or "").strip() == file.name for each in self.submission.root.iter())


def sent_xml(kept: Kept) -> SentXml | None:
    """The entry as a sending's XML; None if it is one of the files."""
    if REASONS[kept.reason].how is How.FILE or (kept.name, kept.content_type) != (XML_NAME, XML_TYPE):
        return None
    xml = b"".join(content(kept))
    try:
        submission = parse_submission(xml)
    except FormsError:
        return None  # a file that somebody called so
    return SentXml(kept, xml, submission) if submission.instance_id == kept.instance_id else None


@dataclass(frozen=True, repr=False)
class Sending:
    """What is released together: one XML and the files that came with it."""

    xml: SentXml
    files: tuple[Kept, ...]
    # Those of the files that another kept XML needs too: they stay.
    shared: frozenset[int]


def sending_of(kept: Kept) -> Sending | Text:
    """The sending that an entry belongs to, or why that cannot be told."""
    together = queries.sent_together(kept)
    read = {each.id: xml for each in together if (xml := sent_xml(each)) is not None}
    if kept.id in read:
        chosen = read.pop(kept.id)
    elif len(read) == 1:
        chosen = read.popitem()[1]
    else:
        return reasons.NOT_ALONE if read else reasons.NO_ANSWERS
    files = [each for each in together if each.id not in read and each.id != chosen.kept.id]
    if not read:
        return Sending(chosen, tuple(files), frozenset())
    # Several bodies came under one ID. Each request's files were written right after its XML.
    until = min((other for other in read if other > chosen.kept.id), default=None)
    picked: dict[str | None, Kept] = {}
    for each in files:
        is_near = each.id > chosen.kept.id and (until is None or each.id < until)
        if chosen.names(each) and (each.name not in picked or is_near):
            picked[each.name] = each
    shared = {
        each.id
        for each in picked.values()
        if any(other.names(each) for other in read.values()) and sum(file.name == each.name for file in files) == 1
    }
    return Sending(chosen, tuple(picked.values()), frozenset(shared))


def obstacle(kept: Kept, xml: SentXml | None, *, all_offices: bool) -> Text | None:
    """Why it cannot be released now; None if it can. `all_offices`: whoever asks may change every office's rows.

    A forecast for the person who decides: the release itself looks again, under lock.
    """
    if kept.actor_id is None:
        return reasons.DRAFT_TEST
    if REASONS[kept.reason].how is How.FILE:
        return _file_obstacle(kept)
    if xml is None:
        return reasons.NO_ANSWERS
    form = form_queries.form(kept.project_id, xml.submission.xml_form_id)
    if form is None:
        return reasons.NO_FORM
    named = [each for each in (xml.submission.instance_id, xml.submission.deprecated_id) if each is not None]
    if any_is_erased(kept.project_id, form.xml_form_id, named):
        return reasons.ERASED
    if form_queries.published_version(form.id, xml.submission.version) is None:
        return reasons.NO_VERSION
    if kept.reason in _CHANGES:
        return _change_obstacle(kept, xml, form.id, all_offices)
    if kept.reason == quarantine.SUBMISSION_DELETED and _is_deleted(original(form.id, xml.submission)):
        return reasons.DELETED
    return None


# What can only be taken in on top of a submission that is here.
_CHANGES = frozenset(
    (
        quarantine.UNKNOWN_ORIGINAL,
        quarantine.FOREIGN_OFFICE,
        quarantine.XML_CONFLICT,
        quarantine.STALE_EDIT,
    )
)


def _change_obstacle(kept: Kept, xml: SentXml, form_id: int, all_offices: bool) -> Text | None:
    before = original(form_id, xml.submission)
    if before is None:
        return reasons.NO_ORIGINAL
    if _is_deleted(before):
        return reasons.DELETED
    office_id = db.session.get_one(models.Submission, before.submission_id).office_id
    return None if all_offices or office_id == kept.office_id else reasons.OTHER_OFFICE


def _is_deleted(version: models.SubmissionVersion | None) -> bool:
    return version is not None and db.session.get_one(models.Submission, version.submission_id).deleted_at is not None


def original(form_id: int, submission: Submission) -> models.SubmissionVersion | None:
    """The version that the answers change: the one that an edit names, otherwise the one under the same ID."""
    return submission_queries.version_by_instance(form_id, False, submission.deprecated_id or submission.instance_id)


def _file_obstacle(kept: Kept) -> Text | None:
    version = db.session.get(models.SubmissionVersion, kept.submission_version_id or 0)
    if version is None or version.is_draft:
        return reasons.DRAFT_TEST
    if _is_deleted(version):
        return reasons.DELETED
    return None if slot_for(version, kept.name or "") is not None else reasons.NOT_NAMED


def slot_for(version: models.SubmissionVersion, name: str) -> models.SubmissionAttachment | None:
    """The place of a file in the version that it came with, or else in the one that counts now."""
    slot = submission_queries.attachment(version.id, name)
    if slot is None and not version.is_current:
        slot = submission_queries.attachment(submission_queries.current_version(version.submission_id).id, name)
    return slot
