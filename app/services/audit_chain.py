"""How do the audit's lines hold together, so that none can be changed, taken out or put elsewhere unseen?

Each line gets a place (1, 2, 3 …) and a seal: HMAC-SHA-256 under a key of the server's own over the seal before it and
all that the line says. Lines are sealed some seconds after they were written, so that those who write never wait for
each other. The place is given by the sealer and not by the line's number: on PostgreSQL a line can be committed after
one with a higher number was sealed, and numbers have gaps where a transaction was rolled back. So a late line comes
into the chain with the next batch, none is ever skipped, and a gap among the places always means that somebody took a
line out.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import structlog

from app.clock import now, to_iso
from app.db import db
from app.db.queries import audits as queries
from app.runtime import runtime
from app.sealing.envelope import keyed_hash
from app.services import audit_heads
from app.services.keys import AUDIT_CHAIN, server_key
from app.services.transaction import transaction

log = structlog.get_logger("sportel.audit")

SEAL_EVERY_SECONDS = 5.0
TELL_EVERY_SECONDS = 3600.0
# What the first line follows.
GENESIS = bytes(32)

_BATCH = 500
# A long backlog is sealed bit by bit, so that submissions' own work is not kept waiting.
_MOST_SECONDS = 2.0

_LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


@dataclass(frozen=True)
class Head:
    """The end of the chain: who knows it knows whether anything up to there was changed or cut off."""

    position: int
    seal: bytes

    def __str__(self) -> str:
        """`<place>:<seal>`, as the log, the file and the command line write it."""
        return f"{self.position}:{seal_text(self.seal)}"


def seal_text(seal: bytes) -> str:
    """A seal in 43 characters. Not in hex: the log masks what is as long as that, for it might be a token."""
    return urlsafe_b64encode(seal).decode().rstrip("=")


def parse_head(text: str) -> Head:
    """What `str(head)` wrote. Raises ValueError."""
    position, _, seal = text.strip().partition(":")
    read = Head(int(position), urlsafe_b64decode(seal + "="))
    if read.position < 1 or len(read.seal) != len(GENESIS):
        raise ValueError("a head is <place>:<seal>")
    return read


def seal_of(previous: bytes, line: Any) -> bytes:
    """The seal of a line that follows the one with the seal `previous`."""
    return keyed_hash(server_key(AUDIT_CHAIN), previous + canonical(line).encode())


def canonical(line: Any) -> str:
    """All that a line says, the same text on both databases and after a restore into the other one."""
    said = (
        line.id,
        line.actor_id,
        line.office_id,
        line.action,
        line.project_id,
        line.form_id,
        line.submission_id,
        line.entity_id,
        _same_numbers(line.details),
        line.logged_at.isoformat(timespec="microseconds"),
    )
    return _LINE.encode(said)


def _same_numbers(value: Any) -> Any:
    """PostgreSQL writes 1e22 as a whole number; SQLite gives back the text."""
    if isinstance(value, dict):
        return {name: _same_numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_same_numbers(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def is_due() -> bool:
    """Does a line wait for its seal?"""
    due = queries.anything_unsealed()
    db.session.rollback()
    return due


def seal_lines() -> int:
    """Seal what waits, the oldest first, for some seconds at most; how many lines."""
    count, end = 0, time.monotonic() + _MOST_SECONDS
    while (sealed := _seal_batch()) and time.monotonic() < end:
        count += sealed
    head = present_head()
    if head is not None:
        audit_heads.keep(runtime().settings, str(head), to_iso(now()) or "", _holds)
    return count + sealed


def _seal_batch() -> int:
    with transaction():
        queries.lock_chain()
        position, previous = queries.head() or (0, GENESIS)
        seals = []
        for line in queries.unsealed(_BATCH):
            position += 1
            seal = seal_of(previous, line)
            seals.append({"line_id": line.id, "place": position, "previous": previous, "seal": seal})
            previous = seal
        if seals:
            queries.seal(seals)
    return len(seals)


def present_head() -> Head | None:
    """The end of the chain; None before the first line was sealed."""
    found = queries.head()
    db.session.rollback()
    return None if found is None else Head(*found)


def _holds(text: str) -> bool:
    """Is this head a place of the chain as it is now?"""
    head = parse_head(text)
    found = queries.hash_at(head.position)
    db.session.rollback()
    return found == head.seal


def tell_head() -> None:
    """Write the head to the log, with which it leaves the machine."""
    head = present_head()
    if head is not None:
        log.info("audit.head", head=str(head))
