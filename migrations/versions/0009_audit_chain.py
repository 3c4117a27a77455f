"""The audit's lines get their place in a chain, and the database itself refuses to change or delete one.

Whoever rebuilds the table in a later migration (SQLite's batch mode) must make the triggers anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# What a line says. The three other columns are its seal, given once.
_WRITTEN_ONCE = (
    "id",
    "actor_id",
    "office_id",
    "action",
    "project_id",
    "form_id",
    "submission_id",
    "entity_id",
    "details",
    "logged_at",
)
_REFUSAL = "the audit is append-only"


def upgrade() -> None:
    op.add_column("audits", sa.Column("position", sa.Integer(), nullable=True))
    for name, column, unique, where in (
        ("ix_audits_unsealed", "id", False, "position IS NULL"),
        ("uq_audits_position", "position", True, "position IS NOT NULL"),
    ):
        op.create_index(
            name, "audits", [column], unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    _MAKE[op.get_bind().dialect.name]()


def downgrade() -> None:
    _UNMAKE[op.get_bind().dialect.name]()
    op.drop_index("uq_audits_position", "audits")
    op.drop_index("ix_audits_unsealed", "audits")
    op.drop_column("audits", "position")


def _make_on_sqlite() -> None:
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _WRITTEN_ONCE)
    op.execute(
        f"CREATE TRIGGER audits_no_update BEFORE UPDATE ON audits WHEN OLD.position IS NOT NULL OR {changed}"
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    )
    op.execute(f"CREATE TRIGGER audits_no_delete BEFORE DELETE ON audits BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END")


def _unmake_on_sqlite() -> None:
    op.execute("DROP TRIGGER audits_no_update")
    op.execute("DROP TRIGGER audits_no_delete")


def _make_on_postgresql() -> None:
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _WRITTEN_ONCE)
    op.execute(
        "CREATE FUNCTION audits_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audits_no_update BEFORE UPDATE ON audits FOR EACH ROW"
        f" WHEN (OLD.position IS NOT NULL OR {changed}) EXECUTE FUNCTION audits_refuse()"
    )
    op.execute("CREATE TRIGGER audits_no_delete BEFORE DELETE ON audits FOR EACH ROW EXECUTE FUNCTION audits_refuse()")
    op.execute(
        "CREATE TRIGGER audits_no_truncate BEFORE TRUNCATE ON audits FOR EACH STATEMENT"
        " EXECUTE FUNCTION audits_refuse()"
    )


def _unmake_on_postgresql() -> None:
    for name in ("audits_no_update", "audits_no_delete", "audits_no_truncate"):
        op.execute(f"DROP TRIGGER {name} ON audits")
    op.execute("DROP FUNCTION audits_refuse()")


_MAKE = {"sqlite": _make_on_sqlite, "postgresql": _make_on_postgresql}
_UNMAKE = {"sqlite": _unmake_on_sqlite, "postgresql": _unmake_on_postgresql}
