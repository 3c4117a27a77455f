"""Commands for people and phones: add a user, add a phone and show its code."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from app.cli.faults import tell_problems
from app.cli.forms import project_named
from app.permissions import ANONYMOUS, ROLES, Grant
from app.runtime import runtime
from app.services import collect_settings, second_factor
from app.services.accounts import person, set_password
from app.services.add_user import add_user
from app.services.app_users import add_app_user

# Held on the whole site too.
_ON_SITE = ("admin", "case-reader")
_ROLES_FOR_PEOPLE = sorted(set(ROLES) - {"app-user"})


@click.command("add-user")
@click.argument("email")
@click.option("--name", help="Name to show; the address by default.")
@click.option("--office", help="Code of the office; see /v1/offices.")
@click.option("--role", type=click.Choice(_ROLES_FOR_PEOPLE), help="A first role.")
@click.option("--project", "project_name", help="Where the role is held; on the whole site without it.")
@click.option("--all-offices", is_flag=True, help="The role reaches all offices, not only the own one.")
@click.password_option(help="Asked for if not given.")
@with_appcontext
@tell_problems
def add_user_command(
    email: str,
    name: str | None,
    office: str | None,
    role: str | None,
    project_name: str | None,
    all_offices: bool,
    password: str,
) -> None:
    """Add a person who signs in with EMAIL and a password."""
    project_id = project_named(project_name).id if project_name else None
    if role is not None and role not in _ON_SITE and project_id is None:
        raise click.UsageError(f"the role {role} is held in a project; add --project")
    grants = (Grant(role, project_id, None, all_offices),) if role else ()
    add_user(None, email, password, display_name=name, office=office, grants=grants)
    click.echo(f"Added {email}.")


@click.command("set-password")
@click.argument("email")
@click.password_option(help="Asked for if not given.")
@with_appcontext
@tell_problems
def set_password_command(email: str, password: str) -> None:
    """Give the person with EMAIL another password; all their sessions end."""
    set_password(email, password)
    click.echo(f"{email} has another password, and is signed out everywhere.")


@click.command("enrol")
@click.argument("email")
@with_appcontext
@tell_problems
def enrol_command(email: str) -> None:
    """Set up the second factor of the person with EMAIL, who sits here with their phone."""
    by = person(email)
    new = second_factor.begin_enrolment(by)
    click.echo(collect_settings.terminal(new.uri))
    click.echo(f"Scan this with an authenticator app, or type the secret into it: {new.secret}")
    codes = second_factor.confirm(by, click.prompt("The six digits that it shows now"))
    click.echo("Recovery codes, each for one sign-in without the phone (shown once; keep them on paper):")
    click.echo("\n".join(f"  {code}" for code in codes))


@click.command("reset-second-factor")
@click.argument("email")
@with_appcontext
@tell_problems
def reset_second_factor_command(email: str) -> None:
    """Take away the second factor of the person with EMAIL, who lost it; all their sessions end."""
    second_factor.take_away(None, person(email).id)
    click.echo(f"{email} signs in with the password, and sets up another second factor.")


@click.command("add-phone")
@click.argument("name")
@click.option("--project", "project_name", required=True, help="Code or number of the project.")
@click.option("--office", help="Code of the office whose cases the phone may have.")
@click.option("--form", "forms", multiple=True, help="Only this form; may be repeated.")
@click.option("--language", type=click.Choice(["sq", "en"]), default="sq", show_default=True)
@click.option("--server", help="Address that the phone calls; by default SPORTEL_PUBLIC_URL.")
@click.option("--qr", type=click.Path(dir_okay=False, path_type=Path), help="Write the code to this .png or .svg.")
@with_appcontext
@tell_problems
def add_phone_command(
    name: str,
    project_name: str,
    office: str | None,
    forms: tuple[str, ...],
    language: str,
    server: str | None,
    qr: Path | None,
) -> None:
    """Add a phone called NAME and show the code that ODK Collect scans; it is shown this once."""
    settings = runtime().settings
    project = project_named(project_name)
    address = (server or settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    if qr is not None and qr.suffix not in (".png", ".svg"):
        raise click.BadParameter("the picture must be a .png or .svg file")
    new = add_app_user(ANONYMOUS, project, name, office=office, forms=list(forms) or None, days=settings.app_user_days)
    code = collect_settings.settings_code(project, name, address, new.token, language)
    if qr is not None:
        qr.touch(mode=0o600)
        qr.write_bytes(collect_settings.picture(code.payload, kind=qr.suffix[1:]))
        click.echo(f"The code for {name} is in {qr}; delete it once it is scanned.")
    else:
        click.echo(collect_settings.terminal(code.payload))
    click.echo(f"Password that unlocks the settings on the phone (shown once): {code.admin_password}")
    click.echo(f"The phone will call {address}. The code works for {settings.app_user_days} days.")


COMMANDS = (
    add_user_command,
    set_password_command,
    enrol_command,
    reset_second_factor_command,
    add_phone_command,
)
