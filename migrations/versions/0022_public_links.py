"""Links with which anybody fills one form, and the names under which a form is opened in a browser."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_FORMS = sa.table("forms", sa.column("id"))
_LINKS = sa.table("form_links", *(sa.column(name) for name in ("form_id", "enketo_id", "enketo_once_id")))


def upgrade() -> None:
    op.create_table(
        "public_links",
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_public_links_actor_id")),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_public_links_form_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["actors.id"], name=op.f("fk_public_links_created_by_id")),
        sa.PrimaryKeyConstraint("actor_id", name=op.f("pk_public_links")),
    )
    op.create_index(op.f("ix_public_links_form_id"), "public_links", ["form_id"])
    op.create_table(
        "form_links",
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("enketo_id", sa.String(length=64), nullable=False),
        sa.Column("enketo_once_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_form_links_form_id")),
        sa.PrimaryKeyConstraint("form_id", name=op.f("pk_form_links")),
        sa.UniqueConstraint("enketo_id", name=op.f("uq_form_links_enketo_id")),
        sa.UniqueConstraint("enketo_once_id", name=op.f("uq_form_links_enketo_once_id")),
    )
    for form_id in op.get_bind().scalars(sa.select(_FORMS.c.id)).all():
        names = {"enketo_id": secrets.token_hex(16), "enketo_once_id": secrets.token_hex(16)}
        op.execute(_LINKS.insert().values(form_id=form_id, **names))


def downgrade() -> None:
    op.drop_table("form_links")
    op.drop_table("public_links")
    # A version that does not know the role cannot read a row with it.
    op.execute("DELETE FROM assignments WHERE role = 'pub-link'")
