"""How is a small thing sealed so that it opens only with its key and only in its place?

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce in front; the place (which row, which column) is the
associated data, so that a sealed value moved to another row does not open.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32


class SealBroken(Exception):
    """What should open does not: the wrong key, another place, or changed bytes."""


def new_key() -> bytes:
    """A fresh key of 32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plain: bytes, place: str) -> bytes:
    """`nonce || ciphertext || tag`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def open_sealed(key: bytes, sealed: bytes, place: str) -> bytes:
    """The plaintext. Raises SealBroken."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError):
        raise SealBroken(f"a sealed value of {place.split('|')[0]} does not open") from None


def keyed_hash(key: bytes, content: bytes) -> bytes:
    """HMAC-SHA-256, 32 bytes. A plain hash of a short record could be guessed from its content."""
    return hmac.digest(key, content, "sha256")


@dataclass(frozen=True, repr=False)
class Keyring:
    """The wrapping keys by id; the active one wraps, every one unwraps."""

    keys: Mapping[str, bytes]
    active_id: str

    def wrap(self, data_key: bytes, purpose: str) -> tuple[bytes, str]:
        """The data key sealed, and the id of the key that did it."""
        return seal(self.keys[self.active_id], data_key, f"data-key|{purpose}"), self.active_id

    def unwrap(self, wrapped: bytes, wrapping_key_id: str, purpose: str) -> bytes:
        """The data key. Raises SealBroken, also if the wrapping key is not in the file."""
        key = self.keys.get(wrapping_key_id)
        if key is None:
            raise SealBroken(f"the key file lacks the key {wrapping_key_id}; restore the file that has it")
        return open_sealed(key, wrapped, f"data-key|{purpose}")
