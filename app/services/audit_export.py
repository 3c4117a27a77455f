"""How does the audit leave for another machine? One JSON document a line, with all that the seals are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.clock import to_iso
from app.db.queries import audits as queries
from app.db.queries.audits import Wanted
from app.services.audit_chain import seal_text


def export(wanted: Wanted) -> Iterator[dict[str, Any]]:
    """The lines in the order of their numbers; memory stays flat."""
    for line in queries.oldest_first(wanted):
        yield {
            "id": line.id,
            "loggedAt": to_iso(line.logged_at),
            "actorId": line.actor_id,
            "officeId": line.office_id,
            "action": line.action,
            "projectId": line.project_id,
            "formId": line.form_id,
            "submissionId": line.submission_id,
            "entityId": line.entity_id,
            "details": line.details,
            "position": line.position,
            "previousHash": None if line.previous_hash is None else seal_text(line.previous_hash),
            "hash": None if line.hash is None else seal_text(line.hash),
        }
