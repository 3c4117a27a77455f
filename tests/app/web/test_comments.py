"""What people write about a submission: who may, who reads it, and that it lies sealed and goes with the submission."""

from __future__ import annotations

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.looking import actions, rows
from tests.app.shown_forms import simple
from tests.support.backend import Backend, instance

ONE = "/projects/1/forms/visit/submissions/uuid:1"
WORDS = "Drita said that she moved"


@pytest.fixture
def sent(backend: Backend) -> Backend:
    backend.office("tr-01")
    backend.admin.publish(simple("visit"))
    assert (
        backend.phone(office="tr-01").send(instance("visit", "<who>x</who>", instance_id="uuid:1")).status_code == 201
    )
    return backend


def test_a_comment_is_read_by_who_reads_what_identifies_and_by_its_writer(sent: Backend) -> None:
    viewer = sent.person(Grant("viewer", 1), office="tr-01", name="Viewer")
    other = sent.person(Grant("viewer", 1), office="tr-01")
    written = viewer.post(f"{ONE}/comments", json={"body": WORDS})
    assert written.status_code == 200, written.text
    assert (written.json["body"], written.json["actorId"]) == (WORDS, viewer.actor_id)
    sent.admin.post(f"{ONE}/comments", json={"body": "and again"})
    for person, bodies in ((sent.admin, ["and again", WORDS]), (viewer, [None, WORDS]), (other, [None, None])):
        answer = person.get(f"{ONE}/comments", headers={"X-Extended-Metadata": "true"}).json
        assert [each["body"] for each in answer] == bodies
        assert answer[1]["actor"]["displayName"] == "Viewer"
        masked = [each.get("body@sportel.masked") for each in answer]
        assert masked == ["identifying" if body is None else None for body in bodies]
    assert "actor" not in sent.admin.get(f"{ONE}/comments").json[0]


def test_a_comment_lies_sealed_and_the_audit_has_none_of_it(sent: Backend) -> None:
    sent.admin.post(f"{ONE}/comments", json={"body": WORDS})
    (row,) = rows(sent, models.Comment)
    assert WORDS.encode() not in row.body_sealed
    assert WORDS not in str([line.details for line in rows(sent, models.Audit)])
    assert "submission.comment" in actions(sent, "submission.")


@pytest.mark.parametrize(
    ("body", "code"), [({}, 400.2), ({"body": ""}, 400.8), ({"body": "x" * 10_001}, 400.8), ({"body": 7}, 400.8)]
)
def test_a_comment_of_nothing_is_refused(sent: Backend, body: dict[str, object], code: float) -> None:
    assert sent.admin.post(f"{ONE}/comments", json=body).json["code"] == code


def test_another_offices_submission_is_not_there_to_be_commented_on(sent: Backend) -> None:
    sent.office("vl-02")
    stranger = sent.person(Grant("manager", 1), office="vl-02")
    assert stranger.get(f"{ONE}/comments").status_code == 404
    assert stranger.post(f"{ONE}/comments", json={"body": WORDS}).status_code == 404
    assert stranger.patch(ONE, json={"reviewState": "approved"}).status_code == 404
    assert stranger.delete(ONE).status_code == 404
