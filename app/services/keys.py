"""Which key seals this record, and where do the server's own keys come from?

Every submission, case and kept-aside file has its own data key, wrapped by the key file's key. Destroying the
wrapped key erases everything that it sealed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import update

from app import problems
from app.clock import now
from app.db import db, models
from app.db.insert import insert_row
from app.db.queries import keys as key_queries
from app.runtime import runtime
from app.sealing.envelope import SealBroken, new_key
from app.services.transaction import transaction

CONTENT_HASH = "server:content-hash"
DRAFT_TOKEN = "server:draft-token"
AUDIT_CHAIN = "server:audit"
SIGN_IN = "server:sign-in"
PSEUDONYM = "server:pseudonym"
SERVER_KEYS = (CONTENT_HASH, DRAFT_TOKEN, AUDIT_CHAIN, SIGN_IN, PSEUDONYM)


@dataclass(frozen=True, repr=False)
class WrappedKey:
    """A new data key that is in no row yet."""

    key: bytes
    purpose: str
    wrapped: bytes
    wrapping_key_id: str


def make_data_key(purpose: str) -> WrappedKey:
    """A new data key; what it is to seal can be sealed before a transaction begins."""
    key = new_key()
    return WrappedKey(key, purpose, *runtime().keyring.wrap(key, purpose))


def row_of(made: WrappedKey) -> dict[str, Any]:
    """The row that keeps the key."""
    return {
        "purpose": made.purpose,
        "wrapped": made.wrapped,
        "wrapping_key_id": made.wrapping_key_id,
        "created_at": now(),
    }


def add_data_key(purpose: str) -> tuple[int, bytes]:
    """Make a data key in the running transaction: its row's id and the key."""
    made = make_data_key(purpose)
    return insert_row(models.DataKey, **row_of(made)), made.key


def open_key(row: models.DataKey) -> bytes:
    """The key of a row. Raises SealBroken, also if it was destroyed."""
    if row.wrapped is None:
        raise SealBroken("this record was erased")
    return runtime().keyring.unwrap(row.wrapped, row.wrapping_key_id, row.purpose)


def data_key(key_id: int) -> bytes:
    """The key with this id. Raises SealBroken."""
    row = key_queries.data_key(key_id)
    if row is None:
        raise SealBroken("the record's key is missing")
    return open_key(row)


def destroy_keys(key_ids: Collection[int]) -> None:
    """Destroy these in the running transaction: what they sealed can be read by nobody again."""
    key = models.DataKey
    statement = update(key).where(key.id.in_(key_ids), key.wrapped.is_not(None))
    gone = statement.values(wrapped=None, destroyed_at=now())
    db.session.execute(gone, execution_options={"synchronize_session": False})


def server_key(purpose: str) -> bytes:
    """One of the server's own keys, made at set-up and the same on every server. Raises Problem 503.1 before that."""
    kept: dict[str, bytes] = current_app.extensions.setdefault("sportel-server-keys", {})
    if purpose not in kept:
        row = key_queries.server_key(purpose)
        if row is None:
            raise problems.unavailable("the server is not set up; run: flask sportel setup")
        kept[purpose] = open_key(row)
    return kept[purpose]


def make_missing_server_keys() -> None:
    """Make what an earlier version did not have; open each, which only the right key file can. Raises SealBroken."""
    for purpose in SERVER_KEYS:
        if key_queries.server_key(purpose) is None:
            with transaction():
                add_data_key(purpose)
        server_key(purpose)
