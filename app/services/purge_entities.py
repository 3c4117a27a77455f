"""What becomes of a case that was put into the trash thirty days ago, or whose list was?

Its versions and its way through the offices are deleted, and its key is destroyed. The row stays and holds nothing but
its UUID: its number is in the audit, and is never given to another case.
"""

from __future__ import annotations

from sqlalchemy import delete

from app.clock import now
from app.db import db, models
from app.db.queries import purged_entities as queries
from app.services.audit import record
from app.services.erase_submission import forget_old_pages
from app.services.keys import destroy_keys
from app.services.transaction import transaction
from app.services.trash import KEPT_FOR

# What one transaction takes, and how many of them one round of the chore: other work waits for it.
BATCH = 100
_BATCHES = 50


def is_anything_to_purge() -> bool:
    """Is there a case, or a list, whose time in the trash is over?"""
    before = now() - KEPT_FOR
    return bool(queries.entities_to_purge(before, limit=1)) or bool(queries.lists_to_purge(before))


def purge_entities() -> int:
    """Purge the cases and lists whose time is over, as much as one round does; how many cases."""
    before, done = now() - KEPT_FOR, 0
    for _ in range(_BATCHES):
        purged = _purge_batch(queries.entities_to_purge(before, limit=BATCH))
        done += purged
        if purged < BATCH:
            _end_lists(queries.lists_to_purge(before))
            break
    forget_old_pages()
    return done


def _purge_batch(ids: list[int]) -> int:
    with transaction():
        entities = queries.still_in_trash(ids)
        for entity in entities:
            for table in (models.EntityVersion, models.HandOver):
                _change(delete(table).where(table.entity_id == entity.id))
            entity.deleted_at = entity.deleted_at or now()
            entity.conflict = None
            record("entity.purge", None, entity_id=entity.id, uuid=entity.uuid)
        destroy_keys([entity.data_key_id for entity in entities])
    return len(entities)


def _end_lists(ids: list[int]) -> None:
    """Take emptied lists out of the trash's list too."""
    for dataset_id in ids:
        with transaction():
            dataset = db.session.get_one(models.Dataset, dataset_id)
            dataset.published_at = None
            record("dataset.purge", None, project_id=dataset.project_id, name=dataset.deleted_name)


def _change(statement: object) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[call-overload]
