"""How does a person prove, besides knowing the password, that they hold something?

With the digits that an authenticator app on their phone shows (TOTP), or with one of ten recovery codes on paper. The
secret is sealed in the database, recovery codes are kept as keyed hashes, and each code works once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import access, identity
from app.db.queries import second_factors as queries
from app.permissions import Actor
from app.runtime import runtime
from app.sealing.envelope import keyed_hash, open_sealed, seal
from app.services import totp
from app.services.audit import record
from app.services.keys import SIGN_IN, server_key
from app.services.limits import SignInLimit
from app.services.second_factor_policy import must_have_factor
from app.services.transaction import transaction

RECOVERY_CODES = 10
TOTP, RECOVERY = "totp", "recovery"
# Without the letters and digits that look like others: 32 of them, so 16 are 80 bits.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_CHARACTERS = 16


@dataclass(frozen=True)
class State:
    """Has the person a second factor, since when, must they have one, and how many recovery codes are left?"""

    enrolled: bool
    enrolled_at: datetime | None
    needed: bool
    recovery_codes_left: int


@dataclass(frozen=True, repr=False)
class Enrolment:
    """What goes into an authenticator: the secret as text, and the same as a URI to scan. Shown this once."""

    secret: str
    uri: str


def state(by: Actor) -> State:
    """One's own. Raises Problem 403.1 for who is no person at the door itself."""
    _check(by)
    found, grants = queries.factor(by.id), access.actor(by.id)
    enrolled = found is not None and found.secret_sealed is not None
    needed = grants is not None and must_have_factor(runtime().settings.second_factor, grants)
    return State(enrolled, found.confirmed_at if found is not None else None, needed, queries.codes_left(by.id))


def begin_enrolment(by: Actor, code: str | None, *, address: str | None = None) -> Enrolment:
    """A new secret, which counts once its first code is confirmed. `code`: of the one until now, if there is one.

    `address`: the IP address that asks. Raises Problem 401.7 if the code is missing or wrong, 403.1, 429.1.
    """
    _check(by)
    if queries.is_enrolled(by.id):
        _prove(by, code, address)
    secret = totp.new_secret()
    sealed = seal(server_key(SIGN_IN), secret, _place(by.id))
    with transaction():
        found = queries.factor(by.id)
        if found is None:
            found = models.SecondFactor(actor_id=by.id, created_at=now())
            db.session.add(found)
        found.pending_sealed = sealed
    return Enrolment(totp.as_text(secret), totp.uri(secret, _email(by)))


def confirm(by: Actor, code: str) -> list[str]:
    """From now on this authenticator is the second factor: ten recovery codes, shown this once; all sessions end.

    Raises Problem 401.7 if the code is not of the new secret, 403.1, 404.1 if none was begun.
    """
    _check(by)
    moment = now()
    with transaction():
        # First: a sign-in without the second factor waits for it, and is then refused.
        db.session.get_one(models.User, by.id, with_for_update=True)
        found = queries.factor(by.id)
        if found is None or found.pending_sealed is None:
            raise problems.not_found()
        secret = open_sealed(server_key(SIGN_IN), found.pending_sealed, _place(by.id))
        step = totp.matching_step(secret, _typed(code), moment)
        if step is None:
            raise problems.code_needed(is_wrong=True)
        found.secret_sealed, found.pending_sealed = found.pending_sealed, None
        found.confirmed_at, found.last_step = moment, step
        codes = _new_codes(by.id, moment)
        identity.end_tokens(by.id, moment)
        record("user.second_factor.create", by, actorId=by.id)
    return codes


def renew_codes(by: Actor, code: str, *, address: str | None) -> list[str]:
    """Ten new recovery codes instead of the old ones. Raises Problem 401.7, 403.1, 404.1, 429.1."""
    _check(by)
    if not queries.is_enrolled(by.id):
        raise problems.not_found()
    _prove(by, code, address)
    with transaction():
        codes = _new_codes(by.id, now())
        record("user.second_factor.update", by, actorId=by.id)
    return codes


def take_away(by: Actor | None, actor_id: int) -> None:
    """For somebody who lost the authenticator and the codes: they sign in and enrol anew; all their sessions end.

    By an administrator, for somebody else; by the operator (None). Raises Problem 403.1, 404.1.
    """
    if by is not None and by.id == actor_id:
        raise problems.insufficient_rights()
    with transaction():
        if queries.factor(actor_id) is None or access.user(actor_id) is None:
            raise problems.not_found()
        queries.remove(actor_id)
        identity.end_tokens(actor_id, now())
        record("user.second_factor.delete", by, actorId=actor_id)


def use(actor_id: int, code: str) -> str | None:
    """Use up a code of the person's authenticator, or a recovery code: which of the two it was; None if neither."""
    typed, moment = _typed(code), now()
    found = queries.factor(actor_id)
    if found is None or found.secret_sealed is None:
        return None
    if len(typed) == totp.DIGITS:
        secret = open_sealed(server_key(SIGN_IN), found.secret_sealed, _place(actor_id))
        step = totp.matching_step(secret, typed, moment)
        if step is None:
            return None
        with transaction():
            return TOTP if queries.use_step(actor_id, step) else None
    with transaction():
        if not queries.use_code(actor_id, _hash(actor_id, typed), moment):
            return None
        record("user.second_factor.recovery", access.actor(actor_id), left=queries.codes_left(actor_id))
    return RECOVERY


def _typed(code: str) -> str:
    """As people type it: in groups, in small letters."""
    return "".join(code.split()).replace("-", "").upper()


def _prove(by: Actor, code: str | None, address: str | None) -> None:
    if code is None:
        raise problems.code_needed()
    # Whoever found an open session must not be able to try all the codes there are.
    limit = SignInLimit(_email(by), address)
    limit.check()
    if use(by.id, code) is None:
        limit.wrong()
        raise problems.code_needed(is_wrong=True)


def _email(by: Actor) -> str:
    return db.session.get_one(models.User, by.id).email


def _check(by: Actor) -> None:
    """A person, not a phone, and not a key: who finds a key must not be able to lock its person out."""
    if by.type != "user" or by.key_id is not None:
        raise problems.insufficient_rights()


def _new_codes(actor_id: int, moment: datetime) -> list[str]:
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_CODE_CHARACTERS)) for _ in range(RECOVERY_CODES)]
    queries.replace_codes(actor_id, [_hash(actor_id, code) for code in codes], moment)
    return ["-".join(code[at : at + 4] for at in range(0, _CODE_CHARACTERS, 4)) for code in codes]


def _hash(actor_id: int, code: str) -> bytes:
    return keyed_hash(server_key(SIGN_IN), f"recovery|{actor_id}|{code}".encode())


def _place(actor_id: int) -> str:
    return f"totp|{actor_id}"
