"""Which mail is still to be sent, and what if it cannot be?

A row says which kind of mail goes to which address, and the address is sealed. What the mail says, with the code that
may be in it, is made when it is sent and kept nowhere. The row is written in the transaction that the mail tells of.

A try is counted before it is made, and no transaction is open while the mail server is spoken to: a mail server that
hangs keeps nobody waiting, and mail in which a process dies is parked like any other. So a mail may come twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.clock import now
from app.config import ConfigError
from app.db import db, models
from app.db.insert import insert_row
from app.db.queries import mails as queries
from app.logs import place_of
from app.runtime import runtime
from app.sealing.envelope import open_sealed, seal
from app.services.keys import SIGN_IN, server_key
from app.services.smtp import MailFailed, Text, deliver
from app.services.transaction import transaction

log = structlog.get_logger("sportel.mail")

# How long after each try the next one comes, should this one fail or never end. Servers that do not know the sender
# ask to be tried again after some minutes.
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=4))
MOST_TRIES = len(WAITS)

PASSWORD_RESET = "password-reset"
INVITATION = "invitation"
PASSWORD_CHANGED = "password-changed"
ADDRESS_CHANGED = "address-changed"

Writer = Callable[[str], Text | None]
"""What a kind of mail says to this address; None if there is nothing to say to it any more."""


def is_on() -> bool:
    """Does this server send mail?"""
    return runtime().settings.smtp_host is not None


def send_later(kind: str, address: str) -> None:
    """Have a mail sent once the running transaction is committed, if this server sends mail."""
    if is_on():
        moment = now()
        sealed = seal(server_key(SIGN_IN), address.encode(), _place(kind))
        insert_row(
            models.Mail, kind=kind, address_sealed=sealed, state="waiting", tries=0, due_at=moment, created_at=moment
        )


def _place(kind: str) -> str:
    return f"mail|{kind}"


def is_due() -> bool:
    """Is there mail to be sent now, and a mail server to send it to?"""
    return is_on() and queries.anything_due(now())


def send_due(writers: Mapping[str, Writer]) -> None:
    """Send what is due, one after the other."""
    while is_on() and _send_one(writers):
        pass


@dataclass(frozen=True, repr=False)
class _Claimed:
    """A mail whose try is counted."""

    id: int
    kind: str
    address_sealed: bytes
    tries: int


def _claim() -> _Claimed | None:
    with transaction():
        row = queries.claim(now())
        if row is None:
            return None
        row.tries += 1
        row.due_at = now() + WAITS[min(row.tries, MOST_TRIES) - 1]
        db.session.flush()
        return _Claimed(row.id, row.kind, row.address_sealed, row.tries)


def _send_one(writers: Mapping[str, Writer]) -> bool:
    mail = _claim()
    if mail is None:
        return False
    if mail.tries > MOST_TRIES:
        _failed(mail, "the process ended in it", is_final=True)
        return True
    try:
        address = open_sealed(server_key(SIGN_IN), mail.address_sealed, _place(mail.kind)).decode()
        text = writers[mail.kind](address)
        # Nothing is open while the mail server is spoken to.
        db.session.remove()
        if text is not None:
            deliver(runtime().settings, address, text)
    except MailFailed as error:
        _failed(mail, str(error), is_final=error.is_final)
    except ConfigError as error:
        _failed(mail, str(error))
    except Exception as error:  # noqa: BLE001  (one mail's fault is not the others')
        db.session.rollback()
        _failed(mail, f"{type(error).__name__} at {place_of(error)}")
    else:
        with transaction():
            queries.remove(mail.id)
        log.info("mail.sent" if text is not None else "mail.dropped", id=mail.id, kind=mail.kind)
    return True


def _failed(mail: _Claimed, error: str, *, is_final: bool = False) -> None:
    parked = is_final or mail.tries >= MOST_TRIES
    with transaction():
        queries.change(mail.id, mail.tries, state="parked" if parked else "waiting", last_error=error[:255])
    facts = {"id": mail.id, "kind": mail.kind, "tries": mail.tries}
    if parked:
        log.error("mail.parked", error=error, remedy="flask sportel mail list", **facts)
    else:
        log.warning("mail.failed", error=error, **facts)


@dataclass(frozen=True)
class ShownMail:
    """A row as the operator sees it; to whom, nobody sees."""

    id: int
    kind: str
    state: str
    tries: int
    due_at: datetime
    last_error: str | None
    created_at: datetime


def listed() -> list[ShownMail]:
    """Everything that waits or is parked, the oldest first."""
    return [
        ShownMail(row.id, row.kind, row.state, row.tries, row.due_at, row.last_error, row.created_at)
        for row in queries.listed()
    ]


def retry(ids: Sequence[int] | None = None) -> int:
    """Let parked mail (all, or these rows) be tried anew; how many there were."""
    with transaction():
        return queries.unpark(ids, now())
