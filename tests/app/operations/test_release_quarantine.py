"""What was kept aside is taken in after all: each reason in its own way, and all of it."""

from __future__ import annotations

import io

import pytest

from app.db import models
from tests.app.looking import actions, assert_no_orphans, count, rows
from tests.app.operations.kept import (
    AT,
    CANARY,
    SUBMISSIONS,
    WAYS,
    assert_no_spare_keys,
    entry_of,
    listed,
    make_foreign_office,
    make_form_closed,
    make_stale_edit,
    make_submission_deleted,
    make_unknown_form,
    make_unknown_original,
    make_unknown_version,
    make_xml_conflict,
    photo,
    publish_later,
    publish_second,
    ready,
    release,
    set_deleted,
    visit,
    waiting,
    who,
)
from tests.app.shown_forms import CASES, FOLLOW_UP, VISIT, entity
from tests.support.backend import Backend, instance


def assert_all_is_taken(backend: Backend) -> None:
    """Nothing waits, nothing is left over, and the release is on record once."""
    assert waiting(backend) == []
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)
    assert actions(backend, "quarantine.release") == ["quarantine.release"]


def test_a_submission_for_an_unknown_version_is_complete_after_its_version_is_published(backend: Backend) -> None:
    phone = ready(backend)
    sent = visit(CANARY, instance_id="uuid:k", version="2").replace("<pic>", "<pic2>b.jpg</pic2><pic>")
    phone.send(sent, {"a.jpg": b"A" * 70_000, "b.jpg": b"B"})
    admin = backend.admin
    refused = release(admin, entry_of(admin))
    assert (refused.status_code, refused.json["code"]) == (409, 409.31)
    assert "the form has no published version of this name; publish it" in refused.json["message"]
    assert "Mbetet e veçuar" in refused.json["message"]
    assert len(waiting(backend)) == 3
    publish_second(backend)
    answer = release(admin, entry_of(admin))
    assert answer.json == {"instanceId": "uuid:k", "versionId": "uuid:k", "files": 2}
    assert admin.get(f"{SUBMISSIONS}/uuid:k.xml").data == sent.encode()
    assert (photo(backend, "uuid:k"), photo(backend, "uuid:k", "b.jpg")) == (b"A" * 70_000, b"B")
    assert_all_is_taken(backend)
    # The phone, which never heard 201, sends again and hears it now.
    assert phone.send(sent, {"a.jpg": b"A" * 70_000, "b.jpg": b"B"}).status_code == 201
    assert_all_is_taken(backend)


def test_it_is_stored_under_the_sender_and_their_office_of_that_time(backend: Backend) -> None:
    phone = ready(backend)
    make_unknown_version(backend, phone)
    publish_second(backend)
    with backend.database() as session:
        session.get(models.Actor, phone.actor_id).office_id = None
        session.commit()
    backend.admin.delete(f"/projects/1/app-users/{phone.actor_id}")  # it was authentic when it came
    admin = backend.admin
    assert release(admin, entry_of(admin)).status_code == 200
    (row,) = rows(backend, models.Submission, models.Submission.instance_id == "uuid:k")
    office = rows(backend, models.Office, models.Office.code == "tr-01")[0]
    assert (row.submitter_id, row.office_id) == (phone.actor_id, office.id)
    (line,) = rows(backend, models.Audit, models.Audit.action == "quarantine.release")
    assert (line.actor_id, line.submission_id) == (admin.actor_id, row.id)
    assert (line.details["reason"], line.details["instanceId"]) == ("unknown-version", "uuid:k")
    assert CANARY not in str(line.details)


def test_a_submission_for_an_unknown_form_is_taken_once_the_form_is_there(backend: Backend) -> None:
    phone = ready(backend)
    make_unknown_form(backend, phone)
    admin = backend.admin
    assert "no published form with this form ID" in release(admin, entry_of(admin)).json["message"]
    publish_later(backend)
    assert release(admin, entry_of(admin, "k.jpg")).status_code == 200  # any of its files stands for all
    assert who(backend, "later") == [CANARY]
    # The form asks for no picture: the file stays kept, now as one that is not named.
    assert waiting(backend) == [("unnamed-file", "k.jpg")]
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)


def test_what_came_for_a_closed_form_is_taken_although_it_stays_closed(backend: Backend) -> None:
    phone = ready(backend)
    make_form_closed(backend, phone)
    admin = backend.admin
    assert release(admin, entry_of(admin)).status_code == 200
    assert who(backend) == [CANARY, "first"]
    assert photo(backend, "uuid:k") == b"kept photo"
    assert_all_is_taken(backend)
    assert phone.send(visit("late", instance_id="uuid:9")).status_code == 409  # phones are refused as before


def test_an_edit_that_came_before_its_original_is_taken_after_it(backend: Backend) -> None:
    phone = ready(backend)
    make_unknown_original(backend, phone)
    admin = backend.admin
    assert "have it sent or release it first" in release(admin, entry_of(admin)).json["message"]
    assert phone.send(visit("original", instance_id="uuid:0")).status_code == 201
    answer = release(admin, entry_of(admin))
    assert answer.json == {"instanceId": "uuid:0", "versionId": "uuid:k", "files": 1}
    assert who(backend) == [CANARY, "first"]
    assert photo(backend, "uuid:0") == b"kept photo"
    assert_all_is_taken(backend)


def test_an_edit_of_another_offices_submission_is_taken_by_a_manager_of_all_offices(backend: Backend) -> None:
    phone = ready(backend)
    make_foreign_office(backend, phone)
    admin = backend.admin
    assert release(admin, entry_of(admin)).json["versionId"] == "uuid:k"
    assert who(backend) == [CANARY]
    (row,) = rows(backend, models.Submission)
    assert row.submitter_id == phone.actor_id  # the submission stays its office's
    assert_all_is_taken(backend)


def test_a_released_submission_may_not_take_another_offices_case(backend: Backend) -> None:
    backend.admin.publish(CASES)
    backend.admin.publish(FOLLOW_UP)
    phone = backend.phone(office=backend.office("tr-01"))
    other = backend.phone(office=backend.office("vl-02"))
    case = "11111111-1111-4111-8111-111111111111"
    phone.send(instance("intake", "<code>C1</code>", meta=entity(f'id="{case}" create="1"', "C1")))
    update = entity(f'id="{case}" update="1" baseVersion="1"')
    backend.admin.patch("/projects/1/forms/follow_up", json={"state": "closed"})
    other.send(instance("follow_up", f"<case>{case}</case><code>C2</code>", meta=update, instance_id="uuid:k"))
    admin = backend.admin
    assert release(admin, entry_of(admin)).status_code == 200
    backend.work()
    assert count(backend, models.EntityVersion) == 1
    assert "entity.error" in actions(backend)


def test_other_answers_under_one_id_become_an_edit_when_that_is_asked_for(backend: Backend) -> None:
    phone = ready(backend)
    make_xml_conflict(backend, phone)
    admin = backend.admin
    plain = release(admin, entry_of(admin))
    assert plain.json["code"] == 409.31
    assert "as=edit" in plain.json["message"]
    answer = release(admin, entry_of(admin), edit=True)
    assert answer.status_code == 200, answer.text
    version = answer.json["versionId"]
    assert answer.json == {"instanceId": "uuid:1", "versionId": version, "files": 1}
    assert version not in ("uuid:1", "") and version.startswith("uuid:")
    assert who(backend) == [CANARY]
    assert photo(backend) == b"kept photo"
    # Only the two IDs differ from what came, and what was there before is a version.
    made = admin.get(f"{SUBMISSIONS}/uuid:1.xml").text
    came = visit(CANARY, instance_id=version, old="uuid:1")
    assert made == came
    assert admin.get(f"{SUBMISSIONS}/uuid:1/versions/uuid:1.xml").text == visit("first")
    assert backend.admin.rows("visit")[0]["__system"]["edits"] == 1
    assert_all_is_taken(backend)


def test_what_came_is_kept_as_it_came_beside_the_edit_and_a_resend_is_not_kept_again(backend: Backend) -> None:
    phone = ready(backend)
    make_xml_conflict(backend, phone)
    admin = backend.admin
    entry_id = entry_of(admin)
    first = release(admin, entry_id, edit=True).json
    assert listed(admin) == []
    (kept,) = listed(admin, released="true")
    assert (kept["id"], kept["name"]) == (entry_id, "submission.xml")
    assert admin.get(f"{AT}/{entry_id}/content").data == visit(CANARY).encode()
    make_xml_conflict(backend, phone)  # the phone does not know, and sends again
    assert listed(admin) == []
    assert release(admin, entry_id, edit=True).json == first | {"files": 0}
    assert count(backend, models.SubmissionVersion) == 2
    assert_all_is_taken(backend)


def test_a_stale_edit_becomes_an_edit_of_the_current_version(backend: Backend) -> None:
    phone = ready(backend)
    make_stale_edit(backend, phone)
    admin = backend.admin
    version = release(admin, entry_of(admin), edit=True).json["versionId"]
    assert who(backend) == [CANARY]
    assert photo(backend) == b"kept photo"
    versions = admin.get(f"{SUBMISSIONS}/uuid:1/versions").json
    assert [each["instanceId"] for each in versions] == [version, "uuid:2", "uuid:1"]
    assert admin.get(f"{SUBMISSIONS}/uuid:1.xml").text == visit(CANARY, instance_id=version, old="uuid:2")
    assert_all_is_taken(backend)


def test_an_edit_under_an_id_that_is_taken_changes_the_submission_that_it_names(backend: Backend) -> None:
    phone = ready(backend)
    phone.send(visit("other", instance_id="uuid:7"))
    assert phone.send(visit(CANARY, instance_id="uuid:7", old="uuid:1")).status_code == 409
    admin = backend.admin
    assert release(admin, entry_of(admin), edit=True).json["instanceId"] == "uuid:1"
    assert who(backend) == [CANARY, "other"]


def test_what_came_for_a_deleted_submission_waits_until_it_is_restored(backend: Backend) -> None:
    phone = ready(backend)
    make_submission_deleted(backend, phone)
    admin = backend.admin
    refused = release(admin, entry_of(admin))
    assert "the submission is deleted; restore it first" in refused.json["message"]
    set_deleted(backend, False)
    assert release(admin, entry_of(admin)).json["instanceId"] == "uuid:1"
    # The answers are the same; the other photo under the same name is a conflict now.
    assert waiting(backend) == [("file-conflict", "a.jpg")]
    assert photo(backend) == b"first photo"
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)


def test_what_is_refused_for_another_reason_is_kept_under_that_one_and_once(backend: Backend) -> None:
    phone = ready(backend)
    assert phone.send(visit(CANARY, version="2"), {"a.jpg": b"kept photo"}).status_code == 404
    publish_second(backend)
    admin = backend.admin
    refused = release(admin, entry_of(admin))
    assert refused.json["details"] == {"reason": "xml-conflict"}
    assert waiting(backend) == [("xml-conflict", "a.jpg"), ("xml-conflict", "submission.xml")]
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)
    assert release(admin, entry_of(admin), edit=True).status_code == 200
    assert who(backend) == [CANARY]
    assert photo(backend) == b"kept photo"


def test_of_several_bodies_under_one_id_each_is_released_with_its_own_files(backend: Backend) -> None:
    phone = ready(backend)
    for name in ("Mira", "Teuta"):
        sent = visit(name, instance_id="uuid:k", version="2")
        assert phone.send(sent, {"a.jpg": f"photo of {name}".encode()}).status_code == 404
    publish_second(backend)
    admin = backend.admin
    (some_file, *_) = [each["id"] for each in listed(admin) if each["name"] == "a.jpg"]
    assert "several sendings are kept under this ID" in release(admin, some_file).json["message"]
    xmls = sorted(each["id"] for each in listed(admin) if each["name"] == "submission.xml")
    assert release(admin, xmls[1]).status_code == 200
    assert (who(backend), photo(backend, "uuid:k")) == (["Teuta", "first"], b"photo of Teuta")
    assert release(admin, xmls[0]).json["details"] == {"reason": "xml-conflict"}
    assert release(admin, entry_of(admin), edit=True).status_code == 200
    assert (who(backend), photo(backend, "uuid:k")) == (["Mira", "first"], b"photo of Mira")
    assert waiting(backend) == []
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)


def test_a_photo_that_two_kept_bodies_need_is_there_for_both(backend: Backend) -> None:
    phone = ready(backend)
    for name in ("Mira", "Teuta"):
        phone.send(visit(name, instance_id="uuid:k", version="2"), {"a.jpg": b"the same photo"})
    publish_second(backend)
    admin = backend.admin
    first, second = sorted(each["id"] for each in listed(admin) if each["name"] == "submission.xml")
    assert release(admin, first).status_code == 200
    assert ("unknown-version", "a.jpg") in waiting(backend)
    release(admin, second)
    assert release(admin, entry_of(admin), edit=True).status_code == 200
    assert photo(backend, "uuid:k") == b"the same photo"
    assert waiting(backend) == []
    assert_no_orphans(backend)


@pytest.mark.parametrize("reason", ["unknown-form", "form-closed", "unnamed-file", "foreign-office"])
def test_only_a_conflict_is_released_as_an_edit(backend: Backend, reason: str) -> None:
    WAYS[reason](backend, ready(backend))
    admin = backend.admin
    answer = release(admin, listed(admin)[0]["id"], edit=True)
    assert (answer.status_code, answer.json["code"]) == (400, 400.8)


def test_what_tested_a_draft_is_no_submission_and_can_only_be_discarded(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(VISIT)
    admin.post("/projects/1/forms/visit/draft?ignoreWarnings=true")
    token = admin.get("/projects/1/forms/visit/draft").json["draftToken"]
    path = f"/v1/test/{token}/projects/1/forms/visit/draft/submission"
    for name in ("one", "two"):
        backend.client.post(path, data={"xml_submission_file": (io.BytesIO(visit(name).encode()), "s.xml", "text/xml")})
    assert "a test of a form's draft" in release(admin, entry_of(admin), edit=True).json["message"]
    assert count(backend, models.Submission, ~models.Submission.is_draft) == 0
