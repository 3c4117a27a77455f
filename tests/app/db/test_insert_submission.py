"""A new submission's rows: the same on both databases, all or none, and few ways there and back."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from app.clock import now
from app.db import db, models
from app.db.insert_submission import NewRows, insert_submission
from app.services.transaction import transaction
from tests.app.looking import count
from tests.app.shown_forms import simple
from tests.support.backend import Backend, instance
from tests.support.statements import hear_statements

MOMENT = now()
ONE = instance("a", "<who>Drita</who>", instance_id="uuid:1")
EVERY_TABLE = (models.DataKey, models.Submission, models.SubmissionVersion, models.Audit)


@pytest.fixture
def form(backend: Backend) -> Backend:
    """With the form `a` published and one submission, `uuid:1`."""
    backend.admin.publish(simple("a"))
    assert backend.phone().send(ONE).status_code == 201
    return backend


def rows_of(instance_id: str, *, version_instance_id: str | None = None) -> NewRows:
    known = db.session.execute(select(models.SubmissionVersion)).scalars().first()
    assert known is not None
    both = {"form_id": known.form_id, "is_draft": False, "device_id": None, "user_agent": "ë", "created_at": MOMENT}
    sent = both | {"submitter_id": known.submitter_id}
    return NewRows(
        {"purpose": "submission", "wrapped": b"\x00\xff", "wrapping_key_id": "k", "created_at": MOMENT},
        sent | {"instance_id": instance_id, "office_id": None, "edits": 0},
        sent
        | {
            "form_version_id": known.form_version_id,
            "is_current": True,
            "instance_id": version_instance_id or instance_id,
            "deprecated_id": None,
            "xml_sealed": b"\x00xml",
            "xml_hmac": bytes(32),
            "clear": {"a": 1, "ë": ["x", None, {"b": True}]},
            "sealed": None,
            "findings": [],
        },
        {
            "actor_id": None,
            "office_id": 7,
            "action": "submission.create",
            "project_id": 1,
            "form_id": known.form_id,
            "submission_id": None,
            "entity_id": None,
            "details": {"instanceId": instance_id, "apiKeyId": 3},
            "logged_at": MOMENT,
        },
    )


def counts(backend: Backend) -> list[int]:
    return [count(backend, table) for table in EVERY_TABLE]


def test_the_rows_hold_what_was_given_and_name_each_other(form: Backend) -> None:
    with form.database():
        with transaction():
            added = insert_submission(rows_of("uuid:2"))
        assert added is not None
        submission = db.session.get_one(models.Submission, added[0])
        version = db.session.get_one(models.SubmissionVersion, added[1])
        key = db.session.get_one(models.DataKey, submission.data_key_id)
        line = db.session.execute(select(models.Audit).order_by(models.Audit.id.desc())).scalars().first()
        assert line is not None
        assert (submission.instance_id, submission.edits, submission.created_at) == ("uuid:2", 0, MOMENT)
        assert (submission.device_id, submission.user_agent, submission.office_id) == (None, "ë", None)
        assert (version.submission_id, version.is_current, version.deprecated_id) == (submission.id, True, None)
        assert (version.xml_sealed, version.sealed, version.findings) == (b"\x00xml", None, [])
        assert version.clear == {"a": 1, "ë": ["x", None, {"b": True}]}
        assert (key.wrapped, key.created_at) == (b"\x00\xff", MOMENT)
        assert (line.submission_id, line.office_id, line.actor_id, line.logged_at) == (submission.id, 7, None, MOMENT)
        assert line.details == {"instanceId": "uuid:2", "apiKeyId": 3, "submissionDefId": version.id}


def test_of_a_submission_that_is_there_already_nothing_is_added(form: Backend) -> None:
    before = counts(form)
    with form.database(), transaction():
        assert insert_submission(rows_of("uuid:1")) is None
    assert counts(form) == before


def test_an_instance_id_that_a_version_has_is_an_error_and_nothing_is_added(form: Backend) -> None:
    before = counts(form)
    with form.database(), pytest.raises(IntegrityError), transaction():
        insert_submission(rows_of("uuid:2", version_instance_id="uuid:1"))
    assert counts(form) == before


def test_a_text_is_never_taken_for_a_part_of_the_statement(form: Backend) -> None:
    odd = "uuid:'); DROP TABLE submissions; -- %(x)s \\ \" :y"
    with form.database():
        given = rows_of(odd)
        with transaction():
            added = insert_submission(given._replace(line={**given.line, "details": {"instanceId": odd}}))
        assert added is not None
        assert db.session.get_one(models.Submission, added[0]).instance_id == odd


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_text_that_is_too_long_for_its_column_is_refused_and_not_cut(form: Backend) -> None:
    with form.database(), pytest.raises(DataError), transaction():
        insert_submission(rows_of("uuid:" + "ë" * 251))


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_a_phone_sends_takes_four_statements(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.admin.publish(simple("a"))
    phone = backend.phone()
    asked = hear_statements(monkeypatch)
    for number in range(2):
        asked.clear()  # the first time reads what a process reads once
        assert phone.only_send(instance("a", "<who>x</who>", instance_id=f"uuid:{number}")).status_code == 201
    # Who sends, is there such a project, what is known of it, and its rows; the driver begins and commits.
    assert [each.split()[0] for each in asked] == ["SELECT", "SELECT", "SELECT", "WITH"]
