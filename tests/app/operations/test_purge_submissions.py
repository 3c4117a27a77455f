"""The trash of submissions is emptied after 30 days: of what is still in it, and of nothing that has the same name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.clock import now
from app.db import models
from app.db.queries import deleted_submissions
from app.services.change_submission import purge_deleted
from app.services.erasure_ledger import is_erased
from tests.app.looking import actions, rows
from tests.app.shown_forms import VISIT
from tests.support.backend import Backend, instance

FORM = "/projects/1/forms/visit"
ONE = f"{FORM}/submissions/uuid:1"
SENT = instance("visit", "<who>Drita</who><age>30</age>", instance_id="uuid:1")


def age_the_trash(backend: Backend) -> None:
    with backend.database() as session:
        deleted = session.query(models.Submission).filter(models.Submission.deleted_at.is_not(None))
        deleted.update({"deleted_at": now() - timedelta(days=31)})
        session.commit()


def purge(backend: Backend) -> int:
    with backend.app.app_context():
        return purge_deleted()


def test_one_that_was_sent_again_to_the_form_made_anew_stays(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    phone = backend.phone()
    assert phone.send(SENT).status_code == 201
    for path in (ONE, FORM):
        assert backend.admin.delete(path).status_code == 200
    backend.admin.publish(VISIT)
    assert phone.send(SENT).status_code == 201
    age_the_trash(backend)

    assert purge(backend) == 1
    assert backend.admin.get(f"{ONE}.xml").data == SENT.encode()
    old, new = rows(backend, models.Submission)
    keys = {key.id: key.wrapped for key in rows(backend, models.DataKey)}
    assert (keys[old.data_key_id] is None, keys[new.data_key_id] is None) == (True, False)
    with backend.app.app_context():
        assert not is_erased(new.form_id, "uuid:1")

    assert backend.admin.delete(ONE).status_code == 200
    age_the_trash(backend)
    assert purge(backend) == 1
    assert phone.send(SENT).status_code == 409
    with backend.app.app_context():
        assert is_erased(new.form_id, "uuid:1")


def test_one_that_is_restored_before_its_turn_stays(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.admin.publish(VISIT)
    assert backend.phone().send(SENT).status_code == 201
    assert backend.admin.delete(ONE).status_code == 200
    age_the_trash(backend)
    with backend.app.app_context():
        listed = deleted_submissions.deleted_before(now())
    monkeypatch.setattr(deleted_submissions, "deleted_before", lambda *_: listed)
    assert len(listed) == 1
    assert backend.admin.post(f"{ONE}/restore").status_code == 200
    assert purge(backend) == 0
    assert backend.admin.get(f"{ONE}.xml").data == SENT.encode()
    assert not {"submission.purge", "submission.erase"} & set(actions(backend))
