"""Up to which version of a case somebody has resolved its conflicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entities", sa.Column("resolved_version", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("entities", "resolved_version")
