"""The table of faults, as it is printed and as the documentation has it: the catalogue's, whole."""

from __future__ import annotations

import json

from app.config import ROOT
from tests.app.test_problems import CATALOGUE, made
from tests.support.backend import Backend


def run(backend: Backend, *arguments: str) -> tuple[int, str]:
    result = backend.app.test_cli_runner().invoke(args=["sportel", "problems", *arguments])
    return result.exit_code, result.output


def test_the_page_in_the_documentation_is_the_table(lite: Backend) -> None:
    page = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    assert run(lite, "--markdown") == (0, page), "draw it again: flask --app wsgi sportel problems --markdown"


def test_the_table_has_every_fault_of_the_catalogue_under_its_code(lite: Backend) -> None:
    code, output = run(lite, "--json")
    assert code == 0
    listed = {each["name"]: (each["code"], each["status"]) for each in json.loads(output)}
    assert listed == {name: (made(name).code, made(name).status) for name in CATALOGUE}


def test_every_fault_says_what_it_means_and_they_stand_in_order(lite: Backend) -> None:
    shown = json.loads(run(lite, "--json")[1])
    assert all(each["meaning"].endswith(".") for each in shown)
    codes = [[int(part) for part in str(each["code"]).split(".")] for each in shown]
    assert codes == sorted(codes)


def test_the_table_for_people_has_one_line_a_fault(lite: Backend) -> None:
    code, output = run(lite)
    assert (code, len(output.splitlines())) == (0, len(CATALOGUE))
    assert run(lite, "--json", "--markdown")[0] == 2
