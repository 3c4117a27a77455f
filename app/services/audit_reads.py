"""How does it come on record that somebody looks at data? Before anything is opened, or it is not opened.

Where the line cannot be written the database's error goes up, the request ends with 503, and nothing was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from app.db import db, models
from app.permissions import Actor
from app.services.audit import record
from app.services.transaction import transaction

log = structlog.get_logger("sportel.audit")

Each = TypeVar("Each")


def record_read(action: str, actor: Actor, **about: Any) -> None:
    """A line of its own, durable when this returns. Not inside of a transaction."""
    with transaction():
        record(action, actor, **about)


def read_submission(
    actor: Actor, form: models.Form, submission: models.Submission, what: str, *, version_id: int | None = None
) -> None:
    """A submission is about to be looked at. `what` of it: `facts`, `xml`, `versions`, `files`,
    `comments`, `geodata` or `hand-overs`."""
    record_read(
        "submission.read",
        actor,
        project_id=form.project_id,
        form_id=form.id,
        submission_id=submission.id,
        instanceId=submission.instance_id,
        what=what,
        submissionDefId=version_id,
    )


def read_phone_list(actor: Actor, dataset_id: int, count: int) -> None:
    """An entity list is about to leave for a phone, with so many cases."""
    dataset = db.session.get_one(models.Dataset, dataset_id)
    record_read("dataset.phone.read", actor, project_id=dataset.project_id, dataset=dataset.name, count=count)


class ExportOnRecord:
    """An export or a feed: a line before it begins, and another one with the count if it came to its end.

    `counted` goes around the records, `ended` around the pieces that leave.
    """

    def __init__(self, action: str, ended_action: str, actor: Actor, form: models.Form, **details: Any) -> None:
        self._ended_action, self._actor, self._details = ended_action, actor, details
        self._project_id, self._form_id, self._count = form.project_id, form.id, 0
        self._record(action)

    def _record(self, action: str, **more: Any) -> None:
        about = {"project_id": self._project_id, "form_id": self._form_id, **self._details, **more}
        record_read(action, self._actor, **about)

    def counted(self, records: Iterable[Each]) -> Iterator[Each]:
        """The records, while they are counted."""
        for each in records:
            self._count += 1
            yield each

    def ended(self, pieces: Iterable[Each]) -> Iterator[Each]:
        """The pieces, and after the last one the line that says how many records they were."""
        yield from pieces
        try:
            self._record(self._ended_action, count=self._count)
        except DBAPIError as error:
            # That it was read is on record; the bytes are gone, and cutting them off now would help nobody.
            db.session.rollback()
            log.warning("audit.end-not-written", error=type(error.orig).__name__)


def export_on_record(actor: Actor, form: models.Form, **details: Any) -> ExportOnRecord:
    """A file of a form's submissions is about to be drawn."""
    return ExportOnRecord("form.submission.export", "form.submission.export.end", actor, form, **details)


def feed_on_record(actor: Actor, form: models.Form, **details: Any) -> ExportOnRecord:
    """A cleaned table is about to be read as a feed."""
    return ExportOnRecord("form.table.read", "form.table.read.end", actor, form, **details)
