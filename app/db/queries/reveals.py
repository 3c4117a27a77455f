"""How much has somebody revealed today, and who has approved a loosening?"""

from __future__ import annotations

from sqlalchemy import select

from app.db import db, models
from app.db.insert import insert_of

Count, Approval = models.RevealCount, models.LooseningApproval


def take_one(actor_id: int, day: str, budget: int) -> int | None:
    """Count one more in the running transaction: how many it makes; None if the budget is spent.

    One statement, so that two requests at once cannot both take the last one.
    """
    connection = db.session.connection()
    statement = insert_of(connection.dialect.name)(Count).values(actor_id=actor_id, day=day, count=1)
    taken: int | None = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["actor_id", "day"], set_={"count": Count.count + 1}, where=Count.count < budget
        ).returning(Count.count)
    ).scalar()
    return taken


def approvals(form_id: int, sha256: str) -> list[models.LooseningApproval]:
    """Who approved a draft of this content, the first one first."""
    statement = select(Approval).where(Approval.form_id == form_id, Approval.sha256 == sha256).order_by(Approval.id)
    return list(db.session.scalars(statement))
