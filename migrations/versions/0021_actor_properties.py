"""What a project notes of its phones, such as a district: names for all, a value for each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "actor_properties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("folded_name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_actor_properties_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actor_properties")),
        sa.UniqueConstraint("project_id", "folded_name", name=op.f("uq_actor_properties_project_id_folded_name")),
    )
    op.create_table(
        "actor_property_values",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("property_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_actor_property_values_actor_id")),
        sa.ForeignKeyConstraint(
            ["property_id"], ["actor_properties.id"], name=op.f("fk_actor_property_values_property_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actor_property_values")),
        sa.UniqueConstraint("actor_id", "property_id", name=op.f("uq_actor_property_values_actor_id_property_id")),
    )


def downgrade() -> None:
    op.drop_table("actor_property_values")
    op.drop_table("actor_properties")
