"""Which settings are there, what do they mean, and which value is refused?

Every setting is an environment variable `SPORTEL_<NAME>` (and `PORT`). A bad one stops the start with one
line that names the setting and the remedy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent

MIB = 1024 * 1024
LOOPBACK = ("127.0.0.1", "::1", "localhost")

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,39}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_BUCKET = re.compile(r"s3://[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9](/[A-Za-z0-9._-]+)*/?")


class ConfigError(Exception):
    """A setting that the service cannot start with. Its text is one line for the operator."""


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ConfigError(f"must be a whole number from {low} to {high}") from None
        if not low <= value <= high:
            raise ConfigError(f"must be from {low} to {high}")
        return value

    return read


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser().resolve()
    except RuntimeError:
        raise ConfigError("names the home folder of a user that is not there") from None


def _database(text: str) -> str:
    if text.startswith(("postgresql://", "postgres://")):
        text = "postgresql+psycopg://" + text.split("://", 1)[1]
    if not text.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise ConfigError("must start with postgresql:// or sqlite:///")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError("must be an address such as postgresql://user:password@host:5432/name") from None
    if url.get_backend_name() == "sqlite" and (url.database or ":memory:") == ":memory:":
        raise ConfigError("must name a file: a database in memory would lose what was taken")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ConfigError("must be an address such as https://forms.example.org")
    return text.rstrip("/")


def _template(text: str) -> str:
    bare = text
    for place in ("{project}", "{form}", "{instance}"):
        bare = bare.replace(place, "x") if place in bare else ""
    if not re.fullmatch(r"https?://[^/{}\s]+/[^{}\s]*", bare):
        raise ConfigError("must be an address such as https://forms.example.org/edit/{project}/{form}/{instance}")
    return text


def _bucket(text: str) -> str:
    if not _BUCKET.fullmatch(text):
        raise ConfigError("must be s3://bucket or s3://bucket/prefix, without credentials")
    return text


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,40}", text):
        raise ConfigError("must be a region's name, such as eu-central-1")
    return text


def _issuer(text: str) -> str:
    # As it is: a provider's name with a slash at its end is another one without.
    _url(text)
    return text


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ConfigError("must be a host's name, such as mail.example.org; the port is a setting of its own")
    return text


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ConfigError("must be an address, such as sportel@example.org")
    return text


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ConfigError(f"must be one of {', '.join(allowed)}")
        return text

    return read


def _setting(default: Any, read: Callable[[str], Any], meaning: str, *, variable: str | None = None) -> Any:
    return field(default=default, metadata={"read": read, "meaning": meaning, "variable": variable})


@dataclass(frozen=True)
class Settings:
    """Every setting. Paths that are None are placed under `data`."""

    data: Path = _setting(ROOT / "var", _folder, "Folder of the embedded database, the files and the key.")
    database_url: str | None = _setting(
        None, _database, "postgresql://… or sqlite:///…; by default an SQLite file under the data folder."
    )
    key_file: Path | None = _setting(
        None,
        _folder,
        "File of the sealing key; made at set-up. Keep it, and its backup, apart from the database.",
    )
    storage_url: str | None = _setting(
        None, _bucket, "s3://bucket/prefix for the sealed files; by default a folder under the data folder."
    )
    storage_endpoint: str | None = _setting(
        None, _url, "Address of an S3 server that is not Amazon's, such as https://s3.example.org."
    )
    storage_region: str | None = _setting(None, _region, "Region of the bucket, such as eu-central-1.")
    metrics_token_file: Path | None = _setting(
        None, _folder, "File with the token that opens /metrics to others than this machine; 32 characters at least."
    )
    key_command: str | None = _setting(
        None,
        str,
        "Command that prints the key file's text, instead of the file: from a KMS or a vault. Run without a shell.",
    )
    sweep_hours: int = _setting(
        24, _whole(1, 8760), "Age at which a file that nothing names may be swept; longer than any request lasts."
    )
    public_url: str | None = _setting(
        None,
        _url,
        "Address that phones use, such as https://forms.example.org; by default the one they called.",
    )
    edit_url: str | None = _setting(
        None,
        _template,
        "Address of the web form on which a submission is edited, with {project}, {form} and {instance} in it.",
    )
    host: str = _setting("127.0.0.1", str, "Address to listen on; 0.0.0.0 lets other machines in.")
    port: int = _setting(8080, _whole(1, 65535), "Port to listen on.", variable="PORT")
    workers: int = _setting(2, _whole(1, 64), "Server processes.")
    threads: int = _setting(4, _whole(1, 64), "Threads of each process.")
    worker: str = _setting(
        "on",
        _one_of("on", "off"),
        "on: the server processes also do what submissions start; off: a worker beside them.",
    )
    trusted_proxies: int = _setting(
        0, _whole(0, 5), "How many reverse proxies stand in front and set X-Forwarded-*; 0 trusts none."
    )
    log_format: str = _setting("text", _one_of("text", "json"), "text for people, json for collectors.")
    backup_by_api: str = _setting(
        "off", _one_of("off", "on"), "on: an administrator may take an encrypted backup away by POST /v1/backup."
    )
    session_hours: int = _setting(9, _whole(1, 72), "Hours until a person must sign in again.")
    session_idle_minutes: int = _setting(
        15, _whole(5, 1440), "Minutes without a request after which a person must sign in again."
    )
    second_factor: str = _setting(
        "privileged",
        _one_of("off", "privileged", "all"),
        "Who needs a second factor: nobody, whoever administers or reveals, or all. off: on loopback alone.",
    )
    webauthn_verification: str = _setting(
        "preferred",
        _one_of("preferred", "required"),
        "Must a security key also ask its owner for a PIN or a finger, or is it only to be asked for?",
    )
    oidc_issuer: str | None = _setting(
        None, _issuer, "The institution's OpenID provider, exactly as it names itself, such as https://id.example.org."
    )
    oidc_client_id: str | None = _setting(None, str, "What the provider calls this server.")
    oidc_client_secret_file: Path | None = _setting(
        None, _folder, "File with the secret that the provider gave for this server."
    )
    oidc_acr: tuple[str, ...] = _setting(
        (), _words, "Values of `acr`, with spaces between, that mean that the person used a second factor there."
    )
    oidc_amr: tuple[str, ...] = _setting(
        (), _words, "Values of `amr` that mean the same; one of either is enough. Without any nobody used one."
    )
    oidc_label: str = _setting(
        "Hyni me llogarinë e institucionit / Sign in with your institution's account",
        str,
        "What the link to the provider says.",
    )
    password_sign_in: str = _setting(
        "on", _one_of("on", "off"), "off: people sign in with the provider alone; programs still use API keys."
    )
    sign_in_tries: int = _setting(
        5,
        _whole(1, 100),
        "Wrong sign-ins in a row for one address, or passphrases by one person, before a longer and longer wait.",
    )
    sign_in_tries_network: int = _setting(
        20, _whole(1, 10_000), "Wrong sign-ins in a row from one network address before it must wait."
    )
    submissions_per_minute: int = _setting(
        120, _whole(1, 100_000), "Submissions a minute that one phone may send on and on; of each server process."
    )
    submissions_burst: int = _setting(
        600, _whole(1, 1_000_000), "Submissions that one phone may send at once; of each server process."
    )
    app_user_days: int = _setting(180, _whole(1, 730), "Days until a phone's token ends.")
    reveal_budget: int = _setting(
        50, _whole(1, 100_000), "Records of which one person may reveal masked answers on one day."
    )
    smtp_host: str | None = _setting(
        None, _host, "Host of the mail server; without it no mail is sent, and the operator sets forgotten passwords."
    )
    smtp_port: int = _setting(587, _whole(1, 65535), "Port of the mail server.")
    smtp_security: str = _setting(
        "starttls",
        _one_of("starttls", "tls", "off"),
        "How mail travels to the mail server: starttls, tls from the first byte, or off: to this machine alone.",
    )
    smtp_user: str | None = _setting(None, str, "User at the mail server, if it asks for one.")
    smtp_password_file: Path | None = _setting(None, _folder, "File with that user's password; one line, mode 0400.")
    smtp_ca_file: Path | None = _setting(
        None, _folder, "File with the certificate that vouches for the mail server, if no public authority does."
    )
    mail_from: str | None = _setting(None, _address, "Address that mail comes from, such as sportel@example.org.")
    max_xml_bytes: int = _setting(5 * MIB, _whole(1024, 50 * MIB), "Largest submission XML, in bytes.")
    max_file_bytes: int = _setting(50 * MIB, _whole(1024, 1024 * MIB), "Largest attachment, in bytes.")
    max_request_bytes: int = _setting(100 * MIB, _whole(1024, 2048 * MIB), "Largest request, in bytes.")
    max_request_parts: int = _setting(120, _whole(2, 1000), "Most parts of one multipart request.")
    admin_email: str | None = _setting(None, str, "Address of the first administrator, used at set-up only.")
    admin_password: str | None = _setting(
        None,
        str,
        "Password of the first administrator, used at set-up only; made up and shown once if absent.",
    )

    @property
    def sqlalchemy_url(self) -> str:
        """Where the database is. The embedded one has a folder of its own, away from the key."""
        return self.database_url or f"sqlite:///{self.data / 'db' / 'sportel.sqlite3'}"

    @property
    def key_path(self) -> Path:
        """Where the sealing key is."""
        return self.key_file or self.data / "keys" / "sealing.key"

    @property
    def blob_folder(self) -> Path:
        """Where the sealed files are."""
        return self.data / "blobs"


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    for setting in fields(Settings):
        if setting.name == name:
            return setting.metadata["variable"] or f"SPORTEL_{name.upper()}"
    raise KeyError(name)


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment gives. An empty variable counts as absent.

    Raises ConfigError naming the variable; it never shows the value, which may be a secret.
    """
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        variable = variable_of(setting.name)
        text = environment.get(variable, "").strip()
        if not text:
            continue
        try:
            values[setting.name] = setting.metadata["read"](text)
        except ConfigError as error:
            raise ConfigError(f"{variable} {error}") from None
    known = {variable_of(setting.name) for setting in fields(Settings)}
    for variable in environment:
        if variable.startswith("SPORTEL_") and variable not in known:
            raise ConfigError(f"{variable} is not a setting; see .env.example for the names")
    settings = Settings(**values)
    if settings.max_xml_bytes > settings.max_request_bytes or settings.max_file_bytes > settings.max_request_bytes:
        raise ConfigError("SPORTEL_MAX_REQUEST_BYTES must not be below SPORTEL_MAX_XML_BYTES or SPORTEL_MAX_FILE_BYTES")
    if settings.second_factor == "off" and (settings.host not in LOOPBACK or settings.trusted_proxies):
        raise ConfigError(
            "SPORTEL_SECOND_FACTOR can be off only while SPORTEL_HOST is 127.0.0.1 and no proxy stands in front; set it"
            " to privileged or all"
        )
    _check_mail(settings)
    database = settings.sqlalchemy_url
    if database.startswith("sqlite:///"):
        folder = Path(database.removeprefix("sqlite:///")).resolve().parent
        if folder in settings.key_path.parents:
            raise ConfigError(
                "SPORTEL_KEY_FILE must lie outside of the database's folder: a copied folder must not open"
            )
    return settings


def _check_mail(settings: Settings) -> None:
    if settings.smtp_host is None:
        return
    if settings.mail_from is None:
        raise ConfigError("SPORTEL_MAIL_FROM must be set, because SPORTEL_SMTP_HOST is: it is where mail comes from")
    if settings.public_url is None:
        # Never the address that a request was made to: whoever asks would choose where the code goes.
        raise ConfigError("SPORTEL_PUBLIC_URL must be set, because SPORTEL_SMTP_HOST is: mail holds links to it")
    if settings.smtp_security == "off" and settings.smtp_host not in LOOPBACK:
        raise ConfigError("SPORTEL_SMTP_SECURITY can be off only while SPORTEL_SMTP_HOST is 127.0.0.1; use starttls")
    if (settings.smtp_user is None) != (settings.smtp_password_file is None):
        raise ConfigError("SPORTEL_SMTP_USER and SPORTEL_SMTP_PASSWORD_FILE must be set both, or neither")
