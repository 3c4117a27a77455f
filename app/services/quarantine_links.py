"""Which kept files are about a person's submission without having its instance ID? Edits of it that were not taken."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from app.db import db, models
from app.db.queries import quarantine as queries
from app.sealing.envelope import SealBroken
from app.services.quarantine_entries import sent_xml
from app.storage import BlobMissing

log = structlog.get_logger("sportel.quarantine")


@dataclass(frozen=True)
class KeptEdits:
    """`instance_ids` are the edits' own; `entries` are edits under an ID that is another submission's."""

    instance_ids: frozenset[str]
    entries: frozenset[int]


def kept_edits_of(project_id: int, form_ids: Collection[int], instance_ids: Collection[str]) -> KeptEdits:
    """The kept edits of these versions, and the edits of those, however long the chain.

    Only an edit's XML says what it replaces, so each kept XML is opened. One that does not open is told to the log.
    """
    edits: list[tuple[int, str, str]] = []
    for kept in queries.kept_for(project_id, form_ids):
        try:
            xml = sent_xml(kept)
        except (SealBroken, BlobMissing) as error:
            log.warning("quarantine.not-opened", entry=kept.id, error=type(error).__name__)
            continue
        if xml is not None and xml.submission.deprecated_id is not None:
            edits.append((kept.id, xml.submission.instance_id, xml.submission.deprecated_id))
    # An edit may have been sent under the ID of a submission that is somebody else's: that one is not meant.
    taken = set(
        db.session.scalars(
            select(models.SubmissionVersion.instance_id).where(
                models.SubmissionVersion.form_id.in_(form_ids),
                models.SubmissionVersion.instance_id.in_([each[1] for each in edits]),
            )
        )
    )
    meant = set(instance_ids)
    entries: set[int] = set()
    grown = True
    while grown:
        before = (len(meant), len(entries))
        for entry_id, own, old in edits:
            if old in meant and own in taken:
                entries.add(entry_id)
            elif old in meant:
                meant.add(own)
        grown = before != (len(meant), len(entries))
    return KeptEdits(frozenset(meant - set(instance_ids)), frozenset(entries))
