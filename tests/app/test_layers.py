"""The house: `web` -> `services` -> `db`, `storage`, `sealing` -> `forms`. Arrows only point down."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app.config import ROOT

MODULES = sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "forms").rglob("*.py")])
PYTHON = sorted(
    path
    for folder in ("app", "forms", "migrations", "tests", "demo", "benchmarks", "tools")
    for path in (ROOT / folder).rglob("*.py")
)
MOST_LINES = 400

# What a layer may import of our own code, besides itself. Anything else points up, or sideways.
FOUNDATION = {
    "app.config",
    "app.clock",
    "app.json_text",
    "app.crash_points",
    "app.problems",
    "app.problems_sign_in",
    "app.problems_lists",
    "app.problems_submissions",
    "app.problems_odata",
    "app.problems_mail",
    "app.problems_administration",
    "app.permissions",
    "app.permission_words",
    "app.permission_scope",
    "app.runtime",
    "app.logs",
}
MAY_IMPORT = {
    "forms": set(),
    "app.clock": set(),
    "app.json_text": set(),
    "app.crash_points": set(),
    "app.config": set(),
    "app.problems": set(),
    "app.problems_sign_in": {"app.problems"},
    "app.problems_lists": {"app.problems"},
    "app.problems_submissions": {"app.problems"},
    "app.problems_odata": {"app.problems"},
    "app.problems_mail": {"app.problems"},
    "app.problems_administration": {"app.problems"},
    "app.permissions": set(),
    "app.permission_words": set(),
    "app.permission_scope": {"app.permissions"},
    "app.logs": {"app.json_text"},
    "app.sealing": set(),
    "app.storage": {"app.config", "app.crash_points"},
    "app.runtime": {"app.config", "app.sealing", "app.storage"},
    "app.db": {"app.config", "app.clock", "app.json_text", "app.permissions", "app.permission_scope", "forms"},
    "app.services": FOUNDATION | {"app.problems", "app.db", "app.storage", "app.sealing", "forms"},
    "app.web": FOUNDATION | {"app.db", "app.services", "app.storage", "app.sealing", "forms"},
    "app.cli": FOUNDATION | {"app.db", "app.services"},
}
# Where everything is wired together, and the start of the process.
WIRING = {"app", "app.__main__"}

FOREIGN_TO_FORMS = {"app", "flask", "sqlalchemy", "alembic", "marshmallow", "requests", "urllib", "sqlite3", "psycopg"}
FOREIGN_TO_SERVICES = {"marshmallow", "werkzeug", "apispec", "click"}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> str:
    parts = module.split(".")
    return "forms" if parts[0] == "forms" else ".".join(parts[:2])


def imported(path: Path) -> set[str]:
    """Every module that the file imports anywhere, inside of functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            # `from app import problems` imports app.problems; `from app.db import models` stays in app.db.
            found |= {f"app.{alias.name}" for alias in node.names} if node.module == "app" else {node.module}
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_downwards(path: Path) -> None:
    module = name_of(path)
    if module in WIRING:
        return
    layer = layer_of(module)
    ours = {name for name in imported(path) if name.split(".")[0] in ("app", "forms")}
    allowed = MAY_IMPORT[layer] | {layer}
    assert {layer_of(name) for name in ours} <= allowed


def test_every_layer_is_known_here() -> None:
    assert {layer_of(name_of(path)) for path in MODULES} - WIRING == set(MAY_IMPORT)


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path).startswith("forms")], ids=name_of)
def test_the_pure_library_knows_no_web_no_database_and_no_network(path: Path) -> None:
    # The compiler talks to its own child process over a pair of sockets; the rest of the library to nobody.
    network = set() if name_of(path).startswith("forms.compiler") else {"socket", "http", "ssl"}
    assert {name.split(".")[0] for name in imported(path)}.isdisjoint(FOREIGN_TO_FORMS | network)


@pytest.mark.parametrize(
    "path", [path for path in MODULES if layer_of(name_of(path)) in ("app.services", "app.db")], ids=name_of
)
def test_services_and_queries_know_nothing_of_requests(path: Path) -> None:
    assert {name.split(".")[0] for name in imported(path)}.isdisjoint(FOREIGN_TO_SERVICES)
    from_flask = [
        {alias.name for alias in node.names}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "flask"
    ]
    assert set().union(*from_flask) <= {"current_app"}


def calls(path: Path, *names: str) -> list[str]:
    """Calls such as `db.session.commit()`, by the name of the method."""
    return [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_a_services_transaction_commits(path: Path) -> None:
    if name_of(path) == "app.services.transaction":
        assert calls(path, "commit")
    elif name_of(path) == "app.db.postgres_connection":
        # The driver's own end of a transaction: what the session asks for, or of one that has only read.
        assert set(calls(path, "commit", "begin")) == {"super().commit"}
    elif name_of(path) == "app.db.only_one":
        assert "session" not in str(calls(path, "commit", "begin"))  # a lock's own connection, which writes nothing
    else:
        # A savepoint (begin_nested) makes nothing durable.
        assert calls(path, "commit", "begin") == []


@pytest.mark.parametrize("path", [path for path in MODULES if layer_of(name_of(path)) == "app.web"], ids=name_of)
def test_a_view_writes_no_rows(path: Path) -> None:
    assert [call for call in calls(path, "add", "add_all", "delete", "merge", "flush") if "session" in call] == []


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
