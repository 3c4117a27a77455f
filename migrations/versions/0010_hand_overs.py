"""Which record went from which office to which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_REFERENCES = {
    "submission_id": "submissions.id",
    "entity_id": "entities.id",
    "from_office_id": "offices.id",
    "to_office_id": "offices.id",
    "actor_id": "actors.id",
    "submission_version_id": "submission_versions.id",
}


def upgrade() -> None:
    op.create_table(
        "hand_overs",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=name != "to_office_id") for name in _REFERENCES),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_hand_overs_{name}"))
            for name, target in _REFERENCES.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_overs")),
    )
    op.create_index(op.f("ix_hand_overs_submission_id"), "hand_overs", ["submission_id"], unique=False)
    op.create_index(op.f("ix_hand_overs_entity_id"), "hand_overs", ["entity_id"], unique=False)


def downgrade() -> None:
    op.drop_table("hand_overs")
