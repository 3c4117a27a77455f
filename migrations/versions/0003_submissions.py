"""Submissions in versions with their files, and what had to be kept aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("instance_id", sa.String(length=255), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=True),
        sa.Column("submitter_id", sa.Integer(), nullable=True),
        sa.Column("device_id", sa.String(length=255), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.Column("review_state", sa.String(length=16), nullable=True),
        sa.Column("data_key_id", sa.Integer(), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_keys.id"], name=op.f("fk_submissions_data_key_id")),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_submissions_form_id")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_submissions_office_id")),
        sa.ForeignKeyConstraint(["submitter_id"], ["actors.id"], name=op.f("fk_submissions_submitter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint(
            "form_id", "is_draft", "instance_id", name=op.f("uq_submissions_form_id_is_draft_instance_id")
        ),
    )
    op.create_index("ix_submissions_form_walk", "submissions", ["form_id", "is_draft", "id"], unique=False)
    op.create_index(op.f("ix_submissions_office_id"), "submissions", ["office_id"], unique=False)
    op.create_table(
        "submission_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("form_version_id", sa.Integer(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("instance_id", sa.String(length=255), nullable=False),
        sa.Column("deprecated_id", sa.String(length=255), nullable=True),
        sa.Column("xml_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("xml_hmac", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "clear",
            JSON,
            nullable=False,
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "findings",
            JSON,
            nullable=False,
        ),
        sa.Column("submitter_id", sa.Integer(), nullable=True),
        sa.Column("device_id", sa.String(length=255), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_submission_versions_form_id")),
        sa.ForeignKeyConstraint(
            ["form_version_id"], ["form_versions.id"], name=op.f("fk_submission_versions_form_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_submission_versions_submission_id")
        ),
        sa.ForeignKeyConstraint(["submitter_id"], ["actors.id"], name=op.f("fk_submission_versions_submitter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_versions")),
        sa.UniqueConstraint(
            "form_id",
            "is_draft",
            "instance_id",
            name=op.f("uq_submission_versions_form_id_is_draft_instance_id"),
        ),
    )
    op.create_index(
        op.f("ix_submission_versions_form_version_id"),
        "submission_versions",
        ["form_version_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_submission_versions_submission_id"), "submission_versions", ["submission_id"], unique=False
    )
    op.create_index(
        "uq_submission_versions_current",
        "submission_versions",
        ["submission_id"],
        unique=True,
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "submission_attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_version_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("blob_key", sa.String(length=64), nullable=True),
        sa.Column("file_key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("content_hmac", sa.LargeBinary(length=32), nullable=True),
        sa.Column("content_type", sa.String(length=255), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_version_id"],
            ["submission_versions.id"],
            name=op.f("fk_submission_attachments_submission_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_attachments")),
        sa.UniqueConstraint(
            "submission_version_id", "name", name=op.f("uq_submission_attachments_submission_version_id_name")
        ),
    )
    op.create_index(op.f("ix_submission_attachments_blob_key"), "submission_attachments", ["blob_key"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=True),
        sa.Column("submission_version_id", sa.Integer(), nullable=True),
        sa.Column("instance_id", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("content_hmac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("blob_key", sa.String(length=64), nullable=False),
        sa.Column("file_key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("data_key_id", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("office_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_quarantine_actor_id")),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_keys.id"], name=op.f("fk_quarantine_data_key_id")),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_quarantine_form_id")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_quarantine_office_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_quarantine_project_id")),
        sa.ForeignKeyConstraint(
            ["submission_version_id"],
            ["submission_versions.id"],
            name=op.f("fk_quarantine_submission_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_index(op.f("ix_quarantine_blob_key"), "quarantine", ["blob_key"], unique=False)
    op.create_index(op.f("ix_quarantine_project_id"), "quarantine", ["project_id"], unique=False)
    op.create_index(
        "uq_quarantine_content",
        "quarantine",
        [
            "project_id",
            "reason",
            sa.text("coalesce(form_id, 0)"),
            sa.text("coalesce(instance_id, '')"),
            sa.text("coalesce(name, '')"),
            "content_hmac",
        ],
        unique=True,
    )
    op.create_index(op.f("ix_quarantine_reason"), "quarantine", ["reason"], unique=False)


def downgrade() -> None:
    op.drop_table("quarantine")
    op.drop_table("submission_attachments")
    op.drop_table("submission_versions")
    op.drop_table("submissions")
