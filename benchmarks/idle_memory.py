"""How much memory does the served application take when nobody asks anything?

Two workers, set up before, and warm: each worker has answered requests of every kind that a phone and a person send
first. PSS of all processes, so that what they share counts once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from benchmarks.processes import command, proportional_bytes
from benchmarks.promise import Outcome, main
from tests.journeys.phone.served import Served

LARGEST_BYTES = 200 * 1000 * 1000
WARMING_ROUNDS = 20


def warm(served: Served) -> None:
    """Ask often enough, with a new connection each time, that both workers have answered everything."""
    admin = served.administrator()
    project = admin.project("Counter-trafficking")
    key = project.app_user("Warm", "NRC")["token"]
    phone = f"{admin.url}/key/{key}/projects/{project.number}"
    for _ in range(WARMING_ROUNDS):
        for path in ("formList", "forms/id_screening.xml", "forms/needs_nrm/manifest", "submission"):
            requests.get(f"{phone}/{path}", timeout=30).raise_for_status()
        project.rows("id_screening")
        requests.get(served.url, timeout=30).raise_for_status()
    admin.close()


def measure() -> Outcome:
    """The sum over all processes."""
    with TemporaryDirectory(prefix="sportel-benchmark-") as folder:
        with Served(Path(folder) / "data"):
            pass  # the first start sets up
        with Served(Path(folder) / "data") as served:
            fresh = sum(map(proportional_bytes, served.processes()))
            warm(served)
            found = [(command(each), proportional_bytes(each)) for each in served.processes()]
    total = sum(size for _, size in found)
    lines = [f"{'process':42}{'PSS MB':>8}"]
    lines += [f"{name:42}{size / 1e6:8.1f}" for name, size in found]
    lines += [f"{'together':42}{total / 1e6:8.1f}", f"{'before the first request':42}{fresh / 1e6:8.1f}"]
    return Outcome(
        f"Idle memory with two workers is below {LARGEST_BYTES / 1e6:g} MB", tuple(lines), total < LARGEST_BYTES
    )


if __name__ == "__main__":
    sys.exit(main(measure))
