"""The served application with two workers takes less than 200 MB when nobody asks anything."""

from __future__ import annotations

from benchmarks.idle_memory import measure


def test_two_idle_workers_take_less_than_200_mb_together() -> None:
    outcome = measure()
    assert outcome.holds, "\n".join(outcome.lines)
