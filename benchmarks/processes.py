"""What do some processes use? Read from proc(5): memory in bytes, processor time in seconds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def proportional_bytes(process: int) -> int:
    """PSS: what is shared between processes counts for each in its part, so that a sum counts nothing twice."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError("smaps_rollup has no Pss line")


def cpu_seconds(process: int) -> float:
    """User and system time of a process and of its children that have ended; known to 10 ms."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    # utime, stime, cutime, cstime are fields 14 to 17, counted from the process ID.
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS_PER_SECOND


def total_cpu_seconds(processes: Iterable[int]) -> float:
    """Of several."""
    return sum(cpu_seconds(each) for each in processes)


def command(process: int) -> str:
    """Its command line, shortened."""
    words = Path(f"/proc/{process}/cmdline").read_text().strip("\0").split("\0")
    return " ".join([Path(words[0]).name, *words[1:4]])[:40]
