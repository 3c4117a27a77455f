"""Commands for what was kept aside: list, look at, release, discard."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import click
from flask.cli import with_appcontext

from app.cli.faults import tell_problems
from app.cli.forms import project_named
from app.cli.showing import give, tell_refusals
from app.clock import to_iso
from app.permissions import ANONYMOUS
from app.services.operation import told_in_one_line

# A table in a file or a pipe is as wide as it needs to be.
_WIDE = 200


@click.group("quarantine")
def quarantine_group() -> None:
    """What valid senders sent and what could not be a submission: see docs/operations.md."""


def _command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """What every command here has: the application, faults in one line, --json."""

    def made(function: Callable[..., Any]) -> click.Command:
        wrapped = tell_problems(tell_refusals(_in_one_line(function)))
        option = click.option("--json", "as_json", is_flag=True, help="Give the outcome as one JSON document.")
        return quarantine_group.command(name)(option(with_appcontext(wrapped)))

    return made


def _in_one_line(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def told(*args: Any, **kwargs: Any) -> Any:
        with told_in_one_line():
            return function(*args, **kwargs)

    return told


@_command("list")
@click.option("--project", "project_name", help="Code or number of a project; without it, of all.")
@click.option("--reason", help="Only those kept for this reason.")
@click.option("--form", "xml_form_id", help="Only those of this form.")
@click.option("--released", is_flag=True, help="Those that have become edits, instead of those that wait.")
@click.option("--limit", type=click.IntRange(0), help="At most so many.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Leave out the newest so many.")
def list_command(
    project_name: str | None,
    reason: str | None,
    xml_form_id: str | None,
    released: bool,
    limit: int | None,
    offset: int,
    as_json: bool,
) -> None:
    """List what was kept aside, the newest first."""
    from app.db.queries import quarantine as queries
    from app.services.quarantine_reasons import REASONS

    if reason is not None and reason not in REASONS:
        raise click.BadParameter(f"there is no reason {reason}; there are: {', '.join(sorted(REASONS))}")
    project_id = None if project_name is None else project_named(project_name).id
    found = queries.entries(
        queries.Reach(project_id, True),
        reason=reason,
        xml_form_id=xml_form_id,
        released=released,
        limit=limit,
        offset=offset,
    )
    give([_facts(each) for each in found], as_json, _table(found) if found else "Nothing is kept aside.")


@_command("show")
@click.argument("entry_id", type=click.IntRange(1, 2**31 - 1))
def show_command(entry_id: int, as_json: bool) -> None:
    """Show one of them: what happened, what to do, and whether it can be released now."""
    from app.services.quarantine_entries import EVERYTHING
    from app.services.quarantine_inspection import inspect
    from app.services.quarantine_reasons import REASONS
    from app.services.release_quarantine import OPERATOR

    looked = inspect(OPERATOR, EVERYTHING, entry_id)
    reason = REASONS[looked.kept.reason]
    facts = _facts(looked.kept) | {
        "happened": reason.happened.en,
        "remedy": reason.remedy.en,
        "release": reason.how.value,
        "releasable": looked.releasable,
        "obstacle": looked.obstacle.en if looked.obstacle is not None else None,
        "sent": dataclasses.asdict(looked.sent) if looked.sent is not None else None,
        "together": looked.together,
    }
    give(facts, as_json, "\n".join(f"{name}: {_told(value)}" for name, value in facts.items()))


@_command("release")
@click.argument("entry_id", type=click.IntRange(1, 2**31 - 1))
@click.option("--as-edit", "edit", is_flag=True, help="As an edit of the version that counts now: for conflicts.")
def release_command(entry_id: int, edit: bool, as_json: bool) -> None:
    """Take it in after all, with what came with it. Ends with status 1 if it stays kept; the line says why."""
    from app.services.release_quarantine import OPERATOR, release

    done = release(OPERATOR, entry_id, edit=edit)
    text = f"Released into the submission {done.instance_id}"
    if done.version_id != done.instance_id:
        text += f", version {done.version_id}"
    give(done, as_json, f"{text}; {done.files} files with it.")


@_command("discard")
@click.argument("entry_id", type=click.IntRange(1, 2**31 - 1))
@click.option("--reason", "why", required=True, help="Why, without names; it is kept in the audit.")
@click.option("--whole", is_flag=True, help="With everything that came with it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def discard_command(entry_id: int, why: str, whole: bool, yes: bool, as_json: bool) -> None:
    """Discard it for good: nobody can read it after that."""
    from app.services.quarantine_discard import discard
    from app.services.quarantine_entries import EVERYTHING, entry

    kept = entry(EVERYTHING, entry_id)
    if not yes:
        click.confirm(f"{kept.name} of {kept.instance_id} cannot be brought back. Discard?", abort=True, err=True)
    count = discard(ANONYMOUS, EVERYTHING, entry_id, why, whole=whole)
    give({"discarded": count}, as_json, f"Discarded: {count}.")


def _facts(kept: Any) -> dict[str, Any]:
    """An entry as scripts read it; neither keys nor hashes."""
    return {
        "id": kept.id,
        "reason": kept.reason,
        "project": kept.project_id,
        "form": kept.xml_form_id,
        "instance_id": kept.instance_id,
        "name": kept.name,
        "content_type": kept.content_type,
        "size": kept.size_bytes,
        "sender": kept.sender,
        "office": kept.office,
        "received_at": to_iso(kept.received_at),
        "released_at": to_iso(kept.released_at),
    }


_COLUMNS = ("id", "reason", "project", "form", "instance_id", "name", "size", "sender", "office", "received_at")


def _table(found: list[Any]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column.replace("_", " "), overflow="fold", justify="right" if column == "size" else "left")
    for kept in found:
        facts = _facts(kept)
        # As text: a sender's file name is not to be read as markup.
        table.add_row(*(Text(_told(facts[column])) for column in _COLUMNS))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip("\n")


def _told(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    # A sender's text could otherwise move a terminal's cursor.
    return "".join(each if each.isprintable() else "?" for each in str(value))


COMMANDS = (quarantine_group,)
