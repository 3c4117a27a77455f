"""How does a person add a security key as a second factor, see which they have, and take one away?

A key is one that is plugged in or held to the phone, or the one inside of a phone or laptop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app import problems, problems_sign_in
from app.clock import now
from app.db import db, models
from app.db.queries import access, identity
from app.db.queries import second_factors as factor_queries
from app.db.queries import security_keys as queries
from app.permissions import Actor
from app.runtime import runtime
from app.sealing.envelope import keyed_hash
from app.services import webauthn_ceremony
from app.services.audit import record
from app.services.keys import SIGN_IN, server_key
from app.services.recovery_codes import new_codes
from app.services.second_factor_policy import must_have_factor
from app.services.second_factor_proof import Proof, check_is_person, email_of, prove_again
from app.services.transaction import transaction
from app.services.webauthn_ceremony import RelyingParty
from app.services.webauthn_use import ADD, known_keys, new_challenge, relying_party, use_challenge

MOST_KEYS = 20


@dataclass(frozen=True, repr=False)
class Added:
    """The new key's number; recovery codes, shown this once, if it is the person's first second factor."""

    id: int
    recovery_codes: list[str]


def own_keys(by: Actor) -> Sequence[models.SecurityKey]:
    """One's own. Raises Problem 403.1 for who is no person at the door itself."""
    check_is_person(by)
    return queries.keys_of(by.id)


def begin_adding(by: Actor, proof: Proof, *, address: str | None) -> dict[str, Any]:
    """What the browser is to ask the new key. `proof`: of the second factor until now, if there is one.

    `address`: the IP address that asks. Raises Problem 401.7, 403.1, 409.51, 429.1.
    """
    check_is_person(by)
    party = _party()
    if factor_queries.is_enrolled(by.id):
        prove_again(by, proof, address)
    # What a key keeps of its owner; who reads it there learns nothing.
    handle = keyed_hash(server_key(SIGN_IN), f"webauthn|{by.id}".encode())
    email, challenge = email_of(by), new_challenge(by.id, ADD)
    return webauthn_ceremony.creation_options(party, challenge, handle, email, known_keys(by.id))


def add(by: Actor, label: str, credential: dict[str, Any]) -> Added:
    """From now on this key is a second factor. If it is the first one, all sessions end.

    `credential`: what the key answered. Raises Problem 400.8, 403.1, 409.3, 409.51.
    """
    check_is_person(by)
    party, challenge = _party(), webauthn_ceremony.challenge_of_new(credential)
    if challenge is None or not use_challenge(by.id, ADD, challenge):
        raise _refused()
    made = webauthn_ceremony.verified_new(party, credential, challenge)
    if made is None:
        raise _refused()
    moment = now()
    with transaction():
        # First: a sign-in without the second factor waits for it, and is then refused.
        db.session.get_one(models.User, by.id, with_for_update=True)
        if queries.is_known(made.credential_id):
            raise problems.already_exists(["credential"], ["of this security key"])
        if len(queries.keys_of(by.id)) >= MOST_KEYS:
            raise problems.unexpected_value("credential", f"a person has at most {MOST_KEYS}; remove one first")
        is_first = not factor_queries.is_enrolled(by.id)
        key = models.SecurityKey(
            actor_id=by.id,
            label=label,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            transports=list(made.transports),
            created_at=moment,
        )
        db.session.add(key)
        db.session.flush()
        codes = new_codes(by.id, moment) if is_first else []
        if is_first:
            identity.end_tokens(by.id, moment)
        record("user.security_key.create", by, actorId=by.id, keyId=key.id)
        return Added(key.id, codes)


def _refused() -> problems.Problem:
    return problems.unexpected_value(
        "credential", "it is not a security key's answer to what it was asked here just now; begin anew"
    )


def remove(by: Actor, key_id: int, proof: Proof, *, address: str | None) -> None:
    """Take one's own key away; all sessions end. With the last second factor the recovery codes go too.

    `proof`: of a second factor, this key's too. Raises Problem 401.7, 403.1, 404.1, 429.1; 409.52 for the last one of
    somebody who must have one.
    """
    check_is_person(by)
    if key_id not in {each.id for each in queries.keys_of(by.id)}:
        raise problems.not_found()
    prove_again(by, proof, address)
    with transaction():
        # Locked: of two who remove two keys at once the second one sees what is left.
        db.session.get_one(models.User, by.id, with_for_update=True)
        key = db.session.get(models.SecurityKey, key_id)
        if key is None:
            raise problems.not_found()
        db.session.delete(key)
        db.session.flush()
        if not factor_queries.is_enrolled(by.id):
            if _must_have_one(by):
                raise problems_sign_in.last_factor()
            factor_queries.remove(by.id)
        identity.end_tokens(by.id, now())
        record("user.security_key.delete", by, actorId=by.id, keyId=key_id)


def _must_have_one(by: Actor) -> bool:
    # With all that their roles give: a session that can only set up a factor has lost them.
    whole = access.actor(by.id)
    return whole is not None and must_have_factor(runtime().settings.second_factor, whole)


def _party() -> RelyingParty:
    party = relying_party()
    if party is None:
        raise problems_sign_in.no_security_keys()
    return party
