"""Which cases of a list a phone gets: those with a property that equals what its project notes of the phone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset_access_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("property_id", sa.Integer(), nullable=False),
        sa.Column("actor_property_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["property_id"], ["dataset_properties.id"], name=op.f("fk_dataset_access_rules_property_id")
        ),
        sa.ForeignKeyConstraint(
            ["actor_property_id"], ["actor_properties.id"], name=op.f("fk_dataset_access_rules_actor_property_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_access_rules")),
        sa.UniqueConstraint(
            "property_id", "actor_property_id", name=op.f("uq_dataset_access_rules_property_id_actor_property_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("dataset_access_rules")
