"""The table of crash points and the code say the same, and a point strikes exactly once."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from app.config import ROOT
from app.crash_points import CRASH_POINTS

THROUGH = "from app.crash_points import crash_point; crash_point('blob.kept'); print('alive')"


def passed_in_the_code() -> list[str]:
    return [
        node.args[0].value
        for path in (ROOT / "app").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "crash_point"
        and isinstance(node.args[0], ast.Constant)
    ]


def test_each_point_of_the_table_is_in_the_code_once() -> None:
    assert sorted(passed_in_the_code()) == sorted(CRASH_POINTS)


def go_through(crash_at: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", THROUGH],
        env={"SPORTEL_CRASH_AT": crash_at},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_process_at_the_point_dies_and_the_next_one_lives(tmp_path: Path) -> None:
    fuse = tmp_path / "fuse"
    fuse.touch()
    assert go_through(f"blob.kept@{fuse}").returncode == -9
    assert go_through(f"blob.kept@{fuse}").stdout == "alive\n"


def test_another_point_and_a_switch_without_a_file_do_nothing(tmp_path: Path) -> None:
    fuse = tmp_path / "fuse"
    fuse.touch()
    assert go_through(f"blob.begun@{fuse}").stdout == "alive\n"
    assert go_through("blob.kept").stdout == "alive\n"
    assert fuse.exists()
