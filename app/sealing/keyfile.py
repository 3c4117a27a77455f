"""Where is the key that wraps all data keys, and is it safe there?

The file has one line for each key: `sportel-key <id> <base64 of 32 bytes>`. The last line's key wraps what is new;
the others still open what is old.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from app.sealing.envelope import Keyring

_MARK = "sportel-key"
_KEY_BYTES = 32


class KeyFileError(Exception):
    """The key file is missing, unreadable or unsafe. Its text is one line for the operator."""


def create_key_file(path: Path) -> None:
    """Make a new key, readable by the owner alone. Refuses to touch a file that is there: it may be the only key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        _write(path, _line(*_new_key()))
    except FileExistsError:
        raise KeyFileError(f"the key file {path} is already there; it is never overwritten") from None


def read_key_file(path: Path) -> Keyring:
    """The keys in the file. Raises KeyFileError, whose text never holds a part of a key."""
    return parse_keys(_text(path), f"the key file {path}")


def parse_keys(text: str, where: str) -> Keyring:
    """The keys in a key file's text. `where` names its origin in what is raised: KeyFileError."""
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            mark, key_id, encoded = line.split()
            key = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise KeyFileError(f"line {number} of {where} is damaged; restore the file") from None
        if mark != _MARK or len(key) != _KEY_BYTES:
            raise KeyFileError(f"line {number} of {where} is damaged; restore the file")
        if key_id in keys:
            raise KeyFileError(f"line {number} of {where} has the id of another line; restore the file")
        keys[key_id] = key
    if not keys:
        raise KeyFileError(f"{where} is empty; restore it from its backup")
    return Keyring(keys, active_id=list(keys)[-1])


def add_key(path: Path) -> str:
    """Add a new key, which wraps from now on; its id. A crash leaves the old file or the new one, whole."""
    ring = read_key_file(path)
    key_id, key = _new_key()
    _replace(path, {**ring.keys, key_id: key})
    return key_id


def drop_keys(path: Path, key_ids: Collection[str]) -> None:
    """Take keys out for good: what they wrap, here or in a backup, opens no more. The active key stays."""
    ring = read_key_file(path)
    dropped = set(key_ids) - {ring.active_id}
    _replace(path, {key_id: key for key_id, key in ring.keys.items() if key_id not in dropped})


def _text(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise KeyFileError(
            f"the key file {path} is missing; put it back from its backup, or set SPORTEL_KEY_FILE to where it is"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"the key file {path} cannot be read ({type(error).__name__})") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and not _is_credential(path):
        raise KeyFileError(f"the key file {path} can be read by others; run: chmod 0400 {path}")
    return text


def _is_credential(path: Path) -> bool:
    """Whether systemd has handed it in (LoadCredential): its folder is closed to all but the service.

    The file itself then shows a group that may read: that is the mask of an access list with the service's user.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and path.parent == Path(folder).resolve()


def _new_key() -> tuple[str, bytes]:
    return secrets.token_hex(4), secrets.token_bytes(_KEY_BYTES)


def _line(key_id: str, key: bytes) -> str:
    return f"{_MARK} {key_id} {base64.b64encode(key).decode()}\n"


def _replace(path: Path, keys: Mapping[str, bytes]) -> None:
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)  # of a rotation that was killed; its key wraps nothing
        _write(new, "".join(_line(key_id, key) for key_id, key in keys.items()))
        if os.geteuid() == 0:  # the service's user must be able to read what root has rotated
            owner = path.stat()
            os.chown(new, owner.st_uid, owner.st_gid)
        new.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise KeyFileError(
            f"the key file {path} cannot be replaced ({error.strerror}); its folder must be writable for this command"
        ) from None


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
