"""Which faults is a client told of, under which codes? As scripts and the documentation read it.

Drawn from the source of the catalogue, `app/problems.py` and what stands beside it: each factory's code, its name and
what it says of itself.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from app.config import ROOT

_HEAD = """# Which faults there are

Drawn from `app/problems.py` and the files beside it by `flask --app wsgi sportel problems --markdown`; a test keeps it
true. A fault is answered as `{"message": …, "code": …, "details": …}`; the whole part of the code is the HTTP status.
The codes are ODK Central's where it has the same fault. Clients compare the code, people read the message.

| Code | Status | Name | What it means |
|---|---|---|---|
"""


@dataclass(frozen=True, order=True)
class Listed:
    """One kind of fault. `number`: the code's part behind the point, so that .9 comes before .11."""

    status: int
    number: int
    code: str
    name: str
    meaning: str


def catalogue() -> list[Listed]:
    """Every fault, by its code."""
    return sorted(each for file in sorted((ROOT / "app").glob("problems*.py")) for each in _read(file))


def _read(file: Path) -> Iterator[Listed]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            code = next(filter(None, (_code(part, named) for part in ast.walk(node))), None)
            if code is not None:
                status, number = code.split(".")
                meaning = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
                yield Listed(int(status), int(number), code, node.name, meaning)


def _code(node: ast.AST, named: dict[str, ast.expr]) -> str | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem" and node.args):
        return None
    first = node.args[0]
    value = named.get(first.id) if isinstance(first, ast.Name) else first
    return str(value.value) if isinstance(value, ast.Constant) else None


def as_markdown() -> str:
    """The page docs/problems.md."""
    rows = (f"| {each.code} | {each.status} | `{each.name}` | {each.meaning} |\n" for each in catalogue())
    return _HEAD + "".join(rows)


@click.command("problems")
@click.option("--json", "as_json", is_flag=True, help="Give the table as one JSON document.")
@click.option("--markdown", is_flag=True, help="Give it as docs/problems.md has it.")
def problems_command(as_json: bool, markdown: bool) -> None:
    """Show which faults a client is told of, under which codes."""
    if as_json and markdown:
        raise click.UsageError("choose one of --json and --markdown")
    if as_json:
        shown = [
            {"code": float(each.code), "status": each.status, "name": each.name, "meaning": each.meaning}
            for each in catalogue()
        ]
        click.echo(json.dumps(shown, ensure_ascii=False))
    elif markdown:
        click.echo(as_markdown(), nl=False)
    else:
        for each in catalogue():
            click.echo(f"{each.code:8} {each.name:28} {each.meaning}")


COMMANDS = (problems_command,)
