"""What do the operator's long commands share: how do they refuse, and how do they tell how far they are?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.sealing.envelope import SealBroken
from app.sealing.keyfile import KeyFileError
from app.storage import BlobMissing, StorageFull, StorageUnavailable

# What is being done, how many are done, how many there are (None: not known beforehand).
Progress = Callable[[str, int, int | None], object]


class OperationRefused(Exception):
    """It cannot be done, or not to its end. Its text is one line for the operator, with the remedy."""


def silent(what: str, done: int, total: int | None) -> None:
    """Tell nobody."""


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn what keys, storage and files raise into OperationRefused."""
    try:
        yield
    except (KeyFileError, BlobMissing) as error:
        raise OperationRefused(str(error)) from None
    except SealBroken as error:
        raise OperationRefused(f"{error}; is the right key file in place?") from None
    except StorageFull:
        raise OperationRefused("the storage has no room left; make room and try again") from None
    except StorageUnavailable as error:
        raise OperationRefused(f"the storage cannot be used ({error}); check it and try again") from None
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        raise OperationRefused(f"{error.strerror or type(error).__name__}{place}; nothing was acknowledged") from None
