"""Commands for mail: does it work, what waits, what was given up."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from app.cli.faults import tell_problems
from app.cli.showing import give, try_again
from app.clock import to_iso

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Give the outcome as one JSON document.")

mail_group = AppGroup("mail", help="Mail for forgotten passwords, invitations and notices.")


@mail_group.command("test")
@click.argument("address")
@with_appcontext
@tell_problems
def test_command(address: str) -> None:
    """Send a mail to ADDRESS now, and tell what the mail server says."""
    from app.config import ConfigError
    from app.runtime import runtime
    from app.services import mail_texts, mails
    from app.services.smtp import MailFailed, deliver

    settings = runtime().settings
    if not mails.is_on():
        raise click.ClickException("this server sends no mail; set SPORTEL_SMTP_HOST")
    try:
        deliver(settings, address, mail_texts.test_mail(settings.public_url or ""))
    except (MailFailed, ConfigError) as error:
        raise click.ClickException(f"not sent: {error}; check the SPORTEL_SMTP_ settings") from None
    click.echo("The mail server took it; look whether it arrives.")


@mail_group.command("list")
@_AS_JSON
@with_appcontext
@tell_problems
def list_command(as_json: bool) -> None:
    """Show what waits and what is parked after too many tries; to whom, is sealed."""
    from app.services.mails import listed

    mails = listed()
    shown = [vars(mail) | {"due_at": to_iso(mail.due_at), "created_at": to_iso(mail.created_at)} for mail in mails]
    lines = [
        f"{mail.id}  {mail.state}  {mail.kind}  {to_iso(mail.created_at)}  tries: {mail.tries}"
        f"  {mail.last_error or ''}".rstrip()
        for mail in mails
    ]
    parked = sum(mail.state == "parked" for mail in mails)
    lines.append(f"{len(mails) - parked} waiting, {parked} parked")
    give({"mail": shown}, as_json, "\n".join(lines))


@mail_group.command("retry")
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="Everything that is parked.")
@_AS_JSON
@with_appcontext
@tell_problems
def retry_command(ids: tuple[int, ...], every: bool, as_json: bool) -> None:
    """Try parked mail again, from the first try."""
    from app.services.mails import retry

    try_again(retry, ids, every, as_json, shown_by="mail list")


COMMANDS = (mail_group,)
