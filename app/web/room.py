"""Is there room for a submission? Asked before its body is read: what would not be kept need not travel.

Of the system it is asked only every few seconds, since every submission asks; while there is no room, each time, so
that the first one after room was made is taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import make_url

from app import problems
from app.config import Settings
from app.storage.free_space import is_almost_full

LOOK_SECONDS = 5.0
_NAME = "sportel-room"


class Room:
    """The disks that submissions go to, as this process saw them last."""

    def __init__(self, folders: tuple[Path, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self._folders, self._clock = folders, clock
        self._seen_at = -LOOK_SECONDS

    def is_there(self) -> bool:
        """Is the reserve of every disk untouched?"""
        moment = self._clock()
        if moment - self._seen_at < LOOK_SECONDS:
            return True
        try:
            if any(is_almost_full(folder) for folder in self._folders):
                return False
        except OSError:
            return True  # what is wrong with the disk is told by the first write
        self._seen_at = moment
        return True


def install_room(app: Flask, settings: Settings) -> None:
    """Begin to look at the disks of this server: of the files, and of an SQLite database, wherever it lies."""
    files = () if settings.storage_url is not None else (settings.blob_folder,)
    url = make_url(settings.sqlalchemy_url)
    database = (Path(url.database).parent,) if url.get_backend_name() == "sqlite" and url.database else ()
    app.extensions[_NAME] = Room(files + database)


def refuse_without_room() -> None:
    """Raise Problem 507.1 while less than 5 % of a disk is free."""
    room: Room = current_app.extensions[_NAME]
    if not room.is_there():
        raise problems.storage_full()
