"""How fast may one phone send? A bucket of tokens for each, in the memory of each worker process.

In the database it would cost each submission a statement. So the bound is one for each process: a phone whose requests
are spread over W processes (workers of all servers) gets at most W times the burst and the pace.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

# A bucket that is full says nothing; they are thrown away when there are so many.
_MOST_BUCKETS = 10_000


class Pace:
    """`per_minute` on and on, and `burst` at once: what a phone back from the field has collected."""

    def __init__(self, per_minute: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._clock = per_minute / 60, burst, clock
        self._buckets: dict[int, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def seconds_to_wait(self, who: int) -> int:
        """0 if it may go on, and it is counted; otherwise in how many seconds it may."""
        moment = self._clock()
        with self._lock:
            left, at = self._buckets.get(who, (float(self._burst), moment))
            left = min(self._burst, left + (moment - at) * self._per_second)
            if left < 1:
                return math.ceil((1 - left) / self._per_second)
            if who not in self._buckets and len(self._buckets) >= _MOST_BUCKETS:
                self._throw_away_full_ones(moment)
            self._buckets[who] = (left - 1, moment)
            return 0

    def _throw_away_full_ones(self, moment: float) -> None:
        filled_in = self._burst / self._per_second
        self._buckets = {who: each for who, each in self._buckets.items() if moment - each[1] < filled_in}
