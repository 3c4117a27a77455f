"""How does an administrator take a backup away over the network?

Only where the operator has allowed it: what is taken away holds every row, though nothing in it opens without the
passphrase, and no sealed answer without the key file. The audit's line is there before the first byte is made.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

import structlog

from app import problems, problems_administration
from app.permissions import Actor
from app.runtime import runtime
from app.services.age_files import LEAST_PASSPHRASE_CHARACTERS, lock_with
from app.services.audit import record
from app.services.backup import back_up
from app.services.operation import OperationRefused
from app.services.transaction import transaction

log = structlog.get_logger("sportel.backup")


def take_backup(by: Actor, passphrase: str) -> tuple[BinaryIO, int]:
    """A whole backup, open to be read and in no folder any more, and its size in bytes.

    Raises Problem 400.21 for a short passphrase, 403.1 for an API key, 501.41 where it is not allowed, 503.1 if no
    backup can be made now; the log says why.
    """
    if by.key_id is not None:
        raise problems.insufficient_rights()
    settings = runtime().settings
    if settings.backup_by_api != "on":
        raise problems_administration.backup_not_allowed()
    if len(passphrase) < LEAST_PASSPHRASE_CHARACTERS:
        raise problems.password_too_short(LEAST_PASSPHRASE_CHARACTERS)
    with transaction():
        record("backup.run", by)
    try:
        # Beside the data, where there is room for it; the file goes with the folder, and lives while it is open.
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.data) as folder:
            made = back_up(Path(folder) / "sportel.age", lock_with(passphrase))
            return made.file.open("rb"), made.size_bytes
    except OperationRefused as error:
        log.error("backup.refused", error=str(error))
        raise problems.unavailable("no backup can be made at this moment; the server's log says why") from None
