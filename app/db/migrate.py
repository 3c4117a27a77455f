"""How do the tables come to a revision?"""

from __future__ import annotations

from alembic import command
from alembic.config import Config

from app.db.head import MIGRATIONS


def alembic_config() -> Config:
    """Alembic's configuration; the engine is the running application's."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(revision: str = "head") -> None:
    """Bring the tables up to `revision`."""
    command.upgrade(alembic_config(), revision)


def downgrade(revision: str) -> None:
    """Take the tables back to `revision`; `base` removes them all."""
    command.downgrade(alembic_config(), revision)
