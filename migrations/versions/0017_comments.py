"""What people write about a submission; on PostgreSQL seen where the submission is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_REFERENCES = {
    "submission_id": "submissions.id",
    "actor_id": "actors.id",
    "submission_version_id": "submission_versions.id",
}
_SEEN = (
    "current_setting('sportel.offices', true) = '*'"
    " OR EXISTS (SELECT FROM submissions WHERE submissions.id = submission_id)"
)


def upgrade() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=name != "submission_id") for name in _REFERENCES),
        sa.Column("action", sa.String(length=64), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_comments_{name}"))
            for name, target in _REFERENCES.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_submission_id"), "comments", ["submission_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE comments ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE comments FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY offices ON comments USING ({_SEEN}) WITH CHECK (true)")


def downgrade() -> None:
    op.drop_table("comments")
