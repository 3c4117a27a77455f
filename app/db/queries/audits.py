"""What does the audit say: by place in the chain, by what it is about, by when and who?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, text, update

from app.db import db, models

Line = models.Audit
_table: Any = models.Audit.__table__

# Any number will do; it must only be the same on every server, and no other lock's.
_CHAIN_LOCK = 20_261_123
_AT_ONCE = 1000

_SEAL = (
    update(_table)
    .where(_table.c.id == bindparam("line_id"), _table.c.position.is_(None))
    .values(position=bindparam("place"), previous_hash=bindparam("previous"), hash=bindparam("seal"))
)


def anything_unsealed() -> bool:
    """Does a line wait for its seal? One look in a small index."""
    return db.session.scalar(select(Line.id).where(Line.position.is_(None)).limit(1)) is not None


def unsealed_count() -> tuple[int, datetime | None]:
    """How many lines wait for their seal, and since when the oldest does."""
    statement = select(func.count(), func.min(Line.logged_at)).where(Line.position.is_(None))
    row = db.session.execute(statement).one()
    return row[0], row[1]


def is_release_on_record(submission_id: int, entry_id: int) -> bool:
    """Does a line say that this entry of the quarantine was released into this submission?"""
    statement = select(Line.details).where(Line.submission_id == submission_id, Line.action == "quarantine.release")
    return any(entry_id in details["entries"] for details in db.session.scalars(statement))


def lock_chain() -> None:
    """Keep other sealers out until the running transaction ends. On SQLite a writer is alone anyway."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CHAIN_LOCK})


def unsealed(most: int) -> Sequence[Row[Any]]:
    """The oldest lines that wait for their seal, whole, as plain rows."""
    return db.session.execute(select(_table).where(_table.c.position.is_(None)).order_by(_table.c.id).limit(most)).all()


def head() -> tuple[int, bytes] | None:
    """The last place in the chain, and the seal there."""
    statement = select(_table.c.position, _table.c.hash).where(_table.c.position.is_not(None))
    row = db.session.execute(statement.order_by(_table.c.position.desc()).limit(1)).first()
    return None if row is None else (row[0], row[1])


def hash_at(position: int) -> bytes | None:
    """The seal at this place."""
    return db.session.scalar(select(_table.c.hash).where(_table.c.position == position))


def has_hash(seal: bytes) -> bool:
    """Is there a line with this seal? Looks at every line: for the fault that somebody has to be told of."""
    return db.session.scalar(select(_table.c.id).where(_table.c.hash == seal).limit(1)) is not None


def seal(seals: Sequence[dict[str, Any]]) -> None:
    """Give lines their place and seal: `line_id`, `place`, `previous`, `seal` each."""
    db.session.connection().execute(_SEAL, list(seals))


def sealed_lines() -> Iterator[Row[Any]]:
    """Every sealed line in the order of the chain; memory stays flat."""
    last = None
    while True:
        statement = select(_table).where(_table.c.position.is_not(None)).order_by(_table.c.position).limit(_AT_ONCE)
        page = db.session.execute(statement if last is None else statement.where(_table.c.position > last)).all()
        yield from page
        if len(page) < _AT_ONCE:
            return
        last = page[-1].position


@dataclass(frozen=True)
class Wanted:
    """Which lines: all that is None is not asked for. `actions`: one of these; `but_actions`: none of these."""

    actions: Collection[str] | None = None
    but_actions: Collection[str] = ()
    start: datetime | None = None
    end: datetime | None = None
    actor_id: int | None = None
    submission_id: int | None = None
    entity_id: int | None = None


def _where(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.actions is not None:
        statement = statement.where(Line.action.in_(sorted(wanted.actions)))
    if wanted.but_actions:
        statement = statement.where(Line.action.not_in(sorted(wanted.but_actions)))
    if wanted.start is not None:
        statement = statement.where(Line.logged_at >= wanted.start)
    if wanted.end is not None:
        statement = statement.where(Line.logged_at <= wanted.end)
    for name in ("actor_id", "submission_id", "entity_id"):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(getattr(Line, name) == value)
    return statement


def newest(wanted: Wanted, *, limit: int, offset: int = 0) -> list[models.Audit]:
    """The newest first."""
    statement = _where(select(Line), wanted).order_by(Line.logged_at.desc(), Line.id.desc())
    return list(db.session.scalars(statement.limit(limit).offset(offset)))


def oldest_first(wanted: Wanted) -> Iterator[Row[Any]]:
    """All of them in the order of their numbers; memory stays flat."""
    last = 0
    while True:
        statement = _where(select(_table).where(_table.c.id > last), wanted).order_by(_table.c.id).limit(_AT_ONCE)
        page = db.session.execute(statement).all()
        yield from page
        if len(page) < _AT_ONCE:
            return
        last = page[-1].id


def actors(ids: Collection[int]) -> dict[int, models.Actor]:
    """The actors with these numbers, ended or not."""
    return {row.id: row for row in db.session.scalars(select(models.Actor).where(models.Actor.id.in_(ids)))}


def forms(ids: Collection[int]) -> dict[int, models.Form]:
    """The forms with these numbers, deleted or not."""
    return {row.id: row for row in db.session.scalars(select(models.Form).where(models.Form.id.in_(ids)))}


def projects(ids: Collection[int]) -> dict[int, models.Project]:
    """The projects with these numbers, deleted or not."""
    return {row.id: row for row in db.session.scalars(select(models.Project).where(models.Project.id.in_(ids)))}
