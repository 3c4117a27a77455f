"""When are cases made of what waited for an approval?

A list may ask that a submission be approved before it makes a case (`approvalRequired`). What comes to such a list
makes none at first; it does when its review says "approved", from what it says by then, or when the list asks no more.
"""

from __future__ import annotations

from app.db import models
from app.db.queries import approvals as queries
from app.db.queries import submissions as submission_queries
from app.services.entity_versions import ENTITIES
from app.services.outbox import enqueue_many, enqueue_once

APPROVED = "approved"


def make_cases_of_approved(submission: models.Submission) -> None:
    """Have the cases made that an approval was asked for, once the running transaction is committed."""
    version = submission_queries.current_version(submission.id)
    if queries.asks_for_approval(version.form_version_id):
        enqueue_once(ENTITIES, version.id)


def make_cases_of_all_that_wait(dataset: models.Dataset) -> None:
    """The same for everything that waits with this list, whose office it be."""
    # What is in the trash waits there, and does it when it is restored.
    enqueue_many(ENTITIES, queries.waiting(dataset.id, with_trash=True))
