"""What does a submission start that need not be done before its answer? A row for each, done afterwards exactly once.

The row is written in the transaction that takes the submission, so there is work exactly if there is a submission.
Each piece of work is done in one transaction with the removal of its row: a process that dies in it leaves the row
as it was. What fails is tried again, later and later, and is parked after five tries, where the operator sees it;
the submission stays whatever happens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, delete, event, insert, literal, update
from sqlalchemy.exc import DBAPIError

from app.clock import now
from app.crash_points import crash_point
from app.db import db, models
from app.db.insert import insert_if_new, insert_of
from app.db.queries import outbox as queries
from app.db.queries.outbox import Job
from app.logs import place_of
from app.services.transaction import transaction

log = structlog.get_logger("sportel.outbox")

# How long after each failed try the next one comes. After the last one there is none.
WAITS = (timedelta(seconds=1), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))
MOST_TRIES = len(WAITS) + 1
# For what can be done only after something else has ended.
_POSTPONED = timedelta(seconds=1)

# Set when this process has committed work: its worker need not wait for its next look.
woken = threading.Event()

Work = Callable[[Job], None]

Outbox = models.Outbox
_TABLE: Any = Outbox.__table__
# Built once, and asks for no number back: it runs for each submission.
_ADD = insert(_TABLE).values(state="waiting", tries=0).inline()
_COMMITTED = "sportel-outbox"


class Postponed(Exception):
    """It cannot be done yet, through no fault of its own: raised by a work to be asked again after `wait`."""

    def __init__(self, wait: timedelta = _POSTPONED) -> None:
        self.wait = wait


def enqueue(work: str, submission_version_id: int) -> None:
    """Have the work done for a new submission version, once the running transaction is committed."""
    db.session.execute(_ADD, {"work": work, "submission_version_id": submission_version_id, "created_at": now()})
    db.session.info[_COMMITTED] = True


def enqueue_once(work: str, submission_version_id: int) -> None:
    """The same, if it is not there already."""
    insert_if_new(
        Outbox,
        submission_version_id=submission_version_id,
        work=work,
        state="waiting",
        tries=0,
        created_at=now(),
    )
    db.session.info[_COMMITTED] = True


@event.listens_for(db.session, "after_commit")
def _wake(session: Any) -> None:
    if session.info.pop(_COMMITTED, False):
        woken.set()


def enqueue_many(work: str, submission_versions: Select[int]) -> None:
    """The same for all that a statement finds."""
    moment = literal(now(), _TABLE.c.created_at.type)
    found = submission_versions.add_columns(literal(work), literal("waiting"), literal(0), moment)
    names = ["submission_version_id", "work", "state", "tries", "created_at"]
    adding = insert_of(db.session.connection().dialect.name)(_TABLE).from_select(names, found)
    db.session.execute(adding.on_conflict_do_nothing())
    db.session.info[_COMMITTED] = True


def is_due() -> bool:
    """Is there anything to do now?"""
    return queries.first_due(now()) is not None


def work_once(works: Mapping[str, Work]) -> bool:
    """Do the oldest due work; False if there is none. Raises only if the database cannot be used."""
    job = None
    try:
        with transaction():
            job = queries.claim(now())
            if job is None:
                return False
            if job.tries:
                # Noted before it is begun again: a process may die in it once more.
                _change(job, started_at=now())
            else:
                _do(job, works)
        if job.tries:
            with transaction():
                # Nothing else: what was noted is this one.
                if queries.claim(now()) == job:
                    _do(job, works)
    except Postponed as postponed:
        assert job is not None
        with transaction():
            _change(job, due_at=now() + postponed.wait, started_at=None)
    except Exception as error:
        if job is None or (isinstance(error, DBAPIError) and error.connection_invalidated):
            raise  # the database went away: nobody's try
        count_try(job, f"{type(error).__name__} at {place_of(error)}")
    else:
        crash_point("outbox.done")
    finally:
        db.session.remove()
    return True


def _do(job: Job, works: Mapping[str, Work]) -> None:
    """Do claimed work and take its row away, in the running transaction."""
    crash_point("outbox.claimed")
    works[job.work](job)
    db.session.execute(delete(_TABLE).where(_TABLE.c.id == job.id))
    db.session.flush()
    crash_point("outbox.worked")


def count_for_the_dead() -> None:
    """Count a try that a process did not survive: of what it had noted to begin, or of the new work that came first.

    Nothing may kill processes for ever; and what waits while others die must not be blamed for it again and again.
    """
    job = queries.begun()
    if job is None:
        oldest = queries.first_due(now())
        job = oldest if oldest is not None and not oldest.tries else None
    if job is not None:
        count_try(job, "the worker ended in it")


def count_try(job: Job, error: str) -> None:
    """Write down a try that failed: when the next one comes, or that there is none. `error` holds no value."""
    tries = job.tries + 1
    parked = tries >= MOST_TRIES
    with transaction():
        _change(
            job,
            tries=tries,
            state="parked" if parked else "waiting",
            due_at=None if parked else now() + WAITS[tries - 1],
            started_at=None,
            last_error=error[:255],
        )
    facts = {"id": job.id, "work": job.work, "submission_version_id": job.submission_version_id, "tries": tries}
    if parked:
        log.error("outbox.parked", error=error, remedy="flask sportel outbox list", **facts)
    else:
        log.warning("outbox.failed", error=error, **facts)


def _change(job: Job, **values: Any) -> None:
    # Erased meanwhile, or tried by another one: then it is not ours to change.
    db.session.execute(update(_TABLE).where(_TABLE.c.id == job.id, _TABLE.c.tries == job.tries).values(**values))


@dataclass(frozen=True)
class ShownJob:
    """A row as the operator sees it; the submission is named by its instance ID."""

    id: int
    work: str
    state: str
    tries: int
    due_at: datetime | None
    last_error: str | None
    created_at: datetime
    project_id: int
    xml_form_id: str
    instance_id: str


def listed() -> list[ShownJob]:
    """Everything that waits or is parked, the oldest first."""
    return [
        ShownJob(
            row.id,
            row.work,
            row.state,
            row.tries,
            row.due_at,
            row.last_error,
            row.created_at,
            project_id,
            xml_form_id,
            instance_id,
        )
        for row, instance_id, xml_form_id, project_id in queries.listed()
    ]


def retry(ids: Sequence[int] | None = None) -> int:
    """Let parked work (all, or these rows) be tried anew; how many there were."""
    statement = update(_TABLE).where(_TABLE.c.state == "parked")
    if ids is not None:
        statement = statement.where(_TABLE.c.id.in_(ids))
    with transaction():
        found = db.session.execute(statement.values(state="waiting", tries=0, due_at=None).returning(_TABLE.c.id)).all()
        db.session.info[_COMMITTED] = True
    return len(found)
