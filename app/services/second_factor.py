"""How does a person set up an authenticator app as their second factor, and get new recovery codes?

The app shows digits (TOTP). Its secret is sealed in the database. Security keys are in `security_keys.py`, and what is
right as a proof in `second_factor_proof.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import access, identity
from app.db.queries import second_factors as queries
from app.db.queries.security_keys import keys_of
from app.permissions import Actor
from app.runtime import runtime
from app.sealing.envelope import open_sealed, seal
from app.services import totp
from app.services.audit import record
from app.services.keys import SIGN_IN, server_key
from app.services.recovery_codes import new_codes
from app.services.second_factor_policy import must_have_factor
from app.services.second_factor_proof import (
    NO_PROOF,
    TOTP,
    WEBAUTHN,
    Proof,
    as_typed,
    check_is_person,
    email_of,
    place_of_secret,
    prove_again,
)
from app.services.transaction import transaction


@dataclass(frozen=True)
class State:
    """Has the person a second factor, since when, must they have one, and how many recovery codes are left?

    `methods`: `totp` for an authenticator app, `webauthn` for security keys.
    """

    enrolled: bool
    methods: list[str]
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
    check_is_person(by)
    found, keys, grants = queries.factor(by.id), keys_of(by.id), access.actor(by.id)
    since = [(WEBAUTHN, each.created_at) for each in keys]
    if found is not None and found.secret_sealed is not None and found.confirmed_at is not None:
        since.append((TOTP, found.confirmed_at))
    needed = grants is not None and must_have_factor(runtime().settings.second_factor, grants)
    return State(
        bool(since),
        sorted({method for method, _ in since}),
        min((moment for _, moment in since), default=None),
        needed,
        queries.codes_left(by.id),
    )


def begin_enrolment(by: Actor, proof: Proof = NO_PROOF, *, address: str | None = None) -> Enrolment:
    """A new secret, which counts once its first code is confirmed. `proof`: of the factor until now, if there is one.

    `address`: the IP address that asks. Raises Problem 401.7 if the proof is missing or wrong, 403.1, 429.1.
    """
    check_is_person(by)
    if queries.is_enrolled(by.id):
        prove_again(by, proof, address)
    secret = totp.new_secret()
    sealed = seal(server_key(SIGN_IN), secret, place_of_secret(by.id))
    with transaction():
        found = queries.factor(by.id)
        if found is None:
            found = models.SecondFactor(actor_id=by.id, created_at=now())
            db.session.add(found)
        found.pending_sealed = sealed
    return Enrolment(totp.as_text(secret), totp.uri(secret, email_of(by)))


def confirm(by: Actor, code: str) -> list[str]:
    """From now on this authenticator is the second factor: ten recovery codes, shown this once; all sessions end.

    Raises Problem 401.7 if the code is not of the new secret, 403.1, 404.1 if none was begun.
    """
    check_is_person(by)
    moment = now()
    with transaction():
        # First: a sign-in without the second factor waits for it, and is then refused.
        db.session.get_one(models.User, by.id, with_for_update=True)
        found = queries.factor(by.id)
        if found is None or found.pending_sealed is None:
            raise problems.not_found()
        secret = open_sealed(server_key(SIGN_IN), found.pending_sealed, place_of_secret(by.id))
        step = totp.matching_step(secret, as_typed(code), moment)
        if step is None:
            raise problems.code_needed(is_wrong=True)
        found.secret_sealed, found.pending_sealed = found.pending_sealed, None
        found.confirmed_at, found.last_step = moment, step
        codes = new_codes(by.id, moment)
        identity.end_tokens(by.id, moment)
        record("user.second_factor.create", by, actorId=by.id)
    return codes


def renew_codes(by: Actor, proof: Proof, *, address: str | None) -> list[str]:
    """Ten new recovery codes instead of the old ones. Raises Problem 401.7, 403.1, 404.1, 429.1."""
    check_is_person(by)
    if not queries.is_enrolled(by.id):
        raise problems.not_found()
    prove_again(by, proof, address)
    with transaction():
        codes = new_codes(by.id, now())
        record("user.second_factor.update", by, actorId=by.id)
    return codes


def take_away(by: Actor | None, actor_id: int) -> None:
    """For somebody who lost the authenticators and the codes: they sign in and enrol anew; all their sessions end.

    By an administrator, for somebody else; by the operator (None). Raises Problem 403.1, 404.1.
    """
    if by is not None and by.id == actor_id:
        raise problems.insufficient_rights()
    with transaction():
        is_there = queries.factor(actor_id) is not None or queries.is_enrolled(actor_id)
        if not is_there or access.user(actor_id) is None:
            raise problems.not_found()
        queries.remove(actor_id)
        identity.end_tokens(actor_id, now())
        record("user.second_factor.delete", by, actorId=actor_id)
