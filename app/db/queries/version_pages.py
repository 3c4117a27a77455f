"""How are the current versions of many submissions read with flat memory? And who sent them?"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import or_, select

from app.db import db, models
from app.db.queries.submissions import Scope, in_scope

Submission, Version = models.Submission, models.SubmissionVersion

_AT_ONCE = 200


@dataclass(frozen=True)
class Wanted:
    """Which submissions of a scope: by these senders, in these review states (None is one too); empty means any."""

    submitter_ids: Collection[int] = ()
    review_states: Collection[str | None] = ()
    limit: int | None = None


def current_versions(scope: Scope, wanted: Wanted) -> Iterator[tuple[models.Submission, models.SubmissionVersion]]:
    """The newest first, each with its current version."""
    numbers = select(Submission.id).order_by(Submission.id.desc())
    if wanted.submitter_ids:
        numbers = numbers.where(Submission.submitter_id.in_(wanted.submitter_ids))
    if wanted.review_states:
        named = [each for each in wanted.review_states if each is not None]
        state = Submission.review_state
        or_none = state.is_(None) if None in wanted.review_states else state.in_([])
        numbers = numbers.where(or_(state.in_(named), or_none))
    numbers, left, before = in_scope(numbers, scope), wanted.limit, None
    while left is None or left > 0:
        older = numbers if before is None else numbers.where(Submission.id < before)
        size = _AT_ONCE if left is None else min(left, _AT_ONCE)
        # Which rows first: a database that knows little of its tables would join all of them and then sort.
        page = (
            select(Submission, Version)
            .join(Version, Version.submission_id == Submission.id)
            .where(Version.is_current, Submission.id.in_(older.limit(size)))
            .order_by(Submission.id.desc())
        )
        found = db.session.execute(page).all()
        if not found:
            return
        for row in found:
            yield row[0], row[1]
        before = found[-1][0].id
        left = None if left is None else left - len(found)


def submitters(scope: Scope) -> list[models.Actor]:
    """Who has sent a submission of the scope, by name."""
    ids = in_scope(select(Submission.submitter_id).where(Submission.submitter_id.is_not(None)), scope)
    statement = select(models.Actor).where(models.Actor.id.in_(ids))
    return list(db.session.scalars(statement.order_by(models.Actor.display_name, models.Actor.id)))
