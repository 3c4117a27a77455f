"""Commands for the whole installation: set it up, clean the records again."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from app.cli.faults import tell_problems
from app.runtime import runtime
from app.services.reclean import reclean
from app.services.setup import NewAdministrator, set_up


@click.command("setup")
@with_appcontext
@tell_problems
def setup_command() -> None:
    """Prepare the database, publish the shipped forms, add the first administrator."""
    tell_administrator(set_up(runtime().settings, click.echo))
    click.echo("Ready.")


def tell_administrator(new: NewAdministrator | None) -> None:
    """Show the first administrator; a made-up password is shown this once and kept nowhere."""
    if new is None:
        return
    click.echo(f"\nFirst administrator: {new.email}")
    click.echo(
        "Also holds the role case-reader, which reads every answer, so that one person can start alone; take it away"
        " when there are more: who gives out rights should not read what people said."
    )
    if new.made_up_password is not None:
        click.echo(f"Password (shown once, keep it now): {new.made_up_password}\n")
    if runtime().settings.second_factor != "off":
        click.echo(
            "This account needs a second factor before it can do anything else; with a phone at hand:\n"
            f"  flask --app wsgi sportel enrol {new.email}\n"
        )


@click.command("reclean")
@with_appcontext
@tell_problems
def reclean_command() -> None:
    """Draw every cleaned record again from its XML."""
    done = reclean(current_app.logger.warning)
    click.echo(f"{done.cleaned} records cleaned, {done.changed} changed, {done.unreadable} not readable.")
    if done.unreadable:
        raise SystemExit(1)


COMMANDS = (setup_command, reclean_command)
