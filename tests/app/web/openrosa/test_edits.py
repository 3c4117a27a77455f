"""An edit follows the version that it replaces; whatever it was, nothing of it is lost."""

from __future__ import annotations

import pytest

from app.db import models
from tests.app.looking import actions, assert_no_orphans, count, kept_aside, rows
from tests.app.shown_forms import VISIT
from tests.support.backend import AppUser, Backend, instance

SUBMISSIONS = "/projects/1/forms/visit/submissions"
FIRST = instance("visit", "<who>Drita</who><age>30</age><pic>a.jpg</pic>", instance_id="uuid:1")


def edit(old: str, new: str, who: str = "Mira", pic: str = "a.jpg") -> str:
    meta = f"<orx:deprecatedID>{old}</orx:deprecatedID>"
    return instance("visit", f"<who>{who}</who><age>31</age><pic>{pic}</pic>", instance_id=new, meta=meta)


@pytest.fixture
def phone(backend: Backend) -> AppUser:
    backend.admin.publish(VISIT)
    phone = backend.phone()
    assert phone.send(FIRST, {"a.jpg": b"photo"}).status_code == 201
    return phone


def test_an_edit_of_the_current_version_becomes_the_current_version(backend: Backend, phone: AppUser) -> None:
    assert phone.send(edit("uuid:1", "uuid:2")).status_code == 201
    assert phone.send(edit("uuid:2", "uuid:3", "Teuta")).status_code == 201
    admin = backend.admin
    (row,) = admin.rows("visit")
    assert (row["__id"], row["who"], row["age"], row["__system"]["edits"]) == ("uuid:1", "Teuta", 31, 2)
    assert row["__system"]["reviewState"] == "edited"
    versions = admin.get(f"{SUBMISSIONS}/uuid:1/versions").json
    assert [(each["instanceId"], each["current"]) for each in versions] == [
        ("uuid:3", True),
        ("uuid:2", False),
        ("uuid:1", False),
    ]
    for name, xml in (("uuid:1", FIRST), ("uuid:2", edit("uuid:1", "uuid:2"))):
        assert admin.get(f"{SUBMISSIONS}/uuid:1/versions/{name}.xml").data == xml.encode()
    assert admin.get(f"{SUBMISSIONS}/uuid:1.xml").data == edit("uuid:2", "uuid:3", "Teuta").encode()
    assert actions(backend, "submission.update") == ["submission.update.version"] * 2


def test_an_edit_keeps_the_files_that_it_still_names(backend: Backend, phone: AppUser) -> None:
    assert phone.send(edit("uuid:1", "uuid:2")).status_code == 201
    at = f"{SUBMISSIONS}/uuid:1/attachments"
    assert backend.admin.get(at).json == [{"name": "a.jpg", "exists": True}]
    assert backend.admin.get(f"{at}/a.jpg").data == b"photo"
    assert_no_orphans(backend)


def test_an_edit_may_bring_a_new_file_under_an_old_name_and_the_old_version_keeps_its_own(
    backend: Backend, phone: AppUser
) -> None:
    assert phone.send(edit("uuid:1", "uuid:2"), {"a.jpg": b"new photo"}).status_code == 201
    assert backend.admin.get(f"{SUBMISSIONS}/uuid:1/attachments/a.jpg").data == b"new photo"
    keys = [row.blob_key for row in rows(backend, models.SubmissionAttachment)]
    assert len(set(keys)) == 2
    assert phone.send(edit("uuid:1", "uuid:2"), {"a.jpg": b"new photo"}).status_code == 201
    assert phone.send(edit("uuid:1", "uuid:2"), {"a.jpg": b"a third"}).status_code == 409
    assert kept_aside(backend) == [("file-conflict", "a.jpg", b"a third")]
    assert_no_orphans(backend)


def test_an_edit_sent_again_is_201_and_one_version(backend: Backend, phone: AppUser) -> None:
    for _ in range(3):
        assert phone.send(edit("uuid:1", "uuid:2")).status_code == 201
    assert count(backend, models.SubmissionVersion) == 2
    assert backend.admin.rows("visit")[0]["__system"]["edits"] == 1


def test_the_first_version_sent_again_after_an_edit_is_201_and_changes_nothing(
    backend: Backend, phone: AppUser
) -> None:
    phone.send(edit("uuid:1", "uuid:2"))
    assert phone.send(FIRST).status_code == 201
    assert backend.admin.rows("visit")[0]["who"] == "Mira"
    assert count(backend, models.Quarantine) == 0


def test_an_edit_of_an_old_version_is_409_and_kept(backend: Backend, phone: AppUser) -> None:
    phone.send(edit("uuid:1", "uuid:2"))
    late = edit("uuid:1", "uuid:3", "Teuta", "c.jpg")
    for _ in range(2):
        answer = phone.send(late, {"c.jpg": b"late photo"})
        assert answer.status_code == 409
        assert "put aside, not lost" in answer.text
    assert kept_aside(backend) == [
        ("stale-edit", "c.jpg", b"late photo"),
        ("stale-edit", "submission.xml", late.encode()),
    ]
    assert backend.admin.rows("visit")[0]["who"] == "Mira"
    assert_no_orphans(backend)


def test_an_edit_of_something_unknown_is_404_and_kept(backend: Backend, phone: AppUser) -> None:
    orphan = edit("uuid:never-sent", "uuid:9")
    answer = phone.send(orphan, {"a.jpg": b"x"})
    assert answer.status_code == 404
    assert "send the original first" in answer.text
    assert {reason for reason, _, _ in kept_aside(backend)} == {"unknown-original"}
    assert orphan.encode() in [text for _, _, text in kept_aside(backend)]
    assert_no_orphans(backend)


def test_an_edit_under_an_id_that_is_taken_is_409_and_kept(backend: Backend, phone: AppUser) -> None:
    phone.send(instance("visit", "<who>other</who>", instance_id="uuid:7"))
    taken = edit("uuid:1", "uuid:7")
    assert phone.send(taken).status_code == 409
    assert kept_aside(backend) == [("xml-conflict", "submission.xml", taken.encode())]


def test_an_edit_by_another_office_is_as_unknown_to_it_and_kept(backend: Backend, phone: AppUser) -> None:
    backend.office("vl-02")
    foreign = edit("uuid:1", "uuid:2")
    answer = backend.phone(office="vl-02").send(foreign)
    assert answer.status_code == 404
    assert "send the original first" in answer.text
    assert [text for _, _, text in kept_aside(backend)] == [foreign.encode()]
    assert backend.admin.rows("visit")[0]["who"] == "Drita"
    (submission,) = rows(backend, models.Submission)
    assert (submission.office_id, submission.submitter_id, submission.edits) == (None, phone.actor_id, 0)
