"""What is sent to try a draft is apart from what counts, and goes when the draft goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.db import models
from app.permissions import Grant
from app.services import clear_attachment, receive_submission
from tests.app.looking import blobs, count
from tests.app.shown_forms import VISIT
from tests.support.backend import Backend, Person, instance

DRAFT = "/projects/1/forms/visit/draft"
ALL = f"{DRAFT}/submissions"
ONE = f"{ALL}/uuid:1"
XML = instance("visit", "<who>Drita</who><age>30</age><pic>a.jpg</pic>", version="2", instance_id="uuid:1").encode()


@pytest.fixture
def tester(backend: Backend) -> Person:
    """Who has sent a test of the second version of a form."""
    admin = backend.admin
    admin.publish(VISIT)
    draft = VISIT.replace("| 1 ", "| 2 ").encode()
    assert admin.post(f"{DRAFT}?ignoreWarnings=true", data=draft, content_type="text/markdown").status_code == 200
    assert admin.post(ALL, data=XML, content_type="application/xml").status_code == 200
    return admin


def delete_draft_elsewhere(tester: Person) -> None:
    other = Person(tester.client.application.test_client(), tester.token, tester.actor_id)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(other.delete, DRAFT).result().status_code == 200


def test_a_test_is_read_back_and_is_among_no_submissions(tester: Person) -> None:
    assert [each["instanceId"] for each in tester.get(ALL).json] == ["uuid:1"]
    assert tester.get(f"{ALL}?offset=1").json == []
    assert tester.get(ONE).json["currentVersion"]["instanceId"] == "uuid:1"
    assert tester.get(f"{ONE}.xml").data == XML
    assert tester.get("/projects/1/forms/visit/submissions").json == []
    assert tester.get("/projects/1/forms/visit/submissions/uuid:1").status_code == 404
    for path in (f"{ALL}/uuid:9", f"{ALL}/uuid:9.xml", f"{ALL}/uuid:9/attachments"):
        assert tester.get(path).json["code"] == 404.1


def test_a_tests_file_is_added_fetched_and_cleared(tester: Person) -> None:
    at = f"{ONE}/attachments"
    assert tester.get(at).json == [{"name": "a.jpg", "exists": False}]
    assert tester.post(f"{at}/a.jpg", data=b"photo").json == {"success": True}
    assert tester.get(f"{at}/a.jpg").data == b"photo"
    assert tester.post(f"{at}/b.jpg", data=b"photo").json["code"] == 404.1
    assert tester.delete(f"{at}/a.jpg").json == {"success": True}
    assert tester.get(at).json == [{"name": "a.jpg", "exists": False}]


def test_what_a_reader_may_not_see_is_masked_in_a_test_too(backend: Backend, tester: Person) -> None:
    viewer = backend.person(Grant("viewer", 1, all_offices=True))
    assert b"Drita" not in viewer.get(f"{ONE}.xml").data
    assert viewer.get(f"{ONE}/attachments").json[0]["name@sportel.masked"] == "identifying"


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (b"<data", 400.1),
        (instance("another", "", version="2").encode(), 400.8),
        (XML.replace(b"Drita", b"Mira"), 409.1),
    ],
    ids=["no-xml", "another-form", "other-answers"],
)
def test_a_test_that_cannot_be_is_refused(tester: Person, xml: bytes, code: float) -> None:
    assert tester.post(ALL, data=xml, content_type="application/xml").json["code"] == code


def test_tests_go_with_their_draft(backend: Backend, tester: Person) -> None:
    tester.post(f"{ONE}/attachments/a.jpg", data=b"photo")
    assert tester.post(f"{DRAFT}/publish").status_code == 200
    assert blobs(backend) == set()
    assert count(backend, models.Submission) == 0
    assert tester.get(ALL).json["code"] == 404.1
    assert tester.post(ALL, data=XML, content_type="application/xml").json["code"] == 404.1


def test_a_test_that_is_sent_again_when_the_draft_goes_at_that_moment_is_asked_for_later(
    tester: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = receive_submission._write

    def deleted_first(*arguments: Any) -> Any:
        delete_draft_elsewhere(tester)
        return write(*arguments)

    monkeypatch.setattr(receive_submission, "_write", deleted_first)
    assert tester.post(ALL, data=XML, content_type="application/xml").json["code"] == 503.1
    assert tester.post(ALL, data=XML, content_type="application/xml").json["code"] == 404.1


def test_a_file_is_not_there_to_be_cleared_when_the_draft_goes_at_that_moment(
    tester: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tester.post(f"{ONE}/attachments/a.jpg", data=b"photo").status_code == 200
    look = clear_attachment.files_of

    def looked(*arguments: Any) -> Any:
        found = look(*arguments)
        delete_draft_elsewhere(tester)
        return found

    monkeypatch.setattr(clear_attachment, "files_of", looked)
    assert tester.delete(f"{ONE}/attachments/a.jpg").json["code"] == 404.1
