"""Which kinds of mail are there, and what does each say to the person who has the address at that moment?"""

from __future__ import annotations

from app.clock import now
from app.db.queries import access, identity
from app.runtime import runtime
from app.services import mail_texts
from app.services.mails import PASSWORD_CHANGED, Writer
from app.services.smtp import Text


def _server() -> str:
    return runtime().settings.public_url or ""


def _password_changed(address: str) -> Text | None:
    user = access.user_by_email(address)
    if user is None:
        return None
    return mail_texts.password_changed(_server(), identity.live_keys(user.actor_id, now()))


WRITERS: dict[str, Writer] = {PASSWORD_CHANGED: _password_changed}
