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
from pathlib import Path

from app.sealing.envelope import Keyring

_MARK = "sportel-key"
_KEY_BYTES = 32


class KeyFileError(Exception):
    """The key file is missing, unreadable or unsafe. Its text is one line for the operator."""


def create_key_file(path: Path) -> None:
    """Make a new key, readable by the owner alone. Refuses to touch a file that is there: it may be the only key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = f"{_MARK} {secrets.token_hex(4)} {base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    except FileExistsError:
        raise KeyFileError(f"the key file {path} is already there; it is never overwritten") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_key_file(path: Path) -> Keyring:
    """The keys in the file. Raises KeyFileError, whose text never holds a part of a key."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise KeyFileError(
            f"the key file {path} is missing; put it back from its backup, or set SPORTEL_KEY_FILE to where it is"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"the key file {path} cannot be read ({type(error).__name__})") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(f"the key file {path} can be read by others; run: chmod 0400 {path}")
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            mark, key_id, encoded = line.split()
            key = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise KeyFileError(f"line {number} of the key file {path} is damaged; restore the file") from None
        if mark != _MARK or len(key) != _KEY_BYTES:
            raise KeyFileError(f"line {number} of the key file {path} is damaged; restore the file")
        keys[key_id] = key
    if not keys:
        raise KeyFileError(f"the key file {path} is empty; restore it from its backup")
    return Keyring(keys, active_id=list(keys)[-1])
