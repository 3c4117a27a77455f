"""How much was sent to each form, by whose reach it is counted, and what else do its extended facts say?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, false, func, select

from app.db import db, models

Submission = models.Submission


@dataclass(frozen=True)
class FormTotals:
    """The live submissions of a form; `received`, `has_issues` and `edited` are those in these states of review."""

    submissions: int = 0
    last_submission: datetime | None = None
    received: int = 0
    has_issues: int = 0
    edited: int = 0


NOTHING = FormTotals()


def form_totals(form_ids: Collection[int], offices: int | bool) -> dict[int, FormTotals]:
    """What these offices (True: all) sent to each of the forms; a form with nothing is not in it. One query."""
    state = Submission.review_state
    statement = (
        select(
            Submission.form_id,
            func.count(),
            func.max(Submission.created_at),
            func.sum(case((state.is_(None), 1), else_=0)),
            func.sum(case((state == "hasIssues", 1), else_=0)),
            func.sum(case((state == "edited", 1), else_=0)),
        )
        .where(Submission.form_id.in_(form_ids), ~Submission.is_draft, Submission.deleted_at.is_(None))
        .group_by(Submission.form_id)
    )
    if offices is not True:
        statement = statement.where(Submission.office_id == offices if offices is not False else false())
    return {row[0]: FormTotals(*row[1:]) for row in db.session.execute(statement)}


def entity_related(version_ids: Collection[int]) -> set[int]:
    """Those of the versions that open or change cases."""
    source = models.DatasetSource.form_version_id
    return set(db.session.scalars(select(source).where(source.in_(version_ids))))


def links_to(form_ids: Collection[int]) -> dict[int, int]:
    """How many live links there are to each of the forms; a form without any is not in it."""
    link = models.PublicLink
    statement = (
        select(link.form_id, func.count())
        .join(models.Actor, models.Actor.id == link.actor_id)
        .where(link.form_id.in_(form_ids), models.Actor.deleted_at.is_(None))
        .group_by(link.form_id)
    )
    return {row[0]: row[1] for row in db.session.execute(statement)}


def publishers(form_id: int) -> dict[int, models.Actor]:
    """Who published each version of a form, by the version's number; what the server itself published is not in it."""
    line = models.Audit
    published = select(line.actor_id, line.details).where(
        line.action == "form.update.publish", line.form_id == form_id, line.actor_id.is_not(None)
    )
    by_version = {row.details["newDefId"]: row.actor_id for row in db.session.execute(published)}
    found = actors(list(by_version.values()))
    return {version_id: found[actor_id] for version_id, actor_id in by_version.items()}


def actors(ids: Collection[int | None]) -> dict[int, models.Actor]:
    """The actors by number, ended ones too."""
    wanted = {each for each in ids if each is not None}
    found = db.session.scalars(select(models.Actor).where(models.Actor.id.in_(wanted)))
    return {row.id: row for row in found}
