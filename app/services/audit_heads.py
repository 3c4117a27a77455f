"""How far did the audit's chain reach, according to a file that no restored or replaced database takes back?

The file lies beside the key file. Its last line is the newest head and is written anew with every batch. A head that
is no longer in the chain stays, and the new one goes below it: what was cut off is told until an operator who knows
why moves the file away.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.config import Settings

log = structlog.get_logger("sportel.audit")


@dataclass(frozen=True)
class KeptHead:
    """A head as it stood at a moment; both as text."""

    head: str
    at: str


def heads_paths(settings: Settings) -> tuple[Path, Path]:
    """Beside the key file, away from the database and its backups; where that folder cannot be written, in the data
    folder, as under a service manager that hands the key in."""
    return settings.key_path.parent / "audit.heads", settings.data / "audit.heads"


def read(settings: Settings) -> list[KeptHead]:
    """The heads that must be in the chain. Raises ValueError if a file is not as it was written, OSError."""
    return [head for path in heads_paths(settings) for head in _read(path)]


def _read(path: Path) -> list[KeptHead]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    try:
        return [KeptHead(str(each["head"]), str(each["at"])) for each in map(json.loads, lines)]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path} has a line that is no head; look who changed it") from None


def keep(settings: Settings, head: str, at: str, holds: Callable[[str], bool]) -> None:
    """Have the file end with this head; durable when this returns.

    `holds`: is a head still a place of the chain? Raises OSError where neither folder can be written.
    """
    beside_the_key, in_the_data = heads_paths(settings)
    try:
        _keep(beside_the_key, head, at, holds)
    except OSError:
        _keep(in_the_data, head, at, holds)


def _keep(path: Path, head: str, at: str, holds: Callable[[str], bool]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        kept = _read(path)
        if kept and kept[-1].head == head:
            return
        if kept and holds(kept[-1].head):
            kept.pop()
        elif kept:
            log.error("audit.head-lost", head=kept[-1].head, kept_at=kept[-1].at)
        _write(path, [*kept, KeptHead(head, at)])
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, heads: list[KeptHead]) -> None:
    part = path.with_suffix(".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            for each in heads:
                file.write(json.dumps({"head": each.head, "at": each.at}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
