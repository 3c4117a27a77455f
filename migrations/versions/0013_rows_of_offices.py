"""PostgreSQL itself keeps back the rows of other offices; see `app/db/row_scope.py`. SQLite cannot."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SCOPE = "current_setting('sportel.offices', true)"

# What makes a row visible, besides being allowed to see all. A child is seen where its parent is.
_SEEN = {
    "submissions": f"office_id::text = {_SCOPE}",
    "entities": f"office_id::text = {_SCOPE}",
    "quarantine": f"office_id::text = {_SCOPE}",
    "submission_versions": "EXISTS (SELECT FROM submissions WHERE submissions.id = submission_id)",
    "submission_attachments": "EXISTS (SELECT FROM submission_versions AS v WHERE v.id = submission_version_id)",
    "entity_versions": "EXISTS (SELECT FROM entities WHERE entities.id = entity_id)",
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, seen in _SEEN.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        # The application owns its tables, and an owner would be let through.
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        # What may be written is the services' business: a hand-over writes another office into a row.
        op.execute(f"CREATE POLICY offices ON {table} USING ({_SCOPE} = '*' OR {seen}) WITH CHECK (true)")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in _SEEN:
        op.execute(f"DROP POLICY offices ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
