"""A deleted form can be restored for thirty days; then nothing that was sent to it can be read again."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.clock import now
from app.db import db, models
from app.permissions import Grant
from app.services import purge_forms as service
from app.services.fsck import fsck
from app.services.outbox_work import CHORES
from app.services.transaction import transaction
from app.services.trash import KEPT_FOR
from tests.app.looking import actions, assert_no_orphans, blobs, count, rows
from tests.app.shown_forms import CASES, VISIT, entity, simple, xform
from tests.support.backend import AppUser, Backend, Person, instance

FORMS = "/projects/1/forms"
CASE = "11111111-1111-4111-8111-111111111111"


def thirty_days_pass(backend: Backend) -> None:
    with backend.app.app_context(), transaction():
        earlier = now() - KEPT_FOR
        db.session.execute(update(models.Form).where(models.Form.deleted_at.is_not(None)).values(deleted_at=earlier))


def purge(backend: Backend) -> int:
    """What the worker's chore does, if it is due."""
    (chore,) = (each for each in CHORES if each.name == "trash-forms")
    with backend.app.app_context():
        return service.purge_forms() if chore.is_due() else 0


def trash(person: Person) -> list[tuple[str, int]]:
    return [(each["xmlFormId"], each["id"]) for each in person.get(f"{FORMS}?deleted=true").json]


def send(phone: AppUser, name: str, answer: str = "x") -> int:
    xml = instance("visit", f"<who>{answer}</who><pic>a.jpg</pic>", instance_id=f"uuid:{name}")
    return phone.send(xml, {"a.jpg": name.encode()}).status_code


def test_a_deleted_form_is_in_the_trash_and_comes_back_as_it_was(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(VISIT)
    phone = backend.phone()
    assert send(phone, "one") == 201
    before = admin.get(f"{FORMS}/visit").json
    assert admin.delete(f"{FORMS}/visit").json == {"success": True}
    ((name, number),) = trash(admin)
    (deleted,) = admin.get(f"{FORMS}?deleted=true").json
    assert (name, deleted["deletedAt"] is not None) == ("visit", True)
    assert b"visit" not in phone.get("/formList").data
    assert purge(backend) == 0
    assert admin.post(f"{FORMS}/{number}/restore").json == {"success": True}
    assert trash(admin) == []
    assert admin.get(f"{FORMS}/visit").json | {"updatedAt": 0} == before | {"updatedAt": 0}
    assert len(admin.get(f"{FORMS}/visit/submissions").json) == 1
    assert b"visit" in phone.get("/formList").data
    assert actions(backend, "form.restore") == ["form.restore"]


def test_what_cannot_be_restored(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("visit"))
    assert admin.post(f"{FORMS}/1/restore").json["code"] == 404.1  # it is not in the trash
    admin.delete(f"{FORMS}/visit")
    ((_, number),) = trash(admin)
    admin.publish(simple("visit"))
    taken = admin.post(f"{FORMS}/{number}/restore").json
    assert (taken["code"], taken["details"]["fields"]) == (409.3, ["projectId", "xmlFormId"])
    admin.post("/projects", json={"name": "Another"})
    assert admin.post(f"/projects/2/forms/{number}/restore").json["code"] == 404.1
    admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend)
    assert admin.post(f"{FORMS}/{number}/restore").json["code"] == 404.1
    for query in ("?deleted=perhaps", "?deleted=%00"):
        assert admin.get(f"{FORMS}{query}").json["code"] == 400.8


@pytest.mark.parametrize(("role", "status"), [("manager", 200), ("viewer", 403), ("formfill", 403)])
def test_who_sees_the_trash(lite: Backend, role: str, status: int) -> None:
    person = lite.person(Grant(role, 1))
    assert person.get(f"{FORMS}?deleted=true").status_code == status
    assert person.get(f"{FORMS}?deleted=false").status_code == 200


def test_after_thirty_days_its_answers_files_and_keys_are_gone_and_others_are_not(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    admin, phone = backend.admin, backend.phone()
    admin.publish(VISIT)
    admin.publish(CASES)
    admin.post(f"{FORMS}/visit/draft?ignoreWarnings=true", data=xform("visit", "2"), content_type="text/xml")
    assert [send(phone, name) for name in ("one", "two", "three", "four", "five")] == [201] * 5
    assert send(phone, "one", "changed") == 409
    meta = entity(f'id="{CASE}" create="1"', "A case")
    assert phone.send(instance("intake", "<code>c</code>", meta=meta)).status_code == 201
    admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend)
    assert purge(backend) == 1
    assert (purge(backend), trash(admin)) == (0, [])
    assert blobs(backend) == set()
    assert_no_orphans(backend)
    visit, intake = rows(backend, models.Form)
    for model in (models.SubmissionVersion, models.FormVersion):
        assert {row.form_id for row in rows(backend, model)} == {intake.id}
    assert (count(backend, models.Quarantine), count(backend, models.SubmissionAttachment)) == (0, 0)
    gone = rows(backend, models.Submission, models.Submission.form_id == visit.id)
    assert [row.deleted_at is not None for row in gone] == [True] * 5
    keys = rows(backend, models.DataKey, models.DataKey.id.in_([row.data_key_id for row in gone]))
    assert {row.wrapped for row in keys} == {None}
    with backend.app.app_context():
        assert fsck().sound
    (line,) = rows(backend, models.Audit, models.Audit.action == "form.purge")
    assert (line.form_id, line.details) == (visit.id, {"submissions": 5})
    (discarded,) = rows(backend, models.Audit, models.Audit.action == "quarantine.discard")
    assert (discarded.form_id, len(discarded.details["entries"])) == (visit.id, 2)
    assert len(admin.get(f"{FORMS}/intake/submissions").json) == 1
    assert admin.get(f"/projects/1/datasets/cases/entities/{CASE}").status_code == 200


def test_a_case_outlives_the_purged_form_that_opened_it(backend: Backend) -> None:
    admin, phone = backend.admin, backend.phone()
    admin.publish(CASES)
    meta = entity(f'id="{CASE}" create="1"', "A case")
    assert phone.send(instance("intake", "<code>c</code>", meta=meta)).status_code == 201
    admin.delete(f"{FORMS}/intake")
    thirty_days_pass(backend)
    assert purge(backend) == 1
    case = admin.get(f"/projects/1/datasets/cases/entities/{CASE}").json
    assert case["currentVersion"]["label"] == "A case"
    admin.publish(CASES)
    assert max(row.id for row in rows(backend, models.Form)) == 2  # the purged form's number is not used again


def test_a_role_on_a_purged_form_is_no_role_in_the_project(lite: Backend) -> None:
    backend, admin = lite, lite.admin
    admin.publish(simple("visit"))
    (form,) = rows(backend, models.Form)
    person = backend.person(Grant("manager", 1, form.id))
    admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend)
    purge(backend)
    assert person.get("/projects/1").status_code == 403
    assert count(backend, models.Assignment, models.Assignment.actor_id == person.actor_id) == 0


def test_a_purge_that_is_interrupted_goes_on_where_it_was(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    monkeypatch.setattr(service, "_BATCHES", 2)
    backend, admin, phone = lite, lite.admin, lite.phone()
    admin.publish(VISIT)
    assert [send(phone, name) for name in ("one", "two", "three")] == [201] * 3
    admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend)
    assert purge(backend) == 0
    assert count(backend, models.SubmissionVersion) == 1
    assert purge(backend) == 1
    assert (count(backend, models.SubmissionVersion), blobs(backend)) == (0, set())


def test_what_was_kept_aside_goes_batch_by_batch_too(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    # More than 32,767 of them at once were more than PostgreSQL takes: the form, and every form after it, stayed.
    monkeypatch.setattr(service, "BATCH", 1)
    monkeypatch.setattr(service, "_BATCHES", 2)
    backend.admin.publish(VISIT)
    phone = backend.phone()
    assert send(phone, "one") == 201
    assert [send(phone, "one", answer) for answer in ("y", "z")] == [409] * 2
    assert count(backend, models.Quarantine) == 3  # two XMLs, and the photo that came with both
    backend.admin.delete(f"{FORMS}/visit")
    thirty_days_pass(backend)
    assert [purge(backend), count(backend, models.Quarantine)] == [0, 2]
    assert [purge(backend), count(backend, models.Quarantine)] == [0, 0]
    assert [purge(backend), blobs(backend)] == [1, set()]
