"""By which name does one recipient know a record, that tells nobody else which record it is?

HMAC-SHA-256 under a key that HKDF makes of the server's own key for each recipient: the same record has the same name
for one recipient whenever they ask, and another one for everybody else, so that two of them cannot lay their tables
side by side. The server's key is wrapped by the key file's, and outlives its rotation.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.services.keys import PSEUDONYM, server_key


def recipient_key(actor_id: int) -> bytes:
    """The key of one recipient. Raises Problem 503.1 before the server is set up."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"sportel pseudonyms|%d" % actor_id)
    return derive.derive(server_key(PSEUDONYM))


def pseudonym(key: bytes, form_id: int, instance_id: str) -> str:
    """The record's name for the recipient, of the shape of an instance ID."""
    digest = hmac.new(key, f"{form_id}|{instance_id}".encode(), hashlib.sha256).digest()
    return f"uuid:{UUID(bytes=digest[:16], version=5)}"
