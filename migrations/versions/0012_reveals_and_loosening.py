"""How often somebody revealed answers on a day, who agreed to looser classes, and who reads cases as before.

Administrators have read every answer until now; they keep that as a role of its own, to be taken away from there on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


_ASSIGNMENTS = sa.table(
    "assignments",
    *(sa.column(name) for name in ("actor_id", "role", "project_id", "form_id")),
    sa.column("all_offices", sa.Boolean()),
)
_ROLE = "case-reader"


def _keep_reading() -> None:
    admin, held = _ASSIGNMENTS.alias("admin"), _ASSIGNMENTS.alias("held")
    is_held = sa.exists().where(held.c.actor_id == admin.c.actor_id, held.c.role == _ROLE, held.c.project_id.is_(None))
    administrators = sa.select(admin.c.actor_id, sa.literal(_ROLE), sa.true()).where(
        admin.c.role == "admin", admin.c.project_id.is_(None), ~is_held
    )
    op.execute(_ASSIGNMENTS.insert().from_select(["actor_id", "role", "all_offices"], administrators))


def upgrade() -> None:
    op.create_table(
        "reveal_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_reveal_counts_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveal_counts")),
        sa.UniqueConstraint("actor_id", "day", name=op.f("uq_reveal_counts_actor_id_day")),
    )
    op.create_table(
        "loosening_approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_loosening_approvals_form_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_loosening_approvals_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loosening_approvals")),
        sa.UniqueConstraint(
            "form_id", "sha256", "actor_id", name=op.f("uq_loosening_approvals_form_id_sha256_actor_id")
        ),
    )
    _keep_reading()


def downgrade() -> None:
    # A version that does not know the role cannot read a row with it.
    op.execute(_ASSIGNMENTS.delete().where(_ASSIGNMENTS.c.role == _ROLE))
    op.drop_table("loosening_approvals")
    op.drop_table("reveal_counts")
