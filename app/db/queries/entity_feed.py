"""Which cases of a list are on a page of its feed, and in which order?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, func, select

from app.db import db, models

PAGE_ROWS = 500

Entity, Version, Key, Actor = models.Entity, models.EntityVersion, models.DataKey, models.Actor


@dataclass(frozen=True)
class WantedCases:
    """The cases of a list that these offices have (True: all, False: none).

    `condition`: a filter's; `order`: what to sort by before the newest; `with_deleted`: those in the trash too.
    """

    dataset_id: int
    offices: int | bool
    condition: ColumnElement[bool] | None = None
    order: tuple[ColumnElement[Any], ...] = ()
    with_deleted: bool = False


def numbers(
    wanted: WantedCases, *, before_id: int | None = None, skip: int = 0, limit: int | None = None
) -> Sequence[int]:
    """The numbers of the cases in their order, which are small; `before_id`: only what is older than this one."""
    statement = _restricted(select(Entity.id).join(Version, Version.entity_id == Entity.id), wanted)
    if before_id is not None:
        statement = statement.where(Entity.id < before_id)
    return db.session.scalars(statement.order_by(*wanted.order, Entity.id.desc()).offset(skip).limit(limit)).all()


def walk(
    wanted: WantedCases, numbers: Sequence[int]
) -> Iterator[Row[models.Entity, models.EntityVersion, models.DataKey, str | None]]:
    """These cases with their current versions, keys and makers' names, a page at a time: memory stays flat."""
    statement = _restricted(
        select(Entity, Version, Key, Actor.display_name)
        .join(Version, Version.entity_id == Entity.id)
        .join(Key, Key.id == Entity.data_key_id)
        .outerjoin(Actor, Actor.id == Entity.creator_id),
        wanted,
    )
    for begin in range(0, len(numbers), PAGE_ROWS):
        part = numbers[begin : begin + PAGE_ROWS]
        found = {row[0].id: row for row in db.session.execute(statement.where(Entity.id.in_(part)))}
        yield from (found.pop(number) for number in part if number in found)


def uuid_of(number: int) -> str:
    """The UUID of a case that is there."""
    return db.session.scalars(select(Entity.uuid).where(Entity.id == number)).one()


def stamp(dataset_id: int, offices: int | bool) -> tuple[Any, ...]:
    """What changes when anything of these offices' cases changes that the feed shows; for a weak ETag."""
    statement = (
        select(
            func.count(),
            func.sum(Entity.id),
            func.count(Entity.deleted_at),
            func.max(Entity.deleted_at),
            # After a restore a number is given again.
            func.max(Entity.created_at),
            func.max(Entity.updated_at),
            func.max(Version.id),
            func.max(Actor.updated_at),
        )
        .select_from(Entity)
        .join(Version, Version.entity_id == Entity.id)
        .outerjoin(Actor, Actor.id == Entity.creator_id)
        .where(Version.is_current)
    )
    return tuple(db.session.execute(_of_offices(statement, WantedCases(dataset_id, offices))).one())


def count(wanted: WantedCases) -> int:
    """How many cases."""
    statement = select(func.count()).select_from(Entity).join(Version, Version.entity_id == Entity.id)
    return db.session.scalar(_restricted(statement, wanted)) or 0


def place_of(wanted: WantedCases, uuid: str) -> int | None:
    """The number of a case in the order in which they came, deleted since or not: where a page goes on."""
    found: int | None = db.session.scalar(_of_offices(select(Entity.id).where(Entity.uuid == uuid), wanted))
    return found


def _restricted(statement: Select[*tuple[Any, ...]], wanted: WantedCases) -> Select[*tuple[Any, ...]]:
    # Of what is purged there is no version any more.
    statement = _of_offices(statement.where(Version.is_current), wanted)
    if not wanted.with_deleted:
        statement = statement.where(Entity.deleted_at.is_(None))
    return statement if wanted.condition is None else statement.where(wanted.condition)


def _of_offices(statement: Select[*tuple[Any, ...]], wanted: WantedCases) -> Select[*tuple[Any, ...]]:
    statement = statement.where(Entity.dataset_id == wanted.dataset_id)
    if wanted.offices is True:
        return statement
    return statement.where(Entity.office_id == wanted.offices if wanted.offices is not False else false())
