"""How do migrations run? On the application's own engine, each in a transaction of its own."""

from __future__ import annotations

from alembic import context
from flask import has_app_context

from app.db import db, models

assert models  # the tables register themselves by being imported


def run() -> None:
    """Run what was asked for."""
    engine = db.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            transaction_per_migration=True,
            compare_type=True,
            # SQLite cannot alter a table in place.
            render_as_batch=engine.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()


if has_app_context():
    run()
else:  # the alembic command itself, for writing a new migration
    from wsgi import app

    with app.app_context():
        run()
