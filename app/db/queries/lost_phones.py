"""What did a phone send and fetch, and when did it last speak?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import aliased

from app.db import db, models

Audit, Form, Version = models.Audit, models.Form, models.SubmissionVersion
_FETCH = "dataset.phone.read"


def incident(
    project_id: int, actor_id: int, offices: int | bool
) -> Row[models.Incident, models.Actor, str, models.Actor] | None:
    """The report of a lost phone, the phone, its office's code and who reported it. `offices`: whose (True: all)."""
    if offices is False:
        return None
    reporter = aliased(models.Actor)
    statement = (
        select(models.Incident, models.Actor, models.Office.code, reporter)
        .join(models.Actor, models.Actor.id == models.Incident.actor_id)
        .outerjoin(models.Office, models.Office.id == models.Actor.office_id)
        .outerjoin(reporter, reporter.id == models.Incident.reported_by_id)
        .where(models.Incident.actor_id == actor_id, models.Incident.project_id == project_id)
    )
    if offices is not True:
        statement = statement.where(models.Actor.office_id == offices)
    return db.session.execute(statement).first()


def lost_by_token(token_hash: bytes) -> Row[int, str, int] | None:
    """The lost phone whose token this was: its number, name and project."""
    statement = (
        select(models.Actor.id, models.Actor.display_name, models.Incident.project_id)
        .join(models.Incident, models.Incident.actor_id == models.Actor.id)
        .join(models.AccessToken, models.AccessToken.actor_id == models.Actor.id)
        .where(models.AccessToken.token_hash == token_hash)
    )
    return db.session.execute(statement).first()


def sent(actor_id: int) -> Sequence[Row[str, str, datetime]]:
    """Everything that it sent and that was taken, edits too: form ID, instance ID, when; the oldest first."""
    statement = (
        select(Form.xml_form_id, Version.instance_id, Version.created_at)
        .join(Form, Form.id == Version.form_id)
        .where(Version.submitter_id == actor_id, Version.is_draft.is_(False))
        .order_by(Version.id)
    )
    return db.session.execute(statement).all()


def kept_aside(actor_id: int) -> int:
    """How many things that it sent wait in the quarantine."""
    statement = select(func.count()).where(
        models.Quarantine.actor_id == actor_id, models.Quarantine.released_at.is_(None)
    )
    return db.session.scalar(statement) or 0


def fetched(actor_id: int) -> Sequence[Row[dict[str, Any], datetime]]:
    """Each time that it fetched an entity list: the audit's details (list, how many cases) and when."""
    statement = select(Audit.details, Audit.logged_at).where(Audit.action == _FETCH, Audit.actor_id == actor_id)
    return db.session.execute(statement.order_by(Audit.id)).all()


def last_heard(actor_id: int) -> datetime | None:
    """The moment of the audit's last line of what it did."""
    return db.session.scalar(select(func.max(Audit.logged_at)).where(Audit.actor_id == actor_id))
