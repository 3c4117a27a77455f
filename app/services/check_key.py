"""Do these keys open this database? Asked before the service starts."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from app.config import Settings
from app.db.engine import engine_options
from app.sealing.envelope import Keyring, SealBroken


def key_fault(settings: Settings, keyring: Keyring) -> str | None:
    """Why the keys are not this database's, in one line with the remedy; None if they are, or if it cannot be asked.

    A connection of its own: a server that forks after this must not share one. A database that is away is no fault
    here, since the service waits for it.
    """
    options = engine_options(settings.sqlalchemy_url)
    engine = create_engine(settings.sqlalchemy_url, hide_parameters=True, **options)
    try:
        with engine.connect() as connection:
            rows = connection.execute(
                text("SELECT purpose, wrapped, wrapping_key_id FROM data_keys WHERE purpose LIKE 'server:%'")
            ).all()
    except DBAPIError:
        return None
    finally:
        engine.dispose()
    try:
        for row in rows:
            keyring.unwrap(bytes(row.wrapped), row.wrapping_key_id, row.purpose)
    except SealBroken:
        source = "what SPORTEL_KEY_COMMAND prints" if settings.key_command else f"the key file {settings.key_path}"
        return (
            f"{source} is not the key that this database was sealed with; put the right one back,"
            " or set SPORTEL_KEY_FILE to where it is"
        )
    return None
