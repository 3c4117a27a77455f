"""PostgreSQL also keeps back what tells of other offices' rows: traces of hand-overs, lines of the audit, reveals.

Who agreed to a looser class is seen as its administrator's office is; see `app/db/row_scope.py`. SQLite cannot.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SCOPE = "current_setting('sportel.offices', true)"
_OF_RECORD = (
    "EXISTS (SELECT FROM submissions WHERE submissions.id = submission_id)"
    " OR EXISTS (SELECT FROM entities WHERE entities.id = entity_id)"
)
_OF_ACTOR = f"EXISTS (SELECT FROM actors WHERE actors.id = actor_id AND actors.office_id::text = {_SCOPE})"

# What makes a row visible, besides being allowed to see all. A line about no record is seen as its actor's office is.
_SEEN = {
    "hand_overs": _OF_RECORD,
    "audits": f"{_OF_RECORD} OR (submission_id IS NULL AND entity_id IS NULL AND office_id::text = {_SCOPE})",
    "reveal_counts": _OF_ACTOR,
    "loosening_approvals": _OF_ACTOR,
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, seen in _SEEN.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY offices ON {table} USING ({_SCOPE} = '*' OR {seen}) WITH CHECK (true)")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in _SEEN:
        op.execute(f"DROP POLICY offices ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
