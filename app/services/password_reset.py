"""How does somebody who forgot the password, or never had one, choose one: with a code that was mailed to them?

Asking looks for nobody: it counts, and has a mail sent to whatever address was given. Whether there is somebody with it
is found out when the mail is written, so the answer is the same for everybody, and as quick.

A code is 140 random bits, lives for a day, and only its hash is kept. The first of somebody's codes that is used ends
all of them. It changes the password and nothing else: a second factor is asked for as before.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from app import problems, problems_mail
from app.clock import now
from app.db import db, models
from app.db.insert import insert_row
from app.db.queries import access, identity
from app.db.queries import password_resets as queries
from app.permissions import Actor
from app.services import accounts, mails
from app.services.audit import record
from app.services.limits import count_mail
from app.services.sessions import check_passwords_count
from app.services.sign_in import hash_password, token_hash
from app.services.transaction import transaction

CODE_LIVES = timedelta(hours=24)
# Without the letters and digits that look like others: 32 of them, so 28 are 140 bits.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CHARACTERS, _GROUP = 28, 4


def ask(email: str, *, address: str | None) -> None:
    """Have a code mailed to the person with this address, if there is one. `address`: the IP address that asks.

    Raises Problem 401.8 if passwords are off, 429.4, the same for whoever is there and is not, 501.42 without a mail
    server.
    """
    check_passwords_count()
    _refuse_without_mail()
    with transaction():
        # Refused ones are not counted, so nothing is written that would have to stay.
        count_mail(email, address)
        mails.send_later(mails.PASSWORD_RESET, email.strip().lower())


def invalidate(by: Actor, email: str) -> None:
    """End a password that somebody else may know, with every session and API key, and have a code mailed.

    API keys go here, because somebody may have made them with it; where a password was only forgotten they stay.
    For an address of nobody nothing is done. Raises Problem 501.42 without a mail server.
    """
    _refuse_without_mail()
    moment = now()
    with transaction():
        user = access.user_by_email(email)
        if user is None or access.actor(user.actor_id) is None:
            return
        user = db.session.get_one(models.User, user.actor_id, with_for_update=True)
        user.password_hash = None
        db.session.flush()
        identity.end_tokens(user.actor_id, moment)
        identity.end_keys(user.actor_id, moment)
        queries.end_codes(user.actor_id)
        mails.send_later(mails.PASSWORD_RESET, user.email)
        record("user.password.invalidate", by, actorId=user.actor_id)


def _refuse_without_mail() -> None:
    if not mails.is_on():
        raise problems_mail.no_mail()


def new_code(actor_id: int, address: str) -> str | None:
    """A code for this person, in groups to be typed; it is nowhere but in what this returns.

    None if the person is gone, or has another address than this one, to which the code would be mailed.
    """
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS))
    moment = now()
    with transaction():
        # Looked at under the lock: the address may have been changed since it was looked for.
        user = db.session.get_one(models.User, actor_id, with_for_update=True)
        if user.email != address or access.actor(actor_id) is None:
            return None
        queries.forget_before(moment)
        insert_row(
            models.PasswordReset,
            actor_id=actor_id,
            code_hash=token_hash(code),
            created_at=moment,
            expires_at=moment + CODE_LIVES,
        )
        record("user.password.code", None, actorId=actor_id)
    return "-".join(code[at : at + _GROUP] for at in range(0, _CHARACTERS, _GROUP))


def choose_password(code: str, new: str) -> None:
    """The password of whoever was mailed the code, from now on; every session ends, and the code is used up.

    Raises Problem 401.2 for a code that is not good (any more), 400.21, 401.8 if passwords are off.
    """
    check_passwords_count()
    hashed_code = token_hash(_typed(code))
    # Looked for first: a password costs a quarter of a second to hash, and who has no code is not worth it.
    if queries.holder(hashed_code, now()) is None:
        raise problems.authentication_failed()
    hashed = hash_password(new)
    with transaction():
        person = _holder_for_update(hashed_code)
        if person is None:
            raise problems.authentication_failed()
        accounts.put_password(person, person.id, hashed)


def _holder_for_update(hashed_code: bytes) -> Actor | None:
    actor_id = queries.holder(hashed_code, now())
    if actor_id is None:
        return None
    db.session.get_one(models.User, actor_id, with_for_update=True)
    # Looked at again: of two who use a code at once, the second has waited here until it was used up.
    return access.actor(actor_id) if queries.holder(hashed_code, now()) is not None else None


def _typed(code: str) -> str:
    """As people type it: in groups, in small letters."""
    return "".join(code.split()).replace("-", "").upper()
