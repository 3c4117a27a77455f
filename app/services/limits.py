"""How often may somebody try what a guesser would? In the database, so that every server counts the same tries.

Wrong sign-ins count for the user's address, whether there is such a user or not, and for the network that they come
from; wrong passphrases for who tries and the key. Each is wrong "in a row" while none comes more than a minute after
the one before. Too many lock for a minute, then for longer and longer; a day without any begins anew. What is right
ends the user's count, and not the network's.

The count is written after the secret was looked at, so as many more than the limit may pass as are looked at in the
same moment: two for each process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from app import problems, problems_mail
from app.clock import now
from app.db import db
from app.db.queries import limits as queries
from app.db.queries.limits import Key
from app.permissions import Actor
from app.runtime import runtime
from app.sealing.envelope import keyed_hash
from app.services.keys import SIGN_IN, server_key
from app.services.transaction import transaction

IN_A_ROW = timedelta(minutes=1)
LOCKS = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=15))
FORGOTTEN_AFTER = timedelta(days=1)
# Enough for who looks into the wrong mailbox first; too few to fill somebody's.
MAIL_IN_A_ROW = timedelta(hours=1)
MAILS_TO_ONE, MAILS_FROM_NETWORK = 3, 20


@dataclass(frozen=True)
class Count:
    """Wrong tries in a row, how often they have locked before, and until when they do."""

    tries: int = 0
    locks: int = 0
    locked_until: datetime | None = None
    last_at: datetime | None = None


def after_wrong(count: Count, most: int, moment: datetime) -> Count:
    """The count after one more wrong try. One that was under way when another one locked changes nothing."""
    if count.locked_until is not None and moment < count.locked_until:
        return count
    since = None if count.last_at is None else moment - count.last_at
    locks = 0 if since is None or since >= FORGOTTEN_AFTER else count.locks
    tries = 1 if since is None or since >= IN_A_ROW else count.tries + 1
    if tries < most:
        return Count(tries, locks, None, moment)
    return Count(0, locks + 1, moment + LOCKS[min(locks, len(LOCKS) - 1)], moment)


class TryLimit:
    """The limits of one try: `check` first, then `wrong` or `right`."""

    def __init__(self, most: Mapping[Key, int], own: Key | None) -> None:
        """`most`: how many in a row each may get wrong; `own`: the one that begins anew after what is right."""
        # Always in the same order, so that two who count never wait for each other.
        self._most, self._own = most, own

    def check(self) -> None:
        """Raises Problem 429.1 while one of them is locked."""
        until = queries.locked_until(self._most)
        if until is not None and until > now():
            raise problems.too_many_tries(math.ceil((until - now()).total_seconds()))

    def wrong(self) -> None:
        """Count a wrong try."""
        with transaction():
            for key, most in self._most.items():
                moment = now()
                row = queries.one_for_update(key, moment)
                # A row that was just made has no try before this one.
                before = Count(row.tries, row.locks, row.locked_until, row.last_at)
                after = after_wrong(before, most, moment)
                row.tries, row.locks = after.tries, after.locks
                row.locked_until, row.last_at = after.locked_until, moment
                db.session.flush()

    def right(self) -> None:
        """Forget the own wrong tries; written only if there were any."""
        if self._own is not None and queries.is_known(self._own):
            with transaction():
                queries.forget(self._own)


class SignInLimit(TryLimit):
    """The limits of one try to sign in."""

    def __init__(self, email: str | None, address: str | None) -> None:
        """`email`: None while it is not known who tries; `address`: the IP address that asks."""
        settings = runtime().settings
        user = None if email is None else _key("user", email.strip().lower())
        most = {} if user is None else {user: settings.sign_in_tries}
        super().__init__(most | {_key("network", _network_of(address)): settings.sign_in_tries_network}, user)


class PassphraseLimit(TryLimit):
    """The limit of one try to open a project's key: as many as at the sign-in, by each person for each key."""

    def __init__(self, actor: Actor, key_id: int) -> None:
        own = _key("passphrase", f"{actor.id}|{key_id}")
        super().__init__({own: runtime().settings.sign_in_tries}, own)


def after_asked(tries: int, last_at: datetime, most: int, moment: datetime) -> int | None:
    """How often mail was asked for with this time, in a row while none comes an hour after the one before.

    None: too often.
    """
    if not tries or moment - last_at >= MAIL_IN_A_ROW:
        return 1
    return tries + 1 if tries < most else None


def count_mail(email: str, address: str | None) -> None:
    """Count that mail to this address is asked for from this network, in the running transaction.

    Raises Problem 429.4, and then nothing is to be counted: who goes on asking does not wait for longer.
    """
    for key, most in (
        (_key("mail", email.strip().lower()), MAILS_TO_ONE),
        (_key("mail-network", _network_of(address)), MAILS_FROM_NETWORK),
    ):
        moment = now()
        row = queries.one_for_update(key, moment)
        tries = after_asked(row.tries, row.last_at, most, moment)
        if tries is None:
            raise problems_mail.too_many_mails(math.ceil((row.last_at + MAIL_IN_A_ROW - moment).total_seconds()))
        row.tries, row.last_at = tries, moment
        db.session.flush()


def _key(kind: str, subject: str) -> Key:
    return kind, keyed_hash(server_key(SIGN_IN), f"limit|{kind}|{subject}".encode())


def _network_of(address: str | None) -> str:
    """An IPv4 address, or the /64 that an IPv6 address is in: one subscriber has as many of these as they like."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    return str(found if found.version == 4 else ip_network(f"{found}/64", strict=False))


def is_anything_old() -> bool:
    """Is there a count that nobody needs any more?"""
    return queries.anything_before(now() - FORGOTTEN_AFTER)


def sweep_limits() -> None:
    """Forget the counts of more than a day ago."""
    with transaction():
        queries.forget_before(now() - FORGOTTEN_AFTER)
