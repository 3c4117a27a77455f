"""How does a stream become an age file (age-encryption.org/v1), and come back, in flat memory?

To a recipient, the file is an age file and nothing else: `age --decrypt` opens it. With a passphrase, a first line
holds an age identity of this file's own, encrypted with the passphrase; the age file to that identity follows.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import pyrage  # type: ignore[import-untyped]  # it comes without types

from app.services.operation import OperationRefused

LEAST_PASSPHRASE_CHARACTERS = 12
_PASSPHRASE_MARK = b"sportel-backup-passphrase-1 "
_IDENTITY_MARK = "AGE-SECRET-KEY-"
_LONGEST_FIRST_LINE = 4096


@dataclass(frozen=True, repr=False)
class Lock:
    """Whom a file is encrypted to, and the first line that goes before it."""

    recipients: tuple[Any, ...]
    first_line: bytes = b""


def lock_to(recipients: tuple[str, ...]) -> Lock:
    """To age public keys (`age1…`). Raises OperationRefused."""
    try:
        return Lock(tuple(pyrage.x25519.Recipient.from_str(each.strip()) for each in recipients))
    except pyrage.RecipientError:
        raise OperationRefused("a recipient is not an age public key; it begins with age1, from age-keygen") from None


def lock_with(passphrase: str) -> Lock:
    """With a passphrase; deriving its key takes about a second, on purpose."""
    identity = pyrage.x25519.Identity.generate()
    sealed = pyrage.passphrase.encrypt(str(identity).encode(), passphrase)
    return Lock((identity.to_public(),), _PASSPHRASE_MARK + base64.b64encode(sealed) + b"\n")


def read_passphrase(path: Path) -> str:
    """The first line of a file that only its owner may read. Raises OperationRefused."""
    lines = _secret_file(path, "passphrase").splitlines()
    passphrase = lines[0].strip() if lines else ""
    if len(passphrase) < LEAST_PASSPHRASE_CHARACTERS:
        raise OperationRefused(
            f"the passphrase in {path} is too short; give at least {LEAST_PASSPHRASE_CHARACTERS} characters in one line"
        )
    return passphrase


def read_identities(path: Path) -> list[Any]:
    """The identities of an age identity file. Raises OperationRefused."""
    lines = [line.strip() for line in _secret_file(path, "identity").splitlines()]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith(_IDENTITY_MARK)]
    except pyrage.IdentityError:
        raise OperationRefused(f"an identity in {path} is damaged; take the file that age-keygen made") from None
    if not found:
        raise OperationRefused(f"{path} holds no age identity; one begins with {_IDENTITY_MARK}")
    return found


def _secret_file(path: Path, what: str) -> str:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise OperationRefused(f"the {what} file {path} can be read by others; run: chmod 0400 {path}")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OperationRefused(f"the {what} file {path} cannot be read ({type(error).__name__})") from None


class _Side(threading.Thread):
    """The half that age works in; whatever it raised is kept for the other half."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  (whatever it is belongs to the other half)
            self.error = error


class _KeepingErrors:
    """The file below; age would turn its errors into texts of its own."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()


@contextmanager
def encrypting(file: BinaryIO, lock: Lock) -> Iterator[BinaryIO]:
    """What is written here arrives encrypted in `file`. Raises OSError if that cannot be written."""
    file.write(lock.first_line)
    below = _KeepingErrors(file)
    read_end, write_end = os.pipe()

    def encrypt() -> None:
        with os.fdopen(read_end, "rb") as plain:
            pyrage.encrypt_io(plain, below, list(lock.recipients))

    side = _Side(encrypt)
    side.start()
    try:
        with os.fdopen(write_end, "wb", buffering=1 << 16) as plain:
            yield plain
    except BrokenPipeError:
        pass  # the other half gave up first, and says why
    finally:
        side.join()
    if side.error is not None:
        raise below.error or OSError(f"age could not encrypt ({type(side.error).__name__})")


@contextmanager
def decrypting(file: BinaryIO, unlock: Callable[[bytes | None], list[Any]]) -> Iterator[BinaryIO]:
    """The plain stream of `file`. `unlock` gives the identities for the sealed first line, None if there is none.

    Raises OperationRefused for a wrong key, a cut or a changed file; also when the block has failed because of that.
    """
    identities = unlock(_first_line(file))
    read_end, write_end = os.pipe()

    def decrypt() -> None:
        with os.fdopen(write_end, "wb", buffering=1 << 16) as plain:
            pyrage.decrypt_io(file, plain, identities)

    side = _Side(decrypt)
    side.start()
    plain = os.fdopen(read_end, "rb", buffering=1 << 16)
    failed: Exception | None = None
    try:
        yield plain
        while plain.read(1 << 16):
            pass  # only at the end is it known that nothing was cut off
    except Exception as error:  # noqa: BLE001  (raised again below, unless age knows the cause)
        failed = error
    finally:
        with suppress(OSError):
            plain.close()
        side.join()
    cause = _cause(side.error)
    if cause is not None:
        raise OperationRefused(cause) from None
    if failed is not None:
        raise failed


def _first_line(file: BinaryIO) -> bytes | None:
    start = file.tell()
    line = file.readline(_LONGEST_FIRST_LINE)
    if not line.startswith(_PASSPHRASE_MARK):
        file.seek(start)
        return None
    try:
        return base64.b64decode(line.removeprefix(_PASSPHRASE_MARK).strip(), validate=True)
    except binascii.Error:
        raise OperationRefused("the first line of the backup is damaged; take another copy of the file") from None


def _cause(error: BaseException | None) -> str | None:
    if error is None or isinstance(error, BrokenPipeError):
        return None
    if isinstance(error, pyrage.DecryptError) and "No matching keys" in str(error):
        return "the backup is not encrypted to this key; give the identity of one of its recipients"
    return "the backup is damaged or cut off; take another copy of the file"


def unlock_with(passphrase: str | None, identities: list[Any] | None) -> Callable[[bytes | None], list[Any]]:
    """The identities that open a file, by what the operator has given. Raises OperationRefused when used."""

    @cache  # a restore reads twice, and a passphrase's key takes seconds to derive
    def unlock(sealed: bytes | None) -> list[Any]:
        if sealed is None:
            if identities is None:
                raise OperationRefused("the backup is encrypted to an age key; give --identity")
            return identities
        if passphrase is None:
            raise OperationRefused("the backup is encrypted with a passphrase; give --passphrase-file")
        try:
            return [pyrage.x25519.Identity.from_str(pyrage.passphrase.decrypt(sealed, passphrase).decode())]
        except (pyrage.DecryptError, pyrage.IdentityError, ValueError):
            raise OperationRefused("the passphrase is wrong, or the first line of the backup is damaged") from None

    return unlock
