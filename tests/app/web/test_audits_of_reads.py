"""Whoever looks at data is on record before a byte leaves; who is not let in is on record too; no answer ever is."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import db, models
from app.permissions import Grant
from tests.app.looking import rows
from tests.app.operations.places import run
from tests.app.shown_forms import CASES, FOLLOW_UP, VISIT, entity
from tests.support.backend import Backend, Person, instance

CANARY = "Drita-Kanarina-4711"
FILE = "Drita-Kanarina-4711.jpg"
CASE = "11111111-1111-4111-8111-111111111111"
AT = "/projects/1/forms/visit"
SUBMISSION = f"{AT}/submissions/uuid:1"
CASES_AT = "/projects/1/datasets/cases/entities"


@pytest.fixture
def filled(backend: Backend) -> Backend:
    """Two visits, one with a photo, and a case."""
    admin = backend.admin
    admin.publish(VISIT)
    admin.publish(CASES)
    phone = backend.phone(office=backend.office("tr-01"))
    phone.send(instance("visit", f"<who>{CANARY}</who><pic>{FILE}</pic>", instance_id="uuid:1"), {FILE: b"x"})
    phone.send(instance("visit", "<who>Arben</who>", instance_id="uuid:2"))
    answers = f"<code>C1</code><person>{CANARY}</person>"
    phone.send(instance("intake", answers, meta=entity(f'id="{CASE}" create="1"', CANARY)))
    return backend


def looks(backend: Backend, since: int = 0) -> list[tuple[str, dict[str, Any]]]:
    """The lines about looking, after the line with that number: action and details."""
    found = rows(backend, models.Audit, models.Audit.id > since)
    return [(each.action, each.details) for each in found]


def newest(backend: Backend) -> int:
    return int(rows(backend, models.Audit)[-1].id)


ONE = {"instanceId": "uuid:1"}
READS: dict[str, tuple[str, dict[str, Any]]] = {
    SUBMISSION: ("submission.read", {**ONE, "what": "facts"}),
    f"{SUBMISSION}.xml": ("submission.read", {**ONE, "what": "xml"}),
    f"{SUBMISSION}/versions": ("submission.read", {**ONE, "what": "versions"}),
    f"{SUBMISSION}/versions/uuid:1": ("submission.read", {**ONE, "what": "facts"}),
    f"{SUBMISSION}/versions/uuid:1.xml": ("submission.read", {**ONE, "what": "xml"}),
    f"{SUBMISSION}/attachments": ("submission.read", {**ONE, "what": "files"}),
    f"{SUBMISSION}/attachments/{FILE}": ("submission.attachment.read", {**ONE}),
    f"{AT}/submissions?limit=1": ("submission.list", {"count": 1, "offset": 0}),
    f"{CASES_AT}/{CASE}": ("entity.read", {"uuid": CASE, "dataset": "cases"}),
    f"{CASES_AT}/{CASE}/versions": ("entity.read", {"uuid": CASE, "dataset": "cases"}),
    f"{CASES_AT}/{CASE}/diffs": ("entity.read", {"uuid": CASE, "dataset": "cases"}),
    CASES_AT: ("entity.list", {"count": 1, "dataset": "cases"}),
    f"{CASES_AT}.geojson": ("entity.list", {"count": 1, "dataset": "cases"}),
    f"{CASES_AT}/{CASE}/geojson": ("entity.read", {"uuid": CASE, "dataset": "cases"}),
    f"{CASES_AT}.csv": ("entity.export", {"count": 1, "dataset": "cases"}),
}


@pytest.mark.parametrize("path", READS)
def test_a_look_is_one_line_that_names_who_and_what(filled: Backend, path: str) -> None:
    admin, before = filled.admin, newest(filled)
    assert admin.get(path).status_code == 200
    (line,) = rows(filled, models.Audit, models.Audit.id > before)
    action, details = READS[path]
    assert (line.action, line.actor_id, line.project_id) == (action, admin.actor_id, 1)
    assert details.items() <= line.details.items()
    if "submission." in action and action != "submission.list":
        assert line.submission_id == rows(filled, models.Submission)[0].id
    if action == "entity.read":
        assert line.entity_id == rows(filled, models.Entity)[0].id


STREAMS: dict[str, tuple[str, dict[str, Any], int]] = {
    f"{AT}/submissions.csv": ("form.submission.export", {"format": "csv"}, 2),
    f"{AT}/submissions.csv.zip": ("form.submission.export", {"format": "zip", "attachments": True}, 2),
    f"{AT}.svc/Submissions": ("form.table.read", {"table": "Submissions", "top": None, "skip": 0}, 2),
    f"{AT}.svc/Submissions?$top=1": ("form.table.read", {"table": "Submissions", "top": 1, "skip": 0}, 1),
}


@pytest.mark.parametrize("path", STREAMS)
def test_an_export_is_a_line_before_it_begins_and_one_with_the_count_when_it_ended(filled: Backend, path: str) -> None:
    admin, before = filled.admin, newest(filled)
    assert CANARY.encode() in admin.get(path).data or "zip" in path or "top" in path
    action, details, count = STREAMS[path]
    assert looks(filled, before) == [(action, details), (f"{action}.end", {**details, "count": count})]
    assert {line.form_id for line in rows(filled, models.Audit, models.Audit.id > before)} == {1}


def test_an_export_that_breaks_off_has_no_second_line(filled: Backend) -> None:
    admin, before = filled.admin, newest(filled)
    answer = admin.get(f"{AT}/submissions.csv.zip", buffered=False)
    next(iter(answer.response))
    answer.close()
    assert [action for action, _ in looks(filled, before)] == ["form.submission.export"]


@pytest.mark.parametrize("path", [*READS, *STREAMS])
def test_what_cannot_be_put_on_record_is_not_read(filled: Backend, path: str) -> None:
    admin = filled.admin
    away = OperationalError("INSERT", {}, Exception("disk I/O error"))
    with mock.patch("app.services.audit_reads.record", side_effect=away):
        answer = admin.get(path)
    assert answer.status_code == 503
    assert CANARY not in answer.text


def test_a_phone_that_fetches_an_entity_list_is_one_line_and_a_blank_form_none(filled: Backend) -> None:
    filled.admin.publish(FOLLOW_UP)
    phone = filled.phone(office="tr-01")
    before = newest(filled)
    assert phone.get("/formList").status_code == 200
    assert phone.get("/forms/follow_up.xml").status_code == 200
    assert phone.get("/forms/follow_up/manifest").status_code == 200
    assert looks(filled, before) == []
    assert phone.get("/forms/follow_up/attachments/cases.csv").status_code == 200
    (line,) = rows(filled, models.Audit, models.Audit.id > before)
    assert (line.action, line.actor_id, line.project_id) == ("dataset.phone.read", phone.actor_id, 1)
    assert line.details == {"dataset": "cases", "count": 1}


DENIED = {
    "another office's submission": ("tr-02", SUBMISSION, 404),
    "what is not there": ("tr-02", f"{AT}/submissions/{CANARY}", 404),
    "another office's case": ("tr-02", f"{CASES_AT}/{CASE}", 404),
    "the audit": ("tr-01", "/audits", 403),
    "another project": ("tr-01", "/projects/2/forms/visit/submissions", 403),
}


@pytest.mark.parametrize("what", DENIED)
def test_who_is_not_let_in_is_on_record_without_what_they_wrote(filled: Backend, what: str) -> None:
    office, path, status = DENIED[what]
    filled.office("tr-02")
    reader, before = filled.person(Grant("viewer", 1), office=office), newest(filled)
    assert reader.get(path).status_code == status
    (line,) = rows(filled, models.Audit, models.Audit.id > before)
    assert (line.action, line.actor_id) == ("access.denied", reader.actor_id)
    assert set(line.details) == {"route", "verb", "status"}
    assert line.details["status"] == status
    assert CANARY not in str(line.details)


def test_what_is_no_data_and_who_is_nobody_leave_no_line(filled: Backend) -> None:
    reader, before = filled.person(Grant("viewer", 1), office="tr-01"), newest(filled)
    assert reader.get("/projects/1/forms/none").status_code == 404
    assert reader.get("/users").status_code == 403
    assert filled.client.get(f"/v1{SUBMISSION}").status_code == 401
    assert filled.phone(office="tr-01").get("/forms/none.xml").status_code == 404
    assert [action for action, _ in looks(filled, before)] == ["field_key.create"]


def test_a_denial_is_answered_also_when_it_cannot_be_written(filled: Backend) -> None:
    reader = filled.person(Grant("viewer", 1))
    away = OperationalError("INSERT", {}, Exception("disk I/O error"))
    with mock.patch("app.services.audit_reads.record", side_effect=away):
        assert reader.get(SUBMISSION).status_code == 404


def test_no_byte_of_the_audit_holds_an_answer_or_a_senders_file_name(filled: Backend) -> None:
    admin: Person = filled.admin
    for path in (*READS, *STREAMS, f"{AT}/submissions/{CANARY}"):
        admin.get(path)
    shown = admin.get("/audits", headers={"X-Extended-Metadata": "true"})
    exported = run(filled, "audit", "export")
    with filled.app.app_context():
        stored = [str(tuple(row)) for row in db.session.execute(text("SELECT * FROM audits"))]
    assert len(shown.json) == len(exported.stdout.splitlines()) == len(stored) > len(READS)
    assert "Kanarina" not in shown.text + exported.output + "".join(stored)
    assert {json.loads(line)["action"] for line in exported.stdout.splitlines()} >= {"submission.read", "access.denied"}
