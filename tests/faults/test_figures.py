"""The page of promises: every row of the catalogue has its drill, and the figures get to their place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.figures import BEGIN, END, PAGE, Figures, write_page

ROWS = [*range(1, 46), 58, *range(61, 67)]


def test_every_row_of_the_catalogue_is_on_the_page_once_with_a_test() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == ROWS
    assert [number for number, _, shown_by in rows if "`tests/" not in shown_by] == []


def test_the_figures_of_full_drills_replace_what_is_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "promises.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    for database in ("sqlite", "postgresql"):
        figure = Figures(f"tests/faults/test_x.py::test_a_thing[{database}]", database, full=True, folder=tmp_path)
        figure("kills", 1)
        figure("kills", 512)
        figure("longest, s", 0.5)
    Figures("tests/faults/test_y.py::test_short[sqlite]", "sqlite", full=False, folder=tmp_path)("kills", 3)
    write_page(page, tmp_path / "full")
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n\nMeasured on ")
    assert text.endswith(f"{END}\nafter\n")
    assert "### A thing" in text
    assert "| Counted | SQLite | PostgreSQL |" in text
    assert "| kills | 512 | 512 |" in text
    assert "| longest, s | 0.50 | 0.50 |" in text
    assert "old" not in text


def test_without_figures_or_markers_the_page_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "promises.md"
    page.write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="make faults"):
        write_page(page, tmp_path / "full")
    Figures("tests/faults/test_x.py::test_a", "", full=True, folder=tmp_path)("kills", 1)
    with pytest.raises(ValueError, match="markers"):
        write_page(page, tmp_path / "full")
    assert page.read_text(encoding="utf-8") == "mine"
