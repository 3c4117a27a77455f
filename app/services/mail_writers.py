"""Which kinds of mail are there, and what does each say to the person who has the address at that moment?"""

from __future__ import annotations

from app.clock import now
from app.db import models
from app.db.queries import access, identity
from app.runtime import runtime
from app.services import mail_texts
from app.services.mails import ADDRESS_CHANGED, INVITATION, PASSWORD_CHANGED, PASSWORD_RESET, Writer
from app.services.password_reset import new_code
from app.services.smtp import Text


def _server() -> str:
    return runtime().settings.public_url or ""


def _live(address: str) -> models.User | None:
    found = access.user_by_email(address)
    return found if found is not None and access.actor(found.actor_id) is not None else None


def _passwords_count() -> bool:
    return runtime().settings.password_sign_in == "on"


def _password_reset(address: str) -> Text | None:
    user = _live(address)
    if user is None or not _passwords_count():
        # To a stranger this server has nothing to say.
        return None
    return _choose_password(user, is_new=False)


def _invitation(address: str) -> Text | None:
    user = _live(address)
    if user is None or user.password_hash is not None or not _passwords_count():
        return None
    return _choose_password(user, is_new=True)


def _choose_password(user: models.User, *, is_new: bool) -> Text | None:
    code = new_code(user.actor_id, user.email)
    return None if code is None else mail_texts.choose_password(_server(), code, is_new=is_new)


def _password_changed(address: str) -> Text | None:
    user = _live(address)
    if user is None:
        return None
    return mail_texts.password_changed(_server(), identity.live_keys(user.actor_id, now()))


def _address_changed(_address: str) -> Text | None:
    return mail_texts.address_changed(_server())


WRITERS: dict[str, Writer] = {
    PASSWORD_RESET: _password_reset,
    INVITATION: _invitation,
    PASSWORD_CHANGED: _password_changed,
    ADDRESS_CHANGED: _address_changed,
}
