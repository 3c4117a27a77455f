"""When a record was drawn again from its XML and came out otherwise: what feeds have sent of it is stale then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission_versions", sa.Column("recleaned_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("submission_versions", "recleaned_at")
