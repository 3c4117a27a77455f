"""How long from the start of a service that is set up already to its first answer?

`/ready` is asked again and again from the moment of the start; its first 200 counts. It looks at the database, the
key and the storage, so whoever gets it can send.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import total_cpu_seconds
from benchmarks.promise import Outcome, main
from tests.journeys.phone.served import Served

LARGEST_SECONDS = 2.0
STARTS = 5


def measure() -> Outcome:
    """The median of five starts: seconds on the clock, and of the processor over all processes."""
    starts: list[tuple[float, float]] = []
    with TemporaryDirectory(prefix="sportel-benchmark-") as folder:
        served = Served(Path(folder) / "data")
        with served:
            pass  # the first start sets up
        for _ in range(STARTS):
            try:
                wall = served.start()
                starts.append((wall, total_cpu_seconds(served.processes())))
            finally:
                served.stop()
    wall, cpu = (statistics.median(column) for column in zip(*starts, strict=True))
    lines = (
        f"{'start':10}{'wall s':>8}{'cpu s':>8}",
        *(f"{number:<10}{one:8.2f}{other:8.2f}" for number, (one, other) in enumerate(starts, start=1)),
        f"{'median':10}{wall:8.2f}{cpu:8.2f}",
    )
    return Outcome(f"Start to first answer takes less than {LARGEST_SECONDS:g} s", lines, wall < LARGEST_SECONDS)


if __name__ == "__main__":
    sys.exit(main(measure))
