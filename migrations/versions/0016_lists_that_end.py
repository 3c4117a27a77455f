"""An entity list can be put into the trash, and can give each phone only the cases that it made itself.

A list in the trash leaves its name to a new one: it is kept in a column of its own, since SQLite cannot take the
constraint on names from a table that others refer to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("datasets", sa.Column("owner_only", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("datasets", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("datasets", sa.Column("deleted_name", sa.String(length=255), nullable=True))


def downgrade() -> None:
    # A version that knows no trash must not show what was in it.
    op.execute("UPDATE datasets SET published_at = NULL WHERE deleted_at IS NOT NULL")
    for name in ("deleted_name", "deleted_at", "owner_only"):
        op.drop_column("datasets", name)
