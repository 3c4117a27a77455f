"""What does the running application hold besides the database: settings, keys, file storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from app.config import Settings
from app.sealing.envelope import Keyring
from app.storage import BlobStore


@dataclass(frozen=True, repr=False)
class Runtime:
    """One for each application."""

    settings: Settings
    keyring: Keyring
    store: BlobStore


def runtime() -> Runtime:
    """The running application's."""
    return cast("Runtime", current_app.extensions["sportel"])
