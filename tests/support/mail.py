"""A mail server of the tests' own: real SMTP with STARTTLS, a password, and a certificate that it signed itself."""

from __future__ import annotations

import ipaddress
import logging
import re
import ssl
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.services import mails
from app.services.mail_writers import WRITERS
from tests.support.backend import Backend
from tests.support.postgres import free_port

# What aiosmtpd tells of its own future.
logging.getLogger("mail.log").setLevel(logging.ERROR)

HOST, USER, SECRET = "127.0.0.1", "sportel", "the mail server's password"
PUBLIC_URL = "https://forms.example.org"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of the tests")])
    moment = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mail.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "mail.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "mail.pem", folder / "mail.key"


@dataclass
class Arrived:
    """A mail as it came, and how."""

    to: list[str]
    message: EmailMessage
    raw: bytes
    encrypted: bool

    @property
    def text(self) -> str:
        found: str = self.message.get_content()
        return found

    @property
    def code(self) -> str:
        """The code in it."""
        (found,) = set(re.findall(r"(?:[A-Z2-9]{4}-){6}[A-Z2-9]{4}", self.text))
        return found


@dataclass
class MailServer:
    """`refuse`: what it answers to each recipient instead of taking the mail; `farewell`: what it answers to QUIT."""

    folder: Path
    starttls: bool = True
    arrived: list[Arrived] = field(default_factory=list)
    refuse: str | None = None
    farewell: str = "221 Bye"

    def __post_init__(self) -> None:
        self.port = free_port()
        self.certificate, key = make_certificate(self.folder)
        self.password_file = self.folder / "password"
        self.password_file.write_text(f"{SECRET}\n")
        self.password_file.chmod(0o400)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, key)
        safe: dict[str, Any] = {"tls_context": context, "require_starttls": True} if self.starttls else {}
        self._controller = Controller(
            self,
            hostname=HOST,
            port=self.port,
            authenticator=self._known,
            auth_required=self.starttls,
            auth_require_tls=self.starttls,
            **safe,
        )

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.farewell

    def start(self) -> MailServer:
        self._controller.start()
        return self

    def stop(self) -> None:
        self._controller.stop(no_assert=True)

    @staticmethod
    def _known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        is_known = isinstance(given, LoginPassword) and (given.login, given.password) == (
            USER.encode(),
            SECRET.encode(),
        )
        return AuthResult(success=is_known, handled=is_known)

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refuse is None:
            envelope.rcpt_tos.append(address)
        return self.refuse or "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (likewise)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.arrived.append(Arrived(envelope.rcpt_tos, message, envelope.content, session.ssl is not None))
        return "250 OK"

    @property
    def settings(self) -> dict[str, Any]:
        """What makes a backend send here."""
        return {
            "smtp_host": HOST,
            "smtp_port": self.port,
            "smtp_security": "starttls",
            "smtp_user": USER,
            "smtp_password_file": self.password_file,
            "smtp_ca_file": self.certificate,
            "mail_from": "sportel@example.org",
            "public_url": PUBLIC_URL,
        }


def use(backend: Backend, **settings: Any) -> Backend:
    """The same backend with other settings."""
    runtime = backend.app.extensions["sportel"]
    backend.app.extensions["sportel"] = replace(runtime, settings=replace(runtime.settings, **settings))
    return backend


def send_mail(backend: Backend) -> None:
    """Send what is due, as the served process does beside its requests."""
    with backend.app.app_context():
        mails.send_due(WRITERS)
