"""Commands for what submissions have started: who does it, what waits, what was given up."""

from __future__ import annotations

import signal

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from app.cli.faults import tell_problems
from app.cli.showing import give, try_again
from app.clock import to_iso

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Give the outcome as one JSON document.")

outbox_group = AppGroup("outbox", help="What submissions have started: cases, held updates.")


@outbox_group.command("list")
@_AS_JSON
@with_appcontext
@tell_problems
def list_command(as_json: bool) -> None:
    """Show what waits and what is parked after too many tries."""
    from app.services.outbox import listed

    jobs = listed()
    shown = [vars(job) | {"due_at": to_iso(job.due_at), "created_at": to_iso(job.created_at)} for job in jobs]
    lines = [
        f"{job.id}  {job.state}  {job.work}  project {job.project_id}  {job.xml_form_id}  {job.instance_id}"
        f"  tries: {job.tries}  {job.last_error or ''}".rstrip()
        for job in jobs
    ]
    parked = sum(job.state == "parked" for job in jobs)
    lines.append(f"{len(jobs) - parked} waiting, {parked} parked")
    give({"outbox": shown}, as_json, "\n".join(lines))


@outbox_group.command("retry")
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="Everything that is parked.")
@_AS_JSON
@with_appcontext
@tell_problems
def retry_command(ids: tuple[int, ...], every: bool, as_json: bool) -> None:
    """Try parked work again, from the first try."""
    from app.services.outbox import retry

    try_again(retry, ids, every, as_json, shown_by="outbox list")


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Do what submissions have started, in a process of its own, until SIGTERM or SIGINT.

    For several servers with SPORTEL_WORKER=off; without that each of them does it besides.
    """
    from app.services.worker import Worker

    # Waited for, not handled: a handler might run in the middle of the very lock that ending takes.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    worker = Worker(current_app.app_context)
    worker.start()
    click.echo("Working.", err=True)
    signal.sigwait(ends)
    worker.stop()


COMMANDS = (outbox_group, worker_command)
