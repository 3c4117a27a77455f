"""The table of rights, as it is printed and as the documentation has it."""

from __future__ import annotations

import json

from app.config import ROOT
from app.permissions import ROLES, VERBS
from tests.support.backend import Backend


def run(backend: Backend, *arguments: str) -> tuple[int, str]:
    result = backend.app.test_cli_runner().invoke(args=["sportel", "permissions", *arguments])
    return result.exit_code, result.output


def test_the_page_in_the_documentation_is_the_table(lite: Backend) -> None:
    page = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert run(lite, "--markdown") == (0, page), "draw it again: flask --app wsgi sportel permissions --markdown"


def test_the_table_for_scripts_has_every_right_and_every_role(lite: Backend) -> None:
    code, output = run(lite, "--json")
    document = json.loads(output)
    assert code == 0
    assert {each["system"] for each in document["roles"]} == set(ROLES)
    held = {each["verb"]: set(each["roles"]) for each in document["verbs"]}
    assert held == {verb: {name for name, role in ROLES.items() if verb in role.verbs} for verb in VERBS}


def test_the_table_for_people_fits_one_line_a_right(lite: Backend) -> None:
    code, output = run(lite)
    assert code == 0
    for verb in VERBS:
        assert sum(f" {verb} " in line for line in output.splitlines()) == 1


def test_it_is_printed_in_one_way_at_a_time(lite: Backend) -> None:
    code, output = run(lite, "--json", "--markdown")
    assert code == 2
    assert "choose one" in output
