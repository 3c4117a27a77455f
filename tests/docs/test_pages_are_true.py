"""Do the pages that a newcomer reads still say the truth?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "xlsforms").glob("*.md")])
PATH = re.compile(r"`((?:app|forms|tests|xlsforms|migrations|docs|tools|demo|benchmarks)/[\w./-]*)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
ROOM = re.compile(r"^\| `(?P<room>[\w./]+)` \| (?P<question>.+?) \| (?P<enter>.+?) \|$", re.MULTILINE)


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [name for name in PATH.findall(text) if "NN" not in name and not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_command_that_a_page_names_is_in_the_makefile(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8")))
    named |= set(re.findall(r"^ {4}.*\bmake ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - known == set()


def rooms() -> list[tuple[str, str]]:
    return [
        (match["room"], match["enter"])
        for match in ROOM.finditer((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("room", "enter"), rooms())
def test_a_room_has_the_entrance_that_architecture_shows(room: str, enter: str) -> None:
    place = ROOT / room
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    for name in re.findall(r"`([\w.]+)`", enter):
        if name.endswith(".py"):
            assert (place / name).exists()
        else:
            assert re.search(rf"\b(class|def) {name.split('.')[-1]}\b|^{name}\b", code, re.MULTILINE), name


@pytest.mark.parametrize("top", ["app", "forms"])
def test_every_room_of_the_house_is_on_the_plan(top: str) -> None:
    plan = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = [path.parent for path in (ROOT / top).rglob("__init__.py") if path.parent != ROOT / top]
    missing = [str(each.relative_to(ROOT)) for each in packages if f"{each.relative_to(ROOT)}/" not in plan]
    assert missing == []


def test_every_decision_record_is_short_and_has_its_three_parts() -> None:
    for record in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        text = record.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 60, record.name
        assert [line for line in text.splitlines() if line.startswith("## ")] == [
            "## Context",
            "## Decision",
            "## Consequences",
        ], record.name
