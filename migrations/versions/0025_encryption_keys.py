"""The keys with which phones encrypt, and which form version carries which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "encryption_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("hint", sa.String(length=255), nullable=True),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("data_key_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_encryption_keys_project_id")),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_keys.id"], name=op.f("fk_encryption_keys_data_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_encryption_keys")),
        sa.UniqueConstraint("project_id", "public", name=op.f("uq_encryption_keys_project_id_public")),
    )
    op.create_index(
        "uq_encryption_keys_managed",
        "encryption_keys",
        ["project_id"],
        unique=True,
        sqlite_where=sa.text("private_sealed IS NOT NULL"),
        postgresql_where=sa.text("private_sealed IS NOT NULL"),
    )
    # In words that both databases take: SQLite adds such a column in place, where a batch would copy every form.
    op.execute(
        "ALTER TABLE form_versions ADD COLUMN key_id INTEGER"
        " CONSTRAINT fk_form_versions_key_id REFERENCES encryption_keys (id)"
    )


def downgrade() -> None:
    op.drop_column("form_versions", "key_id")
    op.drop_table("encryption_keys")
