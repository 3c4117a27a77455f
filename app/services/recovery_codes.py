"""Which codes on paper let a person in who has lost the phone or the key? Ten, each once, kept as keyed hashes."""

from __future__ import annotations

import secrets
from datetime import datetime

from app.db.queries import second_factors as queries
from app.sealing.envelope import keyed_hash
from app.services.keys import SIGN_IN, server_key

RECOVERY_CODES = 10
# Without the letters and digits that look like others: 32 of them, so 16 are 80 bits.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_CHARACTERS = 16


def new_codes(actor_id: int, moment: datetime) -> list[str]:
    """Ten new ones instead of the old ones, in the running transaction; in clear only here."""
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_CODE_CHARACTERS)) for _ in range(RECOVERY_CODES)]
    queries.replace_codes(actor_id, [_hash(actor_id, code) for code in codes], moment)
    return ["-".join(code[at : at + 4] for at in range(0, _CODE_CHARACTERS, 4)) for code in codes]


def use_recovery_code(actor_id: int, typed: str, moment: datetime) -> bool:
    """Use up a code, in the running transaction; False if there is no such one left. `typed`: without its groups."""
    return queries.use_code(actor_id, _hash(actor_id, typed), moment)


def _hash(actor_id: int, code: str) -> bytes:
    return keyed_hash(server_key(SIGN_IN), f"recovery|{actor_id}|{code}".encode())
