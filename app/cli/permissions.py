"""Who may what? The table of roles and rights, as people, scripts and the documentation read it."""

from __future__ import annotations

import json

import click

from app.permission_words import BY_OFFICE, ROLE_WORDS, VERB_WORDS
from app.permissions import ROLES, Role

# From who may most to who may least; a phone last, since it is nobody.
ORDER = ("admin", "manager", "case-reader", "viewer", "formfill", "analyst", "pub-link", "app-user")
_HEAD = """# Who may what

Drawn from `app/permissions.py` and `app/permission_words.py` by `flask --app wsgi sportel permissions --markdown`;
a test keeps it true. What no role grants is refused.

A role is held on the site, in a project or on one form, and there for the own office or for all offices. Rights with
an **o** reach the rows of the holder's office unless the role is held for all; an administrator's reach all offices.
"""


@click.command("permissions")
@click.option("--json", "as_json", is_flag=True, help="Give the table as one JSON document.")
@click.option("--markdown", is_flag=True, help="Give it as docs/permissions.md has it.")
def permissions_command(as_json: bool, markdown: bool) -> None:
    """Show which role has which right."""
    if as_json and markdown:
        raise click.UsageError("choose one of --json and --markdown")
    if as_json:
        click.echo(json.dumps(_document(), ensure_ascii=False))
    elif markdown:
        click.echo(as_markdown(), nl=False)
    else:
        _show()


def _roles() -> list[Role]:
    return [ROLES[name] for name in ORDER]


def _mark(role: Role, verb: str) -> str:
    if verb not in role.verbs:
        return ""
    return "o" if verb in BY_OFFICE and role.system != "admin" else "x"


def _document() -> dict[str, object]:
    return {
        "roles": [
            {"id": role.id, "system": role.system, "name": role.name, "meaning": ROLE_WORDS[role.system]}
            for role in _roles()
        ],
        "verbs": [
            {
                "verb": verb,
                "meaning": meaning,
                "byOffice": verb in BY_OFFICE,
                "roles": [role.system for role in _roles() if verb in role.verbs],
            }
            for verb, meaning in VERB_WORDS.items()
        ],
    }


def as_markdown() -> str:
    """The page docs/permissions.md."""
    roles = _roles()
    lines = [_HEAD, "| Role | Its name in the API | |", "|---|---|---|"]
    lines += [f"| {role.name} | `{role.system}` ({role.id}) | {ROLE_WORDS[role.system]} |" for role in roles]
    lines += ["", f"| Right | {' | '.join(f'`{role.system}`' for role in roles)} | Meaning |"]
    lines += ["|---|" + ":-:|" * len(roles) + "---|"]
    for verb, meaning in VERB_WORDS.items():
        lines.append(f"| `{verb}` | {' | '.join(_mark(role, verb) for role in roles)} | {meaning} |")
    return "\n".join(lines) + "\n"


def _show() -> None:
    # Loaded only here: the service itself draws no tables.
    from rich.console import Console
    from rich.table import Table

    table = Table(caption="x: has it   o: has it, for the own office unless the role is held for all offices")
    table.add_column("Right", no_wrap=True)
    for role in _roles():
        table.add_column(role.system, justify="center", no_wrap=True)
    table.add_column("Meaning")
    group = ""
    for verb, meaning in VERB_WORDS.items():
        if group and verb.split(".")[0] != group:
            table.add_section()
        group = verb.split(".")[0]
        table.add_row(verb, *(_mark(role, verb) for role in _roles()), meaning)
    console = Console()
    # In a file or a pipe a table is as wide as it needs to be.
    Console(width=console.width if console.is_terminal else 200).print(table)


COMMANDS = (permissions_command,)
