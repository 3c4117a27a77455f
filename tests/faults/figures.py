"""Where do the drills write what they counted, and how does it get into docs/promises.md?

Each drill keeps its figures in a file of its own under build/faults/, so that several processes can count at once.
`python -m tests.faults.figures`, the end of `make faults`, puts those of the full drills between the page's markers.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.config import ROOT

FOLDER = ROOT / "build" / "faults"
PAGE = ROOT / "docs" / "promises.md"
BEGIN, END = "<!-- figures: written by `make faults` -->", "<!-- end of the figures -->"
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "": "Both, or none"}

Value = int | float | str


@dataclass(frozen=True)
class Figure:
    """One line: what was counted, by which test, on which database ("" where that does not matter)."""

    what: str
    value: Value
    test: str
    database: str


class Figures:
    """The figures of one test. `figure(what, value)` records a line; the same words again replace it."""

    def __init__(self, test: str, database: str, *, full: bool, folder: Path = FOLDER) -> None:
        """`test`: the node's ID, such as tests/faults/test_kill.py::test_x[sqlite]."""
        self._test, self._database = test, database
        self._file = folder / ("full" if full else "cut") / f"{re.sub(r'[^A-Za-z0-9.]+', '-', test).strip('-')}.json"
        self._lines: dict[str, Figure] = {}

    def __call__(self, what: str, value: Value) -> None:
        """Record one figure, at once: a drill that fails later has counted all the same."""
        self._lines[what] = Figure(what, value, self._test.partition("[")[0], self._database)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lines = [asdict(each) for each in self._lines.values()]
        self._file.write_text(json.dumps(lines, indent=1, ensure_ascii=False), encoding="utf-8")


def read_figures(folder: Path = FOLDER / "full") -> list[Figure]:
    """Everything that the drills in full have recorded."""
    return [Figure(**line) for file in sorted(folder.glob("*.json")) for line in json.loads(file.read_text("utf-8"))]


def table(figures: list[Figure]) -> str:
    """One table for each test, as Markdown: a row for each thing counted, a column for each database."""
    parts = []
    for test in sorted({each.test for each in figures}):
        mine = [each for each in figures if each.test == test]
        databases = [name for name in DATABASES if any(each.database == name for each in mine)]
        shown = {(each.what, each.database): _shown(each.value) for each in mine}
        file, _, name = test.partition("::")
        parts += [f"### {name.removeprefix('test_').replace('_', ' ').capitalize()}", "", f"`{file}`", ""]
        heads = ["Counted", *(DATABASES[each] if len(databases) > 1 or each else "Figure" for each in databases)]
        parts += [_row(heads), _row(["---"] * len(heads))]
        for what in dict.fromkeys(each.what for each in mine):
            parts.append(_row([what, *(shown.get((what, database), "") for database in databases)]))
        parts.append("")
    return "\n".join(parts).rstrip()


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(value: Value) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def machine() -> str:
    """Where and when, in one line."""
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"))
    gigabytes = round(int(memory[1]) / 2**20) if memory else 0
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {gigabytes} GB, Linux"
        f" {platform.release().split('-')[0]}, Python {platform.python_version()}."
    )


def write_page(page: Path = PAGE, folder: Path = FOLDER / "full") -> None:
    """Put the figures between the page's markers. Raises ValueError where there are none to put, or no markers."""
    figures = read_figures(folder)
    if not figures:
        raise ValueError("no drill has been run in full; run: make faults")
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} lacks the two markers between which the figures belong")
    page.write_text(f"{before}{BEGIN}\n\n{machine()}\n\n{table(figures)}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    try:
        write_page()
    except ValueError as error:
        sys.exit(f"figures: {error}")
