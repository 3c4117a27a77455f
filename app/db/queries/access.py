"""Who is behind this address, token or id, and which roles do they hold?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, bindparam, case, func, select
from sqlalchemy.orm import aliased

from app.db import db, models
from app.db.prepared import Prepared
from app.permissions import Actor, Grant

# Made once: the first of these is asked on every request.
_actors: Any = models.Actor.__table__
_assignments: Any = models.Assignment.__table__
_tokens: Any = models.AccessToken.__table__
ACTORS: Select[Any] = (
    select(
        _actors.c.id,
        _actors.c.type,
        _actors.c.display_name,
        _actors.c.office_id,
        _assignments.c.role,
        _assignments.c.project_id,
        _assignments.c.form_id,
        _assignments.c.all_offices,
    )
    .select_from(_actors)
    .outerjoin(_assignments, _assignments.c.actor_id == _actors.c.id)
    .where(_actors.c.deleted_at.is_(None))
)


def live(tokens: Any) -> tuple[Any, ...]:
    """Is a row of `tokens` (sessions, phones' tokens, API keys) the one that is asked for, and does it open anything?

    The one condition for all of them; `token_hash` and `moment` are given when it is asked.
    """
    return (
        tokens.c.token_hash == bindparam("token_hash"),
        tokens.c.expires_at > bindparam("moment"),
        tokens.c.revoked_at.is_(None),
    )


_ACTOR_BY_ID = Prepared(ACTORS.where(_actors.c.id == bindparam("actor_id")))
_ACTOR_BY_TOKEN = Prepared(
    ACTORS.add_columns(case((_tokens.c.supersedes, _tokens.c.id)))
    .join(_tokens, _tokens.c.actor_id == _actors.c.id)
    .where(*live(_tokens))
)


def user_by_email(email: str) -> models.User | None:
    """The user with this address, in any case of letters."""
    return db.session.scalar(select(models.User).where(models.User.email == email.strip().lower()))


def token_row(token_hash: bytes) -> models.AccessToken | None:
    """The token's row, live or not."""
    return db.session.scalar(select(models.AccessToken).where(models.AccessToken.token_hash == token_hash))


class TokenHolder(NamedTuple):
    """The actor of a live token; `superseding_id`: the token, if the actor's older ones are to end with its use."""

    actor: Actor
    superseding_id: int | None


def actor_by_token(token_hash: bytes, moment: datetime) -> TokenHolder | None:
    """The actor of a token that is neither expired nor revoked, with its grants: one query, asked on every request."""
    rows = _ACTOR_BY_TOKEN.rows({"token_hash": token_hash, "moment": moment})
    found = actor_of_rows(rows)
    return None if found is None else TokenHolder(found, rows[0][8])


def actor(actor_id: int) -> Actor | None:
    """A live actor with its grants."""
    return _found(_ACTOR_BY_ID, {"actor_id": actor_id})


def _found(statement: Prepared, given: dict[str, Any]) -> Actor | None:
    return actor_of_rows(statement.rows(given))


def actor_of_rows(rows: Sequence[Any]) -> Actor | None:
    """The actor of ACTORS' rows, one for each grant, whatever stands behind; None if there are none."""
    if not rows:
        return None
    grants = tuple(Grant(*row[4:8]) for row in rows if row[4] is not None)
    actor_id, kind, display_name, office_id = rows[0][:4]
    return Actor(actor_id, kind, display_name, office_id, grants)


def _users() -> Select[models.User, models.Actor, str]:
    return (
        select(models.User, models.Actor, models.Office.code)
        .join(models.Actor, models.Actor.id == models.User.actor_id)
        .outerjoin(models.Office, models.Office.id == models.Actor.office_id)
        .where(models.Actor.deleted_at.is_(None))
    )


def user(actor_id: int) -> Row[models.User, models.Actor, str] | None:
    """A live user with the code of their office."""
    return db.session.execute(_users().where(models.User.actor_id == actor_id)).first()


def users(search: str | None = None) -> Sequence[Row[models.User, models.Actor, str]]:
    """All live users, or those whose address or name holds the text."""
    statement = _users().order_by(models.User.email)
    if search:
        statement = statement.where(
            models.User.email.icontains(search, autoescape=True)
            | models.Actor.display_name.icontains(search, autoescape=True)
        )
    return db.session.execute(statement).all()


def actors_by_email(email: str, offices: int | bool) -> list[models.Actor]:
    """The live person with exactly this address, if they belong to these offices (True: all)."""
    found = user_by_email(email)
    row = user(found.actor_id) if found is not None else None
    if row is None or offices is False or (offices is not True and row[1].office_id != offices):
        return []
    return [row[1]]


@dataclass(frozen=True)
class Phone:
    """An app user with what a list shows of it."""

    app_user: models.AppUser
    actor: models.Actor
    office: str | None
    token: models.AccessToken | None
    creator: models.Actor | None


def phones(project_id: int, actor_id: int | None = None, *, offices: int | bool = True) -> list[Phone]:
    """The app users of a project (or one of them), by name; a revoked one is gone. `offices`: whose."""
    if offices is False:
        return []
    creator = aliased(models.Actor)
    statement = (
        select(models.AppUser, models.Actor, models.Office.code, models.AccessToken, creator)
        .join(models.Actor, models.Actor.id == models.AppUser.actor_id)
        .outerjoin(models.Office, models.Office.id == models.Actor.office_id)
        .outerjoin(models.AccessToken, models.AccessToken.actor_id == models.Actor.id)
        .outerjoin(creator, creator.id == models.AppUser.created_by_id)
        .where(models.AppUser.project_id == project_id, models.Actor.deleted_at.is_(None))
        .order_by(func.lower(models.Actor.display_name), models.Actor.id, models.AccessToken.id.desc())
    )
    if actor_id is not None:
        statement = statement.where(models.Actor.id == actor_id)
    if offices is not True:
        statement = statement.where(models.Actor.office_id == offices)
    found: dict[int, Phone] = {}
    for row in db.session.execute(statement):
        found.setdefault(row[1].id, Phone(*row))
    return list(found.values())


def actor_row(actor_id: int) -> models.Actor | None:
    """An actor, ended or not: what they did stays theirs."""
    return db.session.get(models.Actor, actor_id)


def app_user(actor_id: int) -> models.AppUser | None:
    """A phone by its actor, revoked or not."""
    return db.session.get(models.AppUser, actor_id)
