"""A single file that was kept aside comes to its place, and what lay there is not lost."""

from __future__ import annotations

import pytest

from app.db import models
from app.services.fsck import fsck
from tests.app.looking import actions, assert_no_orphans, count, kept_aside
from tests.app.operations.kept import (
    CANARY,
    assert_no_spare_keys,
    entry_of,
    make_file_conflict,
    make_unnamed_file,
    photo,
    ready,
    release,
    set_deleted,
    visit,
    waiting,
)
from tests.app.web.openrosa.bodies import body, file_part, post, xml_part
from tests.support.backend import Backend


def test_a_file_that_an_edit_names_now_is_attached_to_it(backend: Backend) -> None:
    phone = ready(backend)
    make_unnamed_file(backend, phone)
    admin = backend.admin
    refused = release(admin, entry_of(admin, "k.jpg"))
    assert "the answers do not name this file; edit the submission so that they do" in refused.json["message"]
    assert phone.send(visit("first", instance_id="uuid:2", old="uuid:1", pic="k.jpg")).status_code == 201
    answer = release(admin, entry_of(admin, "k.jpg"))
    assert answer.json == {"instanceId": "uuid:1", "versionId": "uuid:2", "files": 1}
    assert photo(backend, name="k.jpg") == CANARY.encode()
    assert waiting(backend) == []
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)
    assert actions(backend, "quarantine.release") == ["quarantine.release"]
    with backend.app.app_context():
        assert fsck().sound


def test_the_two_files_of_a_conflict_change_places_and_may_change_back(backend: Backend) -> None:
    phone = ready(backend)
    make_file_conflict(backend, phone)
    admin = backend.admin
    for inside, aside in ((CANARY.encode(), b"first photo"), (b"first photo", CANARY.encode())):
        assert release(admin, entry_of(admin, "a.jpg")).status_code == 200
        assert photo(backend) == inside
        assert kept_aside(backend) == [("file-conflict", "a.jpg", aside)]
        assert_no_orphans(backend)
        assert_no_spare_keys(backend)
    with backend.app.app_context():
        assert fsck().sound


def test_after_the_exchange_a_phone_that_sends_either_file_again_loses_nothing(backend: Backend) -> None:
    phone = ready(backend)
    make_file_conflict(backend, phone)
    admin = backend.admin
    release(admin, entry_of(admin, "a.jpg"))
    assert phone.send(visit("first"), {"a.jpg": CANARY.encode()}).status_code == 201
    assert phone.send(visit("first"), {"a.jpg": b"first photo"}).status_code == 409
    assert photo(backend) == CANARY.encode()
    assert kept_aside(backend) == [("file-conflict", "a.jpg", b"first photo")]
    assert_no_orphans(backend)


def test_an_empty_file_that_lay_there_is_not_kept_as_a_conflict_of_the_real_one(lite: Backend) -> None:
    phone = ready(lite)
    make_file_conflict(lite, phone)
    admin = lite.admin
    # As of old, when the real file did not take the place of an empty one.
    assert admin.delete("/projects/1/forms/visit/submissions/uuid:1/attachments/a.jpg").status_code == 200
    assert post(phone, body(xml_part(visit("first")), file_part("a.jpg", b""))).status_code == 201
    assert photo(lite) == b""
    assert release(admin, entry_of(admin, "a.jpg")).status_code == 200
    assert (photo(lite), kept_aside(lite)) == (CANARY.encode(), [])
    assert_no_orphans(lite)
    assert_no_spare_keys(lite)


def test_an_edit_that_took_the_file_over_gets_the_other_one_too(backend: Backend) -> None:
    phone = ready(backend)
    make_file_conflict(backend, phone)
    assert phone.send(visit("second", instance_id="uuid:2", old="uuid:1")).status_code == 201
    admin = backend.admin
    assert release(admin, entry_of(admin, "a.jpg")).json["versionId"] == "uuid:1"
    assert photo(backend) == CANARY.encode()  # of the current version
    assert kept_aside(backend) == [("file-conflict", "a.jpg", b"first photo")]
    assert_no_orphans(backend)


def test_an_edit_with_a_photo_of_its_own_keeps_it(backend: Backend) -> None:
    phone = ready(backend)
    make_file_conflict(backend, phone)
    phone.send(visit("second", instance_id="uuid:2", old="uuid:1"), {"a.jpg": b"newest photo"})
    admin = backend.admin
    assert release(admin, entry_of(admin, "a.jpg")).status_code == 200
    assert photo(backend) == b"newest photo"
    assert_no_orphans(backend)


def test_a_file_that_is_there_already_is_only_taken_out(backend: Backend) -> None:
    phone = ready(backend)
    assert phone.send(visit("first"), {"b.jpg": b"same"}).status_code == 201
    edit = visit("first", instance_id="uuid:2", old="uuid:1", pic="b.jpg")
    assert phone.send(edit, {"b.jpg": b"same"}).status_code == 201
    admin = backend.admin
    assert release(admin, entry_of(admin, "b.jpg")).status_code == 200
    assert photo(backend, name="b.jpg") == b"same"
    assert waiting(backend) == []
    assert_no_orphans(backend)


@pytest.mark.parametrize("make", [make_unnamed_file, make_file_conflict])
def test_a_file_of_a_deleted_submission_waits_until_it_is_restored(backend: Backend, make: object) -> None:
    make(backend, ready(backend))  # type: ignore[operator]
    set_deleted(backend, True)
    admin = backend.admin
    name = "k.jpg" if make is make_unnamed_file else "a.jpg"
    assert "restore it first" in release(admin, entry_of(admin, name)).json["message"]
    assert count(backend, models.Quarantine) == 1


def test_files_of_a_form_that_was_deleted_can_still_be_put_right(backend: Backend) -> None:
    phone = ready(backend)
    make_file_conflict(backend, phone)
    admin = backend.admin
    admin.delete("/projects/1/forms/visit")
    assert release(admin, entry_of(admin, "a.jpg")).status_code == 200
    assert kept_aside(backend) == [("file-conflict", "a.jpg", b"first photo")]
