"""How is a security key asked to sign for a person, and its answer used once?

What it is to sign (the challenge) is kept here as a hash, for one person and one purpose, for five minutes. It is used
up before the answer is looked at, so that no answer is tried twice.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from app.clock import now
from app.db import db, models
from app.db.queries import access
from app.db.queries import security_keys as queries
from app.runtime import runtime
from app.services import webauthn_ceremony
from app.services.audit import record
from app.services.sign_in import token_hash
from app.services.transaction import transaction
from app.services.webauthn_ceremony import KnownKey, RelyingParty

ADD, PROVE = "add", "prove"
CHALLENGE_BYTES = 32
CHALLENGE_LIVES = timedelta(minutes=5)


def relying_party() -> RelyingParty | None:
    """Whom keys sign for here; None if the server takes none."""
    settings = runtime().settings
    return webauthn_ceremony.relying_party(settings.public_url, settings.webauthn_verification)


def known_keys(actor_id: int) -> list[KnownKey]:
    """The person's, as a browser is told of them."""
    return [KnownKey(each.credential_id, tuple(each.transports)) for each in queries.keys_of(actor_id)]


def new_challenge(actor_id: int, purpose: str) -> bytes:
    """To be signed by this person within five minutes; it takes the place of the one before."""
    challenge, moment = secrets.token_bytes(CHALLENGE_BYTES), now()
    with transaction():
        queries.forget_challenges(actor_id, purpose, moment)
        db.session.add(
            models.WebauthnChallenge(
                actor_id=actor_id,
                purpose=purpose,
                challenge_hash=_hash(challenge),
                expires_at=moment + CHALLENGE_LIVES,
            )
        )
    return challenge


def use_challenge(actor_id: int, purpose: str, challenge: bytes) -> bool:
    """Use up what was to be signed; False if it was never asked of this person, is too old or was used."""
    with transaction():
        return queries.use_challenge(actor_id, purpose, _hash(challenge), now())


def _hash(challenge: bytes) -> bytes:
    return token_hash(challenge.hex())


def request_options(actor_id: int) -> dict[str, Any] | None:
    """What the person's browser is to ask one of their keys; None for who has none."""
    party, known = relying_party(), known_keys(actor_id)
    if party is None or not known:
        return None
    return webauthn_ceremony.request_options(party, new_challenge(actor_id, PROVE), known)


def use_assertion(actor_id: int, assertion: dict[str, Any]) -> bool:
    """Is this the answer of one of the person's own keys to what it was asked? True once.

    A key that has not counted on was copied: it is refused, and that is on record.
    """
    party, said = relying_party(), webauthn_ceremony.challenge_and_key(assertion)
    if party is None or said is None or not use_challenge(actor_id, PROVE, said[0]):
        return False
    key = queries.key_of(actor_id, said[1])
    if key is None:
        return False
    key_id = key.id
    count = webauthn_ceremony.verified_count(party, assertion, said[0], key.public_key)
    if count is None:
        return False
    with transaction():
        has_counted_on = queries.note_use(key_id, count, now())
        if not has_counted_on:
            record("user.security_key.refuse", access.actor(actor_id), keyId=key_id)
    return has_counted_on
