"""Which rows go into tables and exports, in which order, and a page of them at a time?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select

from app.db import db, models
from app.db.queries.submissions import Scope, in_scope

Submission, Version, Attachment = models.Submission, models.SubmissionVersion, models.SubmissionAttachment

PAGE_ROWS, FIRST_ROWS = 500, 64


class SentRow(NamedTuple):
    """One submission of a table: its facts, the two halves of its current version, and the key that opens them."""

    id: int
    instance_id: str
    created_at: datetime
    updated_at: datetime | None
    deleted_at: datetime | None
    submitter_id: int | None
    submitter_name: str | None
    device_id: str | None
    review_state: str | None
    edits: int
    office_id: int | None
    version_id: int
    version_instance_id: str
    form_version_id: int
    form_version: str | None
    sha256: str
    clear: dict[str, Any]
    sealed: bytes | None
    findings: list[dict[str, Any]]
    wrapped: bytes
    wrapping_key_id: str
    purpose: str
    attachments_expected: int
    attachments_present: int


@dataclass(frozen=True)
class Wanted:
    """Which rows, beside the reader's scope. Without an order the newest come first.

    `condition`: a filter's; `order`: what to sort by first; `before_id`: only what is older than this row.
    """

    scope: Scope
    condition: ColumnElement[bool] | None = None
    order: tuple[ColumnElement[Any], ...] = ()
    before_id: int | None = None


def walk(wanted: Wanted, *, skip: int = 0, limit: int | None = None) -> Iterator[SentRow]:
    """The rows, page by page: memory stays flat however many there are."""
    pages = _in_order(wanted, skip, limit) if wanted.order else _newest_first(wanted, skip, limit)
    for page in pages:
        yield from page


def _newest_first(wanted: Wanted, skip: int, limit: int | None) -> Iterator[list[SentRow]]:
    before_id, left = wanted.before_id, limit
    # Who does not say how many may need few: the rows of a repeat on one page are in some submissions only.
    most = FIRST_ROWS if limit is None else PAGE_ROWS
    while left is None or left > 0:
        size = most if left is None else min(left, most)
        # Which rows first: a database that knows little of its tables would join all of them and then sort.
        numbers = _restricted(_numbers(wanted), wanted).order_by(Submission.id.desc()).limit(size).offset(skip)
        if before_id is not None:
            numbers = numbers.where(Submission.id < before_id)
        page = _read(_columns().where(Submission.id.in_(numbers)).order_by(Submission.id.desc()))
        if not page:
            return
        yield page
        before_id, skip, left = page[-1].id, 0, None if left is None else left - len(page)
        most = min(2 * most, PAGE_ROWS)


def _in_order(wanted: Wanted, skip: int, limit: int | None) -> Iterator[list[SentRow]]:
    """The numbers of all rows in their order first, which are small; then the rows, a page at a time."""
    statement = _restricted(_joined(select(Submission.id)), wanted)
    statement = statement.order_by(*wanted.order, Submission.id.desc()).offset(skip).limit(limit)
    numbers = list(db.session.scalars(statement))
    for begin in range(0, len(numbers), PAGE_ROWS):
        part = numbers[begin : begin + PAGE_ROWS]
        found = {row.id: row for row in _read(_columns().where(Submission.id.in_(part)))}
        yield [found[number] for number in part if number in found]


def count(wanted: Wanted) -> int:
    """How many submissions."""
    statement = select(func.count()).select_from(Submission)
    if wanted.condition is not None:
        statement = _joined(statement)
    return db.session.scalar(_restricted(statement, wanted)) or 0


def is_there_more(wanted: Wanted) -> bool:
    """Is there a submission, beside those before the place that was given?"""
    statement = _restricted(_numbers(wanted), wanted).order_by(Submission.id.desc()).limit(1)
    if wanted.before_id is not None:
        statement = statement.where(Submission.id < wanted.before_id)
    return db.session.scalar(statement) is not None


def walk_clear(wanted: Wanted) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Of each submission its form version, that version's hash, and the half that lies in clear: to count repeats."""
    statement = _joined(select(Version.form_version_id, models.FormVersion.sha256, Version.clear))
    for row in db.session.execute(_restricted(statement, wanted).execution_options(yield_per=PAGE_ROWS)):
        yield row[0], row[1], row[2]


def one(scope: Scope, instance_id: str) -> SentRow | None:
    """The row of one submission."""
    return next(iter(_read(in_scope(_columns().where(Submission.instance_id == instance_id), scope))), None)


def place_of(scope: Scope, instance_id: str) -> int | None:
    """The number of a submission in the order of arrival, deleted since or not: where a walk goes on."""
    for deleted in (False, True):
        reached = Scope(scope.form_id, scope.offices, scope.is_draft, deleted)
        statement = select(Submission.id).where(Submission.instance_id == instance_id)
        found = db.session.scalar(in_scope(statement, reached))
        if found is not None:
            return found
    return None


def stamp(scope: Scope) -> tuple[Any, ...]:
    """What changes when anything of these rows changes that a feed shows; for a weak ETag."""
    statement = select(
        func.count(),
        func.sum(Submission.id),
        # After a restore a number is given again.
        func.max(Submission.created_at),
        func.max(Submission.updated_at),
        func.sum(Submission.edits),
    )
    rows = db.session.execute(in_scope(statement.select_from(Submission), scope)).one()
    names = (
        select(func.max(Version.id), func.max(Version.recleaned_at), func.max(models.Actor.updated_at))
        .select_from(Submission)
        .join(Version, Version.submission_id == Submission.id)
        .outerjoin(models.Actor, models.Actor.id == Submission.submitter_id)
    )
    files = (
        select(func.count(Attachment.id), func.count(Attachment.blob_key), func.max(Attachment.updated_at))
        .join(Version, Version.id == Attachment.submission_version_id)
        .join(Submission, Submission.id == Version.submission_id)
    )
    named, sent = db.session.execute(in_scope(names, scope)).one(), db.session.execute(in_scope(files, scope)).one()
    return (*rows, *named, *sent)


def versions_of_form(scope: Scope) -> list[tuple[int, str]]:
    """The form versions that its submissions can have been filled in, each with its hash."""
    form_version = models.FormVersion
    statement = select(form_version.id, form_version.sha256).where(form_version.form_id == scope.form_id)
    if not scope.is_draft:
        statement = statement.where(form_version.published_at.is_not(None))
    return [(row[0], row[1]) for row in db.session.execute(statement.order_by(form_version.id))]


def _restricted(statement: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    restricted = in_scope(statement, wanted.scope)
    return restricted if wanted.condition is None else restricted.where(wanted.condition)


def _numbers(wanted: Wanted) -> Select[int]:
    """Of the rows; only a filter asks for more than the submissions themselves."""
    numbers = select(Submission.id)
    return numbers if wanted.condition is None else _joined(numbers)


def _joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(Submission)
        .join(Version, Version.submission_id == Submission.id)
        .join(models.FormVersion, models.FormVersion.id == Version.form_version_id)
        .where(Version.is_current)
    )


def _read(statement: Select[*tuple[Any, ...]]) -> list[SentRow]:
    # SQLAlchemy's own rows find a column by its name in ten times as long.
    return [SentRow._make(row) for row in db.session.execute(statement)]


def _columns() -> Select[*tuple[Any, ...]]:
    """Those of SentRow, in its order. `attachments_*` are counted here: one query a page."""
    expected = select(func.count()).where(Attachment.submission_version_id == Version.id).scalar_subquery()
    present = (
        select(func.count())
        .where(Attachment.submission_version_id == Version.id, Attachment.blob_key.is_not(None))
        .scalar_subquery()
    )
    statement: Select[*tuple[Any, ...]] = select(
        Submission.id,
        Submission.instance_id,
        Submission.created_at,
        Submission.updated_at,
        Submission.deleted_at,
        Submission.submitter_id,
        models.Actor.display_name.label("submitter_name"),
        Submission.device_id,
        Submission.review_state,
        Submission.edits,
        Submission.office_id,
        Version.id.label("version_id"),
        Version.instance_id.label("version_instance_id"),
        Version.form_version_id,
        models.FormVersion.version.label("form_version"),
        models.FormVersion.sha256,
        Version.clear,
        Version.sealed,
        Version.findings,
        models.DataKey.wrapped,
        models.DataKey.wrapping_key_id,
        models.DataKey.purpose,
        expected.label("attachments_expected"),
        present.label("attachments_present"),
    )
    return (
        _joined(statement)
        .join(models.DataKey, models.DataKey.id == Submission.data_key_id)
        .outerjoin(models.Actor, models.Actor.id == Submission.submitter_id)
    )
