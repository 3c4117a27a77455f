"""Where do the wrapping keys come from, and how does a running server learn of a new one?

From the key file, or from a command that prints the same text (a KMS, a token, a vault). A rotation adds a key
while servers run: a ring looks whether the file has changed before it wraps, and reads it again when it meets
something wrapped by a key that it does not know.
"""

from __future__ import annotations

import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.sealing.envelope import Keyring
from app.sealing.keyfile import KeyFileError, parse_keys, read_key_file

COMMAND_SECONDS = 20
# How soon the keys are read again for an unknown one; how long a command's answer is good for.
SOONEST_SECONDS = 10
LATEST_SECONDS = 300


def read_key_command(command: str) -> Keyring:
    """The keys that the command prints. Raises KeyFileError, which never shows what it printed.

    The command is split as a shell would, and run without one.
    """
    try:
        arguments = shlex.split(command)
    except ValueError:
        raise KeyFileError("SPORTEL_KEY_COMMAND cannot be split into words; check its quotation marks") from None
    if not arguments:
        raise KeyFileError("SPORTEL_KEY_COMMAND is empty; give the command that prints the keys")
    try:
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except OSError as error:
        raise KeyFileError(
            f"the command of SPORTEL_KEY_COMMAND cannot be started ({error.strerror}); give its whole path"
        ) from None
    except subprocess.TimeoutExpired:
        raise KeyFileError(
            f"the command of SPORTEL_KEY_COMMAND gave no keys within {COMMAND_SECONDS} s; run it by hand to see why"
        ) from None
    if done.returncode != 0:
        raise KeyFileError(
            f"the command of SPORTEL_KEY_COMMAND failed with status {done.returncode}; run it by hand to see why"
        )
    try:
        text = done.stdout.decode("ascii")
    except UnicodeDecodeError:
        raise KeyFileError("what SPORTEL_KEY_COMMAND printed is not the text of a key file") from None
    return parse_keys(text, "what SPORTEL_KEY_COMMAND printed")


class Watch:
    """Keeps the newest ring that could be read. `stamp` gives another value when the keys may have changed."""

    def __init__(self, read: Callable[[], Keyring], stamp: Callable[[], object]) -> None:
        self._read, self._stamp = read, stamp
        self._lock = threading.Lock()
        self._seen = stamp()
        self._ring = read()
        self._read_at = time.monotonic()

    def current(self) -> Keyring:
        """The ring that is active now."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._read_again(stamp)
        return self._ring

    def knowing(self, key_id: str) -> Keyring:
        """The ring, read again if it does not know this key. A key that is nowhere is not looked for at each row."""
        if key_id not in self._ring.keys and time.monotonic() - self._read_at > SOONEST_SECONDS:
            self._read_again(self._stamp())
        return self._ring if key_id in self._ring.keys else self.current()

    def _read_again(self, stamp: object) -> None:
        with self._lock:
            self._read_at = time.monotonic()
            try:
                self._ring = self._read()
            except KeyFileError:
                return  # what was read before is still right
            self._seen = stamp


@dataclass(frozen=True, repr=False)
class WatchingKeyring(Keyring):
    """A ring whose fields are the keys of the start; wrapping and unwrapping go by the newest."""

    watch: Watch

    def wrap(self, data_key: bytes, purpose: str) -> tuple[bytes, str]:
        """The data key sealed under the key that is active now."""
        return self.watch.current().wrap(data_key, purpose)

    def unwrap(self, wrapped: bytes, wrapping_key_id: str, purpose: str) -> bytes:
        """The data key. Raises SealBroken, also if the wrapping key is nowhere."""
        return self.watch.knowing(wrapping_key_id).unwrap(wrapped, wrapping_key_id, purpose)


def read_keys(path: Path, command: str | None = None) -> Keyring:
    """The keys as they are now: from the command if there is one, else from the file. Raises KeyFileError."""
    return read_key_command(command) if command else read_key_file(path)


def watch_keys(path: Path, command: str | None = None) -> WatchingKeyring:
    """A ring for a server that runs for long. Raises KeyFileError if there are no keys now."""
    stamp = _clock_stamp if command else lambda: _file_stamp(path)
    watch = Watch(lambda: read_keys(path, command), stamp)
    ring = watch.current()
    return WatchingKeyring(ring.keys, ring.active_id, watch)


def _file_stamp(path: Path) -> object:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_ino, facts.st_size


def _clock_stamp() -> object:
    return int(time.monotonic() // LATEST_SECONDS)
