"""What do the shipped workbooks hold, row by row, as an administrator sees them?"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from openpyxl import load_workbook

FOLDER = Path(__file__).parents[2] / "xlsforms"
ENGLISH, ALBANIAN = "English (en)", "Shqip (sq)"
# stem of the workbook -> form ID: what the rest of the project relies on
FORMS = {
    "identification": "id_screening",
    "needs_assessment": "needs_nrm",
    "needs_assessment_returnee": "needs_returnee",
    "consular_assistance": "consular",
    "consular_update": "consular_update",
}
METADATA = ("start", "end", "today", "username")
UNSEEN = {*METADATA, "calculate"}

Row = Mapping[str, str]


@dataclass(frozen=True)
class Shipped:
    """One workbook: its survey rows (without blank ones), and the other sheets' rows."""

    stem: str
    survey: tuple[Row, ...]
    choices: tuple[Row, ...]
    settings: Row
    entities: tuple[Row, ...]

    @property
    def questions(self) -> tuple[Row, ...]:
        """Every row that becomes a node with an answer or a text; not the group and repeat marks."""
        return tuple(row for row in self.survey if not row["type"].startswith(("begin_", "end_")))

    @property
    def by_name(self) -> dict[str, Row]:
        return {row["name"]: row for row in self.survey if row.get("name")}

    def lists(self) -> dict[str, list[Row]]:
        """Choice rows by list, in the sheet's order."""
        lists: dict[str, list[Row]] = {}
        for row in self.choices:
            lists.setdefault(row["list_name"], []).append(row)
        return lists


def _rows(path: Path, sheet: str) -> tuple[Row, ...]:
    cells = load_workbook(path)[sheet].iter_rows(values_only=True)
    headers = [str(header) for header in next(cells)]
    rows = [
        {header: str(value) for header, value in zip(headers, values, strict=False) if value is not None}
        for values in cells
    ]
    return tuple(row for row in rows if row)


@cache
def load(stem: str) -> Shipped:
    """Read one workbook of `xlsforms/` by the stem of its name."""
    path = FOLDER / f"{stem}.xlsx"
    return Shipped(
        stem,
        _rows(path, "survey"),
        _rows(path, "choices"),
        _rows(path, "settings")[0],
        _rows(path, "entities"),
    )


def table(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file under `xlsforms/`."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
