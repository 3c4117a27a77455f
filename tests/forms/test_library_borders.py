"""The library stays pure: it imports nothing of the application, and its modules stay small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import forms.schema
import forms.submission
import forms.xlsform

LIBRARY = Path(forms.schema.__file__).resolve().parents[1]
MODULES = sorted(LIBRARY.rglob("*.py"))
FORBIDDEN = {"app", "flask", "sqlalchemy", "requests", "urllib", "http", "sqlite3", "psycopg"}


def imports(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_module_imports_nothing_of_the_application_or_the_network(module: Path) -> None:
    assert not imports(module) & FORBIDDEN


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_only_the_compiler_starts_processes_and_loads_pyxform(module: Path) -> None:
    if module.parent.name != "compiler":
        assert not imports(module) & {"subprocess", "socket", "os", "time", "pyxform", "openpyxl", "xlrd"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_module_is_short_and_opens_with_what_it_answers(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("package", [forms.schema, forms.submission, forms.xlsform])
def test_every_public_name_is_there_and_documented(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        thing = getattr(package, name)
        assert not callable(thing) or getattr(thing, "__doc__", None)
