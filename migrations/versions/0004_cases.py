"""Cases in versions, and offline updates that wait for an earlier one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "entities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=255), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=True),
        sa.Column("creator_id", sa.Integer(), nullable=True),
        sa.Column("data_key_id", sa.Integer(), nullable=False),
        sa.Column("conflict", sa.String(length=8), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["creator_id"], ["actors.id"], name=op.f("fk_entities_creator_id")),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_keys.id"], name=op.f("fk_entities_data_key_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_entities_dataset_id")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_entities_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entities")),
        sa.UniqueConstraint("dataset_id", "uuid", name=op.f("uq_entities_dataset_id_uuid")),
    )
    op.create_index(op.f("ix_entities_office_id"), "entities", ["office_id"], unique=False)
    op.create_table(
        "entity_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column(
            "clear",
            JSON,
            nullable=False,
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("trunk_version", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.String(length=255), nullable=True),
        sa.Column("branch_base_version", sa.Integer(), nullable=True),
        sa.Column(
            "conflicting_properties",
            JSON,
            nullable=True,
        ),
        sa.Column("submission_version_id", sa.Integer(), nullable=True),
        sa.Column("creator_id", sa.Integer(), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["actors.id"], name=op.f("fk_entity_versions_creator_id")),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_entity_versions_entity_id")),
        sa.ForeignKeyConstraint(
            ["submission_version_id"],
            ["submission_versions.id"],
            name=op.f("fk_entity_versions_submission_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity_versions")),
        sa.UniqueConstraint(
            "entity_id",
            "submission_version_id",
            name=op.f("uq_entity_versions_entity_id_submission_version_id"),
        ),
        sa.UniqueConstraint("entity_id", "version", name=op.f("uq_entity_versions_entity_id_version")),
    )
    op.create_index(
        "uq_entity_versions_current",
        "entity_versions",
        ["entity_id"],
        unique=True,
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "entity_backlog",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("entity_uuid", sa.String(length=255), nullable=False),
        sa.Column("submission_version_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.String(length=255), nullable=False),
        sa.Column("branch_base_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_entity_backlog_dataset_id")),
        sa.ForeignKeyConstraint(
            ["submission_version_id"],
            ["submission_versions.id"],
            name=op.f("fk_entity_backlog_submission_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity_backlog")),
        sa.UniqueConstraint(
            "submission_version_id",
            "entity_uuid",
            name=op.f("uq_entity_backlog_submission_version_id_entity_uuid"),
        ),
    )
    op.create_index(
        "ix_entity_backlog_branch", "entity_backlog", ["dataset_id", "entity_uuid", "branch_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("entity_backlog")
    op.drop_table("entity_versions")
    op.drop_table("entities")
