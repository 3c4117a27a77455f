"""How does a mail reach the mail server, over a connection that nobody else reads?

With `starttls` a server that does not offer it gets nothing: no mail and no password travels in clear but on this
machine. Source: RFC 5321, RFC 3207, RFC 8314.
"""

from __future__ import annotations

import smtplib
import ssl
import stat
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import urlsplit

from app.config import ConfigError, Settings

# For each word of the conversation.
_PATIENCE_SECONDS = 20.0
_REFUSED_FOR_GOOD = 500


class MailFailed(Exception):
    """It was not taken. The text names the kind of the fault; `is_final` if another try would end the same."""

    def __init__(self, text: str, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final


@dataclass(frozen=True, repr=False)
class Text:
    """What a mail says; plain text, in lines."""

    subject: str
    body: str


def deliver(settings: Settings, address: str, text: Text) -> None:
    """Give a mail to the mail server. Raises MailFailed, ConfigError if the password's file cannot be used."""
    password = None if settings.smtp_password_file is None else read_password(settings.smtp_password_file)
    message = compose(settings, address, text)
    try:
        server = _connect(settings)
        try:
            if settings.smtp_user is not None and password is not None:
                server.login(settings.smtp_user, password)
            server.send_message(message)
        finally:
            _part(server)
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _ in error.recipients.values())
        raise MailFailed(f"SMTPRecipientsRefused {code}", is_final=code >= _REFUSED_FOR_GOOD) from None
    except smtplib.SMTPResponseException as error:
        raise MailFailed(f"{type(error).__name__} {error.smtp_code}") from None
    except (OSError, ValueError) as error:
        # What the server or the library says in words may repeat the address.
        raise MailFailed(type(error).__name__) from None


def _connect(settings: Settings) -> smtplib.SMTP:
    assert settings.smtp_host is not None
    host, port, name = settings.smtp_host, settings.smtp_port, _own_name(settings)
    context = ssl.create_default_context(cafile=settings.smtp_ca_file)
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(host, port, name, timeout=_PATIENCE_SECONDS, context=context)
    server = smtplib.SMTP(host, port, name, timeout=_PATIENCE_SECONDS)
    if settings.smtp_security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _part(server: smtplib.SMTP) -> None:
    """Take leave. What the server says to that changes nothing of what it has taken, or refused."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _own_name(settings: Settings) -> str:
    return urlsplit(settings.public_url or "").hostname or "localhost"


def compose(settings: Settings, address: str, text: Text) -> EmailMessage:
    """The mail as it travels."""
    message = EmailMessage()
    message["From"] = f"Sportel <{settings.mail_from}>"
    message["To"] = address
    message["Subject"] = text.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=_own_name(settings))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes in return
    message.set_content(text.body, cte="quoted-printable")
    return message


def read_password(path: Path) -> str:
    """The first line of the file. Raises ConfigError if others may read it, or it cannot be read."""
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError("SPORTEL_SMTP_PASSWORD_FILE can be read by others; chmod 0400 it")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        raise ConfigError("SPORTEL_SMTP_PASSWORD_FILE cannot be read; check that it is there and is text") from None
    if not lines or not lines[0].strip():
        raise ConfigError("SPORTEL_SMTP_PASSWORD_FILE is empty; put the password into its first line")
    return lines[0].strip()
