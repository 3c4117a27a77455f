"""Editing, reviewing, deleting and restoring a submission by API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.clock import now
from app.db import models
from app.permissions import Grant
from app.services.change_submission import anything_to_purge, purge_deleted
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, blobs, count, kept_aside, rows
from tests.app.shown_forms import VISIT
from tests.support.backend import Backend, Person, instance

ALL = "/projects/1/forms/visit/submissions"
ONE = f"{ALL}/uuid:1"
NOTE = "Drita phoned"
READER = (Grant("manager", 1, all_offices=True), Grant("case-reader", 1, all_offices=True))


def answers(new: str, *, old: str | None = None, who: str = "Drita", form: str = "visit") -> bytes:
    meta = "" if old is None else f"<orx:deprecatedID>{old}</orx:deprecatedID>"
    return instance(form, f"<who>{who}</who><age>30</age>", instance_id=new, meta=meta).encode()


@pytest.fixture
def manager(backend: Backend) -> Person:
    backend.admin.publish(VISIT)
    for name in ("uuid:1", "uuid:other"):
        assert backend.phone().send(answers(name)).status_code == 201
    return backend.person(*READER, name="Manager")


def put(person: Person, xml: bytes, at: str = ONE, **headers: str) -> Any:
    return person.request("PUT", at, data=xml, content_type="text/xml", headers=headers)


def test_an_edit_becomes_the_current_version_and_its_note_is_in_the_audit(backend: Backend, manager: Person) -> None:
    for _ in range(2):  # sent again after a lost answer
        answer = put(manager, answers("uuid:2", old="uuid:1", who="Mira"), **{"X-Action-Notes": "Drita%20phoned"})
        assert answer.status_code == 200, answer.text
    assert (answer.json["instanceId"], answer.json["currentVersion"]["instanceId"]) == ("uuid:1", "uuid:2")
    assert (answer.json["reviewState"], answer.json["edits"]) == ("edited", 1)
    assert manager.get(f"{ALL}/uuid:2").location.endswith("/submissions/uuid%3A1/versions/uuid%3A2")
    notes = [each["notes"] for each in manager.get(f"{ONE}/audits").json if "update" in each["action"]]
    assert notes == [NOTE]
    assert NOTE not in str([row.details for row in rows(backend, models.Audit)])


@pytest.mark.parametrize(
    ("at", "xml", "code"),
    [
        (ONE, answers("uuid:2"), 400.19),
        (ONE, answers("uuid:2", old="uuid:other"), 404.5),
        (ONE, answers("uuid:2", old="uuid:nowhere"), 404.5),
        (ONE, answers("uuid:other", old="uuid:1"), 409.8),
        (ONE, answers("uuid:2", old="uuid:1", form="another"), 400.8),
        (ONE, b"<data", 400.1),
        (f"{ALL}/uuid:nowhere", answers("uuid:2", old="uuid:1"), 404.1),
    ],
    ids=["no-deprecated-id", "another-submissions", "unknown", "id-in-use", "another-form", "no-xml", "no-submission"],
)
def test_an_edit_that_cannot_be_is_refused(manager: Person, at: str, xml: bytes, code: float) -> None:
    assert put(manager, xml, at).json["code"] == code


def test_an_edit_of_an_old_version_is_a_conflict_and_kept_aside(backend: Backend, manager: Person) -> None:
    assert put(manager, answers("uuid:2", old="uuid:1")).status_code == 200
    assert put(manager, answers("uuid:3", old="uuid:1")).json["code"] == 409.9
    assert [reason for reason, _, _ in kept_aside(backend)] == ["stale-edit"]


def test_who_does_not_read_every_answer_edits_none(backend: Backend, manager: Person) -> None:
    blind = backend.person(Grant("manager", 1, all_offices=True))
    assert put(blind, answers("uuid:2", old="uuid:1")).json["code"] == 403.11


@pytest.mark.parametrize("state", ["approved", "hasIssues", "rejected", "edited", None])
def test_a_review_state_is_set_with_a_line_in_the_audit(backend: Backend, manager: Person, state: str | None) -> None:
    answer = manager.patch(ONE, json={"reviewState": state}, headers={"X-Action-Notes": NOTE})
    assert answer.status_code == 200, answer.text
    assert (answer.json["reviewState"], answer.json["updatedAt"] is None) == (state, False)
    line = manager.get(f"{ONE}/audits").json[0]
    assert (line["action"], line["details"]["reviewState"], line["notes"]) == ("submission.update", state, NOTE)


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, 400.2), ({"reviewState": "burned"}, 400.8), ({"reviewState": 7}, 400.8), ([], 400.11)],
    ids=["nothing", "unknown", "number", "list"],
)
def test_a_review_state_that_is_none_is_refused(manager: Person, body: Any, code: float) -> None:
    assert manager.patch(ONE, json=body).json["code"] == code
    assert manager.patch(f"{ALL}/uuid:nowhere", json={"reviewState": "approved"}).json["code"] == 404.1


def test_what_is_deleted_is_nowhere_until_it_is_restored(backend: Backend, manager: Person) -> None:
    assert manager.delete(ONE).json == {"success": True}
    for path in (ONE, f"{ONE}.xml", f"{ONE}/comments", f"{ONE}/attachments", f"{ONE}/versions/uuid:1", f"{ONE}/audits"):
        assert manager.get(path).status_code == 404, path
    for path in (ALL, f"{ALL}.csv", "/projects/1/forms/visit.svc/Submissions"):
        assert "uuid:1" not in manager.get(path).text
    for answer in (
        manager.delete(ONE),
        manager.patch(ONE, json={"reviewState": None}),
        manager.post(f"{ALL}/x/restore"),
    ):
        assert answer.status_code == 404
    answer = backend.phone().send(answers("uuid:1"))
    assert (answer.status_code, "deleted" in answer.text) == (409, True)
    assert manager.post(f"{ONE}/restore").json == {"success": True}
    assert manager.get(f"{ONE}.xml").data == answers("uuid:1")
    assert manager.post(f"{ONE}/restore").status_code == 404
    done = [each for each in actions(backend, "submission.") if each in ("submission.delete", "submission.restore")]
    assert done == ["submission.delete", "submission.restore"]


def test_what_was_deleted_thirty_days_ago_is_erased_and_comes_back_no_more(backend: Backend, manager: Person) -> None:
    phone = backend.phone()
    with_file = instance("visit", "<who>Drita</who><pic>a.jpg</pic>", instance_id="uuid:3")
    assert phone.send(with_file, {"a.jpg": b"photo"}).status_code == 201
    for name in ("uuid:1", "uuid:3"):
        manager.post(f"{ALL}/{name}/comments", json={"body": "of Drita"})
        manager.delete(f"{ALL}/{name}")
    with backend.database() as session:
        assert not anything_to_purge()
        old = {"deleted_at": now() - timedelta(days=31)}
        session.query(models.Submission).filter_by(instance_id="uuid:3").update(old)
        session.commit()
        assert anything_to_purge()
        assert purge_deleted() == 1
        assert not anything_to_purge()
    assert blobs(backend) == set()
    assert count(backend, models.Comment) == 1
    assert manager.post(f"{ALL}/uuid:3/restore").status_code == 404
    assert phone.send(with_file).status_code == 409
    assert manager.post(f"{ONE}/restore").status_code == 200
    assert actions(backend, "submission.purge") == ["submission.purge"]


def test_the_edit_page_is_the_one_that_the_operator_names(make_lite: MakeBackend) -> None:
    for url, status, where in (
        (None, 501, None),
        ("https://x.org/{project}/{form}?i={instance}", 302, "https://x.org/1/visit?i=uuid%3A1"),
    ):
        lite = make_lite(edit_url=url)
        lite.admin.publish(VISIT)
        lite.phone().send(answers("uuid:1"))
        answer = lite.admin.get(f"{ONE}/edit")
        assert (answer.status_code, answer.location) == (status, where)
        assert lite.admin.get(f"{ALL}/uuid:9/edit").status_code == 404
