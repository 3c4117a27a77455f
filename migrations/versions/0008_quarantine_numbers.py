"""Numbers of what was kept aside are never given twice: who releases by number must not meet another one's file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CONTENT = [
    "project_id",
    "reason",
    sa.text("coalesce(form_id, 0)"),
    sa.text("coalesce(instance_id, '')"),
    sa.text("coalesce(name, '')"),
    "content_hmac",
]


def _rebuild(*, autoincrement: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL's sequences never go back
    # An index over expressions cannot be read back from SQLite, so it is made anew by hand.
    op.drop_index("uq_quarantine_content", "quarantine")
    with op.batch_alter_table(
        "quarantine",
        recreate="always",
        table_kwargs={"sqlite_autoincrement": autoincrement},
        naming_convention={"pk": "pk_%(table_name)s"},  # AUTOINCREMENT leaves the key without a name
    ):
        pass
    op.create_index("uq_quarantine_content", "quarantine", _CONTENT, unique=True)


def upgrade() -> None:
    _rebuild(autoincrement=True)


def downgrade() -> None:
    _rebuild(autoincrement=False)
