"""Which versions of a case have a label that a person typed: it may be anything, so fewer people read it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entity_versions", sa.Column("label_typed", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Until now a person typed a label only by adding a case; a later version without a submission is a hand-over's.
    op.execute("UPDATE entity_versions SET label_typed = true WHERE version = 1 AND submission_version_id IS NULL")


def downgrade() -> None:
    op.drop_column("entity_versions", "label_typed")
