"""Does this person hold what they set up as their second factor? Asked at the sign-in, and before it is changed.

Right are the digits of their authenticator app, the answer of one of their security keys, or a recovery code: once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import problems
from app.clock import now
from app.db import db, models
from app.db.queries import access
from app.db.queries import second_factors as queries
from app.permissions import Actor
from app.sealing.envelope import open_sealed
from app.services import totp
from app.services.audit import record
from app.services.keys import SIGN_IN, server_key
from app.services.limits import SignInLimit
from app.services.recovery_codes import use_recovery_code
from app.services.transaction import transaction
from app.services.webauthn_use import request_options, use_assertion

TOTP, RECOVERY, WEBAUTHN = "totp", "recovery", "webauthn"


@dataclass(frozen=True, repr=False)
class Proof:
    """What somebody gave: digits or a recovery code as typed, or a security key's answer as its browser gave it."""

    code: str | None = None
    assertion: dict[str, Any] | None = None


NO_PROOF = Proof()


def prove(actor_id: int, proof: Proof, limit: SignInLimit) -> str:
    """Which of the three it was. What is wrong counts like a wrong password: a million codes are soon tried.

    Raises Problem 401.7: without a proof with what a security key is to sign, otherwise if it is not right.
    """
    if proof.assertion is not None:
        factor = WEBAUTHN if use_assertion(actor_id, proof.assertion) else None
    elif proof.code is not None:
        factor = _use_code(actor_id, proof.code)
    else:
        raise problems.code_needed(public_key=request_options(actor_id))
    if factor is None:
        limit.wrong()
        raise problems.code_needed(is_wrong=True)
    return factor


def prove_again(by: Actor, proof: Proof, address: str | None) -> None:
    """Of somebody who is signed in: whoever found an open session must not be able to try all the codes there are.

    `address`: the IP address that asks. Raises Problem 401.7, 429.1.
    """
    limit = SignInLimit(email_of(by), address)
    limit.check()
    prove(by.id, proof, limit)


def email_of(by: Actor) -> str:
    """The person's address."""
    return db.session.get_one(models.User, by.id).email


def check_is_person(by: Actor) -> None:
    """A person, not a phone, and not a key: who finds a key must not be able to lock its person out.

    Raises Problem 403.1.
    """
    if by.type != "user" or by.key_id is not None:
        raise problems.insufficient_rights()


def _use_code(actor_id: int, code: str) -> str | None:
    typed, moment = as_typed(code), now()
    if len(typed) == totp.DIGITS:
        return TOTP if _use_digits(actor_id, typed) else None
    with transaction():
        if not use_recovery_code(actor_id, typed, moment):
            return None
        record("user.second_factor.recovery", access.actor(actor_id), left=queries.codes_left(actor_id))
    return RECOVERY


def _use_digits(actor_id: int, digits: str) -> bool:
    found = queries.factor(actor_id)
    if found is None or found.secret_sealed is None:
        return False
    secret = open_sealed(server_key(SIGN_IN), found.secret_sealed, place_of_secret(actor_id))
    step = totp.matching_step(secret, digits, now())
    if step is None:
        return False
    with transaction():
        return queries.use_step(actor_id, step)


def as_typed(code: str) -> str:
    """As people type it: in groups, in small letters."""
    return "".join(code.split()).replace("-", "").upper()


def place_of_secret(actor_id: int) -> str:
    """Where an authenticator app's secret is sealed for."""
    return f"totp|{actor_id}"
