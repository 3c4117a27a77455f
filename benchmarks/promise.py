"""How does a benchmark tell whether its promise holds? Lines of a table, and a yes or no."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What was promised in words, the figures as lines of text, and whether the promise holds."""

    promise: str
    lines: tuple[str, ...]
    holds: bool

    def show(self) -> None:
        """Print it."""
        print(f"\n{self.promise}: {'holds' if self.holds else 'DOES NOT HOLD'}")
        for line in self.lines:
            print(f"  {line}")
        sys.stdout.flush()


def machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def main(measure: Callable[[], Outcome]) -> int:
    """Measure one promise; the exit status."""
    print(machine())
    outcome = measure()
    outcome.show()
    return 0 if outcome.holds else 1
