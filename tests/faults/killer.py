"""What kills the service while phones send, and for how long was it away each time?

Each kill is a real signal to a real process. The killer is the service manager too: what it has killed as a whole, it
starts again.
"""

from __future__ import annotations

import http.client
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.places import Cluster
from tests.faults.service import Service

WORKER, SERVICE = "worker", "service"
BACKEND, DATABASE = "database process", "database"
RELOAD, UPGRADE = "reload", "stop and start"
# Those that a process does not survive; a reload and an ordered stop are no kills.
KILLS = (WORKER, SERVICE, BACKEND, DATABASE)
# A death is noticed a moment later: so long is looked whether there is an answer, at least.
WATCHED_SECONDS = {WORKER: 0.0, SERVICE: 0.0, BACKEND: 0.5, DATABASE: 0.0, RELOAD: 0.0, UPGRADE: 0.0}

LONGEST_PAUSE_SECONDS = 20


@dataclass
class Struck:
    """What was done, how often, the longest time without a good answer after it, and what a phone would have heard."""

    times: Counter[str] = field(default_factory=Counter)
    longest_s: dict[str, float] = field(default_factory=dict)
    heard: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def kills(self) -> int:
        """All kills together."""
        return sum(self.times[kind] for kind in KILLS)


class Killer:
    """Strikes a service; `cluster` is its PostgreSQL, if it has one."""

    def __init__(self, service: Service, cluster: Cluster | None, seed: int) -> None:
        self.service, self.cluster = service, cluster
        self.struck = Struck()
        self._dice = random.Random(seed)
        self._ways: dict[str, Callable[[], bool]] = {
            WORKER: lambda: service.kill_worker(self._dice) is not None,
            SERVICE: self._kill_service,
            BACKEND: self._kill_backend,
            DATABASE: self._crash_database,
            RELOAD: self._reload,
            UPGRADE: self._upgrade,
        }

    def strike(self, kind: str) -> bool:
        """Do it and wait until a phone would be served again. False if there was nothing to strike just then."""
        begun = time.monotonic()
        if not self._ways[kind]():
            return False
        away = self._outage(kind, begun)
        self.struck.times[kind] += 1
        self.struck.longest_s[kind] = max(away, self.struck.longest_s.get(kind, 0.0))
        return True

    def carry_out(self, plan: dict[str, int], progress: Callable[[], int], between: tuple[int, int]) -> None:
        """Strike so often, in any order; between two strikes so much progress is made, on any machine."""
        todo = [kind for kind, times in plan.items() for _ in range(times)]
        self._dice.shuffle(todo)
        for kind in todo:
            wanted, end = progress() + self._dice.randrange(*between), time.monotonic() + LONGEST_PAUSE_SECONDS
            while progress() < wanted and time.monotonic() < end:
                time.sleep(0.005)
            # At any moment of the next request, not always right after an answer.
            time.sleep(self._dice.uniform(0, 0.05))
            while not self.strike(kind):
                time.sleep(0.05)

    def _outage(self, kind: str, begun: float) -> float:
        """Seconds from the strike to the first good answer after which none was bad; 0 if none was bad."""
        heard = self.struck.heard.setdefault(kind, Counter())
        away = 0.0
        while time.monotonic() < begun + 120:
            asked = self._ask()
            heard[asked] += 1
            if asked != "204":
                away = time.monotonic() - begun
                time.sleep(0.01)
            elif time.monotonic() - begun >= WATCHED_SECONDS[kind]:
                return away
        raise AssertionError(f"two minutes after the strike at a {kind} no phone is served")

    def _ask(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        try:
            connection.request("HEAD", f"{self.service.phone.at}/submission")
            return str(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            return "no answer"
        finally:
            connection.close()

    def _kill_service(self) -> bool:
        self.service.kill()
        self.service.launch()
        return True

    def _kill_backend(self) -> bool:
        assert self.cluster is not None
        return self.cluster.kill_backend(self._database, self._dice.randrange(100)) is not None

    def _crash_database(self) -> bool:
        assert self.cluster is not None
        self.cluster.crash()
        self.cluster.begin_start()
        return True

    @property
    def _database(self) -> str:
        return str(self.service.database_url).rpartition("/")[2]

    def _reload(self) -> bool:
        self.service.reload()
        return True

    def _upgrade(self) -> bool:
        """An ordered end, in which what is being answered is finished, and a start."""
        self.service.stop()
        self.service.launch()
        return True
