"""How do phones encrypt what they send, and how is it opened with a passphrase?

A key pair belongs to a project. Phones get the public half with the form; the private half lies sealed under a
passphrase that the server never keeps. A submission has a symmetric key of its own, encrypted with RSA-OAEP (SHA-256);
its files are encrypted with AES-256-CFB and PKCS#7 padding, each under an initialization vector of its own.

Source: ODK XForms specification, encryption; what ODK Collect sends.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.sealing.envelope import NONCE_BYTES, SealBroken

RSA_BITS = 2048
MOST_RSA_BITS = 8192
_MOST_PUBLIC_CHARACTERS = 2000
BLOCK_BYTES = 16
KEY_BYTES = 32
_SALT_BYTES = 16
_PLACE = b"phone-encryption"
# Not as a hash of anything: only to spread the padding, as the phone did it.
_MASKS = (hashes.SHA256(), hashes.SHA1())  # noqa: S303  # nosec B303


@dataclass(frozen=True, repr=False)
class KeyPair:
    """`public`: base64 of the DER, as a form carries it. `private_sealed`: opens with the passphrase alone."""

    public: str
    private_sealed: bytes


def make_key_pair(passphrase: str) -> KeyPair:
    """A new pair; takes a moment."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    plain = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_stretched(passphrase, salt)).encrypt(nonce, plain, _PLACE)
    return KeyPair(b64encode(public).decode(), salt + nonce + sealed)


def is_public_key(text: str) -> bool:
    """Is it what phones can encrypt with: base64 of the DER of an RSA key of a sound length?"""
    if len(text) > _MOST_PUBLIC_CHARACTERS:
        return False
    try:
        key = serialization.load_der_public_key(b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return isinstance(key, rsa.RSAPublicKey) and RSA_BITS <= key.key_size <= MOST_RSA_BITS


def open_private_key(private_sealed: bytes, passphrase: str) -> rsa.RSAPrivateKey:
    """The private half. Raises SealBroken for another passphrase."""
    salt, rest = private_sealed[:_SALT_BYTES], private_sealed[_SALT_BYTES:]
    try:
        plain = AESGCM(_stretched(passphrase, salt)).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], _PLACE)
    except InvalidTag:
        raise SealBroken("the passphrase does not open this key") from None
    key = serialization.load_der_private_key(plain, None)
    assert isinstance(key, rsa.RSAPrivateKey), "only such keys are made here"
    return key


def _stretched(passphrase: str, salt: bytes) -> bytes:
    # 64 MiB and about a tenth of a second: each guess costs that too. OWASP's second choice for scrypt.
    return Scrypt(salt=salt, length=KEY_BYTES, n=2**16, r=8, p=1).derive(passphrase.encode())


def open_submission_key(private: rsa.RSAPrivateKey, encrypted: bytes) -> bytes:
    """A submission's symmetric key. Raises SealBroken if it was encrypted for another key."""
    # Collect's provider takes SHA-256 for the mask too; others keep SHA-1 there, which the name they ask for allows.
    for mask in _MASKS:
        try:
            key = private.decrypt(encrypted, padding.OAEP(padding.MGF1(mask), hashes.SHA256(), None))
        except ValueError:
            continue
        if len(key) == KEY_BYTES:
            return key
    raise SealBroken("the submission was encrypted for another key")


def vector_of(instance_id: str, key: bytes, number: int) -> bytes:
    """The initialization vector of a submission's file with this number, from 0 in the order of encryption."""
    vector = bytearray(hashlib.md5(instance_id.encode() + key, usedforsecurity=False).digest())
    for step in range(number + 1):
        vector[step % BLOCK_BYTES] = (vector[step % BLOCK_BYTES] + 1) % 256
    return bytes(vector)


class PaddingBroken(SealBroken):
    """A file that does not end as it must: it is cut, or of another submission."""


def decrypted(key: bytes, vector: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A file's content in pieces. Raises PaddingBroken at its end, where the padding is."""
    decryptor = Cipher(algorithms.AES(key), CFB(vector)).decryptor()
    kept = b""
    for chunk in chunks:
        kept += decryptor.update(chunk)
        yield kept[:-BLOCK_BYTES]
        kept = kept[-BLOCK_BYTES:]
    kept += decryptor.finalize()
    count = kept[-1] if kept else 0
    if not 0 < count <= BLOCK_BYTES or kept[-count:] != bytes([count]) * count:
        raise PaddingBroken("the encrypted file does not open: it is cut, or of another submission")
    yield kept[:-count]
