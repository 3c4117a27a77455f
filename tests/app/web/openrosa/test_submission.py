"""Exactly once: a resend changes nothing, a change is refused and kept, and nothing that was sent is lost."""

from __future__ import annotations

import pytest

from app.clock import now
from app.db import db, models
from tests.app.looking import actions, assert_no_orphans, blobs, count, kept_aside, rows
from tests.app.shown_forms import VISIT, simple, xform
from tests.app.web.openrosa.bodies import body, file_part, post, xml_part
from tests.support.backend import AppUser, Backend, instance

SUBMISSIONS = "/projects/1/forms/visit/submissions"
XML = instance("visit", "<who>Drita</who><pic>a.jpg</pic><pic2>b.jpg</pic2>", instance_id="uuid:1")
CHANGED = XML.replace("Drita", "Mira")


@pytest.fixture
def phone(backend: Backend) -> AppUser:
    backend.admin.publish(VISIT)
    return backend.phone()


def files(backend: Backend, instance_id: str = "uuid:1") -> dict[str, bool]:
    listed = backend.admin.get(f"{SUBMISSIONS}/{instance_id}/attachments").json
    return {each["name"]: each["exists"] for each in listed}


def content(backend: Backend, name: str, instance_id: str = "uuid:1") -> bytes:
    return backend.admin.get(f"{SUBMISSIONS}/{instance_id}/attachments/{name}").data


def test_a_sent_form_is_answered_201_with_a_message_in_both_languages(phone: AppUser) -> None:
    answer = phone.send(XML, {"a.jpg": b"photo"})
    assert (answer.status_code, answer.mimetype) == (201, "text/xml")
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert '<message nature="submit_success">Dërgimi u mor. / The submission was received.</message>' in answer.text


def test_sending_the_same_again_is_201_and_one_row(backend: Backend, phone: AppUser) -> None:
    for _ in range(3):
        assert phone.send(XML, {"a.jpg": b"photo"}).status_code == 201
    assert count(backend, models.Submission) == count(backend, models.SubmissionVersion) == 1
    assert count(backend, models.DataKey, models.DataKey.purpose == "submission") == 1
    assert actions(backend, "submission") == ["submission.create", "submission.attachment.update"]
    assert len(blobs(backend)) == 1
    assert_no_orphans(backend)


def test_a_resend_adds_the_photo_that_was_missing(backend: Backend, phone: AppUser) -> None:
    phone.send(XML, {"b.jpg": b"second"})
    assert files(backend) == {"a.jpg": False, "b.jpg": True}
    assert phone.send(XML, {"a.jpg": b"first", "b.jpg": b"second"}).status_code == 201
    assert files(backend) == {"a.jpg": True, "b.jpg": True}
    assert (content(backend, "a.jpg"), content(backend, "b.jpg")) == (b"first", b"second")
    assert_no_orphans(backend)


def test_batches_of_a_large_submission_become_one(backend: Backend, phone: AppUser) -> None:
    incomplete = {"*isIncomplete*": "yes"}
    assert phone.send(XML, {"a.jpg": b"first"}, **incomplete).status_code == 201
    assert phone.send(XML, {"b.jpg": b"second"}).status_code == 201
    assert files(backend) == {"a.jpg": True, "b.jpg": True}
    assert phone.send(XML, {"a.jpg": b"first"}, **incomplete).status_code == 201  # started again from the first
    assert count(backend, models.Submission) == 1
    assert_no_orphans(backend)


def test_a_changed_xml_is_409_and_the_other_body_is_kept_once(backend: Backend, phone: AppUser) -> None:
    phone.send(XML)
    for _ in range(2):
        answer = phone.send(CHANGED, {"a.jpg": b"other photo"})
        assert answer.status_code == 409
        assert 'nature="error"' in answer.text
        assert "Mira" not in answer.text
    assert backend.admin.get(f"{SUBMISSIONS}/uuid:1.xml").data == XML.encode()
    assert kept_aside(backend) == [
        ("xml-conflict", "a.jpg", b"other photo"),
        ("xml-conflict", "submission.xml", CHANGED.encode()),
    ]
    assert files(backend)["a.jpg"] is False
    assert_no_orphans(backend)


@pytest.mark.parametrize("difference", [XML + "\n", XML.replace("<who>", "<who >"), "\ufeff" + XML])
def test_even_a_change_of_white_space_is_another_body(backend: Backend, phone: AppUser, difference: str) -> None:
    phone.send(XML)
    assert phone.send(difference).status_code == 409
    assert [text for _, _, text in kept_aside(backend)] == [difference.encode()]


def test_a_file_with_other_content_is_409_and_both_are_kept(backend: Backend, phone: AppUser) -> None:
    phone.send(XML, {"a.jpg": b"first"})
    for _ in range(2):
        assert phone.send(XML, {"a.jpg": b"other", "b.jpg": b"second"}).status_code == 409
    assert content(backend, "a.jpg") == b"first"
    assert content(backend, "b.jpg") == b"second"  # the good file of the same request is not lost
    assert kept_aside(backend) == [("file-conflict", "a.jpg", b"other")]
    assert_no_orphans(backend)


def test_a_file_that_the_answers_do_not_name_is_kept_aside_and_the_phone_hears_201(
    backend: Backend, phone: AppUser
) -> None:
    for _ in range(2):
        assert phone.send(XML, {"plaintext.xml": b"left over", "a.jpg": b"photo"}).status_code == 201
    assert files(backend) == {"a.jpg": True, "b.jpg": False}
    assert kept_aside(backend) == [("unnamed-file", "plaintext.xml", b"left over")]
    assert_no_orphans(backend)


def test_two_files_of_one_name_are_both_kept(backend: Backend, phone: AppUser) -> None:
    from tests.app.web.openrosa.bodies import body, file_part, post, xml_part

    answer = post(phone, body(xml_part(XML), file_part("a.jpg", b"one"), file_part("a.jpg", b"two")))
    assert answer.status_code == 409
    assert content(backend, "a.jpg") == b"one"
    assert kept_aside(backend) == [("file-conflict", "a.jpg", b"two")]
    assert_no_orphans(backend)


def test_an_empty_file_is_a_file_until_the_real_one_comes(backend: Backend, phone: AppUser) -> None:
    # Put together by hand: the test client leaves the line break out that ends an empty part.
    empty = body(xml_part(XML), file_part("a.jpg", b""))
    assert post(phone, empty).status_code == 201
    assert files(backend)["a.jpg"] is True
    assert content(backend, "a.jpg") == b""
    # As the other way round: what has nothing in it takes nobody's place.
    for again in ({"a.jpg": b"photo"}, {"a.jpg": b"photo"}):
        assert phone.send(XML, again).status_code == 201
        assert post(phone, empty).status_code == 201
        assert content(backend, "a.jpg") == b"photo"
    assert kept_aside(backend) == []
    assert_no_orphans(backend)


def test_an_unknown_version_is_404_and_kept(backend: Backend, phone: AppUser) -> None:
    newer = XML.replace('version="1"', 'version="9"')
    for _ in range(2):
        answer = phone.send(newer, {"a.jpg": b"photo"})
        assert answer.status_code == 404
        assert "no version '9'" in answer.text
    assert kept_aside(backend) == [
        ("unknown-version", "a.jpg", b"photo"),
        ("unknown-version", "submission.xml", newer.encode()),
    ]
    assert count(backend, models.Submission) == 0
    assert_no_orphans(backend)


def test_an_old_version_is_taken(backend: Backend, phone: AppUser) -> None:
    backend.admin.publish_version("visit", VISIT.replace("| 1       |", "| 2       |"))
    assert phone.send(XML).status_code == 201
    assert backend.admin.rows("visit")[0]["__system"]["formVersion"] == "1"


def test_a_version_that_is_only_a_draft_is_unknown_to_phones(backend: Backend, phone: AppUser) -> None:
    draft = VISIT.replace("| 1       |", "| 2       |").encode()
    backend.admin.post("/projects/1/forms/visit/draft", data=draft, content_type="text/markdown")
    assert phone.send(XML.replace('version="1"', 'version="2"')).status_code == 404
    assert kept_aside(backend)[0][0] == "unknown-version"


def test_a_closing_form_takes_and_a_closed_one_keeps_aside(backend: Backend, phone: AppUser) -> None:
    backend.admin.patch("/projects/1/forms/visit", json={"state": "closing"})
    assert phone.send(XML).status_code == 201
    backend.admin.patch("/projects/1/forms/visit", json={"state": "closed"})
    late = XML.replace("uuid:1", "uuid:2")
    answer = phone.send(late, {"a.jpg": b"photo"})
    assert answer.status_code == 409
    assert kept_aside(backend) == [
        ("form-closed", "a.jpg", b"photo"),
        ("form-closed", "submission.xml", late.encode()),
    ]
    backend.admin.patch("/projects/1/forms/visit", json={"state": "open"})
    assert phone.send(late).status_code == 201
    assert_no_orphans(backend)


def test_a_deleted_submission_stays_deleted_when_it_is_sent_again(backend: Backend, phone: AppUser) -> None:
    phone.send(XML)
    with backend.app.app_context():
        db.session.query(models.Submission).update({"deleted_at": now()})
        db.session.commit()
    answer = phone.send(XML, {"a.jpg": b"photo"})
    assert answer.status_code == 409
    assert "Ky dërgim është fshirë" in answer.text
    assert {reason for reason, _, _ in kept_aside(backend)} == {"submission-deleted"}
    assert backend.admin.get(SUBMISSIONS).json == []
    assert_no_orphans(backend)


def test_an_unknown_or_deleted_form_is_404_and_kept(backend: Backend, phone: AppUser) -> None:
    unknown = XML.replace('id="visit"', 'id="nothing"')
    assert phone.send(unknown, {"a.jpg": b"x"}).status_code == 404
    assert [text for _, _, text in kept_aside(backend)] == [b"x", unknown.encode()]
    backend.admin.delete("/projects/1/forms/visit")
    assert phone.send(XML, {"a.jpg": b"y"}).status_code == 404
    assert {text for _, _, text in kept_aside(backend)} == {b"x", b"y", unknown.encode(), XML.encode()}
    assert count(backend, models.Submission) == 0
    assert_no_orphans(backend)


def test_the_same_id_in_another_form_or_project_is_another_submission(backend: Backend, phone: AppUser) -> None:
    admin = backend.admin
    admin.post("/projects", json={"name": "Other"})
    admin.publish(simple("other"))
    admin.publish(VISIT, project=2)
    assert phone.send(XML).status_code == 201
    assert phone.send(instance("other", "<who>x</who>", instance_id="uuid:1")).status_code == 201
    assert backend.phone(project=2).send(CHANGED).status_code == 201
    assert count(backend, models.Submission) == 3
    assert count(backend, models.Quarantine) == 0


def test_another_office_resending_learns_nothing_and_takes_nothing_over(backend: Backend, phone: AppUser) -> None:
    backend.office("tr-01")
    phone.send(XML)
    other = backend.phone(office="tr-01")
    assert other.send(XML).status_code == 201  # one phone's twin: the same bytes
    assert other.send(CHANGED).status_code == 409
    (row,) = rows(backend, models.Submission)
    assert (row.office_id, row.submitter_id) == (None, phone.actor_id)


def test_what_the_device_says_of_itself_is_kept_within_its_length(backend: Backend, phone: AppUser) -> None:
    import io

    data = {"xml_submission_file": (io.BytesIO(XML.encode()), "s.xml", "text/xml")}
    path = f"{phone.at}/submission?deviceID=collect:{'x' * 300}%00%0A"
    agent = "org.odk.collect.android/v2026.1 " + "y" * 300
    answer = phone.client.post(path, data=data, headers={"User-Agent": agent})
    assert answer.status_code in (201, 400)
    path = path.removesuffix("%00%0A") + "%0A"
    data = {"xml_submission_file": (io.BytesIO(XML.encode()), "s.xml", "text/xml")}
    assert phone.client.post(path, data=data, headers={"User-Agent": agent}).status_code == 201
    (sent,) = backend.admin.get(SUBMISSIONS).json
    assert sent["deviceId"] == ("collect:" + "x" * 300)[:255]
    assert sent["userAgent"] == agent[:255]


def test_a_form_with_no_version_name_takes_submissions_without_one(backend: Backend) -> None:
    admin = backend.admin
    admin.post("/projects/1/forms?publish=true", data=xform("plain", ""), content_type="text/xml")
    phone = backend.phone()
    assert phone.send(instance("plain", "<who>x</who>", version="")).status_code == 201
    assert phone.send(instance("plain", "<who>x</who>").replace(' version="1"', "")).status_code == 201
