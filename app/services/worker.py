"""Who does the work in the outbox, and when? A loop in each served process; the one with the lease works.

It wakes when its own process has committed work, and looks every second otherwise. It writes nothing while there is
nothing to do. A database that is away is waited for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from app.db import db
from app.logs import place_of
from app.services import outbox
from app.services.lease import Lease
from app.services.outbox import Work
from app.services.outbox_work import CHORES, WORKS, Chore

log = structlog.get_logger("sportel.outbox")

LEASE = "outbox"
POLL_SECONDS = 1.0
# After a fault of the database: longer and longer.
_AWAY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
# An ending process waits so long for the work that is being done. Every one is short; the next process does it again.
_STOP_SECONDS = 30.0


class Worker:
    """One loop. `run` it here, or `start` it on a thread; `stop` ends it after the work that is being done.

    `in_application`: Flask's `app.app_context`, entered anew for each round.
    """

    def __init__(
        self,
        in_application: Callable[[], AbstractContextManager[object]],
        works: Mapping[str, Work] = WORKS,
        chores: Sequence[Chore] = CHORES,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._in_application, self._works, self._chores = in_application, works, chores
        self._poll_seconds = poll_seconds
        self._lease = Lease(LEASE)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._chores_at = {chore.name: time.monotonic() for chore in chores}
        self._failing: set[str] = set()
        self._beside: dict[str, threading.Thread] = {}
        self._faults = 0

    def start(self) -> None:
        """Run on a thread that never keeps the process alive. After a fork, never before.

        Raises RuntimeError if the system gives no thread.
        """
        thread = threading.Thread(target=self.run, name="outbox", daemon=True)
        thread.start()
        self._thread = thread

    def stop(self) -> None:
        """Begin no more work, and wait for what is being done."""
        self._stopping.set()
        outbox.woken.set()
        end = time.monotonic() + _STOP_SECONDS
        for thread in (self._thread, *self._beside.values()):
            if thread is not None and thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))

    def run(self) -> None:
        """Work until stopped."""
        while not self._stopping.is_set():
            self._wait(self._round_safely())
        self._safely(self._lease.give_back)

    def _wait(self, held: bool) -> None:
        if self._faults:
            self._stopping.wait(_AWAY_SECONDS[min(self._faults, len(_AWAY_SECONDS)) - 1])
        elif held:
            outbox.woken.wait(self._poll_seconds)
        else:
            # Another process works: what this one commits is no reason to look more often.
            self._stopping.wait(self._poll_seconds)

    def _round_safely(self) -> bool:
        held = False

        def round_() -> None:
            nonlocal held
            held = self.round()

        self._safely(round_)
        return held

    def _safely(self, act: Callable[[], None]) -> None:
        """Whatever fails here is the database's or the machine's: told once, then waited for."""
        try:
            with self._in_application():
                act()
        except Exception as error:  # noqa: BLE001  (a worker that dies of anything would die unseen)
            if not self._faults:
                log.warning("outbox.waiting", error=type(error).__name__, place=place_of(error))
            self._faults += 1
        else:
            if self._faults:
                log.info("outbox.working-again")
            self._faults = 0

    def round(self) -> bool:
        """Do all that is due, if it is this one's to do; False if another one holds the lease."""
        outbox.woken.clear()  # before the look: what is committed after it wakes again
        for chore in self._chores:
            if time.monotonic() >= self._chores_at[chore.name] and not self._stopping.is_set():
                self._chores_at[chore.name] = time.monotonic() + chore.every_seconds
                if chore.beside:
                    self._do_beside(chore)
                else:
                    self._do(chore)
        if not outbox.is_due():
            # Whoever lets it expire has not ended well; see below.
            self._lease.give_back()
            return True
        while not self._stopping.is_set() and outbox.is_due():
            if not self._hold():
                return False
            outbox.work_once(self._works)
        return True

    def _hold(self) -> bool:
        """Hold the lease from now on, or still; False while another one does."""
        held = self._lease.take()
        if self._lease.taken_over:
            outbox.count_for_the_dead()
        return held

    def _do_beside(self, chore: Chore) -> None:
        """On a thread of its own, which ends with it, if it is due and does not run yet."""
        running = self._beside.get(chore.name)
        if (running is None or not running.is_alive()) and chore.is_due():
            thread = threading.Thread(target=self._do_apart, args=(chore,), name=chore.name, daemon=True)
            self._beside[chore.name] = thread
            thread.start()

    def _do_apart(self, chore: Chore) -> None:
        # A database that is away is waited for, and told of, by the loop itself.
        with suppress(OperationalError, InterfaceError), self._in_application():
            self._do(chore)

    def _do(self, chore: Chore) -> None:
        """A chore that fails is told of once, and keeps no work waiting; a database that is away concerns all of it."""
        try:
            if chore.is_due() and (not chore.alone or self._hold()):
                chore.act()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001  (one chore's fault is not the others')
            db.session.rollback()
            if chore.name not in self._failing:
                log.error("chore.failed", chore=chore.name, error=type(error).__name__, place=place_of(error))
            self._failing.add(chore.name)
        else:
            self._failing.discard(chore.name)
