"""Every setting: its variable, its default, and what stops the start with one line."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from app.config import MIB, ROOT, ConfigError, Settings, read_settings, variable_of

DEFAULTS = {
    "SPORTEL_DATA": ("data", ROOT / "var"),
    "SPORTEL_DATABASE_URL": ("database_url", None),
    "SPORTEL_KEY_FILE": ("key_file", None),
    "SPORTEL_STORAGE_URL": ("storage_url", None),
    "SPORTEL_STORAGE_ENDPOINT": ("storage_endpoint", None),
    "SPORTEL_KEY_COMMAND": ("key_command", None),
    "SPORTEL_SWEEP_HOURS": ("sweep_hours", 24),
    "SPORTEL_STORAGE_REGION": ("storage_region", None),
    "SPORTEL_METRICS_TOKEN_FILE": ("metrics_token_file", None),
    "SPORTEL_PUBLIC_URL": ("public_url", None),
    "SPORTEL_EDIT_URL": ("edit_url", None),
    "SPORTEL_HOST": ("host", "127.0.0.1"),
    "PORT": ("port", 8080),
    "SPORTEL_WORKERS": ("workers", 2),
    "SPORTEL_THREADS": ("threads", 4),
    "SPORTEL_WORKER": ("worker", "on"),
    "SPORTEL_TRUSTED_PROXIES": ("trusted_proxies", 0),
    "SPORTEL_LOG_FORMAT": ("log_format", "text"),
    "SPORTEL_BACKUP_BY_API": ("backup_by_api", "off"),
    "SPORTEL_SESSION_HOURS": ("session_hours", 9),
    "SPORTEL_SESSION_IDLE_MINUTES": ("session_idle_minutes", 15),
    "SPORTEL_SECOND_FACTOR": ("second_factor", "privileged"),
    "SPORTEL_WEBAUTHN_VERIFICATION": ("webauthn_verification", "preferred"),
    "SPORTEL_OIDC_ISSUER": ("oidc_issuer", None),
    "SPORTEL_OIDC_CLIENT_ID": ("oidc_client_id", None),
    "SPORTEL_OIDC_CLIENT_SECRET_FILE": ("oidc_client_secret_file", None),
    "SPORTEL_OIDC_ACR": ("oidc_acr", ()),
    "SPORTEL_OIDC_AMR": ("oidc_amr", ()),
    "SPORTEL_OIDC_LABEL": (
        "oidc_label",
        "Hyni me llogarinë e institucionit / Sign in with your institution's account",
    ),
    "SPORTEL_PASSWORD_SIGN_IN": ("password_sign_in", "on"),
    "SPORTEL_SIGN_IN_TRIES": ("sign_in_tries", 5),
    "SPORTEL_SIGN_IN_TRIES_NETWORK": ("sign_in_tries_network", 20),
    "SPORTEL_SUBMISSIONS_PER_MINUTE": ("submissions_per_minute", 120),
    "SPORTEL_SUBMISSIONS_BURST": ("submissions_burst", 600),
    "SPORTEL_APP_USER_DAYS": ("app_user_days", 180),
    "SPORTEL_REVEAL_BUDGET": ("reveal_budget", 50),
    "SPORTEL_SMTP_HOST": ("smtp_host", None),
    "SPORTEL_SMTP_PORT": ("smtp_port", 587),
    "SPORTEL_SMTP_SECURITY": ("smtp_security", "starttls"),
    "SPORTEL_SMTP_USER": ("smtp_user", None),
    "SPORTEL_SMTP_PASSWORD_FILE": ("smtp_password_file", None),
    "SPORTEL_SMTP_CA_FILE": ("smtp_ca_file", None),
    "SPORTEL_MAIL_FROM": ("mail_from", None),
    "SPORTEL_MAX_XML_BYTES": ("max_xml_bytes", 5 * MIB),
    "SPORTEL_MAX_FILE_BYTES": ("max_file_bytes", 50 * MIB),
    "SPORTEL_MAX_REQUEST_BYTES": ("max_request_bytes", 100 * MIB),
    "SPORTEL_MAX_REQUEST_PARTS": ("max_request_parts", 120),
    "SPORTEL_ADMIN_EMAIL": ("admin_email", None),
    "SPORTEL_ADMIN_PASSWORD": ("admin_password", None),
}

GOOD = [
    ("SPORTEL_DATA", "/srv/sportel", Path("/srv/sportel")),
    ("SPORTEL_DATABASE_URL", "postgresql://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
    ("SPORTEL_DATABASE_URL", "postgres://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
    ("SPORTEL_DATABASE_URL", "postgresql+psycopg://db/x", "postgresql+psycopg://db/x"),
    ("SPORTEL_DATABASE_URL", "sqlite:////srv/db/s.sqlite3", "sqlite:////srv/db/s.sqlite3"),
    ("SPORTEL_KEY_FILE", "/run/secrets/key", Path("/run/secrets/key")),
    ("SPORTEL_STORAGE_URL", "s3://sportel-files", "s3://sportel-files"),
    ("SPORTEL_STORAGE_URL", "s3://files.example/a/b_c-1/", "s3://files.example/a/b_c-1/"),
    ("SPORTEL_STORAGE_ENDPOINT", "https://s3.example.org/", "https://s3.example.org"),
    ("SPORTEL_KEY_COMMAND", "vault read key", "vault read key"),
    ("SPORTEL_SWEEP_HOURS", "48", 48),
    ("SPORTEL_STORAGE_REGION", "eu-central-1", "eu-central-1"),
    ("SPORTEL_METRICS_TOKEN_FILE", "/run/secrets/metrics", Path("/run/secrets/metrics")),
    ("SPORTEL_PUBLIC_URL", "https://forms.example.org/", "https://forms.example.org"),
    ("SPORTEL_EDIT_URL", "https://x.org/{project}/{form}?i={instance}", "https://x.org/{project}/{form}?i={instance}"),
    ("SPORTEL_HOST", "0.0.0.0", "0.0.0.0"),
    ("PORT", "9000", 9000),
    ("SPORTEL_WORKERS", "1", 1),
    ("SPORTEL_THREADS", "64", 64),
    ("SPORTEL_WORKER", "off", "off"),
    ("SPORTEL_TRUSTED_PROXIES", "1", 1),
    ("SPORTEL_LOG_FORMAT", "json", "json"),
    ("SPORTEL_BACKUP_BY_API", "on", "on"),
    ("SPORTEL_SESSION_HOURS", "72", 72),
    ("SPORTEL_SESSION_IDLE_MINUTES", "5", 5),
    ("SPORTEL_SECOND_FACTOR", "all", "all"),
    ("SPORTEL_SECOND_FACTOR", "off", "off"),
    ("SPORTEL_WEBAUTHN_VERIFICATION", "required", "required"),
    ("SPORTEL_OIDC_ISSUER", "https://id.example.org/realm/", "https://id.example.org/realm/"),
    ("SPORTEL_OIDC_CLIENT_ID", "sportel", "sportel"),
    ("SPORTEL_OIDC_CLIENT_SECRET_FILE", "/run/secrets/oidc", Path("/run/secrets/oidc")),
    ("SPORTEL_OIDC_ACR", "gold  urn:two", ("gold", "urn:two")),
    ("SPORTEL_OIDC_AMR", "mfa", ("mfa",)),
    ("SPORTEL_OIDC_LABEL", "Hyni", "Hyni"),
    ("SPORTEL_PASSWORD_SIGN_IN", "off", "off"),
    ("SPORTEL_SIGN_IN_TRIES", "10", 10),
    ("SPORTEL_SIGN_IN_TRIES_NETWORK", "200", 200),
    ("SPORTEL_SUBMISSIONS_PER_MINUTE", "60", 60),
    ("SPORTEL_SUBMISSIONS_BURST", "1000", 1000),
    ("SPORTEL_APP_USER_DAYS", "1", 1),
    ("SPORTEL_REVEAL_BUDGET", "1", 1),
    ("SPORTEL_SMTP_HOST", "mail.example.org", "mail.example.org"),
    ("SPORTEL_SMTP_PORT", "465", 465),
    ("SPORTEL_SMTP_SECURITY", "tls", "tls"),
    ("SPORTEL_SMTP_USER", "sportel", "sportel"),
    ("SPORTEL_SMTP_PASSWORD_FILE", "/run/secrets/smtp", Path("/run/secrets/smtp")),
    ("SPORTEL_SMTP_CA_FILE", "/etc/ssl/own.pem", Path("/etc/ssl/own.pem")),
    ("SPORTEL_MAIL_FROM", "sportel@example.org", "sportel@example.org"),
    ("SPORTEL_MAX_XML_BYTES", "2048", 2048),
    ("SPORTEL_MAX_FILE_BYTES", "4096", 4096),
    ("SPORTEL_MAX_REQUEST_BYTES", str(200 * MIB), 200 * MIB),
    ("SPORTEL_MAX_REQUEST_PARTS", "1000", 1000),
    ("SPORTEL_ADMIN_EMAIL", "a@example.org", "a@example.org"),
    ("SPORTEL_ADMIN_PASSWORD", "ten characters", "ten characters"),
]

# What a setting cannot be without.
NEEDED = {"SPORTEL_SMTP_HOST": {"SPORTEL_MAIL_FROM": "a@example.org", "SPORTEL_PUBLIC_URL": "https://example.org"}}

BAD = [
    ("SPORTEL_DATA", "~nobody-of-this-name-7/x"),
    ("SPORTEL_DATABASE_URL", "mysql://u:canary-7@db/x"),
    ("SPORTEL_DATABASE_URL", "postgresql://u:canary-7@db:port/x"),
    ("SPORTEL_DATABASE_URL", "sqlite://"),
    ("SPORTEL_DATABASE_URL", "sqlite:///"),
    ("SPORTEL_DATABASE_URL", "sqlite:///:memory:"),
    ("SPORTEL_STORAGE_URL", "https://canary-7"),
    ("SPORTEL_STORAGE_URL", "s3://"),
    ("SPORTEL_STORAGE_URL", "s3://id:canary-7@bucket"),
    ("SPORTEL_STORAGE_URL", "s3://bucket/../canary-7//x"),
    ("SPORTEL_STORAGE_ENDPOINT", "canary-7:9000"),
    ("SPORTEL_SWEEP_HOURS", "0"),
    ("SPORTEL_SWEEP_HOURS", "canary-7"),
    ("SPORTEL_STORAGE_REGION", "Canary-7"),
    ("SPORTEL_METRICS_TOKEN_FILE", "~nobody-of-this-name-7/canary-7"),
    ("SPORTEL_PUBLIC_URL", "forms.canary-7.org"),
    ("SPORTEL_PUBLIC_URL", "ftp://canary-7"),
    ("SPORTEL_PUBLIC_URL", "https://canary-7/?q=1"),
    ("SPORTEL_PUBLIC_URL", "https://[canary-7"),
    ("SPORTEL_EDIT_URL", "https://canary-7/{project}/{form}"),
    ("SPORTEL_EDIT_URL", "https://canary-7/{project}/{form}/{instance}/{more}"),
    ("SPORTEL_EDIT_URL", "canary-7/{project}/{form}/{instance}"),
    ("PORT", "canary-7"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("SPORTEL_WORKERS", "0"),
    ("SPORTEL_WORKERS", "two-canary-7"),
    ("SPORTEL_THREADS", "65"),
    ("SPORTEL_WORKER", "canary-7"),
    ("SPORTEL_TRUSTED_PROXIES", "-1"),
    ("SPORTEL_TRUSTED_PROXIES", "6"),
    ("SPORTEL_LOG_FORMAT", "canary-7"),
    ("SPORTEL_BACKUP_BY_API", "canary-7"),
    ("SPORTEL_SESSION_HOURS", "0"),
    ("SPORTEL_SESSION_HOURS", "73"),
    ("SPORTEL_SESSION_IDLE_MINUTES", "4"),
    ("SPORTEL_SECOND_FACTOR", "canary-7"),
    ("SPORTEL_WEBAUTHN_VERIFICATION", "canary-7"),
    ("SPORTEL_OIDC_ISSUER", "canary-7"),
    ("SPORTEL_OIDC_ISSUER", "https://id.example.org/?canary-7"),
    ("SPORTEL_OIDC_CLIENT_SECRET_FILE", "~nobody-of-this-name-7/canary-7"),
    ("SPORTEL_PASSWORD_SIGN_IN", "canary-7"),
    ("SPORTEL_SIGN_IN_TRIES", "0"),
    ("SPORTEL_SIGN_IN_TRIES_NETWORK", "0"),
    ("SPORTEL_SUBMISSIONS_PER_MINUTE", "0"),
    ("SPORTEL_SUBMISSIONS_BURST", "canary-7"),
    ("SPORTEL_APP_USER_DAYS", "731"),
    ("SPORTEL_REVEAL_BUDGET", "0"),
    ("SPORTEL_SMTP_HOST", "canary-7:25"),
    ("SPORTEL_SMTP_HOST", "smtp://canary-7"),
    ("SPORTEL_SMTP_PORT", "0"),
    ("SPORTEL_SMTP_SECURITY", "canary-7"),
    ("SPORTEL_SMTP_PASSWORD_FILE", "~nobody-of-this-name-7/canary-7"),
    ("SPORTEL_SMTP_CA_FILE", "~nobody-of-this-name-7/canary-7"),
    ("SPORTEL_MAIL_FROM", "canary-7"),
    ("SPORTEL_MAIL_FROM", "Canary <canary-7@example.org>"),
    ("SPORTEL_MAX_XML_BYTES", "1023"),
    ("SPORTEL_MAX_FILE_BYTES", "12.5"),
    ("SPORTEL_MAX_REQUEST_BYTES", "1e9"),
    ("SPORTEL_MAX_REQUEST_PARTS", "1"),
]


def test_the_tables_here_cover_every_setting() -> None:
    settings = {variable_of(setting.name) for setting in fields(Settings)}
    assert settings == set(DEFAULTS)
    assert settings == {variable for variable, _, _ in GOOD}


@pytest.mark.parametrize("variable", DEFAULTS)
def test_a_setting_that_is_not_given_has_its_default(variable: str) -> None:
    name, default = DEFAULTS[variable]
    assert variable_of(name) == variable
    assert getattr(read_settings({}), name) == default


@pytest.mark.parametrize(("variable", "text", "value"), GOOD)
def test_a_setting_is_read_as_its_type(variable: str, text: str, value: object) -> None:
    settings = read_settings(NEEDED.get(variable, {}) | {variable: text})
    assert getattr(settings, DEFAULTS[variable][0]) == value


@pytest.mark.parametrize(("variable", "text"), BAD)
def test_a_bad_value_stops_the_start_with_one_line_that_names_the_variable_and_hides_the_value(
    variable: str, text: str
) -> None:
    with pytest.raises(ConfigError) as stopped:
        read_settings({variable: text})
    line = str(stopped.value)
    assert line.startswith(variable + " ")
    assert "\n" not in line
    assert "canary-7" not in line


@pytest.mark.parametrize("variable", DEFAULTS)
def test_an_empty_variable_counts_as_absent(variable: str) -> None:
    assert read_settings({variable: "  "}) == Settings()


def test_a_variable_that_is_no_setting_is_refused_by_name_without_its_value() -> None:
    with pytest.raises(ConfigError) as stopped:
        read_settings({"SPORTEL_ADMIN_PASWORD": "canary-7"})
    assert str(stopped.value).startswith("SPORTEL_ADMIN_PASWORD is not a setting")
    assert "canary-7" not in str(stopped.value)


def test_other_programs_variables_are_none_of_our_business() -> None:
    assert read_settings({"HOME": "/root", "PORTAL": "x"}) == Settings()


@pytest.mark.parametrize(
    "environment",
    [
        {"SPORTEL_DATABASE_URL": "sqlite:////srv/s/db.sqlite3", "SPORTEL_KEY_FILE": "/srv/s/sealing.key"},
        {"SPORTEL_DATABASE_URL": "sqlite:////srv/s/db.sqlite3", "SPORTEL_KEY_FILE": "/srv/s/deep/er/sealing.key"},
        {"SPORTEL_DATABASE_URL": "sqlite:////srv/s/db.sqlite3", "SPORTEL_DATA": "/srv/s"},
        {"SPORTEL_DATA": "/srv/s", "SPORTEL_KEY_FILE": "/srv/s/db/sealing.key"},
    ],
)
def test_a_key_file_inside_of_the_databases_folder_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="SPORTEL_KEY_FILE must lie outside of the database's folder"):
        read_settings(environment)


def test_the_embedded_database_and_its_key_lie_in_folders_of_their_own() -> None:
    settings = read_settings({"SPORTEL_DATA": "/srv/s"})
    assert settings.sqlalchemy_url == "sqlite:////srv/s/db/sportel.sqlite3"
    assert settings.key_path == Path("/srv/s/keys/sealing.key")
    assert settings.blob_folder == Path("/srv/s/blobs")


@pytest.mark.parametrize("variable", ["SPORTEL_MAX_XML_BYTES", "SPORTEL_MAX_FILE_BYTES"])
def test_a_request_must_have_room_for_its_largest_part(variable: str) -> None:
    with pytest.raises(ConfigError, match="SPORTEL_MAX_REQUEST_BYTES must not be below"):
        read_settings(
            {variable: "40000", "SPORTEL_MAX_XML_BYTES": "2000", "SPORTEL_MAX_FILE_BYTES": "2000"}
            | {variable: "40000", "SPORTEL_MAX_REQUEST_BYTES": "30000"}
        )


@pytest.mark.parametrize("more", [{"SPORTEL_HOST": "0.0.0.0"}, {"SPORTEL_TRUSTED_PROXIES": "1"}])
def test_nobody_needs_a_second_factor_only_where_nobody_else_can_come(more: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="SPORTEL_SECOND_FACTOR can be off only while SPORTEL_HOST is 127.0.0.1"):
        read_settings({"SPORTEL_SECOND_FACTOR": "off"} | more)
    assert read_settings({"SPORTEL_SECOND_FACTOR": "all"} | more).second_factor == "all"
    assert read_settings({"SPORTEL_SECOND_FACTOR": "off", "SPORTEL_HOST": "::1"}).second_factor == "off"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"SPORTEL_MAIL_FROM": ""}, "SPORTEL_MAIL_FROM must be set"),
        ({"SPORTEL_PUBLIC_URL": ""}, "SPORTEL_PUBLIC_URL must be set"),
        (
            {"SPORTEL_SMTP_SECURITY": "off"},
            "SPORTEL_SMTP_SECURITY can be off only while SPORTEL_SMTP_HOST is 127.0.0.1",
        ),
        ({"SPORTEL_SMTP_USER": "u"}, "SPORTEL_SMTP_USER and SPORTEL_SMTP_PASSWORD_FILE must be set both"),
        ({"SPORTEL_SMTP_PASSWORD_FILE": "/x"}, "SPORTEL_SMTP_USER and SPORTEL_SMTP_PASSWORD_FILE must be set both"),
    ],
)
def test_mail_is_sent_safely_and_with_links_that_lead_here_or_not_at_all(wrong: dict[str, str], said: str) -> None:
    good = NEEDED["SPORTEL_SMTP_HOST"] | {"SPORTEL_SMTP_HOST": "mail.example.org"}
    with pytest.raises(ConfigError, match=said):
        read_settings(good | wrong)
    assert read_settings(good | {"SPORTEL_SMTP_HOST": "localhost", "SPORTEL_SMTP_SECURITY": "off"}).smtp_port == 587


@pytest.mark.parametrize("file", [".env.example", "README.md"])
@pytest.mark.parametrize("variable", DEFAULTS)
def test_every_setting_is_documented(variable: str, file: str) -> None:
    assert variable in (ROOT / file).read_text(encoding="utf-8").replace("`", " ").replace("=", " ").split()


def test_the_example_sets_nothing_that_is_no_setting() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    names = {line.lstrip("# ").split("=", 1)[0] for line in lines if "=" in line}
    assert {name for name in names if name.startswith("SPORTEL_")} <= set(DEFAULTS)
