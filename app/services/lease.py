"""Which of several processes may do what only one should? The one with the lease, until it expires or is given back."""

from __future__ import annotations

import os
import secrets
import socket
import time
from datetime import timedelta

from app.db import db
from app.db.queries import leases as queries
from app.services.transaction import transaction

LENGTH = timedelta(seconds=30)
# A third of its length, so that it never expires between two looks.
_RENEW_AFTER_SECONDS = LENGTH.total_seconds() / 3


class Lease:
    """A lease as one process (or thread) asks for it.

    It keeps several from doing the same thing in vain; that they do it once is the work of transactions.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._holder = f"{socket.gethostname()[:200]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._taken_at: float | None = None  # monotonic: a clock that is set must not prolong it
        self.taken_over = False

    def take(self) -> bool:
        """Hold it from now on, or still; False while another one does.

        `taken_over` is True if it was taken from another holder who let it expire: it may have died.
        """
        self.taken_over = False
        moment = time.monotonic()
        if self._taken_at is not None and moment - self._taken_at < _RENEW_AFTER_SECONDS:
            return True
        # Looked at before it is written to: whoever waits for it must not keep others from writing.
        before = queries.holder(self._name)
        if before is not None and before[0] != self._holder and before[1]:
            db.session.rollback()
            self._taken_at = None
            return False
        with transaction():
            taken = queries.take(self._name, self._holder, LENGTH)
        self._taken_at = moment if taken else None
        self.taken_over = taken and before is not None and before[0] != self._holder
        return taken

    def give_back(self) -> None:
        """Let another one have it at once."""
        if self._taken_at is None:
            return
        self._taken_at = None
        with transaction():
            queries.give_back(self._name, self._holder)
