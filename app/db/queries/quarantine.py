"""What was put aside, and which of it may this actor's office see?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, false, select

from app.db import db, models

Row = models.Quarantine
Attachment = models.SubmissionAttachment


@dataclass(frozen=True)
class Reach:
    """Which entries: of which project (None: all), of whose senders (True: all, False: none, or an office's id)."""

    project_id: int | None
    offices: int | bool


@dataclass(frozen=True, repr=False)
class Kept:
    """One file that was put aside. `xml_form_id`: of a form that is known; `sender`, `office`: as lists show them."""

    id: int
    reason: str
    project_id: int
    form_id: int | None
    submission_version_id: int | None
    instance_id: str | None
    name: str | None
    content_hmac: bytes
    blob_key: str
    file_key_sealed: bytes
    data_key_id: int
    content_type: str | None
    size_bytes: int
    actor_id: int | None
    office_id: int | None
    received_at: datetime
    released_at: datetime | None
    xml_form_id: str | None
    sender: str | None
    office: str | None


_SHOWN: Select[*tuple[Any, ...]] = (
    select(
        Row.id,
        Row.reason,
        Row.project_id,
        Row.form_id,
        Row.submission_version_id,
        Row.instance_id,
        Row.name,
        Row.content_hmac,
        Row.blob_key,
        Row.file_key_sealed,
        Row.data_key_id,
        Row.content_type,
        Row.size_bytes,
        Row.actor_id,
        Row.office_id,
        Row.received_at,
        Row.released_at,
        models.Form.xml_form_id,
        models.Actor.display_name.label("sender"),
        models.Office.code.label("office"),
    )
    .outerjoin(models.Form, models.Form.id == Row.form_id)
    .outerjoin(models.Actor, models.Actor.id == Row.actor_id)
    .outerjoin(models.Office, models.Office.id == Row.office_id)
)


def is_kept(
    project_id: int, reason: str, form_id: int | None, instance_id: str | None, name: str | None, content_hmac: bytes
) -> bool:
    """Is this very file of this submission kept already, for this reason, or was it and is now in a submission?"""
    same = (
        Row.project_id == project_id,
        Row.reason == reason,
        Row.form_id.is_not_distinct_from(form_id),
        Row.instance_id.is_not_distinct_from(instance_id),
    )
    kept = select(Row.id).where(*same, Row.name.is_not_distinct_from(name), Row.content_hmac == content_hmac)
    # Released as an edit: its XML stays here, its files went to the version that was made of it.
    taken = (
        select(Row.id)
        .join(Attachment, Attachment.submission_version_id == Row.submission_version_id)
        .where(*same, Row.released_at.is_not(None), Attachment.name == name, Attachment.content_hmac == content_hmac)
    )
    return bool(db.session.scalar(select(exists(kept) | exists(taken))))


def entry(reach: Reach, entry_id: int) -> Kept | None:
    """One entry, if it is there and within reach."""
    row = db.session.execute(_within(_SHOWN.where(Row.id == entry_id), reach)).first()
    return None if row is None else Kept(*row)


def entries(
    reach: Reach,
    *,
    reason: str | None = None,
    xml_form_id: str | None = None,
    released: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> list[Kept]:
    """The newest first. `released`: those whose content has become an edit, instead of those that wait."""
    statement = _within(_SHOWN, reach).where(Row.released_at.is_not(None) if released else Row.released_at.is_(None))
    if reason is not None:
        statement = statement.where(Row.reason == reason)
    if xml_form_id is not None:
        statement = statement.where(models.Form.xml_form_id == xml_form_id)
    statement = statement.order_by(Row.received_at.desc(), Row.id.desc())
    return [Kept(*row) for row in db.session.execute(statement.offset(offset).limit(limit))]


def sent_together(kept: Kept) -> list[Kept]:
    """What waits for the same reason under the same project, form and instance ID, from the same office."""
    statement = _SHOWN.where(
        Row.project_id == kept.project_id,
        Row.reason == kept.reason,
        Row.form_id.is_not_distinct_from(kept.form_id),
        Row.instance_id.is_not_distinct_from(kept.instance_id),
        Row.office_id.is_not_distinct_from(kept.office_id),
        Row.released_at.is_(None),
    )
    return [Kept(*row) for row in db.session.execute(statement.order_by(Row.id))]


def same_content(project_id: int, instance_id: str | None, hmacs: Collection[bytes]) -> list[Kept]:
    """Every entry of a submission with one of these contents, whatever the reason."""
    statement = _SHOWN.where(
        Row.project_id == project_id,
        Row.instance_id.is_not_distinct_from(instance_id),
        Row.content_hmac.in_(hmacs),
    )
    return [Kept(*row) for row in db.session.execute(statement.order_by(Row.id))]


def kept_for(project_id: int, form_ids: Collection[int]) -> list[Kept]:
    """Everything of some forms, and what came for a form that was not there, released or not."""
    statement = _SHOWN.where(Row.project_id == project_id, Row.form_id.in_(form_ids) | Row.form_id.is_(None))
    return [Kept(*row) for row in db.session.execute(statement.order_by(Row.id))]


def locked(ids: Collection[int]) -> list[models.Quarantine]:
    """The rows, locked until the running transaction ends; those that are gone are left out."""
    statement = select(Row).where(Row.id.in_(ids)).order_by(Row.id).with_for_update()
    return list(db.session.scalars(statement, execution_options={"populate_existing": True}))


def _within(statement: Select[*tuple[Any, ...]], reach: Reach) -> Select[*tuple[Any, ...]]:
    if reach.project_id is not None:
        statement = statement.where(Row.project_id == reach.project_id)
    if reach.offices is False:
        statement = statement.where(false())
    elif reach.offices is not True:
        statement = statement.where(Row.office_id == reach.offices)
    return statement
