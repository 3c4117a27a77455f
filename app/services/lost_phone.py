"""A phone was lost or seized: how is it put out, and what could whoever has it know?

One act: its tokens end, its next request is refused, and its form list is empty, so that ODK Collect throws away the
blank forms and the case lists beside them. What it sent and fetched is told to whoever reports it. Answers that wait on
the phone and were never sent are not known here, and are in the phone's hands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app import problems
from app.clock import now
from app.db import models
from app.db.insert import insert_row
from app.db.queries import access, identity
from app.db.queries import lost_phones as queries
from app.permissions import Actor, Grant, office_scope
from app.sealing.envelope import open_sealed, seal
from app.services.audit import record
from app.services.audit_reads import record_read
from app.services.keys import SIGN_IN, server_key
from app.services.sign_in import token_hash
from app.services.transaction import transaction

# No form has this number.
_NO_FORM = 0


@dataclass
class Sent:
    """What a phone sent to one form."""

    xml_form_id: str
    last_at: datetime
    instance_ids: list[str] = field(default_factory=list)


@dataclass
class Fetched:
    """How often a phone fetched an entity list, and with how many cases at most."""

    dataset: str
    last_at: datetime
    times: int = 0
    most_cases: int = 0


@dataclass(frozen=True, repr=False)
class LostPhone:
    """The report of a lost phone, with what is known of its doings."""

    id: int
    display_name: str
    office: str | None
    note: str
    reported_at: datetime
    reported_by: models.Actor | None
    last_contact_at: datetime | None
    sent: list[Sent]
    fetched: list[Fetched]
    kept_aside: int


def report_lost(by: Actor, project: models.Project, actor_id: int, note: str) -> LostPhone:
    """Put a lost phone out and tell what it sent and fetched. Raises Problem 404.1, also for one that is out."""
    offices = _offices(by, project)
    sealed, moment = seal(server_key(SIGN_IN), note.encode(), _place(actor_id)), now()
    with transaction():
        phones = access.phones(project.id, actor_id, offices=offices)
        if not phones:
            raise problems.not_found()
        identity.end_tokens(actor_id, moment)
        phones[0].actor.deleted_at = moment
        insert_row(
            models.Incident,
            actor_id=actor_id,
            project_id=project.id,
            reported_by_id=by.id or None,
            note_sealed=sealed,
            created_at=moment,
        )
        sent, fetched = _sent(actor_id), _fetched(actor_id)
        record(
            "field_key.lost",
            by,
            project_id=project.id,
            actorId=actor_id,
            sent=sum(len(each.instance_ids) for each in sent),
            fetched=sum(each.times for each in fetched),
        )
    return _told(by, project, actor_id)


def lost_phone(by: Actor, project: models.Project, actor_id: int) -> LostPhone:
    """What was reported, and what is known now; that it was looked at is on record. Raises Problem 404.1."""
    if queries.incident(project.id, actor_id, _offices(by, project)) is None:
        raise problems.not_found()
    record_read("field_key.lost.read", by, project_id=project.id, actorId=actor_id)
    return _told(by, project, actor_id)


def _offices(by: Actor, project: models.Project) -> int | bool:
    return office_scope(by, "app_user.revoke", project_id=project.id)


def _told(by: Actor, project: models.Project, actor_id: int) -> LostPhone:
    found = queries.incident(project.id, actor_id, _offices(by, project))
    if found is None:
        raise problems.not_found()
    incident, phone, office, reporter = found
    sent, fetched = _sent(actor_id), _fetched(actor_id)
    heard = (queries.last_heard(actor_id), *(each.last_at for each in sent))
    return LostPhone(
        id=actor_id,
        display_name=phone.display_name,
        office=office,
        note=open_sealed(server_key(SIGN_IN), incident.note_sealed, _place(actor_id)).decode(),
        reported_at=incident.created_at,
        reported_by=reporter,
        last_contact_at=max((moment for moment in heard if moment is not None), default=None),
        sent=sent,
        fetched=fetched,
        kept_aside=queries.kept_aside(actor_id),
    )


def _place(actor_id: int) -> str:
    return f"incident|{actor_id}"


def _sent(actor_id: int) -> list[Sent]:
    by_form: dict[str, Sent] = {}
    for xml_form_id, instance_id, moment in queries.sent(actor_id):
        one = by_form.setdefault(xml_form_id, Sent(xml_form_id, moment))
        one.last_at = max(one.last_at, moment)
        one.instance_ids.append(instance_id)
    return list(by_form.values())


def _fetched(actor_id: int) -> list[Fetched]:
    by_list: dict[str, Fetched] = {}
    for details, moment in queries.fetched(actor_id):
        one = by_list.setdefault(details["dataset"], Fetched(details["dataset"], moment))
        one.last_at, one.times = moment, one.times + 1
        one.most_cases = max(one.most_cases, details["count"])
    return list(by_list.values())


def actor_without_forms(token: str) -> Actor | None:
    """Whose form list is empty, and nothing else: the lost phone whose token this was.

    A refusal would leave the forms and the case lists on the phone; Collect throws away what is not in the list.
    """
    found = queries.lost_by_token(token_hash(token))
    if found is None:
        return None
    actor_id, display_name, project_id = found
    return Actor(actor_id, "field_key", display_name, None, (Grant("app-user", project_id, _NO_FORM),))
