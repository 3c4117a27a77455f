"""Commands for the audit: is it as it was written, and how does it leave the machine?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from app.cli.faults import tell_problems
from app.cli.showing import give, progress_shown, tell_refusals
from app.clock import now, to_iso

# Ends of `audit verify`; 1 is a fault of the command, as everywhere.
NOT_INTACT = 3
NOT_SEALED = 4
# Sealing takes seconds; after this nobody is doing it.
_LATE = timedelta(minutes=10)

audit_group = AppGroup("audit", help="The log of who did and who saw what: see docs/operations.md.")


class HeadType(click.ParamType[Any]):
    """A head as the log writes it."""

    name = "place:seal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from app.services.audit_chain import parse_head

        try:
            return parse_head(value)
        except ValueError:
            self.fail("give it as the log has it: <place>:<seal>", param, ctx)


class MomentType(click.ParamType[Any]):
    """A day or a moment; without a zone it is UTC."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            self.fail("give it as 2026-01-31 or 2026-01-31T08:00:00Z", param, ctx)
        return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


@audit_group.command("verify")
@click.option("--head", "heads", type=HeadType(), multiple=True, help="A head from the log; the chain must hold it.")
@click.option("--json", "as_json", is_flag=True, help="Give the outcome as one JSON document.")
@with_appcontext
@tell_problems
@tell_refusals
def verify_command(heads: tuple[Any, ...], as_json: bool) -> None:
    """Look whether the audit is as it was written, and name the first line that is not.

    Ends with 0 if it is, 3 if it is not, 4 if it is but lines wait for their seal for more than ten minutes.
    """
    from app.services.audit_verify import verify

    with progress_shown(as_json) as progress:
        found = verify(heads, progress)
    is_late = found.waiting_since is not None and now() - found.waiting_since > _LATE
    outcome = {
        "intact": found.fault is None,
        "sealed": found.sealed,
        "head": found.head,
        "unsealed": found.unsealed,
        "waitingSince": to_iso(found.waiting_since),
        "headsChecked": found.heads_checked,
        "fault": found.fault,
    }
    give(outcome, as_json, _told(found, is_late))
    if found.fault is not None:
        raise SystemExit(NOT_INTACT)
    if is_late:
        raise SystemExit(NOT_SEALED)


def _told(found: Any, is_late: bool) -> str:
    lines = [
        f"Not intact. {found.fault.told[0].upper()}{found.fault.told[1:]}."
        if found.fault is not None
        else f"Intact: {found.sealed} lines, held against {found.heads_checked} kept heads."
    ]
    if found.fault is not None:
        lines.append(f"Up to place {found.sealed} every line is as it was written.")
    if found.head is not None:
        lines.append(f"Head: {found.head}")
    lines.append(f"Not sealed yet: {found.unsealed}")
    if is_late:
        since = to_iso(found.waiting_since)
        lines.append(f"The oldest of them waits since {since}: no worker is running, or see chore.failed in the log.")
    return "\n".join(lines)


@audit_group.command("export")
@click.option("--since", type=MomentType(), help="From this moment on.")
@click.option("--until", type=MomentType(), help="Up to this moment.")
@click.option("--actor", "actor_id", type=click.IntRange(1, 2**31 - 1), help="Only what this one did; a number.")
@click.option("--action", help="An action, a group of them, or read, write, denial, nonverbose.")
@with_appcontext
@tell_problems
def export_command(since: datetime | None, until: datetime | None, actor_id: int | None, action: str | None) -> None:
    """Write the lines to the output, one JSON document each, the oldest first."""
    from app.db.queries.audits import Wanted
    from app.services.audit_actions import named
    from app.services.audit_export import export

    actions, but = named(action) if action is not None else (None, frozenset())
    for line in export(Wanted(actions, but, start=since, end=until, actor_id=actor_id)):
        click.echo(json.dumps(line, ensure_ascii=False))


COMMANDS = (audit_group,)
